"""A proxy in front of a served API that breaks one promise: it sees requests and answers, and nothing of the server."""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import Callable, Iterable
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlencode

import httpcore2
import httpx2
from attrs import define, evolve, field, frozen

from conformance.reference.core import Server
from conformance.targets import ReferenceTarget
from conformance.targets.client import Client
from conformance.targets.health import Health
from conformance.targets.network import Limits, Transport
from conformance.targets.target import Observer


@frozen
class Asked:
    """A request, as it came.

    Attributes:
        path: decoded.
        query: its parameters, in order.
        headers: by name in lower case.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes

    def parameter(self, name: str) -> str | None:
        return dict(self.query).get(name)

    def without(self, *names: str) -> Asked:
        return evolve(self, query=tuple(pair for pair in self.query if pair[0] not in names))

    def having(self, **parameters: str) -> Asked:
        return evolve(self.without(*parameters), query=(*self.without(*parameters).query, *parameters.items()))


@frozen
class Answered:
    """An answer, as it goes out.

    Attributes:
        wire: the bytes that go out in place of all this; none of them closes the connection.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    wire: bytes | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_header(self, name: str, value: str | None) -> Answered:
        kept = [pair for pair in self.headers if pair[0].lower() != name.lower()]
        return evolve(self, headers=(*kept, *([] if value is None else [(name, value)])))

    def with_body(self, body: bytes) -> Answered:
        return evolve(self.with_header("Content-Length", str(len(body))), body=body)

    def with_json(self, value: Any) -> Answered:
        return self.with_body(json.dumps(value).encode())

    def over_the_wire(self, *, length: int | None = None, **headers: str) -> Answered:
        """The answer in bytes, with another Content-Length or headers that no framework lets pass."""
        given = {name: value for name, value in self.headers if name.lower() != "content-length"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        given["Content-Length"] = str(len(self.body) if length is None else length)
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        return evolve(self, wire=f"HTTP/1.1 {self.status} Answer\r\n{head}\r\n".encode("latin-1") + self.body)

    def dropped(self) -> Answered:
        return evolve(self, wire=b"")


Ask = Callable[[Asked], Answered]
Memory = dict[Any, Any]
Defect = Callable[[Asked, Ask, Memory], Answered]
"""Answers a request, with what the server answers and what the proxy remembers of earlier ones."""


@frozen
class Within:
    """A defect that no proxy could plant: something of the server itself is another before it is asked anything."""

    change: Callable[[Any], None]

    def __call__(self, asked: Asked, ask: Ask, _: Memory) -> Answered:
        return ask(asked)


@define
class Proxy:
    """A WSGI application in front of a server."""

    server: Server
    defect: Defect
    memory: Memory = field(factory=dict)
    wire: bytes | None = None

    def __attrs_post_init__(self) -> None:
        if isinstance(self.defect, Within):
            self.defect.change(self.server)

    def __getattr__(self, name: str) -> Any:
        # A target reads the clock, credentials and parameters of the server that it starts.
        return getattr(self.server, name)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key[:5] == "HTTP_"}
        if environ.get("CONTENT_TYPE"):
            headers["content-type"] = environ["CONTENT_TYPE"]
        asked = Asked(
            environ["REQUEST_METHOD"],
            unquote(environ["PATH_INFO"]),
            tuple(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
            headers,
            environ["wsgi.input"].read(length) if length else b"",
        )

        def ask(asked_for: Asked) -> Answered:
            changed = dict(environ)
            if asked_for.query != asked.query:
                changed["QUERY_STRING"] = urlencode(asked_for.query)
            changed |= {
                "REQUEST_METHOD": asked_for.method,
                "PATH_INFO": environ["PATH_INFO"] if asked_for.path == asked.path else asked_for.path,
                "CONTENT_LENGTH": str(len(asked_for.body)),
                "wsgi.input": io.BytesIO(asked_for.body),
            }
            changed["CONTENT_TYPE"] = asked_for.headers.get("content-type", "")
            for name in {*headers, *asked_for.headers} - {"content-type", "content-length"}:
                changed.pop(f"HTTP_{name.upper().replace('-', '_')}", None)
                if name in asked_for.headers:
                    changed[f"HTTP_{name.upper().replace('-', '_')}"] = asked_for.headers[name]
            started: list[Any] = []

            def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], object]:
                started.extend((status, headers))
                return lambda _: None

            body = b"".join(self.server(changed, start))
            return Answered(int(started[0][:3]), tuple(started[1]), body)

        answer = self.defect(asked, ask, self.memory)
        self.wire = answer.wire
        start_response(f"{answer.status} Answer", list(answer.headers))
        return [answer.body]


@define
class Wire(httpx2.BaseTransport):
    """The proxy as it is spoken to: what it puts on the wire is read as any answer from a socket is."""

    transport: httpx2.BaseTransport
    proxy: Proxy

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self.transport.handle_request(request)
        if self.proxy.wire is None:
            return response
        response.close()
        reader = Transport(_CONTEXT, Limits())
        reader._pool = httpcore2.ConnectionPool(network_backend=httpcore2.MockBackend([self.proxy.wire]))
        return reader.handle_request(request)


_CONTEXT = ssl.create_default_context()


@define(eq=False)
class ProxiedTarget(ReferenceTarget):
    """The reference server behind a proxy; whether it is up is known to all items together."""

    defect: Defect = field(kw_only=True)
    health: Health = field(factory=Health)

    def _client(self, server: Any, observers: list[Observer]) -> Client:
        proxy = Proxy(server, self.defect)
        client = super()._client(cast(Server, proxy), observers)
        client.transport, client.health = Wire(client.transport, proxy), self.health
        return client
