"""What running a test comes to: evidence, controls, cases, what it leaves behind, and what other tests have seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import strategies as st

from conformance.contract import Operation
from conformance.contract.verdict import Outcome
from conformance.properties import (
    Item,
    Run,
    Subject,
    Things,
    Violation,
    assert_equal,
    assert_not_status,
    assert_same_members,
    assert_status,
    assert_that,
    cases,
    property_test,
    requirement,
)
from conformance.selftest.servers import TOKEN, VULTR, Asked, items, raw_server, reference_url, reply, url_target
from conformance.targets import CassetteTarget, Client, ReferenceTarget, Target
from conformance.traffic import cassette
from conformance.traffic.cassette import Take
from conformance.traffic.exchange import Exchange, Request, Response

ACCOUNT = "GET /v2/account"
ACTIVE = "vultr.auth.bad-key-401"
PASSIVE = "vultr.schema.get-returns-object"
DELETE = "vultr.crud.delete-then-404"


def item(function: Callable[..., None], cited: str = ACTIVE, operation: str = ACCOUNT) -> Item:
    return Item(requirement(cited)(function), VULTR.requirements[cited], operation, "test_selftest/test_own")


def reference_run(**options: Any) -> Run:
    return Run(VULTR, ReferenceTarget(VULTR), **options)


def test_a_test_that_asserts_nothing_has_shown_nothing() -> None:
    def calls_only(client: Client, operation: Operation) -> None:
        client.control(client.call(operation))

    result = reference_run().run(item(calls_only))
    assert result.outcome is Outcome.NOT_EXERCISED
    assert result.reason == "the test made no assertion that could have failed"


def test_each_assertion_that_holds_is_counted_for_its_own_item() -> None:
    def asserts_twice(client: Client, operation: Operation) -> None:
        assert_status(client.call(operation), 200)
        assert_equal(1, 1, "one")

    def asserts_once(client: Client, operation: Operation) -> None:
        assert_not_status(client.call(operation), "5xx")

    run = reference_run()
    assert [run.run(item(test)).held for test in (asserts_twice, asserts_once, asserts_twice)] == [2, 1, 2]


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        ("401 Unauthorized", Outcome.NOT_EXERCISED, "the control was refused: GET {url}/v2/account → 401"),
        ("404 Not Found", Outcome.BLOCKED, "blocked by this target does not serve GET /v2/account (404)"),
        ("503 Busy", Outcome.BLOCKED, "blocked by GET /v2/account is answered 503 Service Unavailable"),
        ("302 Found", Outcome.BLOCKED, "blocked by GET /v2/account is answered 302 Found"),
    ],
)
def test_a_control_that_fails_passes_nothing(status: str, outcome: Outcome, reason: str) -> None:
    with raw_server(lambda _: reply({"error": "no"}, status)) as server:
        target = url_target(server.url)
        result = Run(VULTR, target).run(items(ACTIVE)[0])
        target.close()
    assert (result.outcome, result.reason) == (outcome, reason.format(url=server.url))


def test_a_violation_carries_both_sides_and_the_exchange() -> None:
    def expects_a_teapot(client: Client, operation: Operation) -> None:
        first = client.call(operation)
        client.call(operation, credential=None)
        assert_status(first, 418, when="for tea")

    (shown,) = reference_run().run(item(expects_a_teapot)).shown
    assert shown.finding.message == "GET /v2/account for tea was answered 200"
    assert (shown.finding.expected, shown.finding.actual, shown.finding.party) == ("418", "200 OK", "server")
    assert shown.exchange is not None
    assert shown.exchange.response.status == 200


def test_a_violation_without_an_exchange_shows_the_last_one() -> None:
    def compares(client: Client, operation: Operation) -> None:
        client.call(operation)
        client.call(operation, credential=None)
        assert_that(False, "it differs", expected="this", actual=["that"])

    (shown,) = reference_run().run(item(compares)).shown
    assert (shown.finding.expected, shown.finding.actual) == ("this", '["that"]')
    assert shown.exchange is not None
    assert shown.exchange.response.status == 401


@pytest.mark.parametrize(
    ("actual", "problem"),
    [(["a", "b"], None), (["b", "a"], None), (["a"], "b is missing"), (["a", "b", "c"], "c does not belong"),
     (["a", "b", "b"], "b comes 2 times")],
)  # fmt: skip
def test_the_same_members_are_each_there_once(actual: list[str], problem: str | None) -> None:
    if problem is None:
        assert_same_members(actual, ["a", "b"], "the walk")
        return
    with pytest.raises(Violation, match=f"^the walk: {problem}$"):
        assert_same_members(actual, ["a", "b"], "the walk")


def test_a_test_that_crashes_is_broken_and_named_in_one_line() -> None:
    def crashes(client: Client, operation: Operation) -> None:
        client.call(operation)
        raise KeyError("several\nlines " + "x" * 1000)

    result = reference_run().run(item(crashes))
    assert result.outcome is Outcome.BROKEN
    assert (result.reason or "").startswith("the test crashed at test_properties_run.py:")
    assert "KeyError: " in (result.reason or "")
    assert "\n" not in (result.reason or "")
    assert len(result.reason or "") < 500


def test_the_same_name_draws_the_same_cases_and_each_once() -> None:
    strategies = {"size": st.integers(1, 500), "text": st.text(max_size=5)}
    drawn = cases.draw(strategies, 20, "an item")
    assert drawn == cases.draw(strategies, 20, "an item")
    assert drawn != cases.draw(strategies, 20, "another item")
    assert 15 < len(drawn) <= 20
    assert all(case not in drawn[:number] for number, case in enumerate(drawn))
    assert cases.draw({"one": st.just(1)}, 20, "an item") == [{"one": 1}]
    assert cases.draw(strategies, 0, "an item") == []


def with_cases(seen: list[int]) -> Item:
    """A property that notes the sizes it is run with."""

    def asks_for_a_page(client: Client, size: int) -> None:
        seen.append(size)
        assert_status(client.call(VULTR.operation("GET /v2/plans"), query={"per_page": size}), 200)

    return item(property_test(examples=[{"size": 3}], size=st.integers(1, 500))(asks_for_a_page))


def test_examples_run_before_drawn_cases_and_none_twice() -> None:
    seen: list[int] = []
    assert reference_run(examples=4).run(with_cases(seen)).held == len(seen)
    assert seen[0] == 3
    assert len(seen) == len(set(seen)) <= 5


def test_what_was_drawn_while_recording_is_replayed_exactly(tmp_path: Path) -> None:
    recorded: list[int] = []
    takes: dict[str, dict[str, Take]] = {}
    target = ReferenceTarget(VULTR)
    Run(VULTR, target, examples=4, recording=takes).run(with_cases(recorded))
    for test, by_item in takes.items():
        cassette.write(tmp_path / f"{test}.yaml", target.recorded_provenance(), by_item)
    replayed: list[int] = []
    # Whatever would be drawn now, the recorded cases are what is run.
    result = Run(VULTR, CassetteTarget(VULTR, tmp_path), examples=20).run(with_cases(replayed))
    assert (result.outcome, replayed) == (Outcome.HELD, recorded)


def test_recorded_cases_are_run_again_instead_of_drawing() -> None:
    seen: list[int] = []
    run = reference_run(recording={}, recorded_cases=lambda _test, _item: ({"size": 7}, {"size": 8}))
    run.run(with_cases(seen))
    assert seen == [7, 8]


def creating(then: Callable[[Things], None]) -> Item:
    def creates(things: Things) -> None:
        things.create()
        things.create()
        then(things)

    return item(creates, DELETE, "DELETE /v2/domains/{dns-domain}")


def domains(url: str) -> list[str]:
    answer = httpx2.get(f"{url}/v2/domains", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
    return [record["domain"] for record in answer.json()["domains"]]


def asserting(_: Things) -> None:
    assert_equal(1, 1, "one")


def violating(_: Things) -> None:
    assert_equal(1, 2, "one")


def crashing(_: Things) -> None:
    raise KeyError


def interrupted(_: Things) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("then", [asserting, violating, crashing, interrupted])
def test_what_a_test_creates_is_deleted_however_it_ends(then: Callable[[Things], None]) -> None:
    with reference_url() as url:
        before = domains(url)
        target = url_target(url, capabilities=frozenset({"writes"}))
        run = Run(VULTR, target, fresh_names=True)
        try:
            run.run(creating(then))
        except KeyboardInterrupt:
            assert then is interrupted
        assert domains(url) == before
        target.close()
    assert run.leftovers == []


def test_what_cannot_be_deleted_is_told_and_nothing_more_is_created() -> None:
    created: list[str] = []

    def answer(asked: Asked) -> bytes:
        if asked.method == "DELETE":
            return reply({"error": "no"}, "409 Conflict")
        if asked.method == "GET":
            return reply({"domains": [], "meta": {"total": 0, "links": {"next": "", "prev": ""}}})
        created.append(json.loads(asked.body)["domain"])
        return reply({"domain": {"domain": created[-1]}}, "201 Created")

    with raw_server(answer) as server:
        target = url_target(server.url, capabilities=frozenset({"writes"}))
        run = Run(VULTR, target, fresh_names=True)
        assert run.run(creating(asserting)).outcome is Outcome.HELD
        second = run.run(creating(asserting))
        assert second.outcome is Outcome.UNSUPPORTED
        assert "nothing more is created on this target: domain conformance-" in str(second.reason)
        run.finish()
        target.close()
    assert len(created) == 2
    for name, left in zip(created, run.leftovers, strict=True):
        at = f"{server.url}/v2/domains/{name}"
        assert left == f"domain {name}: not deleted: DELETE {at} → 409; it is at {at}"


@pytest.mark.parametrize("identity", ["", "/", "..", None, [], {}, 1.5])
def test_nothing_is_deleted_under_an_id_that_names_no_single_thing(identity: object) -> None:
    with raw_server(lambda _: reply({"domain": {"domain": identity}}, "201 Created")) as server:
        target = url_target(server.url, capabilities=frozenset({"writes"}))
        Run(VULTR, target).run(creating(asserting))
        target.close()
    deleted = [asked.target for asked in server.asked if asked.method == "DELETE"]
    assert all(path.startswith("/v2/domains/conformance-") for path in deleted)


def test_writing_needs_to_be_allowed() -> None:
    with raw_server(lambda _: reply({})) as server:
        target = url_target(server.url)
        result = Run(VULTR, target).run(creating(asserting))
        target.close()
    assert result.outcome is Outcome.UNSUPPORTED
    assert result.reason == "needs the capability 'writes', which this target lacks; --allow-writes grants it"
    assert server.requests == 0


def test_what_any_test_sees_counts_for_a_passive_requirement() -> None:
    answers = chain([[1]], repeat({"account": {}}))

    def looks(client: Client, operation: Operation) -> None:
        assert_status(client.call(operation), 200)

    with raw_server(lambda _: reply(next(answers))) as server:
        target = url_target(server.url)
        run = Run(VULTR, target)
        assert run.run(item(looks)).outcome is Outcome.HELD
        (passive,) = items(PASSIVE, ACCOUNT)
        result = run.run(passive)
        target.close()
    assert result.outcome is Outcome.VIOLATED
    assert result.held >= 1
    assert [shown.exchange.response.json for shown in result.shown if shown.exchange] == [[1]]


def test_what_another_call_shows_counts_for_the_requirement_it_bears_on() -> None:
    """That a deleted thing is still found shows in a GET, and the requirement's one item is that of the DELETE."""
    run, path = reference_run(), "/v2/things/t-1"
    for method, status in (("DELETE", 204), ("GET", 200)):
        request = Request(method=method, url=f"https://api.vultr.com{path}")
        run.observe(Exchange(request, Response(status=status, body=b"{}" if status == 200 else b""), None, path))
    deleted = "vultr.crud.delete-then-404"
    places = {operation for requirement, operation in run.gathered() if requirement == deleted}
    assert places == {"DELETE /v2/domains/{dns-domain}"}
    assert run.gathered()[deleted, "DELETE /v2/domains/{dns-domain}"].violations


def test_an_operation_is_exercised_once_for_all_its_passive_requirements() -> None:
    run = reference_run()
    made = []
    for cited in (PASSIVE, "vultr.content-type.response-json", "vultr.errors.status-in-table"):
        (passive,) = items(cited, ACCOUNT)
        assert run.run(passive).outcome is Outcome.HELD
        made.append(run.exchanges)
    assert made == [made[0]] * 3


def test_calls_that_the_contract_lacks_are_counted() -> None:
    def wanders(subject: Subject) -> None:
        subject.client.send("PATCH", "/v2/no-such-thing")
        assert_status(subject.client.send("GET", "/v2/no-such-thing"), 404)

    run = reference_run()
    run.run(item(wanders))
    assert run.unknown == {"PATCH (unknown)": 1, "GET (unknown)": 1}


def test_a_target_needs_to_be_no_more_than_its_interface() -> None:
    assert isinstance(ReferenceTarget(VULTR), Target)
