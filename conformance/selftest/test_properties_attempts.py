"""Attempts: calls that differ in who makes them alone, what they are about, and what is out of their reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from attrs import evolve

from conformance.contract import Contract, load
from conformance.properties import Subject, Violation, assertions
from conformance.properties.attempts import (
    FROM_A_CURSOR,
    IN_SCOPE,
    PLAINLY,
    WITH_PARAMETERS,
    Attempts,
    assert_out_of_reach,
    matrix,
    scope_of,
    ways,
)
from conformance.selftest.proxy import Answered, Ask, Asked, Defect, Memory, ProxiedTarget
from conformance.targets import NotExercised, ReferenceTarget, Target
from conformance.targets.credentials import MADE_UP, SAME_FORM
from conformance.traffic.exchange import Exchange

LIST, READ, CREATE, DELETE = (
    "GET /v9/projects",
    "GET /v9/projects/{idOrName}",
    "POST /v9/projects",
    "DELETE /v9/projects/{idOrName}",
)
DOMAIN = "/v2/domains/{dns-domain}"
EMPTY = Answered(200, (("Content-Type", "application/json"),), b"{}")


@cache
def contract_of(api: str) -> Contract:
    return load(api)


def subject(api: str, operation: str, target: Target | None = None, **session: Any) -> Subject:
    """The subject of an operation on the reference server; `session` has what its session says otherwise."""
    contract = contract_of(api)
    requirement = next(iter(contract.requirements.values()))
    made = Subject(contract, target or ReferenceTarget(contract), requirement, operation, "test", "item")
    made.session = evolve(made.session, **session)
    return made


def asked(made: Subject) -> list[str]:
    """What was sent, as method and target below the host."""
    return [f"{exchange.request.method} /{exchange.request.url.split('/', 3)[3]}" for exchange in made.client.exchanges]


def read_only(made: Subject) -> frozenset[str]:
    return made.session.capabilities - {"writes"}


def test_a_list_is_asked_for_in_more_ways_than_one_thing() -> None:
    assert list(ways(subject("vercel", LIST))) == [PLAINLY, IN_SCOPE, WITH_PARAMETERS, FROM_A_CURSOR]
    assert list(ways(subject("vercel", READ))) == [PLAINLY, IN_SCOPE]
    assert list(ways(subject("vultr", "GET /v2/account"))) == [PLAINLY]
    assert list(ways(subject("vultr", "GET /v2/plans"))) == [PLAINLY, WITH_PARAMETERS, FROM_A_CURSOR]


def test_every_wrong_credential_is_tried_plainly_and_two_in_the_other_ways() -> None:
    tried = matrix(subject("vultr", "GET /v2/plans"))
    assert len(tried[PLAINLY]) > 8
    assert set(tried[WITH_PARAMETERS]) == set(tried[FROM_A_CURSOR]) == {MADE_UP, SAME_FORM}


def test_a_scope_is_one_that_the_target_is_known_to_have() -> None:
    made = subject("vercel", LIST)
    assert scope_of(made) == {"teamId": made.session.parameters["teamId"][0]}
    assert scope_of(subject("vercel", LIST, parameters={})) is None
    assert scope_of(subject("vultr", "GET /v2/plans")) is None


def test_what_writes_has_a_scope_only_where_it_may_write() -> None:
    made = subject("vercel", CREATE)
    assert scope_of(made) == {"teamId": made.session.parameters["teamId"][0]}
    made.client.guard.throwaway = False
    assert scope_of(made) is None


@pytest.mark.parametrize(
    ("way", "queries"),
    [(PLAINLY, [""]), (IN_SCOPE, ["teamId"]), (WITH_PARAMETERS, ["limit"]), (FROM_A_CURSOR, ["limit", "limit until"])],
)
def test_a_control_and_an_attempt_of_a_list_ask_the_same(way: str, queries: list[str]) -> None:
    made = subject("vercel", LIST)
    attempts = Attempts(made, way)
    assert attempts.control().response.status == 200
    attempt = attempts.attempt(credential=None)
    assert (attempt.response.status, attempt.negative) == (403, True)
    *_, control, refused = made.client.exchanges
    assert refused.request.url == control.request.url
    names = [" ".join(sorted(name for name, _ in each.request.query)) for each in made.client.exchanges]
    assert names == [*queries, queries[-1]]


def test_a_list_of_one_page_has_no_cursor_to_go_on_from() -> None:
    def short(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        return answer.with_json({"projects": [], "pagination": {"count": 0, "next": None, "prev": None}})

    target = ProxiedTarget(contract_of("vercel"), defect=short)
    with pytest.raises(NotExercised, match="names no page after it"):
        Attempts(subject("vercel", LIST, target), FROM_A_CURSOR).control()


def test_a_filter_stands_beside_the_page_size() -> None:
    made = subject("vultr", "GET /v2/plans")
    Attempts(made, WITH_PARAMETERS).control()
    assert asked(made) == ["GET /v2/plans?type=vhf&per_page=1"]


def test_a_delete_that_should_work_is_of_something_else_than_those_that_should_not() -> None:
    attempts = Attempts(subject("vercel", DELETE))
    before = attempts.state()
    assert before[0] == 200
    deleted = attempts.control()
    assert deleted.response.status == 204
    assert attempts.victim not in deleted.request.url
    refused = attempts.attempt(credential=None)
    assert refused.request.url.endswith(attempts.victim)
    assert attempts.state() == before


def test_what_a_refused_delete_has_done_all_the_same_shows_in_the_state() -> None:
    attempts = Attempts(subject("vercel", DELETE))
    before = attempts.state()
    attempts.attempt()
    assert attempts.state() != before


def test_a_read_is_of_something_that_this_run_made_where_it_may() -> None:
    made = subject("vercel", READ)
    attempts = Attempts(made)
    control = attempts.control()
    assert made.things.created == [attempts.victim]
    assert control.request.url.endswith(attempts.victim)
    assert attempts.attempt(credential=None).request.url == control.request.url


def test_where_nothing_may_be_made_what_somebody_named_is_read() -> None:
    made = subject("vercel", READ)
    made.session = evolve(made.session, capabilities=read_only(made))
    assert Attempts(made).victim == made.session.parameters["idOrName"][0]
    made.session = evolve(made.session, parameters={})
    assert Attempts(made).victim == made.things_of(made.contract.conventions.resources[0]).first()


def test_in_a_scope_something_of_that_scope_is_read_whatever_somebody_named() -> None:
    made = subject("vercel", READ)
    made.session = evolve(made.session, capabilities=read_only(made))
    attempts = Attempts(made, IN_SCOPE)
    assert attempts.victim not in made.session.parameters["idOrName"]
    team = made.session.parameters["teamId"][0]
    assert asked(made) == [f"GET /v9/projects?teamId={team}&limit=100"]
    assert attempts.control().response.status == 200


def test_a_create_is_told_by_the_list_it_would_add_to() -> None:
    attempts = Attempts(subject("vercel", CREATE))
    before = attempts.state()
    attempts.attempt(credential=None)
    assert attempts.state() == before
    attempts.attempt()
    assert len(attempts.state()) == len(before) + 1


def test_what_only_reads_changes_nothing_that_could_be_looked_at() -> None:
    assert Attempts(subject("vercel", READ)).state() is None
    assert Attempts(subject("vercel", LIST)).state() is None
    assert Attempts(subject("vultr", "GET /v2/account")).state() is None


def test_what_belongs_to_no_resource_is_called_with_the_values_that_are_known() -> None:
    made = subject("vultr", "GET /v2/users/{user-id}")
    attempts = Attempts(made)
    assert (attempts.things, attempts.role) == (None, "read")
    assert attempts.control().path == f"/v2/users/{made.session.parameters['user-id'][0]}"


# ---- out of reach


def reached(defect: Defect | None, **options: Any) -> tuple[Subject, Callable[[], None]]:
    """A domain that is out of the reach of another account, behind a proxy, and what asserts that."""
    proxied = ProxiedTarget(contract_of("vultr"), defect=defect or (lambda asked, ask, _: ask(asked)))
    made = subject("vultr", f"GET {DOMAIN}", proxied)
    given = {"when": "by nobody", "writes": True, "credential": None, **options}
    return made, lambda: assert_out_of_reach(made.things, 401, **given)


def for_nobody(method: str, then: Callable[[Asked, Ask], Answered]) -> Defect:
    """What is done where nobody asks with a method."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        anonymous = asked.method == method and "authorization" not in asked.headers and "/domains/" in asked.path
        return then(asked, ask) if anonymous else ask(asked)

    return defect


