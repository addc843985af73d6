"""What a run comes to: PASS, FAIL or NOT ENOUGH SEEN, and figures of the target that no client is part of."""

from __future__ import annotations

import pytest

from conformance.contract.verdict import Verdict
from conformance.report.events import Event, Footer, Gate, Header
from conformance.report.figures import Result, by_cause
from conformance.report.markdown import render_markdown
from conformance.report.model import Report
from conformance.report.summary import summary_lines
from conformance.selftest.servers import Runner
from conformance.selftest.test_report_events import RUN, header, verdict, wording

SERVER, CLIENT = "vultr.auth.no-key-401", "vultr.auth.client-keeps-key"
DONE = Footer(exchanges={"vultr": 1})


def report(*events: Event, required: tuple[str, ...] = ()) -> Report:
    texts = {SERVER: wording(), CLIENT: wording(mode="client")}
    first = Header(run=RUN.model_copy(update={"gate": Gate(required=required)}), requirements=texts)
    return Report.from_events([first, *events])


OF_SERVER, OF_CLIENT = verdict(Verdict.PASSED, SERVER), verdict(Verdict.PASSED, CLIENT, "client")


@pytest.mark.parametrize(
    ("found", "result"),
    [
        (report(OF_SERVER, DONE), Result.PASS),
        (report(verdict(Verdict.WARNED), DONE), Result.PASS),
        (report(verdict(Verdict.BLOCKED), OF_SERVER.model_copy(update={"operation": "GET /b"}), DONE), Result.PASS),
        *((report(verdict(value), DONE), Result.FAIL) for value in Verdict if value.fails_run),
        (report(verdict(Verdict.FAILED), DONE, required=(CLIENT,)), Result.FAIL),
        (report(OF_SERVER, Footer(exchanges={"vultr": 1}, errors=("one",))), Result.FAIL),
        (report(OF_SERVER), Result.FAIL),
        (report(OF_SERVER, Footer(exchanges={"vultr": 1}, exit_status=2)), Result.FAIL),
        (report(OF_SERVER, verdict(Verdict.FAILED, CLIENT, "client"), DONE), Result.FAIL),
        (report(DONE), Result.NOT_ENOUGH_SEEN),
        (report(verdict(Verdict.BLOCKED), DONE), Result.NOT_ENOUGH_SEEN),
        (report(OF_SERVER, DONE, required=(CLIENT,)), Result.NOT_ENOUGH_SEEN),
        (report(OF_SERVER, Footer(exchanges={})), Result.NOT_ENOUGH_SEEN),
        (report(OF_SERVER, Footer(exchanges={"vultr": 1}, exit_status=1), required=(CLIENT,)), Result.NOT_ENOUGH_SEEN),
        (report(OF_CLIENT, DONE), Result.NOT_ENOUGH_SEEN),
    ],
)
def test_a_run_comes_to_one_of_three(found: Report, result: Result) -> None:
    assert found.result is result
    assert (found.exit_status == 0) is (result is Result.PASS)
    assert render_markdown(found).startswith(f"# Conformance of vultr: {result.value}\n")


def test_clients_count_in_no_figure_of_the_target() -> None:
    found = report(OF_SERVER, verdict(Verdict.FAILED, CLIENT, "client"), DONE)
    assert found.headline == "1 of 1 requirements seen"
    assert [(group.name, group.result, group.seen_of_all) for group in found.groups] == [
        ("vultr", Result.PASS, "1 of 1"),
        ("vultr client", Result.FAIL, "1 of 1"),
    ]
    assert found.target.counts[Verdict.FAILED] == 0
    assert found.exit_reasons == ("of the client: 1 failed",)
    told = summary_lines(found)
    assert "requirements: 1 passed" in told
    assert "requirements of the client, no evidence of the target: 1 failed" in told
    assert not report(OF_SERVER, DONE).groups[1:], "there is nothing to say of a client that was not judged"


def test_a_client_alone_is_no_evidence_of_a_target() -> None:
    assert report(OF_CLIENT, DONE).exit_reasons == ("no requirement was exercised",)


def test_a_gate_that_names_what_binds_the_client_works() -> None:
    assert report(OF_SERVER, OF_CLIENT, DONE, required=(CLIENT,)).exit_status == 0
    unseen = report(OF_SERVER, DONE, required=(CLIENT,))
    assert [group.name for group in unseen.groups if group.missing] == ["vultr client"]


def test_all_musts_are_those_that_bind_the_target(suite: Runner) -> None:
    ran = suite("--require-all-must", "-k", "not client")
    modes = {ran.events[0]["requirements"][name]["mode"] for name in ran.report["required"]}
    assert modes
    assert "client" not in modes
    assert (ran.status, ran.report["missing"]) == (0, [])


def test_an_error_that_kept_a_run_from_asking_is_all_there_is_to_tell() -> None:
    assert report(Footer(exchanges={}, errors=("the target is down",))).exit_reasons == ("the target is down",)
    lost = report(verdict(Verdict.NOT_RECORDED), Footer(exchanges={"vultr": 1}, errors=("unreadable",)))
    assert lost.exit_reasons == ("unreadable", "no requirement was exercised")


def test_what_has_one_cause_stands_together_the_worst_first() -> None:
    found = report(
        verdict(Verdict.BROKEN, operation="GET /a").model_copy(update={"reason": "refused"}),
        verdict(Verdict.WARNED, operation="GET /b"),
        verdict(Verdict.BROKEN, operation="GET /c").model_copy(update={"reason": "refused"}),
        verdict(Verdict.BROKEN, operation="GET /d").model_copy(update={"reason": "reset"}),
        DONE,
    )
    assert [(cause.verdict, cause.why, len(cause.items)) for cause in by_cause(found.cases)] == [
        (Verdict.BROKEN, "refused", 2),
        (Verdict.BROKEN, "reset", 1),
        (Verdict.WARNED, "because warned", 1),
    ]


def test_an_api_that_was_not_asked_has_not_been_seen() -> None:
    run = RUN.model_copy(update={"api": ("snyk", "vultr")})
    given = [verdict(Verdict.PASSED, SERVER), verdict(Verdict.PASSED, "snyk.auth.a")]
    found = Report.from_events([header(SERVER, "snyk.auth.a", run=run), *given, DONE])
    assert [group.result for group in found.groups] == [Result.NOT_ENOUGH_SEEN, Result.PASS]
    assert found.result is Result.NOT_ENOUGH_SEEN
