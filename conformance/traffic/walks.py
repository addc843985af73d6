"""Walks reassembled from exchanges: pages that follow each other, whoever asked for them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from attrs import define, field, frozen

from conformance.contract import Pagination
from conformance.traffic.exchange import Exchange
from conformance.traffic.pages import Page
from conformance.traffic.urls import split

MOST_IDS = 200_000


@frozen
class Walked:
    """A walk from the first page of a list up to one of its pages.

    Attributes:
        ids: identities of the records on the pages before that one, where they have any.
        count: how many records are on those pages.
        totals: what those pages told as the number of records of the whole list.
        cursors: cursors that led to its pages, in their order.
        requests: how many pages it has.
    """

    ids: frozenset[str] = frozenset()
    count: int = 0
    totals: tuple[Any, ...] = ()
    cursors: tuple[str, ...] = ()
    requests: int = 1

    @property
    def size(self) -> int:
        """What it takes to remember it: ids, and what there is of each page."""
        return len(self.ids) + self.requests


_Key = tuple[str, str, tuple[tuple[str, str], ...], str, Hashable]


@define
class Walks:
    """The walks of one conversation, in the order its exchanges happened.

    A page belongs to a walk if it was asked for with the cursor that the page before it names, and with the
    same path, page size and filters, in the same state: after a write the list is another one, and another caller
    has another list.

    Of walks that come to more than `MOST_IDS` records, the one that was left longest ago is forgotten.
    """

    _open: dict[_Key, Walked] = field(factory=dict)
    _ids: int = 0

    def up_to(self, exchange: Exchange, page: Page, pagination: Pagination, state: Hashable) -> Walked | None:
        """The walk that leads to a page; None if the pages before it were not seen.

        Args:
            state: what tells one state of the lists from another, such as the number of writes so far.
        """
        if page.cursor_asked is None:
            walk: Walked | None = Walked()
        else:
            asked = exchange.request.parameter(pagination.cursor)
            walk = self._open.get(_key(exchange, pagination, asked, state)) if asked is not None else None
        following = next_cursor(page, pagination)
        if walk is not None and following is not None:
            so_far = Walked(
                walk.ids | {identity for identity in page.ids if identity is not None},
                walk.count + len(page.records),
                (*walk.totals, page.total),
                (*walk.cursors, following),
                walk.requests + 1,
            )
            self._keep(_key(exchange, pagination, following, state, page.next), so_far)
        return walk

    def _keep(self, key: _Key, walked: Walked) -> None:
        self._ids += walked.size
        if (before := self._open.pop(key, None)) is not None:
            self._ids -= before.size
        self._open[key] = walked
        while self._ids > MOST_IDS and len(self._open) > 1:
            self._ids -= self._open.pop(next(iter(self._open))).size


def next_cursor(page: Page, pagination: Pagination) -> str | None:
    """The value of the cursor parameter that the next page is asked for with; None on a last page."""
    if page.next is None or not pagination.by_link:
        return page.next
    return dict(split(page.next).parameters).get(pagination.cursor)


def _key(exchange: Exchange, pagination: Pagination, cursor: str, state: Hashable, link: str | None = None) -> _Key:
    """What tells the request for a page: its own exchange, or the one whose link leads there, which may add a limit."""
    cursors = {pagination.cursor, pagination.previous}
    query = exchange.request.query
    if link is not None and pagination.by_link:
        query = split(link).parameters
    rest = tuple(sorted(pair for pair in query if pair[0] not in cursors))
    return (exchange.request.method, exchange.path, rest, cursor, state)
