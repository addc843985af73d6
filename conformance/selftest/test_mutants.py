"""`make mutants`: the same seed draws the same changes, each of what runs, and what became of them is told."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray", reason="cosmic-ray is not installed: make mutants does that")
pytest.importorskip("coverage", reason="coverage is not installed: make mutants does that")

from conformance.selftest.mutants import Found, Listed, listed, told
from conformance.selftest.mutation_runs import ROOT, TIMED_OUT, Copy
from conformance.selftest.mutations import Mutant, mutated, sample

CODE = """
def judged(page: int | None, limit: int = 3) -> str | None:
    if page is None:
        # Nothing to see.
        return
    for _ in range(limit):
        if page < limit and limit:
            continue
    return "x" or None
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for package, times in (("checks", 2), ("properties", 1), ("traffic", 1)):
        (tmp_path / "conformance" / package).mkdir(parents=True)
        (tmp_path / "conformance" / package / "one.py").write_text(CODE * times, "utf-8")
    return tmp_path


def test_the_same_seed_draws_the_same_mutants_and_another_one_others(checkout: Path) -> None:
    assert sample(checkout, 20, seed=1) == sample(checkout, 20, seed=1)
    assert sample(checkout, 20, seed=1) != sample(checkout, 20, seed=2)


def test_each_file_has_its_part_of_the_sample_whatever_else_is_asked_for(checkout: Path) -> None:
    mutants = sample(checkout, 20, seed=1)
    assert [mutant.package for mutant in mutants] == ["checks"] * 10 + ["properties"] * 5 + ["traffic"] * 5
    assert sample(checkout, 20, seed=1, only="*/traffic/*") == mutants[15:]


def test_every_mutant_changes_one_line_of_what_runs(checkout: Path) -> None:
    everything = sample(checkout, 10**4, seed=1, only="*/traffic/*")
    changed = {mutant.after for mutant in everything}
    assert {
        "if not page is None:", "if page is not None:", "if False:", "for _ in []:", "if page <= limit and limit:",
        "if page >= limit and limit:", "if page < limit or limit:", "break", 'return "x" and None',
        "def judged(page: int | None, limit: int = 4) -> str | None:",
    } <= changed  # fmt: skip
    assert not any("&" in line for line in changed), "an annotation is not run"
    assert {mutant.function for mutant in everything} == {"judged"}
    for mutant in everything:
        text = mutated(checkout, mutant.file, mutant.position)
        assert sum(line != other for line, other in zip(CODE.splitlines(), text.splitlines(), strict=True)) == 1


def test_a_mutant_is_in_the_copy_only_as_long_as_it_is_tried(checkout: Path) -> None:
    mutant = sample(checkout, 20, seed=1)[-1]
    path = checkout / mutant.file
    with Copy(checkout, checkout).with_mutant(mutant):
        assert mutant.after in path.read_text("utf-8")
    assert path.read_text("utf-8") == CODE


TESTS = """
def test_right(): pass

def test_wrong(): assert False

def test_endless():
    while True: pass
"""


def test_a_run_names_the_test_that_fails_and_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "checkout"
    root.mkdir()
    monkeypatch.chdir(root)
    (root / "test_x.py").write_text(TESTS, "utf-8")
    copy = Copy(root, tmp_path)
    with capfd.disabled():
        assert copy.run(["test_x.py"]) == "test_x.py::test_wrong"
        assert copy.run(["test_x.py::test_right"]) is None
        assert copy.run(["test_x.py::test_endless", "test_x.py::test_wrong"], 2) == TIMED_OUT


def mutant(after: str, package: str = "checks") -> Mutant:
    return Mutant(f"conformance/{package}/one.py", "judged", "if page is None:", after, 0, ("core/AddNot", 0))


def test_what_killed_a_mutant_kills_it_again_and_a_survivor_is_tried_with_new_tests() -> None:
    killed, survivor = Found("k", "test_x", code="1", tests="1"), Found("k", None, code="1", tests="1")
    assert killed.holds("1", "2")
    assert survivor.holds("1", "1")
    assert not survivor.holds("1", "2")
    assert not killed.holds("2", "1")


def test_the_figures_count_time_outs_as_killed_and_tell_every_survivor() -> None:
    ends = {"a": "test_a", "b": TIMED_OUT, "c": None}
    found = {mutant(after): Found(after, end, "1", "1") for after, end in ends.items()}
    text, enough = told(found, [])
    assert "| checks | 3 | 2 | 1 | 1 | 66.7 |" in text
    assert "NO REASON GIVEN" in text
    assert not enough


def test_a_survivor_with_a_reason_is_enough_where_most_are_killed() -> None:
    found = {mutant(str(number)): Found("", "test_a", "1", "1") for number in range(20)} | {
        mutant("c"): Found("", None, "1", "1")
    }
    reason = Listed("conformance/checks/one.py", "judged", "if page is None:", "c", "it is all the same")
    assert told(found, [reason])[1]
    assert "it is all the same" in told(found, [reason])[0]
    assert not told(found, [])[1]


def test_every_listed_survivor_is_a_line_of_the_code() -> None:
    for one in listed():
        lines = (ROOT / one.file).read_text("utf-8").splitlines()
        assert one.before in map(str.strip, lines), one
        assert len(one.reason) > 20, one
