"""Setting up: what the options of a session come to, each held to what it may be."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from conformance.arguments import seconds, whole_number
from conformance.checks import verify
from conformance.contract import CLIENT, Contract, ContractError, Spec
from conformance.plugin.known import known_of, place_of
from conformance.plugin.recordings import Recordings
from conformance.plugin.session import Conformance, first_kind
from conformance.report.events import Gate
from conformance.report.journal import now
from conformance.report.write import Parts, check_directory
from conformance.shipped import CHECKOUT
from conformance.targets import UrlTarget, select
from conformance.targets.reference import SERVED
from conformance.targets.target import CASSETTES

MOST_SEEDED = 500
"""Records that a run creates for a list at most, whatever it is asked for."""

N = TypeVar("N", int, float)


def set_up(config: pytest.Config) -> Conformance:
    """The session that the options ask for.

    Raises:
        ConformanceError: an option names something unknown, or options do not go together.
    """
    option = config.getoption
    for path in ("target", "deviations", "write_deviations", "report_dir", "spec", "conventions"):
        if option(path) == "":
            raise ContractError(f"--{path.replace('_', '-')}: is empty")
    apis = _names("--api", option("api"))
    # What has no reference server has its defects planted in what was recorded of it.
    served = option("record") or (option("faults") and set(apis) <= set(SERVED) and not option("spec"))
    name = option("target") or ("reference" if served else "cassette")
    if twice := next((api for api in apis if apis.count(api) > 1), None):
        raise ContractError(f"--api {twice}: is given twice")
    root = Path(config.rootpath)
    spec = Spec.of(
        _path(option("spec")),
        adds=option("spec_adds"),
        conventions=_path(option("conventions")),
        name=option("name"),
    )
    selection = select(
        name,
        tuple(apis),
        root=root,
        allow_writes=option("allow_writes"),
        allow_billable=option("allow_billable"),
        parameters=_parameters("--parameter", option("parameter")),
        disposable=_parameters("--disposable", option("disposable")),
        cassettes=_cassettes(option),
        specs=Path(option("specs")).resolve() if option("specs") else None,
        discover=option("discover"),
        spec=spec,
        share=option("budget_share"),
    )
    contracts = {api: target.contract for api, target in selection.targets.items()}
    for contract in contracts.values():
        verify(contract)
    if option("record") and first_kind(selection) == "cassette":
        raise ContractError("--record needs a target that answers: reference, a URL or a named target")
    if option("record") and option("dist", "no") != "no":
        raise ContractError("--record runs in one process, since a cassette has one writer: leave -n out")
    if option("redraw") and not option("record"):
        raise ContractError("--redraw draws new cases for a recording: give --record too")
    gate = _gate(option, contracts)
    if option("examples") < 1:
        raise ContractError(f"--examples {option('examples')}: needs a number of 1 or more")
    at_url = first_kind(selection) == "url"
    records = _number("--seed", option("seed"), whole_number(0, MOST_SEEDED), at_url)
    if option("allow_billable") and not option("allow_writes"):
        raise ContractError("--allow-billable: goes with --allow-writes")
    if records and not option("allow_writes"):
        raise ContractError("--seed: creates records: give --allow-writes too")
    plants = option("faults") and first_kind(selection) != "reference"
    if plants and option("record"):
        raise ContractError("--faults plants defects in what is recorded already: leave --record out")
    if option("faults") and not plants and (gate.required or option("record")):
        raise ContractError("--faults judges no target: leave --require, --require-all-must and --record out")
    report_dir = Path(option("report_dir")) if option("report_dir") else Path("reports", selection.name).absolute()
    if option("report_dir"):
        try:
            report_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ContractError(f"--report-dir {report_dir}: cannot be made: {error.strerror}") from None
    there = next(folder for folder in (report_dir, *report_dir.parents) if folder.exists())
    if not os.access(there, os.W_OK):
        raise ContractError(f"reports cannot be written below {there}: say with --report-dir=DIR where to")
    check_directory(report_dir)
    parts = Parts.of_run(report_dir, getattr(config, "workerinput", {}).get("conformance"))
    most = _number("--budget", option("budget"), whole_number(1), at_url)
    for target in selection.targets.values():
        if isinstance(target, UrlTarget):
            target.session_id, target.most = parts.run_id, most
            # The process that started this one has asked whether the target is up.
            target.budget.sent = 1 if hasattr(config, "workerinput") else 0
    started = now()
    recordings = Recordings(selection.targets, _cassettes(option), option("redraw")) if option("record") else None
    return Conformance(
        config,
        selection,
        contracts,
        known_of(option("deviations"), selection, contracts, started.date()),
        gate,
        report_dir,
        parts,
        started,
        recordings=recordings,
        records=records,
        plants=plants,
        wait=_number("--wait", option("wait"), seconds, at_url),
        write_deviations=place_of(written, contracts) if (written := option("write_deviations")) else None,
    )


def _path(given: str | None) -> Path | None:
    return Path(given).resolve() if given else None


def _number(option: str, given: str | None, read: Callable[[str], N], at_url: bool) -> N | None:
    """The number that an option gives, which is for a target at a URL; None where it is left out."""
    if given is None:
        return None
    try:
        number = read(given)
    except ArgumentTypeError as error:
        raise ContractError(f"{option}: {error}") from None
    if not at_url:
        raise ContractError(f"{option}: is for a URL or a named target")
    return number


def _cassettes(option: Callable[[str], Any]) -> Path:
    """The folder that cassettes are read from, or recorded in."""
    given, recording = option("cassettes"), option("record")
    folder = Path(given) if given else CASSETTES
    if recording and not given and CHECKOUT is None:
        raise ContractError("--record: say with --cassettes=DIR where to keep them: those shipped are not written")
    if recording:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ContractError(f"--cassettes {folder}: cannot be made: {error.strerror}") from None
        if not os.access(folder, os.W_OK):
            raise ContractError(f"--cassettes {folder}: cannot be written to")
    elif not folder.is_dir():
        raise ContractError(f"--cassettes {folder}: there is no such folder")
    return folder


def _names(option: str, given: list[str]) -> list[str]:
    """The names that a repeatable option gives, several of them between commas."""
    names = [name.strip() for text in given for name in text.split(",")]
    if not all(names):
        raise ContractError(f"{option}: a name is empty")
    return names


def _parameters(option: str, given: list[str]) -> dict[str, tuple[str, ...]]:
    """`NAME=VALUE` options, several values of one name in their order."""
    found: dict[str, tuple[str, ...]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise ContractError(f"{option} {text}: needs the form NAME=VALUE")
        found[name] = (*found.get(name, ()), value)
    return found


def _gate(option: Callable[[str], Any], contracts: dict[str, Contract]) -> Gate:
    records = {record.id: record for contract in contracts.values() for record in contract.requirements.values()}
    given = _names("--require", option("require"))
    for requirement in given:
        if requirement not in records:
            raise ContractError(f"--require {requirement}: no such requirement; `conformance requirements` lists them")
    # What binds the client says nothing of the target that is let through.
    own = [record for record in records.values() if not record.base]
    of_target = [record for record in own if record.mode != CLIENT and not record.not_tested]
    musts = [record.id for record in of_target if record.strength == "MUST"]
    required = {*given, *(musts if option("require_all_must") else ())}
    if option("require_supported") and not required:
        raise ContractError("--require-supported says what --require or --require-all-must leave out: give one of them")
    return Gate(required=tuple(sorted(required)), supported_only=option("require_supported"))
