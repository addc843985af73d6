"""Detection is what it says: every planted fault is caught, and a check or a test that shows nothing is noticed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from conformance import reference
from conformance.checks import CHECKS, HELD, Sight
from conformance.checks.base import Finding
from conformance.contract.verdict import Outcome
from conformance.properties import Item, Run
from conformance.properties.detection import Detection, Planted, accused_beside, detect, planted
from conformance.selftest.servers import VULTR, Ran, Runner, items
from conformance.shipped import SUITE

FAULTS = {fault.id: fault for fault in planted(VULTR)}
ITEMS = [item for record in VULTR.requirements for item in items(record)]
UNIQUE = "vultr.types.ids-unique"
BAD_KEY = "vultr.auth.bad-key-401"


def caught(fault: Planted, bound: list[Item] | None = None) -> Detection:
    return detect(fault, ITEMS if bound is None else bound)


def test_a_fault_is_caught_by_the_requirement_it_breaks() -> None:
    """Each of them is planted by `pytest --faults`, and a sample here."""
    assert [identity for identity in [*FAULTS][::12] if not caught(FAULTS[identity]).caught] == []
    assert len(FAULTS) >= 183


def test_every_requirement_that_is_tested_has_a_fault() -> None:
    tested = {record.id for record in VULTR.catalogue.requirements if not record.not_tested}
    assert {fault.requirement for fault in FAULTS.values()} == tested


def test_a_check_that_always_holds_misses_its_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    def always_holds(_: Sight) -> Iterator[Finding]:
        yield HELD

    fault = FAULTS[f"{UNIQUE}/last-id-repeats-first"]
    assert caught(fault).caught
    monkeypatch.setitem(CHECKS, "types.ids-unique", always_holds)
    missed = caught(next(again for again in planted(VULTR) if again.id == fault.id))
    assert not missed.caught
    assert {result.outcome for _, result in missed.results} == {Outcome.HELD}


def test_a_test_that_asserts_nothing_misses_its_faults() -> None:
    def asserts_nothing() -> None:
        pass

    for identity, fault in FAULTS.items():
        if not any(item.judged_by_evidence for item in items(fault.requirement)):
            hollow = [evolve(item, function=_like(asserts_nothing, item)) for item in items(fault.requirement)]
            missed = caught(next(again for again in planted(VULTR) if again.id == identity), hollow)
            assert not missed.caught
            assert {result.outcome for _, result in missed.results} <= {Outcome.NOT_EXERCISED, Outcome.UNSUPPORTED}
            return
    raise AssertionError("no requirement is judged by its own test alone")


def _like(function: Callable[..., None], item: Item) -> Callable[..., None]:
    vars(function).update(__conformance__=evolve(item.binding, strategies={}, examples=()))
    return function


def test_what_faults_accuse_beside_the_named_requirement_is_told() -> None:
    def beside(*others: str) -> Detection:
        return Detection(True, (), others)

    told = accused_beside({"a.b.c/x": beside(), "a.b.c/y": beside("a.b.d", "a.b.e"), "a.b.c/z": beside("a.b.d")})
    assert told == "accused beside the named one: 1 at the median; most: 2 by a.b.c/y; 1 by a.b.c/z"
    assert accused_beside({"a.b.c/x": beside()}) == "accused beside the named one: 0 at the median; most: none"


def test_a_fault_without_a_test_is_missed() -> None:
    assert caught(FAULTS[f"{BAD_KEY}/basic-accepted"], []) == Detection(False, ())


@pytest.mark.parametrize(
    "identity",
    [
        "vultr.pagination.cursor-opaque/strips-cursor",
        "vultr.rate-limit.client-rate/bursts",
        "vultr.rate-limit.client-rate/hammers",
        "vultr.security.client-key-hygiene/key-in-url",
        "vultr.security.client-key-hygiene/records-as-sent",
    ],
)
def test_a_defect_of_the_client_is_caught_as_the_client_s(identity: str) -> None:
    found = caught(FAULTS[identity])
    assert found.caught
    assert {shown.finding.party for _, result in found.results for shown in result.shown} == {"client"}


def test_a_server_wrong_without_a_fault_is_a_false_alarm(suite: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = next(fault for fault in reference.faults_of("vultr") if fault.id == f"{BAD_KEY}/basic-accepted")
    build = reference.build

    def wrong(api: str, **options: Any) -> reference.Server:
        return build(api, **{"fault": fault, **{k: v for k, v in options.items() if v is not None}})

    monkeypatch.setattr(reference, "build", wrong)
    others = [path for path in SUITE.rglob("test_*.py") if path.stem != "test_auth"]
    ran = suite("--faults", "-k", "without", *(f"--ignore={path}" for path in others))
    assert ran.status == 1
    assert "false alarms:\n  vultr.auth.bad-key-401[GET /v2/account]: GET /v2/account" in ran.text
    operations = VULTR.requirements[BAD_KEY].operations
    assert f"caught, {len(operations)} false alarms" in ran.text


def test_the_plugin_tells_a_missed_fault(suite: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def sees_nothing(_: Sight) -> Iterator[Finding]:
        return iter(())

    monkeypatch.setitem(CHECKS, "types.ids-unique", sees_nothing)
    ran = suite("--faults", "-k", "ids-unique")
    assert ran.status == 1
    assert f"missed: {UNIQUE}/last-id-repeats-first: The last item of a page has the id of the first." in ran.text
    assert f"{UNIQUE} came to GET /v2/applications: not-exercised, GET /v2/backups: not-exercised" in ran.text
    assert "Traceback" not in ran.text


def test_workers_count_faults_together(suite: Runner) -> None:
    chosen = ("--faults", "-k", "ids-unique")
    alone, together = (_told(suite(*chosen, *workers)) for workers in ((), ("-n", "2")))
    assert re.fullmatch(r"vultr: ([1-9]\d*)/\1 caught, not asked for false alarms", alone[0])
    assert alone == together


def _told(ran: Ran) -> list[str]:
    return [line for line in ran.text.splitlines() if "caught" in line or "accused" in line]


def test_of_those_that_accuse_most_five_are_named() -> None:
    detections = {f"fault-{count}": Detection(True, (), tuple("abcdefg"[:count])) for count in range(7)}
    assert accused_beside(detections) == (
        "accused beside the named one: 3 at the median; most: "
        "6 by fault-6; 5 by fault-5; 4 by fault-4; 3 by fault-3; 2 by fault-2"
    )
    assert accused_beside({"alone": Detection(True, ())}) == "accused beside the named one: 0 at the median; most: none"


def of_a_client(fault: Planted) -> bool:
    """Whether it is planted in the client, as the run says that is opened with it."""
    arguments = fault.opened.args if isinstance(fault.opened, partial) else ()
    return any(isinstance(run, Run) and run.client_fault is not None for run in arguments)


def test_defects_are_planted_for_what_is_tested_only() -> None:
    tested = {record.id for record in VULTR.catalogue.requirements if not record.not_tested}
    faults = list(planted(VULTR))
    assert {fault.requirement for fault in faults} <= tested
    of_clients = [fault for fault in faults if of_a_client(fault)]
    assert len(of_clients) > 5
    assert {VULTR.requirements[fault.requirement].mode for fault in of_clients} >= {"client"}
