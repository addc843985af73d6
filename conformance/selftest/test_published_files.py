"""The files of published documents: YAML as 1.2 reads it, JSON, and those that references lead to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.contract import ContractError, Operation
from conformance.contract.documents import Document, yaml12
from conformance.selftest.published import HEADS, answering, published, written

GOOD = {"responses": {"200": {"description": "good"}}}


def only(document: Document) -> Operation:
    (operation,) = document.operations
    return operation


def losses(document: Document) -> list[str]:
    return [f"{each.pointer}: {each.reason}" for each in document.unchecked if each.kind == "loss"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: on", "on"),
        ("a: yes", "yes"),
        ("a: no", "no"),
        ("a: 2020-01-01", "2020-01-01"),
        ("a: 2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("a: 1_000", "1_000"),
        ("a: 12:30:45", "12:30:45"),
        ("a: 0123", "0123"),
        ("a: 0x1F", "0x1F"),
        ("a: .inf", ".inf"),
        ("a: =", "="),
        ("a: 12", 12),
        ("a: -1.5e3", -1500.0),
        ("a: true", True),
        ("a: ~", None),
        ("a:", None),
        ("a: '12'", "12"),
        ("a: !!str 12", "12"),
        ("a: !thing 12", 12),
        ("a: |\n  12", "12"),
        ("200: {}", NotImplemented),
    ],
)
def test_scalars_are_those_of_yaml_12(text: str, value: Any) -> None:
    content, _ = yaml12.load(text, 100)
    assert content == ({"200": {}} if value is NotImplemented else {"a": value})


def test_keys_are_the_text_that_stands_there() -> None:
    content, _ = yaml12.load("200: 1\non: 2\nnull: 3\n1.0: 4\ntrue: 5\n? [a]\n: 6", 100)
    assert content == {"200": 1, "on": 2, "null": 3, "1.0": 4, "true": 5, "['a']": 6}


def test_anchors_aliases_and_merge_keys_are_followed() -> None:
    content, _ = yaml12.load("a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: {<<: [*a, {z: 4}]}\ne: &e 7\nf: *e", 100)
    assert content == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 2},
        "c": {"x": 1, "y": 3},
        "d": {"x": 1, "y": 2, "z": 4},
        "e": 7,
        "f": 7,
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &a [*a]", "what holds it"),
        ("a: *b", "stands for nothing"),
        ("[" * 1100, "nest"),
        ("a: &a [1,1,1,1]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]", "more than 100 values"),
        ("\n".join(f"- {n}" for n in range(200)), "more than 100 values"),
    ],
)
def test_what_is_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str) -> None:
    monkeypatch.setattr("conformance.contract.documents.files.MAX_VALUES", 100)
    with pytest.raises(ContractError, match=told):
        written(tmp_path, text, "a.yaml")


def test_a_million_values_are_read(tmp_path: Path) -> None:
    text = json.dumps({**HEADS["3.0"], "paths": {"/a": {"get": GOOD}}, "x-much": [[0] * 100] * 10_000})
    assert only(written(tmp_path, text)).id == "GET /a"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no object"),
        ("[]", "is no object"),
        ("{}", "no `paths`"),
        ('{"openapi": "3.0.0", "paths": []}', "no `paths`"),
        ('{"paths": {}}', "neither `openapi` nor `swagger`"),
        ('{"openapi": "4.0.0", "paths": {}}', "is of OpenAPI 4.0.0"),
        ("a: [", "line 2 is not YAML"),
        ('{"a": 1', "is not YAML"),
        ("a: \x01", "is not YAML"),
    ],
)
def test_what_is_no_document_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ContractError, match=told) as error:
        written(tmp_path, text, "a.yaml")
    assert "\n" not in str(error.value)


def test_a_number_that_nobody_can_hold_loses_no_schema(tmp_path: Path) -> None:
    text = json.dumps({**HEADS["3.0"], "paths": {"/a": {"get": answering({"type": "number", "example": 1})}}})
    operation = only(written(tmp_path, text.replace('"example": 1', '"example": 1e999, "maximum": -1e999')))
    assert operation.answers["200"].schema == {"type": "number", "example": "1e999", "x-unchecked": True}


@pytest.mark.parametrize(
    ("head", "version"),
    [
        ({"openapi": "3.2.0"}, "3.1"),
        ({"openapi": "3.0"}, "3.0"),
        ({"swagger": 2.0}, "2.0"),
        ({"openapi": None}, "3.0"),
        ({"definitions": {}}, "2.0"),
        ({"components": {}}, "3.0"),
    ],
)
def test_the_version_is_what_is_said_or_what_is_plain(tmp_path: Path, head: dict[str, Any], version: str) -> None:
    document = written(tmp_path, json.dumps({**head, "paths": {"/a": {"get": GOOD}}}))
    assert document.version == version
    assert len(document.unchecked) == (0 if str(next(iter(head.values())))[:1] in "23" else 1)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read: No such file"):
        Document.read(tmp_path / "none.yaml")


def test_json_in_a_file_named_yaml_and_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({**HEADS["3.0"], "paths": {"/a": {"get": GOOD}}}).encode())
    assert only(Document.read(path)).id == "GET /a"


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_a_key_that_is_given_twice_is_named(tmp_path: Path, name: str) -> None:
    text = '{"openapi": "3.0.0", "paths": {"/a": {"get": {}}, "/a": {"put": {}}}}'
    document = written(tmp_path, text if name == "a.json" else text.replace('"openapi"', "# YAML\n 'openapi'"), name)
    assert only(document).method == "PUT"
    assert "given twice" in losses(document)[0]


def test_references_lead_to_other_files_of_the_folder_and_to_no_others(tmp_path: Path) -> None:
    (tmp_path / "api" / "parts").mkdir(parents=True)
    (tmp_path / "secret.yaml").write_text("type: integer", "utf-8")
    (tmp_path / "api" / "parts" / "thing.yaml").write_text(
        "type: object\nproperties:\n  own: {$ref: '#/$defs/id'}\n  other: {$ref: '../more.json#/name'}\n"
        "$defs:\n  id: {type: integer}\n",
        "utf-8",
    )
    (tmp_path / "api" / "more.json").write_text('{"name": {"type": "string"}}', "utf-8")
    (tmp_path / "api" / "path.yaml").write_text(
        json.dumps({"get": answering({"$ref": "parts/thing.yaml"}), "put": answering({"$ref": "../secret.yaml"})}),
        "utf-8",
    )
    document = published(tmp_path / "api", {"/a": {"$ref": "path.yaml"}, "/b": {"$ref": "none.yaml"}})
    got, put = document.operations
    answer = got.answers["200"].schema
    assert answer is not None
    assert json.dumps(answer).count("integer") == 1
    assert json.dumps(answer).count("string") == 1
    assert put.answers["200"].schema == {"x-unchecked": True}
    told = "\n".join(losses(document))
    assert "path.yaml#/put" in told
    assert "leads out of the folder" in told
    assert "none.yaml: cannot be read" in told.replace(str(tmp_path) + "/", "").replace("api/", "")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "secret.yaml").write_text("type: integer", "utf-8")
    (tmp_path / "api" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    document = published(tmp_path / "api", {"/a": {"get": answering({"$ref": "link.yaml"})}})
    assert only(document).answers["200"].schema == {"x-unchecked": True}
