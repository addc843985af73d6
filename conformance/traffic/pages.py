"""Pages: what one answer of a list operation says about its records and its neighbours, whatever the style."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import httpx2
from attrs import frozen

from conformance.contract import Pagination
from conformance.traffic.exchange import Exchange, Pairs, Request

_ABSENT = object()

Direction = Literal["next", "prev"]


@frozen
class Page:
    """One page of a list.

    Attributes:
        records: the records, as they stand in the body.
        ids: what identifies each, None where a record has no such member or only empty ones.
        next, prev: the neighbour as the page names it, a cursor or a URL; None where there is no neighbour.
        next_form, prev_form: how the page says that there is none: `""`, `null` or `absent`; None where there
            is one.
        total: the number of records of the whole list, where the page says it.
        enveloped: whether the answer has the member that carries the paging information.
        size_asked: the page size in the request, None unless it is a whole number of 1 or more.
        cursor_asked: the cursor in the request, None on a first page.
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


def page_of(exchange: Exchange, pagination: Pagination) -> Page | None:
    """The page that a successful answer of a list operation holds, None if it holds none."""
    collection = exchange.operation.collection if exchange.operation else None
    if collection is None or not exchange.response.ok:
        return None
    records = exchange.response.at(collection.items)
    if not isinstance(records, list):
        return None
    following, before = (_neighbour(exchange, pagination, direction) for direction in ("next", "prev"))
    request = exchange.request
    asked = [request.parameter(name) for name in (pagination.cursor, pagination.previous) if name]
    return Page(
        records=tuple(records),
        ids=tuple(_identity(record, collection.id) for record in records),
        next=_named(following),
        prev=_named(before),
        next_form=_empty_form(following),
        prev_form=_empty_form(before),
        total=exchange.response.at(pagination.total) if pagination.total else None,
        enveloped=bool(pagination.envelope) and exchange.response.at(f"/{pagination.envelope}", _ABSENT) is not _ABSENT,
        size_asked=_size(request.parameter(pagination.page_size.parameter)),
        cursor_asked=next((cursor for cursor in asked if cursor is not None), None),
    )


def neighbour_request(
    request: Request, pagination: Pagination, direction: Direction, named: str, base_url: str
) -> tuple[str, Pairs]:
    """The path below the base URL and the query that lead to a neighbour named on the page of `request`.

    A cursor goes into its parameter, everything else stays as it was asked. A link is followed as it is: an
    absolute URL, one below the base path, or one that is relative to the base URL.

    Raises:
        LookupError: no document names a parameter for the cursor of this direction.
    """
    if pagination.by_link:
        url = urlsplit(resolved(named, base_url))
        return url.path.removeprefix(urlsplit(base_url).path), tuple(parse_qsl(url.query, keep_blank_values=True))
    parameter = pagination.cursor if direction == "next" else pagination.previous
    if parameter is None:
        raise LookupError(f"no document names the parameter that takes the cursor {direction}")
    cursors = {pagination.cursor, pagination.previous}
    kept = tuple((name, value) for name, value in request.query if name not in cursors)
    return urlsplit(request.url).path.removeprefix(urlsplit(base_url).path), (*kept, (parameter, named))


def link_target(link: str, base_url: str) -> str:
    """The path below the base URL and the query that a link leads to, as they stand in it."""
    url = urlsplit(resolved(link, base_url))
    path = url.path.removeprefix(urlsplit(base_url).path)
    return f"{path}?{url.query}" if url.query else path


def resolved(link: str, base_url: str) -> str:
    """The URL that a link stands for.

    Resolution as RFC 3986 has it would drop the path of the base URL from links such as `/orgs/…`, which the
    documents show without it.
    """
    if urlsplit(link).scheme:
        return link
    base = urlsplit(base_url)
    if base.path and link.startswith(f"{base.path}/"):
        return f"{base.scheme}://{base.netloc}{link}"
    return f"{base_url}/{link.removeprefix('/')}"


def _neighbour(exchange: Exchange, pagination: Pagination, direction: str) -> Any:
    if pagination.style == "link-header":
        header = exchange.response.header("link")
        links = httpx2.Response(200, headers={"link": header}).links if header else {}
        return links.get(direction, {}).get("url", _ABSENT)
    value = exchange.response.at(getattr(pagination, direction), _ABSENT)
    if pagination.by_link and isinstance(value, dict):
        # JSON:API allows a link to be an object with its URL as href.
        return value.get("href", _ABSENT)
    return value


def _named(value: Any) -> str | None:
    return None if value is _ABSENT or value is None or value == "" else str(value)


def _identity(record: Any, members: tuple[str, ...]) -> str | None:
    if not isinstance(record, dict):
        return None
    # 0 identifies a record as well as any other number.
    values = ["" if record.get(member) is None else str(record[member]) for member in members]
    while values and not values[-1]:
        values.pop()
    return "/".join(values) or None


def _empty_form(value: Any) -> str | None:
    if value is _ABSENT:
        return "absent"
    return {"": '""', None: "null"}.get(value) if value is None or isinstance(value, str) else None


def _size(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return int(text) or None
