"""Bodies against schemas: what is seen of a schema, what is told, and which successes are as documented."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks import CHECKS, Sight
from conformance.checks.base import Finding
from conformance.contract import load
from conformance.selftest.test_checks import said

VULTR = load("vultr")
ACCOUNT, CREATE, DELETE = "GET /v2/account", "POST /v2/domains", "DELETE /v2/domains/a.example"


def found(check: str, body: Any, request: str = ACCOUNT, status: int = 200, **arguments: Any) -> list[Finding]:
    return list(CHECKS[check](Sight(said(request, status, body), VULTR, arguments)))


def outcomes(findings: list[Finding]) -> str:
    return " ".join(one.outcome.value if one.outcome else "note" for one in findings)


def matched(schema: dict[str, Any], body: Any, **more: Any) -> str:
    return outcomes(found("schema", body, schema=schema, **more))


NAMED = {"properties": {"name": {"type": "string"}}}
LISTED = {"type": "object", "properties": {"all": {"type": "array", "items": {"type": "string"}}}}
EITHER = {
    "if": {"required": ["kind"]},
    "then": {"properties": {"kind": {"const": "a"}}},
    "else": {"properties": {"name": {"type": "string"}}},
}


@pytest.mark.parametrize(
    ("schema", "body", "expected"),
    [
        (NAMED, {"name": "a"}, "held"),
        (NAMED, {"name": 1}, "violated"),
        # It speaks of a member that is not there: nothing was seen.
        (NAMED, {}, ""),
        (NAMED, {"other": 1}, ""),
        (NAMED, [], ""),
        ({**NAMED, "type": "object"}, {}, "held"),
        ({"properties": {"a": NAMED}}, {"a": {}}, ""),
        ({"properties": {"a": NAMED}}, {"a": {"name": "x"}}, "held"),
        ({"properties": {"a": NAMED, "b": {"type": "string"}}}, {"a": {}, "b": "x"}, "held"),
        ({"items": NAMED}, [{}, {}], ""),
        ({"items": NAMED}, [{}, {"name": "x"}], "held"),
        ({"items": NAMED}, [{"name": 1}], "violated"),
        ({"properties": {"a": {"items": NAMED}}}, {"a": [{"name": "x"}]}, "held"),
        # Of an empty array what the schema says of its items was not seen.
        (LISTED, {"all": ["x"]}, "held"),
        (LISTED, {"all": []}, ""),
        (LISTED, {}, "held"),
        ({"type": "array", "items": {}}, [], ""),
        ({"type": "array"}, [], "held"),
        # Of a condition the branch counts that is taken.
        (EITHER, {"kind": "a"}, "held"),
        (EITHER, {"kind": "b"}, "violated"),
        (EITHER, {"name": "x"}, "held"),
        (EITHER, {"name": 1}, "violated"),
        (EITHER, {}, ""),
        ({"if": {"required": ["kind"]}, "then": {"required": ["x"]}}, {"other": 1}, ""),
        ({"if": {"required": ["kind"]}, "then": {"required": ["x"]}}, {"kind": 1, "x": 1}, "held"),
        ({}, {"a": 1}, ""),
    ],
)
def test_a_body_holds_to_a_schema_as_far_as_the_schema_says_something_of_it(
    schema: dict[str, Any], body: Any, expected: str
) -> None:
    assert matched(schema, body) == expected


def test_a_part_is_judged_where_it_is_and_told_where_it_is_not() -> None:
    assert matched({"type": "string"}, {"a": {"b": "x"}}, at="/a/b") == "held"
    (wrong,) = found("schema", {"a": {"b": 1}}, schema={"type": "string"}, at="/a/b")
    assert wrong.message.startswith("/a/b: ")
    (missing,) = found("schema", {"a": {}}, schema={"type": "string"}, at="/a/b")
    assert (missing.message, missing.expected) == ("the body has no /a/b", "a member at /a/b")
    assert matched({"type": "string"}, {"a": {}}, at="/a/b", optional=True) == ""


def test_every_item_of_an_array_is_judged_by_itself() -> None:
    body = {"all": [{"name": "x"}, {"name": 1}, {}, {"name": "y"}]}
    judged = found("schema", body, schema=NAMED, each="/all")
    assert outcomes(judged) == "held violated held"
    assert judged[1].message.startswith("/all/1/name: ")
    assert matched(NAMED, {"all": {"name": 1}}, each="/all") == ""
    assert matched(NAMED, {}, each="/all") == ""


@pytest.mark.parametrize(
    ("status", "classes", "expected"), [(200, (2,), "held"), (404, (2,), ""), (404, (4, 5), "held")]
)
def test_the_classes_of_statuses_are_judged_that_a_record_names(
    status: int, classes: tuple[int, ...], expected: str
) -> None:
    assert outcomes(found("schema", {"name": "a"}, status=status, schema=NAMED, classes=classes)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b'{"a": 1}', "held"), (b'{"a": 1.0}', "violated"), (b'{"a": 1e3}', "violated"), (b'{"a": null}', "held")],
)
def test_an_integer_is_written_with_digits_where_that_is_asked_for(body: bytes, expected: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": ["integer", "null"]}}}
    assert outcomes(found("schema", body, schema=schema, digits=True)) == expected
    assert outcomes(found("schema", body, schema=schema)) == "held"


def test_what_a_document_says_of_an_answer_is_what_it_is_and_not_what_it_says() -> None:
    schema = {"type": "string", "pattern": "^a"}
    assert matched(schema, "b") == "violated"
    by_operation = {ACCOUNT: schema}
    assert outcomes(found("schema", "b", by_operation=by_operation)) == "violated"
    assert outcomes(found("schema", "b", "GET /v2/plans", by_operation=by_operation)) == ""


# ---- successes


def kept(sequence: dict[Any, Any], status: int, **arguments: Any) -> str:
    sight = Sight(said(CREATE, status, {"domain": {}}), VULTR, arguments, {}, sequence)
    return outcomes(list(CHECKS["schema.success-status"](sight)))


def test_a_success_has_the_documented_status() -> None:
    success = VULTR.operation(CREATE).success
    assert [kept({}, status) for status in (*success, 206)] == ["held"] * len(success) + ["violated"]
    assert kept({}, 400) == ""
    assert kept({}, 206, leave_out=(CREATE,)) == ""


def test_where_no_status_is_documented_it_is_one_and_the_same() -> None:
    sequence: dict[Any, Any] = {}
    statuses = (200, 200, 201, 200)
    assert [kept(sequence, status, silent=(CREATE,)) for status in statuses] == ["", "held", "violated", "held"]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [(204, None, "held"), (204, b" ", "note"), (204, {}, "note"), (204, {"a": 1}, "violated"), (299, None, "violated"),
     (404, {"a": 1}, "")],
)  # fmt: skip
def test_an_empty_success_is_empty(status: int, body: Any, expected: str) -> None:
    assert outcomes(found("schema.empty-success", body, DELETE, status)) == expected


@pytest.mark.parametrize(
    ("request_line", "status", "body", "expected"),
    [
        (ACCOUNT, 204, None, "held"),
        (ACCOUNT, 204, b"x", "violated"),
        (ACCOUNT, 200, b"x", "held"),
        (ACCOUNT, 200, None, "violated"),
        ("HEAD /v2/account", 200, None, ""),
        ("OPTIONS /v2/account", 200, None, ""),
        (ACCOUNT, 201, None, ""),
    ],
)
def test_no_content_has_none_and_a_success_has_some(request_line: str, status: int, body: Any, expected: str) -> None:
    assert outcomes(found("schema.no-content-empty", body, request_line, status)) == expected


@pytest.mark.parametrize(
    ("body", "bare", "expected"),
    [
        ({"plans": [{}]}, False, "held"),
        ({"plans": []}, False, ""),
        ({"items": [{}]}, False, "note held"),
        ({"items": []}, False, "note"),
        ({"items": [{}], "others": [{}]}, False, "violated"),
        ({"plans": [1]}, False, "violated"),
        ({"plans": {}}, False, "violated"),
        ({}, False, "violated"),
        ([{}], False, "violated"),
        ([{}], True, "note held"),
        ([1], True, "violated"),
    ],
)
def test_records_are_in_one_array(body: Any, bare: bool, expected: str) -> None:
    assert outcomes(found("schema.records-in-one-array", body, "GET /v2/plans", bare=bare)) == expected


def test_what_is_no_list_no_success_or_no_json_has_no_records_to_look_for() -> None:
    check = "schema.records-in-one-array"
    assert outcomes(found(check, {"plans": 1}, "GET /v2/plans")) == "violated"
    assert found(check, {"plans": 1}, "GET /v2/plans", 404) == []
    assert found(check, b"<html>", "GET /v2/plans") == []
    assert found(check, {"plans": 1}, ACCOUNT) == []
    assert found(check, {"plans": 1}, "GET /v2/no-such-thing") == []
