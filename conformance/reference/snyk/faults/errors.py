"""Faults of the Snyk server in its errors: envelope, members, source, statuses, and when there is one."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.reference.core import Server
from conformance.reference.faults import crash
from conformance.reference.messages import Problem, Request, Response, encode
from conformance.reference.snyk.data import CREATE_PROJECT, GET_PROJECT, LIST_PROJECTS, ORG_IDS
from conformance.reference.snyk.faults.tools import REFUSED, SnykFaults, before_handler, with_status
from conformance.reference.snyk.policies import CURSORS, document

faults = SnykFaults()

UNAUTHORIZED = frozenset({401})
# A 401 and a 429 have requirements of their own.
OTHERS = frozenset(REFUSED) - {401, 429}


@faults.body("snyk.errors.unauthorized-body", status=UNAUTHORIZED)
def unauthorized_as_number(_request: Request, body: Any) -> object:
    """The status of the error in a 401 is the number 401."""
    body["errors"][0]["status"] = 401
    return body


@faults.response("snyk.errors.unauthorized-body", status=UNAUTHORIZED)
def unauthorized_empty(_request: Request, response: Response) -> Response:
    """A 401 has no body."""
    return evolve(response, body=b"")


@faults.body("snyk.errors.unauthorized-body", status=UNAUTHORIZED)
def unauthorized_sample_as_number(_request: Request, _body: Any) -> object:
    """A 401 has the document's own body, but with the number 401."""
    return {"status": 401, "code": "Unauthorized"}


@faults.body("snyk.errors.unauthorized-body", cause="unknown-key", status=UNAUTHORIZED)
def unknown_key_says_403(_request: Request, body: Any) -> object:
    """The 401 for an unknown key has an error with the status "403"."""
    body["errors"][0]["status"] = "403"
    return body


@faults.body("snyk.errors.unauthorized-body", cause="no-key", status=UNAUTHORIZED)
def no_key_without_status(_request: Request, body: Any) -> object:
    """The 401 for a missing key has an error without status."""
    del body["errors"][0]["status"]
    return body


@faults.body("snyk.errors.errors-array", status=OTHERS)
def error_not_in_array(_request: Request, body: Any) -> object:
    """The error object is not in an array."""
    return {**body, "errors": body["errors"][0]}


@faults.body("snyk.errors.errors-array", status={404})
def no_error_in_array(_request: Request, body: Any) -> object:
    """The array of errors of a 404 is empty."""
    return {**body, "errors": []}


@faults.body("snyk.errors.errors-array", status={400})
def errors_under_singular(_request: Request, body: Any) -> object:
    """The errors of a 400 sit under error."""
    return {"jsonapi": body["jsonapi"], "error": body["errors"]}


@faults.body("snyk.errors.errors-array", LIST_PROJECTS)
def no_errors_in_success(_request: Request, body: Any) -> object:
    """The list of projects has an empty array of errors."""
    return {**body, "errors": []}


@faults.body("snyk.errors.errors-array", GET_PROJECT, cause="unknown-project", status={404})
def unknown_project_as_message(_request: Request, body: Any) -> object:
    """The 404 for an unknown project is an object with a message."""
    return {"message": body["errors"][0]["detail"]}


@faults.response("snyk.errors.errors-array", status={404})
def not_found_in_html(_request: Request, _response: Response) -> Response:
    """A 404 is an HTML page."""
    return Response(404, b"<!doctype html><title>Not Found</title>", {"Content-Type": "text/html"})


@faults.body("snyk.errors.errors-array", CREATE_PROJECT, status={400})
def error_as_text(_request: Request, body: Any) -> object:
    """The errors of a refused POST are strings."""
    return {**body, "errors": [one["detail"] for one in body["errors"]]}


@faults.body("snyk.errors.error-members", status=OTHERS)
def status_as_number(_request: Request, body: Any) -> object:
    """The status of an error is a number."""
    for error in body["errors"]:
        error["status"] = int(error["status"])
    return body


@faults.body("snyk.errors.error-members", status={404})
def no_status(_request: Request, body: Any) -> object:
    """The errors of a 404 have no status."""
    for error in body["errors"]:
        del error["status"]
    return body


@faults.body("snyk.errors.error-members", status=OTHERS)
def no_detail(_request: Request, body: Any) -> object:
    """Errors have a title and no detail."""
    for error in body["errors"]:
        del error["detail"]
    return body


