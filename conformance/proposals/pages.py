"""What recorded lists show of their pages, member by member: the ground on which pagination is proposed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any

from attrs import define, frozen

from conformance.proposals.lists import Listed
from conformance.proposals.material import Material, described, leaves, plain, tokens_of, types_of
from conformance.proposals.names import CURSOR, NUMBER, OFFSET, SIZE, URLS, is_of_pages
from conformance.traffic.exchange import Exchange
from conformance.traffic.links import neighbour
from conformance.traffic.urls import split

_ABSENT = object()


@frozen(eq=False)
class Seen:
    """An answer that holds a list.

    Attributes:
        told: JSON pointer → value, of every member that is no record's.
    """

    listed: Listed
    exchange: Exchange
    told: Mapping[str, Any]

    @property
    def count(self) -> int:
        return len(self.listed.records(self.exchange))

    def asked(self, name: str) -> str | None:
        """The value of a query parameter."""
        return self.exchange.request.parameter(name)

    def link(self, relation: str) -> str | None:
        """Where the Link header leads by a relation."""
        return neighbour(self.exchange.response.header("link") or "", relation)


@define(eq=False, slots=False)
class Pages:
    """The lists of an API: what its document says of their parameters and members, and what was recorded."""

    material: Material
    lists: tuple[Listed, ...]

    @cached_property
    def seen(self) -> tuple[Seen, ...]:
        """Every list that was recorded, in order."""
        by_operation = {listed.operation.id: listed for listed in self.lists}
        own = {id(exchange) for listed in self.lists for exchange in listed.answers}
        return tuple(
            Seen(listed, each, dict(leaves(each.response.json, listed.items.value)))
            for each in self.material.known
            if id(each) in own and (listed := by_operation[each.known_as])
        )

    @cached_property
    def parameters(self) -> Mapping[str, tuple[Listed, ...]]:
        """Query parameter → the lists that the document gives it to."""
        found: dict[str, list[Listed]] = defaultdict(list)
        for listed in self.lists:
            for parameter in listed.operation.parameters:
                if parameter["in"] == "query":
                    found[parameter["name"]].append(listed)
        return {name: tuple(those) for name, those in found.items()}

    @cached_property
    def asked(self) -> Counter[str]:
        """Query parameter → how many lists were asked for with it."""
        return Counter(name for seen in self.seen for name in {name for name, _ in seen.exchange.request.query})

    def parameter(self, names: tuple[str, ...]) -> str | None:
        """The query parameter of such a name that most lists have."""
        known = [name for name in {**self.parameters, **self.asked} if plain(name) in names]
        return min(
            known,
            key=lambda name: (-len(self.parameters.get(name, ())), -self.asked[name], names.index(plain(name)), name),
            default=None,
        )

    def said(self, name: str) -> tuple[str, ...]:
        """Where the document gives lists a query parameter."""
        return tuple(
            self.material.pointer_to(listed.operation, "parameters") for listed in self.parameters.get(name, ())
        )

    @cached_property
    def cut(self) -> frozenset[str]:
        """The operations whose lists take some parameter of pages, or were asked for with one."""
        words = (*SIZE, *CURSOR, *NUMBER, *OFFSET)
        found = {each.operation.id for name, those in self.parameters.items() if plain(name) in words for each in those}
        asked = {(seen.listed.operation.id, name) for seen in self.seen for name, _ in seen.exchange.request.query}
        return frozenset(found | {operation for operation, name in asked if plain(name) in words})

    def is_common(self, name: str) -> bool:
        """Whether at least half of those take a query parameter."""
        taking = {each.operation.id for each in self.parameters.get(name, ())}
        taking |= {seen.listed.operation.id for seen in self.seen if seen.asked(name) is not None}
        return len(taking & self.cut) * 2 >= len(self.cut)

    def schema_of(self, name: str) -> list[Mapping[str, Any]]:
        """What the document says of a query parameter, list by list."""
        return [
            parameter
            for listed in self.parameters.get(name, ())
            for parameter in listed.operation.parameters
            if parameter["in"] == "query" and parameter["name"] == name
        ]

    @cached_property
    def members(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """JSON pointer → type → where the document says it, of members of lists that are no record's."""
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for listed in self.lists:
            items = listed.items.value
            for place, schema in described(self.material.schema_of(listed.operation)):
                if items and (place == items or place.startswith(f"{items}/")):
                    continue
                for kind in types_of(schema) or {"any"}:
                    found[place][kind].append(self.material.pointer_to(listed.operation, "responses"))
        return {place: {kind: tuple(said) for kind, said in kinds.items()} for place, kinds in found.items()}

    def describes(self, listed: Listed, place: str) -> bool:
        """Whether the document says that a list has a member."""
        return any(self.material.pointer_to(listed.operation, "responses") == said for said in self.documented(place))

    def says(self, place: str) -> str:
        """What the document says of a member in words."""
        return " ".join(self.material.words_on(listed.operation, place) for listed in self.lists)

    def documented(self, place: str) -> tuple[str, ...]:
        """Where the document says that lists have a member."""
        kinds = self.members.get(place, {})
        return tuple(dict.fromkeys(said for places in kinds.values() for said in places))

    def places(self, names: frozenset[str]) -> list[str]:
        """Members of lists that have such a name, or are the URL of an object that has: those of most lists first."""
        recorded = Counter(place for seen in self.seen for place in seen.told)
        known = [place for place in {**dict(recorded), **self.members} if _is_named(place, names)]
        return sorted(known, key=lambda at: (-recorded[at], -len(self.documented(at)), at.count("/"), at))

    def values(self, place: str) -> list[Any]:
        """What stands at a place, list by list; `absent` tells it from null."""
        return [seen.told.get(place, _ABSENT) for seen in self.seen]

    @staticmethod
    def is_absent(value: Any) -> bool:
        return value is _ABSENT

    def named(self, place: str) -> list[tuple[Seen, Any]]:
        """The lists in which something stands there that is neither null nor an empty text."""
        found = ((seen, seen.told.get(place)) for seen in self.seen)
        return [(seen, value) for seen, value in found if value is not None and value != "" and value is not False]

    @cached_property
    def followed(self) -> Mapping[tuple[str, str], int]:
        """Place and query parameter → how often what stood at the one was asked for with the other next."""
        found: Counter[tuple[str, str]] = Counter()
        for sequence in self._by_path():
            for before, after in sequence:
                asked = dict(after.exchange.request.query)
                for place, value in before.told.items():
                    if value is None or isinstance(value, bool) or value == "":
                        continue
                    for name, given in asked.items():
                        if given == str(value) and before.asked(name) != given and plain(name) not in SIZE:
                            found[place, name] += 1
        return found

    def _by_path(self) -> Iterator[list[tuple[Seen, Seen]]]:
        """Lists of one path that came right after each other."""
        lists: dict[str, list[Seen]] = defaultdict(list)
        for seen in self.seen:
            lists[seen.exchange.path].append(seen)
        for those in lists.values():
            yield list(pairwise(those))

    @property
    def pairs(self) -> Iterator[tuple[Seen, Seen]]:
        """Two lists of one path that came right after each other."""
        for those in self._by_path():
            yield from those


def changed(seen: Seen, url: str) -> list[tuple[str, str]]:
    """The query parameters of a link that the request for the page did not have, or had with another value."""
    before = dict(seen.exchange.request.query)
    return [(n, v) for n, v in split(url).parameters if before.get(n) != v and plain(n) not in SIZE]


def is_url(value: Any) -> bool:
    """Whether a value is a link, whole or relative."""
    return isinstance(value, str) and value.startswith(("https://", "http://", "/", "?"))


def _is_named(place: str, names: frozenset[str]) -> bool:
    parts = [plain(part) for part in tokens_of(place)]
    if parts[-1] in URLS and len(parts) > 1:
        return parts[-2] in names
    return parts[-1] in names or (parts[-1] in ("after", "before") and is_of_pages(parts[:-1]) and "next" in names)
