"""Limits that are not told by 429, or not kept at all, and windows that only our clock can tell apart."""

from __future__ import annotations

import json
from collections import deque
from email.utils import formatdate
from typing import Any

import pytest
from attrs import define, evolve, field

from conformance.checks import Judge
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.selftest.proxy import Answered, Ask, Asked, Defect, Memory, ProxiedTarget
from conformance.selftest.servers import TESTS
from conformance.traffic.dates import seconds_of
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator
from conformance.traffic.redact import value_mark

NOW = 1_767_225_600
WORDS = ("Rate limit exceeded", "Too many requests, slow down", "You have been rate limited", "rate_limit_exceeded")
ENVELOPES: dict[str, dict[str, Any]] = {
    "vercel": {"error": {"code": "forbidden", "message": "%s"}},
    "snyk": {"jsonapi": {"version": "1.0"}, "errors": [{"status": "403", "detail": "%s"}]},
    "vultr": {"error": "%s", "status": 403},
}
PATHS = {"vercel": "/v9/projects", "snyk": "/rest/orgs/o/projects", "vultr": "/v2/account"}
NAMED = {"vercel": "rate-limit.exceeded-429", "snyk": "rate-limit.limit-540", "vultr": "rate-limit.rate-over-30"}


def said(
    api: str,
    status: int = 200,
    body: Any = None,
    *,
    left: int | None = None,
    reset: int = NOW + 60,
    at: float | None = None,
    date: float | None = None,
    method: str = "GET",
    sent: bytes = b"",
    host: str = "http://127.0.0.1:8000",
) -> Exchange:
    headers: dict[str, str] = {"Content-Type": "application/json"}
    if left is not None:
        told = {"Limit": 10, "Remaining": left, "Reset": reset}
        headers |= {f"X-RateLimit-{name}": str(value) for name, value in told.items()}
    if date is not None:
        headers["Date"] = formatdate(date, usegmt=True)
    contract = load(api)
    request = Request(
        method=method,
        url=f"{host}{PATHS[api]}",
        headers=(("Authorization", f"Bearer {value_mark('default')}"),),
        body=sent,
    )
    content = json.dumps({} if body is None else body).encode()
    response = Response(status=status, headers=tuple(headers.items()), body=content)
    return evolve(Locator(contract, host).exchange(request, response), sent_at=at)


def worded(api: str, words: str) -> Any:
    return json.loads(json.dumps(ENVELOPES[api]).replace("%s", words))


def outcomes(api: str, slug: str, *exchanges: Exchange, strict: bool = False) -> list[Outcome | None]:
    judge = Judge(load(api), strict=strict)
    seen = [evidence for exchange in exchanges for evidence in judge.observe(exchange)]
    return [one.finding.outcome for one in seen if one.requirement and one.requirement.id == f"{api}.{slug}"]


@pytest.mark.parametrize("api", NAMED)
@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("status", [403, 503, 420])
def test_a_refusal_that_says_it_is_for_the_rate_is_held_to_its_status(api: str, words: str, status: int) -> None:
    assert outcomes(api, NAMED[api], said(api, status, worded(api, words))) == [Outcome.VIOLATED]


@pytest.mark.parametrize("api", NAMED)
def test_so_is_a_400_to_a_request_that_was_served_before(api: str) -> None:
    refusal = said(api, 400, worded(api, WORDS[0]))
    assert outcomes(api, NAMED[api], said(api), refusal) == [Outcome.VIOLATED]
    assert outcomes(api, NAMED[api], refusal) == []


def test_a_400_about_what_was_asked_for_is_no_refusal_for_the_rate() -> None:
    made = said("vercel", 200, method="POST", sent=b'{"name":"a"}')
    refused = said("vercel", 400, worded("vercel", "the rate limit exceeded 100"), method="POST", sent=b'{"name":"b"}')
    assert outcomes("vercel", NAMED["vercel"], made, refused) == []


@pytest.mark.parametrize("status", [400, 403, 503, 529])
@pytest.mark.parametrize("headers", [True, False])
def test_what_was_served_is_refused_once_nothing_remains(status: int, headers: bool) -> None:
    left = 0 if headers else None
    refused = said("vercel", status, worded("vercel", "No."), left=left, at=2.0)
    assert outcomes("vercel", NAMED["vercel"], said("vercel", left=0, at=1.0, date=NOW), refused) == [Outcome.VIOLATED]


