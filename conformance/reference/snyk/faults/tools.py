"""What the faults of the Snyk server share: its own policies to replace, and answers to change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.faults import Faults, reroute
from conformance.reference.messages import Request, Response
from conformance.reference.snyk.data import LIST_PROJECTS, LIST_TARGETS, project
from conformance.reference.snyk.policies import CURSORS, QuietWindow, SchemeAuthenticator, Versioner
from conformance.reference.snyk.server import snyk

LISTS = (LIST_PROJECTS, LIST_TARGETS)
REFUSED = range(400, 500)

A = TypeVar("A", bound=type[SchemeAuthenticator])
L = TypeVar("L", bound=type[QuietWindow])
V = TypeVar("V", bound=type[Versioner])


class SnykFaults(Faults):
    """Faults of one module, also those of the policies that only this API has."""

    def authenticator(self, requirement: str) -> Callable[[A], A]:
        """A fault that is another kind of authenticator."""

        def decorate(kind: A) -> A:
            def plant(server: Server) -> None:
                server.authenticator = kind(server.authenticator.scheme, server.authenticator.principals)

            self._add(requirement, kind, plant)
            return kind

        return decorate

    def limiter(self, requirement: str) -> Callable[[L], L]:
        """A fault that is another kind of limiter."""

        def decorate(kind: L) -> L:
            def plant(server: Server) -> None:
                kept = server.limiter
                assert isinstance(kept, QuietWindow)
                server.limiter = kind(limit=kept.limit)

            self._add(requirement, kind, plant)
            return kind

        return decorate

    def versioner(self, requirement: str) -> Callable[[V], V]:
        """A fault that is another kind of versioner."""

        def decorate(kind: V) -> V:
            def plant(server: Server) -> None:
                snyk(server).versioner = kind(snyk(server).versioner.releases)

            self._add(requirement, kind, plant)
            return kind

        return decorate


def with_status(response: Response, status: int) -> Response:
    """An error response under another status, also in its error objects."""
    body = response.json
    for error in body["errors"]:
        error["status"] = str(status)
    return evolve(response.with_json(body), status=status)


def on_later_page(request: Request) -> bool:
    """Whether the request has a cursor."""
    return any(name in request.query for name in CURSORS)


def before_handler(server: Server, operation: str, change: Callable[[Request], None]) -> None:
    """Change the requests of an operation before they are handled."""

    def wrap(handler: Handler) -> Handler:
        def handle(server: Server, request: Request) -> Response:
            change(request)
            return handler(server, request)

        return handle

    reroute(server, operation, wrap)


def store_project(server: Server, org_id: str, name: str = "uninvited") -> dict[str, Any]:
    """Add a project to an organisation behind its back."""
    record = project(server.ids.next("uninvited"), name, "cli", server.clock.now())
    server.store["projects"].add(org_id, record)
    return record
