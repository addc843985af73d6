"""Links between pages in a Link header (RFC 8288): how they are written, what they relate, and what they keep."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from conformance.checks.base import HELD, Arguments, Finding, Sight, check, note, shown, violated
from conformance.checks.links import Target, base_url_of, target_of
from conformance.contract import Pagination
from conformance.traffic.links import mistake_in, related
from conformance.traffic.urls import LONGEST, origin_of, resolved, split

REGISTERED = frozenset(
    [
        "about",
        "acl",
        "alternate",
        "amphtml",
        "api-catalog",
        "appendix",
        "archives",
        "author",
        "blocked-by",
        "bookmark",
        "c2pa-manifest",
        "canonical",
        "chapter",
        "cite-as",
        "collection",
        "compression-dictionary",
        "contents",
        "convertedfrom",
        "copyright",
        "create-form",
        "current",
        "deprecation",
        "describedby",
        "describes",
        "disclosure",
        "dns-prefetch",
        "duplicate",
        "edit",
        "edit-form",
        "edit-media",
        "enclosure",
        "external",
        "first",
        "geofeed",
        "glossary",
        "help",
        "hosts",
        "hub",
        "ice-server",
        "icon",
        "index",
        "intervalafter",
        "intervalbefore",
        "intervalcontains",
        "intervaldisjoint",
        "intervalduring",
        "intervalequals",
        "intervalfinishedby",
        "intervalfinishes",
        "intervalin",
        "intervalmeets",
        "intervalmetby",
        "intervaloverlappedby",
        "intervaloverlaps",
        "intervalstartedby",
        "intervalstarts",
        "item",
        "last",
        "latest-version",
        "license",
        "linkset",
        "lrdd",
        "manifest",
        "mask-icon",
        "me",
        "media-feed",
        "memento",
        "micropub",
        "modulepreload",
        "monitor",
        "monitor-group",
        "next",
        "next-archive",
        "nofollow",
        "noopener",
        "noreferrer",
        "opener",
        "openid2.local_id",
        "openid2.provider",
        "original",
        "p3pv1",
        "payment",
        "pingback",
        "preconnect",
        "predecessor-version",
        "prefetch",
        "preload",
        "prerender",
        "prev",
        "preview",
        "previous",
        "prev-archive",
        "privacy-policy",
        "profile",
        "publication",
        "related",
        "replies",
        "restconf",
        "ruleinput",
        "search",
        "section",
        "self",
        "service",
        "service-desc",
        "service-doc",
        "service-meta",
        "sip-trunking-capability",
        "sponsored",
        "start",
        "status",
        "stylesheet",
        "subsection",
        "successor-version",
        "sunset",
        "tag",
        "terms-of-service",
        "timegate",
        "timemap",
        "type",
        "ugc",
        "up",
        "version-history",
        "via",
        "webmention",
        "working-copy",
        "working-copy-of",
    ]
)
"""Relation types of IANA's registry."""


def links_in(sight: Sight) -> dict[str, list[str]] | None:
    """Relation type → the targets of its links, of a page whose neighbours stand in a Link header; None elsewhere."""
    pagination = sight.contract.conventions.pagination
    value = sight.exchange.response.header("link")
    if pagination is None or pagination.style != "link-header" or sight.page is None or value is None:
        return None
    return related(value)


class Relations(Arguments):
    relations: tuple[str, ...] = ("next", "prev")


@check("link-header.grammar", Relations)
def header_is_well_formed(sight: Sight) -> Iterator[Finding]:
    """A Link header is one by RFC 8288, and has each relation type that the document names at most once.

    Another registered type, or one that is a URL (2.1.2), is told of in a note.

    Arguments:
        relations: those that the document names.
    """
    links, value = links_in(sight), sight.exchange.response.header("link")
    if links is None or value is None:
        return
    documented = sight.arguments.get("relations", ("next", "prev"))
    mistake = mistake_in(value)
    if mistake is not None:
        yield violated(f"the Link header {mistake}", expected="a field value of RFC 8288", actual=value)
        return
    for relation, targets in links.items():
        known = relation in documented
        if known and len(targets) > 1:
            yield violated(f"the Link header has {len(targets)} links {relation}", expected="one", actual=value)
        elif not known and relation not in REGISTERED and split(relation).scheme is None:
            yield violated(
                f"the Link header has a relation that nobody registered: {shown(relation, 80)}",
                expected=", ".join(documented),
                actual=value,
            )
        elif not known and relation not in sight.memory:
            sight.memory[relation] = True
            yield note(f"a Link header has a link {shown(relation, 80)}, of which the document says nothing")
        elif known:
            yield HELD


class Names(Arguments):
    named_otherwise: dict[str, str] = Field(default_factory=dict)


