"""Hostile servers on raw sockets: every answer has an end, in time, in memory and in what is kept of it."""

from __future__ import annotations

import gzip
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count, cycle, repeat
from pathlib import Path

import pytest
import trustme

from conformance.contract.verdict import Outcome
from conformance.properties import Collection, Run
from conformance.properties.collection import LARGEST
from conformance.selftest.servers import VULTR, raw_server, reply, run_item, url_target
from conformance.targets import Client, HarnessError, NotExercised, wire
from conformance.targets.budget import MARGIN, PATIENCE, Budget
from conformance.targets.clock import ManualClock, SystemClock
from conformance.targets.errors import Down
from conformance.targets.network import MAX_BODY, Limits
from conformance.traffic.exchange import KEPT_BODY, Exchange, Response

SHORT = Limits(connect=0.5, read=0.5, answer=1.0)
ASKED = 3
"""Requests that show that a target is down."""
LEEWAY = 8
"""Seconds for which a busy machine may leave a test alone: what is not given up takes far longer."""
ACCOUNT = VULTR.operation("GET /v2/account")
WINDOW = VULTR.conventions.rate.seconds
PLANS = VULTR.operation("GET /v2/plans")

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"

Parts = Iterator[bytes]


def dripping(start: bytes, drip: bytes) -> Parts:
    """Something that keeps coming, each time before a read would be given up."""
    yield start
    while True:
        time.sleep(0.05)
        yield drip


def flooding(start: bytes, flood: bytes) -> Parts:
    yield start
    yield from repeat(flood)


def compressed(coding: str, body: bytes) -> Parts:
    yield reply(body, content_encoding=coding)


def layered(times: int, size: int) -> bytes:
    body = bytes(size)
    for _ in range(times):
        body = gzip.compress(body)
    return body


def empty_blocks(count: int) -> bytes:
    """A deflate stream of stored blocks that hold nothing."""
    return b"\x00\x00\x00\xff\xff" * count


def silence() -> Parts:
    time.sleep(0.05)
    while True:
        time.sleep(0.05)
        yield b""


