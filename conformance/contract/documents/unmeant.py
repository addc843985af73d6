"""What a schema itself shows not to be meant as it stands there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from conformance.contract.documents.keywords import shown

_BOUNDS = (
    *("pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "format"),
)
"""Keywords that forbid texts and numbers, of which one that is shown beside them tells more."""

_EITHER = ("int-or-string", "integer-or-string")


def contradicted(value: Mapping[str, Any], out: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The keywords of a schema that an example beside them breaks, each with the reason to leave it out.

    Whoever wrote both has seen such a value, and what it is written in may be a slip: a pattern with a dot that was
    not escaped, a date-time without its zone.
    """
    several = value.get("examples")
    examples = [*(several if isinstance(several, list) else ()), *(value[key] for key in _SINGLE if key in value)]
    plain = [each for each in examples if isinstance(each, str | int | float) and not isinstance(each, bool)]
    for key in _BOUNDS if plain else ():
        if (
            key in out
            and (wrong := next((each for each in plain if not _admits(key, out[key], each)), None)) is not None
        ):
            yield key, f"left out: the example {shown(wrong)} beside it is not so"


_SINGLE = ("example", "x-example")


def widened(value: Mapping[str, Any]) -> bool:
    """Whether a text may be a number, too, as Kubernetes and its kind write it."""
    said = value.get("x-kubernetes-int-or-string", value.get("x-int-or-string"))
    return value.get("type") == "string" and (value.get("format") in _EITHER or said is True)


@cache
def _admits(key: str, keyword: str | int | float, example: str | int | float) -> bool:
    return jsonschema_rs.Draft202012Validator({key: keyword}, validate_formats=True).is_valid(example)
