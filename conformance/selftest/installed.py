"""The built wheel in an environment of its own, and runs of what it installs."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from attrs import frozen

from conformance.selftest.servers import ROOT


@frozen
class Installed:
    """An environment that holds the wheel, and whatever it depends on as the environment of these tests has it."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def site(self) -> Path:
        """Where its packages lie."""
        return next(self.folder.glob("lib/python*/site-packages"))

    def environ(self, **variables: str) -> dict[str, str]:
        """The environment of a process that has it activated, without what these tests run under."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST", "PYTHON", "VIRTUAL", "COV", "VULTR_"))
        }
        return {**inherited, "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100", **variables}

    def __call__(self, folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a command in a folder; `pytest` and `python` are the environment's."""
        known = {"pytest": [str(self.bin / "python"), "-m", "pytest"], "python": [str(self.bin / "python")]}
        words = known.get(command[0], [str(self.bin / command[0])])
        return subprocess.run(
            [*words, *command[1:]],
            cwd=folder,
            env=self.environ(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @contextmanager
    def serving(self, folder: Path, api: str, **variables: str) -> Iterator[tuple[str, IO[str]]]:
        """`conformance serve API` while the block lasts: its URL, and what it prints after the line with it."""
        process = subprocess.Popen(
            [str(self.bin / "conformance"), "serve", api],
            cwd=folder,
            env=self.environ(**variables),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield process.stdout.readline().partition(" at ")[2].partition(",")[0], process.stdout
        finally:
            process.terminate()
            assert process.wait(timeout=20) == 0
            process.stdout.close()


def build(folder: Path) -> Path:
    """Builds the wheel of the checkout into a folder."""
    _run("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Installed:
    """An environment with the wheel as pip installs it; nothing is fetched."""
    _run("-m", "venv", str(folder))
    installed = Installed(folder)
    # Not the folder itself: there this project is installed already.
    dependencies = folder / "dependencies"
    dependencies.mkdir()
    for path in {Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")}:
        for entry in path.iterdir():
            if not entry.name.lstrip("_").startswith(("conformance", "pip", "setuptools")):
                (dependencies / entry.name).symlink_to(entry)
    (installed.site / "dependencies.pth").write_text(f"{dependencies}\n", encoding="utf-8")
    _run("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel), python=installed.bin / "python")
    return installed


def _run(*arguments: str, python: Path = Path(sys.executable)) -> None:
    done = subprocess.run([str(python), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
