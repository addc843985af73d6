"""How many requests a reference server serves in a time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil
from typing import Protocol

from attrs import field, mutable

from conformance.reference.messages import Problem, Request


class Limiter(Protocol):
    """How many requests are served in a time; `window` is the length of it in seconds."""

    window: float

    def admit(self, request: Request, now: datetime) -> None:
        """Count the request, or raise a Problem with 429."""


@mutable
class SlidingWindow:
    """At most `limit` requests of one key in any `window` seconds; a refused request does not count.

    Two requests exactly `window` seconds apart do not share a window. `key` is the source address by default.
    """

    limit: int
    window: float = 1.0
    key: Callable[[Request], str] = lambda request: request.address
    admitted: defaultdict[str, deque[datetime]] = field(factory=lambda: defaultdict(deque))

    def admit(self, request: Request, now: datetime) -> None:
        """Count the request, or raise a Problem with 429."""
        times = self.admitted[self.key(request)]
        while times and now - times[0] >= timedelta(seconds=self.window):
            times.popleft()
        if len(times) >= self.limit:
            raise Problem(429, "rate-limit", f"More than {self.limit} requests in {self.window:g} s.")
        times.append(now)


@mutable
class Window:
    """A window of calls: when it ends, in epoch seconds, and how many calls it has seen."""

    reset: int
    calls: int = 0


@mutable
class FixedWindow:
    """At most `limit` calls of a consumer in a window, which lasts from its first call for `window` seconds.

    Every call counts, a refused one too. The end is a whole second, so that the header gives it exactly.
    """

    limit: int
    key: Callable[[Request], str]
    """The consumer of a request."""
    window: float = 60
    windows: dict[str, Window] = field(factory=dict)
    current: Window | None = None
    """The window of the request that is being served, None before it is counted."""

    def admit(self, request: Request, now: datetime) -> None:
        """Count the request, or raise a Problem with 429."""
        window = self.count(request, now)
        if not self.allows(window):
            raise Problem(429, "rate-limit", "Rate limit exceeded")

    def allows(self, window: Window) -> bool:
        """Whether the call that was counted last in a window is served."""
        return window.calls <= self.limit

    def count(self, request: Request, now: datetime) -> Window:
        """The window of the request, in which it is counted now."""
        consumer = self.key(request)
        window = self.windows.get(consumer)
        if window is None or self.over(window, now):
            window = self.windows[consumer] = self.renewed(window, now)
        window.calls += 1
        self.current = window
        return window

    def over(self, window: Window, now: datetime) -> bool:
        """Whether a window has ended."""
        return now.timestamp() >= window.reset

    def renewed(self, _old: Window | None, now: datetime) -> Window:
        """The window that begins now."""
        return Window(ceil((now + timedelta(seconds=self.window)).timestamp()))

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        """The three headers of the answer to this request; one refused before it was counted counts now."""
        window = self.current or self.count(request, now)
        self.current = None
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining(window)),
            "X-RateLimit-Reset": str(window.reset),
        }

    def remaining(self, window: Window) -> int:
        """The calls left in a window."""
        return max(0, self.limit - window.calls)


@mutable
class Bucket(FixedWindow):
    """A limit of its own for some calls."""

    holds: Callable[[Request], bool] = field(kw_only=True)
    """Whether a call counts in it."""


@mutable
class Buckets(FixedWindow):
    """A general limit for all calls, and stricter ones for some, in which these count as well.

    A call that a stricter one refuses shows the headers of that one, every other call those of the general one.
    """

    others: list[Bucket] = field(factory=list)
    refusing: Bucket | None = field(default=None, init=False)
    """What refused the request that is being served."""

    def admit(self, request: Request, now: datetime) -> None:
        """Count the request, or raise a Problem with 429."""
        super().admit(request, now)
        for bucket in self.others:
            if bucket.holds(request):
                self.refusing = bucket
                bucket.admit(request, now)
                bucket.current = self.refusing = None

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        """The three headers of the answer to this request."""
        own = super().headers(request, now)
        refusing, self.refusing = self.refusing, None
        return own if refusing is None else refusing.headers(request, now)
