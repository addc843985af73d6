"""Checks of single answers: one exchange that holds, one that does not, one that shows nothing."""

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

TOKEN = "0123456789-secret"
JSON = "application/json"


def said(
    request: str = "GET /v2/account",
    status: int = 200,
    body: Any = None,
    *,
    typed: str | None = JSON,
    sent: Any = None,
    sent_typed: str | None = JSON,
    headers: tuple[tuple[str, str], ...] = (),
    answered: tuple[tuple[str, str], ...] = (),
    negative: bool = False,
    sent_at: float | None = None,
) -> Exchange:
    """An exchange with the contract's service, redacted; `body` and `sent` are bytes, or written as JSON."""
    contract = load("vultr")
    method, path = request.split(" ", 1)
    redactor = Redactor({"default": TOKEN})
    asked = Request(
        method=method,
        url=f"https://api.vultr.com{path}",
        headers=(*_typed(sent_typed if sent is not None else None), *headers),
        body=_bytes(sent),
    )
    answer = Response(status=status, headers=(*_typed(typed), *answered), body=_bytes(body))
    return Locator(contract, contract.conventions.origin).exchange(
        redactor.request(asked), redactor.response(answer), negative=negative, sent_at=sent_at
    )


def _typed(media_type: str | None) -> tuple[tuple[str, str], ...]:
    return () if media_type is None else (("Content-Type", media_type),)


def _bytes(body: Any) -> bytes:
    return b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()


def sight(exchange: Exchange, *, memory: dict[Any, Any] | None = None, **arguments: Any) -> Sight:
    return Sight(exchange, load("vultr"), arguments, {} if memory is None else memory)


def findings(check: str, exchange: Exchange, **arguments: Any) -> list[Finding]:
    return list(CHECKS[check](sight(exchange, **arguments)))


def outcome(check: str, exchange: Exchange, **arguments: Any) -> str:
    """What a check makes of one exchange: `held`, `violated` or `nothing`."""
    outcomes = {finding.outcome for finding in findings(check, exchange, **arguments)} - {None}
    assert len(outcomes) <= 1
    return str(next(iter(outcomes), "nothing"))


MEDIA = {"classes": [2, 4], "may_be_empty": [2]}


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (said(body={"account": {}}), "held"),
        (said(body={}, typed="Application/JSON; charset=utf-8"), "held"),
        (said(status=404, body={"error": "no"}), "held"),
        (said(body={}, typed="text/html"), "violated"),
        (said(body={}, typed=None), "violated"),
        (said(body=b"<html></html>"), "violated"),
        (said(body=b'{"a":NaN}'), "violated"),
        (said(status=404, body=b"404 page not found", typed="text/plain"), "violated"),
        (said(status=404), "violated"),
        (said(), "nothing"),
        (said(status=500, body=b"<html>oops</html>", typed="text/html"), "nothing"),
        (said(status=502), "nothing"),
        (said(status=301, typed="text/html", body=b"moved"), "nothing"),
        (said("DELETE /v2/domains/a", 204, typed="text/html"), "nothing"),
        (said("DELETE /v2/domains/a", 204, b"gone", typed="text/html"), "nothing"),
        (said("HEAD /v2/account", typed="text/html"), "nothing"),
        (said("HEAD /v2/account", 404), "nothing"),
    ],
)
def test_bodies_are_json_and_say_so(exchange: Exchange, expected: str) -> None:
    assert outcome("content-type.response-media-type", exchange, **MEDIA) == expected


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (said("POST /v2/domains", 201, {}, sent={"domain": "a"}), "held"),
        (said("POST /v2/domains", 201, {}, sent={}, sent_typed="application/json; charset=utf-8"), "held"),
        (
            said("POST /v2/domains", 400, {}, sent=b"domain=a", sent_typed="application/x-www-form-urlencoded"),
            "violated",
        ),
        (said("PUT /v2/domains/a", 400, {}, sent={}, sent_typed=None), "violated"),
        (said("PATCH /v2/domains/a", 400, {}, sent=b'{"domain'), "violated"),
        (said("POST /v2/domains", 400, {}), "nothing"),
        (said("GET /v2/account", sent=b"x", sent_typed="text/plain"), "nothing"),
    ],
)
def test_request_bodies_are_json_and_say_so(exchange: Exchange, expected: str) -> None:
    found = findings("content-type.request-media-type", exchange, methods=["POST", "PUT", "PATCH"])
    assert [str(finding.outcome) for finding in found] == ([] if expected == "nothing" else [expected])
    assert all(finding.party == "client" for finding in found if finding.outcome is Outcome.VIOLATED)


