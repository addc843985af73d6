"""The report of a run: what its events come to, whatever streams they came in and in whatever order."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Self, TypeVar

from attrs import field, frozen
from pydantic import JsonValue

from conformance.contract.verdict import Verdict, worst
from conformance.report.events import (
    REFERENCE_SERVER,
    Deviation,
    Event,
    Evidence,
    Footer,
    Header,
    Observation,
    Provenance,
    Record,
    ReportError,
    RequirementText,
    Target,
    VerdictGiven,
    canonical,
)
from conformance.report.text import cut, one_line


class Finding(Observation):
    """Equal observations at one operation as one, with the exchange of one of them.

    Long texts are cut for display; the events keep them whole.
    """

    times: int


@frozen
class Case:
    """A requirement at one operation. `reason`, `tests` and `deviation` are those of the verdict that won."""

    requirement: str
    operation: str
    verdict: Verdict
    reason: str | None
    held: int
    tests: tuple[str, ...]
    deviation: Deviation | None
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        return f"{self.requirement}[{self.operation}]"

    @property
    def headline(self) -> str:
        """One line that says why: the verdict's reason, a violation, or the deviation that is out of date."""
        why = [self.reason, *(finding.message for finding in self.findings if finding.outcome == "violated")]
        if self.deviation and self.verdict is Verdict.UNEXPECTED_PASS:
            why.append(f"holds, yet is listed as known: {self.deviation.reason}")
        return one_line(next(filter(None, why), ""))


