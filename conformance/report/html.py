"""`report.html`: one self-contained page, readable without its script, which only filters and copies."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from conformance.report.model import Report
from conformance.report.plain import FINDINGS_SHOWN, request_text, response_text
from conformance.report.summary import count_line
from conformance.report.text import visible

_ENVIRONMENT = Environment(
    loader=PackageLoader("conformance.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: visible(value) if type(value) is str else value,
)


def render_html(report: Report) -> str:
    """The report as an HTML page whose policy admits only its own style and script."""
    style, script = _asset("report.css"), _asset("report.js")
    return _ENVIRONMENT.get_template("report.html.j2").render(
        report=report,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        areas=sorted({(item.api, item.area) for item in report.requirements}),
        findings_shown=FINDINGS_SHOWN,
        request_text=request_text,
        response_text=response_text,
        count_line=count_line,
        is_link=lambda url: bool(url) and url.startswith(("https://", "http://")),
    )


def _asset(name: str) -> str:
    # Files of this package, not data: they go into the page as they are, and its policy names their hashes.
    return (resources.files("conformance.report") / "templates" / name).read_text("utf-8")


def _hash(asset: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(asset.encode()).digest()).decode()
