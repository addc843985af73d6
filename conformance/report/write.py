"""All reports of a run, in one directory."""

from __future__ import annotations

from pathlib import Path

from conformance.report.events import canonical
from conformance.report.html import render_html
from conformance.report.json_report import render_json
from conformance.report.junit import render_junit
from conformance.report.markdown import render_markdown
from conformance.report.model import Report


def write_reports(report: Report, directory: Path) -> dict[str, Path]:
    """Write `events.ndjson`, `report.json`, `report.md`, `report.html` and `junit.xml`, replacing older ones.

    Each file is replaced whole, so nobody reads a half of one, and all are rendered before the first is. The
    directory is made if need be.

    Returns:
        The path of each by `events`, `json`, `markdown`, `html` and `junit`.
    """
    contents = {
        "events": ("events.ndjson", "".join(canonical(event) + "\n" for event in report.events).encode()),
        "json": ("report.json", render_json(report).encode()),
        "markdown": ("report.md", render_markdown(report).encode()),
        "html": ("report.html", render_html(report).encode()),
        "junit": ("junit.xml", render_junit(report)),
    }
    directory.mkdir(parents=True, exist_ok=True)
    paths = {}
    for kind, (name, content) in contents.items():
        paths[kind] = directory / name
        unfinished = directory / f".{name}.tmp"
        unfinished.write_bytes(content)
        unfinished.replace(paths[kind])
    return paths
