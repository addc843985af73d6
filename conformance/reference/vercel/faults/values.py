"""Faults of the Vercel server in the values it sends: types, ids, enums, the keys of lists."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.reference.core import Server
from conformance.reference.messages import Request, Response
from conformance.reference.vercel.data import iso_date
from conformance.reference.vercel.faults.tools import (
    DEPLOYMENTS,
    LISTS,
    PROJECT,
    PROJECTS,
    REFUSED,
    VercelFaults,
)

faults = VercelFaults()


@faults.body("vercel.types.date-is-ms", PROJECTS)
def created_at_in_seconds(_request: Request, body: Any) -> object:
    """The createdAt of a listed project is in seconds."""
    for project in body["projects"]:
        project["createdAt"] //= 1000
    return body


@faults.body("vercel.types.date-is-ms", DEPLOYMENTS)
def created_as_iso_date(_request: Request, body: Any) -> object:
    """The created of a deployment is an ISO string."""
    for deployment in body["deployments"]:
        deployment["created"] = iso_date(deployment["created"])
    return body


@faults.body("vercel.types.date-is-ms", PROJECT)
def updated_at_with_fraction(_request: Request, body: Any) -> object:
    """The updatedAt of a single project has a fraction."""
    return {**body, "updatedAt": body["updatedAt"] + 0.25}


@faults.body("vercel.types.date-is-ms", *LISTS)
def next_as_iso_date(_request: Request, body: Any) -> object:
    """The next of a page is an ISO string."""
    page = body["pagination"]
    page["next"] = page["next"] and iso_date(page["next"])
    return body


@faults.body("vercel.types.date-is-ms", *LISTS)
def prev_in_microseconds(_request: Request, body: Any) -> object:
    """The prev of a page is in microseconds."""
    page = body["pagination"]
    page["prev"] = page["prev"] and page["prev"] * 1000
    return body


@faults.body("vercel.types.date-is-ms", PROJECTS)
def some_updated_at_zero(_request: Request, body: Any) -> object:
    """Where a project has ten deployments, its updatedAt is 0."""
    for project in body["projects"]:
        project["updatedAt"] = 0 if project["deploymentCount"] == 10 else project["updatedAt"]
    return body


@faults.body("vercel.types.isodate-format", PROJECTS)
def alias_time_with_space(_request: Request, body: Any) -> object:
    """The lastAliasRequestedAt of a listed project is written as "2018-10-23 01:13"."""
    for project in body["projects"]:
        project["lastAliasRequestedAt"] = project["lastAliasRequestedAt"][:16].replace("T", " ")
    return body


@faults.body("vercel.types.isodate-format", PROJECT)
def alias_time_without_zone(_request: Request, body: Any) -> object:
    """The lastAliasRequestedAt of a single project has no zone."""
    return {**body, "lastAliasRequestedAt": body["lastAliasRequestedAt"].removesuffix("Z")}


@faults.body("vercel.types.isodate-format", PROJECTS)
def one_impossible_date(_request: Request, body: Any) -> object:
    """Where a project has ten deployments, its lastAliasRequestedAt is the 30th of February."""
    for project in body["projects"]:
        if project["deploymentCount"] == 10:
            project["lastAliasRequestedAt"] = "2025-02-30T10:00:00Z"
    return body


@faults.body("vercel.types.isodate-format", DEPLOYMENTS)
def ready_at_as_day(_request: Request, body: Any) -> object:
    """The readyAt of a deployment is a day without a time."""
    for deployment in body["deployments"]:
        deployment["readyAt"] = deployment["readyAt"] and deployment["readyAt"][:10]
    return body


@faults.body("vercel.types.isodate-format", DEPLOYMENTS)
def ready_at_as_number(_request: Request, body: Any) -> object:
    """The readyAt of a deployment is a number of milliseconds."""
    for deployment in body["deployments"]:
        deployment["readyAt"] = deployment["readyAt"] and deployment["created"] + 90_000
    return body


@faults.body("vercel.types.id-string-unique", PROJECTS)
def ids_as_integers(_request: Request, body: Any) -> object:
    """The ids of projects are integers."""
    for project in body["projects"]:
        project["id"] = int.from_bytes(project["id"].encode()) % 10**15
    return body


@faults.body("vercel.types.id-string-unique", DEPLOYMENTS)
def last_uid_repeats_first(_request: Request, body: Any) -> object:
    """The last deployment of a page has the uid of the first."""
    deployments = body["deployments"]
    if len(deployments) > 1:
        deployments[-1]["uid"] = deployments[0]["uid"]
    return body


@faults.body("vercel.types.id-string-unique", PROJECTS)
def one_id_empty(_request: Request, body: Any) -> object:
    """Where a project has ten deployments, its id is empty."""
    for project in body["projects"]:
        project["id"] = "" if project["deploymentCount"] == 10 else project["id"]
    return body


@faults.server("vercel.types.id-string-unique")
def id_repeated_on_a_later_page(server: Server) -> None:
    """The 26th newest deployment has the uid of the newest, which no page of the default size shows together."""

    def repeat(request: Request, response: Response) -> Response:
        if request.operation != DEPLOYMENTS or response.status != 200 or request.principal is None:
            return response
        newest = server.store["deployments"].of(request.principal.account)[::-1]
        if len(newest) < 26:
            return response
        body = response.json
        for deployment in body["deployments"]:
            if deployment["uid"] == newest[25]["uid"]:
                deployment["uid"] = newest[0]["uid"]
        return response.with_json(body)

    server.transforms.append(repeat)


@faults.body("vercel.types.scalar-fidelity", *LISTS)
def count_with_fraction(_request: Request, body: Any) -> object:
    """The count of a page is written 20.0."""
    body["pagination"]["count"] = float(body["pagination"]["count"])
    return body


@faults.body("vercel.types.scalar-fidelity", DEPLOYMENTS)
def count_in_quotes(_request: Request, body: Any) -> object:
    """The count of a page of deployments is in quotes."""
    body["pagination"]["count"] = str(body["pagination"]["count"])
    return body


@faults.body("vercel.types.scalar-fidelity", *LISTS)
def prev_with_fraction(_request: Request, body: Any) -> object:
    """The prev of a page is written with .0 behind it."""
    prev = body["pagination"]["prev"]
    body["pagination"]["prev"] = prev if prev is None else float(prev)
    return body


@faults.response("vercel.types.scalar-fidelity", PROJECTS, status={200})
def round_count_with_exponent(_request: Request, response: Response) -> Response:
    """A deploymentCount of ten is written 1e1."""
    return evolve(response, body=response.body.replace(b'"deploymentCount":10,', b'"deploymentCount":1e1,'))


@faults.body("vercel.types.scalar-fidelity", PROJECT)
def deployment_count_in_quotes(_request: Request, body: Any) -> object:
    """The deploymentCount of a single project is in quotes."""
    return {**body, "deploymentCount": str(body["deploymentCount"])}


@faults.body("vercel.types.scalar-fidelity", PROJECTS)
def live_as_number(_request: Request, body: Any) -> object:
    """The live of a listed project is 0 or 1."""
    for project in body["projects"]:
        project["live"] = int(project["live"])
    return body


@faults.body("vercel.types.scalar-fidelity", DEPLOYMENTS)
def assigned_in_quotes(_request: Request, body: Any) -> object:
    """An aliasAssigned that is true is the string "true"."""
    for deployment in body["deployments"]:
        deployment["aliasAssigned"] = deployment["aliasAssigned"] and "true"
    return body


@faults.body("vercel.types.scalar-fidelity", DEPLOYMENTS)
def attempts_as_boolean(_request: Request, body: Any) -> object:
    """The attempts of a deployment are true where there was one."""
    for deployment in body["deployments"]:
        deployment["attempts"] = True if deployment["attempts"] == 1 else deployment["attempts"]
    return body


@faults.body("vercel.types.enum-closed", DEPLOYMENTS)
def states_in_lower_case(_request: Request, body: Any) -> object:
    """A deployment that is READY is "ready"."""
    for deployment in body["deployments"]:
        deployment["state"] = "ready" if deployment["state"] == "READY" else deployment["state"]
    return body


@faults.body("vercel.types.enum-closed", DEPLOYMENTS)
def unknown_state(_request: Request, body: Any) -> object:
    """A deployment that is INITIALIZING is in a state that is not declared."""
    for deployment in body["deployments"]:
        deployment["state"] = "QUEUED" if deployment["state"] == "INITIALIZING" else deployment["state"]
    return body


@faults.body("vercel.types.enum-closed", PROJECT)
def node_version_without_suffix(_request: Request, body: Any) -> object:
    """The nodeVersion of a single project lacks its ".x"."""
    return {**body, "nodeVersion": body["nodeVersion"].partition(".")[0]}


@faults.body("vercel.types.enum-closed", PROJECTS)
def one_node_version_null(_request: Request, body: Any) -> object:
    """Where a project has ten deployments, its nodeVersion is null."""
    for project in body["projects"]:
        project["nodeVersion"] = None if project["deploymentCount"] == 10 else project["nodeVersion"]
    return body


def _twice(response: Response, member: bytes) -> Response:
    return evolve(response, body=response.body.replace(member, b'%b"x",%b' % (member, member), 1))


@faults.response("vercel.types.map-unique-keys", PROJECTS, status={200})
def name_twice(_request: Request, response: Response) -> Response:
    """The first project of a list has two names, the second of which holds."""
    return _twice(response, b'"name":')


@faults.response("vercel.types.map-unique-keys", DEPLOYMENTS, status={200})
def next_twice(_request: Request, response: Response) -> Response:
    """The pagination of deployments has two of next, the second of which holds."""
    return _twice(response, b'"next":')


@faults.response("vercel.types.map-unique-keys", status=REFUSED)
def code_twice(_request: Request, response: Response) -> Response:
    """An error has two codes, the second of which holds."""
    return _twice(response, b'"code":')


@faults.response("vercel.types.map-unique-keys", PROJECT, status={200})
def id_twice_alike(_request: Request, response: Response) -> Response:
    """A single project has its id twice, with the same value."""
    head, comma, tail = response.body.partition(b",")
    return evolve(response, body=head + comma + head.removeprefix(b"{") + comma + tail)


@faults.body("vercel.schema.projects-list-key", PROJECTS)
def projects_bare(_request: Request, body: Any) -> object:
    """The projects come as a bare array."""
    return body["projects"]


@faults.body("vercel.schema.projects-list-key", PROJECTS)
def projects_by_id(_request: Request, body: Any) -> object:
    """The projects are a map by id."""
    return {**body, "projects": {project["id"]: project for project in body["projects"]}}


@faults.body("vercel.schema.projects-list-key", PROJECTS)
def projects_under_data(_request: Request, body: Any) -> object:
    """The projects sit under data."""
    return {"data": body["projects"], "pagination": body["pagination"]}


@faults.body("vercel.schema.projects-list-key", PROJECTS)
def projects_as_names(_request: Request, body: Any) -> object:
    """The projects are an array of names."""
    return {**body, "projects": [project["name"] for project in body["projects"]]}


@faults.body("vercel.schema.projects-list-key", PROJECTS)
def null_among_projects(_request: Request, body: Any) -> object:
    """In the place of the last project of a page stands null."""
    return {**body, "projects": [*body["projects"][:-1], None]}


@faults.body("vercel.schema.deployments-list-key", DEPLOYMENTS)
def deployments_bare(_request: Request, body: Any) -> object:
    """The deployments come as a bare array."""
    return body["deployments"]


@faults.body("vercel.schema.deployments-list-key", DEPLOYMENTS)
def deployments_by_uid(_request: Request, body: Any) -> object:
    """The deployments are a map by uid."""
    return {**body, "deployments": {one["uid"]: one for one in body["deployments"]}}


@faults.body("vercel.schema.deployments-list-key", DEPLOYMENTS)
def deployments_as_uids(_request: Request, body: Any) -> object:
    """The deployments are an array of uids."""
    return {**body, "deployments": [one["uid"] for one in body["deployments"]]}


@faults.body("vercel.schema.deployments-list-key", DEPLOYMENTS)
def deployments_in_two_arrays(_request: Request, body: Any) -> object:
    """The deployments are in two arrays, the ready ones and the others."""
    ready = [one for one in body["deployments"] if one["state"] == "READY"]
    others = [one for one in body["deployments"] if one["state"] != "READY"]
    return {"ready": ready, "others": others, "pagination": body["pagination"]}
