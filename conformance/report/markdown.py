"""`report.md`: the report for a merge request or a job summary.

Texts that a server may have written stand in code spans and fences, where no markup, link or mention works.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from conformance.report.cases import Case, Finding, Requirement
from conformance.report.events import RequirementText
from conformance.report.model import Report
from conformance.report.plain import FINDINGS_SHOWN, finding_text
from conformance.report.summary import count_line, exit_reason
from conformance.report.text import one_line, visible

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!~&@])")
_LINKABLE = re.compile(r"https?://[^\s()<>\\]+")


def render_markdown(report: Report) -> str:
    """The report in GitHub's Markdown, with a newline at its end."""
    return "\n\n".join(_blocks(report)) + "\n"


def _blocks(report: Report) -> Iterable[str]:
    yield f"# Conformance of {', '.join(report.apis) or 'nothing'}"
    yield f"**{report.headline}**"
    yield f"**Exit status {report.exit_status}**: {_text(exit_reason(report))}"
    yield _list(
        [
            f"Target: {', '.join(_code(target.label) for target in report.targets)}",
            *(_text(line) for line in report.provenance_lines),
            f"Started: {report.started}",
            f"Finished: {'yes' if report.finished else '**no, the run was cut off**'}",
            f"Exchanges: {report.exchanges}",
        ]
    )
    if report.errors:
        yield "## Errors"
        yield _list(_code(error) for error in report.errors)
    if report.warnings:
        yield "## Warnings"
        yield _list(_code(warning) for warning in report.warnings)
    if report.missing:
        yield "## Required, and not seen"
        yield _list(f"{_code(item.id)} {item.verdict.value}: {_code(item.headline)}" for item in report.missing)
    yield "## Verdicts"
    cases = report.counts
    yield _table(
        ("Verdict", "Requirements", "Requirement × operation"),
        (
            (verdict.value, str(count), str(cases[verdict]))
            for verdict, count in report.requirement_counts.items()
            if count or cases[verdict]
        ),
    )
    told = [item for item in report.requirements if item.verdict.fails_run]
    if told:
        yield "## Failures"
        for requirement in told:
            yield from _failure(requirement)
    yield "## Requirements"
    yield _table(
        ("Verdict", "Requirement", "Strength", "Operations", "Why"),
        (_row(requirement) for requirement in report.requirements),
    )
    unjudged = tuple(finding for finding in report.unjudged if finding.outcome == "violated")
    sections = (("Notes", report.notes), ("Drift", report.drift), ("Findings without a verdict", unjudged))
    for title, findings in sections:
        if findings:
            yield f"## {title}"
            yield _list(map(_loose, findings))
    if report.unknown_operations:
        yield "## Operations in no document"
        yield _table(
            ("Operation", "Exchanges"),
            ((_code(name), str(count)) for name, count in report.unknown_operations.items()),
        )


def _failure(requirement: Requirement) -> Iterable[str]:
    text = requirement.text
    yield f"### {_code(requirement.id)}"
    yield f"> {_text(text.statement)}\n>\n> {text.strength}, {text.basis}; {_clause(text)}"
    for case in requirement.cases:
        if case.verdict.fails_run:
            yield from _case(case)


def _case(case: Case) -> Iterable[str]:
    yield f"**{case.verdict.value}** at {_code(case.operation)}: {_code(case.headline or case.verdict.value)}"
    if case.deviation:
        yield f"Listed as known since {_text(case.deviation.since)}: {_text(case.deviation.reason)}"
    violations = [finding for finding in case.findings if finding.outcome == "violated"]
    for finding in violations[:FINDINGS_SHOWN]:
        yield _fence(finding_text(finding))
    if len(violations) > FINDINGS_SHOWN:
        yield f"{len(violations) - FINDINGS_SHOWN} more findings are in `events.ndjson`."


def _row(requirement: Requirement) -> tuple[str, ...]:
    return (
        requirement.verdict.value,
        _code(requirement.id),
        requirement.text.strength,
        count_line(requirement.counts),
        _code(requirement.headline if requirement.cases or requirement.text.not_tested else ""),
    )


def _clause(text: RequirementText) -> str:
    section = _text(text.section or "the document")
    return f"[{section}]({text.url})" if text.url and _LINKABLE.fullmatch(text.url) else section


def _loose(finding: Finding) -> str:
    what = f"{finding.requirement}[{finding.operation}]" if finding.requirement else finding.operation
    return f"{_code(what)}: {_code(finding.message)} ({finding.party}, {finding.times}×)"


def _text(text: str) -> str:
    return _MARKUP.sub(r"\\\1", one_line(text))


def _code(text: str) -> str:
    text = one_line(text)
    ticks = "`" * (_longest_run(text) + 1)
    return f"{ticks} {text} {ticks}" if text else ""


def _fence(text: str) -> str:
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}text\n{visible(text)}\n{ticks}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    # A table reads an unescaped bar as the end of its cell, even inside a code span.
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in (head, ("---",) * len(head), *rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in escaped)
