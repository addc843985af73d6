"""What ZEIT Now's document asks of a client: how it exchanges a code, and that it buys once."""

from urllib.parse import parse_qs

from conformance.contract import Contract
from conformance.properties import MockServer, Reply, assert_equal, assert_that, requirement
from conformance.targets.oauth import StateDiffers, exchange_code, finish

EXCHANGE, BUY = "POST /v2/oauth/access_token", "POST /v2/domains/buy"
FORM = {"client_id": "oac_conformance", "client_secret": "conformance-secret", "code": "conformance-code"}


@requirement("zeit.content-type.oauth-form")
def test_a_code_is_exchanged_in_a_form(contract: Contract, mock: MockServer) -> None:
    """The exchange is typed as a form, and its body is one of the three fields."""
    mock.routes.route().respond(200, json={"access_token": "conformance-token"})
    exchange_code(mock.client, contract.operation(EXCHANGE), **FORM)
    sent = mock.raw[-1]
    assert_equal(sent.headers.get("content-type"), "application/x-www-form-urlencoded", "the Content-Type")
    fields = {name: [value] for name, value in FORM.items()}
    assert_equal(parse_qs(sent.content.decode()), fields, "the fields of the form")


@requirement("zeit.security.oauth-secret-in-body")
def test_a_client_secret_is_in_no_url(contract: Contract, mock: MockServer) -> None:
    """The secret of a client is in the form, and the URL of the exchange has no query."""
    mock.routes.route().respond(200, json={"access_token": "conformance-token"})
    exchange_code(mock.client, contract.operation(EXCHANGE), **FORM)
    sent = mock.raw[-1]
    assert_equal(
        parse_qs(sent.content.decode()).get("client_secret"), [FORM["client_secret"]], "the secret in the form"
    )
    assert_equal(str(sent.url.query.decode()), "", "the query of the exchange")


@requirement("zeit.auth.oauth-state-abort")
def test_a_foreign_state_ends_it(contract: Contract, mock: MockServer) -> None:
    """A redirect with another state leads to no exchange; one with the right state to exactly one."""
    mock.routes.route().respond(200, json={"access_token": "conformance-token"})
    operation, before = contract.operation(EXCHANGE), len(mock.raw)
    form = {name: value for name, value in FORM.items() if name != "code"}
    try:
        finish(mock.client, operation, "https://example.com/?code=c-o-d-e-1&state=theirs", "ours", **form)
        ended = False
    except StateDiffers:
        ended = True
    assert_that(ended and len(mock.raw) == before, "a foreign state is taken", expected="no exchange", actual="one")
    finish(mock.client, operation, "https://example.com/?code=c-o-d-e-1&state=ours", "ours", **form)
    assert_equal(len(mock.raw) - before, 1, "exchanges with the right state")


@requirement("zeit.crud.client-no-buy-retry")
def test_a_purchase_is_not_repeated(contract: Contract, mock: MockServer) -> None:
    """A domain that was bought and not added is not bought again."""
    error = {"code": "failed_to_add_domain", "message": "The domain was bought but couldn't be added"}
    before = len(mock.raw)
    for status in (400, 500):
        mock.routes.route().mock(side_effect=lambda _, status=status: Reply(status, json={"error": error}))
        mock.client.call(contract.operation(BUY), body={"name": "conformance.com"})
    assert_equal(len(mock.raw) - before, 2, "requests for two purchases that were answered so")
