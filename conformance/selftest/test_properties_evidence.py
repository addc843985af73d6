"""Evidence on a requirement, gathered from all exchanges: what it comes to, and how much of it is shown."""

from __future__ import annotations

import pytest

from conformance.checks import Evidence, Finding
from conformance.checks.base import HELD, note, violated
from conformance.contract.verdict import Outcome
from conformance.properties.results import Gathered, result_of
from conformance.selftest.test_checks import said


def evidence(finding: Finding) -> Evidence:
    return Evidence(None, "GET /v2/account", finding, said())


def gathered(*findings: Finding) -> Gathered:
    found = Gathered()
    for finding in findings:
        found.add(evidence(finding))
    return found


def wrong(number: int) -> Finding:
    return violated(f"fault {number}", expected="none", actual=number)


def test_nothing_and_notes_alone_show_nothing() -> None:
    for found in (gathered(), gathered(note("worth telling"))):
        assert result_of(found).outcome is Outcome.NOT_EXERCISED


def test_what_held_is_counted_and_one_violation_outweighs_it() -> None:
    assert (result_of(gathered(HELD, HELD)).outcome, result_of(gathered(HELD, HELD)).held) == (Outcome.HELD, 2)
    result = result_of(gathered(HELD, wrong(1), HELD))
    assert (result.outcome, result.held, result.reason) == (Outcome.VIOLATED, 2, "fault 1")


@pytest.mark.parametrize(
    ("count", "reason"), [(1, "fault 0"), (2, "fault 0 (and 1 more)"), (9, "fault 0 (and 8 more)")]
)
def test_the_first_violations_are_shown_and_all_are_counted(count: int, reason: str) -> None:
    result = result_of(gathered(*map(wrong, range(count))))
    assert result.reason == reason
    assert [shown.finding.message for shown in result.shown] == [f"fault {number}" for number in range(min(count, 3))]
    assert all(shown.exchange is not None for shown in result.shown)


def test_notes_and_the_first_violations_are_worth_telling() -> None:
    found = Gathered()
    told = [found.add(evidence(finding)) for finding in (HELD, note("x"), *map(wrong, range(5)))]
    assert told == [False, True, True, True, True, False, False]
