"""Bad servers on real sockets: each gives clear lines and the right verdicts, within few requests."""

from __future__ import annotations

import gzip
import itertools
import re
import socket
from collections.abc import Callable

import pytest

from conformance.selftest.servers import TOKEN, Answer, Asked, Ran, Runner, dying, raw_server, reply

FEW = ("-k", "walk-exactly-once or bad-key-401 or get-returns-object")
WALK = "vultr.pagination.walk-exactly-once[GET /v2/plans]"
BAD_KEY = "vultr.auth.bad-key-401[GET /v2/account]"
OBJECT = "vultr.schema.get-returns-object[GET /v2/account]"


def whole(ran: Ran) -> None:
    """What every run owes its reader, whatever the server: no traceback, no lost event, one voice."""
    assert ran.status == 1
    assert "Traceback" not in ran.text
    assert "INTERNALERROR" not in ran.text
    assert ran.events[-1]["event"] == "footer"
    assert ran.report["finished"]
    assert ran.outcomes.keys() == ran.verdicts.keys()
    failing = {name for name, verdict in ran.verdicts.items() if verdict in ("broken", "failed", "stale")}
    assert {name for name, outcome in ran.outcomes.items() if outcome == "failed"} == failing
    assert all("\n" not in event["reason"] for event in ran.events if event.get("reason"))


FORM = ("-k", "walk-exactly-once or bad-key-401 or get-returns-object or response-json")
JSON = "vultr.content-type.response-json[GET /v2/account]"

WITHOUT_JSON: dict[str, Answer] = {
    "closes in the middle of a body": lambda _: (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
    ),
    "sends gzip that does not decode": lambda _: reply(b"no gzip at all", content_encoding="gzip"),
}


def to_its_owner(answer: Answer) -> Answer:
    """An answer to whoever has the token; others are refused as they should be."""
    refusal = reply({"error": "Invalid API token.", "status": 401}, "401 Unauthorized")
    return lambda asked: answer(asked) if asked.headers.get("authorization") == f"Bearer {TOKEN}" else refusal


@pytest.mark.parametrize("kind", WITHOUT_JSON)
def test_a_server_whose_bodies_are_no_json_has_failed_in_that_alone(suite: Runner, kind: str) -> None:
    with raw_server(to_its_owner(WITHOUT_JSON[kind])) as server:
        ran = suite("--target", server.url, *FORM)
    whole(ran)
    assert {name.partition("[")[0] for name, verdict in ran.verdicts.items() if verdict == "failed"} == {
        "vultr.content-type.response-json"
    }
    assert set(ran.verdicts.values()) == {"failed", "blocked", "unsupported"}
    assert ran.verdicts[WALK] == ran.verdicts[BAD_KEY] == ran.verdicts[OBJECT] == "blocked"
    assert ran.blocked_by[WALK] == ran.blocked_by[OBJECT] == "vultr.content-type.response-json"
    assert "again:       curl" in ran.text
    told = [line for line in ran.text.splitlines() if line.startswith("blocked ")]
    assert len(told) == 1
    assert told[0].endswith("more by vultr.content-type.response-json")


