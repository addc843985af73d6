"""What is written for Node.js and stands beside the tests: installed from its lock, where node and npm are there."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HOW = "apt-get install nodejs npm, or https://nodejs.org"


def installed(source: Path, name: str, otherwise: Path) -> Path:
    """A folder's content with its packages installed, in a folder that is kept between runs of the tests.

    Args:
        name: of the kept folder; another version has another one.
        otherwise: where it goes if nothing can be kept.

    A test that asks for it is skipped, with the reason, where it cannot be had.
    """
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed ({HOW}): {source.name} needs it")
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "conformance-selftest" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = otherwise
    for file in source.iterdir():
        if file.is_file():
            shutil.copy(file, folder / file.name)
    whole = folder / ".installed"
    if not whole.exists():
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        made = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        if made.returncode:
            shutil.rmtree(folder / "node_modules", ignore_errors=True)
            pytest.skip(f"npm cannot install {source.name}: {made.stderr.strip().splitlines()[-1:]}")
        whole.touch()
    return folder
