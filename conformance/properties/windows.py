"""Windows of a rate limit as its headers tell them: what they say, a fresh one, and the end of one."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from conformance.contract import Conventions
from conformance.targets import Client, NotExercised
from conformance.targets.clock import Clock
from conformance.targets.errors import Blocked
from conformance.traffic.dates import seconds_of
from conformance.traffic.exchange import Exchange
from conformance.traffic.rates import reset_at

LARGEST = 500
"""The largest limit that a test uses up."""

LONGEST = 180.0
"""Seconds that a test waits for a window to end."""

Call = Callable[[], Exchange]


@frozen
class Told:
    """What an answer tells of the limit: calls in a window, calls left, and its end in epoch seconds.

    Attributes:
        at: when it was told, by the server's own clock where the answer says so.
        sent_at: when it was asked for, by our clock, where that is known.
    """

    limit: int
    remaining: int
    reset: int
    at: float
    sent_at: float | None = None

    def is_over_at(self, exchange: Exchange) -> bool:
        """Whether the window has ended at an answer, or may have: by our clock, whatever later answers say of it."""
        date = seconds_of(exchange.response.header("date"))
        if self.sent_at is not None and exchange.sent_at is not None:
            now = self.at + exchange.sent_at - self.sent_at
        else:
            now = self.at if date is None else date
        return now >= self.reset - 1


def told_by(exchange: Exchange, conventions: Conventions, clock: Clock) -> Told:
    """What an answer tells of the limit.

    Raises:
        Blocked: it does not tell all of it in whole numbers.
    """
    headers = conventions.rate.told
    texts = [
        (exchange.response.header(name) or "").strip() for name in (headers.limit, headers.remaining, headers.reset)
    ]
    if not all(text.isascii() and text.isdigit() and len(text) < 16 for text in texts):
        raise Blocked(f"{exchange} does not tell the state of the limit: {', '.join(texts)}", "limit", exchange)
    limit, remaining, reset = map(int, texts)
    at = seconds_of(exchange.response.header("date"))
    now = clock.now() if at is None else at
    return Told(limit, remaining, reset_at(headers, reset, now) or 0, now, exchange.sent_at)


def fresh(client: Client, call: Call, clock: Clock) -> Told:
    """The first call of a window: the present one's, or that of the next one, which is waited for.

    Raises:
        NotExercised: the limit is too large to be used up, or its window too long to be waited for.
    """
    conventions = client.contract.conventions
    told = told_by(client.control(call()), conventions, clock)
    if told.limit > LARGEST:
        raise NotExercised(f"a limit of {told.limit} calls is too large to be used up")
    if told.remaining < told.limit - 1:
        wait_for_the_end(told, clock)
        told = told_by(client.control(call()), conventions, clock)
    if told.remaining < told.limit - 1:
        raise NotExercised(f"the first call of a window shows {told.remaining} of {told.limit} calls as left")
    return told


def wait_for_the_end(told: Told, clock: Clock) -> None:
    """Waits until the window that an answer tells of is over.

    Raises:
        NotExercised: that is too long.
    """
    seconds = told.reset - told.at + 1
    if seconds > LONGEST:
        raise NotExercised(f"the window ends {seconds:g} s from now; {LONGEST:g} s are waited at most")
    clock.sleep(max(0.0, seconds), "the window of the rate limit has to end")
