"""What an item comes to by itself and by what all exchanges show, and how a run keeps and replays its cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import evolve
from hypothesis import strategies as st

from conformance.checks import Evidence, Finding
from conformance.checks.base import HELD, note, violated
from conformance.contract import ConformanceError, Need
from conformance.contract.verdict import Outcome
from conformance.properties import Item, Run, Subject, assert_equal, assert_status, property_test, requirement
from conformance.properties.causes import Cause
from conformance.properties.results import Gathered, Result, blocked, result_of, with_evidence
from conformance.properties.run import LONGEST_REASON
from conformance.selftest.proxy import Answered, Ask, Asked, Memory, ProxiedTarget
from conformance.selftest.servers import VULTR
from conformance.selftest.test_checks import said
from conformance.targets import NotExercised, NotRecorded, ReferenceTarget, Stale, Unsupported
from conformance.targets.errors import HarnessError, NotFollowed
from conformance.targets.health import Notice
from conformance.targets.target import Observer, Session
from conformance.traffic.cassette import Take
from conformance.traffic.exchange import NotKnown

ACCOUNT, ACTIVE = "GET /v2/account", "vultr.auth.bad-key-401"

HELD_TWICE = Gathered(held=2)
NOTHING = Gathered()
WRONG = Gathered()
WRONG.add(Evidence(None, ACCOUNT, HELD, said()))
WRONG.add(Evidence(None, ACCOUNT, violated("it is wrong", expected="right", actual="wrong"), said()))
KEPT_OUT = Gathered()
KEPT_OUT.add(Evidence(None, ACCOUNT, Finding(Outcome.BLOCKED, blocked_by="vultr.a.b"), said()))


def own(outcome: Outcome, held: int = 0) -> Result:
    return Result(outcome, f"by itself {outcome.value}", held=held)


@pytest.mark.parametrize(
    ("outcome", "gathered", "becomes"),
    [
        # Having made the exchanges is no evidence.
        (Outcome.HELD, NOTHING, Outcome.NOT_EXERCISED),
        (Outcome.HELD, HELD_TWICE, Outcome.HELD),
        (Outcome.HELD, WRONG, Outcome.VIOLATED),
        (Outcome.HELD, KEPT_OUT, Outcome.BLOCKED),
        # That they could not be made matters only where nothing was seen.
        (Outcome.UNSUPPORTED, NOTHING, Outcome.UNSUPPORTED),
        (Outcome.UNSUPPORTED, HELD_TWICE, Outcome.HELD),
        (Outcome.NOT_RECORDED, HELD_TWICE, Outcome.HELD),
        (Outcome.NOT_EXERCISED, HELD_TWICE, Outcome.HELD),
        (Outcome.BLOCKED, HELD_TWICE, Outcome.HELD),
        (Outcome.BLOCKED, WRONG, Outcome.VIOLATED),
        (Outcome.BLOCKED, NOTHING, Outcome.BLOCKED),
        # What is wrong with the run is not made good by what was seen.
        (Outcome.BROKEN, HELD_TWICE, Outcome.BROKEN),
        (Outcome.STALE, HELD_TWICE, Outcome.STALE),
        (Outcome.BROKEN, NOTHING, Outcome.BROKEN),
    ],
)
def test_what_is_judged_by_looking_comes_to_what_was_seen(
    outcome: Outcome, gathered: Gathered, becomes: Outcome
) -> None:
    assert with_evidence(own(outcome), gathered, observed_only=True).outcome is becomes


@pytest.mark.parametrize(
    ("outcome", "gathered", "becomes", "held"),
    [
        (Outcome.HELD, NOTHING, Outcome.HELD, 3),
        (Outcome.HELD, HELD_TWICE, Outcome.HELD, 5),
        (Outcome.HELD, WRONG, Outcome.VIOLATED, 4),
        (Outcome.VIOLATED, HELD_TWICE, Outcome.VIOLATED, 5),
        (Outcome.UNSUPPORTED, NOTHING, Outcome.UNSUPPORTED, 3),
        (Outcome.UNSUPPORTED, WRONG, Outcome.VIOLATED, 4),
        (Outcome.BROKEN, WRONG, Outcome.BROKEN, 4),
    ],
)
def test_a_test_of_its_own_comes_to_the_worse_of_both(
    outcome: Outcome, gathered: Gathered, becomes: Outcome, held: int
) -> None:
    result = with_evidence(own(outcome, held=3), gathered, observed_only=False)
    assert (result.outcome, result.held) == (becomes, held)


def test_what_keeps_an_exchange_from_being_evidence_is_the_first_of_several() -> None:
    gathered = Gathered()
    for name in ("vultr.a.b", "vultr.c.d"):
        assert not gathered.add(Evidence(None, ACCOUNT, Finding(Outcome.BLOCKED, blocked_by=name), said()))
    assert result_of(gathered).blocked_by == Cause("vultr.a.b", ACCOUNT)
    gathered.add(Evidence(None, ACCOUNT, HELD, said()))
    assert result_of(gathered).outcome is Outcome.HELD


def test_what_blocks_is_told_with_what_was_missing_and_what_would_help() -> None:
    need = Need("a value", "--parameter")
    result = blocked(Cause("a sentence", need=need), "no list")
    assert (result.reason, result.need) == ("blocked by a sentence: no list", need)
    assert blocked(Cause("a sentence")).reason == "blocked by a sentence"


# ---- runs


def item(function: Callable[..., None], cited: str = ACTIVE) -> Item:
    return Item(requirement(cited)(function), VULTR.requirements[cited], ACCOUNT, "test_selftest/test_own")


class Replaying(ReferenceTarget):
    """A target that was recorded with some cases."""

    cases: tuple[Mapping[str, Any], ...] = ()

    def session(self, test: str, item: str, observers: list[Observer]) -> Session:
        return evolve(super().session(test, item, observers), cases=self.cases)


def replaying(*cases: Mapping[str, Any]) -> ReferenceTarget:
    target = Replaying(VULTR)
    target.cases = cases
    return target


def sized(seen: list[Any], **bound: Any) -> Item:
    def asks(subject: Subject, size: Any) -> None:
        seen.append(size)
        assert_status(subject.client.send("GET", "/v2/plans", query={"per_page": size}), "2xx", "4xx")

    return item(property_test(**(bound or {"size": st.integers(1, 500)}))(asks))


def test_recorded_cases_are_replayed_as_they_are_and_none_is_drawn() -> None:
    seen: list[Any] = []
    result = Run(VULTR, replaying({"size": 7}, {"size": 9})).run(sized(seen))
    assert (result.outcome, seen) == (Outcome.HELD, [7, 9])
    # A case may have more than what is drawn: an example has.
    result = Run(VULTR, replaying({"size": 7})).run(sized(seen, examples=[{"size": 1}]))
    assert (result.outcome, seen) == (Outcome.HELD, [7, 9, 7])


@pytest.mark.parametrize("case", [{}, {"other": 1}, {"size": 7, "other": 1}])
def test_cases_for_other_arguments_are_stale(case: dict[str, Any]) -> None:
    seen: list[Any] = []
    result = Run(VULTR, replaying({"size": 7}, case)).run(sized(seen))
    assert (result.outcome, seen) == (Outcome.STALE, [])
    assert "takes; record it with --record" in str(result.reason)


def test_where_no_case_was_recorded_none_is_run() -> None:
    seen: list[Any] = []
    result = Run(VULTR, replaying()).run(sized(seen))
    assert (result.outcome, seen) == (Outcome.NOT_RECORDED, [])


def test_recorded_cases_that_fit_no_more_are_drawn_anew_where_it_is_recorded_again() -> None:
    seen: list[Any] = []
    run = Run(VULTR, ReferenceTarget(VULTR), examples=3, recording={}, recorded_cases=lambda _test, _item: ({"x": 1},))
    assert run.run(sized(seen)).outcome is Outcome.HELD
    assert len(seen) == 3


def test_what_is_drawn_may_depend_on_the_subject() -> None:
    seen: list[Any] = []
    operations: list[str] = []

    def sizes(subject: Subject) -> st.SearchStrategy[int]:
        operations.append(subject.operation_id)
        return st.just(11)

    Run(VULTR, ReferenceTarget(VULTR)).run(sized(seen, size=sizes))
    assert (seen, operations) == ([11], [ACCOUNT])


def test_examples_and_what_is_generated_come_before_what_is_drawn() -> None:
    seen: list[Any] = []
    bound = {
        "examples": lambda subject: [{"size": subject.operation_id}],
        "generated": lambda _: [{"size": (3, 4)}],
        "size": st.just(5),
    }
    Run(VULTR, ReferenceTarget(VULTR)).run(sized(seen, **bound))
    # As they come back from a cassette, where there are no tuples.
    assert seen == [ACCOUNT, [3, 4], 5]


def test_the_members_of_a_case_are_kept_in_order() -> None:
    takes: dict[str, dict[str, Take]] = {}

    def looks(subject: Subject, z: int, a: dict[str, int]) -> None:
        assert_status(subject.client.call(subject.operation, query={"z": z, **a}), 200)

    bound = item(property_test(examples=[{"z": 1, "a": {"y": 1, "b": 2}}])(looks))
    Run(VULTR, ReferenceTarget(VULTR), recording=takes).run(bound)
    (take,) = takes["test_selftest/test_own"].values()
    assert json.dumps(take.cases) == '[{"a": {"b": 2, "y": 1}, "z": 1}]'


def kept(function: Callable[..., None], target: ReferenceTarget | None = None) -> dict[str, dict[str, Take]]:
    """What a run keeps of a test."""
    takes: dict[str, dict[str, Take]] = {}
    Run(VULTR, target or ReferenceTarget(VULTR), recording=takes).run(item(function))
    return takes


def test_what_was_said_is_kept_whatever_the_test_comes_to_unless_the_run_is_at_fault() -> None:
    def holds(subject: Subject) -> None:
        assert_status(subject.client.call(subject.operation), 200)

    def fails(subject: Subject) -> None:
        assert_status(subject.client.call(subject.operation, credential=None), 200)

    def crashes(subject: Subject) -> None:
        subject.client.call(subject.operation)
        raise KeyError

    def silent(subject: Subject) -> None:
        assert_equal(subject.client.exchanges, [], "what was said")

    for test, status in ((holds, 200), (fails, 401)):
        (take,) = kept(test)["test_selftest/test_own"].values()
        assert [said.response.status for said in take.interactions] == [status]
        assert take.cases == ()
    assert kept(crashes) == {}
    assert kept(silent) == {}


def test_an_answer_that_broke_off_is_not_kept() -> None:
    def broken(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        return answer.over_the_wire(length=len(answer.body) + 1) if asked.path == "/v2/plans" else answer

    def asks(subject: Subject) -> None:
        assert_status(subject.client.send("GET", "/v2/plans"), 200)

    assert kept(asks, ProxiedTarget(VULTR, defect=broken)) == {}


UNSEEN = {
    NotExercised: Outcome.NOT_EXERCISED,
    NotRecorded: Outcome.NOT_RECORDED,
    Unsupported: Outcome.UNSUPPORTED,
    Stale: Outcome.STALE,
    HarnessError: Outcome.BROKEN,
    ConformanceError: Outcome.BROKEN,
    NotFollowed: Outcome.VIOLATED,
}


@pytest.mark.parametrize("kind", UNSEEN)
def test_why_a_test_was_not_finished_is_its_outcome(kind: type[ConformanceError]) -> None:
    def stops(subject: Subject) -> None:
        subject.client.call(subject.operation)
        raise kind("x" * 2 * LONGEST_REASON)

    result = Run(VULTR, ReferenceTarget(VULTR)).run(item(stops))
    assert result.outcome is UNSEEN[kind]
    assert len(str(result.reason)) > LONGEST_REASON // 2 or kind is NotFollowed
    assert len(str(result.reason)) <= 2 * LONGEST_REASON


def test_what_would_help_is_passed_on() -> None:
    need = Need("a value", "--parameter")

    def stops(subject: Subject) -> None:
        raise Unsupported(f"needs a value of {subject.operation_id}", need)

    assert Run(VULTR, ReferenceTarget(VULTR)).run(item(stops)).need == need


def test_what_is_not_known_of_an_answer_is_lacking() -> None:
    def reads(subject: Subject) -> None:
        subject.client.call(subject.operation)
        raise NotKnown("the body is not known")

    result = Run(VULTR, ReferenceTarget(VULTR)).run(item(reads))
    assert (result.outcome, result.reason) == (Outcome.BLOCKED, f"blocked by {ACCOUNT} is answered 200 OK")


def test_what_a_target_announces_is_told_once_in_a_run() -> None:
    told: list[Evidence] = []
    run = Run(VULTR, ReferenceTarget(VULTR), on_evidence=told.append)

    def announces(subject: Subject) -> None:
        exchange = subject.client.call(subject.operation)
        subject.client.notices.append(Notice("it ends on Monday", exchange))

    for _ in range(3):
        run.run(item(announces))
    assert [evidence.finding for evidence in told] == [note("it ends on Monday")]
    assert told[0].operation == ACCOUNT


def test_what_is_found_is_told_as_it_is_found_and_the_first_three_of_a_kind_only() -> None:
    told: list[Evidence] = []

    def no_json(asked: Asked, ask: Ask, _: Memory) -> Answered:
        return ask(asked).with_body(b"<")

    def calls(subject: Subject) -> None:
        for _ in range(5):
            subject.client.call(subject.operation)

    run = Run(VULTR, ProxiedTarget(VULTR, defect=no_json), on_evidence=told.append)
    run.run(item(calls))
    of_json = [each for each in told if each.requirement and each.requirement.id == "vultr.content-type.response-json"]
    assert len(of_json) == 3
    assert len(run.gathered()["vultr.content-type.response-json", ACCOUNT].violations) == 5
    assert all(each.finding.outcome is not Outcome.HELD for each in told)
    assert run.exchanges == 5


def test_what_shows_at_another_call_says_at_which() -> None:
    def asserts(subject: Subject) -> None:
        exchange = subject.client.send("GET", "/v2/plans")
        assert_equal(1, 2, "one", exchange=exchange)

    def names_it(subject: Subject) -> None:
        assert_status(subject.client.send("GET", "/v2/plans"), 418)

    run = Run(VULTR, ReferenceTarget(VULTR))
    assert str(run.run(item(asserts)).reason).endswith(" (shown by GET /v2/plans)")
    assert run.run(item(names_it)).reason == "GET /v2/plans was answered 200"