@faults.body("snyk.errors.error-members", status={404})
def detail_empty(_request: Request, body: Any) -> object:
    """The detail of a 404 is an empty string."""
    for error in body["errors"]:
        error["detail"] = ""
    return body


@faults.body("snyk.errors.error-members", status={400})
def detail_in_array(_request: Request, body: Any) -> object:
    """The detail of a 400 is an array of strings."""
    for error in body["errors"]:
        error["detail"] = [error["detail"]]
    return body


@faults.body("snyk.errors.error-members", status=OTHERS)
def id_as_number(_request: Request, body: Any) -> object:
    """The id of an error is a number."""
    for error in body["errors"]:
        error["id"] = int(error["id"][:8], 16)
    return body


@faults.body("snyk.errors.error-members", cause="unknown-parameter", status={400})
def id_empty(_request: Request, body: Any) -> object:
    """The id of the error for an unknown parameter is an empty string."""
    body["errors"][0]["id"] = ""
    return body


@faults.response("snyk.errors.error-status-matches", cause="unknown-parameter")
def status_400_sent_as_200(_request: Request, response: Response) -> Response:
    """An unknown parameter gives an error document with the status "400" under HTTP 200."""
    return evolve(response, status=200)


@faults.response("snyk.errors.error-status-matches", status={400})
def status_400_sent_as_500(_request: Request, response: Response) -> Response:
    """A 400 comes as HTTP 500."""
    return evolve(response, status=500)


@faults.body("snyk.errors.error-status-matches", status={404})
def not_found_says_400(_request: Request, body: Any) -> object:
    """The error of a 404 has the status "400"."""
    body["errors"][0]["status"] = "400"
    return body


@faults.body("snyk.errors.error-status-matches", status=OTHERS)
def second_error_of_other_class(_request: Request, body: Any) -> object:
    """Beside the error there is another one with the status "500"."""
    first = body["errors"][0]
    return {**body, "errors": [first, {**first, "id": first["id"][::-1], "status": "500"}]}


@faults.body("snyk.errors.error-status-matches", cause="unknown-parameter", status={400})
def status_400_0(_request: Request, body: Any) -> object:
    """The error for an unknown parameter has the status "400.0"."""
    body["errors"][0]["status"] = "400.0"
    return body


@faults.body("snyk.errors.error-source", cause="unknown-parameter", status={400})
def unknown_parameter_without_source(_request: Request, body: Any) -> object:
    """The error for an unknown parameter has no source."""
    del body["errors"][0]["source"]
    return body


@faults.body("snyk.errors.error-source", cause="unknown-parameter", status={400})
def source_names_version(_request: Request, body: Any) -> object:
    """The error for an unknown parameter names the parameter version."""
    body["errors"][0]["source"] = {"parameter": "version"}
    return body


@faults.body("snyk.errors.error-source", cause="unknown-parameter", status={400})
def parameter_as_pointer(_request: Request, body: Any) -> object:
    """The error for an unknown parameter names it as a pointer."""
    name = body["errors"][0]["source"]["parameter"]
    body["errors"][0]["source"] = {"pointer": f"/{name}"}
    return body


@faults.body("snyk.errors.error-source", cause="unknown-parameter", status={400})
def parameter_cut_off(_request: Request, body: Any) -> object:
    """The error for an unknown parameter names it without its last letter."""
    name = body["errors"][0]["source"]["parameter"]
    body["errors"][0]["source"]["parameter"] = name[:-1]
    return body


@faults.body("snyk.errors.error-source", CREATE_PROJECT, status={400})
def body_error_without_source(_request: Request, body: Any) -> object:
    """The error for a wrong member has no source."""
    body["errors"][0].pop("source", None)
    return body


@faults.body("snyk.errors.error-source", CREATE_PROJECT, status={400})
def pointer_from_data(_request: Request, body: Any) -> object:
    """The pointer to a wrong member begins below data."""
    source = body["errors"][0].get("source", {})
    if "pointer" in source:
        source["pointer"] = source["pointer"].removeprefix("/data")
    return body


@faults.body("snyk.errors.error-source", CREATE_PROJECT, status={400})
def pointer_to_another_member(_request: Request, body: Any) -> object:
    """The pointer to a wrong member leads to one that was not sent."""
    source = body["errors"][0].get("source", {})
    if "pointer" in source:
        source["pointer"] = "/data/attributes/title"
    return body


