"""`report.md`: the report for a merge request or a job summary, worst first, and never longer than those may be.

Texts that a server may have written stand in code spans and fences, where no markup, link or mention works.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from attrs import frozen

from conformance.contract.verdict import Verdict
from conformance.report.cases import Case, Finding, Requirement
from conformance.report.events import RequirementText
from conformance.report.figures import FAILING, Cause, by_cause, causes
from conformance.report.model import Report
from conformance.report.plain import finding_text
from conformance.report.summary import could_fail, count_line, exit_reason
from conformance.report.text import cut, one_line, visible

LIMIT = 60_000
"""Characters of the whole file; a comment on GitHub takes 65,536."""

# Characters of a finding with its exchange, of each body in it, and of a line; names and ways to fail that are listed.
_EVIDENCE, _BODY, _LINE = 3_000, 500, 300
_NAMES, _WAYS = 8, 5

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!~&@])")
_LINKABLE = re.compile(r"https?://[^\s()<>\\]+")


@frozen
class Section:
    """A part of the file that may be cut short: its entries are told in their order, and the last ones counted.

    Attributes:
        reserved: characters that it has even where those before it need more than there is.
    """

    title: str
    entries: tuple[str, ...]
    reserved: int
    head: str = ""
    between: str = "\n"

    @property
    def whole(self) -> str:
        return self._told(len(self.entries))

    def _told(self, count: int) -> str:
        shown = self.between.join((*([self.head] if self.head else ()), *self.entries[:count]))
        rest = len(self.entries) - count
        more = f"{rest} more are in `report.html` and `report.json`." if rest else ""
        return "\n\n".join(part for part in (f"## {self.title}", shown, more) if part)

    def within(self, room: int) -> str:
        """As many of its entries as there is room for, and the number of the others."""
        used, count = len(self._told(0)) + 2, 0
        while count < len(self.entries) and (used := used + len(self.between) + len(self.entries[count])) <= room:
            count += 1
        return self._told(count)


def render_markdown(report: Report) -> str:
    """The report in GitHub's Markdown, with a newline at its end; at most 60,000 characters."""
    sections = [section for section in _sections(report) if section.entries]
    blocks = ["\n\n".join(_summary(report))]
    needed = [min(len(section.whole), section.reserved) + 2 for section in sections]
    room = LIMIT - len(blocks[0]) - 1 - sum(needed)
    for section, reserved in zip(sections, needed, strict=True):
        told = section.whole if len(section.whole) + 2 <= room + reserved else section.within(room + reserved - 2)
        room += reserved - len(told) - 2
        blocks.append(told)
    return "\n\n".join(blocks) + "\n"


def _summary(report: Report) -> Iterator[str]:
    yield f"# Conformance of {', '.join(report.apis) or 'nothing'}: {report.result.value}"
    yield f"**{report.headline}**"
    yield f"**Exit status {report.exit_status}**: {_text(_short(exit_reason(report)))}"
    yield _list(
        [
            f"Target: {', '.join(_code(_short(target.label)) for target in report.targets[:5])}",
            *(_text(_short(line)) for line in report.provenance_lines[:10]),
            f"Started: {report.started}",
            f"Finished: {'yes' if report.finished else '**no, the run was cut off**'}",
            f"Exchanges: {report.exchanges}",
        ]
    )
    yield _table(
        ("", "Result", "Requirements seen", "Requirements", "Requirement × operation"),
        (
            (
                group.name,
                group.result.value,
                group.seen_of_all,
                count_line(group.requirement_counts),
                count_line(group.counts),
            )
            for group in report.groups
        ),
    )
    if report.base.cases:
        yield "Base requirements are what every API promises by its standards; they count in no other figure."
    if report.client.cases:
        yield "What binds the client is no evidence of the target, and counts in no other figure."


