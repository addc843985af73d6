"""What goes in and out of a reference server: requests, responses, and problems, which become responses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from attrs import evolve, field, frozen, mutable
from werkzeug.datastructures import EnvironHeaders, Headers, MultiDict
from werkzeug.wsgi import get_input_stream

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Record = Mapping[str, Any]
"""A stored resource, never changed in place: JSON members by name."""


@frozen
class Principal:
    """On whose behalf a request is made: a credential, its account, and what narrows it."""

    name: str
    account: str
    permissions: frozenset[str] | None = None
    """What it may do; None for everything."""
    addresses: frozenset[str] | None = None
    """The source addresses it may be used from; None for all."""

    def may(self, permission: str) -> bool:
        """Whether it has this permission."""
        return self.permissions is None or permission in self.permissions


class Problem(Exception):
    """Why a request is not served; an API's error policy renders it.

    `cause` is a slug that tells problems of one status apart; it is not sent. `message` never quotes what the
    client sent, since a credential may be in it. `source` is what caused it: a query `parameter`, or a member of
    the body that a JSON `pointer` leads to.
    """

    def __init__(
        self,
        status: int,
        cause: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        parameter: str | None = None,
        pointer: str | None = None,
    ) -> None:
        super().__init__(message)
        given = {"parameter": parameter, "pointer": pointer}
        self.source = {name: value for name, value in given.items() if value is not None}
        self.status = status
        self.cause = cause
        self.message = message
        self.headers = dict(headers or {})


@mutable
class Request:
    """A request as the server reads it; `operation`, `arguments` and `principal` are filled in on its way.

    `segments` is the path split at its slashes, each part percent-decoded by itself; `operation` is the
    method and path template of the route it took, such as "GET /v2/users/{user-id}", or empty.
    """

    method: str
    scheme: str
    address: str
    segments: tuple[str, ...]
    query: MultiDict[str, str]
    headers: Headers
    body: bytes
    operation: str = ""
    arguments: dict[str, str] = field(factory=dict)
    principal: Principal | None = None

    @property
    def account(self) -> str:
        """The account that the request is about; there is none before it is authenticated."""
        assert self.principal is not None
        return self.principal.account

    @property
    def url(self) -> str:
        """The absolute URL without its query; the host is what the client called it."""
        path = "/".join(quote(segment, safe="!$&'()*+,;=:@") for segment in self.segments)
        return f"{self.scheme}://{self.headers.get('Host', '')}/{path}"

    @classmethod
    def from_environ(cls, environ: WSGIEnvironment) -> Request:
        """Read a WSGI environment whole, its body included."""
        return cls(
            method=environ["REQUEST_METHOD"],
            scheme=environ["wsgi.url_scheme"],
            address=environ.get("REMOTE_ADDR", ""),
            segments=_segments(environ),
            query=MultiDict(parse_qsl(_text(environ.get("QUERY_STRING", "")), keep_blank_values=True)),
            headers=EnvironHeaders(environ),
            body=get_input_stream(environ).read(),
        )


def _segments(environ: WSGIEnvironment) -> tuple[str, ...]:
    # PATH_INFO is decoded already: a slash inside a segment shows only in the raw target, which not all pass.
    raw = environ.get("REQUEST_URI")
    if raw is None:
        return tuple(_text(environ.get("PATH_INFO", "")).split("/")[1:])
    path = _text(raw).partition("?")[0]
    if not path.startswith("/"):
        path = urlsplit(path).path
    return tuple(unquote(segment) for segment in path.split("/")[1:])


def _text(value: str) -> str:
    # PEP 3333 passes bytes as Latin-1; httpx2's WSGI transport passes the text itself.
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


@frozen
class Response:
    """A response: status, headers without Date and Content-Length, and the body.

    `cause` is that of the problem it tells of, empty for a success; it is not sent.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(factory=dict)
    cause: str = ""

    @classmethod
    def of(cls, value: object, status: int = 200, cause: str = "") -> Response:
        """A response whose body is this value as application/json."""
        return cls(status, encode(value), {"Content-Type": "application/json"}, cause)

    @property
    def json(self) -> Any:
        """The body read as JSON; ValueError when it is none."""
        return json.loads(self.body)

    def with_json(self, value: object) -> Response:
        """The same response with another JSON body."""
        return evolve(self, body=encode(value))

    def with_header(self, name: str, value: str) -> Response:
        """The same response with this header added or replaced."""
        return evolve(self, headers={**self.headers, name: value})

    def without_headers(self, *names: str) -> Response:
        """The same response without these headers."""
        return evolve(self, headers={name: value for name, value in self.headers.items() if name not in names})


def encode(value: object) -> bytes:
    """A value as compact JSON in ASCII."""
    return json.dumps(value, separators=(",", ":")).encode()
