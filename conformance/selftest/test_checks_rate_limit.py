"""The rate-limit oracle: what headers of single answers and of windows show, and what they do not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.utils import formatdate
from typing import Any

import pytest

from conformance.checks import Judge
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator
from conformance.traffic.redact import NAME_MARK, value_mark

VERCEL = load("vercel")
NOW = 1_767_225_600
LIST: dict[str, Any] = {"projects": [], "pagination": {"count": 0, "next": None, "prev": None}}
REFUSED = {"error": {"code": "too_many_requests", "message": "Rate limit exceeded"}}
Headers = dict[str, str]


def told(remaining: int | str, limit: int | str = 100, reset: int | str = NOW + 60, date: int | None = NOW) -> Headers:
    headers = {
        "X-RateLimit-Limit": f"{limit}",
        "X-RateLimit-Remaining": f"{remaining}",
        "X-RateLimit-Reset": f"{reset}",
    }
    return headers if date is None else {**headers, "Date": formatdate(date, usegmt=True)}


def said(
    headers: Headers,
    status: int = 200,
    body: Any = None,
    *,
    path: str = "/v9/projects",
    token: str = "default",
    host: str = "https://api.vercel.com",
    method: str = "GET",
    mark: str | None = None,
) -> Exchange:
    content = (REFUSED if status == 429 else LIST) if body is None else body
    authorization = ("Authorization", f"Bearer {mark or value_mark(token)}")
    request = Request(method=method, url=f"{host}{path}", headers=(authorization,))
    response = Response(
        status=status,
        headers=(("Content-Type", "application/json"), *headers.items()),
        body=content if isinstance(content, bytes) else json.dumps(content).encode(),
    )
    return Locator(VERCEL, host).exchange(request, response)


def findings(slug: str, exchanges: Sequence[Exchange], *, strict: bool = False) -> list[Outcome | None]:
    """What one requirement's checks find in exchanges of one sequence."""
    judge = Judge(VERCEL, strict=strict)
    seen = [evidence for exchange in exchanges for evidence in judge.observe(exchange)]
    return [
        one.finding.outcome for one in seen if one.requirement and one.requirement.id == f"vercel.rate-limit.{slug}"
    ]


HELD, VIOLATED = Outcome.HELD, Outcome.VIOLATED


@pytest.mark.parametrize(
    ("exchange", "strict", "expected"),
    [
        (said(told(5)), False, [HELD]),
        (said({"X-RateLimit-Limit": "1"}), False, [VIOLATED]),
        (said({}, 304, b""), False, [VIOLATED]),
        (said({}, 404, {"error": {"code": "not_found", "message": "x"}}), False, [VIOLATED]),
        (said({}, 404, b"<html>"), False, [Outcome.BLOCKED]),
        (said({}, 503, {"error": {"code": "down", "message": "x"}}), False, []),
        (said({}, 404, b"<html>"), True, [VIOLATED]),
        (said({}, 503, b"<html>", host="http://127.0.0.1:8000"), False, [VIOLATED]),
        (said({key.lower(): value for key, value in told(5).items()}), False, [HELD]),
    ],
)
def test_headers_on_every_answer(exchange: Exchange, strict: bool, expected: list[Outcome]) -> None:
    assert findings("headers-on-all", [exchange], strict=strict) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (told(0), [HELD]),
        (told(100), [HELD]),
        (told(101), [VIOLATED]),
        (told(-1), [VIOLATED]),
        (told("+5"), [VIOLATED]),
        (told("5.0"), [VIOLATED]),
        (told("٥"), [VIOLATED]),
        (told(5, limit="100, 100;w=60"), [VIOLATED]),
        (told(0, limit=0), [VIOLATED]),
        (told(5, reset="soon"), [VIOLATED]),
        ({"X-RateLimit-Remaining": "7"}, [HELD]),
        ({}, []),
    ],
)
def test_headers_are_sane(headers: Headers, expected: list[Outcome]) -> None:
    assert findings("headers-sane", [said(headers)]) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (told(5), [HELD]),
        (told(5, reset=NOW - 5), [HELD]),
        (told(5, reset=NOW - 6), [VIOLATED]),
        (told(5, reset=(NOW + 60) * 1000), [VIOLATED]),
        (told(5, reset=60), [VIOLATED]),
        (told(5, reset="2026-01-01T00:01:00Z"), [VIOLATED]),
        (told(5, reset=NOW + 3600 * 24), [HELD]),
        (told(5, date=None), [HELD]),
        ({**told(5), "Date": "today"}, [HELD]),
        ({}, []),
    ],
)
def test_reset_in_epoch_seconds(headers: Headers, expected: list[Outcome]) -> None:
    assert findings("reset-epoch-seconds", [said(headers)]) == expected


