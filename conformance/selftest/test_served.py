"""The reference server on a real socket over TLS: what the suite judges of the connection itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance import suite
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Item, Run, items_of
from conformance.properties.detection import Planted, detect, planted, served
from conformance.targets import CassetteTarget, ReferenceTarget, Target
from conformance.targets.target import CASSETTES

CONTRACT = load("vercel")
ON_THE_WIRE = ("tls-versions", "tls-resumption", "http-versions", "h2-preferred", "protocol-invariance",
               "tls-legacy-refused", "http-1-0")  # fmt: skip
ITEMS = [
    item
    for test in suite.tests()
    for item in items_of(test.function, test.name, CONTRACT)
    if item.requirement.area == "transport"
]
FAULTS = [fault for fault in planted(CONTRACT) if fault.requirement.split(".")[1] == "transport"]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with served(CONTRACT) as run:
        yield run


def test_every_promise_about_the_connection_has_an_item() -> None:
    assert {item.requirement.id.rpartition(".")[2] for item in ITEMS} == {*ON_THE_WIRE, "https-only"}


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_the_served_reference_keeps_every_promise(run: Run, item: Item) -> None:
    result = run.run(item)
    assert result.outcome is Outcome.HELD, result.reason


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_a_fault_of_the_connection_turns_its_requirement_red(fault: Planted) -> None:
    detection = detect(fault, ITEMS)
    assert detection.caught, [(item.id, result) for item, result in detection.results]


@pytest.mark.parametrize("target", [ReferenceTarget(CONTRACT), CassetteTarget(CONTRACT, CASSETTES / "vercel")])
def test_elsewhere_they_are_unsupported_with_a_reason(target: Target) -> None:
    for item in ITEMS:
        if item.requirement.id.rpartition(".")[2] in ON_THE_WIRE:
            result = Run(CONTRACT, target).run(item)
            assert result.outcome is Outcome.UNSUPPORTED
            assert "tls" in str(result.reason)
