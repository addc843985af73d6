"""Faults of the Vercel server in its rate limit: the headers, the windows, the refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve, field, mutable

from conformance.reference.core import Server
from conformance.reference.faults import with_status
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.vercel.faults.tools import DELETE, DEPLOYMENTS, LISTS, VercelFaults, is_first_page
from conformance.reference.vercel.policies import FixedWindow, Window

faults = VercelFaults()

LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"


def _without(response: Response, *names: str) -> Response:
    return evolve(response, headers={name: value for name, value in response.headers.items() if name not in names})


@faults.finished("vercel.rate-limit.headers-on-all", status={403})
def forbidden_without_headers(_request: Request, response: Response) -> Response:
    """A 403 has none of the three headers."""
    return _without(response, LIMIT, REMAINING, RESET)


@faults.finished("vercel.rate-limit.headers-on-all", status={404})
def not_found_without_headers(_request: Request, response: Response) -> Response:
    """A 404 has none of the three headers."""
    return _without(response, LIMIT, REMAINING, RESET)


@faults.finished("vercel.rate-limit.headers-on-all", status={400})
def bad_request_without_reset(_request: Request, response: Response) -> Response:
    """A 400 has no Reset."""
    return _without(response, RESET)


@faults.finished("vercel.rate-limit.headers-on-all", status={429})
def refusal_without_remaining(_request: Request, response: Response) -> Response:
    """A 429 has no Remaining."""
    return _without(response, REMAINING)


@faults.finished("vercel.rate-limit.headers-on-all", DELETE, status={204})
def deleted_without_headers(_request: Request, response: Response) -> Response:
    """A 204 has none of the three headers."""
    return _without(response, LIMIT, REMAINING, RESET)


@faults.finished("vercel.rate-limit.headers-on-all", DEPLOYMENTS, status={200})
def deployments_without_limit(_request: Request, response: Response) -> Response:
    """The deployments have no Limit."""
    return _without(response, LIMIT)


@faults.finished("vercel.rate-limit.headers-on-all", *LISTS, status={200})
def later_pages_without_headers(request: Request, response: Response) -> Response:
    """A page behind the first has none of the three headers."""
    return response if is_first_page(request) else _without(response, LIMIT, REMAINING, RESET)


@faults.limiter("vercel.rate-limit.headers-sane")
class RemainingBelowZero(FixedWindow):
    """Beyond the limit Remaining is negative."""

    def remaining(self, window: Window) -> int:
        return self.limit - window.calls


@faults.finished("vercel.rate-limit.headers-sane", status=range(400, 500))
def remaining_above_limit(_request: Request, response: Response) -> Response:
    """The Remaining of an error is one more than Limit."""
    return response.with_header(REMAINING, str(int(response.headers[LIMIT]) + 1))


@faults.finished("vercel.rate-limit.headers-sane", status={200})
def limit_with_window(_request: Request, response: Response) -> Response:
    """Limit tells the length of the window too."""
    return response.with_header(LIMIT, f"{response.headers[LIMIT]};w=60")


@faults.finished("vercel.rate-limit.headers-sane", DEPLOYMENTS)
def remaining_with_fraction(_request: Request, response: Response) -> Response:
    """The Remaining of the deployments is written with .0 behind it."""
    return response.with_header(REMAINING, f"{response.headers[REMAINING]}.0")


@faults.finished("vercel.rate-limit.headers-sane", status={403})
def nothing_left_of_nothing(_request: Request, response: Response) -> Response:
    """The Limit and Remaining of a 403 are 0."""
    return response.with_header(LIMIT, "0").with_header(REMAINING, "0")


@faults.finished("vercel.rate-limit.reset-epoch-seconds", status={200})
def reset_in_milliseconds(_request: Request, response: Response) -> Response:
    """Reset is in milliseconds."""
    return response.with_header(RESET, f"{response.headers[RESET]}000")


@faults.limiter("vercel.rate-limit.reset-epoch-seconds")
class ResetInSecondsToGo(FixedWindow):
    """Reset is the number of seconds until the window ends."""

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        headers = super().headers(request, now)
        return {**headers, RESET: str(int(headers[RESET]) - int(now.timestamp()))}


@faults.limiter("vercel.rate-limit.reset-epoch-seconds")
class ResetLongPast(FixedWindow):
    """Reset lies two minutes before the end of the window."""

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        headers = super().headers(request, now)
        return {**headers, RESET: str(int(headers[RESET]) - 2 * self.seconds)}


@faults.finished("vercel.rate-limit.reset-epoch-seconds", status=range(400, 500))
def reset_as_iso_date_on_errors(_request: Request, response: Response) -> Response:
    """The Reset of an error is an ISO date."""
    reset = datetime.fromtimestamp(int(response.headers[RESET]), UTC)
    return response.with_header(RESET, reset.isoformat())


@faults.limiter("vercel.rate-limit.remaining-monotone")
class RemainingConstant(FixedWindow):
    """Remaining stays at its start until the limit is reached."""

    def remaining(self, window: Window) -> int:
        return self.limit - 1 if window.calls < self.limit else 0


@faults.limiter("vercel.rate-limit.remaining-monotone")
class RefilledByFourthCall(FixedWindow):
    """Every fourth call shows the allowance of a fresh window."""

    def remaining(self, window: Window) -> int:
        return self.limit - 1 if window.calls % 4 == 0 and window.calls < self.limit else super().remaining(window)


@faults.limiter("vercel.rate-limit.remaining-monotone")
class RemainingFallsByTwo(FixedWindow):
    """Each call lowers Remaining by two."""

    def remaining(self, window: Window) -> int:
        return max(0, self.limit - 2 * window.calls)


@faults.limiter("vercel.rate-limit.remaining-monotone")
class EveryOtherCallFree(FixedWindow):
    """Every other call does not lower Remaining."""

    def remaining(self, window: Window) -> int:
        return max(0, self.limit - (window.calls + 1) // 2)


@faults.limiter("vercel.rate-limit.remaining-monotone")
class ThirdCallGivesTwoBack(FixedWindow):
    """The third call of a window raises Remaining."""

    def remaining(self, window: Window) -> int:
        return super().remaining(window) + 2 * (window.calls == 3)


@faults.limiter("vercel.rate-limit.window-renews")
class NeverRefilled(FixedWindow):
    """A new window goes on with the count of the old one."""

    def renewed(self, old: Window | None, now: datetime) -> Window:
        return evolve(super().renewed(old, now), calls=old.calls if old else 0)


@faults.limiter("vercel.rate-limit.window-renews")
class HalfRefilled(FixedWindow):
    """A new window has half the allowance of the first."""

    def renewed(self, old: Window | None, now: datetime) -> Window:
        return evolve(super().renewed(old, now), calls=self.limit // 2 if old else 0)


@faults.limiter("vercel.rate-limit.window-renews")
@mutable
class ResetStands(FixedWindow):
    """The allowance is renewed, but Reset stays where it was."""

    ends: dict[str, str] = field(factory=dict)

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        headers = super().headers(request, now)
        return {**headers, RESET: self.ends.setdefault(self.key(request), headers[RESET])}


@faults.limiter("vercel.rate-limit.window-renews")
class RenewedHalfAMinuteLate(FixedWindow):
    """A window ends 30 s after its Reset."""

    def over(self, window: Window, now: datetime) -> bool:
        return super().over(window, now - timedelta(seconds=30))


class _Lenient(FixedWindow):
    def admit(self, request: Request, now: datetime) -> None:
        window = self.count(request, now)
        if not self.admits(window):
            raise Problem(429, "rate-limit", "Rate limit exceeded")

    def admits(self, window: Window) -> bool:
        raise NotImplementedError


@faults.limiter("vercel.rate-limit.exceeded-429")
class ExcessServed(_Lenient):
    """Calls beyond the limit are served, with Remaining at 0."""

    def admits(self, window: Window) -> bool:
        return True


@faults.limiter("vercel.rate-limit.exceeded-429")
class OneMoreServed(_Lenient):
    """The first call beyond the limit is served."""

    def admits(self, window: Window) -> bool:
        return window.calls <= self.limit + 1


@faults.response("vercel.rate-limit.exceeded-429", status={429})
def exceeded_503(_request: Request, response: Response) -> Response:
    """A call beyond the limit is answered with 503."""
    return with_status(response, 503)


@faults.response("vercel.rate-limit.exceeded-429", status={429})
def exceeded_403(_request: Request, response: Response) -> Response:
    """A call beyond the limit is answered with 403."""
    return with_status(response, 403)


@faults.response("vercel.rate-limit.exceeded-429", status={429})
def exceeded_200(_request: Request, response: Response) -> Response:
    """A call beyond the limit is answered with 200 and the error."""
    return with_status(response, 200)


@faults.body("vercel.rate-limit.exceeded-code", status={429})
def other_code(_request: Request, body: Any) -> object:
    """The code of a 429 is rate_limited."""
    return {"error": {**body["error"], "code": "rate_limited"}}


@faults.body("vercel.rate-limit.exceeded-code", status={429})
def code_in_upper_case(_request: Request, body: Any) -> object:
    """The code of a 429 is in upper case."""
    return {"error": {**body["error"], "code": "TOO_MANY_REQUESTS"}}


@faults.body("vercel.rate-limit.exceeded-code", status={429})
def exceeded_with_empty_object(_request: Request, _body: Any) -> object:
    """The body of a 429 is an empty object."""
    return {}


@faults.body("vercel.rate-limit.exceeded-code", status={429})
def code_at_top(_request: Request, body: Any) -> object:
    """The code and message of a 429 are at the top."""
    return body["error"]


class _Early(FixedWindow):
    """Refuses what `early` names before it is counted."""

    def admit(self, request: Request, now: datetime) -> None:
        window = self.count(request, now)
        if self.early(window):
            window.calls -= 1
            raise Problem(429, "rate-limit", "Rate limit exceeded")

    def early(self, window: Window) -> bool:
        raise NotImplementedError


@faults.limiter("vercel.rate-limit.no-early-429")
class LastTenthRefused(_Early):
    """The last tenth of the allowance, and two calls at least, is never served."""

    def early(self, window: Window) -> bool:
        return window.calls > self.limit - max(2, self.limit // 10)


@faults.limiter("vercel.rate-limit.no-early-429")
class RefusedAtHalf(_Early):
    """A window is over for a consumer when half of the allowance is used up."""

    def early(self, window: Window) -> bool:
        return window.calls > self.limit // 2


@faults.finished("vercel.rate-limit.no-early-429", status={429})
def refusal_shows_calls_left(_request: Request, response: Response) -> Response:
    """The 429 shows one call as left."""
    return response.with_header(REMAINING, "1")


@faults.limiter("vercel.rate-limit.limit-stable-per-bucket")
class LimitDecremented(FixedWindow):
    """Limit falls with each call as Remaining does."""

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        headers = super().headers(request, now)
        return {**headers, LIMIT: str(int(headers[REMAINING]) + 1)}


@faults.finished("vercel.rate-limit.limit-stable-per-bucket", *LISTS)
def higher_limit_on_later_pages(request: Request, response: Response) -> Response:
    """A page behind the first shows twice the Limit."""
    return response if is_first_page(request) else response.with_header(LIMIT, str(2 * int(response.headers[LIMIT])))


@faults.limiter("vercel.rate-limit.limit-stable-per-bucket")
class LimitRaisedByThirdCall(FixedWindow):
    """Every third call of a window shows a Limit that is greater by one."""

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        window = self.current
        headers = super().headers(request, now)
        return {**headers, LIMIT: str(self.limit + 1)} if window and window.calls % 3 == 0 else headers


@faults.server("vercel.rate-limit.per-consumer")
def counted_for_all(server: Server) -> None:
    """All consumers share one count."""
    assert isinstance(server.limiter, FixedWindow)
    server.limiter.key = lambda _request: ""


@faults.server("vercel.rate-limit.per-consumer")
def counted_per_address(server: Server) -> None:
    """Calls are counted per address, whoever's token they bear."""
    assert isinstance(server.limiter, FixedWindow)
    server.limiter.key = lambda request: request.address


@faults.server("vercel.rate-limit.per-consumer")
def counted_per_operation(server: Server) -> None:
    """Calls to one operation are counted together for all consumers."""
    assert isinstance(server.limiter, FixedWindow)
    server.limiter.key = lambda request: request.method + "/".join(request.segments)


@faults.limiter("vercel.rate-limit.per-consumer")
class RemainingOfAll(FixedWindow):
    """Each consumer has an allowance of its own, but Remaining is what all together leave."""

    def remaining(self, window: Window) -> int:
        return max(0, self.limit - sum(one.calls for one in self.windows.values()))
