"""Authentication: who is let in, and how the others are refused."""

from conformance.contract import Conventions
from conformance.properties import Subject, assert_status, property_test, requirement
from conformance.targets import Client


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
