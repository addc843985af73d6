"""A run of one API on one target: runs items, gathers the evidence of every exchange, and says what came of it."""

from __future__ import annotations

import inspect
import json
import logging
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen

from conformance.checks import Evidence, Finding, Judge, bindings, note
from conformance.checks.base import shown, violated
from conformance.contract import CLIENT, ConformanceError, Contract, Need, Requirement
from conformance.contract.verdict import Outcome
from conformance.properties import assertions, cases
from conformance.properties.assertions import Violation
from conformance.properties.binding import Binding, binding_of
from conformance.properties.cleanup import finish
from conformance.properties.subject import ClientFault, Subject
from conformance.targets import NotExercised, NotRecorded, Stale, Target, Unsupported, UrlTarget
from conformance.targets.errors import NotFollowed
from conformance.traffic.cassette import Interaction, Take, worth_keeping
from conformance.traffic.exchange import Exchange

_log = logging.getLogger(__name__)

UNKNOWN = "GET (unknown)"
KEPT = 3
LONGEST_REASON = 1000

_MODE_NEEDS = {"active-write": ("writes",), "active-load": ("load",)}
_UNSEEN: dict[type[ConformanceError], Outcome] = {
    NotExercised: Outcome.NOT_EXERCISED,
    NotRecorded: Outcome.NOT_RECORDED,
    Unsupported: Outcome.UNSUPPORTED,
    Stale: Outcome.STALE,
}
_WORST = tuple(Outcome)


@frozen
class Item:
    """One requirement × operation, and the test function that is run for it."""

    function: Callable[..., None]
    requirement: Requirement
    operation: str
    test: str

    @property
    def id(self) -> str:
        return f"{self.requirement.id}[{self.operation}]"

    @property
    def binding(self) -> Binding:
        binding = binding_of(self.function)
        assert binding is not None
        return binding

    @property
    def judged_by_evidence(self) -> bool:
        """Whether what other items' exchanges show counts for this one too, so that it has to run last."""
        return bool(bindings(self.requirement))


@frozen
class Shown:
    """A finding with the exchange that shows it."""

    finding: Finding
    exchange: Exchange | None = None


@frozen
class Result:
    """What running an item came to.

    Attributes:
        reason: one line; None where the requirement held.
        shown: the violations, the first ones of many.
        held: pieces of evidence that could have failed and did not.
        blocked_by: the id of the requirement whose failure blocked it, or a sentence where none names the cause.
        need: what somebody could give, so that more is seen.
    """

    outcome: Outcome
    reason: str | None = None
    shown: tuple[Shown, ...] = ()
    held: int = 0
    blocked_by: str | None = None
    need: Need | None = None


_MORE = Shown(violated("", expected="", actual=""))


@define
class Gathered:
    """Evidence on one requirement × operation."""

    held: int = 0
    violations: list[Shown] = field(factory=list)

    def add(self, evidence: Evidence) -> bool:
        """Takes in a finding; whether it is worth telling: a note, or one of the first violations."""
        if evidence.finding.outcome is Outcome.HELD:
            self.held += 1
            return False
        if evidence.finding.outcome is Outcome.VIOLATED:
            # Only the first ones are shown, of the others it matters how many there are.
            first = len(self.violations) < KEPT
            self.violations.append(Shown(evidence.finding, evidence.exchange.kept()) if first else _MORE)
            return first
        return True


def items_of(function: Callable[..., None], test: str, contract: Contract) -> list[Item]:
    """The items a test function is run for in one API: one for each operation of each requirement it cites."""
    return [
        Item(function, requirement, operation, test)
        for requirement in contract.requirements.values()
        if concerns(function, requirement) and not requirement.not_tested
        for operation in _operations_run(function, contract, requirement)
    ]


def _operations_run(function: Callable[..., None], contract: Contract, requirement: Requirement) -> tuple[str, ...]:
    operations, binding = operations_judged(contract, requirement), binding_of(function)
    return operations[:1] if binding is not None and binding.once else operations


