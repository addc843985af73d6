"""Faults of the Vercel server in the values it sends: types, ids, enums, the keys of lists."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.reference.core import Server
from conformance.reference.edits import REFUSED, afterwards, change, put, raw, rename, rewrite, twice
from conformance.reference.faults import Faults
from conformance.reference.messages import Request, Response
from conformance.reference.vercel.data import iso_date
from conformance.reference.vercel.faults.tools import DEPLOYMENTS, LISTS, PROJECT, PROJECTS

faults = Faults()

TEN = {"deploymentCount": 10}

fault = faults.of("vercel.types.date-is-ms")
fault("created-at-in-seconds", "The createdAt of a listed project is in seconds.").by(
    change("/projects/*/createdAt", lambda time: time // 1000, on=PROJECTS)
)
fault("created-as-iso-date", "The created of a deployment is an ISO string.").by(
    change("/deployments/*/created", iso_date, on=DEPLOYMENTS)
)
fault("updated-at-with-fraction", "The updatedAt of a single project has a fraction.").by(
    change("/updatedAt", lambda time: time + 0.25, on=PROJECT)
)
fault("next-as-iso-date", "The next of a page is an ISO string.").by(
    change("/pagination/next", lambda time: time and iso_date(time), on=LISTS)
)
fault("prev-in-microseconds", "The prev of a page is in microseconds.").by(
    change("/pagination/prev", lambda time: time and time * 1000, on=LISTS)
)
fault("some-updated-at-zero", "Where a project has ten deployments, its updatedAt is 0.").by(
    put("/projects/*/updatedAt", 0, having=TEN, on=PROJECTS)
)

fault = faults.of("vercel.types.isodate-format")
fault("alias-time-with-space", 'The lastAliasRequestedAt of a listed project is written as "2018-10-23 01:13".').by(
    change("/projects/*/lastAliasRequestedAt", lambda time: time[:16].replace("T", " "), on=PROJECTS)
)
fault("alias-time-without-zone", "The lastAliasRequestedAt of a single project has no zone.").by(
    change("/lastAliasRequestedAt", lambda time: time.removesuffix("Z"), on=PROJECT)
)
fault(
    "one-impossible-date", "Where a project has ten deployments, its lastAliasRequestedAt is the 30th of February."
).by(put("/projects/*/lastAliasRequestedAt", "2025-02-30T10:00:00Z", having=TEN, on=PROJECTS))
fault("ready-at-as-day", "The readyAt of a deployment is a day without a time.").by(
    change("/deployments/*/readyAt", lambda time: time and time[:10], on=DEPLOYMENTS)
)


@fault.using(rewrite, on=DEPLOYMENTS)
def ready_at_as_number(_request: Request, body: Any) -> object:
    """The readyAt of a deployment is a number of milliseconds."""
    for deployment in body["deployments"]:
        deployment["readyAt"] = deployment["readyAt"] and deployment["created"] + 90_000
    return body


fault = faults.of("vercel.types.id-string-unique")
fault("ids-as-integers", "The ids of projects are integers.").by(
    change("/projects/*/id", lambda text: int.from_bytes(text.encode()) % 10**15, on=PROJECTS)
)
fault("one-id-empty", "Where a project has ten deployments, its id is empty.").by(
    put("/projects/*/id", "", having=TEN, on=PROJECTS)
)


@fault.using(rewrite, on=DEPLOYMENTS)
def last_uid_repeats_first(_request: Request, body: Any) -> object:
    """The last deployment of a page has the uid of the first."""
    deployments = body["deployments"]
    if deployments:
        deployments[-1]["uid"] = deployments[0]["uid"]
    return body


@fault.using(afterwards, on=DEPLOYMENTS)
def id_repeated_on_a_later_page(server: Server, request: Request, response: Response) -> Response:
    """The 26th newest deployment has the uid of the newest, which no page of the default size shows together."""
    newest = [one["uid"] for one in server.store["deployments"].of(request.account)[::-1]]
    if len(newest) < 26:
        return response
    return evolve(response, body=response.body.replace(newest[25].encode(), newest[0].encode()))


fault = faults.of("vercel.types.scalar-fidelity")
fault("count-with-fraction", "The count of a page is written 20.0.").by(change("/pagination/count", float, on=LISTS))
fault("count-in-quotes", "The count of a page of deployments is in quotes.").by(
    change("/pagination/count", str, on=DEPLOYMENTS)
)
fault("prev-with-fraction", "The prev of a page is written with .0 behind it.").by(
    change("/pagination/prev", lambda time: time and float(time), on=LISTS)
)
fault("round-count-with-exponent", "A deploymentCount of ten is written 1e1.").by(
    raw(lambda body: body.replace(b'"deploymentCount":10,', b'"deploymentCount":1e1,'), on=PROJECTS)
)
fault("deployment-count-in-quotes", "The deploymentCount of a single project is in quotes.").by(
    change("/deploymentCount", str, on=PROJECT)
)
fault("live-as-number", "The live of a listed project is 0 or 1.").by(change("/projects/*/live", int, on=PROJECTS))
fault("assigned-in-quotes", 'An aliasAssigned that is true is the string "true".').by(
    change("/deployments/*/aliasAssigned", lambda assigned: assigned and "true", on=DEPLOYMENTS)
)
fault("attempts-as-boolean", "The attempts of a deployment are true where there was one.").by(
    put("/deployments/*/attempts", True, having={"attempts": 1}, on=DEPLOYMENTS)
)

fault = faults.of("vercel.types.enum-closed")
fault("states-in-lower-case", 'A deployment that is READY is "ready".').by(
    put("/deployments/*/state", "ready", having={"state": "READY"}, on=DEPLOYMENTS)
)
fault("unknown-state", "A deployment that is INITIALIZING is in a state that is not declared.").by(
    put("/deployments/*/state", "QUEUED", having={"state": "INITIALIZING"}, on=DEPLOYMENTS)
)
fault("node-version-without-suffix", 'The nodeVersion of a single project lacks its ".x".').by(
    change("/nodeVersion", lambda version: version.partition(".")[0], on=PROJECT)
)
fault("one-node-version-null", "Where a project has ten deployments, its nodeVersion is null.").by(
    put("/projects/*/nodeVersion", None, having=TEN, on=PROJECTS)
)

fault = faults.of("vercel.types.map-unique-keys")
fault("name-twice", "The first project of a list has two names, the second of which holds.").by(
    twice("name", on=PROJECTS)
)
fault("next-twice", "The pagination of deployments has two of next, the second of which holds.").by(
    twice("next", on=DEPLOYMENTS)
)
fault("code-twice", "An error has two codes, the second of which holds.").by(twice("code", status=REFUSED))


@fault.using(raw, on=PROJECT)
def id_twice_alike(body: bytes) -> bytes:
    """A single project has its id twice, with the same value."""
    head, comma, tail = body.partition(b",")
    return head + comma + head.removeprefix(b"{") + comma + tail


fault = faults.of("vercel.schema.projects-list-key")
fault("projects-bare", "The projects come as a bare array.").by(change("", lambda body: body["projects"], on=PROJECTS))
fault("projects-by-id", "The projects are a map by id.").by(
    change("/projects", lambda projects: {one["id"]: one for one in projects}, on=PROJECTS)
)
fault("projects-under-data", "The projects sit under data.").by(rename("/projects", "data", on=PROJECTS))
fault("projects-as-names", "The projects are an array of names.").by(
    change("/projects/*", lambda one: one["name"], on=PROJECTS)
)
fault("null-among-projects", "In the place of the last project of a page stands null.").by(
    put("/projects/-1", None, on=PROJECTS)
)

fault = faults.of("vercel.schema.deployments-list-key")
fault("deployments-bare", "The deployments come as a bare array.").by(
    change("", lambda body: body["deployments"], on=DEPLOYMENTS)
)
fault("deployments-by-uid", "The deployments are a map by uid.").by(
    change("/deployments", lambda deployments: {one["uid"]: one for one in deployments}, on=DEPLOYMENTS)
)
fault("deployments-as-uids", "The deployments are an array of uids.").by(
    change("/deployments/*", lambda one: one["uid"], on=DEPLOYMENTS)
)


@fault.using(rewrite, on=DEPLOYMENTS)
def deployments_in_two_arrays(_request: Request, body: Any) -> object:
    """The deployments are in two arrays, the ready ones and the others."""
    ready = [one for one in body["deployments"] if one["state"] == "READY"]
    others = [one for one in body["deployments"] if one["state"] != "READY"]
    return {"ready": ready, "others": others, "pagination": body["pagination"]}
