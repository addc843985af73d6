"""`junit.xml`, ours and pytest's own, is what Jenkins takes, and tells verdicts apart that fail nothing."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from xmlschema import XMLSchema

from conformance.contract.verdict import Verdict
from conformance.report.events import Footer
from conformance.report.junit import render_junit
from conformance.report.model import Report
from conformance.selftest.servers import Runner
from conformance.selftest.test_report_events import every_verdict, header, verdict
from conformance.selftest.test_report_renderers import SAMPLES

SCHEMA = XMLSchema(Path(__file__).with_name("junit.xsd"))


@pytest.mark.parametrize("sample", SAMPLES)
def test_jenkins_takes_it(sample: str) -> None:
    xml = render_junit(Report.from_events(SAMPLES[sample])).decode()
    SCHEMA.validate(xml)
    assert not SCHEMA.is_valid(xml.replace(' errors="', ' faults="'))


def cases() -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring(render_junit(Report.from_events(every_verdict())))
    return {case.get("name", "").split(".")[1]: case for case in root.iter("testcase") if case.get("name") != "run"}


@pytest.mark.parametrize("value", Verdict)
def test_a_verdict_is_the_type_of_what_happened_or_begins_the_output(value: Verdict) -> None:
    case = cases()[value.value]
    told = {child.tag: child for child in case}
    if value is Verdict.PASSED:
        assert not told
    elif value is Verdict.BROKEN:
        assert told["error"].get("type") == value.value
    elif value.fails_run:
        assert told["failure"].get("type") == value.value
    elif value.seen:
        assert str(told["system-out"].text).startswith(f"{value.value}: because {value.value}\n\nMUST (text): No key")
        assert "curl " in str(told["system-out"].text)
    else:
        assert told["skipped"].get("type") == value.value
        assert str(told["skipped"].get("message")).startswith(f"{value.value}: because {value.value}")
    assert len(told) == (value is not Verdict.PASSED)


def test_a_case_has_a_time_and_the_file_of_its_test() -> None:
    for case in cases().values():
        assert (case.get("time"), case.get("file")) == ("0.0", "test_auth.py")


def test_clients_are_a_suite_of_their_own() -> None:
    names = ("vultr.auth.no-key-401", "vultr.auth.client-keeps-key")
    first = header(*names)
    bound = first.requirements[names[1]].model_copy(update={"mode": "client"})
    known = first.model_copy(update={"requirements": {**first.requirements, names[1]: bound}})
    given = [verdict(Verdict.PASSED, names[0]), verdict(Verdict.FAILED, names[1], "client")]
    xml = render_junit(Report.from_events([known, *given, Footer(exchanges={"vultr": 1})]))
    suites = ElementTree.fromstring(xml).findall("testsuite")
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites] == [
        ("run", "1", "0"),
        ("vultr", "1", "0"),
        ("vultr client", "1", "1"),
    ]


def test_that_of_pytest_has_the_verdicts_too(suite: Runner, tmp_path: Path) -> None:
    """Its properties are where pytest puts them, which the schema does not know; all else is valid."""
    ran = suite("-k", "account or bad-key-401", f"--junitxml={tmp_path}/pytest.xml", "-o", "junit_family=xunit2")
    assert ran.status == 0
    root = ElementTree.parse(tmp_path / "pytest.xml").getroot()
    told = set()
    for case in root.iter("testcase"):
        (properties,) = case.findall("properties")
        told |= {one.get("value") for one in properties if one.get("name") == "conformance verdict"}
        case.remove(properties)
    assert told >= set(ran.verdicts.values()) == {"passed"}
    SCHEMA.validate(ElementTree.tostring(root, encoding="unicode"))
