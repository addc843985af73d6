"""Detection: does the requirement that a planted fault breaks turn red, and does nothing else without one?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from conformance import reference
from conformance.contract import Contract
from conformance.properties.run import Item, Result, Run
from conformance.report.verdict import Outcome
from conformance.targets import ReferenceTarget
from conformance.targets.client_faults import CLIENT_FAULTS


@frozen
class Planted:
    """A fault as it concerns one API: of its reference server, or of the client.

    Attributes:
        requirement: id of the one that must turn red.
    """

    id: str
    requirement: str
    description: str
    run: Run


@frozen
class Detection:
    """Whether a fault was caught by the requirement it breaks, and what the items came to."""

    caught: bool
    results: tuple[tuple[Item, Result], ...]


def planted(contract: Contract) -> Iterator[Planted]:
    """Every fault that concerns an API, each in a run of its own."""
    for fault in reference.faults_of(contract.api):
        target = ReferenceTarget(contract, fault=fault)
        yield Planted(fault.id, fault.requirement, fault.description, Run(contract, target))
    for defect in CLIENT_FAULTS:
        for record in contract.requirements.values():
            if defect.concerns(record) and not record.not_tested:
                run = Run(contract, ReferenceTarget(contract), client_fault=defect.plant)
                yield Planted(f"{record.id}/{defect.id}", record.id, defect.description, run)


def detect(fault: Planted, items: Sequence[Item]) -> Detection:
    """Runs the items of the requirement that a fault breaks, until one turns red."""
    results = []
    for item in items:
        if item.requirement.id == fault.requirement:
            result = fault.run.run(item)
            results.append((item, result))
            if result.outcome is Outcome.VIOLATED:
                return Detection(True, tuple(results))
    return Detection(False, tuple(results))


def is_alarm(result: Result) -> bool:
    """Whether a result accuses a server that has no fault."""
    return result.outcome in (Outcome.VIOLATED, Outcome.BROKEN, Outcome.STALE)