def _sections(report: Report) -> Iterator[Section]:
    """Every section, the worst first; what is reserved leaves each of them its place below the limit."""
    yield Section("Errors", tuple(f"- {_code(_short(line))}" for line in report.errors), reserved=3_000)
    failures = causes(report.requirements, FAILING)
    yield Section("Failures", tuple(map(_failure, failures)), reserved=16_000, between="\n\n")
    yield Section("Required, and not seen", tuple(map(_cause, by_cause(report.missing))), reserved=3_000)
    blocked = causes(report.requirements, {Verdict.BLOCKED})
    yield Section("Blocked", tuple(map(_cause, blocked)), reserved=3_000)
    warned = causes(report.requirements, {Verdict.WARNED})
    yield Section("Warned", tuple(map(_cause, warned)), reserved=4_000)
    yield Section(
        "Warnings of the run",
        tuple(f"- {_code(_short(line))}" for line in report.warnings if line not in report.blocked),
        reserved=2_000,
    )
    ranked = [item for cause in by_cause(report.requirements) for item in cause.items]
    could = ("Could it have failed here?",) if report.score is not None else ()
    for title, base, reserved in (("Requirements", False, 10_000), ("Base requirements", True, 3_000)):
        shown = [item for item in ranked if item.base is base and (item.cases or not base)]
        yield Section(
            title,
            tuple(_line((*_row(item), *(map(could_fail, [item] if could else [])))) for item in shown),
            reserved=reserved,
            head=_table(("Verdict", "Requirement", "Strength", "Operations", "Why", *could)),
        )
    yield Section("Defects that were not seen", tuple(map(_missed, report.unseen_defects)), reserved=3_000)
    unjudged = tuple(finding for finding in report.unjudged if finding.outcome == "violated")
    for title, findings in (("Notes", report.notes), ("Drift", report.drift), ("Findings without a verdict", unjudged)):
        yield Section(title, tuple(map(_loose, findings)), reserved=2_000)
    yield Section(
        "Operations in no document",
        tuple(_line((_code(_short(name)), str(count))) for name, count in report.unknown_operations.items()),
        reserved=2_000,
        head=_table(("Operation", "Exchanges")),
    )
    yield Section(
        "Operations that the target does not serve",
        tuple(_line((_code(_short(name)), str(count))) for name, count in report.not_served.items()),
        reserved=2_000,
        head=_table(("Operation of the published document", "Calls")),
    )
    yield Section(
        "Unchecked places of the document",
        tuple(
            _line((each.kind, _code(_short(each.pointer)), _text(_short(each.reason))))
            for each in sorted(report.unchecked, key=lambda each: each.kind)
        ),
        reserved=3_000,
        head=_table(("Kind", "Place", "Why")),
    )


def _cause(cause: Cause[Requirement]) -> str:
    """What came to one verdict for one reason, on one line."""
    at = [case.operation for case in cause.items[0].cases] if len(cause.items) == 1 else []
    what = _listed([item.id for item in cause.items]) + (f" at {_listed(at)}" if at else "")
    by = " by" if cause.verdict is Verdict.BLOCKED else ":"
    return f"- **{cause.verdict.value}** {what}{f'{by} {_code(_short(cause.why))}' if cause.why else ''}"


def _failure(cause: Cause[Requirement]) -> str:
    """Requirements that one defect breaks, with what shows it at the first of them."""
    first, *others = cause.items
    blocks = [f"### {_code(first.id)}{f' and {len(others)} more' if others else ''}"]
    if others:
        blocks.append(f"The same breaks {_listed([item.id for item in others])}.")
    text = first.text
    blocks.append(f"> {_text(_short(text.statement))}\n>\n> {text.strength}, {text.basis}; {_clause(text)}")
    ways = by_cause(first.cases)
    for way in ways[:_WAYS]:
        at = _listed([case.operation for case in way.items])
        blocks.append(f"**{way.verdict.value}** at {at}: {_code(_short(way.why or way.verdict.value))}")
    if len(ways) > _WAYS:
        blocks.append(f"And in {len(ways) - _WAYS} more ways.")
    worst = ways[0].items[0]
    if known := worst.deviation:
        blocks.append(f"Listed as known since {_text(_short(known.since))}: {_text(_short(known.reason))}")
    violations = [finding for finding in worst.findings if finding.outcome == "violated"]
    blocks += [_fence(cut(visible(finding_text(finding, _BODY)), _EVIDENCE)) for finding in violations[:1]]
    return "\n\n".join(blocks)


def _row(requirement: Requirement) -> tuple[str, ...]:
    return (
        requirement.verdict.value,
        _code(requirement.id),
        requirement.text.strength,
        count_line(requirement.counts),
        _code(_short(requirement.headline if requirement.cases or requirement.text.not_tested else "")),
    )


def _missed(case: Case) -> str:
    score = case.score
    assert score is not None
    of = f"{len(score.missed)} of {score.planted}"
    return f"- {_code(_short(case.name))}: {of}: {_listed(list(dict.fromkeys(score.missed)))}"


def _clause(text: RequirementText) -> str:
    section = _text(_short(text.section or "the document"))
    return f"[{section}]({text.url})" if text.url and _LINKABLE.fullmatch(text.url) else section


def _loose(finding: Finding) -> str:
    what = f"{finding.requirement}[{finding.operation}]" if finding.requirement else finding.operation
    return f"- {_code(_short(what))}: {_code(_short(finding.message))} ({finding.party}, {finding.times}×)"


def _short(text: str) -> str:
    return cut(one_line(text), _LINE)


def _listed(names: list[str]) -> str:
    """The first of the names, and how many more there are."""
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(_code(_short(name)) for name in names[:_NAMES]) + more


def _text(text: str) -> str:
    return _MARKUP.sub(r"\\\1", one_line(text))


def _code(text: str) -> str:
    text = one_line(text)
    ticks = "`" * (_longest_run(text) + 1)
    return f"{ticks} {text} {ticks}" if text else ""


def _fence(text: str) -> str:
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}text\n{visible(text)}\n{ticks}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]] = ()) -> str:
    return "\n".join(map(_line, (head, ("---",) * len(head), *rows)))


def _line(cells: tuple[str, ...]) -> str:
    # A table reads an unescaped bar as the end of its cell, even inside a code span.
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