@frozen
class Requirement:
    """A requirement with the verdict merged over its operations; without any, it was not exercised."""

    id: str
    text: RequirementText
    verdict: Verdict
    cases: tuple[Case, ...]

    @property
    def api(self) -> str:
        return self.id.split(".")[0]

    @property
    def area(self) -> str:
        return self.id.split(".")[1]

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many of its cases have each verdict, worst first, zeros included."""
        return _counts(case.verdict for case in self.cases)

    @property
    def clause(self) -> str:
        """The section of the document it rests on, and where that is."""
        return " ".join(part for part in (self.text.section, self.text.url) if part)


@frozen
class Report:
    """Everything the renderers show. Built by `from_events` only."""

    events: tuple[Event, ...] = field(repr=False)
    """All events, sorted: writing and reading them again gives an equal report."""
    apis: tuple[str, ...]
    targets: tuple[Target, ...]
    """One, unless streams of one target differ in base URL or capabilities."""
    provenance: tuple[Provenance, ...]
    started: str
    options: Mapping[str, JsonValue]
    """Where streams differ, the list of their values."""
    versions: Mapping[str, str]
    streams: int
    footers: int
    exchanges: int
    ended_with: frozenset[int]
    """The exit statuses that streams ended with."""
    unknown_operations: Mapping[str, int]
    errors: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    drift: tuple[Finding, ...]
    """What no document mentions."""
    unjudged: tuple[Finding, ...]
    """Evidence for a requirement at an operation that no stream gave a verdict on."""

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> Self:
        """The report of one run from the events of all its streams.

        Raises:
            ReportError: there is no header, the streams are of different targets, two catalogues word a
                requirement differently, or an event names a requirement that no header has.
        """
        events = list(events)
        headers = [event for event in events if isinstance(event, Header)]
        footers = [event for event in events if isinstance(event, Footer)]
        evidence = [event for event in events if isinstance(event, Evidence)]
        verdicts = [event for event in events if isinstance(event, VerdictGiven)]
        if not headers:
            raise ReportError("there is no header among the events: nothing was run")
        runs = [header.run for header in headers]
        targets = _distinct(run.target for run in runs)
        if len({(target.name, target.kind) for target in targets}) > 1:
            names = ", ".join(sorted({target.name for target in targets}))
            raise ReportError(f"the events are of different targets, and a report is about one: {names}")
        texts = _requirement_texts(headers)
        named = {event.requirement for event in verdicts} | {event.requirement for event in evidence}
        if unknown := sorted(name for name in named if name is not None and name not in texts):
            raise ReportError(f"an event names {unknown[0]}, which is in no header")

        findings = _findings(evidence)
        requirements = _requirements(texts, verdicts, findings)
        judged = {(case.requirement, case.operation) for item in requirements for case in item.cases}
        loose = [found for place in sorted(findings, key=str) if place not in judged for found in findings[place]]
        return cls(
            events=_sorted_events(headers, evidence, verdicts, footers, texts),
            apis=tuple(sorted({api for run in runs for api in run.api})),
            targets=targets,
            provenance=_distinct(item for run in runs for item in run.provenance),
            started=min(run.started for run in runs),
            options={
                name: values[0] if len(values) == 1 else values
                for name, values in _values(run.options for run in runs).items()
            },
            versions={
                name: ", ".join(map(str, values)) for name, values in _values(run.versions for run in runs).items()
            },
            streams=len(headers),
            footers=len(footers),
            exchanges=sum(footer.exchanges for footer in footers),
            ended_with=frozenset(footer.exit_status for footer in footers),
            unknown_operations=_sum(footer.unknown_operations for footer in footers),
            errors=tuple(sorted({one_line(error) for footer in footers for error in footer.errors})),
            requirements=requirements,
            drift=tuple(found for found in loose if found.requirement is None),
            unjudged=tuple(found for found in loose if found.requirement is not None),
        )

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """Every requirement at every operation it has a verdict for."""
        return tuple(case for requirement in self.requirements for case in requirement.cases)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What was seen of a requirement that is worth telling, but bears on no verdict."""
        found = [finding for case in self.cases for finding in case.findings if finding.outcome == "note"]
        return (*found, *(finding for finding in self.unjudged if finding.outcome == "note"))

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many cases have each verdict, worst first, zeros included."""
        return _counts(case.verdict for case in self.cases)

    @property
    def requirement_counts(self) -> dict[Verdict, int]:
        """How many requirements have each merged verdict, worst first, zeros included."""
        return _counts(requirement.verdict for requirement in self.requirements)

    @property
    def finished(self) -> bool:
        """Whether every stream came to its footer."""
        return self.footers >= self.streams

    @property
    def run_failures(self) -> tuple[str, ...]:
        """Why the run as a whole fails, apart from its verdicts, a line each."""
        lines = []
        if not self.finished:
            missing = self.streams - self.footers
            lines.append(f"the run did not finish: {missing} of {self.streams} event streams have no footer")
        if not any(case.verdict.seen for case in self.cases):
            lines.append("no requirement was exercised")
        lines += self.errors
        explained = {0, 1} if lines or self._failing else {0}
        lines += [f"the run ended with exit status {status}" for status in sorted(self.ended_with - explained)]
        return tuple(lines)

    @property
    def exit_reasons(self) -> tuple[str, ...]:
        """Why the exit status is 1, a line each; empty where it is 0."""
        return (*([", ".join(self._failing)] if self._failing else []), *self.run_failures)

    @property
    def _failing(self) -> list[str]:
        return [f"{count} {verdict.value}" for verdict, count in self.counts.items() if verdict.fails_run and count]

    @property
    def exit_status(self) -> int:
        return 1 if self.exit_reasons else 0

    @property
    def provenance_lines(self) -> tuple[str, ...]:
        """Where the answers come from, a sentence for each API."""
        known = {item.api for item in self.provenance}
        return (
            *(_provenance_line(item, self.targets[0].kind) for item in self.provenance),
            *(f"{api}: it is not known where these answers come from" for api in self.apis if api not in known),
        )


def _provenance_line(item: Provenance, kind: str) -> str:
    how, whence = ("recorded", "from") if kind in ("cassette", "traffic") else ("answered", "by")
    when = f" on {item.recorded}" if item.recorded else ""
    version = f" (version {item.version})" if item.version else ""
    reference = item.source == REFERENCE_SERVER
    source = f"the {REFERENCE_SERVER}{version}, not {whence} the vendor" if reference else item.source + version
    return f"{item.api}: {how}{when} {whence} {source}"


_Place = tuple[str | None, str]


def _findings(evidence: Iterable[Evidence]) -> dict[_Place, tuple[Finding, ...]]:
    """By requirement and operation: equal observations as one, violations first."""
    groups: dict[tuple[str | None, ...], list[Evidence]] = defaultdict(list)
    for event in evidence:
        key = (event.requirement, event.operation, event.outcome, event.party, event.message)
        groups[*key, event.expected, event.actual].append(event)
    places: dict[_Place, list[Finding]] = defaultdict(list)
    for group in groups.values():
        shown = min(group, key=lambda event: (event.exchange is None, canonical(event)))
        places[shown.requirement, shown.operation].append(_finding(shown, len(group)))
    return {
        place: tuple(sorted(found, key=lambda item: (item.outcome != "violated", canonical(item))))
        for place, found in places.items()
    }


def _finding(event: Evidence, times: int) -> Finding:
    exchange = event.exchange
    if exchange is not None:
        request, response = exchange.request, exchange.response
        body = None if request.body is None else cut(request.body)
        exchange = exchange.model_copy(
            update={
                "request": request.model_copy(update={"body": body}),
                "response": response.model_copy(update={"body": cut(response.body)}),
            }
        )
    return Finding(
        requirement=event.requirement,
        operation=event.operation,
        outcome=event.outcome,
        party=event.party,
        message=cut(event.message),
        expected=None if event.expected is None else cut(event.expected),
        actual=None if event.actual is None else cut(event.actual),
        exchange=exchange,
        curl=event.curl,
        source=event.source,
        times=times,
    )


def _requirements(
    texts: Mapping[str, RequirementText],
    verdicts: Iterable[VerdictGiven],
    findings: Mapping[_Place, tuple[Finding, ...]],
) -> tuple[Requirement, ...]:
    given: dict[str, dict[str, list[VerdictGiven]]] = defaultdict(lambda: defaultdict(list))
    for event in verdicts:
        given[event.requirement][event.operation].append(event)
    merged = {
        name: tuple(
            _case(group, findings.get((name, operation), ())) for operation, group in sorted(given[name].items())
        )
        for name in sorted(texts)
    }
    return tuple(
        Requirement(id=name, text=texts[name], verdict=worst(case.verdict for case in cases), cases=cases)
        for name, cases in merged.items()
    )


def _case(group: Sequence[VerdictGiven], findings: tuple[Finding, ...]) -> Case:
    verdict = worst(event.verdict for event in group)
    winners = [event for event in group if event.verdict is verdict]
    deviations = _distinct(event.deviation for event in winners if event.deviation)
    return Case(
        requirement=group[0].requirement,
        operation=group[0].operation,
        verdict=verdict,
        reason="; ".join(sorted({one_line(event.reason) for event in winners if event.reason})) or None,
        held=sum(event.held for event in group),
        tests=tuple(sorted({event.test for event in winners if event.test})),
        deviation=deviations[0] if deviations else None,
        findings=findings,
    )


def _requirement_texts(headers: Iterable[Header]) -> dict[str, RequirementText]:
    texts: dict[str, RequirementText] = {}
    for header in headers:
        for name, text in header.requirements.items():
            if texts.setdefault(name, text) != text:
                raise ReportError(f"the events are of different catalogues: {name} is worded in two ways")
    return texts


def _sorted_events(
    headers: Iterable[Header],
    evidence: Iterable[Evidence],
    verdicts: Iterable[VerdictGiven],
    footers: Iterable[Footer],
    texts: Mapping[str, RequirementText],
) -> tuple[Event, ...]:
    # Every header stays, since their number tells how many footers are missing; the texts are kept once.
    bare = sorted((Header(run=header.run, requirements={}) for header in headers), key=canonical)
    return (
        Header(run=bare[0].run, requirements=texts),
        *bare[1:],
        *sorted(evidence, key=lambda event: (event.requirement or "", event.operation, canonical(event))),
        *sorted(verdicts, key=lambda event: (event.requirement, event.operation, canonical(event))),
        *sorted(footers, key=canonical),
    )


_R = TypeVar("_R", bound=Record)


def _distinct(records: Iterable[_R]) -> tuple[_R, ...]:
    return tuple(record for _, record in sorted({canonical(record): record for record in records}.items()))


def _values(mappings: Iterable[Mapping[str, JsonValue]]) -> dict[str, list[JsonValue]]:
    """The distinct values of each key, keys and values sorted."""
    values: dict[str, dict[str, JsonValue]] = defaultdict(dict)
    for mapping in mappings:
        for key, value in mapping.items():
            values[key][json.dumps(value, sort_keys=True)] = value
    return {key: [value for _, value in sorted(found.items())] for key, found in sorted(values.items())}


def _sum(mappings: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total = sum((Counter(mapping) for mapping in mappings), Counter[str]())
    return dict(sorted(total.items()))


def _counts(verdicts: Iterable[Verdict]) -> dict[Verdict, int]:
    counted = Counter(verdicts)
    return {verdict: counted[verdict] for verdict in Verdict}
