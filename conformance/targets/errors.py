"""Why an item came to no verdict of its own."""

from __future__ import annotations

from typing import Literal

from conformance.contract import ConformanceError, Need
from conformance.traffic.exchange import Exchange


class HarnessError(ConformanceError):
    """The harness or the set-up failed, which says nothing about the requirement: `broken`."""


class Down(HarnessError):
    """The target answers nothing, or nothing any more.

    Attributes:
        first: the request that showed it, and why it got no answer.
    """

    def __init__(self, first: str) -> None:
        super().__init__(f"the target is down: {first}; no other call is answered either")
        self.first = first


class NoAnswer(ConformanceError):
    """A request came to no answer: there is no connection, it is closed, what comes is not HTTP, or not in time."""


class Oversized(ConformanceError):
    """An answer is larger than is read, which is nobody's fault."""


Lack = Literal["accepted", "usable", "list", "page", "prev", "walk", "limit", "form"]
"""What is needed of an exchange: that the call is accepted, an answer of use, what a body should show, the page that
next or prev names, an end of a walk, the state of the rate limit; `form`: a body of the documented form, to assert
something about it."""


class Blocked(ConformanceError):
    """What an item needs before its own assertion is not as documented: `blocked`, by what broke it.

    Attributes:
        need: what was needed.
        exchange: the one that shows that it is not there.
    """

    def __init__(self, why: str, need: Lack, exchange: Exchange) -> None:
        super().__init__(why)
        self.need = need
        self.exchange = exchange


class NotFollowed(HarnessError):
    """No request can be made of a URL, a cursor or an id that the target gave out: `failed`, since the fault is its."""


class Unseen(ConformanceError):
    """Nothing could be seen of a requirement.

    Attributes:
        need: what somebody would have to give for that, None where nobody can.
    """

    def __init__(self, text: str, need: Need | None = None) -> None:
        super().__init__(text)
        self.need = need


class NotRecorded(Unseen):
    """The cassette has nothing for this item: `not-recorded`."""


class Stale(ConformanceError):
    """The cassette has this item, but not the request it makes: `stale`."""


class Unsupported(Unseen):
    """The target lacks a capability the item needs: `unsupported`."""


class NotExercised(Unseen):
    """Nothing was observed that could have failed: `not-exercised`."""


class TargetError(ConformanceError):
    """A target cannot be set up: the text says what to give it."""