def negative(made: Subject) -> list[Exchange]:
    return [exchange for exchange in made.client.exchanges if exchange.negative]


def test_what_is_somebodys_is_tried_to_be_read_changed_replaced_and_deleted() -> None:
    made, assertion = reached(None)
    assertions.reset_evidence()
    assertion()
    assert [exchange.request.method for exchange in negative(made)] == ["GET", "PATCH", "PUT", "DELETE"]
    assert {exchange.response.status for exchange in negative(made)} == {401}
    assert len({exchange.path for exchange in negative(made)}) == 1
    assert assertions.evidence() == 7


def test_what_may_not_be_written_to_is_tried_to_be_read_alone() -> None:
    made, assertion = reached(None, writes=False)
    assertion()
    assert [exchange.request.method for exchange in negative(made)] == ["GET"]
    assert made.things.created == []


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_who_is_let_in_is_found_by_the_status(method: str) -> None:
    role = {"GET": "read", "PATCH": "update", "PUT": "replace", "DELETE": "delete"}[method]
    with pytest.raises(Violation, match=f"to {role} a domain by nobody was answered 200"):
        reached(for_nobody(method, lambda _, __: EMPTY))[1]()


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_what_is_refused_and_done_all_the_same_is_found_by_looking(method: str) -> None:
    owner = {"authorization": f"Bearer {reached(None)[0].client.token('default')}"}

    def applied(asked: Asked, ask: Ask) -> Answered:
        answer = ask(asked)
        ask(evolve(asked, headers={**asked.headers, **owner}))
        return answer

    with pytest.raises(Violation, match="the domain after that: expected"):
        reached(for_nobody(method, applied))[1]()


