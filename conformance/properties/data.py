"""Data for any operation: what its document shows, then Schemathesis' boundaries of its schemas, then a few at random.

One small document is made of an operation for it, since a whole one may be large, and wrong elsewhere. Only what the
schema plainly forbids is called negative: a server may read a text as a number, and leave out what is empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.contract import Operation
from conformance.contract.schema import Validator
from conformance.properties.generated import MALFORMED

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.schemas import APIOperation

Mode = Literal["positive", "negative"]
Query = list[list[str]]
Data = dict[str, Any]
"""`mode`, `mutation` in words, and `query`, as pairs, or `body`, as JSON."""

MOST = 40
"""Cases that are enumerated for an operation and mode."""

_BOOLEANS = frozenset({"0", "1", "true", "false", "yes", "no", "on", "off", "t", "f", "y", "n"})


def queries(operation: Operation, mode: Mode, known: Mapping[str, Sequence[str]]) -> list[Data]:
    """Queries of an operation: those it needs, as `known` or as its document shows them, and one more or another.

    The first positive ones are the document's own.
    """
    needed = _needed(operation, known)
    found: list[Data] = []
    if mode == "positive":
        found = [
            {"mutation": "as the document shows it", "query": query} for query in _shown_queries(operation, needed)
        ]
    for case, parameter, mutation in _enumerated(operation, mode, "query"):
        given = (case.query or {}).get(parameter["name"])
        if mutation.startswith("Missing") and parameter.get("required"):
            query = [pair for pair in needed if pair[0] != parameter["name"]]
        elif isinstance(given, str) and (mode == "positive" or is_plainly_wrong(parameter.get("schema") or {}, given)):
            query = [*(pair for pair in needed if pair[0] != parameter["name"]), [parameter["name"], given]]
        else:
            continue
        if all(query != other["query"] for other in found):
            told = mutation.startswith(f"{parameter['name']}:") or f"`{parameter['name']}`" in mutation
            named = mutation if told else f"{parameter['name']}: {mutation}"
            found.append({"mutation": named, "query": query})
    return [{"mode": mode, **data} for data in found[:MOST]]


def bodies(operation: Operation, mode: Mode) -> list[Data]:
    """JSON bodies of an operation; the first positive one is the document's own."""
    schema, shown = operation.request_schema, operation.sample
    if schema is None:
        return []
    validator = Validator(schema)
    found: list[Data] = []
    if mode == "positive" and shown is not None and shown.body is not None and not isinstance(shown.body, str):
        found = [{"mutation": "as the document shows it", "body": shown.body}]
    right: list[Any] = [data["body"] for data in found]
    for case, _, mutation in _enumerated(operation, mode, "body"):
        body = _as_json(case.body)
        if body is NO_JSON:
            continue
        if mode == "negative":
            right = right or [data["body"] for data in bodies(operation, "positive")]
            if not validator.errors(body, limit=1) or is_lenient(body, right):
                continue
        if all(body != other["body"] for other in found):
            found.append({"mutation": mutation, "body": body})
    return [{"mode": mode, **data} for data in found[:MOST]]


def at_random(operation: Operation, known: Mapping[str, Sequence[str]]) -> SearchStrategy[Data]:
    """Positive data of an operation, drawn from its schemas; what is always the same where it takes none."""
    described, needed = _described(operation), _needed(operation, known)
    names = {name for name, _ in needed}
    plain = {"mode": "positive", "mutation": "at random"}

    def body(case: Case[Any]) -> Data:
        return {**plain, "body": _as_json(case.body)}

    def query(case: Case[Any]) -> Data:
        drawn = [[name, value] for name, value in (case.query or {}).items() if isinstance(value, str)]
        return {**plain, "query": [*needed, *(pair for pair in drawn if pair[0] not in names)]}

    if operation.writes and operation.request_schema is None:
        return st.just({**plain, "mutation": "without a body"})
    if described is None or not (operation.writes or _parameters(operation)):
        return st.just({**plain, "mutation": "as the document shows it", "query": needed})
    if not operation.writes:
        return described.as_strategy().map(query)
    return described.as_strategy().map(body).filter(lambda data: data["body"] is not NO_JSON)


def positive(operation: Operation, known: Mapping[str, Sequence[str]]) -> list[Data]:
    """What may be sent to an operation, from its document: bodies where it writes, else queries."""
    if not operation.writes:
        return queries(operation, "positive", known)
    return bodies(operation, "positive") or [{"mode": "positive", "mutation": "without a body"}]


def is_plainly_wrong(schema: Mapping[str, Any], text: str) -> bool:
    """Whether a text in a query is what a schema forbids, however it is read there.

    A text may be read as a number or as a boolean; one that is empty, or `null`, as none at all; a number as a whole
    one. Arrays and objects are written in many ways.
    """
    if text in ("", "null", "None", "undefined") or _types(schema) & {"array", "object"}:
        return False
    readings: list[Any] = [text]
    if text.lower() in _BOOLEANS:
        readings += [True, False]
    if _is_number(text):
        number = float(text)
        if not isfinite(number):
            return False
        readings += [number, int(number)]
    with suppress(ValueError):
        # As it is written: a float has no such digits.
        readings.append(int(text))
    validator = Validator(schema)
    return all(validator.errors(reading, limit=1) for reading in readings)


def is_lenient(body: Any, right: Sequence[Any]) -> bool:
    """Whether a lenient server reads a wrong body as a right one: it differs in one value, by its form alone."""
    return any(_reads_as(body, other) for other in right)


