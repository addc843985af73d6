"""What a target has of the operations that only a published document names, and not the API's own contract."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from conformance.properties.causes import ABSENT
from conformance.traffic.exchange import Exchange

_SHUT = (401, 403)
"""Statuses of those that let nobody in: they tell nothing of what is behind."""


@define(eq=False)
class Served:
    """Keeps the exchanges with such an operation back until one shows that the target has it.

    As long as it answers as if the operation were not there, or lets nobody in, nothing can be said of it.
    """

    _known: set[str] = field(factory=set)
    _waiting: dict[str, list[Exchange]] = field(factory=dict)

    def of_use(self, exchange: Exchange) -> list[Exchange]:
        """What may be judged with an exchange: itself and what waited for it, or nothing yet."""
        operation = exchange.operation
        if operation is None or not operation.beyond or operation.id in self._known:
            return [exchange]
        self._waiting.setdefault(operation.id, []).append(exchange)
        return [] if exchange.response.status in (*ABSENT, *_SHUT) else self._released(operation.id)

    def _released(self, operation: str) -> list[Exchange]:
        self._known.add(operation)
        return self._waiting.pop(operation, [])

    def settled(self, operation: str) -> list[Exchange]:
        """What of an operation waited, and may be judged since nothing says that the target has it not."""
        return [] if self.absent(operation) else self._released(operation)

    def absent(self, operation: str) -> Exchange | None:
        """A call that was answered as if its operation were not there, where none was answered otherwise."""
        waiting = self._waiting.get(operation, ())
        return next((call for call in waiting if call.response.status in ABSENT), None)

    @property
    def lacking(self) -> Mapping[str, int]:
        """Operations that the target has not → how often they were called."""
        return {
            operation: len(self._waiting[operation]) for operation in sorted(self._waiting) if self.absent(operation)
        }
