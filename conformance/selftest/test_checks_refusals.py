"""Refusals for too many requests: what makes one, whatever its status, and what they say."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from conformance.checks import CHECKS, Sight
from conformance.contract.verdict import Outcome
from conformance.selftest.test_checks_rate_limit import NOW, VERCEL, said, told
from conformance.traffic.exchange import Exchange

STATUS, CODE, RETRY = "rate-limit.exceeded-status", "rate-limit.exceeded-code", "rate-limit.retry-after"
SAYS = "Rate limit exceeded"


def refused(status: int, message: str = SAYS, *, code: str = "forbidden", **headers: str) -> Exchange:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return said({**told(5), **given}, status, {"error": {"code": code, "message": message}})


def found(check: str, *exchanges: Exchange) -> list[str]:
    """What a check finds in exchanges of one conversation: outcomes, and the texts of its notes."""
    memory: dict[Any, Any] = {}
    sequence: dict[Any, Any] = {}
    return [
        finding.message if finding.outcome is None else str(finding.outcome)
        for position, exchange in enumerate(exchanges, start=1)
        for finding in CHECKS[check](Sight(exchange, VERCEL, {}, memory, sequence, position))
    ]


@pytest.mark.parametrize("status", [401, 402, 403, 406, 410, 418, 500, 502, 503])
def test_a_refusal_that_says_what_it_is_for_has_the_documented_status(status: int) -> None:
    assert found(STATUS, refused(status)) == [Outcome.VIOLATED]
    assert found(STATUS, refused(status, "You may not do this")) == []


@pytest.mark.parametrize("status", [400, 404, 405, 409, 413, 415, 422])
def test_a_refusal_of_what_was_asked_may_speak_of_a_rate_limit(status: int) -> None:
    assert found(STATUS, refused(status)) == []
    # Not so where the very same was served before, nor in the very words of the others.
    assert found(STATUS, said(told(5)), refused(status)) == [Outcome.VIOLATED]
    assert found(STATUS, refused(429, "Slow down"), refused(status, "Slow down")) == [Outcome.VIOLATED]


def test_the_documented_status_counts_where_the_caller_is_served() -> None:
    other = "/v9/projects?limit=1"
    assert found(STATUS, refused(429)) == []
    assert found(STATUS, said(told(5), path=other), refused(429)) == [Outcome.HELD]
    assert found(STATUS, refused(429), said(told(5), path=other)) == [Outcome.HELD]
    assert found(STATUS, said(told(5), path=other, token="second"), refused(429)) == []


@pytest.mark.parametrize(
    "words",
    ["Rate limit exceeded", "rate-limit was reached", "You have exceeded the rate limit", "too many requests",
     "too_many_requests", "You are rate limited", "rate_limit_exceeded"],
)  # fmt: skip
def test_the_words_in_use_are_known(words: str) -> None:
    assert found(STATUS, refused(403, words)) == [Outcome.VIOLATED]


@pytest.mark.parametrize(
    ("status", "expected"), [(403, Outcome.VIOLATED), (503, Outcome.VIOLATED), (401, None), (500, None), (502, None)]
)
def test_what_was_served_and_is_not_once_nothing_is_left_was_refused_for_that(
    status: int, expected: Outcome | None
) -> None:
    last, denied = said(told(0)), refused(status, "no")
    assert found(STATUS, last, denied) == ([] if expected is None else [expected])
    # Calls are left, or it was never served, to this caller or at this place.
    assert found(STATUS, said(told(1)), denied) == []
    assert found(STATUS, said(told(0), path="/v9/projects?limit=1"), denied) == []
    assert found(STATUS, said(told(0), token="second"), denied) == []


@pytest.mark.parametrize(
    ("code", "expected"), [("too_many_requests", Outcome.HELD), ("rate_limited", Outcome.VIOLATED)]
)
def test_a_refusal_has_the_documented_code(code: str, expected: Outcome) -> None:
    assert found(CODE, refused(429, code=code)) == [expected]
    assert found(CODE, refused(403, code=code)) == []


def test_a_refusal_without_its_envelope_has_no_code() -> None:
    for body in ({"message": SAYS}, b"too many requests", {"error": {"code": "too_many_requests"}}):
        assert found(CODE, said(told(0), 429, body)) == [Outcome.VIOLATED]
    assert found(CODE, said(told(0), 429, b"", method="HEAD")) == []


@pytest.mark.parametrize(
    ("after", "noted"),
    [
        ("60", None),
        ("55", None),
        ("65", None),
        ("54", f"until {NOW + 54}, the window ends at {NOW + 60}"),
        ("66", f"until {NOW + 66}, the window ends at {NOW + 60}"),
        ("Thu, 01 Jan 2026 00:01:00 GMT", None),
        ("Thu, 01 Jan 2026 00:02:00 GMT", f"until {NOW + 120}, the window ends at {NOW + 60}"),
        ("soon", "neither a number of seconds nor a date: soon"),
        ("1.5", "neither a number of seconds nor a date: 1.5"),
    ],
)
def test_a_retry_after_is_noted_where_it_does_not_fit(after: str, noted: str | None) -> None:
    notes = found(RETRY, refused(429, Retry_After=after))
    assert len(notes) == (noted is not None)
    assert all(note.endswith(noted or "") for note in notes)
    assert found(RETRY, refused(503, Retry_After=after)) == []


def test_without_a_date_seconds_fit_any_window() -> None:
    limited = said({**told(0, date=None), "Retry-After": "9999"}, 429)
    assert found(RETRY, limited) == []


NO_HEADERS: dict[str, str] = {}
LOCAL = "http://127.0.0.1:4000"


@pytest.mark.parametrize(
    ("status", "body", "from_afar"),
    [
        (200, None, [Outcome.VIOLATED]),
        (404, {"error": {"code": "not_found", "message": "no"}}, [Outcome.VIOLATED]),
        # What stands in front of an API answers in its own ways.
        (404, {"message": "no"}, []),
        (404, b"<html>", []),
        (502, {"error": {"code": "bad_gateway", "message": "no"}}, []),
    ],
)
def test_every_answer_of_the_api_itself_tells_the_limit(status: int, body: Any, from_afar: list[Outcome]) -> None:
    assert found("rate-limit.headers-present", said(NO_HEADERS, status, body)) == from_afar
    assert found("rate-limit.headers-present", said(NO_HEADERS, status, body, host=LOCAL)) == [Outcome.VIOLATED]
    assert found("rate-limit.headers-present", said(told(5), status, body, host=LOCAL)) == [Outcome.HELD]


@pytest.mark.parametrize(("reset", "violated"), [(NOW - 5, False), (NOW - 6, True), (NOW + 60, False)])
def test_a_reset_lies_not_before_its_answer(reset: int, violated: bool) -> None:
    exchange = said(told(5, reset=reset))
    (finding,) = CHECKS["rate-limit.reset-epoch-seconds"](Sight(exchange, VERCEL))
    assert finding.outcome is (Outcome.VIOLATED if violated else Outcome.HELD)
    if violated:
        assert finding.message == "X-RateLimit-Reset lies 6 s before the answer's Date"
        assert (finding.expected, finding.actual) == (f"a reset at {NOW} or later", f"X-RateLimit-Reset: {reset}")


def test_a_refusal_while_calls_are_left_shows_how_many_were() -> None:
    sequence: dict[Any, Any] = {}
    check = CHECKS["rate-limit.refused-when-used-up"]
    assert list(check(Sight(said(told(7), host=LOCAL), VERCEL, sequence=sequence, position=1))) == []
    limited = said({**told(0), "X-RateLimit-Remaining": ""}, 429, host=LOCAL)
    (finding,) = check(Sight(limited, VERCEL, sequence=sequence, position=2))
    assert (finding.message, finding.actual) == (
        "429 came though the call before it showed 7 as left",
        "X-RateLimit-Remaining: 7 just before",
    )


def test_data_of_a_success_whose_schema_is_a_reference_is_data_in_a_denial() -> None:
    denial = said(told(5), 403, {"error": {"code": "forbidden", "message": "no"}, "things": {}})
    assert denial.operation is not None
    schema = {"$ref": "#/$defs/list", "$defs": {"list": {"properties": {"things": {"type": "object"}}}}}
    referring = evolve(denial.operation, responses={"200": schema})
    assert found("auth.denial-holds-no-data", denial) == []
    assert found("auth.denial-holds-no-data", said(told(5)), denial) == [Outcome.HELD]
    assert found("auth.denial-holds-no-data", evolve(denial, operation=referring)) == [Outcome.VIOLATED]
