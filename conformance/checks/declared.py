"""Types that members are declared to have: by the contract (`x-type`), or by what the target states of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from conformance.checks.base import HELD, Arguments, Finding, Sight, check, violated
from conformance.contract import dereferenced


@frozen
class Declared:
    """The type that a member is declared to have: one of `FORMS`, or `Enum` with its values."""

    type: str
    null: bool = False
    values: tuple[Any, ...] = ()

    def holds(self, value: Any) -> bool:
        if value is None:
            return self.null
        if self.type == "Enum":
            return isinstance(value, str) and value in self.values
        return self.type not in FORMS or FORMS[self.type](value)

    def __str__(self) -> str:
        named = " or ".join(map(str, self.values)) if self.type == "Enum" else DESCRIBED.get(self.type, self.type)
        return f"{named} or null" if self.null else named


class Types(Arguments):
    types: tuple[str, ...]
    judged_as: dict[str, str] | None = None
    lists: dict[str, str] | None = None


@check("types.declared", Types)
def values_have_their_type(sight: Sight) -> Iterator[Finding]:
    """Every member that is declared to be of one of these types is of it.

    Arguments:
        types: the types that are judged.
        judged_as: type → another one whose form counts instead, e.g. that of an integer for a date.
        lists: JSON pointer → component of the contract that every list has there.
    """
    exchange = sight.exchange
    if not exchange.response.ok or not exchange.response.is_json:
        return
    wanted, judged_as = sight.arguments["types"], sight.arguments.get("judged_as", {})
    for place, declared in _declarations(sight).items():
        if declared.type not in wanted:
            continue
        form = Declared(judged_as.get(declared.type, declared.type), declared.null, declared.values)
        found = members_at(exchange.response.json, place)
        wrong = [value for value in found if not form.holds(value)]
        if wrong:
            yield violated(f"{place} is not of the type {form.type}", expected=str(form), actual=wrong[0])
        elif any(value is not None for value in found):
            yield HELD


@check("types.one-form")
def times_keep_their_form(sight: Sight) -> Iterator[Finding]:
    """A member that is declared to be a `Time` is written in one form throughout an item."""
    exchange = sight.exchange
    if not exchange.response.ok or not exchange.response.is_json:
        return
    for place, declared in _declarations(sight).items():
        if declared.type != "Time":
            continue
        values = [value for value in members_at(exchange.response.json, place) if time_form(value) is not None]
        forms = {time_form(value): value for value in values}
        known: dict[str | None, Any] = sight.sequence.setdefault((exchange.known_as, place), {})
        seen = len(values) + len(known)
        known.update(forms)
        if len(known) > 1:
            yield violated(
                f"{place} is written in several forms: {', '.join(sorted(map(str, known)))}",
                expected="one form",
                actual=list(known.values()),
            )
        elif seen > 1:
            yield HELD


def _declarations(sight: Sight) -> Mapping[str, Declared]:
    """JSON pointer, in which `*` stands for every item, → declared type."""
    exchange = sight.exchange
    key = ("declared", exchange.known_as, exchange.response.status, sight.page is not None)
    if key not in sight.sequence:
        declared: dict[str, Declared] = {}
        for place, name in (sight.arguments.get("lists") or {}).items() if sight.page is not None else ():
            component = sight.contract.component(name)
            declared.update(_of_schema(component, component, place))
        schema = exchange.operation.promised(exchange.response.status) if exchange.operation else None
        if schema:
            declared.update(_of_schema(schema, schema, ""))
        for place, stated in sight.facts.get("types", {}).get(exchange.known_as, {}).items():
            declared[place] = Declared(stated["type"], stated.get("null", False), tuple(stated.get("values", ())))
        sight.sequence[key] = declared
    found: Mapping[str, Declared] = sight.sequence[key]
    return found


LEVELS = 4
"""How often a schema that holds itself is gone into."""


def _of_schema(
    root: Mapping[str, Any], schema: Mapping[str, Any], place: str, passed: tuple[str, ...] = ()
) -> Iterator[tuple[str, Declared]]:
    if "$ref" in schema:
        passed = (*passed, schema["$ref"])
        if passed.count(schema["$ref"]) > LEVELS:
            return
    schema = dereferenced(root, schema)
    if "x-type" in schema:
        types = schema.get("type", ())
        null = "null" in ([types] if isinstance(types, str) else types)
        yield place, Declared(schema["x-type"], null, tuple(schema.get("enum", ())))
    for name, member in schema.get("properties", {}).items():
        yield from _of_schema(root, member, f"{place}/{name}", passed)
    if isinstance(schema.get("items"), dict):
        yield from _of_schema(root, schema["items"], f"{place}/*", passed)


def members_at(value: Any, place: str) -> list[Any]:
    """The values at a JSON pointer in which `*` stands for every item of an array."""
    found = [value]
    for token in place.split("/")[1:]:
        if token == "*":
            found = [item for each in found if isinstance(each, list) for item in each]
        else:
            found = [each[token] for each in found if isinstance(each, dict) and token in each]
    return found


def _is_integer(value: Any) -> bool:
    # A number with a fraction or an exponent is read as a float.
    return isinstance(value, int) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    return _is_integer(value) and 10**11 <= value <= 10**13


_ISO_DATE = re.compile(
    r"(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)([.,]\d+)?(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)",
    re.ASCII,
)


def _is_iso_date(value: Any) -> bool:
    found = _ISO_DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return False
    try:
        datetime.strptime(found[1], "%Y-%m-%d")
    except ValueError:
        return False
    return True


def time_form(value: Any) -> str | None:
    """How a time is written: `iso`, `milliseconds` or `digits` (those in a text); None where it is none."""
    if _is_iso_date(value):
        return "iso"
    if _is_integer(value):
        return "milliseconds" if _YEAR_1990 <= value <= _YEAR_2200 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 13:
        return "digits" if _YEAR_1990 <= int(value) <= _YEAR_2200 else None
    return None


_YEAR_1990, _YEAR_2200 = 631_152_000_000, 7_258_118_400_000


def milliseconds(value: Any) -> float | None:
    """A time in any of its forms as milliseconds since the epoch; None where it is none."""
    form = time_form(value)
    if form is None:
        return None
    try:
        return datetime.fromisoformat(value).timestamp() * 1000 if form == "iso" else float(value)
    except ValueError:
        return None  # A leap second, say.


FORMS: Mapping[str, Callable[[Any], bool]] = {
    "ID": lambda value: isinstance(value, str) and value != "",
    "String": lambda value: isinstance(value, str),
    "Integer": _is_integer,
    "Float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Boolean": lambda value: isinstance(value, bool),
    "Map": lambda value: isinstance(value, dict),
    "List": lambda value: isinstance(value, list),
    "Date": _is_date,
    "IsoDate": _is_iso_date,
    "Time": lambda value: time_form(value) is not None,
}
DESCRIBED = {
    "ID": "a string that is not empty",
    "Integer": "a number without fraction, exponent or quotes",
    "Boolean": "true or false",
    "Date": "milliseconds since the epoch, as an integer between 10^11 and 10^13",
    "IsoDate": "an ISO 8601 date with time and zone",
    "Time": "an ISO 8601 date with time and zone, or milliseconds since the epoch, between 1990 and 2200",
}
