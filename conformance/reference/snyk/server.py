"""The Snyk REST API as its overview describes it, read strictly.

Where the document is silent: a 401 is a JSON:API error like any other; the scheme words are lower case, and each
kind of credential has its own; an unknown or foreign organisation or project is a 404; a wrong method is a 404;
`limit` is 1 to 100, 10 by default; both cursors together, unknown members of a body and an unknown `sort` are a
400; a version with no release at or before it is a 404, a release past its Sunset a 410; `~ga` may be written
out, and dates may lie in the future. Requests without a credential are not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import field, mutable

from conformance.reference.clock import Clock, VirtualClock
from conformance.reference.core import Handler, Route, Server, collections, issue_credentials
from conformance.reference.messages import Principal, Problem, Record, Request, Response
from conformance.reference.policies import Ids, Transport
from conformance.reference.snyk.data import (
    CREATE_PROJECT,
    DELETE_PROJECT,
    GET_PROJECT,
    LIST_PROJECTS,
    LIST_TARGETS,
    ORG_IDS,
    project,
    rows,
)
from conformance.reference.snyk.policies import (
    CURSORS,
    JsonApiBody,
    LinkPaginator,
    QuietWindow,
    SchemeAuthenticator,
    Versioner,
    document,
    json_api_errors,
    principals,
)
from conformance.reference.snyk.releases import RELEASES, Release, release_table

TICK = 0.2
"""Seconds per request of the clock used by default: 300 requests a minute never reach the limit of 540."""

PRINCIPALS = {
    "token": (Principal("default", account="default"), Principal("second", account="second")),
    "bearer": (Principal("app", account="default"),),
}
"""By the scheme of their credentials."""

REFUSALS = {
    "no-key": "No credential was sent; send 'Authorization: token API_KEY'.",
    **dict.fromkeys(
        ("scheme", "scheme-case"), "The Authorization header must be 'token API_KEY' or 'bearer ACCESS_TOKEN'."
    ),
}
"""The texts of a 401, by cause."""

KNOWN_PROJECTS = 3
"""How many project ids `parameters` gives."""

Endpoint = Callable[["SnykServer", Request, Release], Response]


@mutable(eq=False)
class SnykServer(Server):
    """A reference server whose endpoints have versions and whose lists have links.

    `sorts` holds the attributes that a list can be sorted by, by operation.
    """

    paginator: LinkPaginator = field(kw_only=True)
    bodies: JsonApiBody = field(kw_only=True)
    versioner: Versioner = field(kw_only=True)
    sorts: dict[str, tuple[str, ...]] = field(kw_only=True)

    @property
    def releases(self) -> dict[str, list[dict[str, Any]]]:
        """The release table by operation."""
        by_operation: dict[str, list[dict[str, Any]]] = {}
        for release in self.release_table:
            by_operation.setdefault(release["operation"], []).append(release)
        return by_operation


def build(
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    credentials: Mapping[str, str] | None = None,
    require_https: bool = True,
) -> SnykServer:
    """A Snyk server with fresh records.

    `credentials` gives tokens for some of `default` and `second` (API keys of two accounts with an organisation
    each) and `app` (the access token of a Snyk App in the first of them, sent with `bearer`). The parameter
    `second_org_id` of the server is the organisation of `second`.
    """
    clock = clock or VirtualClock(tick=TICK)
    ids = ids or Ids()
    names = [one.name for ones in PRINCIPALS.values() for one in ones]
    tokens = issue_credentials("snyk", names, credentials)
    projects = [record_id for owner, record_id in rows()["projects"] if owner == ORG_IDS["default"]]
    return SnykServer(
        api="snyk",
        clock=clock,
        credentials=tokens,
        parameters={
            "org_id": [ORG_IDS["default"]],
            "project_id": projects[:KNOWN_PROJECTS],
            "second_org_id": [ORG_IDS["second"]],
        },
        release_table=release_table(),
        routes=list(ROUTES),
        store=collections(rows(), dict.fromkeys(rows(), "id"), clock),
        filters={LIST_PROJECTS: {"origin": lambda value, record: value == record["origin"]}},
        sorts={LIST_PROJECTS: ("name", "created"), LIST_TARGETS: ("name", "created")},
        transport=Transport.over(require_https=require_https, status=404),
        limiter=QuietWindow(limit=540),
        authenticator=SchemeAuthenticator("token", principals(PRINCIPALS, tokens), REFUSALS),
        bodies=JsonApiBody(),
        paginator=LinkPaginator(default=10, maximum=100),
        versioner=Versioner(dict(RELEASES)),
        errors=json_api_errors(ids),
        ids=ids,
    )


def snyk(server: Server) -> SnykServer:
    """The server, known to be one of this API."""
    assert isinstance(server, SnykServer)
    return server


def _endpoint(answer: Endpoint, *parameters: str) -> Handler:
    """A handler of an endpoint under an organisation that takes these query parameters besides `version`."""

    def handle(server: Server, request: Request) -> Response:
        server = snyk(server)
        if server.store["orgs"].get(request.account, request.arguments["org_id"]) is None:
            raise Problem(404, "unknown-org", "No organisation with this id was found.")
        release = server.versioner.release(request, server.clock.now())
        known = {"version", *parameters, *server.filters.get(request.operation, ())}
        for name in request.query:
            if name not in known:
                raise Problem(400, "unknown-parameter", f"Unknown query parameter '{name}'", parameter=name)
        server.bodies.admit(request)
        response = answer(server, request, release)
        for header, value in server.versioner.headers(request, release).items():
            response = response.with_header(header, value)
        return response

    return handle


def _list(name: str, kind: str) -> Handler:
    """A handler for a list, filtered, sorted if asked to, then cut into pages (Pagination)."""

    def answer(server: SnykServer, request: Request, release: Release) -> Response:
        collection = server.store[name]
        records = server.listed(request, collection.of(request.arguments["org_id"]))
        page = server.paginator.page(request, _sorted(server, request, records), collection.key)
        data = [_resource(kind, request, release, record) for record in page.items]
        return document({"data": data, "links": server.paginator.links(request, page)})

    return _endpoint(answer, "limit", "sort", *CURSORS)


def _sorted(server: SnykServer, request: Request, records: Sequence[Record]) -> Sequence[Record]:
    order = request.query.get("sort")
    if order is None:
        return records
    attribute = order.removeprefix("-")
    allowed = server.sorts[request.operation]
    if attribute not in allowed:
        message = f"sort must be one of {', '.join(allowed)}, with '-' before it for the reverse."
        raise Problem(400, "sort", message, parameter="sort")
    return sorted(records, key=lambda record: str(record[attribute]), reverse=order.startswith("-"))


def _resource(kind: str, request: Request, release: Release, record: Record) -> dict[str, Any]:
    """A resource object in the shape of a release."""
    return {
        "id": record["id"],
        "type": kind,
        "attributes": {name: record[member] for name, member in release.attributes.items()},
        "relationships": {"organization": {"data": {"type": "org", "id": request.arguments["org_id"]}}},
    }


def _single(request: Request, release: Release, record: Record, status: int = 200) -> Response:
    path = f"/orgs/{request.arguments['org_id']}/projects/{record['id']}"
    links = {"self": f"{path}?version={request.query['version']}"}
    return document({"data": _resource("project", request, release, record), "links": links}, status)


def _create_project(server: SnykServer, request: Request, release: Release) -> Response:
    """Create a project: 201, and it is the last of the list."""
    attributes = _attributes(server.bodies.parse(request))
    record = project(
        server.ids.next("project"), attributes["name"], attributes.get("origin", "cli"), server.clock.now()
    )
    server.store["projects"].add(request.arguments["org_id"], record)
    return _single(request, release, record, 201)


def _get_project(server: SnykServer, request: Request, release: Release) -> Response:
    """One project of the organisation."""
    return _single(request, release, _project(server, request))


def _delete_project(server: SnykServer, request: Request, _release: Release) -> Response:
    """Delete a project: 204, and it is gone."""
    server.store["projects"].remove(request.arguments["org_id"], _project(server, request)["id"])
    return Response(204)


def _project(server: SnykServer, request: Request) -> Record:
    record = server.store["projects"].get(request.arguments["org_id"], request.arguments["project_id"])
    if record is None:
        raise Problem(404, "unknown-project", "No project with this id was found in the organisation.")
    return record


def _attributes(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The attributes in the document of a new project; a Problem with 400 that points to what is wrong in it."""
    _members(body, "", required=("data",), optional=("jsonapi", "meta"))
    data = _object(body["data"], "/data")
    _members(data, "/data", required=("type", "attributes"))
    if data["type"] != "project":
        raise Problem(400, "value", "The type must be 'project'.", pointer="/data/type")
    attributes = _object(data["attributes"], "/data/attributes")
    _members(attributes, "/data/attributes", required=("name",), optional=("origin",))
    for name, value in attributes.items():
        if not isinstance(value, str) or not value.strip():
            message = f"The attribute '{name}' must be a string that is not blank."
            raise Problem(400, "value", message, pointer=f"/data/attributes/{name}")
    return attributes


def _object(value: object, pointer: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Problem(400, "no-object", "The member must be an object.", pointer=pointer)
    return value


def _members(value: Mapping[str, Any], pointer: str, required: Sequence[str], optional: Sequence[str] = ()) -> None:
    for name in required:
        if name not in value:
            raise Problem(400, "required", f"The member '{name}' is required.", pointer=f"{pointer}/{name}")
    for name in value:
        if name not in (*required, *optional):
            escaped = name.replace("~", "~0").replace("/", "~1")
            raise Problem(400, "unknown-member", "This member is not known.", pointer=f"{pointer}/{escaped}")


def _route(operation: str, handler: Handler) -> Route:
    # There is one permission, which every credential has.
    method, template = operation.split(" ")
    return Route(method, template, handler, "rest")


ROUTES = (
    _route(LIST_PROJECTS, _list("projects", "project")),
    _route(CREATE_PROJECT, _endpoint(_create_project)),
    _route(GET_PROJECT, _endpoint(_get_project)),
    _route(DELETE_PROJECT, _endpoint(_delete_project)),
    _route(LIST_TARGETS, _list("targets", "target")),
)
