"""Faults of the Netlify server in refusals: what they look like, and what is refused."""

from __future__ import annotations

from conformance.reference.core import Handler, Server
from conformance.reference.edits import crash, html, instead, redirect, rewrite, text
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.netlify.faults.tools import (
    BY_ID,
    DELETE_HOOK,
    FILE,
    OF_FORM,
    OF_SITE,
    SITE,
    SNIPPET,
    TYPES,
    VARIABLE,
)
from conformance.reference.plants import handled

faults = Faults()

fault = faults.of("netlify.errors.errors-shape")
fault("not-found-page", "A 404 is an HTML page.").by(html("Not Found", status=404))
fault("text", "A wrong credential is refused in plain text.").by(text("Access Denied", status=401))
fault("null", "The body of a 404 is null.").by(rewrite(lambda _, __: None, status=404))
fault("code-alone", "A refusal of a wrong member holds a number and nothing else.").by(
    rewrite(lambda _, __: {"code": 422}, status=422)
)

fault = faults.of("netlify.errors.unknown-id-404")
fault("site-null", "A site that nobody has is null with 200.").by(
    instead(Response.of(None), on=SITE, cause="unknown-site")
)
fault("deploy-redirected", "A deploy that nobody has is a redirect.").by(
    redirect(lambda request: f"https://{request.headers['Host']}/api/v1/sites", 302, on=BY_ID, status=404)
)
fault("deploy-of-site-empty", "A deploy that a site does not have is an empty object.").by(
    instead(Response.of({}), on=OF_SITE, status=404)
)
fault("file-crashes", "A file that a site does not have is a 500.").by(crash(on=FILE, status=404))
fault("snippet-crashes", "A snippet that a site does not have is a 500.").by(crash(on=SNIPPET, status=404))
fault("submissions-empty", "A form that nobody has, has no submissions.").by(
    instead(Response.of([]), on=OF_FORM, status=404)
)
fault("variable-empty", "A variable that a team does not have is an empty object.").by(
    instead(Response.of({}), on=VARIABLE, status=404)
)
fault("hook-deleted", "The DELETE of a hook that nobody has is a success.").by(
    instead(Response(204), on=DELETE_HOOK, status=404)
)

fault = faults.of("netlify.errors.method-not-allowed")


@fault.server
def answered_like_get(server: Server) -> None:
    """A PATCH of the types of hooks is answered like a GET."""
    types = next(route for route in server.routes if route.operation == TYPES)
    server.routes.append(type(types)("PATCH", types.template, types.handler, types.permission))


@fault.server
def applied_and_refused(server: Server) -> None:
    """A PATCH of the types of hooks is refused, and renames the first of them."""
    patched: list[Request] = []
    refuse = server.unrouted

    def noted(server: Server, request: Request) -> Problem:
        if request.method == "PATCH":
            patched.append(request)
        return refuse(server, request)

    def shown(kept: Handler, server: Server, request: Request) -> Response:
        answer = kept(server, request)
        first, *others = answer.json
        return answer.with_json([{**first, "name": "conformance"}, *others]) if patched else answer

    server.unrouted = noted
    handled(shown, TYPES)(server)
