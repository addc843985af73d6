"""The Snyk reference server answers the same to the byte in every run, and each of its faults shows."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from typing import Any

import httpx2
import pytest

from conformance.reference import Fault, Server, VirtualClock, build, faults_of
from conformance.selftest.test_reference_snyk import MEDIA_TYPE, NOWHERE, Api, new

FAULTS = faults_of("snyk")

Answer = tuple[int, dict[str, str], bytes]


def link(answer: httpx2.Response, name: str) -> str | None:
    """A link of a page, None where there is none, or a fault has spoiled it."""
    body = answer.json() if answer.content[:1] == b"{" else {}
    links = body.get("links")
    found = links.get(name) if isinstance(links, dict) else None
    return found if isinstance(found, str) and found.startswith("/") else None


def pages(api: Api, path: str, most: int = 9, **kwargs: Any) -> Iterator[httpx2.Response]:
    """A list walked by next, and back by one prev from its second page."""
    answer = api.get(path, **kwargs)
    for number in range(most):
        yield answer
        if number == 1 and (back := link(answer, "prev")):
            yield api.get(back)
        following = link(answer, "next")
        if following is None:
            return
        answer = api.get(following)


def tour(api: Api) -> Iterator[httpx2.Response]:
    """What a server answers to one request or more of each kind, the rate left out."""
    key = api.server.credentials["default"]
    basic = base64.b64encode(f"{key}:".encode()).decode()
    project = f"projects/{api.server.parameters['project_id'][0]}"
    for path in ("projects", project, "targets"):
        yield api.get(path)
        yield api.get(path, key=None)
    yield api.get("projects")
    yield api.get("projects", headers={"Content-Type": MEDIA_TYPE})
    yield api.get("projects", key="app")
    for value in (
        *("token nonsense", key, f"Basic {key}", f"Basic {basic}", f"Token {key}", f"TOKEN {key}"),
        *(f"bearer {key}", f'token "{key}"'),
    ):
        yield api.get("projects", key=None, headers={"Authorization": value})
    yield api.get(f"http://api.snyk.io/rest/orgs/{api.org}/projects", key=None)
    yield api.get("http://api.snyk.io/rest/nothing", key=None)
    for path in ("/nothing", f"/orgs/{NOWHERE}/projects?version=2025-12-31", f"projects/{NOWHERE}"):
        yield api.get(path)
    for params in ({"unknown": "x"}, {"limit": "0"}, {"limit": "-1"}, {"limit": "abc"}, {"limit": "5"}):
        yield api.get("projects", params=params)
    for params in ({"starting_after": "made-up"}, {"starting_after": "x", "ending_before": "y"}, {"origin": "nosuch"}):
        yield api.get("projects", params=params)
    yield api.get("projects", version="2025-12-31", params={"limit": 100})
    yield api.get("targets", params={"limit": 100})
    for version in (None, "2022-13-01", "2022-1-1", "2022-01-01~alpha", "1", "2000-01-01", "2000-01-01~beta"):
        yield api.get("projects", version=version)
    yield api.get("targets", version="2000-01-01~beta")
    for row in api.server.release_table:
        if row["operation"].startswith("GET"):
            path = row["operation"].removeprefix("GET /orgs/{org_id}/").replace("projects/{project_id}", project)
            year, month, day = row["date"].split("-")
            before = f"{year}-{month}-{int(day) - 1:02}" if day != "01" else f"{int(year) - 1}-12-31"
            for version in (row["version"], row["version"].replace(row["date"], before), row["date"]):
                yield api.get(path, version=version)
    yield from pages(api, "projects", params={"limit": 10, "origin": "github"})
    yield from pages(api, "projects", most=2, params={"limit": 10, "sort": "name"})
    yield from pages(api, "projects", params={"limit": 10})
    yield from pages(api, "projects", params={"limit": 30})
    yield from pages(api, "projects", params={"limit": 59})
    yield from pages(api, "projects", version="2024-10-15", params={"limit": 50})
    yield from pages(api, "targets", version="2025-05-20~beta", params={"limit": 20})
    for media_type in ("application/json", "text/plain", None):
        yield api.post(new("typed"), media_type)
    for body in (b"{", new(5), {"data": {"type": "project", "attributes": {}}}):
        yield api.post(body)
    yield api.get("projects", params={"limit": 100})
    walk = pages(api, "projects", params={"limit": 10})
    yield next(walk)
    for name in ("zebra", "aardvark"):
        yield api.post(new(name))
    yield from walk
    for _ in range(2):
        yield api.get("projects", params={"limit": 100})
    yield api("DELETE", project)
    yield api.get(project)
    for _ in range(2):
        yield api.get("projects", params={"limit": 100})
    for name, value in (("origin", "github"), ("limit", "10"), ("sort", "name")):
        yield api.get("projects", params={name: value, "starting_after": "made-up"})
        yield api.get("projects", params={name: value, "conformance_unknown": "1"})
    if following := link(api.get("projects"), "next"):
        yield api.get(f"{following}&conformance_unknown=1")


def rate_tour(api: Api) -> Iterator[httpx2.Response]:
    """What a server answers to too many requests, and to those that follow."""
    clock = api.server.clock
    assert isinstance(clock, VirtualClock)
    clock.tick = 0
    api.burst(538)
    yield from (api.get("/nothing") for _ in range(5))
    yield api.get("/nothing", key="app")
    yield api.post(new("late"))
    for _ in range(7):
        clock.advance(10)
        yield api.get("/nothing")
    clock.advance(60)
    yield api.get("projects", params={"limit": 100})
    yield api.post(new("late"))
    yield api.get("projects", params={"limit": 100})


@cache
def faultless(rate: bool) -> list[Answer]:
    return list(answers(build("snyk"), rate))


def answers(server: Server, rate: bool) -> Iterator[Answer]:
    for one in (rate_tour if rate else tour)(Api(server)):
        yield one.status_code, dict(one.headers), one.content


@pytest.mark.parametrize("rate", [False, True])
def test_two_runs_are_equal_to_the_byte(rate: bool) -> None:
    assert list(answers(build("snyk"), rate)) == faultless(rate)


def test_the_tours_see_no_server_error_and_no_key() -> None:
    server = build("snyk")
    seen = faultless(False) + faultless(True)
    assert {status for status, _, _ in seen} == {200, 201, 204, 400, 401, 404, 429}
    for _, headers, body in seen:
        assert (headers.get("content-type") == MEDIA_TYPE) == bool(body)
        for token in server.credentials.values():
            for form in (token, base64.b64encode(token.encode()).decode()):
                assert form not in body.decode() + str(headers)


def test_faults_are_many_and_well_named() -> None:
    assert len({fault.id for fault in FAULTS}) == len(FAULTS) >= 200
    assert len({fault.description for fault in FAULTS}) == len(FAULTS)
    assert len({fault.requirement for fault in FAULTS}) == 53
    for fault in FAULTS:
        assert fault.api == "snyk"
        assert fault.id.startswith(f"{fault.requirement}/")
        assert fault.description.endswith(".")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_each_fault_shows_and_does_not_fail_by_itself(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    rate = fault.requirement.startswith("snyk.rate-limit.")
    planted_in = answers(build("snyk", fault=fault), rate)
    assert any(one != other for one, other in zip_longest(planted_in, faultless(rate)))
    assert "failed to answer" not in caplog.text


def planted(fault_id: str) -> Api:
    (fault,) = [one for one in FAULTS if one.id == f"snyk.{fault_id}"]
    return Api(build("snyk", fault=fault))


def test_twice_encoded_cursors_lead_to_a_400() -> None:
    api = planted("pagination.links-are-urls/cursor-encoded-twice")
    following = link(api.get("projects"), "next")
    assert following is not None
    assert following.endswith("%253D%253D")
    assert api.get(following).status_code == 400


def test_sunset_moves_an_hour_at_a_time() -> None:
    api = planted("versioning.sunset-constant/sunset-earlier-each-time")
    seen = [api.get("projects", version="2024-10-15").headers["Sunset"] for _ in range(2)]
    assert seen == ["Wed, 01 Apr 2026 00:00:00 GMT", "Tue, 31 Mar 2026 23:00:00 GMT"]


def test_gone_a_quarter_before_its_sunset() -> None:
    api = planted("versioning.sunset-constant/gone-one-quarter-early")
    assert api.get("projects", version="2024-10-15").status_code == 410
    assert api.get("projects", version="2025-09-10").status_code == 200


@pytest.mark.parametrize(
    ("name", "projects", "targets"),
    [
        ("thirty-days", "Fri, 10 Oct 2025", "Fri, 05 Dec 2025"),
        ("ga-as-beta", "Thu, 11 Dec 2025", "Thu, 05 Feb 2026"),
        ("ga-one-week-short", "Mon, 02 Mar 2026", "Thu, 05 Feb 2026"),
        ("beta-two-months", "Fri, 13 Mar 2026", "Mon, 05 Jan 2026"),
        ("counted-from-own-date", "Thu, 17 Apr 2025", "Wed, 20 Aug 2025"),
    ],
)
def test_notices_are_too_short(name: str, projects: str, targets: str) -> None:
    api = planted(f"versioning.sunset-notice/{name}")
    assert api.get("projects", version="2024-10-15").headers["Sunset"] == f"{projects} 00:00:00 GMT"
    assert api.get("targets", version="2025-05-20~beta").headers["Sunset"] == f"{targets} 00:00:00 GMT"


def test_post_refused_with_429_is_applied_at_once_later_or_twice() -> None:
    for name, count in (("applied", 2), ("applied-later", 2)):
        assert _listed_after_retry(f"rate-limit.429-no-effect/refused-post-{name}") == count
    assert _listed_after_retry("rate-limit.429-no-effect/retried-post-applied-twice") == 2


def _listed_after_retry(fault_id: str) -> int:
    api = planted(fault_id)
    clock = api.server.clock
    assert isinstance(clock, VirtualClock)
    clock.tick = 0
    api.burst(540)
    assert api.post(new("late")).status_code == 429
    clock.advance(60)
    api.create("late")
    listed = api.get("projects", params={"limit": 100}).json()["data"]
    return sum(item["attributes"]["name"] == "late" for item in listed)


def test_wrong_pointers_stay_wrong_in_one_way() -> None:
    pointers = {
        name: planted(f"errors.error-source/{name}").post(new(5)).json()["errors"][0].get("source")
        for name in ("body-error-without-source", "pointer-from-data", "pointer-in-dots")
    }
    assert pointers == {
        "body-error-without-source": None,
        "pointer-from-data": {"pointer": "/attributes/name"},
        "pointer-in-dots": {"pointer": "data.attributes.name"},
    }


def test_app_token_is_swapped_with_the_key_only_for_itself() -> None:
    api = planted("auth.scheme-bearer/app-token-takes-token")
    assert api.get("projects", key="app").status_code == 401
    app = api.server.credentials["app"]
    assert api.get("projects", key=None, headers={"Authorization": f"token {app}"}).status_code == 200
    assert api.get("projects").status_code == 200


def test_html_404_is_for_plain_http_and_paths_too() -> None:
    api = planted("errors.errors-array/not-found-in-html")
    assert api.get(f"projects/{NOWHERE}").headers["Content-Type"] == "text/html"
    assert api.get("projects", params={"unknown": ""}).json()["errors"]


def test_renamed_attribute_on_later_pages_only() -> None:
    api = planted("versioning.within-version-stable/renamed-on-later-pages")
    first, second = list(pages(api, "projects", most=2, params={"limit": 30}))[:2]
    assert "name" in first.json()["data"][0]["attributes"]
    assert "title" in second.json()["data"][0]["attributes"]
