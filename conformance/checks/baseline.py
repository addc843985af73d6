"""What stays the same within a version: the members that an earlier recording has, and their types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.checks.base import HELD, Finding, Sight, check, note, violated
from conformance.checks.declared import members_at

ENOUGH = 5
"""Records that a list must show before what they have in common counts as its baseline."""


@check("versioning.documented-keys-persist")
def keys_persist(sight: Sight) -> Iterator[Finding]:
    """The members that an earlier recording has in every object are still there, with the same JSON type.

    The earlier recording is what the target states of its answers. Without one, the lists of the run itself serve
    as far as they can: a member that every record of the first of them had, and no record of this one has, is
    gone. A target that may change while it is used is only told about, so that nothing speaks for it, either.
    """
    exchange = sight.exchange
    if exchange.operation is None or not exchange.response.ok or not exchange.response.is_json:
        return
    stated = sight.facts.get("keys", {}).get(exchange.known_as)
    # Of an empty list the members of its records cannot be missed.
    lost = _missed(stated, exchange.response.json) if stated else _vanished(sight)
    if lost is None:
        return
    if not lost:
        if sight.strict:
            yield HELD
    elif sight.strict:
        yield violated(lost, expected="the members and types of before", actual=exchange.response.text)
    elif lost not in sight.memory:
        sight.memory[lost] = True
        yield note(f"{lost}, within one version")


def _missed(stated: Mapping[str, Mapping[str, str]], body: Any) -> str | None:
    """What an answer lacks of its baseline; empty where it lacks nothing, None where it has nothing to compare."""
    compared = False
    for place, members in stated.items():
        for found in members_at(body, place):
            compared = compared or bool(members)
            if not isinstance(found, dict):
                return f"{place or 'the body'} is no object any more"
            for name, type_ in members.items():
                if name not in found:
                    return f"{place}/{name} is gone"
                if found[name] is not None and json_type(found[name]) != type_:
                    return f"{place}/{name} was of the type {type_} and is now {json_type(found[name])}"
    return "" if compared else None


def _vanished(sight: Sight) -> str | None:
    """The member that all records had and none has now; None where too few were seen to tell."""
    page = sight.page
    if page is None or len(page.records) < ENOUGH or not all(isinstance(record, dict) for record in page.records):
        return None
    types: dict[str, set[str]] = {}
    for record in page.records:
        for name, value in record.items():
            types.setdefault(name, set()).add(json_type(value))
    everywhere = {
        name: kinds - {"null"} for name, kinds in types.items() if all(name in record for record in page.records)
    }
    known = sight.memory.setdefault(("known", sight.exchange.known_as), everywhere)
    if known is everywhere:
        return None
    for name, kinds in known.items():
        if name not in types:
            return f"{name} is gone from every record"
        now = types[name] - {"null"}
        if len(kinds) == 1 and now and not now & kinds:
            return f"{name} was of the type {min(kinds)} and is now {min(now)}"
    return ""


def json_type(value: Any) -> str:
    """The JSON type of a value, by its name in JSON Schema; every number is a `number`."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"
