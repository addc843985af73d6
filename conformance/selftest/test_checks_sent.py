"""Answers that are held to what was sent, contents that are asked for as they are, and lists at the root of a body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.checks import Judge
from conformance.checks.base import CHECKS, Sight
from conformance.checks.schema import Shapes
from conformance.contract import ContractError, load
from conformance.contract.reading import validated
from conformance.contract.verdict import Outcome
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator
from conformance.traffic.successes import lacking

API = load("netlify")
RAW = "application/vnd.bitballoon.v1.raw"
SITE = "/api/v1/sites/3970e0fe-8564-4903-9a55-c5f8de49fb8b"
JSON = (("content-type", "application/json"),)


def said(
    call: str,
    body: Any,
    *,
    sent: Any = None,
    status: int = 200,
    typed: str | None = "application/json",
    headers: tuple[tuple[str, str], ...] = JSON,
) -> Exchange:
    method, _, path = call.partition(" ")
    content = b"" if sent is None else sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    request = Request(headers, content, method=method, url=f"https://api.netlify.com{path}")
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Response((("content-type", typed),) if typed else (), text, status=status)
    return Locator(API, API.conventions.origin).exchange(request, answer)


def outcome(check: str, exchange: Exchange, **arguments: Any) -> str:
    found = {finding.outcome for finding in CHECKS[check](Sight(exchange, API, arguments))}
    assert len(found) <= 1
    return next(("note" if each is None else str(each) for each in found), "nothing")


def judged(exchange: Exchange) -> dict[str, set[str]]:
    """Outcome → the document's own requirements that an exchange bears on with it."""
    found: dict[str, set[str]] = {}
    for evidence in Judge(API).observe(exchange):
        if evidence.requirement is not None and not evidence.requirement.base:
            found.setdefault(str(evidence.finding.outcome), set()).add(evidence.requirement.id)
    return found


CREATE = f"POST {SITE}/deploys"
FIRST, OTHER = "907d14fb3af2b0d4f18c2d46abe8aedce17367bd", "f18c2d7367bd9046abe8aedce17d14fb3af2b0d4"
DIGEST = {"files": {"/a": FIRST, "/b": OTHER, "/c": FIRST}}


@pytest.mark.parametrize(
    ("required", "expected"),
    [
        ([FIRST], "held"),
        ([FIRST, OTHER], "held"),
        ([], "nothing"),
        (None, "nothing"),
        ([FIRST, FIRST], "violated"),
        (["/a"], "violated"),
        ([{"sha": FIRST}], "violated"),
        ([FIRST, None], "violated"),
    ],
)
def test_what_an_answer_names_was_sent_and_comes_once(required: Any, expected: str) -> None:
    exchange = said(CREATE, {"id": "1", "required": required}, sent=DIGEST)
    assert outcome("relations.part-of-what-was-sent", exchange, member="/required", sent="/files") == expected


def test_of_a_list_the_items_were_sent_and_nothing_is_said_of_what_is_no_json() -> None:
    ask = {"member": "/required", "sent": "/shas"}
    asked = said(CREATE, {"required": [FIRST]}, sent={"shas": [FIRST]})
    assert outcome("relations.part-of-what-was-sent", asked, **ask) == "held"
    assert outcome("relations.part-of-what-was-sent", said(CREATE, {"required": [FIRST]}, sent={}), **ask) == "violated"
    for silent in (said(CREATE, b"<html>", sent=DIGEST), said(CREATE, {"required": [FIRST]}, sent=b"PK\x03\x04")):
        assert outcome("relations.part-of-what-was-sent", silent, **ask) == "nothing"


@pytest.mark.parametrize(
    ("sent", "body", "wrong"),
    [
        (DIGEST, {"id": "1", "required": []}, False),
        (DIGEST, {"id": "1", "required": [], "required_functions": None}, False),
        (DIGEST, {"id": "1", "required": None}, True),
        (DIGEST, {"id": "1"}, True),
        ({**DIGEST, "async": True}, {"id": "1"}, False),
        ({**DIGEST, "async": False}, {"id": "1"}, True),
        ({**DIGEST, "functions": {"f": FIRST}}, {"id": "1", "required": []}, True),
        ({**DIGEST, "functions": {"f": FIRST}}, {"id": "1", "required": [], "required_functions": [FIRST]}, False),
        ({**DIGEST, "functions": {}}, {"id": "1", "required": []}, False),
        (b"PK\x03\x04", {"id": "1"}, False),
    ],
)
def test_a_digest_is_answered_with_what_it_asked_for(sent: Any, body: Any, wrong: bool) -> None:
    exchange = said(CREATE, body, sent=sent, status=201)
    assert ("netlify.schema.digest-response" in judged(exchange).get("violated", set())) is wrong


