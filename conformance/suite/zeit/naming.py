"""Domains, records, certificates, aliases and secrets as tests of the ZEIT Now API see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.contract import Contract
from conformance.properties import NotExercised, Subject, Things, assert_equal, assert_status, assert_that
from conformance.targets import Client
from conformance.traffic.exchange import Exchange


def things_of(subject: Subject, name: str, query: Mapping[str, str] | None = None) -> Things:
    """The resource that the conventions call so."""
    resource = next(one for one in subject.contract.conventions.resources if one.name == name)
    return subject.things_of(resource, query)


def items_of(exchange: Exchange, place: str) -> list[dict[str, Any]]:
    """The objects of a list that was answered.

    Raises:
        NotExercised: the answer holds none at that place.
    """
    items = exchange.response.at(place)
    if not exchange.response.ok or not isinstance(items, list):
        raise NotExercised(f"{exchange}: no list at {place}")
    return [item for item in items if isinstance(item, dict)]


def listed(client: Client, contract: Contract, operation: str, values: Mapping[str, str], place: str) -> list[Any]:
    """The objects that a list operation answers now."""
    return items_of(client.control(client.call(contract.operation(operation), values)), place)


def assert_refused(exchange: Exchange, code: str, when: str) -> dict[str, Any]:
    """The answer is a client error with this code: its error object."""
    assert_status(exchange, "4xx", when=when)
    error = exchange.response.at("/error")
    found = error.get("code") if isinstance(error, dict) else None
    assert_equal(found, code, f"the code of the error {when}", exchange=exchange)
    assert isinstance(error, dict)
    return error


def assert_absent(value: object, among: list[Any], what: str) -> None:
    """A value is not, or no longer, in a list."""
    assert_that(value not in among, f"{what} is in the list", expected="a list without it", actual=value)


def assert_present(value: object, among: list[Any], what: str) -> None:
    """A value is in a list."""
    assert_that(value in among, f"{what} is not in the list", expected=f"{value} in the list", actual=among)
