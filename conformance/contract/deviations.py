"""Known deviations: listed differences between a target and a document, each with its reason and date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import yaml
from attrs import frozen
from pydantic import Field

from conformance.contract import Contract, ContractError, Record, read_yaml, validated

UNFILLED = "TO BE FILLED IN: why this is known and left"
"""The reason of a deviation that was written by a run: it counts, and is told of until somebody fills it in."""

DAYS = 90
"""Days after which a deviation that a run has written is to be looked at again."""


class Deviation(Record):
    """One known deviation.

    Attributes:
        requirement: the id of what does not hold.
        reason: why that is known and left.
        operation: the operation that deviates; every one of the requirement where it is left out.
        since: the day it was found.
        expires: the last day on which it is left; from the next one on it fails.
        link: where it is followed up.
    """

    requirement: str
    operation: str | None = None
    reason: str = Field(min_length=1)
    since: date
    expires: date | None = None
    link: str | None = None

    def covers(self, requirement: str, operation: str) -> bool:
        return self.requirement == requirement and self.operation in (None, operation)

    def expired(self, today: date) -> bool:
        return self.expires is not None and self.expires < today

    def __str__(self) -> str:
        return f"{self.requirement} at {self.operation or 'every operation'}"


class DeviationFile(Record):
    """The content of a file of known deviations.

    Attributes:
        deviations: each of them; one that names nothing is an error.
    """

    deviations: tuple[Deviation, ...]


@frozen
class Known:
    """What is listed as known on a day.

    Attributes:
        deviations: each that is listed, with the file it is from.
    """

    deviations: tuple[tuple[Deviation, Path], ...]
    today: date

    @classmethod
    def read(cls, paths: Iterable[Path], contracts: Iterable[Contract], today: date) -> Known:
        """What files list; errors as `read`."""
        contracts = list(contracts)
        return cls(tuple((deviation, path) for path in paths for deviation in read(path, contracts)), today)

    def of(self, requirement: str, operation: str) -> Deviation | None:
        """The deviation that a requirement is listed under at an operation, if it has not expired."""
        covering = (deviation for deviation, _ in self.deviations if deviation.covers(requirement, operation))
        return next((deviation for deviation in covering if not deviation.expired(self.today)), None)

    @property
    def expired(self) -> list[str]:
        """A line for each that is not left any longer."""
        return [
            f"{path}: {deviation} expired on {deviation.expires}: mend it, or say until when it is left"
            for deviation, path in self.deviations
            if deviation.expired(self.today)
        ]

    @property
    def unfilled(self) -> list[str]:
        """A line for each file with deviations that nobody has given a reason for."""
        counts = Counter(path for deviation, path in self.deviations if deviation.reason == UNFILLED)
        return [
            f"{path}: {count} deviation{'' if count == 1 else 's'} without a reason: say why each is known and left"
            for path, count in counts.items()
        ]


def read(path: Path, contracts: Iterable[Contract]) -> tuple[Deviation, ...]:
    """The deviations listed in a YAML file.

    Raises:
        ContractError: it is missing or not as it should be, or names a requirement or an operation that none
            of the contracts has.
    """
    deviations, contracts = validated(DeviationFile, read_yaml(path), str(path)).deviations, list(contracts)
    known = {
        record.id: set(contract.operations_of(record)) | {"GET (unknown)"}
        for contract in contracts
        for record in contract.requirements.values()
    }
    base = {name for contract in contracts for name, record in contract.requirements.items() if record.base}
    for deviation in deviations:
        if deviation.requirement not in known:
            raise ContractError(
                f"{path}: {deviation.requirement}: there is no such requirement; `conformance requirements` lists them"
            )
        # A base requirement is judged at whatever was called.
        unknown = deviation.requirement in base and (deviation.operation or "").endswith(" (unknown)")
        if deviation.operation is not None and not unknown and deviation.operation not in known[deviation.requirement]:
            raise ContractError(f"{path}: {deviation.requirement}: it has no operation {deviation.operation}")
    return deviations


def written(failed: Iterable[tuple[str, str]], known: Iterable[Deviation], today: date) -> tuple[Deviation, ...]:
    """The deviations of a target that fails these requirements at these operations.

    What is said of one that is known already is kept; one that has expired is left for another time. What holds now
    is not among them.
    """
    known, expires, found = list(known), today + timedelta(days=DAYS), dict[tuple[str, str], Deviation]()
    for requirement, operation in sorted(set(failed)):
        before = next((deviation for deviation in known if deviation.covers(requirement, operation)), None)
        if before is None:
            before = Deviation(
                requirement=requirement, operation=operation, reason=UNFILLED, since=today, expires=expires
            )
        elif before.expired(today):
            before = before.model_copy(update={"expires": expires})
        found[requirement, before.operation or ""] = before
    return tuple(found.values())


def write(path: Path, deviations: Iterable[Deviation]) -> None:
    """Writes a file of deviations.

    Raises:
        ContractError: it cannot be written.
    """
    content = {"deviations": [deviation.model_dump(exclude_none=True) for deviation in deviations]}
    text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ContractError(f"{path}: cannot be written: {error.strerror}") from None


class _Dumper(yaml.CSafeDumper):
    """Has no aliases: equal days are the same object, and are written out each time."""

    def ignore_aliases(self, data: object) -> bool:
        return True