def _reads_as(wrong: Any, right: Any) -> bool:
    if isinstance(wrong, dict) and isinstance(right, dict):
        differing = [name for name in {*wrong, *right} if not _is_same(wrong.get(name), right.get(name))]
        if len(differing) != 1 or differing[0] not in wrong:
            return False
        return differing[0] not in right or _reads_as(wrong[differing[0]], right[differing[0]])
    if isinstance(wrong, list) and isinstance(right, list):
        return len(wrong) == len(right) and all(
            _is_same(a, b) or _reads_as(a, b) for a, b in zip(wrong, right, strict=True)
        )
    if wrong is None or wrong == "":
        return True
    if isinstance(wrong, dict | list) or isinstance(right, dict | list) or right is None:
        return False
    if isinstance(right, str):
        return not isinstance(wrong, str)
    if isinstance(wrong, str):
        return wrong.lower() in _BOOLEANS or _is_number(wrong)
    return isinstance(wrong, bool) != isinstance(right, bool) or isinstance(wrong, float) != isinstance(right, float)


def _is_same(one: Any, other: Any) -> bool:
    # To Python 1 and true are the same.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


NO_JSON = object()


def _as_json(value: Any) -> Any:
    """A value as a body of JSON brings it, `NO_JSON` where it cannot."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return NO_JSON


def _types(schema: Any) -> set[str]:
    """The types that a schema names, at its top and in what it is made of."""
    if not isinstance(schema, Mapping) or "$ref" in schema:
        return {"array", "object"} if isinstance(schema, Mapping) else set()
    given = schema.get("type", ())
    found = {given} if isinstance(given, str) else set(given)
    for word in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(word) or ():
            found |= _types(part)
    return found


def _parameters(operation: Operation) -> list[Mapping[str, Any]]:
    return [one for one in operation.parameters if one["in"] == "query" and one.get("schema") is not None]


def _needed(operation: Operation, known: Mapping[str, Sequence[str]]) -> Query:
    """The query parameters that an operation needs: as the document shows them, else as they are known."""
    shown = operation.sample.query if operation.sample is not None else {}
    return [[name, value] for name, value in {**shown, **operation.asked_of(known)}.items()]


def _shown_queries(operation: Operation, needed: Query) -> Iterator[Query]:
    """As plain as can be, then with each parameter that the document gives an example of."""
    yield needed
    names = {name for name, _ in needed}
    for parameter in _parameters(operation):
        schema = parameter["schema"]
        example = parameter.get("example", schema.get("example") if isinstance(schema, Mapping) else None)
        if parameter["name"] not in names and isinstance(example, str | int | float) and not isinstance(example, bool):
            yield [*needed, [parameter["name"], str(example)]]


def _enumerated(operation: Operation, mode: Mode, where: str) -> Iterator[tuple[Case[Any], Mapping[str, Any], str]]:
    """Schemathesis' cases of a mode in one place: with the parameter that each is about, and what it does in words."""
    described = _described(operation)
    if described is None:
        return
    from schemathesis import GenerationMode
    from schemathesis.config import GenerationConfig

    modes = [GenerationMode.POSITIVE if mode == "positive" else GenerationMode.NEGATIVE]
    parameters = {one["name"]: one for one in _parameters(operation)}
    for case in described.schema.iter_coverage_cases(
        described, generation_modes=modes, generation_config=GenerationConfig()
    ):
        data = case.meta.phase.data if case.meta is not None else None
        scenario, location = getattr(data, "scenario", None), getattr(data, "parameter_location", None)
        if case.method != operation.method or scenario is None:
            continue
        parameter = parameters.get(str(getattr(data, "parameter", "")), {})
        of_place = location is not None and location.value == where
        whole = mode == "positive" and where == "body" and location is None
        if not (of_place or whole) or (where == "query" and not parameter):
            continue
        if mode == "negative" and scenario.value not in _FORBIDDEN[where]:
            continue
        yield case, parameter, str(getattr(data, "description", scenario.value))


def _described(operation: Operation) -> APIOperation[Any, Any, Any, Any] | None:
    """The operation as Schemathesis sees it, in a document of its own; None where that makes nothing of it."""
    # Only a run that draws its cases pays for the import: replay has them in the cassette.
    import schemathesis
    from schemathesis.core.errors import SchemathesisError

    components: dict[str, dict[str, Any]] = {}

    def whole(schema: Any) -> Any:
        """A schema whose named parts stand where the document has them."""
        if not isinstance(schema, Mapping):
            return schema
        for kind, parts in (schema.get("components") or {}).items():
            components.setdefault(kind, {}).update(parts)
        return {name: value for name, value in schema.items() if name != "components"}

    parameters = [
        {name: whole(value) if name == "schema" else value for name, value in one.items() if name in _OF_PARAMETERS}
        for one in operation.parameters
        if one["in"] in ("path", "query") and one.get("schema") is not None
    ]
    entry: dict[str, Any] = {"parameters": parameters, "responses": {"200": {"description": "a success"}}}
    if operation.request_schema is not None and operation.writes:
        content = {"application/json": {"schema": whole(operation.request_schema)}}
        entry["requestBody"] = {"required": True, "content": content}
    path = operation.path.partition("?")[0].partition("#")[0]
    document = {
        "openapi": "3.1.0",
        "info": {"title": operation.id, "version": "1"},
        "paths": {path: {operation.method.lower(): entry}},
        "components": components,
    }
    try:
        return schemathesis.openapi.from_dict(document)[path][operation.method]
    except (SchemathesisError, LookupError):
        return None


_FORBIDDEN = {
    "body": MALFORMED - {"duplicate_parameter", "invalid_format"},
    # Of a page that is asked for too large the largest one is given.
    "query": {*MALFORMED, "missing_parameter"}
    - {"duplicate_parameter", "invalid_format", "value_above_maximum", "value_below_minimum"},
}
"""Place → the scenarios whose data no server has to make sense of."""

_OF_PARAMETERS = ("name", "in", "required", "schema", "style", "explode")
