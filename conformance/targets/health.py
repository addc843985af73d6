"""How a target does: whether it is up, what of it is worth another request, and what it announces."""

from __future__ import annotations

from typing import Final

import httpx2
from attrs import define, field, frozen

from conformance.targets.errors import Blocked, Down
from conformance.traffic.exchange import Exchange

USELESS: Final = 10
"""Calls in a row that come to nothing before an operation is given up."""
PATIENCE: Final = 200.0
"""Seconds that are waited in all for answers that are of no use."""

SILENT: Final = 3
"""Refusals in a row for the rate after which a target is not asked any more."""


@frozen
class Notice:
    """Something a server announces that people should know, and the exchange that says it."""

    text: str
    exchange: Exchange


@define
class Health:
    """What the clients of a target know of it together: what is down, or refuses all, is not asked forever.

    Attributes:
        down: that the target is taken as down, and why; None where it is not.
        refused: calls in a row that were still refused for their rate after every pause.
    """

    down: Down | None = None
    refused: int = 0
    _calls: dict[str, httpx2.Request] = field(factory=dict, repr=False)
    _useless: dict[str, list[Exchange]] = field(factory=dict)
    _waited: float = 0.0

    def note(self, operation: str, request: httpx2.Request, exchange: Exchange, seconds: float) -> None:
        """Takes note of what a call came to, and how long that took."""
        response = exchange.response
        usable = response.answered and response.fault is None and response.unread is None
        if usable:
            self._useless.pop(operation, None)
            if request.method == "GET" and response.ok:
                self._calls[operation] = request
            return
        self._waited += seconds
        if not exchange.negative:
            # What is wrong on purpose may be what the target cannot bear.
            self._useless.setdefault(operation, []).append(exchange.kept())

    def is_worth(self, operation: str) -> None:
        """Passes where an operation is worth another call.

        Raises:
            Blocked: its last calls got no usable answer, or too much time went into such answers.
        """
        useless = self._useless.get(operation, [])
        if useless and (len(useless) >= USELESS or self._waited > PATIENCE):
            raise Blocked(f"{operation} is not asked any more: {useless[-1]}", "usable", useless[-1])

    def other_than(self, operation: str) -> httpx2.Request | None:
        """The last call that another operation answered."""
        others = [request for name, request in self._calls.items() if name != operation]
        if not others:
            return None
        return httpx2.Request(others[-1].method, others[-1].url, headers=others[-1].headers)
