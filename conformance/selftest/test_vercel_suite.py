"""The Vercel suite against servers of another make: what the document leaves open is nobody's fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from attrs import evolve

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Item, Run, items_of
from conformance.properties.detection import is_alarm
from conformance.properties.results import Result
from conformance.reference.core import Server
from conformance.reference.faults import Fault
from conformance.reference.limits import FixedWindow, Window
from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.pages import Page, TimestampPaginator
from conformance.selftest.servers import TESTS
from conformance.targets import ReferenceTarget

VERCEL = load("vercel")
ITEMS = sorted(
    (item for test, function in TESTS.items() for item in items_of(function, test, VERCEL)),
    key=lambda item: item.judged_by_evidence,
)

PROJECTS = ("GET /v9/projects",)
Plant = Callable[[Server], None]


def results(
    plant: Plant, *areas: str, strict: bool = False, without: tuple[str, ...] = ()
) -> list[tuple[Item, Result]]:
    """What becomes of the items of some areas on a server that was changed, but for those of some operations."""
    fault = Fault("another make", "vercel.of.another-make", "", plant)
    run = Run(VERCEL, ReferenceTarget(VERCEL, fault=fault, strict=strict), examples=2)
    chosen = [item for item in ITEMS if item.requirement.area in areas and item.operation not in without]
    return [(item, run.run(item)) for item in chosen]


def alarms(found: list[tuple[Item, Result]]) -> dict[str, str | None]:
    return {item.id: result.reason for item, result in found if is_alarm(result)}


def edited(edit: Callable[[Request, Any], Any]) -> Plant:
    """Changes the bodies of successful lists."""

    def change(request: Request, response: Response) -> Response:
        if response.status != 200 or "pagination" not in (response.json or {}):
            return response
        return response.with_json(edit(request, response.json))

    return lambda server: server.transforms.append(change)


def paginated(kind: type[TimestampPaginator]) -> Plant:
    def plant(server: Server) -> None:
        server.paginator = kind(default=20, maximum=100)

    return plant


def limited(kind: type[FixedWindow]) -> Plant:
    def plant(server: Server) -> None:
        kept = server.limiter
        assert isinstance(kept, FixedWindow)
        server.limiter = kind(kept.limit, kept.key)

    return plant


class Clamps(TimestampPaginator):
    """What is no limit is replaced, and what is no time is ignored; a limit of 0 gives no records."""

    def size(self, request: Request) -> int:
        text = request.query.get("limit", "20")
        return min(int(text), 100) if text.isascii() and text.isdigit() and len(text) < 15 else 20

    def time(self, request: Request, name: str) -> int | None:
        try:
            return super().time(request, name)
        except Problem:
            return None


class NextOnEveryPage(TimestampPaginator):
    """Every page with records has a next, so that a walk ends with an empty page; short lists have one too."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        return evolve(page, next=str(page.items[-1][key]) if page.items else "")


def fits_without_object(_request: Request, body: Any) -> Any:
    page = body["pagination"]
    if page["next"] is None and page["prev"] is None:
        del body["pagination"]
    return body


def no_prev(_request: Request, body: Any) -> Any:
    del body["pagination"]["prev"]
    return body


def more_keys(_request: Request, body: Any) -> Any:
    records = next(value for value in body.values() if isinstance(value, list))
    for record in records:
        record |= {"extra": {"nested": [1, None]}, "Name": "another letter case"}
    return {**body, "pagination": {**body["pagination"], "total": len(records), "extra": []}, "extra": [None]}


@pytest.mark.parametrize(
    "plant",
    [
        paginated(Clamps),
        paginated(NextOnEveryPage),
        edited(fits_without_object),
        edited(more_keys),
    ],
    ids=["clamps", "next on every page", "no object where all fits", "more keys"],
)
def test_other_pages_are_right_too(plant: Plant) -> None:
    found = results(plant, "pagination", without=PROJECTS)
    assert alarms(found) == {}
    assert Counter(result.outcome for _, result in found)[Outcome.HELD] >= 20


def test_a_missing_prev_is_no_fault_except_for_going_back() -> None:
    assert {name.split("[")[0] for name in alarms(results(edited(no_prev), "pagination", without=PROJECTS))} == {
        "vercel.pagination.prev-roundtrip"
    }


class CountsLater(FixedWindow):
    """Remaining does not count the present call."""

    def remaining(self, window: Window) -> int:
        return max(0, self.limit - window.calls + 1)


class Jitters(FixedWindow):
    """Reset is rounded now up, now down."""

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        window = self.current
        headers = super().headers(request, now)
        reset = int(headers["X-RateLimit-Reset"]) + (window.calls % 2 if window else 0)
        return {**headers, "X-RateLimit-Reset": str(reset)}


class ForgivesErrors(FixedWindow):
    """A call that is refused does not count."""

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        window = self.current
        headers = super().headers(request, now)
        if window is not None and request.principal is None:
            window.calls -= 1
        return headers


@pytest.mark.parametrize("kind", [CountsLater, Jitters, ForgivesErrors])
def test_other_ways_of_counting_are_right_too(kind: type[FixedWindow]) -> None:
    assert alarms(results(limited(kind), "rate-limit")) == {}


def says_when_to_come_back(server: Server) -> None:
    def change(_request: Request, response: Response) -> Response:
        return response.with_header("Retry-After", "60") if response.status == 429 else response

    server.transforms.append(change)


def test_retry_after_is_no_fault() -> None:
    assert alarms(results(says_when_to_come_back, "rate-limit", strict=True)) == {}


def refuses_teams_otherwise(server: Server) -> None:
    def change(_request: Request, response: Response) -> Response:
        return evolve(response, status=404) if response.cause == "team" else response

    server.transforms.append(change)


def test_which_refusal_a_foreign_team_gets_is_left_open() -> None:
    assert alarms(results(refuses_teams_otherwise, "auth")) == {}


def read_only(server: Server) -> None:
    server.routes = [route for route in server.routes if route.operation in ("GET /v9/projects", "GET /v6/deployments")]


def test_operations_that_are_only_implied_may_be_missing() -> None:
    found = results(read_only, "auth", "content-type", "errors", "versioning")
    wrong = {name for name in alarms(found) if "old-versions-live" not in name}
    assert wrong == set()


def endless(_request: Request, body: Any) -> Any:
    body["pagination"]["next"] = body["pagination"]["next"] or 1_700_000_000_000
    return body


def test_a_next_that_never_ends_is_told_by_name_and_soon() -> None:
    found = results(edited(endless), "pagination", without=PROJECTS)
    told = {item.requirement.id for item, result in found if result.outcome is Outcome.VIOLATED}
    assert {"vercel.pagination.next-null-on-last-page", "vercel.pagination.walk-terminates"} <= told


def test_what_passes_could_have_failed() -> None:
    """Every item that holds has evidence, and every requirement is bound to a test or a check."""
    found = results(lambda _server: None, "auth", "types", "schema", "crud", strict=True)
    assert alarms(found) == {}
    assert all(result.held for _, result in found if result.outcome is Outcome.HELD)
    tested = {item.requirement.id for item in ITEMS}
    assert [name for name in VERCEL.requirements if name not in tested] == []
