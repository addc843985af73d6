"""Faults of the client: each does what its sentence says, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from conformance.contract import load
from conformance.properties import play
from conformance.properties.client_faults import CLIENT_FAULTS
from conformance.properties.mock import START, MockServer
from conformance.targets import HarnessError
from conformance.targets.client import RETRIES

Pairs = list[tuple[str, str]]

CURSOR = "a b=="
QUERY = [("type", "vc 2"), ("per_page", "7"), ("cursor", CURSOR)]
FIRST = QUERY[:2]


def planted(identity: str, breaks: str | None = None, api: str = "vultr") -> MockServer:
    """A played server that a client with a fault speaks to; `breaks` tells faults of one id apart."""
    (plant,) = {fault.plant for fault in CLIENT_FAULTS if fault.id == identity and breaks in (None, fault.breaks)}
    played = play(load(api))
    plant(played.client)
    return played


def sent(
    played: MockServer, query: list[tuple[str, str]], path: str = "/v2/plans"
) -> tuple[str, list[tuple[str, str]]]:
    """The path and the query as they arrive."""
    played.client.send("GET", path, query=query)
    url = played.raw[-1].url
    return url.path, list(url.params.multi_items())


def answering(played: MockServer, body: Any, status: int = 200) -> MockServer:
    played.routes.route().mock(side_effect=lambda _: httpx.Response(status, json=body))
    return played


def plans(*ids: str, following: str | None = "", **more: Any) -> dict[str, Any]:
    links = {"next": following, "prev": ""}
    return {"plans": [{"id": identity} for identity in ids], "meta": {"total": 9, "links": links}, **more}


@pytest.mark.parametrize(
    ("identity", "breaks", "query", "arrives"),
    [
        ("strips-cursor", "cursor-opaque", QUERY, [*FIRST, ("cursor", "a b")]),
        ("strips-cursor", "cursor-opaque", FIRST, FIRST),
        ("encodes-twice", "cursor-opaque", QUERY, [*FIRST, ("cursor", "a%20b%3D%3D")]),
        ("encodes-twice", "cursor-opaque", FIRST, FIRST),
        ("drops-filters", "client-keeps-params", QUERY, [("cursor", CURSOR)]),
        ("drops-filters", "client-keeps-params", FIRST, FIRST),
        ("forgets-page-size", "client-keeps-params", QUERY, [("type", "vc 2"), ("cursor", CURSOR)]),
        ("forgets-page-size", "client-keeps-params", FIRST, FIRST),
    ],
)
def test_a_query_is_changed_in_one_way(identity: str, breaks: str, query: Pairs, arrives: Pairs) -> None:
    played = planted(identity, f"pagination.{breaks}")
    assert sent(played, query) == ("/v2/plans", arrives)


def test_a_key_is_put_into_the_query_beside_what_is_there() -> None:
    played = planted("key-in-url")
    assert sent(played, FIRST) == ("/v2/plans", [*FIRST, ("api_key", played.client.token("default"))])


def test_a_version_is_dropped_from_the_path_alone() -> None:
    assert sent(planted("drops-version"), FIRST, "/v2/plans/x") == ("/plans/x", FIRST)


def test_a_base_path_is_dropped() -> None:
    played = planted("drops-base-path", api="snyk")
    path, _ = sent(played, [], "/orgs")
    assert path == "/orgs"
    assert sent(play(load("snyk")), [], "/orgs")[0] == "/rest/orgs"


def test_a_list_is_asked_for_in_another_order() -> None:
    assert ("sort", "name") in sent(planted("sorts", api="snyk"), [("limit", "10")], "/orgs")[1]
    assert sent(planted("sorts", api="snyk"), [], "/orgs")[1][-1] == ("sort", "name")


def body_sent(played: MockServer) -> tuple[str | None, bytes]:
    played.client.send("POST", "/v2/domains", body={"domain": "a.example", "ip": "192.0.2.1"})
    request = played.raw[-1]
    return request.headers.get("content-type"), request.content


def test_a_body_is_sent_as_a_form_or_with_another_type() -> None:
    assert body_sent(planted("form-encodes")) == (
        "application/x-www-form-urlencoded",
        b"domain=a.example&ip=192.0.2.1",
    )
    typed, content = body_sent(planted("plain-text", "content-type.request-media-type"))
    assert (typed, json.loads(content)) == ("text/plain", {"domain": "a.example", "ip": "192.0.2.1"})


def test_an_answer_with_a_new_member_is_refused() -> None:
    operation = load("vultr").operation("GET /v2/plans")
    played = planted("strict-model")
    for known in (plans("a"), plans("b")):
        answering(played, known)
        assert played.client.control(played.client.call(operation)).response.ok
    answering(played, plans("a", zone="x", area="y"))
    with pytest.raises(HarnessError, match=r"^unknown member area$"):
        played.client.control(played.client.call(operation))
    # Another client has seen nothing that would be new beside it.
    fresh = answering(planted("strict-model"), plans("a", zone="x"))
    assert fresh.client.control(fresh.client.call(operation)).response.ok


def test_a_bare_list_whose_records_have_a_new_member_is_refused() -> None:
    operation = load("netlify").operation("GET /api/v1/sites")
    played = planted("strict-model", api="netlify")
    answering(played, [{"id": "a"}])
    assert played.client.control(played.client.call(operation)).response.ok
    answering(played, [{"id": "a"}, {"id": "b", "zone": "x"}])
    with pytest.raises(HarnessError, match=r"^unknown member zone$"):
        played.client.control(played.client.call(operation))


# ---- limits


def refused_once(played: MockServer) -> MockServer:
    answers = iter([httpx.Response(429), *[httpx.Response(200, json={}) for _ in range(300)]])
    played.routes.route().mock(side_effect=lambda _: next(answers))
    return played


def waits(played: MockServer) -> list[float]:
    """The seconds from the start at which the calls of one arrive."""
    played.client.send("GET", "/v2/account")
    return [at - START for at in played.arrivals]


def test_a_refused_call_is_repeated_too_soon_or_not_at_all() -> None:
    right = waits(refused_once(play(load("vercel"))))
    assert right[1] > 1.0
    assert waits(refused_once(planted("hammers", "rate-limit.client-retries-429", "vercel"))) == [0.0, 0.0]
    assert waits(refused_once(planted("waits-too-little", "rate-limit.client-retries-429", "vercel"))) == [0.0, 1.0]
    played = refused_once(planted("gives-up", "rate-limit.client-retries-429", "vercel"))
    with pytest.raises(HarnessError, match="refused for the rate"):
        played.client.send("GET", "/v9/projects")
    assert len(played.raw) == 1


def test_a_call_that_is_always_refused_is_not_repeated_for_ever_by_any_of_them() -> None:
    for identity in ("hammers", "waits-too-little"):
        played = answering(planted(identity, "rate-limit.client-waits", "zeit"), {}, 429)
        played.client.send("GET", "/v2/now/secrets")
        assert len(played.raw) == 1 + RETRIES


def test_calls_leave_at_once() -> None:
    played, right = planted("bursts"), play(load("vultr"))
    for each in (played, right):
        for _ in range(40):
            each.client.send("GET", "/v2/account")
    assert len(set(played.arrivals)) == 1
    assert len(set(right.arrivals)) > 1


def test_a_client_without_a_pace_takes_each_fault_of_pacing_too() -> None:
    for identity in ("hammers", "waits-too-little", "gives-up"):
        for plant in {fault.plant for fault in CLIENT_FAULTS if fault.id == identity}:
            played = answering(play(load("vultr")), {})
            played.client.budget = None
            plant(played.client)
            assert played.client.send("GET", "/v2/account").response.ok


# ---- lists


def read_next(identity: str, body: dict[str, Any], **query: object) -> object:
    """The next page that a client reads out of a list of plans."""
    (plant,) = {fault.plant for fault in CLIENT_FAULTS if fault.id == identity}
    played = answering(play(load("vultr")), body)
    plant(played.client)
    return played.client.send("GET", "/v2/plans", query=query).response.json["meta"]["links"]["next"]


@pytest.mark.parametrize(
    ("identity", "body", "query", "following"),
    [
        ("stops-when-short", plans("a", following="x"), {"per_page": 2}, None),
        ("stops-when-short", plans("a", "b", following="x"), {"per_page": 2}, "x"),
        ("stops-when-short", plans("a", following="x"), {}, "x"),
        ("stops-when-empty", plans(following="x"), {"per_page": 2}, None),
        ("stops-when-empty", plans("a", following="x"), {"per_page": 2}, "x"),
        ("follows-null", plans("a", following=None), {}, "null"),
        ("follows-null", plans("a", following=""), {}, "null"),
        ("follows-null", plans("a", following="x"), {}, "x"),
    ],
)
def test_the_end_of_a_list_is_misread(
    identity: str, body: dict[str, Any], query: dict[str, object], following: object
) -> None:
    assert read_next(identity, body, **query) == following


@pytest.mark.parametrize("identity", ["stops-when-short", "stops-when-empty", "follows-null"])
def test_what_is_no_list_is_read_as_it_is(identity: str) -> None:
    (plant,) = {fault.plant for fault in CLIENT_FAULTS if fault.id == identity}
    played = answering(play(load("vultr")), {"account": {"name": "a"}})
    plant(played.client)
    assert played.client.send("GET", "/v2/account").response.json == {"account": {"name": "a"}}
    bare = answering(play(load("vultr")), {"plans": []})
    plant(bare.client)
    assert bare.client.send("GET", "/v2/plans").response.json == {"plans": []}


def test_a_list_without_its_envelope_crashes() -> None:
    operation = load("vercel").operation("GET /v9/projects")
    bare = answering(planted("needs-envelope", api="vercel"), {"projects": []})
    with pytest.raises(HarnessError, match="KeyError: 'pagination'"):
        bare.client.control(bare.client.call(operation))
    body = {"projects": [], "pagination": {"count": 0, "next": None, "prev": None}}
    whole = answering(planted("needs-envelope", api="vercel"), body)
    assert whole.client.control(whole.client.call(operation)).response.ok


def test_what_came_is_passed_on() -> None:
    body = {"id": "p-1", "count": 2, "flags": [1], "owner": {"uid": "u-1", "rank": 1.5, "more": {"deep": "d"}}}
    played = answering(planted("forwards-members", api="zeit"), body)
    assert sent(played, [], "/v2/now/secrets")[1] == []
    passed_on = [("id", "p-1"), ("count", "2"), ("uid", "u-1")]
    assert sent(played, [("a", "b")], "/v2/now/secrets")[1] == [("a", "b"), *passed_on]


def test_a_walk_is_not_begun_again() -> None:
    assert play(load("snyk")).client.restarts > 0
    assert planted("never-restarts", api="snyk").client.restarts == 0


# ---- credentials, versions, grants


def authorized(identity: str, api: str, credential: str = "default") -> str:
    played = planted(identity, api=api)
    played.client.send("GET", "/orgs", credential=credential)
    return str(played.raw[-1].headers["authorization"])


def test_the_scheme_is_written_in_another_way() -> None:
    token = play(load("snyk")).client.token
    assert authorized("capitalises", "snyk") == f"Token {token('default')}"
    assert authorized("quotes", "snyk") == f'token "{token("default")}"'
    assert authorized("one-scheme", "snyk") == f"bearer {token('default')}"


@pytest.mark.parametrize(
    ("asked", "arrives"),
    [
        ({"version": "2024-10-15~beta"}, ["2024-10-15"]),
        ({"version": "2024-10-15"}, ["2024-10-15"]),
        ({"version": "2024-10-15~experimental", "x": "a~b"}, ["2024-10-15"]),
        ([("version", "2025-01-01~beta"), ("x", "a~b")], ["2025-01-01"]),
        ({"version": None, "x": "a~b"}, []),
    ],
)
def test_every_version_is_asked_for_as_one_that_promises_its_shape(asked: Any, arrives: list[str]) -> None:
    played = planted("drift-is-drift", api="snyk")
    played.client.send("GET", "/orgs", query=asked)
    arrived = played.raw[-1].url.params
    assert arrived.get_list("version") == arrives
    named = dict(asked if isinstance(asked, list) else asked.items())
    assert arrived.get("x") == named.get("x")


def test_an_announced_end_is_told_never_or_each_time() -> None:
    for identity, count in (("ignores-sunset", 0), ("repeats", 3)):
        played = planted(identity, api="snyk")
        played.routes.route().respond(200, headers={"Sunset": "Wed, 01 Jul 2026 00:00:00 GMT"}, json={})
        for _ in range(3):
            played.client.send("GET", "/orgs")
        assert len(played.client.notices) == count


def test_any_state_of_a_redirect_is_taken() -> None:
    assert planted("any-state", api="zeit").client.knows_state("given", "another")
    assert not play(load("zeit")).client.knows_state("given", "another")


FORM = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}, "content": b"code=a%2Fb&client_secret=s"}
FIELDS = {"code": "a/b", "client_secret": "s"}


def granted(identity: str, **options: Any) -> Any:
    played = planted(identity, api="zeit")
    operation = next(each for each in load("zeit").operations if each.writes and not each.path_parameters)
    played.client.call(operation, **options)
    return played.raw[-1]


def test_a_form_is_sent_as_json_or_as_the_query_and_nothing_else_is_changed() -> None:
    as_json = granted("sends-json", **FORM)
    assert (json.loads(as_json.content), as_json.headers["content-type"]) == (FIELDS, "application/json")
    in_query = granted("in-the-query", **FORM)
    assert (dict(in_query.url.params), in_query.content) == (FIELDS, b"")
    for identity in ("sends-json", "in-the-query"):
        plain = granted(identity, body={"a": 1}, query={"x": "y"})
        assert (json.loads(plain.content), dict(plain.url.params)) == ({"a": 1}, {"x": "y"})


@pytest.mark.parametrize(("method", "status", "calls"), [("POST", 402, 2), ("POST", 200, 1), ("GET", 500, 1)])
def test_a_write_that_fails_is_sent_once_more(method: str, status: int, calls: int) -> None:
    played = answering(planted("buys-again", api="zeit"), {}, status)
    operation = next(each for each in load("zeit").operations if each.method == method and not each.path_parameters)
    played.client.call(operation)
    assert len(played.raw) == calls


def test_a_recording_keeps_the_key() -> None:
    (plant,) = {fault.plant for fault in CLIENT_FAULTS if fault.id == "records-as-sent"}
    played = play(load("vultr"))
    plant(played.client)
    token = played.client.token("default")
    answering(played, {"echo": token})
    assert token in played.client.send("GET", "/v2/account").response.text


def test_a_link_is_resolved_as_the_rfc_has_it() -> None:
    right, wrong = play(load("snyk")), planted("resolves-by-rfc", api="snyk")
    for played in (right, wrong):
        played.client.follow("/orgs/o/projects?starting_after=x", f"{played.client.base_url}/orgs/o/projects")
    assert [played.raw[-1].url.path for played in (right, wrong)] == ["/rest/orgs/o/projects", "/orgs/o/projects"]
    assert wrong.client.base_url == right.client.base_url
