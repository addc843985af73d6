"""Recording: the same bytes each time, nothing lost that was not said again, and nothing kept of what broke."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance.contract.verdict import Outcome
from conformance.plugin.recordings import Recordings
from conformance.properties import Run
from conformance.selftest.servers import VULTR, Runner, dying, items, raw_server, reply, url_target
from conformance.shipped import SUITE
from conformance.targets.target import CASSETTES
from conformance.traffic import cassette

AUTH = ("-k", "bad-key-401 or no-key-401")
BAD_KEY = Path("test_auth/test_a_wrong_credential_is_refused.yaml")
NO_KEY = Path("test_auth/test_a_call_without_credentials_is_refused.yaml")
OBSERVED = Path("test_observed/test_every_exchange_is_as_documented.yaml")


def content(folder: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.yaml"))}


@pytest.fixture
def shipped(suite: Runner) -> Path:
    """A copy of the shipped cassettes, which runs record into."""
    suite.record_here()
    folder = suite.cassettes / "vultr"
    shutil.copytree(CASSETTES / "vultr", folder)
    return folder


def test_recording_again_leaves_every_byte_and_nothing_that_has_no_test(suite: Runner, shipped: Path) -> None:
    orphan = shipped / "test_gone" / "test_removed.yaml"
    orphan.parent.mkdir()
    shutil.copy(shipped / BAD_KEY, orphan)
    assert suite("--record", *AUTH).status == 0
    assert orphan.exists()
    assert suite("--record", paths=(SUITE / "common", SUITE / "http", SUITE / "vultr")).status == 0
    assert not orphan.exists()
    assert content(shipped) == content(CASSETTES / "vultr")


def test_a_recording_from_nothing_holds_every_take(suite: Runner) -> None:
    suite.record_here()
    ran = suite("--record", *AUTH)
    assert ran.status == 0
    recorded = cassette.read(suite.cassettes / "vultr" / BAD_KEY)
    operations = VULTR.requirements["vultr.auth.bad-key-401"].operations
    assert recorded.takes.keys() == {f"vultr.auth.bad-key-401[{operation}]" for operation in operations}
    assert recorded.provenance["source"] == "reference server"
    suite.replay_from(suite.cassettes)
    assert set(suite(*AUTH).verdicts.values()) == {"passed"}


def test_a_partial_recording_keeps_what_others_said(suite: Runner, shipped: Path) -> None:
    before = content(shipped)
    (shipped / BAD_KEY).unlink()
    ran = suite("--record", "--redraw", "-k", "bad-key-401 or get-returns-object and account")
    assert ran.status == 0
    assert content(shipped).keys() == before.keys()
    takes = cassette.read(shipped / OBSERVED).takes
    assert takes.keys() == cassette.read(CASSETTES / "vultr" / OBSERVED).takes.keys()


def test_recorded_cases_are_run_again_unless_new_ones_are_drawn(suite: Runner, shipped: Path) -> None:
    path = shipped / "test_pagination" / "test_a_made_up_cursor_is_refused.yaml"
    text = path.read_text("utf-8")
    drawn = next(take.cases[-1]["cursor"] for take in cassette.read(path).takes.values())
    path.write_text(text.replace(drawn, "conformance-drawn-before"), encoding="utf-8")
    suite("--record", "-k", "cursor-invalid")
    assert "conformance-drawn-before" in path.read_text("utf-8")
    suite("--record", "--redraw", "-k", "cursor-invalid")
    assert "conformance-drawn-before" not in path.read_text("utf-8")


class Interruption:
    """Ctrl-C before the third item."""

    def __init__(self) -> None:
        self.begun = 0

    def pytest_runtest_setup(self) -> None:
        self.begun += 1
        if self.begun == 3:
            raise KeyboardInterrupt


def test_a_recording_cut_off_loses_nothing(suite: Runner, shipped: Path) -> None:
    before = content(shipped)
    assert suite("--record", plugins=(Interruption(),)).status == 2
    assert content(shipped) == before


def test_what_breaks_replaces_no_older_take(suite: Runner, shipped: Path) -> None:
    before = content(shipped)
    with raw_server(dying()) as server:
        ran = suite("--record", "--target", server.url, "--allow-writes")
    assert "broken" in ran.verdicts.values()
    after = content(shipped)
    assert after[str(BAD_KEY)] == before[str(BAD_KEY)]
    assert after.keys() == before.keys()


def test_a_test_that_breaks_half_way_is_not_kept() -> None:
    answers = iter([reply({"account": {}}), reply({"error": "x"}, "401 Unauthorized"), b""])
    takes: dict[str, dict[str, cassette.Take]] = {}
    with raw_server(lambda _: next(answers, b"")) as server:
        target = url_target(server.url)
        result = Run(VULTR, target, recording=takes).run(items("vultr.auth.bad-key-401")[0])
        target.close()
    assert (result.outcome, takes) == (Outcome.BROKEN, {})


def test_a_recording_of_a_url_says_so(tmp_path: Path) -> None:
    with raw_server(lambda _: reply({"account": {}})) as server:
        target = url_target(server.url)
        recordings = Recordings({"vultr": target}, folder=tmp_path)
        run = Run(VULTR, target, recording=recordings.takes_of("vultr"))
        (item,) = items("vultr.schema.account-object")
        run.run(item)
        target.close()
        recordings.done(item)
        recordings.save([item])
    (path,) = tmp_path.rglob("*.yaml")
    provenance = cassette.read(path).provenance
    assert (provenance["source"], provenance["base_url"]) == ("selftest", server.url)
    assert provenance["credentials"] == ["default"]


ACCOUNT = SUITE / "vultr" / "test_account.py"


@pytest.mark.parametrize(
    "selection",
    [
        ("-k", "account"),
        ("-k", "get-returns-object", "--redraw"),
        ("--deselect", str(ACCOUNT)),
    ],
    ids=["some by name", "some drawn anew", "all but a file"],
)
def test_a_recording_of_some_keeps_what_was_not_run(suite: Runner, shipped: Path, selection: tuple[str, ...]) -> None:
    before = content(shipped)
    assert suite("--record", *selection).status == 0
    assert content(shipped).keys() == before.keys()
    if "--redraw" not in selection:
        assert content(shipped) == before


def test_a_recording_that_stops_at_a_failure_keeps_what_was_not_run(suite: Runner, shipped: Path) -> None:
    before = content(shipped)
    with raw_server(dying()) as server:
        assert suite("--record", "-x", "--target", server.url).status == 1
    assert content(shipped) == before


def test_a_recording_of_one_file_leaves_every_other(suite: Runner, shipped: Path) -> None:
    before = content(shipped)
    ran = suite("--record", paths=(ACCOUNT,))
    assert ran.status == 0
    assert len(ran.outcomes) == 2
    assert content(shipped) == before


def test_only_recordings_are_removed(suite: Runner, shipped: Path) -> None:
    theirs = shipped / "notes.yaml"
    theirs.write_text("mine: true", encoding="utf-8")
    assert suite("--record").status == 0
    assert theirs.read_text("utf-8") == "mine: true"


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_a_recording_that_was_cut_off_is_recorded_anew(suite: Runner, shipped: Path, part: float) -> None:
    path = shipped / BAD_KEY
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    ran = suite("--record", *AUTH)
    assert ran.status == 0
    (warning,) = ran.report["warnings"]
    assert warning.startswith(f"an older recording is of no use: {path}: ")
    assert len([line for line in ran.text.splitlines() if warning in line]) == 1
    assert cassette.read(path).takes.keys() == cassette.read(CASSETTES / "vultr" / BAD_KEY).takes.keys()
    assert "Traceback" not in ran.text


def test_a_recording_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    recorded = cassette.read(CASSETTES / "vultr" / BAD_KEY)
    cassette.write(path, recorded.provenance, recorded.takes)
    before = path.read_bytes()

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        cassette.write(path, {"source": "another"}, recorded.takes)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_recording_that_cannot_be_written_is_an_error_line(suite: Runner, shipped: Path) -> None:
    folder = (shipped / BAD_KEY).parent
    shutil.rmtree(folder)
    folder.write_text("no folder", encoding="utf-8")
    ran = suite("--record", *AUTH)
    assert ran.status == 1
    (error,) = ran.report["errors"]
    assert "the recording cannot be written: " in error
    assert "Traceback" not in ran.text
