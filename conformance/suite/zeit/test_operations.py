"""What holds for many operations alike: what they need, what they refuse, that reading changes nothing."""

from copy import deepcopy
from typing import Any

from conformance.contract import Contract, Operation
from conformance.contract.schema import Validator
from conformance.properties import (
    NotExercised,
    Subject,
    Unsupported,
    assert_enveloped,
    assert_equal,
    assert_status,
    assert_that,
    requirement,
)
from conformance.properties.exercise import options_of
from conformance.suite.zeit.calling import BUY, EXCHANGE, VERIFY, called, well
from conformance.suite.zeit.naming import assert_refused, things_of
from conformance.targets import Client
from conformance.targets.guard import NO_SUCH_ID
from conformance.traffic.exchange import Exchange

METHODS = ("PATCH", "PUT", "POST", "GET", "DELETE")
RECORDS = 21


@requirement("zeit.errors.method-unknown")
def test_a_wrong_method_is_told_the_right_ones(subject: Subject, contract: Contract, client: Client) -> None:
    """A method that a path does not have is refused by its code, and the message names those that it has."""
    operation = subject.operation
    values = dict.fromkeys(operation.path_parameters, NO_SUCH_ID)
    path = operation.expand(values)
    documented = [one.method for one in contract.operations if one.path == operation.path]
    taken = {method for method in METHODS if contract.router.find(method, path) is not None}
    wrong = next((method for method in METHODS if method not in taken), None)
    if wrong is None:
        raise NotExercised(f"{operation.path} has every method")
    exchange = client.send(wrong, path, negative=True)
    error = assert_refused(exchange, "method_unknown", f"with {wrong}")
    message = str(error.get("message"))
    missing = [method for method in documented if method not in message]
    assert_equal(missing, [], f"the methods that the refusal of {wrong} {path} does not name", exchange=exchange)


