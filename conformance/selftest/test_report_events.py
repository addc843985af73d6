"""Events survive the file they are written to, and anything else in it is named.

The sample run that the other tests of reports use is here too.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from conformance.contract.verdict import Verdict
from conformance.report.events import (
    Deviation,
    Event,
    EventLog,
    Evidence,
    Exchange,
    Footer,
    Header,
    Provenance,
    ReportError,
    Request,
    RequirementText,
    Response,
    Run,
    Target,
    VerdictGiven,
    canonical,
    read_events,
)
from conformance.traffic.cassette import REFERENCE_SERVER

HOSTILE = (
    "</script></pre><img src=x onerror=alert(1)>\"' onload=x {{7*7}} [a](javascript:x) "
    "| ` ``` \n```\n<img src=x onerror=alert(1)>\n\x1b[31m\x00"
)

RUN = Run(
    api=("vultr",),
    target=Target(name="cassette", kind="cassette", base_url="https://api.test", capabilities=("writes",)),
    provenance=(Provenance(api="vultr", source=REFERENCE_SERVER, version="1", recorded="2026-01-01"),),
    started="2026-11-20T10:00:00Z",
    options={"strict": False, "examples": 5},
    versions={"conformance": "0.1.0"},
)


def wording(statement: str = "No key, no data.", **more: str) -> RequirementText:
    given = {"strength": "MUST", "basis": "text", "mode": "active-read", "section": "Authentication", **more}
    return RequirementText.model_validate({"statement": statement, **given})


def header(*names: str, run: Run = RUN) -> Header:
    return Header(run=run, requirements={name: wording(url="https://docs.test/#auth") for name in names})


def verdict(
    verdict: Verdict, requirement: str = "vultr.auth.no-key-401", operation: str = "GET /v2/plans"
) -> VerdictGiven:
    known = Deviation(reason="answers 403", since="2026-01-01", link="https://issues.test/1")
    return VerdictGiven(
        requirement=requirement,
        operation=operation,
        verdict=verdict,
        reason=None if verdict in (Verdict.FAILED, Verdict.UNEXPECTED_PASS) else f"because {verdict.value}",
        test="test_auth.py::test_no_key",
        held=1,
        deviation=known if verdict in (Verdict.DEVIATES, Verdict.UNEXPECTED_PASS) else None,
        blocked_by="vultr.failed.rule" if verdict is Verdict.BLOCKED else None,
    )


def evidence(text: str, requirement: str | None = "vultr.auth.no-key-401", outcome: str = "violated") -> Evidence:
    """A piece of evidence with `text` in every place that a server or a client may have written."""
    return Evidence.model_validate(
        {
            "requirement": requirement,
            "operation": "GET /v2/plans",
            "outcome": outcome,
            "party": "server",
            "message": text,
            "expected": text,
            "actual": text,
            "exchange": Exchange(
                request=Request(method="GET", url=f"https://api.test/{text}", headers=((text, text),), body=text),
                response=Response(status=200, headers=((text, text),), body=text),
            ),
            "curl": f"curl {text}",
            "source": text,
        }
    )


def every_verdict(text: str = "the key was not asked for") -> list[Event]:
    """A finished run with a requirement for each verdict, drift, unknown operations and an error."""
    names = {verdict: f"vultr.{verdict.value}.rule" for verdict in Verdict}
    return [
        header(*names.values()),
        *(verdict(value, name) for value, name in names.items()),
        *(evidence(text, name) for value, name in names.items() if value.seen and value is not Verdict.PASSED),
        evidence(text, None, "note"),
        Footer(exchanges={"vultr": 12}, unknown_operations={f"GET /{text}": 80}, exit_status=1, errors=(text,)),
    ]


def write(path: Path, events: list[Event]) -> Path:
    with EventLog(path) as log:
        for event in events:
            log.write(event)
    return path


def test_events_read_back_as_they_were_written(tmp_path: Path) -> None:
    events = every_verdict("line\nbreak \u2028 \x85 ☃ " + HOSTILE)
    assert read_events([write(tmp_path / "events" / "gw0.ndjson", events)]) == events


def test_each_line_is_in_the_file_before_the_next_is_written(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.ndjson")
    for count, event in enumerate(every_verdict(), start=1):
        log.write(event)
        assert len(read_events([tmp_path / "events.ndjson"])) == count
    log.close()


def test_a_log_starts_anew(tmp_path: Path) -> None:
    for _ in range(2):
        path = write(tmp_path / "events.ndjson", [header(), Footer(exchanges={})])
    assert len(read_events([path])) == 2


def test_a_stream_cut_anywhere_in_its_last_line_loses_that_line_only(tmp_path: Path) -> None:
    events: list[Event] = [header(), Footer(exchanges={"vultr": 1}, errors=("é",))]
    whole = write(tmp_path / "events.ndjson", events).read_bytes()
    cut = tmp_path / "cut.ndjson"
    for end in range(whole.index(b"\n") + 1, len(whole) - 1):
        cut.write_bytes(whole[:end])
        assert read_events([cut]) == events[:1]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", r"x\.ndjson:1: the stream does not begin with a header"),
        ('{"event":"head', r"x\.ndjson:1: the stream does not begin with a header"),
        (canonical(Footer(exchanges={})) + "\n", r"x\.ndjson:1: the stream does not begin with a header"),
        (canonical(header()) + "\n\n", r"x\.ndjson:2: not an event"),
        (canonical(header()) + "\nfoo\n" + canonical(Footer(exchanges={})), r"x\.ndjson:2: not an event"),
        (canonical(header()) + '\n{"event":"finding"}\n', r"x\.ndjson:2: not an event: .*finding"),
        (canonical(header()) + '\n{"event":"footer"}', r"x\.ndjson:2: not an event: footer\.exchanges: "),
        (canonical(header()).replace('"format":1', '"format":2'), r"not an event: header\.format: .* 1"),
    ],
)
def test_what_is_no_event_is_named_by_file_and_line(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "x.ndjson"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ReportError, match=complaint) as caught:
        read_events([path])
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"none\.ndjson: cannot be read: No such file"):
        read_events([tmp_path / "none.ndjson"])


def test_lone_surrogates_are_kept_as_their_escapes() -> None:
    assert evidence("\ud800").message == r"\ud800"


def test_an_event_has_no_other_keys() -> None:
    with pytest.raises(ValidationError, match="seconds"):
        Footer.model_validate({"exchanges": 1, "seconds": 1})
