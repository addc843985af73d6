"""Known deviations of the target of a session: where they are listed, and those that a run writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from conformance.contract import CLIENT, Contract, ContractError, deviations
from conformance.contract.deviations import UNFILLED, Known
from conformance.contract.verdict import Verdict
from conformance.report.model import Report
from conformance.targets import Selection


def known_of(file: str | None, selection: Selection, contracts: Mapping[str, Contract], today: date) -> Known:
    """What the option names, else what the target's record names, else what lies beside each contract.

    Raises:
        ContractError: a file is missing or not as it should be.
    """
    named = Path(file) if file else selection.deviations
    beside = [contract.folder / "deviations" / f"{selection.name}.yaml" for contract in contracts.values()]
    paths = [named] if named else [path for path in beside if path.is_file()]
    return Known.read(paths, contracts.values(), today)


def place_of(path: str, contracts: Mapping[str, Contract]) -> Path:
    """Where deviations are to be written.

    Raises:
        ContractError: they cannot be, which is told before a run and not after it.
    """
    file = Path(path)
    if file.is_dir():
        raise ContractError(f"--write-deviations {path}: is a folder")
    if file.is_file():
        deviations.read(file, contracts.values())
    return file


def write(path: Path, report: Report, known: Known, contracts: Mapping[str, Contract]) -> str:
    """Writes what fails in a report as known, and returns a line that says so.

    What is listed already, in that file or for this run, keeps its words. What binds the client is no target's.

    Raises:
        ContractError: it cannot be written, or what is there is no file of deviations.
    """
    before = deviations.read(path, contracts.values()) if path.is_file() else ()
    failed = [
        (case.requirement, case.operation)
        for item in report.requirements
        if item.text.mode != CLIENT
        for case in item.cases
        if case.verdict in (Verdict.FAILED, Verdict.DEVIATES)
    ]
    written = deviations.written(failed, [*before, *(each for each, _ in known.deviations)], known.today)
    deviations.write(path, written)
    unfilled = sum(deviation.reason == UNFILLED for deviation in written)
    todo = f"; {unfilled} without a reason: say why each is known and left" if unfilled else ""
    return f"{path}: {len(written)} deviation{'' if len(written) == 1 else 's'} written{todo}"
