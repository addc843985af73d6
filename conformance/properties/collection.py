"""Lists as tests see them: one page, and walks that are bounded whatever the server answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from attrs import define, field, frozen

from conformance.contract import Collection as Description
from conformance.contract import Operation, Pagination
from conformance.contract.needs import OTHERS_RECORDS, RECORDS
from conformance.properties.assertions import Violation
from conformance.targets import Client, NotExercised, Unsupported
from conformance.targets.errors import NotFollowed
from conformance.traffic.exchange import Exchange, cut
from conformance.traffic.pages import Direction, Page, neighbour_query, page_of

HARD_CAP = 50
LARGEST = 16 * 1024 * 1024
"""Bytes of bodies that one walk reads at most."""

STALE = 2
"""Pages in a row, of records that all came before, that no list makes by changing."""


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
            can be asked for with, requests that bring nothing new, a list that goes on past its end. None where
            only the cap was reached.
    """

    steps: list[Step] = field(factory=list)
    ended: bool = False
    defect: str | None = None

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


def identities(page: Page) -> list[str]:
    """The identity of each record: its id, or the record as text where it has none."""
    return [
        identity if identity is not None else json.dumps(record, sort_keys=True)
        for identity, record in zip(page.ids, page.records, strict=True)
    ]


@define(eq=False, slots=False)
class Collection:
    """A list operation of a target."""

    client: Client
    operation: Operation
    pagination: Pagination
    values: Mapping[str, str] = field(factory=dict)

    @property
    def description(self) -> Description:
        return self.operation.listing

    def get(self, limit: object = None, cursor: object = None, **options: Any) -> Exchange:
        """Asks for one page; options as in `Client.send`, `query` holding filters."""
        query = dict(options.pop("query", {}))
        if limit is not None:
            query[self.pagination.page_size.parameter] = limit
        if cursor is not None:
            query[self.pagination.cursor] = cursor
        return self.client.call(self.operation, self.values, query=query, **options)

    def page(self, limit: object = None, cursor: object = None, **options: Any) -> Step:
        """One page that must come.

        Raises:
            Violation: the answer is a success, but holds no list.
            NotExercised, HarnessError: it is no success, see `Client.control`.
        """
        return self._step(self.get(limit, cursor, **options))

    def follow(self, step: Step, direction: Direction = "next") -> Step:
        """The page that a page names as its neighbour, reached as its style has it.

        Raises:
            Unsupported: no document says how to go in this direction.
            Violation, NotExercised, HarnessError: as for `page`.
        """
        return self._step(self.ask(step, direction))

    def ask(self, step: Step, direction: Direction = "next") -> Exchange:
        """Asks for the page that a page names as its neighbour, whatever the answer.

        Raises:
            Unsupported: no document says how to go in this direction.
            NotFollowed: the neighbour is a link to elsewhere, or a cursor that no request can be made of.
        """
        named = step.page.next if direction == "next" else step.page.prev
        assert named is not None, f"the page has no {direction}"
        if self.pagination.by_link:
            return self.client.follow(named, step.exchange.request.url)
        try:
            query = neighbour_query(step.exchange.request, self.pagination, direction, named)
        except LookupError as error:
            raise Unsupported(str(error)) from None
        return self.client.send("GET", step.exchange.path, query=query)

    def _step(self, exchange: Exchange) -> Step:
        self.client.control(exchange)
        page = page_of(exchange, self.pagination)
        if page is None:
            raise Violation(
                f"the answer has no list at {self.description.items}",
                expected=f"an array at {self.description.items}",
                actual=exchange.response.text,
                exchange=exchange,
            )
        return Step(exchange, page)

    def walk(
        self,
        limit: int | None = None,
        *,
        expected: int | None = None,
        query: Mapping[str, object] | None = None,
        trust_total: bool = True,
        start: Step | None = None,
    ) -> Walk:
        """Follows `next` to the end, from a first page that is asked for unless it is given.

        Never more than `ceil(n/limit)+2` requests, n being the `expected` number of records, else the total
        the list states if it is to be trusted, else the records seen so far; `HARD_CAP` in any case.

        Raises:
            NotExercised: the pages came to more than `LARGEST`.
        """
        walk = Walk()
        cursors, seen, stale, size_read = set[str](), set[str](), 0, 0
        step = start or self.page(limit, query=query or {})
        while True:
            walk.steps.append(step)
            size_read += len(step.exchange.response.body)
            ids = set(identities(step.page))
            stale = stale + 1 if ids and ids <= seen else 0
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
            if walk.requests > _ceiling(len(seen), size) + 1:
                walk.defect = f"{walk.requests} requests brought only {len(seen)} different records"
                return walk
            if stale >= STALE:
                walk.defect = f"the last {STALE} of {walk.requests} pages brought only records that came before"
                return walk
            if known is not None and walk.requests >= _ceiling(known, size) + 2:
                walk.defect = f"the list goes on after {walk.requests} pages of {size}, though it has {known} records"
                return walk
            if walk.requests >= HARD_CAP:
                return walk
            if size_read >= LARGEST:
                raise NotExercised(f"the list is larger than {LARGEST // 1024 // 1024} MiB; not read to its end")
            try:
                step = self.follow(step)
            except NotFollowed as nonsense:
                walk.defect = str(nonsense)
                return walk

    @cached_property
    def start(self) -> Step:
        """The first page, of the largest size."""
        return self.page(self.pagination.page_size.maximum)

    @cached_property
    def everything(self) -> Walk:
        """The whole list, read with the largest page size.

        A walk that shows a record twice met a list that changed: it is begun again, as often as the client does so.

        Raises:
            Violation: following `next` does not end.
            NotExercised: the list is longer than a bounded walk reads.
        """
        walk = self.walk(self.pagination.page_size.maximum, start=self.start)
        for _ in range(self.client.restarts):
            if not walk.repeats:
                break
            walk = self.walk(self.pagination.page_size.maximum)
        if walk.defect:
            raise Violation(
                f"the walk does not end: {walk.defect}",
                expected="an end after the last record",
                actual=walk.defect,
            )
        if not walk.ended:
            raise NotExercised(f"the list is longer than {HARD_CAP} pages; not read to its end")
        return walk

    @property
    def ids(self) -> list[str]:
        """The identity of every record of the list, in order."""
        return self.everything.ids

    def is_being_changed(self) -> bool:
        """Whether the list has other records than when it was first read whole; False where it never was."""
        if "everything" not in self.__dict__:
            return False
        walk = self.walk(self.pagination.page_size.maximum)
        return walk.ended and set(walk.ids) != set(self.ids)

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
