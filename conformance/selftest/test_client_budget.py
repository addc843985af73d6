"""The client's pace: below the documented rate, with a pause after a refusal, whatever the refusal says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.properties import MockServer, Reply, play
from conformance.selftest.servers import VULTR
from conformance.targets import HarnessError
from conformance.targets.budget import MARGIN, Budget
from conformance.targets.clock import ManualClock
from conformance.traffic.exchange import Response

ACCOUNT = VULTR.operation("GET /v2/account")
LIMIT = VULTR.conventions.rate_limit
assert LIMIT is not None
assert LIMIT.requests is not None
RATE, WINDOW = LIMIT.requests, LIMIT.seconds
OK = Reply(200, json={"account": {}})
START = 1_767_225_600.0


def refusal(retry_after: str | None = None) -> Reply:
    return Reply(429, json={"error": "slow"}, headers={"Retry-After": retry_after} if retry_after else {})


def playing(*answers: Reply) -> MockServer:
    server = play(VULTR)
    following: Iterator[Reply] = iter(answers)
    server.routes.route().mock(side_effect=lambda _: next(following))
    return server


def most_in_a_window(moments: list[float]) -> int:
    return max(sum(start <= moment < start + WINDOW for moment in moments) for start in moments)


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=120))
@example([0.0] * 120)
@example([0.9999, *[0.0] * 60])
def test_no_window_ever_holds_more_than_the_documented_rate(gaps: list[float]) -> None:
    clock = ManualClock(START)
    budget, left = Budget(VULTR.conventions, clock), []
    for gap in gaps:
        clock.sleep(gap)
        budget.acquire()
        left.append(clock.now())
    assert most_in_a_window(left) <= RATE


def test_the_pace_is_not_slower_than_it_needs_to_be() -> None:
    clock = ManualClock()
    budget = Budget(VULTR.conventions, clock)
    for _ in range(10 * RATE):
        budget.acquire()
    assert clock.now() < 1.3 * 10 * WINDOW


def test_sessions_of_a_target_share_one_budget() -> None:
    server = play(VULTR)
    server.routes.route().respond(200, json={})
    others = [evolve(server.client, exchanges=[]) for _ in range(4)]
    for turn in range(100):
        others[turn % 4].call(ACCOUNT)
    assert most_in_a_window(server.arrivals) <= RATE


def test_a_burst_leaves_at_once_and_takes_a_refusal_for_an_answer() -> None:
    server = playing(*[OK] * 40, refusal("30"), OK)
    with server.client.burst():
        statuses = [server.client.call(ACCOUNT).response.status for _ in range(41)]
    assert statuses == [200] * 40 + [429]
    assert set(server.arrivals) == {START}
    assert server.client.call(ACCOUNT).response.status == 200


IN_SIX, IN_A_MINUTE = (
    format_datetime(datetime.fromtimestamp(START, UTC) + timedelta(seconds=seconds), usegmt=True) for seconds in (6, 60)
)
LONGEST = WINDOW + MARGIN


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", WINDOW),
        (IN_SIX, 6),
        (IN_A_MINUTE, LONGEST),
        ("Thu, 01 Jan 1970 00:00:00 GMT", WINDOW),
        ("Thu, 01 Jan 2037 00:00:00 -0000", LONGEST),
        ("9" * 400, LONGEST),
        ("soon", WINDOW),
        ("-5", WINDOW),
        ("1.5", WINDOW),
        ("٣", WINDOW),
        (None, WINDOW),
    ],
)
def test_a_refused_call_is_made_again_after_the_pause_it_asks_for(retry_after: str | None, pause: float) -> None:
    server = playing(OK, OK)
    response = Response(headers=(("Retry-After", retry_after),) if retry_after else (), status=429)
    budget = server.client.budget
    assert budget is not None
    assert budget.pause(response) == pytest.approx(pause)
    server.client.call(ACCOUNT)
    budget.refused(response)
    server.client.call(ACCOUNT)
    assert server.arrivals[1] - server.arrivals[0] == pytest.approx(pause, abs=0.01)


DATES = st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d\d:\d\d:\d\d [+-]?\w{0,12}")


@given(st.text(max_size=60) | DATES)
@example("Thu, 01 Jan 99999 00:00:00 GMT")
@example("Thu, 01 Jan 2026 00:00:00 +99999999999")
@example("Thu, 01 Jan 0001 00:00:00 +2359")
def test_a_pause_is_bounded_whatever_the_header_says(retry_after: str) -> None:
    budget = Budget(VULTR.conventions, ManualClock(START))
    pause = budget.pause(Response(headers=(("Retry-After", retry_after),), status=429))
    assert WINDOW <= pause <= LONGEST


def test_a_refusal_is_retried_three_times_and_then_an_answer() -> None:
    server = playing(*[refusal("1")] * 4, OK)
    assert server.client.call(ACCOUNT).response.status == 429
    assert len(server.raw) == 4
    assert [exchange.response.status for exchange in server.exchanges] == [429] * 4


def test_a_refused_call_succeeds_in_the_end() -> None:
    server = playing(refusal("2"), refusal(), OK)
    assert server.client.call(ACCOUNT).response.status == 200
    first, second, third = server.arrivals
    assert second - first == pytest.approx(2, abs=0.01)
    assert third - second == pytest.approx(WINDOW, abs=0.01)


def test_a_target_that_refuses_everything_is_not_asked_for_ever() -> None:
    server = playing(*[refusal("120")] * 12)
    for _ in range(3):
        assert server.client.call(ACCOUNT).response.status == 429
    with pytest.raises(HarnessError, match="not sent: the target refused 3 calls in a row for their rate"):
        server.client.call(ACCOUNT)
    assert len(server.raw) == 12


def test_an_answer_ends_a_row_of_refusals() -> None:
    server = playing(*[refusal()] * 8, OK, *[refusal()] * 8, OK)
    assert [server.client.call(ACCOUNT).response.status for _ in range(6)] == [429, 429, 200, 429, 429, 200]
