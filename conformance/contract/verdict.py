"""The verdicts of a requirement × operation, their order, and what they mean for the exit status."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """Worst first: the order in which verdicts win when they are merged."""

    BROKEN = "broken"
    FAILED = "failed"
    UNEXPECTED_PASS = "unexpected-pass"
    STALE = "stale"
    WARNED = "warned"
    DEVIATES = "deviates"
    NOTED = "noted"
    PASSED = "passed"
    BLOCKED = "blocked"
    NOT_RECORDED = "not-recorded"
    UNSUPPORTED = "unsupported"
    NOT_EXERCISED = "not-exercised"

    @property
    def fails_run(self) -> bool:
        """Whether one such verdict makes the run exit with status 1."""
        return self in _FAILING

    @property
    def seen(self) -> bool:
        """Whether the requirement was observed at the target; what the harness could not do shows nothing of it."""
        return self not in _UNSEEN


_FAILING = frozenset({Verdict.BROKEN, Verdict.FAILED, Verdict.UNEXPECTED_PASS, Verdict.STALE})
_UNSEEN = frozenset(
    {
        *(Verdict.BROKEN, Verdict.STALE, Verdict.BLOCKED),
        *(Verdict.NOT_RECORDED, Verdict.UNSUPPORTED, Verdict.NOT_EXERCISED),
    }
)
_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


class Outcome(StrEnum):
    """What one attempt at a requirement came to, before strength, deviations and options are weighed.

    `blocked`: what it needs to be judged is itself broken by the target.
    """

    BROKEN = "broken"
    VIOLATED = "violated"
    STALE = "stale"
    HELD = "held"
    BLOCKED = "blocked"
    NOT_RECORDED = "not-recorded"
    UNSUPPORTED = "unsupported"
    NOT_EXERCISED = "not-exercised"


def verdict_of(
    outcome: Outcome,
    *,
    strength: str,
    basis: str,
    deviation_listed: bool = False,
    strict: bool = False,
) -> Verdict:
    """The whole verdict table.

    Args:
        outcome: what the attempt came to.
        strength: MUST, SHOULD or MAY.
        basis: text, example or implied.
        deviation_listed: the target's deviations name this requirement × operation.
        strict: a SHOULD or implied violation fails instead of warning.
    """
    match outcome:
        case Outcome.BROKEN:
            return Verdict.BROKEN
        case Outcome.STALE:
            return Verdict.STALE
        case Outcome.HELD:
            return Verdict.UNEXPECTED_PASS if deviation_listed else Verdict.PASSED
        case Outcome.VIOLATED:
            if deviation_listed:
                return Verdict.DEVIATES
            if strength == "MAY":
                return Verdict.NOTED
            if strict or (strength == "MUST" and basis in ("text", "example")):
                return Verdict.FAILED
            return Verdict.WARNED
        case _:
            return Verdict(outcome.value)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that stands for several: the worst, where `passed` beats what was not seen."""
    return min(verdicts, key=_RANK.__getitem__, default=Verdict.NOT_EXERCISED)
