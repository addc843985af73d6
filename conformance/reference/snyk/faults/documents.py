"""Faults of the Snyk server in the form of its answers: media types, JSON:API documents, resource objects."""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve

from conformance.reference.core import Server
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.snyk.data import CREATE_PROJECT, GET_PROJECT, LIST_PROJECTS, LIST_TARGETS
from conformance.reference.snyk.faults.tools import (
    LISTS,
    REFUSED,
    SnykFaults,
    on_later_page,
    store_project,
    with_status,
)
from conformance.reference.snyk.policies import MEDIA_TYPE, JsonApiBody

faults = SnykFaults()

SUCCESS = range(200, 300)


def _take_also(server: Server, *media_types: str) -> None:
    class Tolerant(JsonApiBody):
        def sent_as(self, request: Request) -> str:
            sent = super().sent_as(request)
            return self.media_type if sent in media_types else sent

    server.bodies = Tolerant()


@faults.server("snyk.content-type.wrong-media-type-400")
def json_accepted(server: Server) -> None:
    """Data sent as application/json is accepted."""
    _take_also(server, "application/json")


@faults.server("snyk.content-type.wrong-media-type-400")
def text_accepted(server: Server) -> None:
    """Data sent as text/plain is accepted."""
    _take_also(server, "text/plain")


@faults.server("snyk.content-type.wrong-media-type-400")
def untyped_accepted(server: Server) -> None:
    """Data sent without Content-Type is accepted."""
    _take_also(server, "")


@faults.response("snyk.content-type.wrong-media-type-400", cause="media-type")
def wrong_media_type_415(_request: Request, response: Response) -> Response:
    """Data sent under another media type is answered with 415."""
    return with_status(response, 415)


@faults.response("snyk.content-type.wrong-media-type-400", cause="media-type")
def wrong_media_type_not_json_api(_request: Request, response: Response) -> Response:
    """Data sent under another media type is answered with 400 and a message, which is no JSON:API error."""
    return response.with_json({"message": "Unsupported media type."})


@faults.server("snyk.content-type.wrong-media-type-400")
def refused_but_stored(server: Server) -> None:
    """Data sent under another media type is refused with 400, and a project is stored all the same."""

    def alter(request: Request, response: Response) -> Response:
        if request.operation == CREATE_PROJECT and response.cause == "media-type":
            store_project(server, request.arguments["org_id"])
        return response

    server.transforms.append(alter)


@faults.response("snyk.content-type.response-media-type", status=REFUSED)
def errors_typed_as_text(_request: Request, response: Response) -> Response:
    """Errors are typed text/plain."""
    return response.with_header("Content-Type", "text/plain")


@faults.response("snyk.content-type.response-media-type", status={201})
def created_without_type(_request: Request, response: Response) -> Response:
    """A 201 has a body and no Content-Type."""
    headers = {name: value for name, value in response.headers.items() if name != "Content-Type"}
    return evolve(response, headers=headers)


@faults.response("snyk.content-type.response-media-type", LIST_TARGETS, status=SUCCESS)
def targets_typed_as_hal(_request: Request, response: Response) -> Response:
    """The targets are typed application/hal+json."""
    return response.with_header("Content-Type", "application/hal+json")


@faults.response("snyk.content-type.response-media-type", LIST_PROJECTS, status=SUCCESS)
def later_pages_typed_as_text(request: Request, response: Response) -> Response:
    """The first page of projects has the right type, the others are typed text/json."""
    return response.with_header("Content-Type", "text/json") if on_later_page(request) else response


@faults.response("snyk.content-type.response-media-type", GET_PROJECT, status=SUCCESS)
def media_type_misspelt(_request: Request, response: Response) -> Response:
    """A single project is typed application/vnd.api-json."""
    return response.with_header("Content-Type", MEDIA_TYPE.replace("+", "-"))


