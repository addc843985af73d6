"""Mutation of the code itself: does a test fail when the code is changed a little? `make mutants`.

`python -m conformance.selftest.mutants [--sample N] [--seed N] [--only GLOB] [--tests GLOB]`

A sample of small changes (`not` added, `<` for `<=`, `and` for `or`, a guard left out …) is made, one at a time, in a
copy of the checkout, and the selftests that reach it are run: neither the suite nor planted faults, which take long
and tell little more. What was found is kept, so a run that was stopped goes on where it was, and one after tests were
added tries the survivors only. The survivors of the sample that stay, each with its reason, are listed in
`mutants.yaml` beside this file.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import yaml
from attrs import frozen

from conformance.selftest.mutation_runs import (
    CRASHED,
    LONGEST,
    ROOT,
    TIMED_OUT,
    Copy,
    Reach,
    digest,
    import_from,
)
from conformance.selftest.mutations import Mutant, sample

LISTED = Path(__file__).with_name("mutants.yaml")
WANTED = 0.93


@frozen
class Found:
    """What became of a mutant: the test that killed it, or none.

    Attributes:
        code: the file it is in, by its digest.
        tests: the tests it was tried with, by their digest.
    """

    key: str
    killed_by: str | None
    code: str
    tests: str

    def holds(self, code: str, tests: str) -> bool:
        """Whether it need not be tried again; a killed one stays killed when tests are added."""
        # That no test came to run may have had another cause than the mutant.
        killed = self.killed_by not in (None, CRASHED)
        return self.code == code and (killed or self.tests == tests)


def examine(mutants: Sequence[Mutant], copy: Copy, files: str) -> dict[Mutant, Found]:
    """Tries each mutant that has not been tried; what is found is appended to a file at once."""
    kept = copy.kept / "found.ndjson"
    kept.touch()
    before = {
        found.key: found for found in (Found(**json.loads(line)) for line in kept.read_text("utf-8").splitlines())
    }
    reach = copy.reach(files)
    found: dict[Mutant, Found] = {}
    for number, mutant in enumerate(mutants, start=1):
        tests = _tests(mutant, reach)
        paths = sorted({copy.root / test.partition("::")[0] for test in tests})
        code, by = digest([copy.root / mutant.file]), digest(paths, str(tests))
        if mutant.key in before and before[mutant.key].holds(code, by):
            found[mutant] = before[mutant.key]
            continue
        started = time.monotonic()
        with copy.with_mutant(mutant):
            killed_by = copy.run(tests, 10 + 2 * sum(reach[test].seconds for test in tests)) if tests else None
        found[mutant] = Found(mutant.key, killed_by, code, by)
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(attrs.asdict(found[mutant])) + "\n")
        took = time.monotonic() - started
        print(f"{number}/{len(mutants)} {took:5.1f} s  {killed_by or 'SURVIVED'}  {mutant.key}", flush=True)
    return found


def _tests(mutant: Mutant, reach: Mapping[str, Reach]) -> list[str]:
    """The tests that reach a mutant's function, or its file where an import runs it; the most special ones first."""
    place = f"{mutant.file} {mutant.function}"
    reaching = [test for test, reached in reach.items() if place in reached.functions] if mutant.function else []
    if not reaching:
        reaching = [test for test in reach if any(one.startswith(f"{mutant.file} ") for one in reach[test].functions)]

    def beside(test: str) -> float:
        """How much of what a test reaches lies elsewhere."""
        functions = reach[test].functions
        return sum(not one.startswith(f"{mutant.file} ") for one in functions) / len(functions)

    chosen, seconds = [], 0.0
    for test in sorted(reaching, key=lambda test: (beside(test), reach[test].seconds)):
        seconds += reach[test].seconds
        if seconds < LONGEST:
            chosen.append(test)
    return chosen


@frozen
class Listed:
    """A survivor that stays, and why."""

    file: str
    function: str
    before: str
    after: str
    reason: str

    def names(self, mutant: Mutant) -> bool:
        return attrs.astuple(self)[:4] == (mutant.file, mutant.function, mutant.before, mutant.after)


def listed(path: Path = LISTED) -> list[Listed]:
    return [Listed(**record) for record in yaml.safe_load(path.read_text("utf-8")) or ()]


def told(found: Mapping[Mutant, Found], reasons: Sequence[Listed]) -> tuple[str, bool]:
    """The figures and the survivors as Markdown, and whether enough are killed and every other has its reason."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    lines, unexplained = [], 0
    for mutant, result in found.items():
        end = {None: "survived", TIMED_OUT: "time-out"}.get(result.killed_by, "killed")
        counts[mutant.package][end] += 1
        if end == "survived":
            reason = next((one.reason for one in reasons if one.names(mutant)), None)
            unexplained += reason is None
            lines.append(f"- `{mutant.file}`, `{mutant.function}`: {reason or 'NO REASON GIVEN'}")
            lines += [f"  - was `{mutant.before}`", f"  - is `{mutant.after}`"]
    table = ["| package | mutants | killed | by time-out | survived | killed, % |", "|---|---|---|---|---|---|"]
    rows = [*counts.items(), ("all", sum(counts.values(), Counter()))]
    for package, count in rows:
        killed = count["killed"] + count["time-out"]
        figures = (count.total(), killed, count["time-out"], count["survived"], f"{100 * killed / count.total():.1f}")
        table.append(f"| {package} | {' | '.join(map(str, figures))} |")
    survived = rows[-1][1]["survived"]
    text = "\n".join(["# Mutants", "", *table, "", f"## The {survived} that survive", "", *lines, ""])
    return text, not unexplained and survived <= (1 - WANTED) * len(found)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sample", type=int, default=450, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--only", default="*", metavar="GLOB", help="of the sample only what lies in these files")
    parser.add_argument("--tests", default="*", metavar="GLOB", help="of the selftests only these files")
    parser.add_argument("--folder", type=Path, default=ROOT / "reports" / "mutants", metavar="DIR")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    mutants = sample(ROOT, options.sample, options.seed, options.only)
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy.made(Path(folder).resolve(), options.folder)
        import_from(copy)
        found = examine(mutants, copy, options.tests)
    text, enough = told(found, listed())
    (options.folder / "mutants.md").write_text(text, "utf-8")
    print(f"\n{text}\nwritten to {options.folder / 'mutants.md'}")
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
