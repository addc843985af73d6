"""Statuses (RFC 9110 15): what comes with some of them, and what has to have been asked."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, check, violated
from conformance.checks.http.messages import keeps_fields
from conformance.traffic.exchange import Exchange


@check("http.status-code")
def status_is_one(sight: Sight) -> Iterator[Finding]:
    """A status is between 200 and 599: one below is no last answer, and one above is none."""
    status = sight.exchange.response.status
    if 200 <= status <= 599 or status == 101:
        yield HELD
    else:
        yield violated(f"{status} is no status of an answer", expected="200 to 599", actual=str(status))


def _has(sight: Sight, name: str) -> Iterator[Finding]:
    """Whether an answer has a field that its status asks for; a recording without its fields does not show it."""
    response = sight.exchange.response
    if not keeps_fields(sight.exchange):
        return
    if response.header(name) is not None:
        yield HELD
    else:
        yield violated(f"a {response.status} has no {name}", expected=name, actual="none")


@check("http.authenticate-on-401", when=lambda exchange: exchange.response.status == 401)
def challenge_comes_with_401(sight: Sight) -> Iterator[Finding]:
    """A 401 says how to authenticate."""
    yield from _has(sight, "WWW-Authenticate")


@check("http.allow-on-405", when=lambda exchange: exchange.response.status == 405)
def methods_come_with_405(sight: Sight) -> Iterator[Finding]:
    """A 405 says which methods there are."""
    yield from _has(sight, "Allow")


@check("http.allow-without-refused", when=lambda exchange: exchange.response.status == 405)
def refused_method_is_not_allowed(sight: Sight) -> Iterator[Finding]:
    """The methods that a 405 names do not have the refused one among them."""
    allow, method = sight.exchange.response.header("allow"), sight.exchange.request.method
    if allow is None:
        return
    if method in {name.strip() for name in allow.split(",")}:
        yield violated(f"a 405 to {method} says that {method} is allowed", expected="other methods", actual=allow)
    else:
        yield HELD


@check("http.location-on-redirect", when=lambda exchange: exchange.response.status in (301, 302, 303, 307, 308))
def redirect_leads_somewhere(sight: Sight) -> Iterator[Finding]:
    """A redirect says where it leads."""
    yield from _has(sight, "Location")


_CONDITIONS = ("if-none-match", "if-modified-since")


@check(
    "http.not-modified-on-condition",
    when=lambda exchange: exchange.response.status == 304 or any(map(exchange.request.header, _CONDITIONS)),
)
def unchanged_was_asked(sight: Sight) -> Iterator[Finding]:
    """A 304 answers a GET or HEAD that has a condition. Who records may have left that out."""
    exchange = sight.exchange
    reads = exchange.request.method in ("GET", "HEAD")
    if exchange.response.status != 304 or (reads and any(map(exchange.request.header, _CONDITIONS))):
        yield HELD
    elif exchange.source is None:
        yield violated("a 304 answers a request without a condition", expected="the answer itself", actual="304")


def _is_partial(exchange: Exchange) -> bool:
    return exchange.response.status == 206 or exchange.request.header("range") is not None


@check("http.partial-content", when=_is_partial)
def part_says_which(sight: Sight) -> Iterator[Finding]:
    """A 206 answers a request for a range, and says which part it holds."""
    exchange, response = sight.exchange, sight.exchange.response
    if response.status != 206:
        if response.ok:
            yield HELD
        return
    asked = exchange.request.header("range") is not None or exchange.source is not None
    said = response.header("content-range") is not None or response.media_type == "multipart/byteranges"
    if asked and said:
        yield HELD
    elif keeps_fields(exchange):
        lacks = "Content-Range" if asked else "a request for a range"
        yield violated(f"a 206 without {lacks}", expected=lacks, actual=response.reason)
