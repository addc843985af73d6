"""Things a client can create and change, as tests see them; whatever a test leaves behind is deleted."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from itertools import count
from typing import Any

from attrs import define, field

from conformance.contract import ConformanceError, Contract, Operation, Resource, pointer
from conformance.properties.cleanup import poll
from conformance.properties.collection import Collection, identities
from conformance.targets import Client, NotExercised, Unsupported
from conformance.targets.bodies import name_place
from conformance.targets.errors import Blocked
from conformance.targets.ledger import Made
from conformance.traffic.exchange import Exchange

READINGS = 3
"""How often it is read what a write came to: one of several copies may be behind, or a first answer may be old."""


def filled_in(value: Any, values: Mapping[str, str]) -> Any:
    """A body in which every `{name}` in a text is replaced by the value of that name."""
    if isinstance(value, dict):
        return {key: filled_in(member, values) for key, member in value.items()}
    if isinstance(value, list):
        return [filled_in(item, values) for item in value]
    if not isinstance(value, str):
        return value
    for name, known in values.items():
        value = value.replace(f"{{{name}}}", known)
    return value


@define(eq=False)
class Things:
    """The resource of an operation, on one target.

    Attributes:
        prefix: what the names of everything created begin with.
        numbers: what they end with.
        fixed: values of the path parameters that do not name the resource itself.
        query: query parameters of every call, such as the one that says whose resources they are.
        known: path parameter → a value that there is, for bodies that name one.
        by: the operation that creates them, where it is one of the others that do.
    """

    client: Client
    contract: Contract
    description: Resource
    prefix: str
    fixed: Mapping[str, str] = field(factory=dict)
    query: Mapping[str, str] = field(factory=dict)
    numbers: Iterator[int] = field(factory=lambda: count(1))
    known: Mapping[str, str] = field(factory=dict)
    by: str | None = None

    def operation(self, role: str) -> Operation:
        """The operation in a role: `create`, `read`, `list`, `replace`, `update` or `delete`.

        Raises:
            Unsupported: the contract has none.
        """
        name = self.creates if role == "create" else getattr(self.description, role)
        if name is None:
            raise Unsupported(f"the contract has no operation to {role} a {self.description.name}")
        return self.contract.operation(name)

    @property
    def creates(self) -> str:
        """The id of the operation that creates them."""
        return self.by or self.description.create

    def body(self) -> dict[str, Any]:
        """The body of a create, under a name that nothing else has."""
        filled = {"unique": f"{self.prefix}-{next(self.numbers)}", **self.known}
        body: dict[str, Any] = filled_in(self.description.body, filled)
        return body

    def is_named(self, body: Any) -> bool:
        """Whether a body holds a name where those of the resource do."""
        try:
            return isinstance(pointer(body, name_place(self.description)), str)
        except LookupError:
            return False

    def renamed(self, body: Any) -> Any:
        """A body that somebody else thought of, under a name that nothing else has where it holds one."""
        if not self.is_named(body):
            return body
        place = name_place(self.description)
        renamed = copy.deepcopy(body)
        *way, member = place.split("/")
        pointer(renamed, "/".join(way))[member] = pointer(self.body(), place)
        return renamed

    def changes(self) -> dict[str, Any]:
        """A body that replace and update take, under a name that nothing else has where it holds one."""
        changes: dict[str, Any] = self.renamed({name: values[0] for name, values in self.description.writable.items()})
        return changes

    @property
    def created(self) -> list[str]:
        """The ids of what was created and not yet deleted."""
        guard = self.client.guard
        made = [each for each in guard.made if each.operation == self.creates and not each.kept]
        there = [each for each in made if each.exists and not each.deleted]
        return [str(each.id) for each in there]

    def post(self, body: Any = None, **options: Any) -> Exchange:
        """Sends a create; what it makes is deleted at the end."""
        if body is None and "content" not in options:
            body = self.body()
        options = {"query": self.query, **options}
        self._look_around(options["query"])
        return self.client.call(self.operation("create"), self.fixed, body=body, **options)

    def _look_around(self, query: Mapping[str, str]) -> None:
        """Notes what is listed before a run's first create: what is there already is not the run's."""
        guard, listed = self.client.guard, self.description.list
        key = guard.key(self.creates, self.fixed, query)
        if guard.throwaway or not guard.writes or key in guard.existing or listed is None:
            return
        guard.existing[key] = None
        try:
            walk = self.listing.walk(self.listing.pagination.page_size.largest, query=query)
        except ConformanceError:
            return
        if walk.ended:
            guard.existing[key] = frozenset(walk.ids)

    def create(self, body: Mapping[str, Any] | None = None) -> str:
        """Creates one and returns its id; where the answer does not show that, it is looked for by its name.

        Raises:
            Blocked: the create was not accepted, or does not say what it made.
            NotExercised: what it says to have made may not be its own.
        """
        body = self.body() if body is None else body
        exchange = self.client.control(self.served("create", self.post(body)))
        made = self.client.guard.made[-1]
        if made.id is None and made.why is not None:
            raise NotExercised(made.why)
        if made.id is None:
            self._find(made)
        if made.id is None:
            raise Blocked(f"the answer to a create names no {self.description.id}", "list", exchange)
        identity = made.id
        if exchange.response.status == 202:
            self.settle(lambda: self.get(identity).response.ok)
        return identity

    def _find(self, made: Made) -> None:
        """Takes note of the id that the list shows under the name of a create, where it comes to that."""

        def is_found() -> bool:
            for step in self.listing.everything.steps:
                for record, identity in zip(step.page.records, step.page.ids, strict=True):
                    if identity is not None and self.client.guard.shown_name(self.description, record) == made.name:
                        self.client.guard.found(made, identity)
                        return True
            return False

        if made.name is not None and self.description.list is not None:
            poll(self.client, is_found)

    @cached_property
    def accepted(self) -> Exchange:
        """A create as it should be, and accepted: the control of those that are not.

        Raises:
            NotExercised, HarnessError: it was not accepted.
        """
        return self.client.control(self.served("create", self.post()))

    def values(self, identity: str) -> Mapping[str, str]:
        return {**self.fixed, self.description.parameter: identity}

    def call(self, role: str, identity: str, **options: Any) -> Exchange:
        return self.client.call(self.operation(role), self.values(identity), **{"query": self.query, **options})

    def get(self, identity: str) -> Exchange:
        return self.call("read", identity)

    def read(self, identity: str) -> dict[str, Any]:
        """The resource as its read operation answers it.

        Raises:
            Blocked: it cannot be read.
        """
        exchange = self.client.control(self.get(identity))
        value = exchange.response.at(self.description.object)
        if not isinstance(value, dict):
            raise Blocked(f"{exchange}: no object at {self.description.object}", "list", exchange)
        return value

    def served(self, role: str, exchange: Exchange) -> Exchange:
        """The exchange, unless it shows that the target lacks an operation the document only implies.

        Raises:
            Unsupported: it does.
        """
        operation = self.operation(role)
        if operation.basis != "documented" and exchange.response.status in (404, 405, 501):
            raise Unsupported(
                f"the target answers {exchange.response.status} to {operation.id}, which the document only implies"
            )
        return exchange

    def readings(self, identity: str) -> list[dict[str, Any]]:
        """The resource as its read operation answers it, several times in a row; see `read`."""
        return [self.read(identity) for _ in range(READINGS)]

    def listed_as(self, identity: str, readings: int = READINGS) -> list[dict[str, Any]]:
        """The resource as its list shows it, in so many readings of the list; nothing where it shows none."""
        found = []
        for listing in [self.listing for _ in range(readings)] if self.description.list else []:
            try:
                steps = listing.everything.steps
            except NotExercised:
                break
            for step in steps:
                records = zip(step.page.records, step.page.ids, strict=True)
                found += [record for record, listed in records if listed == identity and isinstance(record, dict)]
        return found

    @property
    def listing(self) -> Collection:
        pagination = self.contract.conventions.lists
        operation = self.operation("list")
        asked = operation.asked_of({name: [value] for name, value in self.known.items()})
        return Collection(self.client, operation, pagination, self.fixed, {**asked, **self.query})

    def listed(self) -> list[str]:
        """The ids in the list now."""
        return self.listing.ids

    def listed_but_others(self) -> list[str]:
        """The ids in the list now, without what others named: at a target that they use that comes and goes."""
        by_others = partial(self.client.guard.is_named_by_others, self.description)
        return [
            identity
            for step in self.listing.everything.steps
            for identity, record in zip(identities(step.page), step.page.records, strict=True)
            if not by_others(record)
        ]

    def first(self) -> str:
        """The id of the first one listed.

        Raises:
            NotExercised: there is none.
        """
        listed = self.listed()
        if not listed:
            raise NotExercised(f"there is no {self.description.name} to use")
        return listed[0]

    def role_of(self, operation: Operation) -> str:
        """The role an operation has for the resource."""
        roles = ("create", "read", "replace", "update", "delete", "list")
        return next(role for role in roles if getattr(self.description, role) == operation.id)

    def delete(self, identity: str, **options: Any) -> Exchange:
        return self.call("delete", identity, **options)

    def settle(self, done: Callable[[], bool]) -> bool:
        """Polls until `done()` holds in `READINGS` readings in a row, for a bounded time; whether it came to that."""
        return poll(self.client, done, READINGS)

    def shows(self, write: Exchange, done: Callable[[], bool]) -> bool:
        """Whether `done()` holds after a write in every one of `READINGS` readings; after a 202 it has time to come."""
        if write.response.status == 202:
            return self.settle(done)
        return all(done() for _ in range(READINGS))
