"""Faults of the Snyk server in who is let in: transport, credentials, and what it says of them."""

from __future__ import annotations

from conformance.reference import lenient
from conformance.reference.core import Server
from conformance.reference.edits import REFUSED, append, crash, header, instead, put, redirect, refuse, status
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Request
from conformance.reference.plants import authenticator, unprotected
from conformance.reference.policies import sent_token
from conformance.reference.snyk.data import GET_PROJECT, LIST_PROJECTS, LIST_TARGETS
from conformance.reference.snyk.faults.tools import NO_RECORDS
from conformance.reference.snyk.policies import SchemeAuthenticator

faults = Faults()


def known_path(request: Request) -> bool:
    """Whether the path lies under an organisation."""
    return request.segments[:2] == ("rest", "orgs")


fault = faults.of("snyk.transport.http-404")
fault("redirected-to-https", "Plain HTTP is redirected to HTTPS with 301.").by(
    redirect(lambda request: f"https://{request.headers['Host']}/{'/'.join(request.segments)}", cause="clear-text")
)
fault("served-in-clear", "Plain HTTP is served as HTTPS is, so that a request without a credential is a 401.").by(
    lenient.served_in_clear
)
fault("clear-text-400", "Plain HTTP is answered with 400.").by(status(400, cause="clear-text"))
fault("known-path-403-in-clear", "Over plain HTTP unknown paths are a 404, but those under an organisation a 403.").by(
    status(403, cause="clear-text", when=known_path)
)
fault("unknown-path-410-in-clear", "Over plain HTTP paths under an organisation are a 404, but unknown ones a 410.").by(
    status(410, cause="clear-text", when=lambda request: not known_path(request))
)

fault = faults.of("snyk.auth.no-token-401")
fault("anonymous-403", "A request without a credential is answered with 403.").by(status(403, cause="no-key"))
fault("anonymous-targets-404", "The targets are a 404 without a credential.").by(
    status(404, on=LIST_TARGETS, cause="no-key")
)
fault("anonymous-sees-no-projects", "The list of projects is empty without a credential.").by(
    instead(NO_RECORDS, on=LIST_PROJECTS, cause="no-key")
)
fault("project-served-without-key", "A single project is served without a credential.").by(
    unprotected(GET_PROJECT, "default")
)


def scheme(request: Request) -> str:
    """What stands before the first space in the Authorization header."""
    return str(request.headers["Authorization"]).partition(" ")[0]


fault = faults.of("snyk.auth.bad-token-401")
fault("bare-key-accepted", "A valid key is accepted without a scheme word.").by(authenticator(lenient.BareToken))
fault("basic-accepted", "A valid key is accepted under Basic, as it is or as base64 of user name or password.").by(
    authenticator(lenient.BasicToo)
)
fault("unknown-key-accepted", "Any key under `token` is accepted; other schemes are refused.").by(
    authenticator(lenient.AnyToken)
)
fault("unknown-key-403", "A key that does not exist is answered with 403.").by(status(403, cause="unknown-key"))
fault("bare-key-404", "A value without a scheme word is answered with 404.").by(
    status(404, cause="scheme", when=lambda request: " " not in request.headers["Authorization"])
)
fault("basic-400", "A valid key under Basic is answered with 400.").by(
    status(400, cause="scheme", when=lambda request: scheme(request) == "Basic")
)


def only_capitalised(word: str) -> Plant:
    """This scheme word is accepted with a capital, and not without."""

    class Capitalised(SchemeAuthenticator):
        def token(self, header: str) -> str:
            if header.startswith(f"{word} "):
                raise self.refusal("scheme")
            return super().token(header.replace(f"{word.title()} ", f"{word} ", 1))

    return authenticator(Capitalised)


fault = faults.of("snyk.auth.scheme-token")
fault("only-capitalised-accepted", "A key is accepted with `Token`, and not with `token`.").by(
    only_capitalised("token")
)


@fault.using(authenticator)
class OnlyBearerAccepted(SchemeAuthenticator):
    """A key is accepted as a bearer token, and not with `token`."""

    def token(self, header: str) -> str:
        word, _, key = super().token(header).partition(" ")
        if word == "token":
            raise self.refusal("scheme")
        return f"token {key}" if f"token {key}" in self.principals else header


@fault.using(authenticator)
class OnlyQuotedAccepted(SchemeAuthenticator):
    """A key is accepted in quotation marks only."""

    def token(self, header: str) -> str:
        word, _, key = super().token(header).partition(" ")
        if word == "token" and not key.startswith('"'):
            raise self.refusal("scheme")
        return header.replace('"', "")


fault = faults.of("snyk.auth.scheme-bearer")
fault("bearer-capitalised", "The access token of an app is accepted with `Bearer`, and not with `bearer`.").by(
    only_capitalised("bearer")
)


@fault.server
def app_token_unknown(server: Server) -> None:
    """The access token of an app is a 401."""
    del server.authenticator.principals[f"bearer {server.credentials['app']}"]


@fault.using(authenticator)
class AppTokenTakesToken(SchemeAuthenticator):
    """The access token of an app is accepted with `token`, and not with `bearer`."""

    def token(self, header: str) -> str:
        word, _, credential = super().token(header).partition(" ")
        as_app = f"bearer {credential}" in self.principals
        return f"{'bearer' if word == 'token' else 'token'} {credential}" if as_app else header


fault("app-may-not-list", "The access token of an app is known, but a 403 on projects.").by(
    refuse(
        403,
        "Apps may not use this endpoint.",
        on=LIST_PROJECTS,
        when=lambda request: request.principal and request.principal.name == "app",
    )
)

fault = faults.of("snyk.auth.scheme-case")
fault("capitalised-500", "A scheme word in capitals or half of them is answered with 500.").by(
    crash(cause="scheme-case")
)
fault("upper-case-503", "TOKEN is answered with 503, Token with 401.").by(
    status(503, cause="scheme-case", when=lambda request: scheme(request) == "TOKEN")
)
fault("title-case-500", "Token is answered with 500, TOKEN with 401.").by(
    crash(cause="scheme-case", when=lambda request: scheme(request) == "Token")
)

fault = faults.of("snyk.security.token-never-echoed")
fault("key-in-detail", "The detail of an error quotes the key.").by(
    append("/errors/*/detail", lambda request: f" (key {sent_token(request)})", status=REFUSED)
)
fault("key-in-meta-of-one-error", "The error for an unknown parameter has the key in its meta, in base64.").by(
    put("/errors/0/meta", lambda request: {"by": lenient.token_in_base64(request)}, cause="unknown-parameter")
)
fault("key-in-header", "Successful answers carry the key in a header of their own.").by(
    header("snyk-request-key", sent_token)
)
fault("key-in-self-link", "The self link of a single project holds the key.").by(
    append("/links/self", lambda request: f"&key={sent_token(request)}", on=GET_PROJECT)
)
fault("key-in-list-of-targets", "The list of targets has the key in its meta.").by(
    put("/meta", lambda request: {"caller": sent_token(request)}, on=LIST_TARGETS)
)
