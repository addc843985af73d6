"""Faults of the Vercel server in its rate limit: the headers, the windows, the refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from attrs import evolve, field, mutable

from conformance.reference.edits import ANY, REFUSED, change, change_header, drop_header, header, put, respond, status
from conformance.reference.faults import Faults, Plant
from conformance.reference.limits import FixedWindow, Window
from conformance.reference.messages import Request, Response
from conformance.reference.plants import limiter, setting
from conformance.reference.vercel.faults.tools import DELETE, DEPLOYMENTS, LISTS, on_later_page

faults = Faults()

LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"
ALL = (LIMIT, REMAINING, RESET)

fault = faults.of("vercel.rate-limit.headers-on-all")
fault("forbidden-without-headers", "A 403 has none of the three headers.").by(
    drop_header(*ALL, status=403, finished=True)
)
fault("not-found-without-headers", "A 404 has none of the three headers.").by(
    drop_header(*ALL, status=404, finished=True)
)
fault("bad-request-without-reset", "A 400 has no Reset.").by(drop_header(RESET, status=400, finished=True))
fault("refusal-without-remaining", "A 429 has no Remaining.").by(drop_header(REMAINING, status=429, finished=True))
fault("deleted-without-headers", "A 204 has none of the three headers.").by(drop_header(*ALL, on=DELETE, finished=True))
fault("deployments-without-limit", "The deployments have no Limit.").by(
    drop_header(LIMIT, on=DEPLOYMENTS, finished=True)
)
fault("later-pages-without-headers", "A page behind the first has none of the three headers.").by(
    drop_header(*ALL, on=LISTS, when=on_later_page, finished=True)
)


def remaining(left: Callable[[FixedWindow, Window], int]) -> Plant:
    """Another number of calls as what is left in a window; `left` is given the limiter too."""

    class Telling(FixedWindow):
        def remaining(self, window: Window) -> int:
            return left(self, window)

    return limiter(Telling)


def told(name: str, value: Callable[[FixedWindow, dict[str, str], datetime], object]) -> Plant:
    """Another value of a header; `value` is given the limiter, the right headers and the present."""

    class Telling(FixedWindow):
        def headers(self, request: Request, now: datetime) -> dict[str, str]:
            headers = super().headers(request, now)
            return {**headers, name: str(value(self, headers, now))}

    return limiter(Telling)


fault = faults.of("vercel.rate-limit.headers-sane")
fault("remaining-below-zero", "Beyond the limit Remaining is negative.").by(
    remaining(lambda limits, window: limits.limit - window.calls)
)
fault("limit-with-window", "Limit tells the length of the window too.").by(
    change_header(LIMIT, lambda limit: f"{limit};w=60", status=200, finished=True)
)
fault("remaining-with-fraction", "The Remaining of the deployments is written with .0 behind it.").by(
    change_header(REMAINING, lambda left: f"{left}.0", on=DEPLOYMENTS, status=ANY, finished=True)
)


@fault.using(respond, status=REFUSED, finished=True)
def remaining_above_limit(_request: Request, response: Response) -> Response:
    """The Remaining of an error is one more than Limit."""
    return response.with_header(REMAINING, str(int(response.headers[LIMIT]) + 1))


@fault.using(respond, status=403, finished=True)
def nothing_left_of_nothing(_request: Request, response: Response) -> Response:
    """The Limit and Remaining of a 403 are 0."""
    return response.with_header(LIMIT, "0").with_header(REMAINING, "0")


fault = faults.of("vercel.rate-limit.reset-epoch-seconds")
fault("reset-in-milliseconds", "Reset is in milliseconds.").by(
    change_header(RESET, lambda reset: f"{reset}000", status=200, finished=True)
)
fault("reset-in-seconds-to-go", "Reset is the number of seconds until the window ends.").by(
    told(RESET, lambda _, headers, now: int(headers[RESET]) - int(now.timestamp()))
)
fault("reset-long-past", "Reset lies two minutes before the end of the window.").by(
    told(RESET, lambda limits, headers, _: int(headers[RESET]) - 2 * limits.window)
)
fault("reset-as-iso-date-on-errors", "The Reset of an error is an ISO date.").by(
    change_header(
        RESET, lambda reset: datetime.fromtimestamp(int(reset), UTC).isoformat(), status=REFUSED, finished=True
    )
)

fault = faults.of("vercel.rate-limit.remaining-monotone")
fault("remaining-constant", "Remaining stays at its start until the limit is reached.").by(
    remaining(lambda limits, window: limits.limit - 1 if window.calls < limits.limit else 0)
)
fault("remaining-falls-by-two", "Each call lowers Remaining by two.").by(
    remaining(lambda limits, window: max(0, limits.limit - 2 * window.calls))
)
fault("every-other-call-free", "Every other call does not lower Remaining.").by(
    remaining(lambda limits, window: max(0, limits.limit - (window.calls + 1) // 2))
)
fault("third-call-gives-two-back", "The third call of a window raises Remaining.").by(
    remaining(lambda limits, window: max(0, limits.limit - window.calls) + 2 * (window.calls == 3))
)


@fault.using(remaining)
def refilled_by_fourth_call(limits: FixedWindow, window: Window) -> int:
    """Every fourth call shows the allowance of a fresh window."""
    calls = 1 if window.calls % 4 == 0 and window.calls < limits.limit else window.calls
    return max(0, limits.limit - calls)


fault = faults.of("vercel.rate-limit.window-renews")


@fault.using(limiter)
class NeverRefilled(FixedWindow):
    """A new window goes on with the count of the old one."""

    def renewed(self, old: Window | None, now: datetime) -> Window:
        return evolve(super().renewed(old, now), calls=old.calls if old else 0)


@fault.using(limiter)
class HalfRefilled(FixedWindow):
    """A new window has half the allowance of the first."""

    def renewed(self, old: Window | None, now: datetime) -> Window:
        return evolve(super().renewed(old, now), calls=self.limit // 2 if old else 0)


@fault.using(limiter)
@mutable
class ResetStands(FixedWindow):
    """The allowance is renewed, but Reset stays where it was."""

    ends: dict[str, str] = field(factory=dict)

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        headers = super().headers(request, now)
        return {**headers, RESET: self.ends.setdefault(self.key(request), headers[RESET])}


@fault.using(limiter)
class RenewedHalfAMinuteLate(FixedWindow):
    """A window ends 30 s after its Reset."""

    def over(self, window: Window, now: datetime) -> bool:
        return super().over(window, now - timedelta(seconds=30))


def allowed(calls: Callable[[int], int], *, uncounted: bool = False) -> Plant:
    """Another number of calls is served in a window; it may be that what is refused does not count."""

    class Allowing(FixedWindow):
        def allows(self, window: Window) -> bool:
            served = window.calls <= calls(self.limit)
            if not served and uncounted:
                window.calls -= 1
            return served

    return limiter(Allowing)


fault = faults.of("vercel.rate-limit.exceeded-429")
fault("excess-served", "Calls beyond the limit are served, with Remaining at 0.").by(allowed(lambda _: 10**9))
fault("one-more-served", "The first call beyond the limit is served.").by(allowed(lambda limit: limit + 1))
fault("exceeded-503", "A call beyond the limit is answered with 503.").by(status(503, cause="rate-limit"))
fault("exceeded-403", "A call beyond the limit is answered with 403.").by(status(403, cause="rate-limit"))
fault("exceeded-200", "A call beyond the limit is answered with 200 and the error.").by(status(200, cause="rate-limit"))

fault = faults.of("vercel.rate-limit.exceeded-code")
fault("other-code", "The code of a 429 is rate_limited.").by(put("/error/code", "rate_limited", status=429))
fault("code-in-upper-case", "The code of a 429 is in upper case.").by(change("/error/code", str.upper, status=429))
fault("exceeded-with-empty-object", "The body of a 429 is an empty object.").by(put("", {}, status=429))
fault("code-at-top", "The code and message of a 429 are at the top.").by(
    change("", lambda body: body["error"], status=429)
)

fault = faults.of("vercel.rate-limit.no-early-429")
fault("last-tenth-refused", "The last tenth of the allowance, and two calls at least, is never served.").by(
    allowed(lambda limit: limit - max(2, limit // 10), uncounted=True)
)
fault("refused-at-half", "A window is over for a consumer when half of the allowance is used up.").by(
    allowed(lambda limit: limit // 2, uncounted=True)
)
fault("refusal-shows-calls-left", "The 429 shows one call as left.").by(
    header(REMAINING, "1", status=429, finished=True)
)

fault = faults.of("vercel.rate-limit.limit-stable-per-bucket")
fault("limit-decremented", "Limit falls with each call as Remaining does.").by(
    told(LIMIT, lambda _limits, headers, _now: int(headers[REMAINING]) + 1)
)
fault("higher-limit-on-later-pages", "A page behind the first shows twice the Limit.").by(
    change_header(LIMIT, lambda limit: str(2 * int(limit)), on=LISTS, status=ANY, when=on_later_page, finished=True)
)


@fault.using(limiter)
class LimitRaisedByThirdCall(FixedWindow):
    """Every third call of a window shows a Limit that is greater by one."""

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        window = self.current
        headers = super().headers(request, now)
        return {**headers, LIMIT: str(self.limit + 1)} if window and window.calls % 3 == 0 else headers


fault = faults.of("vercel.rate-limit.per-consumer")
fault("counted-for-all", "All consumers share one count.").by(setting("limiter.key", lambda _request: ""))
fault("counted-per-address", "Calls are counted per address, whoever's token they bear.").by(
    setting("limiter.key", lambda request: request.address)
)
fault("counted-per-operation", "Calls to one operation are counted together for all consumers.").by(
    setting("limiter.key", lambda request: request.method + "/".join(request.segments))
)
fault("remaining-of-all", "Each consumer has an allowance of its own, but Remaining is what all together leave.").by(
    remaining(lambda limits, _: max(0, limits.limit - sum(one.calls for one in limits.windows.values())))
)
