"""The network below a client: every answer is bounded in time and in bytes, wherever it is being read."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterable
from contextvars import ContextVar
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import httpcore2
import httpx2
from attrs import define, evolve, field, frozen
from httpcore2 import NetworkBackend, NetworkStream

from conformance.targets.errors import NoAnswer, Oversized
from conformance.targets.replay import SENT_AT
from conformance.traffic.decoding import NotDecoded, TooLarge, codings_of, decoded
from conformance.traffic.exchange import Response, TooDeep

MAX_BODY = 4 * 1024 * 1024
MAX_RECEIVED = 2 * MAX_BODY
"""Bytes of one answer as they come: its head, the framing of its body, and what TLS has taken off already."""

MAX_FIELDS = 256
MAX_HEAD = 64 * 1024


@define
class Limits:
    """How long a client bears: seconds to connect, between two reads, and for a whole answer, connecting included."""

    connect: float = 5.0
    read: float = 10.0
    answer: float = 30.0


@define
class Allowance:
    """What is left of the time and the bytes that one answer may take."""

    seconds: float
    received: int = 0
    _deadline: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._deadline = time.monotonic() + self.seconds

    def timeout(self, wanted: float | None) -> float:
        """Seconds that the next step may take.

        Raises:
            NoAnswer: none are left.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise NoAnswer(f"the answer was not complete after {self.seconds:g} s")
        return left if wanted is None else min(left, wanted)

    def took(self, data: bytes) -> bytes:
        """Counts what was received.

        Raises:
            Oversized: it is too much.
        """
        self.received += len(data)
        if self.received > MAX_RECEIVED:
            raise Oversized(f"the answer is larger than {MAX_RECEIVED // 1024 // 1024} MiB as it is sent; not judged")
        return data


_allowance: ContextVar[Allowance] = ContextVar("allowance")


