"""Faults of the client in where it sends, under which scheme, in which order, and what it makes of versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urljoin

from conformance.targets.client import Client
from conformance.targets.errors import HarnessError
from conformance.targets.health import Notice
from conformance.traffic.exchange import Exchange


def drops_base_path(client: Client) -> None:
    url, base = client.url, client.base_url
    client.url = lambda path, query: url(path, query).replace(base, base.rpartition("/")[0], 1)  # type: ignore[method-assign]


def resolves_as_rfc_has_it(client: Client) -> None:
    send, root = client.send, client.base_url.removesuffix(client.contract.base_path)

    def follow(link: str, asked: str | None = None, **options: Any) -> Exchange:
        before, client.base_url = client.base_url, root
        try:
            return send("GET", urljoin(asked or f"{before}/", link).removeprefix(root), **options)
        finally:
            client.base_url = before

    client.follow = follow  # type: ignore[method-assign]


def _authenticates(client: Client, change: Any) -> None:
    sent = client._authentication

    def authentication(credential: str | None) -> tuple[dict[str, str], list[tuple[str, str]]]:
        headers, query = sent(credential)
        return {name: change(value) for name, value in headers.items()}, query

    client._authentication = authentication  # type: ignore[method-assign]


def capitalises_scheme(client: Client) -> None:
    _authenticates(client, lambda value: value[:1].upper() + value[1:])


def quotes_credential(client: Client) -> None:
    _authenticates(client, lambda value: value.replace(" ", ' "') + '"')


def one_scheme_for_all(client: Client) -> None:
    other = next(iter(client.contract.conventions.auth.schemes.values()))
    _authenticates(client, lambda value: f"{other} {value.partition(' ')[2]}")


def sorts(client: Client) -> None:
    url, sort = client.url, client.contract.conventions.paging.sort

    def sorted_url(path: str, query: list[tuple[str, str]]) -> str:
        text = url(path, query)
        return f"{text}{'&' if '?' in text else '?'}{quote(str(sort))}=name"

    client.url = sorted_url  # type: ignore[method-assign]


def never_restarts(client: Client) -> None:
    client.restarts = 0


def gives_up(client: Client) -> None:
    def refused(*_: object) -> None:
        raise HarnessError("refused for the rate")

    if client.budget is not None:
        client.budget.refused = refused  # type: ignore[assignment, method-assign]


def ignores_sunset(client: Client) -> None:
    client.heed = lambda _: None  # type: ignore[method-assign, assignment]


def tells_sunset_each_time(client: Client) -> None:
    def heed(exchange: Exchange) -> None:
        client.notices.append(Notice(f"{exchange.known_as}: {exchange.response.header('sunset')}", exchange))

    client.heed = heed  # type: ignore[method-assign]


def asks_for_the_stable_version(client: Client) -> None:
    """Every version is asked for, and so judged, as one that promises its shape."""
    send, name = client.send, client.contract.conventions.versions.parameter

    def exact(method: str, path: str, *, query: Any = (), **options: Any) -> Exchange:
        pairs = list(query.items() if isinstance(query, Mapping) else query)
        changed = [(key, str(value).partition("~")[0] if key == name and value else value) for key, value in pairs]
        return send(method, path, query=changed, **options)

    client.send = exact  # type: ignore[method-assign]
