"""What the faults of the Vercel server share: the names of its operations and ways to plant a defect."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any, TypeVar

from attrs import evolve

from conformance.reference.core import Handler, Server, Transform
from conformance.reference.faults import Faults, reroute
from conformance.reference.messages import Record, Request, Response
from conformance.reference.policies import Page
from conformance.reference.vercel.policies import FixedWindow, TeamAuthenticator, TimestampPaginator

PROJECTS = "GET /v9/projects"
DEPLOYMENTS = "GET /v6/deployments"
LISTS = (PROJECTS, DEPLOYMENTS)
CREATE = "POST /v9/projects"
PROJECT = "GET /v9/projects/{idOrName}"
DELETE = "DELETE /v9/projects/{idOrName}"

REFUSED = range(400, 500)
SUCCESS = range(200, 300)

Wrapped = Callable[[Handler, Server, Request], Response]
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

    def rerouted(self, requirement: str, *operations: str) -> Callable[[Wrapped], Wrapped]:
        """A fault that stands in front of the handlers of these operations: it is given the handler it replaces."""

        def decorate(wrapped: Wrapped) -> Wrapped:
            def wrap(kept: Handler) -> Handler:
                return lambda server, request: wrapped(kept, server, request)

            def plant(server: Server) -> None:
                for operation in operations:
                    reroute(server, operation, wrap)

            self._add(requirement, wrapped, plant)
            return wrapped

        return decorate


class ChangedPages(TimestampPaginator):
    """Pages that are cut right and then changed."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        newest = sorted(records, key=lambda record: int(record[key]), reverse=True)
        page = super().page(request, records, key)
        start = next((index for index, one in enumerate(newest) if page.items and one is page.items[0]), 0)
        return self.changed(request, page, newest, start, self.size(request))

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        """The page as it is sent; it begins at index `start` of the list."""
        raise NotImplementedError


def items(body: Any) -> list[Any]:
    """The records in the body of a list."""
    return next(value for value in body.values() if isinstance(value, list))


def acting_as(request: Request, owner: str) -> Request:
    """The request made about the resources of another user or team."""
    assert request.principal is not None
    return evolve(request, principal=evolve(request.principal, account=owner))


def is_first_page(request: Request) -> bool:
    """Whether a list is asked for from its beginning."""
    return "until" not in request.query and "since" not in request.query


def sent_token(request: Request) -> str:
    """The credential in the Authorization header, empty without one."""
    return request.headers.get("Authorization", "").rpartition(" ")[2]
