"""The gate: what is required and not seen fails, as does a run that asked nobody; summaries say what was seen."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.contract import SPECS
from conformance.contract.verdict import Verdict
from conformance.report.events import Event, Footer, Gate
from conformance.report.model import Report
from conformance.report.summary import summary_lines
from conformance.selftest.servers import Ran, Runner, raw_server, reply
from conformance.selftest.test_report_events import RUN, header, verdict
from conformance.targets.target import CASSETTES

FEW = ("-k", "bad-key-401 or no-key-401 or get-returns-object")
NEVER_SEEN = "vultr.versioning.client-no-hardcoded-ids"
BAD_KEY = "vultr.auth.bad-key-401"
DELETE = "vultr.crud.delete-then-404"
NAMES = ("vultr.auth.no-key-401", "vultr.auth.bad-key-401")


def gated(*verdicts: Verdict, supported_only: bool = False) -> Report:
    """A run of one requirement that is required, and came to these verdicts at as many operations."""
    run = RUN.model_copy(update={"gate": Gate(required=NAMES[:1], supported_only=supported_only)})
    given: list[Event] = [verdict(v, NAMES[0], operation=f"GET /{n}") for n, v in enumerate(verdicts)]
    other = verdict(Verdict.PASSED, NAMES[1])
    return Report.from_events([header(*NAMES, run=run), *given, other, Footer(exchanges={"vultr": 1})])


UNSEEN = (Verdict.BLOCKED, Verdict.NOT_RECORDED, Verdict.UNSUPPORTED, Verdict.NOT_EXERCISED)


@pytest.mark.parametrize("value", Verdict)
def test_each_verdict_at_the_gate(value: Verdict) -> None:
    report = gated(value)
    assert bool(report.missing) == (value in UNSEEN)
    assert report.exit_status == (1 if value.fails_run or value in UNSEEN else 0)


@pytest.mark.parametrize(
    ("verdicts", "let_through", "where_supported"),
    [
        ((), False, False),
        ((Verdict.UNSUPPORTED,), False, True),
        ((Verdict.UNSUPPORTED, Verdict.UNSUPPORTED), False, True),
        ((Verdict.UNSUPPORTED, Verdict.NOT_RECORDED), False, False),
        ((Verdict.UNSUPPORTED, Verdict.NOT_EXERCISED), False, False),
        ((Verdict.UNSUPPORTED, Verdict.PASSED), True, True),
        ((Verdict.NOT_RECORDED, Verdict.WARNED), True, True),
        ((Verdict.NOT_EXERCISED, Verdict.DEVIATES), True, True),
        ((Verdict.NOT_RECORDED, Verdict.NOTED), True, True),
    ],
)
def test_a_requirement_is_seen_if_one_of_its_operations_was(
    verdicts: tuple[Verdict, ...], let_through: bool, where_supported: bool
) -> None:
    assert (gated(*verdicts).exit_status == 0) is let_through
    assert (gated(*verdicts, supported_only=True).exit_status == 0) is where_supported


def test_a_gate_of_several_streams_asks_for_all_that_any_asks_for() -> None:
    strict = RUN.model_copy(update={"gate": Gate(required=NAMES[:1])})
    loose = RUN.model_copy(update={"gate": Gate(required=NAMES[1:], supported_only=True)})
    done = Footer(exchanges={"vultr": 1})
    report = Report.from_events([header(*NAMES, run=strict), done, header(*NAMES, run=loose), done])
    assert report.gate == Gate(required=tuple(sorted(NAMES)), supported_only=False)
    assert [requirement.id for requirement in report.missing] == sorted(NAMES)


def test_what_is_required_and_seen_passes(suite: Runner) -> None:
    assert suite("--require", "vultr.auth.bad-key-401,vultr.auth.no-key-401", *FEW).status == 0
    assert suite("--require", "vultr.pagination.per-page-max-500", "-k", "per-page-max-500").status == 0


def not_seen(ran: Ran, requirement: str, why: str) -> None:
    """The terminal, every report and the exit status say what is missing."""
    assert ran.status == ran.report["exit_status"] == 1
    assert requirement in ran.report["missing"]
    assert f"not seen {requirement}: {why}" in ran.text
    assert re.search(r"exit status 1: .*required requirements? (was|were) not seen", ran.text)
    for name in ("report.md", "report.html"):
        text = (ran.folder / name).read_text("utf-8")
        assert requirement in text[text.index("Required, and not seen") :]
    failing = [case for case in ElementTree.parse(ran.folder / "junit.xml").iter("testcase") if case.find("failure")]
    run = ElementTree.parse(ran.folder / "junit.xml").find(".//testcase[@classname='conformance']/error")
    assert run is not None
    assert f"not seen {requirement}" in str(run.text)
    assert failing is not None


def test_what_the_cassettes_lack_is_not_seen(suite: Runner, tmp_path: Path) -> None:
    suite.replay_from(tmp_path)
    ran = suite("--require", BAD_KEY, *FEW)
    not_seen(ran, BAD_KEY, "not-recorded: ")
    assert ran.verdicts[f"{BAD_KEY}[GET /v2/account]"] == "not-recorded"
    case = ElementTree.parse(ran.folder / "junit.xml").find(f".//testcase[@name='{BAD_KEY}[GET /v2/account]']/failure")
    assert case is not None


def test_what_the_target_cannot_do_is_not_seen_unless_it_is_left_out(suite: Runner) -> None:
    with raw_server(lambda _: reply({"account": {}})) as server:
        call = ("--target", server.url, "--require", DELETE, "-k", "delete-then-404 or account-object")
        not_seen(suite(*call), DELETE, "unsupported: needs the capability 'writes'")
        ran = suite(*call, "--require-supported")
    assert (ran.status, ran.report["missing"]) == (0, [])


@pytest.mark.parametrize(
    ("requirement", "why"),
    [
        (NEVER_SEEN, "not tested: No operation"),
        ("vultr.pagination.walk-exactly-once", "no test of this run asked for it"),
    ],
)
def test_what_no_test_was_run_for_is_not_seen(suite: Runner, requirement: str, why: str) -> None:
    not_seen(suite("--require", requirement, *FEW), requirement, why)


def test_every_must_can_be_required(suite: Runner) -> None:
    ran = suite("--require-all-must", *FEW)
    assert ran.status == 1
    assert "vultr.pagination.walk-exactly-once" in ran.report["missing"]
    assert not any("bad-key-401" in missing for missing in ran.report["missing"])
    assert suite("--require-all-must").status == 0


def test_a_gate_holds_where_no_test_of_the_suite_is_left(suite: Runner) -> None:
    ran = suite("--require", BAD_KEY, "-k", "no_such_item")
    assert ran.status == 1
    assert ran.report["missing"] == [BAD_KEY]


def test_the_gate_is_the_same_with_workers(suite: Runner) -> None:
    call = ("--require", f"{BAD_KEY},{DELETE},{NEVER_SEEN}", "-k", "bad-key-401 or versioning")
    alone = suite(*call)
    expected = (alone.status, alone.report["missing"], alone.report["exit_reasons"])
    together = suite(*call, "-n", "2")
    assert (together.status, together.report["missing"], together.report["exit_reasons"]) == expected
    assert expected[1] == [DELETE, NEVER_SEEN]


def test_a_run_that_asked_nobody_fails(suite: Runner, tmp_path: Path) -> None:
    suite.replay_from(tmp_path)
    ran = suite()
    assert ran.status == 1
    assert "no exchange was made with the target, so nothing is known of it" in ran.text
    assert "passed" in ran.verdicts.values(), "what binds the client, at a played server"


def test_tests_of_the_client_alone_are_no_evidence_of_the_target(suite: Runner) -> None:
    ran = suite("-k", "client")
    assert set(ran.verdicts.values()) == {"passed"}
    assert ran.status == 1
    assert "no exchange was made with the target, so nothing is known of it" in ran.text


def test_one_of_several_apis_that_was_not_asked_fails(suite: Runner, tmp_path: Path) -> None:
    shutil.copytree(CASSETTES / "snyk", tmp_path / "snyk")
    suite.replay_from(tmp_path)
    ran = suite("--api", "vultr,snyk", "-k", "auth")
    assert ran.status == 1
    assert "no exchange was made with the target of vultr, so nothing is known of it" in ran.text
    assert suite("--api", "vultr,snyk", "-k", "snyk.auth").status == 0, "nothing of vultr was asked for"


def test_a_run_that_sees_nothing_fails(suite: Runner, tmp_path: Path) -> None:
    suite.replay_from(tmp_path)
    ran = suite(*FEW)
    assert ran.status == 1
    assert set(ran.verdicts.values()) == {"not-recorded", "unsupported"}
    assert "exit status 1: no requirement was exercised" in ran.text


def test_every_summary_begins_with_what_was_seen(suite: Runner) -> None:
    ran = suite(*FEW)
    total = sum(record["mode"] != "client" and not record["base"] for record in ran.events[0]["requirements"].values())
    line = f"3 of {total} requirements seen"
    assert ran.text.partition("= conformance =")[2].splitlines()[2] == line
    assert (ran.report["headline"], ran.report["requirements_seen"]) == (line, 3)
    assert ran.report["requirements_total"] == total
    markdown = (ran.folder / "report.md").read_text("utf-8")
    assert markdown.startswith(f"# Conformance of vultr: PASS\n\n**{line}**\n")
    assert f'<p class="lead"><b>{line}</b></p>' in (ran.folder / "report.html").read_text("utf-8")
    assert f'<property name="seen" value="{line}"' in (ran.folder / "junit.xml").read_text("utf-8")


def test_several_apis_are_counted_each() -> None:
    run = RUN.model_copy(update={"api": ("snyk", "vultr")})
    given = verdict(Verdict.PASSED, NAMES[0])
    broken = verdict(Verdict.BROKEN, "snyk.auth.a")
    done = Footer(exchanges={"vultr": 1, "snyk": 1})
    report = Report.from_events([header(*NAMES, "snyk.auth.a", run=run), given, broken, done])
    assert summary_lines(report)[0] == "1 of 3 requirements seen (snyk 0 of 1, vultr 1 of 2)"


def test_a_credential_that_is_refused_is_told_in_one_line(suite: Runner) -> None:
    with raw_server(lambda _: reply({"error": "Invalid API token.", "status": 401}, "401 Unauthorized")) as server:
        ran = suite("--target", server.url, *FEW)
    assert ran.verdicts
    lines = [line for line in ran.text.splitlines() if "did not accept the credential" in line]
    assert lines == [
        f"warning: the target {server.url} did not accept the credential: "
        "GET /v2/account came to 401 Unauthorized; is its token right?"
    ]
    assert ran.report["warnings"] == [lines[0].removeprefix("warning: ")]
    assert "did not accept" in (ran.folder / "report.html").read_text("utf-8")
    assert "did not accept" in (ran.folder / "report.md").read_text("utf-8")


def test_the_target_is_asked_once_whether_it_is_up_by_all_workers(suite: Runner) -> None:
    with raw_server(lambda asked: reply({"account": {}}) if "account" in asked.path else reply({})) as server:
        ran = suite("--target", server.url, "-n", "2", "-k", "account-object")
        assert ran.verdicts == {"vultr.schema.account-object[GET /v2/account]": "passed"}
        assert [asked.path for asked in server.asked].count("/v2/account") == server.requests
        alone = server.requests
        suite("--target", server.url, "-k", "account-object")
    assert server.requests == 2 * alone


def test_nobody_is_asked_where_only_the_client_is_judged(suite: Runner) -> None:
    with raw_server(lambda _: reply({})) as server:
        suite("--target", server.url, "-k", "client")
        suite("--target", server.url, "--collect-only")
    assert server.requests == 0


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("colour = 'red'", "pyproject.toml: tool.conformance: colour: Extra inputs are not permitted"),
        ("targets = 3", "pyproject.toml: tool.conformance: targets: should be a mapping"),
        ("targets.staging = 3", "pyproject.toml: tool.conformance: targets.staging: should be a mapping"),
        ("targets.a.api = 3\ntargets.a.url = 'x'", "tool.conformance.targets.a: api: Input should be a valid string"),
        ("targets.cassette = {api = 'vultr', url = 'x'}", "'cassette' can be no target's name"),
        ("targets.'../x' = {api = 'vultr', url = 'x'}", "'../x' can be no target's name"),
    ],
)
def test_a_wrong_table_is_refused_whatever_target_is_asked(
    suite: Runner, tmp_path: Path, table: str, line: str
) -> None:
    text = f"[tool.pytest.ini_options]\n[tool.conformance]\n{table}\n"
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    ran = suite(*FEW, root=tmp_path)
    assert (ran.status, ran.outcomes) == (4, {})
    told = [said for said in ran.text.splitlines() if said.startswith("ERROR: ")]
    assert len(told) == 1
    assert line in told[0]


def edited(folder: Path, old: str, new: str) -> str:
    """A folder of contracts with an edited copy of one."""
    shutil.copytree(SPECS / "vultr", folder / "specs" / "vultr")
    path = folder / "specs" / "vultr" / "requirements.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return str(folder / "specs")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "rule: auth.bad-credentials-refused",
            "rule: auth.bad-credentials-refuses",
            "no check and no test knows auth.bad-credentials-refuses; is auth.bad-credentials-refused meant?",
        ),
        (
            "check: content-type.request-media-type",
            "check: content-type.request",
            "there is no check 'content-type",
        ),
        ("arguments: {methods: [POST, PUT, PATCH]}", "arguments: {method: [POST]}", "method: Extra inputs are not"),
        ("arguments: {methods: [POST, PUT, PATCH]}", "arguments: {methods: POST}", "methods: should be a list"),
        ("classes: [2, 4]", "classes: ['2']", "classes.0: Input should be a valid integer"),
    ],
)
def test_a_rule_or_a_check_that_nothing_knows_is_refused(
    suite: Runner, tmp_path: Path, old: str, new: str, line: str
) -> None:
    ran = suite("--specs", edited(tmp_path, old, new), *FEW)
    assert (ran.status, ran.outcomes) == (4, {})
    told = [said for said in ran.text.splitlines() if said.startswith("ERROR: ")]
    assert len(told) == 1
    assert line in told[0]
    assert "Traceback" not in ran.text


def test_workers_tell_an_unknown_rule_too(suite: Runner, tmp_path: Path) -> None:
    specs = edited(tmp_path, "rule: auth.bad-credentials-refused", "rule: auth.no-such")
    ran = suite("--specs", specs, "-n", "2", *FEW)
    assert ran.status == 1
    (error,) = ran.report["errors"]
    assert ": rule: no check and no test knows auth.no-such" in error


OWN = ("events.ndjson", "junit.xml", "report.html", "report.json", "report.md")


def test_reports_replace_reports_and_nothing_else(suite: Runner) -> None:
    folder = suite.folder / "reports"
    (folder / "parts" / "mine").mkdir(parents=True)
    for name in ("parts/mine/a.ndjson", "parts/main.ndjson", "notes.html"):
        (folder / name).write_text("mine", encoding="utf-8")
    suite(*FEW)
    suite(*FEW)
    assert (folder / "parts" / "mine" / "a.ndjson").read_text("utf-8") == "mine"
    assert (folder / "parts" / "main.ndjson").read_text("utf-8") == "mine"
    assert sorted(path.name for path in folder.iterdir()) == sorted([*OWN, "notes.html", "parts"])


@pytest.mark.parametrize("name", OWN)
def test_a_file_of_somebody_else_is_not_replaced(suite: Runner, name: str) -> None:
    theirs = suite.folder / "reports" / name
    theirs.parent.mkdir()
    theirs.write_text(json.dumps({"mine": True}), encoding="utf-8")
    ran = suite(*FEW)
    assert ran.status == 4
    assert f"ERROR: {theirs}: was not written by conformance and is not replaced: name another folder" in ran.text
    assert json.loads(theirs.read_text("utf-8")) == {"mine": True}


def test_a_file_that_appears_while_the_run_lasts_is_not_replaced_either(suite: Runner) -> None:
    theirs = suite.folder / "reports" / "junit.xml"
    ran = suite("--junitxml", str(theirs), *FEW)
    assert ran.status == 1
    assert "3 of 51 requirements seen" in ran.text
    assert f"error: {theirs}: was not written by conformance and is not replaced" in ran.text
    assert 'name="pytest' in theirs.read_text("utf-8")
    (kept,) = theirs.parent.glob(".conformance-parts-*/*.ndjson")
    assert str(kept.parent) in ran.text
