"""What some Snyk requirements ask for holds on the reference server, and on none with a fault that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from conformance.reference import Fault, VirtualClock, build
from conformance.selftest.test_reference_snyk import Api
from conformance.selftest.test_reference_snyk_faults import FAULTS, link, pages, planted
from conformance.selftest.test_reference_snyk_versions import holds

ACROSS = [10, 30, 60, 100]
TABLE = [row for row in build("snyk").release_table if row["operation"].startswith("GET")]
PAIRS = [
    (older, newer)
    for number, older in enumerate(TABLE)
    for newer in TABLE[number + 1 :]
    if older["operation"] == newer["operation"]
]


def seen_ids(api: Api, path: str = "projects", **params: Any) -> list[str] | None:
    """The ids of a walk, None where it does not end."""
    found: list[str] = []
    answer = api.get(path, params=params)
    for _ in range(12):
        found += [item["id"] for item in answer.json()["data"]]
        following = link(answer, "next")
        if following is None:
            return found
        answer = api.get(following)
    return None


def walks_agree(api: Api) -> bool:
    walks = [seen_ids(api, limit=limit) for limit in ACROSS]
    return walks[0] is not None and len(set(walks[0])) == len(walks[0]) and all(walk == walks[0] for walk in walks)


def inserts_hide_nothing(api: Api) -> bool:
    before = seen_ids(api, limit=10) or []
    first = api.get("projects", params={"limit": 10})
    for name in ("a", "b", "c"):
        api.create(name)
    found, following = [item["id"] for item in first.json()["data"]], link(first, "next")
    for _ in range(12):
        if following is None:
            break
        answer = api.get(following)
        found += [item["id"] for item in answer.json()["data"]]
        following = link(answer, "next")
    return all(found.count(one) == 1 for one in before)


def order_is_of_insertion(api: Api) -> bool:
    made = [api.create(f"conformance-{letter}") for letter in "abc"]
    return (seen_ids(api, limit=100) or [])[-3:] == made


def prev_leads_back(api: Api) -> bool:
    first = api.get("projects", params={"limit": 10})
    second = api.get(link(first, "next") or "")
    back = api.get(link(second, "prev") or "")
    return bool(back.json()["data"] == first.json()["data"])


def pages_are_small_enough(api: Api) -> bool:
    for limit in ACROSS:
        answers_ = list(pages(api, "projects", params={"limit": limit}))
        if any(len(answer.json()["data"]) > limit for answer in answers_):
            return False
    return True


def looks_like(api: Api, row: dict[str, Any], version: str) -> bool:
    path = row["operation"].removeprefix("GET /orgs/{org_id}/")
    answer = api.get(path.replace("{project_id}", api.server.parameters["project_id"][0]), version=version)
    return answer.is_success and holds(row, answer.json())


def suffix(row: dict[str, Any]) -> str:
    return str(row["version"][10:])


def day_before(row: dict[str, Any]) -> str:
    return str(date.fromisoformat(row["date"]) - timedelta(days=1))


def resolves_down(api: Api) -> bool:
    for operation in {row["operation"] for row in TABLE}:
        for stability in ("", "~beta"):
            track = [row for row in TABLE if row["operation"] == operation and suffix(row) in ("", stability)]
            for older, newer in pairwise(track):
                version = day_before(newer) + stability
                if not looks_like(api, older, version) or looks_like(api, newer, version):
                    return False
            if track and not looks_like(api, track[-1], f"2025-12-31{stability}"):
                return False
    return True


def ga_is_default(api: Api) -> bool:
    return (
        api.get("targets", version="2025-12-31~beta").is_success
        and api.get("targets", version="2025-12-31").is_client_error
        and api.get("projects", version="2021-06-04").is_client_error
    )


def floor_holds(api: Api) -> bool:
    for older, newer in PAIRS:
        if (suffix(older), suffix(newer)) == ("~beta", "~experimental") and newer["date"] > "2025-12":
            if not looks_like(api, newer, "2025-12-31~experimental"):
                return False
            if older["date"] > "2025-11" and not looks_like(api, older, "2025-12-31~beta"):
                return False
    return True


def endpoints_are_apart(api: Api) -> bool:
    projects, targets = ([row for row in TABLE if row["operation"].endswith(name)] for name in ("projects", "targets"))
    return all(
        looks_like(api, row, version)
        for version, row in (
            ("2025-12-31~beta", projects[5]),
            ("2025-12-31~beta", targets[2]),
            ("2025-07-01~beta", projects[2]),
            ("2025-07-01~beta", targets[1]),
        )
    )


def superseded_is_served(api: Api) -> bool:
    rows = [row for row in TABLE if row["version"] in ("2024-10-15", "2025-05-20~beta")]
    return all(looks_like(api, row, row["version"]) for row in rows)


def limit_is_540_per_key(api: Api) -> bool:
    api.server.clock.tick = 0  # type: ignore[attr-defined]
    api.burst(540)
    return api.burst(5) == {429: 5} and api.get("projects", key="app").is_success


def refusals_persist(api: Api) -> bool:
    clock = api.server.clock
    assert isinstance(clock, VirtualClock)
    clock.tick = 0
    api.burst(541)
    for _ in range(13):
        clock.advance(5)
        if api.get("projects").status_code != 429:
            return False
    clock.advance(60)
    return api.get("projects").is_success


RULES: dict[str, Callable[[Api], bool]] = {
    "pagination.walk-exactly-once": walks_agree,
    "pagination.walk-under-inserts": inserts_hide_nothing,
    "pagination.insertion-order": order_is_of_insertion,
    "pagination.prev-roundtrip": prev_leads_back,
    "pagination.limit-honoured": pages_are_small_enough,
    "versioning.version-resolves-down": resolves_down,
    "versioning.stability-default-ga": ga_is_default,
    "versioning.stability-floor": floor_holds,
    "versioning.per-endpoint-contract": endpoints_are_apart,
    "versioning.supported-after-next-release": superseded_is_served,
    "rate-limit.limit-540": limit_is_540_per_key,
    "rate-limit.429-persists": refusals_persist,
}
OTHERWISE = {
    "limit-ignored-beside-filter",
    "limit-ignored-beside-order",
    "filtered-later-pages-repeat",
    "offset-from-the-start",
    "created-come-and-go",
}
"""Faults of lists that are narrowed or ordered, that lose members, or are read again: no rule here asks so."""
BREAKING = [
    fault
    for fault in FAULTS
    if fault.requirement.removeprefix("snyk.") in RULES and fault.id.partition("/")[2] not in OTHERWISE
]


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_holds_without_a_fault(rule: str) -> None:
    assert RULES[rule](Api(build("snyk")))


@pytest.mark.parametrize("fault", BREAKING, ids=lambda fault: fault.id)
def test_the_fault_breaks_its_rule(fault: Fault) -> None:
    assert not RULES[fault.requirement.removeprefix("snyk.")](Api(build("snyk", fault=fault)))


@pytest.mark.parametrize(
    ("fault_id", "rules"),
    [
        ("offset-from-the-end", ("walk-exactly-once", "insertion-order", "prev-roundtrip")),
        ("cursor-void-after-insert", ("walk-exactly-once", "insertion-order", "prev-roundtrip")),
        ("insert-ends-walk", ("walk-exactly-once", "prev-roundtrip", "limit-honoured")),
        ("offset-and-newest-first", ("walk-exactly-once", "prev-roundtrip", "limit-honoured")),
    ],
)
def test_faults_under_inserts_break_nothing_else(fault_id: str, rules: tuple[str, ...]) -> None:
    for rule in rules:
        assert RULES[f"pagination.{rule}"](planted(f"pagination.walk-under-inserts/{fault_id}"))
