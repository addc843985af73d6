"""Sites, their metadata and certificates, teams and snippets on the Netlify reference server."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.contract import load
from conformance.selftest.netlify_api import OCTETS, Api

READS = [one for one in load("netlify").operations if one.method == "GET" and "{site_id}" in one.id]


@pytest.fixture
def api() -> Api:
    return Api()


# Sites


def test_a_site_is_created_read_and_listed(api: Api) -> None:
    settings = {"html": {"pretty_urls": False}}
    sent = {"name": "mysite", "custom_domain": "www.my.example", "force_ssl": True, "processing_settings": settings}
    made = api.new_site(**sent, password="secret word", env={"A": "b"})
    read = api.read(f"/sites/{made['id']}")
    assert read == made
    assert {name: read[name] for name in sent} == sent
    assert (read["url"], read["account_slug"]) == ("http://www.my.example", "ada")
    (listed,) = [site for site in api.read("/sites") if site["id"] == made["id"]]
    assert listed == {name: value for name, value in read.items() if name != "notification_email"}
    assert api.read("/sites/mysite.netlify.app") == api.read("/sites/WWW.my.example") == read
    everything = api.get("/sites").text + api.get(f"/sites/{made['id']}").text
    assert "secret word" not in everything
    assert '"A"' not in everything
    assert "password" not in everything
    assert read["created_at"] == read["updated_at"] == "2026-01-01T00:00:00.250Z"


def test_a_site_may_be_created_with_nothing(api: Api) -> None:
    one, other = api.post("/sites").json(), api.post("/sites", {}).json()
    assert one["name"] != other["name"]
    assert one["url"] == f"http://{one['name']}.netlify.app"


@pytest.mark.parametrize("named", ["ada-works", "id"])
def test_a_site_is_created_in_a_team(api: Api, named: str) -> None:
    team = api.read("/accounts/ada-works")
    made = api.post(f"/{team['id'] if named == 'id' else named}/sites/", {"name": "of-the-team"}).json()
    assert made["account_slug"] == "ada-works"
    assert api.get(f"/sites/{made['id']}").status_code == 200
    # The member of the personal team is none of this one.
    assert api.get(f"/sites/{made['id']}", key="member").status_code == 404
    assert api.post("/unknown/sites/", {}).status_code == 404


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "ADA-site-000"}, "name"),
        ({"custom_domain": "nodots"}, "custom_domain"),
        ({"custom_domain": "www.ada-shop.example"}, "custom_domain"),
        ({"custom_domain": ["x"]}, "custom_domain"),
        ({"force_ssl": "yes"}, "force_ssl"),
        ({"password": 1}, "password"),
        ({"processing_settings": []}, "processing_settings"),
        ({"processing_settings": {"html": {"pretty_urls": 1}}}, "processing_settings"),
        ({"repo": "x"}, "repo"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_wrong_properties_are_refused(api: Api, method: str, body: Any, wrong: str) -> None:
    site = api.new_site()["id"]
    before = api.read(f"/sites/{site}"), api.read("/sites")
    answer = api(method, "/sites" if method == "POST" else f"/sites/{site}", json=body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [wrong])
    assert (api.read(f"/sites/{site}"), api.read("/sites")) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_update_changes_what_is_sent(api: Api, method: str) -> None:
    site = api.new_site(name="before", custom_domain="www.my.example", force_ssl=True)
    path = f"/sites/{site['id']}"
    assert api(method, path, json={"name": "after"}).status_code == 200
    read = api.read(path)
    assert {**read, "updated_at": ""} == {
        **site,
        "name": "after",
        "admin_url": "https://api.netlify.com/sites/after",
        "updated_at": "",
    }
    assert read["updated_at"] > site["updated_at"]
    api(method, path, json={"name": "after"})
    assert {**api.read(path), "updated_at": ""} == {**read, "updated_at": ""}
    assert api(method, path, json={"custom_domain": None}).json()["url"] == "http://after.netlify.app"
    assert api.get("/sites/www.my.example").status_code == 404


def test_a_site_is_deleted_with_its_parts(api: Api) -> None:
    site = api.new_site()["id"]
    deploy = api.published(site, {"/i.html": b'<form name="f" netlify></form>'})
    form = api.read(f"/sites/{site}/forms")[0]["id"]
    hooked = {"site_id": site, "type": "email", "event": "deploy_created", "data": {"email": "a@b.example"}}
    hook = api.post("/hooks", hooked).json()["id"]
    answer = api("DELETE", f"/sites/{site}")
    assert (answer.status_code, answer.content) == (200, b"")
    for path in ("", "/deploys", "/files", "/snippets", "/forms", "/submissions", "/metadata"):
        assert api.get(f"/sites/{site}{path}").status_code == 404
    for path in (f"/deploys/{deploy}", f"/forms/{form}/submissions", f"/hooks?site_id={site}"):
        assert api.get(path).status_code == 404
    assert api("DELETE", f"/hooks/{hook}").status_code == 404
    assert api("DELETE", f"/sites/{site}").status_code == 404
    assert site not in {one["id"] for one in api.read("/sites")}


@pytest.mark.parametrize("operation", READS, ids=lambda one: one.id)
def test_a_site_is_known_by_each_of_its_domains(api: Api, operation: Any) -> None:
    values = {name: known[0] for name, known in api.server.parameters.items()}
    path = str(operation.expand(values)).removeprefix("/api/v1")
    for domain in ("www.ada-shop.example", "ada-site-000.netlify.app"):
        assert api.read(path.replace(api.site, domain)) == api.read(path)


def test_an_account_is_known_by_its_id_and_its_slug(api: Api) -> None:
    account = api.read("/accounts/ada")
    assert api.read(f"/accounts/{account['id']}") == account
    assert api.read(f"/accounts/{account['id']}/env") == api.read("/accounts/ada/env") != []


def test_ssl_needs_a_domain_that_points_here(api: Api) -> None:
    ready = api.server.facts["seeded"]["POST /api/v1/sites/{site_id}/ssl"][""]
    bare = api.new_site()["id"]
    domains = ["www.ada-shop.example", "alias.ada-shop.example"]
    assert api.post(f"/sites/{ready}/ssl").json()["domains"] == domains
    assert api.read(f"/sites/{ready}")["ssl"] is True
    assert api.post(f"/sites/{bare}/ssl").status_code == 422
    site = api.new_site(custom_domain="www.my.example")["id"]
    assert api.post(f"/sites/{site}/ssl").status_code == 422
    dns = api.server.facts["emulator"]["dns"]
    assert api.post(dns, {"domain": "www.my.example"}, key=None).status_code == 204
    assert api.post(f"/sites/{site}/ssl").status_code == 200


def test_metadata_is_replaced(api: Api) -> None:
    path = f"/sites/{api.new_site()['id']}/metadata"
    assert api.read(path) == {}
    for metadata in ({"a": "1", "b": "2"}, {"b": "3", "c": ""}, {"b": "3", "c": ""}, {}):
        assert api("PUT", path, json=metadata).json() == metadata == api.read(path)
    assert api("PUT", path, json=["a"]).status_code == 400
    assert api("PUT", path, content=b"a=1", headers=OCTETS).status_code == 415


# Snippets


def test_snippets_have_numbers_from_0_which_they_keep(api: Api) -> None:
    path = f"/sites/{api.new_site()['id']}/snippets"
    made = [api.post(path, {"title": title, "goal": "<b>"}).json() for title in "abc"]
    assert [one["id"] for one in made] == [0, 1, 2]
    assert api("DELETE", f"{path}/0").status_code == 204
    assert api.read(path) == made[1:]
    assert api.get(f"{path}/0").status_code == 404
    assert api("DELETE", f"{path}/0").status_code == 404
    assert api.read(f"{path}/2") == made[2]
    assert api("DELETE", f"{path}/2").status_code == 204
    assert api.post(path, {"title": "d"}).json()["id"] == 3


def test_a_snippet_is_replaced_whole(api: Api) -> None:
    path = f"/sites/{api.new_site()['id']}/snippets"
    full = {"title": "t", "general": "<a>", "general_position": "footer", "goal": "<b>", "goal_position": "head"}
    assert api.post(path, full).json() == {"id": 0, **full}
    replaced = {
        "id": 0,
        "title": "u",
        "general": "<c>",
        "general_position": "head",
        "goal": "",
        "goal_position": "footer",
    }
    assert api("PUT", f"{path}/0", json={"title": "u", "general": "<c>"}).json() == replaced == api.read(f"{path}/0")
    assert api("PUT", f"{path}/1", json=full).status_code == 404


@pytest.mark.parametrize(
    ("body", "wrong"),
    [({}, "title"), ({"title": 1}, "title"), ({"title": "t", "general_position": "body"}, "general_position")],
)
def test_a_wrong_snippet_is_refused(api: Api, body: Any, wrong: str) -> None:
    path = f"/sites/{api.site}/snippets"
    for answer in (api.post(path, body), api("PUT", f"{path}/0", json=body)):
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [wrong])
