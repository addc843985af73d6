"""Credentials that are wrong, each in one way: what a client sends in place of the right one.

None is a secret: a name here stands for one in tests, recordings and ledgers, and its value is made when it is sent.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Callable, Mapping
from uuid import UUID

from conformance.contract import Need
from conformance.contract.conventions import Auth
from conformance.targets.errors import Unsupported

_BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"

MADE_UP = "a token nobody was given"
SAME_FORM = "a made-up token of the same form"
OTHER_SCHEME = "the valid token under another scheme"


def _of_form(token: str) -> str:
    """A token of the same length, with letters, digits and signs where the valid one has them, and none of its own."""
    classes = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    made = []
    for place, char in enumerate(token):
        alphabet = next((alphabet for alphabet in classes if char in alphabet), char)
        made.append(alphabet[(7 * place + 3) % len(alphabet)])
    return "".join(made)


def _in_other_case(token: str) -> str:
    """The token in another case; as it is where that is the same: a UUID is read in either (RFC 9562, 4)."""
    try:
        UUID(token)
    except ValueError:
        return token.swapcase()
    return token


def _with_other_end(token: str) -> str:
    """The token with another last character, one that is told from it in base64, too."""
    place = _BASE64.find(token[-1])
    return token[:-1] + ("x" if place < 0 else _BASE64[place ^ 32])


def _other_scheme(scheme: str) -> str:
    return "Bearer" if scheme.lower() == "basic" else "Basic"


def _encoded(user: str) -> str:
    return base64.b64encode(user.encode()).decode()


WRONG: Mapping[str, Callable[[str, str], str]] = {
    MADE_UP: lambda scheme, _: f"{scheme} conformance-0000-no-such-token",
    SAME_FORM: lambda scheme, token: f"{scheme} {_of_form(token)}",
    "the valid token in another case": lambda scheme, token: f"{scheme} {_in_other_case(token)}",
    "the valid token without its last character": lambda scheme, token: f"{scheme} {token[:-1]}",
    "the valid token with another last character": lambda scheme, token: f"{scheme} {_with_other_end(token)}",
    "the valid token with one character more": lambda scheme, token: f"{scheme} {token}x",
    OTHER_SCHEME: lambda scheme, token: f"{_other_scheme(scheme)} {token}",
    "the valid token as the user of another scheme": lambda scheme, token: (
        f"{_other_scheme(scheme)} {_encoded(f'{token}:')}"
    ),
    "another scheme's credential": lambda scheme, _: f"{_other_scheme(scheme)} {_encoded('conformance:conformance')}",
    "the valid token without a scheme": lambda _, token: token,
    "the scheme alone": lambda scheme, _: scheme,
}
"""Name → what makes the value of the header from the right scheme and token."""

ELSEWHERE = ("access_token", "api_key", "apikey", "token")
"""Query parameters that servers are known to take a credential from (RFC 6750, 2.3, names the first)."""


def wrong_value(name: str, scheme: str, token: str) -> str:
    """What a wrong credential is sent as."""
    return WRONG[name](scheme, token).strip()


def wrong_for(scheme: str, token: str) -> list[str]:
    """The names of those that are wrong for a token: one in another case is not, where it has no letters."""
    values = {name: wrong_value(name, scheme, token) for name in WRONG}
    right = f"{scheme} {token}".strip()
    return [name for name, value in values.items() if value and value != right]


def carried(
    auth: Auth, credential: str | None, token: Callable[[str], str]
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The headers, and the query parameter, that carry a credential; none where there is none."""
    if credential is None or not auth.credentials:
        return {}, []
    if credential in WRONG:
        value = wrong_value(credential, auth.scheme, token("default"))
    else:
        value = auth.value(credential, token(credential))
    beside = {header: token(name) for header, name in auth.beside.items()}
    return (beside, [(auth.parameter, value)]) if auth.parameter else ({auth.header: value, **beside}, [])


def token_of(credentials: Mapping[str, str], name: str, auth: Auth) -> str:
    """The value of a credential.

    Raises:
        Unsupported: the target has none of that name.
        HarnessError: where it comes from gives none.
    """
    if name not in credentials:
        variable = auth.credentials.get(name, name)
        raise Unsupported(f"needs the credential {name!r}: set {variable}", Need.credential(name, variable))
    return credentials[name]


def account_of(credential: str | None) -> str:
    """Whose things a call with a credential is about: the default account's where it is none, or a wrong one."""
    return "default" if credential is None or credential in WRONG else credential
