"""Odd requests (RFC 9110 15.5, 15.6): targets, fields and bodies that nobody would send are no server's failure."""

from collections.abc import Iterator
from typing import Any

from conformance.contract import Operation
from conformance.properties import (
    NotExercised,
    Subject,
    Unsupported,
    assert_no_server_error,
    assert_status,
    requirement,
)
from conformance.suite.http.reading import reading
from conformance.targets.guard import NO_SUCH_ID
from conformance.traffic.exchange import Exchange

ANSWERED = ("2xx", "3xx", "4xx")
ODD = ("/{path}", "{path}%2F", "{path};a=b", "{path}/%00", "{path}/" + "a" * 2000)
"""Targets that few would ask for: each is one by the grammar, and names nothing, or what it names without its end."""


@requirement("http.targets-no-failure", once=True)
def test_an_odd_target_is_no_failure(subject: Subject) -> None:
    """Doubled and encoded slashes, parameters of a segment, an encoded zero, a long segment: none is a server error."""
    got = reading(subject)
    for odd in ODD:
        exchange = got.at(odd.format(path=got.path))
        assert_status(exchange, *ANSWERED, when="which is an odd target")


@requirement("http.targets-no-failure", once=True)
def test_an_unknown_parameter_is_no_failure(subject: Subject) -> None:
    """A query parameter that nobody knows is ignored or refused."""
    got = reading(subject)
    exchange = got.again(query={**got.query, "conformance_unknown": "1"}, negative=True)
    assert_status(exchange, *ANSWERED, when="with a parameter that nobody knows")


@requirement("http.accept-no-failure", once=True)
def test_a_media_type_that_nobody_has_is_no_failure(subject: Subject) -> None:
    """Where another media type is asked for than there is, the answer is a 406, or the one that there is."""
    exchange = reading(subject).again(headers={"Accept": "application/x-conformance-none"}, negative=True)
    assert_status(exchange, *ANSWERED, when="which asks for a media type that nobody has")


@requirement("http.bodies-no-failure", once=True, needs=("writes",))
def test_a_body_that_is_no_json_is_no_failure(subject: Subject) -> None:
    """A write whose body is said to be JSON and is none is refused."""
    media_type = subject.conventions.media_types.request
    exchange = _written(subject, content=b'{"conformance": ', headers={"Content-Type": media_type})
    assert_no_server_error(exchange, when="with a body that is no JSON")


@requirement("http.bodies-no-failure", once=True, needs=("writes",))
def test_a_body_of_another_media_type_is_no_failure(subject: Subject) -> None:
    """A write whose body is plain text is refused."""
    exchange = _written(subject, content=b"conformance", headers={"Content-Type": "text/plain"})
    assert_no_server_error(exchange, when="with a body typed text/plain")


def _written(subject: Subject, **options: Any) -> Exchange:
    """The answer to a write with a body: to what nobody has, where there is something of that kind.

    Raises:
        NotExercised: nothing can be written to.
    """
    for operation in _taking_a_body(subject):
        try:
            values = dict.fromkeys(operation.path_parameters, NO_SUCH_ID)
            return subject.client.call(operation, values, negative=True, **options)
        except Unsupported:
            continue
    raise NotExercised("no operation that takes a body can be called without harm")


def _taking_a_body(subject: Subject) -> Iterator[Operation]:
    """Operations that take JSON; those of one thing first, since nothing has the id that nobody has."""
    found = [each for each in subject.contract.operations if each.writes and each.request_schema is not None]
    yield from sorted(found, key=lambda each: not each.path_parameters)
