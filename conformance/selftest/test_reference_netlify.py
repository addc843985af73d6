"""The Netlify reference server does what its document says: access, errors, pages, limits, sites, snippets."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from conformance.contract import load
from conformance.reference import VirtualClock, build
from conformance.reference.serve import serve
from conformance.selftest.netlify_api import OCTETS, ZIPPED, Api, archive, digest, sha1

LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"
CONTRACT = load("netlify")
FILES = 104
"""Sites of user A in all its teams."""


@pytest.fixture
def api() -> Api:
    return Api()


def path_of(api: Api, operation: Any) -> str:
    """The path of an operation with the first known value of each parameter."""
    values = {name: api.server.parameters[name][0] for name in operation.path_parameters}
    return str(operation.expand(values)).removeprefix("/api/v1")


def asked(api: Api, operation: Any, **kwargs: Any) -> httpx2.Response:
    """A request that an operation can only refuse for its body, if it has one."""
    query = "?site_id=" + api.site if operation.id == "GET /api/v1/hooks" else ""
    return api(operation.method, path_of(api, operation) + query, **kwargs)


OPERATIONS = pytest.mark.parametrize("operation", CONTRACT.operations, ids=lambda operation: operation.id)
READS = [operation for operation in CONTRACT.operations if operation.method == "GET"]
LISTS = [operation for operation in READS if operation.collection is not None]


def links(answer: httpx2.Response) -> dict[str, str]:
    return {rel: str(link["url"]) for rel, link in answer.links.items() if rel}


# Access


def test_every_operation_of_the_contract_is_served_and_no_other(api: Api) -> None:
    served = {route.operation for route in api.server.routes if route.template.startswith("/api/")}
    assert served == {operation.id for operation in CONTRACT.operations}


@OPERATIONS
def test_no_operation_is_served_without_a_token(api: Api, operation: Any) -> None:
    answer = asked(api, operation, key=None)
    assert answer.status_code == 401
    assert answer.json()["code"] == 401
    assert answer.json()["message"]


@OPERATIONS
def test_every_operation_is_one_for_a_caller(api: Api, operation: Any) -> None:
    answer = asked(api, operation)
    assert answer.status_code not in (401, 403, 404, 405, 500)
    assert answer.status_code == 200 or operation.method != "GET"
    assert all(name in answer.headers for name in (LIMIT, REMAINING, RESET))


@pytest.mark.parametrize("form", ["Bearer nonsense", "Basic {token}", "{token}", "Bearer", "", "Basic {base64}"])
def test_a_bad_token_or_scheme_is_401(api: Api, form: str) -> None:
    token = api.server.credentials["default"]
    value = form.format(token=token, base64=base64.b64encode(f"{token}:".encode()).decode())
    answer = api.get("/sites", key=None, headers={"Authorization": value})
    assert answer.status_code == 401
    assert token not in answer.text


def test_a_token_expires_on_its_date() -> None:
    api = Api(clock=VirtualClock(tick=0))
    api.clock.advance(30 * 86400 - 1)
    assert api.get("/sites", key="expiring").status_code == 200
    api.clock.advance(1)
    assert api.get("/sites", key="expiring").status_code == 401
    assert api.get("/sites").status_code == 200


def test_plain_http_is_refused(api: Api) -> None:
    assert api.get("http://api.netlify.com/api/v1/sites").status_code == 400


@pytest.mark.parametrize("path", ["", "/deploys", "/files", "/files/index.html", "/metadata", "/snippets/0", "/forms"])
def test_what_others_have_is_none(api: Api, path: str) -> None:
    foreign = api.server.facts["others"]["GET /api/v1/sites"]
    for named in (foreign, "ben-site-000.netlify.app"):
        assert api.get(f"/sites/{named}{path}", key="second").status_code == 200
        assert api.get(f"/sites/{named}{path}").status_code == 404
    assert foreign not in {one["id"] for one in api.read("/sites?page=3")}


def test_parts_of_what_others_have_are_none(api: Api) -> None:
    known = {name: values[0] for name, values in api.server.parameters.items()}
    for method, path in (
        ("GET", f"/deploys/{known['deploy_id']}"),
        ("GET", f"/forms/{known['form_id']}/submissions"),
        ("PUT", f"/submissions/{known['submission_id']}/spam"),
        ("DELETE", f"/submissions/{known['submission_id']}"),
        ("DELETE", f"/hooks/{known['hook_id']}"),
        ("GET", f"/hooks?site_id={api.site}"),
        ("GET", "/accounts/ada"),
        ("GET", f"/accounts/{known['account_id']}/env"),
        ("POST", "/ada/sites/"),
    ):
        assert api(method, path, key="second").status_code == 404, path


def test_single_sign_on_needs_the_grant(api: Api) -> None:
    (account,), (site,) = (api.server.parameters[name] for name in ("saml_account_slug", "saml_site_id"))
    for path in (f"/accounts/{account}", f"/sites/{site}", f"/accounts/{account}/env"):
        assert api.get(path, key="saml").status_code == 200
        assert api.get(path, key="no-saml").status_code in (403, 404)
        assert api.get(path).status_code == 404
    with_grant, without = (api.read("/sites", key=key) for key in ("saml", "no-saml"))
    assert [one for one in with_grant if one["account_slug"] != "sso-team"] == without != with_grant


def test_a_member_reaches_the_sites_of_the_team(api: Api) -> None:
    assert api.read(f"/sites/{api.site}", key="member") == api.read(f"/sites/{api.site}")


# Errors


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "POST"])
def test_a_wrong_method_is_405(api: Api, method: str) -> None:
    path = "/hooks/types" if method != "DELETE" else "/sites"
    answer = api(method, path)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "path",
    [
        "https://api.netlify.com/api/v99/sites",
        "https://api.netlify.com/sites",
        "https://api.netlify.com/",
        "/nothing",
        "/sites/",
        "/sites//files",
        "/sites/3970e0fe-8564-4903-9a55-c5f8de49fb8b",
        "/sites/www.example.com",
        "/sites/ada-site-000",
        "/sites/{site}/deploys/52465f435803544542000001",
        "/sites/{site}/files/no/such.html",
        "/sites/{site}/files/",
        "/sites/{site}/snippets/99",
        "/sites/{site}/snippets/00",
        "/sites/{site}/snippets/x",
        "/deploys/52465f435803544542000001",
        "/forms/ac0865cc46440b1e64666f520e8d88d670c8a2f6/submissions",
        "/accounts/ada/env/UNKNOWN",
        "/accounts/unknown",
        "/accounts/unknown/env",
    ],
)
def test_what_there_is_not_is_404(api: Api, path: str) -> None:
    answer = api.get(path.replace("{site}", api.site))
    assert answer.status_code == 404
    assert answer.json() == {"code": 404, "message": "Not Found"}
    assert api.get(path.replace("{site}", api.site), key=None).status_code == 401


# Pages


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.id)
def test_every_list_is_walked_by_its_links(api: Api, operation: Any) -> None:
    whole = asked(api, operation).json()
    url = f"{path_of(api, operation)}?site_id={api.site}&per_page=1&page=1"
    if "/env" in operation.id:
        url = f"{path_of(api, operation)}?per_page=1"
        whole = api.read(path_of(api, operation))
    found: list[Any] = []
    for _ in range(FILES + 2):
        answer = api.get(url)
        assert answer.status_code == 200
        assert len(answer.json()) == 1
        found += answer.json()
        told = links(answer)
        assert told.keys() <= {"next", "prev", "last"}
        assert all(
            link.startswith(f"https://api.netlify.com/api/v1{path_of(api, operation)}?") for link in told.values()
        )
        if "next" not in told:
            break
        url = told["next"]
    assert found[: len(whole)] == whole


def test_a_list_has_100_records_at_most(api: Api) -> None:
    files = f"/sites/{api.site}/files"
    pages = [api.get(f"{files}?page={page}") for page in (1, 2, 3)]
    assert [len(page.json()) for page in pages] == [100, FILES - 100, 0]
    assert api.read(files) == pages[0].json()
    assert [links(page).keys() for page in pages] == [{"next", "last"}, {"prev"}, set()]
    assert len({file["id"] for page in pages for file in page.json()}) == FILES
    for size in (101, 1000, 999_999_999):
        assert len(api.read(f"{files}?per_page={size}")) == 100


def test_links_keep_the_query(api: Api) -> None:
    path = f"/sites/{api.site}/submissions?state=spam&per_page=2"
    first = api.get(path)
    last = links(first)["last"]
    assert last == f"https://api.netlify.com/api/v1/sites/{api.site}/submissions?page=7&state=spam&per_page=2"
    assert api.get(links(first)["next"]).links["prev"]["url"].endswith("page=1&state=spam&per_page=2")
    named = api.get("/sites/www.ada-shop.example/deploys?per_page=1&q=%C3%A4+%26")
    assert links(named)["next"].endswith("/sites/www.ada-shop.example/deploys?page=2&per_page=1&q=%C3%A4+%26")


def test_a_list_of_one_page_has_no_link(api: Api) -> None:
    assert "Link" not in api.get(f"/sites/{api.site}/deploys").headers
    assert "Link" not in api.get(f"/sites/{api.site}/deploys?per_page=8").headers
    assert "Link" not in api.get(f"/sites/{api.site}/deploys?page=5&per_page=8").headers


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=", "per_page=0", "per_page=-5", "per_page=1.5"])
def test_a_bad_page_is_refused(api: Api, query: str) -> None:
    answer = api.get(f"/sites?{query}")
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [query.partition("=")[0]]


# Limits


def test_the_501st_call_of_a_minute_is_refused() -> None:
    api = Api(clock=VirtualClock(tick=0))
    for left in range(499, -1, -1):
        answer = api.get("/hooks/types")
        assert (answer.status_code, answer.headers[LIMIT], answer.headers[REMAINING]) == (200, "500", str(left))
    refused = api.post("/sites", {"name": "unseen"})
    assert (refused.status_code, refused.headers[REMAINING]) == (429, "0")
    assert refused.json()["message"]
    assert int(refused.headers[RESET]) == api.clock.now().timestamp() + 60
    # Another token of the same account has calls of its own.
    assert api.get("/sites/unseen.netlify.app", key="expiring").status_code == 404
    api.clock.advance(60)
    assert api.get("/sites").status_code == 200


def test_the_fourth_deploy_of_a_minute_is_refused_by_a_limit_of_its_own() -> None:
    api = Api(build("netlify", clock=VirtualClock(tick=0)))
    calls: list[Callable[[], httpx2.Response]] = [
        lambda: api.post(f"/sites/{api.site}/deploys", {"files": {}}),
        lambda: api("PUT", f"/sites/{api.site}", content=archive({}), headers=ZIPPED),
        lambda: api.post("/sites", {"files": {}}),
        lambda: api.post("/sites", content=archive({}), headers=ZIPPED),
        lambda: api.post("/ada/sites/", {"files": {}}),
        lambda: api.post("/ada/sites/", content=archive({}), headers=ZIPPED),
    ]
    for start in range(len(calls)):
        for call in calls[start:][:3] + calls[: max(0, start - 3)]:
            answer = call()
            assert answer.status_code in (200, 201)
            assert answer.headers[LIMIT] == "500"
        refused = calls[start - 3]()
        assert (refused.status_code, refused.headers[LIMIT], refused.headers[REMAINING]) == (429, "3", "0")
        assert int(refused.headers[RESET]) == api.clock.now().timestamp() + 60
        served = [api.get("/sites"), api.post("/sites", {}), api("PUT", f"/sites/{api.site}", json={"force_ssl": True})]
        assert [(one.status_code, one.headers[LIMIT]) for one in served] == [(200, "500"), (201, "500"), (200, "500")]
        assert api.post("/sites", {"files": {}}, key="second").status_code == 201
        api.clock.advance(60)


def test_the_101st_deploy_of_a_day_is_refused() -> None:
    api = Api(build("netlify", clock=VirtualClock(tick=0)))
    for _ in range(100):
        assert api.post(f"/sites/{api.site}/deploys", {"files": {}}).status_code == 200
        api.clock.advance(60)
    refused = api.post(f"/sites/{api.site}/deploys", {"files": {}})
    assert (refused.status_code, refused.headers[LIMIT]) == (429, "100")
    api.clock.advance(86_400)
    assert api.post(f"/sites/{api.site}/deploys", {"files": {}}).status_code == 200


# The whole


def story(api: Api) -> list[tuple[int, bytes, list[tuple[str, str]]]]:
    """What is answered to a bit of everything."""
    site = api.new_site(name="story")["id"]
    said = [api.post("/sites"), api.post("/sites", content=archive({"/a": b"a"}), headers=ZIPPED)]
    deploy = api.post(f"/sites/{site}/deploys", {"files": digest({"/i.html": b'<form name="f" netlify></form>'})})
    uploaded = api.upload(deploy.json()["id"], "/i.html", b'<form name="f" netlify></form>')
    said += [deploy, uploaded, *(api.get(f"/sites/{site}/deploys") for _ in range(8))]
    said += [
        api("POST", "/_site/story/i", data={"form-name": "f", "name": "Ada"}),
        api.get(f"/sites/{site}/submissions"),
    ]
    said += [asked(api, operation) for operation in CONTRACT.operations]
    return [(one.status_code, one.content, list(one.headers.items())) for one in said]


def test_two_runs_are_equal_to_the_byte() -> None:
    assert story(Api()) == story(Api())
    assert story(Api(build("netlify"))) == story(Api(build("netlify")))


def test_servers_share_no_state(api: Api) -> None:
    other = Api()
    api("DELETE", f"/sites/{api.site}")
    api.published(api.new_site()["id"], {"/x": b"of one server"})
    assert other.get(f"/sites/{api.site}").status_code == 200
    assert other.deploy(other.site, {"/x": b"of one server"})["required"] == [sha1(b"of one server")]


def test_paths_are_taken_apart_on_a_socket() -> None:
    server = build("netlify", require_https=False)
    with serve(server) as url:
        headers = {"Authorization": f"Bearer {server.credentials['default']}"}
        with httpx2.Client(base_url=f"{url}/api/v1", headers=headers, trust_env=False) as client:
            site = client.post("/sites", json={}).json()["id"]
            content, path = b"x", "/a b/ä+%.txt"
            made = client.post(f"/sites/{site}/deploys", json={"files": {path: sha1(content)}}).json()
            sent = client.put(f"/deploys/{made['id']}/files/a%20b/%C3%A4%2B%25.txt", content=content, headers=OCTETS)
            assert sent.json()["path"] == path
            first = client.get("/sites?per_page=10")
            assert first.links["next"]["url"] == f"{url}/api/v1/sites?page=2&per_page=10"
            assert len(client.get(first.links["next"]["url"]).json()) == 5
