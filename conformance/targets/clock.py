"""The clock a target lives by: the system's, or one that moves only when it is told to."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from attrs import define


class Clock(Protocol):
    """Seconds since the epoch, and a way to let them pass."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...

    def held(self) -> AbstractContextManager[None]:
        """Keeps requests from moving the clock, where they do: a burst happens in one instant."""
        ...


class SystemClock:
    """The time of this machine; sleeping takes as long as it says."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()


@define
class ManualClock:
    """A clock for tests and for replay: sleeping takes no time."""

    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += max(0.0, seconds)

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()
