"""Validators and JSON pointers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract import Validator, load, pointer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
RFC_6901 = json.loads('{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}')


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("", RFC_6901),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_pointers_of_the_standard(path: str, value: Any) -> None:
    assert pointer(RFC_6901, path) == value


def test_tilde_one_after_tilde_zero_is_no_slash() -> None:
    assert pointer({"~1": "right", "/": "wrong"}, "/~01") == "right"


@pytest.mark.parametrize(
    "path", ["/no", "/foo/2", "/foo/-", "/foo/-1", "/foo/00", "/foo/²", "/foo/x", "/foo/0/b", "foo"]
)
def test_what_a_document_lacks_is_a_lookup_error(path: str) -> None:
    with pytest.raises(LookupError):
        pointer(RFC_6901, path)


def places(value: Any, path: str = "") -> list[tuple[str, Any]]:
    found = [(path, value)]
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        found += places(member, f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}")
    return found


@given(JSON)
def test_every_place_in_a_document_is_found(document: Any) -> None:
    for path, value in places(document):
        assert pointer(document, path) is value


def test_equal_schemas_are_compiled_once() -> None:
    one = Validator({"type": "object", "required": ["a"]})
    other = Validator({"required": ["a"], "type": "object"})
    assert one._compiled is other._compiled
    assert one._compiled is not Validator({"type": "object"})._compiled
    contract = load("vultr")
    assert contract.envelope is contract.envelope
    assert Validator(contract.component("Plan"))._compiled is Validator(contract.component("Plan"))._compiled


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(min_size=5), JSON, max_size=5))
def test_response_schemas_are_open_to_unknown_members(extra: dict[str, Any]) -> None:
    contract = load("vultr")
    plan = {"id": "p", "vcpu_count": 1, "ram": 1024, "locations": []}
    assert Validator(contract.component("Plan")).errors({**extra, **plan}) == []
    assert contract.envelope.errors({**extra, "error": "no"}) == []


@pytest.mark.parametrize(
    ("application", "place"),
    [
        ({"type": "one-click", "id": 1, "image_id": ""}, None),
        ({"type": "one-click", "id": "one"}, None),
        ({"type": "marketplace", "image_id": "x", "id": 0}, None),
        ({"type": "one-click", "id": 0}, "/id"),
        ({"type": "one-click"}, ""),
        ({"type": "marketplace", "image_id": ""}, "/image_id"),
        ({"type": "oneclick", "id": 1}, "/type"),
        ({"id": 1}, ""),
    ],
)
def test_the_two_types_of_application_need_their_own_id(application: dict[str, Any], place: str | None) -> None:
    errors = Validator(load("vultr").component("Application")).errors(application)
    assert [error.pointer for error in errors][:1] == ([] if place is None else [place])


def test_what_a_schema_forbids_is_told_in_plain_words() -> None:
    (error,) = Validator({"properties": {"uid": False}}).errors({"uid": "é"})
    assert (error.pointer, error.message) == ("/uid", '"é" is not allowed here')


def test_errors_are_placed_and_counted() -> None:
    validator = Validator({"additionalProperties": {"type": "array", "items": {"type": "integer"}}})
    assert validator.errors({"a/b~c": [1, "x"]})[0].pointer == "/a~1b~0c/1"
    assert len(validator.errors({"a": ["x"] * 50})) == 5
    assert len(validator.errors({"a": ["x"] * 50}, limit=1)) == 1
    assert len(validator.errors({"a": ["x" * 1000]})[0].message) <= 201
