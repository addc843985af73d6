"""The report of a run: what its events come to, whatever streams they came in and in whatever order."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Self

from attrs import field, frozen
from pydantic import JsonValue

from conformance.report.cases import Case, Finding, Requirement, distinct, findings_of, requirements_of, together
from conformance.report.events import (
    Event,
    Evidence,
    Footer,
    Gate,
    Header,
    Need,
    Provenance,
    ReportError,
    RequirementText,
    Score,
    Target,
    Unchecked,
    VerdictGiven,
    canonical,
)
from conformance.report.figures import Group, Result
from conformance.report.text import one_line
from conformance.traffic.cassette import BY_OTHERS, REFERENCE_SERVER


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
    exchanges_of: Mapping[str, int]
    """Exchanges with the target by API."""
    ended_with: frozenset[int]
    """The exit statuses that streams ended with."""
    unknown_operations: Mapping[str, int]
    not_served: Mapping[str, int]
    """Calls of each operation that only a published document names, and the target has not."""
    unchecked: tuple[Unchecked, ...]
    """What of published documents is judged otherwise than it stands there, or not at all, as far as it was met."""
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    """What is worth telling about the run, and does not fail it."""
    notices: tuple[str, ...]
    """What was found out of the target, and made there, before the run."""
    gate: Gate
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
                requirement differently, or an event or a gate names a requirement that no header has.
        """
        events = list(events)
        headers = [event for event in events if isinstance(event, Header)]
        footers = [event for event in events if isinstance(event, Footer)]
        evidence = [event for event in events if isinstance(event, Evidence)]
        verdicts = [event for event in events if isinstance(event, VerdictGiven)]
        if not headers:
            raise ReportError("there is no header among the events: nothing was run")
        runs = [header.run for header in headers]
        targets = distinct(run.target for run in runs)
        if len({(target.name, target.kind) for target in targets}) > 1:
            names = ", ".join(sorted({target.name for target in targets}))
            raise ReportError(f"the events are of different targets, and a report is about one: {names}")
        texts = _requirement_texts(headers)
        required = {name for run in runs for name in run.gate.required}
        named = required | {event.requirement for event in verdicts} | {event.requirement for event in evidence}
        if unknown := sorted(name for name in named if name is not None and name not in texts):
            raise ReportError(f"an event names {unknown[0]}, which is in no header")

        findings = findings_of(evidence)
        requirements = requirements_of(texts, verdicts, findings)
        judged = {(case.requirement, case.operation) for item in requirements for case in item.cases}
        loose = [found for place in sorted(findings, key=str) if place not in judged for found in findings[place]]
        return cls(
            events=_sorted_events(headers, evidence, verdicts, footers, texts),
            apis=tuple(sorted({api for run in runs for api in run.api})),
            targets=targets,
            provenance=distinct(item for run in runs for item in run.provenance),
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
            exchanges_of=_sum(footer.exchanges for footer in footers),
            ended_with=frozenset(footer.exit_status for footer in footers),
            unknown_operations=_sum(footer.unknown_operations for footer in footers),
            not_served=_sum(footer.not_served for footer in footers),
            unchecked=tuple(
                sorted(
                    {each for footer in footers for each in footer.unchecked},
                    key=lambda each: (each.api, each.pointer, each.kind, each.reason),
                )
            ),
            errors=tuple(sorted({one_line(error) for footer in footers for error in footer.errors})),
            warnings=tuple(sorted({one_line(warning) for footer in footers for warning in footer.warnings})),
            notices=tuple(sorted({one_line(notice) for footer in footers for notice in footer.notices})),
            gate=Gate(required=tuple(sorted(required)), supported_only=all(run.gate.supported_only for run in runs)),
            requirements=requirements,
            drift=tuple(found for found in loose if found.requirement is None),
            unjudged=tuple(found for found in loose if found.requirement is not None),
        )

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """Every requirement at every operation it has a verdict for."""
        return tuple(case for requirement in self.requirements for case in requirement.cases)

    @property
    def unchecked_counts(self) -> Mapping[str, int]:
        """How many places of published documents are repaired, and how many are lost, where there are any."""
        return dict(sorted(Counter(each.kind for each in self.unchecked).items()))

    @property
    def exchanges(self) -> int:
        return sum(self.exchanges_of.values())

    @cached_property
    def target(self) -> Group:
        """What binds the target; its figures are those of the report."""
        return self._group("target", self.apis)

    @cached_property
    def client(self) -> Group:
        """What binds clients, judged at a server that is played, or by what a recording shows of one."""
        return self._group("client", self.apis, of_client=True)

    @cached_property
    def base(self) -> Group:
        """What every API promises by speaking HTTP, JSON and OpenAPI; in no figure of what its document promises."""
        return self._group("base", self.apis, base=True)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Of each API what binds the target, what binds its clients, and the base requirements.

        Those of clients and the base ones are there where they were judged or are required; an API that nobody has
        described promises the base ones alone.
        """
        found = []
        for api in self.apis:
            own, client = self._group(api, (api,)), self._group(f"{api} client", (api,), of_client=True)
            base = self._group(f"{api} base", (api,), base=True)
            found += [own] if own.requirements or not base.requirements else []
            found += [group for group in (client, base) if group.cases or group.missing]
        return tuple(found)

    def _group(self, name: str, apis: tuple[str, ...], *, of_client: bool = False, base: bool = False) -> Group:
        def chosen(items: Iterable[Requirement]) -> tuple[Requirement, ...]:
            kind = (of_client, base)
            return tuple(item for item in items if item.api in apis and (item.binds_client, item.base) == kind)

        asked = of_client or not set(apis) & set(self._silent)
        return Group(name, of_client, chosen(self.requirements), chosen(self.missing), asked, base)

    @cached_property
    def _judged(self) -> Group:
        """What a run is about: what binds the target, or the base requirements alone where nothing else does."""
        return self.target if self.target.requirements else self.base

    @property
    def _exercised(self) -> bool:
        """Whether anything that a document describes was seen: any answer at all shows some of what is base."""
        base = (case for case in self.base.cases if case.verdict.seen and not case.operation.endswith(" (unknown)"))
        return bool(self.target.seen) or any(base)

    @property
    def headline(self) -> str:
        """How many requirements of the target were seen, of all that bind it; for several APIs also of each."""
        each = [
            f"{group.name} {group.seen_of_all}"
            for group in self.groups
            if not group.of_client and group.base is self._judged.base
        ]
        line = f"{self._judged.seen_of_all} {'base ' if self._judged.base else ''}requirements seen"
        return f"{line} ({', '.join(each)})" if len(each) > 1 else line

    @cached_property
    def missing(self) -> tuple[Requirement, ...]:
        """What the gate requires and was not seen."""
        asked = (requirement for requirement in self.requirements if requirement.id in self.gate.required)
        return tuple(requirement for requirement in asked if not requirement.let_through(self.gate))

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What was seen of a requirement that is worth telling, but bears on no verdict."""
        found = [finding for case in self.cases for finding in case.findings if finding.outcome == "note"]
        return (*found, *(finding for finding in self.unjudged if finding.outcome == "note"))

    @cached_property
    def blocked(self) -> Mapping[str, tuple[Case, ...]]:
        """What could not be judged, by what blocked it: a requirement's id or a sentence, sorted."""
        causes: dict[str, list[Case]] = defaultdict(list)
        for case in self.cases:
            if case.blocked_by is not None:
                causes[case.blocked_by].append(case)
        return {cause: tuple(cases) for cause, cases in sorted(causes.items())}

    @cached_property
    def needed(self) -> dict[Need, int]:
        """What could be given for more to be seen, and how many cases lack it; most first."""
        found = Counter(need for case in self.cases if not case.verdict.seen for need in case.needs)
        return dict(sorted(found.items(), key=lambda each: (-each[1], each[0].what)))

    @cached_property
    def score(self) -> Score | None:
        """What became of the defects that were planted on what the target answered; None where none were."""
        return together(item.score for group in (self.target, self.base) for item in group.requirements)

    @cached_property
    def unseen_defects(self) -> tuple[Case, ...]:
        """The cases of which a defect was planted and not seen."""
        return tuple(case for case in self.cases if case.score is not None and case.score.missed)

    @property
    def finished(self) -> bool:
        """Whether every stream came to its footer."""
        return self.footers >= self.streams

    @property
    def run_failures(self) -> tuple[str, ...]:
        """Why the run as a whole fails, apart from its verdicts, a line each."""
        return (*self._went_wrong, *self._not_enough)

    @cached_property
    def _went_wrong(self) -> tuple[str, ...]:
        lines = []
        if not self.finished:
            missing = self.streams - self.footers
            lines.append(f"the run did not finish: {missing} of {self.streams} event streams have no footer")
        lines += self.errors
        explained = {0, 1} if lines or self._failing or self._not_enough else {0}
        return (*lines, *(f"the run ended with exit status {status}" for status in sorted(self.ended_with - explained)))

    @cached_property
    def _not_enough(self) -> tuple[str, ...]:
        lines = []
        # An error that kept the run from asking anybody is all there is to tell.
        if self.exchanges or not self.errors:
            if not self._exercised and not self._failing:
                lines.append("no requirement was exercised")
            if self.finished and self._silent:
                of = "" if self._silent == self.apis else f" of {', '.join(self._silent)}"
                lines.append(f"no exchange was made with the target{of}, so nothing is known of it")
        if self.missing:
            one = len(self.missing) == 1
            lines.append(f"{len(self.missing)} required {'requirement was' if one else 'requirements were'} not seen")
        return tuple(lines)

    @cached_property
    def _silent(self) -> tuple[str, ...]:
        """The APIs that should have been asked and were not: what a client does at a played server is no evidence."""
        if not self.exchanges:
            return self.apis
        asked = {item.api for item in self.requirements if item.cases and not item.binds_client}
        return tuple(api for api in self.apis if api in asked and not self.exchanges_of.get(api))

    @property
    def exit_reasons(self) -> tuple[str, ...]:
        """Why the exit status is 1, a line each; empty where it is 0."""
        return (*self._failing, *self.run_failures)

    @cached_property
    def _failing(self) -> tuple[str, ...]:
        """The verdicts that fail the run, a line for the target, one for the client and one for what is base."""
        groups = {"": self.target, "of the client: ": self.client, "of the base requirements: ": self.base}
        return tuple(f"{of}{', '.join(group.failing)}" for of, group in groups.items() if group.failing)

    @property
    def exit_status(self) -> int:
        return 1 if self.exit_reasons else 0

    @property
    def result(self) -> Result:
        """The exit status, with what is wrong and what is only unseen told apart."""
        if self._failing or self._went_wrong:
            return Result.FAIL
        return Result.NOT_ENOUGH_SEEN if self._not_enough else Result.PASS

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
    if item.source.startswith(BY_OTHERS):
        return f"{item.api}: {item.source}"
    reference = item.source == REFERENCE_SERVER
    source = f"the {REFERENCE_SERVER}{version}, not {whence} the vendor" if reference else item.source + version
    return f"{item.api}: {how}{when} {whence} {source}"


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
