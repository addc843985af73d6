"""The pytest plugin: options, one item per requirement × operation, verdicts as outcomes, and the reports."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from conformance import deviations as known_deviations
from conformance.contract import SPECS, ConformanceError, Contract, ContractError, load
from conformance.deviations import Deviation
from conformance.journal import Journal, header
from conformance.properties import Item, Result, Run, binding_of, items_of
from conformance.properties.detection import Planted, detect, is_alarm, planted
from conformance.recordings import Recordings
from conformance.report.events import Target as TargetText
from conformance.report.events import read_events
from conformance.report.model import Report
from conformance.report.summary import summary_lines
from conformance.report.verdict import Outcome, Verdict, verdict_of
from conformance.report.write import write_reports
from conformance.targets import ReferenceTarget, Selection, UrlTarget, select
from conformance.traffic.curl import curl

CONFORMANCE = pytest.StashKey["Conformance"]()
VERDICT = "conformance verdict"
_REQUIREMENT_ITEM = re.compile(r"::([a-z0-9]+)\.[a-z0-9-]+\.[a-z0-9-]+\[[^\]]*\]$")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "API conformance")
    add = group.addoption
    add("--api", action="append", default=[], metavar="NAME", help="judge this API (repeatable; default: all)")
    add(
        "--target",
        default=None,
        metavar="TARGET",
        help="who answers: cassette (default), reference, a URL, or a name from [tool.conformance.targets]",
    )
    add("--examples", type=int, default=5, metavar="N", help="cases a property draws where it draws (default: 5)")
    add("--record", action="store_true", help="keep what the target answers in cassettes (default target: reference)")
    add("--redraw", action="store_true", help="with --record: draw new cases instead of running the recorded ones")
    add("--faults", action="store_true", help="plant each fault and see whether its requirement turns red")
    add("--allow-writes", action="store_true", help="let tests create, change and delete at a URL")
    add(
        "--require", action="append", default=[], metavar="ID", help="fail if this requirement is not seen (repeatable)"
    )
    add("--require-all-must", action="store_true", help="fail if any MUST is not seen")
    add("--deviations", default=None, metavar="FILE", help="known deviations of the target, as YAML")
    add("--report-dir", default=None, metavar="DIR", help="where reports go (default: reports/<target>)")


@define(eq=False)
class Progress:
    """How far the items of one requirement have come, for what can only be said at the last of them."""

    left: int = 0
    seen: bool = False
    deviated: bool = False


@define(eq=False)
class Conformance:
    """Everything the plugin keeps for a session."""

    config: pytest.Config
    selection: Selection
    contracts: dict[str, Contract]
    deviations: tuple[Deviation, ...]
    required: frozenset[str]
    report_dir: Path
    runs: dict[str, Run] = field(factory=dict)
    progress: dict[str, Progress] = field(factory=dict)
    recordings: Recordings | None = None
    recorded: Counter[str] = field(factory=Counter)
    collectable: list[Item] = field(factory=list)
    detected: dict[str, list[bool]] = field(factory=dict)
    alarms: dict[str, list[str]] = field(factory=dict)
    report: Report | None = None
    run_id: str = "main"
    _journal: Journal | None = None

    @property
    def strict(self) -> bool:
        return "strict=true" in (self.config.getoption("override_ini") or [])

    @property
    def examples(self) -> int:
        count: int = self.config.getoption("examples")
        return count

    @property
    def parts(self) -> Path:
        """Where the processes of this run, and of no other, keep their events until it ends."""
        return self.report_dir / "parts" / self.run_id

    @property
    def journal(self) -> Journal:
        """This process's events; the file is begun with the first of them."""
        if self._journal is None:
            worker = getattr(self.config, "workerinput", {}).get("workerid", "main")
            self._journal = Journal.open(self.parts / f"{worker}.ndjson", self._header())
        return self._journal

    @property
    def journaled(self) -> bool:
        return self._journal is not None

    def _header(self) -> Any:
        targets = self.selection.targets
        first = next(iter(targets.values()))
        options = ("examples", "record", "allow_writes", "require", "require_all_must")
        return header(
            self.contracts.values(),
            TargetText(
                name=self.selection.name,
                kind=first.kind,
                base_url=first.base_url if len(targets) == 1 else None,
                capabilities=tuple(sorted(frozenset.union(*(t.capabilities for t in targets.values())))),
            ),
            {api: target.provenance for api, target in targets.items()},
            {**{name: self.config.getoption(name) for name in options}, "strict": self.strict},
        )

    def run_of(self, api: str) -> Run:
        if api not in self.runs:
            contract = self.contracts[api]
            run = Run(
                contract,
                self.selection.targets[api],
                examples=self.examples,
                on_evidence=lambda evidence: self.journal.seen(contract, evidence),
                fresh_names=first_kind(self.selection) == "url" and self.recordings is None,
            )
            if self.recordings is not None:
                run.recording = self.recordings.takes_of(api)
                run.recorded_cases = self.recordings.cases_of(api)
            self.runs[api] = run
        return self.runs[api]

    def deviation_of(self, item: Item) -> Deviation | None:
        covering = (d for d in self.deviations if d.covers(item.requirement.id, item.operation))
        return next(covering, None)

    def verdict(self, item: Item, result: Result, test: str) -> Verdict:
        """Weighs a result, and writes what it came to."""
        record = item.requirement
        progress = self.progress.setdefault(record.id, Progress(left=1))
        progress.left -= 1
        self.recorded[record.api] += result.outcome is not Outcome.BROKEN
        progress.seen |= result.outcome in (Outcome.HELD, Outcome.VIOLATED, Outcome.BROKEN, Outcome.STALE)
        progress.deviated |= result.outcome is Outcome.VIOLATED
        deviation = self.deviation_of(item)
        # A deviation that names no operation is stale only once none of them deviates.
        listed = deviation is not None and (
            deviation.operation is not None
            or result.outcome is not Outcome.HELD
            or (progress.left == 0 and not progress.deviated)
        )
        verdict = verdict_of(
            result.outcome,
            strength=record.strength,
            basis=record.basis,
            deviation_listed=listed,
            strict=self.strict,
            required=record.id in self.required and progress.left == 0 and not progress.seen,
        )
        contract = self.contracts[record.api]
        for shown in result.shown:
            self.journal.found(contract, record.id, item.operation, shown.finding, shown.exchange)
        self.journal.verdict(
            record.id,
            item.operation,
            verdict,
            reason=result.reason,
            test=test,
            held=result.held,
            deviation=deviation,
        )
        return verdict


