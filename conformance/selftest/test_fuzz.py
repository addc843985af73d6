"""Bent recordings and specs end with lines for people and a status: a hundred here, thousands with `make fuzz`."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.selftest.fuzz import Fuzzer, main


def test_bent_recordings_never_crash_the_judge(tmp_path: Path) -> None:
    fuzzer = Fuzzer(tmp_path, seed=7)
    fuzzer.cassettes(100)
    assert fuzzer.defects == []
    # Were all refused as a whole, little of the judge would have been tried.
    assert fuzzer.statuses["cassette", 0] > 10


def test_bent_specs_never_crash_their_readers(tmp_path: Path) -> None:
    fuzzer = Fuzzer(tmp_path, seed=7)
    fuzzer.specs(40)
    assert fuzzer.defects == []
    assert fuzzer.statuses["specs", 2] > 12


def test_the_same_seed_makes_the_same_inputs(tmp_path: Path) -> None:
    first, second = Fuzzer(tmp_path, seed=3), Fuzzer(tmp_path, seed=3)
    first.cassettes(10)
    kept = sorted((path.name, path.read_bytes()) for path in tmp_path.glob("c.*"))
    second.cassettes(10)
    assert kept == sorted((path.name, path.read_bytes()) for path in tmp_path.glob("c.*"))
    assert first.statuses == second.statuses


def crash() -> int:
    raise KeyError("x")


def test_a_crash_and_words_of_python_are_defects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fuzzer = Fuzzer(tmp_path, seed=1)
    fuzzer.tried("cassette", "a crash", crash)
    fuzzer.tried("cassette", "no lines", lambda: 0)
    fuzzer.tried("cassette", "a status of its own", lambda: print("x") or 7)
    fuzzer.tried("cassette", "words", lambda: print("error: 'str' object has no attribute 'get'") or 1)
    fuzzer.tried("cassette", "right", lambda: print("error: the status is missing") or 1)
    assert [defect.seed for defect in fuzzer.defects] == ["a crash", "no lines", "a status of its own", "words"]
    assert main(["--cassettes", "3", "--specs", "1"]) == 0
    assert "0 defects" in capsys.readouterr().out
