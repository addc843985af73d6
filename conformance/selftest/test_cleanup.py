"""Runs with writes: nothing of a user's is touched, nothing of a run's is left, however the run ends."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from conformance import reference
from conformance.commands.main import main
from conformance.properties import cleanup
from conformance.properties.cleanup import finish
from conformance.reference.serve import serve
from conformance.selftest.servers import TOKEN, Asked, Runner, raw_server, reply, url_target
from conformance.targets.ledger import Ledger, Made, left, reopen, state_folder

WRITES = frozenset({"writes"})
USERS = "alpha.default.example.com"


class Around:
    """The reference server with something in front of it."""

    def __init__(self, before: Callable[[dict[str, Any]], None], after: Callable[[dict[str, Any]], None]) -> None:
        self.server = reference.build(
            "vultr", clock=reference.VirtualClock(), credentials={"default": TOKEN}, require_https=False
        )
        self.transport = self.server.transport
        self.before, self.after = before, after

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.before(environ)
        answer = list(self.server(environ, start))
        self.after(environ)
        return answer


def nothing(_: dict[str, Any]) -> None:
    pass


@contextmanager
def served(
    before: Callable[[dict[str, Any]], None] = nothing, after: Callable[[dict[str, Any]], None] = nothing
) -> Iterator[str]:
    with serve(Around(before, after)) as url:  # type: ignore[arg-type]  # it is served like the server inside
        yield url


def domains(url: str) -> dict[str, Any]:
    """Every domain of the account, by its name."""
    found: dict[str, Any] = {}
    cursor = ""
    while True:
        asked = {"per_page": "500", **({"cursor": cursor} if cursor else {})}
        key = {"Authorization": f"Bearer {TOKEN}"}
        body = httpx2.get(f"{url}/v2/domains", params=asked, headers=key, trust_env=False).json()
        found |= {record["domain"]: record for record in body["domains"]}
        cursor = body["meta"]["links"]["next"]
        if not cursor:
            return found


def letting_in(*methods: str) -> Callable[[dict[str, Any]], None]:
    """Takes any credential for the valid one, with these methods."""

    def let_in(environ: dict[str, Any]) -> None:
        if environ["REQUEST_METHOD"] in methods:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"

    return let_in


FEW = ("-k", "test_auth or test_domains or bad-key or no-key or test_errors or DELETE or PATCH or PUT or POST")


@pytest.mark.parametrize("methods", [("GET", "POST", "PUT", "PATCH", "DELETE"), ("PATCH",), ("DELETE",), ("POST",)])
def test_where_every_credential_is_let_in_a_users_domain_survives_and_the_run_names_it(
    suite: Runner, methods: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    few = FEW if len(methods) > 1 else ("-k", "test_auth")
    with served(letting_in(*methods)) as url:
        before = domains(url)
        ran = suite("--target", url, "--allow-writes", "--parameter", f"dns-domain={USERS}", *few)
        assert domains(url) == before
    assert ran.status == 1
    failed = {tuple(item.partition(" ")[0].split("[")) for item, came in ran.verdicts.items() if came == "failed"}
    assert {(f"vultr.auth.{key}-401", method) for key in ("no-key", "bad-key") for method in methods} <= failed
    assert list(left(state_folder())) == []


DRIVER = """
import sys
from conformance import suite
from conformance.contract import load
from conformance.properties import Run, items_of
from conformance.targets import select
contract = load("vultr")
target = select(sys.argv[1], ("vultr",), allow_writes=True).targets["vultr"]
run = Run(contract, target, fresh_names=True)
print("ready", flush=True)
sys.stdin.readline()
for test in suite.tests():
    for item in items_of(test.function, test.name, contract):
        if item.operation.split()[0] in ("POST", "DELETE", "PUT", "PATCH"):
            run.run(item)
