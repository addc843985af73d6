"""Refusals for too many requests: what makes one, whatever its status, and what they say."""

from __future__ import annotations

from typing import Any

import pytest

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
    # Not so in the very words of the others.
    assert found(STATUS, refused(429, "Slow down"), refused(status, "Slow down")) == [Outcome.HELD, Outcome.VIOLATED]


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
