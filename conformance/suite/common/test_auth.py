"""Authentication: who is let in, and how the others are refused."""

from typing import Any

from conformance.contract import Conventions, Resource
from conformance.contract.needs import WRITES
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    Unsupported,
    assert_equal,
    assert_not_status,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.targets import Client
from conformance.targets.clock import Clock
from conformance.traffic.exchange import Exchange


@requirement("auth.credentials-required")
def test_a_call_without_credentials_is_refused(subject: Subject, client: Client, conventions: Conventions) -> None:
    """The call that succeeds with a credential is refused without one, with the documented status."""
    client.control(subject.call())
    exchange = subject.call(credential=None, negative=True)
    assert_status(exchange, conventions.auth.refused, when="without a credential")


WRONG = {
    "a token nobody was given": "{scheme} conformance-0000-no-such-token",
    "the valid token under another scheme": "Basic {token}",
    "another scheme's credential": "Basic Y29uZm9ybWFuY2U6Y29uZm9ybWFuY2U=",
    "the valid token without a scheme": "{token}",
    "the scheme alone": "{scheme}",
    "the valid token with one character more": "{scheme} {token}x",
}


@requirement("auth.bad-credentials-refused")
@property_test(examples=[{"wrong": name} for name in WRONG])
def test_a_wrong_credential_is_refused(subject: Subject, client: Client, conventions: Conventions, wrong: str) -> None:
    """The call that succeeds with a credential is refused with a wrong one, with the documented status."""
    client.control(subject.call())
    auth = conventions.auth
    credential = WRONG[wrong].format(scheme=auth.scheme, token=client.token("default"))
    exchange = subject.call(headers={auth.header: credential}, negative=True)
    assert_status(exchange, auth.refused, when=f"with {wrong}")


def _state(read: Exchange, resource: Resource) -> tuple[int, Any]:
    return read.response.status, read.response.at(resource.object)


def _are_refused(subject: Subject, wrong: str, **sent: Any) -> None:
    """A create, a change and a delete are refused, and what the run made for it stays as it was."""
    if "writes" not in subject.session.capabilities:
        raise NotExercised("writes are not allowed here, so none was tried", WRITES)
    contract, refused = subject.contract, subject.conventions.auth.refused
    for resource in contract.conventions.resources:
        things = subject.things_of(resource)
        victim = things.create()
        before, listed = things.get(victim), things.listed_but_others()
        changes = {name: values[0] for name, values in resource.writable.items()}
        for role in ("create", "update", "replace", "delete"):
            if getattr(resource, role) is None or things.operation(role).authorized != "required":
                continue
            when = f"to {role} a {resource.name} {wrong}"
            if role == "create":
                exchange = things.post(things.body(), **sent, negative=True)
            else:
                body = None if role == "delete" else changes
                exchange = things.call(role, victim, body=body, **sent, negative=True)
            if things.operation(role).basis == "documented":
                assert_status(exchange, refused, when=when)
            assert_not_status(exchange, "2xx", when=when)
            after = things.get(victim)
            what = f"the {resource.name} after an attempt {when}"
            assert_equal(_state(after, resource), _state(before, resource), what, exchange=exchange)
        assert_equal(things.listed_but_others(), listed, f"the list after writes {wrong}")


@requirement("auth.credentials-required", once=True)
def test_writes_without_credentials_change_nothing(subject: Subject) -> None:
    """A create, a change and a delete of what the run made are refused without a credential, and change nothing."""
    _are_refused(subject, "without a credential", credential=None)


@requirement("auth.bad-credentials-refused", once=True)
def test_writes_with_a_wrong_credential_change_nothing(subject: Subject, conventions: Conventions) -> None:
    """A create, a change and a delete of what the run made are refused with a wrong one, and change nothing."""
    auth = conventions.auth
    for wrong in ("a token nobody was given", "the valid token under another scheme"):
        credential = WRONG[wrong].format(scheme=auth.scheme, token=subject.client.token("default"))
        _are_refused(subject, f"with {wrong}", headers={auth.header: credential})


@requirement("auth.valid-token-accepted")
def test_a_valid_credential_is_accepted(subject: Subject) -> None:
    """The call as it should be, with a valid credential, is answered with a success."""
    exchange = subject.call()
    status, operation = exchange.response.status, subject.operation
    if operation.basis == "implied" and status in (404, 405, 501):
        raise Unsupported(f"the target answers {status} to {operation}, which the document only implies")
    assert_status(exchange, "2xx", when="with a valid credential")


@requirement("auth.expired-credentials-refused", needs=("clock",))
def test_an_expired_credential_is_refused(
    subject: Subject, client: Client, clock: Clock, conventions: Conventions
) -> None:
    """A credential that was accepted is refused once its expiry date has passed."""
    auth = conventions.auth
    if auth.expiring is None or auth.lifetime is None:
        raise Unsupported("no document says how long a credential may be valid")
    client.token(auth.expiring)
    client.control(subject.call(credential=auth.expiring))
    clock.sleep(auth.lifetime)
    exchange = subject.call(credential=auth.expiring, negative=True)
    assert_status(exchange, auth.refused, when="with an expired credential")


@requirement("auth.foreign-team-refused")
def test_a_foreign_team_gives_nothing_personal(
    subject: Subject, collection: Collection, conventions: Conventions
) -> None:
    """A team that does not exist, or that others are in, is a client error; no personal record is in the answer."""
    scope = conventions.auth.scope
    if scope is None:
        raise Unsupported("no document names a parameter for teams")
    own = {identity for identity in collection.start.page.ids if identity}
    if not own:
        raise NotExercised("the personal list is empty")
    foreign = subject.session.parameters.get(scope.foreign or "", ())
    for team in (scope.unknown, *foreign):
        for limit in (None, 1):
            exchange = collection.get(limit, query={scope.parameter: team}, negative=True)
            when = f"with {scope.parameter}={team}"
            shown = sorted(identity for identity in own if identity in exchange.response.text)
            assert_that(
                not shown,
                f"the answer {when} holds {len(shown)} records of the personal list",
                expected="no personal record",
                actual=exchange.response.text,
                exchange=exchange,
            )
            assert_status(exchange, "4xx", when=when)
