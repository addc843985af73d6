"""What a proposal rests on, and what is said instead of one where nothing does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from attrs import field, frozen

MOST_NAMED = 3
"""How many places of a document, or other values, are named beside a value."""


@frozen
class Proposal:
    """A value, with what speaks for it and against it.

    Attributes:
        held, against: how many of what was recorded show it, and another value.
        of: what they are, in the plural.
        said: JSON pointers into the document that say the same.
        but: other values that were seen, each with how often.
    """

    value: Any
    held: int = 0
    against: int = 0
    of: str = "answers"
    said: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    @property
    def evidence(self) -> str:
        """One line for people."""
        parts = []
        if self.held or self.against:
            parts.append(f"{self.held} of {self.held + self.against} {self.of}; against: {self.against}")
        if self.said:
            more = f" and {len(self.said) - 1} more places" if len(self.said) > 1 else ""
            parts.append(f"document: {self.said[0]}{more}")
        if self.but:
            parts.append("but " + ", ".join(self.but[:MOST_NAMED]))
        return "; ".join(parts) or "made up: no recording or document tells"


@frozen
class Abstained:
    """No value: why, and what to record so that there is one."""

    why: str
    record: str = ""

    @property
    def evidence(self) -> str:
        """One line for people."""
        return f"{self.why}; record {self.record}" if self.record else self.why


Finding = Proposal | Abstained
Findings = Mapping[str, Finding]


@frozen
class Votes:
    """What was seen, value by value, in the order of how often."""

    counts: Counter[Any] = field(factory=Counter)

    @classmethod
    def of(cls, values: Iterable[Hashable]) -> Votes:
        return cls(Counter(values))

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def first(self) -> Any:
        """The most frequent value; of several as frequent ones, the first in the order of their texts."""
        return min(self.counts, key=lambda value: (-self.counts[value], str(value)), default=None)

    def others(self, chosen: Any) -> tuple[str, ...]:
        """The others, with how often each was seen."""
        rest = sorted((value for value in self.counts if value != chosen), key=lambda v: (-self.counts[v], str(v)))
        return tuple(f"{value} in {self.counts[value]}" for value in rest)

    def proposal(self, value: Any, of: str, said: tuple[str, ...] = ()) -> Proposal:
        """A value of them, with the rest against it."""
        held = self.counts[value]
        return Proposal(value, held, self.total - held, of, said, self.others(value))


def settled(votes: Votes, of: str, said: Mapping[Any, tuple[str, ...]], otherwise: Abstained) -> Finding:
    """The one value that was seen; of several the most frequent one, where the document says it, too.

    Args:
        said: value → the places of the document that say it. It decides alone where nothing was recorded.
    """
    if not votes.total:
        only = next(iter(said)) if len(said) == 1 else None
        return Proposal(only, said=said[only]) if only is not None else otherwise
    value = votes.first
    if said and value not in said:
        told = ", ".join(map(str, said))
        return Abstained(f"recorded is {', '.join(votes.others(None))}, where the document says {told}")
    if len(votes.counts) == 1 or (value in said and votes.counts[value] * 2 > votes.total):
        return votes.proposal(value, of, said.get(value, ()))
    return Abstained(
        f"what was recorded differs: {', '.join((f'{value} in {votes.counts[value]}', *votes.others(value)))}"
    )