"""


def killed_at(moment: int) -> tuple[list[int], Callable[[dict[str, Any]], None]]:
    """Kills the process in the list as the write of that number comes in, or once it is done."""
    processes: list[int] = []
    seen: list[str] = []

    def count(environ: dict[str, Any]) -> None:
        if environ["REQUEST_METHOD"] != "GET" and processes:
            seen.append(environ["REQUEST_METHOD"])
            if len(seen) == moment:
                os.kill(processes.pop(), signal.SIGKILL)

    return processes, count


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_a_kill_cleanup_deletes_what_is_the_runs_and_nothing_else(
    seed: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("VULTR_API_KEY", TOKEN)
    dice = random.Random(seed)
    processes, count = killed_at(dice.randint(1, 40))
    first = dice.random() < 0.5
    with served(count, nothing) if first else served(nothing, count) as url:
        before = domains(url)
        command = [sys.executable, "-c", DRIVER, url]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            processes.append(child.pid)
            child.communicate("go\n")
        assert child.returncode == -signal.SIGKILL
        assert len(list(left(state_folder()))) == 1
        assert main(["cleanup"]) == 0
        assert domains(url) == before
    assert list(left(state_folder())) == []
    assert "nothing is left" in capsys.readouterr().out


def ledger_of(url: str, *names: str | None, answered: bool = False) -> Path:
    """The ledger of a run that was killed after these creates."""
    head = {"run": "0a1b2c3d", "prefix": "conformance-0a1b2c3d", "api": "vultr", "target": url, "base_url": url}
    ledger = Ledger.begin(state_folder(), {**head, "session": None, "pid": 1})
    for number, name in enumerate(names, 1):
        made = Made(number, "POST /v2/domains", name=name)
        ledger.sent(made)
        if answered:
            made.id, made.status = name, 201
            ledger.answered(made)
    ledger.release()
    return ledger.path


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("VULTR_API_KEY", TOKEN)


OURS = "conformance-0a1b2c3d-00000000-1.example.com"
ALIKE = "conformance-0a1b2c3d-00000000-11.example.com"


def make(url: str, name: str) -> None:
    key = {"Authorization": f"Bearer {TOKEN}"}
    body = {"domain": name, "ip": "192.0.2.1"}
    httpx2.post(f"{url}/v2/domains", json=body, headers=key, trust_env=False).raise_for_status()


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("answered", [True, False])
def test_cleanup_finds_what_was_not_answered_by_its_name(answered: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with served() as url:
        make(url, ALIKE)
        before = domains(url)
        make(url, OURS)
        ledger_of(url, OURS, answered=answered)
        assert main(["cleanup", "--target", url, "--api", "vultr"]) == 0
        assert domains(url) == before
    assert f"domain {OURS}: deleted\nnothing is left\n" == capsys.readouterr().out


@pytest.mark.usefixtures("state")
def test_cleanup_needs_no_option_of_the_run_to_delete_what_it_created_in_something_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was given up is not known any more: what was created there is."""
    monkeypatch.setenv("SNYK_TOKEN", TOKEN)
    gone: list[str] = []

    def answer(asked: Asked) -> bytes:
        if asked.method == "DELETE":
            gone.append(asked.path)
            return reply(status="204 No Content")
        listed = {"jsonapi": {"version": "1.0"}, "data": [], "links": {}}
        return reply(listed) if asked.path.endswith("/projects") else reply({"errors": []}, "404 Not Found")

    with raw_server(answer) as server:
        head = {"run": "0a1b2c3d", "prefix": "conformance-0a1b2c3d", "api": "snyk", "target": server.url}
        ledger = Ledger.begin(state_folder(), {**head, "base_url": server.url, "session": None, "pid": 1})
        made = Made(1, "POST /orgs/{org_id}/projects", {"org_id": "o1"}, name="conformance-0a1b2c3d-00000000-1")
        ledger.sent(made)
        made.id, made.status = "p1", 201
        ledger.answered(made)
        ledger.release()
        assert main(["cleanup"]) == 0
    assert gone == ["/orgs/o1/projects/p1"]


@pytest.mark.usefixtures("state")
def test_cleanup_of_another_target_leaves_a_ledger_alone() -> None:
    path = ledger_of("http://127.0.0.1:9", OURS)
    assert main(["cleanup", "--target", "https://api.vultr.com"]) == 0
    assert main(["cleanup", "--api", "snyk"]) == 0
    assert path.is_file()


@pytest.mark.usefixtures("state")
def test_what_cleanup_cannot_delete_stays_in_the_ledger_and_the_exit_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with raw_server(lambda _: reply({"error": "no"}, "409 Conflict")) as server:
        path = ledger_of(server.url, OURS, answered=True)
        assert main(["cleanup"]) == 1
        assert "409" in capsys.readouterr().out
        assert path.is_file()
        assert {asked.path for asked in server.asked} <= {f"/v2/domains/{OURS}", "/v2/domains"}


@pytest.mark.usefixtures("state")
def test_cleanup_does_not_disturb_a_run_that_is_going_on(capsys: pytest.CaptureFixture[str]) -> None:
    with served() as url:
        target = url_target(url, capabilities=WRITES)
        name = f"{target.guard.prefix}-00000000-1.example.com"
        target.session("a", "b", []).client.send("POST", "/v2/domains", body={"domain": name, "ip": "192.0.2.1"})
        assert main(["cleanup"]) == 0
        assert "still going on; left alone" in capsys.readouterr().out
        assert name in domains(url)
        assert finish(target) == []
        assert name not in domains(url)
        target.close()
    assert list(left(state_folder())) == []


