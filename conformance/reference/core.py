"""The reference server: a WSGI application made of routes, records and policies. It knows no API."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen, mutable
from werkzeug.http import HTTP_STATUS_CODES, http_date

from conformance.reference.clock import Clock
from conformance.reference.limits import FixedWindow, Limiter
from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.pages import Paginator
from conformance.reference.policies import Errors, Ids, JsonBody, TokenAuthenticator, Transport
from conformance.reference.store import Collection

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)

Handler = Callable[["Server", Request], Response]
Transform = Callable[[Request, Response], Response]
Filter = Callable[[str, Record], bool]
"""Whether a record satisfies the value of a query parameter."""


_REST = "...}"


@frozen
class Route:
    """An operation and what serves it; `permission` is None for a public one, which needs no credential."""

    method: str
    template: str
    handler: Handler
    permission: str | None

    @property
    def operation(self) -> str:
        """Method and template, such as "GET /v2/users/{user-id}"."""
        return f"{self.method} {self.template.replace(_REST, '}')}"

    @property
    def parts(self) -> list[str]:
        """The template split at its slashes; a last part `{name...}` takes the rest of a path."""
        return self.template.split("/")[1:]

    def match(self, method: str, segments: Sequence[str]) -> dict[str, str] | None:
        """The path parameters by name when the request takes this route, else None."""
        parts = self.parts
        if method == self.method and parts[-1].endswith(_REST) and len(segments) > len(parts):
            segments = (*segments[: len(parts) - 1], "/".join(segments[len(parts) - 1 :]))
        if method != self.method or len(parts) != len(segments):
            return None
        arguments = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{") and segment:
                arguments[part[1:-1].removesuffix("...")] = segment
            elif part != segment:
                return None
        return arguments

    @property
    def openness(self) -> list[int]:
        """Less for a template that is literal sooner: of the routes that a request could take, it takes that one."""
        return [part.startswith("{") + part.endswith(_REST) for part in self.parts]


def unknown_path(_server: Server, _request: Request) -> Problem:
    """A 404 for what takes no route."""
    return Problem(404, "unknown-path", "There is no operation with this method and path.")


def unchanged(_request: Request, response: Response) -> Response:
    """The response as it is."""
    return response


@mutable(eq=False)
class Server:
    """A reference server: a WSGI callable with its own records, clock and policies.

    A request passes `transport`, `limiter` and `authenticator` in this order, then its route's handler, which
    uses `bodies`, `filters`, `paginator` and `ids`. `errors` renders what any of them refuses, and
    `transforms` are applied in order to every response. `finish` comes last, also for what a transform refuses:
    it adds what stands on every answer. `unrouted` tells why a request that takes no route is refused. `errands` are
    run when an answer is ready and before it is sent. Requests are served one at a time.

    `credentials` holds tokens by name, `parameters` known good values of path parameters by name, and
    `filters` the query parameters that narrow a list, by operation and name. `release_table` lists, as JSON
    values, the releases that a dated version number may resolve to, for an API that has such versions; `facts`
    says, as JSON values, what else is to be known of the server: what its records hold, which are there.
    """

    api: str
    clock: Clock
    credentials: dict[str, str]
    parameters: dict[str, list[str]]
    routes: list[Route]
    store: dict[str, Collection]
    filters: dict[str, dict[str, Filter]]
    transport: Transport
    limiter: Limiter
    authenticator: TokenAuthenticator
    bodies: JsonBody
    paginator: Paginator
    errors: Errors
    ids: Ids = field(factory=Ids)
    release_table: list[dict[str, Any]] = field(factory=list)
    facts: dict[str, Any] = field(factory=dict)
    transforms: list[Transform] = field(factory=list)
    finish: Transform = unchanged
    unrouted: Callable[[Server, Request], Problem] = unknown_path
    errands: list[Callable[[], None]] = field(factory=list)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one WSGI request; whatever goes wrong is answered with 500 in the API's error form."""
        with self._lock:
            self.clock.on_request()
            response = self._respond(environ)
            self._run_errands()
            date = http_date(self.clock.now())
        headers = {**response.headers, "Date": date}
        if response.body or response.status != 204:
            headers["Content-Length"] = str(len(response.body))
        reason = HTTP_STATUS_CODES.get(response.status, "Unknown")
        start_response(f"{response.status} {reason}", list(headers.items()))
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else response.body]

    def listed(self, request: Request, records: Sequence[Record]) -> Sequence[Record]:
        """The records that satisfy the filters in the request."""
        for parameter, satisfies in self.filters.get(request.operation, {}).items():
            value = request.query.get(parameter)
            if value is not None:
                records = [record for record in records if satisfies(value, record)]
        return records

    def _respond(self, environ: WSGIEnvironment) -> Response:
        try:
            # HEAD is a GET whose body is not sent.
            read = environ["REQUEST_METHOD"] == "HEAD"
            request = Request.from_environ({**environ, "REQUEST_METHOD": "GET"} if read else environ)
            return self.finish(request, self._answer(request))
        except Exception:
            _log.exception("the reference server failed to answer a request")
            return self.errors.render(_crash())

    def _answer(self, request: Request) -> Response:
        try:
            try:
                response = self._serve(request)
            except Problem as problem:
                response = self.errors.render(problem)
            for transform in self.transforms:
                response = transform(request, response)
        except Problem as problem:
            return self.errors.render(problem)
        except Exception:
            _log.exception("the reference server failed to answer a request")
            return self.errors.render(_crash())
        return response

    def _serve(self, request: Request) -> Response:
        self.transport.admit(request)
        self.limiter.admit(request, self.clock.now())
        route = self._route(request)
        request.principal = self.authenticator.authenticate(request)
        if route is None:
            self.authenticator.authorise(request, "")
            raise self.unrouted(self, request)
        if route.permission is not None:
            self.authenticator.authorise(request, route.permission)
        return route.handler(self, request)

    def _route(self, request: Request) -> Route | None:
        route = self.route_of(request)
        if route is not None:
            request.operation = route.operation
            request.arguments = route.match(request.method, request.segments) or {}
        return route

    def route_of(self, request: Request) -> Route | None:
        """The route that a request takes, if it takes one."""
        matching = [route for route in self.routes if route.match(request.method, request.segments) is not None]
        return min(matching, key=lambda route: route.openness, default=None)

    def methods_at(self, segments: Sequence[str]) -> list[str]:
        """The methods that a path has, each once."""
        found = (route.method for route in self.routes if route.match(route.method, segments) is not None)
        return list(dict.fromkeys(found))

    def _run_errands(self) -> None:
        errands, self.errands = self.errands, []
        for errand in errands:
            try:
                errand()
            except Exception:
                _log.exception("the reference server failed to do what an answer caused")


