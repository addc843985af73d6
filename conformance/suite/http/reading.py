"""What can be read of an API that nobody has described, with the few values that its target is known to have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from conformance.contract import Operation
from conformance.properties import NotExercised, Subject, Things, Unsupported
from conformance.targets import Client
from conformance.traffic.exchange import Exchange

TRIED = 8
"""Operations that are asked for one that answers."""


@frozen
class Reading:
    """A GET that was answered with a success, and can be asked again in other ways."""

    client: Client
    operation: Operation
    values: Mapping[str, str]
    query: Mapping[str, str]
    exchange: Exchange

    @property
    def path(self) -> str:
        return self.operation.expand(self.values)

    def again(self, method: str = "GET", **options: Any) -> Exchange:
        """The same request with another method, or other options of `Client.send`."""
        return self.client.send(method, self.path, **{"query": self.query, **options})

    def at(self, path: str) -> Exchange:
        """The same request at another path, which is wrong on purpose."""
        return self.client.send("GET", path, query=self.query, negative=True)


def readings(subject: Subject) -> Iterator[Reading]:
    """What answers when it is read, the plainest first: what needs no values, then what has the fewest."""
    operations = [operation for operation in subject.contract.operations if operation.method == "GET"]
    operations.sort(key=lambda operation: (operation.basis != "documented", len(operation.path_parameters)))
    tried = 0
    for operation in operations:
        if tried == TRIED:
            return
        try:
            values = subject.values(operation)
        except Unsupported:
            continue
        tried += 1
        query = operation.asked_of(subject.session.parameters)
        exchange = subject.client.call(operation, values, query=query)
        if exchange.response.ok and exchange.response.fault is None and exchange.response.unread is None:
            yield Reading(subject.client, operation, values, query, exchange)


def reading(subject: Subject) -> Reading:
    """The first that answers.

    Raises:
        NotExercised: none does.
    """
    found = next(readings(subject), None)
    if found is None:
        raise NotExercised("no operation that reads was answered with a success")
    return found


def things_that_come_and_go(subject: Subject) -> Things:
    """The first resource that can be created, read and deleted.

    Raises:
        Unsupported: the conventions have none, or the target allows no writes.
    """
    subject.need("writes")
    whole = (each for each in subject.conventions.resources if each.read and each.delete)
    if (found := next(whole, None)) is None:
        raise Unsupported("the conventions name no resource that can be created, read and deleted")
    return subject.things_of(found)
