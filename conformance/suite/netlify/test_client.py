"""What Netlify's document asks of a client: who it says to be, and whose tokens it takes."""

import re
from urllib.parse import parse_qs, urlsplit

from conformance.contract import Contract
from conformance.properties import MockServer, assert_equal, assert_that, requirement
from conformance.suite.netlify.sites import CREATE, SITES
from conformance.targets.oauth import StateDiffers, authorization, granted

AUTHORIZE = "https://app.netlify.com/authorize"
LIBRARIES = ("python-", "httpx", "aiohttp", "curl", "go-http", "axios", "node")
STATE = "a b&c=d/ü"
BACK = "https://example.com/oauth/callback"
TOKEN = "conformance-granted-token"


@requirement("netlify.transport.user-agent")
def test_a_call_says_who_makes_it(contract: Contract, mock: MockServer) -> None:
    """The User-Agent of a reading and of a write names an application, which is no library, and a contact."""
    mock.routes.route().respond(200, json=[])
    mock.client.call(contract.operation(SITES))
    mock.client.call(contract.operation(CREATE), body={"name": "conformance"})
    for sent in mock.raw:
        agent = sent.headers.get("user-agent", "")
        assert_that(
            re.match(r"[\w.-]+", agent) is not None and not agent.lower().startswith(LIBRARIES),
            "a call names no application",
            expected="the name of an application that is no HTTP library",
            actual=agent,
        )
        assert_that(
            re.search(r"[^\s()]+@[^\s()]+|https?://[^\s()]+", agent) is not None,
            "a call names no contact",
            expected="an e-mail address or a URL",
            actual=agent,
        )


@requirement("netlify.auth.public-integration-oauth")
def test_others_grant_access_and_give_no_token_of_their_own(contract: Contract, mock: MockServer) -> None:
    """Users are sent to the documented endpoint, without anything the client holds; then their grant alone is sent."""
    client = mock.client
    mock.routes.route().respond(200, json=[])
    own = client.token("default")
    asked = authorization(client, client_id="conformance-app", redirect_uri=BACK, response_type="token", state=STATE)
    url = urlsplit(asked)
    assert_equal(f"{url.scheme}://{url.netloc}{url.path}", AUTHORIZE, "where users grant access")
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    due = {"client_id": "conformance-app", "redirect_uri": BACK, "response_type": "token", "state": STATE}
    assert_equal(query, due, "what they are sent there with")
    try:
        granted(client, f"{BACK}#access_token={TOKEN}&state=theirs", STATE)
        ended = False
    except StateDiffers:
        ended = True
    assert_that(ended, "a foreign state is taken", expected="no grant", actual="one")
    granted(client, f"{BACK}#access_token={TOKEN}&state=a+b%26c%3Dd%2F%C3%BC", STATE)
    client.call(contract.operation(SITES))
    sent = mock.raw[-1].headers.get("authorization")
    assert_that(own not in str(sent), "the client's own token is sent", expected=TOKEN, actual="its own")
    assert_equal(sent, f"Bearer {TOKEN}", "what a call is authorized with after a grant")
