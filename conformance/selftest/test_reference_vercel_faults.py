"""Each fault of the Vercel reference server shows, and without one two runs are equal to the byte."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterator
from functools import cache
from itertools import zip_longest
from typing import Any

import httpx2
import pytest

from conformance.reference import Fault, VirtualClock, build, faults_of
from conformance.selftest.test_reference_vercel import JSON, LIMIT, LISTS, REMAINING, RESET, Api, code, ids, records

FAULTS = faults_of("vercel")
Tour = Iterator[httpx2.Response]


def cursors(answer: httpx2.Response) -> tuple[object, object]:
    """next and prev of a page, None where a fault has spoiled them."""
    try:
        page = answer.json()["pagination"]
        return page["next"], page["prev"]
    except (ValueError, KeyError, TypeError):
        return None, None


def pages(api: Api, path: str, **params: Any) -> Tour:
    """A walk, and from its second page the way back."""
    for number in range(15):
        answer = api.get(path, params=params)
        yield answer
        following, before = cursors(answer)
        if number == 1 and before is not None:
            back = {name: value for name, value in params.items() if name != "until"}
            yield api.get(path, params={**back, "since": before})
        if following is None:
            return
        params["until"] = following


def reads(api: Api) -> Tour:
    """Everything once, right and wrong."""
    token = api.server.credentials["default"]
    paths = (*LISTS, api.project, "/v8/projects")
    yield from (api.get(path) for path in paths)
    yield from (api.get(path, key=None) for path in paths)
    for value in ("Bearer nonsense", "Basic bm9uc2Vuc2U=", token, "Bearer"):
        yield from (api.get(path, key=None, headers={"Authorization": value}) for path in LISTS)
    for path in LISTS:
        for team in ("team_doesnotexist", api.foreign, api.team):
            yield api.get(path, params={"teamId": team})
        yield from (api.get(path, key="team-a-only", params={"teamId": one}) for one in (api.team, api.foreign))
    yield api.get("http://api.vercel.com/v9/projects")
    for path in ("no-such-thing", "v9/no-such-thing", "v9/projects/nobody", "v999/projects", "v999/deployments"):
        yield api.get(f"/{path}")
    yield from (api.get(path) for path in ("/projects", "/deployments", api.project.removeprefix("/v9")))
    yield api("PATCH", "/v9/projects")
    yield from (api.get(path) for path in (*LISTS, *LISTS, api.project))


def limits(api: Api) -> Tour:
    """Sizes and times of pages, right and wrong."""
    for path in LISTS:
        yield from (api.get(path, params={"until": "1740000000000"}) for _ in range(2))
        for limit in ("1", "5", "31", "51", "100", "101", "1000000000", "0", "-1", "1.5", "abc", "", "é"):
            yield api.get(path, params={"limit": limit})
        for until in ("0", "-1", "1.5", "abc", "", "é"):
            yield api.get(path, params={"until": until})
        times = sorted({one.get("createdAt") or one["created"] for one in records(api.get(path).json())})
        for until in (times[4], (times[4] + times[5]) // 2, times[5] + 1000):
            yield from (api.get(path, params=one) for one in ({"until": until}, {"until": until, "limit": 3}))


def walks(api: Api) -> Tour:
    """Walks in pages of several sizes."""
    for path in LISTS:
        yield from pages(api, path)
        for limit in (10, 3, 44, 129, 13, 40, 41, 60, 100, 5, 22, 15):
            yield from pages(api, path, limit=limit)
    for path in LISTS:
        yield from pages(api, path, teamId=api.team)
        for params in ({"limit": 1}, {"limit": 0}):
            yield api.get(path, params={**params, "teamId": api.team})
        for params in ({}, {"limit": 1}):
            yield api.get(path, params={**params, "teamId": api.foreign, "until": "1740000000000"})
            yield api.get(path, params={**params, "teamId": api.team, "until": "1740000000000"})
    yield from itertools.islice(pages(api, "/v9/projects", limit=1), 3)


def writes(api: Api) -> Tour:
    """Creates and deletes, right and wrong."""

    def create(content: bytes, team: str | None = None, **kwargs: Any) -> Tour:
        params = {"teamId": team} if team else {}
        yield api("POST", "/v9/projects", content=content, params=params, **kwargs)
        yield api.get("/v9/projects", params=params)
        yield api.get("/v9/projects")

    yield from create(b'{"name": "new"}', key=None, headers=JSON)
    yield from create(b'{"name": "new"}', headers={"Content-Type": "text/plain"})
    for content in (b"", b"{", b'{"name": "cut', b'{"name": "cut"', b"plain", b'{"name": 5}'):
        yield from create(content, headers=JSON)
    yield from create(b'{"name": "made"}', headers=JSON)
    yield from create(b'{"name": "teams"}', api.team, headers=JSON)
    yield api("DELETE", api.project, key=None)
    yield from (api.get("/v9/projects", params={"teamId": api.team}) for _ in range(2))
    first = api.get("/v9/projects", params={"limit": 3})
    newer = list(create(b'{"name": "newer"}', headers=JSON))
    yield from newer
    yield api.get("/v9/projects", params={"limit": 3, "until": cursors(first)[0]})
    yield api("DELETE", f"/v9/projects/{newer[0].json().get('id')}")
    yield from (api.get("/v9/projects") for _ in range(2))
    yield from (api("DELETE", api.project) for _ in range(2))


def bursts(api: Api) -> Tour:
    """More calls than a window has, and the next windows."""
    clock = api.server.clock
    assert isinstance(clock, VirtualClock)
    clock.tick = 0
    yield from (api.get("/v9/projects?limit=1") for _ in range(7))
    yield from (api.get(f"{path}?limit=1", key="second") for path in LISTS)
    for seconds in (60, 61):
        clock.advance(seconds)
        yield from (api.get("/v9/projects?limit=1") for _ in range(6))
    yield api.get("/v9/projects", key="expiring", address="192.0.2.9")
    clock.advance(30 * 86400)
    yield api.get("/v9/projects", key="expiring")


TOURS: tuple[tuple[Callable[[Api], Tour], dict[str, Any]], ...] = (
    (bursts, {"limit": 5}),
    (reads, {}),
    (writes, {}),
    (limits, {}),
    (walks, {"limit": 1000}),
)


def tour(fault: Fault | None = None) -> Iterator[tuple[int, dict[str, str], bytes]]:
    """What fresh servers answer to one request or more of each kind."""
    for scene, options in TOURS:
        for answer in scene(Api(build("vercel", fault=fault, **options))):
            yield answer.status_code, dict(answer.headers), answer.content


@cache
def faultless() -> list[tuple[int, dict[str, str], bytes]]:
    return list(tour())


def test_two_runs_are_equal_to_the_byte() -> None:
    assert list(tour()) == faultless()


def test_the_tour_sees_no_server_error_and_no_token() -> None:
    server = build("vercel")
    for status, headers, body in faultless():
        assert status in (200, 204, 400, 403, 404, 405, 429)
        assert (headers.get("content-type") == "application/json; charset=utf-8") == bool(body)
        assert {LIMIT.lower(), REMAINING.lower(), RESET.lower()} < set(headers)
        for token in server.credentials.values():
            for form in (token, base64.b64encode(token.encode()).decode()):
                assert form not in body.decode() + str(headers)


def test_faults_are_many_and_well_named() -> None:
    assert len({fault.id for fault in FAULTS}) == len(FAULTS) >= 130
    assert len({fault.requirement for fault in FAULTS}) == 59
    for fault in FAULTS:
        assert fault.api == "vercel"
        assert fault.id.startswith(f"{fault.requirement}/")
        assert fault.description.endswith(".")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_each_fault_shows(fault: Fault) -> None:
    assert any(seen != expected for seen, expected in zip_longest(tour(fault), faultless()))


def planted(fault_id: str, **options: Any) -> Api:
    (fault,) = [one for one in FAULTS if one.id == f"vercel.{fault_id}"]
    return Api(build("vercel", fault=fault, **options))


def test_expired_token_is_accepted() -> None:
    api = planted("auth.expired-token-403/expiry-ignored")
    api.server.clock.advance(31 * 86400)  # type: ignore[attr-defined]
    assert api.get("/v9/projects", key="expiring").status_code == 200
    assert api.get("/v9/projects", key=None).status_code == 403


def test_scope_holds_for_writes_only() -> None:
    api = planted("auth.token-team-scope/scope-ignored-on-reads")
    assert api.ids("/v9/projects", key="team-a-only", teamId=api.foreign)
    refused = api("POST", f"/v9/projects?teamId={api.foreign}", key="team-a-only", json={"name": "new"})
    assert refused.status_code == 403
    assert api.get("/v9/projects", params={"teamId": api.foreign}).status_code == 403


def test_foreign_team_is_readable_and_an_unknown_one_is_not() -> None:
    api = planted("auth.foreign-team-denied/foreign-team-readable")
    assert api.get("/v6/deployments", params={"teamId": api.foreign}).status_code == 200
    assert api.get("/v6/deployments", params={"teamId": "team_doesnotexist"}).status_code == 403


def test_project_is_created_in_both_scopes() -> None:
    api = planted("auth.create-in-team/created-in-both")
    made = api("POST", f"/v9/projects?teamId={api.team}", json={"name": "new"}).json()["id"]
    assert made in api.ids("/v9/projects", teamId=api.team)
    assert made in api.ids("/v9/projects")


def test_ties_are_lost_at_the_end_of_a_page_and_nowhere_else() -> None:
    sound, api = Api(build("vercel")), planted("pagination.tie-safe/ties-lost")
    whole = sound.ids("/v9/projects")
    assert api.ids("/v9/projects", limit=100) == whole[:37] + whole[37:43][::-1] + whole[43:]
    assert len(api.ids("/v9/projects", limit=20)) == 130 - 3
    assert set(whole) - set(api.ids("/v9/projects", limit=20)) <= set(whole[37:43])


def test_ties_are_repeated() -> None:
    api = planted("pagination.tie-safe/ties-repeated")
    assert len(api.ids("/v6/deployments", limit=25)) == len(set(api.ids("/v6/deployments", limit=25))) == 45
    assert len(api.ids("/v6/deployments", limit=20)) == 45 + 3


def test_boundary_is_repeated() -> None:
    whole, api = Api(build("vercel")).ids("/v6/deployments"), planted("pagination.walk-exactly-once/boundary-repeated")
    assert api.ids("/v6/deployments", limit=24) == whole[:24] + whole[23:]


def test_boundary_is_skipped() -> None:
    api = planted("pagination.walk-exactly-once/boundary-skipped")
    assert len(api.ids("/v6/deployments", limit=10)) == 41


def test_pages_are_short_and_nothing_is_lost() -> None:
    whole = Api(build("vercel")).ids("/v9/projects")
    for slug in ("capped-at-50", "pages-end-with-their-week"):
        api = planted(f"pagination.pages-full/{slug}")
        walked = list(api.walk("/v9/projects", limit=60))
        assert [one for page in walked for one in ids(page)] == whole
        assert any(len(ids(page)) < 60 for page in walked[:-1])


def test_until_at_a_record_is_kept_and_one_between_two_is_not() -> None:
    sound, api = Api(build("vercel")), planted("pagination.until-bounds/until-between-shows-newer")
    assert api.ids("/v9/projects", limit=7) == sound.ids("/v9/projects", limit=7)
    newer, older = (one["createdAt"] for one in sound.get("/v9/projects?limit=2").json()["projects"])
    shown = api.get("/v9/projects", params={"until": (newer + older) // 2}).json()["projects"]
    assert shown[0]["createdAt"] == newer


def test_window_is_over_before_its_allowance() -> None:
    api = planted("rate-limit.no-early-429/last-tenth-refused", limit=120)
    api.server.clock.tick = 0  # type: ignore[attr-defined]
    answers = [api.get("/v9/projects?limit=1") for _ in range(110)]
    assert [answer.status_code for answer in answers] == [200] * 108 + [429] * 2
    assert [answer.headers[REMAINING] for answer in answers[-3:]] == ["12", "12", "12"]


def test_consumers_share_what_is_shown_but_not_what_is_allowed() -> None:
    api = planted("rate-limit.per-consumer/remaining-of-all", limit=3)
    assert [api.get("/v9/projects").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = api.get("/v9/projects", key="second")
    assert (answer.status_code, answer.headers[REMAINING]) == (200, "0")


def test_version_is_ignored() -> None:
    api = planted("versioning.versions-independent/version-of-projects-ignored")
    assert api.get("/v999/projects").status_code == 200
    assert code(api.get("/v999/deployments")) == (404, "not_found")
    assert code(api.get("/projects")) == (404, "not_found")


def test_one_name_is_written_twice() -> None:
    answer = planted("types.map-unique-keys/name-twice").get("/v9/projects?limit=2")
    assert answer.text.count('"name":') == 3
    assert answer.json() == Api(build("vercel")).get("/v9/projects?limit=2").json()
