"""What a pytest session keeps: the target, the runs on it, the verdicts, and what they were weighed with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field

from conformance import suite
from conformance.contract import CLIENT, Contract, Requirement
from conformance.contract.deviations import Known
from conformance.contract.score import Score
from conformance.contract.verdict import Outcome, Verdict, verdict_of, worst
from conformance.planting import Sampler
from conformance.planting.sampling import Key
from conformance.plugin.recordings import Recordings
from conformance.properties import Item, Result, Run, items_of
from conformance.properties.causes import Cause
from conformance.properties.cleanup import take_over
from conformance.properties.detection import Detection
from conformance.properties.prepare import Preparation, prepare
from conformance.properties.rules import unknown_rules
from conformance.properties.scoring import scores_of
from conformance.properties.turns import Turns, told_of
from conformance.report.events import Gate
from conformance.report.events import Target as TargetText
from conformance.report.journal import Journal, header
from conformance.report.model import Report
from conformance.report.write import Parts
from conformance.targets import (
    CassetteTarget,
    HarnessError,
    NotExercised,
    Selection,
    Target,
    TargetError,
    UrlTarget,
)
from conformance.targets.clock import SystemClock
from conformance.targets.preflight import awaited, preflight
from conformance.traffic import formats
from conformance.traffic.cassette import CassetteError
from conformance.traffic.listening import Listener
from conformance.traffic.redact import Redactor

CONFORMANCE = pytest.StashKey["Conformance"]()

TELL_EVERY = 10.0
"""Seconds between two lines that tell how far a run has come."""


@define(eq=False)
class Progress:
    """How far the items of one requirement have come, for what can only be said at the last of them."""

    left: int = 0
    deviated: bool = False


@define(eq=False, slots=False)
class Conformance:
    """Everything the plugin keeps for a session.

    Attributes:
        selected: API → its items that are run, in the order in which they make their exchanges.
        complete: APIs of which every exchange was made.
        causes: why something broke → the first item that it broke.
        plants: defects are planted on the answers of the run.
        scores: requirement and operation → what became of those.
        unwritten: why there are no reports, though the run has come to one.
    """

    config: pytest.Config
    selection: Selection
    contracts: dict[str, Contract]
    known: Known
    gate: Gate
    report_dir: Path
    parts: Parts
    started: datetime
    tell: Callable[[str], None] = lambda _: None
    runs: dict[str, Run] = field(factory=dict)
    progress: dict[str, Progress] = field(factory=dict)
    recordings: Recordings | None = None
    collectable: list[Item] = field(factory=list)
    selected: dict[str, list[Item]] = field(factory=dict)
    complete: set[str] = field(factory=set)
    detected: dict[str, Detection] = field(factory=dict)
    alarms: dict[str, int] = field(factory=dict)
    report: Report | None = None
    causes: dict[str, str] = field(factory=dict)
    unwritten: str | None = None
    left_by_others: list[str] = field(factory=list)
    write_deviations: Path | None = None
    records: int | None = None
    wait: float | None = None
    told: list[str] = field(factory=list)
    preparations: list[Preparation] = field(factory=list)
    plants: bool = False
    scores: dict[Key, Score] = field(factory=dict)
    _scored: set[Key] = field(factory=set)
    _journal: Journal | None = None

    @cached_property
    def redactor(self) -> Redactor:
        """Knows every credential of the run, for what is told besides exchanges: logs and tracebacks."""
        redactor = Redactor()
        for api, target in self.selection.targets.items():
            if isinstance(target, UrlTarget):
                target.credentials.tell(redactor, f"{api}-")
        return redactor

    @property
    def strict(self) -> bool:
        return "strict=true" in (self.config.getoption("override_ini") or [])

    @property
    def examples(self) -> int:
        count: int = self.config.getoption("examples")
        return count

    @property
    def journal(self) -> Journal:
        """This process's events; the file is begun with the first of them."""
        if self._journal is None:
            worker = getattr(self.config, "workerinput", {}).get("workerid", "main")
            self._journal = Journal.open(self.parts.of(worker), self._header())
            self._journal.errors += self.known.expired
            self._journal.warnings += self.known.unfilled
        return self._journal

    def begin(self) -> None:
        """Begins this process's events, if nothing has yet."""
        _ = self.journal

    @property
    def journaled(self) -> bool:
        return self._journal is not None

    def _header(self) -> Any:
        targets = self.selection.targets
        first = next(iter(targets.values()))
        options = (
            "examples",
            "faults",
            "record",
            "allow_writes",
            "allow_billable",
            "require",
            "require_all_must",
            "require_supported",
        )
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
            self.gate,
            self.started,
        )

    def existing(self) -> Iterator[Item]:
        """Every item that there is, of the suite and of what else was collected, whether it is run or not."""
        yield from self.collectable
        for test in suite.tests():
            for contract in self.contracts.values():
                yield from items_of(test.function, test.name, contract)

    def unknown_rules(self) -> list[str]:
        """A line for each rule of a requirement that nothing knows."""
        functions = [*(test.function for test in suite.tests()), *(item.function for item in self.collectable)]
        return list(unknown_rules(self.contracts.values(), functions))

    def keep_recordings(self) -> None:
        """Writes what was recorded; what cannot be written or read is told in the report."""
        if self.recordings is None or not self.runs:
            return
        try:
            self.recordings.save(self.existing())
        except OSError as error:
            self.journal.errors.append(f"{error.filename}: the recording cannot be written: {error.strerror}")
        self.journal.warnings += self.recordings.warnings

    def answers(self, items: list[Item] | None) -> bool:
        """Asks a target at a URL, once and before anything else, whether it is up; if it is not, that is an error.

        Args:
            items: what is to be run, None where that is not known; what binds a client alone needs no target.
        """
        for api, target in self.selection.targets.items():
            asked = items is None or any(i.requirement.api == api and i.requirement.mode != CLIENT for i in items)
            if not asked or not isinstance(target, UrlTarget):
                continue
            try:
                warning = preflight(target) if self.wait is None else awaited(target, self.wait)
            except (TargetError, HarnessError, NotExercised) as error:
                self.journal.errors.append(str(error))
                return False
            if warning is not None:
                self.journal.warnings.append(warning)
        return True

    def select_items(self, items: Iterable[Item]) -> None:
        """Takes note of what is run. However it was shuffled, exchanges are made in the order of collection."""
        chosen = set(map(id, items))
        for item in self.collectable:
            if id(item) in chosen:
                self.selected.setdefault(item.requirement.api, []).append(item)
                self.progress.setdefault(item.requirement.id, Progress()).left += 1
        for selected in self.selected.values():
            # Exercises come last: what other tests create is there to be seen.
            selected.sort(key=lambda item: item.judged_by_evidence)

    def results_of(self, item: Item) -> Mapping[str, Result]:
        """What an item comes to at each operation that it speaks of, by every exchange of its API: all are made before
        the first is judged."""
        api = item.requirement.api
        run = self.run_of(api)
        if api not in self.complete:
            self._attempt_all(api, run)
            self.complete.add(api)
        return run.results(item)

    def _attempt_all(self, api: str, run: Run) -> None:
        """Makes every exchange of an API; where that takes a while, a line now and then tells how far it has come."""
        items, target = self.selected[api], self.selection.targets[api]
        if isinstance(target, UrlTarget) and any(item.requirement.mode != CLIENT for item in items):
            self._prepare(run, target)
        if isinstance(target, CassetteTarget) and any(item.requirement.mode != CLIENT for item in items):
            self._hear(run, target)
        clock = target.clock if isinstance(target, UrlTarget) and isinstance(target.clock, SystemClock) else None
        told = clock.now() if clock else 0.0
        for number, item in enumerate(self._in_turn(items, target), start=1):
            run.attempt(item)
            if clock and clock.now() - told >= TELL_EVERY:
                told = clock.now()
                clock.tell(f"{api}: {number} of {len(items)} items asked, {run.exchanges} exchanges; verdicts follow")
        if self.plants:
            self.scores |= scores_of(run, items, self.tell)

    def _in_turn(self, items: list[Item], target: Target) -> Iterator[Item]:
        """The items in the order in which they are asked: that of collection, unless requests are few."""
        if not isinstance(target, UrlTarget) or target.most is None:
            yield from items
            return
        budget = target.budget
        turns = Turns(items, lambda: budget.sent, lambda: budget.exhausted)
        yield from turns
        if (line := told_of(turns)) is not None:
            self.journal.notices.append(line)
        yield from turns.rest()

    def _hear(self, run: Run, target: CassetteTarget) -> None:
        """Judges what others recorded of the API; what cannot be read is an error, and stops nothing else."""
        listener = Listener(run.contract, errors=self.journal.errors)
        for path in target.recorded:
            try:
                for heard in listener.hear(formats.read(path)):
                    if heard.begins:
                        run.begin({}, apart=True)
                    run.observe(heard.exchange)
            except CassetteError as error:
                self.journal.errors.append(str(error))
        run.begin({}, apart=True)

    def _prepare(self, run: Run, target: UrlTarget) -> None:
        """Finds out what has to be known of a target before it is asked, and fills its lists."""
        try:
            run.begin(target.facts)
            operations = {item.operation for item in self.selected[run.contract.api]}
            prepared = prepare(target, operations, run.observe, self.records)
        except (TargetError, HarnessError) as error:
            self.journal.errors.append(str(error))
        except NotExercised as reason:
            self.journal.notices.append(str(reason))
        else:
            self.journal.notices += prepared.notices
            self.preparations.append(prepared)

    def conclude(self, where: Mapping[int, str]) -> None:
        """Gives what a run that was cut off has come to, before any of it was judged."""
        for api, run in self.runs.items():
            for item in self.selected.get(api, ()) if api not in self.complete else ():
                if run.attempted(item):
                    self.verdict(item, run.results(item), where[id(item)])

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
            if self.plants:
                run.sampler, run.recording = Sampler(), {}
            if self.recordings is not None:
                run.recording = self.recordings.takes_of(api)
                run.recorded_cases = self.recordings.cases_of(api)
            self.runs[api] = run
        return self.runs[api]

    @property
    def is_worker(self) -> bool:
        """Whether this is one of the processes that a run is divided among."""
        return hasattr(self.config, "workerinput")

    def clean_up(self) -> None:
        """Deletes what this process's runs created, and what those that died have left."""
        for run in self.runs.values():
            run.finish()
        for prepared in self.preparations:
            self.journal.errors += prepared.undo()
        urls = [target for target in self.selection.targets.values() if isinstance(target, UrlTarget)]
        if not self.is_worker and not self.runs:
            self.left_by_others = take_over(
                self.parts.run_id, [target for target in urls if "writes" in target.capabilities]
            )

    def verdict(self, item: Item, results: Mapping[str, Result], test: str) -> tuple[Verdict, Result]:
        """Weighs what an item came to, by operation, and writes it; the worst verdict, and the result that it is of."""
        record = item.requirement
        progress = self.progress.setdefault(record.id, Progress(left=1))
        progress.left -= 1
        outcomes = {result.outcome for result in results.values()}
        if self.recordings is not None and Outcome.BROKEN not in outcomes:
            self.recordings.done(item)
        progress.deviated |= Outcome.VIOLATED in outcomes
        results = {place: self._weighed(record, place, result) for place, result in results.items()}
        given = {place: self._verdict(record, place, result, test) for place, result in results.items()}
        worst_verdict = worst(given.values())
        return worst_verdict, next(results[place] for place, verdict in given.items() if verdict is worst_verdict)

    def _weighed(self, record: Requirement, operation: str, result: Result) -> Result:
        """A result, where defects were planted to see whether it could have been another one."""
        score = self._score(record, operation)
        if score is None:
            return result
        outcome, reason = score.of(result.outcome, result.reason)
        return evolve(result, outcome=outcome, reason=reason)

    def _score(self, record: Requirement, operation: str) -> Score | None:
        """What binds a client and is judged at a played server is no answer of the target: nothing is planted there."""
        nothing = Score() if self.plants and record.mode != CLIENT else None
        return self.scores.get((record.id, operation), nothing)

    def _verdict(self, record: Requirement, operation: str, result: Result, test: str) -> Verdict:
        progress, deviation = self.progress[record.id], self.known.of(record.id, operation)
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
        )
        contract = self.contracts[record.api]
        for shown in result.shown:
            timeline = [(moment.step, moment.exchange) for moment in shown.timeline]
            self.journal.found(contract, record.id, operation, shown.finding, shown.exchange, timeline)
        self.journal.verdict(
            record.id,
            operation,
            verdict,
            reason=result.reason,
            test=test,
            held=result.held,
            deviation=deviation,
            blocked_by=result.blocked_by.text if result.blocked_by else None,
            need=result.need,
            # Several tests may judge one requirement: its score is told once.
            score=None if (record.id, operation) in self._scored else self._score(record, operation),
        )
        self._scored.add((record.id, operation))
        if result.blocked_by is not None:
            self._tell(result.blocked_by)
        return verdict

    def _tell(self, cause: Cause) -> None:
        """Says once of a run what is wrong with the target, where no requirement that fails does."""
        listed = cause.operation is not None and self.known.of(cause.text, cause.operation) is not None
        lines = self.journal.warnings if cause.why is None else self.journal.errors
        if (cause.operation is None or cause.why is not None) and not listed:
            text = cause.why or cause.text
            if text not in lines:
                lines.append(text)


def first_kind(selection: Selection) -> str:
    return next(iter(selection.targets.values())).kind
