"""The connection: TLS versions and resumption, HTTP/1.0, 1.1 and 2. Judged on targets that speak TLS."""

import ssl

from conformance.contract import Conventions
from conformance.properties import (
    HarnessError,
    NotExercised,
    Subject,
    Unsupported,
    Violation,
    assert_equal,
    assert_status,
    assert_that,
    requirement,
)
from conformance.targets import Client
from conformance.targets.wire import Wire, speaks_legacy
from conformance.traffic.exchange import Exchange

MODERN = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
LEGACY = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
ATTEMPTS = 3


def _raw_request(subject: Subject, client: Client, version: str) -> bytes:
    """The subject's call as the bytes of an HTTP/1 request."""
    request = client.request(subject.operation.method, subject.operation.expand(subject.values(subject.operation)))
    headers = {**dict(request.headers), "host": request.url.netloc.decode()}
    lines = [
        f"{request.method} {request.url.raw_path.decode()} HTTP/{version}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _agreed(wire: Wire) -> str | None:
    """What a client that offers h2 only is given by ALPN, or why there is no connection."""
    try:
        return wire.negotiate(("h2",)).protocol
    except OSError as error:
        return str(error)


def _over(subject: Subject, client: Client, protocol: str) -> Exchange:
    with client.limited_to(http=protocol) as limited:
        return limited.call(subject.operation, subject.values(subject.operation))


@requirement("vercel.transport.tls-versions", needs=("tls",))
def test_tls_1_2_and_1_3_are_served(subject: Subject, client: Client) -> None:
    """A client limited to TLS 1.2 gets an answer, and so does one limited to TLS 1.3."""
    for version in MODERN:
        try:
            with client.limited_to(tls=version) as limited:
                answer = limited.call(subject.operation, subject.values(subject.operation))
        except HarnessError as error:
            assert_that(False, f"{version.name} gets no answer", expected="an HTTP response", actual=str(error))
        else:
            assert_that(answer.response.status > 0, "no status", expected="a status", actual=answer.response.status)


@requirement("vercel.transport.tls-resumption", needs=("tls",))
def test_tls_sessions_are_resumed(subject: Subject, client: Client, wire: Wire) -> None:
    """A second connection that offers the first one's session is resumed, in at least one of three attempts."""
    request = _raw_request(subject, client, "1.1")
    for version in MODERN:
        try:
            resumed = any(wire.resume(version, request).resumed for _ in range(ATTEMPTS))
        except OSError as error:
            raise NotExercised(f"{version.name} cannot be connected to: {error}") from None
        assert_that(
            resumed,
            f"no {version.name} session was resumed in {ATTEMPTS} attempts",
            expected="a resumed session",
            actual="a full handshake each time",
        )


@requirement("vercel.transport.http-versions", needs=("tls", "h2"))
def test_http_1_1_and_2_are_served(subject: Subject, client: Client, wire: Wire) -> None:
    """The same authenticated request succeeds over HTTP/1.1 and over HTTP/2, which is agreed on by ALPN."""
    assert_equal(_agreed(wire), "h2", "the protocol agreed on with a client that offers h2 only")
    for protocol in ("HTTP/1.1", "HTTP/2"):
        try:
            exchange = _over(subject, client, protocol)
        except HarnessError as error:
            assert_that(False, f"{protocol} gets no answer", expected="a 2xx", actual=str(error))
        else:
            assert_equal(exchange.response.http_version, protocol, "the version of HTTP", exchange=exchange)
            assert_status(exchange, "2xx", when=f"over {protocol}")


@requirement("vercel.transport.h2-preferred", needs=("tls", "h2"))
def test_h2_is_chosen(wire: Wire) -> None:
    """A client that offers both h2 and http/1.1 is given h2."""
    try:
        chosen = wire.negotiate(("http/1.1", "h2")).protocol
    except OSError as error:
        raise HarnessError(f"no TLS connection: {error}") from None
    assert_equal(chosen, "h2", "the protocol chosen by ALPN")


@requirement("vercel.transport.protocol-invariance", needs=("tls", "h2"))
def test_answers_do_not_depend_on_the_protocol(
    subject: Subject, client: Client, wire: Wire, conventions: Conventions
) -> None:
    """Status, media type, body and the presence of the rate-limit headers are equal over HTTP/1.1 and HTTP/2."""
    if (agreed := _agreed(wire)) != "h2":
        raise NotExercised(f"there is no HTTP/2 to compare with: a client that offers h2 only is given {agreed}")
    first, second = (client.control(_over(subject, client, version)) for version in ("HTTP/1.1", "HTTP/2"))
    assert_equal(second.response.status, first.response.status, "the status over HTTP/2", exchange=second)
    assert_equal(second.response.media_type, first.response.media_type, "the media type over HTTP/2", exchange=second)
    assert_equal(second.response.at(""), first.response.at(""), "the body over HTTP/2", exchange=second)
    headers = conventions.rate.headers
    for name in (headers.limit, headers.remaining, headers.reset) if headers else ():
        for exchange in (first, second):
            value = exchange.response.header(name)
            assert_that(
                value is not None and value.isdigit(),
                f"{name} is {value} over {exchange.response.http_version}",
                expected="a number",
                actual=value,
                exchange=exchange,
            )


@requirement("vercel.transport.tls-legacy-refused", needs=("tls",))
def test_legacy_tls_is_refused(wire: Wire) -> None:
    """A client that offers nothing newer than TLS 1.1, or than TLS 1.0, completes no handshake."""
    able = [version for version in LEGACY if speaks_legacy(version)]
    if not able:
        raise Unsupported("this machine's TLS library refuses TLS 1.0 and 1.1 itself")
    for version in able:
        try:
            taken = wire.takes(version)
        except OSError as error:
            raise HarnessError(f"no connection: {error}") from None
        assert_that(not taken, f"{version.name} is taken", expected="a refused handshake", actual="a completed one")


@requirement("vercel.transport.http-1-0", needs=("tls",))
def test_http_1_0_is_served(subject: Subject, client: Client, wire: Wire) -> None:
    """A request over HTTP/1.0 has the status it has over HTTP/1.1, and a body that ends without chunks."""
    control = client.control(subject.call())
    try:
        answer = wire.ask(_raw_request(subject, client, "1.0"))
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