def calls(*remaining: int, **options: Any) -> list[Exchange]:
    return [said(told(number, **options)) for number in remaining]


def interleaved(*sequences: list[Exchange]) -> list[Exchange]:
    return [exchange for group in zip(*sequences, strict=True) for exchange in group]


LENIENT_WINDOWS = {
    "one call": (calls(9), []),
    "falling": (calls(9, 8, 7), [HELD, HELD]),
    "others call too": (calls(9, 4, 3), [HELD, HELD]),
    "written in stone": (calls(9, 9, 9), []),
    "risen": (calls(9, 8, 9), [HELD, VIOLATED]),
    "a new window": ([*calls(1, 0), *calls(99, reset=NOW + 120, date=NOW + 61)], [HELD]),
    "the last second of a window": ([*calls(1, 0), *calls(99, reset=NOW + 120, date=NOW + 59)], [HELD]),
    "risen, and the reset slides": ([*calls(9), *calls(50, reset=NOW + 90)], [VIOLATED]),
    "a reset that slides": ([*calls(9), *calls(8, reset=NOW + 90), *calls(7, reset=NOW + 95)], [HELD, HELD]),
    "two limits at once": (interleaved(calls(9, 8), calls(90, 89, limit=500)), [HELD, HELD]),
    "a reset that jitters": (interleaved(calls(9, 7), calls(8, 6, reset=NOW + 61)), [HELD, HELD, HELD]),
    "two operations": ([*calls(9), said(told(50), path="/v6/deployments")], []),
    "two consumers": ([*calls(9), said(told(50), token="second")], []),
    "two teams": ([*calls(9), said(told(50), path="/v9/projects?teamId=team_a")], []),
    "pages of one list": ([*calls(9), said(told(8), path="/v9/projects?until=5&limit=2")], [HELD]),
    "a cached answer with its age": ([*calls(9, 8), said({**told(9), "Age": "12"})], [HELD]),
    "an older answer played again": ([*calls(9), said(told(8, date=NOW + 3)), *calls(9)], [HELD]),
    "not modified": ([*calls(9, 8), said(told(9), 304, b"")], [HELD]),
    "no headers": ([*calls(9), said({}), *calls(8)], [HELD]),
}


@pytest.mark.parametrize("kind", LENIENT_WINDOWS)
def test_remaining_never_rises_within_a_window(kind: str) -> None:
    exchanges, expected = LENIENT_WINDOWS[kind]
    assert findings("remaining-monotone", exchanges) == expected


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        (calls(9, 8, 7), [HELD, HELD]),
        (calls(9, 9), [VIOLATED]),
        (calls(9, 7), [VIOLATED]),
        (calls(0, 0), []),
        ([*calls(9), said(told(8), path="/v6/deployments"), *calls(7)], [HELD]),
        ([*calls(9), said(told(9), 404, REFUSED)], []),
        ([*calls(9), said(told(8), method="POST"), *calls(7)], [HELD]),
    ],
)
def test_a_single_consumer_sees_every_call_count(exchanges: list[Exchange], expected: list[Outcome]) -> None:
    assert findings("remaining-monotone", exchanges, strict=True) == expected


