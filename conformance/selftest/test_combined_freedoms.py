"""What a document leaves to a server accuses nobody, at the second look and in combination either."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any
from zlib import crc32

import pytest

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.selftest.combined_defects import DOMAINS, PROJECTS, SNYK_PROJECTS, TEAM, When, listing
from conformance.selftest.proxy import Answered, Ask, Asked, Defect, Memory, ProxiedTarget
from conformance.selftest.servers import TESTS
from conformance.targets import Client
from conformance.targets.target import Observer

LOOKING_TWICE = ("selections", "after_writes", "filters", "scopes", "domains", "pagination", "pages")
ACCUSED = {Outcome.VIOLATED, Outcome.BROKEN, Outcome.STALE}


class Shared(ProxiedTarget):
    """A target that others use, too."""

    def _client(self, server: Any, observers: list[Observer]) -> Client:
        client = super()._client(server, observers)
        client.guard.throwaway = False
        return client


def accused(
    api: str, freedom: Defect, modules: tuple[str, ...], kind: type[ProxiedTarget] = ProxiedTarget
) -> dict[str, str | None]:
    """Who is accused of anything by the tests of some modules."""
    contract = load(api)
    run = Run(contract, kind(contract, defect=freedom), examples=0)
    results = {}
    for test, function in TESTS.items():
        module = test.partition("/")[0].removeprefix("test_")
        if module in modules:
            results.update({(item.id, test): run.run(item) for item in items_of(function, test, contract)})
    assert any(result.outcome is Outcome.HELD for result in results.values())
    found = {item: result.reason for (item, _), result in results.items() if result.outcome in ACCUSED}
    return found | {
        key: gathered.violations[0].finding.message
        for (key, _), gathered in run.gathered().items()
        if gathered.violations
    }


def refusing(when: When, error: Any) -> Defect:
    """A 400 in the place of some answers."""

    def freedom(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        return Answered(400, answer.headers, answer.body).with_json(error) if when(asked) else answer

    return freedom


SNYK_ERROR = {"jsonapi": {"version": "1.0"}, "errors": [{"id": "1", "status": "400", "detail": "Not together."}]}
VERCEL_ERROR = {"error": {"code": "bad_request", "message": "Not together."}}


@pytest.mark.parametrize(
    ("api", "when", "error"),
    [
        pytest.param("snyk", listing(SNYK_PROJECTS, "origin"), SNYK_ERROR, id="a filter"),
        pytest.param("snyk", listing(SNYK_PROJECTS, "sort", "origin"), SNYK_ERROR, id="an order beside a filter"),
        pytest.param("vercel", listing(PROJECTS, TEAM, "limit"), VERCEL_ERROR, id="a limit beside a team"),
    ],
)
def test_a_combination_may_be_refused(api: str, when: When, error: Any) -> None:
    errors = count()

    def each_its_own(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        text = json.dumps(error).replace('"id": "1"', f'"id": "{next(errors)}"')
        return refusing(when, json.loads(text))(asked, ask, memory)

    assert accused(api, each_its_own, (*LOOKING_TWICE, "observed")) == {}


def written_by_others(every: int, path: str, body: Callable[[int], Any], media_type: str) -> Defect:
    """A neighbour creates something before every so many reads, and sometimes deletes what it made."""

    def freedom(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        if asked.method == "GET" and asked.path.endswith(path) and asked.headers.get("authorization"):
            memory["n"] = number = memory.get("n", 0) + 1
            if number % every == 0:
                headers = {**asked.headers, "content-type": media_type}
                query = tuple(pair for pair in asked.query if pair[0] == "version")
                made = ask(Asked("POST", asked.path, query, headers, json.dumps(body(number)).encode()))
                if made.status < 300 and "id" in memory:
                    ask(Asked("DELETE", f"{asked.path}/{memory['id']}", query, asked.headers, b""))
                value = made.json or {}
                memory["id"] = value.get("id") or (value.get("data") or value.get("domain") or {}).get("id")
        return ask(asked)

    return freedom


OTHERS = {
    "snyk": (
        SNYK_PROJECTS,
        lambda n: {"data": {"type": "project", "attributes": {"name": f"n{n}", "origin": "github"}}},
    ),
    "vercel": (PROJECTS, lambda n: {"name": f"neighbour-{n}"}),
    "vultr": (DOMAINS, lambda n: {"domain": f"n{n}.example.com"}),
}


@pytest.mark.parametrize("every", [5])
@pytest.mark.parametrize("api", OTHERS)
def test_others_may_write_meanwhile(api: str, every: int) -> None:
    path, body = OTHERS[api]
    media_type = load(api).conventions.media_types.request
    found = accused(api, written_by_others(every, path, body, media_type), LOOKING_TWICE, Shared)
    # The neighbour sends what we send, and uses up what is ours to send.
    assert {item for item in found if ".rate-limit." not in item} == set()


def in_another_order(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A page has its records in reverse where the document promises no order."""
    answer = ask(asked)
    if not (asked.method == "GET" and answer.status == 200):
        return answer
    body = answer.json
    for name in ("projects", "deployments"):
        if isinstance(body, dict) and isinstance(body.get(name), list):
            body[name] = body[name][::-1]
    return answer.with_json(body)