WHOLE = (
    json.dumps(
        {
            "form": 1,
            "run": "0a1b2c3d",
            "prefix": "conformance-0a1b2c3d",
            "api": "vultr",
            "target": "http://127.0.0.1:9",
            "base_url": "http://127.0.0.1:9",
            "session": None,
        }
    )
    + "\n"
)


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize(
    "content",
    [
        "",
        "no JSON\n",
        '{"form": 99}\n',
        "[]\n",
        '{"form": 1}\n',
        WHOLE + '{"answer": 7, "status": 201, "id": "x"}\n',
        WHOLE + '{"create": 1, "operation": 7, "values": {}, "query": {}, "credential": null, "name": null}\n',
        WHOLE
        + '{"create": 1, "operation": "POST /v2/domains", "values": 7, "query": [], "credential": 5, "name": 3}\n',
        WHOLE + '{"answer": 1, "status": "x", "id": {}}\n',
        WHOLE.replace("conformance-0a1b2c3d", ""),
        WHOLE.replace("0a1b2c3d", ""),
        WHOLE.replace('"vultr"', "5"),
        "[" * 100_000 + "\n",
    ],
)
def test_a_file_that_is_no_ledger_is_told_in_a_line(content: str, capsys: pytest.CaptureFixture[str]) -> None:
    state_folder().mkdir(parents=True)
    (state_folder() / "x.ndjson").write_text(content)
    assert main(["cleanup"]) == 1
    told = capsys.readouterr().out
    assert told.startswith(str(state_folder()))
    assert told.count("\n") == 1
    assert "Error" not in told


@pytest.mark.usefixtures("state")
def test_a_device_among_the_ledgers_is_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    state_folder().mkdir(parents=True)
    (state_folder() / "x.ndjson").symlink_to("/dev/zero")
    assert main(["cleanup"]) == 1
    assert "no regular file" in capsys.readouterr().out


@pytest.mark.usefixtures("state")
def test_where_the_folder_of_ledgers_cannot_be_read_nobody_says_that_nothing_is_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    state_folder().parent.mkdir(parents=True)
    state_folder().write_text("")
    assert main(["cleanup"]) != 0
    said = capsys.readouterr()
    assert "nothing is left" not in said.out
    assert str(state_folder()) in said.err


@pytest.mark.usefixtures("state")
def test_cleanup_finds_what_a_target_keeps_in_upper_case(capsys: pytest.CaptureFixture[str]) -> None:
    with served() as url:
        before = domains(url)
        ledger_of(url, OURS)
        make(url, OURS.upper())
        assert main(["cleanup"]) == 0
        assert "deleted" in capsys.readouterr().out
        assert domains(url) == before


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("there", [True, False])
def test_what_a_create_was_answered_with_instead_is_told_until_it_is_found(
    there: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup, "POLL_SECONDS", 0.01)
    with served() as url:
        before = domains(url)
        ledger = reopen(ledger_of(url, OURS))
        ledger.made[0].status, ledger.made[0].why = 201, f"a create was answered with domain {USERS}"
        ledger.answered(ledger.made[0])
        ledger.release()
        if there:
            make(url, OURS)
        assert main(["cleanup"]) == (0 if there else 1)
        assert ("deleted" if there else USERS) in capsys.readouterr().out
        assert domains(url) == before
        assert ledger.path.exists() is not there


@pytest.mark.usefixtures("state")
def test_a_line_that_was_cut_off_takes_nothing_with_it() -> None:
    with served() as url:
        path = ledger_of(url, OURS)
        path.write_text(path.read_text() + '{"create": 2, "oper')
        ledger = reopen(path)
        assert [made.name for made in ledger.made] == [OURS]
        ledger.gone(ledger.made[0])
        ledger.release()
        assert [json.loads(line) for line in path.read_text().splitlines()][-1] == {"gone": 1}


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_stop_cleans_up_and_writes_its_report(how: signal.Signals, tmp_path: Path) -> None:
    processes: list[int] = []

    def stop(environ: dict[str, Any]) -> None:
        if environ["REQUEST_METHOD"] == "PATCH" and processes:
            os.kill(processes.pop(), how)

    with served(after=stop) as url:
        before = domains(url)
        command = [sys.executable, "-m", "pytest", "-q", "--api", "vultr", "--target", url, "--allow-writes"]
        command += ["-k", "patch-partial", f"--report-dir={tmp_path / 'report'}"]
        # Where these tests are run in the background, SIGINT is ignored, and a process would inherit that.
        ignored = signal.signal(signal.SIGINT, signal.default_int_handler)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            signal.signal(signal.SIGINT, ignored)
            processes.append(child.pid)
            said, _ = child.communicate()
        assert domains(url) == before
    assert child.returncode == pytest.ExitCode.INTERRUPTED, said
    assert (tmp_path / "report" / "report.json").is_file()
    assert list(left(state_folder())) == []
