"""The pytest items: a requirement × operation, a planted fault, and the server without a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

from conformance.contract import ConformanceError, Contract
from conformance.contract.verdict import Verdict
from conformance.plugin.session import CONFORMANCE, Conformance
from conformance.properties import Item, Result, Run, items_of
from conformance.properties.assertions import Moment
from conformance.properties.detection import Planted, detect, is_alarm, planted
from conformance.report.text import one_line, visible
from conformance.targets import ReferenceTarget
from conformance.traffic.curl import curl

VERDICT = "conformance verdict"
CAUSE = "conformance cause"
DETECTED = "conformance detected"
ALARMS = "conformance alarms"


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


class NotConforming(Exception):
    """A verdict that fails the run; the text is for people."""


class VerdictItem(pytest.Item):
    """An item whose outcome is a verdict or a detection; failures are told without a traceback."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, NotConforming | ConformanceError):
            return self._told(visible(str(excinfo.value)))
        # A traceback may show what was in the hands of the code.
        return visible(self.conformance.redactor.text(str(super().repr_failure(excinfo, style))))

    def _told(self, text: str) -> ReprExceptionInfo:
        """A failure that pytest's summary repeats by its first line alone: of a text it has all where `CI` is set."""
        shown = ReprTraceback([ReprEntryNative([f"{text}\n"])], None, "native")
        return ReprExceptionInfo(shown, ReprFileLocation(str(self.path), 0, text.partition("\n")[0]))

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
        verdict, result = conformance.verdict(self.item, conformance.results_of(self.item), self.where)
        self.user_properties.append((VERDICT, verdict.value))
        if verdict is Verdict.BROKEN:
            self.user_properties.append((CAUSE, result.reason))
        if verdict.fails_run:
            raise NotConforming(self._explained(verdict, result))
        if not verdict.seen:
            pytest.skip(one_line(result.reason or verdict.value))

    @property
    def where(self) -> str:
        """The test that it is an item of: `path::function`."""
        return self.nodeid.rpartition("::")[0]

    def _explained(self, verdict: Verdict, result: Result) -> str:
        record = self.item.requirement
        contract = self.conformance.contracts[record.api]
        document = contract.document_of(record)
        lines = [
            f"{verdict.value}: {self.item.id}",
            f"  requirement: {record.statement} ({record.strength}, {record.basis})",
            f"  source:      {document.title}, {record.section}: {document.url}",
            f"  what:        {result.reason or 'a listed deviation now holds: take it off the list'}",
        ]
        for shown in result.shown[:1]:
            lines += [f"  expected:    {shown.finding.expected}", f"  actual:      {shown.finding.actual}"]
            if shown.exchange is not None:
                lines += _said(shown.exchange, contract)
            lines += _steps(shown.timeline, contract)
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


def _steps(timeline: Sequence[Moment], contract: Contract) -> list[str]:
    """The steps that led to a violation: under each its exchanges, with how to make them again."""
    lines = ["  steps:"] if timeline else []
    for step, moments in groupby(timeline, key=lambda moment: moment.step):
        lines.append(f"    {step}")
        for moment in moments:
            request = moment.exchange.request
            lines.append(f"      {request.method} {request.url} → {moment.exchange.response.status}")
            lines.append(f"        {curl(request, contract.conventions.auth.credentials)}")
    return lines


class FaultItem(VerdictItem):
    """One planted fault: passes if the requirement it breaks turns red."""

    def __init__(self, *, fault: Planted, items: list[Item], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fault, self.items = fault, items

    def runtest(self) -> None:
        detection = detect(self.fault, self.items)
        self.user_properties.append((DETECTED, [self.fault.id, detection.caught, *detection.beside]))
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
        for item in self.items:
            run.attempt(item)
        alarms = [f"{item.id}: {result.reason}" for item in self.items if is_alarm(result := run.result(item))]
        self.user_properties.append((ALARMS, [self.api, len(alarms)]))
        if alarms:
            raise NotConforming("\n".join(["false alarms:", *(f"  {alarm}" for alarm in alarms)]))


def fault_items(
    session: pytest.Session, conformance: Conformance, ours: list[RequirementItem]
) -> Iterator[pytest.Item]:
    for api, contract in conformance.contracts.items():
        items = [item.item for item in ours if item.item.requirement.api == api]
        yield ControlItem.from_parent(session, name=f"{api} without a fault", api=api, items=items)
        for fault in planted(contract):
            yield FaultItem.from_parent(session, name=fault.id, fault=fault, items=items)
