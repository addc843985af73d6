"""Defects of shape: what a schema promises of a value, broken in one place.

Only what every branch promises is broken, so that what is planted is a defect whichever of them is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from conformance.contract import Validator, pointer
from conformance.planting.base import ABSENT, OTHERS, Defect, Scene, breaks, json_type, replaced, token
from conformance.traffic.redact import is_redacted

PLANTED = "conformance-planted"

DEEPEST = 12
"""Levels of a schema that are gone into."""


@frozen
class Change:
    """Another value at a place of a document: `ABSENT` for none."""

    kind: str
    place: str
    value: Any

    @property
    def name(self) -> str:
        return f"{self.kind} {self.place or '/'}"

    def made_in(self, document: Any) -> Any:
        return replaced(document, self.place, self.value)


def promises(root: Mapping[str, Any], schema: Any, value: Any = ABSENT, depth: int = 0) -> list[Mapping[str, Any]]:
    """The schemas that all hold for a value: this one, what it refers to, what `allOf` joins, and where the value is
    known also the branch that `if` leads to."""
    if depth > DEEPEST or not isinstance(schema, dict):
        return []
    found: list[Mapping[str, Any]] = [schema]
    if "$ref" in schema:
        found += promises(root, _target(root, schema["$ref"]), value, depth + 1)
    for each in schema.get("allOf", ()):
        found += promises(root, each, value, depth + 1)
    if "if" in schema and value is not ABSENT:
        condition = {**schema["if"], "components": root.get("components", {})}
        branch = schema.get("else" if Validator(condition).errors(value, limit=1) else "then")
        found += promises(root, branch, value, depth + 1)
    return found


def _target(root: Mapping[str, Any], reference: Any) -> Any:
    try:
        return pointer(root, str(reference)[1:])
    except LookupError:
        return None


def types_of(root: Mapping[str, Any], schema: Any, depth: int = 0) -> frozenset[str] | None:
    """The JSON types that a value may have; None where the schema leaves it open."""
    found: frozenset[str] | None = None
    for each in promises(root, schema, depth=depth):
        allowed: list[frozenset[str] | None] = []
        if isinstance(each.get("type"), str | list):
            given = [each["type"]] if isinstance(each["type"], str) else each["type"]
            allowed.append(frozenset((*given, "integer") if "number" in given else given))
        for key in ("anyOf", "oneOf"):
            branches = [types_of(root, branch, depth + 1) for branch in each.get(key, ())] if depth < DEEPEST else []
            if branches and None not in branches:
                allowed.append(frozenset().union(*(branch for branch in branches if branch is not None)))
        for one in allowed:
            if one is not None:
                found = one if found is None else found & one
    return found


def changes(
    root: Mapping[str, Any], schema: Any, value: Any, place: str = "", *, values: bool = True
) -> Iterator[Change]:
    """Every way in which one change breaks a schema that a value fits.

    Args:
        values: also what its values say, and not only of what type they are.
    """
    yield from _of_value(root, schema, value, place, values=values)
    if place.count("/") > DEEPEST:
        return
    for name, member, promised in _members(root, schema, value):
        yield from changes(root, promised, member, f"{place}/{token(name)}", values=values)


def _members(root: Mapping[str, Any], schema: Any, value: Any) -> Iterator[tuple[str | int, Any, Any]]:
    """Members of a value with what is promised of each; of an array the first, a middle and the last item."""
    found = promises(root, schema, value)
    if isinstance(value, dict):
        for name, member in value.items():
            own = [each["properties"][name] for each in found if name in _dict(each.get("properties"))]
            own += [
                each["additionalProperties"]
                for each in found
                if isinstance(each.get("additionalProperties"), dict)
                and name not in _dict(each.get("properties"))
                and not each.get("patternProperties")
            ]
            if own:
                yield name, member, {"allOf": own} if len(own) > 1 else own[0]
    elif isinstance(value, list):
        own = [each["items"] for each in found if isinstance(each.get("items"), dict) and "prefixItems" not in each]
        for index in dict.fromkeys((0, len(value) // 2, len(value) - 1)) if value and own else ():
            yield index, value[index], {"allOf": own} if len(own) > 1 else own[0]


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _of_value(root: Mapping[str, Any], schema: Any, value: Any, place: str, *, values: bool) -> Iterator[Change]:
    found, types = promises(root, schema, value), types_of(root, schema)
    if isinstance(value, dict):
        for name in dict.fromkeys(name for each in found for name in each.get("required", ()) if name in value):
            if any(_dict(_dict(each.get("properties")).get(name)).get("writeOnly") for each in found):
                continue  # Required of requests alone.
            yield Change("drop", f"{place}/{token(name)}", ABSENT)
        if any(each.get("additionalProperties") is False for each in found):
            yield Change("add", f"{place}/{PLANTED}", True)
    if types is not None:
        other = next((other for kind, other in OTHERS if kind not in types and kind != "null"), ABSENT)
        if other is not ABSENT:
            yield Change("retype", place, other)
        if "null" not in types and place:
            yield Change("null", place, None)
    if values and not is_redacted(value, place):
        for each in found:
            for kind, other in _beyond(each, value):
                yield Change(kind, place, other)


def _beyond(schema: Mapping[str, Any], value: Any) -> Iterator[tuple[str, Any]]:
    """Values of the same type that a schema does not allow."""
    allowed = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    if allowed:
        other = PLANTED if isinstance(value, str) else 987654321 if json_type(value) in ("integer", "number") else None
        if other is not None and other not in allowed:
            yield "other", other
    if isinstance(value, int | float) and not isinstance(value, bool):
        for key, step in (("minimum", -1), ("exclusiveMinimum", 0), ("maximum", 1), ("exclusiveMaximum", 0)):
            limit = schema.get(key)
            if isinstance(limit, int | float) and not isinstance(limit, bool):
                yield key, limit + step
    if isinstance(value, str):
        least, most = schema.get("minLength"), schema.get("maxLength")
        if isinstance(least, int) and 0 < least <= 4096:
            yield "short", value[: least - 1]
        if isinstance(most, int) and most <= 65536:
            yield "long", value + "x" * (most + 1 - len(value))
        wrong = WRONG_FORMATS.get(str(schema.get("format")))
        if wrong is not None and not schema.keys() & {"pattern", "enum", "const", "minLength", "maxLength"}:
            yield "format", wrong
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and (other := _unlike(pattern)) is not None:
            yield "unlike", other
    if isinstance(value, list):
        least, most = schema.get("minItems"), schema.get("maxItems")
        if isinstance(least, int) and least > 0:
            yield "few", value[: least - 1]
        if isinstance(most, int) and value and most < 1000:
            yield "many", [*value, *[value[-1]] * (most + 1 - len(value))]
        if schema.get("uniqueItems") is True and value:
            yield "twice", [*value, value[0]]


WRONG_FORMATS: Mapping[str, str] = {
    "date-time": "yesterday at noon",
    "date": "2026-13-45",
    "uuid": "planted-0000",
    "email": "nobody at planted",
    "uri": "not a uri",
    "ipv4": "1.2.3",
    "ipv6": ":::planted",
}
"""Format → a text that is not of it."""


def _unlike(pattern: str) -> str | None:
    """A text that does not match; None where none of a few does not, or the pattern is none of Python's."""
    try:
        return next((text for text in ("\t!", "", "0", "conformance planted?") if not re.search(pattern, text)), None)
    except re.error:
        return None


