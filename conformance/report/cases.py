"""Requirements with their verdicts, merged from what single streams found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Self, TypeVar

from attrs import evolve, frozen

from conformance.contract import CLIENT
from conformance.contract.verdict import Verdict, worst
from conformance.report.events import (
    Deviation,
    Evidence,
    Exchange,
    Gate,
    Need,
    Observation,
    Record,
    RequirementText,
    Score,
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
    """A requirement at one operation; `reason`, `tests` and what stands below are those of the verdict that won.

    `blocked_by` is the id of a requirement, or a sentence where no requirement names the cause. `score` is that of all
    streams that planted defects, None where none did.
    """

    requirement: str
    operation: str
    verdict: Verdict
    reason: str | None
    held: int
    tests: tuple[str, ...]
    deviation: Deviation | None
    findings: tuple[Finding, ...]
    blocked_by: str | None = None
    needs: tuple[Need, ...] = ()
    score: Score | None = None

    @property
    def unproven(self) -> bool:
        """Whether it passed, and no defect could be planted that would have failed it."""
        return self.verdict is Verdict.PASSED and self.score is not None and not self.score.planted

    @property
    def name(self) -> str:
        return f"{self.requirement}[{self.operation}]"

    @property
    def headline(self) -> str:
        """One line that says why: the verdict's reason, a violation, or the deviation that is out of date."""
        why = [self.reason, *(finding.message for finding in self.findings if finding.outcome == "violated")]
        if self.blocked_by:
            why.append(f"by {self.blocked_by}")
        if self.deviation and self.verdict is Verdict.UNEXPECTED_PASS:
            why.append(f"holds, yet is listed as known: {self.deviation.reason}")
        return one_line(next(filter(None, why), ""))

    @property
    def cause(self) -> str:
        """What it has in common with other cases of its verdict: what blocked it, else its headline."""
        return one_line(self.blocked_by) if self.blocked_by else self.headline


