"""Pages that are numbered from 1: what their links say of the numbers, and that one number is one page."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from attrs import define, field

from conformance.checks.base import HELD, Finding, Sight, as_json, check, controlled, violated
from conformance.checks.link_header import links_in, number_of
from conformance.checks.links import target_of
from conformance.checks.windows import is_private
from conformance.traffic.pages import Page


def _number(sight: Sight) -> int | None:
    """The number of the page that was asked for: 1 where none was; None where it is no number of a page."""
    pagination = sight.contract.conventions.pagination
    if pagination is None or not pagination.numbered or sight.page is None:
        return None
    given = [value for name, value in sight.exchange.request.query if name == pagination.cursor]
    return 1 if not given else number_of(given[0]) if len(given) == 1 else None


def _told(sight: Sight) -> str:
    """What of an answer names its neighbours."""
    pagination, response = sight.contract.conventions.paging, sight.exchange.response
    if pagination.style == "link-header":
        return response.header("link") or "no Link"
    return as_json({"next": response.at(pagination.next or None), "prev": response.at(pagination.prev or None)})


def _led_to(sight: Sight) -> dict[str, int | None]:
    """Relation type → the number of the page that its link leads to, None where it has none."""
    pagination, page = sight.contract.conventions.paging, sight.page
    if pagination.style != "link-header":
        named = {} if page is None else {"next": page.next, "prev": page.prev}
        if pagination.by_link:
            by_url = {relation: target_of(url) for relation, url in named.items() if url is not None}
            named = {relation: next(iter(at.values(pagination.cursor)), "") for relation, at in by_url.items()}
        last = sight.exchange.response.at(pagination.pages)
        told = {relation: number_of(number) for relation, number in named.items() if number is not None}
        return told | ({"last": last} if isinstance(last, int) and last >= 1 else {})
    return {
        relation: number_of(values[0]) if len(values := target_of(links[0]).values(pagination.cursor)) == 1 else None
        for relation, links in (links_in(sight) or {}).items()
    }


@check("numbered-pages.neighbours")
def neighbours_are_next_to_it(sight: Sight) -> Iterator[Finding]:
    """next leads to the page with the next higher number, prev to the one with the next lower.

    What an empty page behind the last one names as its prev is left open.
    """
    number, page = _number(sight), sight.page
    if number is None or page is None:
        return
    led = _led_to(sight)
    for relation, step in (("next", 1), ("prev", -1)):
        if relation not in led or number + step < 1 or (step < 0 and not page.records):
            continue  # That there is one at an edge is another rule.
        if led[relation] == number + step:
            yield HELD
        else:
            yield violated(
                f"{relation} of page {number} leads to page {led[relation] or 'without a number'}",
                expected=f"page {number + step}",
                actual=_told(sight),
            )


@check("numbered-pages.edges")
def edges_have_no_neighbour(sight: Sight) -> Iterator[Finding]:
    """The first page has no prev, the last one no next, and no next leads beyond the last page.

    That a link is left out shows something of lists that have it on other pages.
    """
    number = _number(sight)
    if number is None:
        return
    led, value = _led_to(sight), _told(sight)
    following, last = led.get("next"), led.get("last")
    yield from controlled(sight, (sight.place, "prev"), control="prev" in led, held=number == 1 and "prev" not in led)
    if number == 1 and "prev" in led:
        yield violated("the first page has a prev", expected="no prev", actual=value)
    if last is None:
        return
    yield from controlled(
        sight, (sight.place, "next"), control="next" in led, held=number == last and "next" not in led
    )
    if "next" in led and number == last:
        yield violated(f"page {number} is the last one and has a next", expected="no next", actual=value)
    elif following is not None and following > last:
        yield violated(
            f"next leads to page {following} beyond the last one, {last}", expected=f"at most {last}", actual=value
        )
    elif following is not None:
        yield HELD


@define
class _Listing:
    """What the pages of one list came to, by their numbers, as long as nothing shows that it changed.

    Attributes:
        ids: what each page holds.
        last: what pages named as the last one.
        named: what each of those pages holds.
        doubt: what speaks against the page that they named, unless the list changed meanwhile.
        ended: the page that named none behind it.
        firsts: the first page as it came, asked for by its number or without one.
    """

    ids: dict[int, tuple[str | None, ...]] = field(factory=dict)
    last: int | None = None
    named: dict[int, tuple[str | None, ...]] = field(factory=dict)
    doubt: Finding | None = None
    ended: int | None = None
    firsts: dict[bool, Page] = field(factory=dict)

    def whole(self, number: int) -> bool:
        """Whether all pages up to one were seen."""
        return all(each in self.ids for each in range(1, number + 1))


def _listing(sight: Sight) -> _Listing:
    """The list that a page belongs to: of one query but for the page's number, of one caller, in one state."""
    pagination, exchange = sight.contract.conventions.paging, sight.exchange
    rest = tuple(sorted(pair for pair in exchange.request.query if pair[0] != pagination.cursor))
    key: Hashable = (exchange.path, rest, sight.state)
    listing: _Listing = sight.sequence.setdefault(key, _Listing())
    return listing


