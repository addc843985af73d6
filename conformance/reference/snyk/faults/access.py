"""Faults of the Snyk server in who is let in: transport, credentials, and what it says of them."""

from __future__ import annotations

import base64
from typing import Any

from conformance.reference.core import Handler, Server
from conformance.reference.faults import crash, reroute
from conformance.reference.messages import Principal, Problem, Request, Response
from conformance.reference.policies import Transport
from conformance.reference.snyk.data import GET_PROJECT, LIST_PROJECTS, LIST_TARGETS
from conformance.reference.snyk.faults.tools import REFUSED, SnykFaults, with_status
from conformance.reference.snyk.policies import SchemeAuthenticator, document, sent_credential

faults = SnykFaults()


@faults.response("snyk.transport.http-404", cause="clear-text")
def redirected_to_https(request: Request, _response: Response) -> Response:
    """Plain HTTP is redirected to HTTPS with 301."""
    return Response(301, headers={"Location": f"https://{request.headers['Host']}/{'/'.join(request.segments)}"})


@faults.server("snyk.transport.http-404")
def served_in_clear(server: Server) -> None:
    """Plain HTTP is served as HTTPS is, so that a request without a credential is a 401."""
    server.transport = Transport(frozenset({"http", "https"}))


@faults.response("snyk.transport.http-404", cause="clear-text")
def clear_text_400(_request: Request, response: Response) -> Response:
    """Plain HTTP is answered with 400."""
    return with_status(response, 400)


@faults.response("snyk.transport.http-404", cause="clear-text")
def known_path_403_in_clear(request: Request, response: Response) -> Response:
    """Over plain HTTP unknown paths are a 404, but those under an organisation a 403."""
    return with_status(response, 403) if request.segments[:2] == ("rest", "orgs") else response


@faults.response("snyk.transport.http-404", cause="clear-text")
def unknown_path_410_in_clear(request: Request, response: Response) -> Response:
    """Over plain HTTP paths under an organisation are a 404, but unknown ones a 410."""
    return response if request.segments[:2] == ("rest", "orgs") else with_status(response, 410)


@faults.response("snyk.auth.no-token-401", cause="no-key")
def anonymous_403(_request: Request, response: Response) -> Response:
    """A request without a credential is answered with 403."""
    return with_status(response, 403)


@faults.response("snyk.auth.no-token-401", LIST_TARGETS, cause="no-key")
def anonymous_targets_404(_request: Request, response: Response) -> Response:
    """The targets are a 404 without a credential."""
    return with_status(response, 404)


@faults.response("snyk.auth.no-token-401", LIST_PROJECTS, cause="no-key")
def anonymous_sees_no_projects(_request: Request, _response: Response) -> Response:
    """The list of projects is empty without a credential."""
    return document({"data": [], "links": {}})


@faults.server("snyk.auth.no-token-401")
def project_served_without_key(server: Server) -> None:
    """A single project is served without a credential."""
    owner = server.authenticator.principals[f"token {server.credentials['default']}"]

    def anonymous(handler: Handler) -> Handler:
        def handle(server: Server, request: Request) -> Response:
            request.principal = request.principal or owner
            return handler(server, request)

        return handle

    reroute(server, GET_PROJECT, anonymous, public=True)


@faults.authenticator("snyk.auth.bad-token-401")
class BareKeyAccepted(SchemeAuthenticator):
    """A valid key is accepted without a scheme word."""

    def token(self, header: str) -> str:
        return f"token {header}" if f"token {header}" in self.principals else super().token(header)


@faults.authenticator("snyk.auth.bad-token-401")
class BasicAccepted(SchemeAuthenticator):
    """A valid key is accepted under Basic, as it is or as base64 of user name or password."""

    def token(self, header: str) -> str:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "basic":
            return super().token(header)
        try:
            key = key if f"token {key}" in self.principals else base64.b64decode(key).decode().strip(":")
        except ValueError:
            raise self.refusal("scheme", "The key is not valid.") from None
        return f"token {key}"


@faults.authenticator("snyk.auth.bad-token-401")
class UnknownKeyAccepted(SchemeAuthenticator):
    """Any key under `token` is accepted; other schemes are refused."""

    def authenticate(self, request: Request) -> Principal | None:
        try:
            return super().authenticate(request)
        except Problem as problem:
            if problem.cause != "unknown-key":
                raise
            return next(iter(self.principals.values()))


@faults.response("snyk.auth.bad-token-401", cause="unknown-key")
def unknown_key_403(_request: Request, response: Response) -> Response:
    """A key that does not exist is answered with 403."""
    return with_status(response, 403)


@faults.response("snyk.auth.bad-token-401", cause="scheme")
def bare_key_404(request: Request, response: Response) -> Response:
    """A value without a scheme word is answered with 404."""
    return response if " " in request.headers["Authorization"] else with_status(response, 404)


