"""The emulator that is a ready target: its known defects are found by name, and its file of deviations is true."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from conformance.plugin import setting_up
from conformance.selftest.node import installed as installed_by_npm
from conformance.selftest.servers import Runner
from conformance.shipped import SUITE

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "conformance" / "emulators" / "emulate"
LISTED = ROOT / "specs" / "vercel" / "deviations" / "emulate.yaml"
TOKEN, SPENT = "test_token_admin", "test_token_spent"
SECONDS = 60

# Where one item stands for more than one defect, what it must tell besides.
LEAKED = "without a credential (in a scope) was answered 200"
DEFECTS = {
    "records at the end of a page come again": "vercel.pagination.walk-exactly-once[GET /v9/projects]",
    "pages of one record without an end": "vercel.pagination.next-null-on-last-page[GET /v9/projects]",
    "a made-up token reads": "vercel.auth.bad-token-403[GET /v9/projects]",
    "a made-up token creates": "vercel.auth.bad-token-403[POST /v9/projects]",
    "a made-up token deletes": "vercel.auth.bad-token-403[DELETE /v9/projects/{idOrName}]",
    "401 where 403 is due": "vercel.auth.no-token-403[POST /v9/projects]",
    "errors outside the envelope": "vercel.errors.envelope[GET (unknown)]",
    "403 beyond the rate": "vercel.rate-limit.exceeded-429[GET /v9/projects]",
    "a team's data without a token": "vercel.auth.no-token-403[GET /v9/projects]",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The emulator as npm installs it from the lock."""
    return installed_by_npm(FOLDER, "emulate-0.11.2", tmp_path_factory.mktemp("emulate"))


@pytest.fixture
def emulator(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Runner, Path, str]]:
    """A runner, the root of a project whose target `emulate` is one that was started for this test, and its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = ["node", "start.mjs", "--port", str(port)]
    with subprocess.Popen(command, cwd=installed, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert f"emulate at http://127.0.0.1:{port}" in process.stdout.readline()
            assert "pytest --target emulate --allow-writes" in process.stdout.readline()
            own = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
            assert own.count("http://127.0.0.1:4400") == 1
            root = tmp_path / "project"
            root.mkdir()
            text = own.replace("http://127.0.0.1:4400", f"http://127.0.0.1:{port}")
            (root / "pyproject.toml").write_text(text, encoding="utf-8")
            # The entries of its file are dated.
            monkeypatch.setattr(setting_up, "now", lambda: datetime(2026, 12, 1, tzinfo=UTC))
            monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
            monkeypatch.setenv("EMULATE_TOKEN", TOKEN)
            monkeypatch.setenv("EMULATE_TOKEN_SPENT", SPENT)
            yield Runner(tmp_path, monkeypatch), root, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def run(emulator: tuple[Runner, Path, str], *arguments: str) -> Any:
    suite, root, _ = emulator
    fixed = ("--api", "vercel", "--target", "emulate", "--allow-writes")
    return suite(*fixed, *arguments, root=root, paths=(SUITE / "common", SUITE / "vercel"))


def projects(url: str, **query: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx2.get(f"{url}/v10/projects", params=query, headers=headers, trust_env=False)
    found: list[dict[str, Any]] = answer.json()["projects"]
    return found


def messages(ran: Any, name: str) -> str:
    """What a run tells of one requirement × operation."""
    of = {f"{each['id']}[{case['operation']}]": case for each in ran.report["requirements"] for case in each["cases"]}
    return " ".join(finding["message"] for finding in of[name]["findings"])


def test_its_defects_are_found_by_name_and_all_are_listed_and_nothing_is_left(
    emulator: tuple[Runner, Path, str],
) -> None:
    url = emulator[2]
    (team,) = httpx2.get(f"{url}/v2/teams", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False).json()[
        "teams"
    ]
    teams_own = projects(url, teamId=team["id"])
    began = time.monotonic()
    ran = run(emulator)
    took = time.monotonic() - began
    assert ran.status == 0, ran.text
    verdicts = ran.verdicts
    assert {defect: verdicts[name] for defect, name in DEFECTS.items()} == dict.fromkeys(DEFECTS, "deviates")
    assert LEAKED in messages(ran, DEFECTS["a team's data without a token"])
    assert ran.report["exchanges"] <= 700
    # Other work on the machine counts here, too: what it takes alone is less than half of that.
    assert took < 2 * SECONDS
    assert projects(url) == []
    assert projects(url, teamId=team["id"]) == teams_own
    assert not any("without a reason" in warning for warning in ran.report["warnings"])


def test_it_listens_on_the_loopback_interface_alone(emulator: tuple[Runner, Path, str]) -> None:
    port = int(emulator[2].rpartition(":")[2])
    own = {str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)}
    # Any of 127.0.0.0/8 would be answered by a server that listens on every address.
    for address in {"127.0.0.2", *(a for a in own if not a.startswith("127.") and ":" not in a)}:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((address, port), timeout=5).close()


AUTH = ("-k", "token-403 or valid-token", "--seed", "0")


def test_an_entry_that_is_taken_out_fails_the_run_and_so_does_one_that_does_not_hold(
    emulator: tuple[Runner, Path, str], tmp_path: Path
) -> None:
    listed = yaml.safe_load(LISTED.read_text(encoding="utf-8"))["deviations"]
    assert all(len(each["reason"]) > 30 for each in listed)
    file = tmp_path / "known.yaml"

    def with_entries(entries: list[dict[str, Any]]) -> Any:
        file.write_text(yaml.safe_dump({"deviations": entries}), encoding="utf-8")
        return run(emulator, f"--deviations={file}", *AUTH)

    assert with_entries(listed).status == 0
    first, *others = listed
    assert first["requirement"].endswith("token-403")
    ran = with_entries(others)
    assert (ran.status, ran.verdicts[f"{first['requirement']}[{first['operation']}]"]) == (1, "failed")
    held = {**first, "requirement": "vercel.auth.valid-token-accepted", "operation": "GET /v6/deployments"}
    ran = with_entries([*listed, held])
    assert ran.status == 1
    assert ran.verdicts["vercel.auth.valid-token-accepted[GET /v6/deployments]"] == "unexpected-pass"
