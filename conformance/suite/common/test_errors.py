"""Refusals of requests that are wrong."""

import json
from typing import Any

from hypothesis import strategies as st

from conformance.contract import Conventions, Operation
from conformance.properties import (
    Things,
    assert_equal,
    assert_not_status,
    assert_status,
    property_test,
    requirement,
)
from conformance.properties.exercise import NO_SUCH_ID
from conformance.targets import Client

WRONG_TYPES: tuple[Any, ...] = (None, True, 12, 1.5, "", [], {}, {"a": [1]})


@requirement("errors.malformed-request-refused")
def test_a_body_that_is_not_json_is_refused(things: Things, conventions: Conventions) -> None:
    """A create with a body that cannot be parsed is refused with the documented status and creates nothing."""
    things.create()
    before = things.listed()
    typed = {"Content-Type": conventions.media_types.request}
    first_member = json.dumps(things.body()).partition(",")[0].encode()
    cut_off = (first_member, first_member + b",", first_member[:-1])
    for content in (*cut_off, b"conformance, in plain text\n", b"{", b"\xff\xfe"):
        exchange = things.post(content=content, headers=typed, negative=True)
        assert_status(exchange, conventions.errors.malformed, when="with a body that is not JSON")
    assert_equal(things.listed(), before, "the list after the refused creates")


@requirement("errors.malformed-request-refused")
@property_test(
    member=lambda subject: st.sampled_from(sorted(subject.things.description.body)),
    value=st.sampled_from(WRONG_TYPES),
)
def test_a_member_of_another_type_is_no_server_error(things: Things, member: str, value: Any) -> None:
    """A create with a member of another type is refused or understood, never a server error."""
    exchange = things.post({**things.body(), member: value}, negative=True)
    assert_not_status(exchange, "5xx", when=f"with {member} {value!r}")


@requirement("errors.unknown-resource-refused")
def test_an_unknown_resource_is_not_found(client: Client, operation: Operation, conventions: Conventions) -> None:
    """An id that nothing has, and a path that names nothing, are answered with the documented status."""
    values = dict.fromkeys(operation.path_parameters, NO_SUCH_ID)
    unknown = conventions.errors.unknown
    assert_status(client.call(operation, values, negative=True), unknown, when="with an id that nothing has")
    path = conventions.errors.unknown_path
    assert_status(client.send("GET", path, negative=True), unknown, when="which names nothing")
