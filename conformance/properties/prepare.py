"""Before the first item of a run at a URL: what the target serves is found out, and its lists are filled."""

from __future__ import annotations

from collections.abc import Collection

from attrs import define, field

from conformance.properties.seeding import Seeded, called, fill, hook_of
from conformance.properties.subject import Subject
from conformance.targets import Observer, UrlTarget
from conformance.targets.discovery import Discovery

NAME = "prepare"


@define
class Preparation:
    """What was found out and made before a run.

    Attributes:
        notices: what people should know of it, a line each.
        seeded: what the target's own hook has done.
    """

    notices: list[str] = field(factory=list)
    seeded: Seeded = field(factory=Seeded)

    def undo(self) -> list[str]:
        """Has the hook remove what it made; returns a line if it could not."""
        cleanup, self.seeded = self.seeded.cleanup, Seeded()
        if cleanup is None:
            return []
        try:
            cleanup()
        except Exception as error:
            return [f"the clean-up of the target's seed failed: {type(error).__name__}: {error}"]
        return []


def prepare(
    target: UrlTarget, operations: Collection[str], observer: Observer, records: int | None = None
) -> Preparation:
    """Looks around at a target, and fills its lists where it may be written to.

    Args:
        operations: those that are asked of it: what no one of them needs is not looked for, nor made.
        observer: is told of each exchange.
        records: how many records each list is to have; None for as many as its rules need, 0 for none.

    Raises:
        TargetError: the target's hook cannot be called, or failed.
    """
    preparation = Preparation()
    discovery = Discovery(target, target.session(NAME, NAME, [observer]).client)
    discovery.find_values(operations)
    if target.discover:
        # A path with ids that exist tells more, and lists that are found have further ids.
        discovery.find_paths()
        discovery.find_values(operations)
    preparation.notices += discovery.notices
    if "writes" in target.capabilities:
        if target.seed is not None:
            preparation.seeded = called(hook_of(target.seed, target.root), target, records)
            target.learn({name: tuple(values) for name, values in preparation.seeded.parameters.items()})
        if records != 0:
            preparation.notices += fill(_subject(target, observer), operations, records)
    return preparation


def _subject(target: UrlTarget, observer: Observer) -> Subject:
    contract = target.contract
    first = next(iter(contract.requirements.values()))
    return Subject(
        contract=contract,
        target=target,
        requirement=first,
        operation_id=contract.operations[0].id,
        test=NAME,
        item=NAME,
        observers=[observer],
        fresh_names=True,
    )