def without(body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The body without each of its members, and without each member of the files in it."""
    found = [(name, {other: value for other, value in body.items() if other != name}) for name in body]
    for index, entry in enumerate(body.get("files", [])):
        for name in entry:
            changed = deepcopy(body)
            del changed["files"][index][name]
            found.append((f"files/{name}", changed))
    return found


OPTIONAL = frozenset({"serviceType", "expectedPrice", "mxPriority", "renew"})


@requirement("zeit.crud.required-fields")
def test_nothing_is_made_without_what_is_required(subject: Subject, contract: Contract, client: Client) -> None:
    """A complete body is accepted; without any member that is required it is an error, and makes nothing."""
    operation = subject.operation
    how = well(subject, operation)
    if how.body is None:
        raise Unsupported(f"{operation.id} takes no JSON")
    if operation.id != BUY:
        client.control(client.call(operation, how.values, body=how.body))
    listing = how.things.listing if how.things is not None and how.things.description.list else None
    before = listing.ids if listing is not None else None
    fresh = how.things.body() if how.things is not None else how.body
    for name, wrong in without(fresh):
        if name in OPTIONAL:
            continue
        exchange = client.call(operation, how.values, body=wrong, negative=True)
        assert_status(exchange, "4xx", when=f"without {name}")
        assert_enveloped(exchange, contract, when=f"without {name}")
    if listing is not None and how.things is not None:
        assert_equal(how.things.listed(), before, "the list after the refusals")


@requirement("zeit.crud.delete-unknown-4xx")
def test_what_is_not_there_cannot_be_deleted(subject: Subject, contract: Contract, client: Client) -> None:
    """What is there is deleted; an id or name that nobody has is an error in the envelope."""
    operation = subject.operation
    client.control(called(subject, operation))
    values = dict(subject.values(operation)) if len(operation.path_parameters) > 1 else {}
    values[operation.path_parameters[-1]] = NO_SUCH_ID
    exchange = client.call(operation, values, negative=True)
    assert_status(exchange, "4xx", when="with what nobody has")
    assert_enveloped(exchange, contract, when="with what nobody has")


@requirement("zeit.crud.get-is-safe")
def test_reading_twice_is_reading_the_same(subject: Subject, client: Client) -> None:
    """A GET that is repeated with no write in between has the same answer, and so has it after other reads."""
    operation = subject.operation
    if operation.id == VERIFY:
        raise NotExercised("to verify a login issues a token")
    volatile = set(subject.session.facts.get("volatile", ()))
    values, options = subject.values(operation), options_of(operation)
    first = as_documented(operation, client.control(client.call(operation, values, **options)))
    for _ in range(2):
        again = client.call(operation, values, **options)
        assert_equal(
            comparable(again.response.at("") or again.response.text, volatile),
            comparable(first.response.at("") or first.response.text, volatile),
            f"{operation}, read again",
            exchange=again,
        )


def comparable(value: Any, volatile: set[str]) -> Any:
    """A body without the members that may change by themselves."""
    if isinstance(value, dict):
        return {name: comparable(member, volatile) for name, member in value.items() if name not in volatile}
    if isinstance(value, list):
        return [comparable(item, volatile) for item in value]
    return value


KINDS = {
    "GET /v3/now/deployments": "deployment",
    "GET /v2/domains": "domain",
    "GET /v2/domains/{domain}/records": "DNS record",
    "GET /v2/now/aliases": "alias",
    "GET /v2/now/secrets": "secret",
}


@requirement("zeit.pagination.whole-list")
def test_a_list_holds_everything(subject: Subject) -> None:
    """What was created is listed whole, however much it is: no document speaks of pages."""
    things = things_of(subject, KINDS[subject.operation_id])
    made = [things.create() for _ in range(RECORDS)]
    listed = things.listed()
    missing = [identity for identity in made if identity not in listed]
    assert_equal(missing, [], f"the records of {RECORDS} that the list does not hold")


@requirement("zeit.versioning.path-version")
def test_a_path_needs_its_version(subject: Subject, client: Client) -> None:
    """A call that succeeds at its version does not without one."""
    operation = subject.operation
    client.control(called(subject, operation))
    path = operation.expand(subject.values(operation))
    _, version, rest = path.split("/", 2)
    options = options_of(operation)
    exchange = client.send("GET", f"/{rest}", negative=True, **options)
    assert_that(
        not exchange.response.ok,
        f"GET /{rest}, a path without {version}, is answered {exchange.response.status}",
        expected="no success",
        actual=exchange.response.reason,
        exchange=exchange,
    )


@requirement("zeit.versioning.documented-version-answers")
def test_every_operation_answers_at_its_version(subject: Subject) -> None:
    """Every operation, called well at the version that the document gives, succeeds."""
    operation = subject.operation
    exchange = called(subject, operation)
    response = exchange.response
    # Of a path with several ids that were given to the run, nobody knows whether they belong together.
    given = len(operation.path_parameters) > 1 and subject.contract.resource_of(operation) is None
    # The document's sample of a login or a client is nobody's.
    given = given or operation.id in (VERIFY, EXCHANGE)
    if response.status_class == 4 and (given or response.status not in (404, 405)):
        raise NotExercised(f"{operation} is there, and refuses this call: {exchange}")
    assert_status(exchange, "2xx", when="at its documented version")
    as_documented(operation, exchange)


SAMPLED = {
    "DELETE /v6/now/deployments/{deploymentId}": "/v5/now/deployments/{deploymentId}",
    "GET /v5/now/deployments/{deploymentId}/files/{fileId}": "/v6/now/deployments/{deploymentId}/files/{fileId}",
    "GET /v5/now/deployments/{deploymentId}/builds": "/v6/now/deployments/{deploymentId}/builds",
}


@requirement("zeit.versioning.sample-versions-live")
def test_versions_that_only_samples_use_answer_alike(subject: Subject, client: Client) -> None:
    """A version that stands in a sample only has the answer of the documented one."""
    operation, other = subject.operation, SAMPLED[subject.operation_id]
    if operation.writes:
        subject.need("writes")
        identity = things_of(subject, "deployment").create()
        exchange = client.send("DELETE", other.replace("{deploymentId}", identity))
        assert_status(exchange, "2xx", when="at the version of a sample")
        assert_equal(exchange.response.at("/state"), "DELETED", "the state of what was deleted", exchange=exchange)
        return
    control = as_documented(operation, client.control(called(subject, operation)))
    path = other
    for name, value in subject.values(operation).items():
        path = path.replace(f"{{{name}}}", value)
    exchange = client.send("GET", path)
    assert_status(exchange, control.response.status, when="at the version of a sample")
    if control.response.is_json:
        assert_equal(shape(exchange.response.at("")), shape(control.response.at("")), "its shape", exchange=exchange)
    else:
        assert_equal(exchange.response.body, control.response.body, "its content", exchange=exchange)


def as_documented(operation: Operation, exchange: Exchange) -> Exchange:
    """A success that holds what the document says, else it may come from anybody who answers everything.

    Raises:
        NotExercised: it has none of the members that the operation answers with, or no content.
    """
    response = exchange.response
    schema = next((schema for status, schema in operation.responses.items() if status.startswith("2")), None)
    if schema is not None and (not response.is_json or Validator(schema).errors(response.json)):
        raise NotExercised("what answers is not what the document says of the operation")
    if not operation.writes and not response.body:
        raise NotExercised("what answers has no content")
    return exchange


def shape(value: Any) -> Any:
    """The kinds of what is in a body."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__
