"""The Snyk reference server answers the same to the byte in every run, and each of its faults shows."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from typing import Any

import httpx
import pytest

from conformance.reference import Fault, Server, VirtualClock, build, faults_of
from conformance.selftest.test_reference_snyk import MEDIA_TYPE, NOWHERE, Api, ids, new

FAULTS = faults_of("snyk")
RATE = [fault for fault in FAULTS if fault.requirement.startswith("snyk.rate-limit.")]
OTHERS = [fault for fault in FAULTS if fault not in RATE]

Answer = tuple[int, dict[str, str], bytes]


def link(answer: httpx.Response, name: str) -> str | None:
    """A link of a page, None where there is none, or a fault has spoiled it."""
    body = answer.json() if answer.content[:1] == b"{" else {}
    links = body.get("links")
    found = links.get(name) if isinstance(links, dict) else None
    return found if isinstance(found, str) and found.startswith("/") else None


def pages(api: Api, path: str, most: int = 9, **kwargs: Any) -> Iterator[httpx.Response]:
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


def tour(api: Api) -> Iterator[httpx.Response]:
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
    walk = pages(api, "projects", params={"limit": 10})
    yield next(walk)
    for name in ("zebra", "aardvark"):
        yield api.post(new(name))
    yield from walk
    yield api.get("projects", params={"limit": 100})
    yield api("DELETE", project)
    yield api.get(project)


def rate_tour(api: Api) -> Iterator[httpx.Response]:
    """What a server answers to too many requests, and to those that follow."""
    clock = api.server.clock
    assert isinstance(clock, VirtualClock)
    clock.tick = 0
    yield from (api.get("/nothing") for _ in range(545))
    yield api.get("/nothing", key="second")
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


@pytest.mark.parametrize("fault", OTHERS, ids=lambda fault: fault.id)
def test_each_fault_shows(fault: Fault) -> None:
    planted_in = answers(build("snyk", fault=fault), rate=False)
    assert any(one != other for one, other in zip_longest(planted_in, faultless(False)))


@pytest.mark.parametrize("fault", RATE, ids=lambda fault: fault.id)
def test_each_fault_of_the_rate_shows(fault: Fault) -> None:
    planted_in = answers(build("snyk", fault=fault), rate=True)
    assert any(one != other for one, other in zip_longest(planted_in, faultless(True)))


def planted(fault_id: str) -> Api:
    (fault,) = [one for one in FAULTS if one.id == f"snyk.{fault_id}"]
    return Api(build("snyk", fault=fault))


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if "limit-540" not in fault.id], ids=lambda one: one.id)
def test_no_fault_fails_by_itself(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    server = build("snyk", fault=fault)
    for _ in zip(range(60), answers(server, rate=False), strict=False):
        pass
    assert "failed to answer" not in caplog.text
