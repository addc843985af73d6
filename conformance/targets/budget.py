"""The rate budget: a client stays below the documented limit, and pauses after a refusal."""

from __future__ import annotations

from pyrate_limiter import InMemoryBucket, Rate, RateItem
from pyrate_limiter.abstracts.algorithm import Decision

from conformance.contract import Conventions
from conformance.targets.clock import Clock
from conformance.traffic.dates import seconds_of
from conformance.traffic.exchange import Response

FRACTION = 0.9
LONGEST_PAUSE = 120.0
"""Seconds that a pause takes at most, where no document names the window of the limit."""

MARGIN = 10.0
"""Seconds beyond the documented window that a target may still ask for."""

PATIENCE = 600.0
"""Seconds that all pauses of a run may take."""


class Budget:
    """Lets calls leave at no more than a fraction of the documented rate, and none while it is blocked.

    An API that documents no rate is not paced; refusals are honoured all the same.

    Attributes:
        longest: the longest pause that is made after a refusal, in seconds.
        paused: seconds of all pauses so far.
    """

    def __init__(
        self, conventions: Conventions, clock: Clock, fraction: float = FRACTION, patience: float = PATIENCE
    ) -> None:
        self._clock, self._patience = clock, patience
        self._blocked_until, self._why = 0.0, ""
        self.paused = 0.0
        self._bucket: InMemoryBucket | None = None
        limit = conventions.rate_limit
        self._pause = limit.seconds if limit else 1.0
        # A window that no document names is a guess: a server that says when to come back knows better.
        documented = bool(limit and limit.requests)
        self._least = self._pause if documented else 1.0
        self.longest = self._pause + MARGIN if documented else LONGEST_PAUSE
        self._reset_header = limit.headers.reset if limit and limit.headers else None
        if limit and limit.requests:
            rate = Rate(max(1, int(limit.requests * fraction)), int(limit.seconds * 1000))
            self._bucket = InMemoryBucket([rate])

    def acquire(self) -> None:
        """Waits until the next call may leave."""
        self._clock.sleep(self._blocked_until - self._clock.now(), self._why)
        while self._bucket is not None:
            now = int(self._clock.now() * 1000)
            self._bucket.leak(now)
            decision = self._bucket.put_decision(RateItem("call", now))
            assert isinstance(decision, Decision), "the bucket is in memory"
            if decision.allowed:
                return
            wait = (decision.retry_after_ms or 1) / 1000 + 0.001
            self._clock.sleep(wait, "the documented rate allows no call before")

    def refused(self, response: Response) -> None:
        """Blocks further calls for as long as a 429 asks for, or for one documented window."""
        pause = self.pause(response)
        self.paused += pause
        self._blocked_until = self._clock.now() + pause
        asked = response.header("retry-after")
        told = "" if asked is None else f", Retry-After: {asked[:40]!r}"
        most = f"; {self.longest:g} s are waited at most" if pause == self.longest else ""
        self._why = f"the target refused a call for its rate ({response.status}{told}){most}"

    @property
    def spent(self) -> bool:
        """Whether refusals have already held the run up for as long as it bears."""
        return self.paused >= self._patience

    def pause(self, response: Response) -> float:
        """Seconds to wait after a 429.

        Its Retry-After (seconds or HTTP-date, RFC 9110 10.2.3), else the reset that the documented header tells
        (seconds since the epoch), else one documented window.
        """
        retry_after = (response.header("retry-after") or "").strip()
        if retry_after.isascii() and retry_after.isdigit():
            wanted = float(retry_after[:9])
        elif retry_after:
            moment = seconds_of(retry_after)
            wanted = moment - self._told_at(response) if moment is not None else self._pause
        else:
            reset = response.header(self._reset_header) if self._reset_header else None
            if reset is not None and reset.isascii() and reset.isdigit():
                # A header in whole seconds may be short by up to one.
                return min(max(float(reset[:12]) - self._told_at(response) + 1, 1.0), self.longest)
            wanted = self._pause
        return min(max(wanted, self._least), self.longest)

    def _told_at(self, response: Response) -> float:
        """When the server answered, by its own clock if it says so: it may differ from this machine's."""
        told = seconds_of(response.header("date"))
        return told if told is not None else self._clock.now()
