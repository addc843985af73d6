"""The lines a terminal shows at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from conformance.contract.verdict import Verdict
from conformance.report.cases import Case, Requirement
from conformance.report.figures import Group, by_cause
from conformance.report.model import Report
from conformance.report.text import one_line


def summary_lines(report: Report, limit: int = 10) -> list[str]:
    """What was seen, provenance, counts, the first of each kind of line (at most `limit`), the exit status and why.

    Failures with one cause are one line.
    """
    lines = [report.headline]
    if report.exchanges:
        lines += map(one_line, report.provenance_lines)
    if report.cases:
        if report.target.requirements:
            lines.append(f"requirements: {count_line(report.target.requirement_counts)}")
            lines.append(f"requirement × operation: {count_line(report.target.counts)}")
        lines += [client_line(report.client)] if report.client.cases else []
        lines += [f"base requirements: {count_line(report.base.requirement_counts)}"] if report.base.cases else []
        lines += detection_lines(report)
        lines += _not_tested(report, limit)
    lines += _first(_told(report, {verdict for verdict in Verdict if verdict.fails_run}), limit)
    lines += _first(_told(report, {Verdict.WARNED}), limit)
    lines += _first([f"blocked {_counted(cases)} by {cause}" for cause, cases in report.blocked.items()], limit)
    lines += _first([f"not seen {item.id}: {_unseen(item)}" for item in report.missing], limit)
    lines += [one_line(f"error: {error}") for error in report.errors]
    lines += [one_line(f"warning: {warning}") for warning in report.warnings if warning not in report.blocked]
    lines += _first([f"notice: {notice}" for notice in report.notices], limit)
    lines += _of_documents(report)
    told = {f"note {finding.requirement}: {finding.message}" for finding in report.notes}
    lines += [one_line(note) for note in sorted(told)[:limit]]
    lines += _to_see_more(report, limit)
    return [*lines, one_line(f"exit status {report.exit_status}: {exit_reason(report)}")]


def _of_documents(report: Report) -> list[str]:
    """What of a published document the target does not serve, and what of it is not judged as it stands there."""
    lines = []
    if report.not_served:
        count = len(report.not_served)
        what = "operation of the published document is" if count == 1 else "operations of the published document are"
        lines.append(f"{count} {what} not served by this target: the report names them")
    if report.unchecked:
        counts = report.unchecked_counts
        told = f"{counts.get('repair', 0)} repaired, {counts.get('loss', 0)} left out"
        lines.append(f"{len(report.unchecked)} places of the published document are unchecked as they stand: {told}")
    return lines


def _to_see_more(report: Report, limit: int) -> list[str]:
    """What was not seen, and what whoever runs the suite can do about it."""
    unseen, needed = len(report.target.requirements) - report.target.seen, list(report.needed.items())
    live = report.targets[0].kind == "url"
    if not unseen and not (live and needed):
        return []
    head = f"{unseen or 'no'} requirement{'' if unseen == 1 else 's'} unseen"
    if not live:
        # What it lacks is given to a target that answers now.
        return [f"{head}: more is seen of a target that is up (--target URL)"]
    told = [f"{count} need {need.what} ({need.how})" for need, count in needed[:limit]]
    if told:
        told[0] = told[0].replace(" need ", " case needs " if needed[0][1] == 1 else " cases need ", 1)
    more = [f"and {len(needed) - limit} more needs"] if len(needed) > limit else []
    return [one_line(f"{head}{': ' if told else ''}{', '.join([*told, *more])}")]


def _not_tested(report: Report, limit: int) -> list[str]:
    """Those of the requirements without a case that nobody can check; why is in the report."""
    names = [one.id for one in report.requirements if one.text.not_tested]
    if not names:
        return []
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return [one_line(f"of these not tested, for the reasons that the report gives: {', '.join(names[:limit])}{more}")]


def _first(lines: Sequence[str], limit: int) -> list[str]:
    more = [f"… and {len(lines) - limit} more"] if len(lines) > limit else []
    return [*map(one_line, lines[:limit]), *more]


def _told(report: Report, verdicts: Set[Verdict]) -> list[str]:
    """The cases of some verdicts, worst first; what one cause did to many is told with the first of them."""
    return [
        f"{cause.verdict.value} {_counted(cause.items)}: {cause.why}"
        for cause in by_cause(case for case in report.cases if case.verdict in verdicts)
    ]


def _counted(cases: Sequence[Case]) -> str:
    """The first of some cases, and how many more there are."""
    first, *others = cases
    return f"{first.name}{f' and {len(others)} more' if others else ''}"


def client_line(client: Group) -> str:
    """What came of the requirements that bind clients, which are counted nowhere else."""
    return f"requirements of the client, no evidence of the target: {count_line(client.requirement_counts)}"


def detection_lines(report: Report) -> list[str]:
    """What the defects came to that were planted on the answers of the run; nothing where none were."""
    score = report.score
    if score is None:
        return []
    share = f" ({100 * score.seen // score.planted} %)" if score.planted else ""
    line = (
        f"detection on this target: {score.seen} of {score.planted} planted defects seen by the requirement they break"
    )
    beside = f", {score.elsewhere} by others alone" if score.elsewhere else ""
    judged = (*report.target.requirements, *report.base.requirements)
    unproven = sum(requirement.unproven for requirement in judged)
    more = [f"of {unproven} passed requirements no defect can be planted here"] if unproven else []
    return [f"{line}{share}{beside}", *more]


def could_fail(requirement: Requirement) -> str:
    """Whether a requirement could have failed: the share of its planted defects that it saw."""
    score = requirement.score
    if score is None:
        return ""
    if not score.planted:
        return "nothing can be planted" if requirement.unproven else ""
    return f"{score.seen}/{score.planted}"


def _unseen(requirement: Requirement) -> str:
    why = requirement.headline
    return f"{requirement.verdict.value}: {why}" if requirement.cases and why else why or requirement.verdict.value


def count_line(counts: Mapping[Verdict, int]) -> str:
    """The counts other than 0, worst verdict first, on one line."""
    return ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count) or "none"


def exit_reason(report: Report) -> str:
    """Why the exit status is what it is, on one line."""
    reasons = [reason for reason in report.exit_reasons if reason not in report.errors]
    if report.errors:
        reasons.append(f"{len(report.errors)} error{'s' if len(report.errors) > 1 else ''}")
    return "; ".join(reasons) or "nothing failed"
