"""Why an item came to no verdict of its own."""

from __future__ import annotations

from conformance.contract import ConformanceError, Need


class HarnessError(ConformanceError):
    """The harness or the set-up failed, which says nothing about the requirement: `broken`."""


class Unusable(HarnessError):
    """The target is up and answered, but nothing can be made of it: too large, too deep, not what its coding says."""


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