def in_body(scene: Scene, schema: Mapping[str, Any], place: str = "", *, values: bool = True) -> Iterator[Defect]:
    """What breaks a schema that is promised of the part of the body at a JSON pointer."""
    try:
        part = pointer(scene.body, place)
    except LookupError:
        return
    for change in changes(schema, schema, part, values=values):
        where = Change(change.kind, f"{place}{change.place}", change.value)
        yield scene.with_json(where.name, where.made_in(scene.body))


@breaks("schema")
def shapes(scene: Scene) -> Iterator[Defect]:
    """A part of the body that does not match its schema, or is not there."""
    arguments, response, request = scene.arguments, scene.response, scene.exchange.request
    if response.status_class not in arguments.get("classes", (2,)) or not response.is_json:
        return
    asked = arguments.get("asked")
    if asked is not None and (not request.is_json or Validator(asked).errors(request.json, limit=1)):
        return
    schema = _promised(scene)
    if schema is None:
        return
    values = not arguments.get("documented", False)
    if "each" in arguments:
        items = response.at(arguments["each"])
        for index in dict.fromkeys((0, len(items) // 2, len(items) - 1)) if isinstance(items, list) and items else ():
            place = f"{arguments['each']}/{index}"
            yield from in_body(scene, schema, place, values=values)
            yield from _as_fractions(scene, schema, place)
        return
    place = arguments.get("at", "")
    if place and not arguments.get("optional") and response.at(place, ABSENT) is not ABSENT:
        yield scene.without(f"drop {place}", place)
    yield from in_body(scene, schema, place, values=values)
    yield from _as_fractions(scene, schema, place)


def _promised(scene: Scene) -> Mapping[str, Any] | None:
    arguments, operation = scene.arguments, scene.exchange.operation
    if "component" in arguments:
        return scene.contract.component(arguments["component"])
    if arguments.get("documented"):
        return operation.promised(scene.response.status) if operation else None
    if "by_operation" in arguments:
        found: Mapping[str, Any] | None = arguments["by_operation"].get(scene.exchange.known_as)
        return found
    schema: Mapping[str, Any] = arguments["schema"]
    return schema


def _as_fractions(scene: Scene, schema: Mapping[str, Any], place: str) -> Iterator[Defect]:
    """Integers with a fraction, where digits are promised."""
    part = scene.response.at(place, ABSENT)
    if not scene.arguments.get("digits") or part is ABSENT:
        return
    for where, value in _integers(schema, schema, part, place):
        yield scene.with_value(f"fraction {where}", where, float(value))


def _integers(root: Mapping[str, Any], schema: Any, value: Any, place: str) -> Iterator[tuple[str, int]]:
    types = types_of(root, schema) or ()
    if json_type(value) == "integer" and "integer" in types and "number" not in types:
        yield place, value
    for name, member, promised in _members(root, schema, value):
        yield from _integers(root, promised, member, f"{place}/{token(name)}")


@breaks("schema.records-in-one-array")
def lists(scene: Scene) -> Iterator[Defect]:
    """A list whose records stand in no array, or in no object."""
    operation, body = scene.exchange.operation, scene.body
    if operation is None or operation.collection is None or not isinstance(body, dict):
        return
    place = operation.collection.items
    if not place:
        return
    yield scene.without(f"drop {place}", place)
    yield scene.with_value(f"retype {place}", place, {PLANTED: True})
    yield scene.with_value(f"null {place}", place, None)
    yield scene.with_value(f"other {place}", place, [PLANTED])
    if not scene.arguments.get("bare"):
        yield scene.with_json("bare", scene.response.at(place))


@breaks("schema.success-status")
def success_statuses(scene: Scene) -> Iterator[Defect]:
    """A success under another status than the documented one."""
    operation = scene.exchange.operation
    if operation is None or not scene.response.ok:
        return
    promised = () if operation.id in scene.arguments.get("silent", ()) else operation.success
    for status in (200, 201, 202, 203, 204, 206):
        if status not in (*promised, scene.response.status):
            yield scene.with_status(f"status {status}", status)


@breaks("schema.empty-success")
def empty_successes(scene: Scene) -> Iterator[Defect]:
    """A body where none is promised, and a status that is not."""
    yield from success_statuses(scene)
    if not scene.response.body:
        yield scene.with_body("body json", b'{"ok":true}')
        yield scene.with_body("body text", b"OK")


@breaks("schema.no-content-empty")
def contents(scene: Scene) -> Iterator[Defect]:
    """A 204 with a body, a 200 without one."""
    if scene.response.status == 204:
        yield scene.with_body("body json", b"{}")
        yield scene.with_body("body text", b"deleted")
        yield scene.with_body("body space", b"\n")
    elif scene.response.status == 200 and scene.response.body:
        yield scene.with_body("empty", b"")
