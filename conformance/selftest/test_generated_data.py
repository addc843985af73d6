"""Generated data of any document's operations: what is sent, what counts as wrong, and which servers are accused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import Contract
from conformance.contract.conventions import Conventions
from conformance.contract.documents import Document
from conformance.contract.published import alone
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.properties.cases import draw
from conformance.properties.data import at_random, bodies, is_lenient, is_plainly_wrong, positive, queries
from conformance.properties.results import Result
from conformance.selftest.servers import Asked, raw_server, reply, url_target
from conformance.suite.http import test_data as suite

LIMIT = {"type": "integer", "minimum": 1, "maximum": 100}
THING = {
    "type": "object",
    "required": ["name", "size"],
    "properties": {
        "name": {"type": "string", "maxLength": 60},
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Acme", "version": "1"},
    "servers": [{"url": "https://api.acme.example"}],
    "paths": {
        "/things": {
            "get": {
                "parameters": [
                    {"name": "region", "in": "query", "required": True, "schema": {"type": "string"}, "example": "eu"},
                    {"name": "limit", "in": "query", "schema": {**LIMIT, "exclusiveMinimum": False}},
                    {"name": "state", "in": "query", "schema": {"type": "string", "enum": ["on", "off"]}},
                    {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
                    {"name": "broken", "in": "query", "schema": {"$ref": "#/components/schemas/Nowhere"}},
                ],
                "responses": {
                    "200": {
                        "description": "things",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "things": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
                                    },
                                }
                            }
                        },
                    }
                },
            },
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/Thing"},
                            "example": {"name": "mine", "size": 2},
                        }
                    }
                },
                "responses": {"201": {"description": "made"}},
            },
        },
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {"description": "a thing"}}},
            "delete": {"responses": {"204": {"description": "gone"}}},
        },
        "/reboots": {"post": {"responses": {"202": {"description": "it reboots"}}}},
    },
    "components": {"schemas": {"Thing": THING, "Part": {"type": "object", "properties": {"id": {"type": "integer"}}}}},
}
CONVENTIONS = {
    "name": "Acme",
    "base_url": "https://api.acme.example",
    "auth": {},
    "resources": [
        {
            "name": "thing",
            "create": "POST /things",
            "read": "GET /things/{id}",
            "delete": "DELETE /things/{id}",
            "parameter": "id",
            "object": "",
            "id": "id",
            "body": {"name": "{unique}", "size": 2},
        }
    ],
}


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(DOCUMENT))
    return alone(Document.read(path), "acme", Conventions.model_validate(CONVENTIONS))


Saying = Callable[[Asked, dict[str, str], Any], "tuple[str, Any] | None"]


class Acme:
    """A server that does as the document says; `other` may answer in its place, by what is wrong with a request."""

    def __init__(self, other: Callable[[str | None], str | None] = lambda _: None) -> None:
        self.other, self.things = other, dict[str, Any]()

    def __call__(self, asked: Asked) -> bytes:
        query = {name: values[0] for name, values in parse_qs(asked.query, keep_blank_values=True).items()}
        body = json.loads(asked.body) if asked.body else None
        wrong = self.wrong(asked, query, body)
        status = self.other(wrong) or ("422 Unprocessable" if wrong else None)
        if status is not None:
            return reply({"error": wrong}, status=status)
        identity = asked.path.rpartition("/")[2]
        if asked.path == "/things" and asked.method == "POST":
            made = {**(body or {}), "id": f"id-{len(self.things)}"}
            self.things[made["id"]] = made
            return reply(made, status="201 Created")
        if asked.path == "/things":
            return reply({"things": list(self.things.values()) + ([] if wrong == "state" else [{"id": "kept"}])})
        if identity not in self.things:
            return reply({"error": "there is none"}, status="404 Not Found")
        if asked.method == "DELETE":
            del self.things[identity]
            return reply(status="204 No Content")
        return reply(self.things[identity])

    def wrong(self, asked: Asked, query: dict[str, str], body: Any) -> str | None:
        if asked.method == "GET" and asked.path == "/things":
            if "region" not in query:
                return "no region"
            limit = query.get("limit", "1")
            if not limit.lstrip("+-").isdigit() or not 1 <= int(limit) <= 100:
                return "limit"
            if query.get("state", "on") not in ("on", "off"):
                return "state"
        if asked.method == "POST":
            sized = isinstance(body, dict) and type(body.get("size")) is int and 1 <= body["size"] <= 9
            named = isinstance(body, dict) and isinstance(body.get("name"), str) and len(body["name"]) <= 60
            parts = body.get("parts", []) if isinstance(body, dict) else []
            if not (sized and named and isinstance(parts, list) and all(isinstance(one, dict) for one in parts)):
                return "body"
            if any(type(part.get("id", 1)) is not int for part in parts):
                return "part"
        return None


@contextmanager
def run(contract: Contract, server: Acme, *, writes: bool = True) -> Iterator[Callable[[str, str], Result]]:
    with raw_server(server) as raw:
        capabilities = frozenset({"writes"}) if writes else frozenset[str]()
        target = url_target(raw.url, contract=contract, capabilities=capabilities, credentials={})
        running = Run(contract, target, examples=3, fresh_names=True)

        def result(rule: str, operation: str) -> Result:
            for function in vars(suite).values():
                for item in items_of(function, "test", contract) if hasattr(function, "__conformance__") else ():
                    if item.requirement.rule == f"http.{rule}" and item.operation == operation:
                        return running.run(item)
            raise AssertionError(f"there is no item for {rule} at {operation}")

        try:
            yield result
            running.finish()
        finally:
            target.close()
        assert running.leftovers == []
        assert server.things == {}


GET, POST, READ = "GET /things", "POST /things", "GET /things/{id}"


def test_a_server_that_does_as_it_says_is_accused_of_nothing(contract: Contract) -> None:
    with run(contract, Acme()) as result:
        came = [
            result("negative-query-refused", GET),
            result("negative-body-refused", POST),
            result("positive-data-no-failure", GET),
            result("positive-data-no-failure", POST),
            result("positive-data-no-failure", "DELETE /things/{id}"),
        ]
    assert [one.outcome for one in came] == [Outcome.HELD] * 5, [one.reason for one in came]
    assert all(one.held for one in came)


def test_a_server_that_looks_at_no_data_is_found(contract: Contract) -> None:
    class Lenient(Acme):
        def wrong(self, asked: Asked, query: dict[str, str], body: Any) -> str | None:
            return "body" if asked.method == "POST" and not isinstance(body, dict) else None

    with run(contract, Lenient()) as result:
        query, body = result("negative-query-refused", GET), result("negative-body-refused", POST)
    assert query.outcome is body.outcome is Outcome.VIOLATED
    assert "with wrong data (Missing `region` at query)" in str(query.reason) or "limit: " in str(query.reason)


def test_a_server_that_fails_for_wrong_data_is_found_and_one_that_fails_once_is_not(contract: Contract) -> None:
    failed: list[str] = []

    def once(wrong: str | None) -> str | None:
        if wrong == "limit" and not failed:
            failed.append(wrong)
            return "502 Bad Gateway"
        return None

    with run(contract, Acme(lambda wrong: "500 Oh No" if wrong == "limit" else None)) as result:
        assert result("negative-query-refused", GET).outcome is Outcome.VIOLATED
    with run(contract, Acme(once)) as result:
        assert result("negative-query-refused", GET).outcome is Outcome.HELD
    assert failed


def test_a_server_that_fails_for_what_is_allowed_is_found(contract: Contract) -> None:
    class Small(Acme):
        def wrong(self, asked: Asked, query: dict[str, str], body: Any) -> str | None:
            return "large" if query.get("limit") == "100" else super().wrong(asked, query, body)

    with run(contract, Small(lambda wrong: "500 Oh No" if wrong == "large" else None)) as result:
        found = result("positive-data-no-failure", GET)
    assert found.outcome is Outcome.VIOLATED
    assert "limit" in str(found.reason)


def test_refusals_say_nothing_where_right_data_are_refused_too(contract: Contract) -> None:
    with run(contract, Acme(lambda _: "400 No")) as result:
        assert result("negative-query-refused", GET).outcome is not Outcome.HELD
        assert result("negative-body-refused", POST).outcome is not Outcome.HELD


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "429 Too Many", "503 Later", "302 Found"])
def test_an_answer_of_another_reason_says_nothing(contract: Contract, status: str) -> None:
    with run(contract, Acme(lambda wrong: status if wrong else None)) as result:
        assert result("negative-query-refused", GET).outcome is Outcome.NOT_EXERCISED


def test_a_filter_by_what_nothing_has_may_select_nothing(contract: Contract) -> None:
    class Filtering(Acme):
        def __call__(self, asked: Asked) -> bytes:
            nothing = self.wrong(asked, {k: v[0] for k, v in parse_qs(asked.query).items()}, None) == "state"
            return reply({"things": []}) if nothing and asked.method == "GET" else super().__call__(asked)

    with run(contract, Filtering()) as result:
        assert result("negative-query-refused", GET).outcome is Outcome.HELD


def test_nothing_is_written_without_leave_or_where_it_could_not_be_undone(contract: Contract) -> None:
    with run(contract, Acme(), writes=False) as result:
        assert result("negative-body-refused", POST).outcome is Outcome.UNSUPPORTED
        assert result("positive-data-no-failure", POST).outcome is Outcome.UNSUPPORTED
    with run(contract, Acme()) as result:
        found = result("positive-data-no-failure", "POST /reboots")
    assert found.outcome is Outcome.UNSUPPORTED


def test_the_documents_own_data_come_first_and_each_case_says_what_it_is(contract: Contract) -> None:
    create, listing = contract.operation(POST), contract.operation(GET)
    assert bodies(create, "positive")[0] == {
        "mode": "positive",
        "mutation": "as the document shows it",
        "body": {"name": "mine", "size": 2},
    }
    assert queries(listing, "positive", {})[0]["query"] == [["region", "eu"]]
    assert queries(listing, "positive", {"region": ("us",)})[0]["query"] == [["region", "us"]]
    for data in (*queries(listing, "negative", {}), *bodies(create, "negative")):
        assert data["mode"] == "negative"
        assert data["mutation"]
    json.dumps([positive(operation, {}) for operation in contract.operations])


def test_one_thing_is_wrong_with_a_negative_query(contract: Contract) -> None:
    found = [data["query"] for data in queries(contract.operation(GET), "negative", {})]
    assert [] in found
    assert all(len(query) == 0 or [pair for pair in query if pair == ["region", "eu"]] for query in found)
    assert {pair[0] for query in found for pair in query} == {"region", "limit", "state"}


def test_data_at_random_are_the_same_each_time(contract: Contract) -> None:
    for operation in contract.operations:
        one, other = (draw({"data": at_random(operation, {})}, 4, operation.id) for _ in range(2))
        assert one == other
        assert 1 <= len(one) <= 4


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        ({"type": "integer"}, "AAA", True),
        ({"type": "integer"}, "0", False),
        ({"type": "integer"}, "0.5", False),
        ({"type": "integer"}, "1.0", False),
        ({"type": "integer"}, "true", True),
        ({"type": "integer"}, "", False),
        ({"type": "integer"}, "null", False),
        ({"type": "integer", "maximum": 5}, "6", True),
        ({"type": "string"}, "0", False),
        ({"type": "string", "maxLength": 2}, "abc", True),
        ({"type": "string", "enum": ["a"]}, "b", True),
        ({"type": "boolean"}, "1", False),
        ({"type": "boolean"}, "AAA", True),
        ({"type": ["integer", "null"]}, "AAA", True),
        ({"type": "array", "items": {"type": "integer"}}, "AAA", False),
        ({"anyOf": [{"type": "integer"}, {"type": "array"}]}, "AAA", False),
        ({"$ref": "#/components/schemas/x", "components": {"schemas": {"x": {"type": "integer"}}}}, "AAA", False),
        ({}, "AAA", False),
        ({"type": "number"}, "inf", False),
    ],
)
def test_a_text_is_wrong_only_where_no_reading_of_it_is_right(schema: Any, text: str, expected: bool) -> None:
    assert is_plainly_wrong(schema, text) is expected


@given(st.text(max_size=9))
def test_any_text_is_read_without_an_error(text: str) -> None:
    is_plainly_wrong({"type": "integer", "minimum": 2}, text)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"name": 5, "size": 1}, True),
        ({"name": "x", "size": "1"}, True),
        ({"name": "x", "size": None}, True),
        ({"name": "x", "size": True}, True),
        ({"name": "x", "size": "AAA"}, False),
        ({"name": "x", "size": {}}, False),
        ({"name": "x", "size": 100}, False),
        ({"name": "x"}, False),
        ({"name": "x", "size": 1, "more": 1}, True),
        ([], False),
        ("", True),
    ],
)
def test_a_value_in_another_form_alone_is_not_counted(wrong: Any, expected: bool) -> None:
    assert is_lenient(wrong, [{"name": "x", "size": 1}]) is expected
