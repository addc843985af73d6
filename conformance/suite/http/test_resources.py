"""Resources (RFC 9110 9): reading changes nothing, credentials are asked for, what was created comes and goes."""

from conformance.properties import (
    NotExercised,
    Subject,
    Violation,
    assert_equal,
    assert_not_status,
    assert_status,
    assert_that,
    requirement,
)
from conformance.suite.http.reading import Reading, reading, readings, things_that_come_and_go
from conformance.targets.credentials import MADE_UP
from conformance.traffic.exchange import Exchange

TRIES = 3
SECURED = 3
"""Operations whose credential is left out."""


@requirement("http.reading-changes-nothing", once=True)
def test_reading_changes_nothing(subject: Subject) -> None:
    """What is read again, and again after a HEAD, is the same: its status, its media type and its members.

    Others may write between two readings, but hardly at every try.
    """
    got = reading(subject)
    for number in range(1, TRIES + 1):
        before, after = got.again(), got.again()
        try:
            _are_alike(before, after)
            return
        except Violation:
            if number == TRIES:
                raise


def _are_alike(before: Exchange, after: Exchange) -> None:
    assert_equal(after.response.status, before.response.status, "the status when read again", exchange=after)
    assert_equal(after.response.media_type, before.response.media_type, "the media type", exchange=after)
    shapes = [_shape(exchange) for exchange in (before, after)]
    assert_that(
        shapes[0] == shapes[1],
        "what is read again has other members, or more of them",
        expected=str(shapes[0]),
        actual=str(shapes[1]),
        exchange=after,
    )


def _shape(exchange: Exchange) -> object:
    """The names at the top of a JSON body, each with how many there are below it; nothing of other bodies."""
    body = exchange.response.json if exchange.response.is_json else None
    if isinstance(body, dict):
        return {name: len(value) if isinstance(value, list) else 1 for name, value in sorted(body.items())}
    return len(body) if isinstance(body, list) else 1


@requirement("http.authentication-enforced", once=True)
def test_a_credential_is_asked_for(subject: Subject) -> None:
    """What is read with a credential, and needs one by the document, is no success without it or with a wrong one."""
    found = [got for got in readings(subject) if got.operation.authorized == "required"][:SECURED]
    if not found:
        raise NotExercised("nothing that needs a credential was read with a success")
    for got in found:
        _is_enforced(got)


def _is_enforced(got: Reading) -> None:
    for credential, when in ((None, "without a credential"), (MADE_UP, "with a wrong credential")):
        assert_not_status(got.again(credential=credential, negative=True), "2xx", when=when)


@requirement("http.created-readable", once=True, needs=("writes",))
def test_what_was_created_can_be_read(subject: Subject) -> None:
    """What was created is found under its id."""
    things = things_that_come_and_go(subject)
    assert_status(things.get(things.create()), "2xx", when="of what was created")


@requirement("http.deleted-gone", once=True, needs=("writes",))
def test_what_was_deleted_cannot_be_read(subject: Subject) -> None:
    """What was created, read and deleted at once is not found any more."""
    things = things_that_come_and_go(subject)
    identity = things.create()
    subject.client.control(things.get(identity))
    gone = subject.client.control(things.delete(identity))
    if gone.response.status not in (200, 204):
        raise NotExercised(f"{gone}: it may be deleted later")
    assert_status(things.get(identity), "4xx", when="of what was deleted")
