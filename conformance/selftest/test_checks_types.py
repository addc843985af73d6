"""Checks of declared types, of what a page says beside its records, of denials, and of what a version keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.checks import CHECKS, Judge, Sight
from conformance.checks.declared import Declared
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator

VERCEL = load("vercel")
HELD, VIOLATED = Outcome.HELD, Outcome.VIOLATED
BOTH = {"count": 2, "next": 1555072968396, "prev": 1555413045188}


def said(body: Any, path: str = "/v9/projects", status: int = 200) -> Exchange:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status=status, headers=(("Content-Type", "application/json"),), body=content)
    return Locator(VERCEL).exchange(Request(method="GET", url=f"https://api.vercel.com{path}"), response)


def page(pagination: Any, *records: Any) -> Exchange:
    return said({"projects": list(records), "pagination": pagination})


def findings(
    requirement: str, *exchanges: Exchange, facts: Mapping[str, Any] | None = None, strict: bool = False
) -> list[Outcome | None]:
    judge = Judge(VERCEL, strict=strict)
    judge.begin(facts or {})
    seen = [evidence for exchange in exchanges for evidence in judge.observe(exchange)]
    return [one.finding.outcome for one in seen if one.requirement and one.requirement.id == f"vercel.{requirement}"]


def outcome(*found: Outcome | None) -> str:
    return "violated" if VIOLATED in found else "held" if HELD in found else "nothing"


@pytest.mark.parametrize(
    ("pagination", "dates", "scalars"),
    [
        (BOTH, "held", "held"),
        ({"count": 0, "next": None, "prev": None}, "nothing", "held"),
        ({"count": 0, "next": None}, "nothing", "held"),
        ({**BOTH, "next": 1555072968}, "violated", "held"),
        ({**BOTH, "next": 1555072968396000}, "violated", "held"),
        ({**BOTH, "next": "1555072968396"}, "violated", "violated"),
        ({**BOTH, "next": "2019-04-12T12:42:48Z"}, "violated", "violated"),
        ({**BOTH, "prev": 1555413045188.0}, "violated", "violated"),
        ({**BOTH, "prev": True}, "violated", "violated"),
        ({**BOTH, "count": 2.0}, "held", "violated"),
        ({**BOTH, "count": "2"}, "held", "violated"),
        ({**BOTH, "count": None}, "held", "violated"),
        ({**BOTH, "count": False}, "held", "violated"),
    ],
)
def test_types_of_the_pagination(pagination: Any, dates: str, scalars: str) -> None:
    exchange = page(pagination, {"id": "a"}, {"id": "b"})
    assert outcome(*findings("types.date-is-ms", exchange)) == dates
    assert outcome(*findings("types.scalar-fidelity", exchange)) == scalars


@pytest.mark.parametrize(("written", "expected"), [(b"2e1", "violated"), (b"20.0", "violated"), (b"20", "held")])
def test_a_number_is_judged_as_it_is_written(written: bytes, expected: str) -> None:
    body = b'{"projects": [], "pagination": {"count": %b, "next": null}}' % written
    assert outcome(*findings("types.scalar-fidelity", said(body))) == expected


@pytest.mark.parametrize(
    ("form", "fitting", "others"),
    [
        ("ID", ["a"], ["", 1, None, ["a"]]),
        ("String", ["a", ""], [1, True, ["a"]]),
        ("Integer", [0, -1], [1.0, "1", True]),
        ("Float", [0, 1.5], ["1.5", True, [1.5]]),
        ("Boolean", [True, False], [0, "true"]),
        ("Map", [{}], [[], "{}"]),
        ("List", [[]], [{}, "[]"]),
    ],
)
def test_every_declared_type_has_its_form(form: str, fitting: list[Any], others: list[Any]) -> None:
    assert [Declared(form).holds(value) for value in fitting] == [True] * len(fitting)
    assert [Declared(form).holds(value) for value in others] == [False] * len(others)
    assert Declared(form, null=True).holds(None)
    assert not Declared(form).holds(None)


FACTS = {
    "types": {
        "GET /v9/projects": {
            "/projects/*/at": {"type": "IsoDate", "null": True},
            "/projects/*/state": {"type": "Enum", "values": ["READY", "ERROR"]},
            "/projects/*/live": {"type": "Boolean"},
            "/projects/*/made": {"type": "Date"},
        }
    }
}


@pytest.mark.parametrize(
    ("requirement", "member", "value", "expected"),
    [
        ("types.isodate-format", "at", "2018-10-23T01:13:05Z", "held"),
        ("types.isodate-format", "at", "2018-10-23T01:13:05.123+02:00", "held"),
        ("types.isodate-format", "at", None, "nothing"),
        ("types.isodate-format", "at", "2018-10-23 01:13", "violated"),
        ("types.isodate-format", "at", "2018-10-23T01:13:05", "violated"),
        ("types.isodate-format", "at", "2018-10-23T01:13Z", "violated"),
        ("types.isodate-format", "at", "2018-02-30T01:13:05Z", "violated"),
        ("types.isodate-format", "at", "2018-10-23T25:13:05Z", "violated"),
        ("types.isodate-format", "at", 1540257185, "violated"),
        ("types.enum-closed", "state", "READY", "held"),
        ("types.enum-closed", "state", "ready", "violated"),
        ("types.enum-closed", "state", None, "violated"),
        ("types.scalar-fidelity", "live", 1, "violated"),
        ("types.scalar-fidelity", "live", "true", "violated"),
        ("types.scalar-fidelity", "live", True, "held"),
        ("types.date-is-ms", "made", 10**11, "held"),
        ("types.date-is-ms", "made", 10**11 - 1, "violated"),
        ("types.date-is-ms", "made", 10**13, "held"),
        ("types.date-is-ms", "made", 10**13 + 1, "violated"),
        ("types.date-is-ms", "made", None, "violated"),
        ("types.enum-closed", "other", "anything", "nothing"),
    ],
)
def test_types_that_a_target_states(requirement: str, member: str, value: Any, expected: str) -> None:
    exchange = said({"projects": [{"id": "a", member: value}]})
    assert outcome(*findings(requirement, exchange, facts=FACTS)) == expected


def test_nothing_is_assumed_of_members_that_nobody_declares() -> None:
    exchange = said({"projects": [{"id": "a", "createdAt": "yesterday", "state": 1}]})
    for requirement in ("types.isodate-format", "types.enum-closed", "types.date-is-ms"):
        assert findings(requirement, exchange) == []


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([{"id": "a"}, {"id": "b", "uid": 5}], "held"),
        ([{"id": "a"}, {"id": "a"}], "violated"),
        ([{"id": "a"}, {"id": 5}], "violated"),
        ([{"id": "a"}, {"id": ""}], "violated"),
        ([{"id": "a"}, {"uid": "b"}], "violated"),
        ([{"id": "a"}, "b"], "nothing"),
        ([], "nothing"),
    ],
)
def test_ids_are_texts_and_unique(records: list[Any], expected: str) -> None:
    assert outcome(*findings("types.id-string-unique", said({"projects": records}))) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": {"b": 1, "b": 1}}', "violated"),
        (b'[{"b": 1}, {"b": 1}]', "held"),
        (b'{"b": {"b": {"b": 1}}}', "held"),
        (b"[1, 2]", "nothing"),
        (b"<html>", "nothing"),
    ],
)
def test_maps_repeat_no_key(body: bytes, expected: str) -> None:
    assert outcome(*findings("types.map-unique-keys", said(body))) == expected


@pytest.mark.parametrize(
    ("requirement", "pagination", "expected"),
    [
        ("pagination.count-is-page-length", {"count": 2}, "held"),
        ("pagination.count-is-page-length", {"count": 130}, "violated"),
        ("pagination.count-is-page-length", {}, "violated"),
        ("pagination.cursor-dates-ordered", BOTH, "held"),
        ("pagination.cursor-dates-ordered", {**BOTH, "prev": BOTH["next"]}, "held"),
        ("pagination.cursor-dates-ordered", {**BOTH, "next": BOTH["prev"] + 1}, "violated"),
        ("pagination.cursor-dates-ordered", {**BOTH, "prev": None}, "nothing"),
        ("pagination.cursor-dates-ordered", {**BOTH, "next": "soon"}, "violated"),
        ("pagination.shape", {"count": 2, "next": None}, "held"),
        ("pagination.shape", {"count": 2, "prev": None}, "violated"),
        ("pagination.shape", {**BOTH, "next": "5"}, "violated"),
        ("pagination.shape", {**BOTH, "prev": False}, "violated"),
        ("pagination.shape", [BOTH], "violated"),
        ("pagination.limit-honoured", BOTH, "nothing"),
    ],
)
def test_what_a_page_says(requirement: str, pagination: Any, expected: str) -> None:
    assert outcome(*findings(requirement, page(pagination, {"id": "a"}, {"id": "b"}))) == expected


def test_a_missing_prev_is_noted_once_for_a_list() -> None:
    exchange = page({"count": 1, "next": None}, {"id": "a"})
    assert findings("pagination.shape", exchange, exchange).count(None) == 1


def test_a_list_without_pagination_is_complete() -> None:
    exchange = said({"projects": [{"id": "a"}]})
    for slug in ("shape", "count-is-page-length", "cursor-dates-ordered", "limit-honoured", "next-null-on-last-page"):
        assert findings(f"pagination.{slug}", exchange) == []


def test_a_short_page_with_a_next_is_no_fault() -> None:
    body = {"projects": [{"id": "a"}, {"id": "b"}], "pagination": BOTH}
    exchange = said(body, "/v9/projects?limit=20")
    longer = said({**body, "projects": [{"id": str(number)} for number in range(21)]}, "/v9/projects?limit=100")
    assert findings("pagination.limit-honoured", exchange, longer) == [HELD]
    assert findings("pagination.next-null-on-last-page", exchange) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"deployments": [{"uid": "a"}]}, "held"),
        ({"deployments": []}, "nothing"),
        ({"items": [{"uid": "a"}], "pagination": BOTH}, "held"),
        ([{"uid": "a"}], "violated"),
        ({"deployments": {"a": {}}}, "violated"),
        ({"deployments": ["a"]}, "violated"),
        ({"deployments": None, "items": []}, "violated"),
        ({"ready": [], "others": []}, "violated"),
        ({}, "violated"),
    ],
)
def test_records_are_in_one_array(body: Any, expected: str) -> None:
    assert outcome(*findings("schema.deployments-list-key", said(body, "/v6/deployments"))) == expected


def test_a_key_that_only_the_contract_has_is_told_not_judged() -> None:
    def notes(body: Any) -> list[str]:
        found = CHECKS["schema.records-in-one-array"](Sight(said(body), VERCEL))
        return [one.message for one in found if one.outcome is None]

    assert notes({"projects": [{}], "pagination": {}}) == []
    assert notes({"items": [{}], "pagination": {}}) == ['the records are under "items", not at /projects']
    assert notes({"items": [{}], "others": [{}]}) == []
    assert notes({"projects": {}, "items": [{}]}) == []


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"error": {"code": "forbidden", "message": "no", "missingToken": True}}, 403, "held"),
        ({"error": {}, "projects": []}, 403, "violated"),
        ({"error": {}, "pagination": {}}, 403, "violated"),
        ([], 403, "violated"),
        ({"error": {}, "projects": []}, 404, "nothing"),
        (b"Forbidden", 403, "nothing"),
    ],
)
def test_a_denial_holds_no_data(body: Any, status: int, expected: str) -> None:
    served = said({"projects": [], "pagination": BOTH})
    assert outcome(*findings("auth.denial-has-no-data", served, said(body, status=status))) == expected


def test_where_nobody_is_served_there_is_nothing_to_deny() -> None:
    denied = said({"error": {"code": "forbidden", "message": "no"}}, status=403)
    assert findings("auth.denial-has-no-data", denied, denied) == []
    assert findings("auth.denial-has-no-data", denied, said({"projects": []})) == [HELD]


KEYS = {"keys": {"GET /v9/projects": {"": {"projects": "array"}, "/projects/*": {"id": "string", "size": "number"}}}}
KEPT = {"id": "a", "size": 1}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (KEPT, "held"),
        ({**KEPT, "extra": 1}, "held"),
        ({**KEPT, "size": None}, "held"),
        ({**KEPT, "size": 1.5}, "held"),
        ({"uid": "a", "size": 1}, "violated"),
        ({**KEPT, "size": "1"}, "violated"),
        ({**KEPT, "id": {"text": "a"}}, "violated"),
    ],
)
def test_keys_of_a_stated_baseline_persist(record: Any, expected: str) -> None:
    exchange = said({"projects": [KEPT, record]})
    assert outcome(*findings("versioning.documented-keys-persist", exchange, facts=KEYS, strict=True)) == expected
    if expected == "violated":
        assert findings("versioning.documented-keys-persist", exchange, exchange, facts=KEYS) == [None]


def test_only_what_an_operation_served_as_json_has_keys_to_keep() -> None:
    lacking: Any = {"projects": [{}]}
    assert findings("versioning.documented-keys-persist", said(lacking), facts=KEYS, strict=True) == [VIOLATED]
    for exchange in (said(lacking, status=500), said(lacking, path="/v9/unknown")):
        assert findings("versioning.documented-keys-persist", exchange, facts=KEYS, strict=True) == []
    html = said(b"<html>")
    assert findings("versioning.documented-keys-persist", html, facts=KEYS, strict=True) == [Outcome.BLOCKED]


@pytest.mark.parametrize(
    ("following", "before", "expected"),
    [
        (10**11, 10**13, "held"),
        (10**12, 10**12, "held"),
        (10**12 + 1, 10**12, "violated"),
        (10**11 - 1, 10**13, "violated"),
        (10**11, 10**13 + 1, "violated"),
        (10**11, "x", "violated"),
        (True, 10**12, "violated"),
        (None, 10**12, "nothing"),
        (10**12, None, "nothing"),
    ],
)
def test_neighbours_are_dates_in_order(following: Any, before: Any, expected: str) -> None:
    exchange = page({"count": 1, "next": following, "prev": before}, {"id": "a"})
    found = [one.outcome for one in CHECKS["pagination.cursor-dates-ordered"](Sight(exchange, VERCEL))]
    assert outcome(*found) == expected


def test_what_is_no_page_has_no_neighbours() -> None:
    exchange = said({"pagination": {"count": 1, "next": 1, "prev": 2}}, path="/v2/user")
    assert list(CHECKS["pagination.cursor-dates-ordered"](Sight(exchange, VERCEL))) == []


def records(count: int, **members: Any) -> Exchange:
    return said({"projects": [{"id": str(number), **members} for number in range(count)]})


def test_keys_of_the_run_itself_persist_as_far_as_it_can_tell() -> None:
    requirement = "versioning.documented-keys-persist"
    assert findings(requirement, records(9, a=1), strict=True) == []
    assert findings(requirement, records(9, a=1), records(9, a=2, b=1), strict=True) == [HELD]
    assert findings(requirement, records(9, a=1), records(9, b=1), strict=True) == [VIOLATED]
    assert findings(requirement, records(9, a=1), records(9, a="1"), strict=True) == [VIOLATED]
    assert findings(requirement, records(9, a=1), records(9, b=1), records(9, b=1)) == [None]
    # Too few records to tell an optional member from one that is gone.
    assert findings(requirement, records(1, a=1), records(2), strict=True) == []
    assert findings(requirement, records(9, a=1), records(2), strict=True) == []
