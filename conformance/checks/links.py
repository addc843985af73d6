"""Links from page to page: whether they are there, what they keep, and that they can be followed as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from attrs import frozen

from conformance.checks.base import HELD, Finding, Sight, as_json, check, controlled, note, violated
from conformance.contract import Pagination
from conformance.traffic.exchange import Exchange
from conformance.traffic.links import related
from conformance.traffic.urls import LONGEST, Url, origin_of, resolved, split

_ABSENT = object()

# RFC 3986, 2: what may stand in a reference; brackets are common in the names of query parameters.
_REFERENCE = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")

# Refused for another reason than the link: who asks, how often, or whether the server is well.
_BESIDE_THE_LINK = frozenset({401, 429, 502, 503, 504})

DIRECTIONS = ("next", "prev")


def base_url_of(exchange: Exchange) -> str:
    """The base URL that a request was sent below."""
    url = split(exchange.request.url)
    return str(Url(url.scheme, url.authority, (url.path or "/").removesuffix(exchange.served_at), None))


@frozen
class Target:
    """Where a link leads: a path, and a query as names with their values."""

    path: str
    query: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        return sorted(value for key, value in self.query if key == name)


def target_of(url: str) -> Target:
    """Where a URL leads, whatever its host and however it is percent-encoded."""
    parts = split(url)
    return Target(unquote(parts.path).rstrip("/"), parts.parameters)


def link_text(value: Any) -> str | None:
    """The URL of a link: a string, or an object with href (JSON:API); None for anything else."""
    if isinstance(value, Mapping):
        value = value.get("href")
    return value if isinstance(value, str) else None


def _neighbours(sight: Sight) -> tuple[Pagination, dict[str, Any]] | None:
    """How pages name their neighbours, and what stands there on this one; None where the answer is no list."""
    pagination = sight.contract.conventions.pagination
    if pagination is None or sight.page is None:
        return None
    if pagination.style == "link-header":
        links = related(sight.exchange.response.header("link") or "")
        return pagination, {name: links.get(name, [_ABSENT])[0] for name in DIRECTIONS}
    places = {"next": pagination.next, "prev": pagination.prev}
    return pagination, {name: sight.exchange.response.at(place, _ABSENT) for name, place in places.items()}


@check("links.present")
def list_has_links(sight: Sight) -> Iterator[Finding]:
    """A page asked for with a cursor, and one as full as was asked for, has an object of links."""
    pagination, page = sight.contract.conventions.pagination, sight.page
    if pagination is None or page is None:
        return
    links = sight.exchange.response.at(f"/{pagination.envelope}", _ABSENT)
    if isinstance(links, dict):
        yield HELD
        return
    needed = page.cursor_asked is not None or (page.size_asked is not None and len(page.records) >= page.size_asked)
    if needed or links is not _ABSENT:
        yield violated(
            f"a page of a list has no object {as_json(pagination.envelope)}",
            expected=f"an object {as_json(pagination.envelope)}",
            actual=sight.exchange.response.text,
        )
    elif not sight.memory.get("told"):
        sight.memory["told"] = True
        yield note(f"a list that may be on one page has no {as_json(pagination.envelope)}")


@check("links.edges")
def edges_have_no_link(sight: Sight) -> Iterator[Finding]:
    """Where there is no neighbour its link is left out or null: prev on a first page, next on an empty one.

    That shows something of lists that have such a link on other pages.
    """
    found, page = _neighbours(sight), sight.page
    if found is None or page is None or not page.enveloped:
        return
    _, links = found
    for name in DIRECTIONS:
        if link_text(links[name]) == "":
            yield violated(f"the link {name} is an empty string", expected="no link, or null", actual="")
            return
    edges = {"prev": page.cursor_asked is None, "next": not page.records}
    for name, is_edge in edges.items():
        is_absent = links[name] is _ABSENT or links[name] is None
        yield from controlled(sight, (sight.place, name), control=not is_absent, held=is_edge and is_absent)
        if is_edge and not is_absent:
            where = "a page asked for without a cursor" if name == "prev" else "an empty page"
            yield violated(f"{where} has a {name}", expected=f"no {name}, or null", actual=links[name])


@check("links.keep-context")
def links_keep_context(sight: Sight) -> Iterator[Finding]:
    """prev and next keep path, version, order, filters and page size, and have the cursor of their direction only."""
    found = _neighbours(sight)
    if found is None or sight.exchange.negative:
        return
    pagination, links = found
    base, targets = base_url_of(sight.exchange), {}
    for name in DIRECTIONS:
        link = link_text(links[name])
        if not link:
            continue
        url = resolved(link, base, sight.exchange.request.url)
        if _unusable(sight, link, url):
            continue  # No URL of this API at all: that is another rule.
        targets[name] = target = target_of(url)
        problem = _lost(sight, pagination, name, target)
        if problem:
            yield violated(f"the link {name} {problem}", expected=f"as in {sight.exchange.request.url}", actual=link)
        else:
            yield HELD
    if len(targets) == 2:
        if targets["next"] == targets["prev"]:
            yield violated("next and prev are the same", expected="two different links", actual=links["next"])
        else:
            yield HELD


def _lost(sight: Sight, pagination: Pagination, name: str, target: Target) -> str | None:
    """What a link does not keep of its request, None where it keeps all."""
    asked = target_of(sight.exchange.request.url)
    # An emulator may live under another path than the service, and give out the service's own links.
    documented = unquote(sight.contract.base_path + sight.exchange.path).rstrip("/")
    if target.path not in (asked.path, documented):
        return f"leads to another path: {target.path}"
    own, other = pagination.cursor, pagination.previous
    if name == "prev":
        own, other = other or own, own
    if len([value for value in target.values(own) if value]) != 1 or len(target.values(own)) != 1:
        return f"has no {own}"
    if other is not None and other != own and target.values(other):
        return f"has {other} beside {own}"
    size = pagination.page_size.parameter
    for parameter in dict.fromkeys(key for key, _ in asked.query):
        if parameter in (own, other):
            continue
        if parameter == size and _unusual(sight, pagination):
            continue
        if target.values(parameter) != asked.values(parameter):
            return f"does not keep {parameter}"
    return None


def _unusual(sight: Sight, pagination: Pagination) -> bool:
    """Whether the page size asked for is none that need be served as it is."""
    page = sight.page
    return page is None or page.size_asked is None or page.size_asked > pagination.page_size.largest


@check("links.are-urls")
def links_are_urls(sight: Sight) -> Iterator[Finding]:
    """prev and next are URL references, and a link that was followed as it stands was answered."""
    given: dict[Target, str] = sight.sequence.setdefault("given", {})
    yield from _followed(sight, given)
    found = _neighbours(sight)
    if found is None:
        return
    _, links = found
    for name in DIRECTIONS:
        if links[name] is _ABSENT or links[name] is None or links[name] == "":
            continue
        link = link_text(links[name])
        if link is None:
            yield violated(
                f"the link {name} is neither a string nor an object with href", expected="a URL", actual=links[name]
            )
            continue
        url = resolved(link, base_url_of(sight.exchange), sight.exchange.request.url)
        problem = _unusable(sight, link, url)
        if problem:
            yield violated(f"the link {name} {problem}", expected="a URL of this API (RFC 3986)", actual=link)
            continue
        yield HELD
        target = target_of(url)
        given[target] = link
        yield from _doubly_encoded(sight, target)


def _unusable(sight: Sight, link: str, url: str) -> str | None:
    """Why a link, which stands for `url`, cannot be followed with a credential; None where it can."""
    if len(link) > LONGEST:
        return f"has {len(link)} characters, more than a request is made of"
    origin = origin_of(url)
    if origin is None or not _REFERENCE.fullmatch(link):
        return "is no URL reference"
    # An emulator may give out the service's own links.
    if origin not in map(origin_of, (sight.exchange.request.url, sight.contract.conventions.origin)):
        return f"leads to another origin: {origin}"
    return None


def _followed(sight: Sight, given: Mapping[Target, str]) -> Iterator[Finding]:
    exchange = sight.exchange
    if not given or exchange.negative or exchange.request.method != "GET":
        return
    target = target_of(exchange.request.url)
    if target not in given or exchange.response.status in _BESIDE_THE_LINK:
        return
    if exchange.response.ok:
        yield HELD
    else:
        yield violated(
            f"a link followed as it stands was answered {exchange.response.reason}",
            expected="2xx",
            actual=given[target],
        )


def _doubly_encoded(sight: Sight, target: Target) -> Iterator[Finding]:
    pagination = sight.contract.conventions.paging
    for name in (pagination.cursor, pagination.previous):
        cursors = target.values(name) if name else []
        if any(_ENCODED.search(cursor) for cursor in cursors) and not sight.memory.get("told"):
            sight.memory["told"] = True
            yield note(f"a cursor still holds a percent-encoding after one decoding: {cursors[0]}")
