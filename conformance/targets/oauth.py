"""OAuth2 as the suite's own client does it: what it sends after a user has granted access (RFC 6749 4.1)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

from conformance.contract import ConformanceError, Operation
from conformance.contract.operation import FORM
from conformance.targets.client import Client
from conformance.targets.errors import NotExercised, Unsupported
from conformance.traffic.exchange import Exchange


class StateDiffers(ConformanceError):
    """The redirect does not carry the state that was given: it answers somebody else's request."""


def code_in(location: str) -> str:
    """The code in a redirect to the client, empty where there is none."""
    return _in_query(location, "code")


def _in_query(location: str, name: str) -> str:
    return parse_qs(urlsplit(location).query).get(name, [""])[0]


def authorization(client: Client, **query: str) -> str:
    """Where a user is sent to grant access to somebody else's application; nothing that the client holds is in it.

    Raises:
        Unsupported: no document says where that is.
    """
    endpoint = client.contract.conventions.auth.authorize
    if endpoint is None:
        raise Unsupported("no document says where users grant access")
    return f"{endpoint}?{urlencode(query)}"


def granted(client: Client, location: str, state: str) -> None:
    """Takes the access token of a redirect back (RFC 6749 4.2.2): the client's credential, in the place of all others.

    Raises:
        StateDiffers: it answers another request than the one with this state.
        NotExercised: it has no token.
    """
    fragment = parse_qs(urlsplit(location).fragment)
    if not client.knows_state(state, fragment.get("state", [""])[0]):
        raise StateDiffers("the state of the redirect is another than was given: the grant is not taken")
    token = fragment.get("access_token", [""])[0]
    if not token:
        raise NotExercised("the redirect has no access token")
    client.redactor.learn({"granted": token})
    client.credentials = {"default": token}


def exchange_code(client: Client, operation: Operation, **form: str) -> Exchange:
    """Exchanges a code for an access token: a form in the body, and nothing of it in the URL."""
    content = urlencode(form).encode()
    return client.call(operation, content=content, headers={"Content-Type": FORM}, credential=None)


def finish(client: Client, operation: Operation, location: str, state: str, **form: str) -> Exchange:
    """What follows a redirect back: the exchange of its code, where it carries the state that was given.

    Raises:
        StateDiffers: it does not; nothing is sent.
    """
    if not client.knows_state(state, _in_query(location, "state")):
        raise StateDiffers("the state of the redirect is another than was given: the grant is not taken")
    return exchange_code(client, operation, code=code_in(location), **form)
