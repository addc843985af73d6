"""Faults of the Netlify server in its limits: what the headers tell, which calls are counted, what a refusal is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from attrs import evolve, field, mutable

from conformance.reference.core import Server
from conformance.reference.edits import ANY, REFUSED, change_header, drop_header, header, respond, status
from conformance.reference.faults import Faults, Plant
from conformance.reference.limits import Buckets, FixedWindow, Window
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.netlify.faults.links import HOOKS, of_spam, on_page
from conformance.reference.netlify.faults.tools import UPLOAD, UPLOAD_FUNCTION
from conformance.reference.plants import limiter

faults = Faults()

LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"
ALL = (LIMIT, REMAINING, RESET)

DELETES = ("DELETE /api/v1/sites/{site_id}", "DELETE /api/v1/hooks/{hook_id}")

fault = faults.of("netlify.rate-limit.headers-on-any")
fault("uploads-without", "The answers to uploads have none of the three headers.").by(
    drop_header(*ALL, on=(UPLOAD, UPLOAD_FUNCTION), status=ANY, finished=True)
)
fault("not-found-without", "A 404 has none of the three headers.").by(drop_header(*ALL, status=404, finished=True))
fault("refused-without-reset", "A 422 has no Reset.").by(drop_header(RESET, status=422, finished=True))
fault("deleted-without", "What is deleted is answered without the three headers.").by(
    drop_header(*ALL, on=DELETES, finished=True)
)
fault("second-page-without-remaining", "The second page of a list has no Remaining.").by(
    drop_header(REMAINING, when=on_page(2), finished=True)
)
fault("spam-without-limit", "A list of spam has no Limit.").by(drop_header(LIMIT, when=of_spam, finished=True))


def told(name: str, value: Callable[[Buckets, dict[str, str], datetime], object]) -> Plant:
    """Another value of a header; `value` is given the limiter, the right headers and the present."""

    class Telling(Buckets):
        def headers(self, request: Request, now: datetime) -> dict[str, str]:
            headers = super().headers(request, now)
            return {**headers, name: str(value(self, headers, now))}

    return limiter(Telling)


def in_seconds(change: Callable[[int, datetime], object], **where: Any) -> Plant:
    """Another reset, which is given in epoch seconds, with the Date of the answer."""

    def plant(server: Server) -> None:
        def changed(_request: Request, response: Response) -> Response:
            reset = change(int(response.headers[RESET]), server.clock.now())
            return response.with_header(RESET, str(reset))

        respond(changed, status=ANY, finished=True, **where)(server)

    return plant


fault = faults.of("netlify.rate-limit.headers-sane")
fault("remaining-above-limit", "The Remaining of a 404 is one more than its Limit.").by(
    respond(
        lambda _, response: response.with_header(REMAINING, str(int(response.headers[LIMIT]) + 1)),
        status=404,
        finished=True,
    )
)
fault("limit-with-window", "Limit tells the length of the window, too.").by(
    change_header(LIMIT, lambda limit: f"{limit};w=60", finished=True)
)
fault("remaining-negative", "The Remaining of a refusal is below zero.").by(
    header(REMAINING, "-1", status=REFUSED, finished=True)
)
fault("reset-with-fraction", "The Reset of hooks is written with .0 behind it.").by(
    change_header(RESET, lambda reset: f"{reset}.0", on=HOOKS, finished=True)
)
fault("limit-with-comma", "A Limit of a list of spam is written as 1,000.").by(
    header(LIMIT, "1,000", when=of_spam, finished=True)
)

fault = faults.of("netlify.rate-limit.limit-500")
fault("two-hundred", "Limit is 200.").by(header(LIMIT, "200", status=ANY, finished=True))
fault("hooks-sixty", "The Limit of hooks is 60.").by(
    respond(
        lambda _, response: response.with_header(LIMIT, "60").with_header(REMAINING, "30"),
        on=HOOKS,
        status=ANY,
        finished=True,
    )
)
fault("writes-three", "The Limit of calls that write is 3.").by(
    respond(
        lambda _, response: response.with_header(LIMIT, "3").with_header(REMAINING, "2"),
        status=ANY,
        when=lambda request: request.method in ("PATCH", "DELETE"),
        finished=True,
    )
)

fault = faults.of("netlify.rate-limit.window-60s")
fault("milliseconds", "Reset is in milliseconds.").by(in_seconds(lambda reset, _: f"{reset}000"))
fault("tomorrow", "Reset is a day later.").by(in_seconds(lambda reset, _: reset + 86_400))
fault("seconds-to-go", "Reset is the number of seconds until the window ends.").by(
    in_seconds(lambda reset, now: reset - int(now.timestamp()))
)
fault("past-on-errors", "The Reset of a 404 lies two minutes before the end of the window.").by(
    change_header(RESET, lambda reset: str(int(reset) - 120), status=404, finished=True)
)
fault("iso-date-of-hooks", "The Reset of hooks is an ISO date.").by(
    in_seconds(lambda reset, _: datetime.fromtimestamp(reset, UTC).isoformat(), on=HOOKS)
)
fault("five-minutes", "Reset is five minutes away on the second page of a list.").by(
    in_seconds(lambda reset, _: reset + 240, when=on_page(2))
)


def remaining(left: Callable[[FixedWindow, Window], int]) -> Plant:
    """Another number of calls as what is left in a window; `left` is given the limiter, too."""

    class Telling(Buckets):
        def remaining(self, window: Window) -> int:
            return left(self, window)

    return limiter(Telling)


fault = faults.of("netlify.rate-limit.remaining-monotone")
fault("rises", "Each call raises Remaining by one.").by(
    remaining(lambda limits, window: min(limits.limit, 100 + window.calls))
)
fault("random", "Remaining is any number.").by(remaining(lambda limits, window: 7919 * window.calls % limits.limit))
fault("third-call-gives-two-back", "Every third call gives two calls back.").by(
    remaining(lambda limits, window: max(0, limits.limit - window.calls) + 2 * (window.calls % 3 == 0))
)


def allowed(calls: Callable[[int], int], *, when: Callable[[Request], object] = lambda _: True) -> Plant:
    """Another number of calls is served in a minute, of those for which `when` is true."""

    class Allowing(Buckets):
        def admit(self, request: Request, now: datetime) -> None:
            if not when(request):
                super().admit(request, now)
                return
            kept, self.limit = self.limit, calls(self.limit)
            try:
                super().admit(request, now)
            finally:
                self.limit = kept

    return limiter(Allowing)


fault = faults.of("netlify.rate-limit.exceeded")
fault("unlimited", "Calls beyond the limit are served.").by(allowed(lambda _: 10**9))
fault("one-more", "The first two calls beyond the limit are served.").by(allowed(lambda limit: limit + 2))
fault("early", "The last tenth of the calls is refused.").by(allowed(lambda limit: limit - limit // 10))
fault("writes-served", "Calls that write are served beyond the limit.").by(
    allowed(lambda _: 10**9, when=lambda request: request.method != "GET")
)
fault("unavailable", "A call beyond the limit is answered with 503.").by(status(503, cause="rate-limit"))
fault("fine", "A call beyond the limit is answered with 200.").by(status(200, cause="rate-limit"))


@fault.using(limiter)
class HourLong(Buckets):
    """What was used up is served again after an hour, whatever Reset says."""

    def over(self, window: Window, now: datetime) -> bool:
        return super().over(window, now - timedelta(hours=1))


@fault.server
def done_all_the_same(server: Server) -> None:
    """A write that is refused for the rate is done."""
    limits = cast(Buckets, server.limiter)

    class Late(Buckets):
        def admit(self, request: Request, now: datetime) -> None:
            try:
                super().admit(request, now)
            except Problem:
                if request.method == "GET":
                    raise
                too_late.append(request)

    too_late: list[Request] = []
    limiter(Late)(server)

    def transform(request: Request, response: Response) -> Response:
        if any(one is request for one in too_late):
            too_late.clear()
            raise Problem(429, "rate-limit", f"More than {limits.limit} calls.")
        return response

    server.transforms.append(transform)


def others(change: Callable[[Buckets], object]) -> Plant:
    """Other limits of deploys; `change` is given the limiter, whose `others` they are: of a minute, of a day."""

    def plant(server: Server) -> None:
        change(cast(Buckets, server.limiter))

    return plant


def limited(place: int, limit: int) -> Plant:
    """Another number of deploys that are served in a minute (0) or in a day (1)."""
    return others(lambda limits: limits.others.__setitem__(place, evolve(limits.others[place], limit=limit)))


fault = faults.of("netlify.rate-limit.deploy-limits")
fault("counted-to-500", "Deploys are counted in the general limit only.").by(
    others(lambda limits: limits.others.clear())
)
fault("four-a-minute", "A fourth deploy in a minute is served.").by(limited(0, 4))
fault("two-a-minute", "The third deploy in a minute is refused.").by(limited(0, 2))
fault("no-day", "Deploys are not counted by the day.").by(others(lambda limits: limits.others.pop()))
fault("one-more-a-day", "A deploy more than 100 is served in a day.").by(limited(1, 101))
fault("fifty-a-day", "Only 50 deploys are served in a day.").by(limited(1, 50))
fault("unavailable", "A fourth deploy in a minute is answered with 503.").by(
    status(503, cause="rate-limit", when=lambda request: request.method == "POST")
)


@fault.using(limiter)
@mutable
class AllRefused(Buckets):
    """While deploys are refused, other calls are refused, too."""

    refused_until: float = field(default=0.0, init=False)

    def admit(self, request: Request, now: datetime) -> None:
        if now.timestamp() < self.refused_until:
            raise Problem(429, "rate-limit", "Rate limit exceeded")
        try:
            super().admit(request, now)
        except Problem:
            if self.refusing is not None:
                self.refused_until = now.timestamp() + 30
            raise


@fault.server
def made_all_the_same(server: Server) -> None:
    """A deploy that is refused for the rate is made."""
    limits = cast(Buckets, server.limiter)
    day_and_minute = list(limits.others)
    limits.others.clear()

    def counted(request: Request, response: Response) -> Response:
        if response.status in range(200, 300):
            for bucket in day_and_minute:
                if bucket.holds(request):
                    bucket.admit(request, server.clock.now())
        return response

    server.transforms.append(counted)


@fault.server
def never_again(server: Server) -> None:
    """Once a deploy was refused for the rate, none is served for an hour."""
    limits = cast(Buckets, server.limiter)
    minute = limits.others[0]

    class Long(type(minute)):  # type: ignore[misc]
        def over(self, window: Window, now: datetime) -> bool:
            late = timedelta(hours=1) if window.calls > self.limit else timedelta()
            return bool(super().over(window, now - late))

    limits.others[0] = Long(minute.limit, minute.key, minute.window, holds=minute.holds)
