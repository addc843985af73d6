"""Exchanges and findings as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from conformance.report.cases import Finding
from conformance.report.events import Moment, Request, Response

FINDINGS_SHOWN = 5
"""Findings of one case that a page shows; `events.ndjson` has them all."""


def request_text(request: Request, body_limit: int | None = None) -> str:
    """A request as it reads on the wire, header names and values as stored."""
    return _message(f"{request.method} {request.url}", request.headers, _first(request.body or "", body_limit))


def response_text(response: Response, body_limit: int | None = None) -> str:
    """A response as it reads on the wire, header names and values as stored."""
    return _message(f"{response.http_version} {response.status}", response.headers, _first(response.body, body_limit))


def _first(body: str, limit: int | None) -> str:
    return body if limit is None or len(body) <= limit else f"{body[:limit]}…"


def _message(start: str, headers: tuple[tuple[str, str], ...], body: str) -> str:
    head = "\n".join([start, *(f"{name}: {value}" for name, value in headers)])
    return f"{head}\n\n{body}" if body else head


def timeline_text(timeline: Sequence[Moment]) -> list[str]:
    """The steps that led to a violation: under each its exchanges, with how to repeat them."""
    lines: list[str] = []
    for step, moments in groupby(timeline, key=lambda moment: moment.step):
        lines.append(step)
        for moment in moments:
            request, response = moment.exchange.request, moment.exchange.response
            lines += [f"  {request.method} {request.url} → {response.status}", f"  {moment.curl}"]
    return lines


def finding_text(finding: Finding, body_limit: int | None = None) -> str:
    """A finding with all it carries: whose it is, expected, actual, the exchange and how to repeat it."""
    times = f" (seen {finding.times} times)" if finding.times > 1 else ""
    lines = [f"{finding.party}: {finding.message}{times}"]
    if finding.expected is not None:
        lines.append(f"expected: {finding.expected}")
    if finding.actual is not None:
        lines.append(f"actual:   {finding.actual}")
    if finding.source:
        lines.append(f"in:       {finding.source}")
    if finding.exchange:
        request, response = finding.exchange.request, finding.exchange.response
        lines += ["", request_text(request, body_limit), "", response_text(response, body_limit)]
    if finding.curl:
        lines += ["", finding.curl]
    if finding.timeline:
        lines += ["", *timeline_text(finding.timeline)]
    return "\n".join(lines)