@check("link-header.keep-query", Names)
def links_keep_the_request(sight: Sight) -> Iterator[Finding]:
    """Links are absolute URLs on the scheme, host and path of the request, with its query except the page's number.

    A size that was not asked for may be added, and one that cannot be served as it is may be another. What becomes of
    parameters that were asked for and that nobody documents is left open.

    Arguments:
        named_otherwise: parameter of a path or query → a pattern of values that stand for another one, and it for them.
    """
    links, pagination = links_in(sight), sight.contract.conventions.pagination
    if not links or pagination is None or sight.exchange.negative:
        return
    for relation, targets in links.items():
        if relation not in ("first", "prev", "next", "last"):
            continue
        problem = _lost(sight, pagination, targets[0])
        if problem:
            asked = sight.exchange.request.url
            yield violated(f"the link {relation} {problem}", expected=f"as in {asked}", actual=targets[0])
        else:
            yield HELD


def _lost(sight: Sight, pagination: Pagination, link: str) -> str | None:
    """What a link does not keep of its request, None where it keeps all."""
    asked_url, origin = sight.exchange.request.url, origin_of(link)
    if len(link) > LONGEST or origin is None:
        return "is no absolute URL"
    # An emulator may give out the service's own links.
    if origin not in map(origin_of, (asked_url, sight.contract.conventions.origin)):
        return f"leads to another origin: {origin}"
    asked, target = target_of(asked_url), target_of(link)
    if not _same_path(sight, split(link).path, target):
        return f"leads to another path: {target.path}"
    if len(target.values(pagination.cursor)) != 1:
        return f"has {len(target.values(pagination.cursor))} values of {pagination.cursor}"
    size = pagination.page_size.parameter
    left_open = {name for name, _ in asked.query} - {size, *_documented(sight)}
    names = {name for name, _ in (*asked.query, *target.query)} - {pagination.cursor} - left_open
    for name in sorted(names):
        if name == size and _may_be(pagination, asked.values(size), target.values(size)):
            continue
        if not _is_kept(sight, name, asked.values(name), target.values(name)):
            return f"does not keep {name}" if asked.values(name) else f"adds {name}"
    return None


def _documented(sight: Sight) -> set[str]:
    """The query parameters that the document has for the list."""
    operation = sight.exchange.operation
    if operation is None:
        return set()
    given = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"}
    return given | {*operation.listing.filters}


def _is_kept(sight: Sight, name: str, asked: list[str], given: list[str]) -> bool:
    """Whether a link has the values of a parameter, or names otherwise what they name."""
    if asked == given:
        return True
    pattern: str | None = sight.arguments.get("named_otherwise", {}).get(name)
    if pattern is None or len(asked) != 1 or len(given) != 1:
        return False
    return any(re.fullmatch(pattern, value) for value in (*asked, *given))


def _same_path(sight: Sight, path: str, target: Target) -> bool:
    exchange = sight.exchange
    documented = sight.contract.base_path + exchange.path
    if target.path in (target_of(exchange.request.url).path, target_of(documented).path):
        return True
    below = path.removeprefix(split(base_url_of(exchange)).path)
    other = sight.contract.router.find("GET", below)
    if exchange.operation is None or other is not exchange.operation:
        return False
    asked, given = exchange.operation.values_in(exchange.path), other.values_in(below)
    return all(_is_kept(sight, name, [value], [given.get(name, "")]) for name, value in asked.items())


def _may_be(pagination: Pagination, asked: list[str], given: list[str]) -> bool:
    """Whether a link may have another page size: none was asked for, or one that cannot be served."""
    sizes = pagination.page_size
    served = [number_of(size) for size in asked]
    if len(served) == 1 and served[0] is not None and sizes.minimum <= served[0] <= sizes.largest:
        return False
    told = [number_of(size) for size in given]
    return given == asked or not given or (len(told) == 1 and told[0] is not None and told[0] <= sizes.largest)


def number_of(text: str | None) -> int | None:
    """A whole number of 1 or more, None for any other text."""
    return int(text) if text is not None and re.fullmatch(r"0{0,9}[1-9][0-9]{0,8}", text) else None


@check("link-header.versioned")
def links_have_the_version(sight: Sight) -> Iterator[Finding]:
    """The path of every link has the version in it, below the base URL."""
    links, versioning = links_in(sight), sight.contract.conventions.versioning
    if not links or versioning is None or versioning.carrier != "path":
        return
    base = base_url_of(sight.exchange)
    for targets in links.values():
        for link in targets:
            path = split(resolved(link, base, sight.exchange.request.url)).path
            below = (path, path.removeprefix(split(base).path), path.removeprefix(sight.contract.base_path))
            if any(re.fullmatch(versioning.pattern, one) for one in below):
                yield HELD
            else:
                yield violated("a link has no version in its path", expected=versioning.pattern, actual=link)
