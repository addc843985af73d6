"""What can be wrong with a client that is granted access, or that buys: what it takes, what it sends, how often."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from conformance.contract import Operation
from conformance.contract.operation import FORM
from conformance.targets.client import Client
from conformance.traffic.exchange import Exchange


def _fields(options: dict[str, Any]) -> dict[str, str] | None:
    """The fields of a call that sends a form; None for another one."""
    typed = (options.get("headers") or {}).get("Content-Type")
    return dict(parse_qsl(options["content"].decode())) if typed == FORM else None


def sends_forms_as_json(client: Client) -> None:
    """The fields of a form are sent as JSON."""
    call = client.call

    def told(operation: Operation, values: Any = None, **options: Any) -> Exchange:
        fields = _fields(options)
        if fields is not None:
            options = {**options, "content": None, "headers": {}, "body": fields}
        return call(operation, values, **options)

    client.call = told  # type: ignore[method-assign]


def sends_forms_in_the_url(client: Client) -> None:
    """The fields of a form are sent as the query."""
    call = client.call

    def told(operation: Operation, values: Any = None, **options: Any) -> Exchange:
        fields = _fields(options)
        if fields is not None:
            options = {**options, "content": None, "headers": {}, "query": fields}
        return call(operation, values, **options)

    client.call = told  # type: ignore[method-assign]


def takes_any_state(client: Client) -> None:
    """Whatever state a redirect carries is taken."""
    client.knows_state = lambda given, came: True  # type: ignore[method-assign] # noqa: ARG005


def repeats_what_failed(client: Client) -> None:
    """A write that is answered with an error is sent once more."""
    call = client.call

    def again(operation: Operation, values: Any = None, **options: Any) -> Exchange:
        exchange = call(operation, values, **options)
        return exchange if exchange.response.ok or not operation.writes else call(operation, values, **options)

    client.call = again  # type: ignore[method-assign]
