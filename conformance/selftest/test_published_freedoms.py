"""What a published document leaves free is held against no server, and what it does not is told by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import field, frozen

from conformance.checks import Judge
from conformance.commands.main import main
from conformance.contract.documents import Document
from conformance.contract.published import alone
from conformance.contract.verdict import Outcome
from conformance.selftest.published import judged, published, written
from conformance.traffic import formats
from conformance.traffic.listening import Listener
from conformance.traffic.locator import Locator

HOST = "https://api.acme.com/v1"
DATE = "Tue, 14 May 2024 10:00:00 GMT"
THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
ERROR = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}


def said(
    call: str,
    status: int = 200,
    body: Any = None,
    media_type: str = "application/json",
    accept: str = "*/*",
    sent: Any = None,
) -> dict[str, Any]:
    """One recorded exchange; a body that is no text is written as JSON."""
    method, _, path = call.partition(" ")
    text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
    headers = {"Date": [DATE], **({"Content-Type": [media_type]} if text else {})}
    return {
        "request": {
            "method": method,
            "uri": f"{HOST}{path}",
            "headers": {"Accept": [accept]},
            "body": None if sent is None else json.dumps(sent),
        },
        "response": {"status": {"code": status, "message": ""}, "headers": headers, "body": {"string": text}},
    }


@frozen
class Told:
    """What a judgement found, by the slug of the base requirement."""

    held: set[str] = field(factory=set)
    violated: dict[str, str] = field(factory=dict)
    notes: list[str] = field(factory=list)


def told(document: Document, *exchanges: dict[str, Any]) -> Told:
    path = document.path.parent / "recorded.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "interactions": list(exchanges)}), encoding="utf-8")
    contract = alone(document, "acme")
    judge, found = Judge(contract), Told()
    judge.begin({})
    for heard in Listener(contract).hear(formats.read(path)):
        for evidence in judge.observe(heard.exchange):
            rule = evidence.requirement.id.rpartition(".")[2] if evidence.requirement else ""
            if evidence.finding.outcome is Outcome.VIOLATED:
                found.violated[rule] = evidence.finding.message
            elif evidence.finding.outcome is Outcome.HELD:
                found.held.add(rule)
            else:
                found.notes.append(evidence.finding.message)
    return found


def answer(schema: Any = None, media_type: str = "application/json") -> dict[str, Any]:
    return {"description": "", "content": {media_type: {"schema": schema} if schema is not None else {}}}


def operation(**answers: Any) -> dict[str, Any]:
    """An operation with these answers: `_200` is a status, since a name cannot begin with a digit."""
    return {"responses": {name.removeprefix("_"): content for name, content in answers.items()}}


NOTHING = {"description": ""}
MEMBERS = {
    "/things": {
        "get": operation(_200=answer({"type": "array", "items": THING})),
        "post": operation(_201=answer(THING)),
    },
    "/things/{id}": {"get": operation(_200=answer(THING)), "delete": operation(_204=NOTHING)},
    "/things/{id}/lock": {"get": operation(_200=answer({})), "delete": operation(_204=NOTHING)},
    "/emails": {"get": operation(_200=answer({})), "delete": operation(_204=NOTHING), "post": operation(_201=NOTHING)},
    "/threads/{id}": {"get": operation(_200=answer(THING)), "delete": operation(_204=NOTHING)},
}


# What is gone


def test_a_member_of_a_collection_that_is_there_after_it_was_deleted_is_told(tmp_path: Path) -> None:
    document = published(tmp_path, MEMBERS)
    found = told(
        document,
        said("GET /things/1", body={"id": 1}),
        said("DELETE /things/1", 204),
        said("GET /things/1", body={"id": 1}),
    )
    assert found.violated.keys() == {"deleted-gone"}
    gone = told(
        document, said("GET /things/2", body={"id": 2}), said("DELETE /things/1", 204), said("GET /things/1", 404, {})
    )
    assert "deleted-gone" in gone.held


@pytest.mark.parametrize("path", ["/things/1/lock", "/emails", "/threads/1"])
def test_a_setting_that_is_switched_off_a_list_that_is_emptied_and_what_nobody_makes_may_be_read(
    tmp_path: Path, path: str
) -> None:
    found = told(published(tmp_path, MEMBERS), said(f"DELETE {path}", 204), said(f"GET {path}", body={"id": 1}))
    assert "deleted-gone" not in found.violated


@pytest.mark.parametrize(
    "deleting",
    [said("DELETE /things/1?branch=other", 204), said("DELETE /things/1", 204, sent={"parts": [2]})],
    ids=["by a query", "by a body"],
)
def test_a_delete_that_says_of_what_may_leave_the_rest(tmp_path: Path, deleting: dict[str, Any]) -> None:
    found = told(published(tmp_path, MEMBERS), deleting, said("GET /things/1", body={"id": 1}))
    assert "deleted-gone" not in found.violated


# Ids


def listing(*members: str) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in members}
    return {
        "/found": {
            "get": operation(_200=answer({"type": "array", "items": {"type": "object", "properties": properties}}))
        }
    }


def test_an_id_that_comes_twice_is_told_whatever_else_the_records_say(tmp_path: Path) -> None:
    page = [{"id": "a", "path": "x"}, {"id": "a", "path": "y"}]
    assert "ids-once" in told(published(tmp_path, listing("id", "path")), said("GET /found", body=page)).violated


def test_a_name_may_come_twice_but_not_with_the_same_record(tmp_path: Path) -> None:
    document = published(tmp_path, listing("name", "path"))
    page = [{"name": "a", "path": "x"}, {"name": "a", "path": "y"}]
    assert "ids-once" in told(document, said("GET /found", body=page)).held
    assert "ids-once" in told(document, said("GET /found", body=[*page, page[0]])).violated


# Media types and forms


def test_a_media_type_that_was_asked_for_is_no_mistake(tmp_path: Path) -> None:
    document = published(tmp_path, {"/thing": {"get": operation(_200=answer(THING))}})
    asked = said("GET /thing", body="+ 1", media_type="text/x-diff; charset=utf-8", accept="text/x-diff, */*;q=0.1")
    assert not told(document, asked).violated
    unasked = said("GET /thing", body="+ 1", media_type="text/x-diff", accept="text/*")
    assert told(document, unasked).violated.keys() == {"documented-media-type"}


def test_bytes_of_any_type_may_have_theirs(tmp_path: Path) -> None:
    schema = {"type": "string", "format": "binary"}
    document = published(tmp_path, {"/thing": {"get": operation(_200=answer(schema, "application/octet-stream"))}})
    found = told(document, said("GET /thing", body="%PDF", media_type="application/pdf"))
    assert "documented-media-type" not in {*found.held, *found.violated}


def test_where_a_document_takes_any_media_type_none_is_evidence(tmp_path: Path) -> None:
    document = published(tmp_path, {"/thing": {"get": operation(_200=answer(THING, "*/*"))}})
    assert "documented-media-type" not in told(document, said("GET /thing", body={"id": 1})).held


def test_another_form_that_was_asked_for_is_not_held_to_the_usual_one(tmp_path: Path) -> None:
    document = published(tmp_path, {"/thing": {"get": operation(_200=answer(THING))}})
    table: dict[str, Any] = {"rows": []}
    asked = "application/json;as=Table;v=v1, application/json"
    assert "documented-body" not in told(document, said("GET /thing", body=table, accept=asked)).violated
    for usual in ("application/json; charset=utf-8", "application/json; version=2, application/json;q=0.5"):
        assert "documented-body" in told(document, said("GET /thing", body=table, accept=usual)).violated


def test_json_texts_in_lines_are_a_stream_where_the_document_says_so(tmp_path: Path) -> None:
    lines = '{"id": 1}\n{"id": 2}\n'
    several = {**answer(THING), "content": {**answer(THING)["content"], "application/json;stream=watch": {}}}
    streaming = published(tmp_path, {"/thing": {"get": operation(_200=several)}})
    assert not told(streaming, said("GET /thing", body=lines)).violated
    plain = published(tmp_path, {"/thing": {"get": operation(_200=answer(THING))}})
    found = told(plain, said("GET /thing", body=lines))
    assert found.violated["json-well-formed"].startswith("the body is not one JSON text, but 2")


# Statuses


def test_a_document_that_lists_no_error_says_nothing_of_errors(tmp_path: Path) -> None:
    silent = published(tmp_path, {"/thing": {"get": operation(_200=answer(THING))}})
    assert not told(silent, said("GET /thing", 422, {})).violated
    listing = published(tmp_path, {"/thing": {"get": operation(_200=answer(THING), _400=answer(ERROR))}})
    assert told(listing, said("GET /thing", 422, {})).violated.keys() == {"documented-refusal"}


def test_what_is_said_of_all_others_describes_no_success_where_successes_are_listed(tmp_path: Path) -> None:
    document = published(tmp_path, {"/thing": {"get": operation(_200=answer(THING), default=answer(ERROR))}})
    found = told(document, said("GET /thing", 202, {"id": 1}))
    assert found.violated.keys() == {"documented-success"}
    assert not told(document, said("GET /thing", 202, {"message": "later"})).violated
    assert "documented-success" in told(document, said("GET /thing", body={"id": 1})).held
    assert "documented-body" in told(document, said("GET /thing", 400, {"id": 1})).violated


def test_a_success_that_has_nothing_of_what_is_said_of_all_others_is_none_of_them(tmp_path: Path) -> None:
    loose = {"type": "object", "properties": {"errors": {"type": "array"}}}
    document = published(tmp_path, {"/thing": {"get": operation(_200=answer(THING), default=answer(loose))}})
    assert told(document, said("GET /thing", 202, {"id": 1})).violated.keys() == {"documented-success"}
    bodies: list[dict[str, Any]] = [{}, {"errors": []}]
    for body in bodies:
        assert not told(document, said("GET /thing", 202, body)).violated


# What a document shows against itself


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "pattern": "^((?!..)[a-z])+$", "example": "thing1"}, "other2", 1),
        ({"type": "string", "format": "date-time", "example": "2018-01-01T00:01:01"}, "2019-01-01T00:01:01", None),
        ({"type": "integer", "maximum": 10, "examples": [5, 50]}, 40, "40"),
        ({"type": "string", "maxLength": 3, "pattern": "^[a-z]*$", "example": "long"}, "longer", "A"),
    ],
    ids=["pattern", "format", "maximum", "one of several"],
)
def test_a_keyword_that_the_example_beside_it_breaks_is_left_out(
    tmp_path: Path, schema: dict[str, Any], good: Any, bad: Any
) -> None:
    found = judged(tmp_path, {"properties": {"a": schema}}, "3.1")
    assert found.takes({"a": good})
    assert not found.takes({"a": bad})
    assert [kind for kind, _ in found.unchecked] == ["loss"]


def test_an_example_of_another_type_shows_nothing_of_a_keyword(tmp_path: Path) -> None:
    found = judged(tmp_path, {"properties": {"a": {"type": "string", "pattern": "^[a-z]+$", "example": 7}}})
    assert not found.takes({"a": "7"})
    assert not found.unchecked


def test_a_text_that_may_be_a_number_may_be_one(tmp_path: Path) -> None:
    found = judged(tmp_path, {"properties": {"port": {"type": "string", "format": "int-or-string"}}}, "2.0")
    assert found.takes({"port": 80})
    assert found.takes({"port": "http"})
    assert not found.takes({"port": 1.5})


def test_what_an_operation_produces_without_a_schema_is_not_nothing(tmp_path: Path) -> None:
    get = {"produces": ["application/x-tar"], "responses": {"200": {"description": "an archive"}}}
    found = told(
        written(
            tmp_path,
            json.dumps({"swagger": "2.0", "host": "api.acme.com", "basePath": "/v1", "paths": {"/a": {"get": get}}}),
        ),
        said("GET /a", body="bytes", media_type="application/x-tar"),
    )
    assert "documented-no-content" not in found.violated


# What is told


def test_what_is_none_of_several_things_is_told_by_the_one_that_it_is_most_like(tmp_path: Path) -> None:
    kinds = [
        {"type": "object", "required": ["kind", "a", "b"], "properties": {"kind": {"enum": ["first"]}}},
        {
            "type": "object",
            "required": ["kind", "c", "d"],
            "properties": {"kind": {"enum": ["second"]}, "c": {"type": "string"}},
        },
        {"type": "null"},
    ]
    document = published(tmp_path, {"/thing": {"get": operation(_200=answer({"oneOf": kinds}))}})
    message = told(document, said("GET /thing", body={"kind": "second", "c": "x" * 5000})).violated["documented-body"]
    assert message == 'the body is not as documented: "d" is a required property'


def test_a_long_value_does_not_hide_what_is_wrong_with_it(tmp_path: Path) -> None:
    document = published(tmp_path, {"/thing": {"get": operation(_200=answer({"type": "array"}))}})
    message = told(document, said("GET /thing", body={"text": "x" * 5000})).violated["documented-body"]
    assert message.endswith('is not of type "array"')
    assert len(message) < 300


def test_what_many_answers_refer_to_is_compiled_once(tmp_path: Path) -> None:
    refer = operation(_200=answer({"$ref": "#/components/schemas/Thing"}))
    document = published(
        tmp_path, {"/a": {"get": refer}, "/b": {"get": refer}}, components={"schemas": {"Thing": THING}}
    )
    first, second = (each.answer(200) for each in document.operations)
    assert first is not None
    assert second is not None
    assert first.schema is second.schema


def test_a_path_that_may_begin_with_anything_is_not_cut_to_one_that_is_shorter(tmp_path: Path) -> None:
    paths = {path: {"get": operation(_200=answer(THING))} for path in ("/_search", "/{index}/_search")}
    contract = alone(published(tmp_path, paths, servers=[{"url": "https://api.acme.com"}]), "acme")
    locator = Locator(contract, contract.conventions.origin)
    for path, found in {"/_search": "/_search", "/a/_search": "/{index}/_search", "/a/b/_search": "/_search"}.items():
        called = locator.operation("GET", f"https://api.acme.com{path}")
        assert called is not None
        assert called.path == found


# Hosts


@pytest.mark.parametrize(
    "server",
    [
        {"url": "//cluster.local"},
        {"url": "http://api:8080/v1"},
        {"url": "{scheme}://{host}/v1", "variables": {"scheme": {"default": "http"}, "host": {"default": "HOSTNAME"}}},
    ],
    ids=["of a network nearby", "of one word", "to be filled in"],
)
def test_a_host_that_stands_for_another_names_none(tmp_path: Path, server: dict[str, Any]) -> None:
    paths = {"/thing": {"get": operation(_200=answer(THING))}}
    document = written(tmp_path, json.dumps({"openapi": "3.0.3", "paths": paths, "servers": [server]}))
    assert alone(document, "acme").hosts == ()
    members = {"openapi": "3.0.3", "paths": paths, "servers": [server, {"url": "https://api.acme.com"}]}
    assert "api.acme.com" in alone(written(tmp_path, json.dumps(members)), "acme").hosts


def test_a_host_of_a_network_nearby_is_one_beside_another(tmp_path: Path) -> None:
    servers = [{"url": "https://api.acme.com/v1"}, {"url": "http://api:8080/v1"}, {"url": "http://stage.acme.local/v1"}]
    document = published(tmp_path, {"/thing": {"get": operation(_200=answer(THING))}}, servers=servers)
    assert alone(document, "acme").hosts == ("api.acme.com", "api", "stage.acme.local")


# Drift


def test_members_of_which_a_document_says_what_they_hold_are_no_drift(tmp_path: Path) -> None:
    rights = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}}
    paths = {"/thing": {"get": operation(_200=answer({"properties": {"rights": rights}}))}}
    body = {"rights": {"a": "read", "b": "write"}, "more": 1}
    assert told(published(tmp_path, paths), said("GET /thing", body=body)).notes == ["/more is not in the contract: 1"]


def test_a_body_with_much_that_no_document_mentions_is_kept_once(tmp_path: Path) -> None:
    paths = {"/thing": {"get": operation(_200=answer(THING))}}
    document = published(tmp_path, paths)
    told(document, said("GET /thing", body={"id": 1, "b": 1, "c": 2}))
    folder = tmp_path / "report"
    main(["judge", "--spec", str(document.path), "--report-dir", str(folder), str(tmp_path / "recorded.yaml")])
    drift = json.loads((folder / "report.json").read_text("utf-8"))["drift"]
    assert [found["message"][:2] for found in drift] == ["/b", "/c"]
    assert [found["exchange"] is not None for found in drift] == [True, False]
    assert all(found["source"] == "recorded.yaml#1" for found in drift)