@faults.response("snyk.content-type.bodyless-get-ok", LIST_PROJECTS, status=SUCCESS)
def bodyless_get_400(request: Request, response: Response) -> Response:
    """The GET of projects without a Content-Type is answered with 400."""
    if "Content-Type" not in request.headers:
        raise Problem(400, "media-type", "A Content-Type is required.")
    return response


@faults.response("snyk.content-type.bodyless-get-ok", LIST_PROJECTS, status=SUCCESS)
def bodyless_get_415(request: Request, response: Response) -> Response:
    """The GET of projects without the media type of JSON:API as its Content-Type is answered with 415."""
    if not request.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
        raise Problem(415, "media-type", f"The Content-Type must be {MEDIA_TYPE}.")
    return response


@faults.body("snyk.schema.document-toplevel", status=REFUSED)
def null_data_beside_errors(_request: Request, body: Any) -> object:
    """Error documents have data: null beside their errors."""
    return {**body, "data": None}


@faults.body("snyk.schema.document-toplevel", LIST_PROJECTS, cause="unknown-parameter", status={400})
def empty_data_beside_errors(_request: Request, body: Any) -> object:
    """The error for an unknown parameter has an empty list of data beside it."""
    return {**body, "data": []}


@faults.body("snyk.schema.document-toplevel", CREATE_PROJECT)
def created_without_data(_request: Request, body: Any) -> object:
    """A 201 has links, and neither data nor meta."""
    return {name: value for name, value in body.items() if name != "data"}


@faults.body("snyk.schema.document-toplevel", GET_PROJECT)
def project_under_its_name(_request: Request, body: Any) -> object:
    """A single project sits under project in the place of data."""
    return {"jsonapi": body["jsonapi"], "project": body["data"], "links": body["links"]}


@faults.body("snyk.schema.document-toplevel", LIST_TARGETS)
def targets_without_data_at_end(_request: Request, body: Any) -> object:
    """A list of targets that ends on its page comes under targets in the place of data."""
    return body if "next" in body["links"] else {"jsonapi": body["jsonapi"], "targets": body["data"], "links": {}}


def _with_version(body: Any, version: object) -> object:
    return {**body, "jsonapi": {"version": version}}


@faults.body("snyk.schema.jsonapi-member", *LISTS)
def version_number_1(_request: Request, body: Any) -> object:
    """The version of JSON:API is the number 1 in lists."""
    return _with_version(body, 1)


@faults.body("snyk.schema.jsonapi-member", status=REFUSED)
def version_number_in_errors(_request: Request, body: Any) -> object:
    """The version of JSON:API is the number 1.0 in errors."""
    return _with_version(body, 1.0)


@faults.body("snyk.schema.jsonapi-member", LIST_PROJECTS)
def version_without_minor(_request: Request, body: Any) -> object:
    """The version of JSON:API is "1" in the list of projects."""
    return _with_version(body, "1")


@faults.body("snyk.schema.jsonapi-member", LIST_TARGETS)
def version_with_prefix(_request: Request, body: Any) -> object:
    """The version of JSON:API is "v1.0" in the list of targets."""
    return _with_version(body, "v1.0")


@faults.body("snyk.schema.jsonapi-member", *LISTS)
def missing_on_later_pages(request: Request, body: Any) -> object:
    """The member jsonapi is missing on pages asked for with a cursor."""
    return {name: value for name, value in body.items() if name != "jsonapi" or not on_later_page(request)}


@faults.body("snyk.schema.jsonapi-member", GET_PROJECT, CREATE_PROJECT)
def jsonapi_is_a_string(_request: Request, body: Any) -> object:
    """The member jsonapi of a single project is the version itself."""
    return {**body, "jsonapi": "1.0"}


def _resources(body: Any) -> list[Any]:
    data = body["data"]
    return data if isinstance(data, list) else [data]


@faults.body("snyk.schema.resource-object", LIST_PROJECTS)
def name_beside_id(_request: Request, body: Any) -> object:
    """Projects have their name beside their id too."""
    for one in _resources(body):
        one["name"] = one["attributes"]["name"]
    return body