def test_a_refusal_that_shows_itself_that_nothing_remains_is_one_for_the_rate() -> None:
    refused = said("vercel", 403, worded("vercel", "No."), left=0)
    assert outcomes("vercel", NAMED["vercel"], said("vercel"), refused) == [Outcome.VIOLATED]
    assert outcomes("vercel", NAMED["vercel"], refused) == []


def test_a_refusal_that_takes_what_was_left_may_be_for_another_reason_but_not_the_next_one() -> None:
    served, refused = said("vercel", left=1), said("vercel", 403, worded("vercel", "No."), left=0)
    assert outcomes("vercel", NAMED["vercel"], served, refused) == []
    assert outcomes("vercel", NAMED["vercel"], served, refused, refused) == [Outcome.VIOLATED]


@pytest.mark.parametrize(("status", "expected"), [(403, [Outcome.VIOLATED]), (503, [])])
def test_so_is_one_that_is_to_be_sent_again_later(status: int, expected: list[Outcome]) -> None:
    refused = said("vultr", status, worded("vultr", "No."))
    later = evolve(refused, response=evolve(refused.response, headers=(("Retry-After", "60"),)))
    assert outcomes("vultr", NAMED["vultr"], said("vultr"), later) == expected
    assert outcomes("vultr", NAMED["vultr"], later) == []


LATER: dict[str, tuple[Exchange, Exchange]] = {
    "by our clock": (said("vercel", left=0, at=1.0, date=NOW), said("vercel", 403, left=9, at=70.0)),
    "by our clock, whatever Date says": (
        said("vercel", left=0, at=1.0, date=NOW),
        said("vercel", 403, left=9, at=70.0, date=NOW),
    ),
    "by Date": (said("vercel", left=0, date=NOW), said("vercel", 403, left=9, date=NOW + 90)),
    "where nothing tells the time": (said("vercel", left=0), said("vercel", 403)),
    "where only the resets differ": (said("vercel", left=0), said("vercel", 403, left=9, reset=NOW + 120)),
}


@pytest.mark.parametrize("name", LATER)
def test_a_denial_in_another_window_is_a_denial(name: str) -> None:
    assert outcomes("vercel", NAMED["vercel"], *LATER[name]) == []


@pytest.mark.parametrize("status", [403, 503])
def test_beyond_the_documented_number_a_refusal_is_one_for_the_rate(status: int) -> None:
    served = [said("vultr", at=NOW + n / 100) for n in range(30)]
    beyond = said("vultr", status, worded("vultr", "No."), at=NOW + 0.31)
    assert outcomes("vultr", NAMED["vultr"], *served, beyond) == [Outcome.VIOLATED]
    assert outcomes("vultr", NAMED["vultr"], *served, evolve(beyond, sent_at=NOW + 2.0)) == []


def test_the_time_of_another_server_is_not_counted_with() -> None:
    # In process every item has a server of its own, whose time begins anew.
    earlier = [said("vultr", at=NOW + 10 + n / 100) for n in range(31)]
    assert outcomes("vultr", NAMED["vultr"], *earlier, said("vultr", 403, worded("vultr", "No."), at=NOW + 0.0)) == []


SLIDING = [said("vercel", left=n, reset=NOW + 60 + 5 * k, at=5.0 * k) for k, n in enumerate((2, 1, 0, 0))]


def test_a_reset_that_slides_hides_nothing() -> None:
    assert Outcome.VIOLATED in outcomes("vercel", NAMED["vercel"], *SLIDING)
    risen = [*SLIDING[:2], said("vercel", left=9, reset=NOW + 90, at=15.0, date=NOW + 15)]
    first = evolve(SLIDING[0], response=said("vercel", left=2, date=NOW).response)
    assert Outcome.VIOLATED in outcomes("vercel", "rate-limit.remaining-monotone", first, *risen[1:])


def test_a_window_is_the_same_up_to_its_last_second_in_which_it_may_have_slid() -> None:
    def risen(at: int, reset: int) -> list[Outcome | None]:
        told = [(0, 5, NOW + 60), (at, 9, reset)]
        return outcomes(
            "vercel",
            "rate-limit.remaining-monotone",
            *(said("vercel", left=n, reset=until, at=float(t), date=NOW + t) for t, n, until in told),
        )

    assert [risen(58, reset) for reset in (NOW + 60, NOW + 118)] == [[Outcome.VIOLATED]] * 2
    assert [risen(59, reset) for reset in (NOW + 60, NOW + 119)] == [[]] * 2


# ---- behind a proxy


