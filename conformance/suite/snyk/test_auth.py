"""Authentication: the two schemes, and how their words are written."""

from conformance.contract import Conventions, Operation
from conformance.properties import (
    NotExercised,
    Subject,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.common.test_auth import needless
from conformance.targets import Client


@requirement("snyk.auth.scheme-token")
def test_a_key_is_accepted_with_token(subject: Subject, client: Client, operation: Operation) -> None:
    """An API key is accepted with the scheme `token`, where not just anybody is."""
    exchange = client.call(operation, subject.values(operation))
    if exchange.response.status_class != 4:
        client.control(exchange)
    assert_status(exchange, "2xx", when="with `token` and an API key", vacuous=needless(subject))


@requirement("snyk.auth.scheme-bearer")
def test_an_access_token_is_accepted_with_bearer(subject: Subject, client: Client, operation: Operation) -> None:
    """The access token of an app is accepted with the scheme `bearer`, where not just anybody is."""
    exchange = client.call(operation, subject.values(operation), credential="app")
    if exchange.response.status_class != 4:
        client.control(exchange)
    assert_status(exchange, "2xx", when="with `bearer` and the access token of an app", vacuous=needless(subject))


@requirement("snyk.auth.scheme-case")
@property_test(examples=[{"word": word} for word in ("Token", "TOKEN")])
def test_a_capitalised_scheme_is_accepted_or_refused(
    subject: Subject, client: Client, conventions: Conventions, word: str
) -> None:
    """The scheme word in capitals is taken for the same word or refused, never a server error."""
    client.control(subject.call())
    header = {conventions.auth.header: f"{word} {client.token('default')}"}
    exchange = subject.call(headers=header, negative=True)
    vacuous = needless(subject) if exchange.response.ok else ""
    assert_status(exchange, "2xx", *conventions.auth.refusals, when=f"with the scheme {word}", vacuous=vacuous)


@requirement("snyk.content-type.bodyless-get-ok")
def test_a_get_needs_no_content_type(subject: Subject, client: Client, conventions: Conventions) -> None:
    """A GET without Content-Type is served, at least where the same GET with one is."""
    plain = subject.call()
    if plain.response.ok:
        client.control(plain)
    if not plain.response.ok:
        typed = subject.call(headers={"Content-Type": conventions.media_types.request})
        if not typed.response.ok:
            raise NotExercised(f"the GET is refused with a Content-Type too: {typed}")
    assert_that(
        plain.response.ok,
        f"a GET without Content-Type is answered {plain.response.status}",
        expected="2xx",
        actual=plain.response.reason,
        exchange=plain,
    )
