"""Defects of links from page to page, in bodies and in a Link header, and of the numbers of pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from conformance.contract import Pagination
from conformance.planting.base import Defect, Scene, breaks, token, with_query
from conformance.planting.bodies import refused
from conformance.planting.pages import with_records
from conformance.planting.schemas import PLANTED
from conformance.traffic.links import links_of, related
from conformance.traffic.urls import Url, split

ELSEWHERE = "https://planted.example"


def _links(scene: Scene) -> tuple[Pagination, dict[str, str]] | None:
    """How lists are paged, and relation → URL as it stands in a body; None where none does."""
    pagination = scene.contract.conventions.pagination
    if (
        pagination is None
        or pagination.style != "cursor-links"
        or scene.page is None
        or not isinstance(scene.body, dict)
    ):
        return None
    found = {name: _text(scene.response.at(getattr(pagination, name))) for name in ("next", "prev")}
    return pagination, {name: link for name, link in found.items() if link}


def _text(value: Any) -> str | None:
    link = value.get("href") if isinstance(value, dict) else value
    return link if isinstance(link, str) else None


@breaks("links.present")
def missing_links(scene: Scene) -> Iterator[Defect]:
    """A page without its object of links, where it has to have one."""
    pagination, page = scene.contract.conventions.pagination, scene.page
    if pagination is None or page is None or not pagination.envelope or not isinstance(scene.body, dict):
        return
    place = f"/{token(pagination.envelope)}"
    yield scene.with_value(f"retype {place}", place, [])
    yield scene.with_value(f"null {place}", place, None)
    if page.cursor_asked is not None or (page.size_asked is not None and len(page.records) >= page.size_asked):
        yield scene.without(f"drop {place}", place)


@breaks("links.edges")
def links_at_edges(scene: Scene) -> Iterator[Defect]:
    """A link on a page that has no such neighbour."""
    pagination = scene.contract.conventions.pagination
    if pagination is None:
        return
    for first in scene.all(lambda one: bool(one.page and one.page.enveloped and one.page.cursor_asked is None)):
        url = with_query(first.exchange.request.url, urlencode({pagination.previous or pagination.cursor: PLANTED}))
        yield first.with_value("link prev", pagination.prev, url)
        yield first.with_value("link empty", pagination.prev, "")
        if first.page and first.page.next is not None:
            yield with_records(first, "link next", ())
        return


@breaks("links.keep-context")
def links_out_of_context(scene: Scene) -> Iterator[Defect]:
    """A link that loses the path, the filters, the size or the cursor of its request."""
    found = _links(scene)
    if not found:
        return
    pagination, links = found
    for name, link in links.items():
        place, url = getattr(pagination, name), split(link)
        yield scene.with_value(
            f"path {place}", place, str(Url(url.scheme, url.authority, f"{url.path}-planted", url.query))
        )
        own = pagination.previous if name == "prev" and pagination.previous else pagination.cursor
        asked = dict(scene.exchange.request.query)
        for key, value in url.parameters:
            rest = [pair for pair in url.parameters if pair[0] != key]
            if key == own or (key in asked and key != pagination.page_size.parameter):
                yield scene.with_value(f"lost {place}:{key}", place, with_query(link, urlencode(rest) or None))
            if key in asked and key != own and key != pagination.page_size.parameter:
                changed = with_query(link, urlencode([*rest, (key, f"{value}-planted")]))
                yield scene.with_value(f"changed {place}:{key}", place, changed)
    if len(links) == 2:
        yield scene.with_value("same", pagination.prev, scene.response.at(pagination.next))


@breaks("links.are-urls")
def links_that_are_none(scene: Scene) -> Iterator[Defect]:
    """A link that is no URL of the API, or leads to nothing."""
    found = _links(scene)
    if not found:
        return
    pagination, links = found
    for name, link in links.items():
        place, url = getattr(pagination, name), split(link)
        yield scene.with_value(f"retype {place}", place, 4711)
        yield scene.with_value(f"space {place}", place, f"{link} planted")
        yield scene.with_value(f"host {place}", place, f"{ELSEWHERE}{url.path}?{url.query or ''}")
        followed = next(scene.all(partial(_follows, scene, link)), None)
        if followed is not None and followed.response.ok:
            yield refused(followed, f"dead {place}", scene.contract.conventions.errors.unknown)


def _follows(before: Scene, link: str, scene: Scene) -> bool:
    if scene.at <= before.at:
        return False
    url, asked = split(link), split(scene.exchange.request.url)
    alike = asked.path.endswith(url.path.rstrip("/")) and sorted(url.parameters) == sorted(asked.parameters)
    return alike and scene.exchange.request.method == "GET" and not scene.exchange.negative


# In a header.


def _in_header(scene: Scene) -> Mapping[str, str]:
    """Relation → target of the page's Link header; empty where it has none."""
    pagination, value = scene.contract.conventions.pagination, scene.response.header("link")
    if pagination is None or pagination.style != "link-header" or scene.page is None or not value:
        return {}
    return {relation: targets[0] for relation, targets in related(value).items()}


