"""A reference server over TLS, HTTP/1.1 and HTTP/2, with a throw-away CA; and what can be wrong down there."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import trustme
from attrs import define, field, frozen
from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from conformance.reference.core import Server

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@frozen
class Served:
    """Where a server answers: its https URL, the plain HTTP one beside it, the file with the CA's certificate."""

    url: str
    plain_url: str
    ca: Path


@define
class Serving:
    """How a server is served; faults change it before it starts.

    Attributes:
        protocols: ALPN protocols, the preferred one first.
        context: changes the TLS context.
        wrap: wraps the WSGI application.
    """

    protocols: list[str] = field(factory=lambda: ["h2", "http/1.1"])
    context: Callable[[ssl.SSLContext], None] = lambda _: None
    wrap: Callable[[Application], Application] = lambda application: application


class _Config(Config):
    """Hypercorn's configuration with a TLS context of ours."""

    serving: Serving

    def create_ssl_context(self) -> ssl.SSLContext | None:
        context = super().create_ssl_context()
        if context is not None:
            self.serving.context(context)
        return context


@contextmanager
def serve_tls(server: Server, serving: Serving | None = None) -> Iterator[Served]:
    """Serves on loopback in a thread of its own, over TLS and beside it in clear; stopped on exit."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    with TemporaryDirectory() as folder:
        ca, chain, key = (Path(folder) / name for name in ("ca.pem", "chain.pem", "key.pem"))
        authority.cert_pem.write_to_path(str(ca))
        chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
        certificate.private_key_pem.write_to_path(str(key))
        config = _Config()
        config.serving = serving or Serving()
        config.certfile, config.keyfile = str(chain), str(key)
        config.alpn_protocols = config.serving.protocols
        # Hypercorn takes the sockets over, and closes them.
        (secure_port, secure), (plain_port, plain) = _listening(), _listening()
        config.bind, config.insecure_bind = [f"fd://{secure}"], [f"fd://{plain}"]
        config.accesslog = config.errorlog = None
        config.graceful_timeout = 0.2
        # The server's clock is the one that dates its answers.
        config.include_date_header = False
        config.include_server_header = False
        with _running(config.serving.wrap(server), config):
            yield Served(f"https://127.0.0.1:{secure_port}", f"http://127.0.0.1:{plain_port}", ca)


def _listening() -> tuple[int, int]:
    """A free port of loopback, and the descriptor of a socket that listens on it."""
    listener = socket.create_server(("127.0.0.1", 0))
    return listener.getsockname()[1], listener.detach()


@contextmanager
def _running(application: Application, config: Config) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    serving = hypercorn_serve(application, config, shutdown_trigger=stop.wait, mode="wsgi")

    def run() -> None:
        asyncio.set_event_loop(loop)
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(serving)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@frozen
class ServingFault:
    """A defect of how a server is served.

    Attributes:
        breaks: the rule that must turn red, or for one that no rule names, its id without the API.
        tls: the version of TLS that has to be promised for it to be a fault; None for any.
    """

    id: str
    breaks: str
    description: str
    plant: Callable[[Serving], None]
    tls: str | None = None


def _only(version: ssl.TLSVersion) -> Callable[[Serving], None]:
    def plant(serving: Serving) -> None:
        def change(context: ssl.SSLContext) -> None:
            context.minimum_version = context.maximum_version = version

        serving.context = change

    return plant


def _no_tickets(serving: Serving) -> None:
    def change(context: ssl.SSLContext) -> None:
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0

    serving.context = change


def _legacy(serving: Serving) -> None:
    def change(context: ssl.SSLContext) -> None:
        allow_legacy(context)

    serving.context = change


def allow_legacy(context: ssl.SSLContext) -> None:
    """Has a context take part in TLS 1.0 and 1.1, which OpenSSL otherwise keeps out by its security level."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED


def _protocols(*protocols: str) -> Callable[[Serving], None]:
    def plant(serving: Serving) -> None:
        serving.protocols = list(protocols)

    return plant


def _changed(
    protocol: str, change: Callable[[str, list[tuple[str, str]]], tuple[str, list[tuple[str, str]]]]
) -> Callable[[Serving], None]:
    """Changes status and headers of answers over one version of HTTP."""

    def plant(serving: Serving) -> None:
        def wrap(application: Application) -> Application:
            def changed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
                def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                    if environ["SERVER_PROTOCOL"] == protocol:
                        status, headers = change(status, headers)
                    return start_response(status, headers, *rest)

                return application(environ, start)

            return changed

        serving.wrap = wrap

    return plant


def _without_rate(status: str, headers: list[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
    return status, [(name, value) for name, value in headers if "ratelimit" not in name.lower()]


_TLS = "transport.tls-versions"
SERVING_FAULTS = (
    ServingFault(
        "tls-1-2-only", "transport.tls-versions", "TLS 1.3 is not offered", _only(ssl.TLSVersion.TLSv1_2), "1.3"
    ),
    ServingFault(
        "tls-1-3-only", "transport.tls-versions", "TLS 1.2 is not offered", _only(ssl.TLSVersion.TLSv1_3), "1.2"
    ),
    ServingFault("no-tickets", "transport.tls-resumption", "no session can be resumed", _no_tickets),
    ServingFault("no-h2", "transport.http-versions", "HTTP/2 is not spoken", _protocols("http/1.1")),
    ServingFault(
        "h2-is-505",
        "transport.http-versions",
        "a request over HTTP/2 is answered 505",
        _changed("HTTP/2", lambda _, headers: ("505 HTTP Version Not Supported", headers)),
    ),
    ServingFault(
        "prefers-http-1-1", "transport.h2-preferred", "HTTP/1.1 is chosen over h2", _protocols("http/1.1", "h2")
    ),
    ServingFault(
        "h2-without-rate-headers",
        "transport.protocol-invariance",
        "the rate-limit headers are missing over HTTP/2",
        _changed("HTTP/2", _without_rate),
    ),
    ServingFault(
        "h2-typed-otherwise",
        "transport.protocol-invariance",
        "the media type is another one over HTTP/2",
        _changed(
            "HTTP/2",
            lambda status, headers: (
                status,
                [(k, "text/json" if k.lower() == "content-type" else v) for k, v in headers],
            ),
        ),
    ),
    ServingFault("legacy-tls", "transport.tls-legacy-refused", "TLS 1.0 is still taken", _legacy),
    ServingFault(
        "http-1-0-is-426",
        "transport.http-1-0",
        "a request over HTTP/1.0 is told to upgrade",
        _changed("HTTP/1.0", lambda _, headers: ("426 Upgrade Required", headers)),
    ),
)
