"""What keeps items from being judged: the requirement that names the defect, else one sentence, else nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from conformance.checks.base import violated
from conformance.contract.verdict import Outcome
from conformance.properties import Item, Run, Subject, assert_equal, assert_status, requirement
from conformance.properties.causes import Cause, Seen, absent, fault, is_subject, is_useless, need_of, unjudged
from conformance.properties.results import Result, Shown, fails_alike
from conformance.selftest.proxy import Answered, Ask, Asked, Defect, Memory, ProxiedTarget
from conformance.selftest.servers import VULTR, items
from conformance.selftest.test_checks import said
from conformance.targets.errors import Lack
from conformance.traffic.exchange import Exchange

PLANS = "GET /v2/plans"
WALK, PREV, TOTAL = (
    "vultr.pagination.walk-exactly-once",
    "vultr.pagination.prev-roundtrip",
    "vultr.pagination.total-is-full-list",
)
JSON, OBJECT, ROOT = (
    "vultr.content-type.response-json",
    "vultr.schema.get-returns-object",
    "vultr.schema.named-root",
)
ASKED = (JSON, OBJECT, ROOT, "vultr.pagination.meta-shape", PREV, WALK, TOTAL)


def at_plans(change: Callable[[Answered], Answered]) -> Defect:
    """What the list of plans is answered with, where it is a success, is changed."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        return change(answer) if asked.path == "/v2/plans" and answer.status == 200 else answer

    return defect


def status(of: int) -> Defect:
    return at_plans(lambda answer: evolve(answer, status=of))


def ran(defect: Defect, requirements: tuple[str, ...] = ASKED) -> dict[str, Result]:
    """What the items of requirements come to at the list of plans, the worst of several."""
    run = Run(VULTR, ProxiedTarget(VULTR, defect=defect), examples=2)
    chosen = [item for cited in requirements for item in items(cited, PLANS)]
    for item in chosen:
        run.attempt(item)
    results: dict[str, Result] = {}
    for item in chosen:
        result, before = run.result(item), results.get(item.requirement.id)
        if before is None or list(Outcome).index(result.outcome) < list(Outcome).index(before.outcome):
            results[item.requirement.id] = result
    return results


def blocked_by(results: dict[str, Result]) -> dict[str, set[str]]:
    """What blocks → the requirements that it does."""
    found: dict[str, set[str]] = {}
    for name, result in results.items():
        if result.blocked_by is not None:
            found.setdefault(result.blocked_by.text, set()).add(name)
    return found


def lost(results: dict[str, Result]) -> set[str]:
    return {name for name, result in results.items() if result.outcome is Outcome.VIOLATED}


HTML = at_plans(lambda answer: answer.with_body(b"<h1>It works</h1>").with_header("Content-Type", "text/html"))
OTHER_ROOT = at_plans(lambda answer: answer.with_json({"items": answer.json["plans"], "meta": answer.json["meta"]}))


def test_what_is_no_json_is_charged_once_and_blocks_the_rest() -> None:
    results = ran(HTML)
    assert lost(results) == {JSON}
    assert blocked_by(results) == {JSON: set(ASKED) - {JSON}}
    assert (results[WALK].reason or "").startswith(f"blocked by {JSON}: the answer has no list at /plans: GET https://")
    assert results[OBJECT].reason == f"blocked by {JSON}"


def test_a_list_of_another_root_blocks_what_needs_the_list_alone() -> None:
    results = ran(OTHER_ROOT)
    assert lost(results) == {ROOT}
    assert blocked_by(results) == {ROOT: {PREV, WALK, TOTAL}}


def test_a_requirement_that_does_not_hold_and_was_not_asked_for_is_told_in_a_sentence() -> None:
    results = ran(OTHER_ROOT, (WALK,))
    cause = results[WALK].blocked_by
    assert cause == Cause(f"{ROOT} does not hold at {PLANS}", why=f"{ROOT} does not hold at {PLANS}")
    assert cause == unjudged(Cause(ROOT, PLANS))


