"""Pagination: how the lists of an API are cut into pages, as far as its document and its recorded lists tell."""

from __future__ import annotations

from collections import Counter
from typing import Any

from conformance.proposals import names
from conformance.proposals.counted import Way, by_count, votes_of
from conformance.proposals.evidence import Abstained, Finding, Findings, Proposal, Votes
from conformance.proposals.lists import Listed
from conformance.proposals.material import Material, described, is_required, plain, token, tokens_of, types_of
from conformance.proposals.pages import Pages, Seen, changed, is_url
from conformance.proposals.sizes import counts_of, page_size
from conformance.proposals.vendor import Told, told_by

_MILLISECONDS = range(10**12, 10**14)

_OF_LINKS = ("url", "uri", "http", "link to", "link for")
_OF_CURSORS = ("cursor", "token", "marker", "offset", "continuation")

NOT_CUT = Abstained(
    "no list was seen that names another page, and the document does not say how lists are cut",
    "a list with more records than one page holds, and its next page",
)


def pagination(material: Material, lists: tuple[Listed, ...]) -> Findings:
    """How lists are cut into pages; a single abstention where nothing tells."""
    pages = Pages(material, lists)
    told = _told(material)
    way = _way(pages, told)
    if way is None or not isinstance(way.cursor, Proposal):
        return {"pagination": way.cursor if way is not None and isinstance(way.cursor, Abstained) else NOT_CUT}
    found: dict[str, Finding] = {"pagination.style": way.style, "pagination.cursor": way.cursor}
    if way.next is not None:
        found["pagination.next"] = way.next
    if way.numbered is not None:
        found["pagination.numbered"] = way.numbered
    found |= {f"pagination.{name}": finding for name, finding in (way.more or {}).items()}
    paged = _paged(pages, way)
    found |= _before(pages, way)
    found["pagination.end"] = _end(pages, paged, way)
    found |= counts_of(pages, paged, lambda seen: _names_next(seen, way))
    found |= _envelope(paged, found)
    found |= page_size(pages, paged, told, lambda seen: _names_next(seen, way))
    sort = pages.parameter(names.SORT)
    if sort is not None and len(pages.said(sort)) * 4 >= len(lists):
        found["pagination.sort"] = Proposal(sort, pages.asked[sort], 0, "calls", pages.said(sort))
    found["pagination.ordered"] = Proposal(False, but=("no recording shows that an order is promised",))
    return found


def _told(material: Material) -> tuple[Told, ...]:
    return tuple(told_by(material))


def _way(pages: Pages, told: tuple[Told, ...]) -> Way | None:
    body = _by_body(pages, told)
    if body is not None and isinstance(body.style, Proposal) and body.style.held:
        return body
    linked = [seen for seen in pages.seen if seen.link("next") or seen.link("prev")]
    if linked:
        return _by_header(pages, linked)
    if body is not None:
        return body
    return _by_cursor_header(pages) or _by_edges(pages) or by_count(pages, told)


# A neighbour in the body


def _by_body(pages: Pages, told: tuple[Told, ...]) -> Way | None:
    places = votes_of(told, "next")
    candidates = [place for place in pages.places(names.NEXT) if not _is_flag(pages, place)]
    ranked = sorted(
        dict.fromkeys((*places, *candidates)),
        key=lambda place: (
            -len(pages.named(place)),
            -places.get(place, 0),
            -sum(place in seen.told for seen in pages.seen),
            -len(pages.documented(place)),
            place,
        ),
    )
    if not ranked:
        return None
    place = ranked[0]
    there, said = sum(place in seen.told for seen in pages.seen), pages.documented(place)
    said = (*(each.said for each in told if each.values.get("next") == place), *said)
    named = pages.named(place)
    if not named and not said:
        return None  # Null in every answer: it may be anything.
    if not named and there == 0 and len(said) < 2 and not told:
        return None
    if not _is_common(pages, place):
        return Way(
            Proposal(""), Abstained("lists are cut into pages in several ways", "no more: only one can be held to")
        )
    kind = _kind(pages, place, [value for _, value in named], any("url" in each.values for each in told))
    if kind is None:
        return None
    style = Proposal(kind, len(named), 0, "pages that name a next one", said)
    cursor = _cursor_of(pages, place, kind, named, told)
    number = _numbered(named, cursor, kind, pages, place)
    if kind == "cursor-in-body" and number is None and _are_times(named):
        style = Proposal("timestamp", len(named), 0, "pages that name a next one", said)
    where = Proposal(place, there, len(pages.seen) - there, "lists", said)
    return Way(style, cursor, where, number)