UNREAD: dict[str, tuple[Answer, str]] = {
    "sends 10 MB of garbage": (lambda _: reply(b"\xff\x00" * 5_000_000), "the body is larger than 4 MiB"),
    "sends a small body that unpacks to 8 MB": (
        lambda _: reply(gzip.compress(bytes(8_000_000)), content_encoding="gzip"),
        "the body is larger than 4 MiB",
    ),
    "nests 100,000 deep": (
        lambda _: reply(b'{"account":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        "the body nests deeper than 200 levels",
    ),
}


@pytest.mark.parametrize("kind", UNREAD)
def test_a_server_of_which_too_little_can_be_read_is_told_once_for_each_operation(suite: Runner, kind: str) -> None:
    answer, line = UNREAD[kind]
    with raw_server(to_its_owner(answer)) as server:
        ran = suite("--target", server.url, *FEW)
    whole(ran)
    own = {verdict for name, verdict in ran.verdicts.items() if ".http." not in name}
    assert own <= {"blocked", "unsupported", "not-exercised"}
    assert ran.blocked_by[BAD_KEY] == f"the answer of GET /v2/account is of no use: {line}; not judged"
    assert ran.report["errors"].count(ran.blocked_by[BAD_KEY]) == 1
    assert set(ran.blocked_by.values()) <= set(ran.report["errors"])
    assert server.requests < 100


SILENT: dict[str, tuple[Answer, str]] = {
    "closes without an answer": (lambda _: b"", "the answer broke off or is not HTTP"),
    "is no HTTP server": (lambda _: b"SSH-2.0-OpenSSH_9.6\r\n", "the answer broke off or is not HTTP"),
}


def not_up(ran: Ran, line: str) -> None:
    """A target that is down is told in one line, and nothing is run."""
    assert ran.status == ran.report["exit_status"] == 1
    assert (ran.outcomes, ran.verdicts) == ({}, {})
    assert [text for text in ran.text.splitlines() if line in text] == [f"error: {ran.report['errors'][0]}"]
    assert line in ran.report["errors"][0]
    assert ran.report["errors"][0].endswith("; is it up?")
    assert len(ran.text.splitlines()) < 20
    assert "Traceback" not in ran.text


@pytest.mark.parametrize("kind", SILENT)
def test_what_answers_no_http_is_not_up(suite: Runner, kind: str) -> None:
    answer, line = SILENT[kind]
    with raw_server(answer) as server:
        ran = suite("--target", server.url)
    not_up(ran, f"the target {server.url} cannot be reached: GET {server.url}/v2/account: {line}")
    assert server.requests == 3, "two others, to be sure"


def test_a_server_that_is_down_is_told_in_one_line(suite: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    ran = suite("--target", f"http://127.0.0.1:{port}/v2")
    not_up(ran, f"the target http://127.0.0.1:{port} cannot be reached: GET http://127.0.0.1:{port}/v2/account: cannot")


def test_a_server_that_never_answers_is_not_up(suite: Runner) -> None:
    def hang(_: Asked) -> bytes:
        server.stopping.wait()
        return b""

    suite.impatient()
    with raw_server(hang) as server:
        ran = suite("--target", server.url)
    not_up(ran, "no answer within 0.1 s")
    assert server.requests == 3


@pytest.mark.parametrize("variables", [{}, {"CI": "true"}], ids=["at hand", "on a CI system"])
def test_a_server_that_dies_in_the_middle_is_told_once(
    suite: Runner, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with raw_server(dying(answers=8)) as server:
        ran = suite("--target", server.url)
    whole(ran)
    broken = [name for name, verdict in ran.verdicts.items() if verdict == "broken"]
    assert len(broken) > 80
    assert server.requests <= 8 + 3
    cause = "the target is down: GET "
    told = [line for line in ran.text.splitlines() if cause in line]
    assert len(told) == 2, "with the first item, and in the end"
    assert "the answer broke off or is not HTTP" in told[0]
    assert len(ran.text.splitlines()) < 140
    grouped = re.findall(rf"^broken \S+\[.*\] and (\d+) more: {cause}", ran.text, re.MULTILINE)
    assert list(map(int, grouped)) == [len(broken) - 1]
    assert len({event["reason"] for event in ran.events if event.get("verdict") == "broken"}) == 1


WRONG: dict[str, tuple[Callable[[], Answer], dict[str, str], int]] = {
    "answers 500 to everything": (
        lambda: lambda _: reply({"error": "out of order"}, "500 Internal Server Error"),
        {WALK: "blocked", BAD_KEY: "blocked", OBJECT: "blocked"},
        50,
    ),
    "sends invalid JSON typed as JSON": (
        lambda: lambda _: reply('{"plans": [,]}'),
        {WALK: "blocked", BAD_KEY: "failed", OBJECT: "blocked"},
        60,
    ),
    "redirects in a loop": (
        lambda: lambda asked: reply(b"", "302 Found", location=asked.target),
        {WALK: "blocked", BAD_KEY: "blocked", OBJECT: "blocked"},
        50,
    ),
    "answers with a scalar": (
        lambda: lambda _: reply("5"),
        {WALK: "blocked", BAD_KEY: "failed", OBJECT: "failed"},
        60,
    ),
    "has a next for ever": (lambda: endless(), {WALK: "failed", BAD_KEY: "failed", OBJECT: "passed"}, 150),
    "has a next longer than any URL": (
        lambda: lambda _: reply(page(["a"], "x" * 100_000)),
        {WALK: "failed", BAD_KEY: "failed", OBJECT: "passed"},
        100,
    ),
    "refuses everything for its rate": (
        lambda: lambda _: reply({"error": "slow down"}, "429 Too Many Requests", retry_after="9" * 30),
        {BAD_KEY: "not-exercised", OBJECT: "broken"},
        13,
    ),
}


def page(ids: list[str], following: str) -> dict[str, object]:
    return {
        "plans": [{"id": identity} for identity in ids],
        "applications": [{"id": identity} for identity in ids],
        "backups": [{"id": identity} for identity in ids],
        "meta": {"total": len(ids), "links": {"next": following, "prev": ""}},
    }


def endless() -> Answer:
    numbers = itertools.count()
    return lambda _: reply(page([f"record-{next(numbers)}"], f"cursor-{next(numbers)}"))


@pytest.mark.parametrize("kind", WRONG)
def test_what_a_server_does_wrong_is_told_from_what_cannot_be_judged(suite: Runner, kind: str) -> None:
    answer, verdicts, most = WRONG[kind]
    with raw_server(answer()) as server:
        ran = suite("--target", server.url, *FEW)
    whole(ran)
    assert {name: ran.verdicts[name] for name in verdicts} == verdicts
    assert server.requests <= most


def test_values_of_any_type_crash_no_test(suite: Runner) -> None:
    """Records, ids, totals and neighbours of every JSON type, in every place."""
    odd: list[object] = [
        1,
        None,
        "x",
        [2],
        {"id": None, "domain": []},
        {"id": [1], "type": {}},
        {"id": {}, "domain": 5},
        1e300,
    ]
    bodies = itertools.cycle(
        [
            dict.fromkeys(("plans", "applications", "backups", "domains", "domain", "user", "account"), odd),
            {**page(["a", "a"], "b"), "meta": {"total": -1, "links": {"next": {"a": 1}, "prev": True}}},
            {"plans": {}, "applications": "x", "account": None, "domain": {"domain": 5}, "meta": [1]},
            {**page(["a\x00\n"], "a\x00\r\n\U0001f600"), "error": None},
        ]
    )
    with raw_server(lambda _: reply(next(bodies))) as server:
        ran = suite(
            "--target",
            server.url,
            "--allow-writes",
            "-k",
            "not per-page-invalid and not cursor-invalid and not server-error",
        )
    whole(ran)
    assert "the test crashed" not in ran.text


def test_a_token_never_follows_a_redirect_to_another_host(suite: Runner) -> None:
    with (
        raw_server(lambda _: reply({"account": {}})) as other,
        raw_server(lambda asked: reply(b"", "307 Temporary Redirect", location=f"{other.url}{asked.target}")) as server,
    ):
        suite("--target", server.url, *FEW)
    assert server.requests > 0
    assert other.requests == 0
