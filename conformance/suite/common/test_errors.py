"""Refusals of requests that are wrong."""

import json
from typing import Any

from hypothesis import strategies as st

from conformance.checks.base import as_json
from conformance.contract import Contract, Conventions, Operation
from conformance.properties import (
    Subject,
    Things,
    assert_enveloped,
    assert_equal,
    assert_no_server_error,
    assert_status,
    property_test,
    requirement,
)
from conformance.properties.generated import bad_bodies
from conformance.targets import Client
from conformance.targets.guard import NO_SUCH_ID

WRONG_TYPES: tuple[Any, ...] = (None, True, 12, 1.5, "", [], {}, {"a": [1]})


@requirement("errors.malformed-request-refused")
def test_a_body_that_is_not_json_is_refused(things: Things, conventions: Conventions) -> None:
    """A create with a body that cannot be parsed is refused with the documented status and creates nothing."""
    things.create()
    before = things.listed_but_others()
    typed = {"Content-Type": conventions.media_types.request}
    first_member = json.dumps(things.body()).partition(",")[0].encode()
    cut_off = (first_member, first_member + b",", first_member[:-1])
    for content in (*cut_off, b"conformance, in plain text\n", b"{", b"\xff\xfe"):
        exchange = things.post(content=content, headers=typed, negative=True)
        assert_status(exchange, conventions.errors.malformed, when="with a body that is not JSON")
    assert_equal(things.listed_but_others(), before, "the list after the refused creates")


@requirement("errors.malformed-request-refused")
@property_test(
    member=lambda subject: st.sampled_from(sorted(subject.things.description.body)),
    value=st.sampled_from(WRONG_TYPES),
)
def test_a_member_of_another_type_is_no_server_error(things: Things, member: str, value: Any) -> None:
    """A create with a member of another type is refused or understood, never a server error."""
    _ = things.accepted
    exchange = things.post({**things.body(), member: value}, negative=True)
    assert_no_server_error(exchange, when=f"with {member} {as_json(value)}")


@requirement("errors.malformed-request-refused")
@property_test(
    examples=[{"part": part} for part in (0, 1, 500, 990, 999)],
    part=st.integers(0, 999),
)
def test_a_body_that_is_cut_off_is_refused(
    things: Things, contract: Contract, conventions: Conventions, part: int
) -> None:
    """A create whose body ends too early, by one character or by all of them, is refused in the error envelope."""
    whole = json.dumps(things.body()).encode()
    client = things.client
    typed = {"Content-Type": conventions.media_types.request}
    client.control(things.served("create", things.post(content=whole, headers=typed)))
    cut = whole[: part * len(whole) // 1000]
    exchange = things.post(content=cut, headers=typed, negative=True)
    when = f"with {len(cut)} of {len(whole)} bytes of a body"
    assert_status(exchange, conventions.errors.malformed, when=when)
    assert_enveloped(exchange, contract, when=when)


@requirement("content-type.wrong-media-type-refused")
def test_a_body_of_another_media_type_is_refused(things: Things, conventions: Conventions) -> None:
    """A create whose body is accepted under the documented media type is refused under another; nothing is made."""
    things.create()
    before = things.listed_but_others()
    wrong = [typed for typed in ("text/plain", "application/json") if typed != conventions.media_types.request]
    for media_type in wrong:
        content = json.dumps(things.body()).encode()
        exchange = things.post(content=content, headers={"Content-Type": media_type}, negative=True)
        after = things.listed_but_others()
        assert_status(exchange, conventions.errors.wrong_media_type, when=f"with a body typed {media_type}")
        assert_equal(after, before, f"the list after a create typed {media_type}")


@requirement("errors.malformed-request-refused")
@property_test(generated=lambda subject: bad_bodies(subject.contract, subject.operation))
def test_a_body_outside_the_schema_is_no_server_error(
    things: Things, conventions: Conventions, mutation: str, body: Any
) -> None:
    """A create with a body that the operation's schema does not allow is refused or understood."""
    typed = {"Content-Type": conventions.media_types.request}
    _ = things.accepted
    # The document's own samples are names that others may have: what it would make is called otherwise.
    content = json.dumps(things.renamed(body)).encode()
    exchange = things.post(content=content, headers=typed, negative=True)
    assert_no_server_error(exchange, when=f"with a body that has a mutation: {mutation}")


@requirement("errors.unknown-resource-refused")
def test_an_unknown_resource_is_not_found(
    subject: Subject, client: Client, operation: Operation, conventions: Conventions
) -> None:
    """Where an id is known, one that nothing has, and a path that names nothing, have the documented status."""
    client.control(subject.call())
    values = dict.fromkeys(operation.path_parameters, NO_SUCH_ID)
    errors = conventions.errors
    missing = client.call(operation, values, negative=True)
    assert_status(missing, *(errors.unknown_resource or (errors.unknown,)), when="with an id that nothing has")
    if errors.unknown_resource and missing.response.body:
        assert_enveloped(missing, client.contract, "with an id that nothing has")
    assert_status(client.send("GET", errors.unknown_path, negative=True), errors.unknown, when="which names nothing")
