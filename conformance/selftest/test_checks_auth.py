"""Who is let in, as any exchange of a run shows it: what was sent wrongly on purpose is never a success."""

from __future__ import annotations

import pytest
from attrs import evolve

from conformance.checks import Judge
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator
from conformance.traffic.redact import NAME_MARK, value_mark

RIGHT = value_mark("default")


def said(api: str, path: str, authorization: str | None, status: int = 200, *, method: str = "GET") -> Exchange:
    contract = load(api)
    headers = () if authorization is None else (("Authorization", authorization),)
    request = Request(method=method, url=f"{contract.conventions.origin}{path}", headers=headers)
    response = Response(status=status, headers=(("Content-Type", "application/json"),), body=b"{}")
    return evolve(Locator(contract, contract.conventions.origin).exchange(request, response), negative=True)


def found(api: str, exchange: Exchange) -> dict[str, Outcome | None]:
    """What the requirements about credentials find in an exchange, by the end of their name."""
    seen = list(Judge(load(api)).observe(exchange))
    rules = ("auth.credentials-required", "auth.bad-credentials-refused")
    bound = [(one.requirement.rule, one.finding.outcome) for one in seen if one.requirement]
    return {str(rule): outcome for rule, outcome in bound if rule in rules}


NONE = {"auth.credentials-required": Outcome.VIOLATED}
WRONG = {"auth.bad-credentials-refused": Outcome.VIOLATED}


@pytest.mark.parametrize(
    ("api", "path", "sent", "expected"),
    [
        ("vercel", "/v9/projects", None, NONE),
        ("vercel", "/v9/projects?teamId=team_a", None, NONE),
        ("vercel", "/v9/projects", f"Bearer {NAME_MARK}", WRONG),
        ("vercel", "/v9/projects", f"Bearer {RIGHT}x", WRONG),
        ("vercel", "/v9/projects", f"Basic {RIGHT}", WRONG),
        ("vercel", "/v9/projects", RIGHT, WRONG),
        ("vercel", "/v9/projects", f"Bearer {RIGHT}", {}),
        ("vercel", "/v9/projects", f"bearer {value_mark('second')}", {}),
        ("snyk", "/orgs/o/projects", f"bearer {RIGHT}", {}),
        ("snyk", "/orgs/o/projects", f"Token {RIGHT}", {}),
        ("snyk", "/orgs/o/projects", f"token {NAME_MARK}", WRONG),
        ("vultr", "/v2/account", None, NONE),
        ("vultr", "/v2/domains/example.com", f"Bearer {NAME_MARK}", WRONG),
        ("vultr", "/v2/plans", None, {}),
        ("vultr", "/v2/plans", f"Bearer {NAME_MARK}", {}),
        ("vultr", "/v2/no-such-thing", None, {}),
    ],
)
def test_a_success_is_judged_by_what_was_sent(
    api: str, path: str, sent: str | None, expected: dict[str, Outcome]
) -> None:
    assert found(api, said(api, path, sent)) == expected


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_write_is_judged_like_a_read(method: str) -> None:
    path = "/v2/domains" if method == "POST" else "/v2/domains/example.com"
    assert found("vultr", said("vultr", path, None, 204, method=method)) == NONE


@pytest.mark.parametrize("status", [301, 401, 403, 404, 429, 500])
def test_no_refusal_shows_anything_by_itself(status: int) -> None:
    assert found("vultr", said("vultr", "/v2/account", f"Bearer {NAME_MARK}", status)) == {}


def test_of_what_was_not_sent_wrongly_on_purpose_nothing_is_said() -> None:
    """Who keeps a recording may have left the credential out."""
    assert found("vercel", evolve(said("vercel", "/v9/projects", None), negative=False)) == {}
