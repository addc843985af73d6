"""Which of a run's exchanges defects are planted on: a few of each requirement and operation, with what is around them.

Recordings may hold a gigabyte: what is kept is bounded, and is the same for the same exchanges in the same order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, evolve, field

from conformance.checks import Evidence
from conformance.contract.verdict import Outcome
from conformance.traffic.exchange import Exchange

BEFORE, AFTER = 40, 8
"""Exchanges of its conversation that are kept with one, as far as there is room."""

ROOM = 16 * 2**20
"""Bytes of all bodies that are kept together; as JSON in memory they take up to ten times as much."""

_BETWEEN_LOOKS = ROOM // 4

Key = tuple[str, str]
"""A requirement's id and an operation."""


@define(eq=False)
class Window:
    """An exchange that could have failed a requirement, and did not, in the conversation around it."""

    before: tuple[Exchange, ...]
    exchange: Exchange
    facts: Mapping[str, Any]
    after: list[Exchange] = field(factory=list)

    @property
    def conversation(self) -> tuple[Exchange, ...]:
        return (*self.before, self.exchange, *self.after)

    @property
    def at(self) -> int:
        return len(self.before)


@define(eq=False)
class Chosen:
    """The windows of one requirement at one operation: the first, a middle and the last of those that held.

    Attributes:
        count: how many exchanges held.
        failed: one did not: that the requirement can fail there is known.
    """

    count: int = 0
    first: Window | None = None
    middle: Window | None = None
    last: Window | None = None
    failed: bool = False

    def take(self, window: Window) -> None:
        if window in (self.first, self.middle, self.last):
            return
        self.count += 1
        if self.first is None:
            self.first = window
            return
        if self.count & (self.count - 1) == 0:
            self.middle = self.last or window
        self.last = window

    @property
    def windows(self) -> list[Window]:
        found = dict.fromkeys(id(each) for each in (self.first, self.middle, self.last) if each is not None)
        by_id = {id(each): each for each in (self.first, self.middle, self.last) if each is not None}
        return [by_id[each] for each in found]


@define(eq=False)
class Sampler:
    """Looks at every exchange of a run and at the evidence in it, and keeps some."""

    chosen: dict[Key, Chosen] = field(factory=dict)
    _room: int = ROOM
    _before: int = BEFORE
    _after: int = AFTER
    _narrowed: int = 0
    _facts: Mapping[str, Any] = field(factory=dict)
    _ring: deque[Exchange] = field(factory=deque)
    _open: list[Window] = field(factory=list)
    _now: Exchange | None = None
    _window: Window | None = None
    _since: int = 0

    def begin(self, facts: Mapping[str, Any]) -> None:
        """A new conversation begins, with a target of which this is known."""
        self._pass_on()
        self._facts = facts
        self._ring.clear()
        self._open.clear()

    def see(self, exchange: Exchange) -> None:
        """The next exchange of the conversation; its evidence follows."""
        self._pass_on()
        if not exchange.response.answered:
            return
        # What judging finds out of a body, such as its JSON, is not kept with it.
        self._now = evolve(exchange, request=evolve(exchange.request), response=evolve(exchange.response))
        for window in self._open:
            window.after.append(self._now)
        self._open = [window for window in self._open if len(window.after) < self._after]
        self._since += len(exchange.response._body) + len(exchange.request._body)
        if self._since > min(_BETWEEN_LOOKS, self._room // 4):
            self._since = 0
            while self._held() > self._room and self._narrowed < _NARROWEST:
                self._narrow()

    def note(self, evidence: Evidence) -> None:
        """Evidence in the exchange that was seen last."""
        if evidence.requirement is None or self._now is None:
            return
        outcome, key = evidence.finding.outcome, (evidence.requirement.id, evidence.operation)
        if outcome is Outcome.VIOLATED:
            self.chosen.setdefault(key, Chosen()).failed = True
        elif outcome is Outcome.HELD:
            found = self.chosen.setdefault(key, Chosen())
            if self._narrowed < _NARROWEST or found.first is None:
                found.take(self._opened())

    def _opened(self) -> Window:
        assert self._now is not None
        if self._window is None:
            self._window = Window(tuple(self._ring), self._now, self._facts)
            if self._after:
                self._open.append(self._window)
        return self._window

    def _pass_on(self) -> None:
        if self._now is not None:
            self._ring.append(self._now)
            while len(self._ring) > self._before:
                self._ring.popleft()
        self._now = self._window = None

    def _windows(self) -> Iterator[Window]:
        for found in self.chosen.values():
            yield from found.windows

    def _held(self) -> int:
        """Bytes of the bodies that are kept, each once."""
        kept = {id(one): one for window in self._windows() for one in window.conversation}
        return sum(len(one.response._body) + len(one.request._body) for one in kept.values())

    def _narrow(self) -> None:
        """Keeps less from now on, and of what is kept."""
        self._narrowed += 1
        self._before, self._after = self._before // 3, self._after // 3
        for window in self._windows():
            window.before = window.before[len(window.before) - self._before :] if self._before else ()
            del window.after[self._after :]
        if self._narrowed >= _NARROWEST - 1:
            for found in self.chosen.values():
                found.middle = None
        if self._narrowed == _NARROWEST:
            for found in self.chosen.values():
                found.last = None


_NARROWEST = 5
