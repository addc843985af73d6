"""The judge: what is seen by which check, how it is labelled, and what real traffic comes to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.checks import CHECKS, Evidence, Judge, bindings
from conformance.checks.base import check, shown
from conformance.contract import (
    CLIENT,
    Contract,
    ContractError,
    Observation,
    apis,
    base_requirements,
    load,
    load_catalogue,
)
from conformance.contract.verdict import Outcome
from conformance.selftest.test_checks import TOKEN, said
from conformance.selftest.test_contract import shared
from conformance.traffic.cassette import read
from conformance.traffic.exchange import Exchange
from conformance.traffic.locator import Locator
from conformance.traffic.redact import Redactor


def judged(*exchanges: Exchange) -> list[Evidence]:
    judge = Judge(load("vultr"))
    return [evidence for exchange in exchanges for evidence in judge.observe(exchange)]


def violated(evidence: list[Evidence]) -> set[str]:
    return requirements(e for e in evidence if e.finding.outcome is Outcome.VIOLATED)


def requirements(evidence: Iterable[Evidence]) -> set[str]:
    """Those of the API's own document."""
    return {e.requirement.id for e in evidence if e.requirement and not e.requirement.base}


def test_every_passive_requirement_has_a_check() -> None:
    for record in load("vultr").requirements.values():
        if record.mode == "passive":
            assert bindings(record), record.id


PROPOSED = {"rate-limit.reset-delta-seconds"}
"""Checks of requirements that none of the documents has, and that may be proposed of others."""


def test_every_check_is_bound_to_a_requirement() -> None:
    own = [record for api in apis() for record in load_catalogue(api).requirements]
    records = [*own, *base_requirements("vultr", published=True)]
    bound = {observation.check for record in records for observation in bindings(record)}
    assert bound ^ PROPOSED == set(CHECKS)


def test_what_is_shown_is_cut_behind_a_readable_length() -> None:
    assert shown("x" * 10, 10) == "x" * 10
    assert shown("x" * 11, 10) == f"{'x' * 10}… (11 characters in all)"
    assert shown({"a": None}) == '{"a": null}'


def test_a_name_is_registered_once() -> None:
    with pytest.raises(AssertionError, match="schema"):
        check("schema")(CHECKS["schema"])


def changed(contract: Contract, id_: str, **fields: object) -> Contract:
    records = [r.model_copy(update=fields) if r.id == id_ else r for r in contract.catalogue.requirements]
    catalogue = contract.catalogue.model_copy(update={"requirements": tuple(records)})
    return Contract(contract.api, contract.conventions, contract.operations, contract.components, catalogue)


def test_a_record_that_names_no_check_is_refused() -> None:
    contract = changed(load("vultr"), "vultr.schema.account-object", observe=(Observation(check="schemma"),))
    with pytest.raises(ContractError) as caught:
        Judge(contract)
    assert str(caught.value) == "vultr.schema.account-object: observe: there is no check 'schemma'"


@pytest.mark.parametrize(
    ("check_", "arguments", "missing"),
    [
        ("schema", {"component": "nothing"}, "nothing"),
        ("types.declared", {"types": ["Date"], "lists": {"/meta": "nothing"}}, "nothing"),
        ("schema", {"by_operation": {"GET /v2/nothing": {}}}, "GET /v2/nothing"),
        ("pagination.end-marked", {"default_for": ["GET /v2/nothing"]}, "GET /v2/nothing"),
    ],
)
def test_a_record_that_names_what_the_contract_lacks_is_refused(
    check_: str, arguments: dict[str, Any], missing: str
) -> None:
    bound = Observation(check=check_, arguments=arguments)
    contract = changed(load("vultr"), "vultr.schema.account-object", observe=(bound,))
    with pytest.raises(ContractError, match=missing):
        Judge(contract)


def test_an_exchange_is_seen_by_the_checks_of_its_operation_only() -> None:
    seen = requirements(judged(said("GET /v2/account", body={"account": {}})))
    assert "vultr.schema.account-object" in seen
    assert "vultr.schema.get-returns-object" in seen
    assert not {id_ for id_ in seen if id_.startswith("vultr.pagination.")}


def test_unknown_operations_are_judged_by_what_holds_everywhere() -> None:
    lists = said(
        "GET /v2/regions?per_page=1", body={"regions": [{"id": 1}, {"id": 1}]}, headers=(("Authorization", TOKEN),)
    )
    evidence = judged(lists)
    assert requirements(evidence) == {
        "vultr.content-type.response-json",
        "vultr.schema.get-returns-object",
        "vultr.schema.no-content-empty",
        "vultr.errors.status-in-table",
        "vultr.errors.no-error-in-2xx",
        "vultr.security.key-never-echoed",
        "vultr.security.client-key-hygiene",
        "vultr.versioning.base-path",
    }
    assert violated(evidence) == set()
    assert {e.operation for e in evidence} == {"GET (unknown)", CLIENT}
    assert "vultr.schema.get-returns-object" not in requirements(judged(said("POST /v2/regions", 201, [])))
    assert violated(judged(said("POST /v2/regions", 404, b"no"))) == {"vultr.content-type.response-json"}


def test_new_members_are_looked_for_in_the_first_five_records() -> None:
    plans = [{"id": str(number)} for number in range(6)]
    plans[4], plans[5] = {**plans[4], "fifth": "x"}, {**plans[5], "sixth": "x"}
    body = {"plans": plans, "meta": {"total": 6, "links": {"next": "", "prev": ""}}}
    notes = [e.finding.message for e in judged(said("GET /v2/plans", body=body)) if e.requirement is None]
    assert notes == ["/plans/*/fifth is not in the contract: x"]


