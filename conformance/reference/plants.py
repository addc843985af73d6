"""Plants that change a server: its policies, how it cuts pages, its records, what stands in front of its handlers.

A policy is changed by a class that is laid over the one the server has, so that what goes wrong in the same way
for several APIs is written once. A class that is laid over may have the class of its policy as its base, or a more
general one; one with fields of its own has that of its policy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import evolve, fields

from conformance.reference.core import Filter, Handler, Route, Server
from conformance.reference.faults import Plant
from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.pages import Cut, Page, Paginator
from conformance.reference.policies import Errors
from conformance.reference.store import Collection

EVERYTHING = 10**6
"""A page size that no list exceeds."""


def policy(kind: type[Any], name: str) -> Plant:
    """Another kind of the policy that a server has under this name, with the same settings."""

    def plant(server: Server) -> None:
        setattr(server, name, overlaid(kind, getattr(server, name)))

    return plant


def overlaid(kind: type[Any], kept: Any) -> Any:
    """An object like the one that is kept, of its class with `kind` laid over it."""
    own = type(kept)
    # A class between the two would hide the methods of the kept one from what is laid over it.
    merged = kind if issubclass(kind, own) else type(kind.__name__, (kind, own), {})
    settings = {one.alias: getattr(kept, one.name) for one in fields(own) if one.init}
    return merged(**settings)


def authenticator(kind: type[Any]) -> Plant:
    """Another kind of authenticator."""
    return policy(kind, "authenticator")


def limiter(kind: type[Any]) -> Plant:
    """Another kind of limiter."""
    return policy(kind, "limiter")


def paginator(kind: type[Any]) -> Plant:
    """Another kind of paginator."""
    return policy(kind, "paginator")


def bodies(kind: type[Any]) -> Plant:
    """Another way to read request bodies."""
    return policy(kind, "bodies")


def setting(path: str, value: object) -> Plant:
    """Another value of a policy's setting, such as "paginator.default"."""
    name, _, attribute = path.partition(".")

    def plant(server: Server) -> None:
        setattr(server, name, evolve(getattr(server, name), **{attribute: value}))

    return plant


def principals(**changes: Any) -> Plant:
    """Principals with other attributes: changed alike for all."""

    def plant(server: Server) -> None:
        known = server.authenticator.principals
        known.update({token: evolve(one, **changes) for token, one in known.items()})

    return plant


def error_bodies(envelope: Callable[[Problem], Mapping[str, Any]]) -> Plant:
    """Other bodies of errors."""

    def plant(server: Server) -> None:
        server.errors = Errors(envelope, server.errors.media_type)

    return plant


def sizes(change: Callable[[int], int], when: Callable[[Request], object] | None = None) -> Plant:
    """Pages of another size than that asked for, or than the default."""

    class Resized(Paginator):
        def size(self, request: Request) -> int:
            size = super().size(request)
            return change(size) if when is None or when(request) else size

    return paginator(Resized)


def size_for(stands: Callable[[str], object], size: int) -> Plant:
    """This page size where `stands` is true of the text that is sent for one, which is not checked then."""

    class Lenient(Paginator):
        def size(self, request: Request) -> int:
            text = request.query.get(self.size_parameter)
            return size if text is not None and stands(text) else super().size(request)

    return paginator(Lenient)


def cuts(change: Callable[[Cut], Cut]) -> Plant:
    """Pages that begin or end elsewhere in their list."""

    class Recut(Paginator):
        def cut(self, request: Request, records: Sequence[Record], key: str) -> Cut:
            return change(super().cut(request, records, key))

    return paginator(Recut)


def pages(change: Callable[[Cut, Page], Page]) -> Plant:
    """Pages that are cut right and then changed."""

    class Reshown(Paginator):
        def shown(self, cut: Cut) -> Page:
            return change(cut, super().shown(cut))

    return paginator(Reshown)


def records(kind: type[Collection], name: str) -> Plant:
    """Another kind of a collection, with its records."""

    def plant(server: Server) -> None:
        server.store[name] = overlaid(kind, server.store[name])

    return plant


def filtered(satisfies: Filter, operation: str, parameter: str) -> Plant:
    """Another meaning of a query parameter that narrows a list."""

    def plant(server: Server) -> None:
        server.filters[operation] = {**server.filters[operation], parameter: satisfies}

    return plant


def handled(answer: Callable[[Handler, Server, Request], Response], *operations: str) -> Plant:
    """What stands in front of the handlers of these operations: it is given the handler it replaces."""

    def reroute(route: Route) -> Route:
        return evolve(route, handler=partial(answer, route.handler)) if route.operation in operations else route

    def plant(server: Server) -> None:
        server.routes = [reroute(route) for route in server.routes]

    return plant


def requests(change: Callable[[Request], None], *operations: str) -> Plant:
    """Requests that are changed before they are handled."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        change(request)
        return kept(server, request)

    return handled(answer, *operations)


def forgotten(parameter: str, *operations: str, when: Callable[[Request], object]) -> Plant:
    """A query parameter that these operations do not look at in some requests."""

    def change(request: Request) -> None:
        if when(request):
            request.query.poplist(parameter)

    return requests(change, *operations)


def behind(*operations: str, after: str) -> Plant:
    """Every other reading by these operations is what they answered before the last write by this method."""

    def plant(server: Server) -> None:
        seen: dict[object, Response] = {}
        before: dict[object, Response] = {}
        readings: Counter[object] = Counter()

        def transform(request: Request, response: Response) -> Response:
            if request.method == after and response.status in range(200, 300):
                before.update(seen)
                readings.clear()
            if request.operation not in operations:
                return response
            key = (request.segments, tuple(request.query.items(multi=True)))
            readings[key] += 1
            if readings[key] % 2 == 0 and key in before:
                return before[key]
            seen[key] = response
            return response

        server.transforms.append(transform)

    return plant


def unprotected(operation: str, principal: str) -> Plant:
    """An operation that is served without a credential too, as if this principal had asked."""

    def plant(server: Server) -> None:
        owner = next(one for one in server.authenticator.principals.values() if one.name == principal)

        def own(request: Request) -> None:
            request.principal = request.principal or owner

        requests(own, operation)(server)
        server.routes = [evolve(one, permission=None) if one.operation == operation else one for one in server.routes]

    return plant


def also_at(operation: str, path: str) -> Plant:
    """An operation that is served at another path too."""

    def plant(server: Server) -> None:
        server.routes += [evolve(one, template=path) for one in server.routes if one.operation == operation]

    return plant
