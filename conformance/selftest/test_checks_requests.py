"""Checks of what is asked beyond what is allowed, and by a filter: what counts, and what shows nothing."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.selftest.test_checks import findings, outcome, said
from conformance.selftest.test_checks_json_api import PROJECTS
from conformance.selftest.test_checks_json_api import outcome as snyk_outcome
from conformance.selftest.test_checks_json_api import said as snyk_said
from conformance.selftest.test_checks_lists import page
from conformance.traffic.exchange import Exchange


def outcome_after(control: Exchange, check: str, exchange: Exchange, **arguments: Any) -> str:
    """What a check makes of an exchange after one that shows nothing alone, but that it could have failed."""
    memory: dict[Any, Any] = {}
    assert outcome(check, control, memory=memory, **arguments) == "nothing"
    return outcome(check, exchange, memory=memory, **arguments)


def alone(expected: str) -> str:
    """What a check makes of the same exchange without its control."""
    return "nothing" if expected == "held" else expected


@pytest.mark.parametrize(
    ("asked", "count", "after", "expected"),
    [
        ("501", 501, "n", "violated"),
        ("501", 501, "", "violated"),
        ("501", 500, "n", "held"),
        # There may be no more records than these.
        ("501", 500, "", "nothing"),
        ("501", 499, "n", "nothing"),
        ("500", 500, "n", "nothing"),
        ("500", 501, "n", "nothing"),
        ("x", 501, "n", "nothing"),
        ("", 501, "n", "nothing"),
    ],
)
def test_a_page_size_beyond_the_maximum_brings_no_more(asked: str, count: int, after: str, expected: str) -> None:
    assert outcome("pagination.maximum-recorded", page(range(count), f"?per_page={asked}", after=after)) == expected


def test_what_is_no_page_shows_nothing_of_the_maximum() -> None:
    assert outcome("pagination.maximum-recorded", said("GET /v2/account?per_page=501", body={})) == "nothing"
    assert outcome("pagination.maximum-recorded", said("GET /v2/plans?per_page=501", 400, {})) == "nothing"


@pytest.mark.parametrize(
    ("asked", "status", "count", "expected"),
    [
        *((size, 400, 0, "held") for size in ("0", "-1", "x", "1.5", "²", "")),
        *((size, 500, 0, "violated") for size in ("0", "-1", "x")),
        *(("0", status, 0, "nothing") for status in (502, 503, 504)),
        ("0", 200, 100, "nothing"),
        ("0", 200, 101, "violated"),
        ("x", 200, 0, "nothing"),
        ("1", 400, 0, "nothing"),
        ("1", 500, 0, "nothing"),
        ("101", 200, 101, "nothing"),
    ],
)
def test_a_bad_page_size_is_refused_or_brings_an_ordinary_page(
    asked: str, status: int, count: int, expected: str
) -> None:
    exchange = page(range(count), f"?per_page={asked}", status=status)
    assert outcome_after(page("a", "?per_page=1"), "pagination.bad-size-recorded", exchange) == expected
    assert outcome("pagination.bad-size-recorded", exchange) == alone(expected)


@pytest.mark.parametrize(
    "control", [page("a", "?per_page=1", status=400), page("a", "?per_page=0"), page("a", "?per_page=1", path="/v2/os")]
)
def test_a_refused_page_size_shows_nothing_where_none_is_known_to_be_accepted(control: Exchange) -> None:
    refused = page("", "?per_page=0", status=400)
    assert outcome_after(control, "pagination.bad-size-recorded", refused) == "nothing"


def test_what_a_bad_page_size_brought_is_told() -> None:
    (crashed,) = findings("pagination.bad-size-recorded", said("GET /v2/plans?per_page=0", 500, b"oops"))
    assert crashed.message == 'a page size of "0" was answered 500 Internal Server Error with 0 records'
    (many,) = findings("pagination.bad-size-recorded", page(range(101), "?per_page=x"))
    assert many.message == 'a page size of "x" was answered 200 OK with 101 records'


def test_without_a_page_size_none_is_bad() -> None:
    assert outcome("pagination.bad-size-recorded", page("a", status=500)) == "nothing"


def plans(query: str, *types: Any, **options: Any) -> Exchange:
    records = [{"id": str(number), "type": kind} for number, kind in enumerate(types)]
    return said(f"GET /v2/plans{query}", body={"plans": records, "meta": {}}, **options)


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (plans("?type=vhf", "vhf", "VHF"), "held"),
        (plans("?type=vhf", "vhf", "vc2"), "violated"),
        (plans("?type=vhf"), "nothing"),
        (plans("?type=vhf", None, 5), "nothing"),
        (plans("?type=", "vhf", "vc2"), "nothing"),
        (plans("?type=all", "vhf", "vc2"), "nothing"),
        (plans("", "vhf", "vc2"), "nothing"),
        (plans("?type=vhf", "vc2", status=400), "nothing"),
        (plans("?type=vhf", "vc2", negative=True), "nothing"),
    ],
)
def test_a_filtered_list_holds_what_was_asked_for(exchange: Exchange, expected: str) -> None:
    everything = plans("", "vhf", "vc2")
    assert outcome_after(everything, "crud.filter-recorded", exchange, everything=["all"]) == expected
    assert outcome("crud.filter-recorded", exchange, everything=["all"]) == alone(expected)


def test_a_filter_shows_nothing_where_no_other_value_is_known() -> None:
    filtered = plans("?type=vhf", "vhf")
    assert outcome_after(plans("", "vhf", "VHF"), "crud.filter-recorded", filtered) == "nothing"
    assert outcome_after(plans("?type=vc2", "vc2"), "crud.filter-recorded", filtered) == "held"


@pytest.mark.parametrize(
    ("version", "status", "expected"),
    [
        *((bad, 400, "held") for bad in ("2024-13-01", "latest", "2024-10-15~alpha", "")),
        *((bad, 200, "violated") for bad in ("2024-13-01", "latest", "2024-10-15~alpha")),
        ("latest", 404, "held"),
        ("latest", 500, "nothing"),
        ("2024-10-15", 200, "nothing"),
        ("2024-10-15", 400, "nothing"),
        *((alone, 200, "nothing") for alone in ("beta", "~beta", "experimental")),
    ],
)
def test_a_version_that_is_none_is_an_error_of_the_client(version: str, status: int, expected: str) -> None:
    exchange = snyk_said(f"{PROJECTS}?version={version}", status, {"data": []})
    served = snyk_said(f"{PROJECTS}?version=2024-10-15", 200, {"data": []})
    assert snyk_outcome("versioning.bad-version-recorded", served, exchange) == expected
    assert snyk_outcome("versioning.bad-version-recorded", exchange) == alone(expected)
    refused = snyk_said(f"{PROJECTS}?version=2024-10-15", 400, {"data": []})
    assert snyk_outcome("versioning.bad-version-recorded", refused, exchange) == alone(expected)


def test_only_operations_of_the_contract_must_know_bad_versions() -> None:
    assert (
        snyk_outcome("versioning.bad-version-recorded", snyk_said("GET /openapi?version=latest", 200, {})) == "nothing"
    )
    assert snyk_outcome("versioning.bad-version-recorded", snyk_said(PROJECTS, 200, {"data": []})) == "nothing"
