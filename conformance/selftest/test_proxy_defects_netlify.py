"""Defects that a proxy plants in a Netlify server: some of each kind, each found by the rule that it breaks.

`python -m conformance.selftest.defect_figures netlify` takes all of them, before the whole suite.
"""

from __future__ import annotations

import pytest

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.selftest import defect_table
from conformance.selftest.defect_figures import named
from conformance.selftest.defect_table_netlify import NETLIFY
from conformance.selftest.test_proxy_defects import outcomes

SAMPLE = (
    "a snippet goes into the body",
    "what is required has sha1- in front",
    "a single deploy is of another time",
    "a domain leads to another site",
    "a made-up token will do for snippets",
    "foreign deploys are read by their id",
    "an unknown hook is deleted",
    "a link tells the number of pages",
    "last is the next",
    "a boundary comes twice",
    "metadata is merged from the second on",
    "a form leaves its submissions",
    "a hook that is gone is kept",
    "a draft goes live",
    "ready is not the end",
    "ends of lines are changed in an archive",
)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_defect_is_found_by_the_rule_it_breaks(name: str) -> None:
    found = outcomes(*NETLIFY[name])
    assert Outcome.VIOLATED in found
    assert Outcome.BROKEN not in found


def test_every_defect_names_a_requirement_of_the_catalogue() -> None:
    known = {*load("netlify").requirements}
    assert {requirement for requirement, _ in NETLIFY.values()} <= known


def test_no_defect_has_the_name_of_another_one() -> None:
    assert not {*NETLIFY} & {*defect_table.DEFECTS}


def test_the_name_of_an_api_stands_for_its_defects() -> None:
    assert named(["netlify"]) == [*NETLIFY]
    assert named(["plans stand under data"]) == ["plans stand under data"]