def _written(links: Mapping[str, str]) -> str | None:
    return ", ".join(f'<{target}>; rel="{relation}"' for relation, target in links.items()) or None


def with_link(scene: Scene, name: str, relation: str, target: str | None) -> Defect:
    """Another target of a link in the header, None for no such link."""
    links = {**_in_header(scene)}
    if target is None:
        links.pop(relation, None)
    else:
        links[relation] = target
    return scene.with_header(name, "Link", _written(links))


@breaks("link-header.grammar")
def broken_headers(scene: Scene) -> Iterator[Defect]:
    """A Link header that is none by RFC 8288, or has a relation twice, or one that nobody knows."""
    links, value = _in_header(scene), scene.response.header("link")
    if not links or value is None:
        return
    first = next(iter(links_of(value))).target
    relation = next(iter(links))
    yield scene.with_header("grammar brackets", "Link", value.replace("<", "").replace(">", ""))
    yield scene.with_header("grammar rel", "Link", f"{value}, <{first}>")
    yield scene.with_header("grammar comma", "Link", value.replace(";", " "))
    yield scene.with_header("grammar quote", "Link", f'{value}, <{first}>; rel="unfinished')
    if relation in scene.arguments.get("relations", ("next", "prev")):
        yield scene.with_header("twice", "Link", f'{value}, <{first}>; rel="{relation}"')
    yield scene.with_header("relation", "Link", f'{value}, <{first}>; rel="planted"')


@breaks("link-header.keep-query")
def headers_out_of_context(scene: Scene) -> Iterator[Defect]:
    """A link that leads to another host or path, or loses what was asked for."""
    pagination, asked = scene.contract.conventions.pagination, dict(scene.exchange.request.query)
    if pagination is None or scene.exchange.negative:
        return
    for relation, target in _in_header(scene).items():
        if relation not in ("first", "prev", "next", "last"):
            continue
        url = split(target)
        yield with_link(scene, f"host {relation}", relation, f"{ELSEWHERE}{url.path}?{url.query or ''}")
        path = str(Url(url.scheme, url.authority, f"{url.path}-planted", url.query))
        yield with_link(scene, f"path {relation}", relation, path)
        yield with_link(scene, f"relative {relation}", relation, f"{url.path}?{url.query or ''}")
        for key, _ in url.parameters:
            rest = [pair for pair in url.parameters if pair[0] != key]
            if key == pagination.cursor or (key in asked and key != pagination.page_size.parameter):
                yield with_link(scene, f"lost {relation}:{key}", relation, with_query(target, urlencode(rest) or None))


@breaks("link-header.versioned")
def unversioned_links(scene: Scene) -> Iterator[Defect]:
    """A link without the version in its path."""
    versioning = scene.contract.conventions.versioning
    for relation, target in _in_header(scene).items():
        url = split(target)
        base = scene.contract.base_path
        path = url.path.replace(base, "", 1) if base else "/" + url.path.removeprefix("/").partition("/")[2]
        if versioning is not None and path != url.path and not re.fullmatch(versioning.pattern, path):
            yield with_link(scene, f"path {relation}", relation, str(Url(url.scheme, url.authority, path, url.query)))


def _number(scene: Scene) -> int | None:
    pagination = scene.contract.conventions.pagination
    if pagination is None or not pagination.numbered or scene.page is None:
        return None
    given = scene.exchange.request.parameter(pagination.cursor)
    return 1 if given is None else int(given) if given.isdigit() else None


def _to_page(scene: Scene, target: str, number: int) -> str:
    cursor = scene.contract.conventions.paging.cursor
    rest = [pair for pair in split(target).parameters if pair[0] != cursor]
    return with_query(target, urlencode([*rest, (cursor, str(number))]))


