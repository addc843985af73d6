"""Walks reassembled from exchanges: pages that follow each other, whoever asked for them."""

from __future__ import annotations

from attrs import define, field, frozen

from conformance.contract import Pagination
from conformance.traffic.exchange import Exchange
from conformance.traffic.pages import Page
from conformance.traffic.urls import split


@frozen
class Walked:
    """A walk from the first page of a list up to one of its pages.

    Attributes:
        ids: identities of the records on the pages before that one, where they have any.
        cursors: cursors that led to its pages.
        requests: how many pages it has.
    """

    ids: frozenset[str] = frozenset()
    cursors: frozenset[str] = frozenset()
    requests: int = 1


_Key = tuple[str, str, tuple[tuple[str, str], ...], str, int]


@define
class Walks:
    """The walks of one conversation, in the order its exchanges happened.

    A page belongs to a walk if it was asked for with the cursor that the page before it names, and with the
    same path, page size and filters. A write in between ends a walk: the list is another one since.
    """

    _open: dict[_Key, Walked] = field(factory=dict)

    def up_to(self, exchange: Exchange, page: Page, pagination: Pagination, writes: int) -> Walked | None:
        """The walk that leads to a page; None if the pages before it were not seen.

        Args:
            writes: how many writes have succeeded so far.
        """
        if page.cursor_asked is None:
            walk: Walked | None = Walked()
        else:
            asked = exchange.request.parameter(pagination.cursor)
            walk = self._open.get(_key(exchange, pagination, asked, writes)) if asked is not None else None
        following = next_cursor(page, pagination)
        if walk is not None and following is not None:
            self._open[_key(exchange, pagination, following, writes, page.next)] = Walked(
                walk.ids | {identity for identity in page.ids if identity is not None},
                walk.cursors | {following},
                walk.requests + 1,
            )
        return walk


def next_cursor(page: Page, pagination: Pagination) -> str | None:
    """The value of the cursor parameter that the next page is asked for with; None on a last page."""
    if page.next is None or not pagination.by_link:
        return page.next
    return dict(split(page.next).parameters).get(pagination.cursor)


def _key(exchange: Exchange, pagination: Pagination, cursor: str, writes: int, link: str | None = None) -> _Key:
    """What tells the request for a page: its own exchange, or the one whose link leads there, which may add a limit."""
    cursors = {pagination.cursor, pagination.previous}
    query = exchange.request.query
    if link is not None and pagination.by_link:
        query = split(link).parameters
    rest = tuple(sorted(pair for pair in query if pair[0] not in cursors))
    return (exchange.request.method, exchange.path, rest, cursor, writes)
