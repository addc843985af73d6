"""Rate buckets: some calls are counted for themselves, beside the limit of all."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path

import pytest
from attrs import evolve

from conformance.contract import Bucket, Contract, ContractError, RateLimit, load
from conformance.properties import Reply, play
from conformance.selftest.servers import VULTR
from conformance.targets import NotExercised
from conformance.targets.budget import Budget
from conformance.targets.clock import ManualClock
from conformance.traffic.exchange import Request, Response
from conformance.traffic.rates import buckets_of

START = 1_767_225_600.0
CREATE, LISTED = VULTR.operation("POST /v2/domains"), VULTR.operation("GET /v2/domains")
HEADERS = {"limit": "X-RateLimit-Limit", "remaining": "X-RateLimit-Remaining", "reset": "X-RateLimit-Reset"}
CALLS = [{"operation": CREATE.id, "member": "files"}, {"operation": CREATE.id, "media_type": "application/zip"}]
MINUTE = {"name": "deploys in a minute", "calls": CALLS, "requests": 3, "seconds": 60}
DAY = {"name": "deploys in a day", "calls": CALLS, "requests": 10, "seconds": 86400}
LIMIT = RateLimit.model_validate(
    {"requests": 500, "seconds": 60, "scope": "credential", "headers": HEADERS, "buckets": [MINUTE, DAY]}
)


def contract(limit: RateLimit = LIMIT) -> Contract:
    return evolve(VULTR, conventions=VULTR.conventions.model_copy(update={"rate_limit": limit}))


def posted(body: bytes, media_type: str | None = "application/json") -> Request:
    headers = (("Content-Type", media_type),) if media_type else ()
    return Request(headers=headers, body=body, method="POST", url="https://api.vultr.com/v2/domains")


@pytest.mark.parametrize(
    ("request_", "operation", "counted"),
    [
        (posted(b'{"files": {}}'), CREATE.id, True),
        (posted(b'{"files": null}'), CREATE.id, True),
        (posted(b'{"name": "files"}'), CREATE.id, False),
        (posted(b"[]"), CREATE.id, False),
        (posted(b"{files"), CREATE.id, False),
        (posted(b""), CREATE.id, False),
        (posted(b"PK\x03\x04\xff", "application/zip"), CREATE.id, True),
        (posted(b"PK\x03\x04\xff", "Application/ZIP; x=y"), CREATE.id, True),
        (posted(b'{"files": {}}'), LISTED.id, False),
        (posted(b'{"files": {}}', None), CREATE.id, True),
    ],
)
def test_a_call_is_counted_by_its_operation_and_what_it_sends(request_: Request, operation: str, counted: bool) -> None:
    found = [bucket.name for bucket in buckets_of(request_, operation, LIMIT)]
    assert found == ([MINUTE["name"], DAY["name"]] if counted else [])


def test_an_api_without_buckets_counts_nothing_for_itself() -> None:
    assert buckets_of(posted(b'{"files": {}}'), CREATE.id, None) == ()


def test_calls_of_a_bucket_leave_at_its_pace_and_others_go_on() -> None:
    clock = ManualClock(START)
    budget = Budget(contract().conventions, clock, patience=inf)
    for _ in range(50):
        budget.acquire()
    assert clock.now() == START
    left = []
    for _ in range(8):
        budget.acquire(LIMIT.buckets)
        left.append(clock.now())
        budget.acquire()
        assert clock.now() == left[-1]
    assert max(sum(start <= moment < start + 60 for moment in left) for start in left) <= 3
    assert max(left) > START + 60


def test_a_day_is_waited_for_by_nobody_but_a_clock_that_is_moved_on() -> None:
    clock = ManualClock(START)
    budget = Budget(contract().conventions, clock)
    for _ in range(9):
        budget.acquire(LIMIT.buckets)
    with pytest.raises(NotExercised, match="deploys in a day allows no call before"):
        budget.acquire(LIMIT.buckets)
    budget.acquire()
    assert clock.now() < START + 3600
    patient = Budget(contract().conventions, clock, patience=inf)
    for _ in range(10):
        patient.acquire(LIMIT.buckets)
    assert clock.now() > START + 86000


def answer(status: int, **headers: object) -> Response:
    told = tuple((name.replace("_", "-"), str(value)) for name, value in headers.items())
    return Response(status=status, headers=told)


def test_a_refusal_in_a_bucket_holds_up_its_own_calls_alone() -> None:
    clock = ManualClock(START)
    budget = Budget(contract().conventions, clock)
    budget.refused(answer(429, Retry_After=30), LIMIT.buckets)
    budget.acquire()
    assert clock.now() == START
    budget.acquire(LIMIT.buckets)
    assert clock.now() >= START + 30


def test_a_refusal_of_any_other_call_holds_up_all() -> None:
    clock = ManualClock(START)
    budget = Budget(contract().conventions, clock)
    budget.refused(answer(429, Retry_After=60))
    budget.acquire(LIMIT.buckets)
    assert clock.now() >= START + 60


def test_nothing_is_sent_before_the_reset_of_an_answer_that_tells_of_no_call_left() -> None:
    server = play(contract())
    reset = int(server.clock.now()) + 40
    left = {HEADERS["limit"]: "500", HEADERS["remaining"]: "0", HEADERS["reset"]: str(reset)}
    server.routes.route().mock(side_effect=lambda _: Reply(200, json={"domains": []}, headers=left))
    server.client.call(LISTED)
    server.client.call(LISTED)
    first, second = server.arrivals
    assert first < reset <= second


def test_a_target_that_never_tells_of_a_call_left_is_not_believed_for_ever() -> None:
    clock = ManualClock(START)
    budget = Budget(contract().conventions, clock)
    for _ in range(100):
        reset = int(clock.now()) + 60
        budget.heed(answer(200, **{HEADERS["remaining"]: 0, HEADERS["reset"]: reset}))
        budget.acquire()
    assert clock.now() < START + 800


def test_the_client_keeps_each_bucket() -> None:
    server = play(contract())
    server.routes.route().mock(side_effect=lambda _: Reply(201, json={"domain": {}}))
    for number in range(4):
        server.client.call(CREATE, body={"files": {}, "domain": f"{number}.example.com"})
        server.client.call(CREATE, body={"domain": f"{number}.example.com"})
    moments = server.arrivals[::2]
    assert max(sum(start <= moment < start + 60 for moment in moments) for start in moments) <= 3
    assert server.arrivals[1] == server.arrivals[0]


def test_a_bucket_of_an_operation_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    text = (VULTR.folder / "conventions.yaml").read_text(encoding="utf-8")
    bucket = {"name": "creates", "calls": [{"operation": "POST /v2/thing"}], "requests": 1, "seconds": 1}
    assert "exceeded: 429}" in text
    for name in ("openapi.yaml", "requirements.yaml"):
        target = tmp_path / "acme" / name
        target.parent.mkdir(exist_ok=True)
        content = (VULTR.folder / name).read_text(encoding="utf-8").replace("id: vultr.", "id: acme.")
        target.write_text(content, encoding="utf-8")
    text = text.replace("exceeded: 429}", f"exceeded: 429, buckets: {json.dumps([bucket])}}}")
    (tmp_path / "acme" / "conventions.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=r"rate_limit\.buckets: creates: POST /v2/thing is not in openapi\.yaml"):
        load("acme", tmp_path)


def test_a_bucket_counts_something() -> None:
    with pytest.raises(ValueError, match="calls"):
        Bucket(name="nothing", calls=(), requests=1, seconds=1)