def operations_judged(contract: Contract, requirement: Requirement) -> tuple[str, ...]:
    """The operations of a requirement, with `GET (unknown)` where it speaks of paths the contract lacks."""
    operations = contract.operations_of(requirement)
    if requirement.mode == "passive" and requirement.operations[0] in ("*", "GET *"):
        return (*operations, UNKNOWN)
    return operations


def concerns(function: Callable[..., None], requirement: Requirement) -> bool:
    """Whether a test function is bound to a requirement."""
    binding = binding_of(function)
    assert binding is not None
    if binding.observes:
        return requirement.mode == "passive" and bool(bindings(requirement))
    return requirement.id in binding.cites or requirement.rule in binding.cites


@define(eq=False)
class Run:
    """One API on one target.

    Attributes:
        examples: how many cases a property draws.
        recording: where to keep what is said: test → item → take; None if nothing is recorded.
        recorded_cases: test, item → cases of an earlier recording, which are run again instead of drawn.
        on_evidence: called with each violation and note as it is found.
        leftovers: what could not be deleted.
    """

    contract: Contract
    target: Target
    examples: int = 5
    recording: dict[str, dict[str, Take]] | None = None
    recorded_cases: Callable[[str, str], tuple[Mapping[str, Any], ...] | None] = lambda _test, _item: None
    on_evidence: Callable[[Evidence], None] = lambda _: None
    client_fault: ClientFault | None = None
    fresh_names: bool = False
    exchanges: int = 0
    leftovers: list[str] = field(factory=list)
    unknown: dict[str, int] = field(factory=dict)
    _gathered: dict[tuple[str, str], Gathered] = field(factory=dict)
    _exercised: dict[str, Result] = field(factory=dict)
    _own: dict[tuple[str, str], Result] = field(factory=dict)
    _judged: dict[str, tuple[str, ...]] = field(factory=dict)
    _judge: Judge = field(init=False)

    _begun: Subject | None = None
    _told: set[str] = field(factory=set)

    def __attrs_post_init__(self) -> None:
        self._judge = Judge(self.contract, strict=self.target.strict)

    def finish(self) -> None:
        """Deletes what the run created and is still there; what cannot be deleted is among the leftovers."""
        if isinstance(self.target, UrlTarget) and self.target.in_use:
            try:
                self.leftovers = finish(self.target)
            except ConformanceError as error:
                self.leftovers.append(f"the clean-up came to no end: {error}")

    def begin(self, facts: Mapping[str, Any]) -> None:
        """A new sequence of exchanges begins, with a target of which this is known."""
        self._judge.begin(facts)

    def observe(self, exchange: Exchange) -> None:
        """Has every check judge an exchange."""
        self.exchanges += 1
        if exchange.operation is None:
            self.unknown[exchange.known_as] = self.unknown.get(exchange.known_as, 0) + 1
        for evidence in map(self._placed, self._judge.observe(exchange)):
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
        if record is None:
            return evidence
        if record.id not in self._judged:
            self._judged[record.id] = operations_judged(self.contract, record)
        judged = self._judged[record.id]
        if operation in judged or (operation.endswith("(unknown)") and UNKNOWN in judged):
            return evidence
        return evolve(evidence, operation=judged[0])

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
        own = self._exercise(item) if item.binding.observes else self._attempt(item, item.id)
        self._own[item.test, item.id] = own

    def attempted(self, item: Item) -> bool:
        """Whether the exchanges of an item were made."""
        return (item.test, item.id) in self._own

    def result(self, item: Item) -> Result:
        """What an item that was attempted comes to, by all that was seen until now."""
        own = self._own[item.test, item.id]
        if not item.judged_by_evidence:
            return own
        return _with_evidence(own, self._evidence_on(item), item.binding.observes)

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
        return Gathered(sum(each.held for each in found), [shown for each in found for shown in each.violations])

    def _exercise(self, item: Item) -> Result:
        """Makes the exchanges with an operation that passive requirements are judged by, once in a run."""
        if item.operation not in self._exercised:
            self._exercised[item.operation] = self._attempt(item, f"exercise[{item.operation}]")
        return self._exercised[item.operation]

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
        if self.recording is not None and subject.opened and result.outcome is not Outcome.BROKEN:
            said = tuple(Interaction(worth_keeping(e.request), e.response, e.negative) for e in exchanges)
            if said:
                self.recording.setdefault(item.test, {})[name] = Take(
                    said, tuple(run_with) if item.binding.is_property else ()
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
            party = _party(item.requirement)
            finding = violated(str(violation), expected=violation.expected, actual=violation.actual, party=party)
            return Result(Outcome.VIOLATED, finding.message, (Shown(finding, violation.exchange or _last(subject)),))
        except NotFollowed as nonsense:
            finding = violated(str(nonsense), expected="a URL, a cursor or an id to ask with", actual=str(nonsense))
            return Result(Outcome.VIOLATED, finding.message, (Shown(finding, _last(subject)),))
        except tuple(_UNSEEN) as reason:
            return Result(_UNSEEN[type(reason)], shown(str(reason), LONGEST_REASON), need=getattr(reason, "need", None))
        except ConformanceError as error:
            return Result(Outcome.BROKEN, shown(str(error), LONGEST_REASON))
        except Exception as error:
            _log.debug("%s crashed", item.id, exc_info=True)
            text = _crash(error)
            return Result(Outcome.BROKEN, subject.client.redactor.text(text) if subject.opened else text)
        held = assertions.evidence()
        if not held and not item.binding.observes:
            return Result(Outcome.NOT_EXERCISED, "the test made no assertion that could have failed")
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
            if replayed is not None:
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


def _crash(error: Exception) -> str:
    """One line about an error that no test should raise: where it was raised, and what it says."""
    *_, frame = traceback.extract_tb(error.__traceback__)
    text = " ".join(str(error).split())[:300]
    return (
        f"the test crashed at {Path(frame.filename).name}:{frame.lineno}: {type(error).__name__}: {text}; "
        "--log-level=debug shows the traceback"
    )


def _closed(subject: Subject) -> list[str]:
    try:
        return subject.close()
    except (NotRecorded, Stale):
        return []


def _party(requirement: Requirement) -> Any:
    return "client" if requirement.mode == CLIENT else "server"


def _last(subject: Subject) -> Exchange | None:
    client = subject.client if subject.opened else subject.mock.client if "mock" in subject.__dict__ else None
    return client.exchanges[-1] if client and client.exchanges else None


def _with_evidence(own: Result, gathered: Gathered, observed_only: bool) -> Result:
    """An item's own result and what all exchanges show about its requirement, the worse of the two."""
    seen = result_of(gathered)
    seen = evolve(seen, shown=(*own.shown, *seen.shown))
    if observed_only:
        # Having made the exchanges proves nothing by itself; that it failed matters only if nothing was seen.
        if own.outcome is Outcome.HELD or (seen.outcome is not Outcome.NOT_EXERCISED and _unseen(own)):
            return seen
        if seen.outcome is Outcome.NOT_EXERCISED:
            return own
    elif seen.outcome is Outcome.NOT_EXERCISED:
        return own
    worse = min((own, seen), key=lambda result: _rank(result.outcome))
    return evolve(worse, held=own.held + seen.held)


def result_of(gathered: Gathered) -> Result:
    """What evidence comes to."""
    if gathered.violations:
        first, *more = gathered.violations
        counted = f" (and {len(more)} more)" if more else ""
        shown = tuple(gathered.violations[:KEPT])
        return Result(Outcome.VIOLATED, f"{first.finding.message}{counted}", shown, gathered.held)
    if gathered.held:
        return Result(Outcome.HELD, held=gathered.held)
    return Result(Outcome.NOT_EXERCISED, "no exchange was seen that could have failed it")


def _unseen(result: Result) -> bool:
    return result.outcome in (Outcome.NOT_EXERCISED, Outcome.NOT_RECORDED, Outcome.UNSUPPORTED)


def _rank(outcome: Outcome) -> int:
    return _WORST.index(outcome)
