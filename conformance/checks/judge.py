"""The judge: every exchange is seen by every check that a requirement of its operation is bound to."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from typing import Any

from attrs import evolve, frozen

from conformance.checks.base import CHECKS, TAKES, WHEN, Finding, Sight, When, page_in
from conformance.checks.form import basicness, is_hidden, is_strong, says_nothing
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
from conformance.contract.verdict import Outcome
from conformance.traffic.exchange import Exchange, NotKnown


@frozen(eq=False)
class Evidence:
    """A finding, the requirement it bears on (None for drift), and the exchange that shows it.

    Attributes:
        of_form: the body has not the form that it takes to say anything of its content.
    """

    requirement: Requirement | None
    operation: str
    finding: Finding
    exchange: Exchange
    of_form: bool = False


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


_Bound = tuple[Requirement, Observation, When | None, bool]
"""What judges an exchange: a requirement, how it is bound, which exchanges it is about, and if it binds the client."""
_DRIFT = Observation(check="drift")


class Judge:
    """Judges the exchanges of one run with one API, in the order they happened.

    Args:
        only: ids of the requirements that are judged, whose bindings were verified; all where it is left out.

    Raises:
        ContractError: a record names a check, an argument or a schema of the contract that does not exist.
    """

    def __init__(self, contract: Contract, *, strict: bool = False, only: Container[str] | None = None) -> None:
        if only is None:
            verify(contract)
        self._contract = contract
        self._strict = strict
        records = (record for record in contract.requirements.values() if only is None or record.id in only)
        self._bound = [(record, bound) for record in records if (bound := bindings(record))]
        self._applicable: dict[tuple[Operation | None, str, bool], list[_Bound]] = {}
        self._tells_drift = only is None
        self.forget()

    def forget(self) -> None:
        """Goes on as if nothing had been seen: with another run."""
        self._memory: dict[str, dict[Any, Any]] = {}
        self._sequence: dict[str, dict[Any, Any]] = {}
        self._facts: Mapping[str, Any] = {}
        self._position = 0
        self._writes = 0

    def begin(self, facts: Mapping[str, Any], *, apart: bool = False) -> None:
        """A new sequence of exchanges begins, with a target of which this is known.

        Args:
            apart: it was recorded at another time than what came before, so that nothing of that is compared with it.
        """
        if apart:
            self._memory, self._writes = {}, 0
        self._sequence, self._facts, self._position = {}, facts, 0

    def observe(self, exchange: Exchange) -> Iterator[Evidence]:
        """The evidence in one exchange; what the client did wrong on purpose is no finding about it.

        A check that comes to look at a body which is not known ends there: headers and status are judged still. So
        does one that comes to look at the content of a body which is found not to have the documented form.
        """
        if not exchange.response.answered:
            return
        self._position += 1
        if not exchange.path.startswith(self._contract.conventions.below):
            return
        accused: Requirement | None = None
        closed: Exchange | None = None
        known_as = exchange.known_as
        for record, observation, when, of_client in self._applying(exchange):
            if when is not None and not when(exchange):
                continue
            label, seen = CLIENT if of_client else known_as, exchange
            if accused is not None and is_hidden(exchange, observation, found=is_strong(accused)):
                seen = closed = closed or _closed(exchange, accused)
            try:
                for finding in CHECKS[observation.check](self._sight(seen, record.id, observation)):
                    if exchange.negative and (finding.party == "client" or record.mode == CLIENT):
                        continue
                    wrong = finding.outcome is Outcome.VIOLATED and finding.party == "server"
                    of_form = wrong and says_nothing(observation, exchange)
                    yield Evidence(record, label, finding, exchange, of_form)
                    if of_form and (accused is None or not is_strong(accused)):
                        accused = record
            except NotKnown:
                if accused is not None and seen is not exchange:
                    yield Evidence(record, label, Finding(Outcome.BLOCKED, blocked_by=accused.id), exchange)
        with suppress(NotKnown):
            for finding in drift(self._sight(closed or exchange, "drift", _DRIFT)) if self._tells_drift else ():
                yield Evidence(None, known_as, finding, exchange)
        if exchange.request.method not in ("GET", "HEAD", "OPTIONS") and exchange.response.status_class != 4:
            # What failed otherwise may have been done all the same.
            self._writes += 1

    def _applying(self, exchange: Exchange) -> list[_Bound]:
        operation, method = exchange.operation, exchange.request.method
        is_list = operation is None and _is_list(exchange, self._contract)
        key = (operation, method, is_list)
        if key not in self._applicable:
            applying = [
                (record, observation, WHEN.get(observation.check), record.operations[0] == CLIENT)
                for record, bound in self._bound
                for observation in bound
                if applies(observation.operations or record.operations, operation, method, is_list=is_list)
            ]
            self._applicable[key] = sorted(applying, key=lambda one: basicness(one[1]))
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


def _closed(exchange: Exchange, accused: Requirement) -> Exchange:
    """An exchange of whose content no more is to be said."""
    return evolve(exchange, response=evolve(exchange.response, closed=f"{accused.id} does not hold"))


def _is_list(exchange: Exchange, contract: Contract) -> bool:
    try:
        return page_in(exchange, contract) is not None
    except NotKnown:
        return False  # Of a body that is not known nothing can be said.