BOMBS: dict[str, Callable[[], Parts]] = {
    "drips header fields": lambda: dripping(HEAD, b"x: y\r\n"),
    "drips one header field": lambda: dripping(HEAD, b"x"),
    "has endless header fields": lambda: flooding(HEAD, b"x: y\r\n" * 1000),
    "has a header field of 100 MB": lambda: flooding(HEAD + b"x: ", b"y" * 65536),
    "has 300 header fields": lambda: iter([HEAD, b"x: y\r\n" * 300, b"content-length: 2\r\n\r\n{}"]),
    "floods with 103": lambda: flooding(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000),
    "drips 100": lambda: dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "drips half a status line": lambda: dripping(b"HTTP/1.1 2", b"0"),
    "drips a body": lambda: dripping(HEAD + b"content-length: 100000\r\n\r\n", b"1"),
    "drips chunks": lambda: dripping(CHUNKED, b"1\r\n1\r\n"),
    "drips a chunk extension": lambda: dripping(CHUNKED + b"1;", b"x"),
    "has an endless chunk extension": lambda: flooding(CHUNKED + b"1;", b"x" * 65536),
    "has endless chunk extensions": lambda: flooding(CHUNKED, b"1;" + b"x" * 1000 + b"\r\n1\r\n"),
    "drips trailers": lambda: dripping(CHUNKED + b"0\r\n", b"x: y\r\n"),
    "has endless trailers": lambda: flooding(CHUNKED + b"0\r\n", b"x: y\r\n" * 1000),
    "has an endless body": lambda: flooding(HEAD + b"\r\n", b"1" * 65536),
    "has endless chunks of a byte": lambda: flooding(CHUNKED, b"1\r\n1\r\n" * 10000),
    "never answers": silence,
    "ends at once": lambda: iter([b""]),
    "ends within the body": lambda: iter([HEAD + b"content-length: 100\r\n\r\n{"]),
    "has a Content-Length that is no number": lambda: iter([HEAD + b"content-length: ten\r\n\r\n{}"]),
    "has two Content-Lengths": lambda: iter([HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}"]),
    "speaks HTTP/2": lambda: flooding(b"\x00\x00\x12\x04" + bytes(20), b"\x00\x00\x00\x04\x01\x00\x00\x00\x00"),
    "speaks SSH": lambda: dripping(b"SSH-2.0-x\r\n", b"x"),
    "sends a gzip bomb": lambda: compressed("gzip", layered(1, 50_000_000)),
    "sends gzip of gzip": lambda: compressed("gzip, gzip", layered(2, 200_000_000)),
    "claims nine codings": lambda: compressed(", ".join(["gzip"] * 9), layered(9, 10)),
    "claims a coding that is none": lambda: compressed("rot13", b"\x00\x01"),
    "sends empty deflate blocks": lambda: compressed("deflate", empty_blocks(800_000)),
    "sends compressed empty deflate blocks": lambda: compressed(
        "deflate, gzip", gzip.compress(empty_blocks(20_000_000), 1)
    ),
    "sends a million empty lists": lambda: iter([reply("[" + "[]," * 1_000_000 + "0]")]),
    "nests 2,000,000 deep": lambda: iter([reply("[" * 2_000_000 + "]" * 2_000_000)]),
    "sends a zlib stream without end": lambda: compressed("deflate", zlib.compress(b"{}" * 100)[:-4]),
}

USABLE: dict[str, Callable[[], Parts]] = {
    "repeats a key for 429 KB": lambda: iter([reply('{"account":{' + '"k":1,' * 71500 + '"k":1}}')]),
    "repeats many keys": lambda: iter([reply("{" + ",".join(f'"k{n}":1,"k{n}":2' for n in range(40_000)) + "}")]),
    "sends an integer of 5,000 digits": lambda: iter([reply('{"account":{"balance":' + "9" * 5000 + "}}")]),
    "sends a number of 1 MB": lambda: iter([reply('{"account":{"balance":-' + "9" * 1_000_000 + ".5}}")]),
    "sends an integer of 4 MB": lambda: iter([reply("9" * 4_000_000)]),
    "sends an exponent beyond any": lambda: iter([reply('{"account":{"balance":1e999999}}')]),
    "sends a million numbers": lambda: iter([reply("[" + "0," * 1_000_000 + "0]")]),
    "sends a million white spaces": lambda: iter([reply(" " * 4_000_000 + "{}")]),
    "sends 4 MB of open strings": lambda: iter([reply('"' * 4_000_000)]),
}


@contextmanager
def hostile(parts: Callable[[], Parts], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that sends the parts to whoever connects, until they have had enough."""
    stopping = threading.Event()
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection if context is None else context.wrap_socket(connection, True) as connection:
            connection.settimeout(10)
            connection.recv(65536)
            for part in parts():
                if stopping.is_set():
                    return
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
            # Only then has all been read that the client sent: closing earlier would be a reset.
            connection.recv(65536)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads.append(threading.Thread(target=accept))
        threads[0].start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stopping.set()
            listener.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()


@contextmanager
def client_of(parts: Callable[[], Parts], limits: Limits = SHORT) -> Iterator[Client]:
    with hostile(parts) as url:
        target = url_target(url, limits=limits)
        try:
            yield target.session("a test", "an item", []).client
        finally:
            target.close()


def of_no_use(client: Client) -> str:
    """Why what a call comes to is of no use."""
    try:
        response = client.call(ACCOUNT).response
    except Down as down:
        return str(down)
    return str(response.fault or response.unread or "")


@pytest.mark.parametrize("kind", BOMBS)
def test_an_answer_that_is_no_answer_is_given_up_in_time(kind: str) -> None:
    with client_of(BOMBS[kind]) as client:
        started = time.monotonic()
        why = of_no_use(client)
        assert time.monotonic() - started < ASKED * SHORT.answer + LEEWAY
    assert "\n" not in why
    assert 0 < len(why) < 500


@pytest.mark.parametrize("kind", USABLE)
def test_an_answer_is_judged_in_time_however_it_is_made(kind: str) -> None:
    with hostile(USABLE[kind]) as url:
        target = url_target(url)
        run = Run(VULTR, target)
        client = target.session("a test", "an item", [run.observe]).client
        started = time.monotonic()
        client.call(ACCOUNT)
        assert time.monotonic() - started < 20
        target.close()


def test_tls_that_never_shakes_hands_is_given_up() -> None:
    with hostile(silence) as url:
        target = url_target(url.replace("http://", "https://"), limits=SHORT)
        started = time.monotonic()
        with pytest.raises(HarnessError, match="no connection within"):
            target.session("a test", "an item", []).client.call(ACCOUNT)
        assert time.monotonic() - started < ASKED * SHORT.connect + LEEWAY
        target.close()


def test_a_raw_connection_has_an_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def trusting() -> ssl.SSLContext:
        made = ssl.create_default_context()
        authority.configure_trust(made)
        return made

    monkeypatch.setattr(wire, "SECONDS", 0.5)
    kinds = ("drips header fields", "drips 100", "drips a body", "speaks SSH")
    for kind in kinds:
        with hostile(BOMBS[kind], context) as url:
            started = time.monotonic()
            with pytest.raises(OSError):  # noqa: PT011  # of whatever kind: callers tell no more
                wire.Wire(url.replace("http://", "https://"), trusting).ask(b"GET / HTTP/1.0\r\n\r\n")
            assert time.monotonic() - started < 2
    with hostile(BOMBS["has an endless body"], context) as url:
        answer = wire.Wire(url.replace("http://", "https://"), trusting).ask(b"GET / HTTP/1.0\r\n\r\n")
    assert len(answer.body) == MAX_BODY


SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
HEADERS = b"\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88"
NO_WINDOW = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00"

OVER_HTTP_2: dict[str, Callable[[], Parts]] = {
    "floods with settings": lambda: flooding(SETTINGS, SETTINGS * 1000),
    "drips settings": lambda: dripping(SETTINGS, SETTINGS),
    "floods with empty data": lambda: flooding(SETTINGS + HEADERS, bytes(8) + b"\x01"),
    "opens no window": lambda: dripping(NO_WINDOW, b""),
    "goes away": lambda: iter([SETTINGS + b"\x00\x00\x08\x07" + bytes(13)]),
}


@pytest.mark.parametrize("kind", OVER_HTTP_2)
def test_an_answer_over_http_2_has_an_end_too(kind: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with hostile(OVER_HTTP_2[kind], context) as url:
        target = url_target(url.replace("http://", "https://"), limits=SHORT, ca=tmp_path / "ca.pem")
        client = target.session("a test", "an item", []).client
        with client.limited_to(http="HTTP/2") as limited:
            started = time.monotonic()
            assert of_no_use(limited)
            assert time.monotonic() - started < ASKED * SHORT.answer + LEEWAY
        target.close()


def test_what_is_left_over_of_one_answer_is_not_taken_for_the_next() -> None:
    smuggled = HEAD + b"content-length: 2\r\n\r\n{}" + HEAD + b'content-length: 12\r\n\r\n{"account":1}'
    with client_of(lambda: iter([smuggled])) as client:
        assert [client.call(ACCOUNT).response.body for _ in range(3)] == [b"{}"] * 3


def test_a_name_that_is_not_resolved_in_time_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = threading.Event()

    def resolve(*_: object, **__: object) -> list[object]:
        resolved.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    target = url_target("http://slow.invalid", limits=SHORT)
    started = time.monotonic()
    with pytest.raises(HarnessError, match=r"no connection within 0\.5 s"):
        target.session("a test", "an item", []).client.call(ACCOUNT)
    assert time.monotonic() - started < ASKED * SHORT.connect + LEEWAY
    resolved.set()
    target.close()


def large(_: object) -> bytes:
    plans = [{"id": f"plan-{number}", "filler": "f" * 10_000} for number in range(100)]
    return reply({"plans": plans, "meta": {"total": 100, "links": {"next": "", "prev": ""}}}, x_filler="h" * 20_000)


def test_of_a_large_body_all_is_judged_and_a_cut_is_kept() -> None:
    judged: list[Exchange] = []
    with raw_server(large) as server:
        target = url_target(server.url)
        client = target.session("a test", "an item", [judged.append]).client
        returned = client.call(PLANS, query={"cursor": "c" * 20_000})
        target.close()
    (kept,) = client.exchanges
    assert len(returned.response.body) == len(judged[0].response.body) > 1_000_000
    assert len(kept.response.body) < KEPT_BODY + 200
    assert re.search(rf"cut: {len(returned.response.body)} bytes in all, sha256 [0-9a-f]{{64}}", kept.response.text)
    assert len(kept.request.url) < 5_000 < 20_000 < len(returned.request.url)
    assert "cut: 20000 characters in all, sha256" in str(kept.response.header("x-filler"))
    assert returned.kept().response == kept.response
    assert kept.kept() is kept


def test_large_bodies_do_not_add_up() -> None:
    with raw_server(large) as server:
        target = url_target(server.url)
        run = Run(VULTR, target)
        client = target.session("a test", "an item", [run.observe]).client
        client.call(PLANS)
        tracemalloc.start()
        for _ in range(60):
            client.call(PLANS)
        kept, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        target.close()
    assert kept < 5_000_000
    assert most < 40_000_000


def test_a_walk_over_large_pages_ends_before_it_has_read_much() -> None:
    numbers = count()

    def endless(_: object) -> bytes:
        number = next(numbers)
        plans = [{"id": f"plan-{number}", "filler": "f" * 1_000_000}]
        return reply({"plans": plans, "meta": {"total": 10**9, "links": {"next": f"c{number}", "prev": ""}}})

    with raw_server(endless) as server:
        target = url_target(server.url)
        client = target.session("a test", "an item", []).client
        with pytest.raises(NotExercised, match="the list is larger than 16 MiB; not read to its end"):
            Collection(client, PLANS, VULTR.conventions.paging).walk(1)
        target.close()
    assert server.requests <= LARGEST // 1_000_000 + 1


def test_a_cursor_of_a_megabyte_is_a_failure_of_the_walk() -> None:
    page = reply({"plans": [{"id": "1"}], "meta": {"total": 2, "links": {"next": "c" * 1_000_000, "prev": ""}}})
    with raw_server(lambda _: page) as server:
        target = url_target(server.url)
        found = run_item(Run(VULTR, target), "vultr.pagination.walk-exactly-once", "GET /v2/plans")
        target.close()
    assert found.outcome is Outcome.VIOLATED
    assert len(str(found.reason)) < 1000


class Watched(ManualClock):
    """A clock that takes no time, and notes the lines of pauses."""

    def __init__(self) -> None:
        super().__init__(1_767_225_600.0)
        self.lines: list[str] = []

    def sleep(self, seconds: float, why: str = "") -> None:
        super().sleep(seconds, why)
        if seconds >= 1:
            self.lines.append(f"{seconds:.0f} {why}")


def test_a_target_that_refuses_now_and_then_holds_a_run_up_for_a_bounded_time() -> None:
    answers = cycle([reply({}, "429 Too Many Requests", retry_after="999"), reply({"account": {}})])
    clock = Watched()
    with raw_server(lambda _: next(answers)) as server:
        target = url_target(server.url, clock=clock)
        client = target.session("a test", "an item", []).client
        with suppress(HarnessError):
            for _ in range(1000):
                client.call(ACCOUNT)
        with pytest.raises(
            HarnessError, match=r"not sent: after refusals for their rate calls have waited 60\d s in all"
        ):
            client.call(ACCOUNT)
        target.close()
    longest = WINDOW + MARGIN
    assert PATIENCE <= clock.now() - 1_767_225_600.0 < PATIENCE + 2 * longest
    asked = "the target refused a call for its rate (429, Retry-After: '999'); 11 s are waited at most"
    assert set(clock.lines) == {f"{longest:.0f} {asked}"}


def test_a_clock_that_is_set_back_adds_nothing_to_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    clock = SystemClock()
    budget = Budget(VULTR.conventions, clock)
    monkeypatch.setattr(time, "sleep", slept.append)
    budget.refused(Response(status=429, headers=(("Retry-After", "7"),)))
    hour_ago, moment = time.time() - 3600, time.monotonic()
    monkeypatch.setattr(time, "time", lambda: hour_ago + sum(slept))
    monkeypatch.setattr(time, "monotonic", lambda: moment + sum(slept))
    budget.acquire()
    assert sum(slept) == pytest.approx(7, abs=0.5)


def test_a_pause_is_told_while_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(time, "sleep", lambda _: None)
    clock = SystemClock(told.append)
    clock.sleep(42, "the target asked for it")
    clock.sleep(0.2, "a moment")
    assert told == ["waiting 42 s: the target asked for it"]


def test_the_terminal_tells_of_a_pause_though_output_is_captured(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from conformance.plugin.hooks import _tell\n"
        "def test_it(request):\n"
        "    print('captured')\n"
        "    _tell(request.config, 'waiting 42 s: the target asked for it')\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "--capture=fd", "-pno:cacheprovider", "-q", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert "waiting 42 s: the target asked for it" in ran.stdout.splitlines()
    assert "captured" not in ran.stdout