def first_kind(selection: Selection) -> str:
    return next(iter(selection.targets.values())).kind


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Evidence of one API is gathered in one process: its items share a worker.

    `--dist loadgroup` would do, but xdist 3.8 marks the groups in a way that pytest 9.2 does not read.
    """
    if config.option.dist not in ("load", "loadgroup"):
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByApi(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no type information
        def _split_scope(self, nodeid: str) -> str:
            found = _REQUIREMENT_ITEM.search(nodeid)
            return found.group(1) if found else nodeid

    return ByApi(config, log)


_TAKE_A_PATH = ("--report-dir", "--deviations")


def _joined(arguments: Iterable[str | os.PathLike[str]]) -> Iterator[str]:
    """The arguments with `--option PATH` written as `--option=PATH`."""
    given = iter(map(str, arguments))
    for argument in given:
        yield f"{argument}={next(given, '')}" if argument in _TAKE_A_PATH else argument


def pytest_configure(config: pytest.Config) -> None:
    if config.option.help or config.option.version:
        return
    # A worker parses the arguments anew, before it knows our options: a path that exists by then, as a word of
    # its own, it would take for the place where the tests are.
    arguments = tuple(_joined(config.invocation_params.args))
    config.invocation_params = replace(config.invocation_params, args=arguments)
    try:
        config.stash[CONFORMANCE] = _set_up(config)
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from None


def _set_up(config: pytest.Config) -> Conformance:
    option = config.getoption
    name = option("target") or ("reference" if option("record") or option("faults") else "cassette")
    apis = tuple(api for given in option("api") for api in given.split(",") if api)
    root = Path(config.rootpath)
    selection = select(name, apis, root=root, allow_writes=option("allow_writes"))
    contracts = {api: load(api) for api in selection.targets}
    if option("record") and first_kind(selection) == "cassette":
        raise ContractError("--record needs a target that answers: reference, a URL or a named target")
    if option("faults") and first_kind(selection) != "reference":
        raise ContractError("--faults plants faults in the reference server: leave --target out")
    if option("examples") < 0:
        raise ContractError(f"--examples {option('examples')}: needs a number of 0 or more")
    if option("redraw") and not option("record"):
        raise ContractError("--redraw draws new cases for a recording: give --record too")
    required = _required(option, contracts)
    report_dir = Path(option("report_dir")) if option("report_dir") else root / "reports" / selection.name
    if option("report_dir"):
        try:
            report_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ContractError(f"--report-dir {report_dir}: cannot be made: {error.strerror}") from None
    recordings = Recordings(selection.targets, redraw=option("redraw")) if option("record") else None
    return Conformance(
        config,
        selection,
        contracts,
        _deviations(option("deviations"), selection, contracts),
        required,
        report_dir,
        recordings=recordings,
        run_id=getattr(config, "workerinput", {}).get("conformance", str(os.getpid())),
    )


def _required(option: Callable[[str], Any], contracts: dict[str, Contract]) -> frozenset[str]:
    records = {record.id: record for contract in contracts.values() for record in contract.requirements.values()}
    given = [requirement for text in option("require") for requirement in text.split(",") if requirement]
    for requirement in given:
        if requirement not in records:
            raise ContractError(f"--require {requirement}: no such requirement; `conformance requirements` lists them")
    musts = [record.id for record in records.values() if record.strength == "MUST" and not record.not_tested]
    return frozenset(given) | frozenset(musts if option("require_all_must") else ())


def _deviations(file: str | None, selection: Selection, contracts: dict[str, Contract]) -> tuple[Deviation, ...]:
    """What the option names, else what the target's record names, else what lies beside each contract."""
    named = Path(file) if file else selection.deviations
    beside = [SPECS / api / "deviations" / f"{selection.name}.yaml" for api in contracts]
    paths = [named] if named else [path for path in beside if path.is_file()]
    return tuple(deviation for path in paths for deviation in known_deviations.read(path, contracts.values()))


