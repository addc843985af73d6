"""Faults of the Vercel server in the form of its answers: media types and errors."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from werkzeug.datastructures import Headers

from conformance.reference import lenient
from conformance.reference.core import Handler, Server
from conformance.reference.edits import (
    change,
    crash,
    drop,
    drop_header,
    header,
    html,
    instead,
    put,
    raw,
    redirect,
    rewrite,
    status,
    text,
)
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.plants import bodies, handled
from conformance.reference.policies import JsonBody
from conformance.reference.vercel.faults.tools import (
    CREATE,
    DELETE,
    DEPLOYMENTS,
    LISTS,
    PROJECT,
    PROJECTS,
    on_later_page,
)

faults = Faults()

fault = faults.of("vercel.content-type.response-json")

fault("projects-page-in-html", "The projects are an HTML page with 200.").by(html("Projects", on=PROJECTS))
fault("deployments-typed-as-json-api", "The deployments have a media type that only ends in json.").by(
    header("Content-Type", "application/vnd.api+json", on=DEPLOYMENTS)
)
fault("project-without-type", "A single project is JSON and has no Content-Type.").by(
    drop_header("Content-Type", on=PROJECT)
)
fault("created-typed-as-text", "A project just created is JSON, but typed text/plain.").by(
    header("Content-Type", "text/plain", on=CREATE)
)
fault("long-body-cut-off", "A list of projects of more than 4096 bytes is cut off there.").by(
    raw(lambda body: body[:4096], on=PROJECTS)
)
fault("later-pages-typed-as-html", "From the second page on, a list is JSON typed text/html.").by(
    header("Content-Type", "text/html", on=LISTS, when=on_later_page)
)
fault("attempts-not-a-number", "A deployment holds NaN, which is not JSON though many parsers take it.").by(
    put("/deployments/*/attempts", float("nan"), having={"attempts": 3}, on=DEPLOYMENTS)
)

fault = faults.of("vercel.content-type.error-json")
fault("unknown-path-in-html", "The 404 for an unknown path is an HTML page.").by(
    html("Not Found", cause="unknown-path")
)
fault("forbidden-in-plain-text", "A 403 is the word Forbidden in plain text.").by(text("Forbidden", status=403))
fault("bad-request-typed-as-text", "A 400 is JSON, but typed text/plain.").by(
    header("Content-Type", "text/plain", status=400)
)
fault("unknown-project-without-body", "The 404 of a project has no body.").by(
    instead(Response(404), on=(PROJECT, DELETE), status=404)
)
fault("foreign-team-without-type", "The refusal of a foreign team has no Content-Type.").by(
    drop_header("Content-Type", cause="team")
)
fault("rate-limit-page-in-html", "A 429 is an HTML page.").by(html("Too Many Requests", status=429))


def flat(body: Any) -> object:
    """An error with its message at the top."""
    return {"message": body["error"]["message"]}


fault = faults.of("vercel.errors.envelope")
fault("message-at-top", "A 404 has its message at the top, without error.").by(change("", flat, status=404))
fault("code-numeric", "The code of a 403 is the number.").by(put("/error/code", 403, status=403))
fault("code-missing", "A 400 has no code.").by(drop("/error/code", status=400))
fault("message-empty", "The message for a bad time is an empty string.").by(put("/error/message", "", cause="cursor"))
fault("error-as-text", "The error of an unknown project is a string.").by(
    change("/error", lambda error: error["message"], cause="unknown-project")
)
fault("error-in-array", "The 403 without a token holds its error in an array.").by(
    change("/error", lambda error: [error], cause="no-key")
)
fault("rate-limit-message-null", "The message of a 429 is null.").by(put("/error/message", None, status=429))

fault = faults.of("vercel.errors.no-error-in-2xx")
fault("null-error-in-list", "The list of projects has a null error beside it.").by(put("/error", None, on=PROJECTS))
fault("unknown-project-200", "An unknown project is an error with 200.").by(
    status(200, on=PROJECT, cause="unknown-project")
)
fault("empty-error-in-created", "A project just created has an empty error.").by(put("/error", {}, on=CREATE))


@fault.using(rewrite, on=DEPLOYMENTS)
def error_behind_last_page(_request: Request, body: Any) -> object:
    """The last page of deployments says so in error."""
    end = {"error": {"code": "no_more_pages", "message": "There are no further pages."}}
    return body if body["pagination"]["next"] else {**body, **end}


fault = faults.of("vercel.errors.unknown-path-enveloped")
fault("unknown-path-empty-object", "The 404 for an unknown path is an empty JSON object.").by(
    put("", {}, cause="unknown-path")
)
fault("unknown-path-200", "An unknown path is answered with 200 and an empty object.").by(
    instead(Response.of({}), cause="unknown-path")
)
fault("unknown-path-500", "An unknown path is answered with 500.").by(crash(cause="unknown-path"))
fault("unknown-path-redirected", "An unknown path is redirected to the documentation.").by(
    redirect(lambda _request: "https://vercel.com/docs/rest-api", 302, cause="unknown-path")
)
fault("unknown-method-bare", "The refusal of an unknown method has its message at the top.").by(
    change("", flat, status=405)
)
fault("unknown-method-200", "An unknown method on a known path is answered with 200.").by(
    instead(Response.of({}), cause="method")
)

fault = faults.of("vercel.content-type.malformed-json-4xx")
fault("malformed-500", "A body that is no JSON is answered with 500.").by(crash(cause="malformed"))
fault("cut-text-500", "A body that ends inside a string is answered with 500, other malformed ones with 400.").by(
    crash(cause="malformed", when=lambda request: request.body.count(b'"') % 2)
)
fault("empty-body-500", "An empty body is answered with 500, other malformed ones with 400.").by(
    crash(cause="malformed", when=lambda request: not request.body)
)
fault("malformed-bare", "The 400 for a body that is no JSON has its message at the top.").by(
    put("", {"message": "Invalid JSON"}, cause="malformed")
)
fault("malformed-ignored", "A body that is no JSON is answered with 200 and an empty object.").by(
    instead(Response.of({}), cause="malformed")
)
fault("cut-off-body-completed", "A body whose closing bracket is cut off is completed and accepted.").by(
    lenient.repaired(b"}")
)

fault = faults.of("vercel.content-type.non-json-request-rejected")
fault("other-media-type-500", "A body of another media type is answered with 500.").by(crash(cause="media-type"))
fault("other-media-type-200", "A body of another media type is answered with 200 and nothing created.").by(
    instead(Response.of({}), cause="media-type")
)


@fault.using(bodies)
class AnyMediaTypeRead(JsonBody):
    """JSON is read and the project created whatever media type is sent."""

    def sent_as(self, _request: Request) -> str:
        return self.media_type


@fault.using(bodies)
class OtherBodyIgnored(JsonBody):
    """A body of another media type is ignored and a project created with defaults."""

    def parse(self, request: Request) -> dict[str, Any]:
        return super().parse(request) if self.sent_as(request) == self.media_type else {"name": "my-project"}


@fault.using(handled, CREATE)
def refused_body_stored(create: Handler, server: Server, request: Request) -> Response:
    """A body of another media type is refused with 400, and the project created all the same."""
    try:
        return create(server, request)
    except Problem as problem:
        if problem.cause == "media-type":
            create(server, evolve(request, headers=Headers({"Content-Type": "application/json"})))
        raise