@frozen(slots=False)
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
    def binds_client(self) -> bool:
        """Whether it is about a client: no evidence of the target."""
        return self.text.mode == CLIENT

    @property
    def base(self) -> bool:
        """Whether it is no API's own, but a clause of a standard that every API keeps to."""
        return self.text.base

    @property
    def seen(self) -> bool:
        """Whether it was observed, at one operation at least."""
        return any(case.verdict.seen for case in self.cases)

    @cached_property
    def score(self) -> Score | None:
        """What became of the defects that were planted at all its operations; None where no run planted any."""
        return together(case.score for case in self.cases)

    @property
    def unproven(self) -> bool:
        """Whether it passed, and no defect could be planted that would have failed it."""
        passed = [case for case in self.cases if case.verdict is Verdict.PASSED]
        return self.verdict is Verdict.PASSED and all(case.unproven for case in passed)

    def let_through(self, gate: Gate) -> bool:
        """Whether a gate that requires it lets it through: it was seen, or fails the run already.

        Where only what the target supports is required, cases that it lacks a capability for do not count.
        """
        asked = [case for case in self.cases if not (gate.supported_only and case.verdict is Verdict.UNSUPPORTED)]
        return self.seen or self.verdict.fails_run or bool(self.cases and not asked)

    def only(self, verdict: Verdict) -> Self:
        """The requirement at the operations where it has this verdict."""
        return evolve(self, verdict=verdict, cases=tuple(case for case in self.cases if case.verdict is verdict))

    @property
    def headline(self) -> str:
        """One line that says why it came to its verdict."""
        told = [case.headline for case in self.cases if case.verdict is self.verdict and case.headline]
        if told or self.cases:
            return next(iter(told), "")
        return f"not tested: {self.text.not_tested}" if self.text.not_tested else "no test of this run asked for it"

    @property
    def cause(self) -> str:
        """What it has in common with other requirements of its verdict."""
        causes = (case.cause for case in self.cases if case.verdict is self.verdict and case.cause)
        return next(causes, self.headline)

    @property
    def tests(self) -> tuple[str, ...]:
        """The tests that its verdicts come from."""
        return tuple(sorted({test for case in self.cases for test in case.tests}))

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many of its cases have each verdict, worst first, zeros included."""
        return counted(case.verdict for case in self.cases)

    @property
    def clause(self) -> str:
        """The section of the document it rests on, and where that is."""
        return " ".join(part for part in (self.text.section, self.text.url) if part)


Place = tuple[str | None, str]


def findings_of(evidence: Iterable[Evidence]) -> dict[Place, tuple[Finding, ...]]:
    """By requirement and operation: equal observations as one, violations first."""
    groups: dict[tuple[str | None, ...], list[Evidence]] = defaultdict(list)
    for event in evidence:
        key = (event.requirement, event.operation, event.outcome, event.party, event.message)
        groups[*key, event.expected, event.actual].append(event)
    places: dict[Place, list[Finding]] = defaultdict(list)
    for group in groups.values():
        shown = min(group, key=lambda event: (event.exchange is None, canonical(event)))
        places[shown.requirement, shown.operation].append(_finding(shown, len(group)))
    return {
        place: tuple(sorted(found, key=lambda item: (item.outcome != "violated", canonical(item))))
        for place, found in places.items()
    }


def _finding(event: Evidence, times: int) -> Finding:
    return Finding(
        requirement=event.requirement,
        operation=event.operation,
        outcome=event.outcome,
        party=event.party,
        message=cut(event.message),
        expected=None if event.expected is None else cut(event.expected),
        actual=None if event.actual is None else cut(event.actual),
        exchange=None if event.exchange is None else _brief(event.exchange),
        curl=event.curl,
        source=event.source,
        timeline=tuple(moment.model_copy(update={"exchange": _brief(moment.exchange)}) for moment in event.timeline),
        times=times,
    )


def _brief(exchange: Exchange) -> Exchange:
    request, response = exchange.request, exchange.response
    body = None if request.body is None else cut(request.body)
    return exchange.model_copy(
        update={
            "request": request.model_copy(update={"body": body}),
            "response": response.model_copy(update={"body": cut(response.body)}),
        }
    )


def requirements_of(
    texts: Mapping[str, RequirementText],
    verdicts: Iterable[VerdictGiven],
    findings: Mapping[Place, tuple[Finding, ...]],
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
    deviations = distinct(event.deviation for event in winners if event.deviation)
    return Case(
        requirement=group[0].requirement,
        operation=group[0].operation,
        verdict=verdict,
        reason="; ".join(sorted({one_line(event.reason) for event in winners if event.reason})) or None,
        held=sum(event.held for event in group),
        tests=tuple(sorted({event.test for event in winners if event.test})),
        deviation=deviations[0] if deviations else None,
        findings=findings,
        blocked_by=min((event.blocked_by for event in winners if event.blocked_by), default=None),
        needs=distinct(event.need for event in winners if event.need),
        score=together(event.score for event in group),
    )


def together(scores: Iterable[Score | None]) -> Score | None:
    """The sum of scores; None where there is none."""
    found = [score for score in scores if score is not None]
    if not found:
        return None
    return Score(
        planted=sum(score.planted for score in found),
        seen=sum(score.seen for score in found),
        elsewhere=sum(score.elsewhere for score in found),
        missed=tuple(sorted(name for score in found for name in score.missed)),
    )


_R = TypeVar("_R", bound=Record)


def distinct(records: Iterable[_R]) -> tuple[_R, ...]:
    """The records without repetitions, sorted."""
    return tuple(record for _, record in sorted({canonical(record): record for record in records}.items()))


def counted(verdicts: Iterable[Verdict]) -> dict[Verdict, int]:
    """How many there are of each verdict, worst first, zeros included."""
    found = Counter(verdicts)
    return {verdict: found[verdict] for verdict in Verdict}
