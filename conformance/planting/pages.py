"""Defects of lists in pages: how many records, which of them twice, where the next page is, and what is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from conformance.contract import Pagination
from conformance.planting.base import ABSENT, Conversation, Defect, Scene, breaks, replaced, token
from conformance.planting.bodies import refused
from conformance.planting.schemas import PLANTED
from conformance.traffic.pages import Page
from conformance.traffic.walks import next_cursor


def _paging(scene: Scene) -> tuple[Page, Pagination] | None:
    """The page at hand and how lists are paged; None where the answer is no page."""
    page, pagination = scene.page, scene.contract.conventions.pagination
    return None if page is None or pagination is None else (page, pagination)


def _beyond(pagination: Pagination, size: int) -> bool:
    """Whether a size is more than the maximum, as far as there is one."""
    return pagination.page_size.maximum is not None and size > pagination.page_size.maximum


def next_of(scene: Scene) -> Any:
    """What stands where a page names the one behind it; `ABSENT` where nothing does."""
    pagination = scene.contract.conventions.paging
    if pagination.style == "cursor-in-header":
        return scene.response.header(pagination.next) or ABSENT
    return scene.response.at(pagination.next, ABSENT) if pagination.next else ABSENT


def with_next(scene: Scene, name: str, value: Any) -> Iterator[Defect]:
    """Another next, where a page names one by itself."""
    pagination = scene.contract.conventions.paging
    if pagination.style == "cursor-in-header":
        yield scene.with_header(name, pagination.next, None if value is None else str(value))
    elif pagination.style in ("cursor-in-body", "timestamp", "cursor-links") and pagination.next:
        yield scene.with_value(name, pagination.next, value)


def with_records(scene: Scene, name: str, records: Sequence[Any]) -> Defect:
    return scene.with_value(name, scene.records_at, list(records))


def id_members(scene: Scene) -> tuple[str, ...]:
    operation = scene.exchange.operation
    return operation.collection.id if operation is not None and operation.collection is not None else ("id",)


def fresh(scene: Scene, record: Any, number: int = 1) -> Any:
    """A record that is like another one, under an id of its own."""
    if not isinstance(record, dict):
        return record
    known = [name for name in id_members(scene) if record.get(name) is not None]
    for name in known[:1]:
        value = record[name]
        other = value + 10**6 + number if isinstance(value, int) else f"{value}-planted-{number}"
        return {**record, name: other}
    return record


def _more(scene: Scene, count: int) -> list[Any]:
    """The records of the page and as many like them as make up the number."""
    records = list(scene.page.records) if scene.page else []
    return records + [fresh(scene, records[-1], number) for number in range(1, count - len(records) + 1)]


def same_list(one: Scene, other: Scene) -> bool:
    """Whether two pages are of one list."""
    return other.page is not None and one.exchange.path == other.exchange.path


def _others(scene: Scene) -> Iterator[Scene]:
    """The other pages of the list, the nearest first."""
    return (one for one in scene.all(lambda one: same_list(scene, one)) if one.at != scene.at)


def _ids(scene: Scene) -> set[str]:
    page = scene.page
    return {identity for identity in page.ids if identity is not None} if page else set()


def _pages_before(scene: Scene) -> list[Scene]:
    """The pages that lead to the one at hand, the nearest first: each names the cursor of the one after it."""
    found: list[Scene] = []
    here = scene
    while (page := here.page) is not None and page.cursor_asked is not None:
        pagination = scene.contract.conventions.paging
        before = next(
            (
                one
                for one in _others(here)
                if one.at < here.at and one.page and _names(one, pagination, page.cursor_asked)
            ),
            None,
        )
        if before is None or len(found) > 50:
            break
        found.append(before)
        here = before
    return found


def _names(scene: Scene, pagination: Pagination, cursor: str) -> bool:
    return scene.page is not None and next_cursor(scene.page, pagination) == cursor


@breaks("pagination.envelope-present")
def missing_envelopes(scene: Scene) -> Iterator[Defect]:
    """A list without the member with the paging information."""
    found = _paging(scene)
    if found and found[1].envelope and isinstance(scene.body, dict) and found[1].envelope in scene.body:
        place = f"/{token(found[1].envelope)}"
        yield scene.without(f"drop {place}", place)
        yield scene.with_json("rename", {**replaced(scene.body, place, ABSENT), PLANTED: scene.response.at(place)})


def _wrong_sizes(scene: Scene, size: int | None) -> Iterator[Defect]:
    """A page with more records than its size, and one with fewer though more follow."""
    page = scene.page
    if page is None or size is None or not page.records:
        return
    yield with_records(scene, "longer one", _more(scene, max(size, len(page.records)) + 1))
    yield with_records(scene, "longer twice", _more(scene, 2 * size + 1))
    leads_forward = page.cursor_asked is None or bool(_pages_before(scene))
    if page.next is not None and not scene.arguments.get("may_be_short") and len(page.records) > 1 and leads_forward:
        yield with_records(scene, "shorter", page.records[:-1])


def longer_pages(scene: Scene) -> Iterator[Defect]:
    """A page with more records than were asked for, or than the default where none were."""
    found = _paging(scene)
    if not found or not found[0].records:
        return
    limits = found[1].page_size
    size = found[0].size_asked or limits.default
    if scene.exchange.negative and limits.fallback is not None:
        size = limits.fallback
    elif size is not None and limits.maximum is not None:
        size = min(size, limits.maximum)
    if size is not None:
        yield with_records(scene, "longer", _more(scene, size + 1))


@breaks("pagination.page-size-honoured")
def wrong_sizes(scene: Scene) -> Iterator[Defect]:
    """Pages of another size than was asked for."""
    found = _paging(scene)
    if found and found[0].size_asked is not None and not _beyond(found[1], found[0].size_asked):
        yield from _wrong_sizes(scene, found[0].size_asked)


@breaks("pagination.default-recorded")
def wrong_default_sizes(scene: Scene) -> Iterator[Defect]:
    """Pages of another size than the default, where none was asked for."""
    found = _paging(scene)
    if found and found[1].page_size.parameter not in dict(scene.exchange.request.query):
        yield from _wrong_sizes(scene, found[1].page_size.default)


@breaks("pagination.maximum-recorded")
def beyond_maximum(scene: Scene) -> Iterator[Defect]:
    """More records than the maximum, where more were asked for."""
    found = _paging(scene)
    maximum = found[1].page_size.maximum if found else None
    if found and maximum is not None and (found[0].size_asked or 0) > maximum and found[0].records:
        yield with_records(scene, "longer one", _more(scene, maximum + 1))


@breaks("pagination.bad-size-recorded")
def errors_of_sizes(scene: Scene) -> Iterator[Defect]:
    """A server error for a page size that is none, and a page without bounds."""
    pagination = scene.contract.conventions.pagination
    if pagination is None:
        return

    def is_bad(one: Scene) -> bool:
        size = one.exchange.request.parameter(pagination.page_size.parameter)
        return size is not None and not (size.isascii() and size.isdigit() and int(size[:9]) > 0)

    for bad in scene.all(is_bad):
        yield refused(bad, "status 500", 500)
        most = pagination.page_size.fallback
        page = next((one for one in (bad, *_others(bad)) if one.page and one.page.records), None)
        if page is not None and most is not None:
            longer = with_records(page, "", _more(page, most + 1))
            yield bad.answered("longer", longer.conversation[page.at].response)
        return


@breaks("pagination.full-until-last")
def short_pages(scene: Scene) -> Iterator[Defect]:
    """A short page in front of another one, and an empty one with a next."""
    found = _paging(scene)
    if not found or found[0].next is None or not found[0].records or found[0].size_asked is None:
        return
    if found[1].counted:
        return
    behind = [one for one in _others(scene) if one.at > scene.at and one.page and one.page.records]
    follows = any(before.at == scene.at for one in behind for before in _pages_before(one)[:1])
    if follows and len(found[0].records) > 1:
        yield with_records(scene, "shorter", found[0].records[:-1])
    yield with_records(scene, "empty", ())


@breaks("pagination.end-marked")
def unmarked_ends(scene: Scene) -> Iterator[Defect]:
    """A last page that names another one, and an end in another form than elsewhere."""
    found = _paging(scene)
    if not found:
        return
    pagination = found[1]
    ends = list(scene.all(lambda one: bool(one.page and one.page.enveloped and one.page.next is None)))
    named = next((next_of(one) for one in scene.all(lambda one: bool(one.page and one.page.next))), PLANTED)
    for end in ends:
        page = end.page
        size = page.size_asked if page else None
        if page is None or size is None or _beyond(pagination, size) or len(page.records) >= size:
            continue
        if page.cursor_asked is not None and not _pages_before(end):
            continue
        yield from with_next(end, "next more", named)
        others = [one for one in ends if one.at != end.at and one.page and one.page.next_form == page.next_form]
        if any(len(one.page.records) < (one.page.size_asked or 0) for one in others if one.page):
            other: Any = None if page.next_form != "null" else ""
            yield from with_next(end, "next form", other)
        return


@breaks("pagination.cursor-alphabet")
def strange_cursors(scene: Scene) -> Iterator[Defect]:
    """Cursors with characters that the document rules out."""
    found = _paging(scene)
    if not found or found[1].alphabet is None:
        return
    for place, cursor in ((found[1].next, found[0].next), (found[1].prev, found[0].prev)):
        if cursor is None or not place.startswith("/"):
            continue
        for name, other in (("space", f"{cursor} planted"), ("umlaut", f"ä{cursor}"), ("url", f"?next={cursor}")):
            if not re.fullmatch(found[1].alphabet, other):
                yield scene.with_value(f"{name} {place}", place, other)


@breaks("pagination.walk-recorded")
def broken_walks(scene: Scene) -> Iterator[Defect]:
    """A walk that brings a record twice, or leads where it was."""
    found = _paging(scene)
    if not found or (found[1].sort and found[1].sort in dict(scene.exchange.request.query)):
        return
    page, pagination = found
    before = _pages_before(scene)
    if not before or before[-1].page is None or before[-1].page.cursor_asked is not None:
        return
    if page.records and not pagination.numbered and None not in page.ids:
        for name, other in (("repeat near", before[0]), ("repeat far", before[-1])):
            if other.page is not None and _ids(other):
                yield with_records(scene, name, (other.page.records[-1], *page.records[1:]))
        yield with_records(scene, "repeat page", before[0].page.records if before[0].page else ())
    if scene.arguments.get("records_only"):
        return
    # The page leads to where the walk already was.
    yield from with_next(scene, "loop self", next_of(before[0]))
    if len(before) > 1:
        yield from with_next(scene, "loop back", next_of(before[-1]))


@breaks("pagination.cursors-one-way")
def turning_cursors(scene: Scene) -> Iterator[Defect]:
    """A walk whose cursors turn round, or stay."""
    found = _paging(scene)
    if not found or found[1].by_link:
        return
    page = found[0]
    asked = page.cursor_asked or ""
    value = next_of(scene)
    if not asked.isdigit() or not str(value).isdigit():
        return
    yield from with_next(scene, "cursor same", type(value)(asked))
    before = _pages_before(scene)
    if before and before[0].page and (before[0].page.cursor_asked or "").isdigit():
        step = int(asked) - int(before[0].page.cursor_asked or 0)
        yield from with_next(scene, "cursor back", type(value)(int(asked) - step // 2 or int(asked)))


@breaks("pagination.total-recorded")
def wrong_totals(scene: Scene) -> Iterator[Defect]:
    """A total that is not the number of records, on every page of a walk, and one below that of the page."""
    found = _paging(scene)
    if not found or found[1].total is None or not isinstance(found[0].total, int):
        return
    place, pages = found[1].total, [scene, *_pages_before(scene)]
    total, count = found[0].total, len(found[0].records)
    for name, other in (("more", total + 1), ("fewer", max(0, total - 1)), ("page", count), ("none", 0)):
        if other != total:
            yield with_everywhere(scene, pages, f"total {name}", place, other)


def with_everywhere(scene: Scene, pages: Sequence[Scene], name: str, place: str, value: Any) -> Defect:
    """The same value at a place of several answers."""
    conversation: Conversation = scene.conversation
    for each in pages:
        changed = each.with_value("", place, value).conversation[each.at]
        conversation = (*conversation[: each.at], changed, *conversation[each.at + 1 :])
    return Defect(name, conversation)


@breaks("pagination.count-is-page-length")
def wrong_counts(scene: Scene) -> Iterator[Defect]:
    """A count that is not the number of records on the page."""
    found = _paging(scene)
    if found and found[1].count and found[0].enveloped:
        count = len(found[0].records)
        for name, other in (("more", count + 1), ("text", str(count)), ("null", None), ("fewer", max(0, count - 1))):
            if other != count:
                yield scene.with_value(f"count {name}", found[1].count, other)


@breaks("pagination.cursor-dates-ordered")
def wrong_dates(scene: Scene) -> Iterator[Defect]:
    """Cursors that are no dates in milliseconds, or in the wrong order."""
    found = _paging(scene)
    if not found:
        return
    following, before = (scene.response.at(place) for place in (found[1].next, found[1].prev))
    if isinstance(following, int) and isinstance(before, int):
        yield scene.with_value("date order", found[1].next, before + 60_000)
        yield scene.with_value("date seconds", found[1].next, following // 1000)
        yield scene.with_value("date text", found[1].prev, str(before))


@breaks("types.ids-unique")
def repeated_ids(scene: Scene) -> Iterator[Defect]:
    """An id twice on a page, or on two pages of a walk, or of another type."""
    page, arguments = scene.page, scene.arguments
    if page is None or not page.records:
        return
    records, members = list(page.records), id_members(scene)
    known = [name for name in members if isinstance(records[0], dict) and records[0].get(name) is not None]
    if None not in page.ids:
        yield with_records(scene, "repeat page", [*records, records[0]])
        if len(records) > 1:
            yield with_records(scene, "repeat id", [*records[:-1], records[0]])
        for before in _pages_before(scene)[:1]:
            walk = _pages_before(scene)[-1].page
            if before.page and walk and walk.cursor_asked is None and _ids(before):
                yield with_records(scene, "repeat walk", [before.page.records[0], *records[1:]])
    if not known:
        return
    place, value = f"{scene.records_at}/0/{token(known[0])}", records[0][known[0]]
    if arguments.get("text"):
        yield scene.with_value(f"retype {place}", place, 4711)
        yield scene.with_value(f"empty {place}", place, "")
    if arguments.get("number"):
        yield scene.with_value(f"retype {place}", place, PLANTED)
        yield scene.with_value(f"negative {place}", place, -1 if isinstance(value, int) else "-1")


@breaks("crud.filter-recorded")
def ignored_filters(scene: Scene) -> Iterator[Defect]:
    """A filtered list with a record that the filter leaves out."""
    operation, page = scene.exchange.operation, scene.page
    if operation is None or operation.collection is None or page is None:
        return
    for name in operation.collection.filters:
        value = scene.exchange.request.parameter(name)
        if not value or value in scene.arguments.get("everything", ()):
            continue
        for index in dict.fromkeys((0, len(page.records) - 1)) if page.records else ():
            record = page.records[index]
            if isinstance(record, dict) and isinstance(record.get(name), str):
                place = f"{scene.records_at}/{index}/{token(name)}"
                yield scene.with_value(f"other {place}", place, f"{value}-planted")