def test_a_body_without_a_type_is_told_in_plain_words() -> None:
    sent = findings("content-type.request-media-type", said("POST /v2/domains", 201, {}, sent={}, sent_typed=None))
    answered = findings("content-type.response-media-type", said(body={}, typed=None))
    assert [found.message for found in sent] == ["the client sent a body without a Content-Type"]
    assert [found.message for found in answered] == ["a 200 body has no Content-Type"]
    assert all("None" not in f"{found.message} {found.actual}" for found in (*sent, *answered))


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (said(status=401, body={"error": "Invalid API token.", "status": 401}), "held"),
        (said("GET /v2/no-such", 404, {"error": "no"}), "held"),
        (said(status=404, body={"message": "no"}), "violated"),
        (said(status=404, body={"error": " "}), "violated"),
        (said(status=404, body={"error": {"code": 1}}), "violated"),
        (said(status=404, body=["error"]), "violated"),
        (said(status=429, body=b"slow down", typed="text/plain"), "violated"),
        (said(status=404), "violated"),
        (said(status=500, body=b"oops"), "nothing"),
        (said(status=200, body={}), "nothing"),
        (said("HEAD /v2/account", 401), "nothing"),
    ],
)
def test_errors_come_in_the_envelope(exchange: Exchange, expected: str) -> None:
    assert outcome("errors.envelope", exchange) == expected


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (said(body={"account": {"error": "inside"}}), "held"),
        (said(body={"error": None}), "violated"),
        (said(body={"account": {}, "error": "no"}), "violated"),
        (said(body=["error"]), "nothing"),
        (said(body=b"error"), "nothing"),
        (said(status=404, body={"error": "no"}), "nothing"),
        (said("DELETE /v2/domains/a", 204), "nothing"),
    ],
)
def test_successes_hold_no_error(exchange: Exchange, expected: str) -> None:
    assert outcome("errors.no-error-in-success", exchange) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, "held") for status in (200, 201, 202, 204, 400, 401, 403, 404, 429, 500)),
        (302, "violated"),
        (422, "violated"),
    ],
)
def test_statuses_are_those_of_the_table(status: int, expected: str) -> None:
    assert outcome("errors.status-documented", said(status=status, body={})) == expected


def test_where_no_statuses_are_listed_none_is_judged() -> None:
    contract = load("vultr")
    errors = contract.conventions.errors.model_copy(update={"statuses": ()})
    conventions = contract.conventions.model_copy(update={"errors": errors})
    bare = type(contract)(contract.api, conventions, contract.operations, contract.components, contract.catalogue)
    assert list(CHECKS["errors.status-documented"](Sight(said(status=418), bare))) == []


PLAN = {"id": "a", "vcpu_count": 1, "ram": 1024, "locations": []}


@pytest.mark.parametrize(
    ("exchange", "arguments", "expected"),
    [
        (said(body={}), {"schema": {"type": "object"}}, "held"),
        (said(body=[]), {"schema": {"type": "object"}}, "violated"),
        (said(body=b"no JSON"), {"schema": {"type": "object"}}, "nothing"),
        (said(body=b""), {"schema": {"type": "object"}}, "nothing"),
        (said(status=404, body=[]), {"schema": {"type": "object"}}, "nothing"),
        (said(status=404, body=[]), {"schema": {"type": "object"}, "classes": [4]}, "violated"),
        (said(body={"account": {}}), {"at": "/account", "schema": {"type": "object"}}, "held"),
        (said(body={"account": [{}]}), {"at": "/account", "schema": {"type": "object"}}, "violated"),
        (said(body={}), {"at": "/account", "schema": {"type": "object"}}, "violated"),
        (said(body={}), {"at": "/meta", "component": "Meta", "optional": True}, "nothing"),
        (
            said(body={"meta": {"total": 0, "links": {}}}),
            {"at": "/meta", "component": "Meta", "optional": True},
            "held",
        ),
        (said(body={"meta": None}), {"at": "/meta", "component": "Meta", "optional": True}, "violated"),
        (said(body={"meta": {"total": "19", "links": {}}}), {"at": "/meta", "component": "Meta"}, "violated"),
        (said(body={"plans": [PLAN, PLAN]}), {"each": "/plans", "component": "Plan"}, "held"),
        (said(body={"plans": []}), {"each": "/plans", "component": "Plan"}, "nothing"),
        (said(body={"plans": {}}), {"each": "/plans", "component": "Plan"}, "nothing"),
        (said(body={"data": []}), {"each": "/plans", "component": "Plan"}, "nothing"),
        (said(body={}), {"by_operation": {"GET /v2/account": {"required": ["account"]}}}, "violated"),
        (said(body={}), {"by_operation": {"GET /v2/plans": {"required": ["plans"]}}}, "nothing"),
    ],
)
def test_parts_of_bodies_match_their_schema(exchange: Exchange, arguments: dict[str, Any], expected: str) -> None:
    assert outcome("schema", exchange, **arguments) == expected


