"""Policies that take what they have to refuse, to be laid over those of any API."""

from __future__ import annotations

import base64
from typing import Any

from attrs import evolve

from conformance.reference.edits import redirect
from conformance.reference.faults import Breaking, Plant
from conformance.reference.messages import Principal, Problem, Request
from conformance.reference.plants import policy, setting
from conformance.reference.policies import JsonBody, TokenAuthenticator, sent_token

served_in_clear: Plant = setting("transport.schemes", frozenset({"http", "https"}))
"""Plain HTTP is served as HTTPS is."""

redirected_within_clear: Plant = redirect(
    lambda request: f"http://{request.headers['Host']}/{'/'.join(request.segments)}/", cause="clear-text"
)
"""Plain HTTP is redirected, but to plain HTTP again."""


def in_clear(fault: Breaking) -> None:
    """Add the faults of a server that has to refuse plain HTTP or lead away from it."""
    fault("served-in-clear", "Plain HTTP is served as HTTPS is.").by(served_in_clear)
    fault("redirected-within-clear", "Plain HTTP is redirected, but to plain HTTP again.").by(redirected_within_clear)


def token_in_base64(request: Request) -> str:
    """The credential that was sent, in base64."""
    return base64.b64encode(sent_token(request).encode()).decode()


class AnyToken(TokenAuthenticator):
    """A token that does not exist is taken for the first one that does; other schemes are refused."""

    def authenticate(self, request: Request) -> Principal | None:
        try:
            return super().authenticate(request)
        except Problem as problem:
            if problem.cause != "unknown-key":
                raise
            return next(iter(self.principals.values()))


class BareToken(TokenAuthenticator):
    """A valid token is accepted without a scheme word."""

    def token(self, header: str) -> str:
        return _known(self, header) or super().token(header)


class BasicToo(TokenAuthenticator):
    """A valid token is accepted under Basic too, as it is or as base64 of user name or password."""

    def token(self, header: str) -> str:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "basic":
            return super().token(header)
        try:
            return _known(self, token) or _known(self, base64.b64decode(token).decode().strip(":"))
        except ValueError:
            return ""


def _known(authenticator: TokenAuthenticator, token: str) -> str:
    """How the authenticator knows a token, with its scheme or without; empty for one that it does not know."""
    return next((known for known in authenticator.principals if token and known.split(" ")[-1] == token), "")


def repaired(*ends: bytes) -> Plant:
    """A body that is cut off is read as if it went on with the first of these that makes it whole."""

    class Repairing(JsonBody):
        def parse(self, request: Request) -> dict[str, Any]:
            for end in (b"", *ends):
                try:
                    return super().parse(evolve(request, body=request.body.strip() + end))
                except Problem as problem:
                    refusal = problem
                    if refusal.cause == "media-type":
                        break
            raise refusal

    return policy(Repairing, "bodies")


def typed_as(*media_types: str) -> Plant:
    """A body that is sent as one of these media types, "" for none, is read as if it had the right one."""

    class Tolerant(JsonBody):
        def sent_as(self, request: Request) -> str:
            sent = super().sent_as(request)
            return self.media_type if sent in media_types else sent

    return policy(Tolerant, "bodies")
