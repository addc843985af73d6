"""`report.json`: the whole report for programs, in the format of `report.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conformance.contract.verdict import Verdict
from conformance.report.cases import Case, Finding, Requirement
from conformance.report.events import Score
from conformance.report.figures import Group
from conformance.report.model import Report

FORMAT = 2
"""The version of the format; it changes when a program that reads the old one would break."""


def render_json(report: Report) -> str:
    """The report as indented JSON with sorted keys and a newline at its end."""
    document = {
        "format": FORMAT,
        "run": {
            "apis": report.apis,
            "targets": [target.model_dump() for target in report.targets],
            "provenance": [item.model_dump() for item in report.provenance],
            "started": report.started,
            "options": report.options,
            "versions": report.versions,
        },
        "finished": report.finished,
        "exit_status": report.exit_status,
        "exit_reasons": report.exit_reasons,
        "exchanges": report.exchanges,
        "result": report.result.value,
        "headline": report.headline,
        **_figures(report.target),
        "groups": [
            {
                "name": group.name,
                "of_client": group.of_client,
                "base": group.base,
                "result": group.result.value,
                **_figures(group),
            }
            for group in report.groups
        ],
        "required": report.gate.required,
        "missing": [requirement.id for requirement in report.missing],
        "requirements": [_requirement(requirement) for requirement in report.requirements],
        "drift": [_finding(finding) for finding in report.drift],
        "unjudged": [_finding(finding) for finding in report.unjudged],
        "unknown_operations": report.unknown_operations,
        "not_served": report.not_served,
        "unchecked": {
            "counts": report.unchecked_counts,
            "places": [each.model_dump() for each in report.unchecked],
        },
        "errors": report.errors,
        "warnings": report.warnings,
        "notices": report.notices,
        "score": _score(report.score),
        "needed": [{**need.model_dump(), "cases": cases} for need, cases in report.needed.items()],
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _figures(group: Group) -> dict[str, Any]:
    return {
        "requirements_seen": group.seen,
        "requirements_total": len(group.requirements),
        "counts": _counts(group.counts),
        "requirement_counts": _counts(group.requirement_counts),
    }


def _counts(counts: Mapping[Verdict, int]) -> dict[str, int]:
    return {verdict.value: count for verdict, count in counts.items()}


def _requirement(requirement: Requirement) -> dict[str, Any]:
    return {
        "id": requirement.id,
        "api": requirement.api,
        "area": requirement.area,
        **requirement.text.model_dump(),
        "verdict": requirement.verdict.value,
        "score": _score(requirement.score),
        "cases": [_case(case) for case in requirement.cases],
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "operation": case.operation,
        "verdict": case.verdict.value,
        "reason": case.reason,
        "blocked_by": case.blocked_by,
        "held": case.held,
        "score": _score(case.score),
        "tests": case.tests,
        "deviation": case.deviation and case.deviation.model_dump(),
        "findings": [_finding(finding) for finding in case.findings],
    }


def _score(score: Score | None) -> dict[str, Any] | None:
    return None if score is None else score.model_dump()


def _finding(finding: Finding) -> dict[str, Any]:
    return finding.model_dump(mode="json")
