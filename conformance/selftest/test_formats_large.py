"""Recordings that are larger than they may be in memory are read piece by piece, and it is told how far."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conformance.commands.judge import Progress
from conformance.selftest.judging import Judged
from conformance.selftest.test_formats_go_vcr import one
from conformance.selftest.test_formats_har import entry, har
from conformance.traffic import formats, walks
from conformance.traffic.loading import MAX_FILE

# Under so much it also runs where the readers themselves take a little more.
MOST_MIB = 24
SCRIPT = """
import resource, sys
from pathlib import Path
from conformance.traffic import formats, walks

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

before = peak()
count = sum(entry.said is not None for entry in formats.read(Path(sys.argv[1])).entries(formats.untold))
print(count, peak() - before)
"""


def body(size: int) -> str:
    return json.dumps({"account": {"name": "x" * size}})


def grown(path: Path) -> tuple[int, int]:
    """How many exchanges a file holds, and how many MiB reading them takes."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, timeout=120, check=True
    )
    count, size = ended.stdout.split()
    return int(count), int(size)


def test_a_large_har_file_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "c.har"
    before, after = har(entry()).split('"entries": [')
    one_entry = json.dumps(entry(response={"content": {"text": body(50_000), "size": -1}}))
    with path.open("w", encoding="utf-8") as file:
        file.write(before + '"entries": [')
        for _ in range(1500):
            file.write(one_entry + ",")
        file.write(after)
    assert path.stat().st_size > MAX_FILE
    count, size = grown(path)
    assert count == 1501
    assert size < MOST_MIB


def test_a_large_cassette_of_go_vcr_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    item = yaml.safe_dump([one(response={"body": body(50_000)})], width=10**6)
    with path.open("w", encoding="utf-8") as file:
        file.write("---\nversion: 2\ninteractions:\n")
        for _ in range(1500):
            file.write(item)
    assert path.stat().st_size > MAX_FILE
    count, size = grown(path)
    assert count == 1500
    assert size < MOST_MIB


def test_it_is_told_how_far_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "c.har"
    path.write_text(har(*[entry(response={"content": {"text": body(200_000)}})] * 30), encoding="utf-8")
    shares: list[float] = []
    assert len(list(formats.read(path).entries(shares.append))) == 30
    assert shares == sorted(shares)
    assert shares[0] < 0.5
    assert shares[-1] == 1


def test_progress_is_shown_on_a_terminal_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.har"
    path.write_text(har(entry()), encoding="utf-8")
    assert Judged(tmp_path / "reports", capsys, path).error == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    shown = Judged(tmp_path / "reports", capsys, path).error
    assert shown.startswith("\r[1/1] c.har ")
    assert shown.endswith(" 100%\n")


def test_progress_is_shown_when_it_changes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    progress = Progress(2)
    told = progress.file(Path("a.har"))
    for share in (0.101, 0.102, 0.2):
        told(share)
    progress.file(Path("b\x1b[31m.har"))
    progress.end()
    shown = capsys.readouterr().err
    assert [part.split()[-1] for part in shown.split("\r")[1:]][:3] == ["a.har", "10%", "20%"]
    assert "[2/2] b" in shown
    assert "\x1b" not in shown


def test_of_many_open_walks_those_left_longest_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "MOST_IDS", 10)
    kept = walks.Walks()
    for name in ("a", "b", "a", "c"):
        kept._keep(("GET", "/", (), name, None), walks.Walked(frozenset({"1", "2", "3"})))
    # A walk counts its records and its pages: two of four fit in ten.
    assert [key[3] for key in kept._open] == ["a", "c"]
