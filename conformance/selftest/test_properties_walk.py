"""Walks end, whatever the server does: within `ceil(n/limit) + 2` requests, n being what is known of the list."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from urllib.parse import parse_qs

import pytest

from conformance.contract.verdict import Outcome
from conformance.properties import Collection, NotExercised, Run
from conformance.properties.collection import EMPTY, HARD_CAP, STALE
from conformance.selftest.servers import (
    VULTR,
    Answer,
    Asked,
    RawServer,
    Runner,
    raw_server,
    reply,
    run_item,
    url_target,
)
from conformance.targets.errors import Blocked

PLANS = VULTR.operation("GET /v2/plans")
WALK = "vultr.pagination.walk-exactly-once"


def page(ids: list[str], following: str, total: object) -> bytes:
    links = {"next": following, "prev": ""}
    return reply({"plans": [{"id": identity} for identity in ids], "meta": {"total": total, "links": links}})


def parameter(asked: Asked, name: str, default: str = "") -> str:
    return parse_qs(asked.query).get(name, [default])[0]


@contextmanager
def plans_of(answer: Answer) -> Iterator[tuple[Collection, RawServer]]:
    with raw_server(answer) as server:
        target = url_target(server.url)
        pagination = VULTR.conventions.pagination
        assert pagination is not None
        yield Collection(target.session("a test", "an item", []).client, PLANS, pagination), server
        target.close()


def honest(count: int, *, total: object = None, overlap: int = 0) -> Answer:
    """A list of `count` plans; each page but the first repeats the last `overlap` records of the one before."""

    def answer(asked: Asked) -> bytes:
        size, start = int(parameter(asked, "per_page", "100")), int(parameter(asked, "cursor", "0"))
        end = min(start + size, count)
        ids = [f"plan-{number}" for number in range(max(0, start - overlap), end)]
        return page(ids, str(end) if end < count else "", count if total is None else total)

    return answer


def fresh(total: object, size: int = 1) -> Callable[[], Answer]:
    """Pages of records never seen before, for ever."""

    def build() -> Answer:
        number = itertools.count()
        return lambda _: page([f"plan-{next(number)}" for _ in range(size)], f"cursor-{next(number)}", total)

    return build


def empty(total: object) -> Callable[[], Answer]:
    number = itertools.count()
    return lambda: lambda _: page([], f"cursor-{next(number)}", total)


def alternating() -> Answer:
    turns = itertools.count()

    def answer(_: Asked) -> bytes:
        turn = next(turns)
        return page([f"plan-{turn}"], f"cursor-{turn % 2}", 1000)

    return answer


@pytest.mark.parametrize(("count", "limit"), [(0, 1), (1, 1), (3, 1), (4, 2), (5, 2), (5, 500), (40, 1)])
def test_an_honest_list_is_read_to_its_end_without_a_spare_request(count: int, limit: int) -> None:
    with plans_of(honest(count)) as (plans, server):
        walk = plans.walk(limit)
    assert (walk.ended, walk.defect, len(walk.ids)) == (True, None, count)
    assert server.requests == walk.requests == max(1, ceil(count / limit))


DEFECTS: dict[str, tuple[Callable[[], Answer], str, int]] = {
    "the same cursor for ever": (lambda: lambda _: page(["a"], "again", 1000), "the cursor again came twice", 2),
    "two cursors in turn": (alternating, "the cursor cursor-0 came twice", 3),
    "fresh records past a true total": (fresh(4), "the list goes on after 6 pages of 1, though it has 4 records", 6),
    "fresh records past a total of none": (fresh(0), "the list goes on after 2 pages of 1, though it has 0 records", 2),
    "empty pages with a next": (empty(0), f"the last {EMPTY} of {EMPTY} pages were empty", EMPTY),
    "empty pages of a list said to be long": (empty(10**9), f"the last {EMPTY} of {EMPTY} pages were empty", EMPTY),
    "the same records under fresh cursors": (
        lambda: (lambda numbers: lambda _: page(["a"], f"cursor-{next(numbers)}", 1000))(itertools.count()),
        "3 requests brought only 1 different records",
        3,
    ),
}


@pytest.mark.parametrize("kind", DEFECTS)
def test_a_walk_that_would_not_end_is_given_up(kind: str) -> None:
    build, defect, requests = DEFECTS[kind]
    with plans_of(build()) as (plans, server):
        walk = plans.walk(1)
        assert (walk.ended, walk.defect, server.requests) == (False, defect, requests)
        with pytest.raises(Blocked, match="the walk was given up: ") as blocked:
            _ = plans.ids
    assert (blocked.value.need, blocked.value.exchange.path) == ("walk", "/v2/plans")


@pytest.mark.parametrize("total", [None, "many", -1, True, 10**9, 1e300, [1]])
def test_a_list_of_unknown_length_is_read_as_far_as_the_cap(total: object) -> None:
    with plans_of(fresh(total)()) as (plans, server):
        walk = plans.walk(1)
        assert (walk.ended, walk.defect, server.requests) == (False, None, HARD_CAP)
        with pytest.raises(NotExercised, match=f"the list is longer than {HARD_CAP} pages; not read to its end"):
            _ = plans.ids


def test_what_a_test_knows_of_the_length_counts_more_than_what_the_server_says() -> None:
    with plans_of(fresh(10**9, size=2)()) as (plans, server):
        walk = plans.walk(2, expected=10)
        assert walk.defect == "the list goes on after 7 pages of 2, though it has 10 records"
        assert server.requests == ceil(10 / 2) + 2


def test_a_lying_total_is_not_trusted_where_it_is_what_is_judged() -> None:
    with plans_of(honest(6, total=1)) as (plans, _):
        assert plans.walk(1).defect == "the list goes on after 3 pages of 1, though it has 1 records"
        assert plans.walk(1, trust_total=False).ended


def test_a_server_with_smaller_pages_than_asked_for_is_read_to_its_end() -> None:
    def smaller(asked: Asked) -> bytes:
        return honest(7)(Asked(asked.method, asked.target.replace("per_page=500", "per_page=2"), {}, b""))

    with plans_of(smaller) as (plans, server):
        assert len(plans.ids) == 7
    assert server.requests == ceil(7 / 2)


def test_a_walk_goes_on_over_empty_pages_to_its_end() -> None:
    def filtered(asked: Asked) -> bytes:
        start = int(parameter(asked, "cursor", "0"))
        ids = [f"plan-{start}"] if start % (EMPTY - 1) == 0 else []
        return page(ids, str(start + 1) if start < 3 * EMPTY else "", None)

    with plans_of(filtered) as (plans, _):
        walk = plans.walk(1)
    assert (walk.ended, walk.defect, walk.requests, len(walk.ids)) == (True, None, 3 * EMPTY + 1, 4)
    assert walk.shorter_than(1) == 3 * EMPTY - 4
    assert walk.shorter_than(1, up_to_the_last_record=True) == 3 * (EMPTY - 2)


def test_records_without_an_id_are_known_by_their_content() -> None:
    answer = reply({"plans": [{"ram": 1}, {"ram": 2}, {"ram": 1}], "meta": {"links": {"next": ""}}})
    with plans_of(lambda _: answer) as (plans, _):
        assert plans.walk(3).ids == ['{"ram": 1}', '{"ram": 2}', '{"ram": 1}']


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (honest(6), Outcome.HELD, None),
        (honest(6, overlap=1), Outcome.VIOLATED, "comes 2 times"),
        (lambda _: page(["a"], "again", 1), Outcome.VIOLATED, "the walk was given up: the cursor again came twice"),
        (honest(1), Outcome.NOT_EXERCISED, "the list has 1 records, the rule shows with 2 or more"),
        (lambda _: reply({"plans": {}}), Outcome.BLOCKED, "vultr.schema.named-root does not hold at GET /v2/plans"),
    ],
)
def test_the_requirement_on_walks_tells_them_apart(answer: Answer, outcome: Outcome, reason: str | None) -> None:
    with raw_server(answer) as server:
        target = url_target(server.url)
        result = run_item(Run(VULTR, target), WALK, "GET /v2/plans")
        target.close()
    assert result.outcome is outcome
    assert (reason or "") in (result.reason or "")


def test_a_run_names_the_requirement_and_asks_little(suite: Runner) -> None:
    with raw_server(fresh(3)()) as server:
        ran = suite("--target", server.url, "-k", "walk-exactly-once and plans")
    assert ran.verdicts == {f"{WALK}[GET /v2/plans]": "failed"}
    assert f"failed: {WALK}[GET /v2/plans]" in ran.text
    assert "requirement: Following " in ran.text
    assert "the walk was given up: the list goes on after 5 pages of 1, though it has 3 records" in ran.text
    # Two tests ask: one for the list, one for what it may be narrowed to.
    assert server.requests <= 2 * (ceil(3 / 1) + 3)


def test_a_page_that_comes_again_and_again_under_new_cursors_ends_a_walk_soon() -> None:
    numbers = itertools.count()
    with plans_of(lambda _: page(["plan-0", "plan-1"], f"cursor-{next(numbers)}", 100)) as (collection, server):
        walk = collection.walk(limit=2)
    assert (walk.ended, server.requests) == (False, 1 + STALE)
    assert walk.defect is not None
