"""Messages (RFC 9110, RFC 9112): an answer is whole, as long as it says, and has a body where it may have one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from conformance.checks.base import HELD, Finding, Sight, check, violated
from conformance.traffic.exchange import Exchange, Response
from conformance.traffic.redact import is_redacted


def has_content(exchange: Exchange) -> bool:
    """Whether there is a body, and it is known."""
    return exchange.response.unread is None and bool(exchange.response.body)


def keeps_fields(exchange: Exchange) -> bool:
    """Whether an answer is shown with its header fields: who records may leave out those that nobody needs."""
    return exchange.source is None or exchange.response.header("date") is not None


def _may_have_no_body(exchange: Exchange) -> bool:
    return exchange.request.method == "HEAD" or exchange.response.status in (204, 304)


@check("http.message-complete", when=lambda exchange: has_content(exchange) or exchange.response.fault is not None)
def message_is_complete(sight: Sight) -> Iterator[Finding]:
    """An answer does not break off, and is in the content coding that it names."""
    fault = sight.exchange.response.fault
    if fault is None:
        yield HELD
    else:
        yield violated(f"the answer is not whole: {fault}", expected="a whole answer", actual=fault)


@check("http.content-length", when=lambda exchange: exchange.response.header("content-length") is not None)
def length_is_stated(sight: Sight) -> Iterator[Finding]:
    """A body has as many bytes as Content-Length says, which is said once.

    Of a body in a content coding only the decoded form is kept. In others' recordings a body may have been cleaned, or
    written in another form: there one counts that is cut short, and no JSON any more, though it says that it is.
    """
    exchange, response = sight.exchange, sight.exchange.response
    stated = {text.strip() for text in str(response.header("content-length")).split(",")}
    if len(stated) > 1 or not all(re.fullmatch("[0-9]{1,18}", text) for text in stated):
        yield violated(
            "Content-Length is not one number",
            expected="the number of bytes, once",
            actual=response.header("content-length"),
        )
        return
    if _may_have_no_body(exchange) or response.unread is not None or response.fault is not None:
        return
    if response.header("content-encoding") is not None or response.header("transfer-encoding") is not None:
        return
    length, actual = int(stated.pop()), len(response.body)
    if length == actual:
        yield HELD
    elif exchange.source is None and not _is_redacted(response):
        yield violated(
            f"the body has {actual} bytes, and Content-Length says {length}", expected=str(length), actual=str(actual)
        )
    elif actual < length and says_json(response) and not response.raw and not response.is_json:
        yield violated(
            f"the body ends after {actual} of {length} bytes, and is no JSON", expected=str(length), actual=str(actual)
        )


def says_json(response: Response) -> bool:
    """Whether a body is said to be one JSON text."""
    media_type = response.media_type or ""
    return is_json_type(media_type) and media_type != "application/stream+json"


def is_json_type(media_type: str) -> bool:
    """Whether a media type is JSON's, or has its suffix (RFC 6839)."""
    return media_type in ("application/json", "text/json") or media_type.endswith("+json")


def _is_redacted(response: Response) -> bool:
    """Whether a body may have another length than it came with, since secrets in it were replaced."""
    return is_redacted(response.text, "") or (response.is_json and any(_redacted(response.json, "")))


def _redacted(value: Any, place: str) -> Iterator[bool]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _redacted(member, f"{place}/{name}")
    elif isinstance(value, list):
        for item in value:
            yield from _redacted(item, place)
    else:
        yield is_redacted(value, place)


@check("http.no-body", when=_may_have_no_body)
def nothing_comes_where_nothing_may(sight: Sight) -> Iterator[Finding]:
    """A 204, a 304 and any answer to HEAD have no body.

    In a browser's recording a 304 shows the body that was kept from before.
    """
    exchange, response = sight.exchange, sight.exchange.response
    if response.unread is not None or (response.status == 304 and exchange.source is not None):
        return
    if response.body:
        what = "the answer to HEAD" if exchange.request.method == "HEAD" else f"a {response.status}"
        yield violated(f"{what} has a body", expected="no body", actual=response.text)
    else:
        yield HELD


@check("http.no-length-of-nothing", when=lambda exchange: exchange.response.status == 204)
def nothing_has_no_length(sight: Sight) -> Iterator[Finding]:
    """A 204 has neither Content-Length nor Transfer-Encoding."""
    named = [name for name in ("Content-Length", "Transfer-Encoding") if sight.exchange.response.header(name)]
    if named:
        yield violated(
            f"a 204 has {named[0]}",
            expected=f"no {named[0]}",
            actual=f"{named[0]}: {sight.exchange.response.header(named[0])}",
        )
    elif keeps_fields(sight.exchange):
        yield HELD


_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


@lru_cache(maxsize=1024)
def _is_name(text: str) -> bool:
    # Recorders of HTTP/2 keep its pseudo-header fields.
    return _NAME.fullmatch(text.removeprefix(":")) is not None


_NOT_IN_A_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@check("http.field-syntax", when=lambda exchange: bool(exchange.response.headers))
def fields_are_well_formed(sight: Sight) -> Iterator[Finding]:
    """The name of a header field is a token, and its value has no control characters."""
    for name, value in sight.exchange.response.headers:
        if not _is_name(name) or _NOT_IN_A_VALUE.search(value):
            yield violated(
                f"the header field {name!r} is not well-formed",
                expected="a token, and a value without control characters",
                actual=f"{name}: {value}",
            )
            return
    yield HELD


_ONCE = frozenset(("content-type", "date", "etag", "expires", "last-modified", "location", "retry-after"))


@check("http.fields-once", when=lambda exchange: len(exchange.response.headers) > 1)
def single_fields_come_once(sight: Sight) -> Iterator[Finding]:
    """A field that holds one value does not come twice with different ones."""
    found: dict[str, str] = {}
    for name, value in sight.exchange.response.headers:
        key, value = name.lower(), value.strip(" \t")
        if key in _ONCE and found.setdefault(key, value) != value:
            yield violated(f"{name} comes with two values", expected="one value", actual=[found[key], value])
            return
    if found:
        yield HELD
