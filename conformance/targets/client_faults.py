"""Faults of the client: one for each requirement that binds clients, as the reference server's faults bind servers."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlencode

from attrs import frozen

from conformance.contract import Requirement
from conformance.targets.client import Client
from conformance.targets.errors import HarnessError
from conformance.traffic.exchange import Exchange
from conformance.traffic.redact import Redactor


@frozen
class ClientFault:
    """A defect planted in the client.

    Attributes:
        breaks: the rule that must turn red, or for one that no rule names, its id without the API.
    """

    id: str
    breaks: str
    description: str
    plant: Callable[[Client], None]

    def concerns(self, requirement: Requirement) -> bool:
        return self.breaks in (requirement.rule, requirement.id.partition(".")[2])


def _form_encodes(client: Client) -> None:
    client.encode = lambda body: (urlencode(body).encode(), "application/x-www-form-urlencoded")  # type: ignore[method-assign]


def _omits_media_type(client: Client) -> None:
    encode = client.encode
    client.encode = lambda body: (encode(body)[0], "text/plain")  # type: ignore[method-assign]


def _rewrites_url(
    client: Client, rewrite: Callable[[str, list[tuple[str, str]]], tuple[str, list[tuple[str, str]]]]
) -> None:
    url = client.url
    client.url = lambda path, query: url(*rewrite(path, query))  # type: ignore[method-assign]


def _cursor(client: Client) -> str:
    return client.contract.conventions.paging.cursor


def _strips_cursor(client: Client) -> None:
    name = _cursor(client)
    _rewrites_url(client, lambda path, query: (path, [(k, v.strip("=") if k == name else v) for k, v in query]))


def _encodes_cursor_twice(client: Client) -> None:
    name = _cursor(client)
    _rewrites_url(client, lambda path, query: (path, [(k, quote(v, safe="") if k == name else v) for k, v in query]))


def _drops_filters(client: Client) -> None:
    name = _cursor(client)

    def rewrite(path: str, query: list[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
        cursor = [(k, v) for k, v in query if k == name]
        return path, cursor or query

    _rewrites_url(client, rewrite)


def _refuses_new_members(client: Client) -> None:
    control = client.control

    def strict(exchange: Exchange) -> Exchange:
        operation = exchange.operation
        schema = operation.responses.get(str(exchange.response.status)) if operation else None
        unknown = set(exchange.response.json) - set((schema or {}).get("properties", {}))
        if unknown:
            raise HarnessError(f"unknown member {sorted(unknown)[0]}")
        return control(exchange)

    client.control = strict  # type: ignore[method-assign]


def _bursts(client: Client) -> None:
    client.budget = None


def _retries_at_once(client: Client) -> None:
    if client.budget is not None:
        client.budget.refused = lambda _: None  # type: ignore[assignment, method-assign]


def _drops_version(client: Client) -> None:
    _rewrites_url(client, lambda path, query: (f"/{path.partition('/')[2].partition('/')[2]}", query))


def _key_in_url(client: Client) -> None:
    _rewrites_url(client, lambda path, query: (path, [*query, ("api_key", client.token("default"))]))


def _records_as_sent(client: Client) -> None:
    client.redactor = Redactor()


CLIENT_FAULTS = (
    ClientFault("form-encodes", "content-type.request-media-type", "bodies are form data", _form_encodes),
    ClientFault("plain-text", "content-type.request-media-type", "bodies are typed text/plain", _omits_media_type),
    ClientFault("strips-cursor", "pagination.cursor-opaque", "the padding of a cursor is dropped", _strips_cursor),
    ClientFault("encodes-twice", "pagination.cursor-opaque", "a cursor is encoded twice", _encodes_cursor_twice),
    ClientFault("drops-filters", "pagination.cursor-opaque", "only the cursor is sent on", _drops_filters),
    ClientFault(
        "strict-model",
        "versioning.client-accepts-new-keys",
        "an answer with a new member is refused",
        _refuses_new_members,
    ),
    ClientFault("bursts", "rate-limit.client-rate", "a hundred calls leave at once", _bursts),
    ClientFault("hammers", "rate-limit.client-rate", "a call refused with 429 is repeated at once", _retries_at_once),
    ClientFault("drops-version", "versioning.base-path", "paths lack their first segment", _drops_version),
    ClientFault("key-in-url", "security.client-key-hygiene", "the key is sent as ?api_key=", _key_in_url),
    ClientFault("records-as-sent", "security.client-key-hygiene", "recordings keep the key", _records_as_sent),
)
