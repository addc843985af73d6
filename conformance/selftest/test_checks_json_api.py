"""Checks of JSON:API documents: what has to pass, what has to fail, and of what nothing can be said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.checks import CHECKS, Finding, Sight
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator
from conformance.traffic.redact import Redactor

API = load("snyk")
BASE = "https://api.snyk.io/rest"
TYPED = "application/vnd.api+json"
TOKEN = "0123456789-secret"
PROJECTS = "GET /orgs/o/projects"
PROJECT = "GET /orgs/o/projects/p"
UNKNOWN = "GET /openapi"
V1 = {"version": "1.0"}


def said(
    request: str = f"{PROJECTS}?version=2024-10-15",
    status: int = 200,
    body: Any = None,
    *,
    typed: str | None = TYPED,
    base: str = BASE,
    negative: bool = False,
    headers: tuple[tuple[str, str], ...] = (),
    **answered: str,
) -> Exchange:
    """An exchange with the service, redacted; `body` is bytes, or written as JSON."""
    method, path = request.split(" ", 1)
    redactor = Redactor({"default": TOKEN, "app": f"{TOKEN}-of-app"})
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    given = [("Content-Type", typed)] if typed else []
    given += [(name.replace("_", "-"), value) for name, value in answered.items()]
    return Locator(API, BASE, base).exchange(
        redactor.request(Request(method=method, url=f"{base}{path}", headers=headers)),
        redactor.response(Response(status=status, headers=tuple(given), body=content)),
        negative=negative,
    )


def findings(check: str, *exchanges: Exchange, facts: Any = None, **arguments: Any) -> list[Finding]:
    """What a check finds in exchanges of one conversation."""
    memory: dict[Any, Any] = {}
    sequence: dict[Any, Any] = {}
    return [
        finding
        for position, exchange in enumerate(exchanges, start=1)
        for finding in CHECKS[check](Sight(exchange, API, arguments, memory, sequence, position, facts=facts or {}))
    ]


def outcome(check: str, *exchanges: Exchange, facts: Any = None, **arguments: Any) -> str:
    """The worst of what a check finds: `violated`, `held`, `note` or `nothing`."""
    found = {finding.outcome for finding in findings(check, *exchanges, facts=facts, **arguments)}
    for worst in (Outcome.VIOLATED, Outcome.HELD):
        if worst in found:
            return str(worst)
    return "note" if found else "nothing"


def notes(check: str, *exchanges: Exchange, facts: Any = None) -> list[str]:
    return [finding.message for finding in findings(check, *exchanges, facts=facts) if finding.outcome is None]


def refusal(status: int, *errors: Any, **more: Any) -> Exchange:
    """An error document under a status; an error that is text stands for a whole one with that status."""
    whole = [{"id": f"e{n}", "status": e, "detail": "no"} if isinstance(e, str) else e for n, e in enumerate(errors)]
    return said(status=status, body={"jsonapi": V1, "errors": whole, **more})


def one(**members: Any) -> dict[str, Any]:
    return {"type": "project", "id": "1", **members}


def listed(*data: Any, **more: Any) -> Exchange:
    return said(body={"jsonapi": V1, "data": list(data), **more})


CASES: list[tuple[str, Exchange, str]] = [
    ("json-api.top-level", listed(), "held"),
    ("json-api.top-level", said(body={"meta": {}}), "held"),
    ("json-api.top-level", said(PROJECT, body={"data": None}), "held"),
    ("json-api.top-level", refusal(404, "404"), "held"),
    ("json-api.top-level", said(status=401, body={"status": "401", "code": "Unauthorized"}), "nothing"),
    ("json-api.top-level", said(status=404), "nothing"),
    ("json-api.top-level", said(status=404, body=b"<html>", typed="text/html"), "nothing"),
    ("json-api.top-level", said("DELETE /orgs/o/projects/p", 204), "nothing"),
    ("json-api.top-level", said(UNKNOWN, body={"openapi": "3.0.3"}, typed="application/json"), "nothing"),
    ("json-api.top-level", said(UNKNOWN, body=["2024-10-15"], typed="application/json"), "nothing"),
    ("json-api.top-level", said("GET /orgs/o/issues", body={"jsonapi": V1, "links": {}}), "violated"),
    ("json-api.top-level", said(body={"jsonapi": V1, "links": {}}), "violated"),
    ("json-api.top-level", said(body=[]), "violated"),
    ("json-api.top-level", said(body={"projects": []}), "violated"),
    ("json-api.top-level", refusal(404, "404", data=None), "violated"),
    ("json-api.top-level", listed(errors=[]), "violated"),
    ("json-api.version-member", listed(), "held"),
    ("json-api.version-member", said(body={"jsonapi": {"version": "1.1", "meta": {}}, "data": []}), "held"),
    ("json-api.version-member", said(body={"jsonapi": {"version": "1"}, "data": []}), "violated"),
    ("json-api.version-member", said(body={"jsonapi": {"version": 1.0}, "data": []}), "violated"),
    ("json-api.version-member", said(body={"jsonapi": "1.0", "data": []}), "violated"),
    ("json-api.version-member", said(body={"data": []}), "violated"),
    ("json-api.version-member", said(status=404, body={"errors": [{}]}), "note"),
    ("json-api.version-member", said(status=404, body={"jsonapi": {"version": 1}, "errors": [{}]}), "violated"),
    ("json-api.version-member", said(status=401, body={"status": "401"}), "nothing"),
    ("json-api.version-member", said(status=404), "nothing"),
    ("json-api.version-member", said(UNKNOWN, body={"data": []}, typed="application/json"), "nothing"),
    ("json-api.resource-objects", listed(one(attributes={"type": "npm", "ids": 1})), "held"),
    ("json-api.resource-objects", listed(one(attributes={"id": 1})), "violated"),
    ("json-api.resource-objects", listed(one(meta={}, links={}, relationships={})), "held"),
    ("json-api.resource-objects", listed(one(**{"@context": {}})), "held"),
    ("json-api.resource-objects", said(PROJECT, body={"data": None}), "nothing"),
    ("json-api.resource-objects", listed(), "nothing"),
    ("json-api.resource-objects", listed(one(name="x")), "violated"),
    ("json-api.resource-objects", listed(one(), {"type": "project", "id": 2}), "violated"),
    ("json-api.resource-objects", listed({"id": "1"}), "violated"),
    ("json-api.resource-objects", listed(one(type="")), "violated"),
    ("json-api.resource-objects", listed(None), "violated"),
    ("json-api.resource-objects", listed(one(), included=[{"type": "org", "id": "o", "name": "x"}]), "violated"),
    ("json-api.identity-unique", listed(one(), one(id="2")), "held"),
    ("json-api.identity-unique", listed(one(), one(type="target")), "held"),
    ("json-api.identity-unique", listed(one()), "nothing"),
    ("json-api.identity-unique", listed(one(), one()), "violated"),
    ("json-api.identity-unique", listed(one(), included=[one()]), "violated"),
    ("json-api.identity-unique", listed(1, None, {"id": []}, {"type": {}, "id": "x"}), "nothing"),
    ("json-api.data-kind", listed(), "held"),
    ("json-api.data-kind", said(PROJECT, body={"data": one()}), "held"),
    ("json-api.data-kind", said(PROJECT, body={"data": None}), "held"),
    ("json-api.data-kind", said(body={"meta": {}}), "nothing"),
    ("json-api.data-kind", refusal(404, "404"), "nothing"),
    ("json-api.data-kind", said("GET /orgs/o/issues", body={"data": {}}), "nothing"),
    ("json-api.data-kind", said(body={"data": None}), "violated"),
    ("json-api.data-kind", said(body={"data": one()}), "violated"),
    ("json-api.data-kind", said(PROJECT, body={"data": [one()]}), "violated"),
    ("json-api.one-type", listed(one(), one(id="2")), "held"),
    ("json-api.one-type", listed(one()), "nothing"),
    ("json-api.one-type", listed(one(), one(type="target")), "violated"),
    ("json-api.one-type", listed(one(), 5), "violated"),
    ("json-api.unauthorized-body", refusal(401, "401"), "held"),
    ("json-api.unauthorized-body", said(status=401, body={"status": "401", "code": "Unauthorized"}), "held"),
    ("json-api.unauthorized-body", said(status=403, body={}), "nothing"),
    ("json-api.unauthorized-body", said("HEAD /orgs/o/projects", 401), "nothing"),
    ("json-api.unauthorized-body", said(status=401), "violated"),
    ("json-api.unauthorized-body", said(status=401, body={"status": 401}), "violated"),
    ("json-api.unauthorized-body", refusal(401, {"status": 401}), "violated"),
    ("json-api.unauthorized-body", refusal(401, "403"), "violated"),
    ("json-api.unauthorized-body", said(status=401, body=b"Unauthorized", typed="text/plain"), "violated"),
    ("json-api.error-members", refusal(400, "400", "400"), "held"),
    ("json-api.error-members", refusal(400, {"status": "400", "detail": "no", "title": 5}), "held"),
    ("json-api.error-members", said(status=404), "nothing"),
    ("json-api.error-members", said(status=401, body={"status": 401}), "nothing"),
    ("json-api.error-members", refusal(400, {"status": 400, "detail": "no"}), "violated"),
    ("json-api.error-members", refusal(400, {"status": "400"}), "violated"),
    ("json-api.error-members", refusal(400, {"status": "400", "detail": " "}), "violated"),
    ("json-api.error-members", refusal(400, {"status": "400", "detail": "no", "id": ""}), "violated"),
    ("json-api.error-members", refusal(400, {"status": "400", "detail": "no", "id": 5}), "violated"),
    ("json-api.error-members", refusal(400, "400", 7), "violated"),
    ("json-api.error-status", refusal(404, "404"), "held"),
    ("json-api.error-status", refusal(400, "400", "422"), "held"),
    ("json-api.error-status", refusal(400, {"status": 400}), "nothing"),
    ("json-api.error-status", refusal(400, {"detail": "no"}), "nothing"),
    ("json-api.error-status", refusal(404, "400"), "violated"),
    ("json-api.error-status", refusal(200, "400"), "violated"),
    ("json-api.error-status", refusal(400, "400", "500"), "violated"),
    ("json-api.error-status", refusal(400, "400", "4000"), "violated"),
    ("json-api.error-status", refusal(400, "400.0"), "violated"),
    ("json-api.rate-limit-refusal", refusal(429, "429"), "held"),
    ("json-api.rate-limit-refusal", said(status=429, typed="text/html"), "held"),
    ("json-api.rate-limit-refusal", said(status=503, body=b"busy"), "nothing"),
    ("json-api.rate-limit-refusal", said(status=429, body=b"<html>", typed="text/html"), "violated"),
    ("json-api.rate-limit-refusal", said(status=429, body={"message": "slow down"}), "violated"),
    ("json-api.rate-limit-refusal", refusal(429, {"status": 429}), "violated"),
    ("json-api.rate-limit-refusal", refusal(429, "503"), "violated"),
    ("json-api.rate-limit-refusal", refusal(429, "429", data=[]), "violated"),
]


@pytest.mark.parametrize(("check", "exchange", "expected"), CASES)
def test_json_api(check: str, exchange: Exchange, expected: str) -> None:
    assert outcome(check, exchange) == expected


ENVELOPE = {"leave_out": [401, 429], "may_be_empty": True, "from_in_front": [5]}


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (refusal(404, "404"), "held"),
        (refusal(500, "500"), "held"),
        (said("GET /no-such", 404), "nothing"),
        (said(status=401, body={"status": "401"}), "nothing"),
        (said(status=429, body=b"slow"), "nothing"),
        (said(status=502, body=b"<html>", typed="text/html"), "note"),
        (said(status=404, body=b"<html>", typed="text/html"), "violated"),
        (said(status=500, body={"message": "no"}), "violated"),
        (refusal(404), "violated"),
        (said(status=404, body={"errors": {"status": "404"}}), "violated"),
        (said(status=404, body={"errors": ["no"]}), "violated"),
    ],
)
def test_a_refusal_is_an_error_document(exchange: Exchange, expected: str) -> None:
    assert outcome("errors.envelope", exchange, **ENVELOPE) == expected


MEDIA = {"classes": [2, 4], "may_be_empty": [2, 4], "marked": "jsonapi", "noted": ["application/json"]}


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (said(body={"data": []}), "held"),
        (said(body={"data": []}, typed=f"{TYPED}; charset=utf-8"), "held"),
        (said(body={"data": []}, typed="application/json; charset=utf-8"), "note"),
        (said(status=404, typed=None), "nothing"),
        (said(UNKNOWN, body={}, typed="text/yaml"), "nothing"),
        (said(UNKNOWN, body={"jsonapi": {"version": "1.0"}}, typed="text/yaml"), "violated"),
        (said(body={"data": []}, typed="text/plain"), "violated"),
        (said(body={"data": []}, typed=None), "violated"),
    ],
)
def test_bodies_are_typed_as_json_api(exchange: Exchange, expected: str) -> None:
    assert outcome("content-type.response-media-type", exchange, **MEDIA) == expected


def test_the_shape_of_a_401_is_told_once() -> None:
    flat = said(status=401, body={"status": "401", "code": "Unauthorized"})
    told = notes("json-api.unauthorized-body", flat, flat, refusal(401, "401"))
    assert told == [
        "a 401 of this target is the document's flat sample",
        "a 401 of this target is a JSON:API error document",
    ]


def test_a_missing_error_id_is_told_once() -> None:
    without = refusal(400, {"status": "400", "detail": "no"})
    assert notes("json-api.error-members", without, without) == ["an error has no id"]


def test_error_ids_differ_within_a_conversation_only() -> None:
    check = "json-api.error-ids-differ"
    first, other, none = refusal(400, "400"), refusal(404, "404"), refusal(400, {"status": "400", "detail": "no"})
    assert outcome(check, first) == "nothing"
    assert outcome(check, first, none, none) == "nothing"
    assert outcome(check, first, said(status=404, body={"errors": [{"id": "other"}]})) == "held"
    assert outcome(check, first, other) == "violated"
    assert outcome(check, refusal(400, {"id": "a"}, {"id": "a"})) == "violated"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"token {TOKEN}", "held"),
        (f"bearer {TOKEN}-of-app", "held"),
        ("token masked-by-others", "held"),
        (None, "nothing"),
        ("masked-by-others", "nothing"),
        (f"Token {TOKEN}", "violated"),
        (f"bearer {TOKEN}", "violated"),
        (f"token {TOKEN}-of-app", "violated"),
        (f'token "{TOKEN}"', "violated"),
        (f"token  {TOKEN}", "violated"),
        (TOKEN, "violated"),
        ("Bearer masked-by-others", "violated"),
    ],
)
def test_a_credential_goes_under_its_own_scheme(value: str | None, expected: str) -> None:
    exchange = said(body={"data": []}, headers=(("Authorization", value),) if value else ())
    assert outcome("auth.scheme-exact", exchange) == expected
    assert all(found.party == "client" for found in findings("auth.scheme-exact", exchange) if found.message)
