"""One defect is one accusation: what needed the thing that it breaks is blocked by it, and told under it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from conformance import reference
from conformance.reference import VirtualClock
from conformance.selftest.servers import TOKEN, Asked, Ran, RawServer, Runner, raw_server, reply

BAD_KEY = "vultr.auth.bad-key-401[GET /v2/account]"
WALK = "vultr.pagination.walk-exactly-once[GET /v2/plans]"
JSON = "vultr.content-type.response-json"
PLANS = ("-k", "plans or account] or response-json")

Change = Callable[[Asked, bytes], bytes]


@contextmanager
def reference_with(change: Change) -> Iterator[RawServer]:
    """The reference server, of whose answers some are changed on the wire."""
    server = reference.build("vultr", clock=VirtualClock(), credentials={"default": TOKEN}, require_https=False)
    transport = httpx2.WSGITransport(app=server, raise_app_exceptions=False)

    def answer(asked: Asked) -> bytes:
        url = f"http://vultr.reference.invalid{asked.target}"
        request = httpx2.Request(asked.method, url, headers=dict(asked.headers), content=asked.body)
        response = transport.handle_request(request)
        body = b"".join(response.stream)  # type: ignore[arg-type]  # of a WSGI application it is one of bytes
        kept = {name.replace("-", "_"): value for name, value in response.headers.items() if name != "content-length"}
        return change(asked, reply(body, f"{response.status_code} Answer", **kept))

    with raw_server(answer) as raw:
        yield raw


def at(path: str, answer: bytes | Callable[[bytes], bytes]) -> Change:
    """Other answers at one path, to whoever has the token."""

    def change(asked: Asked, right: bytes) -> bytes:
        if asked.path != path or asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return right
        return answer if isinstance(answer, bytes) else answer(right)

    return change


def to_strangers(answer: bytes) -> Change:
    """An answer to whoever has another token."""
    ours = f"Bearer {TOKEN}"
    return lambda asked, right: right if asked.headers.get("authorization", ours) == ours else answer


def nobody_lies(ran: Ran) -> None:
    """What blocks is a requirement that does not hold in this run, or a sentence that is told for the whole run."""
    lost = {"failed", "warned", "noted", "deviates"}
    failing = {name.partition("[")[0] for name, verdict in ran.verdicts.items() if verdict in lost}
    told = {*ran.report["errors"], *ran.report["warnings"]}
    assert {name for name, verdict in ran.verdicts.items() if verdict == "blocked"} == ran.blocked_by.keys()
    assert set(ran.blocked_by.values()) <= failing | told
    assert "broken" not in ran.verdicts.values()
    assert "Errno" not in ran.text


HTML = reply(b"<h1>It works</h1>", content_type="text/html")
DEFECTS: dict[str, tuple[Change, str, str]] = {
    "a list is HTML": (at("/v2/plans", HTML), f"{JSON}[GET /v2/plans]", WALK),
    "a list is cut off": (at("/v2/plans", lambda right: right[:-5]), f"{JSON}[GET /v2/plans]", WALK),
    "a list is of another root": (
        at("/v2/plans", lambda right: right.replace(b'{"plans":', b'{"items":').replace(b'"plans":', b'"items":')),
        "vultr.schema.named-root[GET /v2/plans]",
        WALK,
    ),
}


@pytest.mark.parametrize("kind", DEFECTS)
def test_a_defect_of_a_list_is_charged_once_and_blocks_what_needs_the_list(suite: Runner, kind: str) -> None:
    change, accused, blocked = DEFECTS[kind]
    with reference_with(change) as server:
        ran = suite("--target", server.url, *PLANS)
    nobody_lies(ran)
    assert [name for name, verdict in ran.verdicts.items() if verdict in ("failed", "warned")] == [accused]
    assert ran.blocked_by[blocked] == accused.partition("[")[0]
    assert ran.status == 1


def test_an_operation_that_is_not_there_is_told_once_and_fails_nothing(suite: Runner) -> None:
    with reference_with(at("/v2/plans", reply({"error": "no such path"}, "404 Not Found"))) as server:
        ran = suite("--target", server.url, *PLANS)
        nobody_lies(ran)
        sentence = "this target does not serve GET /v2/plans (404)"
        assert (ran.status, ran.report["warnings"]) == (0, [sentence])
        assert ran.blocked_by[WALK] == ran.blocked_by["vultr.schema.plans-item[GET /v2/plans]"] == sentence
        (told,) = (line for line in ran.text.splitlines() if sentence in line and not line.startswith("SKIPPED"))
        assert told.startswith("blocked ")
        gated = suite("--target", server.url, *PLANS, "--require", "vultr.schema.plans-item")
    assert (gated.status, gated.report["missing"]) == (1, ["vultr.schema.plans-item"])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply({}, "500 Oh"), "GET /v2/plans is answered 500 Internal Server Error"),
        (reply(b"", "302 Found", location="/v2/plans"), "GET /v2/plans is answered 302 Found"),
        (b"", "GET /v2/plans is not answered: the answer broke off or is not HTTP"),
        (reply({}, x_trace="a\0b"), "GET /v2/plans is not answered: the answer broke off or is not HTTP"),
    ],
)
def test_a_target_that_serves_an_operation_never_fails_the_run_in_one_line(
    suite: Runner, answer: bytes, said: str
) -> None:
    with reference_with(at("/v2/plans", answer)) as server:
        ran = suite("--target", server.url, *PLANS)
    nobody_lies(ran)
    assert ran.status == 1
    (sentence,) = (error for error in ran.report["errors"] if error.startswith(said))
    assert ran.blocked_by[WALK] == sentence
    assert ran.verdicts[BAD_KEY] == "passed"


STIMULI: dict[str, bytes] = {
    "closes the connection": b"",
    "sends a NUL in a header": reply({"error": "no"}, "401 No", x_trace="a\0b"),
    "redirects": reply(b"", "302 Found", location="/login"),
    "crashes": reply({"error": "oh"}, "500 Oh"),
}


@pytest.mark.parametrize("kind", STIMULI)
def test_what_meets_a_fault_with_its_own_request_has_failed_and_can_be_listed(
    suite: Runner, tmp_path: Path, kind: str
) -> None:
    listed = tmp_path / "known.yaml"
    listed.write_text(
        "deviations:\n- {requirement: vultr.auth.bad-key-401, reason: a proxy in front, since: 2026-01-01}\n"
    )
    with reference_with(to_strangers(STIMULI[kind])) as server:
        ran = suite("--target", server.url, "-k", "bad-key-401")
        nobody_lies(ran)
        assert (ran.status, ran.verdicts[BAD_KEY]) == (1, "failed")
        (finding,) = (
            event
            for event in ran.events
            if "curl" in event and f"{event['requirement']}[{event['operation']}]" == BAD_KEY
        )
        assert finding["exchange"]["request"]["url"].endswith("/v2/account")
        assert finding["curl"].startswith("curl ")
        known = suite("--target", server.url, "-k", "bad-key-401", f"--deviations={listed}")
    assert (known.status, known.verdicts[BAD_KEY]) == (0, "deviates")


def test_a_page_that_has_moved_is_the_walks_failure_and_breaks_nothing(suite: Runner) -> None:
    def moved(asked: Asked, right: bytes) -> bytes:
        return reply(b"", "301 Moved", location="/elsewhere") if "cursor=" in asked.query else right

    with reference_with(moved) as server:
        ran = suite("--target", server.url, "-k", "plans and (walk or prev or meta-shape)")
    nobody_lies(ran)
    assert [name for name, verdict in ran.verdicts.items() if verdict == "failed"] == [WALK]
    assert ran.blocked_by["vultr.pagination.prev-roundtrip[GET /v2/plans]"] == WALK.partition("[")[0]


def test_what_nobody_asked_for_blocks_by_a_sentence_that_fails_the_run(suite: Runner) -> None:
    with reference_with(at("/v2/plans", HTML)) as server:
        ran = suite("--target", server.url, "-k", "walk-exactly-once and plans or bad-key-401")
    nobody_lies(ran)
    sentence = f"{JSON} does not hold at GET /v2/plans"
    assert (ran.status, ran.blocked_by[WALK], ran.report["errors"]) == (1, sentence, [sentence])


def test_the_requirement_that_blocks_may_be_a_listed_deviation(suite: Runner, tmp_path: Path) -> None:
    listed = tmp_path / "known.yaml"
    entry = {"requirement": JSON, "operation": "GET /v2/plans", "reason": "a page", "since": "2026-01-01"}
    listed.write_text(json.dumps({"deviations": [entry]}))
    with reference_with(at("/v2/plans", HTML)) as server:
        ran = suite("--target", server.url, *PLANS, f"--deviations={listed}")
    nobody_lies(ran)
    assert (ran.status, ran.blocked_by[WALK]) == (0, JSON)
