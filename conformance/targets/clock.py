"""The clock a target lives by: this machine's, or one that moves only when it is told to."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from attrs import define, field

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
