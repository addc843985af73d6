"""The judge: every exchange is seen by every check that a requirement of its operation is bound to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from attrs import frozen

from conformance.checks.base import CHECKS, TAKES, Finding, Sight, page_in
from conformance.checks.schema import drift
from conformance.contract import (
    CLIENT,
    Contract,
    ContractError,
    Observation,
    Operation,
    Requirement,
    validated,
)
from conformance.contract.selectors import applies
from conformance.traffic.exchange import Exchange, NotKnown


@frozen(eq=False)
class Evidence:
    """A finding, the requirement it bears on (None for drift), and the exchange that shows it."""

    requirement: Requirement | None
    operation: str
    finding: Finding
    exchange: Exchange


def bindings(requirement: Requirement) -> tuple[Observation, ...]:
    """The checks that judge a requirement: those its record names, else the one of its rule."""
    if requirement.observe is not None:
        return requirement.observe
    return (Observation(check=requirement.rule),) if requirement.rule in CHECKS else ()


def verify(contract: Contract) -> None:
    """Whether every check that the records of a contract bind is there, and takes what it is bound with.

    Raises:
        ContractError: naming the record and what is wrong with its `observe`.
    """
    for record in contract.requirements.values():
        for observation in bindings(record):
            name, arguments = observation.check, observation.arguments
            if name not in CHECKS:
                raise ContractError(f"{record.id}: observe: there is no check {name!r}")
            validated(TAKES[name], arguments, f"{record.id}: observe: {name}")
            if "component" in arguments:
                contract.component(arguments["component"])
            for component in (arguments.get("lists") or {}).values():
                contract.component(component)
            for operation in (*arguments.get("by_operation", ()), *arguments.get("default_for", ())):
                contract.operation(operation)


_DRIFT = Observation(check="drift")


class Judge:
    """Judges the exchanges of one run with one API, in the order they happened.

    Raises:
        ContractError: a record names a check, an argument or a schema of the contract that does not exist.
    """

    def __init__(self, contract: Contract, *, strict: bool = False) -> None:
        verify(contract)
        self._contract = contract
        self._strict = strict
        self._bound = [(record, bindings(record)) for record in contract.requirements.values()]
        self._bound = [(record, bound) for record, bound in self._bound if bound]
        self._applicable: dict[tuple[Operation | None, str, bool], list[tuple[Requirement, Observation]]] = {}
        self._memory: dict[str, dict[Any, Any]] = {}
        self._sequence: dict[str, dict[Any, Any]] = {}
        self._facts: Mapping[str, Any] = {}
        self._position = 0
        self._writes = 0

    def begin(self, facts: Mapping[str, Any]) -> None:
        """A new sequence of exchanges begins, with a target of which this is known."""
        self._sequence, self._facts, self._position = {}, facts, 0

    def observe(self, exchange: Exchange) -> Iterator[Evidence]:
        """The evidence in one exchange; what the client did wrong on purpose is no finding about it.

        A check that comes to look at a body which is not known ends there: headers and status are judged still.
        """
        self._position += 1
        for record, observation in self._applying(exchange):
            label = _label(record, exchange)
            # What needs a body that is not known is not judged by it.
            with suppress(NotKnown):
                for finding in CHECKS[observation.check](self._sight(exchange, record.id, observation)):
                    if not (exchange.negative and finding.party == "client"):
                        yield Evidence(record, label, finding, exchange)
        with suppress(NotKnown):
            for finding in drift(self._sight(exchange, "drift", _DRIFT)):
                yield Evidence(None, exchange.known_as, finding, exchange)
        if exchange.request.method not in ("GET", "HEAD", "OPTIONS") and exchange.response.status_class != 4:
            # What failed otherwise may have been done all the same.
            self._writes += 1

    def _applying(self, exchange: Exchange) -> list[tuple[Requirement, Observation]]:
        operation, method = exchange.operation, exchange.request.method
        is_list = operation is None and _is_list(exchange, self._contract)
        key = (operation, method, is_list)
        if key not in self._applicable:
            self._applicable[key] = [
                (record, observation)
                for record, bound in self._bound
                for observation in bound
                if applies(observation.operations or record.operations, operation, method, is_list=is_list)
            ]
        return self._applicable[key]

    def _sight(self, exchange: Exchange, key: str, observation: Observation) -> Sight:
        return Sight(
            exchange,
            self._contract,
            observation.arguments,
            self._memory.setdefault(key, {}),
            self._sequence.setdefault(key, {}),
            self._position,
            self._writes,
            self._strict,
            self._facts,
        )


def _is_list(exchange: Exchange, contract: Contract) -> bool:
    try:
        return page_in(exchange, contract) is not None
    except NotKnown:
        return False  # Of a body that is not known nothing can be said.


def _label(record: Requirement, exchange: Exchange) -> str:
    return CLIENT if record.operations[0] == CLIENT else exchange.known_as
