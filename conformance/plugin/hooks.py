"""The pytest plugin where it is on: one item per requirement × operation, verdicts as outcomes, and the reports."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from conformance.contract import ConformanceError, ContractError
from conformance.contract.verdict import Verdict
from conformance.plugin import known
from conformance.plugin.discretion import Discretion
from conformance.plugin.items import ALARMS, CAUSE, DETECTED, VERDICT, BoundTest, RequirementItem, fault_items
from conformance.plugin.options import TAKE_A_PATH
from conformance.plugin.session import CONFORMANCE, Conformance
from conformance.plugin.setting_up import set_up
from conformance.plugin.signals import ends_in_order
from conformance.properties import binding_of
from conformance.properties.detection import Detection, accused_beside
from conformance.report.events import ReportError
from conformance.report.summary import summary_lines
from conformance.report.write import write_reports
from conformance.targets import UrlTarget
from conformance.targets.clock import SystemClock

_REQUIREMENT_ITEM = re.compile(r"::([a-z0-9]+)\.[a-z0-9-]+\.[a-z0-9-]+\[[^\]]*\]$")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Evidence of one API is gathered in one process, whatever --dist says: its items share a worker.

    `--dist loadgroup` would do, but xdist 3.8 marks the groups in a way that pytest 9.2 does not read.
    """
    if config.option.dist == "each":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByApi(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no type information
        def _split_scope(self, nodeid: str) -> str:
            found = _REQUIREMENT_ITEM.search(nodeid)
            return found.group(1) if found else nodeid

    return ByApi(config, log)


def _joined(arguments: Iterable[str | os.PathLike[str]]) -> Iterator[str]:
    """The arguments with `--option PATH` written as `--option=PATH`."""
    given = iter(map(str, arguments))
    for argument in given:
        yield f"{argument}={next(given, '')}" if argument in TAKE_A_PATH else argument


def pytest_configure(config: pytest.Config) -> None:
    # A worker parses the arguments anew, before it knows our options: a path that exists by then, as a word of
    # its own, it would take for the place where the tests are.
    arguments = tuple(_joined(config.invocation_params.args))
    config.invocation_params = replace(config.invocation_params, args=arguments)
    try:
        config.stash[CONFORMANCE] = set_up(config)
    except (ConformanceError, ReportError) as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(Discretion(config.stash[CONFORMANCE].redactor), "conformance-discretion")
    config.pluginmanager.register(Tally(config.stash[CONFORMANCE]), "conformance-tally")
    config.add_cleanup(ends_in_order())
    config.add_cleanup(gc.unfreeze)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> Any:
    if binding_of(obj) is None or not isinstance(collector, pytest.Module):
        return None
    if getattr(obj, "__module__", None) != collector.obj.__name__:
        return []
    return BoundTest.from_parent(collector, name=name, function=obj)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    conformance = config.stash.get(CONFORMANCE, None)
    ours = [item for item in items if isinstance(item, RequirementItem)]
    if conformance is None or not ours:
        return
    others = [item for item in items if not isinstance(item, RequirementItem)]
    items[:] = [*others, *(fault_items(session, conformance, ours) if _in_reference(config) else ours)]


def _in_reference(config: pytest.Config) -> bool:
    """Whether faults are planted in the reference server, and not on what another target answers."""
    return bool(config.getoption("faults")) and not config.stash[CONFORMANCE].plants


def pytest_collection_finish(session: pytest.Session) -> None:
    conformance = session.config.stash.get(CONFORMANCE, None)
    if conformance is None:
        return
    # What is there by now stays to the end of the process: it need not be looked through for garbage again and again.
    gc.freeze()
    conformance.select_items(item.item for item in session.items if isinstance(item, RequirementItem))
    for problem in conformance.unknown_rules():
        # A worker cannot refuse the call: it tells the report, which fails.
        if not conformance.is_worker:
            raise pytest.UsageError(problem)
        conformance.journal.errors.append(problem)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Any:
    """Before the first item, and in one process of all: a target that is down is asked nothing more."""
    conformance = session.config.stash.get(CONFORMANCE, None)
    if conformance is None or conformance.is_worker or session.config.option.collectonly or session.testsfailed:
        return None
    distributed = session.config.getoption("dist", "no") != "no"
    ours = [item.item for item in session.items if isinstance(item, RequirementItem)]
    return None if conformance.answers(None if distributed else ours) else True


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker whose events it writes."""
    node.workerinput["conformance"] = node.config.stash[CONFORMANCE].parts.run_id


def pytest_sessionstart(session: pytest.Session) -> None:
    conformance = session.config.stash.get(CONFORMANCE, None)
    if conformance is None:
        return
    conformance.tell = partial(_tell, session.config)
    for target in conformance.selection.targets.values():
        if isinstance(target, UrlTarget) and isinstance(target.clock, SystemClock):
            target.clock.tell = conformance.tell


def _tell(config: pytest.Config, line: str) -> None:
    """A line for whoever is watching, while a test runs and its output is captured."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        if reporter is None:
            # A worker has no terminal of its own; what it says here comes out where the run was started.
            print(line, file=sys.stderr, flush=True)
        else:
            reporter.ensure_newline()
            reporter.write_line(line)
            reporter.flush()


class Tally:
    """Counts what became of planted faults, in whichever process that was."""

    def __init__(self, conformance: Conformance) -> None:
        self._conformance = conformance

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            return
        for name, value in report.user_properties:
            if name == DETECTED and isinstance(value, list):
                fault, caught, *beside = value
                self._conformance.detected[fault] = Detection(caught, (), tuple(beside))
            elif name == ALARMS and isinstance(value, list):
                api, count = value
                self._conformance.alarms[api] = count


def pytest_report_header(config: pytest.Config) -> list[str]:
    conformance = config.stash.get(CONFORMANCE, None)
    if conformance is None:
        return []
    return [f"conformance: {', '.join(conformance.contracts)} on {conformance.selection.name}"]


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport, config: pytest.Config) -> Any:
    if not isinstance(report, pytest.TestReport) or report.when != "call":
        return None
    properties = dict(report.user_properties)
    verdict = properties.get(VERDICT)
    if verdict == Verdict.BROKEN:
        # What breaks many items is told with the first of them; the others are counted.
        first = config.stash[CONFORMANCE].causes.setdefault(str(properties.get(CAUSE)), report.nodeid)
        return ("error" if first == report.nodeid else "broken"), "E", "BROKEN"
    if verdict in (Verdict.WARNED, Verdict.DEVIATES, Verdict.NOTED):
        return str(verdict), "w", (str(verdict).upper(), {"yellow": True})
    return None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    conformance = session.config.stash.get(CONFORMANCE, None)
    if conformance is None or session.exitstatus == pytest.ExitCode.USAGE_ERROR:
        return
    conformance.conclude({id(item.item): item.where for item in session.items if isinstance(item, RequirementItem)})
    conformance.clean_up()
    if conformance.left_by_others:
        conformance.journal.errors += map(told_of, conformance.left_by_others)
    conformance.keep_recordings()
    if conformance.gate.required and not session.config.option.collectonly and not conformance.is_worker:
        # The gate is told of also where no item of ours was left to be run.
        conformance.begin()
    if conformance.journaled:
        # What failed is in the events; that the run was cut off is not.
        cut_off = session.exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        _close(conformance, int(session.exitstatus) if cut_off else 0)
    if conformance.parts.begun and not conformance.is_worker:
        _report(conformance)
        failed = conformance.unwritten or (conformance.report and conformance.report.exit_status)
        if failed and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _report(conformance: Conformance) -> None:
    """Writes the reports of all processes; if that cannot be done, their events stay where they are."""
    try:
        conformance.report = conformance.parts.report()
        write_reports(conformance.report, conformance.report_dir)
        if conformance.write_deviations is not None:
            where, report = conformance.write_deviations, conformance.report
            conformance.told.append(known.write(where, report, conformance.known, conformance.contracts))
        conformance.parts.remove()
    except ContractError as error:
        conformance.unwritten = f"--write-deviations: {error}"
    except ReportError as error:
        conformance.unwritten = f"{error}; the events of the run are kept in {conformance.parts.folder}"


