"""`junit.xml`: a test suite for each API, one for its client and one for the run itself, as CI servers read it.

A verdict that fails the run is an error or a failure here too, and so is what had to be seen and was not;
nothing else is. The verdict is the type of the failure, error or skip; where there is none, it begins the output
of the test, and a test without output has passed.
"""

# mypy: allow-untyped-calls
# junitparser declares itself typed and leaves half of its methods without annotations.

from __future__ import annotations

import io

from junitparser import Attr, Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from conformance.contract.verdict import Verdict
from conformance.report.cases import Case, Requirement
from conformance.report.figures import Group
from conformance.report.model import Report
from conformance.report.plain import finding_text
from conformance.report.text import one_line, visible


class _TestCase(TestCase):
    file = Attr("file")


def render_junit(report: Report) -> bytes:
    """The report as JUnit XML in UTF-8, valid for the xUnit plugin of Jenkins.

    The only time in it is the start of the run. All durations are 0: what is judged together takes no time of its own.
    """
    xml = JUnitXml("conformance")
    suites = [_run_suite(report), *map(_suite, report.groups)]
    for suite in suites:
        suite.timestamp = report.started
        xml.add_testsuite(suite)
    # Not by update_statistics: the schema knows no number of skipped tests of the whole.
    xml.tests, xml.failures, xml.errors, xml.time = (
        sum(getattr(suite, name) for suite in suites) for name in ("tests", "failures", "errors", "time")
    )
    buffer = io.BytesIO()
    xml.write(buffer, pretty=True)
    return buffer.getvalue()


def _suite(group: Group) -> TestSuite:
    suite = TestSuite(group.name)
    missing = {requirement.id for requirement in group.missing}
    suite.add_testcases(
        [
            _testcase(requirement, case, missing=requirement.id in missing)
            for requirement in group.requirements
            for case in requirement.cases
        ]
    )
    return suite


def _run_suite(report: Report) -> TestSuite:
    """What fails the run apart from its verdicts, and where its answers came from."""
    case = TestCase("run", classname="conformance", time=0)
    if report.run_failures:
        error = Error(one_line("; ".join(report.run_failures)), "run")
        unseen = [f"not seen {item.id}: {item.headline}" for item in report.missing]
        error.text = visible("\n".join([*report.run_failures, *unseen]))
        case.append(error)
    suite = TestSuite("run")
    suite.add_property("result", report.result.value)
    suite.add_property("seen", report.headline)
    for line in report.provenance_lines:
        suite.add_property("provenance", one_line(line))
    for target in report.targets:
        suite.add_property("target", one_line(target.label))
    suite.add_testcases([case])
    return suite


def _testcase(requirement: Requirement, case: Case, *, missing: bool) -> TestCase:
    testcase = _TestCase(one_line(case.name), classname=f"{requirement.api}.{requirement.area}", time=0)
    for test in case.tests[:1]:
        testcase.file = one_line(test.partition("::")[0])
    headline = one_line(case.headline)
    if case.verdict.fails_run:
        kind = Error if case.verdict is Verdict.BROKEN else Failure
        result = kind(headline or case.verdict.value, case.verdict.value)
        result.text = visible(_account(requirement, case))
        testcase.append(result)
    elif missing:
        result = Failure(f"required, and not seen: {headline or case.verdict.value}", case.verdict.value)
        result.text = visible(_account(requirement, case))
        testcase.append(result)
    elif not case.verdict.seen:
        testcase.append(
            Skipped(f"{case.verdict.value}: {headline}" if headline else case.verdict.value, case.verdict.value)
        )
    elif case.verdict is not Verdict.PASSED or case.unproven:
        testcase.system_out = visible(f"{case.verdict.value}: {headline}\n\n{_account(requirement, case)}")
    return testcase


def _account(requirement: Requirement, case: Case) -> str:
    text = requirement.text
    lines = [f"{text.strength} ({text.basis}): {text.statement}", f"source: {requirement.clause or 'none'}"]
    if case.deviation:
        lines.append(f"listed as known since {case.deviation.since}: {case.deviation.reason}")
    violations = [finding_text(finding) for finding in case.findings if finding.outcome == "violated"]
    return "\n\n".join(["\n".join(lines), *violations])
