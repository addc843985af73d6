"""Pages whose neighbour no answer names: the client works out what to ask for next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from attrs import frozen

from conformance.proposals import names
from conformance.proposals.evidence import Abstained, Finding, Proposal, Votes
from conformance.proposals.material import plain, tokens_of
from conformance.proposals.pages import Pages, Seen
from conformance.proposals.sizes import counts_of
from conformance.proposals.vendor import Told


@frozen
class Way:
    """How a page leads to the next one.

    Attributes:
        next: where that is named: a JSON pointer, or a header.
    """

    style: Proposal
    cursor: Finding
    next: Finding | None = None
    numbered: Proposal | None = None
    more: Mapping[str, Finding] | None = None


def by_count(pages: Pages, told: tuple[Told, ...]) -> Way | None:
    more: dict[str, Finding] = {}
    for name, vocabulary in (("more", names.MORE), ("last", names.LAST), ("pages", names.PAGES)):
        wanted = int if name == "pages" else bool
        for place in (*votes_of(told, name), *pages.places(vocabulary)):
            values = [value for value in pages.values(place) if not pages.is_absent(value) and value is not None]
            fits = all(isinstance(value, bool) is (wanted is bool) and isinstance(value, int) for value in values)
            kinds = set(pages.members.get(place, {})) & {"boolean", "integer"}
            if fits and (values or kinds == {"boolean" if wanted is bool else "integer"}):
                more.setdefault(name, Proposal(place, len(values), 0, "lists", pages.documented(place)))
    number, offset = _asked_by(pages, told, "page", names.NUMBER), _asked_by(pages, told, "offset", names.OFFSET)
    after = _asked_by(pages, told, "cursor", names.CURSOR)
    total = counts_of(pages, pages.seen, lambda _: False).get("pagination.total")
    if number is not None and more:
        first = _first(pages, number.value)
        if first is None:
            return Way(number, Abstained("whether pages count from 0 or from 1 is not told", "page 1 of a list"))
        return Way(_style("page-number", more, number), number, more={**more, "first": first})
    if offset is not None and (more or isinstance(total, Proposal)):
        first = _first(pages, offset.value) or Proposal(0, said=offset.said)
        return Way(_style("offset", more, offset), offset, more={**more, "first": first})
    if after is not None and "more" in more:
        return _by_last_id(pages, after, more)
    return None


def _asked_by(pages: Pages, told: tuple[Told, ...], name: str, vocabulary: tuple[str, ...]) -> Proposal | None:
    by_vendor = votes_of(told, name)
    found = min(by_vendor, key=lambda each: (-by_vendor[each], each)) if by_vendor else pages.parameter(vocabulary)
    if found is None or not pages.is_common(found):
        return None
    said = (*(each.said for each in told if each.values.get(name) == found), *pages.said(found))
    return Proposal(found, pages.asked[found], 0, "calls", said)


def _style(style: str, more: Mapping[str, Finding], asked: Proposal) -> Proposal:
    shown = max((finding.held for finding in more.values() if isinstance(finding, Proposal)), default=0)
    return Proposal(style, shown, 0, "lists", asked.said)


def _first(pages: Pages, parameter: str) -> Proposal | None:
    """The number that the first page has: as it says itself, or as the document does."""
    votes = Votes.of(
        value
        for seen in pages.seen
        for place in pages.places(names.PLACE)
        if seen.asked(parameter) is None or _is_only_page(pages, seen)
        if isinstance(value := seen.told.get(place), int) and value in (0, 1) and _alike(place, parameter)
    )
    if len(votes.counts) == 1:
        return votes.proposal(votes.first, "first pages", pages.said(parameter))
    for key in ("default", "minimum"):
        values = {(each.get("schema") or {}).get(key) for each in pages.schema_of(parameter)} - {None}
        if len(values) == 1 and values <= {0, 1}:
            return Proposal(values.pop(), said=pages.said(parameter))
    return None


def _is_only_page(pages: Pages, seen: Seen) -> bool:
    """Whether a page has records, and says that it is the one page of its list."""
    return seen.count > 0 and any(seen.told.get(place) == 1 for place in pages.places(names.PAGES))


def _alike(place: str, parameter: str) -> bool:
    of_places = (*names.NUMBER, "currentpage") if plain(parameter) in names.NUMBER else names.OFFSET
    return plain(tokens_of(place)[-1]) in of_places


def _by_last_id(pages: Pages, after: Proposal, more: Mapping[str, Finding]) -> Way | None:
    """A cursor that is the id of the last record on the page before."""
    held = against = 0
    for before, following in pages.pairs:
        given, records = following.asked(after.value), before.listed.records(before.exchange)
        identity = before.listed.id
        if given is None or before.asked(after.value) == given or not records or not isinstance(identity, Proposal):
            continue
        same = isinstance(records[-1], dict) and str(records[-1].get(identity.value)) == given
        held, against = held + same, against + (not same)
    named = plain(after.value) in ("startingafter", "sinceid", "lastid", "afterid")
    if against or not (held or named):
        return None
    style = Proposal("last-id", held, 0, "pages that were asked for next", after.said)
    return Way(style, after, more=more)


def votes_of(told: tuple[Told, ...], name: str) -> Counter[str]:
    return Counter(each.values[name] for each in told if each.values.get(name))
