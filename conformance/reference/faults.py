"""Planted defects: each replaces a policy or rewrites responses, and one requirement must catch it."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from typing import Any, TypeVar

from attrs import evolve, field, frozen, mutable

from conformance.reference.core import Handler, Server, Transform
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.policies import Paginator
from conformance.reference.store import Collection

Plant = Callable[[Server], None]
BodyEdit = Callable[[Request, Any], object]
PaginatorKind = TypeVar("PaginatorKind", bound=Callable[..., Paginator])


@frozen
class Fault:
    """A defect of the reference server.

    `id` is the id of the requirement that must catch it, a slash and a slug; `plant` puts it into a fresh
    server.
    """

    id: str
    requirement: str
    description: str
    plant: Plant = field(eq=False, repr=False)

    @property
    def api(self) -> str:
        """The API it belongs to."""
        return self.requirement.partition(".")[0]


@mutable
class Faults:
    """The faults of one module, collected by its decorators.

    What is decorated gives the slug by its name and the description by the first line of its docstring.
    """

    _faults: list[Fault] = field(factory=list, init=False)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def server(self, requirement: str) -> Callable[[Plant], Plant]:
        """A fault that changes the server: the function is given it."""

        def decorate(plant: Plant) -> Plant:
            self._add(requirement, plant, plant)
            return plant

        return decorate

    def response(
        self,
        requirement: str,
        *operations: str,
        status: Container[int] = range(100, 600),
        cause: str | None = None,
    ) -> Callable[[Transform], Transform]:
        """A fault that changes responses of these operations (all if none), statuses and cause of refusal."""

        def decorate(change: Transform) -> Transform:
            def transform(request: Request, response: Response) -> Response:
                if operations and request.operation not in operations:
                    return response
                if response.status not in status or (cause is not None and response.cause != cause):
                    return response
                return change(request, response)

            self._add(requirement, change, lambda server: server.transforms.append(transform))
            return change

        return decorate

    def body(
        self,
        requirement: str,
        *operations: str,
        status: Container[int] = range(200, 300),
        cause: str | None = None,
    ) -> Callable[[BodyEdit], BodyEdit]:
        """A fault that changes JSON bodies: the function is given the request and the body."""

        def decorate(edit: BodyEdit) -> BodyEdit:
            def change(request: Request, response: Response) -> Response:
                return response.with_json(edit(request, response.json)) if response.body else response

            change.__name__, change.__doc__ = edit.__name__, edit.__doc__
            self.response(requirement, *operations, status=status, cause=cause)(change)
            return edit

        return decorate

    def paginator(self, requirement: str) -> Callable[[PaginatorKind], PaginatorKind]:
        """A fault that is another kind of paginator."""

        def decorate(kind: PaginatorKind) -> PaginatorKind:
            def plant(server: Server) -> None:
                kept = server.paginator
                server.paginator = kind(default=kept.default, maximum=kept.maximum)

            self._add(requirement, kind, plant)
            return kind

        return decorate

    def collection(self, requirement: str, name: str) -> Callable[[type[Collection]], type[Collection]]:
        """A fault that is another kind of collection, put in the place of the named one with its records."""

        def decorate(kind: type[Collection]) -> type[Collection]:
            def plant(server: Server) -> None:
                kept = server.store[name]
                server.store[name] = kind(kept.key, kept.clock, kept.rows)

            self._add(requirement, kind, plant)
            return kind

        return decorate

    def _add(self, requirement: str, named: Callable[..., object], plant: Plant) -> None:
        slug = re.sub(r"_|(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=[0-9])", "-", named.__name__).lower()
        description = (named.__doc__ or "").partition("\n")[0]
        self._faults.append(Fault(f"{requirement}/{slug}", requirement, description, plant))


def reroute(server: Server, operation: str, wrap: Callable[[Handler], Handler], *, public: bool = False) -> None:
    """Put a wrapped handler in the place of an operation's own; `public` frees it from credentials."""
    for index, route in enumerate(server.routes):
        if route.operation == operation:
            permission = None if public else route.permission
            server.routes[index] = evolve(route, handler=wrap(route.handler), permission=permission)


def with_status(response: Response, status: int) -> Response:
    """The response under another status, also where its body repeats it."""
    body = response.json
    if isinstance(body, dict) and "status" in body:
        response = response.with_json({**body, "status": status})
    return evolve(response, status=status)


def crash() -> Problem:
    """The 500 of a fault, to be raised."""
    return Problem(500, "fault", "The server could not answer this request.")
