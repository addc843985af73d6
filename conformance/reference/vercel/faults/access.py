"""Faults of the Vercel server in who is let in: transport and tokens."""

from __future__ import annotations

from conformance.reference import lenient
from conformance.reference.core import Handler, Server
from conformance.reference.edits import append, crash, header, instead, put, refuse, status
from conformance.reference.faults import Faults
from conformance.reference.messages import Principal, Request, Response
from conformance.reference.plants import authenticator, handled
from conformance.reference.policies import TeamAuthenticator, TokenAuthenticator, sent_token
from conformance.reference.vercel.data import USER_A, rows
from conformance.reference.vercel.faults.tools import (
    CREATE,
    DELETE,
    DEPLOYMENTS,
    LISTS,
    NO_PROJECTS,
    PROJECT,
    PROJECTS,
    position,
)
from conformance.reference.vercel.server import shown

faults = Faults()

lenient.in_clear(faults.of("vercel.transport.https-only"))

fault = faults.of("vercel.auth.no-token-403")
fault("no-token-401", "Without a token every operation answers 401.").by(status(401, cause="no-key"))
fault("deployments-404-without-token", "The deployments are a 404 without a token.").by(
    status(404, on=DEPLOYMENTS, cause="no-key")
)
fault("empty-list-without-token", "The projects are an empty list with 200 without a token.").by(
    instead(NO_PROJECTS, on=PROJECTS, cause="no-key")
)
fault("project-401-without-token", "A single project is a 401 without a token, the lists are a 403.").by(
    status(401, on=PROJECT, cause="no-key")
)
fault("create-400-without-token", "A create without a token is a 400.").by(status(400, on=CREATE, cause="no-key"))
fault("delete-204-without-token", "A delete without a token is answered with 204.").by(
    instead(Response(204), on=DELETE, cause="no-key")
)


def credential(request: Request) -> str:
    """The whole value of the Authorization header."""
    return str(request.headers["Authorization"]).strip()


fault = faults.of("vercel.auth.bad-token-403")
fault("any-token-accepted", "Any token under Bearer is accepted; other schemes are refused.").by(
    authenticator(lenient.AnyToken)
)
fault("bare-token-accepted", "A valid token is accepted without a scheme word.").by(authenticator(lenient.BareToken))
fault("unknown-token-401", "A token that does not exist is answered with 401.").by(status(401, cause="unknown-key"))
fault("unknown-token-404-on-deployments", "A token that does not exist is answered with 404 by the deployments.").by(
    status(404, on=DEPLOYMENTS, cause="unknown-key")
)
fault("other-scheme-401", "A credential under Basic is answered with 401.").by(
    status(401, cause="scheme", when=lambda request: credential(request).startswith("Basic"))
)
fault("bearer-alone-500", "The word Bearer without a token is answered with 500.").by(
    crash(cause="scheme", when=lambda request: credential(request) == "Bearer")
)
fault("bare-token-400", "A token without a scheme word is answered with 400.").by(
    status(400, cause="scheme", when=lambda request: " " not in credential(request) and credential(request) != "Bearer")
)


@fault.using(authenticator)
class BasicAccepted(TokenAuthenticator):
    """Anything under Basic is accepted."""

    def token(self, header: str) -> str:
        basic = header.lower().startswith("basic ")
        return next(iter(self.principals)) if basic else super().token(header)


fault = faults.of("vercel.auth.expired-token-403")
fault("expired-401", "An expired token is answered with 401.").by(status(401, cause="expired"))
fault("expired-lists-nothing", "An expired token is given an empty list of projects with 200.").by(
    instead(NO_PROJECTS, on=PROJECTS, cause="expired")
)


@fault.using(authenticator)
class ExpiryIgnored(TeamAuthenticator):
    """The expiry date is stored but never checked."""

    def expired(self, _principal: Principal) -> bool:
        return False


fault = faults.of("vercel.auth.denial-has-no-data")
newest = max((one for (owner, _), one in rows()["projects"].items() if owner == USER_A), key=position)
fault("denial-with-projects", "The 403 of the projects still holds one.").by(
    put("/projects", [shown(newest)], on=PROJECTS, status=403)
)
fault("denial-with-empty-list", "The 403 of the deployments holds an empty list of them.").by(
    put("/deployments", [], on=DEPLOYMENTS, status=403)
)
fault("denial-with-pagination", "The 403 for a token that does not exist tells how many records there are.").by(
    put("/pagination", {"count": 20, "next": None, "prev": None}, on=LISTS, cause="unknown-key")
)
fault("denial-with-name", "The 403 of a single project names it.").by(
    put("/name", "a-project-000", on=PROJECT, status=403)
)

fault = faults.of("vercel.auth.valid-token-accepted")
fault("project-denied", "A single project is refused with 403 to its owner's token.").by(
    refuse(403, "You are not authorized to use this resource.", on=PROJECT)
)


@fault.using(authenticator)
class OtherWordForBearer(TokenAuthenticator):
    """The scheme word Token is recognised in place of Bearer."""

    def token(self, header: str) -> str:
        scheme, _, token = header.partition(" ")
        if scheme != "Token":
            raise self.refusal("scheme")
        return token


@fault.using(handled, DEPLOYMENTS)
def deployments_need_team(list_: Handler, server: Server, request: Request) -> Response:
    """The deployments are refused with 403 to a valid token unless it names a team."""
    if "teamId" not in request.query:
        raise server.authenticator.refusal("team")
    return list_(server, request)


fault = faults.of("vercel.security.token-never-echoed")
fault("token-in-header", "Successful answers carry the token in a header of their own.").by(
    header("X-Vercel-Token", sent_token)
)
fault("token-in-link", "The deployments link to themselves with the token in the address.").by(
    header("Link", lambda request: f"</v6/deployments?token={sent_token(request)}>; rel=self", on=DEPLOYMENTS)
)
fault("token-encoded-in-list", "The list of projects holds the token in base64.").by(
    put("/session", lenient.token_in_base64, on=PROJECTS)
)
fault("token-in-not-found", "The message of a 404 quotes the token.").by(
    append("/error/message", lambda request: f" (token {sent_token(request)})", status=404)
)
fault("header-in-refusal", "The message for a wrong scheme quotes the whole Authorization header.").by(
    append("/error/message", lambda request: f" It is '{request.headers['Authorization']}'.", cause="scheme")
)
fault("token-in-bad-request", "A 400 carries the request's token in a key of its own.").by(
    put("/error/request", lambda request: {"token": sent_token(request)}, status=400)
)
fault("token-in-created", "A project just created names the token that created it.").by(
    put("/createdWith", sent_token, on=CREATE)
)
