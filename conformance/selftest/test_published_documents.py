"""Published documents: their operations, parameters, answers, servers and security, with all their defects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.contract import Operation
from conformance.contract.documents import Document
from conformance.contract.documents.servers import base_urls
from conformance.contract.published import alone
from conformance.selftest.published import answering, published

GOOD = {"responses": {"200": {"description": "good"}}}


def only(document: Document) -> Operation:
    (operation,) = document.operations
    return operation


def losses(document: Document) -> list[str]:
    return [f"{each.pointer}: {each.reason}" for each in document.unchecked if each.kind == "loss"]


# Operations


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/a/{id", "braces do not close"),
        ("/a/{}", "has no name"),
    ],
)
def test_a_path_that_is_no_template_is_left_out_alone(tmp_path: Path, path: str, told: str) -> None:
    document = published(tmp_path, {path: {"get": GOOD}, "/b": {"get": GOOD}})
    assert only(document).path == "/b"
    assert told in losses(document)[0]


def test_of_templates_that_collide_the_first_stands(tmp_path: Path) -> None:
    paths = {"/a/{id}": {"get": GOOD}, "/a/{name}": {"get": GOOD, "delete": GOOD}, "/a/{x}/": {"get": GOOD}}
    document = published(tmp_path, paths)
    assert [each.id for each in document.operations] == ["GET /a/{id}", "DELETE /a/{name}"]
    assert [line.split(":")[0] for line in losses(document) if "cannot be told" in line] == [
        "#/paths/~1a~1{name}/get",
        "#/paths/~1a~1{x}~1/get",
    ]


@pytest.mark.parametrize("item", [None, [], "get", {"get": []}, {"get": None}, {"$ref": "#/none"}, {"trace": GOOD}])
def test_an_operation_that_is_none_is_left_out_alone(tmp_path: Path, item: Any) -> None:
    document = published(tmp_path, {"/a": item, "/b": {"get": GOOD}})
    assert only(document).path == "/b"
    assert losses(document)


def test_a_path_without_its_slash_has_one(tmp_path: Path) -> None:
    assert only(published(tmp_path, {"a/b": {"GET": GOOD}})).id == "GET /a/b"


def test_parameters_of_the_operation_stand_in_place_of_those_of_the_path(tmp_path: Path) -> None:
    def named(kind: str) -> dict[str, Any]:
        return {"name": "q", "in": "query", "schema": {"type": kind}}

    item = {"parameters": [named("string")], "get": {**GOOD, "parameters": [named("integer")]}}
    (parameter,) = only(published(tmp_path, {"/a": item})).parameters
    assert parameter["schema"] == {"type": "integer"}


def test_what_a_template_has_and_nobody_declares_is_any_text(tmp_path: Path) -> None:
    declared = [{"name": "other", "in": "path", "required": True}, {"name": "id"}, {"$ref": "#/none"}, 7]
    document = published(tmp_path, {"/a/{id}": {"get": {**GOOD, "parameters": declared}}})
    (parameter,) = only(document).parameters
    assert dict(parameter) == {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    assert len(losses(document)) == 4


def test_parameters_of_20_have_schemas(tmp_path: Path) -> None:
    query = {"name": "ids", "in": "query", "type": "array", "items": {"type": "long"}, "collectionFormat": "pipes"}
    path = {"name": "id", "in": "path", "type": "string", "pattern": "^a", "x-example": "abc"}
    operation = only(published(tmp_path, {"/a/{id}": {"get": {**GOOD, "parameters": [query, path]}}}, "2.0"))
    first, second = operation.parameters
    assert first["schema"] == {"type": "array", "items": {"type": "integer"}}
    assert first["style"] == "pipeDelimited"
    assert second["required"] is True
    assert operation.examples == {"id": ("abc",)}
    assert not operation.admits({"id": "b"})


def test_bodies_and_forms_of_20_are_bodies(tmp_path: Path) -> None:
    body = {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/Thing"}}
    fields = [
        {"name": "a", "in": "formData", "type": "file", "required": True},
        {"name": "b", "in": "formData", "type": "int"},
    ]
    paths = {"/a": {"post": {**GOOD, "parameters": [body]}, "put": {**GOOD, "parameters": fields}}}
    document = published(tmp_path, paths, "2.0", definitions={"Thing": {"type": "object"}})
    post, put = document.operations
    assert post.request_schema is not None
    assert dict(put.body) == {
        "multipart/form-data": {
            "type": "object",
            "properties": {"a": {}, "b": {"type": "integer"}},
            "required": ["a"],
        }
    }
    assert put.request_schema is None
    assert put.parameters == ()


def test_answers_have_every_media_type_and_header(tmp_path: Path) -> None:
    responses = {
        "200": {
            "content": {"application/json": {"schema": {"type": "object"}}, "text/csv": {}},
            "headers": {"X-Count": {"schema": {"type": "int"}, "required": True}, "X-Bad": {"$ref": "#/none"}},
        },
        "4xx": {"$ref": "#/components/responses/Bad"},
        "default": {"description": "else"},
        "2**": {},
    }
    document = published(tmp_path, {"/a": {"get": {"responses": responses}}}, components={"responses": {"Bad": {}}})
    operation = only(document)
    good, bad, other = operation.answer(200), operation.answer(404), operation.answer(500)
    assert good is not None
    assert dict(good.content) == {"application/json": {"type": "object"}, "text/csv": None}
    assert dict(good.headers["x-count"]) == {"required": True, "schema": {"type": "integer"}}
    assert dict(good.headers["x-bad"]) == {}
    assert (bad, other) == (operation.answers["4XX"], operation.answers["default"])
    assert any("'2**' is no status" in line for line in losses(document))


def test_answers_of_20_have_the_media_types_that_are_produced(tmp_path: Path) -> None:
    paths = {
        "/a": {"get": answering({"type": "object"}, "2.0")},
        "/b": {"get": {**answering({"type": "object"}, "2.0"), "produces": ["text/plain"]}},
        "/c": {"get": answering({"type": "file"}, "2.0")},
        "/d": {"get": GOOD},
    }
    found = [dict(each.answers["200"].content) for each in published(tmp_path, paths, "2.0").operations]
    assert found == [
        {"application/json": {"type": "object"}},
        {"text/plain": {"type": "object"}},
        {"application/json": None},
        {},
    ]


@pytest.mark.parametrize(
    ("responses", "success", "told"),
    [
        ({"200": {}, "201": {}}, (200, 201), None),
        ({"2XX": {}}, tuple(range(200, 300)), None),
        ({"default": {}}, tuple(range(200, 300)), None),
        ({"404": {}}, tuple(range(200, 300)), "no success is described"),
        ({}, tuple(range(200, 300)), "no answer is described"),
        (None, tuple(range(200, 300)), "no answer is described"),
        ([], tuple(range(200, 300)), "no answer is described"),
    ],
)
def test_a_success_that_is_not_described_is_free(
    tmp_path: Path, responses: Any, success: tuple[int, ...], told: str | None
) -> None:
    document = published(tmp_path, {"/a": {"get": {"responses": responses}}})
    assert only(document).success == success
    assert told is None or told in losses(document)[0]


@pytest.mark.parametrize(
    ("own", "whole", "expected"),
    [
        (None, None, "none"),
        (None, [{"key": []}], "required"),
        ([], [{"key": []}], "none"),
        ([{"key": []}, {}], None, "optional"),
        ("key", [{"key": []}], "none"),
    ],
)
def test_security_says_who_may_call(tmp_path: Path, own: Any, whole: Any, expected: str) -> None:
    entry = GOOD if own is None else {**GOOD, "security": own}
    members = {} if whole is None else {"security": whole}
    assert only(published(tmp_path, {"/a": {"get": entry}}, **members)).authorized == expected


@pytest.mark.parametrize(
    ("schema", "items", "identity"),
    [
        ({"type": "array", "items": {"properties": {"id": {}}}}, "", ("id",)),
        ({"properties": {"things": {"type": "array", "items": {"properties": {"uuid": {}}}}}}, "/things", ("uuid",)),
        (
            {"allOf": [{"properties": {"a/b": {"type": "array", "items": {"properties": {"id": {}}}}}}]},
            "/a~1b",
            ("id",),
        ),
    ],
)
def test_what_plainly_answers_a_list_is_a_collection(
    tmp_path: Path, schema: Any, items: str, identity: tuple[str, ...]
) -> None:
    collection = only(published(tmp_path, {"/a": {"get": answering(schema)}})).listing
    assert (collection.items, collection.id, collection.paged) == (items, identity, False)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "array", "items": {"properties": {"colour": {}}}},
        {"properties": {name: {"type": "array", "items": {"properties": {"id": {}}}} for name in "ab"}},
        {"type": "object"},
        True,
    ],
)
def test_what_does_not_is_none(tmp_path: Path, schema: Any) -> None:
    assert only(published(tmp_path, {"/a": {"get": answering(schema)}})).collection is None


# Servers


def serving(url: str, **variables: Any) -> dict[str, Any]:
    return {"openapi": "3.0.0", "servers": [{"url": url, "variables": variables}]}


@pytest.mark.parametrize(
    ("root", "urls"),
    [
        ({"swagger": "2.0"}, ("/",)),
        ({"swagger": "2.0", "basePath": "/v1/"}, ("/v1",)),
        ({"swagger": "2.0", "host": "a.com", "basePath": "v1"}, ("https://a.com/v1",)),
        ({"swagger": "2.0", "host": "a.com", "schemes": ["http", "https", "wss"]}, ("https://a.com", "http://a.com")),
        ({"swagger": "2.0", "host": "https://{x}.a.com/"}, ("https://*.a.com",)),
        ({"swagger": "2.0", "host": "a.com", "basePath": "/{v}"}, ("https://a.com/*",)),
        ({"openapi": "3.0.0"}, ()),
        ({"openapi": "3.0.0", "servers": [{"url": "api.a.com/v1"}]}, ("https://api.a.com/v1",)),
        ({"openapi": "3.0.0", "servers": [{"url": "//a.com"}]}, ("https://a.com",)),
        ({"openapi": "3.0.0", "servers": [{"url": "api/v1.0"}]}, ("api/v1.0",)),
        ({"openapi": "3.0.0", "servers": "a"}, ()),
        ({"openapi": "3.0.0", "servers": [{"url": "/api/v1"}, {}, 7]}, ("/api/v1",)),
        (serving("https://{host}/{v}", v={"default": "v1"}), ("https://*/v1", "https://*/*")),
        (serving("https://a.com/{v}", v={"default": "2", "enum": ["1", "2"]}), ("https://a.com/2", "https://a.com/1")),
    ],
)
def test_base_urls_have_their_variables_filled_in(root: dict[str, Any], urls: tuple[str, ...]) -> None:
    assert base_urls(root) == urls


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://api.acme.com/v1", ("api.acme.com",)),
        ("https://{region}.acme.com", ("*.acme.com",)),
        ("/v1", ()),
        ("https://example.com", ()),
        ("https://{host}/v1", ()),
        ("http://localhost:8080", ()),
    ],
)
def test_a_host_that_stands_for_another_is_none(tmp_path: Path, url: str, hosts: tuple[str, ...]) -> None:
    document = published(tmp_path, {"/a": {"get": GOOD}}, servers=[{"url": url}])
    assert alone(document, "acme").hosts == hosts


@pytest.mark.parametrize(
    ("schemes", "expected"),
    [
        ({"a": {"type": "http", "scheme": "bearer"}}, ("Authorization", None, "Bearer")),
        ({"a": {"type": "http", "scheme": "basic"}}, ("Authorization", None, "Basic")),
        ({"a": {"type": "apiKey", "in": "header", "name": "X-Key"}}, ("X-Key", None, "")),
        ({"a": {"type": "apiKey", "in": "query", "name": "key"}}, ("Authorization", "key", "")),
        ({"a": {"type": "oauth2"}}, ("Authorization", None, "Bearer")),
        ({"a": 7, "b": {"type": "apiKey", "in": "cookie", "name": "c"}}, ("Authorization", None, "")),
        ([], ("Authorization", None, "")),
    ],
)
def test_a_document_says_what_carries_a_credential(
    tmp_path: Path, schemes: Any, expected: tuple[str, str | None, str]
) -> None:
    document = published(tmp_path, {"/a": {"get": GOOD}}, components={"securitySchemes": schemes})
    auth = alone(document, "acme").conventions.auth
    assert (auth.header, auth.parameter, auth.scheme) == expected
