"""The lists of the Vercel reference server are paged, and its calls counted, as its document says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from conformance.reference import VirtualClock, build
from conformance.selftest.test_reference_vercel import (
    LIMIT,
    LISTS,
    REMAINING,
    RESET,
    TOTALS,
    Api,
    code,
    created,
    ids,
    records,
)


@pytest.fixture
def api() -> Api:
    return Api(build("vercel"))


# Pages


@pytest.mark.parametrize("path", LISTS)
def test_walk_gives_each_record_once_newest_first(path: str) -> None:
    api = Api(build("vercel"))
    whole = api.ids(path)
    root = path.split("/")[-1]
    assert len(set(whole)) == len(whole) == TOTALS[root]
    for limit in (1, 2, 3, 4, 5, 6, 7, 13, 15, 20, 26, 44, 65, 99):
        pages = list(api.walk(path, limit=limit))
        assert [one for page in pages for one in ids(page)] == whole
        assert {len(ids(page)) for page in pages[:-1]} <= {limit}
        assert len(pages) == -(-len(whole) // limit)
        times = [created(one) for page in pages for one in records(page)]
        assert times == sorted(times, reverse=True)
        for page in pages:
            assert page["pagination"]["count"] == len(ids(page))
        assert pages[-1]["pagination"]["next"] is pages[0]["pagination"]["prev"] is None
        both = [page["pagination"] for page in pages[1:-1]]
        assert all(10**11 < page["next"] <= page["prev"] < 10**13 for page in both)


@pytest.mark.parametrize(("path", "places"), [("/v9/projects", range(37, 43)), ("/v6/deployments", range(17, 23))])
def test_six_records_share_their_time_where_pages_end(api: Api, path: str, places: range) -> None:
    times = [created(one) for page in api.walk(path, limit=100) for one in records(page)]
    shared = [place for place, time in enumerate(times) if times.count(time) > 1]
    assert shared == list(places)
    assert len({times[place] for place in shared}) == 1


@pytest.mark.parametrize("path", LISTS)
def test_since_leads_back_page_by_page(api: Api, path: str) -> None:
    pages = list(api.walk(path, limit=10))
    for page, before in zip(pages[:0:-1], pages[-2::-1], strict=True):
        back = api.get(path, params={"limit": 10, "since": page["pagination"]["prev"]}).json()
        assert back == before


def test_page_by_since_near_the_front_is_full(api: Api) -> None:
    second = api.get("/v9/projects?limit=2").json()["projects"][1]["createdAt"]
    back = api.get("/v9/projects", params={"limit": 5, "since": second}).json()
    assert back == api.get("/v9/projects?limit=5").json()


@pytest.mark.parametrize("path", LISTS)
def test_until_leaves_out_what_is_newer(api: Api, path: str) -> None:
    times = sorted({created(one) for page in api.walk(path, limit=100) for one in records(page)})
    for older, newer in zip(times[::4], times[1::4], strict=False):
        for until in (older + 1, (older + newer) // 2, newer):
            shown = records(api.get(path, params={"until": until, "limit": 3}).json())
            assert created(shown[0]) == older
    assert records(api.get(path, params={"until": times[-1] + 1}).json()) == records(api.get(path).json())
    empty = api.get(path, params={"until": times[0]}).json()
    assert empty["pagination"] == {"count": 0, "next": None, "prev": None}


@pytest.mark.parametrize("path", LISTS)
def test_limit_defaults_to_20_and_ends_at_100(api: Api, path: str) -> None:
    assert api.get(path).json() == api.get(f"{path}?limit=20").json()
    assert len(ids(api.get(path).json())) == 20
    assert len(ids(api.get(f"{path}?limit=100").json())) == min(100, TOTALS[path.split("/")[-1]])


@pytest.mark.parametrize("limit", ["0", "-1", "101", "1000000000", "x", "", "1.5", "+5", " 5", "٣", "9" * 5000])
@pytest.mark.parametrize("path", LISTS)
def test_bad_limit_is_400(api: Api, path: str, limit: str) -> None:
    assert code(api.get(path, params={"limit": limit})) == (400, "bad_request")


@pytest.mark.parametrize("name", ["until", "since"])
@pytest.mark.parametrize("time", ["-1", "x", "", "1.5", "+5", "2025-01-01", "٣", "9" * 5000])
def test_bad_time_is_400(api: Api, name: str, time: str) -> None:
    assert code(api.get("/v9/projects", params={name: time})) == (400, "bad_request")


def test_until_and_since_exclude_each_other(api: Api) -> None:
    assert code(api.get("/v9/projects?until=1752443111286&since=1752443111286")) == (400, "bad_request")


# Rate


@pytest.mark.parametrize("path", ["/v9/projects", "/v9/projects/nobody", "/v9/nothing", "/v9/projects?limit=x"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "HEAD"])
@pytest.mark.parametrize("key", ["default", None])
def test_rate_headers_are_on_every_answer(api: Api, method: str, path: str, key: str | None) -> None:
    answer = api(method, path, key=key)
    assert answer.headers[LIMIT] == "120"
    assert answer.headers[REMAINING] == "119"
    assert answer.headers[RESET] == "1767225661"
    assert answer.headers["Date"] == "Thu, 01 Jan 2026 00:00:01 GMT"


def test_window_counts_refuses_and_renews() -> None:
    clock = VirtualClock(tick=0)
    api = Api(build("vercel", clock=clock, limit=5))
    for left in (4, 3, 2, 1, 0):
        answer = api.get("/v9/projects" if left else "/v9/nothing")
        assert (answer.status_code, answer.headers[REMAINING]) == (200 if left else 404, str(left))
    clock.advance(59.9)
    for _ in range(3):
        answer = api.get("/v6/deployments")
        assert code(answer) == (429, "too_many_requests")
        assert answer.json()["error"]["message"] == "Rate limit exceeded"
        assert answer.headers[REMAINING] == "0"
        assert answer.headers[RESET] == str(int(datetime.fromisoformat("2026-01-01T00:01:00Z").timestamp()))
    clock.advance(0.1)
    answer = api.get("/v9/projects")
    assert (answer.status_code, answer.headers[REMAINING]) == (200, "4")
    assert answer.headers[RESET] == str(int(datetime.fromisoformat("2026-01-01T00:02:00Z").timestamp()))


def test_consumers_are_accounts_or_addresses() -> None:
    api = Api(build("vercel", limit=3))

    def left(**kwargs: Any) -> str:
        return api.get("/v9/projects", **kwargs).headers[REMAINING]

    assert [left(), left(key="expiring"), left(params={"teamId": api.team})] == ["2", "1", "0"]
    assert code(api.get("/v9/projects", address="192.0.2.9"))[0] == 429
    assert [left(key="second"), left(key="both-teams"), left(key="team-a-only")] == ["2", "2", "1"]
    assert [left(key="second", params={"teamId": "unknown"}), left(key="second")] == ["1", "0"]
    nobody = {"Authorization": "Bearer nonsense"}
    assert [left(key=None), left(key=None, headers=nobody), left(key=None, address="192.0.2.9")] == ["2", "1", "2"]


def test_end_of_a_window_is_not_before_a_minute_has_passed() -> None:
    clock = VirtualClock(tick=0)
    clock.advance(0.4)
    api = Api(build("vercel", clock=clock))
    reset = int(api.get("/v9/projects").headers[RESET])
    assert 60 <= reset - clock.now().timestamp() < 61


def test_default_tick_keeps_below_the_limit(api: Api) -> None:
    answers = [api.get("/v9/projects?limit=1") for _ in range(200)]
    assert {answer.status_code for answer in answers} == {200}
    assert min(int(answer.headers[REMAINING]) for answer in answers) == 60
