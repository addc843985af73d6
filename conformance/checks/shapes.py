"""Shapes: which members the objects of a document have, and of which types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

_LEFT_OUT = frozenset({"links"})
"""Members that differ from page to page, and have rules of their own."""


@frozen
class Members:
    """What the objects at one place have.

    Attributes:
        count: how many objects there were.
        present: member → in how many of them it stood.
        types: member → the JSON types of its values.
    """

    count: int
    present: Mapping[str, int]
    types: Mapping[str, frozenset[str]]

    @property
    def always(self) -> list[str]:
        """The members that every object had."""
        return [name for name, count in self.present.items() if count == self.count]

    def merged(self, other: Members) -> Members:
        names = list(dict.fromkeys([*self.present, *other.present]))
        return Members(
            self.count + other.count,
            {name: self.present.get(name, 0) + other.present.get(name, 0) for name in names},
            {name: self.types.get(name, frozenset()) | other.types.get(name, frozenset()) for name in names},
        )


@frozen
class Shape:
    """A document's objects by place: a JSON pointer in which `*` stands for every item of an array."""

    places: Mapping[str, Members] = field(factory=dict)

    @property
    def count(self) -> int:
        """How many resources the document holds."""
        members = self.places.get("/data/*") or self.places.get("/data")
        return members.count if members else 0

    def seen(self, times: int) -> Shape:
        """The places where at least so many objects were."""
        return Shape({place: members for place, members in self.places.items() if members.count >= times})

    def merged(self, other: Shape) -> Shape:
        """The shape of this document and another one taken together."""
        places = dict(self.places)
        for place, members in other.places.items():
            places[place] = places[place].merged(members) if place in places else members
        return Shape(places)

    def to_json(self) -> dict[str, Any]:
        """What every object had, as JSON: place → member → types."""
        return {
            place: {name: sorted(members.types[name]) for name in members.always}
            for place, members in sorted(self.places.items())
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Shape:
        return cls(
            {
                place: Members(
                    1, dict.fromkeys(members, 1), {name: frozenset(kinds) for name, kinds in members.items()}
                )
                for place, members in data.items()
            }
        )


def shape_of(document: Any) -> Shape:
    """The shape of a document."""
    shape = Shape()
    for place, value in _objects(document, ""):
        members = Members(1, dict.fromkeys(value, 1), {name: frozenset({_type(one)}) for name, one in value.items()})
        shape = (
            Shape({**shape.places, place: shape.places[place].merged(members)})
            if place in shape.places
            else Shape({**shape.places, place: members})
        )
    return shape


def _objects(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        kept = {name: member for name, member in value.items() if name not in _LEFT_OUT}
        yield place, kept
        for name, member in kept.items():
            yield from _objects(member, f"{place}/{name}")
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item, f"{place}/*")


def differences(before: Shape, after: Shape, *, wholly: bool = False) -> list[str]:
    """What later objects lack, or have of another type, of what all earlier ones had.

    Null beside another type is no change, nor is a member that was added. With `wholly` a member is missing only
    where not one of the later objects has it.
    """
    found = []
    for place, members in after.places.items():
        earlier = before.places.get(place)
        for name in earlier.always if earlier else ():
            assert earlier is not None
            count = members.present.get(name, 0)
            if count == 0 or (count < members.count and not wholly):
                found.append(f"{place}/{name} is missing")
                continue
            known, now = earlier.types[name] - {"null"}, members.types[name] - {"null"}
            if known and not now <= known:
                found.append(f"{place}/{name} is {', '.join(sorted(now))}, it was {', '.join(sorted(known))}")
    return found


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"
