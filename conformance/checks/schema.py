"""Shapes of bodies: against a schema, and drift from the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import Field, StrictBool, model_validator

from conformance.checks.base import HELD, Arguments, Finding, Numbers, Sight, as_json, check, note, shown, violated
from conformance.contract import SchemaError, Validator, dereferenced, is_partial, pointer
from conformance.traffic.redact import is_redacted

ERRORS = 50
"""Errors of a body that are looked at, where the first ones may be about redacted values."""

_OF_A_VALUE = frozenset(
    {
        *("pattern", "format", "minLength", "maxLength", "enum", "const", "not", "uniqueItems"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
)
"""Keywords that judge what a value says, and not what it is."""


class Shapes(Arguments):
    at: str = ""
    each: str | None = None
    inline: dict[str, Any] | None = Field(default=None, alias="schema")
    component: str | None = None
    by_operation: dict[str, dict[str, Any]] | None = None
    classes: Numbers = ()
    optional: StrictBool = False
    digits: StrictBool = False
    documented: StrictBool = False
    asked: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_schema(self) -> Self:
        given = [self.inline, self.component, self.by_operation, self.documented or None]
        if sum(one is not None for one in given) != 1:
            raise ValueError("needs one of schema, component, by_operation and documented")
        for schema in (self.inline, self.asked, *(self.by_operation or {}).values()):
            _ = schema is None or Validator(schema)
        return self


@check("schema", Shapes)
def body_matches(sight: Sight) -> Iterator[Finding]:
    """A part of a body matches a schema.

    Arguments:
        at: JSON pointer of the part; the whole body where it is left out.
        each: JSON pointer of an array of which every item is judged, instead of `at`.
        schema: a JSON schema, or
        component: the name of one in the contract, or
        by_operation: operation id → JSON schema, or
        documented: true for the schema that the contract has for the answer. What its values are is judged, not what
            they say: other requirements speak of enumerations and patterns.
        classes: status classes that are judged, 2xx where left out.
        optional: a missing part is no violation.
        digits: integers are written as such, and not as 2048.0, which to a schema is one, too.
        asked: a JSON schema; only answers to requests whose body is JSON and matches it are judged.
    """
    arguments, response = sight.arguments, sight.exchange.response
    schema = _schema(sight) if _is_asked_for(sight) else None
    if schema is None or response.status_class not in arguments.get("classes", (2,)) or not response.is_json:
        return
    place = arguments.get("each", arguments.get("at", ""))
    try:
        part = pointer(response.json, place)
    except LookupError:
        if not arguments.get("optional") and "each" not in arguments:
            yield violated(f"the body has no {place}", expected=f"a member at {place}", actual=response.text)
        return
    validator = Validator.of(schema)
    options = {"digits": arguments.get("digits", False), "values": not arguments.get("documented", False)}
    if "each" not in arguments:
        parts = [(place, part)]
    else:
        parts = [(f"{place}/{index}", item) for index, item in enumerate(part if isinstance(part, list) else ())]
    for where, each in parts:
        finding = _finding(validator, each, where, **options)
        if finding is HELD and (is_partial(schema) or _is_silent(schema, each)):
            continue
        yield finding


def _is_asked_for(sight: Sight) -> bool:
    asked, request = sight.arguments.get("asked"), sight.exchange.request
    return asked is None or (request.is_json and not Validator.of(asked).errors(request.json, limit=1))


def _schema(sight: Sight) -> Mapping[str, Any] | None:
    if "component" in sight.arguments:
        return sight.contract.component(sight.arguments["component"])
    if sight.arguments.get("documented"):
        operation = sight.exchange.operation
        return operation.promised(sight.exchange.response.status) if operation else None
    if "by_operation" in sight.arguments:
        found: Mapping[str, Any] | None = sight.arguments["by_operation"].get(sight.exchange.known_as)
        return found
    schema: Mapping[str, Any] = sight.arguments["schema"]
    return schema


def _finding(validator: Validator, part: Any, place: str, *, digits: bool, values: bool) -> Finding:
    found = validator.errors(part, limit=ERRORS)
    errors = [
        error
        for error in found
        if (values or error.keyword not in _OF_A_VALUE) and not is_of_redaction(error, part, place)
    ]
    if not errors:
        for where, number in _fractions(validator.schema, validator.schema, part, place) if digits else ():
            return violated(
                f"{where} is an integer that is written with a fraction or an exponent",
                expected="digits",
                actual=number,
            )
        return HELD
    where = f"{place}{errors[0].pointer}" or "the body"
    return violated(f"{where}: {errors[0].message}", expected="the documented shape", actual=part)


def _is_silent(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a schema says nothing of a value that matches it."""
    return _lacks_items(schema, schema, value) or says_nothing_of(schema, schema, value)


