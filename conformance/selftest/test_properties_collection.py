"""Lists as tests see them: what a page, a walk and its steps show, and what is asked for to find that out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from attrs import evolve

from conformance.contract import load
from conformance.contract.needs import OTHERS_RECORDS, RECORDS
from conformance.properties import Collection, NotExercised, play
from conformance.properties import collection as module
from conformance.properties.collection import EMPTY, HARD_CAP, Step, Walk
from conformance.properties.mock import MockServer
from conformance.selftest.test_checks import said
from conformance.targets.errors import Blocked, NotFollowed
from conformance.traffic.pages import page_of

VULTR, SNYK, ZEIT = load("vultr"), load("snyk"), load("zeit")
PLANS = VULTR.operation("GET /v2/plans")
Answering = Callable[[httpx.Request], httpx.Response]


def page(*ids: object, following: object = "", previous: object = "", total: object = None) -> dict[str, Any]:
    meta = {"total": total, "links": {"next": following, "prev": previous}}
    return {"plans": [{"id": identity} for identity in ids], "meta": meta}


def plans(answering: Answering | list[dict[str, Any]]) -> tuple[Collection, MockServer]:
    """A list of plans, by a function or page by page."""
    played = play(VULTR)
    if isinstance(answering, list):
        answers = [httpx.Response(200, json=body) for body in answering]
        played.routes.get("/v2/plans").mock(side_effect=answers)
    else:
        played.routes.get("/v2/plans").mock(side_effect=answering)
    return Collection(played.client, PLANS, VULTR.conventions.paging), played


def queries(played: MockServer) -> list[dict[str, str]]:
    return [dict(request.query) for request in played.requests]


def walk_of(*pages: str) -> Walk:
    """A walk over pages, a letter for each id."""
    walk = Walk(ended=True)
    for ids in pages:
        exchange = said("GET /v2/plans", body=page(*ids))
        found = page_of(exchange, VULTR.conventions.paging)
        assert found is not None
        walk.steps.append(Step(exchange, found))
    return walk


@pytest.mark.parametrize(
    ("pages", "expected", "ordered", "shown"),
    [
        (("ab", "cd"), "abcd", True, 1),
        (("ab", "cd"), "badc", False, 1),
        (("ab", "cd"), "badc", True, 0),
        (("ab", "xd"), "abcd", False, 1),
        (("xb", "cd"), "abcd", False, 0),
        (("ab", "ab", "cd"), "abcd", False, 1),
        (("ab", "ac", "d"), "abcd", True, 1),
        (("ab", "c"), "abcd", True, 1),
        (("ab", "cd", "e"), "abcd", True, 2),
        (("a", "", "b"), "ab", True, 2),
    ],
)
def test_the_page_is_shown_whose_record_is_out_of_place(
    pages: tuple[str, ...], expected: str, ordered: bool, shown: int
) -> None:
    walk = walk_of(*pages)
    assert walk.shows(list(expected), ordered=ordered) is walk.steps[shown].exchange


def test_the_first_page_with_one_of_some_records_is_shown_or_else_the_last() -> None:
    walk = walk_of("ab", "cd", "ef")
    assert walk.showing({"d", "e"}) is walk.steps[1].exchange
    assert walk.showing({"x"}) is walk.last is walk.steps[2].exchange


def test_a_walk_knows_how_often_it_asked_and_whether_a_record_came_again() -> None:
    assert (walk_of("ab", "c").requests, walk_of("ab", "c").repeats, walk_of("ab", "b").repeats) == (2, False, True)


def test_a_page_is_asked_for_by_size_and_cursor_beside_what_selects() -> None:
    collection, played = plans(lambda _: httpx.Response(200, json=page()))
    narrowed = collection.selected({"type": "vc2"})
    narrowed.get()
    narrowed.get(7, "abc", query={"os": "x"})
    assert queries(played) == [{"type": "vc2"}, {"type": "vc2", "os": "x", "per_page": "7", "cursor": "abc"}]


def test_a_list_that_is_answered_whole_is_asked_for_no_size() -> None:
    played = play(ZEIT)
    operation = ZEIT.operation("GET /v2/now/secrets")
    Collection(played.client, operation, ZEIT.conventions.lists).get(10)
    assert queries(played) == [{}]


def test_both_neighbours_are_asked_for_as_a_page_names_them() -> None:
    collection, played = plans([page("b", following="after", previous="before"), page("c"), page("a")])
    step = collection.page(1)
    assert collection.follow(step).page.ids == ("c",)
    assert collection.follow(step, "prev").page.ids == ("a",)
    assert queries(played)[1:] == [{"per_page": "1", "cursor": "after"}, {"per_page": "1", "cursor": "before"}]


@pytest.mark.parametrize(("direction", "need"), [("next", "page"), ("prev", "prev")])
def test_a_neighbour_that_does_not_come_is_lacking_by_its_direction(direction: Any, need: str) -> None:
    answers = iter([httpx.Response(200, json=page("b", following="n", previous="p")), httpx.Response(500)])
    collection, _ = plans(lambda _: next(answers))
    step = collection.page(1)
    with pytest.raises(Blocked, match="the control got no usable answer") as lack:
        collection.follow(step, direction)
    assert (lack.value.need, lack.value.exchange.response.status) == (need, 500)


def test_a_page_that_is_refused_for_the_rate_is_not_the_walks_fault() -> None:
    limit = VULTR.conventions.rate
    for status, need in ((limit.exceeded, "accepted"), (limit.exceeded + 1, "page")):
        answers = iter([httpx.Response(200, json=page("b", following="n")), *[httpx.Response(status)] * 20])
        collection, _ = plans(lambda _, answers=answers: next(answers))  # type: ignore[misc]
        step = collection.page(1)
        with pytest.raises(Blocked) as lack:
            collection.follow(step)
        assert lack.value.need == need


def test_an_api_without_a_limit_refuses_nothing_for_its_rate() -> None:
    assert ZEIT.conventions.rate_limit is None or VULTR.conventions.rate_limit is not None
    limitless = VULTR.conventions.model_copy(update={"rate_limit": None})
    collection, played = plans([page("b", following="n"), page("c")])
    played.client.contract = evolve(VULTR, conventions=limitless)
    step = collection.page(1)
    played.routes.get("/v2/plans").mock(side_effect=lambda _: httpx.Response(429))
    with pytest.raises(Blocked) as lack:
        collection.follow(step)
    assert lack.value.need == "page"


def test_an_answer_without_a_list_is_lacking_the_list() -> None:
    collection, _ = plans([{"items": []}])
    with pytest.raises(Blocked, match="the answer has no list at /plans: GET") as lack:
        collection.page()
    assert lack.value.need == "list"


# ---- walks


def test_a_walk_that_is_led_elsewhere_is_given_up_and_says_so() -> None:
    played = play(SNYK)
    operation = SNYK.operation("GET /orgs/{org_id}/projects")
    body = {"jsonapi": {"version": "1.0"}, "data": [], "links": {"next": "https://elsewhere.example/rest/projects"}}
    played.routes.get(path__regex="/projects").respond(200, json=body)
    collection = Collection(played.client, operation, SNYK.conventions.lists, {"org_id": "o"})
    walk = collection.walk(10)
    assert (walk.ended, walk.requests, walk.missing) == (False, 1, None)
    assert "elsewhere.example" in str(walk.defect)
    with pytest.raises(NotFollowed):
        collection.follow(walk.steps[0])
    with pytest.raises(Blocked, match="the walk was given up: ") as lack:
        collection.whole(walk)
    assert (lack.value.need, lack.value.exchange) == ("walk", walk.last)


def test_a_page_that_does_not_come_stops_a_walk_and_is_kept() -> None:
    answers = iter([httpx.Response(200, json=page("a", following="n")), httpx.Response(503)])
    collection, _ = plans(lambda _: next(answers))
    walk = collection.walk(1)
    assert walk.missing is not None
    assert (walk.ended, walk.requests, walk.missing.response.status) == (False, 1, 503)
    assert str(walk.defect).startswith("page 2 does not come: the control got no usable answer: GET https://")
    with pytest.raises(Blocked, match="the walk stops: page 2 does not come") as lack:
        collection.whole(walk)
    assert (lack.value.need, lack.value.exchange) == ("page", walk.missing)


def test_a_limit_that_is_met_on_a_walk_is_no_defect_of_the_walk() -> None:
    answers = iter([httpx.Response(200, json=page("a", following="n")), *[httpx.Response(429)] * 20])
    collection, _ = plans(lambda _: next(answers))
    with pytest.raises(Blocked, match="the control was refused") as lack:
        collection.walk(1)
    assert lack.value.need == "accepted"


def numbered(size: int, total: object = None) -> Iterator[dict[str, Any]]:
    for number in itertools.count():
        ids = range(number * size, (number + 1) * size)
        yield page(*ids, following=f"cursor-{number}", total=total)


def endless(size: int, total: object = None) -> tuple[Collection, MockServer]:
    """A list of new records for ever."""
    pages = numbered(size, total)
    return plans(lambda _: httpx.Response(200, json=next(pages)))


@pytest.mark.parametrize(
    ("trust", "requests"), [({}, 6), ({"trust_total": True}, 6), ({"trust_total": False}, HARD_CAP)]
)
def test_a_total_is_what_a_walk_is_held_to_unless_it_is_not_to_be_trusted(trust: dict[str, Any], requests: int) -> None:
    collection, played = endless(2, total=8)
    collection.walk(2, **trust)
    assert len(played.requests) == requests


@pytest.mark.parametrize(("expected", "requests"), [(4, 4), (5, 5), (6, 5)])
def test_two_pages_more_than_a_list_has_are_asked_for_at_most(expected: int, requests: int) -> None:
    collection, played = endless(2)
    walk = collection.walk(2, expected=expected)
    assert len(played.requests) == requests
    assert walk.defect == f"the list goes on after {requests} pages of 2, though it has {expected} records"


def test_pages_that_bring_nothing_new_are_given_up_after_two() -> None:
    first = [page(*"abcd", following="1"), page("e", following="2")]
    again = [page(*"abc", following=str(number)) for number in range(3, 20)]
    collection, played = plans([*first, *again])
    walk = collection.walk(4)
    assert walk.defect == "the last 2 of 4 pages brought only records that came before"
    assert len(played.requests) == 4


def test_a_page_that_comes_again_once_and_then_goes_on_ends_no_walk() -> None:
    ids = ["abcd", "e", "abc", "f", "e", ""]
    collection, _ = plans([page(*each, following=str(number)) for number, each in enumerate(ids)] + [page("g")])
    walk = collection.walk(4)
    assert (walk.ended, walk.requests) == (True, 7)


def test_pages_without_records_are_given_up_by_their_number() -> None:
    pages = [page("a", "b", following="1"), *[page(following=str(number)) for number in range(2, 20)]]
    collection, played = plans(pages)
    assert collection.walk(2).defect == f"the last {EMPTY} of {EMPTY + 1} pages were empty"
    assert len(played.requests) == EMPTY + 1


def test_pages_without_records_are_followed_while_others_come_between() -> None:
    gap = [""] * (EMPTY - 1)
    ids = ["ab", *gap, "cd", *gap]
    collection, _ = plans([page(*each, following=str(number)) for number, each in enumerate(ids)] + [page("e")])
    walk = collection.walk(2)
    assert (walk.ended, walk.ids, walk.requests) == (True, [*"abcde"], len(ids) + 1)


def test_a_list_of_more_bytes_than_are_read_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    collection, played = endless(2)
    collection.page(2)
    size = len(played.exchanges[0].response.body)
    monkeypatch.setattr(module, "LARGEST", size + 1)
    with pytest.raises(NotExercised, match="the list is larger than 0 MiB; not read to its end"):
        collection.walk(2)
    assert len(played.requests) == 3


def test_a_walk_begins_with_the_page_that_is_given() -> None:
    collection, played = plans([page("a", following="1"), page("b")])
    start = collection.page(1)
    assert collection.walk(1, start=start).ids == ["a", "b"]
    assert len(played.requests) == 2


def test_a_list_that_changes_while_it_is_read_is_read_again() -> None:
    collection, played = plans([page("a", following="1"), page("a", "b"), page("a", "b")])
    played.client.restarts = 1
    assert collection.ids == ["a", "b"]
    assert len(played.requests) == 3


def test_a_list_is_not_read_again_for_ever() -> None:
    collection, played = plans(lambda _: httpx.Response(200, json=page("a", "a")))
    played.client.restarts = 2
    assert collection.ids == ["a", "a"]
    assert len(played.requests) == 3


def test_the_second_page_is_that_behind_the_first_smallest_one() -> None:
    collection, played = plans([page("a", following="1"), page("b")])
    assert collection.second.page.ids == ("b",)
    assert queries(played) == [{"per_page": "1"}, {"per_page": "1", "cursor": "1"}]
    with pytest.raises(NotExercised, match="the list has one page only, and gives out no cursor"):
        _ = plans([page("a")])[0].second


@pytest.mark.parametrize(("smallest", "cut"), [([page("a")], True), ([page("a", "b")], False), ([page()], True)])
def test_the_size_makes_a_difference_where_the_smallest_page_is_shorter(
    smallest: list[dict[str, Any]], cut: bool
) -> None:
    assert plans([*smallest, page("a", "b")])[0].is_cut_by_size == cut


def test_a_list_is_being_changed_where_it_has_other_records_than_before() -> None:
    assert plans([page("a"), page("a", "b")])[0].is_being_changed()
    assert not plans([page("a", "b"), page("b", "a")])[0].is_being_changed()


@pytest.mark.parametrize("following", ["again", ""])
def test_a_list_that_cannot_be_read_is_not_said_to_be_changed(following: str) -> None:
    """It is defective, or it does not come at all."""
    status = 200 if following else 500
    collection, _ = plans(lambda _: httpx.Response(status, json=page("a", following=following)))
    assert not collection.is_being_changed()


def test_a_list_that_is_too_long_is_not_said_to_be_changed() -> None:
    assert not endless(1)[0].is_being_changed()


def test_a_reading_that_does_not_come_to_its_end_shows_no_change() -> None:
    collection, _ = plans([page("a"), page("b", following="x"), page("b", following="x")])
    assert not collection.is_being_changed()


def test_enough_records_on_the_first_page_are_enough() -> None:
    collection, played = plans([page("a", "b", following="1"), page("c")])
    collection.at_least(2)
    assert len(played.requests) == 1
    collection.at_least(3)
    assert len(played.requests) == 2
    with pytest.raises(NotExercised, match="the list has 3 records, the rule shows with 4 or more") as lack:
        collection.at_least(4)
    assert lack.value.need is OTHERS_RECORDS


def test_what_a_list_lacks_can_be_given_where_the_run_may_make_records() -> None:
    played = play(VULTR)
    body = {"domains": [], "meta": {"total": 0, "links": {"next": "", "prev": ""}}}
    played.routes.get("/v2/domains").respond(200, json=body)
    domains = Collection(played.client, VULTR.operation("GET /v2/domains"), VULTR.conventions.paging)
    with pytest.raises(NotExercised) as lack:
        domains.at_least(1)
    assert lack.value.need is RECORDS
