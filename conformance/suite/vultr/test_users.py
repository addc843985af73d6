"""GET /v2/users/{user-id}: the path parameter, and refusals that explain themselves."""

import json
from urllib.parse import quote

from hypothesis import strategies as st

from conformance.checks.base import as_json
from conformance.contract import Conventions, Operation
from conformance.properties import (
    NotExercised,
    Subject,
    assert_no_server_error,
    assert_that,
    property_test,
    requirement,
)
from conformance.properties.generated import bad_queries
from conformance.targets import Client
from conformance.targets.guard import NO_SUCH_ID


@requirement("vultr.crud.path-params-encoded")
def test_an_id_in_the_path_selects_that_user(subject: Subject, client: Client, operation: Operation) -> None:
    """Each of two ids gives an object that carries it, and the two differ; not just any id gives one."""
    answers = []
    for pick in (0, 1):
        values = subject.values(operation, pick)
        exchange = client.control(client.call(operation, values))
        for value in values.values():
            assert_that(
                json.dumps(value) in json.dumps(exchange.response.at("")),
                f"the answer to {exchange.path} does not carry the id {value}",
                expected=value,
                actual=exchange.response.text,
                exchange=exchange,
            )
        answers.append(exchange)
    assert_that(
        answers[0].response.at("") != answers[1].response.at(""),
        "two ids give the same user",
        expected="a user for each id",
        actual=answers[1].response.text,
        exchange=answers[1],
    )
    anybody = client.call(operation, dict.fromkeys(operation.path_parameters, NO_SUCH_ID), negative=True)
    if anybody.response.ok:
        raise NotExercised(f"{anybody}, though nothing has that id")


@requirement("vultr.errors.error-descriptive")
def test_messages_tell_the_causes_apart(
    subject: Subject, client: Client, operation: Operation, conventions: Conventions
) -> None:
    """A bad key and an unknown id are explained in different words, and not by the reason phrase alone."""
    auth = conventions.auth
    client.control(subject.call())
    values = dict.fromkeys(operation.path_parameters, NO_SUCH_ID)
    refused = client.call(
        operation, values, headers={auth.header: f"{auth.scheme} conformance-no-such-key"}, negative=True
    )
    missing = client.call(operation, values, negative=True)
    if refused.response.status_class != 4 or missing.response.status_class != 4:
        raise NotExercised(f"no two refusals to compare: {refused}, {missing}")
    messages = [str(exchange.response.at(conventions.errors.message, "")) for exchange in (refused, missing)]
    for message, exchange in zip(messages, (refused, missing), strict=True):
        phrase = exchange.response.reason.partition(" ")[2]
        bare = message.strip(" .!").lower() in ("", "error", phrase.lower(), exchange.response.reason.lower())
        assert_that(
            not bare,
            f"a {exchange.response.status} is explained by {as_json(message)} only",
            expected="a message that says more than the status",
            actual=message,
            exchange=exchange,
        )
    assert_that(
        messages[0] != messages[1],
        "a bad key and an unknown id have the same message",
        expected="a message for each cause",
        actual=messages[0],
        exchange=missing,
    )


SMALL = {"per_page": 1}
BAD_VALUES = ("x", "-1", "0", "99999999999999999999", "", "x" * 3000, "☃\u202e", "' OR 1=1 --", "[]", "%00")


@requirement("vultr.errors.server-error-5xx")
@property_test(
    examples=[{"where": "query", "value": value} for value in BAD_VALUES]
    + [{"where": "path", "value": value} for value in BAD_VALUES if value],
    where=st.sampled_from(["query", "path"]),
    value=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
)
def test_a_malformed_request_is_no_server_error(
    subject: Subject, client: Client, operation: Operation, where: str, value: str
) -> None:
    """A value that makes no sense is answered from the 4xx range, or ignored, never with a 5xx."""
    values = dict(subject.values(operation))
    small = SMALL if operation.collection else {}
    control = client.call(operation, values, query=small)
    if control.response.status_class == 5:
        raise NotExercised(f"the well-formed request fails too: {control}")
    client.control(control)
    parameters = [p["name"] for p in operation.parameters if p["in"] == where] or ["conformance"]
    if where == "path" and not values:
        if not operation.parameters:
            # What takes no values at all is asked for with one behind it.
            below = client.send("GET", f"{operation.path}/{quote(value, safe='')}", negative=True)
            assert_no_server_error(below, when=f"with {value[:40]!r} behind its path")
        return
    for name in parameters:
        bad = values | {name: value} if where == "path" else values
        query = {**small, name: value} if where == "query" else small
        exchange = client.call(operation, bad, query=query, negative=True)
        assert_no_server_error(exchange, when=f"with {name} {as_json(value, 40)}")


@requirement("vultr.errors.server-error-5xx")
@property_test(generated=lambda subject: bad_queries(subject.contract, subject.operation))
def test_a_query_outside_the_schema_is_no_server_error(
    subject: Subject, client: Client, operation: Operation, mutation: str, query: list[list[str]]
) -> None:
    """A query that the operation's schema does not allow is answered from the 4xx range, or ignored."""
    values = subject.values(operation)
    control = client.call(operation, values, query=SMALL if operation.collection else {})
    if control.response.status_class == 5:
        raise NotExercised(f"the well-formed request fails too: {control}")
    client.control(control)
    exchange = client.call(operation, values, query=[(name, value) for name, value in query], negative=True)
    assert_no_server_error(exchange, when=f"with a query that has a mutation: {mutation}")
