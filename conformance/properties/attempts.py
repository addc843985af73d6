"""Attempts: one operation called in ways that differ only in who calls, and what such a call may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

from attrs import define

from conformance.contract import Operation
from conformance.properties.assertions import assert_equal, assert_status
from conformance.properties.resource import Things
from conformance.properties.subject import Subject
from conformance.targets import NotExercised, Unsupported
from conformance.targets.credentials import MADE_UP, SAME_FORM, wrong_for
from conformance.traffic.exchange import Exchange

PLAINLY, IN_SCOPE, WITH_PARAMETERS, FROM_A_CURSOR = "plainly", "in a scope", "with parameters", "from a cursor on"


def ways(subject: Subject) -> Iterator[str]:
    """The ways in which an operation may be asked: who checks credentials in one of them may not in another."""
    yield PLAINLY
    if scope_of(subject) is not None:
        yield IN_SCOPE
    if subject.operation.collection is not None:
        yield WITH_PARAMETERS
        yield FROM_A_CURSOR


def matrix(subject: Subject) -> dict[str, list[str]]:
    """Each way to ask, with the wrong credentials that are tried in it: all of them plainly, else two."""
    auth = subject.conventions.auth
    every = wrong_for(auth.scheme, subject.client.token("default"))
    few = [name for name in every if name in (MADE_UP, SAME_FORM)]
    return {way: every if way == PLAINLY else few for way in ways(subject)}


def scope_of(subject: Subject) -> dict[str, str] | None:
    """The query parameter that names whose resources are meant, with one that the caller may use.

    Where the operation needs something to be created, the target has to allow that there.
    """
    scope, known = subject.conventions.auth.scope, subject.session.parameters
    if scope is None:
        return None
    values = known.get(scope.parameter, ())
    if subject.operation.writes:
        values = subject.client.guard.may_write(scope.parameter)
    return {scope.parameter: values[0]} if values else None


@define(eq=False, slots=False)
class Attempts:
    """Calls of the subject's operation that differ in nothing but their credential.

    Attributes:
        way: one of `ways`.
    """

    subject: Subject
    way: str = PLAINLY

    @property
    def operation(self) -> Operation:
        return self.subject.operation

    @property
    def _scope(self) -> Mapping[str, str]:
        return (scope_of(self.subject) or {}) if self.way == IN_SCOPE else {}

    @cached_property
    def things(self) -> Things | None:
        """The resource that a call is about; None for a list, and for what belongs to no resource."""
        resource = self.subject.contract.resource_of(self.operation)
        if resource is None or self.operation.collection is not None:
            return None
        return self.subject.things_of(resource, self._scope)

    @cached_property
    def role(self) -> str:
        return "read" if self.things is None else self.things.role_of(self.operation)

    @cached_property
    def victim(self) -> str:
        """The id of what calls are about: made by this run where it may be, else one that is there and is only read."""
        assert self.things is not None
        if "writes" in self.subject.session.capabilities and self._may_create:
            try:
                return self.things.create()
            except Unsupported:
                if self.role != "read":
                    raise
        known = self.subject.session.parameters.get(self.things.description.parameter, ())
        return known[0] if known and not self._scope else self.things.first()

    @property
    def _may_create(self) -> bool:
        guard = self.subject.client.guard
        return all(value in guard.may_write(name) for name, value in self._scope.items())

    def control(self) -> Exchange:
        """The call as it should be. One that changes or deletes something is about something else than the attempts."""
        if self.things is None or not self.operation.writes or self.role == "create":
            return self._call()
        return self._call_on(self.things.create())()

    def attempt(self, **options: Any) -> Exchange:
        """The same call with other options than it should have, as in `Client.send`; `query` is added to its own."""
        return self._call(**options, negative=True)

    @cached_property
    def _call(self) -> Callable[..., Exchange]:
        if self.operation.collection is not None:
            return self._page()
        things = self.things
        if things is None:
            values = self.subject.values(self.operation)
            return partial(self._with_query, partial(self.subject.client.call, self.operation, values))
        if self.role == "create":
            return partial(self._with_query, lambda **options: things.post(things.body(), **options))
        return self._call_on(self.victim)

    def _call_on(self, identity: str) -> Callable[..., Exchange]:
        assert self.things is not None
        sent: dict[str, Any] = {"body": self.things.changes()} if self.role in ("update", "replace") else {}
        call = partial(self.subject.client.call, self.operation, self.things.values(identity), **sent)
        return partial(self._with_query, call)

    def _with_query(
        self, call: Callable[..., Exchange], query: Mapping[str, object] | None = None, **options: Any
    ) -> Exchange:
        return call(query={**self._scope, **(query or {})}, **options)

    def _page(self) -> Callable[..., Exchange]:
        collection, sizes = self.subject.collection, self.subject.conventions.lists.page_size
        if self.way == WITH_PARAMETERS:
            asked = {name: values[0] for name, values in collection.description.filters.items() if values}
            return partial(collection.get, sizes.minimum, query=asked)
        if self.way == FROM_A_CURSOR:
            step = collection.page(sizes.minimum)
            if step.page.next is None:
                raise NotExercised(f"{step.exchange} names no page after it")
            return partial(collection.ask, step)
        return partial(self._with_query, collection.get)

    def state(self) -> Any:
        """What the calls may change: of a list, the ids in it; of one thing, whether and how it is read."""
        if self.things is None or not self.operation.writes:
            return None
        if self.role == "create":
            return self.things.listed_but_others()
        return _state(self.things, self.victim)


def assert_out_of_reach(things: Things, *statuses: int | str, when: str, writes: bool, **sent: Any) -> None:
    """What belongs to somebody is neither read nor changed nor deleted by calls that are sent otherwise.

    Each call is first made as it should be, by its owner, of something else where it changes anything: without that
    it is not judged. Nor is anything where there is nothing that its owner can read.

    Args:
        things: as their owner calls them.
        statuses: of the refusals, as in `assert_status`.
        writes: whether the target lets things be made and changed.
        sent: what the calls are sent with instead, as in `Client.send`.
    """
    resource, victim, other = things.description, None, None
    with suppress(NotExercised, Unsupported):
        victim, other = (things.create(), things.create()) if writes else (None, None)
    with suppress(NotExercised, Unsupported):
        victim = victim or things.first()
    if victim is None:
        return
    before = _state(things, victim)
    if before[0] // 100 != 2:
        return
    for role in ("read", "update", "replace", "delete"):
        if getattr(resource, role) is None or (role != "read" and other is None):
            continue
        body = things.changes() if role in ("update", "replace") else None
        if role != "read" and not things.call(role, str(other), body=body).response.ok:
            continue
        exchange = things.call(role, victim, **{"body": body, **sent}, negative=True)
        assert_status(exchange, *statuses, when=f"to {role} a {resource.name} {when}")
        if role != "read":
            assert_equal(_state(things, victim), before, f"the {resource.name} after that", exchange=exchange)


def _state(things: Things, identity: str) -> tuple[int, Any]:
    """Whether and how a thing is read, as far as only a call changes it: not how far it has come, say.

    What has no operation to be read with is looked for in its list.
    """
    resource = things.description
    if resource.read is None:
        return 200, identity in things.listed()
    read = things.get(identity)
    shown = read.response.at(resource.object)
    if isinstance(shown, dict):
        told = {resource.id, *resource.body, *resource.writable}
        shown = {name: value for name, value in shown.items() if name in told}
    return read.response.status, shown