def test_no_order_is_promised() -> None:
    found = accused("vercel", in_another_order, LOOKING_TWICE)
    # That every limit gives one order is another requirement's to ask.
    assert {item for item in found if ".limit-invariance" not in item} == set()


def hidden_behind_the_cut(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A list is cut first and filtered then: some pages are short, some empty, and the walk goes on."""
    answer = ask(asked)
    body = answer.json
    if not (asked.method == "GET" and answer.status == 200 and isinstance(body, dict)):
        return answer
    for name in {"projects", "deployments"} & body.keys():
        body[name] = [record for record in body[name] if crc32(json.dumps(record, sort_keys=True).encode()) % 5]
        if "pagination" in body:
            body["pagination"]["count"] = len(body[name])
    return answer.with_json(body)


def test_short_pages_are_one_accusation_and_a_walk_goes_on_over_them() -> None:
    found = accused("vercel", hidden_behind_the_cut, ("pagination", "pages"))
    assert {item.partition("[")[0] for item in found} == {"vercel.pagination.pages-full"}


def numbered_answers(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Every answer has an id of its own among its keys: keys may be added."""
    answer = ask(asked)
    memory["n"] = memory.get("n", 0) + 1
    body = answer.json
    return answer.with_json({**body, "requestId": f"r{memory['n']}"}) if isinstance(body, dict) else answer


@pytest.mark.parametrize("api", ["vercel", "vultr"])
def test_an_answer_may_have_an_id_of_its_own(api: str) -> None:
    assert accused(api, numbered_answers, (*LOOKING_TWICE, "reading", "lists")) == {}


def later(readings: int, statuses: bool) -> Defect:
    """What a write comes to shows after so many readings of each thing, and now and then before.

    Args:
        statuses: a write is answered 202.
    """

    def freedom(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        seen, answer = memory.setdefault("seen", {}), ask(asked)
        if asked.method != "GET" and 200 <= answer.status < 300:
            memory.update(old=dict(seen), readings={})
            return Answered(202, answer.headers, answer.body) if statuses else answer
        if asked.method != "GET" or answer.status not in (200, 404):
            return answer
        key = (asked.path, asked.query)
        count = memory.get("readings", {}).get(key, 0) + 1
        if "readings" in memory:
            memory["readings"][key] = count
        if "old" in memory and count <= readings and (not statuses or count % 2):
            unfound = ask(Asked("GET", f"{asked.path}-none", asked.query, asked.headers, b""))
            return memory["old"].get(key) or (unfound if asked.path.startswith(f"{DOMAINS}/") else answer)
        seen[key] = answer
        return answer

    return freedom


def outcomes(requirement: str, freedom: Defect) -> dict[str, str]:
    contract = load(requirement.partition(".")[0])
    run = Run(contract, ProxiedTarget(contract, defect=freedom), examples=0)
    bound = [item for test, function in TESTS.items() for item in items_of(function, test, contract)]
    results = {item.test: run.run(item) for item in bound if item.requirement.id == requirement}
    return {test: f"{one.outcome}: {one.reason}" for test, one in results.items() if one.outcome in ACCUSED}


@pytest.mark.parametrize("readings", [1, 3, 4])
@pytest.mark.parametrize(
    "requirement",
    [
        *(f"vultr.crud.{slug}" for slug in ("post-creates", "put-sets", "patch-partial", "delete-then-404")),
        "vultr.crud.accepted-eventually",
    ],
)
def test_what_is_accepted_may_come_later_and_flicker_until_then(requirement: str, readings: int) -> None:
    assert outcomes(requirement, later(readings, statuses=True)) == {}


@pytest.mark.parametrize("readings", [1, 2])
@pytest.mark.parametrize("api", ["vercel", "snyk"])
def test_a_list_may_come_late_where_nothing_else_is_promised(api: str, readings: int) -> None:
    assert outcomes(f"{api}.crud.get-is-safe", later(readings, statuses=False)) == {}
