"""`--budget N`: a run sends no more, first what tells most, and says what more would tell."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from conformance.properties import Item, items_of
from conformance.properties.cleanup import clean_up, finish
from conformance.properties.items import EVERYWHERE
from conformance.properties.turns import Turns, told_of
from conformance.selftest.servers import TESTS, VULTR, Runner, raw_server, reference_url, reply, url_target
from conformance.targets import NotExercised

ACCOUNT = VULTR.operation("GET /v2/account")
CREATE = VULTR.operation("POST /v2/domains")


def every_item() -> Iterator[Item]:
    for test, function in TESTS.items():
        yield from items_of(function, test, VULTR)


def test_no_more_is_sent_than_the_budget_and_what_was_made_is_deleted_all_the_same(tmp_path: Path) -> None:
    with reference_url() as url:
        target = url_target(url, most=3, capabilities=frozenset({"writes"}), ledgers=tmp_path)
        client = target.session("a test", "an item", []).client
        name = f"{target.guard.prefix}-0.example.com"
        assert client.call(CREATE, body={"domain": name}).response.ok
        assert client.call(ACCOUNT).response.ok
        with client.burst():
            client.call(ACCOUNT)
        for _ in range(2):
            with pytest.raises(NotExercised, match=r"^the budget of 3 requests was spent$"):
                client.call(CREATE, body={"domain": f"{target.guard.prefix}-1.example.com"})
        assert len(target.guard.made) == 1
        assert clean_up(client) == []
        assert target.guard.made[0].gone
        assert finish(target) == []
        target.close()


def test_sessions_share_it() -> None:
    with raw_server(lambda _: reply({"account": {}})) as server:
        target = url_target(server.url, most=2)
        for _ in range(2):
            target.session("a test", "an item", []).client.call(ACCOUNT)
        with pytest.raises(NotExercised):
            target.session("a test", "an item", []).client.call(ACCOUNT)
        assert server.requests == 2
        target.close()


def test_each_item_has_one_turn_and_those_of_one_operation_go_together() -> None:
    items, sent = list(every_item()), [0]
    turns = Turns(items, lambda: sent[0], lambda: False)
    taken = []
    for item in turns:
        taken.append(item)
        sent[0] += 1
    assert sorted(map(id, taken)) == sorted(map(id, items))
    assert turns.rest() == []
    assert told_of(turns) is None
    observed = [item.operation for item in taken if item.binding.observes and item.operation != EVERYWHERE]
    assert len(list(groupby(observed))) == len(set(observed))


def test_what_little_is_known_of_comes_before_more_of_the_same() -> None:
    items, sent = [item for item in every_item() if not item.binding.observes], [0]
    turns = Turns(items, lambda: sent[0], lambda: sent[0] >= 4 * len({item.requirement.id for item in items}))
    taken = []
    for item in turns:
        taken.append(item.requirement.id)
        sent[0] += 4
    assert len(set(taken)) == len(taken)


def test_what_is_cheap_comes_first_once_it_is_known_to_be() -> None:
    items, sent = list(every_item()), [0]
    dear = {item.test for item in items if "pagination" in item.test}
    turns = Turns(items, lambda: sent[0], lambda: sent[0] > 400)
    for item in turns:
        sent[0] += 40 if item.test in dear else 1
    assert {item.test for item in turns.rest()} & dear
    line = told_of(turns)
    assert line is not None
    assert line.startswith("the next 100 requests would buy ")
    costs = [unit_cost for _, unit_cost in turns.next(100)]
    assert costs == sorted(costs)
    assert sum(max(1, round(cost)) for cost in costs[:-1]) < 100 + max(costs)
    assert turns.next(100) == turns.next(100)


def test_a_run_stops_at_its_budget_and_says_what_more_would_tell(suite: Runner) -> None:
    with raw_server(lambda _: reply({"error": "no", "status": 404}, status="404 Not Found")) as server:
        ran = suite("--target", server.url, "--budget", "25")
        assert server.requests == 25
    reasons = [case["reason"] for record in ran.report["requirements"] for case in record["cases"]]
    assert reasons.count("the budget of 25 requests was spent") > 50
    assert "notice: the next 100 requests would buy" in ran.text
    assert "Traceback" not in ran.text


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--budget", "5"), "--budget: is for a URL or a named target"),
        (("--budget", "0", "--target", "http://127.0.0.1:1"), "--budget: '0' is no number of 1 or more"),
        (("--budget", "many", "--target", "http://127.0.0.1:1"), "--budget: 'many' is no number of 1 or more"),
    ],
)
def test_a_wrong_budget_is_one_line(suite: Runner, arguments: tuple[str, ...], problem: str) -> None:
    ran = suite(*arguments)
    assert ran.status == 4
    assert problem in ran.text