def instead(status: int, body: bytes | None = None, *, headers: bool = True) -> Defect:
    """What is refused with 429 comes with another status."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        answer = ask(asked)
        if answer.status != 429:
            return answer
        kept = answer.headers if headers else tuple(p for p in answer.headers if "ratelimit" not in p[0].lower())
        changed = Answered(status, kept, answer.body)
        return changed if body is None else changed.with_body(body)

    return defect


def unlimited(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """Beyond the limit everything is served as it was before."""
    answer = ask(asked)
    key = (asked.method, asked.path, asked.query, asked.headers.get("authorization"))
    if answer.status == 429 and key in memory:
        before: Answered = memory[key]
        return evolve(before, headers=answer.headers)
    if answer.status == 200:
        memory[key] = answer
    return answer


def sliding(then: Defect) -> Defect:
    """Each answer tells a reset that lies a minute ahead."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        answer = then(asked, ask, memory)
        reset = answer.header("X-RateLimit-Reset")
        if reset is None:
            return answer
        memory["calls"] = memory.get("calls", 0) + 3
        return answer.with_header("X-RateLimit-Reset", str(int(reset) + memory["calls"]))

    return defect


REFUSED_OTHERWISE = {
    f"{api}: {name}": (f"{api}.{NAMED[api]}", defect)
    for api in NAMED
    for name, defect in {
        "403 in the envelope": instead(403),
        "400 in the envelope": instead(400),
        "503 in the envelope": instead(503),
        "403 without the headers": instead(403, headers=False),
        "403 that says no more": instead(403, json.dumps(worded(api, "Forbidden")).encode()),
    }.items()
}
REFUSED_OTHERWISE |= {
    "vercel: no refusal": ("vercel.rate-limit.exceeded-429", unlimited),
    "vercel: no refusal, and a reset that slides": ("vercel.rate-limit.exceeded-429", sliding(unlimited)),
    "vercel: 403, and a reset that slides": ("vercel.rate-limit.exceeded-429", sliding(instead(403))),
    "snyk: no refusal": ("snyk.rate-limit.limit-540", unlimited),
}


def accused(requirement: str, defect: Defect) -> set[str]:
    api = requirement.partition(".")[0]
    contract = load(api)
    run = Run(contract, ProxiedTarget(contract, defect=defect))
    found = [item for test, function in TESTS.items() for item in items_of(function, test, contract)]
    own = [i for i in found if ".rate-limit." in i.requirement.id and i.requirement.mode.startswith("active")]
    for item in own:
        run.attempt(item)
    outcomes = [(item.requirement.id, run.result(item).outcome) for item in own]
    assert Outcome.BROKEN not in dict(outcomes).values()
    return {requirement for requirement, outcome in outcomes if outcome is Outcome.VIOLATED}


@pytest.mark.parametrize(
    ("requirement", "defect"), [pytest.param(*one, id=name) for name, one in REFUSED_OTHERWISE.items()]
)
def test_a_limit_that_is_told_otherwise_is_found_by_the_rule_it_breaks_alone(requirement: str, defect: Defect) -> None:
    assert accused(requirement, defect) == {requirement}


@define
class Log:
    """At most so many calls in any minute: each is given back a minute after it was made."""

    limit: int
    made: deque[float] = field(factory=deque)


def right_and_sliding(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A window that slides, and is told rightly: the reset is when the next call is given back."""
    answer = ask(asked)
    date = answer.header("Date")
    assert date is not None
    now = seconds_of(date)
    assert now is not None
    log: Log = memory.setdefault(asked.headers.get("authorization"), Log(100))
    while log.made and log.made[0] <= now - 60:
        log.made.popleft()
    full = len(log.made) >= log.limit
    if not full:
        log.made.append(now)
    told = {"Limit": log.limit, "Remaining": log.limit - len(log.made), "Reset": int(log.made[0] + 60)}
    if full:
        body = json.dumps({"error": {"code": "too_many_requests", "message": "Rate limit exceeded"}}).encode()
        answer = Answered(429, (("Content-Type", "application/json"), ("Date", date)), body)
    for name, value in told.items():
        answer = answer.with_header(f"X-RateLimit-{name}", str(value))
    return answer


@pytest.mark.parametrize(
    "freedom",
    [
        pytest.param(lambda asked, ask, _: ask(asked), id="nothing is changed"),
        pytest.param(right_and_sliding, id="a sliding window that is right, and stricter"),
    ],
)
def test_a_right_limit_of_another_kind_is_accused_of_nothing(freedom: Defect) -> None:
    assert accused("vercel.rate-limit.exceeded-429", freedom) == set()
