"""Data of a published document's schemas: what they forbid is refused, and what they allow is no failure."""

from collections.abc import Callable
from typing import Any

from conformance.contract.schema import Validator
from conformance.properties import Subject, Things, assert_not_status, assert_status, property_test, requirement
from conformance.properties.data import at_random, bodies, positive, queries
from conformance.targets import Unsupported
from conformance.traffic.exchange import Exchange

OF_ANOTHER_REASON = (401, 403, 429, 503)
"""Statuses of answers that say nothing of the data: nobody looked at it."""


def _get(subject: Subject, query: Any, negative: bool = False) -> Exchange:
    operation = subject.operation
    return subject.client.call(operation, subject.values(operation), query=query, negative=negative)


def _write(subject: Subject, body: Any, negative: bool = False) -> Exchange:
    """Sends a body to what this run creates, under a name of this run.

    Raises:
        Unsupported: the target allows no writes, or nobody could undo this one.
    """
    things = _things(subject)
    role, body = things.role_of(subject.operation), things.renamed(body)
    if role == "create":
        return things.post(body, negative=negative)
    return things.call(role, next(iter(things.created), None) or things.create(), body=body, negative=negative)


def _things(subject: Subject) -> Things:
    subject.need("writes")
    if subject.contract.resource_of(subject.operation) is None:
        raise Unsupported(f"{subject.operation_id}: what it makes or changes is not known, and could not be deleted")
    return subject.things


def _is_found(subject: Subject, body: Any) -> bool:
    """Whether what a server makes of a body would be found again, whatever it answers."""
    things = _things(subject)
    return things.description.list is not None or things.is_named(body)


def _is_still_wrong(subject: Subject, body: Any) -> bool:
    """Whether a body is wrong under a name of this run, too."""
    schema, renamed = subject.operation.request_schema, _things(subject).renamed(body)
    return schema is not None and bool(Validator(schema).errors(renamed, limit=1))


def _twice(send: Callable[[], Exchange]) -> Exchange:
    """What a call comes to, the second time where it fails: a failure that passes has another reason."""
    exchange = send()
    return send() if exchange.response.status_class == 5 and exchange.response.status != 503 else exchange


def _controlled(subject: Subject, send: Callable[[], Exchange]) -> None:
    """Makes the call once with right data: where that is refused, a refusal of wrong data says nothing."""
    said = subject.client.exchanges
    if not any(e.response.ok and not e.negative and e.operation is subject.operation for e in said):
        subject.client.control(send())


def _selects_nothing(exchange: Exchange) -> bool:
    """Whether a list is answered with nothing in it: a value that nothing has was looked at, too."""
    listing = exchange.operation.collection if exchange.operation is not None else None
    return exchange.response.ok and listing is not None and exchange.response.at(listing.items) == []


def _assert_refused(send: Callable[[], Exchange], mutation: str) -> None:
    exchange = _twice(send)
    if exchange.response.status in OF_ANOTHER_REASON or exchange.response.status_class == 3:
        return
    if not _selects_nothing(exchange):
        assert_status(exchange, "4xx", when=f"with wrong data ({mutation})")


@requirement("http.negative-query-refused")
@property_test(generated=lambda subject: queries(subject.operation, "negative", subject.session.parameters))
def test_a_query_that_the_document_forbids_is_refused(subject: Subject, mode: str, mutation: str, query: Any) -> None:
    """A GET that is a success is refused once a parameter is missing, or has a value that its schema forbids."""
    right = queries(subject.operation, "positive", subject.session.parameters)[0]["query"]
    _controlled(subject, lambda: _get(subject, right))
    _assert_refused(lambda: _get(subject, query, negative=mode == "negative"), mutation)


@requirement("http.negative-body-refused")
@property_test(generated=lambda subject: bodies(subject.operation, "negative"))
def test_a_body_that_the_document_forbids_is_refused(subject: Subject, mode: str, mutation: str, body: Any) -> None:
    """A write that is a success is refused once its body is one that its schema forbids."""
    if _is_found(subject, body) and _is_still_wrong(subject, body):
        _controlled(subject, subject.call)
        _assert_refused(lambda: _write(subject, body, negative=mode == "negative"), mutation)


@requirement("http.positive-data-no-failure")
@property_test(
    generated=lambda subject: [{"data": data} for data in positive(subject.operation, subject.session.parameters)],
    data=lambda subject: at_random(subject.operation, subject.session.parameters),
)
def test_data_that_the_document_allows_is_no_failure(subject: Subject, data: Any) -> None:
    """What the document's schemas allow is a success or is refused, and no 5xx."""
    if "body" in data:
        if not _is_found(subject, data["body"]):
            return
        exchange = _twice(lambda: _write(subject, data["body"]))
    elif "query" in data:
        exchange = _twice(lambda: _get(subject, data["query"]))
    else:
        exchange = _twice(subject.call)
    if exchange.response.status not in OF_ANOTHER_REASON:
        assert_not_status(exchange, "5xx", when=f"with {data['mode']} data ({data['mutation']})")
