"""What can be wrong with a client that is granted access, or that buys: what it takes, what it sends, how often."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import httpx2
from attrs import evolve

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


def asks_for_a_personal_token(client: Client) -> None:
    """Users are sent to where they make tokens of their own."""
    conventions = client.contract.conventions
    auth = conventions.auth.model_copy(update={"authorize": f"{conventions.auth.authorize}/personal-tokens"})
    client.contract = evolve(client.contract, conventions=conventions.model_copy(update={"auth": auth}))


def keeps_its_own_token(client: Client) -> None:
    """What a user granted is not used: the client goes on with the token it had."""
    kept = client.token("default")
    client.token = lambda _credential: kept  # type: ignore[method-assign, assignment]


def names_its_library(client: Client) -> None:
    """Calls bear the User-Agent of the HTTP library."""
    client.user_agent = f"python-httpx2/{httpx2.__version__}"


def names_no_contact(client: Client) -> None:
    """The User-Agent names nobody to ask."""
    client.user_agent = client.user_agent.partition(" ")[0]


def repeats_what_failed(client: Client) -> None:
    """A write that is answered with an error is sent once more."""
    call = client.call

    def again(operation: Operation, values: Any = None, **options: Any) -> Exchange:
        exchange = call(operation, values, **options)
        return exchange if exchange.response.ok or not operation.writes else call(operation, values, **options)

    client.call = again  # type: ignore[method-assign]