@faults.body("snyk.errors.error-source", CREATE_PROJECT, status={400})
def pointer_in_dots(_request: Request, body: Any) -> object:
    """The pointer to a wrong member is written with dots."""
    source = body["errors"][0].get("source", {})
    if "pointer" in source:
        source["pointer"] = source["pointer"].strip("/").replace("/", ".")
    return body


@faults.server("snyk.errors.unknown-param-400")
def unknown_parameter_ignored(server: Server) -> None:
    """An unknown query parameter is ignored."""

    def drop(request: Request) -> None:
        for name in set(request.query) - {"version", "limit", "sort", "origin", *CURSORS}:
            request.query.poplist(name)

    before_handler(server, LIST_PROJECTS, drop)


@faults.response("snyk.errors.unknown-param-400", cause="unknown-parameter")
def unknown_parameter_422(_request: Request, response: Response) -> Response:
    """An unknown query parameter is answered with 422."""
    return with_status(response, 422)


@faults.response("snyk.errors.unknown-param-400", cause="unknown-parameter")
def unknown_parameter_404(_request: Request, response: Response) -> Response:
    """An unknown query parameter is answered with 404."""
    return with_status(response, 404)


@faults.response("snyk.errors.unknown-param-400", cause="unknown-parameter")
def unknown_parameter_empties_list(_request: Request, _response: Response) -> Response:
    """An unknown query parameter gives an empty list."""
    return document({"data": [], "links": {}})


@faults.body("snyk.errors.error-id-unique", status=REFUSED)
def error_id_constant(_request: Request, body: Any) -> object:
    """All errors have the same id."""
    body["errors"][0]["id"] = ORG_IDS["second"]
    return body


@faults.server("snyk.errors.error-id-unique")
def error_id_per_status(server: Server) -> None:
    """All errors of one status have the same id."""
    seen: dict[int, str] = {}

    def alter(_request: Request, response: Response) -> Response:
        if response.status not in REFUSED:
            return response
        body = response.json
        body["errors"][0]["id"] = seen.setdefault(response.status, body["errors"][0]["id"])
        return response.with_json(body)

    server.transforms.append(alter)


@faults.server("snyk.errors.error-id-unique")
def error_id_used_twice(server: Server) -> None:
    """Each error id is used for two errors in a row."""
    used: list[str] = []

    def alter(_request: Request, response: Response) -> Response:
        if response.status not in REFUSED:
            return response
        body = response.json
        if used:
            body["errors"][0]["id"] = used.pop()
        else:
            used.append(body["errors"][0]["id"])
        return response.with_json(body)

    server.transforms.append(alter)


@faults.response("snyk.errors.unknown-resource-404", LIST_PROJECTS, cause="unknown-org")
def unknown_org_empty(_request: Request, _response: Response) -> Response:
    """The projects of an unknown organisation are an empty list."""
    return document({"data": [], "links": {}})


@faults.server("snyk.errors.unknown-resource-404")
def unknown_org_is_own(server: Server) -> None:
    """The projects of an unknown organisation are those of the caller's own."""

    def own(request: Request) -> None:
        if request.principal is not None:
            request.arguments["org_id"] = ORG_IDS[request.principal.account]

    before_handler(server, LIST_PROJECTS, own)


@faults.response("snyk.errors.unknown-resource-404", LIST_PROJECTS, cause="unknown-org")
def unknown_org_400(_request: Request, response: Response) -> Response:
    """An unknown organisation is answered with 400."""
    return with_status(response, 400)


@faults.response("snyk.errors.unknown-resource-404", LIST_PROJECTS, cause="unknown-org")
def unknown_org_500(_request: Request, _response: Response) -> Response:
    """An unknown organisation is answered with 500."""
    raise crash()


@faults.response("snyk.errors.unknown-resource-404", LIST_PROJECTS, cause="unknown-org")
def unknown_org_as_message(_request: Request, response: Response) -> Response:
    """The 404 for an unknown organisation has a body that is no JSON:API error."""
    return evolve(response, body=encode({"message": "Not found"}))


@faults.response("snyk.errors.unknown-resource-404", cause="unknown-path")
def unknown_path_200(_request: Request, _response: Response) -> Response:
    """An unknown path is answered with 200 and null."""
    return document({"data": None})


@faults.response("snyk.errors.unknown-resource-404", cause="unknown-path")
def unknown_path_403(_request: Request, _response: Response) -> Response:
    """An unknown path is answered with 403."""
    raise Problem(403, "unknown-path", "This path may not be used.")
