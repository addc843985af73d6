"""Defects that show in combination only are found by the rule they break, and hardly anybody else is accused."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache
from statistics import median

import pytest

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.properties.detection import Detection, Planted, detect
from conformance.selftest.combined_defects import AFTER_WRITES, DEFECTS
from conformance.selftest.proxy import ProxiedTarget
from conformance.selftest.servers import TESTS

ALL = {**DEFECTS, **AFTER_WRITES}


@cache
def detected(name: str) -> Detection:
    requirement, defect = ALL[name]
    contract = load(requirement.partition(".")[0])
    items = [item for test, function in TESTS.items() for item in items_of(function, test, contract)]
    run = Run(contract, ProxiedTarget(contract, defect=defect), examples=0)
    return detect(Planted(name, requirement, name, lambda: nullcontext(run)), items)


@pytest.mark.parametrize("name", ALL)
def test_a_defect_is_found_by_the_rule_it_breaks(name: str) -> None:
    found = detected(name)
    assert found.caught
    assert not {Outcome.BROKEN, Outcome.STALE} & {result.outcome for _, result in found.results}


def test_nobody_else_is_accused_at_the_median() -> None:
    counts = [len(detected(name).beside) for name in ALL]
    assert median(counts) == 0
    assert max(counts) <= 2


@pytest.mark.parametrize("api", ["vultr", "vercel", "snyk"])
def test_the_defects_are_of_every_api(api: str) -> None:
    assert sum(requirement.startswith(f"{api}.") for requirement, _ in ALL.values()) >= 10
