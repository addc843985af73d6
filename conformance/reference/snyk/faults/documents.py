"""Faults of the Snyk server in the form of its answers: media types, JSON:API documents, resource objects."""

from __future__ import annotations

from typing import Any

from conformance.reference import lenient
from conformance.reference.core import Server
from conformance.reference.edits import (
    REFUSED,
    afterwards,
    change,
    drop,
    drop_header,
    header,
    put,
    refuse,
    rename,
    rewrite,
    status,
)
from conformance.reference.faults import Faults
from conformance.reference.messages import Request, Response
from conformance.reference.snyk.data import CREATE_PROJECT, GET_PROJECT, LIST_PROJECTS, LIST_TARGETS
from conformance.reference.snyk.faults.tools import LISTS, on_later_page, store_project
from conformance.reference.snyk.policies import MEDIA_TYPE

faults = Faults()

fault = faults.of("snyk.content-type.wrong-media-type-400")
fault("json-accepted", "Data sent as application/json is accepted.").by(lenient.typed_as("application/json"))
fault("text-accepted", "Data sent as text/plain is accepted.").by(lenient.typed_as("text/plain"))
fault("untyped-accepted", "Data sent without Content-Type is accepted.").by(lenient.typed_as(""))
fault("wrong-media-type-415", "Data sent under another media type is answered with 415.").by(
    status(415, cause="media-type")
)
fault(
    "wrong-media-type-not-json-api",
    "Data sent under another media type is answered with 400 and a message, which is no JSON:API error.",
).by(put("", {"message": "Unsupported media type."}, cause="media-type"))


@fault.using(afterwards, on=CREATE_PROJECT, cause="media-type")
def refused_but_stored(server: Server, request: Request, _response: Response) -> None:
    """Data sent under another media type is refused with 400, and a project is stored all the same."""
    store_project(server, request.arguments["org_id"])


fault = faults.of("snyk.content-type.response-media-type")
fault("errors-typed-as-text", "Errors are typed text/plain.").by(header("Content-Type", "text/plain", status=REFUSED))
fault("created-without-type", "A 201 has a body and no Content-Type.").by(drop_header("Content-Type", status=201))
fault("targets-typed-as-hal", "The targets are typed application/hal+json.").by(
    header("Content-Type", "application/hal+json", on=LIST_TARGETS)
)
fault("later-pages-typed-as-text", "The first page of projects has the right type, the others are typed text/json.").by(
    header("Content-Type", "text/json", on=LIST_PROJECTS, when=on_later_page)
)
fault("media-type-misspelt", "A single project is typed application/vnd.api-json.").by(
    header("Content-Type", MEDIA_TYPE.replace("+", "-"), on=GET_PROJECT)
)

fault = faults.of("snyk.content-type.bodyless-get-ok")
fault("bodyless-get-400", "The GET of projects without a Content-Type is answered with 400.").by(
    refuse(
        400, "A Content-Type is required.", on=LIST_PROJECTS, when=lambda request: "Content-Type" not in request.headers
    )
)
fault(
    "bodyless-get-415",
    "The GET of projects without the media type of JSON:API as its Content-Type is answered with 415.",
).by(
    refuse(
        415,
        f"The Content-Type must be {MEDIA_TYPE}.",
        on=LIST_PROJECTS,
        when=lambda request: not request.headers.get("Content-Type", "").startswith(MEDIA_TYPE),
    )
)

fault = faults.of("snyk.schema.document-toplevel")
fault("null-data-beside-errors", "Error documents have data: null beside their errors.").by(
    put("/data", None, status=REFUSED)
)
fault("empty-data-beside-errors", "The error for an unknown parameter has an empty list of data beside it.").by(
    put("/data", [], on=LIST_PROJECTS, cause="unknown-parameter")
)
fault("created-without-data", "A 201 has links, and neither data nor meta.").by(drop("/data", on=CREATE_PROJECT))
fault("project-under-its-name", "A single project sits under project in the place of data.").by(
    rename("/data", "project", on=GET_PROJECT)
)


@fault.using(rewrite, on=LIST_TARGETS)
def targets_without_data_at_end(_request: Request, body: Any) -> object:
    """A list of targets that ends on its page comes under targets in the place of data."""
    return body if "next" in body["links"] else {"jsonapi": body["jsonapi"], "targets": body["data"], "links": {}}


