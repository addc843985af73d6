"""Lists as tests see them: one page, and walks that are bounded whatever the server answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from functools import cached_property
from typing import Any

from attrs import define, evolve, field, frozen

from conformance.contract import Collection as Description
from conformance.contract import Operation, Pagination
from conformance.contract.needs import OTHERS_RECORDS, RECORDS
from conformance.targets import Client, NotExercised, Unsupported
from conformance.targets.errors import Blocked, NotFollowed
from conformance.traffic.exchange import Exchange, cut
from conformance.traffic.pages import Direction, Page, neighbour_query, page_of

HARD_CAP = 50
LARGEST = 16 * 1024 * 1024
"""Bytes of bodies that one walk reads at most."""

STALE = 2
"""Pages in a row, of records that all came before, that no list makes by changing."""

EMPTY = 10
"""Pages in a row without a record that are followed: a filter behind the cut leaves such, and the walk goes on."""


@frozen
class Step:
    """One page of a walk and the exchange that brought it."""

    exchange: Exchange
    page: Page


@define
class Walk:
    """What following `next` came to.

    Attributes:
        steps: the pages, in order.
        ended: a page without `next` was reached.
        defect: why the walk was given up, where the server is to blame: a cursor that came twice or that nothing
            can be asked for with, a page that does not come, requests that bring nothing new, a list that goes on past
            its end. None where only the cap was reached.
        missing: the exchange that should have brought the next page, and did not.
    """

    steps: list[Step] = field(factory=list)
    ended: bool = False
    defect: str | None = None
    missing: Exchange | None = None

    @property
    def ids(self) -> list[str]:
        """The identity of every record in order: its id, or the record itself where it has none."""
        return [identity for step in self.steps for identity in identities(step.page)]

    @property
    def repeats(self) -> bool:
        """Whether a record came more than once."""
        return len(set(self.ids)) < len(self.ids)

    @property
    def requests(self) -> int:
        return len(self.steps)

    def shorter_than(self, limit: int, *, up_to_the_last_record: bool = False) -> int:
        """How many pages have fewer records than that, and name a next; or only those with further records behind."""
        filled = [number for number, step in enumerate(self.steps) if step.page.records]
        end = max(filled, default=0) if up_to_the_last_record else len(self.steps)
        return sum(len(step.page.records) < limit for step in self.steps[:end] if step.page.next is not None)

    @property
    def last(self) -> Exchange:
        """The exchange at which it stopped."""
        return self.steps[-1].exchange

    def showing(self, members: Set[str]) -> Exchange:
        """The first page with one of these records, the last one where none has any."""
        return next((step.exchange for step in self.steps if members & {*identities(step.page)}), self.last)

    def shows(self, expected: Sequence[str], *, ordered: bool = False) -> Exchange:
        """The exchange that shows why the ids are not as expected: the first page with a record that is out of place.

        That is one which comes again, does not belong, or is not the next one of an order. Where a record is
        missing it is the last page.
        """
        due, seen = set(expected), list[str]()
        for step in self.steps:
            for identity in identities(step.page):
                place = len(seen)
                in_order = not ordered or (place < len(expected) and expected[place] == identity)
                if identity not in due or not in_order:
                    return step.exchange
                due.discard(identity)
                seen.append(identity)
        return self.last


def identities(page: Page) -> list[str]:
    """The identity of each record: its id, or the record as text where it has none."""
    return [
        identity if identity is not None else json.dumps(record, sort_keys=True)
        for identity, record in zip(page.ids, page.records, strict=True)
    ]


@define(eq=False, slots=False)
class Collection:
    """A list operation of a target.

    Attributes:
        values: of its path parameters.
        selection: query parameters of every page, such as filters, or whose records they are.
    """

    client: Client
    operation: Operation
    pagination: Pagination
    values: Mapping[str, str] = field(factory=dict)
    selection: Mapping[str, object] = field(factory=dict)
    _narrowed: dict[str, Collection] = field(factory=dict, init=False, repr=False)

    @property
    def description(self) -> Description:
        return self.operation.listing

    def selected(self, selection: Mapping[str, object]) -> Collection:
        """The same list, narrowed by query parameters that go with every page; what was read of it is kept."""
        whole = {**self.selection, **selection}
        return self._narrowed.setdefault(json.dumps(whole, sort_keys=True), evolve(self, selection=whole))

    def get(self, limit: object = None, cursor: object = None, **options: Any) -> Exchange:
        """Asks for one page; options as in `Client.send`, `query` holding filters."""
        query = {**self.selection, **options.pop("query", {})}
        if limit is not None and self.pagination.page_size.parameter:
            query[self.pagination.page_size.parameter] = limit
        if cursor is not None:
            query[self.pagination.cursor] = cursor
        return self.client.call(self.operation, self.values, query=query, **options)

    def page(self, limit: object = None, cursor: object = None, **options: Any) -> Step:
        """One page that must come.

        Raises:
            Blocked: it does not.
        """
        return self._step(self.get(limit, cursor, **options))

    def follow(self, step: Step, direction: Direction = "next") -> Step:
        """The page that a page names as its neighbour, reached as its style has it.

        Raises:
            Unsupported: no document says how to go in this direction.
            Blocked: as for `page`.
        """
        exchange = self.ask(step, direction)
        try:
            return self._step(exchange)
        except Blocked as gap:
            if self._is_refused_for_its_rate(exchange):
                raise
            raise Blocked(str(gap), "page" if direction == "next" else "prev", exchange) from None

    def ask(self, step: Step, direction: Direction = "next", **options: Any) -> Exchange:
        """Asks for the page that a page names as its neighbour, whatever the answer; options as in `Client.send`.

        Raises:
            Unsupported: no document says how to go in this direction.
            NotFollowed: the neighbour is a link to elsewhere, or a cursor that no request can be made of.
        """
        named = step.page.next if direction == "next" else step.page.prev
        assert named is not None, f"the page has no {direction}"
        if self.pagination.by_link:
            return self.client.follow(named, step.exchange.request.url, **options)
        try:
            query = neighbour_query(step.exchange.request, self.pagination, direction, named)
        except LookupError as error:
            raise Unsupported(str(error)) from None
        return self.client.send("GET", step.exchange.path, query=query, **options)

    def _step(self, exchange: Exchange) -> Step:
        page = page_of(exchange, self.pagination)
        if page is None and exchange.response.ok:
            raise Blocked(f"the answer has no list at {self.description.items}: {exchange}", "list", exchange)
        self.client.control(exchange)
        assert page is not None, "a control is a success"
        return Step(exchange, page)

    def walk(
        self,
        limit: int | None = None,
        *,
        expected: int | None = None,
        query: Mapping[str, object] | None = None,
        trust_total: bool = True,
        start: Step | None = None,
        pages: int = HARD_CAP,
    ) -> Walk:
        """Follows `next` to the end, from a first page that is asked for unless it is given.

        Never more than `ceil(n/limit)+2` requests that bring records, n being the `expected` number of records, else
        the total the list states if it is to be trusted, else the records seen so far; `pages` in any case.

        Raises:
            NotExercised: the pages came to more than `LARGEST`.
        """
        walk = Walk()
        cursors, seen, stale, empty, filled, size_read = set[str](), set[str](), 0, 0, 0, 0
        step = start or self.page(limit, query=query or {})
        while True:
            walk.steps.append(step)
            size_read += len(step.exchange.response.body)
            ids = set(identities(step.page))
            stale = stale + 1 if ids and ids <= seen else 0
            empty = 0 if ids else empty + 1
            filled += bool(ids)
            seen |= ids
            if step.page.next is None:
                walk.ended = True
                return walk
            if step.page.next in cursors:
                walk.defect = f"the cursor {cut(step.page.next, 200)} came twice"
                return walk
            cursors.add(step.page.next)
            # A server that gives smaller pages than it was asked for breaks another rule than that walks end.
            shortest = min((len(each.page.records) for each in walk.steps if each.page.records), default=1)
            size = min(limit or shortest, shortest)
            total = _count(step.page.total) if trust_total else None
            known = expected if expected is not None else total
            if empty >= EMPTY:
                walk.defect = f"the last {EMPTY} of {walk.requests} pages were empty"
                return walk
            if filled > _ceiling(len(seen), size) + 1:
                walk.defect = f"{walk.requests} requests brought only {len(seen)} different records"
                return walk
            if stale >= STALE:
                walk.defect = f"the last {STALE} of {walk.requests} pages brought only records that came before"
                return walk
            if known is not None and filled >= _ceiling(known, size) + 2:
                walk.defect = f"the list goes on after {walk.requests} pages of {size}, though it has {known} records"
                return walk
            if walk.requests >= pages:
                return walk
            if size_read >= LARGEST:
                raise NotExercised(f"the list is larger than {LARGEST // 1024 // 1024} MiB; not read to its end")
            try:
                step = self.follow(step)
            except NotFollowed as nonsense:
                walk.defect = str(nonsense)
                return walk
            except Blocked as gap:
                if gap.need != "page":
                    raise
                walk.defect, walk.missing = f"page {walk.requests + 1} does not come: {gap}", gap.exchange
                return walk

    def _is_refused_for_its_rate(self, exchange: Exchange) -> bool:
        limit = self.client.contract.conventions.rate_limit
        return limit is not None and exchange.response.status == limit.exceeded

    @cached_property
    def start(self) -> Step:
        """The first page, of the largest size."""
        return self.page(self.pagination.page_size.largest)

    @cached_property
    def second(self) -> Step:
        """The page behind the first one, both of the smallest size.

        Raises:
            NotExercised: there is none.
        """
        first = self.page(self.pagination.page_size.minimum)
        if first.page.next is None:
            raise NotExercised("the list has one page only, and gives out no cursor")
        return self.follow(first)

    @cached_property
    def is_cut_by_size(self) -> bool:
        """Whether it makes a difference which size is asked for: the smallest page is shorter than the largest."""
        smallest = self.page(self.pagination.page_size.minimum)
        return len(smallest.page.records) < len(self.start.page.records)

    @cached_property
    def everything(self) -> Walk:
        """The whole list, read with the largest page size.

        A walk that shows a record twice met a list that changed: it is begun again, as often as the client does so.

        Raises:
            Blocked, NotExercised: as for `whole`.
        """
        walk = self.walk(self.pagination.page_size.largest, start=self.start)
        for _ in range(self.client.restarts):
            if not walk.repeats:
                break
            walk = self.walk(self.pagination.page_size.largest)
        return self.whole(walk)

    def whole(self, walk: Walk) -> Walk:
        """A walk that came to the end of the list.

        Raises:
            Blocked: it could not.
            NotExercised: the list is longer than a bounded walk reads.
        """
        if walk.defect:
            if walk.missing is not None:
                raise Blocked(f"the walk stops: {walk.defect}", "page", walk.missing)
            raise Blocked(f"the walk was given up: {walk.defect}", "walk", walk.steps[-1].exchange)
        if not walk.ended:
            raise NotExercised(f"the list is longer than {HARD_CAP} pages; not read to its end")
        return walk

    @property
    def ids(self) -> list[str]:
        """The identity of every record of the list, in order."""
        return self.everything.ids

    def is_being_changed(self) -> bool:
        """Whether the list has other records than when it was first read whole, which may be now."""
        try:
            known = set(self.ids)
        except (Blocked, NotExercised):
            return False
        walk = self.walk(self.pagination.page_size.largest)
        return walk.ended and set(walk.ids) != known

    def at_least(self, count: int) -> None:
        """Goes on only with a list of at least `count` records.

        Raises:
            NotExercised: the list is shorter.
        """
        if count <= len(self.start.page.records):
            return
        if len(self.ids) < count:
            resource = self.client.contract.resource_of(self.operation)
            text = f"the list has {len(self.ids)} records, the rule shows with {count} or more"
            raise NotExercised(text, RECORDS if resource and resource.delete else OTHERS_RECORDS)


def _ceiling(count: int, size: int) -> int:
    # Whole numbers throughout: a total may be too large for any other.
    return -(-count // size)


def _count(total: Any) -> int | None:
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None
