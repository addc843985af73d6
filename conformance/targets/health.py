"""How a target does: whether it is worth another request, and what it announces."""

from __future__ import annotations

from typing import Final

from attrs import define, frozen

from conformance.traffic.exchange import Exchange

SILENT: Final = 3
"""Failures in a row, and refusals in a row for the rate, after which a target is not asked any more."""

FLAKY: Final = 20
"""Failures in all after which it is not."""


@frozen
class Notice:
    """Something a server announces that people should know, and the exchange that says it."""

    text: str
    exchange: Exchange


@define
class Health:
    """Failures of a target in a row, shared by its clients: one that is down, or refuses all, is not asked forever.

    Attributes:
        failures: requests in a row that got no usable answer; `last` says why the last one did not.
        failed: all such requests, so that a target that answers now and then does not hold a run up for hours.
        usable: some request got a usable answer.
        refused: calls in a row that were still refused for their rate after every pause.
    """

    failures: int = 0
    failed: int = 0
    last: str = ""
    usable: bool = False
    refused: int = 0
