"""What an operation is asked so that passive requirements can be judged: well, badly, and as often as limits need."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from attrs import evolve

from conformance.properties import Subject, play
from conformance.properties.exercise import NO_SUCH_CURSOR, exercise
from conformance.properties.exercise_combinations import exercise_combinations
from conformance.properties.exercise_limits import IN_A_ROW, exercise_limit, exercise_scope, use_up
from conformance.properties.windows import LARGEST
from conformance.selftest.proxy import Answered, Ask, Asked, Memory, ProxiedTarget
from conformance.selftest.servers import reference_url, url_target
from conformance.selftest.test_properties_attempts import contract_of, read_only, subject
from conformance.targets import Unsupported
from conformance.targets.errors import Blocked
from conformance.targets.guard import NO_SUCH_ID
from conformance.traffic.exchange import Exchange

DOMAINS, DOMAIN = "GET /v2/domains", "/v2/domains/{dns-domain}"
PROJECTS = "GET /orgs/{org_id}/projects"


def exercised(api: str, operation: str, **session: Any) -> list[Exchange]:
    made = subject(api, operation, **session)
    exercise(made)
    return made.client.exchanges


def queries(exchanges: list[Exchange], *, negative: bool = False) -> list[str]:
    """The queries of what was asked well, or of what was wrong on purpose, with any cursor as `…`."""
    return [
        "&".join(f"{name}={'…' if len(value) > 12 else value}" for name, value in exchange.request.query)
        for exchange in exchanges
        if exchange.negative == negative
    ]


def refused(exchanges: list[Exchange]) -> list[str]:
    """The schemes of what was refused for its credential."""
    denied = [exchange for exchange in exchanges if exchange.response.status in (401, 403)]
    assert all(exchange.negative for exchange in denied)
    return [(exchange.request.header("authorization") or "none").partition(" ")[0] for exchange in denied]


def test_a_list_is_read_as_it_is_page_by_page_whole_and_with_a_short_end() -> None:
    exchanges = exercised("vultr", DOMAINS)
    assert queries(exchanges) == [
        "",
        "per_page=1",
        "per_page=1&cursor=…",
        "per_page=2",
        "per_page=2&cursor=…",
        "per_page=500",
        "per_page=2",
        "per_page=2&cursor=…",
    ]


def test_a_list_is_asked_for_sizes_and_cursors_that_are_none_and_by_nobody() -> None:
    exchanges = exercised("vultr", DOMAINS)
    assert queries(exchanges, negative=True) == ["per_page=conformance", "cursor=…", "", "", ""]
    assert refused(exchanges) == ["Bearer", "Basic", "none"]


def test_an_operation_that_needs_no_credential_is_not_refused_without_one() -> None:
    assert refused(exercised("vultr", "GET /v2/plans")) == ["Bearer", "Basic"]


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, []), (2, []), (3, ["2"]), (4, ["3"]), (600, ["500"])])
def test_a_short_last_page_is_looked_for_where_a_list_is_long_enough(count: int, sizes: list[str]) -> None:
    def of_so_many(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked.without("cursor"))
        if answer.status != 200 or asked.parameter("cursor") == NO_SUCH_CURSOR:
            return answer
        size, start = int(asked.parameter("per_page") or 100), int(asked.parameter("cursor") or 0)
        end = min(start + size, count)
        links = {"next": str(end) if end < count else "", "prev": ""}
        listed = [{"domain": f"{number}.example.com"} for number in range(start, end)]
        return answer.with_json({"domains": listed, "meta": {"total": count, "links": links}})

    made = subject("vultr", DOMAINS, ProxiedTarget(contract_of("vultr"), defect=of_so_many))
    exercise(made)
    first = [query for query in queries(made.client.exchanges) if "cursor" not in query]
    whole = first.index("per_page=500")
    assert first[whole + 1 :] == [f"per_page={size}" for size in sizes]


def test_what_is_no_list_is_not_gone_on_with() -> None:
    def nothing(asked: Asked, ask: Ask, _: Memory) -> Answered:
        return ask(asked).with_json({})

    made = subject("vultr", DOMAINS, ProxiedTarget(contract_of("vultr"), defect=nothing))
    exercise(made)
    assert queries(made.client.exchanges) == ["", "per_page=1"]


def test_an_unknown_parameter_is_sent_where_a_document_speaks_of_them() -> None:
    assert "conformance_unknown=1" in "".join(queries(exercised("snyk", PROJECTS), negative=True))
    assert "conformance_unknown" not in "".join(queries(exercised("vercel", "GET /v9/projects"), negative=True))


def test_links_are_followed_back_and_forth_from_a_second_page() -> None:
    made = subject("snyk", PROJECTS)
    exercise(made)
    first_five = [dict(exchange.request.query) for exchange in made.client.exchanges[:5]]
    assert ["starting_after" in query for query in first_five] == [False, False, True, True, False]
    assert ["ending_before" in query for query in first_five] == [False, False, False, False, True]


def test_a_page_of_one_record_is_made_where_pages_are_larger() -> None:
    made = subject("snyk", PROJECTS)
    before = len(subject("snyk", PROJECTS).collection.ids)
    exercise(made)
    after = len(made.collection_of(made.operation).ids)
    assert (after % 10, after - before) == (1, (1 - before) % 10)


def test_no_page_of_one_record_is_made_where_it_can_be_asked_for_or_nothing_may_be_made() -> None:
    assert [exchange for exchange in exercised("vultr", DOMAINS) if exchange.request.method != "GET"] == []
    made = subject("snyk", PROJECTS)
    made.session = evolve(made.session, capabilities=read_only(made))
    exercise(made)
    assert {exchange.request.method for exchange in made.client.exchanges} == {"GET"}


def test_a_list_that_is_answered_whole_is_asked_for_once_and_in_its_scope() -> None:
    made = subject("zeit", "GET /v2/now/secrets")
    exercise(made)
    assert made.conventions.lists.whole
    team = made.session.parameters["teamId"][0]
    asked = [dict(exchange.request.query) for exchange in made.client.exchanges if not exchange.negative]
    assert asked == [{}, {"teamId": team}, *[{}] * IN_A_ROW]


def test_a_known_scope_and_an_unknown_one_are_asked_for_and_both_by_nobody() -> None:
    made = subject("vercel", "GET /v9/projects")
    exercise_scope(made)
    team = made.session.parameters["teamId"][0]
    asked = [(each.request.parameter("teamId"), each.negative, each.response.status) for each in made.client.exchanges]
    unknown = made.conventions.auth.scope
    assert unknown is not None
    assert asked == [
        (team, False, 200),
        (team, True, 403),
        (team, True, 403),
        (unknown.unknown, True, 403),
        (unknown.unknown, True, 403),
        (unknown.unknown, True, 403),
    ]
    bearing = [each.request.header("authorization") is not None for each in made.client.exchanges]
    assert bearing == [True, False, True, True, False, True]


@pytest.mark.parametrize(("api", "operation"), [("vultr", DOMAINS), ("vercel", "GET /v9/projects/{idOrName}")])
def test_what_has_no_scope_or_is_no_list_is_asked_for_in_none(api: str, operation: str) -> None:
    made = subject(api, operation)
    exercise_scope(made)
    assert made.client.exchanges == []


def test_every_known_release_of_a_list_is_asked_for_with_its_next_page() -> None:
    made = subject("snyk", PROJECTS)
    exercise(made)
    versions = [each.request.parameter("version") for each in made.client.exchanges if not each.negative]
    known = {release["version"] for release in made.session.facts["releases"] if release["operation"] == PROJECTS}
    assert known <= set(versions)
    assert all(versions.count(version) >= 2 for version in known)
    without = exercised("snyk", PROJECTS, facts={})
    assert len({each.request.parameter("version") for each in without if not each.negative}) == 1


def test_every_known_release_of_one_thing_is_asked_for_once() -> None:
    made = subject("snyk", "GET /orgs/{org_id}/projects/{project_id}")
    exercise(made)
    read = [each for each in made.client.exchanges if each.request.method == "GET" and not each.negative]
    assert len({each.request.parameter("version") for each in read}) == len(read) > 2


@pytest.mark.parametrize(
    ("operation", "well", "wrong"),
    [
        (f"GET {DOMAIN}", ["POST", "GET"], [("GET", None)]),
        (f"PATCH {DOMAIN}", ["POST", "PATCH"], [("PATCH", {"ip": "192.0.2.10", "dns_sec": "enabled"})]),
        (f"PUT {DOMAIN}", ["POST", "PUT"], [("PUT", {"ip": "192.0.2.10", "dns_sec": "enabled"})]),
        (f"DELETE {DOMAIN}", ["POST", "DELETE"], [("DELETE", None)]),
        ("POST /v2/domains", ["POST"], [("POST", {})]),
    ],
)
def test_one_thing_is_called_well_and_then_where_nothing_is(
    operation: str, well: list[str], wrong: list[tuple[str, Any]]
) -> None:
    exchanges = exercised("vultr", operation)
    assert [each.request.method for each in exchanges if not each.negative] == well
    assert refused(exchanges) == ["Bearer", "Basic", "none"]
    bad = [each for each in exchanges if each.negative and each.response.status not in (401, 403)]
    assert [
        (each.request.method, json.loads(each.request.body) if each.request.body else None) for each in bad
    ] == wrong
    assert [each.path.endswith(NO_SUCH_ID) for each in bad] == [operation != "POST /v2/domains"]


def test_what_is_refused_for_its_credential_is_about_something_that_is_there() -> None:
    made = subject("vultr", f"GET {DOMAIN}")
    exercise(made)
    known = made.session.parameters["dns-domain"][0]
    assert {each.path for each in made.client.exchanges if each.response.status == 401} == {f"/v2/domains/{known}"}


def test_a_write_that_is_refused_touches_nothing_that_is_only_known() -> None:
    known = "alpha.default.example.com"
    with reference_url() as url:
        target = url_target(url, capabilities=frozenset({"writes"}), parameters={"dns-domain": (known,)})
        made = subject("vultr", f"DELETE {DOMAIN}", target)
        exercise(made)
        made.close()
        target.close()
    denied = {each.path for each in made.client.exchanges if each.response.status == 401}
    assert denied == {f"/v2/domains/{NO_SUCH_ID}"}


def test_what_belongs_to_no_resource_is_called_with_known_values_and_with_an_id_that_nobody_has() -> None:
    made = subject("vultr", "GET /v2/users/{user-id}")
    exercise(made)
    known = made.session.parameters["user-id"][0]
    first, unknown, *_ = made.client.exchanges
    assert (first.path, first.negative) == (f"/v2/users/{known}", False)
    assert (unknown.path, unknown.negative, unknown.response.status) == (f"/v2/users/{NO_SUCH_ID}", True, 404)


def test_what_has_no_path_parameter_is_called_once_and_refused() -> None:
    exchanges = exercised("vultr", "GET /v2/account")
    assert [each.response.status for each in exchanges] == [200, 401, 401, 401]


def test_where_writes_are_not_allowed_nothing_is_sent() -> None:
    made = subject("vultr", "POST /v2/domains")
    made.session = evolve(made.session, capabilities=read_only(made))
    with pytest.raises(Unsupported, match="needs the capability 'writes'"):
        exercise(made)
    assert made.client.exchanges == []


SAMPLED = next(
    operation.id
    for operation in contract_of("zeit").operations
    if operation.writes and operation.path_parameters and contract_of("zeit").resource_of(operation) is None
)


def test_a_write_that_nothing_could_undo_is_made_where_the_server_is_thrown_away() -> None:
    made = subject("zeit", SAMPLED)
    exercise(made)
    first, unknown, *_ = made.client.exchanges
    assert not first.negative
    assert unknown.negative
    assert NO_SUCH_ID in unknown.path
    again = subject("zeit", SAMPLED)
    again.client.guard.throwaway = False
    with pytest.raises(Unsupported, match="is called only where the server is thrown away: nothing could undo it"):
        exercise(again)
    assert again.client.exchanges == []


def test_where_the_document_speaks_of_all_paths_one_is_asked_for_that_is_none() -> None:
    exchanges = exercised("vultr", "GET (unknown)")
    assert [(each.path, each.response.status, each.negative) for each in exchanges] == [
        (contract_of("vultr").conventions.errors.unknown_path, 404, False)
    ]
    path = contract_of("vercel").conventions.errors.unknown_path
    in_a_row = exercised("vercel", "GET (unknown)")
    assert [(each.path, each.negative) for each in in_a_row] == [(path, False), *[(path, True)] * IN_A_ROW]


# ---- limits


def in_a_row(made: Subject) -> int:
    exercise_limit(made)
    return len(made.client.exchanges)


@pytest.mark.parametrize(
    ("api", "operation", "calls"),
    [
        ("vultr", DOMAINS, 0),
        ("vercel", "POST /v9/projects", 0),
        ("vercel", "GET (unknown)", IN_A_ROW),
        ("vercel", "GET /v6/deployments", IN_A_ROW),
    ],
)
def test_a_limit_that_headers_tell_shows_in_reads_in_a_row(api: str, operation: str, calls: int) -> None:
    assert in_a_row(subject(api, operation)) == calls


def test_the_first_list_alone_uses_up_a_window_and_only_where_load_is_allowed() -> None:
    made = subject("vercel", "GET /v9/projects")
    exercise_limit(made)
    assert [each.response.status for each in made.client.exchanges][-2:] == [200, 429]
    assert [each.response.status for each in made.client.exchanges].count(429) == 1
    again = subject("vercel", "GET /v9/projects")
    again.session = evolve(again.session, capabilities=frozenset())
    assert in_a_row(again) == IN_A_ROW


def limited(limit: str, refuses_after: int) -> list[int]:
    """The statuses of what is asked of a server that tells a limit, and keeps another."""
    played = play(contract_of("vercel"))
    answers = iter(range(10**4))

    def answer(_: httpx.Request) -> httpx.Response:
        status, told = 429 if next(answers) >= refuses_after else 200, (b"X-RateLimit-Limit", limit.encode())
        return httpx.Response(status, headers=httpx.Headers([told]))

    played.routes.get("/v9/projects").mock(side_effect=answer)
    made = subject("vercel", "GET /v9/projects")
    made.session = evolve(made.session, client=played.client)

    def call() -> Exchange:
        return played.client.send("GET", "/v9/projects")

    return [exchange.response.status for exchange in use_up(made, call, call())]


@pytest.mark.parametrize(
    ("limit", "refuses_after", "statuses"),
    [
        ("3", 3, [200, 200, 429]),
        (" 3 ", 99, [200] * 5),
        ("1", 1, [429]),
        ("0", 99, []),
        ("-1", 99, []),
        ("many", 99, []),
        ("", 99, []),
        ("²", 99, []),
        (str(LARGEST + 1), 9999, []),
        (str(LARGEST), 9999, [200] * (LARGEST + 2)),
    ],
)
def test_a_window_is_used_up_as_far_as_its_limit_is_told(limit: str, refuses_after: int, statuses: list[int]) -> None:
    assert limited(limit, refuses_after) == statuses


def test_one_thing_is_read_in_a_row_without_making_another_each_time() -> None:
    made = subject("vercel", "GET /v9/projects/{idOrName}")
    exercise_limit(made)
    paths = {each.path for each in made.client.exchanges[-IN_A_ROW:]}
    assert len(paths) == 1
    assert {each.request.method for each in made.client.exchanges} == {"GET"}
    made = subject("vercel", "GET /v9/projects/{idOrName}")
    identity = made.things.create()
    exercise_limit(made)
    assert [each.path for each in made.client.exchanges[1:]] == [f"/v9/projects/{identity}"] * IN_A_ROW


# ---- combinations


def combined(api: str, operation: str) -> list[dict[str, str]]:
    made = subject(api, operation)
    exercise_combinations(made)
    return [dict(each.request.query) for each in made.client.exchanges]


def test_pages_in_an_order_are_asked_for_beside_pages_that_are_narrowed() -> None:
    asked = combined("snyk", PROJECTS)
    ordered = [query for query in asked if "sort" in query]
    assert {"origin" in query for query in ordered} == {True, False}
    assert any("ending_before" in query for query in ordered)


def test_pages_before_are_asked_for_where_a_document_or_a_link_leads_there() -> None:
    contract = contract_of("vercel")
    made = subject("vercel", "GET /v9/projects")
    exercise_combinations(made)
    assert any("since" in dict(each.request.query) for each in made.client.exchanges)
    nameless = {name: values for name, values in made.session.parameters.items() if name != "previous-cursor"}
    made = subject("vercel", "GET /v9/projects", parameters=nameless)
    assert contract.conventions.lists.previous is None
    exercise_combinations(made)
    assert not any("since" in dict(each.request.query) for each in made.client.exchanges)


def test_a_list_that_has_no_order_to_ask_for_and_nothing_that_narrows_it_is_not_asked_for_in_combinations() -> None:
    made = subject("snyk", "GET /orgs/{org_id}/targets", facts={})
    assert made.collection.pagination.sort
    assert (made.collection.description.sorts, made.collection.description.filters) == ((), {})
    exercise_combinations(made)
    assert made.client.exchanges == []


def test_wrong_versions_and_none_stand_beside_right_values() -> None:
    made = subject("snyk", PROJECTS)
    exercise_combinations(made)
    wrong = [dict(each.request.query) for each in made.client.exchanges if each.negative]
    versioning = made.conventions.versions
    assert {query.get("version") for query in wrong} >= {None, versioning.unknown[0]}
    assert all(len(query) >= 1 for query in wrong)


def test_a_list_that_is_not_there_is_not_exercised_further() -> None:
    def refuses(asked: Asked, ask: Ask, _: Memory) -> Answered:
        return evolve(ask(asked), status=403) if asked.parameter("per_page") == "2" else ask(asked)

    made = subject("vultr", DOMAINS, ProxiedTarget(contract_of("vultr"), defect=refuses))
    with pytest.raises(Blocked, match="the control was refused"):
        exercise(made)
