"""Documents that are bent anywhere: they are read, every operation that is left is found, and nothing crashes."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.contract import Validator, dereferenced
from conformance.contract.documents import Document
from conformance.contract.published import alone
from conformance.contract.templates import query_of

THING = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer", "minimum": 1, "exclusiveMinimum": True, "readOnly": True},
        "name": {"type": "string", "nullable": True, "pattern": "^[a-z-]+$", "enum": ["a", "b"]},
        "parent": {"$ref": "#/components/schemas/Thing"},
        "parts": {"type": "array", "items": {"oneOf": [{"$ref": "#/components/schemas/Part"}, {"type": "string"}]}},
    },
    "additionalProperties": False,
}
PART = {
    "allOf": [{"$ref": "#/components/schemas/Thing"}, {"properties": {"size": {"type": "number"}}}],
    "not": {"required": ["other"]},
}
PARAMETERS = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 9}}]
ANSWERS = {
    "200": {
        "description": "good",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
        "headers": {"X-Count": {"schema": {"type": "integer"}}},
    },
    "default": {"$ref": "#/components/responses/Bad"},
}
BODY = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Part"}, "example": {"id": 1}}}}
WHOLE: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Acme"},
    "servers": [{"url": "https://{host}/v1", "variables": {"host": {"default": "api.acme.com", "enum": ["a", "b"]}}}],
    "security": [{"key": []}],
    "paths": {
        "/things": {"get": {"responses": ANSWERS}, "post": {"requestBody": BODY, "responses": ANSWERS}},
        "/things/{id}": {"parameters": PARAMETERS, "get": {"responses": ANSWERS}, "delete": {"responses": {"204": {}}}},
        "/things/{id}:scale?now=true": {"post": {"responses": ANSWERS}},
    },
    "components": {
        "schemas": {"Thing": THING, "Part": PART},
        "responses": {"Bad": {"content": {"*/*": {"schema": {"$ref": "#/components/schemas/Part"}}}}},
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    },
}
OLD: dict[str, Any] = {
    "swagger": "2.0",
    "host": "api.acme.com",
    "basePath": "/v1",
    "produces": ["application/json"],
    "paths": {
        "/things/{id}": {
            "get": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "type": "string"},
                    {
                        "name": "ids",
                        "in": "query",
                        "type": "array",
                        "items": {"type": "int"},
                        "collectionFormat": "csv",
                    },
                ],
                "responses": {"200": {"schema": {"$ref": "#/definitions/Thing"}, "headers": {"X": {"type": "int"}}}},
            },
            "put": {
                "consumes": ["application/json"],
                "parameters": [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Thing"}}],
                "responses": {"default": {"schema": {"type": "file"}}},
            },
            "post": {"parameters": [{"name": "f", "in": "formData", "type": "file"}], "responses": {}},
        },
    },
    "definitions": {"Thing": {**THING, "properties": {**THING["properties"], "parent": {"x-nullable": True}}}},  # type: ignore[dict-item]
}

ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(
            None,
            True,
            False,
            0,
            -1,
            3.5,
            10**30,
            "",
            "text",
            "true",
            "object",
            "\ud800",
            "/",
            "#",
            "#/",
            "{",
            "}",
            "{}",
        ),
        *([], {}, [[]], [{}], [None], {"": {}}, {"$ref": 7}, {"$ref": ""}, {"$ref": "#"}, {"$ref": "#/paths"}),
        *({"$ref": "#/components/schemas/Thing"}, {"$ref": "#/components/schemas/Part/allOf/0"}, {"$ref": "x.json#/a"}),
        *({"$ref": "#/components/schemas"}, {"type": ["null"]}, {"not": {"$ref": "#/components/schemas/Part"}}),
        *({"allOf": [{"$ref": "#/components/schemas/Part"}]}, {"properties": {"$ref": {"type": "string"}}}),
        *({"$id": "urn:x", "$anchor": "a"}, {"$schema": "http://json-schema.org/draft-04/schema#"}, {"$ref": "#a"}),
    ]
)
NAMES = st.sampled_from(["$ref", "", "type", "allOf", "/a/{b}{c}", "x", "items"])
VALUES: tuple[Any, ...] = ({"id": 1, "name": None, "parts": ["a"]}, {"id": "x"}, [], None, 1.5, "text")


def places(node: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document, but for what makes it one."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [
        *([place] if place and place not in (("openapi",), ("swagger",), ("paths",)) else []),
        *(each for key, value in inner for each in places(value, (*place, key))),
    ]


@st.composite
def bent(draw: st.DrawFn) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(draw(st.sampled_from([WHOLE, OLD])))
    if "openapi" in document:
        document["openapi"] = draw(st.sampled_from(["3.0.3", "3.1.0"]))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from(places(document)))
        holder: Any = document
        for step in place[:-1]:
            holder = holder[step]
        what = draw(st.sampled_from(["change", "remove", "rename"]))
        if what == "change" or isinstance(holder, list):
            holder[place[-1]] = copy.deepcopy(draw(ODD))
        elif what == "remove":
            del holder[place[-1]]
        else:
            holder[draw(st.sampled_from(["$ref", "", "type", "allOf", "/a/{b}{c}", "x", "items"]))] = holder.pop(
                place[-1]
            )
    return document


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bent())
def test_whatever_is_bent_the_rest_is_read(document: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "acme.json"
        path.write_text(json.dumps(document), "utf-8")
        contract = alone(Document.read(path), "acme")
    ids = [operation.id for operation in contract.operations]
    assert len(ids) == len(set(ids))
    for operation in contract.operations:
        values = dict.fromkeys(operation.path_parameters, "a/b")
        query = {name: value or "" for name, value in query_of(operation.path).items()}
        found = contract.router.find(operation.method, operation.expand(values), query.items())
        # A template may hold another one's path: `/things` and `/{id}`.
        assert found is not None
        schemas = [schema for answer in operation.answers.values() for schema in answer.content.values()]
        schemas += [header.get("schema") for answer in operation.answers.values() for header in answer.headers.values()]
        schemas += [*operation.body.values(), *(parameter.get("schema") for parameter in operation.parameters)]
        for schema in schemas:
            if schema is not None:
                validator = Validator.of(schema)
                assert isinstance(dereferenced(schema, schema), dict)
                for value in VALUES:
                    validator.errors(value)
        assert operation.authorized in ("required", "optional", "none")
        _ = operation.request_schema, operation.sample, operation.promised(200), operation.answer(404)
    for name in contract.components:
        Validator.of(contract.component(name))
    assert all(each.pointer and each.reason for each in contract.unchecked)
    assert contract.hosts is not None
