"""Error codes: which code a call is answered with is one thing, what comes with a code another."""

from __future__ import annotations

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.reference.edits import drop, put
from conformance.reference.faults import Fault, Plant
from conformance.selftest.servers import TESTS
from conformance.targets import ReferenceTarget

ZEIT = load("zeit")
EXTRAS, NAMES = "zeit.errors.code-extras", "zeit.errors.domain-name-errors"


def violated_on(plant: Plant) -> set[str]:
    """Which of the two requirements a server with this fault breaks."""
    run = Run(ZEIT, ReferenceTarget(ZEIT, fault=Fault("another code", EXTRAS, "", plant)))
    items = [item for test, function in TESTS.items() for item in items_of(function, test, ZEIT)]
    chosen = [item for item in items if item.requirement.id in (EXTRAS, NAMES) and not item.binding.observes]
    return {item.requirement.id for item in chosen if run.run(item).outcome is Outcome.VIOLATED}


def test_an_answer_with_another_code_lacks_no_members() -> None:
    assert violated_on(put("/error/code", "bad_request", cause="missing_name")) == {NAMES}
    assert violated_on(put("/error/code", "bad_request", cause="invalid_name")) == {NAMES}


def test_a_code_without_its_members_is_the_right_code() -> None:
    assert EXTRAS in violated_on(drop("/error/name", cause="invalid_name"))
