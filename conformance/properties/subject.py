"""The subject of a test: one requirement × operation on one target. Its attributes are a test's arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import count
from typing import Any
from zlib import crc32

from attrs import define, field

from conformance.contract import (
    PREVIOUS_CURSOR,
    Contract,
    ContractError,
    Conventions,
    Need,
    Operation,
    Requirement,
    Resource,
)
from conformance.properties.cleanup import clean_up
from conformance.properties.collection import Collection
from conformance.properties.mock import MockServer, play
from conformance.properties.receiver import Receiver
from conformance.properties.resource import Things
from conformance.targets import Client, Observer, Session, Target, Unsupported
from conformance.targets.clock import Clock
from conformance.targets.guard import RECORDED
from conformance.targets.wire import Wire
from conformance.traffic.exchange import Exchange, Request

ClientFault = Callable[[Client], None]


@define(eq=False, slots=False)
class Subject:
    """Everything a test may ask for by the name of its argument.

    Attributes:
        operation_id: the operation's id; `client`, or `GET (unknown)`, for what is none.
        item: `<requirement>[<operation>]`.
        test: `<module>/<function>`, where its cassette lies.
    """

    contract: Contract
    target: Target
    requirement: Requirement
    operation_id: str
    test: str
    item: str
    observers: list[Observer] = field(factory=list)
    client_fault: ClientFault | None = None
    fresh_names: bool = False
    _numbers: Iterator[int] = field(factory=lambda: count(1))

    @cached_property
    def session(self) -> Session:
        """The conversation with the target, opened when a test first asks for it."""
        session = self.target.session(self.test, self.item, self.observers)
        if self.client_fault:
            self.client_fault(session.client)
        return session

    @property
    def opened(self) -> bool:
        return "session" in self.__dict__

    @property
    def client(self) -> Client:
        return self.session.client

    @property
    def wire(self) -> Wire:
        return self.client.wire

    @property
    def clock(self) -> Clock:
        return self.client.clock

    @property
    def conventions(self) -> Conventions:
        return self.contract.conventions

    @property
    def operation(self) -> Operation:
        return self.contract.operation(self.operation_id)

    @property
    def is_operation(self) -> bool:
        try:
            self.contract.operation(self.operation_id)
        except ContractError:
            return False
        return True

    def values(self, operation: Operation, pick: int = 0) -> Mapping[str, str]:
        """Values for an operation's path parameters: the `pick`-th that the target is known to have.

        Raises:
            Unsupported: it has none.
        """
        found = {}
        for name in operation.path_parameters:
            known = self.session.parameters.get(name, ())
            if len(known) <= pick:
                text = f"needs {pick + 1} known values for {name}: name them in the target's parameters"
                raise Unsupported(text, Need.parameter(name, pick + 1))
            found[name] = known[pick]
        return found

    def call(self, **options: Any) -> Exchange:
        """Calls the operation as it should be called, creating first what it needs; options as in `Client.send`.

        Raises:
            Unsupported: it writes and the target does not allow it, or a path parameter has no value.
        """
        operation = self.operation
        resource = self.contract.resource_of(operation)
        if operation.writes:
            self.need("writes")
        if resource is None or operation.collection is not None:
            asked = {**operation.asked_of(self.session.parameters), **options.pop("query", {})}
            return self.client.call(operation, self.values(operation), query=asked, **options)
        things = self.things
        role = things.role_of(operation)
        if role == "create":
            return things.post(things.body(), **options)
        if role in ("replace", "update"):
            options = {"body": things.changes(), **options}
        identity = self._one_of(things, role)
        if role == "delete":
            return things.delete(identity, **options)
        return things.call(role, identity, **options)

    def _one_of(self, things: Things, role: str) -> str:
        """A resource to call: a new one where the target lets it be made, else one that is there and is only read."""
        if "writes" in self.session.capabilities:
            try:
                return things.create()
            except Unsupported:
                if role != "read":
                    raise
        known = self.session.parameters.get(things.description.parameter, ())
        return known[0] if known else things.first()

    @cached_property
    def collection(self) -> Collection:
        """The list that the operation answers."""
        return self.collection_of(self.operation)

    def collection_of(self, operation: Operation) -> Collection:
        pagination = self.conventions.lists
        named = self.session.parameters.get(PREVIOUS_CURSOR, ())
        if pagination.previous is None and named:
            # No document names the parameter; whoever knows the target does.
            pagination = pagination.model_copy(update={"previous": named[0]})
        asked = operation.asked_of(self.session.parameters)
        return Collection(self.client, operation, pagination, self.values(operation), asked)

    @cached_property
    def lists(self) -> list[Collection]:
        """Every list of the contract that the target can be asked for."""
        found = [op for op in self.contract.operations if op.collection is not None and not op.path_parameters]
        return [self.collection_of(op) for op in found if op.basis == "documented" or self._serves(op)]

    def _serves(self, operation: Operation) -> bool:
        return self.client.call(operation).response.ok

    @cached_property
    def things(self) -> Things:
        """The resource that the operation creates, reads, changes or deletes."""
        resource = self.contract.resource_of(self.operation)
        assert resource is not None, f"{self.operation_id} belongs to no resource"
        return self.things_of(resource)

    def things_of(self, resource: Resource, query: Mapping[str, str] | None = None) -> Things:
        """A resource; `query` goes with every call."""
        create = self.contract.operation(resource.create)
        fixed = self.values(create)
        known = {name: values[0] for name, values in self.session.parameters.items() if values}
        return Things(self.client, self.contract, resource, self.prefix, fixed, query or {}, self._numbers, known)

    @property
    def prefix(self) -> str:
        """What the name of everything begins with that the item makes."""
        # The same name every time lets a recording be replayed; a live target may still hold an earlier one.
        run = self.client.guard.prefix if self.fresh_names else RECORDED
        return f"{run}-{crc32(self.item.encode()):08x}"

    @cached_property
    def mock(self) -> MockServer:
        """A played server, for what binds the client."""
        server = play(self.contract)
        if self.client_fault:
            self.client_fault(server.client)
        return server

    @cached_property
    def receiver(self) -> Receiver:
        """A small HTTP server that the target is told to call.

        Raises:
            Unsupported: the target calls none on loopback.
        """
        self.need("receiver")
        recorded = self.session.received
        looks = None if recorded is None else iter(recorded)
        return Receiver(self.client.redactor, self.client.renamed, looks).start()

    @property
    def received(self) -> tuple[tuple[Request, ...], ...]:
        """What each look at the receiver showed, where one was started."""
        return tuple(self.receiver.looks) if "receiver" in self.__dict__ else ()

    @property
    def subject(self) -> Subject:
        return self

    def need(self, *capabilities: str) -> None:
        """Goes on only on a target that has the capabilities.

        Raises:
            Unsupported: it lacks one.
        """
        for capability in capabilities:
            if capability not in self.session.capabilities:
                hint = "; --allow-writes grants it" if capability == "writes" else ""
                text = f"needs the capability {capability!r}, which this target lacks{hint}"
                raise Unsupported(text, Need.capability(capability))

    def arguments(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}

    def close(self) -> list[str]:
        """Deletes what was created, and ends the receiver; returns what could not be deleted."""
        if "receiver" in self.__dict__:
            self.receiver.stop()
        return clean_up(self.client) if self.opened else []
