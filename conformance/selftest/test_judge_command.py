"""`conformance judge`: anyone's recorded traffic, judged by the passive rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from conformance.commands.main import main
from conformance.selftest.judging import Judged
from conformance.selftest.servers import ROOT
from conformance.targets.target import CASSETTES

TRAFFIC = ROOT.parent / "shared" / "traffic" / "vultr"
OWN = CASSETTES / "vultr"

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A cassette with two good exchanges and one that breaks the envelope."""
    return written(tmp_path / "good.yaml", ok(), refusal({"error": "Invalid API token.", "status": 401}), ok())


def interaction(status: int, body: Any, path: str = "/v2/account") -> dict[str, Any]:
    return {
        "request": {
            "method": "GET",
            "uri": f"https://api.vultr.com{path}",
            "body": None,
            "headers": {"Authorization": ["Bearer x"]},
        },
        "response": {
            "status": {"code": status, "message": ""},
            "headers": {"Content-Type": ["application/json"]},
            "body": {"string": body if isinstance(body, str) else json.dumps(body)},
        },
    }


def ok(path: str = "/v2/account") -> dict[str, Any]:
    return interaction(200, {"account": {"name": "someone"}}, path)


def refusal(body: Any) -> dict[str, Any]:
    return interaction(401, body)


def written(path: Path, *interactions: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"version": 1, "interactions": list(interactions)}), encoding="utf-8")
    return path


def test_good_traffic_is_judged_and_reported(tmp_path: Path, capsys: Captured, good: Path) -> None:
    judged = Judged(tmp_path / "reports", capsys, good)
    assert (judged.status, judged.error) == (0, "")
    assert "vultr: 3 exchanges in 1 files read, 0 of them with operations that the contract doe" in judged.text
    assert "exit status 0: nothing failed" in judged.text
    assert f"report: {tmp_path / 'reports' / 'report.html'}" in judged.text
    assert judged.verdicts["vultr.errors.error-attribute"] == "passed"
    assert sorted(path.name for path in judged.folder.iterdir()) == [
        "events.ndjson", "junit.xml", "report.html", "report.json", "report.md",
    ]  # fmt: skip
    assert judged.report["run"]["targets"][0]["kind"] == "traffic"


def test_a_violation_is_shown_with_its_place_in_the_traffic(tmp_path: Path, capsys: Captured) -> None:
    bad = written(tmp_path / "bad.yaml", ok(), refusal({"message": "who are you"}))
    judged = Judged(tmp_path / "reports", capsys, bad)
    assert judged.status == 1
    assert judged.verdicts["vultr.errors.error-attribute"] == "failed"
    assert "failed vultr.errors.error-attribute[GET /v2/account]: " in judged.text
    assert "bad.yaml#2" in (judged.folder / "report.md").read_text("utf-8")


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty.yaml": (b"", "is empty; record it again"),
    "binary.yaml": (b"\xff\xfe\x00", "is UTF-16 text; save it as UTF-8"),
    "cut-off.yaml": (b"interactions:\n- request: {method: GET", "is not YAML or was cut off"),
    "cut-off.json": (b'{"version": 1, "interactions": [', "is not JSON"),
    "other.yaml": (b"colour: red\n", "is not a vcrpy cassette: it has no list of interactions"),
    "nothing.yaml": (b"interactions: []\nversion: 1\n", "has no interactions: nothing was recorded"),
    "har.json": (b'{"log": {"entries": []}}', "has no entries: nothing was recorded; record it again"),
    "python2.yaml": (
        b"interactions:\n- !!python/object/apply:os.system ['true']\n",
        "could run code",
    ),
    "deep.yaml": (b"[" * 100_000, "nests too deep to be a cassette"),
}


def test_bad_files_are_told_in_one_line_each_and_the_good_ones_judged(
    tmp_path: Path, capsys: Captured, good: Path
) -> None:
    for name, (content, _) in BAD_FILES.items():
        (tmp_path / name).write_bytes(content)
    files = [*(tmp_path / name for name in BAD_FILES), tmp_path / "no-such.yaml", tmp_path]
    judged = Judged(tmp_path / "reports", capsys, good, *files)
    assert judged.status == 1
    errors = judged.report["errors"]
    assert len(errors) == len(files)
    for name, (_, line) in {
        **BAD_FILES,
        "no-such.yaml": (b"", "no such file"),
        "": (
            b"",
            "is a folder without raw HTTP messages (NAME.request and NAME.response, or NAME.http); name the files",
        ),
    }.items():
        (told,) = [error for error in errors if error.startswith(f"{str(tmp_path / name).rstrip('/')}: ")]
        assert line in told
    assert judged.verdicts["vultr.errors.error-attribute"] == "passed"
    assert "vultr: 3 exchanges in 1 files read" in judged.text
    assert "Traceback" not in judged.text + judged.error


def test_one_bad_interaction_leaves_the_others_of_its_file(tmp_path: Path, capsys: Captured) -> None:
    mixed = written(tmp_path / "mixed.yaml", ok(), {"request": {}, "response": {}}, ok())
    judged = Judged(tmp_path / "reports", capsys, mixed)
    assert judged.status == 1
    assert judged.report["errors"] == [f"{mixed}: interaction 2: the method is missing; record it again"]
    assert "vultr: 2 exchanges in 1 files read" in judged.text


