"""The command line: `requirements`, `coverage` and `serve`, and one line for each mistake in a call."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import httpx2
import pytest

from conformance import suite
from conformance.commands import coverage, reference_page
from conformance.commands.main import main
from conformance.contract import apis, base_catalogue, load_catalogue
from conformance.properties import requirement
from conformance.selftest.servers import TOKEN
from conformance.suite import SuiteTest

Captured = pytest.CaptureFixture[str]


def refused(capsys: Captured, *arguments: str, status: int = 2) -> str:
    """The one line that a call is refused with."""
    try:
        came = main(arguments)
    except SystemExit as exit_:
        came = int(str(exit_.code))
    out, error = capsys.readouterr()
    assert (came, out) == (status, "")
    assert error.count("\n") == 1
    return error.splitlines()[-1]


def test_help_and_version_say_what_there_is(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert all(command in text for command in ("judge", "serve", "requirements", "coverage"))
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert (end.value.code, capsys.readouterr().out) == (0, f"conformance {version('conformance')}\n")


@pytest.mark.parametrize("arguments", [("--help",), ("requirements",)])
def test_a_terminal_that_lacks_a_character_shows_its_number(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "conformance.commands.main", *arguments]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\\u" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "conformance: error: the following arguments are required: COMMAND"),
        (("frobnicate",), "conformance: error: argument COMMAND: invalid choice: 'frobnicate'"),
        (
            ("requirements", "vultur"),
            "conformance: unknown API 'vultur': specs/ has netlify, snyk, vercel, vultr, zeit",
        ),
        (("requirements", "../vultr"), "conformance: unknown API '../vultr'"),
        (("judge", "--api", "vultr"), "conformance judge: error: the following arguments are required: FILE"),
        (
            ("judge", "--api", "vultr", "--host", "", "x.yaml"),
            "conformance judge: error: argument --host: '' is no host; `conformance judge --help` lists what it takes",
        ),
        (
            ("judge", "--api", "vultr", "--deviations", "no.yaml", "x.yaml"),
            "conformance: no.yaml: cannot be read: No such file or directory",
        ),
        (("judge", "--api", "vultur", "x.yaml"), "conformance: unknown API 'vultur'"),
        (("serve", "vultur"), "conformance: there is no reference server for 'vultur'; there is one for"),
        (
            ("serve", "vultr", "--fault", "no/such"),
            "conformance: there is no fault 'no/such'; `--fault list` shows th",
        ),
        (
            ("serve", "vultr", "--port", "http"),
            "conformance serve: error: argument --port: 'http' is no number from 0 to 65535",
        ),
        (
            ("serve", "vultr", "--port", "99999"),
            "conformance serve: error: argument --port: '99999' is no number from 0 to 65535",
        ),
        (("serve", "vultr", "--host", "192.0.2.1"), "conformance: cannot listen on 192.0.2.1:0: "),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(capsys: Captured, arguments: tuple[str, ...], line: str) -> None:
    assert refused(capsys, *arguments).startswith(line)


def test_the_requirements_of_an_api_and_of_all(capsys: Captured) -> None:
    assert main(["requirements", "vultr"]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    base = base_catalogue().requirements
    assert first == f"vultr: {len(lines) - 1 - len(base)} requirements of Vultr API (2.0)"
    assert any(line.startswith("  vultr.auth.no-key-401 (MUST, text, active-read): No key") for line in lines)
    assert main(["requirements"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == sum(1 + len(load_catalogue(api).requirements) for api in apis()) + 1 + len(base)


def test_the_base_requirements_are_listed_under_the_ids_that_they_have(capsys: Captured) -> None:
    assert main(["requirements", "vultr"]) == 0
    own, _, base = capsys.readouterr().out.partition("base requirements")
    assert "vultr.http." not in own
    assert "  vultr.http.allow-on-405 (MUST, implied, passive): A 405 says" in base
    assert "vultr.http.documented-body (MUST, text, passive): A JSON body" in base
    assert base.count("[by a published document]") == sum(record.published for record in base_catalogue().requirements)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A coverage table of the test's own, with nothing else to complain about."""
    path = tmp_path / "coverage.md"
    monkeypatch.setattr(coverage, "problems", list)
    monkeypatch.setattr(coverage, "COVERAGE", path)
    monkeypatch.setattr(reference_page, "PAGE", tmp_path / "README.md")
    return path