@faults.response("snyk.auth.bad-token-401", cause="scheme")
def basic_400(request: Request, response: Response) -> Response:
    """A valid key under Basic is answered with 400."""
    return with_status(response, 400) if request.headers["Authorization"].startswith("Basic") else response


@faults.authenticator("snyk.auth.scheme-token")
class OnlyBearerAccepted(SchemeAuthenticator):
    """A key is accepted as a bearer token, and not with `token`."""

    def token(self, header: str) -> str:
        scheme, _, key = super().token(header).partition(" ")
        if scheme == "token":
            raise self.refusal("scheme", "The scheme must be 'bearer'.")
        return f"token {key}" if f"token {key}" in self.principals else header


@faults.authenticator("snyk.auth.scheme-token")
class OnlyCapitalisedAccepted(SchemeAuthenticator):
    """A key is accepted with `Token`, and not with `token`."""

    def token(self, header: str) -> str:
        if header.startswith("token "):
            raise self.refusal("scheme", "The scheme must be 'Token'.")
        return super().token(header.replace("Token ", "token ", 1))


@faults.authenticator("snyk.auth.scheme-token")
class OnlyQuotedAccepted(SchemeAuthenticator):
    """A key is accepted in quotation marks only."""

    def token(self, header: str) -> str:
        word, _, key = super().token(header).partition(" ")
        if word == "token" and not key.startswith('"'):
            raise self.refusal("scheme", "The key must be quoted.")
        return header.replace('"', "")


@faults.server("snyk.auth.scheme-bearer")
def app_token_unknown(server: Server) -> None:
    """The access token of an app is a 401."""
    del server.authenticator.principals[f"bearer {server.credentials['app']}"]


@faults.authenticator("snyk.auth.scheme-bearer")
class AppTokenTakesToken(SchemeAuthenticator):
    """The access token of an app is accepted with `token`, and not with `bearer`."""

    def token(self, header: str) -> str:
        word, _, credential = super().token(header).partition(" ")
        as_app = f"bearer {credential}" in self.principals
        return f"{'bearer' if word == 'token' else 'token'} {credential}" if as_app else header


@faults.authenticator("snyk.auth.scheme-bearer")
class BearerCapitalised(SchemeAuthenticator):
    """The access token of an app is accepted with `Bearer`, and not with `bearer`."""

    def token(self, header: str) -> str:
        if header.startswith("bearer "):
            raise self.refusal("scheme", "The scheme must be 'Bearer'.")
        return super().token(header.replace("Bearer ", "bearer ", 1))


@faults.response("snyk.auth.scheme-bearer", LIST_PROJECTS, status=range(200, 300))
def app_may_not_list(request: Request, response: Response) -> Response:
    """The access token of an app is known, but a 403 on projects."""
    if request.principal and request.principal.name == "app":
        raise Problem(403, "permission", "Apps may not use this endpoint.")
    return response


@faults.response("snyk.auth.scheme-case", cause="scheme-case")
def capitalised_500(_request: Request, _response: Response) -> Response:
    """A scheme word in capitals or half of them is answered with 500."""
    raise crash()


@faults.response("snyk.auth.scheme-case", cause="scheme-case")
def upper_case_503(request: Request, response: Response) -> Response:
    """TOKEN is answered with 503, Token with 401."""
    return with_status(response, 503) if request.headers["Authorization"].startswith("TOKEN") else response


@faults.response("snyk.auth.scheme-case", cause="scheme-case")
def title_case_500(request: Request, response: Response) -> Response:
    """Token is answered with 500, TOKEN with 401."""
    if request.headers["Authorization"].startswith("Token"):
        raise crash()
    return response


@faults.body("snyk.security.token-never-echoed", status=REFUSED)
def key_in_detail(request: Request, body: Any) -> object:
    """The detail of an error quotes the key."""
    for error in body["errors"]:
        error["detail"] += f" (key {sent_credential(request)})"
    return body


@faults.body("snyk.security.token-never-echoed", cause="unknown-parameter", status={400})
def key_in_meta_of_one_error(request: Request, body: Any) -> object:
    """The error for an unknown parameter has the key in its meta, in base64."""
    body["errors"][0]["meta"] = {"by": base64.b64encode(sent_credential(request).encode()).decode()}
    return body


@faults.response("snyk.security.token-never-echoed", status=range(200, 300))
def key_in_header(request: Request, response: Response) -> Response:
    """Successful answers carry the key in a header of their own."""
    return response.with_header("snyk-request-key", sent_credential(request))


@faults.body("snyk.security.token-never-echoed", GET_PROJECT)
def key_in_self_link(request: Request, body: Any) -> object:
    """The self link of a single project holds the key."""
    body["links"]["self"] += f"&key={sent_credential(request)}"
    return body


@faults.body("snyk.security.token-never-echoed", LIST_TARGETS)
def key_in_list_of_targets(request: Request, body: Any) -> object:
    """The list of targets has the key in its meta."""
    return {**body, "meta": {"caller": sent_credential(request)}}