def test_a_schema_for_what_was_asked_is_a_schema() -> None:
    with pytest.raises(ContractError, match="not a JSON schema"):
        validated(Shapes, {"schema": {}, "asked": {"type": "nothing"}}, "record")


FORM = {"id": "f", "site_id": "s", "name": "n", "paths": [], "submission_count": 0, "fields": []}


@pytest.mark.parametrize(
    ("call", "shown", "expected"),
    [
        ("GET /api/v1/hooks?site_id=s", "s", "held"),
        ("GET /api/v1/hooks?site_id=s", "other", "violated"),
        ("GET /api/v1/hooks?site_id=www.example.com", "s", "nothing"),
        ("GET /api/v1/hooks", "s", "nothing"),
        ("GET /api/v1/sites/s/forms", "s", "held"),
        ("GET /api/v1/sites/s/forms", "other", "violated"),
        ("GET /api/v1/sites/www.example.com/forms", "s", "nothing"),
    ],
)
def test_items_of_a_bare_list_show_the_parameter_asked_for(call: str, shown: str, expected: str) -> None:
    bound = {"each": "", "member": "/site_id", "parameter": "site_id", "where": "[^.]+"}
    assert outcome("relations.echoes-parameter", said(call, [{"site_id": shown}]), **bound) == expected


FILE = f"GET {SITE}/files/data.json"
RECORD = {"id": "/data.json", "path": "/data.json", "sha": FIRST, "mime_type": "application/json", "size": 2}


@pytest.mark.parametrize(
    "headers", [(("Content-Type", RAW),), (("Accept", f"text/html, {RAW};q=0.9"),), (("accept", RAW.upper()),)]
)
@pytest.mark.parametrize("body", [b'{"a": 1}', b"\x89PNG", b"[]", b""])
def test_a_content_that_is_asked_for_as_it_is_may_be_anything(headers: Any, body: bytes) -> None:
    exchange = said(FILE, body, headers=headers, typed="application/octet-stream")
    assert exchange.response.raw
    assert not exchange.response.is_json
    assert exchange.response.body == body
    assert lacking(exchange, API) is None
    assert judged(exchange).get("violated", set()) == {"netlify.rate-limit.headers-on-any"}
    assert not {each for each in judged(exchange).get("held", set()) if ".schema." in each or ".content-type." in each}


def test_what_is_asked_for_as_json_is_judged_as_such() -> None:
    assert "netlify.schema.file" in judged(said(FILE, RECORD))["held"]
    assert "netlify.schema.file" in judged(said(FILE, {**RECORD, "path": "/other"}))["violated"]
    assert "netlify.content-type.json-responses" in judged(said(FILE, b"\x89PNG"))["violated"]
    # A refusal of a raw request is an error like any other.
    refused = said(FILE, b"<html>", status=404, headers=(("Accept", RAW),))
    assert not refused.response.raw
    assert "netlify.errors.errors-shape" in judged(refused)["violated"]


@pytest.mark.parametrize(("typed", "expected"), [("application/json", "held"), ("text/html", "note"), (None, "note")])
def test_a_media_type_that_no_document_names_is_told(typed: str | None, expected: str) -> None:
    exchange = said("GET /api/v1/sites", [], typed=typed)
    assert outcome("content-type.response-media-type", exchange, noted=["*"]) == expected


@pytest.mark.parametrize(
    ("typed", "expected"), [("application/octet-stream", "held"), ("multipart/form-data", "violated")]
)
def test_an_upload_is_sent_as_bytes(typed: str, expected: str) -> None:
    exchange = said("PUT /api/v1/deploys/1/files/a", {}, sent=b"\x00", headers=(("Content-Type", typed),))
    bound = {"media_type": "application/octet-stream"}
    assert outcome("content-type.request-media-type", exchange, **bound) == expected


def test_a_success_is_held_to_its_schema_whatever_its_status() -> None:
    """The document gives no status: a restore that is answered 201 shows a deploy, too."""
    restore = f"POST {SITE}/deploys/1/restore"
    assert "netlify.schema.deploy" in judged(said(restore, {"id": "1"}, status=201))["violated"]
    assert "netlify.schema.deploy" in judged(said(restore, {"id": "1", "state": "preparing"}, status=201))["held"]
    broken = {"id": "1", "state": "preparing", "created_at": 1379394788}
    assert "netlify.types.timestamps" in judged(said(restore, broken, status=201))["violated"]
    operation = API.operation("POST /api/v1/sites/{site_id}/deploys/{deploy_id}/restore")
    assert operation.promised(204) == operation.promised(200)
    assert operation.promised(404) is None