def pytest_unconfigure(config: pytest.Config) -> None:
    conformance = config.stash.get(CONFORMANCE, None)
    for target in conformance.selection.targets.values() if conformance else ():
        if isinstance(target, UrlTarget):
            target.close()


def _close(conformance: Conformance, exit_status: int) -> None:
    journal = conformance.journal
    for run in conformance.runs.values():
        journal.exchanges[run.contract.api] += run.exchanges
        for operation, count in run.unknown.items():
            journal.unknown[operation] = journal.unknown.get(operation, 0) + count
        for operation, count in run.not_served.items():
            journal.not_served[operation] = journal.not_served.get(operation, 0) + count
        journal.errors += [told_of(left) for left in run.leftovers]
    for contract in conformance.contracts.values():
        journal.leave_unchecked(contract)
    journal.close(exit_status)


def told_of(left: str) -> str:
    return f"{left}; `conformance cleanup` tries again"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    conformance = config.stash.get(CONFORMANCE, None)
    if conformance is None:
        return
    write = terminalreporter.write_line
    if conformance.detected or conformance.alarms:
        terminalreporter.section("faults")
        for api in conformance.contracts:
            caught = [found.caught for fault, found in conformance.detected.items() if fault.startswith(f"{api}.")]
            alarms = conformance.alarms.get(api, "not asked for")
            write(f"{api}: {sum(caught)}/{len(caught)} caught, {alarms} false alarms")
        if conformance.detected:
            write(accused_beside(conformance.detected))
    if conformance.report is not None:
        terminalreporter.section("conformance")
        for line in summary_lines(conformance.report):
            write(line)
        for line in conformance.told:
            write(line)
        if conformance.unwritten is None:
            write(f"report: {os.path.relpath(conformance.report_dir / 'report.html')}")
    if conformance.unwritten is not None:
        write(f"error: {conformance.unwritten}", red=True)
