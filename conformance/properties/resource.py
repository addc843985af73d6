"""Things a client can create and change, as tests see them; whatever a test leaves behind is deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from conformance.contract import Contract, Operation, Resource
from conformance.properties.collection import Collection
from conformance.targets import Client, HarnessError, NotExercised, Unsupported
from conformance.traffic.exchange import Exchange

POLLS = 20
POLL_SECONDS = 0.5


@define(eq=False)
class Things:
    """The resource of an operation, on one target.

    Attributes:
        prefix: what the names of everything created begin with.
        fixed: values of the path parameters that do not name the resource itself.
        query: query parameters of every call, such as the one that says whose resources they are.
        created: ids of what was created and not yet deleted.
    """

    client: Client
    contract: Contract
    description: Resource
    prefix: str
    fixed: Mapping[str, str] = field(factory=dict)
    query: Mapping[str, str] = field(factory=dict)
    created: list[str] = field(factory=list)
    _count: int = 0

    def operation(self, role: str) -> Operation:
        """The operation in a role: `create`, `read`, `list`, `replace`, `update` or `delete`.

        Raises:
            Unsupported: the contract has none.
        """
        name = getattr(self.description, role)
        if name is None:
            raise Unsupported(f"the contract has no operation to {role} a {self.description.name}")
        return self.contract.operation(name)

    def body(self) -> dict[str, Any]:
        """The body of a create, under a name that nothing else has."""
        self._count += 1
        text = json.dumps(self.description.body).replace("{unique}", f"{self.prefix}-{self._count}")
        body: dict[str, Any] = json.loads(text)
        return body

    def post(self, body: Any = None, **options: Any) -> Exchange:
        """Sends a create; what it makes is deleted at the end."""
        if body is None and "content" not in options:
            body = self.body()
        options = {"query": self.query, **options}
        exchange = self.client.call(self.operation("create"), self.fixed, body=body, **options)
        identity = self.id_of(exchange)
        if exchange.response.ok and identity is not None:
            self.created.append(identity)
        return exchange

    def create(self) -> str:
        """Creates one and returns its id.

        Raises:
            NotExercised, HarnessError: the create was not accepted.
        """
        body = self.body()
        exchange = self.client.control(self.served("create", self.post(body)))
        identity = self.id_of(exchange)
        if identity is None:
            # The document shows no answer to a create: where the id is chosen by the client, it is known.
            identity = body.get(self.description.id)
            if identity is None:
                raise NotExercised(f"the answer to a create names no {self.description.id}")
            self.created.append(identity)
        if exchange.response.status == 202:
            self.settle(lambda: self.get(identity).response.ok)
        return identity

    def id_of(self, exchange: Exchange) -> str | None:
        value = exchange.response.at(f"{self.description.object}/{self.description.id}")
        # What is deleted at the end is named by it: an empty one would name the whole list.
        return str(value) if isinstance(value, (str, int)) and str(value).strip("/. ") else None

    def values(self, identity: str) -> Mapping[str, str]:
        return {**self.fixed, self.description.parameter: identity}

    def call(self, role: str, identity: str, **options: Any) -> Exchange:
        return self.client.call(self.operation(role), self.values(identity), **{"query": self.query, **options})

    def get(self, identity: str) -> Exchange:
        return self.call("read", identity)

    def read(self, identity: str) -> dict[str, Any]:
        """The resource as its read operation answers it.

        Raises:
            NotExercised, HarnessError: it cannot be read.
        """
        exchange = self.client.control(self.get(identity))
        value = exchange.response.at(self.description.object)
        if not isinstance(value, dict):
            raise NotExercised(f"{exchange}: no object at {self.description.object}")
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

    @property
    def listing(self) -> Collection:
        pagination = self.contract.conventions.paging
        return Collection(self.client, self.operation("list"), pagination, self.fixed)

    def listed(self) -> list[str]:
        """The ids in the list now."""
        return self.listing.ids

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
        exchange = self.call("delete", identity, **options)
        if exchange.response.ok and identity in self.created:
            self.created.remove(identity)
        return exchange

    def settle(self, done: Callable[[], bool]) -> bool:
        """Polls until `done()` holds, for a bounded time; whether it came to hold."""
        for _ in range(POLLS):
            if done():
                return True
            self.client.clock.sleep(POLL_SECONDS)
        return False

    def clean_up(self) -> list[str]:
        """Deletes what is left; returns the ids that could not be deleted."""
        left = []
        for identity in list(self.created):
            try:
                gone = self.delete(identity).response.status in (200, 202, 204, 404)
            except (HarnessError, Unsupported):
                gone = False
            if not gone:
                left.append(identity)
        self.created.clear()
        return left
