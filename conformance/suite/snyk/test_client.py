"""What Snyk's document asks of a client: base URL, schemes, walks without sort, patience, and an eye on Sunset."""

from itertools import pairwise
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from conformance.checks import Judge
from conformance.contract import Contract
from conformance.contract.verdict import Outcome
from conformance.properties import (
    Collection,
    HarnessError,
    MockServer,
    Reply,
    Violation,
    assert_equal,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.common.test_client import NEW_NAMES
from conformance.targets.baseline import learnt
from conformance.traffic.exchange import Exchange

ORG = "conformance"
LIST = "GET /orgs/{org_id}/projects"


def projects(contract: Contract, mock: MockServer) -> Collection:
    return Collection(mock.client, contract.operation(LIST), contract.conventions.paging, {"org_id": ORG})


def document(ids: list[str], following: str | None = None, **attributes: Any) -> dict[str, Any]:
    """A page of projects, and the link of the next one."""
    data = [{"type": "project", "id": identity, "attributes": {"name": identity, **attributes}} for identity in ids]
    return {"jsonapi": {"version": "1.0"}, "data": data, "links": {"next": following} if following else {}}


def link(cursor: str) -> str:
    """A link to a later page as the document shows it: below the base path, without it."""
    return f"/orgs/{ORG}/projects?version=2024-10-15~beta&limit=10&starting_after={quote(cursor, safe='')}"


@requirement("snyk.transport.base-url")
def test_every_url_is_below_the_base(contract: Contract, mock: MockServer) -> None:
    """Every operation, and every link in whatever form it comes, is asked for below the base URL."""
    base = mock.client.base_url
    mock.routes.route().respond(200, json={})
    for operation in contract.operations:
        body: dict[str, Any] | None = {} if operation.request_schema else None
        mock.client.call(operation, dict.fromkeys(operation.path_parameters, "conformance"), body=body)
    short = link("c1")
    for form in (short, f"{contract.base_path}{short}", f"{base}{short}"):
        mock.client.follow(form)
        assert_equal(str(mock.raw[-1].url), f"{base}{short}", f"the URL asked for by the link {form}")
    for request in mock.raw:
        url = str(request.url)
        assert_that(
            url.startswith(f"{base}/"), f"{request.method} leaves the base URL: {url}", expected=f"{base}/…", actual=url
        )


@requirement("snyk.auth.client-scheme-exact")
def test_the_scheme_is_written_exactly(contract: Contract, mock: MockServer) -> None:
    """A credential follows its own scheme word in lower case and one space, without quotation marks."""
    mock.routes.route().respond(200, json={})
    auth = contract.conventions.auth
    for name, scheme in (("default", "token"), ("app", "bearer")):
        mock.client.call(contract.operation(LIST), {"org_id": ORG}, credential=name)
        expected = f"{scheme} {mock.client.credentials[name]}"
        assert_equal(mock.raw[-1].headers.get(auth.header), expected, f"{auth.header} of the credential {name}")


@requirement("snyk.pagination.client-avoids-sort")
def test_a_complete_walk_is_not_sorted_and_begins_again(contract: Contract, mock: MockServer) -> None:
    """A walk for the whole list asks for no order, and one that shows a record twice is begun again."""
    torn = [document(["1", "2"], link("a")), document(["2", "3"])]
    whole = [document(["1", "2"], link("b")), document(["3"])]
    pages = iter([*torn, *whole])
    mock.routes.route().mock(side_effect=lambda _: Reply(200, json=next(pages)))
    ids = projects(contract, mock).ids
    for request in mock.raw:
        assert_that("sort" not in request.url.params, "a walk is sorted", expected="no sort", actual=str(request.url))
    assert_equal(ids, ["1", "2", "3"], "the records of a list that changed during the first walk")
    first = [request for request in mock.raw if "starting_after" not in request.url.params]
    assert_equal(len(first), 2, "walks from the first page, after one that showed a record twice")


@requirement("snyk.rate-limit.client-retries-429")
@property_test(examples=[{"refusals": 1, "headers": {}}, {"refusals": 2, "headers": {"Retry-After": "1"}}])
def test_a_refusal_for_the_rate_is_waited_out(
    contract: Contract, mock: MockServer, refusals: int, headers: dict[str, str]
) -> None:
    """A 429, however early, raises nothing: nothing is sent for a full minute, then the same request again."""
    limit, first = contract.conventions.rate, len(mock.raw)
    refused = [Reply(429, headers=headers) for _ in range(refusals)]
    mock.routes.route().mock(side_effect=[*refused, Reply(200, json=document(["1"]))])
    try:
        exchange = mock.client.call(contract.operation(LIST), {"org_id": ORG})
    except HarnessError as error:
        assert_that(False, "a 429 makes the client give up", expected="another try", actual=str(error))
        return
    assert_equal(exchange.response.status, 200, "the status that a call comes to after a 429")
    asked = [str(request.url) for request in mock.raw[first:]]
    assert_equal(asked, [asked[0]] * (refusals + 1), "the URLs asked for")
    for before, after in pairwise(mock.arrivals[first:]):
        assert_that(
            after - before >= limit.seconds,
            f"the request after a 429 left {after - before:g} s later",
            expected=f"{limit.seconds:g} s of silence",
            actual=f"{after - before:g} s",
        )


@requirement("snyk.versioning.client-watches-sunset")
def test_a_sunset_is_announced_once(contract: Contract, mock: MockServer) -> None:
    """A Sunset header becomes one notice, which names the operation and the date."""
    date = "Wed, 01 Apr 2026 00:00:00 GMT"
    mock.routes.route().respond(200, json=document([]), headers={"Sunset": date})
    for _ in range(3):
        mock.client.call(contract.operation(LIST), {"org_id": ORG})
    texts = [notice.text for notice in mock.client.notices]
    assert_equal(len(texts), 1, "notices of one Sunset")
    assert_that(
        LIST in texts[0] and date in texts[0], "the notice does not say what ends when", expected=date, actual=texts[0]
    )


@requirement("snyk.versioning.client-tolerates-additions")
@property_test(
    examples=[{"extra": {"new_member": {"nested": [1, None, True]}}}],
    extra=st.dictionaries(
        NEW_NAMES, st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)), min_size=1
    ),
)
def test_additions_change_no_result(contract: Contract, mock: MockServer, extra: dict[str, Any]) -> None:
    """New attributes, links and meta change neither what the client reads nor what the checks make of it."""
    plain = document(["1", "2"])
    more = document(["1", "2"], **extra)
    more["meta"] = extra
    more["links"] |= dict.fromkeys(extra, f"/orgs/{ORG}/projects?version=2024-10-15")
    for record in more["data"]:
        record |= {"meta": extra, "links": dict.fromkeys(extra, "/orgs")}
    mock.routes.route().mock(side_effect=[Reply(200, json=body, headers=TYPED) for body in (plain, more, plain)])
    collection = projects(contract, mock)
    try:
        steps = [collection.page(10) for _ in range(3)]
    except (HarnessError, Violation) as error:
        assert_that(False, "the client refuses additions", expected="acceptance", actual=str(error))
        return
    assert_equal(steps[1].page.ids, steps[0].page.ids, "the records of a page with additions")
    assert_equal(broken(contract, [step.exchange for step in steps[:2]]), set(), "the rules that additions break")


