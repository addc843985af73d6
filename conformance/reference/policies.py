"""The policies of a reference server: each is one object, so that a fault can put another in its place.

Pages and rates have modules of their own.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import evolve, field, frozen, mutable

from conformance.reference.clock import Clock
from conformance.reference.messages import Principal, Problem, Request, Response


@frozen
class Transport:
    """Which URL schemes are served; any other is refused with `status`, before its credential is looked at."""

    schemes: frozenset[str] = frozenset({"https"})
    status: int = 400

    @classmethod
    def over(cls, *, require_https: bool, status: int = 400) -> Transport:
        """HTTPS alone, or plain HTTP as well."""
        return cls(frozenset({"https"} if require_https else {"https", "http"}), status)

    def admit(self, request: Request) -> None:
        """Raise a Problem unless the request came by a scheme that is served."""
        if request.scheme not in self.schemes:
            raise Problem(self.status, "clear-text", "This API is served over HTTPS only.")


def sent_token(request: Request) -> str:
    """The credential in the Authorization header, whatever its scheme; empty without one."""
    return request.headers.get("Authorization", "").rpartition(" ")[2]


@mutable
class TokenAuthenticator:
    """Credentials as `Authorization: <scheme> <token>`; the scheme is read in any case (RFC 9110, 11.1).

    `principals` is by token, and `messages` by cause of refusal; they stand in for the ones here.
    """

    scheme: str
    principals: dict[str, Principal]
    messages: Mapping[str, str] = field(factory=dict)
    status: int = 401
    """That of a refusal."""

    def authenticate(self, request: Request) -> Principal | None:
        """Who asks: None without the header; a refusal when it does not hold a valid credential."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        principal = self.principals.get(self.token(header))
        if principal is None:
            raise self.refusal("unknown-key", "The API key is not valid.")
        if principal.addresses is not None and request.address not in principal.addresses:
            raise self.refusal("address", "The API key may not be used from this IP address.")
        return principal

    def token(self, header: str) -> str:
        """The token in the header's value; a refusal for another form."""
        scheme, _, token = header.strip().partition(" ")
        if scheme.lower() != self.scheme.lower() or not token:
            raise self.refusal("scheme", f"The Authorization header must be '{self.scheme} <API key>'.")
        return token.strip()

    def authorise(self, request: Request, permission: str) -> None:
        """Refuse a request that is not authenticated, and with 403 one that lacks the permission.

        An empty permission is one that every principal has.
        """
        if request.principal is None:
            raise self.refusal("no-key", f"No API key was sent; send 'Authorization: {self.scheme} <API key>'.")
        if permission and not request.principal.may(permission):
            raise Problem(403, "permission", f"The API key lacks the permission '{permission}'.")

    def refusal(self, cause: str, message: str = "") -> Problem:
        """A refusal, which as a 401 has the challenge that RFC 9110, 15.5.2, asks for."""
        challenge = {"WWW-Authenticate": self.scheme} if self.status == 401 else {}
        return Problem(self.status, cause, self.messages.get(cause, message), challenge)


@mutable
class TeamAuthenticator(TokenAuthenticator):
    """Tokens that may expire, and the scope that a request chooses with `teamId`.

    The permissions of a principal are the owners whose resources it may use: its account and teams. Once it
    is authorised, its account is the owner that the request is about.
    """

    clock: Clock = field(kw_only=True)
    expiries: dict[str, datetime] = field(kw_only=True)
    """By the name of the principal; the token is refused from this moment on."""

    def authenticate(self, request: Request) -> Principal | None:
        """Who asks: None without the header; a refusal when it does not hold a valid token."""
        principal = super().authenticate(request)
        if principal is not None and self.expired(principal):
            raise self.refusal("expired")
        return principal

    def expired(self, principal: Principal) -> bool:
        """Whether the token of this principal is past its expiry date."""
        expiry = self.expiries.get(principal.name)
        return expiry is not None and self.clock.now() >= expiry

    def authorise(self, request: Request, permission: str) -> None:
        """Refuse a request that is not authenticated or may not use the scope it chooses."""
        super().authorise(request, permission)
        if request.principal is not None:
            request.principal = evolve(request.principal, account=self.owner(request, request.principal))

    def owner(self, request: Request, principal: Principal) -> str:
        """Whose resources the request is about: the team of `teamId`, else the user."""
        owner = request.query.get("teamId", principal.account)
        if not principal.may(owner):
            # A team that does not exist and one of others are refused alike, so that neither is told from it.
            raise self.refusal("team")
        return owner


@frozen
class JsonBody:
    """Request bodies: one JSON object, sent as `media_type`."""

    media_type: str = "application/json"

    def parse(self, request: Request) -> dict[str, Any]:
        """The members of the body; a Problem with 400 for another media type, no JSON, or no object."""
        value = self.value(request)
        if not isinstance(value, dict):
            raise self.refusal("no-object", "The request body must be a JSON object.")
        return value

    def value(self, request: Request) -> Any:
        """The body as JSON; a Problem with 400 for another media type, or no JSON."""
        if self.sent_as(request) != self.media_type:
            raise self.refusal("media-type", f"The request body must be sent as {self.media_type}.")
        try:
            return json.loads(request.body.decode(), parse_constant=_no_json)
        except (ValueError, RecursionError):
            raise self.refusal("malformed", "The request body is not well-formed JSON.") from None

    def sent_as(self, request: Request) -> str:
        """The media type of the request, without parameters; empty without one."""
        return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def refusal(self, cause: str, message: str) -> Problem:
        """A 400 that points to the body as a whole."""
        return Problem(400, cause, message, pointer="")


def _no_json(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@frozen
class Errors:
    """Problems as JSON; `envelope` makes the body from a problem."""

    envelope: Callable[[Problem], Mapping[str, Any]]
    media_type: str = "application/json"

    def render(self, problem: Problem) -> Response:
        """The error response for a problem."""
        response = Response.of(self.envelope(problem), problem.status, problem.cause)
        for name, value in {**problem.headers, "Content-Type": self.media_type}.items():
            response = response.with_header(name, value)
        return response


@mutable
class Ids:
    """A source of ids shaped like UUIDs: the nth id of a kind is the same in every run."""

    counts: defaultdict[str, int] = field(factory=lambda: defaultdict(int))

    def next(self, kind: str) -> str:
        """A new id for a record of this kind."""
        self.counts[kind] += 1
        return self.made(f"{kind} {self.counts[kind]}")

    def made(self, name: str) -> str:
        """The id that belongs to a name."""
        return stable_uuid(name)


def stable_uuid(name: str) -> str:
    """An id in the form of a UUID (version 8, RFC 9562) that depends on the name alone."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