def test_each_item_is_judged_and_placed() -> None:
    found = findings("schema", said(body={"plans": [PLAN, {**PLAN, "ram": "1024"}]}), each="/plans", component="Plan")
    assert [finding.outcome for finding in found] == [Outcome.HELD, Outcome.VIOLATED]
    assert found[1].message.startswith("/plans/1/ram: ")


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (said("DELETE /v2/domains/a", 204, typed="text/html"), "held"),
        (said(body={}), "held"),
        (said("DELETE /v2/domains/a", 204, {}), "violated"),
        (said(), "violated"),
        (said("HEAD /v2/account"), "nothing"),
        (said("POST /v2/domains", 201), "nothing"),
        (said(status=404), "nothing"),
    ],
)
def test_only_204_is_empty(exchange: Exchange, expected: str) -> None:
    assert outcome("schema.no-content-empty", exchange) == expected


BEARER = (("Authorization", f"Bearer {TOKEN}"),)


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (said(body={}, headers=BEARER), "held"),
        (said(body={"api_key": "of another"}, headers=BEARER), "held"),
        (said(body={"error": f"no {TOKEN}"}, headers=BEARER), "violated"),
        (said(answered=(("X-Key", TOKEN),), headers=BEARER), "violated"),
        (said(body={}), "nothing"),
        (said(body={"error": f"no {TOKEN}"}), "nothing"),
        (said(body={}, headers=(("Authorization", "Bearer of-another"),)), "nothing"),
    ],
)
def test_credentials_do_not_come_back(exchange: Exchange, expected: str) -> None:
    assert outcome("security.credentials-never-echoed", exchange) == expected


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (said(headers=BEARER), "held"),
        (said(f"GET /v2/account?k={TOKEN}"), "violated"),
        (said("GET /v2/account?api_key=of-another", headers=BEARER), "violated"),
        (said("POST /v2/domains", sent={"note": TOKEN}, headers=BEARER), "violated"),
        (said("POST /v2/users", sent={"password": "of a new user"}, headers=BEARER), "held"),
        (said(), "nothing"),
    ],
)
def test_credentials_travel_in_their_header_only(exchange: Exchange, expected: str) -> None:
    found = findings("security.credential-only-in-header", exchange)
    assert outcome("security.credential-only-in-header", exchange) == expected
    assert all(finding.party == "client" for finding in found if finding.outcome is Outcome.VIOLATED)


@pytest.mark.parametrize(
    ("path", "expected"), [("/v2/account", "held"), ("/v1/account", "violated"), ("/v2", "violated")]
)
def test_request_paths_carry_the_version(path: str, expected: str) -> None:
    assert outcome("versioning.request-path", said(f"GET {path}")) == expected


def test_where_no_version_is_promised_nothing_is_judged() -> None:
    contract = load("vultr")
    conventions = contract.conventions.model_copy(update={"versioning": None, "rate_limit": None, "pagination": None})
    bare = type(contract)(contract.api, conventions, contract.operations, contract.components, contract.catalogue)
    refused = said("GET /v2/plans", 429, {"plans": []}, sent_at=1.0)
    for name in ("versioning.request-path", "rate-limit.no-early-refusal", *(n for n in CHECKS if "pagination" in n)):
        assert list(CHECKS[name](Sight(refused, bare))) == [], name


def refusals(*times: float, last: int = 429) -> list[str]:
    """What the rate-limit check makes of the last of these requests, sent at these seconds."""
    memory: dict[Any, Any] = {}
    for at in times[:-1]:
        early = sight(said(body={}, sent_at=at), memory=memory)
        assert list(CHECKS["rate-limit.no-early-refusal"](early)) == []
    late = sight(said(status=last, body={}, sent_at=times[-1]), memory=memory)
    return [str(finding.outcome) for finding in CHECKS["rate-limit.no-early-refusal"](late)]


def test_a_refusal_is_early_at_or_below_the_documented_rate() -> None:
    assert refusals(*[5.0] * 30) == ["violated"]
    assert refusals(*[5.0] * 31) == ["held"]
    assert refusals(*[5.0] * 31, last=200) == []
    # Requests that are a whole window old count no more.
    assert refusals(*[5.0] * 30, 6.0) == ["violated"]
    assert refusals(*[5.0] * 30, 5.999) == ["held"]


def test_a_refusal_without_a_clock_shows_nothing() -> None:
    assert outcome("rate-limit.no-early-refusal", said(status=429, body={})) == "nothing"