def test_evidence_is_labelled_with_the_operation_or_the_client() -> None:
    for evidence in judged(said("GET /v2/users/7", body={}, headers=(("Authorization", TOKEN),))):
        assert evidence.requirement is not None
        client = evidence.requirement.operations == (CLIENT,)
        assert evidence.operation == (CLIENT if client else "GET /v2/users/{user-id}")


def test_what_a_client_does_wrong_on_purpose_is_no_finding_about_it() -> None:
    def wrong(body: object, *, negative: bool) -> set[str]:
        exchange = said("POST /v1/domains", 400, body, sent=b"domain=a", sent_typed="text/plain", negative=negative)
        return violated(judged(exchange))

    assert wrong({"error": "no"}, negative=False) == {
        "vultr.content-type.request-json",
        "vultr.versioning.base-path",
    }
    assert wrong({"error": "no"}, negative=True) == set()
    # What the server does wrong is one all the same.
    assert wrong({"message": "no"}, negative=True) == {"vultr.errors.error-attribute"}


def test_new_members_are_told_once_and_hold_no_verdict() -> None:
    plan = {"id": "a", "vcpu_count": 1, "ram": 1, "locations": [], "disk": 5}
    body = {"plans": [plan, {**plan, "id": "b"}], "meta": {"total": 2, "links": {"next": "", "prev": "", "self": "x"}}}
    notes = [e for e in judged(*[said("GET /v2/plans", body=body)] * 3) if e.requirement is None]
    assert Counter(note.finding.message for note in notes) == {
        "/plans/*/disk is not in the contract: 5": 1,
        "/meta/links/self is not in the contract: x": 1,
    }
    assert {(note.operation, note.finding.outcome) for note in notes} == {("GET /v2/plans", None)}


def test_members_that_a_branch_of_the_schema_names_are_not_new() -> None:
    applications = [{"type": "one-click", "id": 1}, {"type": "marketplace", "image_id": "x", "vendor": "y"}]
    body = {"applications": applications, "meta": {"total": 2, "links": {"next": "", "prev": ""}}}
    notes = [e.finding.message for e in judged(said("GET /v2/applications", body=body)) if e.requirement is None]
    assert notes == ["/applications/*/vendor is not in the contract: y"]


def test_requirements_do_not_share_memory_and_judges_share_nothing() -> None:
    twice = [
        said("GET /v2/plans?per_page=1", body={"plans": [], "meta": {"links": {"next": end}}}) for end in ("", None)
    ]
    assert "vultr.pagination.last-page-no-next" in violated(judged(*twice))
    assert violated(judged(twice[0])) == violated(judged(twice[1])) == {"vultr.pagination.meta-shape"}
    # One requirement sees both lists and so two forms, the other sees the second list alone.
    domains = said("GET /v2/domains?per_page=1", body={"domains": [], "meta": {"links": {"next": None}}})
    everywhere, one_list = "vultr.pagination.cursor-alphabet", "vultr.pagination.last-page-no-next"
    contract = changed(load("vultr"), everywhere, observe=(Observation(check="pagination.end-marked"),))
    judge = Judge(changed(contract, one_list, operations=("GET /v2/domains",)))
    seen = violated([*judge.observe(twice[0]), *judge.observe(domains)])
    assert everywhere in seen
    assert one_list not in seen


def test_a_write_ends_what_is_known_of_a_walk() -> None:
    plans = [{"id": name, "vcpu_count": 1, "ram": 1, "locations": []} for name in "ab"]
    meta = {"total": 2, "links": {"next": "n", "prev": ""}}
    first = said("GET /v2/plans", body={"plans": plans, "meta": meta})
    further = {"total": 2, "links": {"next": "m", "prev": ""}}
    again = said("GET /v2/plans?cursor=n", body={"plans": plans, "meta": further})
    refused, written = said("POST /v2/domains", 400, {"error": "no"}), said("POST /v2/domains", 201, {})
    assert violated(judged(first, refused, again)) == {"vultr.types.ids-unique", "vultr.pagination.walk-exactly-once"}
    assert violated(judged(first, written, again)) == set()


@pytest.mark.parametrize("api", ["vultr", "zeit"])
def test_real_traffic_is_judged_without_a_false_alarm(api: str) -> None:
    contract, redactor = load("vultr"), Redactor()
    locator = Locator(contract, contract.conventions.origin)
    evidence: list[Evidence] = []
    exchanges = 0
    for path in sorted(shared(f"traffic/{api}").glob("*.yaml")):
        judge = Judge(contract)
        for number, one in read(path).interactions:
            exchanges += 1
            exchange = locator.exchange(
                redactor.request(one.request), redactor.response(one.response), source=f"{path.name}#{number}"
            )
            evidence += judge.observe(exchange)
    assert exchanges == 117
    if api == "vultr":
        assert [(e.exchange.source, e.finding.message) for e in evidence if e.finding.outcome is Outcome.VIOLATED] == []
        notes = {e.finding.message for e in evidence if e.requirement and e.finding.outcome is None}
        assert [note for note in notes if 'marks the end of a list with next ""' in note]
        assert len(notes) == 1


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["plans", "meta", "links", "next", "prev", "total", "id", "error"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["GET /v2/plans?per_page=2&cursor=x", "GET /v2/applications", "POST /v2/domains", "GET /v9/x"]),
    st.sampled_from([200, 204, 302, 404, 429, 500]),
    ANY.map(lambda value: json.dumps(value).encode()) | st.binary(),
)
def test_whatever_a_server_answers_the_judge_does_not_raise(request: str, status: int, body: bytes) -> None:
    exchange = said(request, status, body, sent_at=1.0)
    silent = (Outcome.HELD, Outcome.BLOCKED)
    assert all(evidence.finding.message or evidence.finding.outcome in silent for evidence in judged(exchange))
