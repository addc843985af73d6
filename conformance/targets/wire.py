"""The wire below HTTP: TLS versions, sessions and protocols that one connection is limited to."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from threading import Thread
from typing import Any

import trustme
from attrs import define, frozen

from conformance.targets.errors import NoAnswer, Oversized
from conformance.targets.network import MAX_BODY, Allowance, addresses
from conformance.traffic.urls import origin_of

SECONDS = 5.0
"""Seconds to connect, and as many for an answer."""

ContextFactory = Callable[[], ssl.SSLContext]


@frozen
class Handshake:
    """What a connection came to: the TLS version, the ALPN protocol, and whether a session was resumed."""

    version: str | None
    protocol: str | None
    resumed: bool
    session: ssl.SSLSession | None


@frozen
class RawAnswer:
    """An answer read from a raw connection.

    Attributes:
        closed: the connection was at its end after the body.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    closed: bool

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


@frozen
class Wire:
    """Connections to one https URL.

    Every method raises OSError (ssl.SSLError is one) where the connection or the handshake fails.
    """

    url: str
    contexts: ContextFactory

    @property
    def _address(self) -> tuple[str, int]:
        origin = origin_of(self.url)
        assert origin is not None, f"{self.url} is checked where a target is made"
        return origin.host, origin.port

    def context(self, version: ssl.TLSVersion | None = None, protocols: tuple[str, ...] = ()) -> ssl.SSLContext:
        """A context that verifies the target, limited to one TLS version and offering these ALPN protocols."""
        context = self.contexts()
        if version is not None:
            context.minimum_version = context.maximum_version = version
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    def negotiate(self, protocols: tuple[str, ...]) -> Handshake:
        """A handshake that offers these protocols."""
        with self._connected(self.context(protocols=protocols)) as tls:
            return _handshake(tls)

    def resume(self, version: ssl.TLSVersion, request: bytes) -> Handshake:
        """A second connection that offers the session of a first one, on which a request was answered."""
        context = self.context(version)
        with self._connected(context) as tls:
            # A TLS 1.3 ticket comes after the handshake: it is there once an answer has been read to its end.
            _answer(tls, request)
            session = tls.session
        with self._connected(context, session) as tls:
            _answer(tls, request)
            return _handshake(tls)

    def ask(self, request: bytes) -> RawAnswer:
        """The answer to a request of these bytes."""
        with self._connected(self.context()) as tls:
            return _answer(tls, request)

    def takes(self, version: ssl.TLSVersion) -> bool:
        """Whether a handshake that offers nothing newer than `version` completes."""
        return _takes(self._address, version)

    @contextmanager
    def _connected(self, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> Iterator[ssl.SSLSocket]:
        host, _ = self._address
        with (
            _connection(self._address) as plain,
            context.wrap_socket(plain, server_hostname=host, session=session) as tls,
        ):
            yield tls


def _connection(address: tuple[str, int]) -> socket.socket:
    """A connection to the first address of a host that takes one."""
    allowance, failure = Allowance(SECONDS), OSError(f"{address[0]} has no address")
    for found in addresses(*address, SECONDS):
        try:
            return socket.create_connection((found, address[1]), timeout=allowance.timeout(None))
        except OSError as error:
            failure = error
        except NoAnswer:
            break
    raise failure


def _handshake(tls: ssl.SSLSocket) -> Handshake:
    return Handshake(tls.version(), tls.selected_alpn_protocol(), bool(tls.session_reused), tls.session)


@define(slots=False, eq=False)
class _Bounded(RawIOBase):
    """A connection as HTTPResponse reads it, within an allowance: a read that it does not leave is an OSError."""

    tls: ssl.SSLSocket
    allowance: Allowance

    def makefile(self, _: str) -> BufferedReader:
        return BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            self.tls.settimeout(self.allowance.timeout(None))
            data = self.allowance.took(self.tls.recv(len(buffer)))
        except (NoAnswer, Oversized) as error:
            raise TimeoutError(str(error)) from None
        buffer[: len(data)] = data
        return len(data)


def _answer(tls: ssl.SSLSocket, request: bytes) -> RawAnswer:
    # No guard looks at what is sent here.
    assert request.startswith((b"GET ", b"HEAD ")), "only what reads is sent on a connection of its own"
    tls.sendall(request)
    bounded = _Bounded(tls, Allowance(SECONDS))
    try:
        with closing(HTTPResponse(bounded)) as response:  # type: ignore[arg-type]  # it is read from, no more
            response.begin()
            body = response.read(MAX_BODY)
            closed = bool(response.will_close) and _at_its_end(tls)
            return RawAnswer(response.status, tuple(response.getheaders()), body, closed)
    except (HTTPException, ValueError) as error:
        raise OSError(f"the answer is not HTTP: {error}") from None


def _at_its_end(tls: ssl.SSLSocket) -> bool:
    try:
        return tls.recv(1) == b""
    except ssl.SSLError:
        # Many servers close without the notice that TLS asks for.
        return True


def _legacy_context(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Only whether the handshake completes is asked: nothing is sent, so nobody has to be trusted.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with _deprecated_on_purpose():
        context.minimum_version = context.maximum_version = version
    return context


@contextmanager
def _deprecated_on_purpose() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _takes(address: tuple[str, int], version: ssl.TLSVersion) -> bool:
    try:
        with (
            _connection(address) as plain,
            _legacy_context(version).wrap_socket(plain, server_hostname=address[0]),
        ):
            return True
    except ssl.SSLError:
        return False
    except ConnectionResetError:
        # Some servers refuse a version by closing the connection.
        return False


def speaks_legacy(version: ssl.TLSVersion) -> bool:
    """Whether this machine's TLS library can complete a handshake of an old version at all.

    Tried against a server of our own: a refusal says something about a target only where this succeeds.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with _deprecated_on_purpose():
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SECONDS)

        def accept() -> None:
            try:
                plain, _ = listener.accept()
                with plain, context.wrap_socket(plain, server_side=True):
                    pass
            except OSError:
                return

        thread = Thread(target=accept, daemon=True)
        thread.start()
        try:
            return _takes(("127.0.0.1", listener.getsockname()[1]), version)
        finally:
            thread.join()
