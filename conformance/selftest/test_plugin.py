"""The plugin as people run it: items, options, what a run writes, and one line for each mistake in the call."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.selftest.servers import ROOT, Ran, Runner, raw_server, reference_url, reply
from conformance.shipped import SUITE

FEW = ("-k", "bad-key-401 or no-key-401 or get-returns-object")


def one_line(ran: Ran, line: str) -> None:
    """A wrong call is refused before anything is run, with one line that says what and where."""
    assert ran.status == 4
    assert ran.outcomes == {}
    assert "Traceback" not in ran.text
    assert not (ran.folder / "report.json").exists()
    told = [text for text in ran.text.splitlines() if text.startswith("ERROR: ")]
    assert len(told) == 1
    assert line in told[0]


def test_an_item_is_named_by_requirement_and_operation(suite: Runner) -> None:
    ran = suite("--collect-only", "-q", "-k", "test_walk_visits and walk-exactly-once or client-rate")
    assert ran.status == 0
    assert sorted(re.findall(r"::(vultr\S+\[[^]]*\])$", ran.text, re.MULTILINE)) == [
        "vultr.pagination.walk-exactly-once[GET /v2/applications]",
        "vultr.pagination.walk-exactly-once[GET /v2/backups]",
        "vultr.pagination.walk-exactly-once[GET /v2/domains]",
        "vultr.pagination.walk-exactly-once[GET /v2/plans]",
        "vultr.rate-limit.client-rate[client]",
    ]
    assert not (ran.folder / "report.json").exists()


def test_one_item_can_be_asked_for_by_its_id(suite: Runner) -> None:
    item = "vultr.pagination.walk-exactly-once[GET /v2/plans]"
    test = f"{SUITE}/common/test_pagination.py::test_walk_visits_every_record_exactly_once::{item}"
    ran = suite("--deselect", "no-such-test", test, "-k", "plans and walk-exactly-once")
    assert ran.outcomes == {item: "passed"}


def test_what_all_exchanges_are_evidence_for_runs_last(suite: Runner) -> None:
    ran = suite(*FEW)
    kinds = ["returns-object" in name for name in ran.outcomes]
    assert kinds == sorted(kinds)


def test_the_reports_say_who_answered_and_what_was_asked(suite: Runner) -> None:
    ran = suite("--examples", "3", *FEW)
    assert "conformance: vultr on cassette" in ran.text
    assert "that the report gives: vultr.versioning.client-no-hardcoded-ids\n" in ran.text
    assert "vultr: recorded on 2026-01-01 from the reference server (version 1), not from the vendor" in ran.text
    run = ran.report["run"]
    assert run["apis"] == ["vultr"]
    assert [(target["name"], target["kind"]) for target in run["targets"]] == [("cassette", "cassette")]
    assert [(p["source"], p["recorded"]) for p in run["provenance"]] == [("reference server", "2026-01-01")]
    assert run["options"]["examples"] == 3
    header = ran.events[0]
    assert (header["event"], len(header["requirements"]) > 50) == ("header", True)
    for name in ("report.md", "report.html", "junit.xml"):
        assert "not from the vendor" in (ran.folder / name).read_text("utf-8")
    assert f"report: {os.path.relpath(ran.folder)}/report.html" in ran.text or str(ran.folder) in ran.text
    assert sorted(path.name for path in ran.folder.iterdir()) == [
        "events.ndjson", "junit.xml", "report.html", "report.json", "report.md",
    ]  # fmt: skip


def test_a_url_is_named_as_what_answered(suite: Runner) -> None:
    with reference_url() as url:
        ran = suite("--target", f"{url}/v2", *FEW)
    assert ran.status == 0
    (target,) = ran.report["run"]["targets"]
    assert (target["kind"], target["base_url"]) == ("url", url)
    assert f"vultr: answered by {url.removeprefix('http://').replace(':', '-')}" in ran.text


def test_a_named_target_brings_its_deviations(suite: Runner, tmp_path: Path) -> None:
    with reference_url("vultr.auth.bad-key-401/basic-accepted") as url:
        (tmp_path / "pyproject.toml").write_text(
            "[tool.pytest.ini_options]\n[tool.conformance.targets.staging]\n"
            f'api = "vultr"\nurl = "{url}"\ndeviations = "known.yaml"\n',
            encoding="utf-8",
        )
        (tmp_path / "known.yaml").write_text(
            "deviations:\n- {requirement: vultr.auth.bad-key-401, reason: known, since: 2026-01-01}\n", encoding="utf-8"
        )
        ran = suite("--target", "staging", "-k", "bad-key-401", root=tmp_path)
    assert (ran.status, ran.verdicts["vultr.auth.bad-key-401[GET /v2/account]"]) == (0, "deviates")
    assert set(ran.verdicts.values()) == {"deviates", "unsupported"}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--api", "vultur"), "unknown API 'vultur': specs/ has netlify, snyk, vercel, vultr, zeit"),
        (("--target", "stagging"), "unknown target 'stagging': known are cassette, reference, emulate, a URL"),
        (("--target", "http://api.example.com"), "a token is sent over TLS only"),
        (("--require", "vultr.auth.no-such"), "--require vultr.auth.no-such: no such requirement; `conformance requi"),
        (("--examples", "-1"), "--examples -1: needs a number of 1 or more"),
        (("--examples", "0"), "--examples 0: needs a number of 1 or more"),
        (("--api", ""), "--api: a name is empty"),
        (("--api", "vultr,"), "--api: a name is empty"),
        (("--api", "vultr", "--api", "vultr"), "--api vultr: is given twice"),
        (("--target", ""), "--target: is empty"),
        (("--report-dir", ""), "--report-dir: is empty"),
        (("--require", ""), "--require: a name is empty"),
        (("--require", "vultr.auth.bad-key-401,"), "--require: a name is empty"),
        (("--require-supported",), "--require-supported says what --require or --require-all-must leave out"),
        (("--parameter", "plan=x", "--target", "http://127.0.0.1:9"), "vultr has no parameter 'plan' that a target"),
        (("--disposable", "plan=x", "--target", "http://127.0.0.1:9"), "vultr has no parameter 'plan' that a target"),
        (("--faults", "--require-all-must"), "--faults judges no target: leave --require, --require-all-must"),
        (("--faults", "--record"), "--faults judges no target: leave --require, --require-all-must and --record"),
        (("--record", "-n", "2"), "--record runs in one process, since a cassette has one writer: leave -n out"),
        (("--record", "--target", "cassette"), "--record needs a target that answers"),
        (
            ("--faults", "--record", "--target", "http://127.0.0.1:9", "--api", "vultr"),
            "--faults plants defects in what is recorded already: leave --record out",
        ),
        (("--redraw",), "--redraw draws new cases for a recording: give --record too"),
        (("--report-dir", f"{__file__}/reports"), "cannot be made: Not a directory"),
        (("--deviations", "no-such.yaml"), "no-such.yaml: cannot be read"),
    ],
)
def test_a_wrong_option_is_refused_in_one_line(suite: Runner, arguments: tuple[str, ...], line: str) -> None:
    one_line(suite(*arguments), line)


@pytest.mark.parametrize("arguments", [("--examples", "many"), ("--no-such-option",), ("--api",)])
def test_an_option_that_pytest_cannot_read_is_refused(suite: Runner, arguments: tuple[str, ...]) -> None:
    ran = suite(*arguments)
    assert ran.status == 4
    assert "Traceback" not in ran.text
    assert "error: " in ran.text


def test_a_missing_token_is_refused_in_one_line(suite: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VULTR_API_KEY")
    one_line(suite("--target", "https://api.example.com"), "set the environment variable VULTR_API_KEY")


KNOWN = "{requirement: vultr.auth.bad-key-401, reason: known, since: 2026-01-01}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("deviations: [", "is not YAML"),
        ("", "should be a mapping"),
        ("deviations:\n- {requirement: vultr.auth.bad-key-401}", "reason: Field required"),
        (f"deviations:\n- {KNOWN.replace('bad-key', 'no-such')}", "vultr.auth.no-such-401: there is no such requirem"),
        (f"deviations:\n- {KNOWN[:-1]}, operation: GET /v2/none}}", "vultr.auth.bad-key-401: it has no operation GET"),
        (f"deviations:\n- {KNOWN.replace('2026-01-01', 'long ago')}", "since: Input should be a valid date"),
        (f"deviations:\n- {KNOWN[:-1]}, colour: red}}", "colour: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_list_of_deviations_names_file_and_field(suite: Runner, tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(text, encoding="utf-8")
    ran = suite("--deviations", str(path))
    one_line(ran, line)
    assert "known.yaml: " in ran.text


NEVER_SEEN = "vultr.versioning.client-no-hardcoded-ids"


def test_a_selection_of_nothing_fails(suite: Runner) -> None:
    assert suite("-k", "no_such_item").status == 5


class Interruption:
    """Ctrl-C before the fourth item."""

    def __init__(self) -> None:
        self.begun = 0

    def pytest_runtest_setup(self) -> None:
        self.begun += 1
        if self.begun == 4:
            raise KeyboardInterrupt


def test_a_run_cut_off_tells_what_ran(suite: Runner) -> None:
    ran = suite(*FEW, plugins=(Interruption(),))
    assert ran.status == 2
    assert len(ran.verdicts) == 3
    assert set(ran.verdicts.values()) == {"passed"}
    assert ran.events[-1]["event"] == "footer"
    assert ran.report["exit_status"] == 1
    assert "the run ended with exit status 2" in ran.report["exit_reasons"]


def test_a_run_stopped_at_the_first_failure_tells_what_ran(suite: Runner) -> None:
    with raw_server(lambda _: reply([1])) as server:
        ran = suite("--target", server.url, "-x", "-k", "get-returns-object")
    assert ran.status == 1
    assert list(ran.outcomes.values()) == ["failed"]
    assert ran.outcomes.keys() == ran.verdicts.keys()


def test_a_second_run_replaces_the_first(suite: Runner) -> None:
    suite("-k", "bad-key-401")
    ran = suite("-k", "no-key-401")
    assert {name.partition("[")[0] for name in ran.verdicts} == {"vultr.auth.no-key-401"}


def without_header(ran: Ran) -> dict[str, Any]:
    report = ran.report
    del report["run"]
    return report


def test_workers_come_to_the_same_report(suite: Runner, tmp_path: Path) -> None:
    """Failing, required, deviating and passing items: the outcomes and the report do not depend on workers."""
    known = tmp_path / "known.yaml"
    known.write_text(
        "deviations:\n- {requirement: vultr.auth.no-key-401, operation: GET /v2/backups, "
        "reason: known, since: 2026-01-01}\n",
        encoding="utf-8",
    )
    arguments = ("--deviations", str(known), "--require", NEVER_SEEN, "-k", "auth or per-page or versioning")
    alone = suite(*arguments)
    expected, outcomes = without_header(alone), dict(alone.outcomes)
    together = suite(*arguments, "-n", "2")
    assert (alone.status, together.status) == (1, 1)
    assert without_header(together) == expected
    assert together.outcomes == outcomes
    assert set(expected["counts"]) >= {"unexpected-pass", "passed", "not-exercised"}


def test_a_run_as_people_start_it(tmp_path: Path) -> None:
    """In a process of its own, with an empty home, from another folder, and with every warning an error."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONWARNINGS": "error", "PYTHONDEVMODE": ""}
    command = [sys.executable, "-m", "pytest", str(SUITE), "-q", "--report-dir", "reports", "--api", "vultr", *FEW]
    ran = subprocess.run(
        [*command, "--rootdir", str(ROOT)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "exit status 0: nothing failed" in ran.stdout
    assert json.loads((tmp_path / "reports" / "report.json").read_text("utf-8"))["exit_status"] == 0


def test_what_another_run_has_left_is_no_part_of_this_one(suite: Runner) -> None:
    left = suite.folder / "reports" / ".conformance-parts-another-run" / "main.ndjson"
    left.parent.mkdir(parents=True)
    left.write_text("no event", encoding="utf-8")
    assert suite("-k", "bad-key-401").status == 0
    assert left.read_text("utf-8") == "no event"


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_run(
    suite: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != suite.folder / "reports")
    one_line(
        suite(*FEW), f"reports cannot be written below {suite.folder / 'reports'}: say with --report-dir=DIR where"
    )
