"""Exchanges and findings as plain text."""

from __future__ import annotations

from conformance.report.cases import Finding
from conformance.report.events import Request, Response

FINDINGS_SHOWN = 20
"""Findings of one case that a page shows; `events.ndjson` has them all."""


def request_text(request: Request) -> str:
    """A request as it reads on the wire, header names and values as stored."""
    return _message(f"{request.method} {request.url}", request.headers, request.body or "")


def response_text(response: Response) -> str:
    """A response as it reads on the wire, header names and values as stored."""
    return _message(f"{response.http_version} {response.status}", response.headers, response.body)


def _message(start: str, headers: tuple[tuple[str, str], ...], body: str) -> str:
    head = "\n".join([start, *(f"{name}: {value}" for name, value in headers)])
    return f"{head}\n\n{body}" if body else head


def finding_text(finding: Finding) -> str:
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
        lines += ["", request_text(finding.exchange.request), "", response_text(finding.exchange.response)]
    if finding.curl:
        lines += ["", finding.curl]
    return "\n".join(lines)