TYPED = {"Content-Type": "application/vnd.api+json"}


def broken(contract: Contract, exchanges: list[Exchange], facts: dict[str, Any] | None = None) -> set[str]:
    """The requirements of the document that the checks see broken in some exchanges."""
    judge = Judge(contract)
    judge.begin(facts or {})
    evidence = [found for exchange in exchanges for found in judge.observe(exchange)]
    own = [(found.requirement, found) for found in evidence if found.requirement and not found.requirement.base]
    return {record.id for record, found in own if violates(found)}


def violates(evidence: Any) -> bool:
    return bool(evidence.finding.outcome is Outcome.VIOLATED)


STABLE = "snyk.versioning.within-version-stable"


@requirement("snyk.versioning.experimental-exempt")
@property_test(
    examples=[
        {"version": "2024-10-15", "fails": True},
        {"version": "2024-10-15~beta", "fails": True},
        {"version": "2024-10-15~experimental", "fails": False},
    ]
)
def test_drift_of_an_experimental_version_is_only_noted(
    contract: Contract, mock: MockServer, version: str, fails: bool
) -> None:
    """An attribute renamed between two recordings fails a GA or beta version; of an experimental one it is noted."""
    renamed = document(["1", "2"])
    for record in renamed["data"]:
        record["attributes"] = {"title": record["attributes"]["name"]}
    bodies = [document(["1", "2"]), renamed]
    mock.routes.route().mock(side_effect=[Reply(200, json=body, headers=TYPED) for body in bodies])
    collection = projects(contract, mock)
    earlier, later = (collection.get(10, query={"version": version}) for _ in bodies)
    facts = {"baseline": learnt([earlier], {}, contract.conventions.versions)}
    assert_equal(STABLE in broken(contract, [later], facts), fails, f"whether drift in version {version} is a failure")
    judge = Judge(contract)
    judge.begin(facts)
    told = [found.finding.message for found in judge.observe(later) if found.requirement is not None]
    assert_that(
        any("/attributes/name is missing" in message for message in told),
        f"drift in version {version} is not told",
        expected="a finding that names the attribute",
        actual=told,
    )
