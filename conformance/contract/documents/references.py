"""What a schema is read for, and what it refers to."""

from __future__ import annotations

from typing import Any, Literal

from attrs import frozen

from conformance.contract.documents.files import Node

Direction = Literal["answer", "request"]


@frozen
class Mode:
    """What a schema is read for.

    Attributes:
        direction: of whom it is asked: members that only the other side sends are not required.
        open: others say what else the same object has, so that it is not closed to them.
        unsent: members that the schemas around it say are only sent in the other direction.
    """

    direction: Direction
    open: bool = False
    unsent: frozenset[str] = frozenset()


@frozen(eq=False)
class Edge:
    """A reference to a component, by the object that holds it, and whether it judges the same value."""

    name: str
    holder: dict[str, Any]
    node: Node
    in_place: bool


@frozen(eq=False)
class Strict:
    """A schema whose mistakes would forbid more and not less: with one in it, `keys` of its owner go."""

    owner: dict[str, Any]
    keys: tuple[str, ...]
    node: Node
    flawed: bool
    edges: tuple[Edge, ...]
