"""Schemas of published documents, in every dialect and with every mistake, as JSON Schema 2020-12."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from conformance.contract import dereferenced, is_partial
from conformance.selftest.published import answering, judged, published, taking

REF = {"$ref": "#/components/schemas/Thing"}
THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}

# Version, schema, a value it lets pass, one it does not (None: none), and what is unchecked.
Case = tuple[str, Any, Any, Any, list[tuple[str, str]]]
NOTHING = object()

CASES: dict[str, Case] = {
    "nullable": ("3.0", {"type": "string", "nullable": True}, None, 1, []),
    "nullable without a type": ("3.0", {"nullable": True, "enum": ["a"]}, None, "b", [("repair", "/nullable")] * 2),
    "nullable beside a reference": ("3.0", {**REF, "nullable": True}, None, {}, [("repair", "/nullable")]),
    "nullable outside allOf": ("3.0", {"allOf": [REF], "nullable": True}, None, {}, [("repair", "/nullable")]),
    "nullable as a branch": ("3.0", {"allOf": [REF, {"nullable": True}]}, None, {}, [("repair", "/allOf/1")]),
    "nullable, and an enumeration without null": (
        *("3.0", {"type": "string", "nullable": True, "enum": ["a"]}, None, "b"),
        [("repair", "/nullable")],
    ),
    "nullable as a word": ("3.0", {"type": "string", "nullable": "yes"}, "a", None, [("loss", "/nullable")]),
    "nullable in 3.1": ("3.1", {"type": "string", "nullable": True}, None, 1, [("repair", "/nullable")]),
    "nullable in 2.0": ("2.0", {"type": "string", "nullable": True}, None, 1, [("repair", "/nullable")]),
    "x-nullable in 2.0": ("2.0", {"type": "string", "x-nullable": True}, None, 1, []),
    "null among the values": ("3.0", {"type": "string", "enum": ["a", None]}, None, "b", [("repair", "/enum")]),
    "types of 3.1": ("3.1", {"type": ["string", "null"]}, None, 1, []),
    "types in 3.0": ("3.0", {"type": ["string", "integer"]}, 1, None, [("repair", "/type")]),
    "types between bars": ("3.0", {"type": "string|null"}, None, 1, [("repair", "/type")]),
    "type float": ("3.0", {"type": "float"}, 1.5, "a", [("repair", "/type")]),
    "type long": ("2.0", {"type": "long"}, 1, 1.5, [("repair", "/type")]),
    "type Bool": ("2.0", {"type": "Bool"}, True, 1, [("repair", "/type")]),
    "type list": ("3.0", {"type": "list"}, [], {}, [("repair", "/type")]),
    "type dict": ("3.0", {"type": "dict"}, {}, [], [("repair", "/type")]),
    "type datetime": ("3.0", {"type": "datetime"}, "2020", 1, [("repair", "/type")]),
    "type any": ("3.0", {"type": "any"}, 1, NOTHING, [("repair", "/type")]),
    "type file": ("3.0", {"type": "file"}, 1, NOTHING, [("repair", "/type")]),
    "type none": ("3.0", {"type": "None"}, None, 1, [("repair", "/type")]),
    "type null in 2.0": ("2.0", {"type": None}, 1, NOTHING, []),
    "type nonsense": ("3.0", {"type": "thingy", "maxLength": 1}, "a", "ab", [("loss", "/type")]),
    "type a number": ("3.0", {"type": 7}, 1, NOTHING, [("loss", "/type")]),
    "exclusiveMinimum true": ("3.0", {"minimum": 1, "exclusiveMinimum": True}, 2, 1, []),
    "exclusiveMinimum true in 3.1": (
        *("3.1", {"minimum": 1, "exclusiveMinimum": True}, 2, 1),
        [("repair", "/exclusiveMinimum")],
    ),
    "exclusiveMinimum false in 3.1": (
        *("3.1", {"minimum": 1, "exclusiveMinimum": False}, 1, 0),
        [("repair", "/exclusiveMinimum")],
    ),
    "exclusiveMaximum true alone": ("3.0", {"exclusiveMaximum": True}, 1, NOTHING, [("loss", "/exclusiveMaximum")]),
    "exclusiveMinimum a number in 3.0": ("3.0", {"exclusiveMinimum": 1}, 2, 1, [("repair", "/exclusiveMinimum")]),
    "exclusiveMinimum a number in 3.1": ("3.1", {"exclusiveMinimum": 1}, 2, 1, []),
    "items a list": (
        *("3.0", {"items": [{"type": "string"}, {"type": "integer"}], "additionalItems": False}, ["a", 1]),
        *(["a", 1, 2], [("repair", "/items")]),
    ),
    "items an empty list": ("3.0", {"type": "array", "items": []}, [1], {}, [("loss", "/items")]),
    "required true": ("3.0", {"type": "string", "required": True}, "a", 1, [("loss", "/required")]),
    "required false": ("3.0", {"type": "string", "required": False}, "a", 1, [("repair", "/required")]),
    "required a name": ("3.0", {"required": "id"}, {"id": 1}, {}, [("repair", "/required")]),
    "required twice": ("3.0", {"required": ["id", "id", 1]}, {"id": 1}, {}, [("repair", "/required")]),
    "oneOf of nothing": ("3.0", {"oneOf": []}, 1, NOTHING, [("loss", "/oneOf")]),
    "anyOf of nothing": ("3.0", {"type": "string", "anyOf": []}, "a", 1, [("loss", "/anyOf")]),
    "allOf of nothing": ("3.0", {"type": "string", "allOf": []}, "a", 1, [("loss", "/allOf")]),
    "allOf an object": ("3.0", {"allOf": REF}, {"id": 1}, {}, [("repair", "/allOf")]),
    "enum of nothing": ("3.0", {"type": "string", "enum": []}, "a", 1, [("loss", "/enum")]),
    "enum no list": ("3.0", {"type": "string", "enum": "a"}, "b", 1, [("loss", "/enum")]),
    "enum of numbers for text": ("3.0", {"type": "string", "enum": [1, True]}, "true", "2", [("repair", "/enum")]),
    "enum of text for numbers": ("3.0", {"type": "integer", "enum": ["1"]}, 1, 2, [("repair", "/enum")]),
    "enum of other types": ("3.0", {"type": "integer", "enum": ["a"]}, 7, "a", [("loss", "/enum")]),
    "oneOf that overlaps": (
        *("3.0", {"oneOf": [REF, {"type": "object"}]}, {"id": 1}, []),
        [("repair", "/oneOf")],
    ),
    "oneOf that cannot": ("3.0", {"oneOf": [{"type": "string"}, {"type": "integer"}]}, 1, [], []),
    "oneOf and anyOf": (
        *("3.0", {"oneOf": [{"type": "string"}, {"type": "array"}], "anyOf": [{"maxLength": 1}, {"maxLength": 2}]}),
        *("ab", "abc", []),
    ),
    "$ref with siblings in 3.0": ("3.0", {**REF, "maxProperties": 0}, {"id": 1}, {}, [("loss", "")]),
    "$ref with siblings in 3.1": ("3.1", {**REF, "maxProperties": 1}, {"id": 1}, {"id": 1, "b": 2}, []),
    "$ref with a description": ("3.0", {**REF, "description": "the thing"}, {"id": 1}, {}, []),
    "$ref to nothing": (
        "3.0",
        {"properties": {"a": {"$ref": "#/nowhere"}}},
        {"a": 1},
        NOTHING,
        [("loss", "/properties/a/$ref")],
    ),
    "$ref to another host": ("3.0", {"$ref": "https://example.com/a.json"}, 1, NOTHING, [("loss", "/$ref")]),
    "$ref as a name": ("2.0", {"$ref": "Thing"}, {"id": 1}, {}, [("repair", "/$ref")]),
    "$ref as in another version": ("3.0", {"$ref": "#/definitions/Thing"}, {"id": 1}, {}, [("repair", "/$ref")]),
    "properties a list": ("3.0", {"type": "object", "properties": []}, {}, 1, [("repair", "/properties")]),
    "properties text": ("3.0", {"type": "object", "properties": "none"}, {}, 1, [("loss", "/properties")]),
    "a property that is no schema": (
        *("3.0", {"properties": {"a": "text", "b": {"type": "string"}}}, {"a": 1, "b": ""}, {"b": 1}),
        [("loss", "/properties/a")],
    ),
    "minLength text": ("3.0", {"minLength": "3"}, "abc", "ab", [("repair", "/minLength")]),
    "minLength below nothing": ("3.0", {"minLength": -1}, "", NOTHING, [("loss", "/minLength")]),
    "maximum text": ("3.0", {"maximum": "2.5"}, 2, 3, [("repair", "/maximum")]),
    "maximum nonsense": ("3.0", {"maximum": "many"}, 3, NOTHING, [("loss", "/maximum")]),
    "multipleOf nothing": ("3.0", {"multipleOf": 0}, 3, NOTHING, [("loss", "/multipleOf")]),
    "a range without values": ("3.0", {"minLength": 3, "maxLength": 2}, "", NOTHING, [("loss", "/minLength")]),
    "uniqueItems text": ("3.0", {"uniqueItems": "true"}, [1], [1, 1], [("repair", "/uniqueItems")]),
    "a pattern with look-around": ("3.0", {"pattern": "^(?!a)[a-z]+$"}, "b", "a", []),
    "a pattern between slashes": ("3.0", {"pattern": "/^[a-z]$/i"}, "A", "1", [("repair", "/pattern")]),
    "a pattern of Python": ("3.0", {"pattern": r"\A[a-z]\Z"}, "a", "ab", [("repair", "/pattern")]),
    "a pattern with a loose hyphen": ("3.0", {"pattern": r"^[\w-.]+$"}, "a-.", "a b", [("repair", "/pattern")]),
    "a pattern that is none": ("3.0", {"type": "string", "pattern": "["}, "a", 1, [("loss", "/pattern")]),
    "a pattern of a member that is none": (
        *("3.1", {"patternProperties": {"[": {"type": "string"}, "^a": {"type": "integer"}}}, {"[": 1}, {"a": ""}),
        [("loss", "/patternProperties/[")],
    ),
    "additionalProperties as text": (
        *("3.0", {"additionalProperties": "false"}, {}, {"a": 1}, [("repair", "/additionalProperties")]),
    ),
    "a format nobody knows": ("3.0", {"type": "string", "format": "zip-plus"}, "a", 1, [("loss", "/format")]),
    "a format everybody knows": ("3.0", {"type": "string", "format": "date-time"}, "a", 1, []),
    "const in 3.0": ("3.0", {"const": 1}, 1, 2, [("repair", "/const")]),
    "an example that is none": ("3.0", {"type": "string", "example": 7, "examples": {}, "default": []}, "a", 1, []),
    "not with a keyword that is lost": (
        "3.0",
        {"not": {"type": "string", "pattern": "["}},
        "a",
        NOTHING,
        [("loss", "/not")] * 2,
    ),
    "not": ("3.0", {"not": {"type": "string"}}, 1, "a", []),
    "if with a keyword that is lost": (
        *("3.1", {"if": {"minLength": "x"}, "then": {"type": "integer"}}, "a", NOTHING),
        [("loss", "/if"), ("loss", "/if/minLength")],
    ),
    "not a schema at all": ("3.0", "thing", 1, NOTHING, [("loss", "")]),
    "true": ("3.1", True, 1, NOTHING, []),
    "false": ("3.1", False, NOTHING, 1, []),
    "dependencies": ("3.0", {"dependencies": {"a": ["b"]}}, {"a": 1}, NOTHING, [("loss", "/dependencies")]),
}


@pytest.mark.parametrize(("version", "schema", "good", "bad", "unchecked"), CASES.values(), ids=CASES)
def test_what_is_plain_is_judged_and_what_is_not_is_named(
    tmp_path: Path, version: str, schema: Any, good: Any, bad: Any, unchecked: list[tuple[str, str]]
) -> None:
    found = judged(tmp_path, schema, version, Thing=THING)
    assert good is NOTHING or found.takes(good)
    assert bad is NOTHING or bad is None or not found.takes(bad)
    assert set(unchecked) <= set(found.unchecked)
    assert bool(found.unchecked) == bool(unchecked)


@pytest.mark.parametrize("schema", [{"minLength": "many"}, {"$ref": "#/nowhere"}, {"type": "thingy"}, {"oneOf": []}])
def test_a_schema_that_lost_a_keyword_at_its_root_is_no_evidence(tmp_path: Path, schema: Any) -> None:
    assert is_partial(judged(tmp_path, schema).schema)


def test_a_schema_that_lost_a_keyword_below_its_root_still_is(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"minLength": "many"}}}
    assert not is_partial(judged(tmp_path, schema).schema)


def test_a_component_that_lost_a_keyword_is_partial_by_its_name(tmp_path: Path) -> None:
    assert is_partial(judged(tmp_path, REF, Thing={"minLength": "many"}).schema)


@pytest.mark.parametrize("around", ["allOf", "anyOf", "oneOf"])
def test_a_schema_that_holds_itself_in_place_is_cut(tmp_path: Path, around: str) -> None:
    found = judged(tmp_path, REF, Thing={around: [REF, {"maxLength": 1}]})
    assert found.takes("a")
    assert ("loss", "#/components/schemas/Thing/" + around + "/0/$ref") in found.unchecked


def test_aliases_that_lead_round_are_cut(tmp_path: Path) -> None:
    one, two = {"$ref": "#/components/schemas/Two"}, {"$ref": "#/components/schemas/One"}
    found = judged(tmp_path, one, One=one, Two=two)
    assert found.takes(1)
    assert dereferenced(found.schema, found.schema).keys() <= {"x-unchecked"}
    assert [kind for kind, _ in found.unchecked] == ["loss"]


def test_a_tree_is_no_circle(tmp_path: Path) -> None:
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": REF}}}
    found = judged(tmp_path, REF, Thing=tree)
    assert found.takes({"children": [{"children": []}]})
    assert not found.takes({"children": [{"children": [1]}]})
    assert found.unchecked == []


def test_branches_of_allof_do_not_forbid_each_others_members(tmp_path: Path) -> None:
    closed = {"type": "object", "properties": {"id": {"type": "integer"}}, "additionalProperties": False}
    own = {"properties": {"name": {"type": "string"}}, "additionalProperties": False}
    found = judged(tmp_path, {"allOf": [REF, own]}, Thing=closed)
    assert found.takes({"id": 1, "name": ""})
    assert not found.takes({"id": "one"})
    assert [kind for kind, _ in found.unchecked] == ["repair", "repair"]


def test_a_closed_schema_stays_closed_elsewhere(tmp_path: Path) -> None:
    closed = {"type": "object", "properties": {"id": {}}, "additionalProperties": False}
    whole = {"properties": {"both": {"allOf": [REF, {"properties": {"a": {}}}]}, "one": REF, "alone": {"allOf": [REF]}}}
    found = judged(tmp_path, whole, Thing=closed)
    assert found.takes({"both": {"id": 1, "a": 1}, "one": {"id": 1}, "alone": {"id": 1}})
    assert not found.takes({"one": {"a": 1}})
    assert not found.takes({"alone": {"a": 1}})


def test_a_schema_closed_beside_its_branches_knows_their_members(tmp_path: Path) -> None:
    whole = {"allOf": [REF], "properties": {"name": {}}, "additionalProperties": False}
    found = judged(tmp_path, whole, Thing={"properties": {"id": {}}})
    assert found.takes({"id": 1, "name": 2})
    assert not found.takes({"other": 1})


WRITTEN: dict[str, Any] = {
    "type": "object",
    "required": ["id", "secret"],
    "properties": {"id": {"type": "integer", "readOnly": True}, "secret": {"type": "string", "writeOnly": True}},
}


def test_an_answer_need_not_have_what_is_only_sent(tmp_path: Path) -> None:
    found = judged(tmp_path, REF, Thing=WRITTEN)
    assert found.takes({"id": 1})
    assert not found.takes({"secret": ""})


def test_a_request_need_not_have_what_is_only_answered(tmp_path: Path) -> None:
    document = published(tmp_path, {"/things": {"post": taking(REF)}}, components={"schemas": {"Thing": WRITTEN}})
    schema = document.operations[0].request_schema
    assert schema is not None
    assert dereferenced(schema, schema)["required"] == ["secret"]


def test_what_is_only_sent_is_said_by_one_branch_and_required_by_another(tmp_path: Path) -> None:
    found = judged(tmp_path, {"allOf": [{"required": ["secret"]}, REF]}, Thing={"properties": WRITTEN["properties"]})
    assert found.takes({})


def test_only_what_a_schema_refers_to_comes_with_it(tmp_path: Path) -> None:
    schemas = {
        f"S{number}": {"properties": {"next": {"$ref": f"#/components/schemas/S{number + 1}"}}} for number in range(5)
    }
    found = judged(tmp_path, {"$ref": "#/components/schemas/S3"}, "3.0", **schemas, S5={"type": "integer"}, Other={})
    assert found.schema["components"]["schemas"].keys() == {"S4", "S5"}
    assert not found.takes({"next": {"next": "text"}})


def test_equal_names_in_two_places_are_two_schemas(tmp_path: Path) -> None:
    paths = {"/things": {"get": answering({"properties": {"a": {"$ref": "#/x-more/Thing"}, "b": REF}})}}
    document = published(
        tmp_path,
        paths,
        components={"schemas": {"Thing": {"type": "string"}}},
        **{"x-more": {"Thing": {"type": "integer"}}},
    )
    answer = document.operations[0].answer(200)
    assert answer is not None
    assert answer.schema is not None
    shapes = {name: dereferenced(answer.schema, part) for name, part in answer.schema["properties"].items()}
    assert shapes == {"a": {"type": "integer"}, "b": {"type": "string"}}


@pytest.mark.parametrize("name", ["a/b", "a b", "Foo<Bar>", "100%", "x~y", "ü", "."])
def test_names_of_any_kind_are_referred_to(tmp_path: Path, name: str) -> None:
    escaped = quote(name.replace("~", "~0").replace("/", "~1"), safe="~")
    found = judged(tmp_path, {"$ref": f"#/components/schemas/{escaped}"}, **{name: {"type": "integer"}})
    assert found.takes(1)
    assert not found.takes("")
    assert found.unchecked == []


def test_schemas_nested_beyond_measure_are_cut_and_named(tmp_path: Path) -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(150):
        schema = {"properties": {"a": schema}}
    found = judged(tmp_path, schema)
    assert found.takes({"a": {"a": {}}})
    assert [kind for kind, _ in found.unchecked] == ["loss"]


def test_a_chain_of_a_thousand_aliases_is_followed(tmp_path: Path) -> None:
    schemas: dict[str, Any] = {f"S{n}": {"$ref": f"#/components/schemas/S{n + 1}"} for n in range(300)}
    found = judged(tmp_path, {"$ref": "#/components/schemas/S0"}, "3.0", **schemas, S300={"type": "integer"})
    assert found.takes(1)
    assert not found.takes("")


def test_what_is_unchecked_is_told_in_one_order_whatever_was_met_first(tmp_path: Path) -> None:
    paths = {f"/{name}": {"get": answering({"type": "thingy", "minLength": "x"})} for name in "abc"}
    told = []
    for order in (1, -1):
        document = published(tmp_path, paths)
        for operation in document.operations[::order]:
            assert operation.answers["200"].schema is not None
        told.append(list(document.unchecked))
    assert told[0] == told[1]
    assert len(told[0]) == 6


def test_schemas_are_read_when_they_are_met(tmp_path: Path) -> None:
    document = published(tmp_path, {"/a": {"get": answering({"type": "thingy"})}})
    assert list(document.unchecked) == []
    assert document.operations[0].answers["200"].schema is not None
    assert len(document.unchecked) == 1
