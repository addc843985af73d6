"""Tests of lists that others write to while they are read: what differs then is nothing the target did wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from conformance.contract import ConformanceError
from conformance.properties.assertions import Violation
from conformance.properties.collection import Collection
from conformance.targets import NotExercised

TRIES = 3


def undisturbed(test: Callable[..., None]) -> Callable[..., None]:
    """For a test that holds readings of its `collection` against each other: judged while the list stays as it was."""

    @wraps(test)
    def judged(**arguments: Any) -> None:
        collection: Collection = arguments["collection"]
        try:
            test(**arguments)
        except Violation as violation:
            violation.shown_by(collection.client.exchanges)
            if collection.is_being_changed():
                raise NotExercised("others wrote to the list during the test") from None
            raise

    return judged


def each_time(test: Callable[..., None]) -> Callable[..., None]:
    """For a test of what reading does to lists: others may write between two readings, but hardly at every try.

    A target that nobody else uses gets one try, which finds, too, what reading does once and never again.
    """

    @wraps(test)
    def judged(**arguments: Any) -> None:
        collections: list[Collection] = arguments.get("lists") or [arguments["collection"]]
        alone = all(collection.client.guard.throwaway for collection in collections)
        first: Violation | None = None
        for _ in range(1 if alone else TRIES):
            try:
                return test(**arguments)
            except Violation as violation:
                violation.shown_by(collections[0].client.exchanges)
                first = first or violation
            except ConformanceError:
                if first is None:
                    raise
                break
        assert first is not None
        raise first

    return judged