def _is_common(pages: Pages, place: str) -> bool:
    """Whether at least half of the lists that are cut into pages have a member."""
    having = {seen.listed.operation.id for seen in pages.seen if place in seen.told}
    having |= {each.operation.id for each in pages.lists if pages.describes(each, place)}
    return not pages.cut or len(having & pages.cut) * 2 >= len(pages.cut)


def _is_flag(pages: Pages, place: str) -> bool:
    """Whether a member is true or false, or an object: no neighbour."""
    values = [value for value in pages.values(place) if not pages.is_absent(value) and value is not None]
    kinds = set(pages.members.get(place, {})) - {"null", "any"}
    described = bool(kinds) and not kinds & {"string", "integer", "number"}
    return described or any(isinstance(value, bool) for value in values)


def _kind(pages: Pages, place: str, values: list[Any], is_link: bool) -> str | None:
    """Whether a neighbour is named by URL or by cursor; None where values differ, or nothing tells."""
    if values:
        links = sum(map(is_url, values))
        if links in (0, len(values)):
            return "cursor-links" if links else "cursor-in-body"
        return None
    name, words = plain(tokens_of(place)[-1]), pages.says(place).lower()
    kinds = set(pages.members.get(place, {})) - {"null", "any"}
    if is_link or any(part in name for part in names.URLS) or any(word in words for word in _OF_LINKS):
        return "cursor-links"
    if kinds and kinds <= {"integer", "number"}:
        return "cursor-in-body"
    if kinds and (any(word in name for word in _OF_CURSORS) or any(word in words for word in ("cursor", "token"))):
        return "cursor-in-body"
    # A text that is called next may be either: only where nothing takes a cursor it is a link.
    return "cursor-links" if "links" in tokens_of(place) and pages.parameter(names.CURSOR) is None else None


def _cursor_of(pages: Pages, place: str, kind: str, named: list[tuple[Seen, Any]], told: tuple[Told, ...]) -> Finding:
    """The query parameter by which the next page is asked for."""
    followed = Counter({name: count for (at, name), count in pages.followed.items() if at == place})
    if kind == "cursor-links":
        followed = Counter(name for seen, url in named for name, _ in changed(seen, str(url)))
        among = [name for name, count in followed.items() if count == len(named)]
        if named and len(among) != 1:
            among = [each for each in among if plain(each) in (*names.CURSOR, *names.NUMBER, *names.OFFSET)]
        if len(among) == 1:
            return Proposal(among[0], followed[among[0]], 0, "links", pages.said(among[0]))
    elif followed:
        votes = Votes(followed)
        return votes.proposal(votes.first, "pages that were asked for next", pages.said(votes.first))
    by_vendor = votes_of(told, "cursor") or votes_of(told, "page") or votes_of(told, "offset")
    if by_vendor:
        name = min(by_vendor, key=lambda each: (-by_vendor[each], each))
        return Proposal(name, said=tuple(each.said for each in told if name in each.values.values()))
    return _by_name(pages, _vocabularies(pages, place, [value for _, value in named]))


def _vocabularies(pages: Pages, place: str, values: list[Any]) -> list[tuple[str, ...]]:
    kinds = set(pages.members.get(place, {}))
    numbers = all(isinstance(value, int) for value in values) if values else kinds <= {"integer", "number", "null"}
    if any(is_url(value) for value in values) or (not values and not numbers and "string" in kinds):
        return [names.CURSOR, names.NUMBER, names.OFFSET]
    if "offset" in plain(place):
        return [names.OFFSET]
    return [names.NUMBER, names.OFFSET, names.CURSOR] if numbers else [names.CURSOR]


def _by_name(pages: Pages, vocabularies: list[tuple[str, ...]]) -> Finding:
    """The one query parameter of such a name that lists have."""
    for vocabulary in vocabularies:
        name = pages.parameter(vocabulary)
        if name is not None and pages.said(name):
            return Proposal(name, pages.asked[name], 0, "calls", pages.said(name))
    return Abstained("no query parameter takes what names the next page", "the page behind the first one of a list")


