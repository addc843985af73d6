"""Keywords of a schema whose value is no schema: what they say, in JSON Schema 2020-12.

Each function takes the value as it stands in a document and returns what it says, or raises: `Loss` where it says
nothing that can be judged. What it calls by `repair` has another form than the standard gives it, and a plain meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import jsonschema_rs

Repair = Callable[[str], None]


class Loss(Exception):
    """A keyword says nothing that can be judged; the text says why."""


TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")

# Types that are none, and what those who write them mean.
_MEANT = {
    **dict.fromkeys(("float", "double", "decimal", "numeric", "float32", "float64", "currency", "money"), "number"),
    **dict.fromkeys(("int", "long", "short", "bigint", "int32", "int64", "uint", "uint32", "uint64"), "integer"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("list", "tuple", "set", "collection"), "array"),
    **dict.fromkeys(("dict", "map", "hash", "hashmap", "json", "struct", "dictionary"), "object"),
    **dict.fromkeys(("str", "text", "char", "date", "datetime", "date-time", "uuid", "guid"), "string"),
    **dict.fromkeys(("email", "uri", "url", "password", "byte", "base64", "enum"), "string"),
    **dict.fromkeys(("nil", "none"), "null"),
}
# These say that a value may be anything, or what JSON has no values for.
_ANYTHING = ("any", "mixed", "anything", "unknown", "file", "binary", "undefined", "*", "", "timestamp", "time", "id")


def types(value: Any, repair: Repair) -> list[str]:
    """The types that `type` names; empty for any."""
    if isinstance(value, str) and value in TYPES:
        return [value]
    named = value if isinstance(value, list) else [value]
    if isinstance(value, str) and re.fullmatch(r"\w+(\s*[|,/]\s*\w+)+", value):
        named = re.split(r"\s*[|,/]\s*", value)
        repair(f"type {value!r} is taken for the types {', '.join(named)}")
    found: list[str] = []
    for name in named:
        if name is None:
            found.append("null")
            repair("type null is taken for the type that is called so")
        elif not isinstance(name, str):
            raise Loss(f"type {shown(name)} is none")
        elif name in TYPES:
            found.append(name)
        else:
            plain = name.strip().lower().replace("_", "-")
            if plain in _ANYTHING:
                repair(f"type {name!r} is taken for any")
                return []
            meant = plain if plain in TYPES else _MEANT.get(plain)
            if meant is None:
                raise Loss(f"type {name!r} is none")
            repair(f"type {name!r} is taken for {meant}")
            found.append(meant)
    if not found:
        raise Loss("type is an empty list")
    return list(dict.fromkeys(found))


def count(value: Any, repair: Repair) -> int:
    """A number of things."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 19:
        repair(f"the text {value!r} is taken for the number")
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise Loss(f"{shown(value)} is no number of things")
    return value


def number(value: Any, repair: Repair) -> int | float:
    """A number that values are compared with."""
    if isinstance(value, str):
        try:
            read = float(value)
        except ValueError:
            raise Loss(f"{shown(value)} is no number") from None
        if read - read != 0:
            raise Loss(f"{shown(value)} is no number")
        repair(f"the text {value!r} is taken for the number")
        value = int(read) if read.is_integer() else read
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Loss(f"{shown(value)} is no number")
    return value


def divisor(value: Any, repair: Repair) -> int | float:
    found = number(value, repair)
    if found <= 0:
        raise Loss(f"{shown(value)} divides nothing")
    return found


