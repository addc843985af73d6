"""Runs of tests on a copy of the checkout, with a mutant in it or without: which fail, and what each reaches."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import multiprocessing
import os
import re
import resource
import shutil
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

import attrs
import pytest
from attrs import define, field, frozen
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from coverage import Coverage
from parso.python.tree import Function, Lambda

from conformance.selftest.mutations import PACKAGES, Mutant, function_of, mutated

ROOT = Path(__file__).resolve().parents[2]
# Tests that tell nothing of these packages which the others do not, or take long for it.
APART = re.compile(
    r"test_(wheel|layering|fuzz|specs_fuzz|mutants|reference\w*|served?|proxy_defects|all_seen|gate|bad_servers|cli|\w+_suite"
    r"|plugin\w*|recording|report_\w+|targets_\w+)"
    r"\.py"
)

COLLECT = "--collect-only"

LONGEST = 6.0
"""Seconds of the processor that the tests which reach a mutant may take together; those that reach least go first."""

TIMED_OUT = "time-out"
CRASHED = "nothing can be run"


@define
class Reach:
    """How many seconds of the processor a test takes, and in which functions, as file and name, it comes."""

    seconds: float = 0
    functions: list[str] = field(factory=list)


@frozen
class Copy:
    """A copy of the checkout that mutants are made in.

    Attributes:
        kept: a folder for what need not be found out again.
    """

    root: Path
    kept: Path

    @classmethod
    def made(cls, folder: Path, kept: Path) -> Copy:
        skipped = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "dist", "__pycache__", "mutants")
        shutil.copytree(ROOT, folder / "checkout", ignore=skipped, symlinks=True)
        if (beside := ROOT.parent / "shared").exists():
            (folder / "shared").symlink_to(beside.resolve())
        return cls(folder / "checkout", kept)

    @contextlib.contextmanager
    def with_mutant(self, mutant: Mutant) -> Iterator[None]:
        path = self.root / mutant.file
        original = path.read_text("utf-8")
        changed = mutated(self.root, mutant.file, mutant.position)
        # What was compiled is told from the source by its age in seconds and its length only.
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()
        path.write_text(changed, "utf-8")
        try:
            yield
        finally:
            path.write_text(original, "utf-8")

    def run(self, tests: Sequence[str], seconds: float = 600, reach: Path | None = None) -> str | None:
        """The test that failed, or none; of a run without mutants, which tests reach what can be written to a file.

        A run that takes more seconds of the processor, or twenty times as many of the clock, is stopped.
        """
        said = self.root.parent / "said"
        process = multiprocessing.get_context("fork").Process(target=_run, args=(self.root, tests, said, reach))
        process.start()
        assert process.pid is not None
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (int(seconds), int(seconds)))
        process.join(20 * seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.join()
        if process.exitcode in (-signal.SIGKILL, -signal.SIGXCPU):
            return TIMED_OUT
        if process.exitcode == 0:
            return None
        failed = re.search(r"^(?:FAILED|ERROR) (\S+)", said.read_text("utf-8", "replace"), re.MULTILINE)
        return failed[1] if failed else CRASHED

    def reach(self, files: str = "*") -> dict[str, Reach]:
        """What each test reaches; that of a file of tests is found out again when it has changed."""
        found = {}
        paths = sorted((self.root / "conformance" / "selftest").glob("test_*.py"))
        paths = [path for path in paths if not APART.fullmatch(path.name) and fnmatch(path.name, files)]
        # Compiled once, they need not be by each run.
        self.run([COLLECT, *(str(path.relative_to(self.root)) for path in paths)])
        for path in paths:
            kept = self.kept / f"{path.stem}-{digest([path])}.json"
            if not kept.exists():
                print(f"what {path.name} reaches …", flush=True)
                if failed := self.run([str(path.relative_to(self.root))], reach=kept):
                    print(f"without any mutant {failed} fails: it can tell nothing", flush=True)
                    if not kept.exists():
                        raise SystemExit((self.root.parent / "said").read_text("utf-8"))
            found.update({test: Reach(**reach) for test, reach in json.loads(kept.read_text("utf-8")).items()})
        return found


@define
class _Reaching:
    """A plugin of pytest that finds out what tests reach."""

    root: Path
    coverage: Coverage
    found: dict[str, Reach] = field(factory=lambda: defaultdict(Reach))
    failed: set[str] = field(factory=set)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        test = item.nodeid.partition("[")[0]
        self.coverage.switch_context(test)
        started = time.process_time()
        ended = yield
        self.found[test].seconds += time.process_time() - started
        return ended

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if self.found[item.nodeid.partition("[")[0]].seconds > LONGEST:
            pytest.skip("no mutant is tried with a test that takes so long")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid.partition("[")[0])

    def write(self, path: Path) -> None:
        data = self.coverage.get_data()
        for file in data.measured_files():
            names = _functions_of_lines(Path(file))
            reached = {
                (test, f"{Path(file).relative_to(self.root)} {names.get(line, '')}")
                for line, tests in data.contexts_by_lineno(file).items()
                for test in tests
                if test in self.found
            }
            for test, function in sorted(reached):
                self.found[test].functions.append(function)
        able = {test: attrs.asdict(reach) for test, reach in self.found.items() if test not in self.failed}
        path.write_text(json.dumps(able), "utf-8")


def _functions_of_lines(path: Path) -> dict[int, str]:
    named: dict[int, str] = {}
    # Inner ones come after those they are in.
    for node in ast_nodes(get_ast_from_path(path)):
        if isinstance(node, Function) and not isinstance(node, Lambda):
            named |= dict.fromkeys(range(node.start_pos[0], node.end_pos[0] + 1), function_of(node))
    return named


def import_from(copy: Copy) -> None:
    """Imports what tests import, so that no run of them must do it again where it cannot have changed."""
    os.chdir(copy.root)
    sys.path.insert(0, str(copy.root))
    os.environ["PYTHONPATH"] = str(copy.root)
    # Hypothesis draws the same each time, and has no deadline that a busy machine would miss.
    os.environ["CI"] = "true"
    # What was imported before is not rewritten, which pytest warns of.
    os.environ["PYTEST_ADDOPTS"] = "-W ignore::pytest.PytestAssertRewriteWarning"
    for name in [name for name in sys.modules if name.partition(".")[0] == "conformance"]:
        del sys.modules[name]
    for name in ("schemathesis.pytest.plugin", "conformance.commands.main", "conformance.selftest.servers"):
        importlib.import_module(name)
    contract = importlib.import_module("conformance.contract")
    for api in contract.contracts():
        contract.load(api)
    gc.freeze()


def _run(root: Path, tests: Sequence[str], said: Path, reach: Path | None) -> None:
    """Runs tests on the copy, in a process that was forked when all that cannot change had been imported."""
    os.setsid()
    # Only where no mutant is may a compiled file be left.
    sys.dont_write_bytecode = reach is None and COLLECT not in tests
    for name in [name for name in sys.modules if re.fullmatch(r"conformance(?!\.contract|\.reference).*", name)]:
        del sys.modules[name]
    importlib.invalidate_caches()
    # What the selftests need of the plugin they start themselves.
    options = ["-q", "--tb=short", "-p", "no:conformance"]
    with said.open("w", encoding="utf-8") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        if reach is None:
            status = pytest.main([*options, "-x", *tests])
        else:
            coverage = Coverage(data_file=None, source=[str(root / "conformance" / package) for package in PACKAGES])
            reaching = _Reaching(root, coverage)
            with coverage.collect():
                status = pytest.main([*options, *tests], [reaching])
            if status in (0, 1):
                reaching.write(reach)
        sys.stdout.flush()
    os._exit(int(status))


def digest(paths: Iterable[Path], more: str = "") -> str:
    return sha256(b"\0".join([*(path.read_bytes() for path in paths), more.encode()])).hexdigest()[:16]
