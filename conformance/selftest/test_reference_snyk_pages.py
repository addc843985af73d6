"""The Snyk reference server cuts its lists into pages as its document says."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, parse_qsl

import pytest

from conformance.reference import build
from conformance.selftest.test_reference_snyk import VERSION, Api, ids


@pytest.fixture
def api() -> Api:
    return Api(build("snyk"))


@pytest.mark.parametrize(("path", "count"), [("projects", 60), ("targets", 24)])
@pytest.mark.parametrize("limit", [1, 7, 10, 20, 59, 60, 61, 100])
def test_walk_gives_each_record_once_in_one_order(path: str, count: int, limit: int) -> None:
    api = Api(build("snyk"))
    whole = [record["id"] for record in api.server.store[path].of(api.org)]
    pages = list(api.walk(path, limit=limit))
    assert ids(pages) == whole
    assert len(set(whole)) == count
    assert [len(page["data"]) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert len(pages) == -(-count // limit)
    assert [page["links"].keys() for page in pages[1:-1]] == [{"prev", "next"}] * (len(pages) - 2)
    assert "prev" not in pages[0]["links"]
    assert "next" not in pages[-1]["links"]


def test_prev_leads_back_page_by_page(api: Api) -> None:
    pages = list(api.walk("projects", limit=13))
    page = pages[-1]
    for expected in pages[-2::-1]:
        page = api.get(page["links"]["prev"]).json()
        assert page == expected
    assert "prev" not in page["links"]


def test_links_are_the_documents_and_keep_what_was_asked(api: Api) -> None:
    asked = {"version": VERSION, "origin": "github", "limit": "5", "sort": "-name"}
    first = api.get("projects", version=None, params=asked).json()
    path, _, query = first["links"]["next"].partition("?")
    assert path == f"/orgs/{api.org}/projects"
    *kept, (name, cursor) = parse_qsl(query)
    assert dict(kept) == asked
    assert name == "starting_after"
    assert query.startswith(f"version={VERSION}&")
    assert query.endswith("%3D%3D")
    assert json.loads(base64.urlsafe_b64decode(cursor.removeprefix("v1."))) == {"id": first["data"][-1]["id"]}
    second = api.get(first["links"]["next"]).json()
    assert [*parse_qs(second["links"]["prev"])][-1] == "ending_before"
    assert api.get(second["links"]["prev"]).json() == first
    assert "&limit=10&starting_after=" in api.get("projects").json()["links"]["next"]


def test_cursors_name_a_record(api: Api) -> None:
    first = api.get("projects").json()
    assert api("DELETE", f"projects/{first['data'][0]['id']}").status_code == 204
    inserted = [api.create(name) for name in ("aaa", "zzz", "mmm")]
    rest = ids(api.walk(first["links"]["next"]))
    assert len(ids([first]) + rest) == 63
    assert rest[-3:] == inserted
    assert not set(ids([first])) & set(rest)


@pytest.mark.parametrize(
    "cursor", ["", "x", "v1.", "v1.e30=", "v1.W10=", "v1.NQ==", "v2.eyJpZCI6IDF9", "v1.é", "\x00", "v1." + "W" * 5000]
)
def test_a_made_up_cursor_is_400(api: Api, cursor: str) -> None:
    own = api.get("projects", params={"limit": 1}).json()["links"]["next"].rpartition("=v1.")[2]
    for made_up in (cursor, f"V1.{own}", f"v1.{own[:-6]}", f"v1.{own}"):
        assert api.get("projects", params={"starting_after": made_up}).status_code == 400


def test_a_cursor_of_another_list_is_400(api: Api) -> None:
    following = api.get("projects").json()["links"]["next"]
    assert api.get(following.replace("/projects", "/targets")).status_code == 400


def test_edges_have_no_neighbours(api: Api) -> None:
    for params in ({"origin": "nosuch"}, {"origin": "nosuch", "limit": 1}):
        empty = api.get("projects", params=params).json()
        assert (empty["data"], empty["links"]) == ([], {})
    whole = ids(api.walk("projects", limit=100))
    cursor = "v1." + base64.urlsafe_b64encode(json.dumps({"id": whole[-1]}).encode()).decode()
    behind = api.get("projects", params={"starting_after": cursor}).json()
    assert (behind["data"], behind["links"]) == ([], {})
    before = api.get("projects", params={"ending_before": cursor, "limit": 100}).json()
    assert ids([before]) == whole[:-1]
    assert before["links"].keys() == {"next"}


def test_sorts_and_filters(api: Api) -> None:
    inserted = [item for page in api.walk("projects") for item in page["data"]]
    by_name = [item for page in api.walk("projects", sort="name") for item in page["data"]]
    assert [item["attributes"]["name"] for item in by_name] == sorted(item["attributes"]["name"] for item in inserted)
    assert by_name != inserted
    assert ids(api.walk("projects", sort="-created", limit=9)) == [item["id"] for item in inserted[::-1]]
    from_github = [item["id"] for item in inserted if item["attributes"]["origin"] == "github"]
    assert ids(api.walk("projects", origin="github")) == from_github
    assert len(from_github) == 24
    assert sorted(ids([{"data": inserted}])) != ids([{"data": inserted}])
