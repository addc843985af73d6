"""The rate budget: a client stays below the documented limits, and pauses after a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from pyrate_limiter import Rate

from conformance.contract import Bucket, Conventions
from conformance.targets.buckets import Buckets, InProcess, Kept, Pause
from conformance.targets.clock import Clock
from conformance.targets.errors import HarnessError, NotExercised
from conformance.traffic.dates import seconds_of
from conformance.traffic.exchange import Response
from conformance.traffic.rates import reset_at

FRACTION = 0.9
LONGEST_PAUSE = 120.0
"""Seconds that a pause takes at most, where no document names the window of the limit."""

MARGIN = 10.0
"""Seconds beyond the documented window that a target may still ask for."""

PATIENCE = 600.0
"""Seconds that all pauses of a run may take."""

GENERAL = ""
"""The limit of all calls; those of some have names."""


class Budget:
    """Lets calls leave at no more than a fraction of the documented rates, and none while it is blocked.

    A call has to pass the general limit, and every bucket that it is counted in. An API that documents no rate is
    not paced; refusals are honoured all the same. Both are counted together with whoever shares the buckets.

    Args:
        fraction: of the documented rates, that is kept to.
        patience: seconds that all pauses of a run may take.
        own: calls and seconds to keep to in place of the documented general rate.
        kept: where calls are counted; in this process alone where left out.
        most: requests that a run may send in all, None for as many as it takes.

    Attributes:
        sent: requests so far.
        longest: the longest pause that is made after a refusal under the general limit, in seconds.
        paused: seconds of all pauses so far.
    """

    def __init__(
        self,
        conventions: Conventions,
        clock: Clock,
        fraction: float = FRACTION,
        patience: float = PATIENCE,
        own: tuple[int, float] | None = None,
        kept: Kept | None = None,
        most: int | None = None,
    ) -> None:
        self._clock, self._patience = clock, patience
        self.paused = self._heeded = 0.0
        limit = conventions.rate_limit
        self._pause = limit.seconds if limit else 1.0
        # A window that no document names is a guess: a server that says when to come back knows better.
        self._documented = bool(limit and limit.requests)
        self._least = self._pause if self._documented else 1.0
        self.longest = self._pause + MARGIN if self._documented else LONGEST_PAUSE
        self._headers = limit.headers if limit else None
        rates = {bucket.name: (bucket.requests * fraction, bucket.seconds) for bucket in limit.buckets} if limit else {}
        if own is not None:
            rates[GENERAL] = own
        elif limit and limit.requests:
            rates[GENERAL] = (limit.requests * fraction, limit.seconds)
        self._rates = {name: Rate(max(1, int(calls)), int(seconds * 1000)) for name, (calls, seconds) in rates.items()}
        self._kept = kept
        self._opened: Buckets | None = None
        self._broken: HarnessError | None = None
        self.most, self.sent = most, 0
        self._beyond = False

    @property
    def exhausted(self) -> bool:
        """Whether no request is left of those that the run may send."""
        return self.most is not None and self.sent >= self.most and not self._beyond

    def check(self) -> None:
        """Passes while a request may be sent.

        Raises:
            NotExercised: the run has sent as many as it may.
        """
        if self.exhausted:
            raise NotExercised(f"the budget of {self.most} requests was spent")

    def spend(self) -> None:
        """Counts a request that is sent; raises as `check`."""
        self.check()
        self.sent += 1

    @contextmanager
    def beyond(self) -> Iterator[None]:
        """What is sent inside is sent whatever is left: what a run made is deleted."""
        self._beyond, before = True, self._beyond
        try:
            yield
        finally:
            self._beyond = before

    def acquire(self, buckets: Sequence[Bucket] = ()) -> None:
        """Waits until the next call, which is counted in `buckets`, may leave.

        Raises:
            NotExercised: that is longer than a run waits.
            HarnessError: what the buckets are kept in cannot be used.
        """
        names = (GENERAL, *(bucket.name for bucket in buckets))
        while (pause := self._next(names)) is not None:
            if pause.seconds > self._patience:
                raise NotExercised(f"{pause.why} {pause.seconds:.0f} s; a run waits {self._patience:.0f} s at most")
            self._clock.sleep(pause.seconds, pause.why)

    def _next(self, names: Sequence[str]) -> Pause | None:
        """What a call has to wait for; None where it may leave, and is counted.

        One that has to wait for a bucket is counted twice in those before: they hold too many then, never too few.
        """
        with self._buckets() as counted:
            if (pause := counted.blocked(names)) is not None:
                return pause
            for name in names:
                if wait := counted.take(name):
                    which = f"the documented rate of {name}" if name else "the documented rate"
                    return Pause(wait, f"{which} allows no call before")
        return None

    @contextmanager
    def _buckets(self) -> Iterator[Buckets]:
        """The buckets; once they cannot be used they are not waited for again.

        Raises:
            HarnessError: they cannot.
        """
        if self._broken is not None:
            raise HarnessError(str(self._broken))
        try:
            if self._opened is None:
                self._opened = self._kept(self._rates) if self._kept else InProcess(self._rates, self._clock)
            yield self._opened
        except HarnessError as error:
            self._broken = error
            raise

    def count_alone(self) -> None:
        """Where the buckets cannot be used, counts in this process from now on: what has to be done is done."""
        with suppress(HarnessError), self._buckets() as counted:
            counted.blocked([GENERAL])
            return
        self.close()
        self._broken, self._opened = None, InProcess(self._rates, self._clock)

    def refused(self, response: Response, buckets: Sequence[Bucket] = ()) -> None:
        """Blocks further calls for as long as a 429 asks for, or for one documented window.

        Where the refused call is counted in buckets, calls that are not go on.
        """
        pause = self.pause(response, buckets)
        self.paused += pause
        asked = response.header("retry-after")
        told = "" if asked is None else f", Retry-After: {asked[:40]!r}"
        most = f"; {self.longest:g} s are waited at most" if pause == self.longest else ""
        self._block(pause, buckets, f"the target refused a call for its rate ({response.status}{told}){most}")

    def heed(self, response: Response, buckets: Sequence[Bucket] = ()) -> None:
        """Blocks calls until the reset, where an answer tells that none is left of a documented number."""
        if self._headers is None or not self._documented or response.header(self._headers.remaining) != "0":
            return
        reset = self._reset(response)
        # A target that tells so all the time is not to be believed for ever.
        if reset is not None and reset > 0 and self._heeded < self._patience:
            pause = min(reset, self._most(buckets))
            self._heeded += pause
            self._block(pause, buckets, "the target tells that no call is left")

    def _block(self, seconds: float, buckets: Sequence[Bucket], why: str) -> None:
        # There was an answer, which has to be looked at; the next call will tell what is wrong with the buckets.
        with suppress(HarnessError), self._buckets() as counted:
            for name in [bucket.name for bucket in buckets] or [GENERAL]:
                counted.block(name, seconds, why)

    def close(self) -> None:
        """Lets go of what the buckets are kept in."""
        if self._opened is not None:
            self._opened.close()
        self._opened = None

    @property
    def spent(self) -> bool:
        """Whether refusals have already held the run up for as long as it bears."""
        return self.paused >= self._patience

    def pause(self, response: Response, buckets: Sequence[Bucket] = ()) -> float:
        """Seconds to wait after a 429 to a call that is counted in `buckets`.

        Its Retry-After (seconds or HTTP-date, RFC 9110 10.2.3), else the reset that the documented header tells
        (seconds since the epoch), else one documented window.
        """
        window = min((bucket.seconds for bucket in buckets), default=self._pause)
        least, longest = (window if buckets else self._least), self._most(buckets)
        retry_after = (response.header("retry-after") or "").strip()
        if retry_after.isascii() and retry_after.isdigit():
            wanted = float(retry_after[:9])
        elif retry_after:
            moment = seconds_of(retry_after)
            wanted = moment - self._told_at(response) if moment is not None else window
        else:
            reset = self._reset(response)
            if reset is not None:
                return min(max(reset, 1.0), longest)
            wanted = window
        return min(max(wanted, least), longest)

    def _most(self, buckets: Sequence[Bucket]) -> float:
        """The longest pause of calls that are counted in `buckets`: the window of a day is waited for by nobody."""
        bearable = [bucket.seconds + MARGIN for bucket in buckets if bucket.seconds < self._patience]
        return max(bearable, default=self.longest)

    def _reset(self, response: Response) -> float | None:
        """Seconds until the reset that the documented header tells."""
        reset = response.header(self._headers.reset) if self._headers else None
        if self._headers is None or reset is None or not (reset.isascii() and reset.isdigit()):
            return None
        now = self._told_at(response)
        # A header in whole seconds may be short by up to one.
        return float(reset_at(self._headers, int(reset[:12]), now) or 0) - now + 1

    def _told_at(self, response: Response) -> float:
        """When the server answered, by its own clock if it says so: it may differ from this machine's."""
        told = seconds_of(response.header("date"))
        return told if told is not None else self._clock.now()
