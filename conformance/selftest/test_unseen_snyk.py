"""Servers and traffic of other makes than the reference server's: what they may do, and what must be seen of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from conformance.checks import Judge
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.properties.collection import STALE, Collection
from conformance.suite.snyk import test_rate_limit
from conformance.targets import Client, Observer, Session, Target
from conformance.targets.clock import ManualClock
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator
from conformance.traffic.redact import Redactor

SNYK = load("snyk")
BASE = SNYK.conventions.origin
LIST = "/orgs/o/projects"
VERSION = "version=2024-10-15"
WALK = "snyk.pagination.walk-exactly-once"
STABLE = "snyk.versioning.within-version-stable"
KEPT = "snyk.versioning.sunset-constant"
TYPED = ("Content-Type", "application/vnd.api+json")


def project(number: int, **attributes: Any) -> dict[str, Any]:
    return {"id": f"p{number}", "type": "project", "attributes": {"name": f"n{number}", **attributes}}


def document(records: Iterable[dict[str, Any]], following: str | None = None, **members: Any) -> dict[str, Any]:
    links = {"next": following} if following else {}
    return {"jsonapi": {"version": "1.0"}, "data": list(records), "links": links, **members}


def link(cursor: str, query: str = "limit=10") -> str:
    return f"{LIST}?{VERSION}&{query}&starting_after={cursor}"


def said(path: str, body: Any, status: int = 200, **headers: str) -> Exchange:
    """One recorded GET."""
    response = Response(
        headers=(TYPED, *headers.items()), body=b"" if body is None else json.dumps(body).encode(), status=status
    )
    request = Request(headers=(), body=b"", method="GET", url=f"{BASE}{path}")
    return Locator(SNYK, BASE).exchange(request, response, sent_at=1_800_000_000.0)


def broken(*exchanges: Exchange) -> set[str]:
    """The requirements that some exchanges show broken."""
    judge = Judge(SNYK)
    judge.begin({})
    evidence = [found for exchange in exchanges for found in judge.observe(exchange)]
    own = [(e.requirement, e.finding) for e in evidence if e.requirement and not e.requirement.base]
    return {requirement.id for requirement, finding in own if finding.outcome is Outcome.VIOLATED}


def walk_of(first: str, second: list[int]) -> list[Exchange]:
    query = first.partition(f"{VERSION}&")[2] or "limit=10"
    following = link("c1", query if "limit" in query else f"{query}&limit=10")
    return [
        said(first, document(map(project, range(10)), following)),
        said(following, document(map(project, second))),
    ]


@pytest.mark.parametrize("query", ["&limit=10", "", "&origin=github", "&origin=github&limit=10"])
def test_a_recorded_walk_that_repeats_a_record_is_seen(query: str) -> None:
    """Also where the first page was asked for without the limit that its link adds."""
    first = f"{LIST}?{VERSION}{query}"
    assert WALK in broken(*walk_of(first, [9, 10]))
    assert broken(*walk_of(first, [10, 11])) == set()


def test_a_sorted_walk_may_repeat_a_record() -> None:
    assert broken(*walk_of(f"{LIST}?{VERSION}&sort=name&limit=10", [9, 10])) == set()


def test_a_cursor_that_leads_back_is_seen() -> None:
    first = f"{LIST}?{VERSION}&limit=10"
    pages = [
        said(first, document(map(project, range(10)), link("a"))),
        said(link("a"), document(map(project, range(10, 20)), link("b"))),
        said(link("b"), document(map(project, range(20, 30)), link("a"))),
    ]
    assert WALK in broken(*pages)


def test_a_member_beside_one_page_need_not_be_beside_the_next() -> None:
    first = f"{LIST}?{VERSION}&limit=10"
    pages = [
        said(first, document(map(project, range(10)), link("a"), meta={"count": 12}, included=[])),
        said(link("a"), document(map(project, range(10, 20)))),
    ]
    assert broken(*pages) == set()


def test_a_selection_of_a_list_has_members_of_its_own() -> None:
    of_one_kind = document(project(number, branch="main") for number in range(10))
    of_another = document(map(project, range(10, 20)))
    one, another = (f"{LIST}?{VERSION}&limit=20&origin={origin}" for origin in ("github", "cli"))
    assert broken(said(one, of_one_kind), said(another, of_another)) == set()
    assert STABLE in broken(said(one, of_one_kind), said(one, of_another))


SUNSET: dict[str, Any] = {"Sunset": "Fri, 01 Jan 2100 00:00:00 GMT"}
NOT_FOUND = {"errors": [{"status": "404", "detail": "not found", "id": "e1"}]}


def test_a_resource_that_is_deleted_is_not_a_version_that_is_gone() -> None:
    one = f"{LIST}/p1?{VERSION}"
    served = said(one, document([]) | {"data": project(1)}, **SUNSET)
    gone = said(one, NOT_FOUND, 404)
    assert broken(served, gone) == set()
    other = said(f"{LIST}/p1?version=2025-01-01", document([]) | {"data": project(1)})
    assert KEPT in broken(served, gone, other)
    a_list = said(f"{LIST}?{VERSION}", document([]), **SUNSET)
    assert KEPT in broken(a_list, said(f"{LIST}?{VERSION}", NOT_FOUND, 404))


def test_links_and_versions_may_have_meta() -> None:
    body = document([project(1)]) | {"jsonapi": {"version": "1.0", "meta": {}}}
    body["links"] = {"self": {"href": f"{LIST}?{VERSION}", "meta": {}}}
    judge = Judge(SNYK)
    judge.begin({})
    assert [e.finding.message for e in judge.observe(said(f"{LIST}?{VERSION}", body)) if e.requirement is None] == []


Answer = Callable[[httpx2.Request], httpx2.Response]


def client_of(answer: Answer, clock: ManualClock, observers: list[Observer]) -> Client:
    return Client(
        contract=SNYK,
        transport=httpx2.MockTransport(answer),
        base_url=BASE,
        credentials={"default": "selftest"},
        redactor=Redactor(),
        clock=clock,
        observers=observers,
    )


def projects_of(answer: Answer) -> Collection:
    client = client_of(answer, ManualClock(), [])
    return Collection(client, SNYK.operation(f"GET {LIST.replace('/o/', '/{org_id}/')}"), SNYK.conventions.paging, PATH)


PATH = {"org_id": "o"}


@pytest.mark.parametrize("last", [[22], list(range(23)), [20, 21, 22]])
def test_a_walk_that_repeats_its_end_for_ever_is_given_up_at_once(last: list[int]) -> None:
    """One record a page would otherwise allow as many requests as there are records."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        numbers = range(23) if len(asked) == 1 else last
        return httpx2.Response(200, json=document(map(project, numbers), link(f"c{len(asked)}", "limit=100")))

    walk = projects_of(answer).walk(100)
    assert walk.defect is not None
    assert not walk.ended
    assert len(asked) == walk.requests == 1 + STALE


