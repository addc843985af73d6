"""Scores: of the defects that were planted on what a run really got, how many its requirements saw."""

from __future__ import annotations

from attrs import frozen

from conformance.contract.verdict import Outcome

NOTHING_TO_PLANT = "no defect of it can be planted here"


@frozen
class Score:
    """What became of the defects that were planted for a requirement at an operation.

    Attributes:
        planted: how many.
        seen: how many of them the requirement itself saw.
        elsewhere: how many others another requirement saw, and it alone.
        missed: names of those that the requirement did not see.
        charged_to: the id of another requirement, where what breaks this one is charged to that, since it says that a
            body is not of the form that it takes to say more.
    """

    planted: int = 0
    seen: int = 0
    elsewhere: int = 0
    missed: tuple[str, ...] = ()
    charged_to: str | None = None

    def __add__(self, other: Score) -> Score:
        return Score(
            self.planted + other.planted,
            self.seen + other.seen,
            self.elsewhere + other.elsewhere,
            tuple(sorted((*self.missed, *other.missed))),
            self.charged_to or other.charged_to,
        )

    def of(self, outcome: Outcome, reason: str | None) -> tuple[Outcome, str | None]:
        """What an outcome comes to, and why: what no defect could fail was not exercised."""
        if outcome is not Outcome.HELD:
            return outcome, reason
        if self.planted and not self.seen:
            were = "planted defects were" if self.planted > 1 else "planted defect was"
            return Outcome.NOT_EXERCISED, f"0 of {self.planted} {were} seen"
        if self.planted:
            return outcome, reason
        return outcome, f"what breaks it is charged to {self.charged_to}" if self.charged_to else NOTHING_TO_PLANT
