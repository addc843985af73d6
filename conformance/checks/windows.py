"""Windows of a rate limit: what an answer tells of them, and which answers lie in one."""

from __future__ import annotations

import re

from attrs import frozen

from conformance.checks.base import Sight
from conformance.contract import Bucket
from conformance.traffic.dates import seconds_of
from conformance.traffic.rates import buckets_of, reset_at
from conformance.traffic.redact import VALUE_MARK
from conformance.traffic.urls import is_loopback

SKEW = 5
"""Seconds by which the clock of whatever writes Date may be ahead of the one of the limit."""

DIGITS = re.compile(r"[0-9]{1,15}")


@frozen
class State:
    """What an answer tells of the limit.

    Attributes:
        caller: the operation, who called it, and the buckets that the call is counted in: limits are counted for each.
        served: the answer was a success.
    """

    caller: tuple[str | None, ...]
    limit: int
    remaining: int
    reset: int
    served: bool


def state_of(sight: Sight) -> State | None:
    if _is_refused_to_anybody(sight):
        return None
    texts = [text_of(sight, name) for name in names_of(sight)]
    known = [int(text) for text in texts if text is not None and DIGITS.fullmatch(text)]
    if len(known) < 3:
        return None
    limit, remaining, told = known
    reset = renews_at(sight, told)
    if reset is None:
        return None
    return State(caller_of(sight), limit, remaining, reset, sight.exchange.response.ok)


def _is_refused_to_anybody(sight: Sight) -> bool:
    """Whether a credential is refused that is none of the run's.

    They all leave one mark, and no document says who the consumer of such calls is: each credential, the address,
    or everybody.
    """
    credential = sight.caller
    refused = sight.exchange.response.status == sight.contract.conventions.auth.refused
    return refused and credential is not None and not VALUE_MARK.search(credential)


def caller_of(sight: Sight) -> tuple[str | None, ...]:
    exchange, auth = sight.exchange, sight.contract.conventions.auth
    template = exchange.operation.path if exchange.operation else exchange.path
    owner = exchange.request.parameter(auth.scope.parameter) if auth.scope else None
    caller = (exchange.request.method, template, sight.caller, owner)
    return (*caller, *(bucket.name for bucket in counted_in(sight)))


def counted_in(sight: Sight) -> tuple[Bucket, ...]:
    """The buckets that a call is counted in, beside the general limit. Which of them its headers tell is not said."""
    exchange = sight.exchange
    return buckets_of(exchange.request, exchange.known_as, sight.contract.conventions.rate_limit)


def is_cached(sight: Sight, state: State) -> bool:
    """Whether an answer is an older one played again: it says so, or it was written before one already seen."""
    response = sight.exchange.response
    age = (response.header("age") or "0").strip()
    date = seconds_of(response.header("date"))
    latest = sight.sequence.get(("date", state.caller))
    if date is not None:
        sight.sequence["date", state.caller] = max(date, latest or date)
    older = date is not None and latest is not None and date < latest
    return response.status == 304 or age.strip("0") != "" or older


def names_of(sight: Sight) -> tuple[str, ...]:
    limit = sight.contract.conventions.rate_limit
    headers = limit.headers if limit else None
    return (headers.limit, headers.remaining, headers.reset) if headers else ()


def renews_at(sight: Sight, told: int) -> int | None:
    """When the limit renews, in epoch seconds, by what the header tells; None where that is of no known time."""
    limit = sight.contract.conventions.rate_limit
    assert limit is not None
    return reset_at(limit.told, told, seconds_of(sight.exchange.response.header("date")))


def text_of(sight: Sight, name: str) -> str | None:
    text = sight.exchange.response.header(name)
    return None if text is None else text.strip()


def is_private(sight: Sight) -> bool:
    """Whether nobody but this run calls the target, and nothing stands in front of it."""
    return sight.strict or is_loopback(sight.exchange.request.url)


@frozen
class Window:
    """The window that an answer lies in, until the reset that it told.

    Whether a later answer lies in it, too, is told by the clock: by what the answers say of their reset every one
    might have a window of its own.
    """

    state: State
    date: float | None
    sent_at: float | None

    @classmethod
    def opened_by(cls, sight: Sight, state: State) -> Window:
        return cls(state, seconds_of(sight.exchange.response.header("date")), sight.exchange.sent_at)

    def holds(self, sight: Sight, reset: int | None) -> bool:
        """Whether an answer lies in this window: by our clock, else by what both answers say of the time.

        In its last second the next one may have begun, or a window that slides let go of a call: resets are rounded.
        """
        date, sent_at = seconds_of(sight.exchange.response.header("date")), sight.exchange.sent_at
        began = self.sent_at if self.date is None else self.date
        if self.sent_at is not None and sent_at is not None and began is not None:
            now: float | None = began + sent_at - self.sent_at
        else:
            now = sent_at if date is None else date
        if now is None:
            return reset == self.state.reset
        return now < self.state.reset - 1