@check("numbered-pages.last")
def last_is_the_last_page(sight: Sight) -> Iterator[Finding]:
    """Every page names the same last one, and that is where a walk ends.

    A list may change between two pages, even where nobody writes: what was written before takes effect. So a page
    that named another last one has to do so again, with the same records, after what speaks against it. It is judged
    where nobody but the run changes lists.
    """
    number, page = _number(sight), sight.page
    if number is None or page is None or not is_private(sight):
        return
    listing, last = _listing(sight), _led_to(sight).get("last")
    if listing.doubt is not None and number in listing.named:
        doubt, unchanged = listing.doubt, last == listing.last and page.ids == listing.named[number]
        listing.doubt, listing.last, listing.ended = None, last if unchanged else None, None
        listing.named.clear()
        if unchanged:
            yield doubt
        else:
            listing.ids.clear()
    if page.records:
        listing.ids[number] = page.ids
    if last is not None and listing.last not in (None, last):
        listing.doubt = violated(
            f"page {number} names {last} as the last page, another one named {listing.last}",
            expected=str(listing.last),
            actual=_told(sight),
        )
        return
    if last is not None:
        listing.last, listing.named[number] = last, page.ids
    if page.records and page.next is None:
        listing.ended = number
    ended = listing.ended
    if ended is None or listing.last is None or not listing.whole(ended):
        return
    listing.ended = None
    if listing.last == ended:
        yield HELD
    else:
        listing.doubt = violated(
            f"the list ends with page {ended}, and {listing.last} is named as the last one",
            expected=str(ended),
            actual=f"{_told(sight)}, last: {listing.last}",
        )


@check("numbered-pages.first")
def first_page_is_number_one(sight: Sight) -> Iterator[Finding]:
    """Page 1 is the page that comes without a number, of a list that has another one."""
    number, page = _number(sight), sight.page
    if number != 1 or page is None or None in page.ids:
        return
    pagination = sight.contract.conventions.paging
    listing, named = _listing(sight), sight.exchange.request.parameter(pagination.cursor) is not None
    listing.firsts[named] = page
    if len(listing.firsts) < 2:
        return
    one, other = listing.firsts.pop(True), listing.firsts.pop(False)
    if one.ids == other.ids:
        if one.next is not None:
            yield HELD
    elif is_private(sight) or not {*one.ids} & {*other.ids}:
        yield violated(
            f"{pagination.cursor}=1 brings other records than no {pagination.cursor}",
            expected=", ".join(map(str, other.ids[:5])),
            actual=", ".join(map(str, one.ids[:5])) or "no records",
        )


@check("numbered-pages.more-marked")
def pages_behind_are_marked(sight: Sight) -> Iterator[Finding]:
    """A page has a next if the page with the next number, asked for right after it, has records that are new.

    All pages before have to be known: a server may answer a number beyond the last one with a page that was there.
    """
    number, page = _number(sight), sight.page
    if number is None or page is None:
        return
    listing = _listing(sight)
    if page.records:
        listing.ids[number] = page.ids
    before: tuple[int, int, bool, Any] | None = sight.sequence.get("before")
    sight.sequence["before"] = (sight.position, number, page.next is not None, listing)
    if before is None or before[:2] != (sight.position - 1, number - 1) or before[3] is not listing:
        return
    known = {identity for each in range(1, number) for identity in listing.ids.get(each, ())}
    new = [identity for identity in page.ids if identity is not None and identity not in known]
    if before[2] and new:
        yield HELD
    elif new and listing.whole(number - 1):
        yield violated(
            f"page {number - 1} has no next, and page {number} has {len(new)} further records",
            expected=f"a next on page {number - 1}",
            actual=", ".join(map(str, new[:5])),
        )
