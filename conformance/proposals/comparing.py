"""Conventions proposed against those that somebody wrote, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from attrs import frozen

from conformance.contract import Conventions

Mark = Literal["right", "wrong", "abstained", "beyond"]


@frozen
class Compared:
    """One field: `beyond` is one that has a value in the proposal alone."""

    field: str
    mark: Mark
    expected: Any
    proposed: Any


def compare(
    written: Mapping[str, Any], proposed: Mapping[str, Any], left_out: tuple[str, ...] = ()
) -> tuple[Compared, ...]:
    """Every field of what somebody wrote, and what the proposal has beyond it.

    Args:
        written: field, its names joined by dots → its value.
        left_out: fields, or records, that are not compared, such as those that only a person can decide.
    """
    found = []
    for field in sorted({*written, *proposed}):
        if any(field == name or field.startswith(f"{name}.") for name in left_out):
            continue
        expected, given = written.get(field), proposed.get(field)
        if field not in written:
            mark: Mark = "beyond"
        elif field not in proposed:
            mark = "abstained"
        else:
            mark = "right" if _plain(expected) == _plain(given) else "wrong"
        found.append(Compared(field, mark, expected, given))
    return tuple(found)


def fields_of(conventions: Conventions) -> dict[str, Any]:
    """The fields that a file of conventions gives, their names joined by dots; a resource by the id of its create."""
    data = conventions.model_dump(mode="json", exclude_unset=True)
    found = dict(_flat(data, ""))
    for resource in data.get("resources", ()):
        for key, value in resource.items():
            found[f"resources.{resource['create']}.{key}"] = value
    return found


_WHOLE = frozenset(("envelope", "beside", "credentials", "schemes", "codes", "collections", "buckets", "scope"))


def _flat(data: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        name = f"{before}{key}"
        if key == "resources" and not before:
            continue
        if isinstance(value, dict) and (key not in _WHOLE or (key == "envelope" and before == "pagination.")):
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value.rstrip("/") if isinstance(value, str) and value.startswith("http") else value


def table(compared: tuple[Compared, ...]) -> str:
    """The comparison as lines for people: the marks counted, then each field."""
    marks = [each.mark for each in compared]
    head = ", ".join(f"{marks.count(mark)} {mark}" for mark in ("right", "wrong", "abstained", "beyond"))
    width = max((len(each.field) for each in compared), default=0)
    lines = [f"{each.mark:<9}  {each.field:<{width}}  {each.expected!r} | {each.proposed!r}" for each in compared]
    return "\n".join((head, *lines))
