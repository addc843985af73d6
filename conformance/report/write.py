"""All reports of a run, in one directory, and the events they are made from while it lasts."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from attrs import frozen

from conformance.report.events import ReportError, canonical, read_events
from conformance.report.html import render_html
from conformance.report.json_report import render_json
from conformance.report.junit import render_junit
from conformance.report.markdown import render_markdown
from conformance.report.model import Report
from conformance.traffic.files import write_whole

FILES = {
    "events": ("events.ndjson", ('{"event":"header",',)),
    # Which verdict comes first by its name changes with the table of verdicts.
    "json": ("report.json", ('{\n "counts": {\n  "b',)),
    "markdown": ("report.md", ("# Conformance of ",)),
    # The second is what pages began with before they had the first.
    "html": ("report.html", ('<meta name="generator" content="conformance">', "<title>Conformance of ")),
    "junit": ("junit.xml", ('<testsuites name="conformance"',)),
}
"""The files of a report: name, and what the beginning of one that was written here holds, one of several."""

_BEGINNING = 4096


def check_directory(directory: Path) -> None:
    """Whether reports may go there: what somebody else wrote under one of their names is not replaced.

    Raises:
        ReportError: naming a file that is not a report.
    """
    for name, marks in FILES.values():
        path = directory / name
        try:
            with path.open("rb") as file:
                beginning = file.read(_BEGINNING)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ReportError(f"{path}: cannot be replaced by a report: {error.strerror}") from None
        if beginning and not any(mark.encode() in beginning for mark in marks):
            raise ReportError(f"{path}: was not written by conformance and is not replaced: name another folder")


def write_reports(report: Report, directory: Path) -> dict[str, Path]:
    """Write `events.ndjson`, `report.json`, `report.md`, `report.html` and `junit.xml`, replacing older ones.

    Each file is replaced whole, so nobody reads a half of one, and all are rendered before the first is. The
    directory is made if need be.

    Returns:
        The path of each by `events`, `json`, `markdown`, `html` and `junit`.

    Raises:
        ReportError: the directory cannot be written to, or holds such a file of somebody else.
    """
    contents = {
        "events": "".join(canonical(event) + "\n" for event in report.events).encode(),
        "json": render_json(report).encode(),
        "markdown": render_markdown(report).encode(),
        "html": render_html(report).encode(),
        "junit": render_junit(report),
    }
    check_directory(directory)
    paths = {kind: directory / name for kind, (name, _) in FILES.items()}
    try:
        for kind, path in paths.items():
            write_whole(path, contents[kind])
    except OSError as error:
        raise ReportError(f"{error.filename or directory}: cannot be written: {error.strerror}") from None
    return paths


@frozen
class Parts:
    """Where the processes of one run, and of no other, keep their events until it ends."""

    folder: Path

    @classmethod
    def of_run(cls, directory: Path, run_id: str | None = None) -> Parts:
        """Those of a run that begins, or of one with a known id, in the directory where its reports go."""
        return cls(directory / f".conformance-parts-{run_id or uuid4().hex[:12]}")

    @property
    def run_id(self) -> str:
        return self.folder.name.rpartition("-")[2]

    def of(self, process: str) -> Path:
        """The file of one process."""
        return self.folder / f"{process}.ndjson"

    @property
    def begun(self) -> bool:
        """Whether any process has had something to say."""
        return self.folder.is_dir()

    def report(self) -> Report:
        """The report of all processes.

        Raises:
            ReportError: the events cannot be read or do not belong together, or there are none.
        """
        return Report.from_events(read_events(sorted(self.folder.glob("*.ndjson"))))

    def remove(self) -> None:
        """Removes what the processes of the run wrote, and nothing else."""
        for file in self.folder.glob("*.ndjson"):
            file.unlink()
        with suppress(OSError):
            self.folder.rmdir()
