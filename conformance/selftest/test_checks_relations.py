"""Relations between the members of an answer, and between them and what was asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.checks import CHECKS, Sight
from conformance.checks.base import Finding
from conformance.contract import load
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator

VULTR = load("vultr")


def said(body: Any, path: str = "/v2/users/u-1", status: int = 200) -> Exchange:
    response = Response(status=status, headers=(("Content-Type", "application/json"),), body=json.dumps(body).encode())
    request = Request(method="GET", url=f"{VULTR.conventions.origin.rstrip('/')}{path}")
    return Locator(VULTR, VULTR.conventions.origin).exchange(request, response)


def found(check: str, exchange: Exchange, **arguments: Any) -> list[Finding]:
    return list(CHECKS[f"relations.{check}"](Sight(exchange, VULTR, arguments)))


def judged(check: str, exchange: Exchange, **arguments: Any) -> str:
    return " ".join(one.outcome.value for one in found(check, exchange, **arguments) if one.outcome)


RECORDS = "/users"
ECHO = {"member": "/id", "parameter": "user-id"}


@pytest.mark.parametrize(
    ("body", "more", "expected"),
    [
        ({"id": "u-1"}, {}, "held"),
        ({"id": "u-2"}, {}, "violated"),
        ({"id": "usr_u-1"}, {}, "violated"),
        ({"id": "usr_u-1"}, {"without": "usr_"}, "held"),
        ({"id": 1}, {}, ""),
        ({}, {}, ""),
        ([{"id": "u-2"}], {}, ""),
        ("u-2", {}, ""),
        ({"users": [{"id": "u-1"}, {"id": "u-2"}, "u-3", {}]}, {"each": RECORDS}, "held violated"),
        ({"users": {"id": "u-2"}}, {"each": RECORDS}, ""),
    ],
)
def test_an_answer_is_about_what_was_asked(body: Any, more: dict[str, str], expected: str) -> None:
    assert judged("echoes-parameter", said(body), **ECHO, **more) == expected


def test_what_names_nothing_or_fails_is_about_nothing() -> None:
    assert judged("echoes-parameter", said({"id": "u-2"}, "/v2/account"), **ECHO) == ""
    assert judged("echoes-parameter", said({"id": "u-2"}, "/v2/no-such-thing"), **ECHO) == ""
    assert judged("echoes-parameter", said({"id": "u-2"}, status=404), **ECHO) == ""


def test_the_place_of_what_is_wrong_is_told() -> None:
    (held, wrong) = found("echoes-parameter", said({"users": [{"id": "u-1"}, {"id": "u-2"}]}), each=RECORDS, **ECHO)
    assert held.message == ""
    assert wrong.message == "/users/1/id is not the user-id asked for"
    assert (wrong.expected, wrong.actual) == ("u-1", "u-2")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"a": 1, "b": 1}, "held"),
        ({"a": 1, "b": 2}, "violated"),
        ({"a": 1}, ""),
        ({"b": 1}, ""),
        ({"a": None, "b": 1}, ""),
        ({"a": {"x": [1]}, "b": {"x": [1]}}, "held"),
    ],
)
def test_two_members_agree(body: Any, expected: str) -> None:
    assert judged("members-agree", said(body), members=("/a", "/b")) == expected


EARLY, LATE = "2018-10-23T01:13:05.000Z", "2018-10-24T01:13:05.000Z"
LATE_MS = 1540343585000


@pytest.mark.parametrize(
    ("first", "second", "one_form", "expected"),
    [
        (EARLY, LATE, False, "held"),
        (EARLY, EARLY, False, "held"),
        (LATE, EARLY, False, "violated"),
        (EARLY, LATE_MS, False, "held"),
        (EARLY, LATE_MS, True, "violated"),
        (EARLY, LATE, True, "held"),
        (EARLY, None, False, ""),
        ("soon", LATE, False, ""),
    ],
)
def test_times_are_in_order(first: Any, second: Any, one_form: bool, expected: str) -> None:
    exchange = said({"a": first, "b": second})
    assert judged("times-in-order", exchange, members=("/a", "/b"), one_form=one_form) == expected


@pytest.mark.parametrize(
    ("text", "beginning", "where", "expected"),
    [
        ("a-1.example.com", "a-1", "", "held"),
        ("b-1.example.com", "a-1", "", "violated"),
        ("b-1.example.com", "a-1", "[a-z]+", ""),
        ("b-1.example.com", "a", "[a-z]+", "violated"),
        ("a.example.com", "a", "[a-z]+", "held"),
        ("b", "", "", ""),
        (7, "a", "", ""),
        ("b", 7, "", ""),
        ("b", "a\nc", "", "violated"),
    ],
)
def test_a_text_begins_with_another(text: Any, beginning: Any, where: str, expected: str) -> None:
    exchange = said({"host": text, "name": beginning})
    assert judged("begins-with", exchange, member="/host", begins="/name", where=where) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [(["a", "b"], "held"), (["a", "b", "a"], "violated"), (["a"], ""), ([], ""), ([None, None], ""),
     ([1, "1"], "violated")],
)  # fmt: skip
def test_values_of_a_list_are_each_there_once(values: list[Any], expected: str) -> None:
    body = {"users": [{"id": value} for value in values]}
    assert judged("unique", said(body), member="/users/*/id") == expected
    assert judged("unique", said(body, status=400), member="/users/*/id") == ""


@pytest.mark.parametrize(
    ("check", "arguments", "skipped", "wrong"),
    [
        ("echoes-parameter", ECHO, {"id": 1}, {"id": "u-2"}),
        ("members-agree", {"members": ("/a", "/b")}, {"a": 1}, {"a": 1, "b": 2}),
        ("times-in-order", {"members": ("/a", "/b")}, {"a": LATE, "b": ""}, {"a": LATE, "b": EARLY}),
        ("begins-with", {"member": "/a", "begins": "/b"}, {"a": "x"}, {"a": "x", "b": "y"}),
        ("begins-with", {"member": "/a", "begins": "/b", "where": "y"}, {"a": "x", "b": "z"}, {"a": "x", "b": "y"}),
    ],
)
def test_a_record_of_which_nothing_can_be_said_hides_none_after_it(
    check: str, arguments: dict[str, Any], skipped: Any, wrong: Any
) -> None:
    exchange = said({"users": [skipped, wrong, skipped, wrong]})
    assert judged(check, exchange, each=RECORDS, **arguments) == "violated violated"
