"""What can be wrong with a client that deploys: what it uploads, how often, under which paths, in which form."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from attrs import evolve

from conformance.contract import Operation
from conformance.targets.client import Client
from conformance.targets.errors import HarnessError
from conformance.targets.health import Health
from conformance.traffic.exchange import Exchange

Call = Callable[..., Exchange]
Instead = Callable[[Call, Operation, Any, dict[str, Any]], Exchange]
"""What is done in the place of a call, which is given with its operation, its values and its options."""


def _instead(client: Client, act: Instead, when: Callable[[Operation, dict[str, Any]], bool]) -> None:
    call = client.call

    def told(operation: Operation, values: Any = None, **options: Any) -> Exchange:
        return act(call, operation, values, options) if when(operation, options) else call(operation, values, **options)

    client.call = told  # type: ignore[method-assign]


def _uploads(operation: Operation, options: dict[str, Any]) -> bool:
    return operation.method == "PUT" and options.get("content") is not None


def _uploads_below(operation: Operation, options: dict[str, Any]) -> bool:
    return _uploads(operation, options) and operation.rest is not None


def _deploys(operation: Operation, options: dict[str, Any]) -> bool:
    return operation.writes and isinstance(options.get("body"), dict) and "files" in options["body"]


def uploads_everything(client: Client) -> None:
    """Every file of a digest is taken for a required one."""

    def everything(call: Call, operation: Operation, values: Any, options: dict[str, Any]) -> Exchange:
        exchange = call(operation, values, **options)
        told = {**exchange.response.json, "required": list(options["body"]["files"].values())}
        return evolve(exchange, response=evolve(exchange.response, body=json.dumps(told).encode()))

    _instead(client, everything, _deploys)


def uploads_twice(client: Client) -> None:
    """Every upload leaves twice."""

    def twice(call: Call, operation: Operation, values: Any, options: dict[str, Any]) -> Exchange:
        call(operation, values, **options)
        return call(operation, values, **options)

    _instead(client, twice, _uploads)


def takes_any_path(client: Client) -> None:
    """Paths that the document forbids are not told from others."""
    client.fits = lambda operation, values: True  # type: ignore[method-assign] # noqa: ARG005


def encodes_paths_twice(client: Client) -> None:
    """What is encoded in a path is encoded once more."""

    def encoded(call: Call, operation: Operation, values: Any, options: dict[str, Any]) -> Exchange:
        name = str(operation.rest)
        return call(operation, {**values, name: quote(values[name])}, **options)

    _instead(client, encoded, _uploads_below)


def encodes_slashes(client: Client) -> None:
    """The slashes in a path are encoded, too."""

    def encoded(_: Call, operation: Operation, values: Any, options: dict[str, Any]) -> Exchange:
        name = str(operation.rest)
        path = operation.expand({**values, name: "-"}).removesuffix("-")
        return client.send(operation.method, f"{path}{quote(values[name], safe='')}", **options)

    _instead(client, encoded, _uploads_below)


def uploads_in_parts(client: Client) -> None:
    """Files are uploaded as parts of a form."""

    def form(call: Call, operation: Operation, values: Any, options: dict[str, Any]) -> Exchange:
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n'
        content = head + options["content"] + b"\r\n--x--\r\n"
        typed = {"Content-Type": "multipart/form-data; boundary=x"}
        return call(operation, values, **{**options, "content": content, "headers": typed})

    _instead(client, form, _uploads)


def types_uploads_as_text(client: Client) -> None:
    """Files are uploaded as text."""

    def text(call: Call, operation: Operation, values: Any, options: dict[str, Any]) -> Exchange:
        return call(operation, values, **{**options, "headers": {"Content-Type": "text/plain"}})

    _instead(client, text, _uploads)


def waits_for_the_digest(client: Client) -> None:
    """No deploy is asynchronous, however large."""

    def plain(call: Call, operation: Operation, values: Any, options: dict[str, Any]) -> Exchange:
        body = {name: value for name, value in options["body"].items() if name != "async"}
        return call(operation, values, **{**options, "body": body})

    _instead(client, plain, _deploys)


def gives_up_at_once(client: Client) -> None:
    """An upload that is not answered ends it all."""

    def once(call: Call, operation: Operation, values: Any, options: dict[str, Any]) -> Exchange:
        exchange = call(operation, values, **options)
        if not exchange.response.answered:
            raise HarnessError("an upload was not answered")
        return exchange

    _instead(client, once, _uploads)


def never_gives_up(client: Client) -> None:
    """An upload that is not answered is sent again and again."""

    def again(call: Call, operation: Operation, values: Any, options: dict[str, Any]) -> Exchange:
        exchange = call(operation, values, **options)
        for _ in range(20):
            if exchange.response.answered:
                break
            client.health = Health()
            exchange = call(operation, values, **options)
        return exchange

    _instead(client, again, _uploads)
