"""Variables, forms, submissions and hooks on the Netlify reference server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from conformance.reference.senders import Sender
from conformance.selftest.netlify_api import Api

CONTACT = (
    b'<form name="contact" data-netlify="true"><input name="name"><input name="mail" type="email"><select name="s">\
</select><input type="hidden" name="form-name"></form><form name="other"><input name="x"></form>'
)
SECOND = b'<form name="second" netlify><textarea name="message"></textarea></form>'


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def site(api: Api) -> str:
    site = str(api.new_site(name="mine")["id"])
    api.published(site, {"/index.html": CONTACT, "/more/second.html": SECOND, "/copy.html": CONTACT})
    return site


def refused(answer: Any) -> tuple[int, str]:
    """Status of a refusal, and the field that is wrong."""
    (name,) = answer.json()["errors"]
    return answer.status_code, name


# Variables

ENV = "/accounts/ada/env"


def values(variable: Any) -> dict[str, str]:
    return {value["context"]: value["value"] for value in variable["values"]}


def variable(key: str, **contexts: str) -> dict[str, Any]:
    sent = [{"context": context.replace("_", "-"), "value": value} for context, value in contexts.items()]
    return {"key": key, "scopes": ["builds", "runtime"], "values": sent}


@pytest.fixture(params=["shared", "site", "domain"])
def query(request: pytest.FixtureRequest, site: str) -> str:
    return {"shared": "", "site": f"?site_id={site}", "domain": "?site_id=mine.netlify.app"}[request.param]


def test_variables_are_created_read_and_deleted(api: Api, query: str) -> None:
    sent = [variable("ONE", dev="1", production="2"), variable("TWO", all="3")]
    made = api.post(f"{ENV}{query}", sent)
    assert made.status_code == 201
    assert [(one["key"], one["scopes"], values(one)) for one in made.json()] == [
        ("ONE", ["builds", "runtime"], {"dev": "1", "production": "2"}),
        ("TWO", ["builds", "runtime"], {"all": "3"}),
    ]
    assert [one for one in api.read(f"{ENV}{query}") if one["key"] in ("ONE", "TWO")] == made.json()
    assert api.read(f"{ENV}/ONE{query}") == made.json()[0]
    value = made.json()[0]["values"][0]["id"]
    assert api("DELETE", f"{ENV}/ONE/value/{value}{query}").status_code == 204
    assert values(api.read(f"{ENV}/ONE{query}")) == {"production": "2"}
    assert api("DELETE", f"{ENV}/ONE/value/{value}{query}").status_code == 404
    assert api("DELETE", f"{ENV}/ONE{query}").status_code == 204
    assert api.get(f"{ENV}/ONE{query}").status_code == 404
    assert api("DELETE", f"{ENV}/ONE{query}").status_code == 404
    assert api.read(f"{ENV}/TWO{query}") == made.json()[1]


def test_put_replaces_and_patch_merges(api: Api, query: str) -> None:
    api.post(f"{ENV}{query}", [variable("ONE", dev="1", production="2")])
    path = f"{ENV}/ONE{query}"
    before = api.read(path)
    assert values(api("PATCH", path, json={"context": "dev", "value": "4"}).json()) == {"dev": "4", "production": "2"}
    assert [value["id"] for value in api.read(path)["values"]] == [value["id"] for value in before["values"]]
    api("PATCH", path, json={"context": "all", "value": ""})
    assert values(api.read(path)) == {"dev": "4", "production": "2", "all": ""}
    api("PUT", path, json={**variable("ONE", all="5"), "scopes": ["functions"]})
    assert (values(api.read(path)), api.read(path)["scopes"]) == ({"all": "5"}, ["functions"])
    assert refused(api("PUT", path, json=variable("OTHER", all="5"))) == (422, "key")


def test_put_and_patch_need_a_variable(api: Api, query: str) -> None:
    path = f"{ENV}/NONE{query}"
    assert api("PUT", path, json=variable("NONE", all="1")).status_code == 404
    assert api("PATCH", path, json={"context": "all", "value": "1"}).status_code == 404
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ([], "base"),
        (["x"], "base"),
        ([{"values": []}], "key"),
        ([{"key": "", "values": []}], "key"),
        ([{"key": "A"}], "values"),
        ([variable("A", all="1"), variable("A", all="1")], "key"),
        ([variable("SHARED_SETTING", all="1")], "key"),
        ([{"key": "A", "values": [{"value": "1"}]}], "context"),
        ([{"key": "A", "values": [{"context": "all", "value": 1}]}], "value"),
        ([{"key": "A", "values": ["x"]}], "values"),
        ([{**variable("A", dev="1"), "values": variable("A", dev="1")["values"] * 2}], "values"),
        ([{**variable("A", dev="1"), "scopes": "builds"}], "scopes"),
    ],
)
def test_wrong_variables_are_refused(api: Api, body: Any, wrong: str) -> None:
    before = api.read(ENV)
    assert refused(api.post(ENV, body)) == (422, wrong)
    assert api.read(ENV) == before
    assert api.post(ENV, {}).status_code == 400


def test_shared_variables_are_for_owners(api: Api) -> None:
    assert "SHARED_SETTING" in {one["key"] for one in api.read(ENV)}
    assert api.read(ENV, key="member") == []
    assert api.get(f"{ENV}/SHARED_SETTING", key="member").status_code == 404
    assert api.post(ENV, [variable("A", all="1")], key="member").status_code == 403
    of_site = f"{ENV}?site_id={api.site}"
    assert api.read(of_site, key="member") == api.read(of_site) != []


def test_variables_of_one_place_are_none_of_another(api: Api, site: str) -> None:
    api.post(f"{ENV}?site_id={site}", [variable("MINE", all="1")])
    for other in ("", f"?site_id={api.site}"):
        assert api.get(f"{ENV}/MINE{other}").status_code == 404
    assert api.get(f"{ENV}?site_id=unknown").status_code == 404
    # A site of another team.
    assert api.get(f"/accounts/ada-works/env?site_id={site}").status_code == 404


# Forms


def post_form(api: Api, form: str, path: str = "/", /, **data: str) -> Any:
    return api("POST", f"/_site/mine{path}", key=None, data={"form-name": form, **data})


def test_forms_are_found_in_what_is_published(api: Api, site: str) -> None:
    contact, second = api.read(f"/sites/{site}/forms")
    assert (contact["name"], contact["paths"], contact["site_id"]) == ("contact", ["/copy", "/index"], site)
    assert contact["fields"] == [
        {"name": "name", "type": "text"},
        {"name": "mail", "type": "email"},
        {"name": "s", "type": "select"},
    ]
    assert (second["name"], second["paths"], second["submission_count"]) == ("second", ["/more/second"], 0)
    api.published(site, {"/other.html": SECOND + b" "}, draft=True)
    assert api.read(f"/sites/{site}/forms") == [contact, second]
    api.published(site, {"/other.html": SECOND + b" "})
    assert api.read(f"/sites/{site}/forms") == [contact, {**second, "paths": ["/other"]}]


def test_submissions_are_listed_by_site_and_form(api: Api, site: str) -> None:
    answer = post_form(api, "contact", "/any/page", name="Ada Augusta King", email="ada@mail.example", message="Hello")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for _ in range(2):
        post_form(api, "second", message="x" * 200)
    contact, second = (one["id"] for one in api.read(f"/sites/{site}/forms"))
    (first,) = api.read(f"/forms/{contact}/submissions")
    assert {name: first[name] for name in ("number", "name", "first_name", "last_name", "email", "body", "title")} == {
        "number": 1,
        "name": "Ada Augusta King",
        "first_name": "Ada",
        "last_name": "Augusta King",
        "email": "ada@mail.example",
        "body": "Hello",
        "title": None,
    }
    assert first["data"] == {
        "name": "Ada Augusta King",
        "email": "ada@mail.example",
        "message": "Hello",
        "ip": "127.0.0.1",
    }
    assert [one["number"] for one in api.read(f"/forms/{second}/submissions")] == [2, 1]
    assert len(api.read(f"/sites/{site}/submissions")) == 3
    assert [one["submission_count"] for one in api.read(f"/sites/{site}/forms")] == [1, 2]
    assert api.read(f"/sites/{site}/submissions?state=spam") == []
    assert api.get(f"/sites/{site}/submissions?state=other").status_code == 422


def test_a_submission_moves_between_the_lists(api: Api, site: str) -> None:
    post_form(api, "contact", name="Ada")
    form = api.read(f"/sites/{site}/forms")[0]["id"]
    (one,) = api.read(f"/forms/{form}/submissions")
    for state, told in (("spam", ([], [one])), ("spam", ([], [one])), ("ham", ([one], [])), ("ham", ([one], []))):
        assert api("PUT", f"/submissions/{one['id']}/{state}").json() == one
        for where in (f"/sites/{site}", f"/forms/{form}"):
            assert (api.read(f"{where}/submissions"), api.read(f"{where}/submissions?state=spam")) == told
        assert api.read(f"/sites/{site}/forms")[0]["submission_count"] == len(told[0])
    assert api("DELETE", f"/submissions/{one['id']}").status_code == 204
    assert api.read(f"/forms/{form}/submissions") == []
    for method, path in (("DELETE", ""), ("PUT", "/spam"), ("PUT", "/ham")):
        assert api(method, f"/submissions/{one['id']}{path}").status_code == 404


def test_spam_arrives(api: Api, site: str) -> None:
    form = api.read(f"/sites/{site}/forms")[0]["id"]
    path = api.server.facts["emulator"]["submit"]
    sent = {"form_id": form, "data": {"name": "Bot"}, "state": "spam"}
    made = api.post(path, sent, key=None)
    assert made.status_code == 200
    assert api.read(f"/forms/{form}/submissions?state=spam") == [made.json()]
    assert api.read(f"/forms/{form}/submissions") == []
    assert api.post(path, {**sent, "form_id": "x"}, key=None).status_code == 404
    wrongs: tuple[dict[str, Any], ...] = ({"state": "odd"}, {"data": []}, {"data": {"a": 1}}, {"form_id": 5})
    for wrong in wrongs:
        assert api.post(path, {**sent, **wrong}, key=None).status_code == 422


def test_a_deleted_form_takes_no_more(api: Api, site: str) -> None:
    post_form(api, "contact", name="Ada")
    post_form(api, "second", message="stays")
    contact, second = (one["id"] for one in api.read(f"/sites/{site}/forms"))
    assert api("DELETE", f"/sites/{api.site}/forms/{contact}").status_code == 404
    assert api("DELETE", f"/sites/{site}/forms/{contact}").status_code == 204
    assert [one["id"] for one in api.read(f"/sites/{site}/forms")] == [second]
    assert api.get(f"/forms/{contact}/submissions").status_code == 404
    assert [one["body"] for one in api.read(f"/sites/{site}/submissions")] == ["stays"]
    assert post_form(api, "contact", name="Ada").status_code == 404
    assert post_form(api, "second").status_code == 200
    assert api("DELETE", f"/sites/{site}/forms/{contact}").status_code == 404


@pytest.mark.usefixtures("site")
def test_the_pages_of_a_site_are_those_of_its_current_deploy(api: Api) -> None:
    for path in ("", "/", "/index.html", "/index"):
        assert api.get(f"/_site/mine{path}", key=None).content == CONTACT
    assert api.get("/_site/mine/more/second", key=None).content == SECOND
    assert api.get("/_site/mine/none", key=None).status_code == 404
    assert api.get("/_site/unknown/", key=None).status_code == 404
    assert post_form(api, "unknown").status_code == 404
    assert api("POST", "/_site/mine/", key=None, content=b"\xff=%ff").status_code == 404


# Hooks


class Receiver(HTTPServer):
    """What is sent to it, by path; the last segment of a path is the status it answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.got: list[tuple[str, Any]] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"


class Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, json.loads(body)))
        self.send_response(int(self.path.rpartition("/")[2]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        """Nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()


def hook(site: str, **changes: Any) -> dict[str, Any]:
    body = {"site_id": site, "type": "email", "event": "submission_created", "data": {"email": "a@mail.example"}}
    return {**body, **changes}


def test_hooks_are_created_listed_and_deleted(api: Api, site: str) -> None:
    made = api.post("/hooks", hook("mine.netlify.app", event="deploy_created"))
    assert made.status_code == 201
    form = api.read(f"/sites/{site}/forms")[0]
    by_id = api.post("/hooks", hook(site, form_id=form["id"])).json()
    by_name = api.post("/hooks", hook(site, form_name="contact")).json()
    for one in (by_id, by_name):
        assert (one["form_id"], one["form_name"]) == (form["id"], "contact")
    listed = api.read(f"/hooks?site_id={site}")
    assert listed == [made.json(), by_id, by_name] == api.read("/hooks?site_id=mine.netlify.app")
    assert listed[0]["site_id"] == site
    assert api("DELETE", f"/hooks/{by_id['id']}").status_code == 204
    assert api("DELETE", f"/hooks/{by_id['id']}").status_code == 404
    assert api.read(f"/hooks?site_id={site}") == [made.json(), by_name]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"site_id": None}, 422),
        ({"site_id": "unknown"}, 404),
        ({"type": "pigeon"}, 422),
        ({"type": None}, 422),
        ({"event": "deploy_dreamt"}, 422),
        ({"event": None}, 422),
        ({"data": None}, 422),
        ({"data": {}}, 422),
        ({"data": {"url": "http://a.example"}}, 422),
        ({"data": {"email": "nobody"}}, 422),
        ({"data": "x"}, 422),
        ({"type": "url", "data": {"url": "ftp://a.example"}}, 422),
        ({"type": "url", "data": {"url": "http://[x"}}, 422),
        ({"form_id": "unknown"}, 422),
        ({"form_name": "unknown"}, 422),
        ({"form_name": 5}, 422),
    ],
)
def test_wrong_hooks_are_refused(api: Api, site: str, changes: dict[str, Any], status: int) -> None:
    assert api.post("/hooks", hook(site, **changes)).status_code == status
    assert api.read(f"/hooks?site_id={site}") == []


def test_hooks_are_of_a_site(api: Api) -> None:
    assert refused(api.get("/hooks")) == (422, "site_id")
    assert refused(api.get("/hooks?site_id=")) == (422, "site_id")
    assert api.get("/hooks?site_id=unknown").status_code == 404


def test_the_types_of_hooks_say_what_they_need(api: Api) -> None:
    types = api.read("/hooks/types")
    assert [(one["name"], [field["name"] for field in one["fields"]]) for one in types] == [
        ("url", ["url"]),
        ("email", ["email"]),
    ]
    assert all(one["events"] == ["submission_created", "deploy_created", "deploy_failed"] for one in types)


def test_a_hook_is_called_for_its_event_and_form_alone(api: Api, site: str) -> None:
    forms = api.read(f"/sites/{site}/forms")
    with receiving() as receiver:

        def hooked(path: str, **more: Any) -> Any:
            return api.post("/hooks", hook(site, type="url", data={"url": receiver.url(path)}, **more)).json()["id"]

        deploys = hooked("deploys/200", event="deploy_created")
        hooked("all/200")
        hooked("id/200", form_id=forms[0]["id"])
        hooked("name/200", form_name="contact")
        made = api.published(site, {"/index.html": b"<h1></h1>"})
        assert [(path, told["id"]) for path, told in receiver.got] == [("/deploys/200", made)]
        receiver.got.clear()
        post_form(api, "contact", name="Ada")
        assert [path for path, _ in receiver.got] == ["/all/200", "/id/200", "/name/200"]
        assert [told["name"] for _, told in receiver.got] == ["Ada"] * 3
        receiver.got.clear()
        post_form(api, "second")
        assert [path for path, _ in receiver.got] == ["/all/200"]
        receiver.got.clear()
        api.post("/_emulator/submit", {"form_id": forms[0]["id"], "state": "spam"}, key=None)
        api("DELETE", f"/hooks/{deploys}")
        api.deploy(site, {})
        assert receiver.got == []


def test_a_hook_whose_receiver_is_gone_is_removed(api: Api, site: str) -> None:
    with receiving() as receiver:
        for status in (410, 200, 500, 404, 301):
            data = {"url": receiver.url(str(status))}
            api.post("/hooks", hook(site, type="url", event="deploy_created", data=data))
        api.deploy(site, {})
        assert len(receiver.got) == 5
        left = [one["data"]["url"] for one in api.read(f"/hooks?site_id={site}")]
        assert left == [receiver.url(str(status)) for status in (200, 500, 404, 301)]


def test_only_this_machine_is_called() -> None:
    sent = Sender(timeout=0.2).send
    with receiving() as receiver:
        assert sent(receiver.url("200"), b"{}") == 200
        for url in ("http://192.0.2.1/", "http://hooks.example/", "http://localhost.example/", "http://[x", "", "x"):
            assert sent(url, b"{}") is None
        port = receiver.server_port
    assert sent(f"http://127.0.0.1:{port}/200", b"{}") is None
    assert sent("http://127.0.0.1:99999/", b"{}") is None
    assert sent("ftp://127.0.0.1/", b"{}") is None


def test_what_cannot_be_called_does_not_harm_the_answer(api: Api, site: str) -> None:
    class Broken(Sender):
        def send(self, url: str, body: bytes) -> int | None:
            raise RuntimeError(url)

    api.server.sender = Broken()  # type: ignore[attr-defined]
    api.post("/hooks", hook(site, type="url", event="deploy_created", data={"url": "http://127.0.0.1:1/"}))
    api.deploy(site, {})
    assert len(api.read(f"/hooks?site_id={site}")) == 1
