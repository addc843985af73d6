"""Times are written in one form throughout an item, and what a baseline loses is told by its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.checks import CHECKS, Sight
from conformance.checks.baseline import _missed
from conformance.contract import load
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator

ZEIT = load("zeit")
JSON = (("Content-Type", "application/json"),)
ISO, OTHER_ISO, MS, TEXT = "2018-10-23T01:13:05.123Z", "2019-01-01T00:00:00.000Z", 1540257185123, "1540257185123"


def listed(*times: Any, status: int = 200) -> Exchange:
    secrets = [{"uid": f"sec_{number}", "name": f"n{number}", "created": time} for number, time in enumerate(times)]
    response = Response(status=status, headers=JSON, body=json.dumps({"secrets": secrets}).encode())
    url = f"{ZEIT.conventions.origin}/v2/now/secrets"
    return Locator(ZEIT, ZEIT.conventions.origin).exchange(Request(method="GET", url=url), response)


def judged(*said: Exchange) -> list[str]:
    """What the check says of each answer of one item."""
    sequence: dict[Any, Any] = {}
    found = [list(CHECKS["types.one-form"](Sight(exchange, ZEIT, {}, {}, sequence))) for exchange in said]
    return [next((one.outcome.value for one in each if one.outcome), "nothing") for each in found]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([listed(ISO, OTHER_ISO)], ["held"]),
        ([listed(ISO), listed(OTHER_ISO)], ["nothing", "held"]),
        ([listed(ISO)], ["nothing"]),
        ([listed()], ["nothing"]),
        ([listed(ISO, MS)], ["violated"]),
        ([listed(ISO), listed(MS)], ["nothing", "violated"]),
        ([listed(ISO, OTHER_ISO), listed(TEXT)], ["held", "violated"]),
        # What is no time at all is another requirement's to tell.
        ([listed(ISO, "soon", None)], ["nothing"]),
        ([listed(ISO, MS, status=404)], ["nothing"]),
    ],
)
def test_times_are_written_in_one_form(said: list[Exchange], expected: list[str]) -> None:
    assert judged(*said) == expected


STATED = {"": {"secrets": "array"}, "/secrets/*": {"uid": "string", "created": "string"}}


@pytest.mark.parametrize(
    ("body", "lost"),
    [
        ({"secrets": [{"uid": "a", "created": "b"}]}, ""),
        ({"secrets": []}, ""),
        ({"secrets": [{"uid": "a", "created": None}]}, ""),
        ([], "the body is no object any more"),
        ({"secrets": ["a"]}, "/secrets/* is no object any more"),
        ({"secrets": [{"uid": "a"}]}, "/secrets/*/created is gone"),
        ({"secrets": [{"uid": 1, "created": "b"}]}, "/secrets/*/uid was of the type string and is now number"),
        ({}, "/secrets is gone"),
    ],
)
def test_what_a_baseline_loses_is_told_by_its_place(body: Any, lost: str) -> None:
    assert _missed(STATED, body) == lost


def test_without_anything_to_compare_nothing_is_lost_or_kept() -> None:
    assert _missed({"/secrets/*": {"uid": "string"}}, {"secrets": []}) is None
    assert _missed({"": {}}, {}) is None
