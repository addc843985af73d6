"""The Vercel suite on servers, faults and traffic that nobody made it for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from conformance import reference
from conformance.commands.main import main
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import NotExercised, Run, items_of
from conformance.properties.results import Result
from conformance.reference.core import Server
from conformance.reference.faults import Fault
from conformance.reference.limits import FixedWindow
from conformance.reference.messages import Record, Request, Response
from conformance.reference.pages import Page, TimestampPaginator
from conformance.selftest.servers import TESTS
from conformance.selftest.test_checks_rate_limit import NOW, findings, said, told
from conformance.selftest.test_vercel_suite import Plant, edited, limited, no_prev, paginated
from conformance.suite.vercel.test_transport import test_answers_do_not_depend_on_the_protocol as invariance
from conformance.targets import ReferenceTarget, Session
from conformance.targets.budget import Budget
from conformance.targets.clock import ManualClock
from conformance.targets.target import Observer
from conformance.targets.wire import Handshake

invariance.__test__ = False  # type: ignore[attr-defined]

VERCEL = load("vercel")
ITEMS = sorted(
    (item for test, function in TESTS.items() for item in items_of(function, test, VERCEL)),
    key=lambda item: item.judged_by_evidence,
)
HELD, VIOLATED, UNSUPPORTED = Outcome.HELD, Outcome.VIOLATED, Outcome.UNSUPPORTED


class Unknown(ReferenceTarget):
    """A server of which nobody states any facts or parameters."""

    def session(self, test: str, item: str, observers: list[Observer]) -> Session:
        session = super().session(test, item, observers)
        session.facts, session.parameters = {}, {}
        return session


def outcomes(plant: Plant, *requirements: str, operation: str = "GET /v9/projects") -> dict[str, Result]:
    """What becomes of requirements, judged in this order; of several tests the worst counts."""
    fault = Fault("another make", "vercel.of.another-make", "", plant)
    run = Run(VERCEL, Unknown(VERCEL, fault=fault, strict=False), examples=2)
    order = list(Outcome)
    found: dict[str, Result] = {}
    for slug in requirements:
        items = [item for item in ITEMS if item.requirement.id == f"vercel.{slug}"]
        wanted = [item for item in items if item.operation == operation] or items
        results = [run.run(item) for item in wanted]
        found[slug] = min(results, key=lambda result: order.index(result.outcome))
    return found


def test_going_back_is_not_judged_where_no_parameter_is_known_for_it() -> None:
    back = outcomes(edited(no_prev), "pagination.prev-roundtrip")["pagination.prev-roundtrip"]
    assert back.outcome is UNSUPPORTED
    assert "previous-cursor" in str(back.reason)


@pytest.mark.parametrize(
    ("remaining", "date", "expected"),
    [
        ((50, 51), NOW, [VIOLATED]),
        ((50, 51), NOW + 58, [VIOLATED]),
        # A reset is rounded up or down: a sliding window may have let go of calls by now.
        ((50, 51), NOW + 59, []),
        ((50, 51), NOW + 60, []),
        ((50, 49), NOW + 58, [HELD]),
    ],
)
def test_what_remains_may_rise_in_the_second_in_which_a_window_ends(
    remaining: tuple[int, int], date: int, expected: list[Outcome]
) -> None:
    exchanges = [said(told(left, date=at)) for left, at in zip(remaining, (NOW, date), strict=True)]
    assert findings("remaining-monotone", exchanges) == expected


class EndsWithTheSecond(FixedWindow):
    """Tells the end of its window rounded down to the second of the call."""

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        return {**super().headers(request, now), "X-RateLimit-Reset": str(int(now.timestamp()))}


def test_another_consumer_may_still_be_in_the_window_that_ends_in_this_second() -> None:
    slug = "rate-limit.per-consumer"
    assert outcomes(limited(EndsWithTheSecond), slug)[slug].outcome is HELD


def bare_refusals_of_methods(server: Server) -> None:
    def change(_request: Request, response: Response) -> Response:
        if response.status != 405:
            return response
        return response.with_json({"error": {"code": 405, "message": "no"}})

    server.transforms.append(change)


def test_what_is_said_of_every_answer_is_judged_of_unknown_methods_too() -> None:
    order = ("errors.unknown-path-enveloped", "errors.envelope")
    found = outcomes(bare_refusals_of_methods, *order, operation="GET (unknown)")
    assert {slug: result.outcome for slug, result in found.items()} == dict.fromkeys(order, VIOLATED)


class EndsAfterTheLargestPage(TimestampPaginator):
    """A page of the largest size has no next."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        return evolve(page, next="") if len(page.items) == self.maximum else page


def test_a_list_that_ends_too_early_in_large_pages_is_told_by_small_ones() -> None:
    slug = "pagination.next-set-while-more"
    result = outcomes(paginated(EndsAfterTheLargestPage), slug)[slug]
    assert result.outcome is VIOLATED
    assert "the largest pages" in str(result.reason)


def planted(slug: str) -> Fault:
    return next(fault for fault in reference.faults_of("vercel") if fault.id.endswith(f"/{slug}"))


def test_records_that_share_a_time_are_no_matter_of_the_walk_where_nobody_names_the_member() -> None:
    slugs = ("pagination.walk-exactly-once", "pagination.next-set-while-more", "pagination.limit-invariance")
    found = outcomes(planted("ties-lost").plant, *slugs)
    assert [found[slug].outcome for slug in slugs] == [HELD, HELD, VIOLATED]


def test_without_http_2_there_is_nothing_to_compare() -> None:
    class NoH2:
        def negotiate(self, _protocols: tuple[str, ...]) -> Handshake:
            return Handshake("TLSv1.3", None, False, None)

    unused: Any = None
    with pytest.raises(NotExercised, match="there is no HTTP/2"):
        invariance(unused, unused, NoH2(), unused)  # type: ignore[arg-type]


def report_on(folder: Path, echo: str, authorization: str) -> str:
    """What `judge` reports of a recording of one list, whose answer has a header more."""
    headers = {**told(9), "Content-Type": "application/json", "X-Echo": echo}
    body = {"projects": [], "pagination": {"count": 0, "next": None, "prev": None}}
    recorded = {
        "request": {
            "method": "GET",
            "uri": "https://api.vercel.com/v9/projects",
            "body": None,
            "headers": {"Authorization": [authorization]},
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {name: [value] for name, value in headers.items()},
            "body": {"string": json.dumps(body)},
        },
    }
    path = folder / "list.json"
    path.write_text(json.dumps({"interactions": [recorded], "version": 1}), encoding="utf-8")
    main(["judge", "--api", "vercel", str(path), "--report-dir", str(folder / "report")])
    return (folder / "report" / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("authorization", "echoed"),
    [("Bearer a1B2c3D4e5F6g7H8i9J0k1L2", True), ("Bearer REDACTED-REDACTED", False), ("Bearer short", False)],
)
def test_a_credential_that_a_recording_holds_in_clear_is_looked_for(
    tmp_path: Path, authorization: str, echoed: bool
) -> None:
    report = report_on(tmp_path, authorization.partition(" ")[2], authorization)
    assert ("came back" in report) is echoed
    assert "a1B2c3D4e5F6g7H8i9J0k1L2" not in report


def test_a_retry_after_is_waited_for_and_no_longer_where_no_window_is_documented() -> None:
    budget = Budget(VERCEL.conventions, ManualClock())
    answer = said({"Retry-After": "2"}, 429).response
    assert budget.pause(answer) == 2
