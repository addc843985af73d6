"""`conformance judge`, run in process, and what it came to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.commands.main import main


class Judged:
    """What a judgement came to: its status, its output and its reports."""

    def __init__(
        self, folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str | Path, api: str = "vultr"
    ) -> None:
        self.status = main(["judge", "--api", api, "--report-dir", str(folder), *map(str, arguments)])
        self.text, self.error = capsys.readouterr()
        self.folder = folder

    @property
    def report(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "report.json").read_text("utf-8"))
        return loaded

    @property
    def verdicts(self) -> dict[str, str]:
        return {requirement["id"]: requirement["verdict"] for requirement in self.report["requirements"]}
