"""Media types and well-formedness of bodies (RFC 9110 8.3, RFC 8259)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checks.base import HELD, Arguments, Finding, Numbers, Sight, check, note, violated
from conformance.traffic.exchange import NotJson


class OfResponses(Arguments):
    classes: Numbers = ()
    may_be_empty: Numbers = ()
    marked: str | None = None
    noted: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()
    raw_path: str | None = None


@check("content-type.response-media-type", OfResponses)
def response_is_json(sight: Sight) -> Iterator[Finding]:
    """A response body is well-formed JSON of the documented media type, parameters ignored.

    Arguments:
        classes: status classes that are judged.
        may_be_empty: those of them in which a body may be missing.
        marked: answers of operations that the contract lacks are left out, unless they have this top-level member.
        noted: media types that are only noted; `*` stands for any, and for none.
        raw: operations whose successes are something else than JSON.
        raw_path: matches the paths of those that the contract lacks.
    """
    response = sight.exchange.response
    if sight.exchange.request.method == "HEAD" or response.status == 204:
        return
    if response.status_class not in sight.arguments.get("classes", (2,)):
        return
    if not response.body and response.status_class in sight.arguments.get("may_be_empty", ()):
        return
    if response.ok and (response.raw or _is_raw(sight)):
        return
    marked = sight.arguments.get("marked")
    if sight.exchange.operation is None and marked and response.at(f"/{marked}") is None:
        return
    media_types = sight.contract.conventions.media_types.response
    try:
        _ = response.json
    except NotJson as error:
        yield violated(
            f"a {response.status} body is not well-formed JSON: {error}",
            expected="a JSON text",
            actual=response.text,
        )
        return
    if not media_types:
        return
    if response.media_type in media_types:
        yield HELD
    elif {response.media_type, "*"} & set(sight.arguments.get("noted", ())):
        yield note(
            f"a {response.status} body is typed {response.media_type}"
            if response.media_type
            else f"a {response.status} body has no Content-Type"
        )
    else:
        yield violated(
            f"a {response.status} body is typed {response.media_type}"
            if response.media_type
            else f"a {response.status} body has no Content-Type",
            expected=f"Content-Type: {' or '.join(media_types)}",
            actual=f"Content-Type: {response.header('content-type') or 'none'}",
        )


def _is_raw(sight: Sight) -> bool:
    exchange, pattern = sight.exchange, sight.arguments.get("raw_path")
    if exchange.operation is None:
        return pattern is not None and re.fullmatch(pattern, exchange.path) is not None
    return exchange.operation.id in sight.arguments.get("raw", ())


class OfRequests(Arguments):
    methods: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()
    media_type: str | None = None


@check("content-type.request-media-type", OfRequests)
def request_is_json(sight: Sight) -> Iterator[Finding]:
    """A request body is well-formed JSON and says so.

    Arguments:
        methods: methods whose bodies are judged; all where it is left out.
        raw: operations that take something else than JSON.
        media_type: of bodies that are no JSON; that of the conventions where it is left out.
    """
    request = sight.exchange.request
    methods = sight.arguments.get("methods")
    if not request.body or (methods and request.method not in methods):
        return
    if sight.exchange.known_as in sight.arguments.get("raw", ()):
        return
    other = sight.arguments.get("media_type")
    expected = other or sight.contract.conventions.media_types.request
    if request.media_type != expected:
        yield violated(
            f"the client sent a body as {request.media_type}"
            if request.media_type
            else "the client sent a body without a Content-Type",
            expected=f"Content-Type: {expected}",
            actual=f"Content-Type: {request.header('content-type') or 'none'}",
            party="client",
        )
    elif not other and not request.is_json:
        yield violated("the client sent a body that is not JSON", expected="JSON", actual=request.text, party="client")
    else:
        yield HELD
