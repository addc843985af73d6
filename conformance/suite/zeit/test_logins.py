"""Logins and OAuth2: who gets a token, and what a token is good for."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from conformance.contract import Contract
from conformance.properties import (
    NotExercised,
    Subject,
    Unsupported,
    assert_equal,
    assert_status,
    assert_that,
    requirement,
)
from conformance.suite.zeit.naming import assert_refused, listed
from conformance.targets import Client
from conformance.targets.credentials import MADE_UP
from conformance.targets.issued import issued
from conformance.targets.oauth import code_in, exchange_code
from conformance.traffic.exchange import Exchange

REQUEST, VERIFY, EXCHANGE = "POST /now/registration", "GET /now/registration/verify", "POST /v2/oauth/access_token"
SECRETS = "GET /v2/now/secrets"
STATE = "a b&c=d/ü+%41"


def emulator(subject: Subject) -> dict[str, Any]:
    """How a user is played on this target.

    Raises:
        Unsupported: no user can be.
    """
    known: dict[str, Any] = subject.session.facts.get("emulator", {})
    if not {"accept-login", "grant", "client"} <= set(known):
        raise Unsupported("needs an emulator on which a user can be played (facts.emulator)")
    return known


class Login:
    """A login that is asked for, without any credential; its token is the credential `login-request`."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.client, self.contract = subject, subject.client, subject.contract
        self.email = f"{subject.prefix}@mail.com"
        body = {"email": self.email, "tokenName": "conformance"}
        self.asked = self.client.call(self.contract.operation(REQUEST), body=body, credential=None)
        self.token = ""
        if self.asked.response.ok:
            self.token = issued(self.client, self.asked, "/token", "login-request")

    def accept(self) -> None:
        """What the user does with the e-mail."""
        self.client.control(self.asked)
        path = emulator(self.subject)["accept-login"]
        self.client.control(self.client.send("POST", path, body={"token": self.token}, credential=None))

    def verify(self, email: str | None = None, token: str | None = None, **options: Any) -> Exchange:
        query = {"email": email or self.email, "token": token or self.token}
        return self.client.call(self.contract.operation(VERIFY), query=query, credential=None, **options)

    def verified(self) -> str:
        """The token of the user, the credential `login-token` from now on."""
        return issued(self.client, self.client.control(self.verify()), "/token", "login-token")


def assert_no_token(exchange: Exchange, member: str, when: str) -> None:
    """An answer, whatever its status, gives no token."""
    token = exchange.response.at(f"/{member}")
    assert_that(
        token is None, f"a token was given {when}", expected=f"no {member}", actual="a token", exchange=exchange
    )


@requirement("zeit.auth.login-needs-no-token", once=True)
def test_a_login_needs_no_token(subject: Subject) -> None:
    """A login is asked for, and once accepted verified, without any credential."""
    emulator(subject)
    login = Login(subject)
    assert_status(login.asked, "2xx", when="without a token")
    login.accept()
    assert_status(login.verify(), "2xx", when="without a token")


@requirement("zeit.auth.login-verify-gate")
def test_a_token_is_given_to_who_was_accepted(subject: Subject) -> None:
    """Before the user accepts, and for another address or token, no token is given; then for the right pair it is."""
    emulator(subject)
    login = Login(subject)
    assert_no_token(login.verify(negative=True), "token", "before the user accepted")
    login.accept()
    wrong = {"email": "conformance-other@mail.com"}, {"token": "conformanceNoSuchToken00"}
    for other in wrong:
        assert_no_token(login.verify(**other, negative=True), "token", f"for another {next(iter(other))}")
    right = login.verify()
    assert_that(
        right.response.ok and isinstance(right.response.at("/token"), str),
        "no token is given to a user who accepted",
        expected="a token",
        actual=right.response.reason,
        exchange=right,
    )


@requirement("zeit.auth.login-token-usable")
def test_a_verified_token_is_good_for_calls(subject: Subject, client: Client, contract: Contract) -> None:
    """The token that verifying a login gives authenticates its user."""
    emulator(subject)
    login = Login(subject)
    login.accept()
    login.verified()
    assert_status(client.call(contract.operation(SECRETS), credential="login-token"), "2xx", when="with that token")


