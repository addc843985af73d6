"""What the faults of the Vercel server share: the names of its operations and ways to plant a defect."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, TypeVar

from attrs import evolve

from conformance.reference.core import Handler, Server, Transform
from conformance.reference.faults import Faults, Plant, reroute
from conformance.reference.messages import Request, Response
from conformance.reference.vercel_policies import FixedWindow, TeamAuthenticator, Window

PROJECTS = "GET /v9/projects"
DEPLOYMENTS = "GET /v6/deployments"
LISTS = (PROJECTS, DEPLOYMENTS)
CREATE = "POST /v9/projects"
PROJECT = "GET /v9/projects/{idOrName}"
DELETE = "DELETE /v9/projects/{idOrName}"

REFUSED = range(400, 500)
SUCCESS = range(200, 300)

A = TypeVar("A", bound=type[TeamAuthenticator])
L = TypeVar("L", bound=type[FixedWindow])


class VercelFaults(Faults):
    """Faults of one module, also those of this API's own policies and of what is put on every answer."""

    def authenticator(self, requirement: str) -> Callable[[A], A]:
        """A fault that is another kind of authenticator."""

        def decorate(kind: A) -> A:
            def plant(server: Server) -> None:
                kept = server.authenticator
                assert isinstance(kept, TeamAuthenticator)
                server.authenticator = kind(kept.scheme, kept.principals, kept.clock, kept.expiries)

            self._add(requirement, kind, plant)
            return kind

        return decorate

    def limiter(self, requirement: str) -> Callable[[L], L]:
        """A fault that is another kind of limiter."""

        def decorate(kind: L) -> L:
            def plant(server: Server) -> None:
                kept = server.limiter
                assert isinstance(kept, FixedWindow)
                server.limiter = kind(kept.limit, kept.key)

            self._add(requirement, kind, plant)
            return kind

        return decorate

    def finished(
        self, requirement: str, *operations: str, status: Container[int] = range(100, 600)
    ) -> Callable[[Transform], Transform]:
        """A fault that changes finished responses, which carry the headers of the rate limit."""

        def decorate(change: Transform) -> Transform:
            def plant(server: Server) -> None:
                kept = server.finish

                def finish(request: Request, response: Response) -> Response:
                    response = kept(request, response)
                    if (operations and request.operation not in operations) or response.status not in status:
                        return response
                    return change(request, response)

                server.finish = finish

            self._add(requirement, change, plant)
            return change

        return decorate

    def rerouted(self, requirement: str, *operations: str) -> Callable[[Handler], Handler]:
        """A fault that puts this handler in front of those of the operations; see `proceed`."""

        def decorate(handler: Handler) -> Handler:
            def plant(server: Server) -> None:
                for operation in operations:
                    reroute(server, operation, lambda kept: lambda *call: _CALLS.run(kept, handler, *call))

            self._add(requirement, handler, plant)
            return handler

        return decorate


class _Calls:
    """The handlers that rerouted requests would have taken."""

    def __init__(self) -> None:
        self.kept: list[Handler] = []

    def run(self, kept: Handler, handler: Handler, server: Server, request: Request) -> Response:
        self.kept.append(kept)
        try:
            return handler(server, request)
        finally:
            self.kept.pop()


_CALLS = _Calls()
