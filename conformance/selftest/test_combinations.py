"""Combinations: any two values meet in few rows, and a narrowed list is asked for as it is named."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import load
from conformance.properties import Subject
from conformance.properties.cleanup import POLLS, poll
from conformance.properties.combinations import pairs, selecting, selections
from conformance.properties.exercise_combinations import exercise_combinations
from conformance.properties.resource import READINGS
from conformance.selftest.servers import TESTS
from conformance.targets import ReferenceTarget
from conformance.traffic.exchange import Exchange

CHOICES = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=2),
    st.lists(st.one_of(st.none(), st.integers(0, 9), st.just({"a": 1})), min_size=1, max_size=4),
    max_size=5,
)


@given(CHOICES)
def test_any_two_values_meet_in_a_row(choices: dict[str, list[Any]]) -> None:
    rows = pairs(choices)
    assert all(list(row) == list(choices) for row in rows)
    for one, other in combinations(choices, 2):
        met = [(row[one], row[other]) for row in rows]
        assert all(pair in met for pair in product(choices[one], choices[other]))


@given(CHOICES)
def test_rows_are_few_and_the_same_each_time(choices: dict[str, list[Any]]) -> None:
    rows = pairs(choices)
    sizes = sorted((len(values) for values in choices.values()), reverse=True)
    most = sum(one * other for one, other in combinations(sizes, 2)) if len(sizes) > 1 else 4
    assert len(rows) <= max(most, 1)
    assert rows == pairs(choices)


def test_rows_of_four_names_with_three_values_are_far_from_all_eighty_one() -> None:
    assert len(pairs({name: [1, 2, 3] for name in "abcd"})) <= 12


def subject(api: str, operation: str) -> Subject:
    contract = load(api)
    requirement = next(iter(contract.requirements.values()))
    return Subject(contract, ReferenceTarget(contract), requirement, operation, "test", "item")


def test_what_narrows_a_list_comes_from_the_contract_the_target_and_the_records() -> None:
    assert selecting(subject("vultr", "GET /v2/applications")) == {"type": [None, "one-click", "marketplace"]}
    assert selecting(subject("vultr", "GET /v2/domains")) == {}
    (team,) = selections(subject("vercel", "GET /v6/deployments"))
    assert list(team) == ["teamId"]
    projects = selecting(subject("snyk", "GET /orgs/{org_id}/projects"))
    assert projects == {"origin": [None, "github"], "version": [None, "2025-09-10"]}


def test_of_a_filter_the_most_and_the_least_frequent_value_are_taken() -> None:
    backups = subject("vultr", "GET /v2/backups")
    _, most, least = selecting(backups)["instance_id"]
    counts = [len(backups.collection.selected({"instance_id": value}).ids) for value in (most, least)]
    assert counts[0] > 100 > counts[1] > 0


def test_a_target_without_a_team_or_a_table_of_releases_is_asked_for_neither() -> None:
    deployments = subject("vercel", "GET /v6/deployments")
    deployments.session = evolve(deployments.session, parameters={})
    assert selections(deployments) == []


def test_a_narrowed_list_is_read_once_and_every_page_of_it_is_narrowed() -> None:
    plans = subject("vultr", "GET /v2/plans")
    seen: list[Exchange] = []
    plans.observers.append(seen.append)
    narrowed = plans.collection.selected({"type": "vhf"})
    walk = narrowed.walk(2)
    assert walk.requests == 3
    assert all(exchange.request.parameter("type") == "vhf" for exchange in seen)
    assert plans.collection.selected({"type": "vhf"}) is narrowed
    assert plans.collection.selected({"type": "vc2"}).ids != narrowed.ids
    assert plans.collection.selection == {}


def test_a_walk_of_some_pages_only_is_neither_ended_nor_defective() -> None:
    walk = subject("vultr", "GET /v2/backups").collection.walk(1, pages=4)
    assert (walk.requests, walk.ended, walk.defect) == (4, False, None)


def test_wrong_values_stand_beside_right_ones_only() -> None:
    plans = subject("vultr", "GET /v2/plans")
    seen: list[Exchange] = []
    plans.observers.append(seen.append)
    exercise_combinations(plans)
    wrong = [exchange for exchange in seen if exchange.negative]
    assert wrong
    assert all(exchange.request.parameter("type") for exchange in wrong)
    assert {exchange.request.parameter("per_page") for exchange in wrong} == {"0", "conformance", "501"}


def test_a_list_that_nothing_narrows_is_not_asked_for_in_combinations() -> None:
    domains = subject("vultr", "GET /v2/domains")
    seen: list[Exchange] = []
    domains.observers.append(seen.append)
    exercise_combinations(domains)
    assert len(seen) <= 1


def test_what_comes_and_goes_has_not_settled() -> None:
    client = subject("vultr", "GET /v2/domains").client
    readings = iter([False, True, False, True, True, True])
    assert poll(client, lambda: next(readings), 3)
    turns = iter([True, False] * 3 * POLLS)
    assert not poll(client, lambda: next(turns), 2)


def test_a_write_shows_in_every_reading_unless_it_is_only_accepted() -> None:
    domains = subject("vultr", "POST /v2/domains")
    created = domains.things.post()
    assert created.response.status == 201
    readings = [True] * READINGS
    assert domains.things.shows(created, lambda: readings.pop())
    late = iter([False, *[True] * READINGS])
    assert not domains.things.shows(created, lambda: next(late))
    accepted = evolve(created, response=evolve(created.response, status=202))
    late = iter([False, *[True] * READINGS])
    assert domains.things.shows(accepted, lambda: next(late))


def test_a_long_list_is_walked_in_pages_of_one_for_its_first_pages() -> None:
    backups = subject("vultr", "GET /v2/backups")
    seen: list[Exchange] = []
    backups.observers.append(seen.append)
    TESTS["test_pagination/test_walk_visits_every_record_exactly_once"](
        subject=backups, collection=backups.collection, limit=1
    )
    assert [exchange.request.parameter("per_page") for exchange in seen].count("1") == 10