def _lacks_items(root: Mapping[str, Any], schema: Any, value: Any) -> bool:
    """Whether an array is empty of which the schema describes the items: what it says of them was not seen."""
    schema = dereferenced(root, schema)
    if isinstance(value, list):
        return "items" in schema and not value
    members = schema.get("properties", {}) if isinstance(value, dict) else {}
    return any(_lacks_items(root, member, value[name]) for name, member in members.items() if name in value)


def says_nothing_of(root: Mapping[str, Any], schema: Any, value: Any) -> bool:
    """Whether a schema describes only members that a value does not have: what it says of them was not seen."""
    schema = dereferenced(root, schema)
    if schema.keys() - {"properties", "items", "if", "then", "else"}:
        return False
    if "if" in schema:
        branch = schema.get("else" if Validator(schema["if"]).errors(value, limit=1) else "then", {})
        if not says_nothing_of(root, branch, value):
            return False
    if isinstance(value, dict):
        members = schema.get("properties", {}).items()
        return all(says_nothing_of(root, member, value[name]) for name, member in members if name in value)
    if isinstance(value, list):
        return all(says_nothing_of(root, schema.get("items", {}), item) for item in value)
    return True


def is_of_redaction(error: SchemaError, part: Any, place: str = "") -> bool:
    """Whether an error is about the text of a value, or its size, of which redaction left the type only."""
    return error.keyword.partition(" ")[0] in _OF_A_VALUE and is_redacted(
        pointer(part, error.pointer), f"{place}{error.pointer}"
    )


def _fractions(root: Mapping[str, Any], schema: Any, value: Any, place: str) -> Iterator[tuple[str, float]]:
    """The numbers that a schema declares to be integers, and that are not written as such."""
    schema = dereferenced(root, schema)
    types = schema.get("type", ())
    if (
        isinstance(value, float)
        and "integer" in ([types] if isinstance(types, str) else types)
        and "number" not in types
    ):
        yield place, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _fractions(root, schema.get("items"), item, f"{place}/{index}")
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _fractions(root, schema.get("properties", {}).get(name), member, f"{place}/{name}")


class Lists(Arguments):
    bare: StrictBool = False


@check("schema.records-in-one-array", Lists)
def records_are_in_one_array(sight: Sight) -> Iterator[Finding]:
    """A list answer is an object that holds its records in one array, under the key that the contract gives.

    The key is not in the document: records under another one are told, not judged.

    Arguments:
        bare: an array of records without an object around it is told, not judged either.
    """
    exchange, response = sight.exchange, sight.exchange.response
    collection = exchange.operation.collection if exchange.operation else None
    if collection is None or not response.ok or not response.is_json:
        return
    body, absent = response.json, object()
    if sight.arguments.get("bare") and _holds_objects(body):
        yield note("the records are in no object")
        yield HELD
        return
    if not isinstance(body, dict):
        yield violated("the answer is no object", expected="an object with an array", actual=response.text)
        return
    records = response.at(collection.items, absent)
    arrays = [name for name, value in body.items() if _holds_objects(value)]
    if records is absent and len(arrays) == 1:
        yield note(f"the records are under {as_json(arrays[0])}, not at {collection.items}")
        records = body[arrays[0]]
    if not _holds_objects(records):
        yield violated(
            f"the answer has no array of objects at {collection.items}",
            expected="one array of objects",
            actual=response.text,
        )
    elif records:
        # Whether an empty array is the one for the records nobody can tell.
        yield HELD


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


class Statuses(Arguments):
    leave_out: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


