"""Pages: what one answer of a list operation says about its records and its neighbours, whatever the style."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Literal

from attrs import frozen

from conformance.contract import Collection, Pagination
from conformance.traffic.exchange import Exchange, Pairs, Request
from conformance.traffic.links import neighbour
from conformance.traffic.urls import LONGEST

LONGEST_IDENTITY = 4096

_ABSENT = object()

Direction = Literal["next", "prev"]


@frozen
class Page:
    """One page of a list.

    Attributes:
        records: the records, as they stand in the body.
        ids: what identifies each, None where a record has no such member or only empty ones.
        next, prev: the neighbour as the page names it, a cursor or a URL; None where there is no neighbour. One
            that is longer than `LONGEST` characters is cut behind that.
        next_form, prev_form: how the page says that there is none: `""`, `null` or `absent`; None where there
            is one.
        total: the number of records of the whole list, where the page says it.
        enveloped: whether the answer has a member that carries paging information.
        size_asked: the page size in the request, None unless it is a whole number of 1 or more.
        cursor_asked: the cursor in the request, None on a first page: the number of that is none, either.
    """

    records: tuple[Any, ...]
    ids: tuple[str | None, ...]
    next: str | None
    prev: str | None
    next_form: str | None
    prev_form: str | None
    total: Any
    enveloped: bool
    size_asked: int | None
    cursor_asked: str | None


def listing_of(exchange: Exchange, pagination: Pagination) -> Collection | None:
    """Where a successful answer holds the records of a list; None where it is none.

    The contract says so of the operations that it has. The answer of another one is a list if it has the shape of
    all lists: the envelope beside the one array of records, or a bare array where there are no envelopes.
    """
    if not exchange.response.ok:
        return None
    if exchange.operation is not None:
        return exchange.operation.collection
    body = exchange.response.at("")
    if exchange.request.method != "GET":
        return None
    if pagination.envelope is None:
        return Collection("") if _are_records(body) else None
    if not isinstance(body, dict) or pagination.envelope not in body:
        return None
    places = [
        f"/{name.replace('~', '~0').replace('/', '~1')}" for name, value in body.items() if isinstance(value, list)
    ]
    place = pagination.records or (places[0] if len(places) == 1 else None)
    return Collection(place) if place is not None and _are_records(exchange.response.at(place)) else None


def _are_records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def page_of(exchange: Exchange, pagination: Pagination) -> Page | None:
    """The page that a successful list answer holds, None if it holds none."""
    collection = listing_of(exchange, pagination)
    if collection is None:
        return None
    records = exchange.response.at(collection.items)
    if not isinstance(records, list):
        return None
    request, ids = exchange.request, tuple(_identity(record, collection.id) for record in records)
    if pagination.counted:
        following, before = _counted(exchange, pagination, records, ids), _ABSENT
    else:
        following, before = (_neighbour(exchange, pagination, direction) for direction in ("next", "prev"))
    named = [request.parameter(name) for name in (pagination.cursor, pagination.previous) if name]
    asked = [cursor for cursor in named if cursor is not None and not _is_first(cursor, pagination)]
    return Page(
        records=tuple(records),
        ids=ids,
        next=_named(following),
        prev=_named(before),
        next_form=_empty_form(following),
        prev_form=_empty_form(before),
        total=exchange.response.at(pagination.total) if pagination.total else None,
        enveloped=_tells_of_pages(exchange, pagination),
        size_asked=_size(request.parameter(pagination.page_size.parameter)),
        cursor_asked=next(
            (cursor for cursor in asked if cursor is not None and not _is_first(cursor, pagination)), None
        ),
    )


def _tells_of_pages(exchange: Exchange, pagination: Pagination) -> bool:
    """Whether an answer has what tells of pages: the envelope; where lists have none, any member that does."""
    if pagination.envelope:
        return exchange.response.at(f"/{pagination.envelope}", _ABSENT) is not _ABSENT
    if pagination.style in ("link-header", "cursor-in-header", "whole"):
        return False
    places = (pagination.next, pagination.more, pagination.last, pagination.pages, pagination.total)
    # An object that would hold the neighbour tells that there is none.
    holders = {place.rpartition("/")[0] or place for place in places if place}
    return any(exchange.response.at(holder, _ABSENT) is not _ABSENT for holder in holders)


def _is_first(cursor: str, pagination: Pagination) -> bool:
    return (pagination.numbered or pagination.style in ("page-number", "offset")) and cursor == str(pagination.first)


def neighbour_query(request: Request, pagination: Pagination, direction: Direction, named: str) -> Pairs:
    """The query that leads to a neighbour named on the page of `request`, at the same path.

    A cursor goes into its parameter, everything else stays as it was asked.

    Raises:
        LookupError: no document names a parameter for the cursor of this direction.
    """
    parameter = pagination.cursor if direction == "next" else pagination.previous
    if parameter is None:
        raise LookupError(f"no document names the parameter that takes the cursor {direction}")
    cursors = {pagination.cursor, pagination.previous}
    kept = tuple((name, value) for name, value in request.query if name not in cursors)
    return (*kept, (parameter, named))


def _neighbour(exchange: Exchange, pagination: Pagination, direction: str) -> Any:
    if pagination.whole:
        return _ABSENT
    if pagination.style == "cursor-in-header":
        return exchange.response.header(getattr(pagination, direction)) or _ABSENT
    if pagination.style == "link-header":
        target = neighbour(exchange.response.header("link") or "", direction)
        return _ABSENT if target is None else target
    value = exchange.response.at(getattr(pagination, direction), _ABSENT)
    if pagination.by_link and isinstance(value, dict):
        # JSON:API allows a link to be an object with its URL as href.
        return value.get("href", _ABSENT)
    return value


def _counted(exchange: Exchange, pagination: Pagination, records: list[Any], ids: tuple[str | None, ...]) -> Any:
    """What the next page is asked for with, where pages only say whether more follow."""
    asked = exchange.request.parameter(pagination.cursor)
    if pagination.style == "last-id":
        place: int | None = None
        following = ids[-1] if ids else None
    else:
        place = pagination.first if asked is None else int(asked[:9]) if asked.isascii() and asked.isdigit() else None
        step = 1 if pagination.style == "page-number" else len(records)
        following = str(place + step) if place is not None and step else None
    return following if following is not None and _more(exchange, pagination, place, len(records)) else _ABSENT


def _more(exchange: Exchange, pagination: Pagination, place: int | None, count: int) -> bool:
    """Whether a page says that more follow: by a word for it, by the number of the last page, or by the total."""
    response = exchange.response
    for member, means_more in ((pagination.more, True), (pagination.last, False)):
        said = response.at(member)
        if isinstance(said, bool):
            return said is means_more
    pages, total = response.at(pagination.pages), response.at(pagination.total)
    if place is None:
        return False
    if pagination.style == "page-number" and isinstance(pages, int):
        return place < pages - 1 + pagination.first
    if pagination.style == "offset" and isinstance(total, int):
        return place - pagination.first + count < total
    return False


def _named(value: Any) -> str | None:
    if value is _ABSENT or value is None or value == "":
        return None
    # One character more than may be used: that it is too long is all that matters of the rest.
    return str(value)[: LONGEST + 1]


def _identity(record: Any, members: tuple[str, ...]) -> str | None:
    if not isinstance(record, dict):
        return None
    # 0 identifies a record as well as any other number.
    values = ["" if record.get(member) is None else str(record[member]) for member in members]
    while values and not values[-1]:
        values.pop()
    return _short("/".join(values)) or None


def _short(identity: str) -> str:
    """An identity as it can be kept: what is absurdly long is told by its digest."""
    if len(identity) <= LONGEST_IDENTITY:
        return identity
    return f"{identity[:LONGEST_IDENTITY]}… sha256 {sha256(identity.encode(errors='surrogatepass')).hexdigest()}"


def _empty_form(value: Any) -> str | None:
    if value is _ABSENT:
        return "absent"
    return {"": '""', None: "null"}.get(value) if value is None or isinstance(value, str) else None


def _size(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return int(text) or None
