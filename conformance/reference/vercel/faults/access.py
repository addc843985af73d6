"""Faults of the Vercel server in who is let in: transport and tokens."""

from __future__ import annotations

import base64
from typing import Any

from conformance.reference.core import Handler, Server
from conformance.reference.faults import crash, with_status
from conformance.reference.messages import Principal, Problem, Request, Response
from conformance.reference.policies import Transport
from conformance.reference.vercel.data import POSITION, USER_A, rows
from conformance.reference.vercel.faults.tools import (
    CREATE,
    DELETE,
    DEPLOYMENTS,
    PROJECT,
    PROJECTS,
    SUCCESS,
    VercelFaults,
    sent_token,
)
from conformance.reference.vercel.policies import TeamAuthenticator
from conformance.reference.vercel.server import shown

faults = VercelFaults()

_NO_PAGE = {"count": 0, "next": None, "prev": None}


@faults.server("vercel.transport.https-only")
def served_in_clear(server: Server) -> None:
    """Plain HTTP is served as HTTPS is."""
    server.transport = Transport(frozenset({"http", "https"}))


@faults.response("vercel.transport.https-only", cause="clear-text")
def redirected_within_clear(request: Request, _response: Response) -> Response:
    """Plain HTTP is redirected, but to plain HTTP again."""
    path = "/".join(request.segments)
    return Response(301, headers={"Location": f"http://{request.headers['Host']}/{path}/"})


@faults.response("vercel.auth.no-token-403", cause="no-key")
def no_token_401(_request: Request, response: Response) -> Response:
    """Without a token every operation answers 401."""
    return with_status(response, 401)


@faults.response("vercel.auth.no-token-403", DEPLOYMENTS, cause="no-key")
def deployments_404_without_token(_request: Request, response: Response) -> Response:
    """The deployments are a 404 without a token."""
    return with_status(response, 404)


@faults.response("vercel.auth.no-token-403", PROJECTS, cause="no-key")
def empty_list_without_token(_request: Request, _response: Response) -> Response:
    """The projects are an empty list with 200 without a token."""
    return Response.of({"projects": [], "pagination": _NO_PAGE})


@faults.response("vercel.auth.no-token-403", PROJECT, cause="no-key")
def project_401_without_token(_request: Request, response: Response) -> Response:
    """A single project is a 401 without a token, the lists are a 403."""
    return with_status(response, 401)


@faults.response("vercel.auth.no-token-403", CREATE, cause="no-key")
def create_400_without_token(_request: Request, response: Response) -> Response:
    """A create without a token is a 400."""
    return with_status(response, 400)


@faults.response("vercel.auth.no-token-403", DELETE, cause="no-key")
def delete_204_without_token(_request: Request, _response: Response) -> Response:
    """A delete without a token is answered with 204."""
    return Response(204)


class _AnyToken(TeamAuthenticator):
    def authenticate(self, request: Request) -> Principal | None:
        try:
            return super().authenticate(request)
        except Problem as problem:
            if problem.cause != "unknown-key":
                raise
            return next(iter(self.principals.values()))


@faults.authenticator("vercel.auth.bad-token-403")
class AnyTokenAccepted(_AnyToken):
    """Any token under Bearer is accepted; other schemes are refused."""


@faults.authenticator("vercel.auth.bad-token-403")
class BareTokenAccepted(TeamAuthenticator):
    """A valid token is accepted without a scheme word."""

    def token(self, header: str) -> str:
        return header if header in self.principals else super().token(header)


@faults.authenticator("vercel.auth.bad-token-403")
class BasicAccepted(TeamAuthenticator):
    """Anything under Basic is accepted."""

    def token(self, header: str) -> str:
        basic = header.lower().startswith("basic ")
        return next(iter(self.principals)) if basic else super().token(header)


@faults.response("vercel.auth.bad-token-403", cause="unknown-key")
def unknown_token_401(_request: Request, response: Response) -> Response:
    """A token that does not exist is answered with 401."""
    return with_status(response, 401)


@faults.response("vercel.auth.bad-token-403", DEPLOYMENTS, cause="unknown-key")
def unknown_token_404_on_deployments(_request: Request, response: Response) -> Response:
    """A token that does not exist is answered with 404 by the deployments."""
    return with_status(response, 404)


@faults.response("vercel.auth.bad-token-403", cause="scheme")
def other_scheme_401(request: Request, response: Response) -> Response:
    """A credential under Basic is answered with 401."""
    return with_status(response, 401) if request.headers["Authorization"].startswith("Basic") else response


@faults.response("vercel.auth.bad-token-403", cause="scheme")
def bearer_alone_500(request: Request, response: Response) -> Response:
    """The word Bearer without a token is answered with 500."""
    if request.headers["Authorization"].strip() == "Bearer":
        raise crash()
    return response


