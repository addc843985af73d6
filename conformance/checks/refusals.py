"""Refusals for too many requests: when they come, when they do not, and what they say."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Hashable, Iterator

from attrs import frozen

from conformance.checks.base import HELD, Finding, Sight, check, controlled, note, shown, violated
from conformance.checks.windows import (
    DIGITS,
    SKEW,
    Window,
    caller_of,
    counted_in,
    is_cached,
    is_private,
    names_of,
    renews_at,
    state_of,
    text_of,
)
from conformance.contract import RateLimit
from conformance.traffic.dates import seconds_of

_EXCEEDED = re.compile(
    r"rate.?limit\w*\W.{0,40}\b(exceeded|reached)|\bexceeded\b.{0,40}\brate.?limit|too[ _-]many[ _-]requests"
    r"|\brate[ _-]?limited\b|\brate_limit_exceeded\b",
    re.IGNORECASE,
)
"""How a refusal says that it is one for too many requests."""

_ABOUT_THE_REQUEST = frozenset({400, 404, 405, 409, 413, 415, 422})
"""What is said under these may be about what was asked for, such as the rate limit of a firewall's rule: but not
where the very same request was served before."""

INSTEAD = frozenset({400, 402, 403, 420, 430, 503, 509, 529})
"""What servers are known to refuse too many requests with, and what a crash is not answered with."""


@check("rate-limit.no-early-refusal")
def refusal_is_not_early(sight: Sight) -> Iterator[Finding]:
    """A refusal for too many requests comes only after more than the documented number in the window."""
    limit = sight.contract.conventions.rate_limit
    if limit is None or limit.requests is None or sight.exchange.sent_at is None:
        return
    found = _counts(sight, limit, "by anybody", sight.exchange.sent_at)
    if sight.exchange.response.status != limit.exceeded:
        return
    if any(count.made > count.allowed for count in found):
        yield HELD
    else:
        yield violated(
            f"{limit.exceeded} came with {' and '.join(f'{one.made} requests in {one.seconds:g} s' for one in found)}",
            expected=f"no {limit.exceeded} at or below "
            + " and ".join(f"{one.allowed} requests in {one.seconds:g} s" for one in found),
            actual=f"{limit.exceeded} after {found[-1].made} requests",
        )


@check("rate-limit.refused-when-used-up")
def refused_when_used_up(sight: Sight) -> Iterator[Finding]:
    """A refusal shows that nothing remains, and the success just before it showed at most one more call.

    Whether what remains counts the present call is left open. Away from loopback others may use up the rest in
    between. Who is never served has nothing to use up.
    """
    limit, names = sight.contract.conventions.rate_limit, names_of(sight)
    before: tuple[Window, int] | None = sight.sequence.get("last")
    state = state_of(sight)
    if state is not None:
        sight.sequence["last"] = (Window.opened_by(sight, state), sight.position)
    yield from controlled(sight, ("used up", caller_of(sight)), control=sight.exchange.response.ok, held=False)
    if limit is None or sight.exchange.response.status != limit.exceeded or not names:
        return
    left = text_of(sight, names[1])
    if left is not None and DIGITS.fullmatch(left) and int(left) > 0:
        yield violated(
            f"a {limit.exceeded} shows {left} calls as left", expected=f"{names[1]}: 0", actual=f"{names[1]}: {left}"
        )
        return
    just_before = before is not None and before[1] == sight.position - 1 and is_private(sight)
    if before is not None and just_before and before[0].state.served and _in_window(sight, before[0]):
        remaining = before[0].state.remaining
        if remaining > 1:
            yield violated(
                f"{limit.exceeded} came though the call before it showed {remaining} as left",
                expected=f"no {limit.exceeded} while calls are left",
                actual=f"{names[1]}: {remaining} just before",
            )
            return
        yield HELD
    else:
        yield from controlled(sight, ("used up", caller_of(sight)), control=False, held=left is not None)


def _in_window(sight: Sight, before: Window) -> bool:
    reset = text_of(sight, names_of(sight)[2]) or ""
    limit = text_of(sight, names_of(sight)[0])
    # Where several limits bind a call, that of the refusal need not be the one that was told before.
    same = str(before.state.limit) == limit or (limit is None and not counted_in(sight))
    return (
        same
        and before.state.caller == caller_of(sight)
        and before.holds(sight, renews_at(sight, int(reset)) if DIGITS.fullmatch(reset) else None)
    )


@check("rate-limit.served-when-used-up")
def nothing_is_served_when_used_up(sight: Sight) -> Iterator[Finding]:
    """After a success that shows nothing as left, the next call of the window is no success.

    That holds whether what remains counts the present call or not.
    """
    state, limit = state_of(sight), sight.contract.conventions.rate_limit
    if state is None or limit is None or is_cached(sight, state):
        return
    bucket = ("used-up", *state.caller, state.limit)
    used_up: Window | None = sight.sequence.get(bucket)
    inside = used_up is not None and used_up.holds(sight, state.reset)
    if inside and state.served and state.remaining == 0:
        yield violated(
            "a call was served though the one before it showed nothing as left",
            expected=f"{limit.exceeded} until {state.reset}",
            actual=sight.exchange.response.reason,
        )
    elif inside and sight.exchange.response.status == limit.exceeded:
        yield HELD
    elif state.served and state.remaining == 0:
        sight.sequence[bucket] = Window.opened_by(sight, state)


@check("rate-limit.exceeded-status")
def refusal_has_its_status(sight: Sight) -> Iterator[Finding]:
    """What is refused for too many requests has the documented status, and no other, once anything was served.

    A refusal is one for that reason if it says so, in the words of the others or in those in use; or if the very
    request that was served before is refused, and nothing remains, or more than the documented number was asked for,
    or it is to be sent again later.
    """
    limit, exchange = sight.contract.conventions.rate_limit, sight.exchange
    if limit is None:
        return
    response, request = exchange.response, exchange.request
    call = (request.method, request.url, request.body, sight.caller)
    many, used_up = _more_than_allowed(sight), _nothing_remained(sight)
    served: set[object] = sight.sequence.setdefault("served", set())
    told: set[str] = sight.sequence.setdefault("told", set())
    message = response.at(sight.contract.conventions.errors.message)
    caller = ("exceeded", None if limit.scope == "address" else sight.caller)
    exceeded = response.status == limit.exceeded
    yield from controlled(sight, caller, control=response.ok, held=exceeded)
    if response.ok:
        served.add(call)
    elif exceeded:
        if isinstance(message, str):
            told.add(message)
    elif response.status >= 400:
        later = response.status != 503 and response.header("retry-after") is not None
        refused = call in served and response.status in INSTEAD and (many or used_up or later)
        same = isinstance(message, str) and message in told
        about_rates = call in served or response.status not in _ABOUT_THE_REQUEST
        if refused or same or (about_rates and _EXCEEDED.search(response.text[:2000])):
            yield violated(
                f"what was refused for too many requests was answered {response.reason}",
                expected=str(limit.exceeded),
                actual=response.text or response.reason,
            )


def _nothing_remained(sight: Sight) -> bool:
    """Whether the answer to this caller's call before showed nothing as left, in the same window.

    Where none tells, the answer itself does: else what it shows may be what this very call has taken.
    """
    key, state = ("left", *caller_of(sight)), state_of(sight)
    before: Window | None = sight.sequence.get(key)
    sight.sequence[key] = Window.opened_by(sight, state) if state is not None else None
    told = before.state if before is not None and _in_window(sight, before) else state
    return told is not None and told.remaining == 0


def _more_than_allowed(sight: Sight) -> bool:
    """Whether this caller made more requests than the documented number in the time before, by our clock."""
    limit, sent_at = sight.contract.conventions.rate_limit, sight.exchange.sent_at
    if limit is None or limit.requests is None or sent_at is None:
        return False
    by = ("by", None if limit.scope == "address" else sight.caller)
    return any(count.made > count.allowed for count in _counts(sight, limit, by, sent_at))


@frozen
class Count:
    """Requests that were made within the window of a limit, this one among them, and how many are allowed."""

    made: int
    allowed: int
    seconds: float


def _counts(sight: Sight, limit: RateLimit, by: Hashable, sent_at: float) -> list[Count]:
    """The requests that count with this one under the general limit, and in each bucket that it is counted in."""
    limits = [("", limit.quota, limit.seconds), *((b.name, b.requests, b.seconds) for b in counted_in(sight))]
    return [
        Count(len(_made(sight, (by, name), seconds, sent_at)), allowed, seconds) for name, allowed, seconds in limits
    ]


def _made(sight: Sight, counted: Hashable, seconds: float, sent_at: float) -> deque[float]:
    """When the requests that count with this one were sent, so far as that is not longer ago."""
    made: deque[float] = sight.memory.setdefault(("made", counted), deque())
    if made and sent_at < made[-1]:
        made.clear()  # Another clock: that of a server of its own, or of another recording.
    made.append(sent_at)
    while made[0] <= sent_at - seconds:
        made.popleft()
    return made


@check("rate-limit.exceeded-code")
def refusal_has_its_code(sight: Sight) -> Iterator[Finding]:
    """A refusal for too many requests is the error envelope with the documented code."""
    limit, response = sight.contract.conventions.rate_limit, sight.exchange.response
    if limit is None or response.status != limit.exceeded or sight.exchange.request.method == "HEAD":
        return
    errors = sight.contract.envelope.errors(response.json, limit=1) if response.is_json else ["no JSON"]
    code = response.at(limit.code_at)
    if errors:
        yield violated(f"a {limit.exceeded} is not the error envelope", expected="the envelope", actual=response.text)
    elif limit.codes and code not in limit.codes:
        yield violated(
            f"the code of a {limit.exceeded} is {shown(code, 80)}", expected=" or ".join(limit.codes), actual=code
        )
    else:
        yield HELD


@check("rate-limit.retry-after")
def retry_after_is_sane(sight: Sight) -> Iterator[Finding]:
    """Notes on a Retry-After, which no document names: its form (RFC 9110 10.2.3), and whether it fits the reset."""
    limit, response = sight.contract.conventions.rate_limit, sight.exchange.response
    text = response.header("retry-after")
    if limit is None or response.status != limit.exceeded or text is None:
        return
    date, state = seconds_of(response.header("date")), state_of(sight)
    moment = seconds_of(text)
    if DIGITS.fullmatch(text):
        moment = None if date is None else date + int(text)
    elif moment is None:
        yield note(f"Retry-After is neither a number of seconds nor a date: {shown(text, 80)}")
        return
    if moment is not None and state is not None and abs(moment - state.reset) > SKEW:
        yield note(f"Retry-After asks to wait until {moment:.0f}, the window ends at {state.reset}")
