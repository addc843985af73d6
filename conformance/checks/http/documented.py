"""Documented: an answer is what the document that an API is published with says of it (OpenAPI 3.1).

What the document leaves out is a freedom, and what could not be read of it is not judged: there `Operation.answer` is
None, or the schema of a media type is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from attrs import frozen

from conformance.checks.base import HELD, Finding, Sight, as_json, check, violated
from conformance.checks.http.messages import has_content, is_json_type, keeps_fields
from conformance.checks.schema import ERRORS, is_of_redaction, named_members, says_nothing_of
from conformance.contract import Answer, SchemaError, Validator, dereferenced, is_partial, pointer
from conformance.traffic.exchange import Exchange
from conformance.traffic.redact import is_redacted

COMMON = frozenset((401, 403, 404, 405, 406, 407, 408, 411, 413, 414, 415, 417, 421, 426, 428, 429, 431))
"""Refusals that any server may answer with, whatever it serves; few documents list them all."""


def _is_known(exchange: Exchange) -> bool:
    return exchange.operation is not None and bool(exchange.operation.answers)


def _answer(exchange: Exchange) -> Answer | None:
    """What the document says of an answer.

    Where it lists successes, what it says of all others is about errors, and describes no success.
    """
    operation, response = exchange.operation, exchange.response
    if operation is None or (response.ok and _is_one_of_all_others(exchange) and _listed(exchange, "2")):
        return None
    return operation.answer(response.status)


def _is_one_of_all_others(exchange: Exchange) -> bool:
    """Whether a document that speaks of all other statuses does not list this one."""
    listed, status = _listed(exchange), exchange.response.status
    return "default" in listed and not {str(status), f"{status // 100}XX"} & set(listed)


def _listed(exchange: Exchange, beginning: str = "") -> list[str]:
    """The statuses that a document lists for an operation, those of one class or all."""
    return [name for name in (exchange.operation.answers if exchange.operation else ()) if name.startswith(beginning)]


@check("http.documented-success", when=lambda exchange: _is_known(exchange) and exchange.response.ok)
def success_is_documented(sight: Sight) -> Iterator[Finding]:
    """A success has a status that the document lists, where it lists any of its class.

    One that it does not list may be one of all others, if the body is what the document says of those.
    """
    exchange = sight.exchange
    others = exchange.operation.answers.get("default") if exchange.operation is not None else None
    if others is not None:
        schema, response = others.schema, exchange.response
        if schema is None or not response.is_json or not response.json:
            return
        if not Validator.of(schema).errors(response.json, 1) and not _lacks_all_of(schema, response.json):
            return
    yield from _documented(sight, _listed(exchange, "2"))


def _lacks_all_of(schema: Mapping[str, Any], body: Any) -> bool:
    """Whether an object has none of the members that a schema names."""
    names = named_members(schema, schema).keys()
    return isinstance(body, dict) and bool(names) and not names & body.keys()


@check(
    "http.documented-refusal",
    when=lambda exchange: (
        _is_known(exchange)
        and exchange.response.status_class in (3, 4)
        and exchange.response.status not in (*COMMON, 304)
    ),
)
def refusal_is_documented(sight: Sight) -> Iterator[Finding]:
    """A redirect, or a refusal that comes from what is served, has a status that the document lists.

    Where an operation lists successes alone, its document leaves errors out.
    """
    listed = _listed(sight.exchange)
    # What is said of all others no status is without.
    if "default" not in listed:
        yield from _documented(sight, [] if all(name.startswith("2") for name in listed) else listed)


def _documented(sight: Sight, listed: list[str]) -> Iterator[Finding]:
    exchange = sight.exchange
    if listed and _answer(exchange) is not None:
        yield HELD
    elif listed:
        yield violated(
            f"{exchange.known_as} answers {exchange.response.reason}, which its document does not list",
            expected=" or ".join(listed),
            actual=exchange.response.reason,
        )


def media_type_in(content: Mapping[str, Any], media_type: str) -> str | None:
    """Which of the documented media types or ranges an answer is of; parameters are left aside.

    What is JSON by its suffix is read like JSON, so that either stands for the other where neither is documented.
    """
    named: dict[str, str] = {}
    for name in content:
        named.setdefault(name.partition(";")[0].strip().lower(), name)
    for candidate in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        if candidate in named:
            return named[candidate]
    if is_json_type(media_type):
        return next((name for known, name in named.items() if is_json_type(known)), None)
    return None


def _leaves_type_free(content: Mapping[str, Any]) -> bool:
    """Whether a document lets an answer have any media type: bytes that nobody knows the type of may be a PDF's."""
    return any(name.partition(";")[0].strip().lower() in ("*/*", "application/octet-stream") for name in content)


