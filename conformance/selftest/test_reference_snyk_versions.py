"""The Snyk reference server resolves versions as its document says, and tells when a release will end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest

from conformance.reference import VirtualClock, build
from conformance.selftest.test_reference_snyk import Api, error, new

TABLE = build("snyk").release_table
OPERATIONS = list(dict.fromkeys(row["operation"] for row in TABLE))
READ = [row for row in TABLE if row["operation"].startswith("GET")]


@pytest.fixture
def api() -> Api:
    return Api(build("snyk"))


def ask(api: Api, operation: str, version: str | None, **params: Any) -> httpx2.Response:
    method, _, template = operation.partition(" ")
    path = template.removeprefix("/orgs/{org_id}/").replace("{project_id}", api.server.parameters["project_id"][0])
    if method == "POST":
        return api.post(new("versioned"), version=version)
    return api(method, path, version=version, params=params)


def holds(row: dict[str, Any], body: Any) -> bool:
    def at(pointer: str) -> Any:
        value = body
        for part in pointer.split("/")[1:]:
            value = value[int(part)] if isinstance(value, list) else value.get(part)
        return value

    return all(at(pointer) == value for pointer, value in row["marker"].items())


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['operation']} {row['version']}")
def test_each_release_answers_in_its_own_shape(api: Api, row: dict[str, Any]) -> None:
    answer = ask(api, row["operation"], row["version"])
    assert answer.is_success
    assert answer.headers["snyk-version-requested"] == answer.headers["snyk-version-served"] == row["version"]
    assert ("Sunset" in answer.headers) == row["deprecated"]
    if answer.content:
        same = [one for one in TABLE if one["operation"] == row["operation"]]
        assert [one["version"] for one in same if holds(one, answer.json())] == [row["version"]]
    else:
        assert row["marker"] == {}


def test_the_release_table_is_plain_data(api: Api) -> None:
    assert json.loads(json.dumps(TABLE)) == TABLE
    assert TABLE[1] == {
        "operation": "GET /orgs/{org_id}/projects",
        "version": "2022-01-01",
        "date": "2022-01-01",
        "stability": "ga",
        "deprecated": False,
        "sunset": None,
        "marker": {"/data/0/attributes/status": "active", "/data/0/attributes/read_only": None},
    }
    assert [row for rows in api.server.releases.values() for row in rows] == TABLE  # type: ignore[attr-defined]
    assert list(api.server.releases) == OPERATIONS  # type: ignore[attr-defined]
    assert len(OPERATIONS) == 5
    for row in TABLE:
        assert row["deprecated"] == (row["sunset"] is not None)
    for operation in OPERATIONS:
        dates = [row["date"] for row in TABLE if row["operation"] == operation]
        assert dates == sorted(set(dates))


@pytest.mark.parametrize(
    ("path", "version", "served"),
    [
        ("projects", "2022-01-01~beta", "2022-01-01"),
        ("projects", "2021-12-31~beta", "2021-06-04~beta"),
        ("projects", "2021-12-31", None),
        ("projects", "2021-06-03~experimental", None),
        ("projects", "2000-01-01", None),
        ("projects", "2024-10-14", "2022-01-01"),
        ("projects", "2024-10-15", "2024-10-15"),
        ("projects", "2025-09-09", "2024-10-15"),
        ("projects", "2025-09-09~beta", "2024-10-15"),
        ("projects", "2025-09-09~experimental", "2025-03-18~experimental"),
        ("projects", "2025-12-31", "2025-09-10"),
        ("projects", "2025-12-31~ga", "2025-09-10"),
        ("projects", "2025-12-31~beta", "2025-11-12~beta"),
        ("projects", "2025-12-31~experimental", "2025-12-03~experimental"),
        ("projects", "9999-12-31", "2025-09-10"),
        ("targets", "2025-12-31", None),
        ("targets", "2025-05-19~beta", "2021-09-13~beta"),
        ("targets", "2025-11-04~beta", "2025-05-20~beta"),
        ("targets", "2025-12-31~beta", "2025-11-05~beta"),
        ("targets", "2025-12-31~experimental", "2025-12-15~experimental"),
        ("targets", "2000-01-01~experimental", None),
    ],
)
def test_a_version_resolves_to_the_newest_release_it_allows(
    api: Api, path: str, version: str, served: str | None
) -> None:
    answer = api.get(path, version=version)
    assert answer.headers.get("snyk-version-served") == served
    if served is None:
        assert answer.status_code == 404
        assert error(answer)["source"] == {"parameter": "version"}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "version",
    [
        None,
        *("", "1", "2022-1-1", "2022-13-01", "2023-02-29", "0000-01-01", "2022-01-01~alpha", "2022-01-01~", "beta"),
        *("2022-01-01~Beta", "2022-01-01 ", "latest", "20220101", "2022-01-01T00:00:00Z", "٢٠٢٢-01-01", "-"),
    ],
)
def test_a_missing_or_impossible_version_is_a_400_that_names_it(api: Api, operation: str, version: str | None) -> None:
    answer = ask(api, operation, version)
    assert answer.status_code == 400
    assert error(answer)["source"] == {"parameter": "version"}


def test_the_table_exercises_every_rule() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    young = set()
    for row in TABLE:
        following = [
            one
            for one in TABLE
            if (one["operation"], one["stability"] != "experimental") == (row["operation"], True)
            and one["date"] > row["date"]
            and one["stability"] in ("ga", row["stability"])
        ]
        if row["sunset"]:
            months = 6 if row["stability"] == "ga" else 3
            year, month, day = (int(part) for part in following[0]["date"].split("-"))
            month += months
            assert row["sunset"] >= f"{year + (month - 1) // 12}-{(month - 1) % 12 + 1:02}-{day:02}"
            assert row["sunset"] > "2026-01-01"
        if following:
            age = (now - datetime.fromisoformat(f"{following[0]['date']}T00:00:00+00:00")).days
            if age < (180 if row["stability"] == "ga" else 90) and row["stability"] != "experimental":
                young.add((row["operation"], row["stability"]))
    assert {("GET /orgs/{org_id}/projects", "ga"), ("GET /orgs/{org_id}/targets", "beta")} <= young
    assert {row["stability"] for row in READ if row["operation"].endswith("targets")} == {"beta", "experimental"}


def test_sunset_is_an_http_date_on_every_page(api: Api) -> None:
    pages = [api.get("projects", version="2025-01-01", params={"limit": 25})]
    while "next" in pages[-1].json()["links"]:
        pages.append(api.get(pages[-1].json()["links"]["next"]))
    assert [page.headers["Sunset"] for page in pages] == ["Wed, 01 Apr 2026 00:00:00 GMT"] * 3
    for row in READ:
        if row["deprecated"]:
            sunset = ask(api, row["operation"], row["version"]).headers["Sunset"]
            assert parsedate_to_datetime(sunset).strftime("%a, %d %b %Y %H:%M:%S GMT") == sunset
    assert "Sunset" not in api.get("projects", version="2025-01-01", params={"limit": 0}).headers


def test_a_release_is_served_until_its_sunset() -> None:
    clock = VirtualClock(datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC), tick=0)
    api = Api(build("snyk", clock=clock))
    assert api.get("projects", version="2024-10-15").status_code == 200
    clock.advance(1)
    gone = api.get("projects", version="2024-10-15")
    assert gone.status_code == 410
    assert error(gone)["source"] == {"parameter": "version"}
    assert api.get("projects", version="2025-09-10").status_code == 200
    assert api.get("projects", version="2022-01-01").status_code == 200
