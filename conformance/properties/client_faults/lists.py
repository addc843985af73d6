"""What can be wrong with a client that reads lists: how it goes on, where it stops, what it passes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from attrs import evolve

from conformance.contract import Pagination
from conformance.targets.client import Client
from conformance.targets.errors import HarnessError
from conformance.traffic.exchange import Exchange
from conformance.traffic.pages import Page, page_of

Reading = Callable[[Page, dict[str, Any]], None]
"""Changes a body as a client misreads it; it is given the page that the body holds."""


def _misreads(client: Client, reading: Reading) -> None:
    send, pagination = client.send, client.contract.conventions.paging

    def misread(*args: Any, **options: Any) -> Exchange:
        exchange = send(*args, **options)
        page = page_of(exchange, pagination)
        if page is None or not page.enveloped:
            return exchange
        body = exchange.response.json
        reading(page, body)
        return evolve(exchange, response=evolve(exchange.response, body=json.dumps(body).encode()))

    client.send = misread  # type: ignore[method-assign]


def _set_next(body: dict[str, Any], pagination: Pagination, value: object) -> None:
    *path, last = pagination.next.split("/")[1:]
    for name in path:
        body = body[name]
    body[last] = value


def stops_at_a_short_page(client: Client) -> None:
    pagination = client.contract.conventions.paging

    def short(page: Page, body: dict[str, Any]) -> None:
        if page.size_asked is not None and len(page.records) < page.size_asked:
            _set_next(body, pagination, None)

    _misreads(client, short)


def stops_at_an_empty_page(client: Client) -> None:
    pagination = client.contract.conventions.paging

    def empty(page: Page, body: dict[str, Any]) -> None:
        if not page.records:
            _set_next(body, pagination, None)

    _misreads(client, empty)


def follows_null(client: Client) -> None:
    pagination = client.contract.conventions.paging

    def null(page: Page, body: dict[str, Any]) -> None:
        if page.next is None:
            _set_next(body, pagination, "null")

    _misreads(client, null)


def needs_an_envelope(client: Client) -> None:
    control, envelope = client.control, client.contract.conventions.paging.envelope

    def strict(exchange: Exchange) -> Exchange:
        if envelope not in exchange.response.json:
            raise HarnessError(f"KeyError: {envelope!r}")
        return control(exchange)

    client.control = strict  # type: ignore[method-assign]


def forgets_the_page_size(client: Client) -> None:
    pagination, url = client.contract.conventions.paging, client.url

    def forgetful(path: str, query: list[tuple[str, str]]) -> str:
        follows = any(name == pagination.cursor for name, _ in query)
        return url(path, [pair for pair in query if not follows or pair[0] != pagination.page_size.parameter])

    client.url = forgetful  # type: ignore[method-assign]


def forwards_what_it_gets(client: Client) -> None:
    """The next request carries every member of the last answer that is a text or a number."""
    send, url = client.send, client.url
    members: dict[str, object] = {}

    def remember(*args: Any, **options: Any) -> Exchange:
        exchange = send(*args, **options)
        body = exchange.response.json if exchange.response.is_json else None
        for part in (body, *body.values()) if isinstance(body, dict) else ():
            if isinstance(part, dict):
                members.update({name: value for name, value in part.items() if isinstance(value, str | int)})
        return exchange

    client.send = remember  # type: ignore[method-assign]
    client.url = lambda path, query: url(  # type: ignore[method-assign]
        path, [*query, *((name, str(value)) for name, value in members.items())]
    )
