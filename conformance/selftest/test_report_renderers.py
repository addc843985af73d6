"""Every renderer is fed every verdict, hostile texts, an empty run and one that was cut off."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from junitparser import JUnitXml

from conformance.contract.verdict import Verdict
from conformance.report.events import Event, EventLog, Footer, Header, read_events
from conformance.report.html import render_html
from conformance.report.json_report import render_json
from conformance.report.junit import render_junit
from conformance.report.markdown import render_markdown
from conformance.report.model import Report
from conformance.report.write import write_reports
from conformance.selftest.test_report_events import HOSTILE, RUN, every_verdict, header, verdict, wording

REFERENCE = "from the reference server (version 1), not from the vendor"


def hostile() -> list[Event]:
    """A run where every text that any source may hold is hostile."""
    requirement, *rest = every_verdict(HOSTILE)
    assert isinstance(requirement, Header)
    texts = {name: wording(HOSTILE, section=HOSTILE, url="javascript:x") for name in requirement.requirements}
    known = verdict(Verdict.DEVIATES, operation=HOSTILE)
    assert known.deviation
    shown = known.model_copy(
        update={
            "reason": HOSTILE,
            "test": HOSTILE,
            "requirement": "vultr.deviates.rule",
            "deviation": known.deviation.model_copy(update={"reason": HOSTILE, "link": "javascript:x"}),
        }
    )
    run = RUN.model_copy(update={"options": {HOSTILE: HOSTILE}, "versions": {HOSTILE: HOSTILE}})
    return [Header(run=run, requirements=texts), shown, *rest]


SAMPLES: dict[str, list[Event]] = {
    "every-verdict": every_verdict(),
    "hostile": hostile(),
    "empty": [header(), Footer(exchanges={})],
    "nothing-exercised": [header("vultr.auth.no-key-401"), Footer(exchanges={})],
    "cut-off": every_verdict()[:-1],
    "merged": [*every_verdict(), *every_verdict("another message")],
}


@pytest.fixture(params=SAMPLES)
def report(request: pytest.FixtureRequest) -> Report:
    return Report.from_events(SAMPLES[request.param])


def page_of(sample: str) -> Page:
    page = Page()
    page.feed(render_html(Report.from_events(SAMPLES[sample])))
    return page


class Page(HTMLParser):
    """What a browser would make of a page: its elements, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_reports_are_written_and_the_events_give_them_again(report: Report, tmp_path: Path) -> None:
    paths = write_reports(report, tmp_path / "new" / "directory")
    assert {kind: path.name for kind, path in paths.items()} == {
        "events": "events.ndjson",
        "json": "report.json",
        "markdown": "report.md",
        "html": "report.html",
        "junit": "junit.xml",
    }
    assert sorted(path.name for path in paths["json"].parent.iterdir()) == sorted(p.name for p in paths.values())
    again = write_reports(Report.from_events(read_events([paths["events"]])), tmp_path / "again")
    for kind, path in paths.items():
        assert again[kind].read_bytes() == path.read_bytes()


def test_reports_do_not_depend_on_the_order_of_events(tmp_path: Path) -> None:
    shuffled = list(SAMPLES["merged"])
    random.Random(1).shuffle(shuffled)
    one = write_reports(Report.from_events(SAMPLES["merged"]), tmp_path / "one")
    other = write_reports(Report.from_events(shuffled), tmp_path / "other")
    for kind, path in one.items():
        assert path.read_bytes() == other[kind].read_bytes()


def test_reports_replace_older_ones_even_the_log_they_come_from(tmp_path: Path) -> None:
    with EventLog(tmp_path / "events.ndjson") as log:
        for event in SAMPLES["every-verdict"]:
            log.write(event)
    for _ in range(2):
        report = Report.from_events(read_events([tmp_path / "events.ndjson"]))
        write_reports(report, tmp_path)
    assert report == Report.from_events(SAMPLES["every-verdict"])


