"""Types of values that mean the same everywhere in an API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pydantic import StrictBool

from conformance.checks.base import HELD, Arguments, Finding, Sight, as_json, check, note, violated
from conformance.traffic.walks import Walks


class Ids(Arguments):
    text: StrictBool = False
    number: StrictBool = False


@check("types.ids-unique", Ids)
def ids_are_unique(sight: Sight) -> Iterator[Finding]:
    """No two records of a page share an id, nor do two pages that follow each other in one walk.

    Arguments:
        text: an id is a string that is not empty.
        number: an id is a whole number of at least 0; one that is written as text is noted.
    """
    page = sight.page
    if page is None:
        return
    if sight.arguments.get("text"):
        wrong = [record for record in page.records if _lacks_text_id(sight, record)]
        if wrong:
            yield violated("the id of a record is no text", expected="a string that is not empty", actual=wrong[0])
            return
    if sight.arguments.get("number"):
        numbers = [number for record in page.records for number in _ids_of(sight, record) or [None]]
        strange = [number for number in numbers if not _is_number(number) and not _is_digits(number)]
        if strange:
            yield violated("the id of a record is no number", expected="an integer of at least 0", actual=strange[0])
            return
        if any(map(_is_digits, numbers)):
            yield note("ids that are numbers are written as text")
    ids = [identity for identity in page.ids if identity is not None]
    twice = [identity for identity, count in Counter(ids).items() if count > 1]
    if twice:
        yield violated(f"the id {twice[0]} occurs twice in one answer", expected="unique ids", actual=", ".join(ids))
        return
    pagination = sight.contract.conventions.lists
    walks: Walks = sight.memory.setdefault("walks", Walks())
    walk = walks.up_to(sight.exchange, page, pagination, sight.state)
    seen = walk.ids if walk else frozenset()
    again = sorted(seen & set(ids))
    if again:
        yield violated(
            f"the id {again[0]} occurs on two pages of one walk",
            expected="ids unique over the walk",
            actual=", ".join(again),
        )
    elif len(ids) > 1 or (ids and seen):
        yield HELD


def _lacks_text_id(sight: Sight, record: Any) -> bool:
    """Whether a record lacks its id, or has one that is no text; records of unknown operations need not have any."""
    if not isinstance(record, dict):
        return False
    ids = _ids_of(sight, record)
    lacks = not ids and sight.exchange.operation is not None
    return lacks or not all(isinstance(identity, str) and identity for identity in ids)


def _ids_of(sight: Sight, record: Any) -> list[Any]:
    """What stands in the members that hold the id of a record."""
    operation = sight.exchange.operation
    members = operation.listing.id if operation else ("id",)
    return [record[member] for member in members if record.get(member) is not None] if isinstance(record, dict) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_digits(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit()


@check("types.map-unique-keys")
def keys_are_unique(sight: Sight) -> Iterator[Finding]:
    """No object in a body, at any depth, has a member twice."""
    response = sight.exchange.response
    if not response.is_json:
        return
    if response.repeated_keys:
        yield violated(
            f"an object has the member {as_json(response.repeated_keys[0])} twice",
            expected="each member once",
            actual=response.text,
        )
    elif _has_members(response.json):
        yield HELD


def _has_members(value: Any) -> bool:
    """Whether there is an object that could have a member twice."""
    return (isinstance(value, dict) and bool(value)) or (isinstance(value, list) and any(map(_has_members, value)))
