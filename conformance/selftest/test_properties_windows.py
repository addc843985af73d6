"""Windows of a rate limit: what an answer tells of them, a fresh one, and how long one is waited for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from attrs import evolve

from conformance.contract import load
from conformance.properties import play
from conformance.properties.mock import START, MockServer
from conformance.properties.windows import LARGEST, LONGEST, Told, fresh, told_by, wait_for_the_end
from conformance.targets import NotExercised
from conformance.targets.clock import ManualClock
from conformance.targets.errors import Blocked
from conformance.traffic.exchange import Exchange

VERCEL = load("vercel")
LIST = "/v9/projects"


def answer(limit: Any = 10, remaining: Any = 9, reset: Any = int(START) + 60, **headers: str) -> httpx.Response:
    told = {"x-ratelimit-limit": limit, "x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
    body = {"projects": [], "pagination": {"count": 0, "next": None, "prev": None}}
    return httpx.Response(200, headers={name: str(value) for name, value in told.items()} | headers, json=body)


def server(*answers: httpx.Response) -> MockServer:
    played = play(VERCEL)
    played.routes.get(LIST).mock(side_effect=list(answers))
    return played


def call(played: MockServer) -> Exchange:
    return played.client.send("GET", LIST)


def test_an_answer_tells_the_limit_by_the_clock_of_its_server() -> None:
    played = server(answer(), answer(Date="Thu, 01 Jan 2026 00:00:30 GMT"))
    told = [told_by(call(played), VERCEL.conventions, played.clock) for _ in range(2)]
    assert told == [Told(10, 9, int(START) + 60, at, sent_at=START) for at in (START, START + 30)]


@pytest.mark.parametrize("reset", ["", "soon", "-1", "1.5", "1" * 16])
def test_what_is_no_whole_number_tells_nothing(reset: str) -> None:
    played = server(answer(reset=reset))
    with pytest.raises(Blocked, match="does not tell the state of the limit") as lack:
        told_by(call(played), VERCEL.conventions, played.clock)
    assert lack.value.need == "limit"


def test_the_first_call_of_a_window_is_a_fresh_one() -> None:
    played = server(answer(remaining=9))
    assert fresh(played.client, lambda: call(played), played.clock).remaining == 9
    assert played.clock.now() == START


def test_a_window_that_others_have_begun_is_waited_for() -> None:
    played = server(answer(remaining=8, reset=int(START) + 60), answer(remaining=9, reset=int(START) + 121))
    assert fresh(played.client, lambda: call(played), played.clock).reset == START + 121
    assert played.clock.now() == START + 61


def test_a_window_that_is_never_fresh_cannot_be_used_up() -> None:
    played = server(answer(remaining=8), answer(remaining=8))
    with pytest.raises(NotExercised, match="the first call of a window shows 8 of 10 calls as left"):
        fresh(played.client, lambda: call(played), played.clock)


def test_only_a_limit_of_some_hundred_calls_is_used_up() -> None:
    played = server(answer(limit=LARGEST, remaining=LARGEST - 1), answer(limit=LARGEST + 1, remaining=LARGEST))
    assert fresh(played.client, lambda: call(played), played.clock).limit == LARGEST
    with pytest.raises(NotExercised, match="a limit of 501 calls is too large to be used up"):
        fresh(played.client, lambda: call(played), played.clock)


def test_a_window_is_waited_for_until_a_second_behind_its_end_and_not_too_long() -> None:
    clock = ManualClock(START)
    wait_for_the_end(Told(10, 9, int(START) + 5, START), clock)
    assert clock.now() == START + 6
    wait_for_the_end(Told(10, 9, int(START) - 5, START), clock)
    assert clock.now() == START + 6
    wait_for_the_end(Told(10, 9, int(LONGEST) - 1, 0.0), clock)
    with pytest.raises(NotExercised, match="181 s from now; 180 s are waited at most"):
        wait_for_the_end(Told(10, 9, int(LONGEST), 0.0), clock)


def later(seconds: float | None, date: str | None = None) -> Exchange:
    """An answer so many seconds after the start by our clock, and with a date of its server's."""
    played = server(answer(**({} if date is None else {"Date": date})))
    return evolve(call(played), sent_at=None if seconds is None else START + seconds)


@pytest.mark.parametrize(("seconds", "over"), [(0.0, False), (58.9, False), (59.0, True), (60.0, True), (90.0, True)])
def test_a_window_may_have_ended_from_the_second_before_its_end_on(seconds: float, over: bool) -> None:
    told = Told(10, 9, int(START) + 60, START, sent_at=START)
    assert told.is_over_at(later(seconds)) == over
    # Whatever the server's clock says, that of ours goes on.
    assert told.is_over_at(later(seconds, "Thu, 01 Jan 2026 00:30:00 GMT")) == over
    # And where the two differ it is told by how much.
    assert Told(10, 9, 60, 0.0, sent_at=START).is_over_at(later(seconds)) == over


@pytest.mark.parametrize(
    ("sent_at", "seconds", "date", "over"),
    [
        (None, 90.0, None, False),
        (START, None, None, False),
        (None, 0.0, "Thu, 01 Jan 2026 00:00:58 GMT", False),
        (None, 0.0, "Thu, 01 Jan 2026 00:00:59 GMT", True),
        (START, None, "Thu, 01 Jan 2026 00:00:59 GMT", True),
        (None, None, "Thu, 01 Jan 2026 00:01:30 GMT", True),
    ],
)
def test_without_our_clock_a_window_ends_by_the_date_of_the_answer(
    sent_at: float | None, seconds: float | None, date: str | None, over: bool
) -> None:
    assert Told(10, 9, int(START) + 60, START, sent_at).is_over_at(later(seconds, date)) == over
