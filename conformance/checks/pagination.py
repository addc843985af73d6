"""Pages: their envelope, their size, their end and their cursors."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from itertools import pairwise
from typing import Any

from pydantic import StrictBool

from conformance.checks.base import HELD, Arguments, Finding, Sight, as_json, check, controlled, note, violated
from conformance.traffic.exchange import LONGEST_NUMBER
from conformance.traffic.pages import Page
from conformance.traffic.urls import LONGEST
from conformance.traffic.walks import Walks, next_cursor


@check("pagination.envelope-present")
def list_has_envelope(sight: Sight) -> Iterator[Finding]:
    """A list answer carries the member with the paging information.

    What answers of operations that the contract lacks are lists is told by that very member.
    """
    pagination = sight.contract.conventions.pagination
    page = sight.page
    if pagination is None or pagination.envelope is None or page is None or sight.exchange.operation is None:
        return
    if page.enveloped:
        yield HELD
    else:
        yield violated(
            f"the list has no {as_json(pagination.envelope)}",
            expected=f"a member {as_json(pagination.envelope)}",
            actual=sight.exchange.response.text,
        )


def _size(sight: Sight, page: Page) -> int | None:
    """The page size in force: the one asked for if it is valid, the default where the record says so."""
    pagination = sight.contract.conventions.pagination
    assert pagination is not None
    limits = pagination.page_size
    if page.size_asked is not None:
        return page.size_asked if page.size_asked <= limits.largest else None
    if sight.exchange.request.parameter(limits.parameter) is None and not _has(sight, limits.parameter):
        return limits.default if sight.exchange.known_as in sight.arguments.get("default_for", ()) else None
    return None


def _has(sight: Sight, parameter: str) -> bool:
    return any(name == parameter for name, _ in sight.exchange.request.query)


def _leads_forward(sight: Sight, page: Page, size: int) -> bool:
    """Whether a page lies where only the end can make it short: at the start, or behind a `next`.

    A page reached by `prev`, or by a cursor made for another page size, may be short at the start of a list. One that
    has a number lies where its number says.
    """
    if sight.contract.conventions.paging.numbered:
        return True
    key = ("forward", sight.exchange.path, size)
    forward: set[str] = sight.memory.setdefault(key, set())
    found = page.cursor_asked is None or page.cursor_asked in forward
    if found and page.next is not None:
        forward.add(page.next)
    return found


class Sizes(Arguments):
    may_be_short: StrictBool = False


@check("pagination.page-size-honoured", Sizes)
def page_size_is_honoured(sight: Sight) -> Iterator[Finding]:
    """A page has at most the records asked for, and exactly as many while there are more.

    Arguments:
        may_be_short: a page may have fewer records than asked for, though more follow.
    """
    page = sight.page
    if page is None:
        return
    yield from _kept_small(sight, page)
    if page.size_asked is None:
        return
    size = _size(sight, page)
    if size is None:
        return
    count = len(page.records)
    forward = _leads_forward(sight, page, size)
    if count > size:
        yield violated(
            f"a page of {size} was asked for, {count} records came",
            expected=f"at most {size} records",
            actual=f"{count} records",
        )
    elif count < size and page.next is not None and forward and not sight.arguments.get("may_be_short"):
        yield violated(
            f"a page of {size} was asked for, {count} records came though more follow",
            expected=f"{size} records on every page but the last",
            actual=f"{count} records and next {page.next}",
        )
    elif page.next is not None or page.cursor_asked is not None or count == size:
        # A short page that is the whole list would look the same if the size were ignored.
        limits = sight.contract.conventions.paging.page_size
        if count == size and page.next is not None and size not in (limits.minimum, limits.default):
            yield HELD
        else:
            yield from _kept_small(sight, page, size)


def _kept_small(sight: Sight, page: Page, size: int | None = None) -> Iterator[Finding]:
    """Evidence in a page of a size, which counts once a longer page of its list is seen.

    Otherwise a server that looks at no size, and gives one record or ten to everybody, might have given the page.
    """
    longest: dict[Hashable, int] = sight.memory.setdefault("longest", {})
    kept: set[int] = sight.memory.setdefault(("kept small", sight.place), set())
    longest[sight.place] = max(longest.get(sight.place, 0), len(page.records))
    if size is not None:
        kept.add(size)
    for each in [each for each in kept if each < longest[sight.place]]:
        kept.remove(each)
        yield HELD


@check("pagination.default-recorded", Sizes)
def default_size_is_kept(sight: Sight) -> Iterator[Finding]:
    """A page asked for without a size has at most the records of the default, and with more to come exactly as many.

    Arguments:
        may_be_short: a page may have fewer records, though more follow.
    """
    page, pagination = sight.page, sight.contract.conventions.pagination
    if page is None or pagination is None or pagination.page_size.default is None or sight.exchange.negative:
        return
    if _has(sight, pagination.page_size.parameter):
        return
    count, default = len(page.records), pagination.page_size.default
    forward = _leads_forward(sight, page, default)
    if count > default:
        yield violated(
            f"a page asked for without a size has {count} records",
            expected=f"at most {default} records",
            actual=f"{count} records",
        )
    elif page.next is None:
        return  # A short list looks the same, whatever the default.
    elif count == default:
        yield HELD
    elif forward and not sight.arguments.get("may_be_short"):
        yield violated(
            f"a page asked for without a size has {count} records, though more follow",
            expected=f"{default} records on every page but the last",
            actual=f"{count} records and next {page.next}",
        )


@check("pagination.full-until-last")
def pages_are_full(sight: Sight) -> Iterator[Finding]:
    """A page behind which further records come has as many as were asked for, and an empty one has nothing behind it.

    A list may end with an empty page: the short one in front of that is the last one with records.
    """
    page = sight.page
    size = page.size_asked if page is not None else None
    if page is None or size is None or size > sight.contract.conventions.paging.page_size.largest:
        return
    waiting: dict[tuple[Any, ...], int] = sight.memory.setdefault("short", {})
    pagination = sight.contract.conventions.paging
    selection = sorted(pair for pair in sight.exchange.request.query if pair[0] != pagination.cursor)
    here = (sight.exchange.path, tuple(selection), sight.state)
    short = waiting.pop((*here, page.cursor_asked), None) if page.cursor_asked is not None else None
    if short is not None and page.records:
        yield violated(
            f"the page before this one had {short} of {size} records, though more follow",
            expected=f"{size} records on every page but the last",
            actual=f"{short} records",
        )
    following = next_cursor(page, pagination)
    if page.next is None or following is None:
        return
    if not page.records:
        yield violated("an empty page has a next", expected="no next behind the last record", actual=page.next)
    elif len(page.records) < size:
        waiting[*here, following] = len(page.records)
    else:
        yield HELD


class Ends(Arguments):
    default_for: tuple[str, ...] = ()


@check("pagination.end-marked", Ends)
def end_is_marked(sight: Sight) -> Iterator[Finding]:
    """A page with nothing behind it has an empty `next`, in one form everywhere; what is said of every page marks none.

    Arguments:
        default_for: operations whose default page size the document gives.
    """
    page = sight.page
    if page is None or not page.enveloped:
        return
    if page.next_form is not None and not sight.memory.get("told"):
        sight.memory["told"] = True
        yield note(f"this target marks the end of a list with next {page.next_form}; the document does not say how")
    yield from controlled(sight, sight.place, control=page.next is not None, held=False)
    size = _size(sight, page)
    if size is None or not _leads_forward(sight, page, size) or len(page.records) >= size:
        return
    if page.next is not None:
        yield violated(
            f"a page with {len(page.records)} of {size} records is the last one, but has a next",
            expected="an empty next",
            actual=f"next {page.next}",
        )
        return
    first = sight.memory.setdefault("form", page.next_form)
    if page.next_form == first:
        yield from controlled(sight, sight.place, control=False, held=True)
    else:
        yield violated(
            f"the end of this list is next {page.next_form}, elsewhere it is {first}",
            expected=f"next {first} at the end of every list",
            actual=f"next {page.next_form}",
        )


@check("pagination.cursor-alphabet")
def cursor_is_url_friendly(sight: Sight) -> Iterator[Finding]:
    """Every cursor is made of the characters that the document describes."""
    pagination = sight.contract.conventions.pagination
    page = sight.page
    if pagination is None or pagination.alphabet is None or page is None:
        return
    for name, cursor in (("next", page.next), ("prev", page.prev)):
        if cursor is None:
            continue
        if re.fullmatch(pagination.alphabet, cursor):
            yield HELD
        else:
            yield violated(
                f"the cursor {name} is not an encoded token",
                expected=pagination.alphabet,
                actual=cursor,
            )


class Walking(Arguments):
    records_only: StrictBool = False


@check("pagination.walk-recorded", Walking)
def walk_is_sound(sight: Sight) -> Iterator[Finding]:
    """A whole walk, from the first page to one without a next, brings each record once and leads nowhere twice.

    Walks are put together from the exchanges, whoever made them. One of a single page could not have shown
    anything, and one whose pages were not all seen says nothing about the rest.

    Arguments:
        records_only: where a walk leads is another requirement's.
    """
    page = sight.page
    if page is None:
        return
    pagination = sight.contract.conventions.paging
    if page.next is not None and len(page.next) > LONGEST and not pagination.by_link:
        # Of a link there is a rule of its own.
        yield violated(
            f"a page names a next of more than {LONGEST} characters, which no request can be made of",
            expected="a cursor that can be asked with",
            actual=page.next,
        )
        return
    walks: Walks = sight.memory.setdefault("walks", Walks())
    walk = walks.up_to(sight.exchange, page, pagination, sight.state)
    if pagination.sort and _has(sight, pagination.sort):
        # Consistent pages are promised in the default order only.
        return
    records_only = sight.arguments.get("records_only", False)
    if _leads_to_itself(sight, page) and not records_only:
        yield violated(
            "a page leads to itself: its next is the cursor it was asked for with",
            expected="a cursor that is new",
            actual=page.next,
        )
        return
    if walk is None:
        return
    again = sorted(walk.ids & {identity for identity in page.ids if identity is not None})
    if again and pagination.numbered:
        # What others add or delete during a walk moves records from one number to another.
        return
    following = next_cursor(page, pagination)
    if again:
        yield violated(
            f"page {walk.requests} of a walk repeats {len(again)} records of the pages before it",
            expected="each record once",
            actual=", ".join(again[:5]),
        )
    elif following is not None and following in walk.cursors and not records_only:
        yield violated(
            f"page {walk.requests} of a walk leads back to one of the pages before it",
            expected="a cursor that is new",
            actual=following,
        )
    elif page.next is None and walk.requests > 1:
        yield HELD


def _leads_to_itself(sight: Sight, page: Page) -> bool:
    pagination = sight.contract.conventions.paging
    asked = sight.exchange.request.parameter(pagination.cursor)
    return bool(asked) and asked == next_cursor(page, pagination)


@check("pagination.cursors-one-way")
def cursors_go_one_way(sight: Sight) -> Iterator[Finding]:
    """The cursors of a walk, which are times, only fall or only rise, and none comes twice."""
    page = sight.page
    if page is None:
        return
    pagination = sight.contract.conventions.paging
    walks: Walks = sight.memory.setdefault("walks", Walks())
    walk = walks.up_to(sight.exchange, page, pagination, sight.state)
    following = next_cursor(page, pagination)
    if following is None:
        return
    asked = sight.exchange.request.parameter(pagination.cursor)
    passed = walk.cursors if walk is not None else (asked,) if asked else ()
    times = [int(cursor) for cursor in (*passed, following) if cursor.isascii() and cursor.isdigit()]
    if len(times) < 2 or len(times) < len(passed) + 1:
        return
    falls, rises = (all(sign * (b - a) > 0 for a, b in pairwise(times)) for sign in (-1, 1))
    if falls or rises:
        yield HELD
    else:
        yield violated(
            "next does not go on in the direction of the walk",
            expected="values that only fall, or only rise",
            actual=", ".join(map(str, times[-4:])),
        )


@check("pagination.total-recorded")
def total_is_sound(sight: Sight) -> Iterator[Finding]:
    """At the end of a whole walk, total is the number of records that it brought; no page has more than that.

    Where all are on one page, a total that counts the page would be the same. A list that others change while it is
    walked has as many records as one of the totals on the way, or lies between them.
    """
    page = sight.page
    if page is None or not _is_count(page.total):
        return
    if page.total < len(page.records):
        yield violated(
            f"total is {page.total} on a page of {len(page.records)} records",
            expected=f"{len(page.records)} or more",
            actual=str(page.total),
        )
        return
    pagination = sight.contract.conventions.paging
    walks: Walks = sight.memory.setdefault("walks", Walks())
    walk = walks.up_to(sight.exchange, page, pagination, sight.state)
    if walk is None or page.next is not None:
        return
    ids = walk.ids | {identity for identity in page.ids if identity is not None}
    totals = [total for total in (*walk.totals, page.total) if _is_count(total)]
    came = walk.count + len(page.records)
    # Records without ids can only be counted as they come; that some come twice is another rule.
    count = came if None in page.ids else len(ids)
    if any(min(totals) <= each <= max(totals) for each in (count, came)):
        if walk.requests > 1:
            yield HELD
    else:
        yield violated(
            f"total is {page.total} at the end of a walk of {count} records",
            expected=str(count),
            actual=str(page.total),
        )


def _is_count(value: Any) -> bool:
    # Of a longer number only the first digits are read.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10 ** (LONGEST_NUMBER - 1)
