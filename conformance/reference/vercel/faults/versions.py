"""Faults of the Vercel server in its versions, and in reads that change what they read."""

from __future__ import annotations

from conformance.reference.core import Handler, Server
from conformance.reference.edits import change, crash, drop, instead, put, redirect, rename
from conformance.reference.faults import Faults
from conformance.reference.messages import Record, Request, Response
from conformance.reference.plants import also_at, handled
from conformance.reference.vercel.data import POSITION
from conformance.reference.vercel.faults.tools import DEPLOYMENTS, PROJECT, PROJECTS, position

faults = Faults()

OLD_PROJECTS = "GET /v8/projects"

fault = faults.of("vercel.versioning.version-prefix")
fault("projects-without-version", "The projects are served at /projects too.").by(also_at(PROJECTS, "/projects"))
fault("deployments-without-version", "The deployments are served at /deployments too.").by(
    also_at(DEPLOYMENTS, "/deployments")
)
fault("project-without-version", "A single project is served without a version too, the lists are not.").by(
    also_at(PROJECT, "/projects/{idOrName}")
)


def unknown_version(request: Request) -> bool:
    """Whether an endpoint is asked for under a version that it does not have."""
    return request.segments[-1] in ("projects", "deployments") and request.segments[0].startswith("v")


fault = faults.of("vercel.versioning.versions-independent")
fault("version-of-projects-ignored", "The projects are served under any version.").by(
    also_at(PROJECTS, "/{version}/projects")
)
fault("version-of-deployments-ignored", "The deployments are served under any version.").by(
    also_at(DEPLOYMENTS, "/{version}/deployments")
)
fault("unknown-version-redirected", "An unknown version of an endpoint is redirected to the one that exists.").by(
    redirect(
        lambda request: "/v9/projects" if request.segments[-1] == "projects" else "/v6/deployments",
        308,
        cause="unknown-path",
        when=unknown_version,
    )
)
fault("unknown-version-500", "An unknown version of an endpoint is answered with 500.").by(
    crash(cause="unknown-path", when=unknown_version)
)
fault("unknown-version-bare", "The 404 for an unknown version of an endpoint has its message at the top.").by(
    put("", {"message": "Unknown version"}, cause="unknown-path", when=unknown_version)
)

fault = faults.of("vercel.versioning.documented-keys-persist")
fault("uid-renamed", "The uid of a deployment is called id.").by(rename("/deployments/*/uid", "id", on=DEPLOYMENTS))
fault("id-renamed", "The id of a listed project is called uid.").by(rename("/projects/*/id", "uid", on=PROJECTS))
fault("name-renamed", "The name of a single project is called projectName.").by(
    rename("/name", "projectName", on=PROJECT)
)
fault("null-frameworks-omitted", "A listed project without a framework has no such key.").by(
    drop("/projects/*/framework", having={"framework": None}, on=PROJECTS)
)
fault("name-as-object", "The name of a deployment is an object.").by(
    change("/deployments/*/name", lambda name: {"text": name}, on=DEPLOYMENTS)
)
fault("failed-ones-without-url", "A deployment that is in ERROR has no url.").by(
    drop("/deployments/*/url", having={"state": "ERROR"}, on=DEPLOYMENTS)
)

fault = faults.of("vercel.versioning.old-versions-live")
GONE = {"error": {"code": "gone", "message": "This version is no longer supported."}}
fault("old-version-500", "The projects of version 8 are answered with 500.").by(crash(on=OLD_PROJECTS))
fault("old-version-410", "The projects of version 8 are answered with 410.").by(
    instead(Response.of(GONE, 410), on=OLD_PROJECTS)
)


@fault.server
def old_version_gone(server: Server) -> None:
    """The projects of version 8 are a 404."""
    server.routes = [route for route in server.routes if route.operation != OLD_PROJECTS]


fault = faults.of("vercel.crud.get-is-safe")


@fault.using(handled, PROJECTS)
def reading_projects_touches_them(list_: Handler, server: Server, request: Request) -> Response:
    """Reading a list of projects sets the updatedAt of its records to the present."""
    response = list_(server, request)
    now = int(server.clock.now().timestamp() * 1000)
    for project in response.json["projects"]:
        server.store["projects"].update(request.account, project["id"], {"updatedAt": now})
    return response


def newest(server: Server, request: Request, name: str) -> Record | None:
    """The newest record of a collection that the request is about."""
    return max(server.store[name].of(request.account), key=position, default=None)


@fault.using(handled, DEPLOYMENTS)
def reading_deployments_makes_one(list_: Handler, server: Server, request: Request) -> Response:
    """Each reading of the deployments adds one."""
    response = list_(server, request)
    before = newest(server, request, "deployments")
    if before is not None:
        later = {"uid": server.ids.next("deployment"), "created": before["created"] + 60_000}
        record = {**before, **later, POSITION: before[POSITION] + 60_000}
        server.store["deployments"].add(request.account, record)
    return response


@fault.using(handled, DEPLOYMENTS)
def reading_deployments_counts_in_projects(list_: Handler, server: Server, request: Request) -> Response:
    """Reading the deployments raises the deploymentCount of the newest project."""
    project = newest(server, request, "projects")
    if project is not None:
        counted = {"deploymentCount": project["deploymentCount"] + 1}
        server.store["projects"].update(request.account, project["id"], counted)
    return list_(server, request)


@fault.using(handled, PROJECTS)
def reading_projects_moves_last_up(list_: Handler, server: Server, request: Request) -> Response:
    """Each reading of the projects moves the last record of the page to the front of the list."""
    response = list_(server, request)
    shown, first = response.json["projects"], newest(server, request, "projects")
    if len(shown) > 1 and first is not None:
        server.store["projects"].update(request.account, shown[-1]["id"], {POSITION: first[POSITION] + 1})
    return response
