"""What of a published document is read otherwise than it stands there, or not at all, and so is unchecked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from attrs import define, field, frozen

Kind = Literal["repair", "loss"]


@frozen(order=True)
class Unchecked:
    """One place of a document that is not judged as it stands there.

    Attributes:
        pointer: JSON pointer of the place, after the name of the file where that is another than the document's own.
        reason: what is wrong with it, and what is made of it.
        kind: `repair` where its meaning is plain and is judged, `loss` where it is left out.
    """

    pointer: str
    reason: str
    kind: Kind


@define
class Register:
    """What was found so far; it grows as the parts of a document are met for the first time."""

    _found: dict[Unchecked, None] = field(factory=dict)

    def repair(self, place: object, reason: str) -> None:
        self._found[Unchecked(str(place), reason, "repair")] = None

    def loss(self, place: object, reason: str) -> None:
        self._found[Unchecked(str(place), reason, "loss")] = None

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Unchecked]:
        """In the order of the pointers, whatever was met first."""
        return iter(sorted(self._found))