class BoundTest(pytest.Collector):
    """A test function of the suite; its items are the requirement × operations it is run for."""

    def __init__(self, *, function: Callable[..., None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function = function

    def collect(self) -> Iterable[pytest.Item]:
        conformance = self.config.stash[CONFORMANCE]
        module = self.getparent(pytest.Module)
        assert module is not None
        test = f"{module.path.stem}/{self.name}"
        for contract in conformance.contracts.values():
            for item in items_of(self.function, test, contract):
                conformance.collectable.append(item)
                yield RequirementItem.from_parent(self, name=item.id, item=item)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> Any:
    if binding_of(obj) is None or not isinstance(collector, pytest.Module):
        return None
    if getattr(obj, "__module__", None) != collector.obj.__name__:
        return []
    return BoundTest.from_parent(collector, name=name, function=obj)


class NotConforming(Exception):
    """A verdict that fails the run; the text is for people."""


class VerdictItem(pytest.Item):
    """An item whose outcome is a verdict or a detection; failures are told without a traceback."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, NotConforming | ConformanceError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    @property
    def conformance(self) -> Conformance:
        return self.config.stash[CONFORMANCE]


class RequirementItem(VerdictItem):
    """One requirement × operation on the selected target."""

    def __init__(self, *, item: Item, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.item = item

    def runtest(self) -> None:
        conformance = self.conformance
        result = conformance.run_of(self.item.requirement.api).run(self.item)
        verdict = conformance.verdict(self.item, result, self.nodeid.rpartition("::")[0])
        self.user_properties.append((VERDICT, verdict.value))
        if verdict.fails_run:
            raise NotConforming(self._explained(verdict, result))
        if not verdict.seen:
            pytest.skip(result.reason or verdict.value)

    def _explained(self, verdict: Verdict, result: Result) -> str:
        record = self.item.requirement
        contract = self.conformance.contracts[record.api]
        lines = [
            f"{verdict.value}: {self.item.id}",
            f"  requirement: {record.statement} ({record.strength}, {record.basis})",
            f"  source:      {contract.catalogue.document.title}, {record.section}: {contract.catalogue.document.url}",
            f"  what:        {result.reason or 'a listed deviation now holds: take it off the list'}",
        ]
        for shown in result.shown[:1]:
            lines += [f"  expected:    {shown.finding.expected}", f"  actual:      {shown.finding.actual}"]
            if shown.exchange is not None:
                lines += _said(shown.exchange, contract)
        return "\n".join(lines)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


def _said(exchange: Any, contract: Contract) -> list[str]:
    body = exchange.response.text
    return [
        f"  request:     {exchange.request.method} {exchange.request.url}",
        f"  response:    {exchange.response.reason}  {body[:500]}{'…' if len(body) > 500 else ''}",
        f"  again:       {curl(exchange.request, contract.conventions.auth.credentials)}",
    ]


class FaultItem(VerdictItem):
    """One planted fault: passes if the requirement it breaks turns red."""

    def __init__(self, *, fault: Planted, items: list[Item], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fault, self.items = fault, items

    def runtest(self) -> None:
        detection = detect(self.fault, self.items)
        self.conformance.detected.setdefault(self.fault.requirement.partition(".")[0], []).append(detection.caught)
        if not detection.caught:
            came_to = ", ".join(f"{item.operation}: {result.outcome.value}" for item, result in detection.results)
            raise NotConforming(
                f"missed: {self.fault.id}: {self.fault.description}\n"
                f"  {self.fault.requirement} came to {came_to or 'nothing: no test is bound to it'}"
            )


class ControlItem(VerdictItem):
    """The server without a fault: passes if nothing accuses it."""

    def __init__(self, *, api: str, items: list[Item], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.api, self.items = api, items

    def runtest(self) -> None:
        contract = self.conformance.contracts[self.api]
        run = Run(contract, ReferenceTarget(contract), examples=self.conformance.examples)
        alarms = [f"{item.id}: {result.reason}" for item in self.items if is_alarm(result := run.run(item))]
        self.conformance.alarms[self.api] = alarms
        if alarms:
            raise NotConforming("\n".join(["false alarms:", *(f"  {alarm}" for alarm in alarms)]))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    conformance = config.stash.get(CONFORMANCE, None)
    ours = [item for item in items if isinstance(item, RequirementItem)]
    if conformance is None or not ours:
        return
    others = [item for item in items if not isinstance(item, RequirementItem)]
    # What all exchanges are evidence for comes last.
    ours.sort(key=lambda item: item.item.judged_by_evidence)
    items[:] = [*others, *(_fault_items(session, conformance, ours) if config.getoption("faults") else ours)]


def _fault_items(
    session: pytest.Session, conformance: Conformance, ours: list[RequirementItem]
) -> Iterator[pytest.Item]:
    for api, contract in conformance.contracts.items():
        items = [item.item for item in ours if item.item.requirement.api == api]
        yield ControlItem.from_parent(session, name=f"{api} without a fault", api=api, items=items)
        for fault in planted(contract):
            bound = [item for item in items if item.requirement.id == fault.requirement]
            yield FaultItem.from_parent(session, name=fault.id, fault=fault, items=bound)


def pytest_collection_finish(session: pytest.Session) -> None:
    conformance = session.config.stash.get(CONFORMANCE, None)
    if conformance is None:
        return
    for item in session.items:
        if isinstance(item, RequirementItem):
            conformance.progress.setdefault(item.item.requirement.id, Progress()).left += 1
    if conformance.progress and not hasattr(session.config, "workerinput"):
        shutil.rmtree(conformance.parts, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker whose events it writes."""
    node.workerinput["conformance"] = node.config.stash[CONFORMANCE].run_id


def pytest_report_header(config: pytest.Config) -> list[str]:
    conformance = config.stash.get(CONFORMANCE, None)
    if conformance is None:
        return []
    return [f"conformance: {', '.join(conformance.contracts)} on {conformance.selection.name}"]


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> Any:
    if not isinstance(report, pytest.TestReport) or report.when != "call":
        return None
    verdict = dict(report.user_properties).get(VERDICT)
    if verdict == Verdict.BROKEN:
        return "error", "E", "BROKEN"
    if verdict in (Verdict.WARNED, Verdict.DEVIATES, Verdict.NOTED):
        return str(verdict), "w", (str(verdict).upper(), {"yellow": True})
    return None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    conformance = session.config.stash.get(CONFORMANCE, None)
    if conformance is None:
        return
    if conformance.recordings is not None and conformance.runs:
        conformance.recordings.save(conformance.collectable, conformance.recorded)
    if conformance.journaled:
        # What failed is in the events; that the run was cut off is not.
        cut_off = session.exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        _close(conformance, int(session.exitstatus) if cut_off else 0)
    if not hasattr(session.config, "workerinput") and conformance.parts.is_dir():
        conformance.report = _reported(conformance)
        write_reports(conformance.report, conformance.report_dir)
        shutil.rmtree(conformance.parts)
        with suppress(OSError):
            conformance.parts.parent.rmdir()
        if conformance.report.exit_status and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    conformance = config.stash.get(CONFORMANCE, None)
    for target in conformance.selection.targets.values() if conformance else ():
        if isinstance(target, UrlTarget):
            target.close()


def _reported(conformance: Conformance) -> Report:
    """The report of all processes; what is required and was not even run is an error of its own stream."""
    report = Report.from_events(read_events(sorted(conformance.parts.glob("*.ndjson"))))
    unseen = [r.id for r in report.requirements if r.id in conformance.required and not r.cases]
    if not unseen:
        return report
    journal = Journal.open(conformance.parts / "required.ndjson", conformance._header())
    journal.errors += [f"{requirement}: is required, and no test was run for it" for requirement in unseen]
    journal.close()
    return Report.from_events(read_events(sorted(conformance.parts.glob("*.ndjson"))))


def _close(conformance: Conformance, exit_status: int) -> None:
    journal = conformance.journal
    for run in conformance.runs.values():
        journal.exchanges += run.exchanges
        for operation, count in run.unknown.items():
            journal.unknown[operation] = journal.unknown.get(operation, 0) + count
        journal.errors += [f"not deleted, delete it by hand: {left}" for left in run.leftovers]
    journal.close(exit_status)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    conformance = config.stash.get(CONFORMANCE, None)
    if conformance is None:
        return
    write = terminalreporter.write_line
    if conformance.detected or conformance.alarms:
        terminalreporter.section("faults")
        for api in conformance.contracts:
            caught = conformance.detected.get(api, [])
            alarms = len(conformance.alarms[api]) if api in conformance.alarms else "not asked for"
            write(f"{api}: {sum(caught)}/{len(caught)} caught, {alarms} false alarms")
    if conformance.report is not None:
        terminalreporter.section("conformance")
        for line in summary_lines(conformance.report):
            write(line)
        write(f"report: {os.path.relpath(conformance.report_dir / 'report.html')}")