def _asked_for(exchange: Exchange) -> Mapping[str, frozenset[str]]:
    """The media types that a request asks for by name, each with the names of its parameters (RFC 9110 12.5.1)."""
    found: dict[str, frozenset[str]] = {}
    for part in (exchange.request.header("accept") or "").split(","):
        name, *parameters = (text.strip().lower() for text in part.split(";"))
        if name and "*" not in name:
            found[name] = found.get(name, frozenset()) | {text.partition("=")[0].strip() for text in parameters}
    return found


_SAME_FORM = frozenset(("q", "charset", "version", "v", "indent", "ext"))
"""Parameters of a media type by which nobody asks for another form of a resource."""


def _asks_for_another_form(exchange: Exchange) -> bool:
    """Whether a request asks, by a parameter of JSON, for a form of the resource that its document may not have."""
    asked = _asked_for(exchange)
    return any(is_json_type(name) and parameters - _SAME_FORM for name, parameters in asked.items())


def _has_documented_content(exchange: Exchange) -> bool:
    return _is_known(exchange) and exchange.response.status_class in (2, 4) and has_content(exchange)


@check("http.documented-media-type", when=_has_documented_content)
def media_type_is_documented(sight: Sight) -> Iterator[Finding]:
    """The media type of a success, or of a refusal, is one that the document gives for its status."""
    exchange = sight.exchange
    answer, media_type = _answer(exchange), exchange.response.media_type
    if answer is None or not answer.content or not media_type or _leaves_type_free(answer.content):
        return
    if media_type_in(answer.content, media_type) is not None:
        yield HELD
    elif media_type not in _asked_for(exchange):
        yield violated(
            f"{exchange.known_as} answers {exchange.response.status} as {media_type}",
            expected=f"Content-Type: {' or '.join(answer.content)}",
            actual=f"Content-Type: {exchange.response.header('content-type')}",
        )


@check(
    "http.documented-no-content",
    when=lambda exchange: _is_known(exchange) and exchange.response.ok and exchange.request.method != "HEAD",
)
def nothing_comes_undocumented(sight: Sight) -> Iterator[Finding]:
    """A success that the document gives no content has no body."""
    exchange, answer = sight.exchange, _answer(sight.exchange)
    if answer is None or answer.content or exchange.response.unread is not None:
        return
    if not exchange.response.body:
        yield HELD
    else:
        yield violated(
            f"{exchange.known_as} answers {exchange.response.status} with a body, of which its document says nothing",
            expected="no body",
            actual=exchange.response.text,
        )


@frozen
class _Judged:
    """What a documented body comes to: what is wrong with its shape, with its closed sets of values, with its formats.

    Attributes:
        exercised: there is something in it that the schema speaks of.
    """

    schema: Mapping[str, Any]
    exercised: bool
    shape: tuple[SchemaError, ...] = ()
    values: tuple[SchemaError, ...] = ()
    formats: tuple[SchemaError, ...] = ()


