"""The Vercel REST API as its document describes it, read strictly.

Where the document is silent: a bad `limit`, `until` or `since` is a 400, and so are `until` and `since`
together; `since`=`prev` gives the page before; `pagination` is always there, `next` is null at the end and
`prev` on the first page; a team that is unknown or foreign is a 403, and so is the personal scope for a
token scoped to a team; a wrong method is a 405; an unknown path without a token is a 403; plain HTTP and a
body of another media type are a 400; a create answers 200, a delete 204; a window of calls begins with its
first call and lasts 60 s, and every call counts, for the account of a valid token, else for the address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from conformance.reference.clock import Clock, VirtualClock
from conformance.reference.core import Handler, Route, Server, collections, issue_credentials, tells_its_limit
from conformance.reference.limits import FixedWindow
from conformance.reference.messages import Principal, Problem, Record, Request, Response
from conformance.reference.pages import TimestampPaginator
from conformance.reference.policies import Errors, Ids, JsonBody, TeamAuthenticator, Transport
from conformance.reference.vercel.data import (
    KEYS,
    POSITION,
    TEAM_A,
    TEAM_B,
    USER_A,
    USER_B,
    USER_C,
    facts,
    project,
    project_ids,
    rows,
)
from conformance.reference.vercel.policies import PlainIds, free_time

TICK = 1.0
"""Seconds that a clock of this server's own moves at each request: 60 requests to a window, half the limit."""

LIFETIME = timedelta(days=30)
"""How long the token `expiring` is valid from the start of the server."""

PRINCIPALS = (
    Principal("default", USER_A, frozenset({USER_A, TEAM_A})),
    Principal("second", USER_B, frozenset({USER_B, TEAM_B})),
    Principal("team-a-only", USER_C, frozenset({TEAM_A})),
    Principal("both-teams", USER_C, frozenset({USER_C, TEAM_A, TEAM_B})),
    Principal("expiring", USER_A, frozenset({USER_A, TEAM_A})),
)

_REFUSALS = {
    "no-key": "No token was sent; send 'Authorization: Bearer <TOKEN>'.",
    "scheme": "The Authorization header must be 'Bearer <TOKEN>'.",
    "unknown-key": "The token is not valid.",
    "expired": "The token has expired.",
    "team": "You are not authorized to use this scope.",
}

_CODES = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    429: "too_many_requests",
}

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")


def build(
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    credentials: Mapping[str, str] | None = None,
    require_https: bool = True,
    limit: int = 120,
) -> Server:
    """A Vercel server with fresh records.

    `credentials` gives tokens for some of `default` (user A, in team A), `second` (user B, in team B),
    `both-teams` (user C, in both), `team-a-only` (user C's too, scoped to team A) and `expiring` (user A's,
    valid for 30 days). `limit` is the number of calls that a consumer may make in 60 s.
    """
    clock = clock or VirtualClock(tick=TICK)
    tokens = issue_credentials("vercel", (principal.name for principal in PRINCIPALS), credentials)

    def consumer(request: Request) -> str:
        try:
            principal = server.authenticator.authenticate(request)
        except Problem:
            principal = None
        return principal.account if principal else f"address {request.address}"

    server = Server(
        api="vercel",
        clock=clock,
        credentials=tokens,
        parameters={
            "teamId": [TEAM_A],
            "foreignTeamId": [TEAM_B],
            "idOrName": project_ids(USER_A)[:3],
            "oldVersions": ["/v8/projects"],
            "previous-cursor": ["since"],
        },
        routes=list(ROUTES),
        store=collections(rows(), KEYS, clock),
        filters={},
        transport=Transport.over(require_https=require_https),
        limiter=FixedWindow(limit, consumer),
        authenticator=TeamAuthenticator(
            "Bearer",
            {tokens[one.name]: one for one in PRINCIPALS},
            _REFUSALS,
            status=403,
            clock=clock,
            expiries={"expiring": clock.now() + LIFETIME},
        ),
        bodies=JsonBody(),
        paginator=TimestampPaginator(default=20, maximum=100),
        errors=Errors(envelope),
        ids=ids or PlainIds(),
        facts=facts(),
        unrouted=_unrouted,
    )

    server.finish = tells_its_limit(server, clock)
    return server


def envelope(problem: Problem) -> dict[str, Any]:
    """The body of an error (Rate Limits, error-response)."""
    code = _CODES.get(problem.status, "internal_server_error")
    return {"error": {"code": code, "message": problem.message}}


def shown(record: Record) -> dict[str, Any]:
    """A record as it is sent."""
    return {name: value for name, value in record.items() if name != POSITION}


def _unrouted(server: Server, request: Request) -> Problem:
    methods = server.methods_at(request.segments)
    if methods:
        return Problem(405, "method", "This path does not have this method.", {"Allow": ", ".join(methods)})
    return Problem(404, "unknown-path", "There is no endpoint with this version and path.")


def _list(name: str) -> Handler:
    """A handler for a list under its name, cut into pages (Pagination)."""

    def handle(server: Server, request: Request) -> Response:
        page = server.paginator.page(request, server.store[name].of(request.account), POSITION)
        pagination = {
            "count": len(page.items),
            "next": int(page.next) if page.next else None,
            "prev": int(page.prev) if page.prev else None,
        }
        return Response.of({name: [shown(record) for record in page.items], "pagination": pagination})

    return handle


def _create_project(server: Server, request: Request) -> Response:
    """Create a project in the scope of the request (Accessing Resources Owned by a Team)."""
    body, owner = server.bodies.parse(request), request.account
    name, framework = body.get("name"), body.get("framework")
    if name is None:
        raise Problem(400, "required", "The property 'name' is required.")
    if not isinstance(name, str) or not _NAME.match(name):
        raise Problem(400, "name", "The property 'name' must be 1 to 100 of a-z, 0-9, '.', '_' and '-'.")
    if not isinstance(framework, str | None):
        raise Problem(400, "framework", "The property 'framework' must be a string or null.")
    projects = server.store["projects"].of(owner)
    if any(record["name"] == name for record in projects):
        raise Problem(400, "duplicate", "A project with this name exists already.")
    created = int(server.clock.now().timestamp() * 1000)
    position = free_time(created, {record[POSITION] for record in projects})
    record = {**project(server.ids.next("project"), name, owner, created, framework), POSITION: position}
    server.store["projects"].add(owner, record)
    return Response.of(shown(record))


def _get_project(server: Server, request: Request) -> Response:
    """One project by its id or name."""
    return Response.of(shown(_project(server, request)))


def _delete_project(server: Server, request: Request) -> Response:
    """Delete a project by its id or name."""
    server.store["projects"].remove(request.account, _project(server, request)["id"])
    return Response(204)


def _project(server: Server, request: Request) -> Record:
    wanted = request.arguments["idOrName"]
    for record in server.store["projects"].of(request.account):
        if wanted in (record["id"], record["name"]):
            return record
    raise Problem(404, "unknown-project", "No project with this id or name was found.")


ROUTES = (
    Route("GET", "/v9/projects", _list("projects"), ""),
    Route("POST", "/v9/projects", _create_project, ""),
    Route("GET", "/v9/projects/{idOrName}", _get_project, ""),
    Route("DELETE", "/v9/projects/{idOrName}", _delete_project, ""),
    Route("GET", "/v6/deployments", _list("deployments"), ""),
    # An older version that was documented once and is still served (Versioning).
    Route("GET", "/v8/projects", _list("projects"), ""),
)