def _page_of(scene: Scene, target: str) -> int:
    value = dict(split(target).parameters).get(scene.contract.conventions.paging.cursor, "")
    return int(value) if value.isdigit() else 0


@breaks("numbered-pages.neighbours")
def wrong_neighbours(scene: Scene) -> Iterator[Defect]:
    """A next or a prev that leads to another page than the one beside it."""
    number, links = _number(scene), _in_header(scene)
    if number is None or scene.page is None:
        return
    for relation, others in (("next", (number + 2, number, 1)), ("prev", (number - 2, number, number + 1))):
        if relation not in links or (relation == "prev" and not scene.page.records):
            continue
        right = number + (1 if relation == "next" else -1)
        for other in others:
            if other > 0 and other != right:
                target = _to_page(scene, links[relation], other)
                yield with_link(scene, f"number {relation}={other - number:+d}", relation, target)


@breaks("numbered-pages.edges")
def neighbours_at_edges(scene: Scene) -> Iterator[Defect]:
    """A prev on the first page, a next on the last, and one that leads beyond it."""

    def is_edge(one: Scene) -> bool:
        links = _in_header(one)
        return _number(one) == 1 or ("last" in links and _page_of(one, links["last"]) == _number(one))

    for edge in (scene, *scene.all(is_edge)):
        links, number = _in_header(edge), _number(edge)
        if number is None or not links:
            continue
        some = next(iter(links.values()))
        if number == 1:
            yield with_link(edge, "edge prev", "prev", _to_page(edge, some, 1))
        if "last" in links and _page_of(edge, links["last"]) == number:
            yield with_link(edge, "edge next", "next", _to_page(edge, some, number + 1))
        if "next" in links and "last" in links:
            yield with_link(edge, "edge beyond", "next", _to_page(edge, some, _page_of(edge, links["last"]) + 1))


def _same_list(one: Scene, other: Scene) -> bool:
    """Whether two pages are of one list: of one path, one query but for the number, and one caller."""
    pagination, header = one.contract.conventions.paging, one.contract.conventions.auth.header
    mine, yours = (
        (
            each.exchange.path,
            sorted(pair for pair in each.exchange.request.query if pair[0] != pagination.cursor),
            each.exchange.request.header(header),
        )
        for each in (one, other)
    )
    return mine == yours


@breaks("numbered-pages.last")
def wrong_lasts(scene: Scene) -> Iterator[Defect]:
    """A last page that all pages of a list name, and that is not the last one."""
    pages = [one for one in scene.all(lambda one: "last" in _in_header(one)) if _same_list(scene, one)]
    filled = scene.all(lambda one: bool(one.page and one.page.records))
    numbers = {_number(one) for one in filled if _same_list(scene, one)}
    ends = [_number(one) for one in pages if one.page and one.page.records and one.page.next is None]
    # Where a walk ends is seen only of one whose pages were all seen.
    if _number(scene) is None or not any(end and numbers >= set(range(1, end + 1)) for end in ends):
        return
    for name, step in (("more", 1), ("many", 7)):
        conversation = scene.conversation
        for each in pages:
            last = _in_header(each)["last"]
            target = _to_page(each, last, _page_of(each, last) + step)
            changed = with_link(each, "", "last", target).conversation[each.at]
            conversation = (*conversation[: each.at], changed, *conversation[each.at + 1 :])
        yield Defect(f"last {name}", conversation)


@breaks("numbered-pages.first")
def wrong_firsts(scene: Scene) -> Iterator[Defect]:
    """A page 1 with other records than the page that comes without a number."""
    page, paging = scene.page, scene.contract.conventions.pagination
    if _number(scene) != 1 or page is None or paging is None or not page.records:
        return
    second = next(scene.all(lambda one: _number(one) == 2 and one.exchange.path == scene.exchange.path), None)
    if second is not None and second.page is not None and second.page.records:
        yield with_records(scene, "shift page", second.page.records)
        if scene.strict:
            # Elsewhere a list may have changed between the two.
            yield with_records(scene, "shift one", [*page.records[1:], second.page.records[0]])


@breaks("numbered-pages.more-marked")
def missing_nexts(scene: Scene) -> Iterator[Defect]:
    """A page without a next, though the page with the next number has records."""
    number = _number(scene)
    for one in scene.all(lambda one: "next" in _in_header(one) and one.exchange.path == scene.exchange.path):
        if number is not None and one.at == scene.at - 1 and _number(one) == number - 1:
            yield with_link(one, "lost next", "next", None)
            return