@lru_cache(maxsize=1)
def _judged(exchange: Exchange) -> _Judged | None:
    """What the document says of a JSON body; None where it says nothing, or the body is none. Three checks ask."""
    answer, response = _answer(exchange), exchange.response
    if answer is None or not answer.content or not response.is_json or _asks_for_another_form(exchange):
        return None
    name = media_type_in(answer.content, response.media_type) if response.media_type else next(iter(answer.content))
    schema = answer.content[name] if name is not None else None
    if not schema or name is None or not is_json_type(name.partition(";")[0].strip().lower()):
        return None
    body = response.json

    def redacted(error: SchemaError) -> bool:
        return is_of_redaction(error, body)

    errors = [error for error in Validator.of(schema).errors(body, limit=ERRORS) if not error.is_only(redacted)]
    shape = [error for error in errors if not error.is_only(lambda each: each.keyword == "enum" or redacted(each))]
    formats: list[SchemaError] = []
    if not errors and _mentions(schema, "format"):
        found = Validator.of(schema, formats=True).errors(body, limit=ERRORS)
        formats = [error for error in found if not error.is_only(lambda each: _is_free(each) or redacted(each))]
    exercised = not says_nothing_of(schema, schema, body) and not _is_empty(body)
    return _Judged(schema, exercised, tuple(shape), tuple(errors) if not shape else (), tuple(formats))


FORMATS = frozenset(f"format {name}" for name in ("date-time", "date", "uuid", "email", "uri", "ipv4", "ipv6"))
"""The formats that are held to. Others are written in more ways than a standard has, or are the vendor's own."""


def _is_free(error: SchemaError) -> bool:
    return error.keyword.startswith("format ") and error.keyword not in FORMATS


def _is_empty(body: Any) -> bool:
    """Whether a body is an empty list, or holds nothing else: what its schema says of the items was not seen."""
    if isinstance(body, dict):
        lists = [value for value in body.values() if isinstance(value, list)]
        return bool(lists) and not any(lists)
    return isinstance(body, list) and not body


_MENTIONED: dict[tuple[int, str], tuple[Mapping[str, Any], bool]] = {}


def _mentions(schema: Mapping[str, Any], keyword: str) -> bool:
    """Whether a schema that does not change says anything by a keyword, in itself or in what it refers to."""
    known = _MENTIONED.get((id(schema), keyword))
    # As with validators: an id is that of another schema once the first one is gone.
    if known is None or known[0] is not schema:
        known = _MENTIONED[id(schema), keyword] = schema, any(keyword in each for each in _within(schema))
    return known[1]


DATA = frozenset(("const", "default", "enum", "example", "examples"))


