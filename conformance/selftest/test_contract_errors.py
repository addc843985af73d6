"""Mistakes in the files that people write: one line each, naming file, record and field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.contract import ContractError, Validator, load, load_catalogue

RECORD = {
    "id": "acme.errors.envelope",
    "rule": "errors.envelope",
    "strength": "MUST",
    "basis": "text",
    "mode": "passive",
    "section": "Errors",
    "statement": "An error has an envelope.",
    "check": "Each 4xx has it.",
    "fault": "it has none",
    "operations": ["GET /things"],
}
CATALOGUE = {"document": {"title": "Acme", "url": "https://acme.example/docs"}, "requirements": [RECORD]}
OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "Acme", "version": "1"},
    "paths": {"/things": {"get": {"responses": {"200": {"description": "All"}}}}},
}
CONVENTIONS = {
    "name": "Acme",
    "base_url": "https://api.acme.example",
    "auth": {"scheme": "Bearer", "refused": 401, "credentials": {"default": "ACME_TOKEN"}},
    "media_types": {"request": "application/json", "response": ["application/json"]},
    "errors": {"envelope": {"type": "object"}, "classes": [4], "message": "/error", "unknown_path": "/nothing"},
}


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """A folder `specs` with the smallest complete contract, of the API `acme`."""
    folder = tmp_path / "specs" / "acme"
    folder.mkdir(parents=True)
    for name, content in (("requirements", CATALOGUE), ("openapi", OPENAPI), ("conventions", CONVENTIONS)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return tmp_path / "specs"


def changed(content: Any, *path: str | int, to: Any) -> Any:
    """A copy of `content` in which the member at `path` is `to`."""
    if not path:
        return to
    first, *rest = path
    if isinstance(content, list):
        assert isinstance(first, int)
        return [changed(item, *rest, to=to) if index == first else item for index, item in enumerate(content)]
    return {**content, first: changed(content.get(first, {}), *rest, to=to)}


def message(call: Callable[..., object], *arguments: object) -> str:
    """The text of the `ContractError` that a call ends with, which is one line."""
    with pytest.raises(ContractError) as caught:
        call(*arguments)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_the_smallest_contract_loads(specs: Path) -> None:
    contract = load("acme", specs)
    assert [op.id for op in contract.operations] == ["GET /things"]
    assert contract.base_path == ""


def test_unknown_api_names_the_known_ones(specs: Path) -> None:
    shipped = "specs/ has netlify, snyk, vercel, vultr, zeit"
    assert message(load, "nope", specs) == f"unknown API 'nope': {specs} has acme; {shipped}"
    assert message(load, "nope") == f"unknown API 'nope': {shipped}"


def test_an_api_without_a_contract_says_what_is_missing(specs: Path) -> None:
    (specs / "acme" / "openapi.yaml").unlink()
    assert load_catalogue("acme", specs).requirements[0].id == "acme.errors.envelope"
    assert message(load, "acme", specs) == (
        "acme has requirements but no contract yet: specs/acme/openapi.yaml is missing; "
        "`conformance requirements acme` lists what it will be held to"
    )


@pytest.mark.parametrize("name", ["requirements", "conventions"])
def test_a_missing_file_is_named(specs: Path, name: str) -> None:
    (specs / "acme" / f"{name}.yaml").unlink()
    assert message(load, "acme", specs).startswith(f"specs/acme/{name}.yaml: cannot be read: ")


@pytest.mark.parametrize("name", ["requirements", "openapi", "conventions"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a: 1\nb: [1, 2", ": line 3 is not YAML: "),
        (b"a: 1\n\tb: 2\n", ": line 2 is not YAML: "),
        (b"\xff\xfe", ": cannot be read: "),
        (b"a: !!python/object:os.system {}\n", ": line 1 is not YAML: "),
    ],
    ids=["cut off", "tab", "not text", "python object"],
)
def test_what_is_not_yaml_is_named_with_its_line(specs: Path, name: str, content: bytes, says: str) -> None:
    (specs / "acme" / f"{name}.yaml").write_bytes(content)
    assert message(load, "acme", specs).startswith(f"specs/acme/{name}.yaml{says}")


WHERE = "requirements.acme.errors.envelope"
FILE = "specs/acme/requirements.yaml"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("colour", "red", f"{FILE}: {WHERE}.colour: Extra inputs are not permitted"),
        ("strength", "must", f"{FILE}: {WHERE}.strength: Input should be 'MUST', 'SHOULD' or 'MAY'"),
        ("basis", "rumour", f"{FILE}: {WHERE}.basis: Input should be 'text', 'example' or 'implied'"),
        ("mode", "lazy", f"{FILE}: {WHERE}.mode: Input should be "),
        ("statement", 7, f"{FILE}: {WHERE}.statement: Input should be a valid string"),
        ("rule", "Errors", f"{FILE}: {WHERE}.rule: String should match pattern"),
        ("operations", [], f"{FILE}: {WHERE}.operations: Tuple should have at least 1 item"),
        ("operations", ["*", "GET /things"], f"{FILE}: {WHERE}: operations: a selector"),
        ("operations", ["GET /nothing"], f"{FILE}: acme.errors.envelope: operations: GET /nothing is not in openapi"),
        (
            "observe",
            [{"check": "errors.envelope", "operations": ["GET /nothing"]}],
            f"{FILE}: acme.errors.envelope: operations: GET /nothing is not in openapi",
        ),
        (
            "observe",
            [{"check": "errors.envelope", "operations": []}],
            f"{FILE}: {WHERE}.observe.0.operations: Tuple should have at least 1 item",
        ),
        ("observe", [{"chek": "schema"}], f"{FILE}: {WHERE}.observe.0.check: Field required"),
        ("id", "acme errors", f"{FILE}: requirements.acme errors.id: String should match pattern"),
        ("id", "other.errors.envelope", f"{FILE}: other.errors.envelope belongs to another API"),
    ],
)
def test_a_wrong_field_is_named_with_its_record(specs: Path, field: str, value: object, says: str) -> None:
    content = changed(CATALOGUE, "requirements", 0, field, to=value)
    (specs / "acme" / "requirements.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert message(load, "acme", specs).startswith(says)


def test_a_missing_field_is_named(specs: Path) -> None:
    record = {name: value for name, value in RECORD.items() if name != "fault"}
    content = {**CATALOGUE, "requirements": [record]}
    (specs / "acme" / "requirements.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert message(load, "acme", specs) == f"{FILE}: {WHERE}.fault: Field required"


def test_an_id_given_twice_is_named(specs: Path) -> None:
    content = {**CATALOGUE, "requirements": [RECORD, RECORD]}
    (specs / "acme" / "requirements.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert message(load, "acme", specs).endswith("requirement id given twice: acme.errors.envelope")


def test_a_catalogue_that_is_no_mapping_is_refused(specs: Path) -> None:
    (specs / "acme" / "requirements.yaml").write_text("just text\n", encoding="utf-8")
    assert message(load, "acme", specs).startswith(f"{FILE}: file: should be a mapping")


RESPONSES = ("paths", "/things", "get", "responses")
REF = "specs/acme/openapi.yaml: /paths/~/get/responses/200: $ref ".replace("~", "/things")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ((*RESPONSES, "200"), {"$ref": "#/components/responses/No"}, f"{REF}#/components/responses/No leads nowhere"),
        ((*RESPONSES, "200"), {"$ref": "other.yaml#/x"}, f"{REF}other.yaml#/x leaves the file; only `#/…` is read"),
        ((*RESPONSES, "200"), {"$ref": "#/paths/~1things/get/responses/200"}, "leads nowhere"),
        ((*RESPONSES, "200"), {"$ref": "#/info/title"}, f"{REF}#/info/title leads nowhere"),
        (
            ("components",),
            {"schemas": {"A": {"properties": []}}},
            "/components/schemas/A/properties: is not what",
        ),
        (("components",), {"schemas": {"A": {"items": {"$ref": ["x"]}}}}, "/components/schemas/A/items/$ref: is not"),
        (("paths",), None, "specs/acme/openapi.yaml: is not an OpenAPI document: it has no `paths`"),
        (("paths",), ["/things"], "specs/acme/openapi.yaml: is not an OpenAPI document: it has no `paths`"),
        (("paths", "/things"), None, "specs/acme/openapi.yaml: /things: file: should be a mapping"),
        (("paths", "/things", "get"), {}, "specs/acme/openapi.yaml: GET /things: responses: Field required"),
        (
            ("paths", "/things", "get", "x-collection"),
            {},
            "GET /things: x-collection.items: Field required",
        ),
        (
            RESPONSES,
            {200: {}},
            "GET /things: responses.200.[key]: Input should be a valid string",
        ),
    ],
)
def test_a_mistake_in_openapi_is_named_with_its_place(
    specs: Path, path: tuple[str, ...], value: object, says: str
) -> None:
    (specs / "acme" / "openapi.yaml").write_text(yaml.safe_dump(changed(OPENAPI, *path, to=value)), encoding="utf-8")
    assert says in message(load, "acme", specs)


def test_a_circle_of_references_is_no_hang(specs: Path) -> None:
    circle = {"a": {"$ref": "#/components/parameters/b"}, "b": {"$ref": "#/components/parameters/a"}}
    content = {**OPENAPI, "components": {"parameters": circle}}
    (specs / "acme" / "openapi.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert message(load, "acme", specs) == (
        "specs/acme/openapi.yaml: /components/parameters/a: $ref #/components/parameters/b leads nowhere"
    )


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("base_url",), "acme", "base_url: Input should be a valid URL"),
        (("auth", "scheme"), None, "auth.scheme: Input should be a valid string"),
        (("auth", "color"), "red", "auth.color: Extra inputs are not permitted"),
        (("errors", "classes"), "four", "errors.classes: should be a list"),
        (("versioning",), {"carrier": "mood", "pattern": "."}, "versioning.carrier: Input should be 'path'"),
        (
            ("resources",),
            [{"name": "thing", "create": "POST /things", "body": {}, "parameter": "id", "object": "/thing"}],
            "resources.thing: POST /things is not in openapi.yaml",
        ),
        (
            ("resources",),
            [
                {
                    "name": "thing",
                    "create": "GET /things",
                    "body": {},
                    "parameter": "id",
                    "object": "/thing",
                    "parts": {"part_id": ["GET /parts"]},
                }
            ],
            "resources.thing: GET /parts is not in openapi.yaml",
        ),
    ],
)
def test_a_mistake_in_conventions_is_named_with_its_field(
    specs: Path, path: tuple[str, ...], value: object, says: str
) -> None:
    content = changed(CONVENTIONS, *path, to=value)
    (specs / "acme" / "conventions.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert message(load, "acme", specs).startswith(f"specs/acme/conventions.yaml: {says}")


def test_names_that_the_contract_lacks_are_refused(specs: Path) -> None:
    contract = load("acme", specs)
    assert message(contract.operation, "GET /nope") == "specs/acme/openapi.yaml has no operation GET /nope"
    assert message(contract.component, "Nope") == "specs/acme/openapi.yaml has no schema Nope"


@pytest.mark.parametrize("schema", [{"type": "nope"}, {"pattern": "("}])
def test_what_is_no_json_schema_is_refused_in_one_line(schema: dict[str, Any]) -> None:
    assert "is not a JSON schema: " in message(Validator, schema)
