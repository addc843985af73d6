"""The journal of a run: what happened, as events that reports are made from."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from attrs import define, field

from conformance.checks import Evidence as Seen
from conformance.checks import Finding
from conformance.contract import Contract, Need, Requirement
from conformance.contract.deviations import Deviation
from conformance.contract.score import Score
from conformance.contract.verdict import Outcome, Verdict
from conformance.report.events import Deviation as DeviationText
from conformance.report.events import (
    EventLog,
    Evidence,
    Exchange,
    Footer,
    Gate,
    Header,
    Moment,
    Provenance,
    Request,
    RequirementText,
    Response,
    Run,
    Target,
    Unchecked,
    VerdictGiven,
)
from conformance.report.events import Need as NeedText
from conformance.report.events import Score as ScoreText
from conformance.report.text import one_line
from conformance.traffic.curl import curl
from conformance.traffic.exchange import Exchange as Said


def header(
    contracts: Iterable[Contract],
    target: Target,
    provenance: Mapping[str, Mapping[str, Any]],
    options: Mapping[str, Any],
    gate: Gate | None = None,
    started: datetime | None = None,
) -> Header:
    """The first event of a run: who answers, where the answers come from, what is judged, and when it began."""
    contracts = list(contracts)
    return Header(
        run=Run(
            api=tuple(contract.api for contract in contracts),
            target=target,
            provenance=tuple(_provenance(api, facts) for api, facts in sorted(provenance.items())),
            started=(started or now()).strftime("%Y-%m-%dT%H:%M:%SZ"),
            options=dict(options),
            versions={
                "conformance": version("conformance"),
                "python": platform.python_version(),
                **{name: version(name) for name in ("hypothesis", "httpx2", "pytest", "vcrpy")},
            },
            gate=gate or Gate(),
        ),
        requirements={
            record.id: _text(contract, record) for contract in contracts for record in contract.requirements.values()
        },
    )


def _provenance(api: str, facts: Mapping[str, Any]) -> Provenance:
    known = {name: str(facts[name]) for name in ("source", "version", "recorded") if facts.get(name) is not None}
    return Provenance(api=api, **{"source": "unknown", **known})


def _text(contract: Contract, record: Requirement) -> RequirementText:
    return RequirementText(
        statement=record.statement,
        strength=record.strength,
        basis=record.basis,
        mode=record.mode,
        section=record.section,
        url=str(contract.document_of(record).url),
        base=record.base,
        rule=record.rule,
        not_tested=record.not_tested,
    )


def now() -> datetime:
    """When it is: the one place that reads of a run ask."""
    return datetime.now(UTC)


@define
class Journal:
    """Writes the events of one process to a file, each as it happens.

    Attributes:
        exchanges: API → exchanges with its target.
        unknown: exchanges of each operation that no document describes.
        not_served: calls of each operation that the target has not, of those that only a published document names.
        errors, warnings, notices: a line each; an error fails the run, and notices tell of the target.
    """

    log: EventLog
    exchanges: Counter[str] = field(factory=Counter)
    unknown: dict[str, int] = field(factory=dict)
    not_served: dict[str, int] = field(factory=dict)
    unchecked: list[Unchecked] = field(factory=list)
    errors: list[str] = field(factory=list)
    warnings: list[str] = field(factory=list)
    notices: list[str] = field(factory=list)
    _drifting: Said | None = None

    @classmethod
    def open(cls, path: Path, first: Header) -> Journal:
        path.parent.mkdir(parents=True, exist_ok=True)
        journal = cls(EventLog(path))
        journal.log.write(first)
        return journal

    def seen(self, contract: Contract, evidence: Seen) -> None:
        """A finding of a passive check."""
        self.found(
            contract, evidence.requirement.id if evidence.requirement else None, evidence.operation,
            evidence.finding, evidence.exchange,
        )  # fmt: skip

    def found(
        self,
        contract: Contract,
        requirement: str | None,
        operation: str,
        finding: Finding,
        said: Said | None,
        timeline: Iterable[tuple[str, Said]] = (),
    ) -> None:
        """A violation or a note, with the exchange that shows it, and those of the steps that led to it."""
        variables = contract.conventions.auth.credentials
        source = said.source if said else None
        if requirement is None:
            # Of one body all that it holds beyond the contract is told, and the body once.
            self._drifting, said = said, None if said is self._drifting else said
        self.log.write(
            Evidence(
                requirement=requirement,
                operation=operation,
                outcome="violated" if finding.outcome is Outcome.VIOLATED else "note",
                party=finding.party,
                message=finding.message,
                expected=finding.expected,
                actual=finding.actual,
                exchange=_exchange(said.kept()) if said else None,
                curl=curl(said.kept().request, variables) if said else None,
                source=source,
                timeline=tuple(
                    Moment(step=step, exchange=_exchange(one.kept()), curl=curl(one.kept().request, variables))
                    for step, one in timeline
                ),
            )
        )

    def verdict(
        self,
        requirement: str,
        operation: str,
        verdict: Verdict,
        *,
        reason: str | None,
        test: str | None,
        held: int,
        deviation: Deviation | None = None,
        blocked_by: str | None = None,
        need: Need | None = None,
        score: Score | None = None,
    ) -> None:
        known = None
        if deviation is not None and verdict in (Verdict.DEVIATES, Verdict.UNEXPECTED_PASS):
            known = DeviationText(reason=deviation.reason, since=deviation.since.isoformat(), link=deviation.link)
        self.log.write(
            VerdictGiven(
                requirement=requirement,
                operation=operation,
                verdict=verdict,
                reason=" ".join(reason.split()) if reason else None,
                test=test,
                held=held,
                deviation=known,
                blocked_by=blocked_by,
                need=None if need is None else NeedText(what=need.what, how=need.how),
                score=None
                if score is None
                else ScoreText(planted=score.planted, seen=score.seen, elsewhere=score.elsewhere, missed=score.missed),
            )
        )

    def leave_unchecked(self, contract: Contract) -> None:
        """Notes what of a contract's document was read otherwise than it stands there, as far as it was met."""
        self.unchecked += [
            Unchecked(api=contract.api, pointer=each.pointer, reason=one_line(each.reason), kind=each.kind)
            for each in contract.unchecked
        ]
        without = [each.id for each in contract.requirements.values() if not contract.operations_of(each)]
        if contract.lacking and without:
            more = f" and {len(without) - 5} more" if len(without) > 5 else ""
            self.notices.append(f"the document has none of the operations of {', '.join(without[:5])}{more}")

    def close(self, exit_status: int = 0) -> None:
        """The last event of a process."""
        self.log.write(
            Footer(
                exchanges=dict(sorted(self.exchanges.items())),
                unknown_operations=dict(sorted(self.unknown.items())),
                not_served=dict(sorted(self.not_served.items())),
                unchecked=tuple(self.unchecked),
                exit_status=exit_status,
                errors=tuple(self.errors),
                warnings=tuple(self.warnings),
                notices=tuple(self.notices),
            )
        )
        self.log.close()


def _exchange(said: Said) -> Exchange:
    return Exchange(
        request=Request(
            method=said.request.method,
            url=said.request.url,
            headers=said.request.headers,
            body=said.request.shown or None,
        ),
        response=Response(
            status=said.response.status,
            headers=said.response.headers,
            body=said.response.shown,
            http_version=said.response.http_version,
        ),
    )
