"""Defects that a proxy plants from the outside, in servers it knows nothing of: each is found by the rule it breaks."""

from __future__ import annotations

import pytest

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.selftest.defect_table import DEFECTS
from conformance.selftest.proxy import Defect, ProxiedTarget
from conformance.selftest.servers import TESTS


def outcomes(requirement: str, defect: Defect) -> set[Outcome]:
    contract = load(requirement.partition(".")[0])
    run = Run(contract, ProxiedTarget(contract, defect=defect), examples=2)
    bound = [item for test, function in TESTS.items() for item in items_of(function, test, contract)]
    return {run.run(item).outcome for item in bound if item.requirement.id == requirement}


@pytest.mark.parametrize(("requirement", "defect"), [pytest.param(*one, id=name) for name, one in DEFECTS.items()])
def test_a_defect_is_found_by_the_rule_it_breaks(requirement: str, defect: Defect) -> None:
    found = outcomes(requirement, defect)
    assert Outcome.VIOLATED in found
    assert Outcome.BROKEN not in found


@pytest.mark.parametrize("requirement", sorted({requirement for requirement, _ in DEFECTS.values()}))
def test_a_proxy_that_changes_nothing_is_accused_of_nothing(requirement: str) -> None:
    found = outcomes(requirement, lambda asked, ask, _: ask(asked))
    assert found <= {Outcome.HELD, Outcome.NOT_EXERCISED, Outcome.UNSUPPORTED}
    assert Outcome.HELD in found