def test_calls_the_contract_lacks_are_counted_by_kind(tmp_path: Path, capsys: Captured) -> None:
    paths = (f"/v2/instances/{uuid}" for uuid in (uuid4(), uuid4()))
    judged = Judged(tmp_path / "reports", capsys, written(tmp_path / "odd.yaml", ok(), *map(ok, paths)))
    assert "vultr: 3 exchanges in 1 files read, 2 of them with operations that the contract doe" in judged.text
    assert judged.report["unknown_operations"] == {"GET /v2/instances/{…}": 2}


def test_traffic_that_shows_nothing_fails(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "empty.yaml").write_text("", encoding="utf-8")
    judged = Judged(tmp_path / "reports", capsys, tmp_path / "empty.yaml")
    assert judged.status == 1
    assert "empty.yaml: " in judged.text
    assert "exit status 1: 1 error" in judged.text
    assert judged.report["result"] == "FAIL"


TWICE = interaction(
    200, {"backups": [{"id": "a"}, {"id": "a"}], "meta": {"total": 2, "links": {"next": "", "prev": ""}}}, "/v2/backups"
)


def test_strict_makes_a_warning_fail(tmp_path: Path, capsys: Captured) -> None:
    traffic = written(tmp_path / "twice.yaml", TWICE)
    judged = Judged(tmp_path / "reports", capsys, traffic)
    assert (judged.status, judged.verdicts["vultr.types.ids-unique"]) == (0, "warned")
    judged = Judged(tmp_path / "reports", capsys, "--strict", traffic)
    assert (judged.status, judged.verdicts["vultr.types.ids-unique"]) == (1, "failed")


def test_a_listed_deviation_does_not_fail(tmp_path: Path, capsys: Captured) -> None:
    bad = written(tmp_path / "bad.yaml", refusal({"message": "who are you"}))
    known = tmp_path / "known.yaml"
    known.write_text(
        "deviations:\n- {requirement: vultr.errors.error-attribute, reason: known, since: 2026-01-01}\n",
        encoding="utf-8",
    )
    judged = Judged(tmp_path / "reports", capsys, "--deviations", known, bad)
    assert (judged.status, judged.verdicts["vultr.errors.error-attribute"]) == (0, "deviates")
    known.write_text("deviations: 5", encoding="utf-8")
    assert main(["judge", "--api", "vultr", "--deviations", str(known), str(bad)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_report_folder_that_cannot_be_made_is_told_in_one_line(capsys: Captured, good: Path) -> None:
    assert main(["judge", "--api", "vultr", "--report-dir", str(good), str(good)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("conformance: ")
    assert str(good) in line


def test_our_own_cassettes_raise_no_alarm_and_name_their_origin(tmp_path: Path, capsys: Captured) -> None:
    judged = Judged(tmp_path / "reports", capsys, *sorted(OWN.rglob("*.yaml")))
    assert (judged.status, judged.error) == (0, "")
    assert {"failed", "warned", "broken"}.isdisjoint(judged.verdicts.values())
    assert "files given to be judged, by their own account recorded from: reference server" in judged.text


@pytest.mark.skipif(not TRAFFIC.is_dir(), reason="the recorded traffic of others is not part of the repository")
def test_the_traffic_of_others_is_read_whole(tmp_path: Path, capsys: Captured) -> None:
    judged = Judged(tmp_path / "reports", capsys, *sorted(TRAFFIC.glob("*.yaml")))
    assert "vultr: 117 exchanges in 26 files read" in judged.text
    assert judged.report["errors"] == []
    assert judged.error == ""


def test_a_body_that_a_hook_parsed_is_its_json_text(tmp_path: Path, capsys: Captured) -> None:
    parsed = ok()
    parsed["response"]["body"] = {"string": {"account": {"name": "someone"}}}
    judged = Judged(tmp_path / "reports", capsys, written(tmp_path / "c.json", parsed))
    assert (judged.status, judged.error) == (0, "")


@pytest.mark.parametrize(("length", "unread"), [("177", True), ("20", False)])
def test_a_coded_body_that_was_emptied_is_not_in_the_recording(
    tmp_path: Path, capsys: Captured, length: str, unread: bool
) -> None:
    emptied = interaction(200, "")
    emptied["response"]["headers"] |= {"Content-Encoding": ["gzip"], "Content-Length": [length]}
    judged = Judged(tmp_path / "reports", capsys, written(tmp_path / "c.json", emptied))
    assert ("the response has no body in this recording, though its Content-Length is 177" in judged.text) is unread


def test_a_missing_content_type_is_told_in_words(tmp_path: Path, capsys: Captured) -> None:
    untyped = ok()
    untyped["response"]["headers"] = {"Server": ["x"]}
    untyped["request"] |= {"method": "POST", "uri": "https://api.vultr.com/v2/ssh-keys", "body": "{}"}
    judged = Judged(tmp_path / "reports", capsys, written(tmp_path / "c.json", untyped))
    assert "None" not in judged.text
    assert "the client sent a body without a Content-Type" in judged.text