@faults.response("vercel.auth.bad-token-403", cause="scheme")
def bare_token_400(request: Request, response: Response) -> Response:
    """A token without a scheme word is answered with 400."""
    bare = len(request.headers["Authorization"].split()) == 1 and sent_token(request) != "Bearer"
    return with_status(response, 400) if bare else response


@faults.authenticator("vercel.auth.expired-token-403")
class ExpiryIgnored(TeamAuthenticator):
    """The expiry date is stored but never checked."""

    def expired(self, principal: Principal) -> bool:
        return False


@faults.response("vercel.auth.expired-token-403", cause="expired")
def expired_401(_request: Request, response: Response) -> Response:
    """An expired token is answered with 401."""
    return with_status(response, 401)


@faults.response("vercel.auth.expired-token-403", PROJECTS, cause="expired")
def expired_lists_nothing(_request: Request, _response: Response) -> Response:
    """An expired token is given an empty list of projects with 200."""
    return Response.of({"projects": [], "pagination": _NO_PAGE})


@faults.body("vercel.auth.denial-has-no-data", PROJECTS, status={403})
def denial_with_projects(_request: Request, body: Any) -> object:
    """The 403 of the projects still holds one."""
    newest = max(
        (one for (owner, _), one in rows()["projects"].items() if owner == USER_A), key=lambda one: one[POSITION]
    )
    return {**body, "projects": [shown(newest)]}


@faults.body("vercel.auth.denial-has-no-data", DEPLOYMENTS, status={403})
def denial_with_empty_list(_request: Request, body: Any) -> object:
    """The 403 of the deployments holds an empty list of them."""
    return {**body, "deployments": []}


@faults.body("vercel.auth.denial-has-no-data", PROJECTS, DEPLOYMENTS, status={403}, cause="unknown-key")
def denial_with_pagination(_request: Request, body: Any) -> object:
    """The 403 for a token that does not exist tells how many records there are."""
    return {**body, "pagination": {"count": 20, "next": None, "prev": None}}


@faults.body("vercel.auth.denial-has-no-data", PROJECT, status={403})
def denial_with_name(_request: Request, body: Any) -> object:
    """The 403 of a single project names it."""
    return {**body, "name": "a-project-000"}


@faults.authenticator("vercel.auth.valid-token-accepted")
class OtherWordForBearer(TeamAuthenticator):
    """The scheme word Token is recognised in place of Bearer."""

    def token(self, header: str) -> str:
        scheme, _, token = header.partition(" ")
        if scheme != "Token":
            raise self.refusal("scheme", "")
        return token


@faults.rerouted("vercel.auth.valid-token-accepted", DEPLOYMENTS)
def deployments_need_team(list_: Handler, server: Server, request: Request) -> Response:
    """The deployments are refused with 403 to a valid token unless it names a team."""
    if "teamId" not in request.query:
        raise server.authenticator.refusal("team", "")
    return list_(server, request)


@faults.response("vercel.auth.valid-token-accepted", PROJECT, status={200})
def project_denied(_request: Request, _response: Response) -> Response:
    """A single project is refused with 403 to its owner's token."""
    raise Problem(403, "team", "You are not authorized to use this resource.")


@faults.response("vercel.security.token-never-echoed", status=SUCCESS)
def token_in_header(request: Request, response: Response) -> Response:
    """Successful answers carry the token in a header of their own."""
    return response.with_header("X-Vercel-Token", sent_token(request))


@faults.response("vercel.security.token-never-echoed", DEPLOYMENTS, status={200})
def token_in_link(request: Request, response: Response) -> Response:
    """The deployments link to themselves with the token in the address."""
    return response.with_header("Link", f"</v6/deployments?token={sent_token(request)}>; rel=self")


@faults.body("vercel.security.token-never-echoed", PROJECTS)
def token_encoded_in_list(request: Request, body: Any) -> object:
    """The list of projects holds the token in base64."""
    return {**body, "session": base64.b64encode(sent_token(request).encode()).decode()}


@faults.body("vercel.security.token-never-echoed", status={404})
def token_in_not_found(request: Request, body: Any) -> object:
    """The message of a 404 quotes the token."""
    body["error"]["message"] += f" (token {sent_token(request)})"
    return body


@faults.body("vercel.security.token-never-echoed", cause="scheme", status={403})
def header_in_refusal(request: Request, body: Any) -> object:
    """The message for a wrong scheme quotes the whole Authorization header."""
    body["error"]["message"] += f" It is '{request.headers['Authorization']}'."
    return body


@faults.body("vercel.security.token-never-echoed", status={400})
def token_in_bad_request(request: Request, body: Any) -> object:
    """A 400 carries the request's token in a key of its own."""
    return {"error": {**body["error"], "request": {"token": sent_token(request)}}}


@faults.body("vercel.security.token-never-echoed", CREATE)
def token_in_created(request: Request, body: Any) -> object:
    """A project just created names the token that created it."""
    return {**body, "createdWith": sent_token(request)}