@frozen
class _Stream(NetworkStream):
    """A connection that keeps to the allowance of the request it serves."""

    inner: NetworkStream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        allowance = _allowance.get()
        try:
            return allowance.took(self.inner.read(max_bytes, allowance.timeout(timeout)))
        except httpcore2.TimeoutException:
            # The time for the whole answer may be what has run out.
            allowance.timeout(timeout)
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, _allowance.get().timeout(timeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        return _Stream(self.inner.start_tls(ssl_context, server_hostname, _allowance.get().timeout(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


class _Backend(NetworkBackend):
    """Connects within the allowance of the request that needs a connection."""

    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        own = Allowance(_allowance.get().timeout(timeout))
        try:
            found = addresses(host, port, own.timeout(None))
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from None
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from None
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in found:
            try:
                left = own.timeout(None)
            except NoAnswer:
                raise httpcore2.ConnectTimeout from None
            try:
                return _Stream(self._inner.connect_tcp(address, port, left, local_address, socket_options or ()))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


def addresses(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a host; the system's resolver has no time limit of its own.

    Raises:
        OSError: there are none; TimeoutError: none in time.
    """
    answer: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            answer.put(error)
        else:
            answer.put(list(dict.fromkeys(str(address[0]) for *_, address in found)))

    Thread(target=ask, daemon=True, name="resolve").start()
    try:
        found = answer.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"{host} was not resolved within {seconds:g} s") from None
    if isinstance(found, OSError):
        raise found
    return found


class Transport(httpx2.HTTPTransport):
    """HTTP over connections of its own, each answer within `limits`.

    Redirects are not followed, and no proxy of the environment is used. A connection on which more came than one
    answer is closed: what is left over would be taken for the next answer.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        limits: Limits,
        *,
        address: str | None = None,
        http1: bool = True,
        http2: bool = False,
    ) -> None:
        super().__init__(verify=context, trust_env=False)
        self._limits = limits
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            http1=http1,
            http2=http2,
            local_address=address,
            keepalive_expiry=5.0,
            network_backend=_Backend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, its body still to be read.

        Raises:
            NoAnswer: it is not there in time; reading the body raises it, too.
            Oversized: it is too large; so does reading the body.
            httpx2.HTTPError: there is no connection, or what comes is not HTTP.
        """
        for connection in self._pool.connections:
            state = getattr(getattr(connection, "_connection", None), "_h11_state", None)
            if connection.is_idle() and state is not None and state.trailing_data[0]:
                connection.close()
        _allowance.set(Allowance(self._limits.answer))
        timeout = httpx2.Timeout(self._limits.read, connect=self._limits.connect)
        request.extensions = {**request.extensions, "timeout": timeout.as_dict()}
        response = super().handle_request(request)
        fields = response.headers.raw
        if len(fields) > MAX_FIELDS or sum(len(name) + len(value) for name, value in fields) > MAX_HEAD:
            response.close()
            raise Oversized(
                f"the answer has {len(fields)} header fields; no more than {MAX_FIELDS} in {MAX_HEAD // 1024} KiB "
                "are read"
            )
        return response


def answer_to(
    request: httpx2.Request, transport: httpx2.BaseTransport, limits: Limits
) -> tuple[Response, float | None]:
    """What comes back, whatever is wrong with its body; and when a recorded one says that it was asked for.

    Raises:
        NoAnswer: nothing, or nothing that is HTTP.
    """
    try:
        response = transport.handle_request(request)
    except httpx2.HTTPError as error:
        raise NoAnswer(_explained(error, limits)) from None
    except Oversized as error:
        raise NoAnswer(str(error)) from None
    body, fault, unread = b"", None, None
    try:
        body, fault = _body_of(response, limits)
    except Oversized as error:
        unread = str(error)
    finally:
        response.close()
    answer = Response(
        headers=tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw),
        body=body,
        status=response.status_code,
        http_version=response.http_version,
        fault=fault,
        unread=unread,
    )
    if unread is None and isinstance(answer._document, TooDeep):
        answer = evolve(answer, body=b"", unread=f"{answer._document}; not judged")
    return answer, response.extensions.get(SENT_AT)


def _body_of(response: httpx2.Response, limits: Limits) -> tuple[bytes, str | None]:
    """The body, decoded; or what came of it, as it was sent, and what is wrong with it.

    Raises:
        Oversized: it is larger than is read.
    """
    parts, size = [], 0
    assert isinstance(response.stream, httpx2.SyncByteStream)
    try:
        for part in response.stream:
            parts.append(part)
            size += len(part)
            if size > MAX_BODY:
                raise Oversized(_TOO_LARGE)
    except httpx2.HTTPError as error:
        return b"".join(parts), _explained(error, limits)
    except NoAnswer as error:
        return b"".join(parts), str(error)
    body = b"".join(parts)
    try:
        return decoded(body, codings_of(response.headers.get("content-encoding")), MAX_BODY, as_sent=True), None
    except TooLarge:
        raise Oversized(_TOO_LARGE) from None
    except NotDecoded as error:
        return body, f"the body does not decode: it {error}"


_TOO_LARGE = f"the body is larger than {MAX_BODY // 1024 // 1024} MiB; not judged"


# How Python writes the numbers of errors and its own files: nobody who reads a report knows them.
_SYSTEM = re.compile(r"\[Errno -?\d+\] |\[SSL: \w+\] | \(_ssl\.c:\d+\)")


def _explained(error: httpx2.HTTPError, limits: Limits) -> str:
    """Why there is no answer, in one line."""
    text = _SYSTEM.sub("", str(error)) or type(error).__name__
    match error:
        case httpx2.ConnectTimeout():
            return f"no connection within {limits.connect:g} s; is the target up?"
        case httpx2.ConnectError():
            return f"cannot connect: {text}; is the target up?"
        case httpx2.TimeoutException():
            return f"no answer within {limits.read:g} s"
        case httpx2.RemoteProtocolError():
            return f"the answer broke off or is not HTTP: {text}"
        case _:
            return f"no answer: {text}"