def test_one_page_of_known_records_does_not_end_a_walk() -> None:
    pages = {"": ([0, 1], "a"), "a": ([1], "b"), "b": ([2], None)}

    def answer(request: httpx2.Request) -> httpx2.Response:
        cursor = parse_qs(urlsplit(str(request.url)).query).get("starting_after", [""])[0]
        numbers, following = pages[cursor]
        return httpx2.Response(200, json=document(map(project, numbers), link(following) if following else None))

    walk = projects_of(answer).walk(10)
    assert walk.ended
    assert walk.ids == ["p0", "p1", "p1", "p2"]


class Limited(Target):
    """A target that counts calls of its one list only, and refuses all else for what it lacks."""

    name, kind, base_url, provenance = "limited", "url", BASE, {}
    capabilities = frozenset({"load", "clock"})

    def session(self, test: str, item: str, observers: list[Observer]) -> Session:
        clock, calls = ManualClock(), list[float]()

        def answer(request: httpx2.Request) -> httpx2.Response:
            if request.method != "GET" or request.url.path != f"/rest{LIST}":
                status = 405 if request.method == "POST" else 404
                return httpx2.Response(status, json={"errors": [{"status": str(status), "detail": "none"}]})
            calls.append(clock.now())
            beyond = len([moment for moment in calls if moment > clock.now() - 60]) > SNYK.conventions.rate.quota
            return httpx2.Response(429) if beyond else httpx2.Response(200, json=document([project(1)]))

        return Session(client_of(answer, clock, observers), self.capabilities, {"org_id": ("o",)})


def test_what_a_target_lacks_need_not_be_refused_for_its_rate() -> None:
    run = Run(SNYK, Limited())
    function = test_rate_limit.test_a_refusal_for_the_rate_is_an_error_document
    item = items_of(function, "test_rate_limit/refusal", SNYK)[0]
    assert (item.operation, run.run(item).outcome) == ("GET /orgs/{org_id}/projects", Outcome.HELD)