@requirement("zeit.auth.login-request-token-inert")
def test_the_token_of_a_request_is_good_for_nothing(subject: Subject, client: Client, contract: Contract) -> None:
    """The token that a login request gives is refused before and after it is accepted; the verified one is not."""
    emulator(subject)
    login = Login(subject)
    secrets = contract.operation(SECRETS)
    client.control(login.asked)
    before = client.call(secrets, credential="login-request", negative=True)
    login.accept()
    after = client.call(secrets, credential="login-request", negative=True)
    token = login.verified()
    client.control(client.call(secrets, credential="login-token"))
    verified = client.call(secrets, credential="login-request", negative=True)
    for time, exchange in (("before it was", before), ("after it was", after), ("verified, and", verified)):
        assert_status(exchange, 403, when=f"with the token of a request {time} accepted")
    assert_that(token != login.token, "both tokens are one", expected="two tokens", actual="one")


def granted(subject: Subject, **grant: str) -> str:
    """A code for which the user granted access, the credential `oauth-code` from now on."""
    client = subject.client
    location = client.send("POST", emulator(subject)["grant"], body=grant, credential=None)
    return issued(client, client.control(location), "/location", "oauth-code", code_in)


@requirement("zeit.auth.oauth-exchange")
def test_a_code_is_exchanged_for_a_token(subject: Subject, client: Client, contract: Contract) -> None:
    """Only the right client, secret and code together give an access token, and that is its user's."""
    application, operation = emulator(subject)["client"], contract.operation(EXCHANGE)
    form = {**application, "code": granted(subject)}
    wrong = [{**form, name: f"conformance-{name}"} for name in ("client_secret", "code")]
    wrong += [{other: value for other, value in form.items() if other != name} for name in form]
    for sent in wrong:
        exchange = exchange_code(client, operation, **sent)
        assert_status(exchange, "4xx", when="with a part that is wrong or missing")
        assert_no_token(exchange, "access_token", "for a part that is wrong or missing")
    issued(client, client.control(exchange_code(client, operation, **form)), "/access_token", "oauth-token")
    shown = client.control(client.call(contract.operation(SECRETS), credential="oauth-token"))
    own = [one.get("uid") for one in listed(client, contract, SECRETS, {}, "/secrets")]
    uids = [one.get("uid") for one in shown.response.at("/secrets") or []]
    assert_equal(uids, own, "the secrets that an access token shows", exchange=shown)


@requirement("zeit.auth.oauth-unknown-client")
def test_an_unknown_client_is_not_found(subject: Subject, client: Client, contract: Contract) -> None:
    """An application that nobody registered is told as such, by its id."""
    name = f"oac_{subject.prefix.replace('-', '')}"[:28]
    form = {"client_id": name, "client_secret": "conformance-no-such-secret", "code": "conformance-no-such-code"}
    exchange = exchange_code(client, contract.operation(EXCHANGE), **form)
    error = assert_refused(exchange, "not_found", "for a client that nobody registered")
    message = str(error.get("message"))
    assert_that(
        name in message, "the message does not name the client", expected=name, actual=message, exchange=exchange
    )


@requirement("zeit.auth.oauth-redirect-echo")
def test_a_redirect_brings_the_state_back(subject: Subject, client: Client) -> None:
    """The redirect after a grant has a code, and the state that was sent, or none where none was."""
    path = emulator(subject)["grant"]
    for sent in ({"state": STATE}, {}):
        body = {"redirect_uri": "https://example.com/oauth/callback", **sent}
        exchange = client.control(client.send("POST", path, body=body, credential=None))
        location = exchange.response.at("/location")
        if not isinstance(location, str):
            raise NotExercised("the emulator does not tell where the browser is sent")
        query = parse_qs(urlsplit(location).query)
        assert_that("code" in query, "the redirect has no code", expected="a code", actual=location, exchange=exchange)
        due = [STATE] if sent else None
        assert_equal(query.get("state"), due, "the state of the redirect", exchange=exchange)


@requirement("zeit.auth.forbidden-code")
def test_a_denial_is_forbidden(subject: Subject, client: Client) -> None:
    """Without a token, and with one that is none, the error code is that of what is forbidden."""
    operation, values = subject.operation, subject.values(subject.operation)
    client.control(client.call(operation, values))
    for credential in (None, MADE_UP):
        exchange = client.call(operation, values, credential=credential, negative=True)
        assert_refused(exchange, "forbidden", "without a valid token")
