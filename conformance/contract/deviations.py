"""Known deviations: listed differences between a target and a document, each with its reason and date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pydantic import Field

from conformance.contract import Contract, ContractError, Record, read_yaml, validated


class Deviation(Record):
    """One known deviation.

    Attributes:
        requirement: the id of what does not hold.
        reason: why that is known and left.
        operation: the operation that deviates; every one of the requirement where it is left out.
        since: the day it was found.
        link: where it is followed up.
    """

    requirement: str
    operation: str | None = None
    reason: str = Field(min_length=1)
    since: date
    link: str | None = None

    def covers(self, requirement: str, operation: str) -> bool:
        return self.requirement == requirement and self.operation in (None, operation)


class DeviationFile(Record):
    """The content of a file of known deviations.

    Attributes:
        deviations: each of them; one that names nothing is an error.
    """

    deviations: tuple[Deviation, ...]


def read(path: Path, contracts: Iterable[Contract]) -> tuple[Deviation, ...]:
    """The deviations listed in a YAML file.

    Raises:
        ContractError: it is missing or not as it should be, or names a requirement or an operation that none
            of the contracts has.
    """
    deviations = validated(DeviationFile, read_yaml(path), str(path)).deviations
    known = {
        record.id: set(contract.operations_of(record)) | {"GET (unknown)"}
        for contract in contracts
        for record in contract.requirements.values()
    }
    for deviation in deviations:
        if deviation.requirement not in known:
            raise ContractError(
                f"{path}: {deviation.requirement}: there is no such requirement; `conformance requirements` lists them"
            )
        if deviation.operation is not None and deviation.operation not in known[deviation.requirement]:
            raise ContractError(f"{path}: {deviation.requirement}: it has no operation {deviation.operation}")
    return deviations