@pytest.mark.parametrize(
    ("of", "sentence"),
    [(500, f"{PLANS} is answered 500 Internal Server Error"), (302, f"{PLANS} is answered 302 Found")],
)
def test_an_operation_that_is_of_no_use_is_told_once_and_fails_the_run(of: int, sentence: str) -> None:
    results = ran(status(of), (OBJECT, PREV, WALK, TOTAL))
    assert blocked_by(results) == {sentence: {OBJECT, PREV, WALK, TOTAL}}
    assert {result.blocked_by.why for result in results.values() if result.blocked_by} == {sentence}


@pytest.mark.parametrize("of", [404, 405, 501])
def test_an_operation_that_the_target_has_not_is_told_once_and_fails_nothing(of: int) -> None:
    results = ran(status(of), (OBJECT, PREV, WALK, TOTAL))
    assert blocked_by(results) == {f"this target does not serve {PLANS} ({of})": {OBJECT, PREV, WALK, TOTAL}}
    assert {result.blocked_by.why for result in results.values() if result.blocked_by} == {None}
    assert all(result.need is not None and result.need.how == "--discover" for result in results.values())


@pytest.mark.parametrize("of", [400, 401, 403, 410, 422])
def test_a_refusal_that_its_caller_may_have_earned_blocks_nothing(of: int) -> None:
    results = ran(status(of), (PREV, WALK, TOTAL))
    assert {result.outcome for result in results.values()} == {Outcome.NOT_EXERCISED}
    assert all("the control was refused" in str(result.reason) for result in results.values())


def second_page(change: Callable[[Answered], Answered]) -> Defect:
    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        return change(ask(asked)) if asked.path == "/v2/plans" and asked.parameter("cursor") else ask(asked)

    return defect


def test_a_page_that_does_not_come_is_the_walks_failure_and_blocks_what_needs_it() -> None:
    results = ran(second_page(lambda answer: evolve(answer, status=301)))
    assert lost(results) == {WALK}
    assert blocked_by(results) == {WALK: {PREV, TOTAL}}


def test_where_the_walk_is_not_asked_for_a_page_that_does_not_come_is_a_sentence() -> None:
    results = ran(second_page(lambda answer: evolve(answer, status=301)), (PREV, TOTAL))
    assert blocked_by(results) == {f"the list of {PLANS} cannot be read to its end": {TOTAL, PREV}}


def test_an_answer_that_breaks_off_is_told_with_what_came() -> None:
    results = ran(at_plans(lambda answer: answer.dropped()), (WALK,))
    cause = results[WALK].blocked_by
    assert cause is not None
    assert cause.text.startswith(f"{PLANS} is not answered: the answer broke off or is not HTTP: ")
    assert cause.why == cause.text


def test_a_defect_that_shows_at_another_call_only_blocks_nothing_else() -> None:
    def elsewhere(asked: Asked, ask: Ask, _: Memory) -> Answered:
        return evolve(ask(asked), status=500) if asked.path == "/v2/account" else ask(asked)

    assert blocked_by(ran(elsewhere)) == {}


