"""A run of one API on one target: runs items, gathers the evidence of every exchange, and says what came of it."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, evolve, field

from conformance.checks import Evidence, Judge, note
from conformance.checks.base import shown, violated
from conformance.contract import CLIENT, ConformanceError, Contract
from conformance.contract.verdict import Outcome
from conformance.planting import Sampler
from conformance.properties import assertions, cases
from conformance.properties.assertions import Violation
from conformance.properties.causes import (
    ABSENT,
    EXPECTED,
    SUBJECT_OF,
    Cause,
    Seen,
    Want,
    absent,
    fault,
    is_subject,
    is_useless,
    need_of,
    unjudged,
)
from conformance.properties.cleanup import finish
from conformance.properties.items import EVERYWHERE, UNKNOWN, Item, operations_judged
from conformance.properties.results import (
    Gathered,
    Result,
    Shown,
    blocked,
    crash_of,
    fails_alike,
    party_of,
    result_of,
    where_of,
    with_evidence,
    worst_of,
)
from conformance.properties.served import Served
from conformance.properties.subject import ClientFault, Subject
from conformance.targets import NotExercised, NotRecorded, Stale, Target, Unsupported, UrlTarget
from conformance.targets.errors import Blocked, Lack, NotFollowed
from conformance.traffic.cassette import Interaction, Take, worth_keeping
from conformance.traffic.exchange import Exchange, NotKnown

_log = logging.getLogger(__name__)

LONGEST_REASON = 1000
_MODE_NEEDS = {"active-write": ("writes",), "active-load": ("load",)}
_UNSEEN: dict[type[ConformanceError], Outcome] = {
    NotExercised: Outcome.NOT_EXERCISED,
    NotRecorded: Outcome.NOT_RECORDED,
    Unsupported: Outcome.UNSUPPORTED,
    Stale: Outcome.STALE,
}


@define(eq=False)
class Run:
    """One API on one target.

    Attributes:
        examples: how many cases a property draws.
        recording: where to keep what is said: test → item → take; None if nothing is recorded.
        recorded_cases: test, item → cases of an earlier recording, which are run again instead of drawn.
        on_evidence: called with each violation and note as it is found.
        sampler: keeps exchanges that defects are planted on; None if none are.
        judge: one that has seen nothing yet; left out, one by every requirement.
        leftovers: what could not be deleted.
    """

    contract: Contract
    target: Target
    examples: int = 5
    recording: dict[str, dict[str, Take]] | None = None
    recorded_cases: Callable[[str, str], tuple[Mapping[str, Any], ...] | None] = lambda _test, _item: None
    on_evidence: Callable[[Evidence], None] = lambda _: None
    sampler: Sampler | None = None
    judge: Judge | None = None
    client_fault: ClientFault | None = None
    fresh_names: bool = False
    exchanges: int = 0
    leftovers: list[str] = field(factory=list)
    unknown: dict[str, int] = field(factory=dict)
    _gathered: dict[tuple[str, str], Gathered] = field(factory=dict)
    _exercised: dict[str, Result] = field(factory=dict)
    _own: dict[tuple[str, str], tuple[Item, Result]] = field(factory=dict)
    _asked: set[tuple[str, str]] = field(factory=set)
    _judged: dict[str, tuple[str, ...]] = field(factory=dict)
    _judge: Judge = field(init=False)

    _begun: Subject | None = None
    _told: set[str] = field(factory=set)
    _seen: Seen = field(factory=Seen)
    _served: Served = field(factory=Served)
    _last: Exchange | None = None

    def __attrs_post_init__(self) -> None:
        self._judge = self.judge or Judge(self.contract, strict=self.target.strict)

    def finish(self) -> None:
        """Deletes what the run created and is still there; what cannot be deleted is among the leftovers."""
        if isinstance(self.target, UrlTarget) and self.target.in_use:
            try:
                self.leftovers = finish(self.target)
            except ConformanceError as error:
                self.leftovers.append(f"the clean-up came to no end: {error}")

    def begin(self, facts: Mapping[str, Any], *, apart: bool = False) -> None:
        """A new sequence of exchanges begins, as `Judge.begin` has it."""
        self._judge.begin(facts, apart=apart)
        if self.sampler is not None:
            self.sampler.begin(facts)

    def observe(self, exchange: Exchange) -> None:
        """Has every check judge an exchange."""
        self.exchanges += 1
        if exchange.operation is None:
            self.unknown[exchange.known_as] = self.unknown.get(exchange.known_as, 0) + 1
        self._last = exchange
        for each in self._served.of_use(exchange):
            self._weigh(each)

    @property
    def not_served(self) -> Mapping[str, int]:
        """Operations that only a published document names, and the target has not → how often they were called."""
        return self._served.lacking

    def _weigh(self, exchange: Exchange) -> None:
        self._seen.note(exchange)
        if self.sampler is not None:
            self.sampler.see(exchange)
        for evidence in map(self._placed, self._judge.observe(exchange)):
            self._seen.add(evidence)
            if self.sampler is not None:
                self.sampler.note(evidence)
            if evidence.requirement is not None:
                key = (evidence.requirement.id, evidence.operation)
                if not self._gathered.setdefault(key, Gathered()).add(evidence):
                    continue
            self.on_evidence(evidence)

    def _placed(self, evidence: Evidence) -> Evidence:
        """Evidence at the item that it counts for: that of its operation, or the first one of the requirement.

        What another call shows, as a GET after a DELETE does, has no item of its own.
        """
        record, operation = evidence.requirement, evidence.operation
        if record is None or record.base:
            return evidence
        if record.id not in self._judged:
            self._judged[record.id] = operations_judged(self.contract, record)
        judged = self._judged[record.id]
        if operation in judged or (operation.endswith("(unknown)") and UNKNOWN in judged):
            return evidence
        finding = evidence.finding
        if finding.message:
            finding = evolve(finding, message=f"{operation}: {finding.message}")
        return evolve(evidence, operation=judged[0], finding=finding)

    def _observe_of(self, subject: Subject, exchange: Exchange) -> None:
        """Observes an exchange of an item; with its first one a new sequence begins."""
        if self._begun is not subject:
            self._begun = subject
            self.begin(subject.session.facts)
        self.observe(exchange)

    def _tell(self, subject: Subject) -> None:
        """Passes on what the target announced to an item, each thing once in a run."""
        for notice in subject.client.notices if subject.opened else ():
            if notice.text not in self._told:
                self._told.add(notice.text)
                self.on_evidence(Evidence(None, notice.exchange.known_as, note(notice.text), notice.exchange))

    def gathered(self) -> Mapping[tuple[str, str], Gathered]:
        """All evidence so far, by requirement id and operation."""
        return self._gathered

    def attempt(self, item: Item) -> None:
        """Makes the exchanges of an item; what it leaves behind is deleted. A run that records keeps what was said."""
        if item.operation == EVERYWHERE:
            own = Result(Outcome.NOT_EXERCISED)
        else:
            own = self._exercise(item) if item.binding.observes else self._attempt(item, item.id)
        self._own[item.test, item.id] = item, own
        self._asked.add((item.requirement.id, item.operation))

    def attempted(self, item: Item) -> bool:
        """Whether the exchanges of an item were made."""
        return (item.test, item.id) in self._own

    def own(self, item: Item) -> Result:
        """What an item that was attempted came to by itself."""
        return self._own[item.test, item.id][1]

    def results(self, item: Item) -> Mapping[str, Result]:
        """The same at each operation that the item speaks of: its own, or every one that evidence was seen of."""
        if item.operation != EVERYWHERE:
            return {item.operation: self.result(item)}
        seen = {
            place: result_of(found) for (name, place), found in self._gathered.items() if name == item.requirement.id
        }
        return dict(sorted(seen.items())) or {EVERYWHERE: result_of(Gathered())}

    def result(self, item: Item) -> Result:
        """What an item that was attempted comes to, by all that was seen until now."""
        if item.operation == EVERYWHERE:
            return worst_of(self.results(item).values())
        for exchange in self._served.settled(item.operation):
            self._weigh(exchange)
        if call := self._served.absent(item.operation):
            return Result(Outcome.UNSUPPORTED, absent(call).text, need=absent(call).need)
        own = self._weighed(item, self._own[item.test, item.id][1])
        if not item.judged_by_evidence:
            return own
        result = with_evidence(own, self._evidence_on(item), item.binding.observes)
        cause = result.blocked_by
        if cause is not None and cause.operation is not None and not self._is_judged(cause):
            return blocked(unjudged(cause))
        return result

    def _weighed(self, item: Item, own: Result) -> Result:
        """What an item comes to by itself, where it needed something that it did not get."""
        wanted = own.wanted
        if wanted is None:
            return own
        cause = self._cause(item, wanted)
        of_others = wanted.need == "accepted" and wanted.exchange.known_as != item.operation
        subject = is_subject(item.requirement, wanted.need) and not of_others
        of_walks = wanted.need in SUBJECT_OF and (wanted.need != "accepted" or subject)
        nobody_else = cause is None or (of_walks and cause.operation is None)
        if nobody_else and (own.outcome is Outcome.VIOLATED or subject):
            return evolve(own, outcome=Outcome.VIOLATED)
        if cause is None:
            return Result(Outcome.NOT_EXERCISED, own.reason)
        return blocked(cause, own.reason if cause.operation is not None else None)

    def _cause(self, item: Item, wanted: Want) -> Cause | None:
        """What kept an item from what it needed; None where nothing did that the target is to blame for."""
        exchange = wanted.exchange
        operation, status = exchange.known_as, exchange.response.status
        named = [
            cause for cause in wanted.named if (cause.text, cause.operation) != (item.requirement.id, item.operation)
        ]
        for cause in named:
            if self._is_judged(cause):
                return cause
        if wanted.need == "form":
            return None
        if named:
            return unjudged(named[0])
        if wanted.need == "accepted":
            return absent(exchange) if status in ABSENT and self._seen.of_no_use(operation) else None
        if is_subject(item.requirement, wanted.need):
            return None
        for other, own in self._own.values():
            if other.operation != operation or other.requirement.id == item.requirement.id:
                continue
            if fails_alike(own, exchange) or (
                is_subject(other.requirement, wanted.need) and self.result(other).outcome is Outcome.VIOLATED
            ):
                return Cause(other.requirement.id, operation)
        return fault(wanted.need, self._seen.useless.get((operation, status), exchange))

    def _is_judged(self, cause: Cause) -> bool:
        """Whether an item of this run bears what a requirement is found to break."""
        operation = str(cause.operation)
        judged = (UNKNOWN if operation.endswith("(unknown)") else operation, EVERYWHERE)
        return any((cause.text, place) in self._asked for place in judged)

    def run(self, item: Item) -> Result:
        """Runs one item by itself: what it comes to by what was seen until now."""
        self.attempt(item)
        return self.result(item)

    def _evidence_on(self, item: Item) -> Gathered:
        """The evidence so far; what the contract lacks has one item, whatever the method."""
        if item.operation != UNKNOWN:
            return self._gathered.get((item.requirement.id, item.operation), Gathered())
        found = [
            gathered
            for (requirement, operation), gathered in self._gathered.items()
            if requirement == item.requirement.id and operation.endswith("(unknown)")
        ]
        return Gathered(
            sum(each.held for each in found),
            [shown for each in found for shown in each.violations],
            next((each.blocked_by for each in found if each.blocked_by is not None), None),
        )

    def _exercise(self, item: Item) -> Result:
        """Makes the exchanges with an operation that passive requirements are judged by, once in a run."""
        if item.operation not in self._exercised:
            own = self._attempt(item, f"exercise[{item.operation}]")
            vain = self._seen.of_no_use(item.operation)
            if own.outcome is Outcome.HELD and vain is not None:
                own = self._blocked(f"no call came to an answer of use: {vain}", need_of(vain), vain)
            self._exercised[item.operation] = own
        return self._exercised[item.operation]

    def _blocked(self, why: str, need: Lack, exchange: Exchange) -> Result:
        finding = violated(why, expected=EXPECTED[need], actual=exchange.response.reason)
        wanted = self._seen.wanting(need, exchange)
        return Result(Outcome.BLOCKED, shown(why, LONGEST_REASON), (Shown(finding, wanted.exchange),), wanted=wanted)

    def _violated(self, item: Item, violation: Violation) -> Result:
        """What an assertion that does not hold comes to; where its exchange is wrong altogether, it says no more."""
        exchange = violation.exchange or self._last
        told, party = where_of(str(violation), exchange, item.operation), party_of(item.requirement)
        finding = violated(told, expected=violation.expected, actual=violation.actual, party=party)
        wanted = None
        if exchange is not None and item.requirement.mode != CLIENT:
            if violation.of_content:
                wanted = self._seen.wanting("form", exchange)
            elif not exchange.negative and is_useless(exchange.response) and self._seen.of_no_use(exchange.known_as):
                wanted = self._seen.wanting(need_of(exchange), exchange)
        return Result(Outcome.VIOLATED, finding.message, (Shown(finding, exchange, violation.timeline),), wanted=wanted)

    def _attempt(self, item: Item, name: str) -> Result:
        subject = Subject(
            contract=self.contract,
            target=self.target,
            requirement=item.requirement,
            operation_id=item.operation,
            test=item.test,
            item=name,
            client_fault=self.client_fault,
            fresh_names=self.fresh_names,
        )
        subject.observers.append(lambda exchange: self._observe_of(subject, exchange))
        exchanges: list[Exchange] = []
        if self.recording is not None:
            subject.observers.append(exchanges.append)
        run_with: list[Mapping[str, Any]] = []
        assertions.reset_evidence()
        try:
            result = self._outcome(item, subject, run_with)
        finally:
            self.leftovers += _closed(subject)
            self._tell(subject)
        whole = all(not (e.response.fault or e.response.unread) for e in exchanges)
        if self.recording is not None and subject.opened and result.outcome is not Outcome.BROKEN and whole:
            said = tuple(Interaction(worth_keeping(e.request), e.response, e.negative, e.sent_at) for e in exchanges)
            if said:
                self.recording.setdefault(item.test, {})[name] = Take(
                    said, tuple(run_with) if item.binding.is_property else (), subject.received
                )
        return result

    def _outcome(self, item: Item, subject: Subject, run_with: list[Mapping[str, Any]]) -> Result:
        names = tuple(inspect.signature(item.function).parameters)
        try:
            if item.requirement.mode != CLIENT:
                subject.need(*_MODE_NEEDS.get(item.requirement.mode, ()), *item.binding.needs)
            for case in self._cases(item, subject):
                run_with.append(case)
                fixed = subject.arguments(tuple(name for name in names if name not in case))
                item.function(**fixed, **case)
        except Violation as violation:
            return self._violated(item, violation)
        except Blocked as reason:
            return self._blocked(str(reason), reason.need, reason.exchange)
        except NotKnown as reason:
            assert self._last is not None
            return self._blocked(str(reason), "usable", self._last)
        except NotFollowed as nonsense:
            finding = violated(str(nonsense), expected=EXPECTED["walk"], actual=str(nonsense))
            wanted = self._seen.wanting("walk", self._last) if self._last is not None else None
            return Result(Outcome.VIOLATED, finding.message, (Shown(finding, self._last),), wanted=wanted)
        except tuple(_UNSEEN) as reason:
            return Result(_UNSEEN[type(reason)], shown(str(reason), LONGEST_REASON), need=getattr(reason, "need", None))
        except ConformanceError as error:
            return Result(Outcome.BROKEN, shown(str(error), LONGEST_REASON))
        except Exception as error:
            _log.debug("%s crashed", item.id, exc_info=True)
            text = crash_of(error)
            return Result(Outcome.BROKEN, subject.client.redactor.text(text) if subject.opened else text)
        held = assertions.evidence()
        if not held and not item.binding.observes:
            why = assertions.vacuity() or "the test made no assertion that could have failed"
            return Result(Outcome.NOT_EXERCISED, shown(why, LONGEST_REASON))
        return Result(Outcome.HELD, held=held)

    def _cases(self, item: Item, subject: Subject) -> list[Mapping[str, Any]]:
        binding = item.binding
        if not binding.is_property:
            return [{}]
        # What the examples and strategies ask of the target is asked in every run, recorded or not, so that
        # recording again says the same.
        examples = binding.examples(subject) if callable(binding.examples) else binding.examples
        strategies = {
            name: strategy(subject) if callable(strategy) else strategy for name, strategy in binding.strategies.items()
        }
        if item.requirement.mode != CLIENT:
            replayed = subject.session.cases
            recorded = self.recorded_cases(item.test, item.id) if replayed is None else replayed
            if recorded and all(_fits(item, case) for case in recorded):
                return list(recorded)
            if recorded and replayed is not None:
                raise Stale(f"the cassette has cases for other arguments than {item.id} takes; record it with --record")
            if replayed is not None and (examples or strategies or binding.generated):
                raise NotRecorded(f"the cassette has no cases for {item.id}; record it with --record")
        found: list[Mapping[str, Any]] = [*examples, *(binding.generated(subject) if binding.generated else ())]
        drawn = cases.draw(strategies, self.examples, item.id) if strategies else []
        return [_as_kept(case) for case in found + [case for case in drawn if case not in found]]


def _as_kept(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case as it comes back from a cassette: members in order, lists for tuples."""
    kept: dict[str, Any] = json.loads(json.dumps(case, sort_keys=True))
    return kept


def _fits(item: Item, case: Mapping[str, Any]) -> bool:
    """Whether a recorded case has an argument for each that is drawn, and none that the test does not take."""
    taken = set(inspect.signature(item.function).parameters)
    return set(item.binding.strategies) <= set(case) <= taken


def _closed(subject: Subject) -> list[str]:
    try:
        return subject.close()
    except (NotRecorded, Stale):
        return []
