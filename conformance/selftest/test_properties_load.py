"""Many calls at once: each as cheap as the target allows, and a few more than its rate does."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import strategies as st

from conformance.contract import load
from conformance.properties import Collection, play
from conformance.properties.cases import draw
from conformance.properties.load import BEYOND, cheap_call, exhaust
from conformance.properties.mock import START

VULTR = load("vultr")
PLANS = {"plans": [], "meta": {"total": 0, "links": {"next": "", "prev": ""}}}


@pytest.mark.parametrize(("status", "cheap"), [(200, "per_page=1&type=conformance-nosuch"), (400, "per_page=1")])
def test_the_cheapest_call_is_filtered_where_the_filter_is_taken(status: int, cheap: str) -> None:
    played = play(VULTR)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status if "nosuch" in str(request.url) else 200, json=PLANS)

    played.routes.get(path__regex="/plans$").mock(side_effect=answer)
    call = cheap_call(Collection(played.client, VULTR.operation("GET /v2/plans"), VULTR.conventions.paging))
    assert "&".join(sorted(call().request.url.partition("?")[2].split("&"))) == cheap


def test_the_rate_is_exceeded_after_two_quiet_windows_and_in_one_instant() -> None:
    played = play(VULTR)
    played.routes.get("/plans").mock(side_effect=lambda _: httpx.Response(200, json=PLANS))
    rate = VULTR.conventions.rate
    made = exhaust(played.client, lambda: played.client.send("GET", "/plans"))
    assert len(made) == rate.quota + BEYOND
    assert set(played.arrivals) == {START + 2 * rate.seconds}


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_as_many_cases_are_drawn_as_are_asked_for_each_another(count: int) -> None:
    drawn = draw({"limit": st.integers(1, 500)}, count, "a test")
    assert len(drawn) == len({case["limit"] for case in drawn}) == count
    assert drawn == draw({"limit": st.integers(1, 500)}, count, "a test")


def test_no_case_is_drawn_twice() -> None:
    assert draw({"limit": st.just(1)}, 5, "a test") == [{"limit": 1}]
