"""Events come to the same report in whatever order and streams they are, and the exit status fails closed."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract.verdict import Verdict
from conformance.report.events import Event, Footer, Header, Provenance, ReportError, Target
from conformance.report.json_report import render_json
from conformance.report.model import Report
from conformance.report.summary import summary_lines
from conformance.selftest.test_report_events import RUN, every_verdict, evidence, header, verdict, wording

NAMES = ("vultr.auth.no-key-401", "vultr.pagination.walk")

events = st.one_of(
    st.builds(verdict, st.sampled_from(Verdict), st.sampled_from(NAMES), st.sampled_from(["GET /a", "GET /b"])),
    st.builds(
        lambda text, name, more: evidence(text, name).model_copy(update=more),
        st.sampled_from(["x", "y"]),
        st.sampled_from([*NAMES, None]),
        st.sampled_from([{}, {"exchange": None}, {"curl": "curl other"}, {"outcome": "note"}]),
    ),
)
runs = st.builds(
    lambda examples, started: RUN.model_copy(update={"options": {"examples": examples}, "started": started}),
    st.integers(1, 2),
    st.sampled_from(["2026-11-20T10:00:00Z", "2026-11-20T10:00:01Z"]),
)
footers = st.builds(
    Footer,
    exchanges=st.dictionaries(st.sampled_from(["snyk", "vultr"]), st.integers(0, 3)),
    unknown_operations=st.dictionaries(st.sampled_from(["GET /x", "GET /y"]), st.integers(1, 3)),
    exit_status=st.integers(0, 3),
    errors=st.lists(st.sampled_from(["one", "two"]), max_size=2).map(tuple),
    warnings=st.lists(st.sampled_from(["one", "two"]), max_size=2).map(tuple),
)


@st.composite
def streams(draw: st.DrawFn) -> list[Event]:
    known = NAMES if draw(st.booleans()) else NAMES[::-1]
    stream: list[Event] = [header(*known, run=draw(runs)), *draw(st.lists(events, max_size=6))]
    return [*stream, draw(footers)] if draw(st.booleans()) else stream


@settings(max_examples=60, deadline=None)
@given(st.lists(streams(), min_size=1, max_size=3), st.data())
def test_the_order_of_events_does_not_matter(parts: list[list[Event]], data: st.DataObject) -> None:
    events = list(chain.from_iterable(parts))
    assert Report.from_events(data.draw(st.permutations(events))) == Report.from_events(events)


@settings(max_examples=60, deadline=None)
@given(streams(), streams(), streams())
def test_merging_is_associative(a: list[Event], b: list[Event], c: list[Event]) -> None:
    """Merged streams, written and merged again with others, give what all of them give at once."""
    at_once = Report.from_events([*a, *b, *c])
    assert Report.from_events([*Report.from_events([*a, *b]).events, *c]) == at_once
    assert Report.from_events([*a, *Report.from_events([*b, *c]).events]) == at_once
    assert render_json(Report.from_events(at_once.events)) == render_json(at_once)


def test_shards_come_to_what_the_whole_run_comes_to() -> None:
    seen: list[Event] = [
        verdict(Verdict.FAILED),
        evidence("x"),
        verdict(Verdict.PASSED, NAMES[1]),
        evidence("x"),
        evidence("y"),
    ]
    whole = Report.from_events([header(*NAMES), *seen, Footer(exchanges={"vultr": 6})])
    shards = [[header(*NAMES), *seen[part::3], Footer(exchanges={"vultr": 2})] for part in range(3)]
    assert render_json(Report.from_events(chain.from_iterable(shards))) == render_json(whole)


def test_a_requirement_has_the_worst_verdict_of_its_operations_and_streams() -> None:
    report = Report.from_events(
        [
            header(*NAMES),
            verdict(Verdict.PASSED, operation="GET /a"),
            verdict(Verdict.NOT_RECORDED, operation="GET /a"),
            verdict(Verdict.WARNED, operation="GET /b"),
            verdict(Verdict.STALE, operation="GET /b"),
            Footer(exchanges={}),
        ]
    )
    requirement, unasked = report.requirements
    a, b = requirement.cases
    assert (requirement.verdict, a.verdict, b.verdict) == (Verdict.STALE, Verdict.PASSED, Verdict.STALE)
    assert (a.held, a.reason, b.reason) == (2, "because passed", "because stale")
    assert (unasked.verdict, unasked.cases) == (Verdict.NOT_EXERCISED, ())
    assert {verdict: count for verdict, count in report.target.counts.items() if count} == {
        Verdict.STALE: 1,
        Verdict.PASSED: 1,
    }
    assert report.target.requirement_counts[Verdict.NOT_EXERCISED] == 1


def test_findings_are_attached_and_equal_ones_are_counted() -> None:
    loose = evidence("x", NAMES[1])
    drift = evidence("new key", None, "note")
    notes = [evidence("seen", outcome="note"), evidence("x"), evidence("x"), loose, drift]
    report = Report.from_events([header(*NAMES), verdict(Verdict.FAILED), *notes, Footer(exchanges={})])
    (case,) = report.cases
    assert [(item.message, item.outcome, item.times) for item in case.findings] == [
        ("x", "violated", 2),
        ("seen", "note", 1),
    ]
    assert case.headline == "x"
    assert [item.requirement for item in report.unjudged] == [NAMES[1]]
    assert [item.message for item in report.drift] == ["new key"]


def test_long_bodies_are_cut_in_the_report_and_whole_in_its_events() -> None:
    long = evidence("x" * 12_345)
    report = Report.from_events([header(*NAMES), verdict(Verdict.FAILED), long, Footer(exchanges={})])
    (finding,) = report.cases[0].findings
    assert finding.exchange is not None
    for text in (
        finding.exchange.response.body,
        finding.exchange.request.body,
        finding.expected,
        finding.actual,
    ):
        assert text == "x" * 4_000 + "…(12,345 characters in all)"
    assert long in report.events


DONE = Footer(exchanges={"vultr": 1})


@pytest.mark.parametrize(
    ("stream", "reasons"),
    [
        ([verdict(Verdict.PASSED), DONE], ()),
        ([verdict(value) for value in Verdict if value.seen and not value.fails_run] + [DONE], ()),
        ([verdict(Verdict.BROKEN), DONE], ("1 broken",)),
        ([verdict(Verdict.FAILED), verdict(Verdict.STALE, NAMES[1]), DONE], ("1 failed, 1 stale",)),
        ([verdict(Verdict.UNEXPECTED_PASS), DONE], ("1 unexpected-pass",)),
        ([DONE], ("no requirement was exercised",)),
        ([verdict(Verdict.NOT_RECORDED), DONE], ("no requirement was exercised",)),
        (
            [verdict(Verdict.PASSED)],
            ("the run did not finish: 1 of 1 event streams have no footer",),
        ),
        ([verdict(Verdict.PASSED), Footer(exchanges={"vultr": 1}, errors=("e\n1",))], ("e 1",)),
        (
            [verdict(Verdict.PASSED), Footer(exchanges={"vultr": 1}, exit_status=1)],
            ("the run ended with exit status 1",),
        ),
        ([verdict(Verdict.FAILED), Footer(exchanges={"vultr": 1}, exit_status=1)], ("1 failed",)),
        (
            [verdict(Verdict.FAILED), Footer(exchanges={"vultr": 1}, exit_status=2)],
            ("1 failed", "the run ended with exit status 2"),
        ),
    ],
)
def test_the_exit_status_fails_closed(stream: list[Event], reasons: tuple[str, ...]) -> None:
    report = Report.from_events([header(*NAMES), *stream])
    assert report.exit_reasons == reasons
    assert report.exit_status == (1 if reasons else 0)
    said = "; ".join(reasons).replace("e 1", "1 error") or "nothing failed"
    assert summary_lines(report)[-1] == f"exit status {report.exit_status}: {said}"


def test_one_stream_without_a_footer_leaves_the_run_unfinished() -> None:
    stream: list[Event] = [header(*NAMES), verdict(Verdict.PASSED)]
    assert Report.from_events([*stream, DONE, *stream, DONE]).finished
    assert not Report.from_events([*stream, DONE, *stream]).finished


OTHER = Target(name="live", kind="url", base_url="https://api.test")


@pytest.mark.parametrize(
    ("stream", "complaint"),
    [
        ([], "there is no header"),
        ([DONE], "there is no header"),
        (
            [header(), header(run=RUN.model_copy(update={"target": OTHER}))],
            "different targets.*: cassette, live",
        ),
        (
            [header(NAMES[0]), Header(run=RUN, requirements={NAMES[0]: wording("Else.")})],
            "worded in two ways",
        ),
        ([header(NAMES[0]), verdict(Verdict.PASSED, NAMES[1])], f"names {NAMES[1]}, which is in no header"),
        ([header(NAMES[0]), evidence("x", NAMES[1])], f"names {NAMES[1]}, which is in no header"),
    ],
)
def test_events_that_do_not_belong_together_are_refused(stream: list[Event], complaint: str) -> None:
    with pytest.raises(ReportError, match=complaint):
        Report.from_events(stream)


@pytest.mark.parametrize(
    ("kind", "source", "line"),
    [
        (
            "cassette",
            "reference server",
            "recorded on 2026-01-01 from the reference server (version 2), not from the vendor",
        ),
        (
            "reference",
            "reference server",
            "answered on 2026-01-01 by the reference server (version 2), not by the vendor",
        ),
        ("url", "https://api.test", "answered on 2026-01-01 by https://api.test (version 2)"),
        (None, None, "it is not known where these answers come from"),
    ],
)
def test_provenance_is_said_in_a_sentence(kind: str | None, source: str | None, line: str) -> None:
    known = [Provenance(api="vultr", source=source, version="2", recorded="2026-01-01")] if source else []
    target = RUN.target.model_copy(update={"kind": kind or "cassette"})
    run = RUN.model_copy(update={"provenance": tuple(known), "target": target})
    assert Report.from_events([header(run=run)]).provenance_lines == (f"vultr: {line}",)


def test_the_summary_shows_counts_and_the_first_failures_worst_first() -> None:
    lines = summary_lines(Report.from_events(every_verdict("two\nlines\x1b[2J")), limit=3)
    assert lines == [
        "6 of 12 requirements seen",
        "vultr: recorded on 2026-01-01 from the reference server (version 1), not from the vendor",
        "requirements: " + ", ".join(f"1 {verdict.value}" for verdict in Verdict),
        "requirement × operation: " + ", ".join(f"1 {verdict.value}" for verdict in Verdict),
        "broken vultr.broken.rule[GET /v2/plans]: because broken",
        r"failed vultr.failed.rule[GET /v2/plans]: two lines\x1b[2J",
        r"unexpected-pass vultr.unexpected-pass.rule[GET /v2/plans]: two lines\x1b[2J",
        "… and 1 more",
        "warned vultr.warned.rule[GET /v2/plans]: because warned",
        "blocked vultr.blocked.rule[GET /v2/plans] by vultr.failed.rule",
        r"error: two lines\x1b[2J",
        "6 requirements unseen: more is seen of a target that is up (--target URL)",
        "exit status 1: 1 broken, 1 failed, 1 unexpected-pass, 1 stale; 1 error",
    ]


def test_what_is_blocked_is_told_once_under_its_cause() -> None:
    sentence = "this target does not serve GET /a (404)"
    blocked = [verdict(Verdict.BLOCKED, operation=f"GET /{name}") for name in "abc"]
    by_sentence = verdict(Verdict.BLOCKED, NAMES[1]).model_copy(update={"blocked_by": sentence})
    done = Footer(exchanges={"vultr": 1}, warnings=(sentence, "another"))
    report = Report.from_events(
        [header(*NAMES), *blocked, by_sentence, verdict(Verdict.PASSED, NAMES[1], "GET /b"), done]
    )
    assert {cause: len(cases) for cause, cases in report.blocked.items()} == {sentence: 1, "vultr.failed.rule": 3}
    told = [line for line in summary_lines(report) if line.startswith(("blocked", "warning"))]
    assert told == [
        f"blocked {NAMES[1]}[GET /v2/plans] by {sentence}",
        f"blocked {NAMES[0]}[GET /a] and 2 more by vultr.failed.rule",
        "warning: another",
    ]
    assert report.exit_status == 0


def test_streams_that_blocked_a_case_for_different_causes_merge_to_one_of_them() -> None:
    given = [
        verdict(Verdict.BLOCKED, operation="GET /a").model_copy(update={"blocked_by": cause})
        for cause in ("vultr.b.c", "vultr.a.b")
    ]
    passed = verdict(Verdict.PASSED, operation="GET /b")
    for order in (given, given[::-1]):
        assert Report.from_events([header(*NAMES), *order, passed]).blocked.keys() == {"vultr.a.b"}
    assert not Report.from_events([header(*NAMES), *given, verdict(Verdict.PASSED, operation="GET /a")]).blocked
