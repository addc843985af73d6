"""Packages of npm for tests: installed from a lock, in a folder that is kept between runs of the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.selftest.servers import ROOT

EMULATORS = ROOT / "conformance" / "emulators"


def installed(name: str, package: str, version: str, spare: pytest.TempPathFactory) -> Path:
    """A folder below `emulators/` with what its lock names, where a package of that version is at hand.

    The test is skipped where that cannot be had, and told what it needs.
    """
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed, and {package} needs it: apt-get install nodejs npm")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "conformance-selftest" / f"{package}-{version}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = spare.mktemp(package)
    for file in (EMULATORS / name).iterdir():
        shutil.copy(file, folder / file.name)
    if not (folder / "node_modules" / package / "dist").is_dir():
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        made = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        if made.returncode:
            shutil.rmtree(folder / "node_modules", ignore_errors=True)
            pytest.skip(f"npm cannot install {package}: {made.stderr.strip().splitlines()[-1:]}")
    return folder