def test_json_is_what_its_schema_says(report: Report) -> None:
    schema = json.loads((resources.files("conformance.report") / "report.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    rendered = render_json(report)
    document: dict[str, Any] = json.loads(rendered)
    Draft202012Validator(schema).validate(document)
    assert rendered.endswith("}\n")
    assert schema["$defs"]["verdict"]["enum"] == [verdict.value for verdict in Verdict]
    assert document["exit_status"] == report.exit_status
    counted = sum(sum(group["counts"].values()) for group in document["groups"])
    assert counted == sum(len(item["cases"]) for item in document["requirements"])


def test_junit_agrees_with_the_report(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_bytes(render_junit(report))
    run, *suites = JUnitXml.fromfile(str(path))
    cases = [case for suite in suites for case in suite]
    counts = {verdict: sum(group.counts[verdict] for group in report.groups) for verdict in Verdict}
    assert len(cases) == len(report.cases)
    assert sum(case.is_error for case in cases) == counts[Verdict.BROKEN]
    assert sum(case.is_failure for case in cases) == sum(
        counts[verdict] for verdict in Verdict if verdict.fails_run and verdict is not Verdict.BROKEN
    )
    assert sum(case.is_skipped for case in cases) == sum(counts[v] for v in Verdict if not v.seen and not v.fails_run)
    (whole,) = run
    assert whole.is_error == bool(report.run_failures)
    assert (report.exit_status == 1) == any(case.is_error or case.is_failure for case in [whole, *cases])
    assert {suite.timestamp for suite in (run, *suites)} == {RUN.started}


def test_junit_cases_carry_id_area_verdict_and_account() -> None:
    (case,) = (
        case
        for suite in JUnitXml.fromstring(render_junit(Report.from_events(SAMPLES["every-verdict"])))
        for case in suite
        if case.is_failure and case.result[0].type == "failed"
    )
    assert (case.name, case.classname) == ("vultr.failed.rule[GET /v2/plans]", "vultr.failed")
    (failure,) = case.result
    assert failure.message == "the key was not asked for"
    for part in (
        "MUST (text): No key",
        "Authentication https://docs.test/#auth",
        "expected: ",
        "HTTP/1.1 200",
        "curl ",
    ):
        assert part in failure.text


def test_html_shows_what_a_reader_needs() -> None:
    text = page_of("every-verdict").text
    for part in [
        *(value.value for value in Verdict),
        REFERENCE,
        "Exit status 1",
        "The run finished.",
        "No key, no data.",
        "Authentication",
        "Expected",
        "Actual",
        "HTTP/1.1 200",
        "curl the key",
        "server",
        "Drift",
        "Operations in no document",
        "answers 403",
    ]:
        assert part in text
    assert "The run was cut off" in page_of("cut-off").text
    assert "no requirement was exercised" in page_of("empty").text


def test_html_makes_no_markup_of_data() -> None:
    tame, page = page_of("every-verdict"), page_of("hostile")
    assert "img" not in page.tags
    assert page.tags.count("script") == tame.tags.count("script") == 1
    assert {name for name, _ in page.attributes} <= {name for name, _ in tame.attributes} | {"open"}
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("style", "src")]
    assert all(value and value.startswith(("#", "https://")) for name, value in page.attributes if name == "href")
    assert "<img src=x onerror=alert(1)>" in page.text
    assert r"\x1b[31m\x00" in page.text
    assert "\x1b" not in page.text


def test_html_loads_nothing_and_its_policy_admits_only_its_own_style_and_script() -> None:
    html = render_html(Report.from_events(SAMPLES["every-verdict"]))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
        assert "url(" not in content
        assert "http" not in content
    assert not re.findall(r"<(?:link|iframe|object|embed|base)\b|\ssrc=", html)


def test_markdown_shows_what_a_reader_needs(report: Report) -> None:
    text = render_markdown(report)
    assert text.endswith("\n")
    assert f"**Exit status {report.exit_status}**" in text
    assert r"reference server \(version 1\), not from the vendor" in text
    assert ("the run was cut off" in text) == (not report.finished)
    for requirement in report.requirements:
        assert f"| {requirement.verdict.value} | ` {requirement.id} ` |" in text


def test_markdown_makes_no_markup_of_data() -> None:
    text = render_markdown(Report.from_events(SAMPLES["hostile"]))
    prose = re.sub(r"(?ms)^(`{3,})text$.*?^\1$", "", text)
    assert "onerror" not in re.sub(r"(`+) .*? \1", "", prose).replace(r"\<img src=x onerror", "")
    prose = re.sub(r"(?<!\\)(`+) .*? \1(?!`)", "", prose)
    assert not re.search(r"(?<!\\)[<\[`]", prose)
    assert "\x1b" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3, 6}
