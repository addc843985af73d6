"""The connection, as Vercel's document alone has it: TLS sessions, old TLS, one answer over any protocol."""

import ssl

from conformance.contract import Conventions
from conformance.properties import (
    HarnessError,
    NotExercised,
    Subject,
    Unsupported,
    assert_equal,
    assert_that,
    requirement,
)
from conformance.suite.common.test_transport import agreed_on, over, raw_request
from conformance.targets import Client
from conformance.targets.wire import Wire, speaks_legacy

MODERN = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
LEGACY = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
ATTEMPTS = 3


@requirement("vercel.transport.tls-resumption", needs=("tls",))
def test_tls_sessions_are_resumed(subject: Subject, client: Client, wire: Wire) -> None:
    """A second connection that offers the first one's session is resumed, in at least one of three attempts."""
    request = raw_request(subject, client, "1.1")
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


@requirement("vercel.transport.protocol-invariance", needs=("tls", "h2"))
def test_answers_do_not_depend_on_the_protocol(
    subject: Subject, client: Client, wire: Wire, conventions: Conventions
) -> None:
    """Status, media type, body and the presence of the rate-limit headers are equal over HTTP/1.1 and HTTP/2."""
    if (agreed := agreed_on(wire)) != "h2":
        raise NotExercised(f"there is no HTTP/2 to compare with: a client that offers h2 only is given {agreed}")
    first, second = (client.control(over(subject, client, version)) for version in ("HTTP/1.1", "HTTP/2"))
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
