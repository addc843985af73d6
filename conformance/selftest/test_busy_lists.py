"""Others write to a list while it is read: nobody is accused of that, and what is wrong all the same is still found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Collection, Run, Violation, items_of, play
from conformance.properties.assertions import assert_that
from conformance.properties.busy import each_time
from conformance.selftest.proxy import Answered, Ask, Asked, Defect, Memory, ProxiedTarget
from conformance.selftest.servers import TESTS
from conformance.targets import Client
from conformance.targets.guard import Guard
from conformance.targets.target import Observer

VULTR, DOMAINS = load("vultr"), "/v2/domains"

COMPARED = [
    "vultr.pagination.total-is-full-list",
    "vultr.pagination.walk-exactly-once",
    "vultr.pagination.prev-roundtrip",
    "vultr.pagination.last-page-no-next",
    "vultr.pagination.per-page-honoured",
]


def written_by_others(every: int) -> Defect:
    """A neighbour creates a domain before every so many reads."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        if asked.method == "GET" and asked.headers.get("authorization"):
            memory["reads"] = memory.get("reads", 0) + 1
            if memory["reads"] % every == 0:
                body = json.dumps({"domain": f"a{memory['reads']}.example.com"}).encode()
                headers = {**asked.headers, "content-type": "application/json"}
                ask(Asked("POST", DOMAINS, (), headers, body))
        return ask(asked)

    return defect


def total_is_one_more(asked: Asked, ask: Ask, _: Memory) -> Answered:
    answer = ask(asked)
    if asked.method == "GET" and asked.path == DOMAINS and answer.status == 200:
        body = answer.json
        body["meta"]["total"] += 1
        return answer.with_json(body)
    return answer


class Shared(ProxiedTarget):
    """A target that others use, too."""

    def _client(self, server: Any, observers: list[Observer]) -> Client:
        client = super()._client(server, observers)
        client.guard.throwaway = False
        return client


def outcomes(requirement: str, operation: str, defect: Defect) -> set[Outcome]:
    run = Run(VULTR, Shared(VULTR, defect=defect), examples=2)
    bound = [item for test, function in TESTS.items() for item in items_of(function, test, VULTR)]
    chosen = [item for item in bound if item.requirement.id == requirement and item.operation == operation]
    assert chosen
    return {run.run(item).outcome for item in chosen}


@pytest.mark.parametrize("every", [1, 2, 5, 11])
@pytest.mark.parametrize("requirement", COMPARED)
def test_what_others_write_accuses_nobody(requirement: str, every: int) -> None:
    found = outcomes(requirement, "GET /v2/domains", written_by_others(every))
    assert found <= {Outcome.HELD, Outcome.NOT_EXERCISED}


@pytest.mark.parametrize("every", [29, 61])
def test_reading_is_not_accused_of_what_others_write_now_and_then(every: int) -> None:
    found = outcomes("vultr.crud.get-read-only", "GET /v2/account", written_by_others(every))
    assert found == {Outcome.HELD}


def test_a_list_that_nobody_else_writes_to_is_judged() -> None:
    assert Outcome.VIOLATED in outcomes("vultr.pagination.total-is-full-list", "GET /v2/domains", total_is_one_more)


def test_a_read_that_writes_is_found() -> None:
    def writes(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        return written_by_others(1)(asked, ask, memory) if asked.path == DOMAINS else ask(asked)

    assert outcomes("vultr.crud.get-read-only", "GET /v2/account", writes) == {Outcome.VIOLATED}


@pytest.mark.parametrize(("alone", "tries"), [(True, 1), (False, 3)])
def test_what_reading_does_is_tried_again_only_where_others_may_write(alone: bool, tries: int) -> None:
    made = []

    def never_holds(collection: Collection) -> None:
        made.append(collection)
        raise Violation(f"try {len(made)}", expected="nothing", actual="something")

    client = play(VULTR).client
    client.guard.throwaway = alone
    collection = Collection(client, VULTR.operation("GET /v2/domains"), VULTR.conventions.paging)
    with pytest.raises(Violation, match="try 1"):
        each_time(never_holds)(collection=collection)
    assert len(made) == tries


def test_a_test_that_holds_at_any_try_holds() -> None:
    made = []

    def holds_at_last(collection: Collection) -> None:
        made.append(collection)
        assert_that(len(made) == 3, "not yet", expected="the third", actual=len(made))

    client = play(VULTR).client
    client.guard.throwaway = False
    collection = Collection(client, VULTR.operation("GET /v2/domains"), VULTR.conventions.paging)
    each_time(holds_at_last)(collection=collection)
    assert len(made) == 3


@pytest.mark.parametrize(
    ("name", "by_others"),
    [("shop.example.com", True), ("conformance-1-2.example.com", False), (None, False), (7, False)],
)
def test_what_others_named_is_told_from_what_a_refused_create_may_have_made(name: Any, by_others: bool) -> None:
    (domain,) = VULTR.conventions.resources
    guard = Guard(contract=VULTR, prefix="conformance-1")
    assert guard.is_named_by_others(domain, {"domain": name}) == by_others
    assert not Guard.of_throwaway(VULTR, {}).is_named_by_others(domain, {"domain": name})
