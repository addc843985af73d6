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
from conformance.properties.windows import LARGEST
from conformance.targets import NotExercised

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


def telling(limit: int, remaining: int, refuses_after: int) -> list[int]:
    """The statuses of what is asked of a server that tells how many calls are left, and refuses at another number."""
    contract = load("vercel")
    played = play(contract)
    count = iter(range(10**4))

    def answer(_: httpx.Request) -> httpx.Response:
        made = next(count)
        told = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": max(0, remaining - made), "X-RateLimit-Reset": 9}
        status = 429 if made >= refuses_after else 200
        return httpx.Response(status, headers={name: str(value) for name, value in told.items()})

    played.routes.get("/v9/projects").mock(side_effect=answer)
    return [each.response.status for each in exhaust(played.client, lambda: played.client.send("GET", "/v9/projects"))]


def test_where_headers_tell_the_limit_calls_are_made_until_it_refuses() -> None:
    assert telling(4, 3, refuses_after=4) == [200] * 4 + [429]
    assert telling(4, 3, refuses_after=1) == [200, 429]


def test_a_limit_that_never_refuses_is_exceeded_by_a_few_calls() -> None:
    assert telling(4, 3, refuses_after=999) == [200] * (3 + BEYOND)


def test_a_limit_of_very_many_calls_is_not_used_up() -> None:
    assert len(telling(LARGEST + 1, LARGEST, refuses_after=20)) == 21
    with pytest.raises(NotExercised, match=f"a limit of {LARGEST + 9} calls is too large to be used up"):
        telling(LARGEST + 9, LARGEST + 1, refuses_after=20)
