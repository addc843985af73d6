"""`report.html`: one self-contained page, readable without its script, which only filters and copies."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from conformance.contract.verdict import Verdict
from conformance.report.cases import Requirement, counted
from conformance.report.figures import FAILING, Cause, by_cause, causes
from conformance.report.model import Report
from conformance.report.plain import FINDINGS_SHOWN, request_text, response_text
from conformance.report.summary import could_fail, count_line, detection_lines
from conformance.report.text import cut, visible

_LINE = 500
"""Characters of a line that says why; what is below it says it whole."""

_FOLDED = frozenset({Verdict.BROKEN, Verdict.BLOCKED})

_ENVIRONMENT = Environment(
    loader=PackageLoader("conformance.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: visible(value) if type(value) is str else value,
)

_ENVIRONMENT.filters["brief"] = lambda text: cut(text, _LINE)


def render_html(report: Report) -> str:
    """The report as an HTML page whose policy admits only its own style and script."""
    style, script = _asset("report.css"), _asset("report.js")
    return _ENVIRONMENT.get_template("report.html.j2").render(
        report=report,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        ids={item.id for item in report.requirements},
        areas=sorted({item.area for item in report.requirements}),
        strengths=sorted({item.text.strength for item in report.requirements}),
        verdicts=counted(item.verdict for item in report.requirements),
        failures=causes(report.requirements, FAILING),
        blocked=causes(report.requirements, {Verdict.BLOCKED}),
        warned=causes(report.requirements, {Verdict.WARNED}),
        findings_shown=FINDINGS_SHOWN,
        by_cause=by_cause,
        folded=_folded,
        alone=_alone,
        request_text=request_text,
        response_text=response_text,
        count_line=count_line,
        could_fail=could_fail,
        detection=detection_lines(report),
        is_link=lambda url: bool(url) and url.startswith(("https://", "http://")),
    )


def _folded(requirements: Iterable[Requirement]) -> tuple[Cause[Requirement], ...]:
    """What one cause kept from being judged, several at a time: each cause is one row."""
    kept = by_cause(item for item in requirements if item.verdict in _FOLDED)
    return tuple(cause for cause in kept if len(cause.items) > 1)


def _alone(requirements: Iterable[Requirement]) -> list[Requirement]:
    """All others."""
    folded = {item.id for cause in _folded(requirements) for item in cause.items}
    return [item for item in requirements if item.id not in folded]


def _asset(name: str) -> str:
    # Files of this package, not data: they go into the page as they are, and its policy names their hashes.
    return (resources.files("conformance.report") / "templates" / name).read_text("utf-8")


def _hash(asset: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(asset.encode()).digest()).decode()
