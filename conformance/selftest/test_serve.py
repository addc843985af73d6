"""A served reference as one would use it: the target it writes, the clock its clients move, its short windows."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from conformance import reference, suite
from conformance.checks.releases import releases_of
from conformance.commands.main import main
from conformance.commands.serve import record_of
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.reference.control import CLOCK_PATH, LONGEST, ClockControl
from conformance.reference.serve import serve
from conformance.selftest.servers import raw_server, reply
from conformance.selftest.test_cli import process
from conformance.targets import HarnessError, ReferenceTarget, TargetError, UrlTarget, select
from conformance.targets.clock import RemoteClock
from conformance.targets.config import TargetRecord
from conformance.targets.writing import write_target

RECORD = TargetRecord(api="vultr", url="http://127.0.0.1:8080")


@contextmanager
def controlled(api: str, *, window: float | None = None) -> Iterator[tuple[reference.Server, str]]:
    """A served reference whose clock may be moved, and its URL."""
    clock = reference.RunningClock()
    server = reference.build(api, clock=clock, require_https=False)
    if window is not None:
        server.limiter.window = window
    with serve(server, controlled=clock) as url:
        yield server, url


def written(folder: Path, api: str, server: reference.Server, url: str, *, clock: bool = True) -> UrlTarget:
    """The target that is read again from the file a served reference is written to."""
    contract = load(api)
    path = folder / "served.toml"
    clock_url = f"{url}{CLOCK_PATH}" if clock else None
    write_target(path, f"served-{api}", record_of(contract, server, f"{url}{contract.base_path}", clock_url=clock_url))
    variables = contract.conventions.auth.credentials
    environ = {variables[name]: token for name, token in server.credentials.items()}
    target = select(str(path), environ=environ, allow_writes=True).targets[api]
    assert isinstance(target, UrlTarget)
    return target


@pytest.mark.parametrize("api", reference.APIS)
def test_what_is_written_says_all_that_is_known_of_the_reference(tmp_path: Path, api: str) -> None:
    server = reference.build(api, require_https=False)
    target = written(tmp_path, api, server, "http://127.0.0.1:8080")
    contract = load(api)
    known = ReferenceTarget(contract).session("a test", "an item", [])
    assert {**target.parameters, **target.disposable} == {**target.parameters, **known.parameters}
    # Whatever is on loopback can call a receiver there; whether it does is known of the server in process alone.
    assert target.capabilities == known.capabilities | {"receiver"}
    assert target.strict
    assert dict(target.credentials) == server.credentials
    versioning = contract.conventions.versioning
    for operation in contract.operations:
        ours, theirs = (releases_of(facts, operation.id, versioning) for facts in (target.facts, known.facts))
        assert list(ours) == list(theirs)
    assert {name for name, value in known.facts.items() if value} == {*target.facts}
    for name in {*target.facts} - {"releases", "types"}:
        assert json.dumps(target.facts[name], sort_keys=True) == json.dumps(known.facts[name], sort_keys=True)


@pytest.mark.parametrize("api", reference.APIS)
def test_no_token_is_written(tmp_path: Path, api: str) -> None:
    server = reference.build(api, require_https=False)
    written(tmp_path, api, server, "http://127.0.0.1:8080")
    text = (tmp_path / "served.toml").read_text(encoding="utf-8")
    assert not [token for token in server.credentials.values() if token in text]


BEFORE = """\
# A project of mine.
[tool.ruff]
line-length = 99   # wide

[project]
name = 'mine'

[tool.conformance.targets.staging]  # ours
api = "vultr"
url = "https://staging.example"

