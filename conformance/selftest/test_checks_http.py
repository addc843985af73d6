"""Base requirements by themselves: for each that a check judges, an exchange that holds and one that breaks it.

A record without both fails here, so that no requirement is shown that nothing could have failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from attrs import evolve, frozen

from conformance.checks import Judge, bindings
from conformance.checks.http.documented import media_type_in
from conformance.contract import Answer, Contract, Operation, base_requirements, load
from conformance.contract.verdict import Outcome
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator

TOKEN = (("Authorization", "Bearer __redacted_value_default__"),)
JSON = (("Content-Type", "application/json"), ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"))
THING = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "state": {"type": "string", "enum": ["on", "off"]},
        "made": {"type": "string", "format": "date-time"},
        "secret": {"type": "string", "enum": ["x", "y"], "format": "uuid"},
        "owner": {"oneOf": [{"type": "null"}, {"type": "object", "properties": {"role": {"enum": ["a", "b"]}}}]},
    },
}
LISTED: dict[str, Any] = {"required": True, "schema": {"type": "integer"}}
THINGS = Operation(
    "GET",
    "/things/{id}",
    ({"name": "id", "in": "path"},),
    answers={
        "200": Answer({"application/json; charset=utf-8": THING, "text/*": None}, {"x-limit": LISTED}),
        "204": Answer(),
        "404": Answer({"application/json": None}),
        "4XX": Answer(),
    },
)
MADE = Operation("POST", "/things", answers={"201": Answer({"application/json": THING}), "400": Answer()})
GONE = Operation("DELETE", "/things/{id}", THINGS.parameters, answers={"204": Answer()})
OPEN = Operation("GET", "/open", answers={"default": Answer({"*/*": THING})}, authorized="none")


def contract() -> Contract:
    """An API that two published operations and a list of ours describe."""
    own = load("vultr")
    operations = (THINGS, MADE, GONE, OPEN, own.operation("GET /v2/plans"))
    return evolve(
        own, operations=operations, catalogue=own.catalogue.model_copy(update={"requirements": ()}), published=True
    )


@frozen
class Said:
    """An exchange, as far as it is not plain."""

    request: str = "GET /things/a"
    status: int = 200
    body: Any = b""
    headers: tuple[tuple[str, str], ...] = ()
    sent: tuple[tuple[str, str], ...] = TOKEN
    typed: tuple[tuple[str, str], ...] = JSON
    negative: bool = False
    fault: str | None = None
    unread: str | None = None
    source: str | None = None

    def exchange(self, locator: Locator) -> Exchange:
        method, path = self.request.split(" ", 1)
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return locator.exchange(
            Request(method=method, url=f"https://api.vultr.com{path}", headers=self.sent),
            Response(
                status=self.status,
                headers=(*self.typed, *self.headers),
                body=body,
                fault=self.fault,
                unread=self.unread,
            ),
            negative=self.negative,
            source=self.source,
        )


def of(**headers: str) -> tuple[tuple[str, str], ...]:
    return tuple((name.replace("_", "-"), value) for name, value in headers.items())


def outcomes(rule: str, said: Iterable[Said]) -> list[Outcome | None]:
    """What the exchanges show of one base requirement, in one sequence."""
    judged = contract()
    judge, locator = Judge(judged), Locator(judged, judged.conventions.origin)
    evidence = [found for one in said for found in judge.observe(one.exchange(locator))]
    return [found.finding.outcome for found in evidence if found.requirement and found.requirement.rule == rule]


PLANS = {"plans": [{"id": "a"}, {"id": "b"}], "meta": {"links": {"next": "", "prev": ""}, "total": 2}}
TWICE = {**PLANS, "plans": [{"id": "a"}, {"id": "a"}]}
PROBLEM = (("Content-Type", "application/problem+json"), JSON[1])
LIMITED = of(x_limit="5")
LONG = {length: of(content_length=str(length)) for length in (2, 9, 99)}
NOBODY = Said(sent=(), negative=True, status=401, body={})
CREATED = Said("POST /things", 201, {"id": "a"})
DELETED = Said("DELETE /things/a", 204)

# Rule → exchanges that hold it, and others, all but the last of which hold or say nothing, that break it.
CASES: dict[str, tuple[list[Said], list[Said]]] = {
    "http.message-complete": ([Said(body={})], [Said(body=b"{", fault="it breaks off")]),
    "http.content-length": (
        [Said(body={}, headers=of(content_length="2"))],
        [Said(body={}, headers=of(content_length="3"))],
    ),
    "http.no-body": ([Said(status=204), Said("HEAD /things/a")], [Said(status=204, body=b"x")]),
    "http.no-length-of-nothing": ([Said(status=204)], [Said(status=204, headers=of(content_length="0"))]),
    "http.field-syntax": ([Said(headers=of(x_a="b"))], [Said(headers=(("x a", "b"),))]),
    "http.fields-once": ([Said(headers=JSON)], [Said(headers=of(content_type="text/plain"))]),
    "http.status-code": ([Said(), Said(status=599)], [Said(status=600)]),
    "http.authenticate-on-401": ([Said(status=401, headers=of(www_authenticate="Bearer"))], [Said(status=401)]),
    "http.allow-on-405": ([Said(status=405, headers=of(allow=""))], [Said(status=405)]),
    "http.allow-without-refused": (
        [Said(status=405, headers=of(allow="POST, PUT"))],
        [Said(status=405, headers=of(allow="POST, GET"))],
    ),
    "http.location-on-redirect": ([Said(status=302, headers=of(location="/x"))], [Said(status=308)]),
    "http.not-modified-on-condition": (
        [Said(status=304, sent=of(if_none_match='"x"')), Said(sent=of(if_none_match='"x"'))],
        [Said(status=304)],
    ),
    "http.partial-content": (
        [Said(status=206, sent=of(range="bytes=0-1"), headers=of(content_range="bytes 0-1/5"), body=b"ab")],
        [Said(status=206, sent=of(range="bytes=0-1"), body=b"ab")],
    ),
    "http.date-form": ([Said()], [Said(headers=of(last_modified="1994-11-06T08:49:37Z"))]),
    "http.date-present": ([Said()], [Said(typed=())]),
    "http.content-type-present": ([Said(body={})], [Said(body={}, typed=JSON[1:])]),
    "http.content-type-form": ([Said()], [Said(typed=of(content_type="json"))]),
    "http.retry-after-form": (
        [Said(headers=of(retry_after="5")), Said(headers=of(retry_after="Sun, 06 Nov 1994 08:49:37 GMT"))],
        [Said(headers=of(retry_after="1.5"))],
    ),
    "http.allow-form": ([Said(headers=of(allow="GET, HEAD,PUT"))], [Said(headers=of(allow="GET HEAD"))]),
    "http.authenticate-form": (
        [
            Said(headers=of(www_authenticate='Basic realm="a, b", Bearer')),
            Said(headers=of(www_authenticate='Digest realm="a", qop="auth, auth-int", Negotiate abc==')),
        ],
        [Said(headers=of(www_authenticate='realm="api"'))],
    ),
    "http.etag-form": ([Said(headers=of(etag='W/"a"'))], [Said(headers=of(etag="a"))]),
    "http.location-form": ([Said(headers=of(location="../a?b=%20#c"))], [Said(headers=of(location="/a b"))]),
    "http.link-form": ([Said(headers=of(link='</a>; rel="next"'))], [Said(headers=of(link='/a; rel="next"'))]),
    "http.sunset-form": ([Said(headers=of(sunset=JSON[1][1]))], [Said(headers=of(sunset="2026-01-01"))]),
    "http.deprecation-form": (
        [Said(headers=of(deprecation="@1688169599")), Said(headers=of(deprecation="true"))],
        [Said(headers=of(deprecation="yes"))],
    ),
    "http.json-well-formed": ([Said(body={})], [Said(body=b'{"a": 1,}')]),
    "http.json-unique-names": ([Said(body={"a": 1})], [Said(body=b'{"a": {"b": 1, "b": 2}}')]),
    "http.json-number-range": ([Said(body={"a": 2**53 - 1})], [Said(body={"a": [2**53]})]),
    "http.json-present": ([Said(body={})], [Said(status=404)]),
    "http.problem-members": (
        [Said(status=404, typed=PROBLEM, body={"title": "no", "status": 404})],
        [Said(status=404, typed=PROBLEM, body={"title": 1})],
    ),
    "http.problem-status": (
        [Said(status=404, typed=PROBLEM, body={"status": 404})],
        [Said(status=404, typed=PROBLEM, body={"status": 400})],
    ),
    "http.authentication-enforced": ([NOBODY, Said()], [evolve(NOBODY, status=200)]),
    "http.ids-once": ([Said("GET /v2/plans", body=PLANS)], [Said("GET /v2/plans", body=TWICE)]),
    "http.created-readable": ([CREATED, Said(body={"id": "a"})], [CREATED, Said(status=404)]),
    "http.deleted-gone": ([Said(), DELETED, Said(status=404)], [Said(), DELETED, Said()]),
    "http.documented-success": ([Said(), Said(status=204)], [Said(status=202)]),
    "http.documented-refusal": ([Said(status=418)], [Said("GET /open", 302), Said("POST /things", 422)]),
    "http.documented-media-type": (
        [Said(body={}), Said(typed=of(content_type="text/csv"), body=b"x"), Said(typed=PROBLEM, body={})],
        [Said(typed=of(content_type="image/png"), body=b"x")],
    ),
    "http.documented-no-content": ([Said("DELETE /things/a", 204)], [Said("DELETE /things/a", 204, {})]),
    "http.documented-body": ([Said(body={"id": "a"})], [Said(body={"state": "on"})]),
    "http.documented-values": ([Said(body={"id": "a", "state": "on"})], [Said(body={"id": "a", "state": "new"})]),
    "http.documented-formats": (
        [Said(body={"id": "a", "made": "2026-01-01T00:00:00Z"})],
        [Said(body={"id": "a", "made": "2026-01-01"})],
    ),
    "http.documented-fields": ([Said(headers=LIMITED)], [Said()]),
    "http.documented-field-types": ([Said(headers=LIMITED)], [Said(headers=of(x_limit="many"))]),
}

RECORDS = [record for record in base_requirements("vultr", published=True) if bindings(record)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.slug)
def test_a_base_requirement_holds_and_breaks(record: Any) -> None:
    holding, breaking = CASES[record.rule]
    assert set(outcomes(record.rule, holding)) == {Outcome.HELD}
    assert outcomes(record.rule, breaking)[-1] is Outcome.VIOLATED
    assert Outcome.VIOLATED not in outcomes(record.rule, breaking[:-1])


def test_no_case_is_of_a_requirement_that_is_gone() -> None:
    assert set(CASES) == {record.rule for record in RECORDS}


# What says nothing, or is a freedom: rule → exchanges that neither hold nor break it.
RECORDED = Said(source="a.yaml#1", typed=JSON[:1])
SILENT: list[tuple[str, Said]] = [
    ("http.content-length", Said(body={}, headers=of(content_length="9", content_encoding="gzip"))),
    ("http.content-length", Said("HEAD /things/a", headers=LONG[9])),
    ("http.content-length", Said(headers=LONG[9], unread="the body is not stored")),
    ("http.content-length", Said(body={"a": "__redacted_name__"}, headers=LONG[9])),
    ("http.content-length", Said(body={"api_key": 0}, headers=LONG[99])),
    ("http.content-length", evolve(RECORDED, body={"name": "cleaned"}, headers=LONG[99])),
    ("http.content-length", evolve(RECORDED, body=b"[1", typed=of(content_type="text/plain"), headers=LONG[9])),
    ("http.no-body", Said(status=304, body=b"kept", source="a.har#1")),
    ("http.date-present", RECORDED),
    ("http.date-present", Said(status=503, typed=())),
    ("http.allow-on-405", evolve(RECORDED, status=405)),
    ("http.authenticate-on-401", evolve(RECORDED, status=401)),
    ("http.documented-fields", RECORDED),
    ("http.content-type-present", Said(typed=(), body=b"x", source="a.yaml#1")),
    ("http.not-modified-on-condition", evolve(RECORDED, status=304)),
    ("http.json-well-formed", Said(typed=of(content_type="application/stream+json"), body=b"{}\n{}")),
    ("http.json-well-formed", Said(typed=of(content_type="text/plain"), body=b"{")),
    ("http.json-well-formed", Said(body=b"{", fault="it breaks off")),
    ("http.json-unique-names", Said(body=[1])),
    ("http.json-unique-names", Said(body=["12:30"])),
    ("http.json-present", Said("HEAD /things/a")),
    ("http.authentication-enforced", Said("GET /open", sent=(), negative=True)),
    ("http.authentication-enforced", evolve(NOBODY, negative=False, status=200)),
    ("http.authentication-enforced", NOBODY),
    ("http.deleted-gone", Said(status=404)),
    ("http.documented-success", Said("GET /elsewhere", 299)),
    ("http.documented-refusal", Said("POST /things", 429)),
    ("http.documented-refusal", Said("POST /things", 503)),
    ("http.documented-media-type", Said(status=418, typed=of(content_type="text/html"), body=b"x")),
    ("http.documented-media-type", Said(status=503, typed=of(content_type="text/html"), body=b"x")),
    ("http.documented-media-type", Said(typed=(), body=b"x")),
    ("http.documented-body", Said(status=404, body={"any": 1})),
    ("http.documented-body", Said(typed=of(content_type="text/plain"), body=b"{}")),
    ("http.documented-body", Said(body=b"{")),
    ("http.documented-values", Said(body={"id": "a"})),
    ("http.documented-formats", Said(body={"id": "a"})),
    ("http.documented-formats", Said(body={"made": "soon"})),
]


@pytest.mark.parametrize(("rule", "said"), SILENT)
def test_what_shows_nothing_is_neither_held_nor_broken(rule: str, said: Said) -> None:
    assert outcomes(rule, [said]) == []


def test_of_a_redacted_value_the_type_alone_counts() -> None:
    hidden = Said(body={"id": "a", "secret": "__redacted_name__"})
    assert outcomes("http.documented-body", [hidden]) == [Outcome.HELD]
    assert Outcome.VIOLATED not in outcomes("http.documented-values", [hidden])
    assert Outcome.VIOLATED not in outcomes("http.documented-formats", [hidden])


def test_an_unknown_value_in_one_of_several_branches_is_one_of_a_closed_set() -> None:
    body = {"id": "a", "owner": {"role": "c"}}
    assert outcomes("http.documented-body", [Said(body=body)]) == [Outcome.HELD]
    assert outcomes("http.documented-values", [Said(body=body)]) == [Outcome.VIOLATED]
    assert outcomes("http.documented-body", [Said(body={"id": "a", "owner": 3})]) == [Outcome.VIOLATED]


def test_a_body_that_is_cut_short_is_told_of_recordings_too() -> None:
    cut = evolve(RECORDED, body=b'{"id": "a', headers=LONG[99])
    assert outcomes("http.content-length", [cut]) == [Outcome.VIOLATED]


def test_a_secret_that_is_taken_out_leaves_other_lengths_to_be_told() -> None:
    assert outcomes("http.content-length", [Said(body={"a": 0}, headers=LONG[9])]) == [Outcome.VIOLATED]
    assert outcomes("http.content-length", [Said(headers=of(content_length="2, 3"))]) == [Outcome.VIOLATED]


@pytest.mark.parametrize(
    ("content", "media_type", "found"),
    [
        ({"application/json": {}}, "application/json", "application/json"),
        ({"Application/JSON; charset=utf-8": {}}, "application/json", "Application/JSON; charset=utf-8"),
        ({"application/*": {}}, "application/json", "application/*"),
        ({"*/*": {}, "application/json": {}}, "application/json", "application/json"),
        ({"application/hal+json": {}}, "application/json", "application/hal+json"),
        ({"application/json": {}}, "application/vnd.api+json", "application/json"),
        ({"application/json": {}}, "text/html", None),
        ({"text/plain": {}}, "application/json", None),
    ],
)
def test_a_media_type_is_found_among_those_documented(content: Any, media_type: str, found: str | None) -> None:
    assert media_type_in(content, media_type) == found
