"""Header fields, each with its grammar (RFC 9110, RFC 8288, RFC 8594, RFC 9745)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache

from conformance.checks.base import HELD, Finding, Sight, check, violated
from conformance.checks.http.messages import has_content, keeps_fields
from conformance.traffic.exchange import Exchange
from conformance.traffic.links import mistake_in
from conformance.traffic.redact import is_redacted

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PARAMETER = rf"{_TOKEN}[ \t]*=[ \t]*(?:{_TOKEN}|{_QUOTED})"
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}(?:[ \t]*;[ \t]*(?:{_TOKEN}=(?:{_TOKEN}|{_QUOTED}))?)*")
_METHODS = re.compile(rf"[ \t,]*(?:{_TOKEN}[ \t]*(?:,[ \t,]*|$))*")
_ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\U0010ffff]*"')
_CHALLENGE = rf"{_TOKEN}(?: +(?:{_PARAMETER}(?:[ \t]*,[ \t]*{_PARAMETER})*|[A-Za-z0-9\-._~+/]+=*))?"
_CHALLENGES = re.compile(rf"{_CHALLENGE}(?:[ \t]*,[ \t]*{_CHALLENGE})*")
_REFERENCE = re.compile(r"[!#-;=?-\[\]_a-z~]*")

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(
    rf"({'|'.join(_DAYS)}), (\d\d) ({'|'.join(_MONTHS)}) (\d{{4}}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60) GMT", re.ASCII
)


@lru_cache(maxsize=64)
def is_http_date(text: str) -> bool:
    """Whether a date is written as a sender has to (IMF-fixdate, RFC 9110 5.6.7), with the right day of the week."""
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    day, month, year = int(found[2]), _MONTHS.index(found[3]) + 1, int(found[4])
    try:
        return datetime(year, month, day).weekday() == _DAYS.index(found[1])
    except ValueError:
        return False


def _is_expiry(text: str) -> bool:
    # What is no date means "in the past" to a recipient (RFC 9111 5.3).
    return text in ("0", "-1") or is_http_date(text)


def _is_delay(text: str) -> bool:
    return re.fullmatch("[0-9]+", text) is not None or is_http_date(text)


def _is_deprecation(text: str) -> bool:
    # `true` and an HTTP-date are what drafts had before RFC 9745.
    return re.fullmatch(r"@-?[0-9]{1,15}|\?1|true", text) is not None or is_http_date(text)


def _registered(rule: str, what: str, **forms: Callable[[str], object]) -> None:
    """A check of the form of some fields, by their names with `_` for a dash."""
    names = [name.replace("_", "-") for name in forms]

    def is_there(exchange: Exchange) -> bool:
        return any(exchange.response.header(name) is not None for name in names)

    @check(rule, when=is_there)
    def is_well_formed(sight: Sight) -> Iterator[Finding]:
        for name, form in zip(names, forms.values(), strict=True):
            value = sight.exchange.response.header(name)
            if value is None or len(value) > _LONGEST:
                continue
            if form(value):
                yield HELD
            elif not is_redacted(value, ""):
                yield violated(f"{name} is not well-formed", expected=what, actual=value)

    is_well_formed.__doc__ = f"{', '.join(names)}, where there: {what}."


_LONGEST = 4096
"""Characters of a value that is looked at."""

_registered(
    "http.date-form",
    "a date as in `Sun, 06 Nov 1994 08:49:37 GMT`",
    date=is_http_date,
    last_modified=is_http_date,
    expires=_is_expiry,
)
_registered(
    "http.retry-after-form", "whole seconds, or a date as in `Sun, 06 Nov 1994 08:49:37 GMT`", retry_after=_is_delay
)
_registered("http.sunset-form", "a date as in `Sun, 06 Nov 1994 08:49:37 GMT`", sunset=is_http_date)
_registered("http.deprecation-form", "a date as in `@1688169599`", deprecation=_is_deprecation)
_registered("http.content-type-form", "a media type with its parameters", content_type=_MEDIA_TYPE.fullmatch)
_registered("http.allow-form", "methods between commas", allow=_METHODS.fullmatch)
_registered("http.etag-form", "text in double quotes, `W/` before them or not", etag=_ENTITY_TAG.fullmatch)
_registered("http.authenticate-form", "challenges: a scheme with parameters", www_authenticate=_CHALLENGES.fullmatch)
_registered("http.location-form", "a URI reference", location=_REFERENCE.fullmatch)
_registered("http.link-form", "links as RFC 8288 writes them", link=lambda value: mistake_in(value) is None)


@check("http.date-present", when=lambda exchange: exchange.source is None and exchange.response.status < 500)
def date_is_there(sight: Sight) -> Iterator[Finding]:
    """An answer says when it was made. Who records may have left that out."""
    if sight.exchange.response.header("date") is not None:
        yield HELD
    else:
        yield violated("an answer has no Date", expected="Date", actual=sight.exchange.response.reason)


@check("http.content-type-present", when=has_content)
def content_has_a_type(sight: Sight) -> Iterator[Finding]:
    """An answer with a body says of which media type it is."""
    response = sight.exchange.response
    if not keeps_fields(sight.exchange):
        return
    if response.media_type:
        yield HELD
    else:
        yield violated(f"a {response.status} has a body and no Content-Type", expected="Content-Type", actual="none")
