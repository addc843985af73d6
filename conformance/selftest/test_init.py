"""`conformance init`: files of an API from its document and recordings, and what may be done with them at once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from conformance.commands.main import main
from conformance.contract import load
from conformance.selftest.stranger import Said, Stranger, document, listing, query, records
from conformance.selftest.strangers import STRANGERS

Captured = pytest.CaptureFixture[str]


def init(folder: Path, *arguments: str, stranger: Stranger | None = None) -> int:
    """Runs the command in a folder, on the files of an API."""
    stranger = stranger or STRANGERS["ocean"]()
    described, recording = stranger.written(folder)
    folders = [f"--specs={folder / 'specs'}", f"--cassettes={folder / 'cassettes'}"]
    return main(["init", stranger.name, "--spec", str(described), *folders, *arguments, str(recording)])


def test_its_files_are_judged_by_at_once(tmp_path: Path, capsys: Captured) -> None:
    assert init(tmp_path) == 0
    told = capsys.readouterr().out
    assert "ocean: 11 exchanges kept in 1 files" in told
    copied = tmp_path / "cassettes" / "ocean" / "recorded" / "ocean.yaml"
    judge = ["judge", "--api", "ocean", f"--specs={tmp_path / 'specs'}", f"--report-dir={tmp_path / 'reports'}"]
    assert main([*judge, str(copied)]) == 0
    own = capsys.readouterr().out
    assert "0 of them with operations that the contract does not have" in own
    assert main([*judge, str(tmp_path / "ocean.yaml")]) == 0


def test_it_ends_with_the_commands_to_run_next(tmp_path: Path, capsys: Captured) -> None:
    init(tmp_path)
    *_, judge, replay, live = capsys.readouterr().out.splitlines()
    assert judge.strip().startswith(f"conformance judge --api ocean --specs={tmp_path / 'specs'}")
    assert replay.strip() == f"pytest --api ocean --specs={tmp_path / 'specs'} --cassettes={tmp_path / 'cassettes'}"
    assert live.strip().endswith("--target URL")


def test_pytest_takes_its_verdicts_from_what_others_recorded(tmp_path: Path) -> None:
    init(tmp_path)
    options = [f"--specs={tmp_path / 'specs'}", f"--cassettes={tmp_path / 'cassettes'}", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--api", "ocean", f"--report-dir={tmp_path / 'reports'}", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "ocean: recorded by others: ocean.yaml" in run.stdout
    report = json.loads((tmp_path / "reports" / "report.json").read_text(encoding="utf-8"))
    verdicts = {
        (record["id"], case["operation"]): case["verdict"]
        for record in report["requirements"]
        for case in record["cases"]
    }
    assert verdicts["ocean.pagination.total-is-full-list", "GET /droplets"] == "passed"
    assert verdicts["ocean.auth.credentials-required", "GET /droplets"] == "not-recorded"


def test_each_value_has_its_evidence_beside_it(tmp_path: Path) -> None:
    init(tmp_path)
    text = (tmp_path / "specs" / "ocean" / "conventions.yaml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.strip().startswith("next:"))
    assert line.strip() == (
        "next: /links/pages/next  # 4 of 6 lists; against: 2; document: #/paths/~1droplets/get/responses"
    )
    assert (
        "# errors.malformed: left out: no malformed body was sent; record a create with a body that is cut off" in text
    )


def test_what_is_there_is_not_written_over(tmp_path: Path, capsys: Captured) -> None:
    init(tmp_path)
    own = tmp_path / "specs" / "ocean" / "conventions.yaml"
    own.write_text("mine", encoding="utf-8")
    assert init(tmp_path) == 2
    assert "is there already; --force writes over it" in capsys.readouterr().err
    assert own.read_text(encoding="utf-8") == "mine"
    assert init(tmp_path, "--force") == 0
    assert load("ocean", tmp_path / "specs").conventions.name == "Ocean API"


def test_force_removes_what_an_earlier_call_copied_and_nothing_else(tmp_path: Path) -> None:
    init(tmp_path)
    folder = tmp_path / "cassettes" / "ocean" / "recorded"
    (folder / "ocean.yaml").rename(folder / "older.yaml")
    (folder / "mine.yaml").write_text(json.dumps({"version": 1, "interactions": []}), encoding="utf-8")
    init(tmp_path, "--force")
    assert sorted(path.name for path in folder.iterdir()) == ["mine.yaml", "ocean.yaml"]


@pytest.mark.parametrize("name", ["Ocean", "my-api", "../x", ""])
def test_a_name_that_cannot_be_one_is_told(name: str, tmp_path: Path, capsys: Captured) -> None:
    described, recording = STRANGERS["ocean"]().written(tmp_path)
    assert main(["init", name, "--spec", str(described), f"--specs={tmp_path}", str(recording)]) == 2
    assert "a name has small letters and digits only" in capsys.readouterr().err


def test_the_name_of_the_base_requirements_is_no_name(tmp_path: Path, capsys: Captured) -> None:
    described, recording = STRANGERS["ocean"]().written(tmp_path)
    assert main(["init", "http", "--spec", str(described), f"--specs={tmp_path / 's'}", str(recording)]) == 2
    assert "http: is what the base requirements are called" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
    assert main(["judge", "--spec", str(described), "--name", "http", str(recording)]) == 2
    assert "--name http: is what the base requirements are called" in capsys.readouterr().err


def _binary(path: Path) -> None:
    path.write_bytes(b"\x80\x00\xff")


# The first makes nothing: there is no such file.
@pytest.mark.parametrize("make", [Path.absolute, Path.mkdir, Path.touch, _binary])
def test_recordings_that_cannot_be_read_are_named(
    make: Callable[[Path], object], tmp_path: Path, capsys: Captured
) -> None:
    described, _ = STRANGERS["ocean"]().written(tmp_path)
    given = tmp_path / "mine.har"
    make(given)
    folders = [f"--specs={tmp_path / 'specs'}", f"--cassettes={tmp_path / 'cassettes'}"]
    assert main(["init", "x", "--spec", str(described), *folders, str(given)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search("mine.har: .+", line)
    assert not (tmp_path / "specs").exists()


def test_a_document_that_is_none_is_told(tmp_path: Path, capsys: Captured) -> None:
    _, recording = STRANGERS["ocean"]().written(tmp_path)
    assert main(["init", "x", "--spec", str(recording), f"--specs={tmp_path / 's'}", str(recording)]) == 2
    assert "is not an OpenAPI document" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()


def test_recordings_of_another_api_are_told(tmp_path: Path, capsys: Captured) -> None:
    other = STRANGERS["hub"]()
    described, _ = STRANGERS["ocean"]().written(tmp_path)
    _, recording = other.written(tmp_path)
    folders = [f"--specs={tmp_path / 'specs'}", f"--cassettes={tmp_path / 'cassettes'}"]
    assert main(["init", "ocean", "--spec", str(described), *folders, str(recording)]) == 2
    assert "the hosts seen are api.hub.example; --host names one of the API" in capsys.readouterr().err
    assert not (tmp_path / "specs").exists()


def test_one_recording_that_cannot_be_read_stops_no_other(tmp_path: Path, capsys: Captured) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("interactions: [", encoding="utf-8")
    assert init(tmp_path, str(broken)) == 1
    told = capsys.readouterr().out
    assert "broken.yaml" in told
    assert "ocean: 11 exchanges kept" in told


def test_no_secret_is_copied(tmp_path: Path) -> None:
    init(tmp_path)
    kept = [
        path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file() and path.parent != tmp_path
    ]
    assert kept
    assert not [text for text in kept if "abcdefgh12345678xyz" in text]


def test_the_files_that_a_document_refers_to_come_with_it(tmp_path: Path) -> None:
    stranger = STRANGERS["ocean"]()
    described, recording = stranger.written(tmp_path)
    parts = tmp_path / "parts"
    parts.mkdir()
    whole = json.loads(described.read_text(encoding="utf-8"))
    own = whole["paths"].pop("/droplets/{id}")
    (parts / "droplet.json").write_text(json.dumps(own), encoding="utf-8")
    whole["paths"]["/droplets/{id}"] = {"$ref": "parts/droplet.json"}
    described.write_text(json.dumps(whole), encoding="utf-8")
    folders = [f"--specs={tmp_path / 'specs'}", f"--cassettes={tmp_path / 'cassettes'}"]
    assert main(["init", "ocean", "--spec", str(described), *folders, str(recording)]) == 0
    assert load("ocean", tmp_path / "specs").operation("DELETE /droplets/{id}")
    assert (tmp_path / "specs" / "ocean" / "parts" / "droplet.json").is_file()


def test_a_requirement_that_does_not_hold_where_it_comes_from_is_not_proposed(tmp_path: Path, capsys: Captured) -> None:
    at = "https://twice.example/things"
    envelope = {"total": {"type": "integer"}}
    twice = Stranger(
        "twice",
        document("Twice", "https://twice.example", {"/things": {"get": listing("things", envelope, query("limit"))}}),
        (
            Said("GET", at, 200, {"things": records(1, 2), "total": 2}),
            Said("GET", at, 200, {"things": [*records(1, 2), *records(3, 1)], "total": 3}),
            Said("GET", f"{at}?limit=1", 200, {"things": records(1, 2), "total": 2}),
        ),
        {},
    )
    init(tmp_path, stranger=twice)
    told = capsys.readouterr().out
    assert "not proposed: twice.pagination.page-size-honoured" not in told  # Nothing is known of pages here.
    catalogue = yaml.safe_load((tmp_path / "specs" / "twice" / "requirements.yaml").read_text(encoding="utf-8"))
    assert "twice.types.ids-unique" in {record["id"] for record in catalogue["requirements"]}
