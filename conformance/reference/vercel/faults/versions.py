"""Faults of the Vercel server in its versions, and in reads that change what they read."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.faults import crash, with_status
from conformance.reference.messages import Request, Response
from conformance.reference.vercel.data import POSITION
from conformance.reference.vercel.faults.tools import DEPLOYMENTS, PROJECT, PROJECTS, VercelFaults
from conformance.reference.vercel.server import owner_of

faults = VercelFaults()

OLD_PROJECTS = "GET /v8/projects"


def _also_at(server: Server, operation: str, path: str) -> None:
    """Serve an operation at another path too."""
    route = next(route for route in server.routes if route.operation == operation)
    server.routes.append(evolve(route, template=path))


@faults.server("vercel.versioning.version-prefix")
def projects_without_version(server: Server) -> None:
    """The projects are served at /projects too."""
    _also_at(server, PROJECTS, "/projects")


@faults.server("vercel.versioning.version-prefix")
def deployments_without_version(server: Server) -> None:
    """The deployments are served at /deployments too."""
    _also_at(server, DEPLOYMENTS, "/deployments")


@faults.server("vercel.versioning.version-prefix")
def project_without_version(server: Server) -> None:
    """A single project is served without a version too, the lists are not."""
    _also_at(server, PROJECT, "/projects/{idOrName}")


@faults.server("vercel.versioning.versions-independent")
def version_of_projects_ignored(server: Server) -> None:
    """The projects are served under any version."""
    _also_at(server, PROJECTS, "/{version}/projects")


@faults.server("vercel.versioning.versions-independent")
def version_of_deployments_ignored(server: Server) -> None:
    """The deployments are served under any version."""
    _also_at(server, DEPLOYMENTS, "/{version}/deployments")


def _unknown_version(request: Request) -> bool:
    return request.segments[-1] in ("projects", "deployments") and request.segments[0].startswith("v")


@faults.response("vercel.versioning.versions-independent", cause="unknown-path")
def unknown_version_redirected(request: Request, response: Response) -> Response:
    """An unknown version of an endpoint is redirected to the one that exists."""
    if not _unknown_version(request):
        return response
    path = {"projects": "/v9/projects", "deployments": "/v6/deployments"}[request.segments[-1]]
    return Response(308, headers={"Location": path})


@faults.response("vercel.versioning.versions-independent", cause="unknown-path")
def unknown_version_500(request: Request, response: Response) -> Response:
    """An unknown version of an endpoint is answered with 500."""
    if _unknown_version(request):
        raise crash()
    return response


@faults.response("vercel.versioning.versions-independent", cause="unknown-path")
def unknown_version_bare(request: Request, response: Response) -> Response:
    """The 404 for an unknown version of an endpoint has its message at the top."""
    return response.with_json({"message": "Unknown version"}) if _unknown_version(request) else response


@faults.body("vercel.versioning.documented-keys-persist", DEPLOYMENTS)
def uid_renamed(_request: Request, body: Any) -> object:
    """The uid of a deployment is called id."""
    return {**body, "deployments": [_renamed(one, "uid", "id") for one in body["deployments"]]}


@faults.body("vercel.versioning.documented-keys-persist", PROJECTS)
def id_renamed(_request: Request, body: Any) -> object:
    """The id of a listed project is called uid."""
    return {**body, "projects": [_renamed(one, "id", "uid") for one in body["projects"]]}


@faults.body("vercel.versioning.documented-keys-persist", PROJECT)
def name_renamed(_request: Request, body: Any) -> object:
    """The name of a single project is called projectName."""
    return _renamed(body, "name", "projectName")


def _renamed(record: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if name == old else name: value for name, value in record.items()}


@faults.body("vercel.versioning.documented-keys-persist", PROJECTS)
def null_frameworks_omitted(_request: Request, body: Any) -> object:
    """A listed project without a framework has no such key."""
    for project in body["projects"]:
        if project["framework"] is None:
            del project["framework"]
    return body


@faults.body("vercel.versioning.documented-keys-persist", DEPLOYMENTS)
def name_as_object(_request: Request, body: Any) -> object:
    """The name of a deployment is an object."""
    for deployment in body["deployments"]:
        deployment["name"] = {"text": deployment["name"]}
    return body


@faults.body("vercel.versioning.documented-keys-persist", DEPLOYMENTS)
def failed_ones_without_url(_request: Request, body: Any) -> object:
    """A deployment that is in ERROR has no url."""
    for deployment in body["deployments"]:
        if deployment["state"] == "ERROR":
            del deployment["url"]
    return body


@faults.server("vercel.versioning.old-versions-live")
def old_version_gone(server: Server) -> None:
    """The projects of version 8 are a 404."""
    server.routes = [route for route in server.routes if route.operation != OLD_PROJECTS]


@faults.response("vercel.versioning.old-versions-live", OLD_PROJECTS, status={200})
def old_version_500(_request: Request, _response: Response) -> Response:
    """The projects of version 8 are answered with 500."""
    raise crash()


@faults.response("vercel.versioning.old-versions-live", OLD_PROJECTS, status={200})
def old_version_410(_request: Request, response: Response) -> Response:
    """The projects of version 8 are answered with 410."""
    error = {"error": {"code": "gone", "message": "This version is no longer supported."}}
    return with_status(response.with_json(error), 410)


@faults.rerouted("vercel.crud.get-is-safe", PROJECTS)
def reading_projects_touches_them(list_: Handler, server: Server, request: Request) -> Response:
    """Reading a list of projects sets the updatedAt of its records to the present."""
    response = list_(server, request)
    now = int(server.clock.now().timestamp() * 1000)
    for project in response.json["projects"]:
        server.store["projects"].update(owner_of(request), project["id"], {"updatedAt": now})
    return response


@faults.rerouted("vercel.crud.get-is-safe", DEPLOYMENTS)
def reading_deployments_makes_one(list_: Handler, server: Server, request: Request) -> Response:
    """Each reading of the deployments adds one."""
    response = list_(server, request)
    deployments, owner = server.store["deployments"], owner_of(request)
    newest = max(deployments.of(owner), key=lambda one: int(one[POSITION]), default=None)
    if newest is not None:
        later = {"uid": server.ids.next("deployment"), "created": newest["created"] + 60_000}
        deployments.add(owner, {**newest, **later, POSITION: newest[POSITION] + 60_000})
    return response


@faults.rerouted("vercel.crud.get-is-safe", DEPLOYMENTS)
def reading_deployments_counts_in_projects(list_: Handler, server: Server, request: Request) -> Response:
    """Reading the deployments raises the deploymentCount of the newest project."""
    projects, owner = server.store["projects"], owner_of(request)
    newest = max(projects.of(owner), key=lambda one: int(one[POSITION]), default=None)
    if newest is not None:
        projects.update(owner, newest["id"], {"deploymentCount": newest["deploymentCount"] + 1})
    return list_(server, request)


@faults.rerouted("vercel.crud.get-is-safe", PROJECTS)
def reading_projects_moves_last_up(list_: Handler, server: Server, request: Request) -> Response:
    """Each reading of the projects moves the last record of the page to the front of the list."""
    response = list_(server, request)
    projects, owner = server.store["projects"], owner_of(request)
    shown = response.json["projects"]
    if len(shown) > 1:
        top = max(int(one[POSITION]) for one in projects.of(owner))
        projects.update(owner, shown[-1]["id"], {POSITION: top + 1})
    return response
