"""Pages: what one answer of a list operation says about its records and its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from conformance.contract import Pagination
from conformance.traffic.exchange import Exchange

_ABSENT = object()


@frozen
class Page:
    """One page of a list.

    Attributes:
        records: the records, as they stand in the body.
        ids: what identifies each, None where a record has no such member or only empty ones.
        next, prev: the neighbour's cursor, None where there is no neighbour.
        next_form: how the page says that nothing follows: `""`, `null` or `absent`; None when something does.
        total: the number of records of the whole list, where the page says it.
        enveloped: whether the answer has the member that carries the paging information.
        size_asked: the page size in the request, None unless it is a whole number of 1 or more.
        cursor_asked: the cursor in the request.
    """

    records: tuple[Any, ...]
    ids: tuple[str | None, ...]
    next: str | None
    prev: str | None
    next_form: str | None
    total: Any
    enveloped: bool
    size_asked: int | None
    cursor_asked: str | None


def page_of(exchange: Exchange, pagination: Pagination) -> Page | None:
    """The page that a successful answer of a list operation holds, None if it holds none."""
    collection = exchange.operation.collection if exchange.operation else None
    if collection is None or not exchange.response.ok:
        return None
    records = exchange.response.at(collection.items)
    if not isinstance(records, list):
        return None
    following = exchange.response.at(pagination.next, _ABSENT)
    return Page(
        records=tuple(records),
        ids=tuple(_identity(record, collection.id) for record in records),
        next=_cursor(following),
        prev=_cursor(exchange.response.at(pagination.prev, _ABSENT)),
        next_form=_empty_form(following),
        total=exchange.response.at(pagination.total) if pagination.total else None,
        enveloped=exchange.response.at(f"/{pagination.envelope}", _ABSENT) is not _ABSENT,
        size_asked=_size(exchange.request.parameter(pagination.page_size.parameter)),
        cursor_asked=exchange.request.parameter(pagination.cursor),
    )


def _identity(record: Any, members: tuple[str, ...]) -> str | None:
    if not isinstance(record, Mapping):
        return None
    # 0 identifies a record as well as any other number.
    values = ["" if record.get(member) is None else str(record[member]) for member in members]
    return "/".join(values) if any(values) else None


def _cursor(value: Any) -> str | None:
    return None if value is _ABSENT or value is None or value == "" else str(value)


def _empty_form(value: Any) -> str | None:
    if value is _ABSENT:
        return "absent"
    return {"": '""', None: "null"}.get(value) if value is None or isinstance(value, str) else None


def _size(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return int(text) or None
