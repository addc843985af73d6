"""Known deviations that a run writes: they excuse what failed, for a time, until they no longer hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from conformance import reference
from conformance.commands.main import main
from conformance.contract import ContractError
from conformance.contract import deviations as files
from conformance.contract.deviations import DAYS, UNFILLED, Deviation, written
from conformance.plugin import setting_up
from conformance.selftest.servers import VULTR, Runner, reference_url

NO_KEY, BAD_KEY = "vultr.auth.no-key-401", "vultr.auth.bad-key-401"
ACCOUNT, USER = "GET /v2/account", "GET /v2/users/{user-id}"
TODAY = date(2026, 5, 1)
FEW = ("-k", "no-key or bad-key")


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setattr(setting_up, "now", lambda: datetime(2026, 5, 1, 12, tzinfo=UTC))
    return Runner(tmp_path, monkeypatch)


def at(day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting_up, "now", lambda: datetime(day.year, day.month, day.day, tzinfo=UTC))


@pytest.fixture(scope="module")
def fault() -> str:
    """A fault of the reference server that breaks the promise about calls without a key."""
    return next(known.id for known in reference.faults_of("vultr") if known.requirement == NO_KEY)


def listed(file: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = yaml.safe_load(file.read_text(encoding="utf-8"))["deviations"]
    return found


def keep(file: Path, deviations: list[dict[str, object]]) -> None:
    file.write_text(yaml.safe_dump({"deviations": deviations}), encoding="utf-8")


def test_what_a_run_has_written_excuses_the_next_one_at_once(suite: Runner, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "known" / "deviations.yaml"
    with reference_url(fault) as url:
        first = suite("--target", url, f"--write-deviations={file}", *FEW)
        failed = {name for name, verdict in first.verdicts.items() if verdict == "failed"}
        again = suite("--target", url, f"--deviations={file}", *FEW)
    assert first.status == 1
    assert failed
    assert {f"{each['requirement']}[{each['operation']}]" for each in listed(file)} == failed
    assert all(
        (each["reason"], each["since"], each["expires"]) == (UNFILLED, TODAY, date(2026, 7, 30))
        for each in listed(file)
    )
    assert f"{len(failed)} deviation written; {len(failed)} without a reason" in first.text
    assert again.status == 0
    assert {name for name, verdict in again.verdicts.items() if verdict == "deviates"} == failed
    assert f"warning: {file}: {len(failed)} deviation" in again.text


def test_an_entry_that_is_taken_out_fails_and_so_does_one_that_holds(suite: Runner, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "deviations.yaml"
    with reference_url(fault) as url:
        suite("--target", url, f"--write-deviations={file}", *FEW)
        _, *others = known = listed(file)
        keep(file, others)
        assert suite("--target", url, f"--deviations={file}", *FEW).status == 1
        holds = {"requirement": BAD_KEY, "operation": ACCOUNT, "reason": "it was so once", "since": TODAY}
        keep(file, [*known, holds])
        ran = suite("--target", url, f"--deviations={file}", *FEW)
    assert ran.status == 1
    assert ran.verdicts[f"{BAD_KEY}[{ACCOUNT}]"] == "unexpected-pass"


def test_one_that_has_expired_fails_with_a_line_that_names_it(
    suite: Runner, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "deviations.yaml"
    with reference_url(fault) as url:
        suite("--target", url, f"--write-deviations={file}", *FEW)
        at(date(2026, 7, 30), monkeypatch)
        last_day = suite("--target", url, f"--deviations={file}", *FEW)
        at(date(2026, 7, 31), monkeypatch)
        after = suite("--target", url, f"--deviations={file}", *FEW)
    first = listed(file)[0]
    assert last_day.status == 0
    assert after.status == 1
    assert (
        f"error: {file}: {first['requirement']} at {first['operation']} expired on 2026-07-30: "
        "mend it, or say until when it is left"
    ) in after.text
    assert after.verdicts[f"{first['requirement']}[{first['operation']}]"] == "failed"


def test_writing_again_keeps_the_words_and_drops_what_holds(suite: Runner, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "deviations.yaml"
    with reference_url(fault) as url:
        suite("--target", url, f"--write-deviations={file}", *FEW)
        first, *others = listed(file)
        holds = {"requirement": BAD_KEY, "operation": ACCOUNT, "reason": "it was so once", "since": TODAY}
        told = {**first, "reason": "they will not mend it", "since": date(2020, 1, 1), "link": "https://x.example/1"}
        keep(file, [told, holds, *others])
        suite("--target", url, f"--write-deviations={file}", *FEW)
    assert listed(file) == [told, *others]


def deviation(**changes: object) -> Deviation:
    given = {"requirement": NO_KEY, "operation": ACCOUNT, "reason": "why", "since": TODAY, **changes}
    return Deviation.model_validate(given)


def test_one_for_every_operation_stays_one() -> None:
    known = deviation(operation=None)
    assert written([(NO_KEY, ACCOUNT), (NO_KEY, USER)], [known], TODAY) == (known,)


def test_one_that_has_expired_is_given_another_time_and_keeps_its_words() -> None:
    known = deviation(expires=date(2026, 4, 30))
    (kept,) = written([(NO_KEY, ACCOUNT)], [known], TODAY)
    assert (kept.reason, kept.since) == (known.reason, known.since)
    assert kept.expires is not None
    assert (kept.expires - TODAY).days == DAYS


def test_files_are_written_in_one_order_and_read_back(tmp_path: Path) -> None:
    walk = "vultr.pagination.walk-exactly-once"
    failed = [(walk, "GET /v2/plans"), (NO_KEY, ACCOUNT), (walk, "GET /v2/domains"), (walk, "GET /v2/plans")]
    found = written(failed, [], TODAY)
    files.write(tmp_path / "a.yaml", found)
    files.write(tmp_path / "b.yaml", written(reversed(failed), [], TODAY))
    assert (tmp_path / "a.yaml").read_text("utf-8") == (tmp_path / "b.yaml").read_text("utf-8")
    assert files.read(tmp_path / "a.yaml", [VULTR]) == found
    assert len(found) == 3


@pytest.mark.parametrize("expires", ["soon", "2026-13-01", 5.5])
def test_a_day_that_is_none_is_refused(tmp_path: Path, expires: object) -> None:
    entry = {"requirement": NO_KEY, "reason": "why", "since": TODAY, "expires": expires}
    keep(tmp_path / "d.yaml", [entry])
    with pytest.raises(ContractError) as refused:
        files.read(tmp_path / "d.yaml", [VULTR])
    assert ": expires: " in str(refused.value) or ".expires: " in str(refused.value)


def test_a_place_that_cannot_be_written_is_told_before_the_run(suite: Runner, tmp_path: Path) -> None:
    ran = suite(f"--write-deviations={tmp_path}", *FEW)
    assert ran.status == 4
    assert f"--write-deviations {tmp_path}: is a folder" in ran.text
    (tmp_path / "d.yaml").write_text("deviations: [1]", encoding="utf-8")
    ran = suite(f"--write-deviations={tmp_path / 'd.yaml'}", *FEW)
    assert ran.status == 4
    assert "d.yaml: deviations.0" in ran.text


def test_what_cannot_be_written_after_the_run_fails_it(suite: Runner, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    ran = suite(f"--write-deviations={tmp_path / 'file' / 'd.yaml'}", *FEW)
    assert ran.status == 1
    assert "error: --write-deviations: " in ran.text
    assert (ran.folder / "report.json").exists()


def test_a_judged_recording_knows_no_expired_ones_either(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(tmp_path / "d.yaml", [{"requirement": NO_KEY, "reason": "why", "since": TODAY, "expires": date(2020, 1, 1)}])
    (tmp_path / "empty.yaml").write_text("interactions: []\nversion: 1\n", encoding="utf-8")
    status = main(
        ["judge", "--api", "vultr", "--deviations", str(tmp_path / "d.yaml"), str(tmp_path / "empty.yaml"),
         "--report-dir", str(tmp_path / "reports")]
    )  # fmt: skip
    assert status == 1
    assert "expired on 2020-01-01" in capsys.readouterr().out