def flag(value: Any, repair: Repair) -> bool:
    """True or false."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        repair(f"the text {value!r} is taken for the word")
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise Loss(f"{shown(value)} is neither true nor false")
    return value


def names(value: Any, repair: Repair) -> list[str]:
    """The names of members."""
    if isinstance(value, bool):
        raise Loss("a property that calls itself required or not says nothing: the object that has it lists those")
    if isinstance(value, str):
        repair(f"{value!r} is taken for a list of one name")
        value = [value]
    if not isinstance(value, list):
        raise Loss(f"{shown(value)} is no list of names")
    found = list(dict.fromkeys(each for each in value if isinstance(each, str)))
    if len(found) < len(value):
        repair("what is no name, and what is given twice, is left out of the list")
    return found


def values(value: Any, repair: Repair, kinds: Iterable[str]) -> list[Any]:
    """The values of `enum`, for the types that stand beside it."""
    if not isinstance(value, list):
        raise Loss(f"{shown(value)} is no list of values")
    if not value:
        raise Loss("an enumeration of no values would forbid all")
    kinds = set(kinds)
    if not kinds or any(_is_of(each, kinds) for each in value if each is not None):
        return value
    if "string" in kinds and all(isinstance(each, int | float | bool) for each in value):
        repair("the enumerated values are taken for text, as the type says")
        return [str(each).lower() if isinstance(each, bool) else str(each) for each in value]
    if kinds & {"integer", "number"} and all(isinstance(each, str) and _WHOLE.fullmatch(each) for each in value):
        repair("the enumerated values are taken for numbers, as the type says")
        return [int(each) for each in value]
    if all(each is None for each in value):
        return value
    raise Loss("none of the enumerated values is of the type that stands beside them")


_WHOLE = re.compile(r"-?[0-9]{1,18}")


def _is_of(value: Any, kinds: set[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, int | float):
        return "number" in kinds or ("integer" in kinds and float(value).is_integer())
    of = {str: "string", list: "array", dict: "object", type(None): "null"}
    return of[type(value)] in kinds


# Written for regular expressions of others than ECMA-262, where the meaning is the same.
_OTHERWISE: tuple[tuple[str, str, str], ...] = (
    (r"\\A", "^", "\\A is taken for ^"),
    (r"\\[zZ]", "$", "\\Z is taken for $"),
    (r"(?<=\[)(\\[wdsWDS])-(?=[^\]])|(?<=[^\[\\])(\\[wdsWDS])-(?=[^\]])", r"\1\2\\-", "a - after a class is a -"),
    (r"(?<=[\w.\])])-(\\[wdsWDS])", r"\\-\1", "a - before a class is a -"),
    (r"\\([-_ \"'@#%&=:;<>~`!,])", r"\1", "a sign that needs no backslash has none"),
)


def pattern(value: Any, repair: Repair) -> str:
    """A regular expression that can be judged."""
    if not isinstance(value, str):
        raise Loss(f"{shown(value)} is no regular expression")
    found = value
    delimited = re.fullmatch(r"/(.*)/([imsugy]*)", value, re.DOTALL)
    if delimited and (value.startswith(("/^", "/(")) or delimited[2]):
        found = f"(?i){delimited[1]}" if "i" in delimited[2] else delimited[1]
        if compiles(found):
            repair("the slashes around the pattern are no part of it")
            return found
        raise Loss(f"the pattern {shown(value)} is no regular expression of ECMA-262")
    if compiles(found):
        return found
    for written, meant, reason in _OTHERWISE:
        found = re.sub(written, meant, found)
        if compiles(found):
            repair(f"the pattern is read as {shown(found)}: {reason}")
            return found
    raise Loss(f"the pattern {shown(value)} is no regular expression of ECMA-262")


@cache
def compiles(regular_expression: str) -> bool:
    """Whether a regular expression can be judged."""
    try:
        jsonschema_rs.Draft202012Validator({"pattern": regular_expression})
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def shown(value: Any) -> str:
    """A value in an error, cut where it is long."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


KNOWN_FORMATS = frozenset(
    {
        *("date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6"),
        *("uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "json-pointer"),
        *("relative-json-pointer", "regex", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("single-int", "double-int", "float", "double", "decimal", "decimal128", "byte", "binary", "base64url"),
        *("password", "char", "commonmark", "html", "http-date", "media-range", "sf-string", "sf-integer"),
        *("sf-boolean", "sf-binary", "sf-decimal", "sf-token", "int-or-string"),
    }
)
"""Formats of JSON Schema and of OpenAPI's registry. They describe values, and forbid none."""