def test_a_query_parameter_that_is_needed_takes_the_value_that_is_known() -> None:
    hooks, sites = API.operation("GET /api/v1/hooks"), API.operation("GET /api/v1/sites")
    assert hooks.asked_of({"site_id": ["s", "t"], "page": ["2"]}) == {"site_id": "s"}
    assert hooks.asked_of({}) == hooks.asked_of({"site_id": []}) == sites.asked_of({"site_id": ["s"]}) == {}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ([{**FORM, "created_at": "2013-09-18T20:26:19Z"}], False),
        ([{**FORM, "created_at": "2013-09-18T20:26:19Z", "last_submission_at": None}], False),
        ([{**FORM, "created_at": "2013-09-18T20:26:19Z", "honeypot": {"data": {}}}], False),
        ([{**FORM, "created_at": "2013-09-18T20:26:19Z", "submissions": []}], False),
        ([{**FORM, "created_at": "x", "submissions": [{"id": "1", "data": {}, "created_at": "x"}]}], True),
        ([{**FORM, "created_at": "x", "last": {"id": "1", "data": {}, "created_at": "x"}}], True),
        ({"forms": []}, True),
    ],
)
def test_a_form_holds_no_submission(body: Any, wrong: bool) -> None:
    found = judged(said(f"GET {SITE.replace('3970e0fe-8564-4903-9a55-c5f8de49fb8b', 's')}/forms", body))
    assert ("netlify.schema.form" in found.get(Outcome.VIOLATED, set())) is wrong


@pytest.mark.parametrize("status", [200, 404])
def test_what_a_host_serves_beside_the_api_is_not_held_to_it(status: int) -> None:
    page = said("GET /_site/synergy/index.html", b"<html>", status=status, typed="text/html")
    assert judged(page) == {}
    below = said("GET /api/v1/nowhere", b"<html>", typed="text/html")
    wrong = {"netlify.rate-limit.headers-on-any", "netlify.content-type.json-responses"}
    assert judged(below)["violated"] == wrong


SITE_SHOWN = {
    "id": "s",
    "premium": False,
    "claimed": True,
    "name": "n",
    "custom_domain": None,
    "url": "u",
    "admin_url": "a",
    "screenshot_url": None,
    "created_at": "2013-09-17T05:13:08.1Z",
    "updated_at": "2013-09-17T07:13:19+02:00",
    "user_id": "u",
}
"""A site with whatever the document leaves open: fractions of a second, another zone, no domain, further members."""

FREEDOMS = [
    said("GET /api/v1/sites", [{**SITE_SHOWN, "plan": "free"}]),
    said(f"GET {SITE}/deploys", [{"id": "1", "state": "preparing"}]),
    said(f"GET {SITE}/metadata", {"error": "no error", "errors": None, "created_at": "tomorrow"}),
    said(f"DELETE {SITE}", b"OK", typed="text/plain"),
    said("DELETE /api/v1/hooks/1", b"", status=204, typed=None),
    said("PUT /api/v1/submissions/1/spam", b"done", typed="text/plain"),
    said(f"GET {SITE}", {"type": "about:blank", "title": "Not Found", "status": 404}, status=404),
    said(f"GET {SITE}", b"", status=404, typed=None),
    said(f"GET {SITE}", b"<html>", status=502, typed="text/html"),
    said("GET /api/v1/accounts/a/env", {"A": {"values": []}}),
    said("POST /api/v1/sites", {"id": "s", "errors": None}, status=201),
    said(f"POST {SITE}/ssl", b"", status=202, typed=None),
    said(f"GET {SITE}/files", [{**RECORD, "sha": FIRST.upper(), "deploy_id": "1"}]),
    said("GET /api/v1/hooks/types?per_page=1", [{"name": n, "fields": [], "events": []} for n in ("url", "email")]),
    said(
        f"GET {SITE}/snippets",
        [{"id": 7, "title": "t", "general": "", "general_position": "", "goal": None, "goal_position": None}],
    ),
]


@pytest.mark.parametrize("exchange", FREEDOMS, ids=str)
def test_a_freedom_of_the_document_is_no_fault(exchange: Exchange) -> None:
    assert judged(exchange).get("violated", set()) <= {"netlify.rate-limit.headers-on-any"}
