"""The Snyk reference server does what its document says."""

from __future__ import annotations

import base64
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from conformance.reference import Server, VirtualClock, build
from conformance.selftest.reference_calls import Calls

MEDIA_TYPE = "application/vnd.api+json"
ORIGIN = "https://api.snyk.io"
VERSION = "2025-12-31~beta"
NOWHERE = "00000000-0000-4000-8000-000000000000"


class Api(Calls):
    """A server and clients for it by credential and address; `get("projects")` asks for a list of its organisation."""

    origin = f"{ORIGIN}/rest"

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        (self.org,) = server.parameters["org_id"]

    def __call__(
        self,
        method: str,
        path: str,
        key: str | None = "default",
        address: str = "127.0.0.1",
        version: str | None = VERSION,
        **kwargs: Any,
    ) -> httpx2.Response:
        params = dict(kwargs.pop("params", {}))
        if not path.startswith(("/", "http")):
            path = f"/orgs/{self.org}/{path}"
            params = params if version is None else {"version": version, **params}
        if params:
            path += ("&" if "?" in path else "?") + str(httpx2.QueryParams(params))
        return super().__call__(method, path, key, address, **kwargs)

    def scheme(self, key: str) -> str:
        return "bearer" if key == "app" else "token"

    def post(self, body: object, media_type: str | None = MEDIA_TYPE, **kwargs: Any) -> httpx2.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": media_type} if media_type is not None else {}
        return self("POST", "projects", content=content, headers=headers, **kwargs)

    def burst(self, count: int) -> Counter[int]:
        """The statuses of so many requests for nothing, made without a client, which is faster."""
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/rest/nothing",
            "wsgi.url_scheme": "https",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"token {self.server.credentials['default']}",
        }
        seen: Counter[int] = Counter()
        for _ in range(count):
            self.server(
                {**environ, "wsgi.input": io.BytesIO()},
                lambda status, _: seen.update([int(status[:3])]),  # type: ignore[arg-type]
            )
        return seen

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


def error(answer: httpx2.Response) -> dict[str, Any]:
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
    (other.org,) = api.server.parameters["second_org_id"]
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


def test_540_in_a_minute_pass_and_the_next_is_429() -> None:
    clock = VirtualClock(tick=0)
    api = Api(build("snyk", clock=clock))
    assert api.burst(540) == {404: 540}
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
    assert api.burst(541) == {404: 540, 429: 1}


def test_a_refused_post_is_not_applied() -> None:
    clock = VirtualClock(tick=0)
    api = Api(build("snyk", clock=clock))
    api.burst(540)
    assert api.post(new("late")).status_code == 429
    clock.advance(60)
    assert len(ids(api.walk("projects", limit=100))) == 60
    api.create("late")
    names = [item["attributes"]["name"] for page in api.walk("projects", limit=100) for item in page["data"]]
    assert names.count("late") == 1


def test_the_default_clock_never_reaches_the_limit(api: Api) -> None:
    assert isinstance(api.server.clock, VirtualClock)
    assert api.server.clock.tick == 0.2
    assert api.burst(700) == {404: 700}


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
