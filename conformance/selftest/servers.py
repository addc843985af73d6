"""Servers for tests, good and bad, on real sockets of the loopback interface; and runs of the suite against them."""

from __future__ import annotations

import io
import itertools
import json
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, frozen

from conformance import reference, suite
from conformance.contract import load
from conformance.properties import Item, Run, items_of
from conformance.properties.results import Result
from conformance.reference import Fault, VirtualClock
from conformance.reference.serve import serve
from conformance.shipped import SUITE
from conformance.targets import UrlTarget, config
from conformance.targets.clock import ManualClock
from conformance.targets.network import Limits
from conformance.targets.target import CASSETTES

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "selftest-token-of-the-default-account"
VULTR = load("vultr")
IMPATIENT = Limits(read=0.1)

# Imported once, so that a run in this process finds the suite's modules as the last one left them.
TESTS = {test.name: test.function for test in suite.tests()}


@frozen
class Asked:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


Answer = Callable[[Asked], bytes]


@define(eq=False)
class RawServer:
    """A server that answers with whatever bytes it is told to.

    Attributes:
        asked: the requests in the order they came.
        stopping: set when the server is to stop, so that what never answers can end.
    """

    answer: Answer
    url: str = ""
    asked: list[Asked] = field(factory=list)
    stopping: threading.Event = field(factory=threading.Event)

    @property
    def requests(self) -> int:
        return len(self.asked)


def reply(body: bytes | str | Any = b"", status: str = "200 OK", **headers: str) -> bytes:
    """The bytes of a well-formed answer; anything but text is sent as JSON."""
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    given = {"content-type": "application/json", "content-length": str(len(content)), "connection": "close"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content


def dying(first: bytes | None = None, answers: int = 1) -> Answer:
    """Answers so many requests, an empty account where nothing else is said, and then none any more."""
    count = itertools.count()
    return lambda _: (first or reply({"account": {}})) if next(count) < answers else b""


@contextmanager
def raw_server(answer: Answer) -> Iterator[RawServer]:
    """Serves until the block ends; a connection takes one request and is closed after its answer."""
    server = RawServer(answer)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            method, target, _ = (self.rfile.readline().decode("latin-1") + "  ").split(" ", 2)
            headers = {}
            while line := self.rfile.readline().decode("latin-1").strip():
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", 0)))
            asked = Asked(method, target.strip(), headers, body)
            server.asked.append(asked)
            # The client may have had enough before the answer ends.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(server.answer(asked))

    class Listener(socketserver.ThreadingTCPServer):
        request_queue_size = 64

    with Listener(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.url = f"http://127.0.0.1:{listener.server_address[1]}"
        try:
            yield server
        finally:
            server.stopping.set()
            listener.shutdown()
            thread.join()


@contextmanager
def reference_url(fault: str | None = None, **credentials: str) -> Iterator[str]:
    """The reference server on a socket, with the fault of that id; its time passes with its requests."""
    found = {known.id: known for known in reference.faults_of("vultr")}
    planted: Fault | None = found[fault] if fault else None
    server = reference.build(
        "vultr", clock=VirtualClock(), fault=planted, credentials={"default": TOKEN, **credentials}, require_https=False
    )
    with serve(server) as url:
        yield url


def url_target(url: str, **changes: Any) -> UrlTarget:
    """A target at a URL that waits by a clock which takes no time."""
    given = {"contract": VULTR, "credentials": {"default": TOKEN}, "clock": ManualClock(), **changes}
    return UrlTarget(name="selftest", base_url=url, **given)


def items(requirement: str, operation: str | None = None) -> list[Item]:
    """The items of the suite for a requirement, at one operation or at all."""
    found = [item for test, function in TESTS.items() for item in items_of(function, test, VULTR)]
    return [i for i in found if i.requirement.id == requirement and operation in (None, i.operation)]


def run_item(run: Run, requirement: str, operation: str | None = None) -> Result:
    """What the first item of a requirement comes to."""
    return run.run(items(requirement, operation)[0])


@frozen
class Ran:
    """What a pytest run of the suite came to.

    Attributes:
        outcomes: item id → pytest's outcome (`passed`, `failed`, `skipped`).
    """

    status: int
    text: str
    folder: Path
    outcomes: Mapping[str, str]

    @property
    def report(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        return loaded

    @property
    def verdicts(self) -> dict[str, str]:
        """Item id → verdict, as the report has them; of a base requirement the one merged over its operations."""
        return {
            _item(f"{requirement['id']}[{case['operation']}]"): requirement["verdict"]
            if requirement["base"]
            else case["verdict"]
            for requirement in self.report["requirements"]
            for case in requirement["cases"]
        }

    @property
    def blocked_by(self) -> dict[str, str]:
        """Item id → what blocked it, as the report has it."""
        return {
            f"{requirement['id']}[{case['operation']}]": case["blocked_by"]
            for requirement in self.report["requirements"]
            for case in requirement["cases"]
            if case["blocked_by"] is not None
        }

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "events.ndjson").read_text("utf-8").splitlines()]


_WORST = ("failed", "passed", "skipped")


def _item(name: str) -> str:
    """The name of an item; those of a base requirement, which is judged wherever it shows, have one together."""
    return f"{name.partition('[')[0]}[*]" if ".http." in name.partition("[")[0] else name


class _Outcomes:
    """Notes what pytest makes of each item."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome == "failed":
            # Several tests may be bound to one requirement and operation: the report merges them, worst first.
            name = _item(report.nodeid.rpartition("::")[2])
            self.found[name] = min(self.found.get(name, report.outcome), report.outcome, key=_WORST.index)


class Runner:
    """Runs the real suite with pytest in this process, its reports and recordings in a folder of the test's own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.cassettes = folder / "cassettes"
        self._monkeypatch = monkeypatch
        self._recordings = CASSETTES
        monkeypatch.setenv("VULTR_API_KEY", TOKEN)
        # The pace is kept by a clock that takes no time.
        monkeypatch.setattr(config, "UrlTarget", partial(UrlTarget, clock=ManualClock()))

    def impatient(self) -> None:
        """Waits for an answer as short as can be."""
        self._monkeypatch.setattr(config, "UrlTarget", partial(UrlTarget, clock=ManualClock(), limits=IMPATIENT))

    def replay_from(self, folder: Path) -> None:
        """Takes the cassettes in a folder for the shipped ones."""
        self._recordings = folder

    def record_here(self) -> None:
        """Keeps recordings out of the shipped cassettes."""
        self._recordings = self.cassettes

    def __call__(
        self,
        *arguments: str,
        plugins: tuple[object, ...] = (),
        root: Path = ROOT,
        paths: tuple[Path, ...] = (SUITE / "common", SUITE / "vultr"),
    ) -> Ran:
        out, outcomes = io.StringIO(), _Outcomes()
        reports = self.folder / "reports"
        own = ("--api", "vultr") if "--api" not in arguments else ()
        fixed = (
            "--rootdir",
            str(root),
            "-c",
            str(root / "pyproject.toml"),
            "--report-dir",
            str(reports),
            f"--cassettes={self._recordings}",
        )
        # The outer run looks for unclosed sockets and dead threads already.
        unused = ("unraisableexception", "threadexception", "faulthandler", "schemathesis", "anyio", "hypothesispytest")
        quiet = [f"-pno:{name}" for name in unused]
        with redirect_stdout(out), redirect_stderr(out):
            status = pytest.main(
                [*map(str, paths), *fixed, "--capture=sys", *quiet, *own, *arguments], plugins=[outcomes, *plugins]
            )
        return Ran(int(status), out.getvalue(), reports, outcomes.found)
