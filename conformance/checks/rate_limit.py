"""Rate limits: the headers that every answer tells them with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import StrictBool

from conformance.checks.base import HELD, Arguments, Finding, Numbers, Sight, check, note, violated
from conformance.checks.windows import (
    DIGITS,
    SKEW,
    State,
    Window,
    counted_in,
    is_cached,
    is_private,
    names_of,
    renews_at,
    state_of,
    text_of,
)
from conformance.traffic.dates import seconds_of


class Answers(Arguments):
    classes: Numbers = ()
    noted: Numbers = ()


@check("rate-limit.headers-present", Answers)
def headers_are_present(sight: Sight) -> Iterator[Finding]:
    """Every answer tells the state of the limit.

    Away from loopback an answer need not come from the API itself: failures, and errors in another envelope, may
    be those of what stands in front of it.

    Arguments:
        classes: the status classes that are judged; all where it is left out.
        noted: statuses that may come without; a note says so.
    """
    response, names = sight.exchange.response, names_of(sight)
    classes, noted = sight.arguments.get("classes"), sight.arguments.get("noted", ())
    if not names or (classes and response.status_class not in classes):
        return
    if response.status_class in (4, 5) and not is_private(sight):
        errors = [""] if not response.is_json else sight.contract.envelope.errors(response.json, limit=1)
        if errors or response.status_class == 5:
            return
    missing = [name for name in names if response.header(name) is None]
    if missing and response.status in noted:
        if response.status not in sight.memory:
            sight.memory[response.status] = True
            yield note(f"a {response.status} lacks {' and '.join(missing)}")
    elif missing:
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
    names = names_of(sight)
    texts = {name: text_of(sight, name) for name in names}
    for name, text in texts.items():
        if text is not None and not DIGITS.fullmatch(text):
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


@check("rate-limit.reset-epoch-seconds")
def reset_is_in_epoch_seconds(sight: Sight) -> Iterator[Finding]:
    """The reset is in seconds since the epoch, and not before the answer it came with."""
    names = names_of(sight)
    reset = text_of(sight, names[2]) if names else None
    if reset is None or _counts_down(sight):
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


def _counts_down(sight: Sight) -> bool:
    limit = sight.contract.conventions.rate_limit
    return limit is not None and limit.told.reset_in == "delta"


@check("rate-limit.reset-delta-seconds")
def reset_is_in_seconds_from_now(sight: Sight) -> Iterator[Finding]:
    """The reset is in seconds from the answer on: far fewer than have passed since the epoch."""
    names = names_of(sight)
    reset = text_of(sight, names[2]) if names else None
    if reset is None or not _counts_down(sight):
        return
    if re.fullmatch(r"[0-9]{1,8}", reset):
        yield HELD
    else:
        yield violated(
            f"{names[2]} is not in seconds from now", expected="at most eight digits", actual=f"{names[2]}: {reset}"
        )


@check("rate-limit.limit-documented")
def limit_is_documented(sight: Sight) -> Iterator[Finding]:
    """The limit is the documented number, on calls that are counted in no stricter bucket."""
    documented, names = sight.contract.conventions.rate_limit, names_of(sight)
    if documented is None or documented.requests is None or not names or counted_in(sight):
        return
    text = text_of(sight, names[0])
    if text is None or not DIGITS.fullmatch(text):
        return
    if int(text) == documented.requests:
        yield HELD
    else:
        yield violated(
            f"{names[0]} is {text}", expected=f"{names[0]}: {documented.requests}", actual=f"{names[0]}: {text}"
        )


@check("rate-limit.reset-within-window")
def reset_is_within_the_window(sight: Sight) -> Iterator[Finding]:
    """The reset is in its form and no further from the answer's Date than the documented window.

    Calls that are counted in a stricter bucket are left out: it may have a window of its own.
    """
    documented, names = sight.contract.conventions.rate_limit, names_of(sight)
    date = seconds_of(sight.exchange.response.header("date"))
    if documented is None or documented.requests is None or not names or date is None or counted_in(sight):
        return
    text = text_of(sight, names[2])
    if text is None:
        return
    earliest, latest = date - SKEW, date + documented.seconds + SKEW
    reset = renews_at(sight, int(text)) if DIGITS.fullmatch(text) else None
    if reset is not None and earliest <= reset <= latest:
        yield HELD
    else:
        yield violated(
            f"{names[2]} does not lie within {documented.seconds:g} s of the answer's Date",
            expected=f"{names[2]} between {earliest:.0f} and {latest:.0f}",
            actual=f"{names[2]}: {text}",
        )


class Together(Arguments):
    by_reset: StrictBool = False


@check("rate-limit.remaining-monotone", Together)
def remaining_never_rises(sight: Sight) -> Iterator[Finding]:
    """Within a window what remains never rises; where nobody else calls, each success lowers it by one.

    Limits are counted for each method, path template and consumer; one number for each limit. An answer out of a
    cache tells an old state, and is left out. A number that stays as it is shows nothing: it may be written in stone.

    Arguments:
        by_reset: only answers that tell one reset are compared, and how much a call lowers is left open: no document
            says that windows are fixed, and one that slides lets go of calls.
    """
    state = state_of(sight)
    if state is None or is_cached(sight, state):
        return
    bucket = ("window", *state.caller, state.limit)
    window: Window = sight.sequence.setdefault(bucket, Window.opened_by(sight, state))
    before: tuple[State, int] | None = sight.sequence.get(("before", *bucket))
    sight.sequence["before", *bucket] = (state, sight.position)
    if before is None:
        return
    by_reset = sight.arguments.get("by_reset", False)
    if not window.holds(sight, state.reset) or (by_reset and state.reset != before[0].reset):
        sight.sequence[bucket] = Window.opened_by(sight, state)
        return
    earlier, position = before
    if state.remaining > earlier.remaining:
        yield violated(
            f"what remains rose from {earlier.remaining} to {state.remaining} within one window",
            expected=f"at most {earlier.remaining} until {window.state.reset}",
            actual=str(state.remaining),
        )
        return
    alone = sight.strict and not by_reset and position == sight.position - 1 and earlier.served and state.served
    if alone and earlier.remaining > 0 and state.remaining != earlier.remaining - 1:
        yield violated(
            f"one call lowered what remains from {earlier.remaining} to {state.remaining}",
            expected=str(earlier.remaining - 1),
            actual=str(state.remaining),
        )
    elif state.remaining < earlier.remaining:
        yield HELD


@check("rate-limit.limit-stable")
def limit_is_stable(sight: Sight) -> Iterator[Finding]:
    """Within a window the limit of one endpoint is one number, unless its calls are counted in several ways."""
    state = state_of(sight)
    if state is None or is_cached(sight, state) or counted_in(sight):
        return
    bucket = ("stable", *state.caller)
    window: Window | None = sight.sequence.get(bucket)
    if window is None or not window.holds(sight, state.reset):
        sight.sequence[bucket] = Window.opened_by(sight, state)
    elif window.state.limit == state.limit:
        yield HELD
    else:
        yield violated(
            f"the limit was {window.state.limit} and is {state.limit} within one window",
            expected=str(window.state.limit),
            actual=str(state.limit),
        )
