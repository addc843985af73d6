"""Defects of values: of another type than is declared, and in another relation than they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from conformance.planting.base import OTHERS, Defect, Scene, breaks, token, values_in
from conformance.planting.schemas import PLANTED, promises

WRONG: Mapping[str, tuple[Any, ...]] = {
    "ID": ("", 4711),
    "String": (4711, ["planted"]),
    "Integer": ("4711", 47.5),
    "Float": ("1.5", True),
    "Boolean": ("true", 1),
    "Map": ([], "planted"),
    "List": ({}, "planted"),
    "Date": (1_600_000_000, "2020-09-13T12:26:40Z"),
    "IsoDate": (1_600_000_000_000, "13/09/2020", "2020-13-45T99:00:00Z"),
    "Time": ("yesterday", 1_600_000_000),
    "Enum": (PLANTED, 4711),
}
"""Declared type → values that are not of it."""


@breaks("types.declared")
def wrong_types(scene: Scene) -> Iterator[Defect]:
    """Members that are declared to be of a type, and are of another."""
    if not scene.response.ok or not scene.response.is_json:
        return
    wanted, judged_as = scene.arguments["types"], scene.arguments.get("judged_as", {})
    for place, (kind, null) in _declared(scene).items():
        if kind not in wanted:
            continue
        found = [(where, value) for where, value in values_in(scene.body, place) if value is not None]
        for where, _ in dict.fromkeys([*found[:1], *found[-1:]]) if _hashable(found) else found[:1]:
            for number, wrong in enumerate(WRONG.get(judged_as.get(kind, kind), ())):
                yield scene.with_value(f"{kind}-{number} {where}", where, wrong)
            if not null:
                yield scene.with_value(f"{kind}-null {where}", where, None)


def _hashable(found: list[tuple[str, Any]]) -> bool:
    return all(not isinstance(value, dict | list) for _, value in found)


def _declared(scene: Scene) -> dict[str, tuple[str, bool]]:
    """Place, in which `*` stands for every item, → the type that is declared of it, and whether it may be null."""
    found: dict[str, tuple[str, bool]] = {}
    for place, name in (scene.arguments.get("lists") or {}).items() if scene.page is not None else ():
        component = scene.contract.component(name)
        found.update(_in_schema(component, component, place, 0))
    operation = scene.exchange.operation
    schema = operation.promised(scene.response.status) if operation else None
    if schema:
        found.update(_in_schema(schema, schema, "", 0))
    for place, stated in scene.facts.get("types", {}).get(scene.exchange.known_as, {}).items():
        found[place] = (stated["type"], stated.get("null", False))
    return found


def _in_schema(root: Mapping[str, Any], schema: Any, place: str, depth: int) -> Iterator[tuple[str, tuple[str, bool]]]:
    if depth > 6:
        return
    for each in promises(root, schema):
        if "x-type" in each:
            types = each.get("type", ())
            yield place, (each["x-type"], "null" in ([types] if isinstance(types, str) else types))
        for name, member in (each.get("properties") or {}).items():
            yield from _in_schema(root, member, f"{place}/{token(name)}", depth + 1)
        if isinstance(each.get("items"), dict):
            yield from _in_schema(root, each["items"], f"{place}/*", depth + 1)


@breaks("types.one-form")
def mixed_times(scene: Scene) -> Iterator[Defect]:
    """A time in another form than the others of its member."""
    if not scene.response.ok or not scene.response.is_json:
        return
    for place, (kind, _) in _declared(scene).items():
        if kind != "Time":
            continue
        others = scene.all(lambda one: one.exchange.known_as == scene.exchange.known_as and one.response.ok)
        known = [value for one in others for _, value in values_in(one.body, place) if value is not None]
        for where, value in list(values_in(scene.body, place))[-1:] if len(known) > 1 else ():
            if isinstance(value, int):
                moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
                yield scene.with_value(f"form {where}", where, moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
            elif isinstance(value, str) and not value.isdigit():
                yield scene.with_value(f"form {where}", where, 1_600_000_000_000)


@breaks("versioning.documented-keys-persist")
def lost_keys(scene: Scene) -> Iterator[Defect]:
    """A member that an earlier answer had in every object, and that is gone, or of another type."""
    stated = scene.facts.get("keys", {}).get(scene.exchange.known_as, {})
    for place, members in stated.items() if scene.strict else ():
        for name, kind in members.items():
            for where, value in list(values_in(scene.body, f"{place}/{token(name)}"))[-1:]:
                yield scene.without(f"drop {where}", where)
                if value is not None:
                    known = "integer" if kind == "number" else kind
                    other = next(other for type_, other in OTHERS if type_ not in (known, "null"))
                    yield scene.with_value(f"retype {where}", where, other)
    page = scene.page
    if (
        scene.strict
        and not stated
        and page is not None
        and len(page.records) >= 5
        and isinstance(page.records[0], dict)
    ):
        known = [one.page.records for one in scene.all(lambda one: _is_before(one, scene)) if one.page]
        everywhere = [name for name in page.records[0] if known and all(name in each for each in known[-1])]
        for name in everywhere[:4]:
            records = [{key: value for key, value in record.items() if key != name} for record in page.records]
            yield scene.with_value(f"drop {name}", scene.records_at, records)


def _is_before(one: Scene, scene: Scene) -> bool:
    """Whether an exchange shows what the records of a list had before."""
    same = one.at < scene.at and one.exchange.known_as == scene.exchange.known_as
    return same and one.page is not None and len(one.page.records) >= 5


# Relations.


def _objects(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    """The first and the last of the objects that a relation is about, each with its place."""
    if not scene.response.ok or not scene.response.is_json:
        return
    if "each" not in scene.arguments:
        if isinstance(scene.body, dict):
            yield "", scene.body
        return
    place = scene.arguments["each"]
    found = [(where, item) for where, item in values_in(scene.body, f"{place}/*") if isinstance(item, dict)]
    yield from dict(found[:1] + found[-1:]).items()


def _at(value: Any, place: str) -> Any:
    return next((found for _, found in values_in(value, place)), None)


@breaks("relations.echoes-parameter")
def other_echoes(scene: Scene) -> Iterator[Defect]:
    """An answer about something else than was asked for."""
    member, name, exchange = scene.arguments["member"], scene.arguments["parameter"], scene.exchange
    values = exchange.operation.values_in(exchange.path) if exchange.operation else {}
    asked = values.get(name) or exchange.request.parameter(name)
    if asked is None or not re.fullmatch(scene.arguments.get("where", ".*"), asked):
        return
    for place, item in _objects(scene):
        if isinstance(_at(item, member), str):
            yield scene.with_value(f"other {place}{member}", f"{place}{member}", PLANTED)
            yield scene.with_value(f"longer {place}{member}", f"{place}{member}", f"{_at(item, member)}-planted")


@breaks("relations.members-agree")
def differing_members(scene: Scene) -> Iterator[Defect]:
    """Two members that should agree, and differ."""
    for place, item in _objects(scene):
        for member in scene.arguments["members"]:
            value = _at(item, member)
            if None not in [_at(item, each) for each in scene.arguments["members"]]:
                other = value + 1 if isinstance(value, int) and not isinstance(value, bool) else PLANTED
                yield scene.with_value(f"other {place}{member}", f"{place}{member}", other)


@breaks("relations.times-in-order")
def times_out_of_order(scene: Scene) -> Iterator[Defect]:
    """The second of two times, long before the first."""
    one, other = scene.arguments["members"]
    for place, item in _objects(scene):
        first, second = _at(item, one), _at(item, other)
        if first is None or second is None:
            continue
        if isinstance(second, int):
            yield scene.with_value(f"early {place}{other}", f"{place}{other}", 700_000_000_000)
        elif isinstance(second, str):
            early = "700000000000" if second.isdigit() else "1992-03-07T20:26:40.000Z"
            yield scene.with_value(f"early {place}{other}", f"{place}{other}", early)
        if scene.arguments.get("one_form") and isinstance(second, int) and isinstance(first, int):
            yield scene.with_value(f"form {place}{other}", f"{place}{other}", "2190-01-01T00:00:00.000Z")


@breaks("relations.begins-with")
def other_beginnings(scene: Scene) -> Iterator[Defect]:
    """A text that begins otherwise."""
    member, begins = scene.arguments["member"], scene.arguments["begins"]
    for place, item in _objects(scene):
        text, beginning = _at(item, member), _at(item, begins)
        if not isinstance(text, str) or not isinstance(beginning, str) or not beginning:
            continue
        if re.fullmatch(scene.arguments.get("where", "") or ".*", beginning, re.DOTALL):
            yield scene.with_value(f"other {place}{member}", f"{place}{member}", f"planted {text}")


@breaks("relations.unique")
def repeated_values(scene: Scene) -> Iterator[Defect]:
    """A value that two records of a list have."""
    found = [each for each in values_in(scene.body, scene.arguments["member"]) if each[1] is not None]
    if scene.response.ok and len(found) > 1:
        (first, value), (last, _) = found[0], found[-1]
        yield scene.with_value(f"repeat {last}", last, value)
        yield scene.with_value(f"repeat {first}", first, found[1][1])


@breaks("relations.part-of-what-was-sent")
def values_not_sent(scene: Scene) -> Iterator[Defect]:
    """An answer that names what was not sent, or something twice."""
    member = scene.arguments["member"]
    named = scene.response.at(member) if scene.response.is_json else None
    if scene.response.ok and isinstance(named, list):
        yield scene.with_value(f"add {member}", member, [*named, PLANTED])
        yield scene.with_value(f"retype {member}", member, [*named, 4711])
        if named:
            yield scene.with_value(f"repeat {member}", member, [*named, named[0]])
