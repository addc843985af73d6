"""Items: a requirement × operation, and the test that is run for it."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from conformance.checks import bindings
from conformance.contract import Contract, Requirement
from conformance.properties.binding import Binding, binding_of

UNKNOWN = "GET (unknown)"
EVERYWHERE = "*"
"""What an item is named by that makes no exchange, and has a verdict for each operation that evidence was seen of."""


@frozen
class Item:
    """One requirement × operation, and the test function that is run for it."""

    function: Callable[..., None]
    requirement: Requirement
    operation: str
    test: str

    @property
    def id(self) -> str:
        return f"{self.requirement.id}[{self.operation}]"

    @property
    def binding(self) -> Binding:
        binding = binding_of(self.function)
        assert binding is not None
        return binding

    @property
    def judged_by_evidence(self) -> bool:
        """Whether what other items' exchanges show counts for this one too, so that it has to run last."""
        return self.operation == EVERYWHERE or (not self.requirement.base and bool(bindings(self.requirement)))


def items_of(function: Callable[..., None], test: str, contract: Contract) -> list[Item]:
    """The items a test function is run for in one API: one for each operation of each requirement it cites."""
    return [
        Item(function, requirement, operation, test)
        for requirement in contract.requirements.values()
        if concerns(function, requirement) and not requirement.not_tested
        for operation in _operations_run(function, contract, requirement)
    ]


def _operations_run(function: Callable[..., None], contract: Contract, requirement: Requirement) -> tuple[str, ...]:
    binding = binding_of(function)
    if requirement.base and not (binding is not None and binding.observes):
        operations = contract.operations_of(requirement)
    else:
        operations = operations_judged(contract, requirement)
    if binding is not None and binding.on:
        return tuple(operation for operation in operations if operation in binding.on)
    return operations[:1] if binding is not None and binding.once else operations


def operations_judged(contract: Contract, requirement: Requirement) -> tuple[str, ...]:
    """The operations of a requirement, with `GET (unknown)` where it speaks of paths the contract lacks.

    A base requirement is judged wherever evidence of it is seen, known operation or not.
    """
    if requirement.base:
        return (EVERYWHERE,)
    operations = contract.operations_of(requirement)
    if requirement.mode == "passive" and requirement.operations[0] in ("*", "GET *"):
        return (*operations, UNKNOWN)
    return operations


def concerns(function: Callable[..., None], requirement: Requirement) -> bool:
    """Whether a test function is bound to a requirement."""
    binding = binding_of(function)
    assert binding is not None
    if binding.observes:
        return (requirement.base or requirement.mode == "passive") and bool(bindings(requirement))
    return requirement.id in binding.cites or requirement.rule in binding.cites
