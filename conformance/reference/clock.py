"""The time of a reference server: a clock is injected, so that two runs can be equal to the byte."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

START = datetime(2026, 1, 1, tzinfo=UTC)
"""The first moment of every server."""


class Clock(Protocol):
    """The time of a server."""

    def now(self) -> datetime:
        """The present, as an aware datetime in UTC."""

    def on_request(self) -> None:
        """Called once per request, before anything else is done with it."""


class VirtualClock:
    """A clock that stands still except for `tick` seconds at each request.

    `tick` may be set at any time; 0 freezes the clock, so that a burst happens inside one instant.
    """

    def __init__(self, start: datetime = START, tick: float = 0.05) -> None:
        if start.tzinfo is None:
            raise ValueError("the start of a clock must be an aware datetime")
        self._now = start.astimezone(UTC)
        self.tick = tick

    def now(self) -> datetime:
        """The present of this clock."""
        return self._now

    def on_request(self) -> None:
        """Move on by one tick."""
        self.advance(self.tick)

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds; ValueError for a negative number."""
        if seconds < 0:
            raise ValueError("a clock does not run backwards")
        self._now += timedelta(seconds=seconds)


class RunningClock:
    """A clock that starts where the seeds of the servers lie, and runs as fast as the machine's.

    The releases of a server and the ends of their support are dates: by the calendar they would be over one day.
    """

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._begun = time.monotonic()

    def now(self) -> datetime:
        """The present of this clock."""
        return self._start + timedelta(seconds=time.monotonic() - self._begun)

    def on_request(self) -> None:
        """Nothing: this clock runs by itself."""

    def advance(self, seconds: float) -> None:
        """Moves on by so many seconds at once; ValueError for a negative number."""
        if seconds < 0:
            raise ValueError("a clock does not run backwards")
        self._start += timedelta(seconds=seconds)
