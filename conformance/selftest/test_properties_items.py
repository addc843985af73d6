"""Items: the operations a requirement is judged at, the tests that are bound to it, and rules that nothing knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from conformance.contract import Contract, Requirement, contracts, load
from conformance.properties import items_of, property_test, requirement
from conformance.properties.binding import observes
from conformance.properties.items import UNKNOWN, Item, concerns, operations_judged
from conformance.properties.rules import unknown_rules
from conformance.selftest.servers import TESTS

VULTR = load("vultr")
EVERYWHERE = "vultr.content-type.response-json"
BAD_KEY = "vultr.auth.bad-key-401"


def with_changes(name: str, **changes: object) -> Requirement:
    return VULTR.requirements[name].model_copy(update=changes)


def nothing() -> None:
    """A test of nothing."""


def bound(*cites: str, once: bool = False) -> Callable[..., None]:
    def test() -> None:
        pass

    return requirement(*cites, once=once)(test)


def test_what_holds_for_all_paths_is_judged_at_those_too_that_the_contract_lacks() -> None:
    record = VULTR.requirements[EVERYWHERE]
    assert (record.mode, record.operations[0]) == ("passive", "*")
    found = operations_judged(VULTR, record)
    assert found[-1] == UNKNOWN
    assert found[:-1] == VULTR.operations_of(record)
    assert operations_judged(VULTR, with_changes(EVERYWHERE, operations=("GET *",)))[-1] == UNKNOWN
    for changes in ({"mode": "active-read"}, {"operations": ("POST *",)}, {"operations": ("GET /v2/plans",)}):
        assert UNKNOWN not in operations_judged(VULTR, with_changes(EVERYWHERE, **changes))


def test_a_test_is_run_for_each_operation_of_each_requirement_it_cites() -> None:
    record = VULTR.requirements[BAD_KEY]
    found = items_of(bound(BAD_KEY), "test_x/test_y", VULTR)
    assert [item.operation for item in found] == list(VULTR.operations_of(record))
    assert {item.id for item in found} == {f"{BAD_KEY}[{operation}]" for operation in VULTR.operations_of(record)}
    assert len(found) > 1
    assert [item.operation for item in items_of(bound(BAD_KEY, once=True), "test_x/test_y", VULTR)] == [
        found[0].operation
    ]


def test_a_rule_stands_for_every_requirement_that_names_it() -> None:
    walk = "pagination.walk-exactly-once"
    for api in contracts():
        contract = load(api)
        cited = {item.requirement.id for item in items_of(bound(walk), "a/b", contract)}
        assert cited == {
            record.id for record in contract.requirements.values() if record.rule == walk and not record.not_tested
        }
    assert {item.requirement.id for item in items_of(bound(walk), "a/b", VULTR)} == {f"vultr.{walk}"}


def test_what_observes_is_bound_to_what_can_be_judged_by_looking() -> None:
    watching = observes(nothing)
    assert concerns(watching, VULTR.requirements[EVERYWHERE])
    assert not concerns(watching, VULTR.requirements[BAD_KEY])
    assert not concerns(watching, with_changes(EVERYWHERE, observe=None, rule=None))


def test_an_item_is_judged_by_what_others_see_where_a_check_judges_its_requirement() -> None:
    by = {name: Item(bound(name), VULTR.requirements[name], "GET /v2/plans", "a/b") for name in (EVERYWHERE, BAD_KEY)}
    assert by[EVERYWHERE].judged_by_evidence
    assert by[BAD_KEY].binding.cites == (BAD_KEY,)


def test_a_test_is_one_of_several_cases_where_it_has_any() -> None:
    def sized(size: int) -> None:
        pass

    assert not Item(bound(BAD_KEY), VULTR.requirements[BAD_KEY], "x", "a/b").binding.is_property
    cited = requirement(BAD_KEY)(property_test(examples=[{"size": 1}])(sized))
    assert Item(cited, VULTR.requirements[BAD_KEY], "x", "a/b").binding.is_property


# ---- rules


def mistyped(rule: str) -> Contract:
    """The contract with another rule for the requirement on walks."""
    changed = VULTR.requirements["vultr.pagination.walk-exactly-once"].model_copy(update={"rule": rule})
    catalogue = VULTR.catalogue.model_copy(
        update={"requirements": [changed if one.id == changed.id else one for one in VULTR.catalogue.requirements]}
    )
    return evolve(VULTR, catalogue=catalogue)


def test_a_rule_that_nothing_knows_is_told_with_the_one_that_is_meant() -> None:
    tests = [nothing, *TESTS.values()]
    assert list(unknown_rules([VULTR], tests)) == []
    assert list(unknown_rules([mistyped("pagination.walk-exactly-onec")], tests)) == [
        "specs/vultr/requirements.yaml: vultr.pagination.walk-exactly-once: rule: no check and no test knows "
        "pagination.walk-exactly-onec; is pagination.walk-exactly-once meant?"
    ]
    (far,) = unknown_rules([mistyped("zzz")], tests)
    assert far.endswith("no check and no test knows zzz")


@pytest.mark.parametrize("known", ["one's own test", "a check", "another api"])
def test_a_rule_is_known_by_a_test_of_ones_own_a_check_or_the_catalogue_of_another_api(known: str) -> None:
    others = {record.rule for api in contracts() if api != "vultr" for record in load(api).requirements.values()}
    own = {record.rule for record in VULTR.requirements.values()}
    rule = {"a check": "types.ids-unique", "another api": min(filter(None, others - own))}.get(known, "own.rule")
    tests = [nothing, *([bound("own.rule")] if known == "one's own test" else [])]
    found = [line for line in unknown_rules([mistyped(rule)], tests) if "walk-exactly-once: rule" in line]
    assert found == []


def test_a_rule_of_ones_own_is_unknown_without_its_test() -> None:
    assert [line for line in unknown_rules([mistyped("own.rule")], [nothing]) if "knows own.rule" in line]