def collections(
    rows: Mapping[str, Mapping[tuple[str, str], Record]], keys: Mapping[str, str], clock: Clock
) -> dict[str, Collection]:
    """A collection of its own for each name, with these records; `keys` names the member that is their id."""
    return {name: Collection(keys[name], clock, dict(records)) for name, records in rows.items()}


def _crash() -> Problem:
    return Problem(500, "crash", "The server could not answer this request.")


def issue_credentials(api: str, names: Iterable[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """A token for each name: the given one, or one derived here, so that no secret stands in the source.

    ValueError for a given name that is not asked for, an empty token, or one token for two names.
    """
    tokens = {name: hashlib.sha256(f"{api} {name}".encode()).hexdigest()[:36].upper() for name in names}
    given = dict(given or {})
    if unknown := sorted(given.keys() - tokens.keys()):
        raise ValueError(f"{api} has no credential named {', '.join(unknown)}; it has {', '.join(tokens)}")
    tokens.update(given)
    if not all(tokens.values()) or len(set(tokens.values())) < len(tokens):
        raise ValueError(f"the tokens of {api} must be non-empty and differ from each other")
    return tokens


def tells_its_limit(server: Server, clock: Clock) -> Transform:
    """What stands on every answer of servers whose documents say so: the headers of the limit, and the charset."""

    def finish(request: Request, response: Response) -> Response:
        limiter = server.limiter
        assert isinstance(limiter, FixedWindow)
        headers = {**response.headers, **limiter.headers(request, clock.now())}
        if headers.get("Content-Type") == "application/json":
            headers["Content-Type"] = "application/json; charset=utf-8"
        return evolve(response, headers=headers)

    return finish