def test_what_was_answered_once_is_there_however_often_it_fails() -> None:
    def flaky(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        memory["n"] = memory.get("n", 0) + 1
        return evolve(ask(asked), status=404) if memory["n"] > 1 and asked.path == "/v2/plans" else ask(asked)

    results = ran(flaky, (OBJECT, PREV))
    assert results[OBJECT].outcome is Outcome.HELD
    assert results[PREV].outcome is Outcome.NOT_EXERCISED


# ---- the parts


def answered(of: int, body: object = None, *, negative: bool = False, request: str = PLANS, **more: Any) -> Exchange:
    exchange = said(request, of, body, negative=negative)
    return evolve(exchange, response=evolve(exchange.response, **more))


@pytest.mark.parametrize(
    ("of", "useless"),
    [(0, True), (100, True), (200, False), (204, False), (299, False), (302, True), (400, False), (401, False),
     (403, False), (404, True), (405, True), (409, False), (410, False), (429, False), (500, True), (501, True),
     (503, True)],
)  # fmt: skip
def test_of_no_use_is_what_is_no_success_and_no_refusal_that_can_be_earned(of: int, useless: bool) -> None:
    assert is_useless(answered(of).response) == useless


@pytest.mark.parametrize("more", [{"fault": "it broke off"}, {"unread": "it is too large"}])
def test_of_no_use_is_what_did_not_come_whole(more: dict[str, Any]) -> None:
    assert is_useless(answered(200, **more).response)


@pytest.mark.parametrize(("of", "need"), [(404, "accepted"), (405, "accepted"), (501, "accepted"), (500, "usable")])
def test_what_is_absent_was_not_accepted(of: int, need: Lack) -> None:
    assert need_of(answered(of)) == need


def test_what_is_wrong_on_purpose_shows_nothing_about_an_operation() -> None:
    seen = Seen()
    seen.note(answered(500, negative=True))
    seen.note(answered(500, request="GET /v2/no-such-thing"))
    assert seen.of_no_use(PLANS) is None
    assert seen.useless == {}


def test_an_operation_is_in_vain_where_nothing_but_what_is_of_no_use_came() -> None:
    seen = Seen()
    first = answered(404)
    seen.note(first)
    seen.note(answered(500))
    assert seen.of_no_use("GET /v2/account") is None
    assert seen.of_no_use(PLANS) == first.kept()
    seen.note(answered(403))
    assert seen.of_no_use(PLANS) == first.kept()
    seen.note(answered(200, {"plans": []}))
    assert seen.of_no_use(PLANS) is None


@pytest.mark.parametrize(
    ("cited", "need", "is_one"),
    [
        (WALK, "walk", True),
        (WALK, "page", True),
        (WALK, "prev", False),
        (PREV, "prev", True),
        (PREV, "walk", False),
        (TOTAL, "walk", False),
        (WALK, "usable", False),
        (WALK, "form", False),
        ("vultr.pagination.last-page-no-next", "page", False),
    ],
)
def test_whose_subject_it_is_that_walks_go_on_fails_where_they_do_not(cited: str, need: Lack, is_one: bool) -> None:
    assert is_subject(VULTR.requirements[cited], need) == is_one


@pytest.mark.parametrize(
    ("need", "exchange", "text", "fails"),
    [
        ("list", answered(200, {"x": 1}), f"{PLANS} does not show what it should where the contract has it", False),
        ("list", answered(200), f"{PLANS} is answered 200 OK", True),
        ("limit", answered(200, {}), f"{PLANS} does not tell the state of the rate limit", False),
        ("walk", answered(200, {}), f"the list of {PLANS} cannot be read to its end", True),
        ("page", answered(301), f"the list of {PLANS} cannot be read to its end", True),
        ("usable", answered(0, fault="it broke off"), f"{PLANS} is not answered: it broke off", True),
        ("usable", answered(200, fault="no gzip"), f"the answer of {PLANS} is of no use: no gzip", True),
        ("usable", answered(200, unread="too large"), f"the answer of {PLANS} is of no use: too large", True),
        ("usable", answered(503), f"{PLANS} is answered 503 Service Unavailable", True),
    ],
)
def test_a_defect_that_no_requirement_names_is_a_sentence(
    need: Lack, exchange: Exchange, text: str, fails: bool
) -> None:
    assert fault(need, exchange) == Cause(text, why=text if fails else None)


def test_what_is_absent_may_be_there_under_other_values() -> None:
    assert absent(answered(404)).text == f"this target does not serve {PLANS} (404)"
    by_id = absent(answered(404, request="GET /v2/users/u-1")).text
    assert by_id == (
        "this target does not serve GET /v2/users/{user-id}, or has nothing by the values it is asked for with (404)"
    )


def failing(exchange: Exchange | None, **more: Any) -> Result:
    finding = violated("it fails", expected="this", actual="that")
    shown = () if exchange is None else (Shown(finding, exchange),)
    return Result(**{"outcome": Outcome.VIOLATED, "reason": "it fails", "shown": shown, **more})


def test_an_item_fails_alike_where_the_same_call_comes_to_the_same_status() -> None:
    of = answered(500)
    assert fails_alike(failing(answered(500)), of)
    assert not fails_alike(failing(answered(502)), of)
    assert not fails_alike(failing(answered(500, request="GET /v2/account")), of)
    assert not fails_alike(failing(answered(500, fault="it broke off")), of)
    assert not fails_alike(failing(answered(500, negative=True)), of)
    assert not fails_alike(failing(None), of)
    assert not fails_alike(failing(answered(500), outcome=Outcome.HELD), of)
    assert not fails_alike(failing(answered(500), wanted=Seen().wanting("walk", of)), of)


def test_of_an_item_that_fails_twice_the_first_answer_is_what_it_fails_for() -> None:
    finding = violated("it fails", expected="this", actual="that")
    twice = failing(None, shown=(Shown(finding, answered(500)), Shown(finding, answered(404))))
    assert fails_alike(twice, answered(500))
    assert not fails_alike(twice, answered(404))


# ---- items of one's own


def own(test: Callable[..., None], cited: str = "vultr.crud.get-read-only") -> Item:
    return Item(requirement(cited)(test), VULTR.requirements[cited], PLANS, "test_selftest/test_own")


def run_beside(test: Callable[..., None], defect: Defect, *beside: str) -> Result:
    """What a test comes to where the items of other requirements were run before it."""
    run = Run(VULTR, ProxiedTarget(VULTR, defect=defect))
    for cited in beside:
        for item in items(cited, PLANS):
            run.attempt(item)
    return run.run(own(test))


def reads_the_list(subject: Subject) -> None:
    exchange = subject.collection.get()
    assert_equal(exchange.response.json.get("plans") if exchange.response.is_json else None, [], "the list")


def asks_for_ok(subject: Subject) -> None:
    assert_status(subject.collection.get(), 200)


def test_an_assertion_about_what_a_body_says_says_no_more_than_that_it_is_of_no_form() -> None:
    result = run_beside(reads_the_list, HTML, JSON)
    assert result.blocked_by == Cause(JSON, PLANS)
    assert run_beside(reads_the_list, at_plans(lambda answer: answer), JSON).outcome is Outcome.VIOLATED


def test_an_assertion_about_a_status_stands_where_the_body_is_of_no_form() -> None:
    assert run_beside(asks_for_ok, at_plans(lambda a: evolve(a, status=403).with_body(b"<")), JSON).outcome is (
        Outcome.VIOLATED
    )


def test_an_assertion_about_the_status_of_what_is_never_served_is_blocked_by_that() -> None:
    result = run_beside(asks_for_ok, status(500))
    assert result.blocked_by is not None
    assert result.blocked_by.text == f"{PLANS} is answered 500 Internal Server Error"
    assert run_beside(asks_for_ok, status(403)).outcome is Outcome.VIOLATED


def test_a_call_that_is_wrong_on_purpose_and_crashes_the_target_is_its_own_failure() -> None:
    def asks_wrongly(subject: Subject) -> None:
        assert_status(subject.collection.get("x", negative=True), 400)

    assert run_beside(asks_wrongly, status(200)).outcome is Outcome.HELD

    def crashes(asked: Asked, ask: Ask, _: Memory) -> Answered:
        return evolve(ask(asked), status=500)

    assert run_beside(asks_wrongly, crashes).outcome is Outcome.VIOLATED


def sevens_fail(asked: Asked, ask: Ask, _: Memory) -> Answered:
    return evolve(ask(asked), status=500) if asked.parameter("per_page") == "7" else ask(asked)


def asserts_seven(subject: Subject) -> None:
    assert_status(subject.collection.get(), 200)
    assert_status(subject.collection.get(7), 200)


def needs_seven(subject: Subject) -> None:
    subject.client.control(subject.collection.get(7))


def test_what_fails_for_the_same_answer_is_named_by_the_item_that_asserts_it() -> None:
    run = Run(VULTR, ProxiedTarget(VULTR, defect=sevens_fail))
    elsewhere = items("vultr.auth.no-key-401", "GET /v2/account")[0]
    asserting, needing = own(asserts_seven), own(needs_seven, TOTAL)
    for item in (elsewhere, needing, asserting):
        run.attempt(item)
    assert run.result(asserting).outcome is Outcome.VIOLATED
    assert run.result(needing).blocked_by == Cause("vultr.crud.get-read-only", PLANS)


def test_without_it_the_answer_itself_is_told() -> None:
    run = Run(VULTR, ProxiedTarget(VULTR, defect=sevens_fail))
    assert run.run(own(needs_seven, TOTAL)).blocked_by == Cause(
        f"{PLANS} is answered 500 Internal Server Error", why=f"{PLANS} is answered 500 Internal Server Error"
    )
