"""A published document beside an API's own contract: what a target lacks of it is told, and is no violation."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from conformance.checks import Evidence
from conformance.contract import Contract, load
from conformance.contract.published import beside
from conformance.contract.verdict import Outcome
from conformance.properties import Item, Run
from conformance.selftest.published import answering, published
from conformance.suite.common.test_observed import test_every_exchange_is_as_documented as observes
from conformance.targets import ReferenceTarget

PASSIVE = "vultr.schema.get-returns-object"
OWN, ABSENT = "GET /v2/account", "GET /v2/nothing"


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    """Vultr's contract by a document that has an operation more, which the reference server does not serve."""
    entry = {"get": answering({"type": "object"})}
    paths = {"/account": entry, "/nothing": entry, "/invoices/{number}": entry}
    document = published(tmp_path, paths, servers=[{"url": "https://api.vultr.com/v2"}])
    return beside(load("vultr"), document, adds=True)


def item(contract: Contract, operation: str) -> Item:
    return Item(observes, contract.requirements[PASSIVE], operation, "test_selftest/test_own")


def test_an_operation_that_the_target_lacks_is_not_served_and_accuses_nobody(contract: Contract) -> None:
    found: list[Evidence] = []
    run = Run(contract, ReferenceTarget(contract), on_evidence=found.append)
    result = run.run(item(contract, ABSENT))
    assert result.outcome is Outcome.UNSUPPORTED
    assert result.reason == "this target does not serve GET /v2/nothing (404)"
    assert run.not_served.keys() == {ABSENT}
    assert [each for each in found if each.operation == ABSENT] == []


def test_an_operation_that_both_have_is_judged_as_before(contract: Contract) -> None:
    run = Run(contract, ReferenceTarget(contract))
    assert run.run(item(contract, OWN)).outcome is Outcome.HELD
    assert run.not_served == {}


def test_the_same_operation_of_the_apis_own_contract_is_missed(contract: Contract) -> None:
    own = evolve(contract, operations=tuple(evolve(each, beyond=False) for each in contract.operations))
    run = Run(own, ReferenceTarget(own))
    assert run.run(item(own, ABSENT)).outcome is not Outcome.UNSUPPORTED
    assert run.not_served == {}
