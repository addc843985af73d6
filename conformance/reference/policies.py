"""The policies of a reference server: each is one object, so that a fault can put another in its place."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from attrs import field, frozen, mutable

from conformance.reference.messages import Principal, Problem, Record, Request, Response


@frozen
class Transport:
    """Which URL schemes are served; any other is refused with 400, before its credential is looked at."""

    schemes: frozenset[str] = frozenset({"https"})

    def admit(self, request: Request) -> None:
        """Raise a Problem unless the request came by a scheme that is served."""
        if request.scheme not in self.schemes:
            raise Problem(400, "clear-text", "This API is served over HTTPS only.")


class Limiter(Protocol):
    """How many requests are served in a time."""

    def admit(self, request: Request, now: datetime) -> None:
        """Count the request, or raise a Problem with 429."""


@mutable
class SlidingWindow:
    """At most `limit` requests of one key in any `window` seconds; a refused request does not count.

    Two requests exactly `window` seconds apart do not share a window. `key` is the source address by default.
    """

    limit: int
    window: float = 1.0
    key: Callable[[Request], str] = lambda request: request.address
    admitted: defaultdict[str, deque[datetime]] = field(factory=lambda: defaultdict(deque))

    def admit(self, request: Request, now: datetime) -> None:
        """Count the request, or raise a Problem with 429."""
        times = self.admitted[self.key(request)]
        while times and now - times[0] >= timedelta(seconds=self.window):
            times.popleft()
        if len(times) >= self.limit:
            raise Problem(429, "rate-limit", f"More than {self.limit} requests in {self.window:g} s.")
        times.append(now)


@mutable
class TokenAuthenticator:
    """Credentials as `Authorization: <scheme> <token>`; the scheme is read in any case (RFC 9110, 11.1)."""

    scheme: str
    principals: dict[str, Principal]
    """By token."""

    def authenticate(self, request: Request) -> Principal | None:
        """Who asks: None without the header; a Problem with 401 when it does not hold a valid credential."""
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
        """The token in the header's value; a Problem with 401 for another form."""
        scheme, _, token = header.strip().partition(" ")
        if scheme.lower() != self.scheme.lower() or not token:
            raise self.refusal("scheme", f"The Authorization header must be '{self.scheme} <API key>'.")
        return token.strip()

    def authorise(self, request: Request, permission: str) -> None:
        """Raise a Problem unless the request is authenticated (401) and has the permission (403).

        An empty permission is one that every principal has.
        """
        if request.principal is None:
            raise self.refusal("no-key", f"No API key was sent; send 'Authorization: {self.scheme} <API key>'.")
        if permission and not request.principal.may(permission):
            raise Problem(403, "permission", f"The API key lacks the permission '{permission}'.")

    def refusal(self, cause: str, message: str) -> Problem:
        """A 401 with the challenge that RFC 9110, 15.5.2, asks for."""
        return Problem(401, cause, message, {"WWW-Authenticate": self.scheme})


@frozen
class JsonBody:
    """Request bodies: one JSON object, sent as `media_type`."""

    media_type: str = "application/json"

    def parse(self, request: Request) -> dict[str, Any]:
        """The members of the body; a Problem with 400 for another media type, no JSON, or no object."""
        if self.sent_as(request) != self.media_type:
            raise Problem(400, "media-type", f"The request body must be sent as {self.media_type}.")
        try:
            value = json.loads(request.body.decode(), parse_constant=_no_json)
        except (ValueError, RecursionError):
            raise Problem(400, "malformed", "The request body is not well-formed JSON.") from None
        if not isinstance(value, dict):
            raise Problem(400, "no-object", "The request body must be a JSON object.")
        return value

    def sent_as(self, request: Request) -> str:
        """The media type of the request, without parameters; empty without one."""
        return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _no_json(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@frozen
class Page:
    """A part of a list: its items, the length of the whole list, and its cursors, empty at the ends."""

    items: Sequence[Record]
    total: int
    next: str
    prev: str


class Paginator(Protocol):
    """How a list is cut into pages; `default` and `maximum` are page sizes."""

    default: int
    maximum: int

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        """The page of the records that the request asks for; `key` is the member that tells them apart."""


@mutable
class CursorPaginator:
    """Pages by opaque cursors that name a record, not a position: `next__<id>` or `prev__<id>` in base64url.

    The text is ASCII, so that base64url leaves letters and digits only; padding is left out.
    """

    default: int
    maximum: int
    size_parameter: str = "per_page"
    cursor_parameter: str = "cursor"

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        """The page of the records that the request asks for; a Problem with 400 for a bad size or cursor."""
        ids = [str(record[key]) for record in records]
        size = self.size(request)
        start = self.start(request.query.get(self.cursor_parameter, ""), ids, size)
        end = start + size
        return Page(
            items=records[start:end],
            total=len(records),
            next=self.encode("next", ids[end - 1]) if end < len(ids) else "",
            prev=self.encode("prev", ids[start]) if 0 < start < len(ids) else "",
        )

    def size(self, request: Request) -> int:
        """The page size asked for, or the default."""
        text = request.query.get(self.size_parameter)
        if text is None:
            return self.default
        if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= self.maximum):
            raise Problem(400, "page-size", f"{self.size_parameter} must be an integer, 1 to {self.maximum}.")
        return int(text)

    def start(self, cursor: str, ids: Sequence[str], size: int) -> int:
        """The index of the first item of the page behind a cursor; an empty one means the first page.

        A page before a record with fewer than `size` in front of it begins with the list, so that it is full.
        """
        if not cursor:
            return 0
        direction, anchor = self.decode(cursor)
        if anchor not in ids:
            raise Problem(400, "cursor", "The cursor does not belong to this list.")
        index = ids.index(anchor)
        return index + 1 if direction == "next" else max(0, index - size)

    def encode(self, direction: str, anchor: str) -> str:
        """The cursor for the page "next" to, or "prev"ious of, the record with this id."""
        return base64.urlsafe_b64encode(f"{direction}__{anchor}".encode()).decode().rstrip("=")

    def decode(self, cursor: str) -> tuple[str, str]:
        """Direction and id of a cursor; a Problem with 400 when it was not made here."""
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        except ValueError:
            text = ""
        direction, _, anchor = text.partition("__")
        if direction not in {"next", "prev"}:
            raise Problem(400, "cursor", "The cursor is not one that this API gave out.")
        return direction, anchor


@frozen
class Errors:
    """Problems as JSON; `envelope` makes the body from a problem."""

    envelope: Callable[[Problem], Mapping[str, Any]]

    def render(self, problem: Problem) -> Response:
        """The error response for a problem."""
        response = Response.of(self.envelope(problem), problem.status, problem.cause)
        for name, value in problem.headers.items():
            response = response.with_header(name, value)
        return response


@mutable
class Ids:
    """A source of ids shaped like UUIDs: the nth id of a kind is the same in every run."""

    counts: defaultdict[str, int] = field(factory=lambda: defaultdict(int))

    def next(self, kind: str) -> str:
        """A new id for a record of this kind."""
        self.counts[kind] += 1
        return stable_uuid(f"{kind} {self.counts[kind]}")


def stable_uuid(name: str) -> str:
    """An id in the form of a UUID (version 8, RFC 9562) that depends on the name alone."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
