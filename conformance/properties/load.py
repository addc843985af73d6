"""Load: many calls at once, for rules about how many are served."""

from __future__ import annotations

from collections.abc import Callable

from conformance.properties.collection import Collection
from conformance.properties.windows import LARGEST, told_by
from conformance.targets import Client, NotExercised
from conformance.traffic.exchange import Exchange

BEYOND = 5

Call = Callable[[], Exchange]


def cheap_call(collection: Collection) -> Call:
    """A call of a list that is cheap to answer: one that a filter leaves empty, where the target takes the filter."""
    size = collection.pagination.page_size.minimum
    for name in collection.description.filters:
        query = {name: "conformance-nosuch"}
        if collection.get(size, query=query).response.ok:
            return lambda: collection.get(size, query=query)
    return lambda: collection.get(size)


def exhaust(client: Client, call: Call) -> list[Exchange]:
    """After two quiet windows, a few calls more at once than the documented rate allows, or than the answers tell.

    Raises:
        NotExercised: the limit that the answers tell is too large to be used up.
        Blocked: they do not tell it.
    """
    limit = client.contract.conventions.rate
    client.clock.sleep(2 * limit.seconds, "two windows of the rate limit have to be quiet")
    with client.burst():
        if limit.requests is not None:
            return [call() for _ in range(limit.requests + BEYOND)]
        first = call()
        told = told_by(first, client.contract.conventions, client.clock)
        if told.remaining > LARGEST:
            raise NotExercised(f"a limit of {told.limit} calls is too large to be used up")
        made = [first]
        while made[-1].response.status != limit.exceeded and len(made) < told.remaining + BEYOND:
            made.append(call())
        return made
