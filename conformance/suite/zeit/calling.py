"""Calls of any operation as it should be called, for rules about many operations."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from conformance.contract import Operation
from conformance.properties import Subject, Things, Unsupported
from conformance.properties.exercise import options_of
from conformance.suite.zeit.certificate import PARTS
from conformance.suite.zeit.naming import things_of
from conformance.traffic.exchange import Exchange

BUY, SUBMIT, LOGIN = "POST /v2/domains/buy", "PUT /v3/now/certs", "POST /now/registration"
VERIFY, EXCHANGE = "GET /now/registration/verify", "POST /v2/oauth/access_token"


@frozen
class Well:
    """An operation and how it is called well.

    Attributes:
        values: of its path parameters.
        body: a complete one in JSON; None where it takes none, or another.
        things: the resource that it creates, if any.
    """

    operation: Operation
    values: dict[str, str]
    body: dict[str, Any] | None = None
    things: Things | None = None


def well(subject: Subject, operation: Operation) -> Well:
    """How an operation is called well, where all that it needs is there.

    Raises:
        Unsupported: nothing on this target lets it be called well.
    """
    resource = subject.contract.resource_of(operation)
    if resource is not None and operation.id == resource.create:
        things = subject.things_of(resource)
        return Well(operation, dict(things.fixed), things.body(), things)
    if operation.writes and not subject.client.guard.throwaway:
        raise Unsupported(f"{operation.id} is called only where the server is thrown away: nothing could undo it")
    if operation.id == BUY:
        subject.need("billable")
    values = dict(subject.values(operation))
    name = things_of(subject, "domain").body()["name"]
    bodies: dict[str, dict[str, Any]] = {SUBMIT: PARTS, BUY: {"name": f"{name.split('.')[0]}.com"}}
    sample = options_of(operation).get("body")
    return Well(operation, values, bodies.get(operation.id, sample))


def called(subject: Subject, operation: Operation) -> Exchange:
    """Calls an operation well: a resource is created first where it needs one of its own.

    Raises:
        Unsupported: nothing on this target lets it be called well.
    """
    resource = subject.contract.resource_of(operation)
    if resource is not None and operation.collection is None:
        return subject.call()
    if not operation.writes:
        return subject.client.call(operation, subject.values(operation), **options_of(operation))
    how = well(subject, operation)
    options = {**options_of(operation), **({"body": how.body} if how.body is not None else {})}
    return subject.client.call(operation, how.values, **options)
