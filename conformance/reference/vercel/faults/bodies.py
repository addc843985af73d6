"""Faults of the Vercel server in the form of its answers: media types and errors."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from werkzeug.datastructures import Headers

from conformance.reference.core import Handler, Server
from conformance.reference.faults import crash, with_status
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.policies import JsonBody
from conformance.reference.vercel.faults.tools import (
    CREATE,
    DELETE,
    DEPLOYMENTS,
    LISTS,
    PROJECT,
    PROJECTS,
    VercelFaults,
    is_first_page,
)

faults = VercelFaults()


def _html(status: int, title: str) -> Response:
    return Response(status, f"<!doctype html><title>{title}</title>".encode(), {"Content-Type": "text/html"})


@faults.response("vercel.content-type.response-json", PROJECTS, status={200})
def projects_page_in_html(_request: Request, _response: Response) -> Response:
    """The projects are an HTML page with 200."""
    return _html(200, "Projects")


@faults.response("vercel.content-type.response-json", DEPLOYMENTS, status={200})
def deployments_typed_as_json_api(_request: Request, response: Response) -> Response:
    """The deployments have a media type that only ends in json."""
    return response.with_header("Content-Type", "application/vnd.api+json")


@faults.response("vercel.content-type.response-json", PROJECT, status={200})
def project_without_type(_request: Request, response: Response) -> Response:
    """A single project is JSON and has no Content-Type."""
    return evolve(response, headers={})


@faults.response("vercel.content-type.response-json", CREATE, status={200})
def created_typed_as_text(_request: Request, response: Response) -> Response:
    """A project just created is JSON, but typed text/plain."""
    return response.with_header("Content-Type", "text/plain")


@faults.response("vercel.content-type.response-json", PROJECTS, status={200})
def long_body_cut_off(_request: Request, response: Response) -> Response:
    """A list of projects of more than 4096 bytes is cut off there."""
    return evolve(response, body=response.body[:4096])


@faults.response("vercel.content-type.response-json", *LISTS, status={200})
def later_pages_typed_as_html(request: Request, response: Response) -> Response:
    """From the second page on, a list is JSON typed text/html."""
    return response if is_first_page(request) else response.with_header("Content-Type", "text/html")


@faults.body("vercel.content-type.response-json", DEPLOYMENTS)
def attempts_not_a_number(_request: Request, body: Any) -> object:
    """A deployment holds NaN, which is not JSON though many parsers take it."""
    for deployment in body["deployments"]:
        deployment["attempts"] = float("nan") if deployment["attempts"] == 3 else deployment["attempts"]
    return body


@faults.response("vercel.content-type.error-json", cause="unknown-path")
def unknown_path_in_html(_request: Request, _response: Response) -> Response:
    """The 404 for an unknown path is an HTML page."""
    return _html(404, "Not Found")


@faults.response("vercel.content-type.error-json", status={403})
def forbidden_in_plain_text(_request: Request, _response: Response) -> Response:
    """A 403 is the word Forbidden in plain text."""
    return Response(403, b"Forbidden", {"Content-Type": "text/plain; charset=utf-8"})


@faults.response("vercel.content-type.error-json", status={400})
def bad_request_typed_as_text(_request: Request, response: Response) -> Response:
    """A 400 is JSON, but typed text/plain."""
    return response.with_header("Content-Type", "text/plain")


@faults.response("vercel.content-type.error-json", PROJECT, DELETE, status={404})
def unknown_project_without_body(_request: Request, _response: Response) -> Response:
    """The 404 of a project has no body."""
    return Response(404)


@faults.response("vercel.content-type.error-json", cause="team")
def foreign_team_without_type(_request: Request, response: Response) -> Response:
    """The refusal of a foreign team has no Content-Type."""
    return evolve(response, headers={})


@faults.response("vercel.content-type.error-json", status={429})
def rate_limit_page_in_html(_request: Request, _response: Response) -> Response:
    """A 429 is an HTML page."""
    return _html(429, "Too Many Requests")


@faults.body("vercel.errors.envelope", status={404})
def message_at_top(_request: Request, body: Any) -> object:
    """A 404 has its message at the top, without error."""
    return {"message": body["error"]["message"]}


@faults.body("vercel.errors.envelope", status={403})
def code_numeric(_request: Request, body: Any) -> object:
    """The code of a 403 is the number."""
    return {"error": {**body["error"], "code": 403}}


@faults.body("vercel.errors.envelope", status={400})
def code_missing(_request: Request, body: Any) -> object:
    """A 400 has no code."""
    return {"error": {"message": body["error"]["message"]}}


@faults.body("vercel.errors.envelope", status={400}, cause="until")
def message_empty(_request: Request, body: Any) -> object:
    """The message for a bad time is an empty string."""
    return {"error": {**body["error"], "message": ""}}


@faults.body("vercel.errors.envelope", status={404}, cause="unknown-project")
def error_as_text(_request: Request, body: Any) -> object:
    """The error of an unknown project is a string."""
    return {"error": body["error"]["message"]}


@faults.body("vercel.errors.envelope", cause="no-key", status={403})
def error_in_array(_request: Request, body: Any) -> object:
    """The 403 without a token holds its error in an array."""
    return {"error": [body["error"]]}


@faults.body("vercel.errors.envelope", status={429})
def rate_limit_message_null(_request: Request, body: Any) -> object:
    """The message of a 429 is null."""
    return {"error": {**body["error"], "message": None}}


@faults.body("vercel.errors.no-error-in-2xx", PROJECTS)
def null_error_in_list(_request: Request, body: Any) -> object:
    """The list of projects has a null error beside it."""
    return {**body, "error": None}


@faults.body("vercel.errors.no-error-in-2xx", DEPLOYMENTS)
def error_behind_last_page(_request: Request, body: Any) -> object:
    """The last page of deployments says so in error."""
    end = {"error": {"code": "no_more_pages", "message": "There are no further pages."}}
    return body if body["pagination"]["next"] else {**body, **end}


@faults.response("vercel.errors.no-error-in-2xx", PROJECT, status={404})
def unknown_project_200(_request: Request, response: Response) -> Response:
    """An unknown project is an error with 200."""
    return with_status(response, 200)


@faults.body("vercel.errors.no-error-in-2xx", CREATE)
def empty_error_in_created(_request: Request, body: Any) -> object:
    """A project just created has an empty error."""
    return {**body, "error": {}}


@faults.response("vercel.errors.unknown-path-enveloped", cause="unknown-path")
def unknown_path_empty_object(_request: Request, response: Response) -> Response:
    """The 404 for an unknown path is an empty JSON object."""
    return response.with_json({})


@faults.response("vercel.errors.unknown-path-enveloped", cause="unknown-path")
def unknown_path_200(_request: Request, _response: Response) -> Response:
    """An unknown path is answered with 200 and an empty object."""
    return Response.of({})


@faults.response("vercel.errors.unknown-path-enveloped", cause="unknown-path")
def unknown_path_500(_request: Request, _response: Response) -> Response:
    """An unknown path is answered with 500."""
    raise crash()


@faults.response("vercel.errors.unknown-path-enveloped", cause="unknown-path")
def unknown_path_redirected(_request: Request, _response: Response) -> Response:
    """An unknown path is redirected to the documentation."""
    return Response(302, headers={"Location": "https://vercel.com/docs/rest-api"})


@faults.body("vercel.errors.unknown-path-enveloped", status={405})
def unknown_method_bare(_request: Request, body: Any) -> object:
    """The refusal of an unknown method has its message at the top."""
    return {"message": body["error"]["message"]}


@faults.response("vercel.errors.unknown-path-enveloped", cause="method")
def unknown_method_200(_request: Request, _response: Response) -> Response:
    """An unknown method on a known path is answered with 200."""
    return Response.of({})


@faults.response("vercel.content-type.malformed-json-4xx", cause="malformed")
def malformed_500(_request: Request, _response: Response) -> Response:
    """A body that is no JSON is answered with 500."""
    raise crash()


@faults.response("vercel.content-type.malformed-json-4xx", cause="malformed")
def cut_text_500(request: Request, response: Response) -> Response:
    """A body that ends inside a string is answered with 500, other malformed ones with 400."""
    if request.body.count(b'"') % 2:
        raise crash()
    return response


@faults.response("vercel.content-type.malformed-json-4xx", cause="malformed")
def empty_body_500(request: Request, response: Response) -> Response:
    """An empty body is answered with 500, other malformed ones with 400."""
    if not request.body:
        raise crash()
    return response


@faults.response("vercel.content-type.malformed-json-4xx", cause="malformed")
def malformed_bare(_request: Request, response: Response) -> Response:
    """The 400 for a body that is no JSON has its message at the top."""
    return response.with_json({"message": "Invalid JSON"})


@faults.response("vercel.content-type.malformed-json-4xx", cause="malformed")
def malformed_ignored(_request: Request, _response: Response) -> Response:
    """A body that is no JSON is answered with 200 and an empty object."""
    return Response.of({})


class _Repairing(JsonBody):
    def parse(self, request: Request) -> dict[str, Any]:
        try:
            return super().parse(request)
        except Problem as problem:
            if problem.cause != "malformed":
                raise
            return super().parse(evolve(request, body=request.body.rstrip() + b"}"))


@faults.server("vercel.content-type.malformed-json-4xx")
def cut_off_body_completed(server: Server) -> None:
    """A body whose closing bracket is cut off is completed and accepted."""
    server.bodies = _Repairing()


class _AnyMediaType(JsonBody):
    def parse(self, request: Request) -> dict[str, Any]:
        return super().parse(evolve(request, headers=Headers({"Content-Type": "application/json"})))


@faults.server("vercel.content-type.non-json-request-rejected")
def any_media_type_read(server: Server) -> None:
    """JSON is read and the project created whatever media type is sent."""
    server.bodies = _AnyMediaType()


class _OthersIgnored(JsonBody):
    def parse(self, request: Request) -> dict[str, Any]:
        try:
            return super().parse(request)
        except Problem as problem:
            if problem.cause != "media-type":
                raise
            return {"name": "my-project"}


@faults.server("vercel.content-type.non-json-request-rejected")
def other_body_ignored(server: Server) -> None:
    """A body of another media type is ignored and a project created with defaults."""
    server.bodies = _OthersIgnored()


@faults.response("vercel.content-type.non-json-request-rejected", cause="media-type")
def other_media_type_500(_request: Request, _response: Response) -> Response:
    """A body of another media type is answered with 500."""
    raise crash()


@faults.rerouted("vercel.content-type.non-json-request-rejected", CREATE)
def refused_body_stored(create: Handler, server: Server, request: Request) -> Response:
    """A body of another media type is refused with 400, and the project created all the same."""
    try:
        return create(server, request)
    except Problem as problem:
        if problem.cause == "media-type":
            create(server, evolve(request, headers=Headers({"Content-Type": "application/json"})))
        raise


@faults.response("vercel.content-type.non-json-request-rejected", cause="media-type")
def other_media_type_200(_request: Request, _response: Response) -> Response:
    """A body of another media type is answered with 200 and nothing created."""
    return Response.of({})
