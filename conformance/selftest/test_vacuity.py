"""What holds is evidence only where it could have failed: of assertions, of controls, and of checks."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, assert_equal, assert_no_server_error, items_of, requirement
from conformance.properties.assertions import Violation, evidence, reset_evidence, vacuity
from conformance.selftest.conversations import Said, judged
from conformance.targets import ReferenceTarget
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator
from conformance.traffic.successes import lacking

API = {"vultr": "https://api.vultr.com", "snyk": "https://api.snyk.io/rest", "vercel": "https://api.vercel.com"}


def answered(api: str, path: str, body: bytes, status: int = 200, method: str = "GET") -> Exchange:
    contract = load(api)
    request = Request(method=method, url=f"{API[api]}{path}", headers=(), body=b"")
    return Locator(contract, API[api]).exchange(request, Response(status=status, headers=(), body=body))


def test_an_assertion_that_could_not_have_failed_is_no_evidence_and_says_why() -> None:
    reset_evidence()
    assert_equal(1, 1, "one", vacuous="there is only one number")
    assert_equal(1, 1, "one", vacuous="there is nothing else")
    assert (evidence(), vacuity()) == (0, "there is only one number")
    assert_equal(1, 1, "one")
    assert evidence() == 1
    with pytest.raises(Violation):
        assert_equal(1, 2, "one", vacuous="whatever it is, it is wrong")


@pytest.mark.parametrize(("status", "held"), [(400, 1), (404, 1), (200, 0), (302, 0)])
def test_what_is_ignored_shows_no_robustness(status: int, held: int) -> None:
    reset_evidence()
    assert_no_server_error(answered("vultr", "/v2/plans?per_page=x", b"{}", status), when="with nonsense")
    assert evidence() == held


def test_an_item_without_evidence_tells_the_reason() -> None:
    @requirement("vultr.schema.account-object")
    def test_nothing() -> None:
        assert_equal(1, 1, "one", vacuous="there is only one number")

    contract = load("vultr")
    (item,) = items_of(test_nothing, "selftest/test_nothing", contract)
    run = Run(contract, ReferenceTarget(contract))
    run.attempt(item)
    _, own = run._own[item.test, item.id]
    assert (own.outcome, own.reason) == (Outcome.NOT_EXERCISED, "there is only one number")


@pytest.mark.parametrize(
    ("api", "path", "body", "what"),
    [
        ("vultr", "/v2/plans", b'{"plans": []}', None),
        ("vultr", "/v2/plans", b'{"data": []}', "has no list at /plans"),
        ("vultr", "/v2/plans", b"<p>", "has no JSON"),
        ("vultr", "/v2/plans", b"", "has no body"),
        ("vultr", "/v2/account", b'{"account": {}}', None),
        ("vultr", "/v2/account", b"{}", "has no account"),
        ("vultr", "/v2/account", b"null", "is no object"),
        ("vultr", "/v2/account", b"5", "is no object"),
        ("vultr", "/v2/plans", b"5", "has no list at /plans"),
        ("vultr", "/v2/domains/d", b'"domain"', "has no object at '/domain'"),
        ("vultr", "/v2/users/u", b'{"name": "x"}', None),
        ("vultr", "/v2/users/u", b"{}", "is an empty object"),
        ("vultr", "/v2/domains/d", b'{"domain": {"domain": "d"}}', None),
        ("vultr", "/v2/domains/d", b'{"domain": []}', "has no object at '/domain'"),
        ("vercel", "/v9/projects/p", b'{"id": "p"}', None),
        ("vercel", "/v9/projects/p", b"{}", "has no object at ''"),
        ("snyk", "/orgs/o/projects/p", b'{"data": {"id": "p"}}', None),
        ("snyk", "/orgs/o/projects/p", b'{"data": null}', "has no object at '/data'"),
        ("snyk", "/nowhere", b"", None),
    ],
)
def test_a_success_is_one_of_its_operation(api: str, path: str, body: bytes, what: str | None) -> None:
    found = lacking(answered(api, path, body), load(api))
    assert (found or "").endswith(what or "")
    assert (found is None) == (what is None)


def test_what_answers_a_write_is_left_open() -> None:
    assert lacking(answered("vultr", "/v2/domains", b"", 202, "POST"), load("vultr")) is None
    assert lacking(answered("vultr", "/v2/domains/d", b"", 204, "DELETE"), load("vultr")) is None


def call(path: str, status: int = 200, body: Any = None, method: str = "GET", api: str = "vultr") -> Said:
    typed = {"Content-Type": "application/vnd.api+json" if api == "snyk" else "application/json"}
    return Said(method, path if path.startswith("http:") else f"{API[api]}{path}", status, body, headers=typed)


def applications(query: str, *types: str) -> Said:
    records = [{"id": number, "type": kind} for number, kind in enumerate(types, start=1)]
    meta = {"total": len(types), "links": {"next": "", "prev": ""}}
    return call(f"/v2/applications{query}", body={"applications": records, "meta": meta})


def projects(query: str, status: int = 200) -> Said:
    body: Any = {"jsonapi": {"version": "1.0"}, "data": [], "links": {}} if status == 200 else {"errors": [{}]}
    return call(f"/orgs/o/projects{query}", status, body, api="snyk")


NO = {"error": "no"}
CONTROLS: dict[str, tuple[str, Said, Said]] = {
    "a filter, and a record of another value": (
        "vultr.crud.filter-sound",
        applications("?type=marketplace", "marketplace"),
        applications("", "marketplace", "one-click"),
    ),
    "a bad page size, and a good one": (
        "vultr.pagination.per-page-invalid",
        call("/v2/applications?per_page=x", 400, NO),
        applications("?per_page=5", "one-click"),
    ),
    "a call in clear, and the same over TLS": (
        "vultr.transport.https-only",
        call("http://api.vultr.com/v2/account", 403, NO),
        call("/v2/account", body={"account": {"name": "x"}}),
    ),
    "no version, and one": (
        "vercel.versioning.version-prefix",
        call("/projects", 404, NO, api="vercel"),
        call("/v9/projects", body={"projects": []}, api="vercel"),
    ),
    "no parameter for the version, and one": (
        "snyk.versioning.version-required",
        projects("", 400),
        projects("?version=2024-10-15"),
    ),
    "a version that cannot be, and one that can": (
        "snyk.versioning.version-invalid-4xx",
        projects("?version=2024-13-15", 400),
        projects("?version=2024-10-15"),
    ),
    "a refusal for the rate, and a call that is served": (
        "snyk.rate-limit.limit-540",
        projects("?version=2024-10-15", 429),
        projects("?version=2024-10-15"),
    ),
}


@pytest.mark.parametrize("kind", CONTROLS)
def test_a_refusal_counts_once_its_control_is_seen_before_or_after(kind: str) -> None:
    name, refused, control = CONTROLS[kind]

    def held(*said: Said) -> int:
        found = judged(name.partition(".")[0], said)
        mine = [one.finding.outcome for one in found if one.requirement and one.requirement.id == name]
        return mine.count(Outcome.HELD) - 100 * mine.count(Outcome.VIOLATED)

    assert held(refused, refused) == 0
    assert held(control, control) == 0
    assert held(refused, control) == 1
    assert held(control, refused) == 1


def test_a_thing_that_is_gone_counts_where_others_are_there() -> None:
    name = "vultr.crud.delete-then-404"
    deleted, gone = call("/v2/domains/a", 204, method="DELETE"), call("/v2/domains/a", 404, NO)
    other = call("/v2/domains/b", body={"domain": {"domain": "b"}})

    def held(*said: Said) -> list[Outcome | None]:
        return [o.finding.outcome for o in judged("vultr", said) if o.requirement and o.requirement.id == name]

    assert held(deleted, gone) == []
    assert held(deleted, gone, other) == held(other, deleted, gone) == [Outcome.HELD]