def _numbered(named: list[tuple[Seen, Any]], cursor: Finding, kind: str, pages: Pages, place: str) -> Proposal | None:
    """Whether the cursor is the number of a page, that of the first being 1."""
    if not isinstance(cursor, Proposal) or plain(cursor.value) not in names.NUMBER:
        return None
    steps = []
    for seen, value in named:
        given = dict(changed(seen, str(value))).get(cursor.value) if kind != "cursor-in-body" else str(value)
        asked = seen.asked(cursor.value) or "1"
        steps.append(given is not None and given.isdigit() and asked.isdigit() and int(given) == int(asked) + 1)
    if steps:
        return Proposal(True, len(steps), 0, "pages", cursor.said) if all(steps) else None
    counts = kind == "cursor-in-body" and set(pages.members.get(place, {})) <= {"integer", "number", "null"}
    starts = [seen.told[at] for seen in pages.seen for at in pages.places(names.PLACE) if at in seen.told]
    firsts = [value for value in starts if value == 1]
    if counts and (firsts or not starts):
        return Proposal(True, len(firsts), len(starts) - len(firsts), "first pages with the number 1", cursor.said)
    return None


def _are_times(named: list[tuple[Seen, Any]]) -> bool:
    return bool(named) and all(isinstance(value, int) and value in _MILLISECONDS for _, value in named)


# A neighbour in a header


def _by_header(pages: Pages, linked: list[Seen]) -> Way:
    named = [(seen, str(seen.link("next"))) for seen in linked if seen.link("next")]
    before = [(seen, str(seen.link("prev"))) for seen in linked if seen.link("prev")]
    found = Counter(name for seen, url in named or before for name, _ in changed(seen, url))
    among = [name for name, count in found.items() if count == len(named or before)]
    known = [each for each in among if plain(each) in (*names.CURSOR, *names.NUMBER, *names.OFFSET)]
    among = among if len(among) == 1 else known
    cursor: Finding
    if len(among) == 1:
        cursor = Proposal(among[0], found[among[0]], 0, "links", pages.said(among[0]))
    else:
        cursor = Abstained("links to other pages differ in several parameters", "a walk of three pages")
    style = Proposal("link-header", len(linked), 0, "lists that link to a neighbour")
    return Way(style, cursor, None, _numbered(named, cursor, "link-header", pages, ""))


def _by_edges(pages: Pages) -> Way | None:
    """Links to the first or last page alone, of lists that have one page, or a header that the document names."""
    edges = [seen for seen in pages.seen if seen.link("last") or seen.link("first")]
    said = tuple(
        pages.material.pointer_to(listed.operation, "responses")
        for listed in pages.lists
        if any("link" in answer.headers for name, answer in listed.operation.answers.items() if name.startswith("2"))
    )
    if not edges and not said:
        return None
    cursor = _by_name(pages, [names.NUMBER, names.CURSOR, names.OFFSET])
    if not isinstance(cursor, Proposal):
        return None
    return Way(Proposal("link-header", len(edges), 0, "lists", said), cursor, None, None)


def _by_cursor_header(pages: Pages) -> Way | None:
    found = Counter(
        name
        for seen in pages.seen
        for name in {name.lower() for name, value in seen.exchange.response.headers if value.strip()}
        if plain(name.lower().removeprefix("x-")) in names.NEXT
    )
    if not found:
        return None
    header = min(found, key=lambda name: (-found[name], name))
    values = [seen.exchange.response.header(header) for seen in pages.seen]
    numbers = all(value.isdigit() for value in values if value)
    cursor = _by_name(pages, [names.NUMBER, names.OFFSET] if numbers else [names.CURSOR])
    style = Proposal("cursor-in-header", found[header], 0, "lists that name a next page")
    return Way(style, cursor, Proposal(header, found[header], 0, "lists"), None)


# What goes with it


def _paged(pages: Pages, way: Way) -> tuple[Seen, ...]:
    """The lists that are cut into pages: they take the parameter, or name what pages name."""
    assert isinstance(way.cursor, Proposal)
    cursor, takers = way.cursor.value, {each.operation.id for each in pages.parameters.get(way.cursor.value, ())}
    place = way.next.value if isinstance(way.next, Proposal) else None
    takers |= {s.listed.operation.id for s in pages.seen if place in s.told or s.asked(cursor) is not None}
    return tuple(seen for seen in pages.seen if seen.listed.operation.id in takers)


def _names_next(seen: Seen, way: Way) -> bool:
    """Whether a page says that another one follows."""
    place = way.next.value if isinstance(way.next, Proposal) else None
    if way.style.value == "link-header":
        return seen.link("next") is not None
    if way.style.value == "cursor-in-header":
        return bool(seen.exchange.response.header(str(place)))
    if place is not None:
        return seen.told.get(place) not in (None, "")
    where = {name: each.value for name, each in (way.more or {}).items() if isinstance(each, Proposal)}
    more, last, pages = (seen.told.get(str(where.get(name))) for name in ("more", "last", "pages"))
    if isinstance(more, bool) or isinstance(last, bool):
        return more is True or last is False
    asked = (seen.asked(way.cursor.value) if isinstance(way.cursor, Proposal) else None) or "1"
    return isinstance(pages, int) and asked.isdigit() and int(asked) < pages