[tool.mypy]
strict = true
"""


def test_other_tables_and_comments_of_a_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(BEFORE, encoding="utf-8")
    write_target(path, "served-vultr", RECORD)
    write_target(path, "served-vultr", RECORD.model_copy(update={"url": "http://127.0.0.1:9090"}))
    text = path.read_text(encoding="utf-8")
    before, after = tomllib.loads(BEFORE), tomllib.loads(text)
    assert after["tool"]["conformance"]["targets"].pop("served-vultr")["url"] == "http://127.0.0.1:9090"
    assert after == before
    assert all(line in text.splitlines() for line in BEFORE.splitlines())
    environ = {"VULTR_API_KEY": "a-token-of-the-selftest"}
    assert select("served-vultr", root=tmp_path, environ=environ).name == "served-vultr"


NAMES = st.sampled_from(["tool", "conformance", "targets", "project", "served-vultr", "a b", "x.y"])
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5) | st.lists(st.integers(0, 9), max_size=3),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_whatever_a_file_holds_is_kept_or_the_file_is_left_alone(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("files") / "any.toml"
    before = tomlkit.dumps(content)
    path.write_text(before, encoding="utf-8")
    try:
        write_target(path, "new", RECORD)
    except TargetError:
        assert path.read_text(encoding="utf-8") == before
        return
    after = tomllib.loads(path.read_text(encoding="utf-8"))
    assert after["tool"]["conformance"]["targets"].pop("new")["api"] == "vultr"
    due = tomllib.loads(before)
    due.setdefault("tool", {}).setdefault("conformance", {}).setdefault("targets", {})
    assert after == due


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[tool", "is not TOML, nothing was written: "),
        (b"\xff", "is not TOML, nothing was written: "),
        (b"tool = 1", "tool is no table"),
        (b"[tool.conformance]\ntargets = []", "targets is no table"),
    ],
)
def test_a_file_that_takes_no_target_is_told_and_left_alone(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "served.toml"
    path.write_bytes(content)
    with pytest.raises(TargetError, match=re.escape(f"{path}: {told}")):
        write_target(path, "served-vultr", RECORD)
    assert path.read_bytes() == content


def test_a_target_is_named_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "served.toml"
    environ = {"VULTR_API_KEY": "a-token-of-the-selftest", "SNYK_TOKEN": "another-token"}
    with pytest.raises(TargetError, match="there is no such file"):
        select(str(path), environ=environ)
    write_target(path, "one", RECORD)
    assert select(str(path), environ=environ).name == "one"
    write_target(path, "two", TargetRecord(api="snyk", url="http://127.0.0.1:8081"))
    with pytest.raises(TargetError, match="the file has several: one, two; say with --api which"):
        select(str(path), environ=environ)
    assert select(str(path), ("snyk",), environ=environ).name == "two"
    with pytest.raises(TargetError, match="the file has none"):
        select(str(path), ("vercel",), environ=environ)


def test_the_clock_of_a_target_is_moved_instead_of_waiting() -> None:
    with controlled("vultr") as (server, url):
        clock = RemoteClock(f"{url}{CLOCK_PATH}")
        before, ours = server.clock.now(), clock.now()
        clock.sleep(3600)
        clock.sleep(-1)
        assert 3600 <= (server.clock.now() - before).total_seconds() < 3660
        assert 3600 <= clock.now() - ours < 3660


def test_a_clock_that_cannot_be_moved_is_told() -> None:
    with (
        raw_server(lambda _: reply({}, status="404 Not Found")) as server,
        pytest.raises(HarnessError, match="it answers 404"),
    ):
        RemoteClock(f"{server.url}/-/clock").sleep(1)
    with pytest.raises(HarnessError, match="the clock of the target cannot be moved"):
        RemoteClock(f"{server.url}/-/clock").sleep(1)


@pytest.mark.parametrize("url", ["https://127.0.0.1/-/clock", "http://192.0.2.1/-/clock", "ftp://127.0.0.1", "x"])
def test_a_clock_is_moved_on_loopback_only(tmp_path: Path, url: str) -> None:
    write_target(tmp_path / "served.toml", "one", RECORD.model_copy(update={"clock_url": url}))
    with pytest.raises(TargetError, match="clock_url is no http URL on loopback"):
        select(str(tmp_path / "served.toml"), environ={"VULTR_API_KEY": "a-token-of-the-selftest"})


def test_pauses_of_a_clock_that_is_moved_are_not_counted_against_a_run(tmp_path: Path) -> None:
    with controlled("vercel") as (server, url):
        target = written(tmp_path, "vercel", server, url)
        client = target.session("a test", "an item", []).client
        assert client.budget is not None
        client.budget.paused = 10_000.0
        assert not client.budget.spent
        target.close()


def test_windows_are_judged_on_a_socket_without_waiting(tmp_path: Path) -> None:
    contract = load("vercel")
    with controlled("vercel") as (server, url):
        target = written(tmp_path, "vercel", server, url)
        run = Run(contract, target)
        items = [
            item
            for test in suite.tests()
            for item in items_of(test.function, test.name, contract)
            if item.requirement.rule in ("rate-limit.window-renews", "auth.expired-credentials-refused")
        ]
        began = server.clock.now()
        assert {run.run(item).outcome for item in items} == {Outcome.HELD}
        # A month has passed for the server, since it is told to be that long that a token lives.
        assert (server.clock.now() - began).days >= 30
        target.close()


def test_short_windows_end_soon() -> None:
    with controlled("vercel", window=1.0) as (server, url):
        token = {"Authorization": f"Bearer {server.credentials['default']}"}
        with httpx2.Client(base_url=url, headers=token, trust_env=False) as client:
            answer = client.get("/v9/projects")
        assert int(answer.headers["X-RateLimit-Reset"]) <= server.clock.now().timestamp() + 2


def asked(
    method: str, body: bytes = b"", address: str = "127.0.0.1", media: str = "application/json"
) -> httpx2.Response:
    """What the clock of a server answers, in process."""
    clock = reference.RunningClock()
    control = ClockControl(reference.build("vultr", clock=clock, require_https=False), clock)
    transport = httpx2.WSGITransport(app=control, remote_addr=address)
    with httpx2.Client(transport=transport, base_url="http://127.0.0.1") as client:
        return client.request(method, CLOCK_PATH, content=body, headers={"Content-Type": media})


def test_the_clock_tells_the_time_and_moves() -> None:
    start = reference.RunningClock().now().timestamp()
    assert asked("GET").json()["now"] == pytest.approx(start, abs=5)
    assert asked("POST", b'{"advance": 90.5}').json()["now"] == pytest.approx(start + 90.5, abs=5)
    assert asked("POST", b'{"advance": 0}').status_code == 200


@pytest.mark.parametrize("body", [
    b"", b"[]", b"{}", b"1", b"\xff", b'{"advance": -1}', b'{"advance": "1"}', b'{"advance": true}',
    b'{"advance": NaN}', b'{"advance": 1e400}', b"[" * 900, f'{{"advance": {LONGEST + 1}}}'.encode(),
])  # fmt: skip
def test_a_clock_is_moved_by_seconds_alone(body: bytes) -> None:
    assert asked("POST", body).status_code == 400


def test_a_clock_heeds_only_this_machine_and_no_page_of_a_browser() -> None:
    assert asked("POST", b'{"advance": 1}', address="192.0.2.1").status_code == 403
    assert asked("POST", b'{"advance": 1}', address="").status_code == 403
    assert asked("POST", b'{"advance": 1}', media="text/plain").status_code == 415
    assert asked("DELETE").status_code == 405


def test_a_server_whose_clock_is_not_given_away_has_no_such_path() -> None:
    server = reference.build("vultr", clock=reference.RunningClock(), require_https=False)
    with serve(server) as url, httpx2.Client(base_url=url, trust_env=False) as client:
        assert client.get(CLOCK_PATH).status_code in (401, 404)
        assert client.post(CLOCK_PATH, json={"advance": 1}).status_code in (401, 404)


def test_the_command_tells_the_two_commands_that_run_the_suite(tmp_path: Path) -> None:
    path = tmp_path / "served.toml"
    options = ("--control-clock", "--window", "2", "--write-target", str(path))
    with process("serve", "vercel", *options) as server:
        assert server.stdout is not None
        _, tokens, command = (server.stdout.readline() for _ in range(3))
        assert command == f"pytest --api vercel --target {path} --allow-writes\n"
        environ = dict(word.split("=") for word in tokens.removeprefix("export ").split())
        target = select(str(path), ("vercel",), environ=environ, allow_writes=True).targets["vercel"]
        assert {"clock", "seeded", "writes"} <= target.capabilities
        exchange = target.session("a test", "an item", []).client.send("GET", "/v9/projects")
        assert exchange.response.status == 200
        assert isinstance(target, UrlTarget)
        target.close()


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--window", "0"), "--window 0: needs seconds"),
        (("--window", "nan"), "--window nan: needs seconds"),
        (("--window", "1e9"), "--window 1e+09: needs seconds"),
        (("--control-clock", "--host", "0.0.0.0"), "--control-clock: a clock is moved on loopback only"),
        (("--write-target", "served.json"), "--write-target served.json: needs a file whose name ends in .toml"),
        (("--write-target", "/proc/nowhere/served.toml"), "/proc/nowhere/served.toml: cannot be written: "),
    ],
)
def test_a_wrong_call_is_one_line(capsys: pytest.CaptureFixture[str], option: tuple[str, ...], told: str) -> None:
    assert main(["serve", "vercel", *option]) == 2
    assert capsys.readouterr().err.startswith(f"conformance: {told}")


def test_a_window_that_a_document_names_is_shortened_with_a_word_about_it() -> None:
    with process("serve", "snyk", "--window", "5") as server:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(2)]
        assert lines[1] == "# the document says 60 s, not 5: the suite may fail for that\n"
