"""Rate limits as far as traffic shows them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from attrs import frozen

from conformance.checks.base import HELD, Finding, Sight, check, note, shown, violated
from conformance.traffic.dates import seconds_of
from conformance.traffic.urls import is_loopback


@check("rate-limit.no-early-refusal")
def refusal_is_not_early(sight: Sight) -> Iterator[Finding]:
    """A refusal for too many requests comes only after more than the documented number in the window."""
    limit = sight.contract.conventions.rate_limit
    sent_at = sight.exchange.sent_at
    if limit is None or limit.requests is None or sent_at is None:
        return
    window: deque[float] = sight.memory.setdefault("window", deque())
    window.append(sent_at)
    while window[0] <= sent_at - limit.seconds:
        window.popleft()
    if sight.exchange.response.status != limit.exceeded:
        return
    if len(window) > limit.requests:
        yield HELD
    else:
        yield violated(
            f"{limit.exceeded} came with {len(window)} requests in {limit.seconds:g} s",
            expected=f"no {limit.exceeded} at or below {limit.requests} requests in {limit.seconds:g} s",
            actual=f"{limit.exceeded} after {len(window)} requests",
        )


@check("rate-limit.headers-present")
def headers_are_present(sight: Sight) -> Iterator[Finding]:
    """Every answer tells the state of the limit.

    Away from loopback an answer need not come from the API itself: failures, and errors in another envelope, may
    be those of what stands in front of it.
    """
    response, names = sight.exchange.response, _names(sight)
    if not names:
        return
    if response.status_class in (4, 5) and not _is_private(sight):
        errors = [""] if not response.is_json else sight.contract.envelope.errors(response.json, limit=1)
        if errors or response.status_class == 5:
            return
    missing = [name for name in names if response.header(name) is None]
    if missing:
        yield violated(
            f"a {response.status} lacks {' and '.join(missing)}",
            expected=f"the headers {', '.join(names)} in every answer",
            actual=", ".join(name for name, _ in response.headers) or "no headers",
        )
    else:
        yield HELD


@check("rate-limit.headers-sane")
def headers_are_sane(sight: Sight) -> Iterator[Finding]:
    """Each header is a plain decimal integer; the limit is at least 1, and what remains is at most the limit."""
    names = _names(sight)
    texts = {name: _text(sight, name) for name in names}
    for name, text in texts.items():
        if text is not None and not _DIGITS.fullmatch(text):
            yield violated(f"{name} is no plain integer", expected="decimal digits", actual=f"{name}: {text}")
            return
    if all(text is None for text in texts.values()):
        return
    limit, remaining = (None if text is None else int(text) for text in list(texts.values())[:2])
    if limit == 0:
        yield violated(f"{names[0]} is 0", expected="a limit of 1 or more", actual=f"{names[0]}: 0")
    elif limit is not None and remaining is not None and remaining > limit:
        yield violated(
            f"{names[1]} is more than {names[0]}",
            expected=f"{names[1]} between 0 and {limit}",
            actual=f"{names[1]}: {remaining}",
        )
    else:
        yield HELD


SKEW = 5
"""Seconds by which the clock of whatever writes Date may be ahead of the one of the limit."""


@check("rate-limit.reset-epoch-seconds")
def reset_is_in_epoch_seconds(sight: Sight) -> Iterator[Finding]:
    """The reset is in seconds since the epoch, and not before the answer it came with."""
    names = _names(sight)
    reset = _text(sight, names[2]) if names else None
    if reset is None:
        return
    if not re.fullmatch(r"[0-9]{10}", reset):
        yield violated(f"{names[2]} is not in epoch seconds", expected="ten digits", actual=f"{names[2]}: {reset}")
        return
    date = seconds_of(sight.exchange.response.header("date"))
    if date is not None and int(reset) < date - SKEW:
        yield violated(
            f"{names[2]} lies {date - int(reset):g} s before the answer's Date",
            expected=f"a reset at {date:.0f} or later",
            actual=f"{names[2]}: {reset}",
        )
    else:
        yield HELD


@check("rate-limit.remaining-monotone")
def remaining_never_rises(sight: Sight) -> Iterator[Finding]:
    """Within a window what remains never rises; where nobody else calls, each success lowers it by one.

    A window is told apart by method, path template, consumer, limit and reset, so that windows may overlap. An
    answer out of a cache tells an old state, and is left out; so is one of the second in which the window ends,
    since the reset is rounded and the next window may have begun.
    """
    state = _state(sight)
    if state is None or _is_cached(sight, state):
        return
    before: tuple[_State, int] | None = sight.sequence.get(state.window)
    sight.sequence[state.window] = (state, sight.position)
    if before is None:
        return
    earlier, position = before
    date = seconds_of(sight.exchange.response.header("date"))
    at = sight.exchange.sent_at if date is None else date
    if at is not None and at >= state.reset - 1:
        return
    if state.remaining > earlier.remaining:
        yield violated(
            f"what remains rose from {earlier.remaining} to {state.remaining} within one window",
            expected=f"at most {earlier.remaining} until {state.reset}",
            actual=str(state.remaining),
        )
        return
    alone = sight.strict and position == sight.position - 1 and earlier.served and state.served
    if alone and earlier.remaining > 0 and state.remaining != earlier.remaining - 1:
        yield violated(
            f"one call lowered what remains from {earlier.remaining} to {state.remaining}",
            expected=str(earlier.remaining - 1),
            actual=str(state.remaining),
        )
    else:
        yield HELD


@check("rate-limit.limit-stable")
def limit_is_stable(sight: Sight) -> Iterator[Finding]:
    """Within a window the limit of one endpoint is one number."""
    state = _state(sight)
    if state is None or _is_cached(sight, state):
        return
    bucket = (*state.caller, state.reset)
    if bucket not in sight.sequence:
        sight.sequence[bucket] = state.limit
    elif sight.sequence[bucket] == state.limit:
        yield HELD
    else:
        yield violated(
            f"the limit was {sight.sequence[bucket]} and is {state.limit} within one window",
            expected=str(sight.sequence[bucket]),
            actual=str(state.limit),
        )


@check("rate-limit.refused-when-used-up")
def refused_when_used_up(sight: Sight) -> Iterator[Finding]:
    """A refusal shows that nothing remains, and the success just before it showed at most one more call.

    Whether what remains counts the present call is left open. Away from loopback others may use up the rest in
    between.
    """
    limit, names = sight.contract.conventions.rate_limit, _names(sight)
    before: tuple[_State, int] | None = sight.sequence.get("last")
    state = _state(sight)
    if state is not None:
        sight.sequence["last"] = (state, sight.position)
    if limit is None or sight.exchange.response.status != limit.exceeded or not names:
        return
    left = _text(sight, names[1])
    if left is not None and _DIGITS.fullmatch(left) and int(left) > 0:
        yield violated(
            f"a {limit.exceeded} shows {left} calls as left", expected=f"{names[1]}: 0", actual=f"{names[1]}: {left}"
        )
        return
    just_before = before is not None and before[1] == sight.position - 1 and _is_private(sight)
    if before is not None and just_before and before[0].served and _same_window(sight, before[0]):
        if before[0].remaining > 1:
            yield violated(
                f"{limit.exceeded} came though the call before it showed {before[0].remaining} as left",
                expected=f"no {limit.exceeded} while calls are left",
                actual=f"{names[1]}: {before[0].remaining} just before",
            )
            return
        yield HELD
    elif left is not None:
        yield HELD


def _same_window(sight: Sight, before: _State) -> bool:
    reset = _text(sight, _names(sight)[2])
    return before.caller == _caller(sight) and reset in (None, str(before.reset))


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
    date, state = seconds_of(response.header("date")), _state(sight)
    moment = seconds_of(text)
    if _DIGITS.fullmatch(text):
        moment = None if date is None else date + int(text)
    elif moment is None:
        yield note(f"Retry-After is neither a number of seconds nor a date: {shown(text, 80)}")
        return
    if moment is not None and state is not None and abs(moment - state.reset) > SKEW:
        yield note(f"Retry-After asks to wait until {moment:.0f}, the window ends at {state.reset}")


@frozen
class _State:
    """What an answer tells of the limit.

    Attributes:
        caller: the operation and who called it: limits are counted for each.
        served: the answer was a success.
    """

    caller: tuple[str | None, ...]
    limit: int
    remaining: int
    reset: int
    served: bool

    @property
    def window(self) -> tuple[object, ...]:
        return (*self.caller, self.limit, self.reset)


def _state(sight: Sight) -> _State | None:
    texts = [_text(sight, name) for name in _names(sight)]
    known = [int(text) for text in texts if text is not None and _DIGITS.fullmatch(text)]
    if len(known) < 3:
        return None
    limit, remaining, reset = known
    return _State(_caller(sight), limit, remaining, reset, sight.exchange.response.ok)


def _caller(sight: Sight) -> tuple[str | None, ...]:
    exchange, auth = sight.exchange, sight.contract.conventions.auth
    template = exchange.operation.path if exchange.operation else exchange.path
    owner = exchange.request.parameter(auth.scope.parameter) if auth.scope else None
    return (exchange.request.method, template, exchange.request.header(auth.header), owner)


def _is_cached(sight: Sight, state: _State) -> bool:
    """Whether an answer is an older one played again: it says so, or it was written before one already seen."""
    response = sight.exchange.response
    age = (response.header("age") or "0").strip()
    date = seconds_of(response.header("date"))
    latest = sight.sequence.get(("date", state.caller))
    if date is not None:
        sight.sequence["date", state.caller] = max(date, latest or date)
    older = date is not None and latest is not None and date < latest
    return response.status == 304 or age.strip("0") != "" or older


def _names(sight: Sight) -> tuple[str, ...]:
    limit = sight.contract.conventions.rate_limit
    headers = limit.headers if limit else None
    return (headers.limit, headers.remaining, headers.reset) if headers else ()


def _text(sight: Sight, name: str) -> str | None:
    text = sight.exchange.response.header(name)
    return None if text is None else text.strip()


def _is_private(sight: Sight) -> bool:
    """Whether nobody but this run calls the target, and nothing stands in front of it."""
    return sight.strict or is_loopback(sight.exchange.request.url)


_DIGITS = re.compile(r"[0-9]{1,15}")