@faults.body("snyk.schema.resource-object", CREATE_PROJECT)
def created_flat(_request: Request, body: Any) -> object:
    """A created project has its attributes beside its id."""
    data = body["data"]
    return {**body, "data": {**data.pop("attributes"), **data}}


@faults.body("snyk.schema.resource-object", LIST_TARGETS)
def id_is_a_number(_request: Request, body: Any) -> object:
    """The ids of targets are numbers."""
    for one in _resources(body):
        one["id"] = int(one["id"][:8], 16)
    return body


@faults.body("snyk.schema.resource-object", LIST_PROJECTS)
def last_without_type(_request: Request, body: Any) -> object:
    """The last project of a page has no type."""
    for one in _resources(body)[-1:]:
        del one["type"]
    return body


@faults.body("snyk.schema.resource-object", GET_PROJECT)
def type_empty(_request: Request, body: Any) -> object:
    """The type of a single project is an empty string."""
    body["data"]["type"] = ""
    return body


@faults.body("snyk.schema.resource-object", *LISTS)
def included_with_fields(request: Request, body: Any) -> object:
    """Lists include their organisation, with its name beside its id."""
    org = {"type": "org", "id": request.arguments["org_id"], "name": "Example"}
    return {**body, "included": [org]}


@faults.body("snyk.schema.resource-identity-unique", LIST_PROJECTS)
def last_repeats_first(_request: Request, body: Any) -> object:
    """The last of ten or more projects of a page has the id of the first."""
    if len(body["data"]) >= 10:
        body["data"][-1]["id"] = body["data"][0]["id"]
    return body


@faults.body("snyk.schema.resource-identity-unique", LIST_TARGETS)
def included_repeats_data(_request: Request, body: Any) -> object:
    """The list of targets includes its first target again."""
    return {**body, "included": body["data"][:1]}


@faults.body("snyk.schema.resource-identity-unique", GET_PROJECT)
def included_twice(request: Request, body: Any) -> object:
    """A single project includes its organisation twice."""
    org = {"type": "org", "id": request.arguments["org_id"]}
    return {**body, "included": [org, org]}


@faults.body("snyk.schema.collection-is-array", *LISTS)
def data_null_when_empty(_request: Request, body: Any) -> object:
    """The data of an empty list is null."""
    return {**body, "data": body["data"] or None}


@faults.body("snyk.schema.collection-is-array", *LISTS)
def lone_item_bare(_request: Request, body: Any) -> object:
    """The data of a page with one record is that record."""
    return {**body, "data": body["data"][0]} if len(body["data"]) == 1 else body


@faults.body("snyk.schema.collection-is-array", LIST_TARGETS)
def targets_by_id(_request: Request, body: Any) -> object:
    """The data of the targets is an object by id."""
    return {**body, "data": {one["id"]: one for one in body["data"]}}


@faults.body("snyk.schema.collection-is-array", GET_PROJECT)
def project_in_array(_request: Request, body: Any) -> object:
    """The data of a single project is an array."""
    return {**body, "data": [body["data"]]}


@faults.body("snyk.schema.collection-type-homogeneous", LIST_PROJECTS)
def last_is_a_target(_request: Request, body: Any) -> object:
    """The last project of a page has the type of a target."""
    body["data"][-1:] = [{**one, "type": "target"} for one in body["data"][-1:]]
    return body


@faults.body("snyk.schema.collection-type-homogeneous", LIST_PROJECTS)
def cli_projects_capitalised(_request: Request, body: Any) -> object:
    """The type of projects from the CLI is spelt Project."""
    for one in body["data"]:
        one["type"] = "Project" if one["attributes"].get("origin") == "cli" else one["type"]
    return body


@faults.body("snyk.schema.collection-type-homogeneous", LIST_PROJECTS)
def projects_mixed_with_targets(request: Request, body: Any) -> object:
    """From the second page on, the projects begin with a target."""
    if on_later_page(request) and len(body["data"]) > 1:
        body["data"][0] = {**json.loads(json.dumps(body["data"][0])), "type": "target"}
    return body
