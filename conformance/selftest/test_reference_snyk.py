"""The Snyk reference server does what its document says."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import httpx
import pytest

from conformance.reference import Server, VirtualClock, build

MEDIA_TYPE = "application/vnd.api+json"
ORIGIN = "https://api.snyk.io"
VERSION = "2025-12-31~beta"
NOWHERE = "00000000-0000-4000-8000-000000000000"


class Api:
    """A server and clients for it by credential and address; `get("projects")` asks for a list of its organisation."""

    def __init__(self, server: Server) -> None:
        self.server = server
        (self.org,) = server.parameters["org_id"]

    def __call__(
        self,
        method: str,
        path: str,
        key: str | None = "default",
        address: str = "127.0.0.1",
        version: str | None = VERSION,
        **kwargs: Any,
    ) -> httpx.Response:
        headers = kwargs.pop("headers", {})
        if key is not None:
            scheme = "bearer" if key == "app" else "token"
            headers = {"Authorization": f"{scheme} {self.server.credentials[key]}", **headers}
        params = dict(kwargs.pop("params", {}))
        if not path.startswith(("/", "http")):
            path = f"/orgs/{self.org}/{path}"
            params = params if version is None else {"version": version, **params}
        url = path if path.startswith("http") else f"{ORIGIN}/rest{path}"
        if params:
            url += ("&" if "?" in url else "?") + str(httpx.QueryParams(params))
        request = httpx.Request(method, url, headers=headers, **kwargs)
        response = httpx.WSGITransport(self.server, remote_addr=address).handle_request(request)
        response.read()
        return response

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return self("GET", path, **kwargs)

    def post(self, body: object, media_type: str | None = MEDIA_TYPE, **kwargs: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": media_type} if media_type is not None else {}
        return self("POST", "projects", content=content, headers=headers, **kwargs)

    def create(self, name: str) -> str:
        """The id of a new project."""
        answer = self.post(new(name))
        assert answer.status_code == 201
        return str(answer.json()["data"]["id"])

    def walk(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """The pages of a list, following next."""
        page = self.get(path, params=params).json()
        yield page
        for _ in range(200):
            if "next" not in page["links"]:
                return
            page = self.get(page["links"]["next"]).json()
            yield page
        raise AssertionError("the walk does not end")


def new(name: object, **attributes: object) -> dict[str, Any]:
    return {"data": {"type": "project", "attributes": {"name": name, **attributes}}}


def ids(pages: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> list[str]:
    return [item["id"] for page in pages for item in page["data"]]


def error(answer: httpx.Response) -> dict[str, Any]:
    """The one error of a JSON:API error document."""
    body = answer.json()
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert body.keys() == {"jsonapi", "errors"}
    (found,) = body["errors"]
    assert found["status"] == str(answer.status_code)
    assert found["detail"]
    return dict(found)


@pytest.fixture
def api() -> Api:
    return Api(build("snyk"))


# Who is let in


@pytest.mark.parametrize("path", ["projects", "targets", "projects/x", "/nothing", f"/orgs/{NOWHERE}/projects"])
def test_no_credential_is_401(api: Api, path: str) -> None:
    answer = api.get(path, key=None)
    assert answer.status_code == 401
    assert error(answer)["code"] == "Unauthorized"
    assert answer.headers["WWW-Authenticate"] == "token"


@pytest.mark.parametrize(
    "form",
    [
        *("token nonsense", "{key}", "Basic {key}", "Basic {base64}", "Token {key}", "TOKEN {key}", "bearer {key}"),
        *("token {app}", "Bearer {app}", 'token "{key}"', "token", "token ", "", "token  {key}", "token {key} x"),
    ],
)
def test_other_credentials_and_forms_are_401(api: Api, form: str) -> None:
    key = api.server.credentials["default"]
    value = form.format(
        key=key, app=api.server.credentials["app"], base64=base64.b64encode(f"{key}:".encode()).decode()
    )
    answer = api.get("projects", key=None, headers={"Authorization": value})
    assert answer.status_code == 401
    assert error(answer)["title"] == "Unauthorized"
    assert key not in answer.text


def test_each_kind_of_credential_works_with_its_own_scheme(api: Api) -> None:
    assert api.get("projects").content == api.get("projects", key="app").content
    assert api.get("projects").status_code == 200


def test_organisations_are_apart(api: Api) -> None:
    other = Api(api.server)
    (other.org,) = {owner for owner, _ in api.server.store["projects"].rows} - {api.org}
    assert other.get("projects").status_code == 404
    foreign = other.get("projects", key="second")
    assert foreign.status_code == 200
    assert set(ids([foreign.json()])).isdisjoint(ids(api.walk("projects")))
    assert other.get("targets", key="second").json()["data"]
    assert api.get("projects", key="second").status_code == 404
    assert api.get(f"projects/{ids([foreign.json()])[0]}").status_code == 404
    assert api("DELETE", f"projects/{ids([foreign.json()])[0]}").status_code == 404


@pytest.mark.parametrize("key", [None, "default"])
def test_everything_is_404_over_plain_http(api: Api, key: str | None) -> None:
    for path in (f"/rest/orgs/{api.org}/projects?version={VERSION}", "/rest/nothing", "/"):
        answer = api.get(f"http://api.snyk.io{path}", key=key)
        assert answer.status_code == 404
        assert "HTTPS" in error(answer)["detail"]
    served = Api(build("snyk", require_https=False))
    url = f"http://localhost/rest/orgs/{served.org}/projects"
    assert served.get(url, params={"version": VERSION}).status_code == 200


# Rate


def burst(api: Api, count: int, **kwargs: Any) -> Counter[int]:
    return Counter(api.get("/nothing", **kwargs).status_code for _ in range(count))


def test_540_in_a_minute_pass_and_the_next_is_429() -> None:
    clock = VirtualClock(tick=0)
    api = Api(build("snyk", clock=clock))
    assert burst(api, 540) == {404: 540}
    refused = api.get("projects")
    assert refused.status_code == 429
    assert error(refused)["title"] == "Too Many Requests"
    assert api.get("projects", address="192.0.2.9").status_code == 429
    assert api.get("projects", key="app").status_code == 200
    assert api.get("projects", key=None).status_code == 401
    # Each refused request starts the minute again.
    clock.advance(59)
    assert api.get("projects").status_code == 429
    clock.advance(59.9)
    assert api.get("projects").status_code == 429
    clock.advance(60)
    assert burst(api, 541) == {404: 540, 429: 1}


def test_a_refused_post_is_not_applied() -> None:
    clock = VirtualClock(tick=0)
    api = Api(build("snyk", clock=clock))
    burst(api, 540)
    assert api.post(new("late")).status_code == 429
    clock.advance(60)
    assert len(ids(api.walk("projects", limit=100))) == 60
    api.create("late")
    names = [item["attributes"]["name"] for page in api.walk("projects", limit=100) for item in page["data"]]
    assert names.count("late") == 1


def test_the_default_clock_never_reaches_the_limit(api: Api) -> None:
    assert isinstance(api.server.clock, VirtualClock)
    assert api.server.clock.tick == 0.2
    assert burst(api, 700) == {404: 700}


# Documents and errors


def test_documents_are_json_api(api: Api) -> None:
    for path in ("projects", "targets", f"projects/{api.server.parameters['project_id'][0]}"):
        answer = api.get(path)
        body = answer.json()
        assert answer.headers["Content-Type"] == MEDIA_TYPE
        assert body["jsonapi"] == {"version": "1.0"}
        for item in body["data"] if isinstance(body["data"], list) else [body["data"]]:
            assert item.keys() == {"id", "type", "attributes", "relationships"}
            assert item["type"] == path.partition("/")[0].removesuffix("s")
            assert item["relationships"]["organization"]["data"] == {"type": "org", "id": api.org}


@pytest.mark.parametrize(
    ("path", "params", "parameter"),
    [
        ("projects", {"unknown": "x"}, "unknown"),
        ("projects", {"conformance_é": ""}, "conformance_é"),
        ("targets", {"origin": "cli"}, "origin"),
        ("projects/x", {"limit": "1"}, "limit"),
        ("projects", {"Limit": "10"}, "Limit"),
        ("projects", {"sort": "colour"}, "sort"),
        ("projects", {"starting_after": "x"}, "starting_after"),
        ("projects", {"ending_before": "v1."}, "ending_before"),
        ("projects", {"starting_after": "", "ending_before": ""}, "ending_before"),
    ],
)
def test_a_bad_parameter_is_a_400_that_names_it(api: Api, path: str, params: dict[str, str], parameter: str) -> None:
    answer = api.get(path, params=params)
    assert answer.status_code == 400
    assert error(answer)["source"] == {"parameter": parameter}


@pytest.mark.parametrize("limit", ["0", "-1", "101", "abc", "", "1.5", "+5", "٣", "9" * 5000])
def test_a_bad_limit_is_400(api: Api, limit: str) -> None:
    assert error(api.get("projects", params={"limit": limit}))["source"] == {"parameter": "limit"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/orgs/{NOWHERE}/projects?version=2025-12-31"),
        ("GET", "/orgs/123-abc-def-456/targets?version=2025-12-31"),
        ("GET", f"projects/{NOWHERE}"),
        ("DELETE", f"projects/{NOWHERE}"),
        ("GET", "/nothing"),
        ("GET", "https://api.snyk.io/"),
        ("GET", "https://api.snyk.io/orgs/x/projects"),
        ("PATCH", "projects"),
        ("POST", "targets"),
    ],
)
def test_unknown_things_are_404(api: Api, method: str, path: str) -> None:
    answer = api(method, path)
    assert answer.status_code == 404
    assert "source" not in error(answer)


def test_error_ids_are_uuids_and_never_repeat(api: Api) -> None:
    found = [error(api.get("/nothing"))["id"] for _ in range(20)]
    assert len(set(found)) == 20
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in found)


# Projects


def test_post_creates_and_delete_removes(api: Api) -> None:
    answer = api.post(new("fresh", origin="gitlab"), f"{MEDIA_TYPE}; charset=utf-8")
    assert answer.status_code == 201
    project = answer.json()["data"]
    assert project["type"] == "project"
    assert project["attributes"] == {
        "name": "fresh",
        "origin": "gitlab",
        "created": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "read_only": False,
    }
    assert api.get(answer.json()["links"]["self"]).json() == answer.json()
    *_, last = api.walk("projects")
    assert last["data"][-1]["id"] == project["id"]
    gone = api("DELETE", f"projects/{project['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert gone.headers["snyk-version-served"] == "2022-01-01"
    assert api.get(f"projects/{project['id']}").status_code == 404
    assert project["id"] not in ids(api.walk("projects"))
    assert api("DELETE", f"projects/{project['id']}").status_code == 404


@pytest.mark.parametrize("media_type", [None, "", "application/json", "text/plain", "application/vnd.api"])
def test_data_under_another_media_type_is_400(api: Api, media_type: str | None) -> None:
    before = ids(api.walk("projects"))
    answer = api.post(new("typed"), media_type)
    assert answer.status_code == 400
    assert MEDIA_TYPE in error(answer)["detail"]
    assert ids(api.walk("projects")) == before
    project = f"projects/{before[0]}"
    assert api("DELETE", project, content=b"{}").status_code == 400
    assert api.get(project).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[" * 100_000, ""),
        (b'{"data": NaN}', ""),
        (b"\xff", ""),
        ([], ""),
        (None, ""),
        ({}, "/data"),
        ({"data": None}, "/data"),
        ({"data": [new("x")["data"]]}, "/data"),
        ({"data": {}}, "/data/type"),
        ({"data": {"type": "project"}}, "/data/attributes"),
        ({"data": {"type": "target", "attributes": {"name": "x"}}}, "/data/type"),
        ({"data": {"type": 5, "attributes": {"name": "x"}}}, "/data/type"),
        ({"data": {"type": "project", "attributes": 5}}, "/data/attributes"),
        ({"data": {"type": "project", "attributes": {}}}, "/data/attributes/name"),
        ({"data": {**new("x")["data"], "id": NOWHERE}}, "/data/id"),
        ({**new("x"), "a/b~c": 1}, "/a~1b~0c"),
        (new(None), "/data/attributes/name"),
        (new(5), "/data/attributes/name"),
        (new(" "), "/data/attributes/name"),
        (new("x", origin=5), "/data/attributes/origin"),
        (new("x", colour="red"), "/data/attributes/colour"),
    ],
)
def test_a_bad_body_is_a_400_that_points_into_it(api: Api, body: object, pointer: str) -> None:
    answer = api.post(body)
    assert answer.status_code == 400
    assert error(answer)["source"] == {"pointer": pointer}
    assert len(ids(api.walk("projects"))) == 60


# Pages


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


# Versions

TABLE = build("snyk").release_table
OPERATIONS = list(dict.fromkeys(row["operation"] for row in TABLE))
READ = [row for row in TABLE if row["operation"].startswith("GET")]


def ask(api: Api, operation: str, version: str | None, **params: Any) -> httpx.Response:
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
