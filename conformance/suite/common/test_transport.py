"""The connection: what is answered outside TLS, and which versions of TLS and HTTP are spoken within."""

import ssl

from conformance.contract import Conventions, Operation
from conformance.properties import (
    HarnessError,
    NotExercised,
    Subject,
    Violation,
    assert_equal,
    assert_status,
    assert_that,
    requirement,
)
from conformance.targets import Client
from conformance.targets.wire import Wire
from conformance.traffic.exchange import Exchange

MODERN = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@requirement("transport.https-only")
def test_calls_in_clear_fail(subject: Subject, client: Client, operation: Operation) -> None:
    """The call that succeeds over TLS does not succeed over plain HTTP, and is answered as documented."""
    plain = client.in_clear()
    client.control(subject.call())
    documented = client.contract.conventions.in_clear
    if documented is not None:
        _is_answered_alike(plain, operation.expand(subject.values(operation)), documented)
        return
    try:
        exchange = plain.call(operation, subject.values(operation))
    except HarnessError as refusal:
        assert_that(True, "refused", expected="no answer", actual=str(refusal))
        return
    if not exchange.response.answered:
        assert_that(True, "refused", expected="no answer", actual=exchange.response.fault)
        return
    if plain.credentials != client.credentials and exchange.response.status in (401, 403):
        raise NotExercised("only a throw-away credential may go out in clear, and that was refused as such")
    location = exchange.response.header("location")
    assert_status(exchange, "3xx", "4xx", when="over plain HTTP")
    assert_that(
        exchange.response.status_class != 3 or str(location).startswith("https://"),
        "plain HTTP is redirected, but not to https",
        expected="a Location that begins with https://",
        actual=f"Location: {location or 'none'}",
        exchange=exchange,
    )


def _is_answered_alike(plain: Client, path: str, status: int) -> None:
    """Known and unknown paths have the documented status over plain HTTP; no credential is sent."""
    for asked in (path, plain.contract.conventions.errors.unknown_path):
        try:
            exchange = plain.send("GET", asked, credential=None, negative=True)
        except HarnessError as refusal:
            assert_that(False, f"plain HTTP is not answered: {refusal}", expected=str(status), actual=str(refusal))
            return
        assert_status(exchange, status, when="over plain HTTP")


def raw_request(subject: Subject, client: Client, version: str) -> bytes:
    """The subject's call as the bytes of an HTTP/1 request."""
    request = client.request(subject.operation.method, subject.operation.expand(subject.values(subject.operation)))
    headers = {**dict(request.headers), "host": request.url.netloc.decode()}
    lines = [
        f"{request.method} {request.url.raw_path.decode()} HTTP/{version}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def agreed_on(wire: Wire) -> str | None:
    """What a client that offers h2 only is given by ALPN, or why there is no connection."""
    try:
        return wire.negotiate(("h2",)).protocol
    except OSError as error:
        return str(error)


def over(subject: Subject, client: Client, protocol: str) -> Exchange:
    with client.limited_to(http=protocol) as limited:
        return limited.call(subject.operation, subject.values(subject.operation))


@requirement("transport.tls-versions", needs=("tls",))
def test_modern_tls_is_served(subject: Subject, client: Client, conventions: Conventions) -> None:
    """A client limited to a version of TLS that is not obsolete gets an answer."""
    for version in (MODERN[name] for name in conventions.tls):
        try:
            with client.limited_to(tls=version) as limited:
                answer = limited.call(subject.operation, subject.values(subject.operation))
        except HarnessError as error:
            assert_that(False, f"{version.name} gets no answer", expected="an HTTP response", actual=str(error))
        else:
            assert_that(answer.response.status > 0, "no status", expected="a status", actual=answer.response.status)


@requirement("transport.http-versions", needs=("tls", "h2"))
def test_http_1_1_and_2_are_served(subject: Subject, client: Client, wire: Wire) -> None:
    """The same authenticated request succeeds over HTTP/1.1 and over HTTP/2, which is agreed on by ALPN."""
    assert_equal(agreed_on(wire), "h2", "the protocol agreed on with a client that offers h2 only")
    for protocol in ("HTTP/1.1", "HTTP/2"):
        try:
            exchange = over(subject, client, protocol)
        except HarnessError as error:
            assert_that(False, f"{protocol} gets no answer", expected="a 2xx", actual=str(error))
        else:
            assert_equal(exchange.response.http_version, protocol, "the version of HTTP", exchange=exchange)
            assert_status(exchange, "2xx", when=f"over {protocol}")


@requirement("transport.h2-preferred", needs=("tls", "h2"))
def test_h2_is_chosen(wire: Wire) -> None:
    """A client that offers both h2 and http/1.1 is given h2."""
    try:
        chosen = wire.negotiate(("http/1.1", "h2")).protocol
    except OSError as error:
        raise HarnessError(f"no TLS connection: {error}") from None
    assert_equal(chosen, "h2", "the protocol chosen by ALPN")


@requirement("transport.http-1-0", needs=("tls",))
def test_http_1_0_is_served(subject: Subject, client: Client, wire: Wire) -> None:
    """A request over HTTP/1.0 has the status it has over HTTP/1.1, and a body that ends without chunks."""
    control = client.control(subject.call())
    try:
        answer = wire.ask(raw_request(subject, client, "1.0"))
    except OSError as error:
        no_answer = f"a request over HTTP/1.0 gets no answer: {error}"
        raise Violation(no_answer, expected="an answer", actual=str(error), of_content=False) from None
    assert_equal(answer.status, control.response.status, "the status over HTTP/1.0")
    assert_equal(answer.header("transfer-encoding"), None, "the transfer coding over HTTP/1.0")
    length = answer.header("content-length")
    assert_that(
        answer.closed if length is None else length.strip() == str(len(answer.body)),
        "the body ends neither with its length nor with the connection",
        expected="a body that ends with its Content-Length or the connection",
        actual=f"Content-Length {length}, {len(answer.body)} bytes",
    )