@check("schema.success-status", Statuses)
def success_has_its_status(sight: Sight) -> Iterator[Finding]:
    """A success has the status that the contract gives.

    Arguments:
        leave_out: operations that another requirement judges.
        silent: operations of which the document gives no status: theirs is one and the same in an item.
    """
    exchange = sight.exchange
    operation, status = exchange.operation, exchange.response.status
    if operation is None or not exchange.response.ok or operation.id in sight.arguments.get("leave_out", ()):
        return
    if operation.id in sight.arguments.get("silent", ()):
        first = sight.sequence.get(operation.id)
        sight.sequence[operation.id] = first or status
        if first is not None and first != status:
            problem = f"{operation.id} succeeds with {status}, and did with {first}"
            yield violated(problem, expected=str(first), actual=status)
        elif first is not None:
            yield HELD
    elif status in operation.success:
        yield HELD
    else:
        expected = " or ".join(map(str, operation.success))
        yield violated(f"{operation.id} succeeds with {status}", expected=expected, actual=exchange.response.reason)


@check("schema.empty-success")
def success_is_empty(sight: Sight) -> Iterator[Finding]:
    """A success has a documented status and a body of no length; an empty object or white space is told only."""
    operation, response = sight.exchange.operation, sight.exchange.response
    if operation is None or not response.ok:
        return
    if response.status not in operation.success:
        expected = " or ".join(map(str, operation.success))
        yield violated(f"{operation.id} succeeds with {response.status}", expected=expected, actual=response.reason)
    elif not response.body:
        yield HELD
    elif response.text.strip() in ("", "{}"):
        yield note(f"{operation.id} succeeds with {response.text!r} where an empty body is promised")
    else:
        yield violated(f"{operation.id} succeeds with a body", expected="a body of length zero", actual=response.text)


@check("schema.no-content-empty")
def no_content_is_empty(sight: Sight) -> Iterator[Finding]:
    """A 204 has no body, a 200 has one, save to a HEAD."""
    response, method = sight.exchange.response, sight.exchange.request.method
    if response.status == 204:
        if response.body:
            yield violated("a 204 has a body", expected="a body of length zero", actual=response.text)
        else:
            yield HELD
    elif response.status == 200 and method not in ("HEAD", "OPTIONS"):
        if response.body:
            yield HELD
        else:
            yield violated(f"a 200 to a {method} has no body", expected="a body", actual="a body of length zero")


def drift(sight: Sight) -> Iterator[Finding]:
    """Notes on members of a body that the contract's schema does not name; each is told once in a run."""
    exchange = sight.exchange
    if exchange.operation is None or not exchange.response.ok or not exchange.response.is_json:
        return
    schema = exchange.operation.promised(exchange.response.status)
    if not schema:
        return
    for place, value in _unknown(schema, schema, exchange.response.json, ""):
        if (exchange.operation.id, place) not in sight.memory:
            sight.memory[exchange.operation.id, place] = True
            yield note(f"{place} is not in the contract: {shown(value, 80)}")


def _unknown(root: Mapping[str, Any], schema: Any, value: Any, place: str) -> Iterator[tuple[str, Any]]:
    schema = dereferenced(root, schema)
    if isinstance(value, list):
        for item in value[:5]:
            yield from _unknown(root, schema.get("items"), item, f"{place}/*")
    elif isinstance(value, dict):
        named = named_members(root, schema)
        for name, member in value.items() if named else ():
            if name in named:
                yield from _unknown(root, named[name], member, f"{place}/{name}")
            elif not _describes_others(root, schema):
                yield f"{place}/{name}", member


def named_members(root: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """The members a schema names, also in its branches."""
    schema = dereferenced(root, schema)
    branches = [branch for key in ("allOf", "anyOf", "oneOf") for branch in schema.get(key, ())]
    branches += [schema[key] for key in ("then", "else") if key in schema]
    named = {name: member for branch in branches for name, member in named_members(root, branch).items()}
    return {**named, **schema.get("properties", {})}


def _describes_others(root: Mapping[str, Any], schema: Any) -> bool:
    """Whether a schema, or one of its branches, says of members that it does not name what they hold."""
    schema = dereferenced(root, schema)
    branches = [branch for key in ("allOf", "anyOf", "oneOf") for branch in schema.get(key, ())]
    others = schema.get("additionalProperties")
    said = (isinstance(others, dict) and bool(others)) or "patternProperties" in schema
    return said or any(_describes_others(root, branch) for branch in branches)