def test_coverage_is_current_once_written_and_stale_once_edited(table: Path, capsys: Captured) -> None:
    assert main(["coverage", "--check"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.partition("/")[2] for line in told] == [
        f"{name} is stale: run `conformance coverage` and commit it" for name in ("coverage.md", "README.md")
    ]
    assert main(["coverage"]) == 0
    assert main(["coverage", "--check"]) == 0
    table.write_text(table.read_text("utf-8") + "\n", encoding="utf-8")
    assert main(["coverage", "--check"]) == 1


def bound_to(cited: str) -> SuiteTest:
    @requirement(cited)
    def test_of_its_own() -> None:
        pass

    return SuiteTest("own", "test_own", test_of_its_own)


def test_coverage_tells_a_test_that_cites_nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = [*suite.tests(), bound_to("auth.no-such-rule")]
    monkeypatch.setattr(suite, "tests", lambda: iter(tests))
    assert "own/test_own.py::test_of_its_own cites auth.no-such-rule, which no requirement has as its id or rule" in (
        coverage.problems()
    )


def test_coverage_tells_a_requirement_without_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = [test for test in suite.tests() if "a_wrong_credential" not in test.name]
    monkeypatch.setattr(suite, "tests", lambda: iter(tests))
    assert "vultr.auth.bad-key-401 has no test and no not_tested reason" in coverage.problems()


@contextmanager
def process(*arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own; killed at the end if it has not ended by then."""
    command = [sys.executable, "-W", "error", "-m", "conformance.commands.main", *arguments]
    pipe = subprocess.PIPE
    # Where these tests are run in the background, SIGINT is ignored, and a process would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env={"VULTR_API_KEY": TOKEN, **environ}) as run:
        signal.signal(signal.SIGINT, before)
        try:
            yield run
        finally:
            run.kill()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_served_reference_answers_until_it_is_stopped(stop: signal.Signals) -> None:
    fault = ("--fault", "vultr.auth.no-key-401/account-403-without-key") if stop is signal.SIGTERM else ()
    with process("serve", "vultr", *fault) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(4)]
        found = re.fullmatch(r"Vultr reference server at (http://127\.0\.0\.1:\d+), stop it with Ctrl-C\n", lines[0])
        assert found is not None
        assert "# VULTR_API_KEY is accepted as it is set\n" in lines
        assert not [line for line in lines if TOKEN in line]
        assert lines[-2].startswith("export VULTR_API_KEY_SECOND=")
        assert lines[-1].startswith(f"pytest --api vultr --target {found[1]} --allow-writes --parameter user-id=")
        with httpx2.Client(base_url=found[1], trust_env=False) as client:
            known = client.get("/v2/account", headers={"Authorization": f"Bearer {TOKEN}"})
            unknown = client.get("/v2/account")
        assert (known.status_code, unknown.status_code) == (200, 403 if fault else 401)
        server.send_signal(stop)
        assert server.wait(timeout=10) in (0, 130)
        assert server.stderr is not None
        assert server.stderr.read() == ""


def test_a_port_in_use_is_told_in_one_line(capsys: Captured) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(capsys, "serve", "vultr", "--port", str(port))
    assert line.startswith(f"conformance: cannot listen on 127.0.0.1:{port}: Address already in use")


def test_the_faults_of_a_server_are_listed(capsys: Captured) -> None:
    assert main(["serve", "vultr", "--fault", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 46
    assert "vultr.auth.bad-key-401/basic-accepted: A valid key is accepted under Basic too" in "\n".join(lines)


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    with process("requirements") as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        assert listing.stdout.readline().startswith("netlify: ")
        listing.stdout.close()
        assert (listing.wait(timeout=20), listing.stderr.read()) == (0, "")