def _within(root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every object of a schema, and of the schemas that it refers to, each once."""
    passed: set[str] = set()
    left: list[Any] = [{name: value for name, value in root.items() if name != "components"}]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            yield node
            # What a value is to be, or may look like, is no schema, whatever it holds.
            left += (value for name, value in node.items() if name not in DATA)
            ref = node.get("$ref")
            if isinstance(ref, str) and ref not in passed:
                passed.add(ref)
                left.append(dereferenced(root, {"$ref": ref}))
        elif isinstance(node, list):
            left += node


_SAMPLED = 3
"""Items of an array that are gone into."""


def _exercises(root: Mapping[str, Any], schema: Any, value: Any, keyword: str, depth: int = 0) -> bool:
    """Whether a value has a part that a schema speaks of by a keyword."""
    schema = dereferenced(root, schema)
    if depth > _DEEPEST or value is None:
        return False
    if keyword in schema:
        return True
    below = depth + 1
    branches = [branch for name in ("allOf", "anyOf", "oneOf") for branch in schema.get(name, ())]
    if any(_exercises(root, branch, value, keyword, below) for branch in branches):
        return True
    if isinstance(value, list):
        return any(_exercises(root, schema.get("items"), item, keyword, below) for item in value[:_SAMPLED])
    if not isinstance(value, dict):
        return False
    named, others = schema.get("properties", {}), schema.get("additionalProperties")
    return any(_exercises(root, named.get(name, others), member, keyword, below) for name, member in value.items())


_DEEPEST = 30


def _told(
    sight: Sight, what: str, expected: str, errors: Callable[[_Judged], tuple[SchemaError, ...]], keyword: str | None
) -> Iterator[Finding]:
    judged = _judged(sight.exchange)
    if judged is None:
        return
    found, body = errors(judged), sight.exchange.response.json
    if found:
        first, more = found[0].nearest, len(found) - 1
        yield violated(
            f"{first.pointer or 'the body'} {what}: {first.message}{f'; {more} more in this body' if more else ''}",
            expected=expected,
            actual=as_json(_around(body, first.pointer)),
        )
    elif (
        judged.exercised
        and not judged.shape
        and not is_partial(judged.schema)
        and (
            keyword is None
            or (_mentions(judged.schema, keyword) and _exercises(judged.schema, judged.schema, body, keyword))
        )
    ):
        yield HELD


def _around(body: Any, place: str) -> Any:
    """What stands at a place of a body: of a large one the rest says little."""
    return pointer(body, place) if place else body


@check("http.documented-body", when=_has_documented_content)
def body_has_its_schema(sight: Sight) -> Iterator[Finding]:
    """A JSON body matches the schema that the document gives for its status and media type.

    Values beyond a documented set, and texts not of their format, are told apart. Of what is redacted the type counts.
    """
    yield from _told(sight, "is not as documented", "the documented schema", lambda judged: judged.shape, None)


@check("http.documented-values", when=_has_documented_content)
def values_are_documented(sight: Sight) -> Iterator[Finding]:
    """A value of a closed set is one that the document lists."""
    yield from _told(
        sight, "has a value beyond those documented", "a listed value", lambda judged: judged.values, "enum"
    )


@check("http.documented-formats", when=_has_documented_content)
def texts_have_their_format(sight: Sight) -> Iterator[Finding]:
    """A text is of the format that the document gives it."""
    yield from _told(sight, "is not of its format", "the documented format", lambda judged: judged.formats, "format")


def _has_documented_fields(exchange: Exchange) -> bool:
    answer = _answer(exchange)
    return answer is not None and bool(answer.headers)


@check("http.documented-fields", when=_has_documented_fields)
def required_fields_are_there(sight: Sight) -> Iterator[Finding]:
    """A header field that the document requires is there."""
    exchange, answer = sight.exchange, _answer(sight.exchange)
    for name, header in answer.headers.items() if answer is not None else ():
        if header.get("required") is not True or name == "content-type":
            continue
        if not keeps_fields(exchange):
            return
        if exchange.response.header(name) is not None:
            yield HELD
        else:
            yield violated(
                f"{exchange.known_as} answers {exchange.response.status} without {name}", expected=name, actual="none"
            )


_FORM: Mapping[str, re.Pattern[str]] = {
    "integer": re.compile(r"[+-]?[0-9]+"),
    "number": re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"),
    "boolean": re.compile("true|false", re.IGNORECASE),
}


@check("http.documented-field-types", when=_has_documented_fields)
def fields_have_their_type(sight: Sight) -> Iterator[Finding]:
    """A header field that the document declares to be a number, or true or false, is one."""
    exchange, answer = sight.exchange, _answer(sight.exchange)
    for name, header in answer.headers.items() if answer is not None else ():
        schema, value = header.get("schema"), exchange.response.header(name)
        type_ = schema.get("type") if isinstance(schema, dict) else None
        form = _FORM.get(type_) if isinstance(type_, str) else None
        if form is None or value is None or is_redacted(value, ""):
            continue
        if form.fullmatch(value):
            yield HELD
        else:
            yield violated(
                f"{name} is not of the type {type_}, as documented",
                expected=f"{name}: {type_}",
                actual=f"{name}: {value}",
            )
