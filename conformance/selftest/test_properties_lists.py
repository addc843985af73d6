"""Lists that change, that are narrowed, and that are asked for wrongly; and faults that are looked for in items."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from attrs import evolve

from conformance.contract import ConformanceError
from conformance.contract.verdict import Outcome
from conformance.properties import Collection, Item, NotExercised, Run, Subject, Violation, play, requirement
from conformance.properties.assertions import (
    assert_equal,
    assert_no_server_error,
    assert_not_status,
    assert_that,
    evidence,
    not_counted,
    reset_evidence,
    vacuity,
)
from conformance.properties.binding import observes
from conformance.properties.busy import TRIES, each_time, undisturbed
from conformance.properties.combinations import pairs, selecting
from conformance.properties.detection import Planted, detect, is_alarm
from conformance.properties.generated import bad_bodies, bad_queries
from conformance.properties.mock import MockServer
from conformance.properties.results import Result
from conformance.selftest.servers import VULTR
from conformance.selftest.test_checks import said
from conformance.selftest.test_properties_attempts import subject
from conformance.targets import ReferenceTarget

PLANS = VULTR.operation("GET /v2/plans")


def plans(*readings: list[Any]) -> tuple[Collection, MockServer]:
    """A list of plans that is another at each reading; the last one stays."""
    played, left = play(VULTR), list(readings)

    def answer(_: httpx.Request) -> httpx.Response:
        records = left.pop(0) if len(left) > 1 else left[0]
        body = {"plans": records, "meta": {"total": len(records), "links": {"next": "", "prev": ""}}}
        return httpx.Response(200, json=body)

    played.routes.get("/v2/plans").mock(side_effect=answer)
    return Collection(played.client, PLANS, VULTR.conventions.paging), played


def records(text: str, **more: Any) -> list[Any]:
    return [{"id": identity, **more} for identity in text]


def compares(collection: Collection) -> None:
    collection.get()
    raise Violation("they differ", expected="this", actual="that")


def test_what_others_wrote_meanwhile_is_no_ones_fault() -> None:
    changing, _ = plans(records("a"), records("a"), records("ab"))
    with pytest.raises(NotExercised, match="others wrote to the list during the test"):
        undisturbed(compares)(collection=changing)


def test_what_differs_in_a_list_that_stays_is_a_violation_shown_by_what_was_asked_before_that_was_found_out() -> None:
    still, played = plans(records("a"))
    with pytest.raises(Violation, match="they differ") as violation:
        undisturbed(compares)(collection=still)
    assert len(played.exchanges) == 3
    assert violation.value.exchange is played.exchanges[0]


def test_a_test_that_holds_asks_nothing_more() -> None:
    still, played = plans(records("a"))
    undisturbed(lambda collection: collection.get() and None)(collection=still)
    assert len(played.exchanges) == 1


def tried(outcomes: list[Exception | None], *, alone: bool = False) -> tuple[int, Exception | None]:
    """How often a test is tried that comes to these, and what it came to."""
    collection, _ = plans(records("a"))
    collection.client.guard.throwaway = alone
    made = 0

    def test(lists: list[Collection]) -> None:
        nonlocal made
        made += 1
        lists[0].get()
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    try:
        each_time(test)(lists=[collection])
    except Exception as error:
        return made, error
    return made, None


def wrong(number: int) -> Violation:
    return Violation(f"try {number}", expected="this", actual="that")


def test_a_reading_that_others_may_have_changed_is_tried_again() -> None:
    assert TRIES == 3
    assert tried([None]) == (1, None)
    assert tried([wrong(1), wrong(2), None]) == (3, None)
    made, error = tried([wrong(1), wrong(2), wrong(3)])
    assert (made, str(error)) == (3, "try 1")
    assert isinstance(error, Violation)
    assert error.exchange is not None
    assert tried([wrong(1), None], alone=True)[0] == 1


def test_what_stops_the_first_try_stops_the_test_and_later_ones_leave_the_first_violation() -> None:
    stopped = NotExercised("too long")
    assert tried([stopped]) == (1, stopped)
    made, error = tried([wrong(1), ConformanceError("too long"), None])
    assert (made, str(error)) == (2, "try 1")


# ---- combinations


@pytest.mark.parametrize(
    ("choices", "rows"),
    [
        ({}, [{}]),
        ({"a": [1, 2]}, [{"a": 1}, {"a": 2}]),
        ({"a": [1], "b": []}, []),
        (
            {"a": [1, 2], "b": [3, 4]},
            [{"a": 1, "b": 3}, {"a": 1, "b": 4}, {"a": 2, "b": 3}, {"a": 2, "b": 4}],
        ),
    ],
)
def test_few_names_stand_in_rows_of_all_their_values(choices: dict[str, list[int]], rows: list[Any]) -> None:
    assert pairs(choices) == rows


def test_a_third_name_takes_what_meets_most_anew() -> None:
    rows = pairs({"a": [1, 2], "b": [3, 4], "c": [5, 6]})
    assert rows == [
        {"a": 1, "b": 3, "c": 5},
        {"a": 1, "b": 4, "c": 6},
        {"a": 2, "b": 3, "c": 6},
        {"a": 2, "b": 4, "c": 5},
    ]


@pytest.mark.parametrize(
    ("types", "chosen"),
    [
        (["x", "y", "y", "z", "z", "z"], ["z", "x"]),
        (["x", "x"], ["x"]),
        ([None, "", "x"], ["x"]),
        ([], None),
        ([None], None),
    ],
)
def test_a_filter_takes_the_most_frequent_value_and_the_least_or_what_is_documented(
    types: list[Any], chosen: list[str] | None
) -> None:
    listed, _ = plans([{"id": str(number), "type": each} for number, each in enumerate(types)])
    made = subject("vultr", PLANS.id)
    described = evolve(listed.description, filters={"type": ("one", "two", "three")})
    made.collection = evolve(listed, operation=evolve(PLANS, collection=described))
    assert selecting(made)["type"] == [None, *(chosen or ["one", "two"])]


# ---- generated


def test_a_parameter_that_is_named_twice_is_sent_twice() -> None:
    cases = bad_queries(VULTR, PLANS)
    assert all(not value.startswith("[") for case in cases for _, value in case["query"])
    assert any(len([name for name, _ in case["query"]]) > len({name for name, _ in case["query"]}) for case in cases)
    assert all(case["query"] and case["mutation"] for case in cases)
    assert len({str(case["query"]) for case in cases}) == len(cases)


def test_bodies_that_are_wrong_are_each_another() -> None:
    create = VULTR.operation("POST /v2/domains")
    bodies = [case["body"] for case in bad_bodies(VULTR, create)]
    assert all(bodies.count(body) == 1 for body in bodies)
    assert len(bodies) > 5
    assert bad_bodies(VULTR, PLANS) == []


# ---- assertions


def test_what_holds_where_it_is_not_counted_is_no_evidence() -> None:
    reset_evidence()
    assert_equal(1, 1, "one")
    with not_counted():
        assert_equal(1, 1, "one")
    assert evidence() == 1


def test_the_first_assertion_that_could_not_fail_is_told() -> None:
    reset_evidence()
    assert vacuity() == ""
    for why in ("the list is empty", "the list is short"):
        assert_that(True, "so", expected="so", actual="so", vacuous=why)
    assert (evidence(), vacuity()) == (0, "the list is empty")
    reset_evidence()
    assert (evidence(), vacuity()) == (0, "")


@pytest.mark.parametrize(("status", "held", "told"), [(400, 1, False), (404, 1, False), (200, 0, True), (302, 0, True)])
def test_a_bad_request_that_is_refused_is_evidence_and_one_that_is_taken_is_none(
    status: int, held: int, told: bool
) -> None:
    reset_evidence()
    assert_no_server_error(said("GET /v2/plans", status, {}), "of a bad size")
    assert (evidence(), "what is wrong was ignored" in vacuity()) == (held, told)
    with pytest.raises(Violation, match="of a bad size was answered 500"):
        assert_no_server_error(said("GET /v2/plans", 500, {}), "of a bad size")


def test_no_answer_is_told_with_its_reason() -> None:
    exchange = said("GET /v2/plans")
    silent = evolve(exchange, response=evolve(exchange.response, status=0, fault="it broke off"))
    with pytest.raises(Violation, match="GET /v2/plans got no answer: it broke off") as violation:
        assert_not_status(silent, "5xx")
    assert violation.value.actual == "no answer: it broke off"
    assert not violation.value.of_content
    assert Violation("x", expected="a", actual="b").of_content


# ---- faults that are looked for

KEY, ACCOUNT = "vultr.auth.bad-key-401", "GET /v2/account"
OBJECT = "vultr.schema.get-returns-object"


def item(done: list[str], name: str, cited: str, comes_to: Callable[[], None] = lambda: None, **binding: Any) -> Item:
    def test(subject: Subject) -> None:
        done.append(name)
        comes_to()
        subject.client.call(VULTR.operation(ACCOUNT))
        if not binding:
            assert_equal(1, 1, "one")

    bound = observes(test) if binding else requirement(cited)(test)
    return Item(bound, VULTR.requirements[cited], ACCOUNT, f"test_own/{name}")


def violating() -> None:
    raise Violation("it does not hold", expected="this", actual="that")


def fault(cited: str) -> Planted:
    @contextmanager
    def opened() -> Iterator[Run]:
        yield Run(VULTR, ReferenceTarget(VULTR))

    return Planted(f"{cited}/fault", cited, "Nothing is wrong.", opened)


def test_only_the_items_of_a_faults_requirement_are_run_until_one_turns_red() -> None:
    done: list[str] = []
    items = [
        item(done, "other", "vultr.auth.no-key-401"),
        item(done, "first", KEY),
        item(done, "second", KEY, violating),
        item(done, "third", KEY),
    ]
    detection = detect(fault(KEY), items)
    assert (detection.caught, done) == (True, ["first", "second"])
    assert [result.outcome for _, result in detection.results] == [Outcome.HELD, Outcome.VIOLATED]
    assert [one.test for one, _ in detection.results] == ["test_own/first", "test_own/second"]


def test_what_else_bears_on_a_passive_requirement_is_asked_where_its_items_do_not_turn_red() -> None:
    done: list[str] = []
    items = [
        item(done, "watching", "vultr.content-type.response-json", observing=True),
        item(done, "own", OBJECT),
        item(done, "active", KEY),
    ]
    detection = detect(fault(OBJECT), items)
    assert (detection.caught, done) == (False, ["own", "watching"])
    assert [result.outcome for _, result in detection.results] == [Outcome.HELD]
    assert detection.beside == ()


@pytest.mark.parametrize("outcome", Outcome)
def test_an_alarm_is_what_accuses_a_server_or_fails_the_run(outcome: Outcome) -> None:
    accuses = outcome in (Outcome.VIOLATED, Outcome.BROKEN, Outcome.STALE)
    assert is_alarm(Result(outcome)) == accuses
