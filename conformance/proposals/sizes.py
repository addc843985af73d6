"""How many records: on a page, on a page that nobody gave a size for, and in a whole list."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from conformance.proposals import names
from conformance.proposals.evidence import Abstained, Finding, Findings, Proposal, Votes, settled
from conformance.proposals.material import plain, tokens_of
from conformance.proposals.pages import Pages, Seen
from conformance.proposals.vendor import Told

_MOST = re.compile(
    r"(?:max(?:imum)?(?: value| allowed| page size| limit)?(?: is|:|=| of)?|up to|at most|no more than|"
    r"between \d+ and|from \d+ to|\d+ ?(?:-|–|to) ?) ?\*{0,2}`?(\d{1,5})\b",
    re.IGNORECASE,
)
_DEFAULT = re.compile(r"default(?:s to|s?:? is|:| value is| value:| of|=)? ?\*{0,2}`?(\d{1,5})\b", re.IGNORECASE)

NamesNext = Callable[[Seen], bool]


def page_size(pages: Pages, paged: Sequence[Seen], told: Sequence[Told], names_next: NamesNext) -> Findings:
    """The query parameter for the size of a page, and the sizes that it takes."""
    by_vendor = Votes.of(each.values["size"] for each in told if each.values.get("size"))
    name = by_vendor.first or pages.parameter(names.SIZE)
    if name is None:
        nothing = Abstained("no list takes a page size", "a list with a page size asked for")
        return {"pagination.page_size.parameter": nothing}
    asked = [(seen.count, int(size)) for seen in paged if (size := seen.asked(name) or "").isdigit()]
    honoured = sum(count <= size for count, size in asked)
    found: dict[str, Finding] = {}
    found["pagination.page_size.parameter"] = Proposal(
        name, honoured, len(asked) - honoured, "lists asked for in a size", pages.said(name)
    )
    found["pagination.page_size.default"] = _default(pages, paged, name, names_next)
    for key in ("minimum", "maximum"):
        found[f"pagination.page_size.{key}"] = _bound(pages, name, key)
    largest = found["pagination.page_size.maximum"]
    if isinstance(largest, Proposal):
        over = sum(seen.count > largest.value for seen in paged)
        if over:
            why = f"{over} lists have more records than the document's maximum"
            found["pagination.page_size.maximum"] = Abstained(why)
    return found


def _default(pages: Pages, paged: Sequence[Seen], name: str, names_next: NamesNext) -> Finding:
    unsized = [seen for seen in paged if seen.asked(name) is None]
    full = [seen.count for seen in unsized if names_next(seen) and seen.count]
    told = [
        value
        for seen in unsized
        for place, value in seen.told.items()
        if plain(tokens_of(place)[-1]) == plain(name) and isinstance(value, int) and not isinstance(value, bool)
    ]
    otherwise = Abstained("no full page was seen that was asked for without a size", "a long list without a size")
    return settled(Votes.of(full or told), "pages without a size", _documented(pages, name, "default"), otherwise)


def _bound(pages: Pages, name: str, key: str) -> Finding:
    said = _documented(pages, name, key)
    lists = sum(map(len, said.values()))
    for value, places in said.items():
        # A few lists may have bounds of their own.
        if len(places) * 10 >= lists * 9 and (key == "maximum" or value >= 1):
            return Proposal(value, said=places)
    why = "the document gives lists several" if said else "the document gives none"
    return Abstained(why, "" if key == "minimum" else f"nothing: only a document says which {name} is too large")


def _documented(pages: Pages, name: str, key: str) -> dict[Any, tuple[str, ...]]:
    """What the document says of a page size: value → where; in words only where its schema does not."""
    found: dict[Any, tuple[str, ...]] = {}
    pattern = {"default": _DEFAULT, "maximum": _MOST}.get(key)
    for listed, parameter in zip(pages.parameters.get(name, ()), pages.schema_of(name), strict=False):
        schema = parameter.get("schema") or {}
        value = schema.get(key)
        if value is None and pattern is not None:
            words = f"{parameter.get('description', '')} {schema.get('description', '')}"
            match = pattern.search(words)
            value = int(match[1]) if match else None
        if isinstance(value, int | float) and not isinstance(value, bool) and value == int(value):
            place = pages.material.pointer_to(listed.operation, "parameters")
            found[int(value)] = (*found.get(int(value), ()), place)
    return found


def counts_of(pages: Pages, paged: Sequence[Seen], names_next: NamesNext) -> Findings:
    """Where a page tells how many records it has, and how many the whole list has."""
    found: dict[str, Finding] = {}
    total = _total(pages, paged, names_next)
    if total is not None:
        found["pagination.total"] = total
    taken = total.value if isinstance(total, Proposal) else None
    for place in pages.places(names.COUNT):
        held = [seen.told[place] == seen.count for seen in paged if _is_number(seen.told.get(place))]
        # On a page that is the whole list the two are the same.
        telling = sum(1 for seen in paged if _is_number(seen.told.get(place)) and names_next(seen))
        if place != taken and held and all(held) and telling:
            found["pagination.count"] = Proposal(place, len(held), 0, "lists", pages.documented(place))
            break
    records = Votes.of(listed.items.value for listed in pages.lists)
    if len(records.counts) == 1 and records.total > 1:
        found["pagination.records"] = records.proposal(records.first, "lists")
    return found


_SURE = names.TOTAL - {"results", "count"}


def _total(pages: Pages, paged: Sequence[Seen], names_next: NamesNext) -> Finding | None:
    """A member that is never less than the records of a page, and their number where they are all."""
    for place in pages.places(names.TOTAL):
        told = [seen for seen in paged if _is_number(seen.told.get(place))]
        less = sum(seen.told[place] < seen.count for seen in told)
        whole = [seen for seen in told if not names_next(seen) and not _is_later(seen)]
        parts = [seen for seen in told if names_next(seen)]
        right = sum(seen.told[place] == seen.count for seen in whole)
        larger = sum(seen.told[place] > seen.count for seen in parts)
        wrong = less + len(whole) - right + len(parts) - larger
        sure = plain(tokens_of(place)[-1]) in _SURE or "total" in pages.says(place).lower()
        if not told or (not sure and not larger):
            continue
        if wrong:
            return Abstained(f"{place} is another number than that of the records in {wrong} of {len(told)} lists")
        return Proposal(place, right + larger, 0, "lists", pages.documented(place))
    documented = [p for p in pages.places(names.TOTAL) if plain(tokens_of(p)[-1]) in _SURE and pages.documented(p)]
    if documented and not pages.seen:
        return Abstained("no list was recorded", "a list")
    return None


def _is_later(seen: Seen) -> bool:
    """Whether a page was asked for as another one than the first."""
    words = (*names.CURSOR, *names.NUMBER, *names.OFFSET, *names.BEFORE)
    return any(plain(name) in words and value not in ("0", "1") for name, value in seen.exchange.request.query)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