def _end(pages: Pages, paged: tuple[Seen, ...], way: Way) -> Finding:
    """The forms in which the last page says that nothing follows."""
    if way.style.value not in ("cursor-in-body", "timestamp", "cursor-links"):
        ends = sum(not _names_next(seen, way) for seen in paged)
        return Proposal(["absent"], ends, 0, "lists without a next page", way.style.said)
    assert isinstance(way.next, Proposal)
    place = way.next.value
    forms = Votes.of(
        "absent" if place not in seen.told else "null" if seen.told[place] is None else '""'
        for seen in paged
        if seen.told.get(place) in (None, "")
    )
    if not forms.total:
        return Abstained("no last page was seen", "a list to its end")
    return Proposal(sorted({*forms.counts, *_allowed(pages, place)}), forms.total, 0, "last pages", way.next.said)


def _allowed(pages: Pages, place: str) -> set[str]:
    """Other forms of the end that the document leaves open."""
    found = set()
    for listed in pages.lists:
        schema = pages.material.schema_of(listed.operation)
        for at, member in described(schema):
            if at == place:
                found |= {"null"} if "null" in types_of(member) else set()
                found |= set() if is_required(schema, place) else {"absent"}
    return found


def _before(pages: Pages, way: Way) -> Findings:
    """How a page leads to the one before it."""
    assert isinstance(way.cursor, Proposal)
    found: dict[str, Finding] = {}
    numbered = way.numbered is not None
    if isinstance(way.next, Proposal) and way.style.value != "cursor-in-header":
        beside = tokens_of(way.next.value)[:-1]
        beside = beside[:-1] if plain(tokens_of(way.next.value)[-1]) in names.URLS else beside
        places = [place for place in pages.places(names.PREV) if tokens_of(place)[: len(beside)] == beside]
        if places and (pages.named(places[0]) or pages.documented(places[0])):
            there = sum(places[0] in seen.told for seen in pages.seen)
            said = pages.documented(places[0])
            found["pagination.prev"] = Proposal(places[0], there, len(pages.seen) - there, "lists", said)
    if numbered:
        found["pagination.previous"] = Proposal(way.cursor.value, said=way.cursor.said)
    else:
        back = _back(pages, found.get("pagination.prev"), way)
        if back is not None:
            found["pagination.previous"] = back
    found["pagination.prev_promised"] = Proposal(False, but=("whether every page but the first has one is not told",))
    return found


def _back(pages: Pages, prev: Finding | None, way: Way) -> Proposal | None:
    """The query parameter for the page before, where it was asked for or is linked to."""
    if isinstance(prev, Proposal):
        asked = Counter({name: count for (at, name), count in pages.followed.items() if at == prev.value})
        if way.style.value == "cursor-links":
            asked = Counter(name for seen, url in pages.named(prev.value) for name, _ in changed(seen, str(url)))
        votes = Votes(asked)
        if votes.total:
            return votes.proposal(votes.first, "pages before", pages.said(votes.first))
    name = pages.parameter(names.BEFORE)
    return Proposal(name, pages.asked[name], 0, "calls", pages.said(name)) if name and pages.said(name) else None


def _envelope(paged: tuple[Seen, ...], found: Findings) -> Findings:
    """The member at the top of a list that tells of pages, and nothing else, where there is one."""
    told = [found.get(f"pagination.{name}") for name in ("next", "more", "last", "pages", "total")]
    places = [each.value for each in told if isinstance(each, Proposal) and str(each.value).startswith("/")]
    tops = Counter(tokens_of(place)[0] for place in places if len(tokens_of(place)) > 1)
    if not tops or len(tops) > 1:
        return {}
    name = next(iter(tops))
    bodies = [seen.exchange.response.json for seen in paged]
    held = sum(isinstance(body, dict) and name in body for body in bodies)
    if not bodies or held == len(bodies):
        return {"pagination.envelope": Proposal(name, held, 0, "lists")}
    if held * 10 >= len(bodies) * 9 and held < len(bodies):
        return {"pagination.envelope": Abstained(f"{len(bodies) - held} lists are without {token(name)}")}
    return {}
