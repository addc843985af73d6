"""The lines a terminal shows at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.contract.verdict import Verdict
from conformance.report.model import Report
from conformance.report.text import one_line


def summary_lines(report: Report, limit: int = 10) -> list[str]:
    """Provenance, counts, the first failures and notes (at most `limit` each), errors, the exit status and why."""
    failing = [case for case in report.cases if case.verdict.fails_run]
    failing.sort(key=lambda case: list(Verdict).index(case.verdict))
    lines = [
        *map(one_line, report.provenance_lines),
        f"requirements: {count_line(report.requirement_counts)}",
        f"requirement × operation: {count_line(report.counts)}",
        *(one_line(f"{case.verdict.value} {case.name}: {case.headline}") for case in failing[:limit]),
    ]
    if len(failing) > limit:
        lines.append(f"… and {len(failing) - limit} more")
    lines += [one_line(f"error: {error}") for error in report.errors]
    told = {f"note {finding.requirement}: {finding.message}" for finding in report.notes}
    lines += [one_line(note) for note in sorted(told)[:limit]]
    return [*lines, one_line(f"exit status {report.exit_status}: {exit_reason(report)}")]


def count_line(counts: Mapping[Verdict, int]) -> str:
    """The counts other than 0, worst verdict first, on one line."""
    return ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count) or "none"


def exit_reason(report: Report) -> str:
    """Why the exit status is what it is, on one line."""
    reasons = [reason for reason in report.exit_reasons if reason not in report.errors]
    if report.errors:
        reasons.append(f"{len(report.errors)} error{'s' if len(report.errors) > 1 else ''}")
    return "; ".join(reasons) or "nothing failed"
