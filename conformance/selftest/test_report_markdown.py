"""`report.md` fits where it is put, whatever a run came to: the worst first, the rest counted."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract.verdict import Verdict
from conformance.report.events import Event, Footer, Gate, Header
from conformance.report.markdown import LIMIT, Section, render_markdown
from conformance.report.model import Report
from conformance.selftest.test_report_events import RUN, evidence, verdict, wording

TITLES = ["Errors", "Failures", "Required, and not seen", "Blocked", "Warned", "Warnings of the run", "Requirements"]


def many(count: int, text: str, values: list[Verdict]) -> Report:
    """A run in which every list is long and every text is `text`."""
    names = [f"vultr.area.rule-{number:04}" for number in range(count)]
    stream: list[Event] = [
        Header(
            run=RUN.model_copy(update={"gate": Gate(required=tuple(names))}),
            requirements={name: wording(text or "-", section=text) for name in names},
        )
    ]
    for number, name in enumerate(names):
        for operation in (f"GET /{text}", f"GET /{number}"):
            given = verdict(values[number % len(values)], name, operation)
            stream.append(given.model_copy(update={"reason": f"{text} {number}"}))
        for outcome in ("violated", "note"):
            found = evidence(text, name, outcome)
            stream.append(found.model_copy(update={"operation": f"GET /{number}"}))
        stream.append(evidence(f"{text} {number}", None, "note"))
    lines = tuple(f"{text} {number}" for number in range(count))
    unknown = {f"GET /{text}{number}": 1 for number in range(count)}
    return Report.from_events(
        [*stream, Footer(exchanges={"vultr": 1}, unknown_operations=unknown, errors=lines, warnings=lines)]
    )


def is_open(text: str) -> int:
    """The ticks of the fence that is open at the end of a text; a line that begins with fewer of them closes none."""
    fence = 0
    for line in text.split("\n"):
        rest = line.lstrip("`")
        ticks = len(line) - len(rest)
        if not fence and ticks >= 3 and "`" not in rest:
            fence = ticks
        elif fence and ticks >= fence and not rest.strip():
            fence = 0
    return fence


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 60),
    st.sampled_from(["", "x", "`" * 300, "\x00" * 3_000, "|" * 3_000, "<&*_" * 900, "\n```\n" * 300, "ü" * 400]),
    st.lists(st.sampled_from(Verdict), min_size=1, max_size=4),
)
def test_it_is_never_longer_than_a_comment_may_be(count: int, text: str, values: list[Verdict]) -> None:
    told = render_markdown(many(count, text, values))
    assert len(told) <= LIMIT
    assert is_open(told) == 0


def test_what_is_cut_is_the_rest_and_every_section_has_its_place() -> None:
    report = many(400, "it is not so", list(Verdict))
    told = render_markdown(report)
    assert LIMIT - 2_000 < len(told) <= LIMIT
    titles = re.findall("^## (.+)$", told, re.MULTILINE)
    assert titles == [*TITLES, "Notes", "Drift", "Operations in no document"]
    for title, part in zip(titles, re.split("^## .+$", told, flags=re.MULTILINE)[1:], strict=True):
        shown = len(re.findall(r"^(?:- |### |\| (?!---|Verdict|Operation))", part, re.MULTILINE))
        assert shown, title
        if title in ("Failures", "Requirements"):
            assert re.search(r"^\d+ more are in `report\.html` and `report\.json`\.$", part, re.MULTILINE), title
    verdicts = re.findall(r"^\| ([a-z-]+) \| ` vultr", told, re.MULTILINE)
    assert verdicts == sorted(verdicts, key=[value.value for value in Verdict].index)


def test_what_is_not_cut_says_nothing_of_a_rest() -> None:
    told = render_markdown(many(3, "it is not so", [Verdict.FAILED]))
    assert "more are in" not in told


def test_a_section_shows_as_much_as_there_is_room_for() -> None:
    section = Section("Errors", tuple(f"- line {number}" for number in range(9)), reserved=1)
    assert section.within(len(section.whole)).startswith("## Errors\n\n- line 0\n- line 1")
    for room in range(80, len(section.whole) + 80):
        told = section.within(room)
        assert len(told) <= max(room, len(section.within(0)))
        shown, rest = told.count("- line"), re.search(r"(\d) more", told)
        assert shown + int(rest[1] if rest else 0) == 9
