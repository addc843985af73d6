"""Lists are filled as far as their rules on pages need, and no further."""

from __future__ import annotations

import json

import httpx
import pytest
from attrs import evolve

from conformance.contract import load
from conformance.properties import Subject, play
from conformance.properties.mock import MockServer
from conformance.properties.prepare import prepare
from conformance.properties.seeding import MOST, fill, needed
from conformance.selftest.servers import Asked, raw_server, reply, url_target
from conformance.selftest.test_properties_attempts import subject

VULTR = load("vultr")
DOMAINS = "GET /v2/domains"


@pytest.mark.parametrize(("api", "count"), [("vultr", 3), ("vercel", 21), ("snyk", 30)])
def test_a_list_needs_two_full_pages_and_more_and_one_beyond_a_short_default(api: str, count: int) -> None:
    assert needed(load(api)) == count


@pytest.mark.parametrize(
    ("minimum", "step", "default", "count"),
    [(1, 1, None, 3), (1, 1, 2, 3), (1, 1, 3, 4), (10, 10, None, 30), (10, 5, 10, 25), (1, 1, MOST - 1, MOST),
     (1, 1, MOST, 3), (1, 1, MOST + 1, 3)],
)  # fmt: skip
def test_what_a_list_needs_follows_from_its_sizes(minimum: int, step: int, default: int | None, count: int) -> None:
    paging = VULTR.conventions.paging
    sizes = paging.page_size.model_copy(update={"minimum": minimum, "step": step, "default": default})
    pagination = paging.model_copy(update={"page_size": sizes})
    assert needed(evolve(VULTR, conventions=VULTR.conventions.model_copy(update={"pagination": pagination}))) == count


def account(*there: str, refuses_after: int = 100) -> tuple[Subject, MockServer, list[str]]:
    """The subject of a played account with domains, and the names that are created in it."""
    played, created = play(VULTR), list[str]()

    def listed(_: httpx.Request) -> httpx.Response:
        records = [{"domain": name} for name in (*there, *created)]
        links = {"next": "", "prev": ""}
        return httpx.Response(200, json={"domains": records, "meta": {"total": len(records), "links": links}})

    def create(asked: httpx.Request) -> httpx.Response:
        if len(created) >= refuses_after:
            return httpx.Response(400, json={"error": "the quota is used up", "status": 400})
        created.append(json.loads(asked.content)["domain"])
        return httpx.Response(201, json={"domain": {"domain": created[-1]}})

    played.routes.get(path__regex="/domains$").mock(side_effect=listed)
    played.routes.post(path__regex="/domains$").mock(side_effect=create)
    made = subject("vultr", DOMAINS)
    made.session = evolve(made.session, client=played.client)
    return made, played, created


@pytest.mark.parametrize(("there", "records", "count"), [(0, 4, 4), (3, 4, 1), (4, 4, 0), (9, 4, 0), (1, None, 2)])
def test_what_a_list_lacks_is_created_and_kept_for_the_run(there: int, records: int | None, count: int) -> None:
    made, played, created = account(*(f"{number}.example.org" for number in range(there)))
    told = fill(made, {DOMAINS}, records)
    assert len(created) == count
    assert told == ([f"{count} × domain created for this run, to be deleted at its end"] if count else [])
    assert [each.kept for each in played.client.guard.made] == [True] * count
    (asked,) = [dict(request.query) for request in played.requests if request.method == "GET"]
    assert asked == {"per_page": str(needed(VULTR) if records is None else records)}


def test_no_page_beyond_the_largest_is_asked_for() -> None:
    made, played, _ = account(refuses_after=0)
    fill(made, {DOMAINS}, 10**6)
    fill(made, {DOMAINS}, 0)
    sizes = [request.parameter("per_page") for request in played.requests if request.method == "GET"]
    assert sizes == ["500", "1"]


def test_what_was_created_before_a_list_could_not_be_filled_is_kept_too() -> None:
    made, played, created = account(refuses_after=2)
    (told,) = fill(made, {DOMAINS}, 5)
    assert told.startswith("the list of each domain is not filled: the control was refused: POST https://")
    assert len(created) == 2
    assert all(each.kept for each in played.client.guard.made)


def test_a_list_that_nobody_asks_for_is_not_filled() -> None:
    made, played, created = account()
    assert fill(made, {"GET /v2/plans"}, 5) == []
    assert (created, played.requests) == ([], [])


@pytest.mark.parametrize(("records", "created"), [(None, 3), (2, 2), (0, 0)])
def test_a_target_is_prepared_with_as_many_records_as_it_is_told(records: int | None, created: int) -> None:
    there: list[str] = []

    def answer(asked: Asked) -> bytes:
        if asked.method == "POST":
            there.append(json.loads(asked.body)["domain"])
            return reply({"domain": {"domain": there[-1]}}, "201 Created")
        if asked.method == "DELETE":
            there.remove(asked.path.rpartition("/")[2])
            return reply(status="204 No Content")
        if asked.path != "/v2/domains":
            return reply({"error": "no", "status": 404}, "404 Not Found")
        listed = [{"domain": name} for name in there]
        return reply({"domains": listed, "meta": {"total": len(listed), "links": {"next": "", "prev": ""}}})

    with raw_server(answer) as server:
        target = url_target(server.url, capabilities=frozenset({"writes"}))
        preparation = prepare(target, {DOMAINS}, lambda _: None, records)
        assert len(there) == created
        # Where no records are wanted the list is not even looked at.
        assert (server.requests > 0) == (records != 0)
        assert [notice for notice in preparation.notices if "created" in notice] == (
            [f"{created} × domain created for this run, to be deleted at its end"] if created else []
        )
        assert all(name.startswith(target.guard.prefix) for name in there)
        for made in target.guard.made:
            target.guard.gone(made)
        target.close()
