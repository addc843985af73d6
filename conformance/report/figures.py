"""What requirements come to together: those of an API, of the whole target, and of its clients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from enum import StrEnum
from functools import cached_property
from typing import Generic, TypeVar

from attrs import frozen

from conformance.contract.verdict import Verdict
from conformance.report.cases import Case, Requirement, counted

T = TypeVar("T", Case, Requirement)

FAILING = frozenset(verdict for verdict in Verdict if verdict.fails_run)


class Result(StrEnum):
    """What a run comes to, in two words.

    `FAIL`: something is wrong. A verdict fails the run, an error was met, or the run did not come to its end.
    `NOT ENOUGH SEEN`: nothing is wrong, but nothing was exercised, a target was not asked at all, or a gate requires
    what was not seen. `PASS`: all else; the exit status is 0 for it alone.
    """

    PASS = "PASS"
    FAIL = "FAIL"
    NOT_ENOUGH_SEEN = "NOT ENOUGH SEEN"


@frozen
class Group:
    """Requirements that are counted together.

    What binds a client is judged at a server that the suite plays: it says nothing about the target, and is a group
    of its own wherever figures are given. So are the base requirements, which every API has.

    Attributes:
        name: of an API, or of what else they have in common.
        of_client: whether they bind clients.
        base: whether they are base requirements, which no document of an API promises.
        missing: those of them that the gate requires and that were not seen.
        asked: whether there was an exchange with each target that they bind.
    """

    name: str
    of_client: bool
    requirements: tuple[Requirement, ...]
    missing: tuple[Requirement, ...]
    asked: bool
    base: bool = False

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        return tuple(case for requirement in self.requirements for case in requirement.cases)

    @cached_property
    def seen(self) -> int:
        """How many of them were observed."""
        return sum(requirement.seen for requirement in self.requirements)

    @property
    def seen_of_all(self) -> str:
        return f"{self.seen} of {len(self.requirements)}"

    @cached_property
    def counts(self) -> dict[Verdict, int]:
        """How many cases have each verdict, worst first, zeros included."""
        return counted(case.verdict for case in self.cases)

    @cached_property
    def requirement_counts(self) -> dict[Verdict, int]:
        """How many requirements have each merged verdict, worst first, zeros included."""
        return counted(requirement.verdict for requirement in self.requirements)

    @property
    def failing(self) -> tuple[str, ...]:
        """How many cases have each verdict that fails a run, worst first."""
        return tuple(
            f"{count} {verdict.value}" for verdict, count in self.counts.items() if verdict.fails_run and count
        )

    @property
    def result(self) -> Result:
        if self.failing:
            return Result.FAIL
        enough = self.asked and self.seen and not self.missing
        return Result.PASS if enough else Result.NOT_ENOUGH_SEEN


@frozen
class Cause(Generic[T]):
    """What came to one verdict for one reason."""

    verdict: Verdict
    why: str
    items: tuple[T, ...]


def by_cause(items: Iterable[T]) -> tuple[Cause[T], ...]:
    """The items with what has one cause together; the worst verdict first, and then in the order of the items."""
    groups: dict[tuple[Verdict, str], list[T]] = defaultdict(list)
    for item in items:
        groups[item.verdict, item.cause].append(item)
    order = list(Verdict)
    ranked = sorted(groups.items(), key=lambda group: order.index(group[0][0]))
    return tuple(Cause(verdict, why, tuple(group)) for (verdict, why), group in ranked)


def causes(requirements: Iterable[Requirement], verdicts: Container[Verdict]) -> tuple[Cause[Requirement], ...]:
    """Why requirements came to these verdicts, whatever others came to: each at the operations where it has one."""
    return by_cause(
        requirement.only(verdict)
        for requirement in requirements
        for verdict, count in requirement.counts.items()
        if count and verdict in verdicts
    )