def test_a_call_that_its_owner_cannot_make_is_not_tried_by_others() -> None:
    def no_patch(asked: Asked, ask: Ask, _: Memory) -> Answered:
        return evolve(EMPTY, status=400) if asked.method == "PATCH" else ask(asked)

    made, assertion = reached(no_patch)
    assertion()
    assert [exchange.request.method for exchange in negative(made)] == ["GET", "PUT", "DELETE"]


def test_what_its_owner_cannot_read_is_not_tried() -> None:
    def hidden(asked: Asked, ask: Ask, _: Memory) -> Answered:
        one = asked.method == "GET" and "/domains/" in asked.path
        return evolve(EMPTY, status=404) if one else ask(asked)

    made, assertion = reached(hidden)
    assertion()
    assert negative(made) == []


def test_where_there_is_nothing_nothing_is_tried() -> None:
    def empty(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        nothing = {"domains": [], "meta": {"total": 0, "links": {"next": "", "prev": ""}}}
        return answer.with_json(nothing) if asked.path == "/v2/domains" else answer

    made, assertion = reached(empty, writes=False)
    assertion()
    assert negative(made) == []


def test_what_has_no_operation_to_be_read_with_is_looked_for_in_its_list() -> None:
    made = subject("zeit", "DELETE /v2/now/secrets/{secretName}")
    attempts = Attempts(made)
    assert attempts.state() == (200, True)
    attempts.attempt()
    assert attempts.state() == (200, False)
