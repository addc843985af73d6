"""What running an item comes to, and what evidence does."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from pathlib import Path

from attrs import define, evolve, field, frozen

from conformance.checks import Evidence, Finding
from conformance.checks.base import Party, violated
from conformance.contract import CLIENT, Need, Requirement
from conformance.contract.verdict import Outcome
from conformance.properties.assertions import Moment
from conformance.properties.causes import Cause, Want
from conformance.traffic.exchange import Exchange

KEPT = 3
_WORST = tuple(Outcome)


@frozen
class Shown:
    """A finding with the exchange that shows it, and what led to it where that took several steps."""

    finding: Finding
    exchange: Exchange | None = None
    timeline: tuple[Moment, ...] = ()


@frozen
class Result:
    """What running an item came to.

    Attributes:
        reason: one line; None where the requirement held.
        shown: the violations, the first ones of many.
        held: pieces of evidence that could have failed and did not.
        blocked_by: what blocked it.
        wanted: what it needed and did not get; what blocks it is known when all has been seen.
        need: what somebody could give, so that more is seen.
    """

    outcome: Outcome
    reason: str | None = None
    shown: tuple[Shown, ...] = ()
    held: int = 0
    blocked_by: Cause | None = None
    wanted: Want | None = None
    need: Need | None = None


_MORE = Shown(violated("", expected="", actual=""))


@define
class Gathered:
    """Evidence on one requirement × operation; `blocked_by` is what kept an exchange from being any."""

    held: int = 0
    violations: list[Shown] = field(factory=list)
    blocked_by: Cause | None = None

    def add(self, evidence: Evidence) -> bool:
        """Takes in a finding; whether it is worth telling: a note, or one of the first violations."""
        if evidence.finding.outcome is Outcome.HELD:
            self.held += 1
            return False
        if evidence.finding.outcome is Outcome.VIOLATED:
            # Only the first ones are shown, of the others it matters how many there are.
            first = len(self.violations) < KEPT
            self.violations.append(Shown(evidence.finding, evidence.exchange.kept()) if first else _MORE)
            return first
        if evidence.finding.outcome is Outcome.BLOCKED:
            self.blocked_by = self.blocked_by or Cause(str(evidence.finding.blocked_by), evidence.exchange.known_as)
            return False
        return True


def with_evidence(own: Result, gathered: Gathered, observed_only: bool) -> Result:
    """An item's own result and what all exchanges show about its requirement, the worse of the two."""
    seen = result_of(gathered)
    seen = evolve(seen, shown=(*own.shown, *seen.shown))
    if observed_only:
        # Having made the exchanges proves nothing by itself; that it failed matters only if nothing was seen.
        if own.outcome is Outcome.HELD or (seen.outcome is not Outcome.NOT_EXERCISED and _unseen(own)):
            return seen
        if seen.outcome is Outcome.NOT_EXERCISED:
            return own
    elif seen.outcome is Outcome.NOT_EXERCISED:
        return own
    worse = min((own, seen), key=lambda result: _rank(result.outcome))
    return evolve(worse, held=own.held + seen.held)


def result_of(gathered: Gathered) -> Result:
    """What evidence comes to."""
    if gathered.violations:
        first, *more = gathered.violations
        counted = f" (and {len(more)} more)" if more else ""
        shown = tuple(gathered.violations[:KEPT])
        return Result(Outcome.VIOLATED, f"{first.finding.message}{counted}", shown, gathered.held)
    if gathered.held:
        return Result(Outcome.HELD, held=gathered.held)
    if gathered.blocked_by is not None:
        return blocked(gathered.blocked_by)
    return Result(Outcome.NOT_EXERCISED, "no exchange was seen that could have failed it")


def worst_of(results: Iterable[Result]) -> Result:
    """The worst of some results, the first of several."""
    return min(results, key=lambda result: _rank(result.outcome))


def blocked(cause: Cause, why: str | None = None) -> Result:
    """What an item comes to that something blocked."""
    reason = f"blocked by {cause.text}{f': {why}' if why else ''}"
    return Result(Outcome.BLOCKED, reason, blocked_by=cause, need=cause.need)


def _unseen(result: Result) -> bool:
    return result.outcome in (Outcome.BLOCKED, Outcome.NOT_EXERCISED, Outcome.NOT_RECORDED, Outcome.UNSUPPORTED)


def _rank(outcome: Outcome) -> int:
    return _WORST.index(outcome)


def fails_alike(own: Result, exchange: Exchange) -> bool:
    """Whether an item fails for an answer like that of an exchange, to a call that is not wrong on purpose."""
    found = own.shown[0].exchange if own.outcome is Outcome.VIOLATED and own.wanted is None and own.shown else None
    return found is not None and not found.negative and _is_like(found, exchange)


def _is_like(one: Exchange, other: Exchange) -> bool:
    a, b = one.response, other.response
    return (one.known_as, a.status, a.fault is None) == (other.known_as, b.status, b.fault is None)


def crash_of(error: Exception) -> str:
    """One line about an error that no test should raise: where it was raised, and what it says."""
    *_, frame = traceback.extract_tb(error.__traceback__)
    text = " ".join(str(error).split())[:300]
    return (
        f"the test crashed at {Path(frame.filename).name}:{frame.lineno}: {type(error).__name__}: {text}; "
        "--log-level=debug shows the traceback"
    )


def where_of(message: str, exchange: Exchange | None, operation: str) -> str:
    """What is wrong, with the call that shows it where that is not the item's own, and not named by what is said."""
    if exchange is None or exchange.known_as == operation or exchange.path in message:
        return message
    shown_by = exchange.known_as if exchange.operation else f"{exchange.request.method} {exchange.path}"
    return f"{message} (shown by {shown_by})"


def party_of(requirement: Requirement) -> Party:
    """Whose it is where a requirement does not hold."""
    return "client" if requirement.mode == CLIENT else "server"