fault = faults.of("snyk.schema.jsonapi-member")
fault("version-number-1", "The version of JSON:API is the number 1 in lists.").by(put("/jsonapi/version", 1, on=LISTS))
fault("version-number-in-errors", "The version of JSON:API is the number 1.0 in errors.").by(
    put("/jsonapi/version", 1.0, status=REFUSED)
)
fault("version-without-minor", 'The version of JSON:API is "1" in the list of projects.').by(
    put("/jsonapi/version", "1", on=LIST_PROJECTS)
)
fault("version-with-prefix", 'The version of JSON:API is "v1.0" in the list of targets.').by(
    put("/jsonapi/version", "v1.0", on=LIST_TARGETS)
)
fault("missing-on-later-pages", "The member jsonapi is missing on pages asked for with a cursor.").by(
    drop("/jsonapi", on=LISTS, when=on_later_page)
)
fault("jsonapi-is-a-string", "The member jsonapi of a single project is the version itself.").by(
    put("/jsonapi", "1.0", on=(GET_PROJECT, CREATE_PROJECT))
)


def organisation(request: Request) -> dict[str, Any]:
    """The organisation that a request is about, as a resource without fields."""
    return {"type": "org", "id": request.arguments["org_id"]}


fault = faults.of("snyk.schema.resource-object")
fault("name-beside-id", "Projects have their name beside their id too.").by(
    change("/data/*", lambda one: {**one, "name": one["attributes"]["name"]}, on=LIST_PROJECTS)
)
fault("created-flat", "A created project has its attributes beside its id.").by(
    change("/data", lambda data: {**data.pop("attributes"), **data}, on=CREATE_PROJECT)
)
fault("id-is-a-number", "The ids of targets are numbers.").by(
    change("/data/*/id", lambda text: int(text[:8], 16), on=LIST_TARGETS)
)
fault("last-without-type", "The last project of a page has no type.").by(drop("/data/-1/type", on=LIST_PROJECTS))
fault("type-empty", "The type of a single project is an empty string.").by(put("/data/type", "", on=GET_PROJECT))
fault("included-with-fields", "Lists include their organisation, with its name beside its id.").by(
    put("/included", lambda request: [{**organisation(request), "name": "Example"}], on=LISTS)
)

fault = faults.of("snyk.schema.resource-identity-unique")


@fault.using(rewrite, on=LIST_PROJECTS)
def last_repeats_first(_request: Request, body: Any) -> object:
    """The last of ten or more projects of a page has the id of the first."""
    if len(body["data"]) >= 10:
        body["data"][-1]["id"] = body["data"][0]["id"]
    return body


fault("included-repeats-data", "The list of targets includes its first target again.").by(
    change("", lambda body: {**body, "included": body["data"][:1]}, on=LIST_TARGETS)
)
fault("included-twice", "A single project includes its organisation twice.").by(
    put("/included", lambda request: [organisation(request)] * 2, on=GET_PROJECT)
)

fault = faults.of("snyk.schema.collection-is-array")
fault("data-null-when-empty", "The data of an empty list is null.").by(
    change("/data", lambda data: data or None, on=LISTS)
)
fault("lone-item-bare", "The data of a page with one record is that record.").by(
    change("/data", lambda data: data[0] if len(data) == 1 else data, on=LISTS)
)
fault("targets-by-id", "The data of the targets is an object by id.").by(
    change("/data", lambda data: {one["id"]: one for one in data}, on=LIST_TARGETS)
)
fault("project-in-array", "The data of a single project is an array.").by(
    change("/data", lambda data: [data], on=GET_PROJECT)
)

fault = faults.of("snyk.schema.collection-type-homogeneous")
fault("last-is-a-target", "The last project of a page has the type of a target.").by(
    put("/data/-1/type", "target", on=LIST_PROJECTS)
)


@fault.using(rewrite, on=LIST_PROJECTS)
def cli_projects_capitalised(_request: Request, body: Any) -> object:
    """The type of projects from the CLI is spelt Project."""
    for one in body["data"]:
        one["type"] = "Project" if one["attributes"].get("origin") == "cli" else one["type"]
    return body


@fault.using(rewrite, on=LIST_PROJECTS, when=on_later_page)
def projects_mixed_with_targets(_request: Request, body: Any) -> object:
    """From the second page on, the projects begin with a target."""
    if len(body["data"]) > 1:
        body["data"][0]["type"] = "target"
    return body
