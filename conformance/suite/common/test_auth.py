"""Authentication: who is let in, and how the others are refused."""

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.contract import Conventions
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    Things,
    Unsupported,
    assert_equal,
    assert_not_status,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.properties.attempts import PLAINLY, Attempts, assert_out_of_reach, matrix, ways
from conformance.targets import Client
from conformance.targets.clock import Clock
from conformance.targets.credentials import ELSEWHERE, MADE_UP, wrong_value
from conformance.traffic.exchange import Exchange

Asked = Mapping[str, Sequence[str | None]]
"""Way to ask → the credentials that are tried in it, None for none."""


def _nobody(subject: Subject) -> list[Mapping[str, Any]]:
    return [{"asked": {way: [None] for way in ways(subject)}}]


def _wrong(subject: Subject) -> list[Mapping[str, Any]]:
    return [{"asked": matrix(subject)}]


@requirement("auth.credentials-required")
@property_test(examples=_nobody)
def test_a_call_without_credentials_is_refused(subject: Subject, asked: Asked) -> None:
    """The call that succeeds with a credential is refused without one, with the documented status; nothing changes."""
    _are_refused(subject, asked)


@requirement("auth.bad-credentials-refused")
@property_test(examples=_wrong)
def test_a_wrong_credential_is_refused(subject: Subject, asked: Asked) -> None:
    """The call that succeeds with a credential is refused with each wrong one, and changes nothing."""
    _are_refused(subject, asked)


def _are_refused(subject: Subject, asked: Asked) -> None:
    """Whoever is let in is told first: a refusal with another status hides nothing that is worse."""
    operation = subject.operation
    if operation.authorized != "required":
        raise NotExercised(f"{operation} needs no credential")
    if operation.writes:
        subject.need("writes")
    refusals = [refusal for way in sorted(asked, key=_plainly_first) for refusal in _refusals(subject, way, asked[way])]
    for exchange, when in refusals:
        assert_status(exchange, *subject.conventions.auth.refusals, when=when)


def _plainly_first(way: str) -> tuple[bool, str]:
    return (way != PLAINLY, way)


def _refusals(subject: Subject, way: str, credentials: Sequence[str | None]) -> list[tuple[Exchange, str]]:
    """What refuses a call that is accepted with the right credential, with when it came; none has an effect.

    What is asked beyond the plain call need not be taken; then no more is known than that it must not succeed.
    """
    attempts, refusals = Attempts(subject, way), []
    try:
        served = attempts.control()
        before = attempts.state()
    except (NotExercised, Unsupported):
        if way == PLAINLY:
            raise
        return []
    if way == PLAINLY:
        subject.client.control(served)
    for credential in credentials:
        when = "without a credential" if credential is None else f"with {credential}"
        when = when if way == PLAINLY else f"{when} ({way})"
        exchange = attempts.attempt(credential=credential)
        if _too_many(subject, exchange):
            break  # Whoever guesses may be slowed down.
        if exchange.response.ok:
            assert_status(exchange, *subject.conventions.auth.refusals, when=when)
        assert_not_status(exchange, "2xx", when=when)
        refusals.append((exchange, when))
    if way == PLAINLY and None in credentials and not subject.operation.writes:
        exchange = attempts.attempt(credential=None, query=dict.fromkeys(ELSEWHERE, wrong_value(MADE_UP, "", "")))
        assert_not_status(exchange, "2xx", when="with a made-up token in the query")
    if subject.operation.writes:
        assert_equal(attempts.state(), before, f"what attempts to {attempts.role} {when} left", exchange=exchange)
    return refusals if served.response.ok else []


def _too_many(subject: Subject, exchange: Exchange) -> bool:
    limit = subject.conventions.rate_limit
    return limit is not None and exchange.response.status == limit.exceeded


def needless(subject: Subject) -> str:
    """Why that a credential is accepted shows nothing: nobody needs one; empty where one is needed."""
    without = subject.call(credential=None, negative=True)
    return f"{without} without any credential" if without.response.ok else ""


@requirement("auth.valid-token-accepted")
def test_a_valid_credential_is_accepted(subject: Subject) -> None:
    """The call as it should be, with a valid credential, is answered with a success, which it is not without one."""
    exchange = subject.call()
    status, operation = exchange.response.status, subject.operation
    if operation.basis == "implied" and status in (404, 405, 501):
        raise Unsupported(f"the target answers {status} to {operation}, which the document only implies")
    assert_status(exchange, "2xx", when="with a valid credential", vacuous=needless(subject))


@requirement("auth.expired-credentials-refused", needs=("clock",))
def test_an_expired_credential_is_refused(
    subject: Subject, client: Client, clock: Clock, conventions: Conventions
) -> None:
    """A credential that was accepted is refused once its expiry date has passed."""
    auth = conventions.auth
    lifetime = auth.lifetime or subject.session.facts.get("lifetime")
    if auth.expiring is None or lifetime is None:
        raise Unsupported("neither the document nor the target's facts say how long a credential may be valid")
    client.token(auth.expiring)
    client.control(subject.call(credential=auth.expiring))
    clock.sleep(lifetime)
    exchange = subject.call(credential=auth.expiring, negative=True)
    assert_status(exchange, *auth.refusals, when="with an expired credential")


def shows_nothing_of(own: set[str], exchange: Exchange, when: str) -> None:
    """A refusal in which none of the ids of one's own stands, in whatever form it is."""
    shown = sorted(identity for identity in own if identity in exchange.response.text)
    assert_that(
        not shown,
        f"the answer {when} holds {len(shown)} records of the personal list",
        expected="no personal record",
        actual=exchange.response.text,
        exchange=exchange,
        of_content=False,
    )
    assert_status(exchange, "4xx", when=when)


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
    for team in subject.session.parameters.get(scope.parameter, ())[:1]:
        if not collection.get(query={scope.parameter: team}).response.ok:
            raise NotExercised(f"a team of one's own is refused, too, with {scope.parameter}={team}")
    foreign = subject.session.parameters.get(scope.foreign or "", ())
    for team in (scope.unknown, *foreign):
        for limit in (None, 1):
            exchange = collection.get(limit, query={scope.parameter: team}, negative=True)
            when = f"with {scope.parameter}={team}"
            shows_nothing_of(own, exchange, when)
    resource = subject.contract.resource_of(subject.operation)
    if resource is not None:
        _is_personal(subject, subject.things_of(resource), {scope.parameter: scope.unknown})


def _is_personal(subject: Subject, things: Things, nobody: Mapping[str, str]) -> None:
    """What is personal is not reached under the name of a team that does not exist, and nothing is made there."""
    writes, when = "writes" in subject.session.capabilities, "with {}={}".format(*next(iter(nobody.items())))
    assert_out_of_reach(things, "4xx", when=when, writes=writes, query=nobody)
    if writes:
        assert_status(things.post(things.body(), query=nobody, negative=True), "4xx", when=when)
