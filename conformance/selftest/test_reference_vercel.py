"""The Vercel reference server does what its document says."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx2
import pytest

from conformance.reference import Server, VirtualClock, build
from conformance.reference.serve import serve
from conformance.selftest.reference_calls import Calls

LISTS = ("/v9/projects", "/v6/deployments")
TOTALS = {"projects": 130, "deployments": 45}
JSON = {"Content-Type": "application/json"}
LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"


class Api(Calls):
    """A server and clients for it by credential and address."""

    origin = "https://api.vercel.com"

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.team, self.foreign = server.parameters["teamId"][0], server.parameters["foreignTeamId"][0]
        self.project = f"/v9/projects/{server.parameters['idOrName'][0]}"

    def walk(self, path: str, key: str = "default", **params: Any) -> Iterator[dict[str, Any]]:
        """The pages of a list, following next."""
        for _ in range(200):
            page = self.get(path, key=key, params=params).json()
            yield page
            params["until"] = page["pagination"]["next"]
            if params["until"] is None:
                return
        raise AssertionError("the walk does not end")

    def ids(self, path: str, key: str = "default", **params: Any) -> list[str]:
        """The ids of a whole list."""
        return [one for page in self.walk(path, key=key, limit=params.pop("limit", 100), **params) for one in ids(page)]


@pytest.fixture
def api() -> Api:
    return Api(build("vercel"))


def records(page: dict[str, Any]) -> list[dict[str, Any]]:
    (found,) = [value for value in page.values() if isinstance(value, list)]
    return found


def ids(page: dict[str, Any]) -> list[str]:
    return [one.get("id") or one["uid"] for one in records(page)]


def created(record: dict[str, Any]) -> int:
    return int(record["createdAt"] if "createdAt" in record else record["created"])


def code(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of an error, whose envelope is as documented."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    assert error["message"]
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    return answer.status_code, error["code"]


# Tokens and teams


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in (*LISTS, "/v9/projects/a-project-000", "/v8/projects", "/v9/nothing")),
        ("POST", "/v9/projects"),
        ("DELETE", "/v9/projects/a-project-000"),
        ("PATCH", "/v9/projects"),
    ],
)
def test_no_token_is_403(api: Api, method: str, path: str) -> None:
    assert code(api(method, path, key=None)) == (403, "forbidden")


@pytest.mark.parametrize("form", ["Bearer nonsense", "Basic {token}", "{token}", "Bearer", "", "Basic {base64}"])
@pytest.mark.parametrize("path", LISTS)
def test_bad_token_or_scheme_is_403(api: Api, form: str, path: str) -> None:
    token = api.server.credentials["default"]
    value = form.format(token=token, base64=base64.b64encode(f"{token}:".encode()).decode())
    answer = api.get(path, key=None, headers={"Authorization": value})
    assert code(answer) == (403, "forbidden")
    assert token not in answer.text


def test_scheme_is_read_in_any_case(api: Api) -> None:
    header = {"Authorization": f"bearer {api.server.credentials['default']}"}
    assert api.get("/v9/projects", key=None, headers=header).status_code == 200


def test_token_expires_on_its_date() -> None:
    clock = VirtualClock(tick=0)
    api = Api(build("vercel", clock=clock))
    clock.advance(30 * 86400 - 1)
    assert api.get("/v9/projects", key="expiring").status_code == 200
    clock.advance(1)
    assert code(api.get("/v9/projects", key="expiring")) == (403, "forbidden")
    assert api.get("/v9/projects").status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_personal_and_team_resources_are_apart(api: Api, path: str) -> None:
    personal, team = set(api.ids(path)), set(api.ids(path, teamId=api.team))
    assert len(personal) == TOTALS[path.split("/")[-1]]
    assert len(team) == (30 if "projects" in path else 25)
    assert personal.isdisjoint(team)
    assert set(api.ids(path, key="both-teams", teamId=api.team)) == team
    others = set(api.ids(path, key="second"))
    assert others
    assert others.isdisjoint(personal | team)


@pytest.mark.parametrize("team", ["team_doesnotexist", "", "{foreign}", "user", "a" * 3000])
@pytest.mark.parametrize("path", LISTS)
def test_foreign_and_unknown_teams_are_alike_refused(api: Api, path: str, team: str) -> None:
    answer = api.get(path, params={"teamId": team.format(foreign=api.foreign)})
    assert code(answer) == (403, "forbidden")
    assert answer.json()["error"]["message"] == "You are not authorized to use this scope."


def test_scoped_token_is_for_its_team_only(api: Api) -> None:
    assert api.ids("/v9/projects", key="team-a-only", teamId=api.team)
    assert api.ids("/v9/projects", key="both-teams", teamId=api.foreign)
    assert api.ids("/v9/projects", key="both-teams")
    for query in (f"?teamId={api.foreign}", ""):
        assert code(api.get(f"/v9/projects{query}", key="team-a-only")) == (403, "forbidden")
        refused = api("POST", f"/v9/projects{query}", key="team-a-only", json={"name": "mine"})
        assert code(refused) == (403, "forbidden")


def test_single_projects_are_those_of_the_scope(api: Api) -> None:
    assert api.get(api.project).status_code == 200
    assert code(api.get(api.project, params={"teamId": api.team})) == (404, "not_found")
    assert code(api.get(api.project, key="second")) == (404, "not_found")
    assert code(api("DELETE", api.project, key="second")) == (404, "not_found")
    assert api.get("/v9/projects/team-a-project-003", params={"teamId": api.team}).status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_plain_http_is_refused(api: Api, path: str) -> None:
    answer = api.get(f"http://api.vercel.com{path}")
    assert code(answer) == (400, "bad_request")
    assert answer.headers[REMAINING] == "119"
    assert Api(build("vercel", require_https=False)).get(f"http://localhost{path}").status_code == 200


def test_served_on_a_socket() -> None:
    server = build("vercel", require_https=False)
    header = {"Authorization": f"Bearer {server.credentials['default']}"}
    with serve(server) as url, httpx2.Client(base_url=url, headers=header) as http:
        assert len(http.get("/v9/projects").json()["projects"]) == 20
        assert http.delete("/v9/projects/a-project-001").content == b""


# Versions, paths, methods


def test_older_version_is_still_served(api: Api) -> None:
    (path,) = api.server.parameters["oldVersions"]
    assert api.get(path).json() == api.get("/v9/projects").json()
    assert api.get(path, key=None).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        *(f"{version}/{name}" for version in ("", "/v999", "/v", "/v0", "/9") for name in ("projects", "deployments")),
        *(
            "/v6/projects",
            "/v9/deployments",
            "/v8/deployments",
            "/projects/a-project-000",
            "/v8/projects/a-project-000",
        ),
        *(
            "/v9/no-such-thing",
            "/v9/projects/",
            "/v9/projects/a/b",
            "/",
            "/v9",
            "/v9/projects/nobody",
            "/v9/projects/é",
        ),
    ],
)
def test_unknown_paths_and_versions_are_404(api: Api, path: str) -> None:
    assert code(api.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v9/projects", "GET, POST"),
        ("DELETE", "/v9/projects", "GET, POST"),
        ("POST", "/v9/projects/a-project-000", "GET, DELETE"),
        ("POST", "/v6/deployments", "GET"),
        ("OPTIONS", "/v8/projects", "GET"),
    ],
)
def test_wrong_method_is_405(api: Api, method: str, path: str, allowed: str) -> None:
    answer = api(method, path)
    assert code(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


# Projects


def test_project_is_found_by_id_and_name(api: Api) -> None:
    for project_id in api.server.parameters["idOrName"]:
        project = api.get(f"/v9/projects/{project_id}").json()
        assert project["id"] == project_id
        assert api.get(f"/v9/projects/{project['name']}").json() == project


def test_records_have_the_documented_types(api: Api) -> None:
    for project in (one for page in api.walk("/v9/projects", limit=100) for one in records(page)):
        assert len(project["id"]) == 24
        assert project["id"].isalnum()
        assert type(project["live"]) is bool
        assert type(project["deploymentCount"]) is int
        assert project["nodeVersion"] in ("18.x", "20.x", "22.x")
        assert 10**12 < project["createdAt"] < project["updatedAt"] < 10**13
        assert project["lastAliasRequestedAt"].endswith("Z")
        assert datetime.fromisoformat(project["lastAliasRequestedAt"])
        assert "position" not in project
    deployments = [one for page in api.walk("/v6/deployments", limit=100) for one in records(page)]
    assert {one["state"] for one in deployments[:20]} == {
        *("INITIALIZING", "ANALYZING", "BUILDING", "DEPLOYING", "READY", "ERROR")
    }
    for one in deployments:
        assert (one["readyAt"] is None) == (one["state"] != "READY")
        assert type(one["aliasAssigned"]) is bool
        assert type(one["attempts"]) is int
        assert "position" not in one


def test_post_creates_in_its_scope(api: Api) -> None:
    before = api.ids("/v9/projects")
    answer = api("POST", f"/v9/projects?teamId={api.team}", json={"name": "new", "framework": "astro"})
    assert answer.status_code == 200
    made = answer.json()
    assert (made["name"], made["framework"], made["accountId"]) == ("new", "astro", api.team)
    assert len(made["id"]) == 24
    assert api.get(f"/v9/projects?teamId={api.team}").json()["projects"][0] == made
    assert api.get("/v9/projects/new", params={"teamId": api.team}).json() == made
    assert api.ids("/v9/projects") == before
    assert api("POST", "/v9/projects", json={"name": "new"}).status_code == 200
    assert api.get("/v9/projects").json()["projects"][0]["framework"] is None


def test_projects_of_one_instant_are_paged() -> None:
    api = Api(build("vercel", clock=VirtualClock(tick=0)))
    made = [api("POST", "/v9/projects", key="second", json={"name": f"new-{n}"}).json()["id"] for n in range(5)]
    assert api.ids("/v9/projects", key="second", limit=2)[:5] == made[::-1]


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"{",
            b'{"name":',
            b'{"name": "cut"',
            b"name=new",
            b'{"name": "nan", "x": NaN}',
            b"\xff",
            b"[" * 100_000,
        ),
        *(b"null", b"[]", b'"new"', b"{}", b'{"name": null}', b'{"name": 5}', b'{"name": ""}', b'{"name": "New"}'),
        *(b'{"name": "a/b"}', b'{"name": "new\\n"}', b'{"name": "\\ud800"}', b'{"name": "a-project-003"}'),
        *(b'{"name": "new", "framework": 5}', b'{"name": ["new"]}', b'{"name": "%s"}' % (b"n" * 101)),
    ],
)
def test_bad_body_is_400_and_creates_nothing(api: Api, body: bytes) -> None:
    before = api.get("/v9/projects").content
    assert code(api("POST", "/v9/projects", content=body, headers=JSON)) == (400, "bad_request")
    assert api.get("/v9/projects").content == before


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_other_media_types_are_400_and_create_nothing(api: Api, media_type: str) -> None:
    before = api.get("/v9/projects").content
    refused = api("POST", "/v9/projects", content=b'{"name": "new"}', headers={"Content-Type": media_type})
    assert code(refused) == (400, "bad_request")
    assert api.get("/v9/projects").content == before
    charset = {"Content-Type": "application/json; charset=utf-8"}
    assert api("POST", "/v9/projects", content=b'{"name": "new"}', headers=charset).status_code == 200


def test_delete_removes(api: Api) -> None:
    answer = api("DELETE", api.project)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert answer.headers[REMAINING] == "119"
    assert code(api.get(api.project)) == (404, "not_found")
    assert code(api("DELETE", api.project)) == (404, "not_found")
    assert len(api.ids("/v9/projects")) == 129
    assert api("DELETE", "/v9/projects/a-project-007").status_code == 204


def test_reading_changes_nothing(api: Api) -> None:
    paths = [*LISTS, api.project, "/v9/projects?until=1740000000000&limit=7"]
    first = [api.get(path).content for path in paths]
    for _ in range(2):
        assert [api.get(path).content for path in paths] == first


def test_error_texts_differ_by_cause(api: Api) -> None:
    answers = [
        *(api.get("/v9/projects", key=None, headers=one) for one in ({}, {"Authorization": "Bearer nonsense"})),
        api.get("/v9/projects", key=None, headers={"Authorization": "nonsense"}),
        api.get("/v9/projects?teamId=x"),
        *(api.get(f"/v9/projects?{query}") for query in ("limit=x", "until=x", "since=x", "until=1&since=1")),
        *(api.get(path) for path in ("/v9/nothing", "/v9/projects/nobody", "http://api.vercel.com/v9/projects")),
        api("PATCH", "/v9/projects"),
        api("POST", "/v9/projects", content=b"{}"),
        *(api("POST", "/v9/projects", content=body, headers=JSON) for body in (b"{", b"[]", b"{}", b'{"name":5}')),
        api("POST", "/v9/projects", json={"name": "new", "framework": 5}),
        api("POST", "/v9/projects", json={"name": "a-project-003"}),
    ]
    assert all(400 <= answer.status_code < 500 for answer in answers)
    assert len({answer.json()["error"]["message"] for answer in answers}) == len(answers)
