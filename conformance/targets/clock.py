"""The clock a target lives by: this machine's, or one that moves only when it is told to."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import httpx2
from attrs import define, field

from conformance.targets.errors import HarnessError

TOLD_FROM = 1.0
"""Seconds from which a pause is told of."""


class Clock(Protocol):
    """Seconds since the epoch, which never run backwards, and a way to let them pass."""

    def now(self) -> float: ...

    def sleep(self, seconds: float, why: str = "time has to pass for a test") -> None:
        """Lets time pass; people are told why, where it is theirs."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Keeps requests from moving the clock, where they do: a burst happens in one instant."""
        ...


@define
class SystemClock:
    """The time of this machine when the clock was made, and what has passed since.

    What passes is not read from the time of day: that may be set back by an hour while something is waited for.

    Attributes:
        tell: called with one line for each pause of a second and more.
    """

    tell: Callable[[str], None] = lambda _: None
    _start: float = field(init=False, factory=lambda: time.time() - time.monotonic())

    def now(self) -> float:
        return self._start + time.monotonic()

    def sleep(self, seconds: float, why: str = "time has to pass for a test") -> None:
        if seconds >= TOLD_FROM:
            self.tell(f"waiting {seconds:.0f} s: {why}")
        time.sleep(max(0.0, seconds))

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()


PATIENCE = 5.0
"""Seconds that a target may take to move its clock."""


@define
class RemoteClock:
    """The time of this machine, ahead by as much as the target's clock was moved: waiting is moving it on.

    Attributes:
        url: takes `{"advance": SECONDS}`.
    """

    url: str
    _ahead: float = 0.0
    _clock: SystemClock = field(factory=SystemClock)

    def now(self) -> float:
        return self._clock.now() + self._ahead

    def sleep(self, seconds: float, why: str = "") -> None:  # nobody waits
        """Moves the target's clock.

        Raises:
            HarnessError: it cannot be moved.
        """
        if seconds <= 0:
            return
        try:
            # It is on loopback and in clear: no authority has to be loaded to trust it.
            with httpx2.Client(trust_env=False, timeout=PATIENCE, verify=False) as client:
                answer = client.post(self.url, json={"advance": seconds})
        except httpx2.HTTPError as error:
            raise HarnessError(f"the clock of the target cannot be moved at {self.url}: {error}") from None
        if answer.status_code != httpx2.codes.OK:
            raise HarnessError(f"the clock of the target was not moved at {self.url}: it answers {answer.status_code}")
        self._ahead += seconds

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()


@define
class ManualClock:
    """A clock for tests and for replay: sleeping takes no time."""

    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float, why: str = "") -> None:  # nobody waits
        self.seconds += max(0.0, seconds)

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()
