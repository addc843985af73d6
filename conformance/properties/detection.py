"""Detection: does the requirement that a planted fault breaks turn red, and does nothing else without one?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from attrs import frozen

from conformance import reference
from conformance.contract import Contract
from conformance.contract.verdict import Outcome
from conformance.properties.client_faults import CLIENT_FAULTS
from conformance.properties.items import Item
from conformance.properties.results import Result
from conformance.properties.run import Run
from conformance.targets import ReferenceTarget, UrlTarget

if TYPE_CHECKING:
    from conformance.reference.tls import Serving


@frozen
class Planted:
    """A fault as it concerns one API: of its reference server, of how that is served, or of the client.

    Attributes:
        requirement: id of the one that must turn red.
        opened: a run in which the fault is there.
    """

    id: str
    requirement: str
    description: str
    opened: Callable[[], AbstractContextManager[Run]]


@frozen
class Detection:
    """Whether a fault was caught by the requirement it breaks, and what the items came to.

    Attributes:
        beside: other requirements that the same exchanges accuse.
    """

    caught: bool
    results: tuple[tuple[Item, Result], ...]
    beside: tuple[str, ...] = ()


def planted(contract: Contract) -> Iterator[Planted]:
    """Every fault that concerns an API, each in a run of its own."""
    # What serves over TLS takes long to load, and only faults need it.
    from conformance.reference.tls import SERVING_FAULTS

    for fault in reference.faults_of(contract.api):
        run = Run(contract, ReferenceTarget(contract, fault=fault))
        yield Planted(fault.id, fault.requirement, fault.description, partial(_in_process, run))
    for record in contract.catalogue.requirements:
        for defect in CLIENT_FAULTS:
            if defect.concerns(record) and not record.not_tested:
                run = Run(contract, ReferenceTarget(contract), client_fault=defect.plant)
                yield Planted(f"{record.id}/{defect.id}", record.id, defect.description, partial(_in_process, run))
        for flaw in SERVING_FAULTS:
            promised = flaw.tls is None or flaw.tls in contract.conventions.tls
            if promised and flaw.breaks in (record.rule, record.id.partition(".")[2]):
                opened = partial(served, contract, flaw.plant)
                yield Planted(f"{record.id}/{flaw.id}", record.id, flaw.description, opened)


@contextmanager
def _in_process(run: Run) -> Iterator[Run]:
    yield run


@contextmanager
def served(contract: Contract, plant: Callable[[Serving], None] = lambda _: None) -> Iterator[Run]:
    """A run against the reference server on a socket of this machine, over TLS, HTTP/1.1 and HTTP/2."""
    from conformance.reference.tls import Serving, serve_tls

    server = reference.build(contract.api, clock=reference.RunningClock())
    serving = Serving()
    plant(serving)
    with serve_tls(server, serving) as at:
        target = UrlTarget(
            contract,
            name="served reference",
            base_url=f"{at.url}{contract.base_path}",
            credentials=server.credentials,
            capabilities=frozenset({"tls", "h2"}),
            parameters={name: tuple(values) for name, values in server.parameters.items()},
            ca=at.ca,
            plain_url=f"{at.plain_url}{contract.base_path}",
        )
        try:
            yield Run(contract, target)
        finally:
            target.close()


def detect(fault: Planted, items: Sequence[Item]) -> Detection:
    """Runs the items of the requirement that a fault breaks, until one turns red, then what else bears on them."""
    results: list[tuple[Item, Result]] = []
    with fault.opened() as run:
        for item in items:
            if item.requirement.id == fault.requirement:
                results.append((item, run.run(item)))
                if results[-1][1].outcome is Outcome.VIOLATED:
                    break
        else:
            results = _with_evidence(run, [item for item, _ in results], items)
        own = {record.id for record in run.contract.catalogue.requirements}
        accused = {name for (name, _), gathered in run.gathered().items() if name in own and gathered.violations}
    caught = any(result.outcome is Outcome.VIOLATED for _, result in results)
    return Detection(caught, tuple(results), tuple(sorted(accused - {fault.requirement})))


def _with_evidence(run: Run, judged: Sequence[Item], items: Sequence[Item]) -> list[tuple[Item, Result]]:
    """What items come to once the exchanges were made, too, that passive requirements of their operations look at."""
    operations = {item.operation for item in judged if item.judged_by_evidence}
    for item in items:
        if item.binding.observes and item.operation in operations:
            operations.remove(item.operation)
            run.attempt(item)
    return [(item, run.result(item)) for item in judged]


def accused_beside(detections: Mapping[str, Detection], most: int = 5) -> str:
    """How many requirements faults accuse beside the one they break: the median, and those that accuse most."""
    counts = {fault: len(detection.beside) for fault, detection in detections.items()}
    worst = sorted(((fault, count) for fault, count in counts.items() if count), key=lambda one: (-one[1], one[0]))
    told = "; ".join(f"{count} by {fault}" for fault, count in worst[:most])
    return f"accused beside the named one: {median(counts.values()):g} at the median; most: {told or 'none'}"


def is_alarm(result: Result) -> bool:
    """Whether a result accuses a server that has no fault."""
    return result.outcome in (Outcome.VIOLATED, Outcome.BROKEN, Outcome.STALE)