def test_a_refused_credential_of_nobody_is_no_consumer() -> None:
    # All such credentials leave one mark, and each may be counted for itself.
    refused = [said(told(left), 403, REFUSED, mark=NAME_MARK) for left in (5, 99)]
    assert findings("remaining-monotone", refused) == []
    assert findings("limit-stable-per-bucket", [refused[0], said(told(8, 500), 403, REFUSED, mark=NAME_MARK)]) == []
    served = [said(told(left), mark=NAME_MARK) for left in (5, 99)]
    assert findings("remaining-monotone", served) == [VIOLATED]
    denied = [said(told(left), 403, REFUSED) for left in (5, 99)]
    assert findings("remaining-monotone", denied) == [VIOLATED]


def test_a_new_sequence_begins_anew() -> None:
    judge = Judge(VERCEL)
    first, second = calls(5, 99)
    list(judge.observe(first))
    judge.begin({})
    seen = [one for one in judge.observe(second) if one.requirement and "monotone" in one.requirement.id]
    assert seen == []


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        (calls(9), []),
        (calls(9, 8), [HELD]),
        ([*calls(9), *calls(8, limit=99)], [VIOLATED]),
        ([*calls(9), *calls(8, limit=99, reset=NOW + 61)], [VIOLATED]),
        ([*calls(9), *calls(8, limit=99, reset=NOW + 120, date=NOW + 60)], []),
        ([*calls(9), said(told(8, limit=500), path="/v6/deployments")], []),
        ([*calls(9), said(told(8, limit=500), token="second")], []),
    ],
)
def test_limit_is_one_number_in_a_window(exchanges: list[Exchange], expected: list[Outcome]) -> None:
    assert findings("limit-stable-per-bucket", exchanges) == expected


@pytest.mark.parametrize(
    ("exchanges", "strict", "expected"),
    [
        ([*calls(0), said(told(0), 429)], True, [HELD]),
        ([*calls(1), said(told(0), 429)], True, [HELD]),
        ([*calls(2), said(told(0), 429)], True, [VIOLATED]),
        ([*calls(2), said(told(0), 429)], False, [HELD]),
        ([*calls(0), said(told(1), 429)], False, [VIOLATED]),
        ([said({}, 429)], True, []),
        ([*calls(12), said(told(0, reset=NOW + 90), 429)], True, [VIOLATED]),
        ([*calls(12), said(told(0, reset=NOW + 120, date=NOW + 60), 429)], True, [HELD]),
        ([*calls(12), said(told(0), 429, path="/v6/deployments")], True, []),
        ([said(told(0), 429), *calls(0)], True, [HELD]),
        ([said(told(0), 429)], True, []),
        (calls(5, 4), True, []),
    ],
)
def test_no_refusal_while_calls_are_left(exchanges: list[Exchange], strict: bool, expected: list[Outcome]) -> None:
    assert findings("no-early-429", exchanges, strict=strict) == expected


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (said(told(0), 429), [HELD]),
        (said(told(0), 429, {"error": {**REFUSED["error"], "extra": 1}, "limit": {}}), [HELD]),
        (said(told(0), 429, {"error": {"code": "rate_limited", "message": "x"}}), [VIOLATED]),
        (said(told(0), 429, {"error": {"code": "Too_Many_Requests", "message": "x"}}), [VIOLATED]),
        (said(told(0), 429, {"error": {"code": "too_many_requests"}}), [VIOLATED]),
        (said(told(0), 429, REFUSED["error"]), [VIOLATED]),
        (said(told(0), 429, b""), [Outcome.BLOCKED]),
        (said(told(0), 429, b"<html>"), [Outcome.BLOCKED]),
        (said(told(0), 403, REFUSED), []),
        (said({**told(0), "Retry-After": "60"}, 429), [HELD]),
        (said({**told(0), "Retry-After": formatdate(NOW + 60, usegmt=True)}, 429), [HELD]),
        (said({**told(0), "Retry-After": "soon"}, 429), [HELD, None]),
        (said({**told(0), "Retry-After": "3600"}, 429), [HELD, None]),
    ],
)
def test_a_refusal_has_its_code(exchange: Exchange, expected: list[Outcome | None]) -> None:
    assert findings("exceeded-code", [exchange]) == expected
