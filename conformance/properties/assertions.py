"""Assertions of the suite. Each that holds is a piece of evidence: a test that made none has shown nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from attrs import frozen

from conformance.checks.base import shown
from conformance.contract import Contract
from conformance.traffic.exchange import Exchange

_held: ContextVar[int] = ContextVar("held", default=0)
_vacuity: ContextVar[str] = ContextVar("vacuity", default="")


@frozen
class Moment:
    """An exchange on the way to a violation, and the step that made it."""

    step: str
    exchange: Exchange


class Violation(AssertionError):
    """A requirement does not hold.

    Attributes:
        expected, actual: the two sides, as text.
        exchange: the one that shows it; None for the last one made.
        of_content: it is about what a body says, and not about a status: where the body is not of the documented form
            at all, it says no more than that.
        timeline: what led to it, where it took several steps.
    """

    def __init__(
        self,
        message: str,
        *,
        expected: str,
        actual: Any,
        exchange: Exchange | None = None,
        of_content: bool = True,
    ) -> None:
        super().__init__(message)
        self.of_content = of_content
        self.expected = expected
        self.actual = shown(actual)
        self.exchange = exchange
        self.timeline: tuple[Moment, ...] = ()

    def follows(self, steps: str, timeline: tuple[Moment, ...]) -> None:
        """Takes what led to it: the steps as text, and the exchanges of each."""
        if steps:
            self.args = (f"{self}, after {steps}",)
        self.timeline = timeline

    def shown_by(self, exchanges: Sequence[Exchange]) -> None:
        """Takes the last one made as what shows it, unless another one does: before further ones are made."""
        if self.exchange is None and exchanges:
            self.exchange = exchanges[-1]


def reset_evidence() -> None:
    """Starts counting for the next item."""
    _held.set(0)
    _vacuity.set("")


def evidence() -> int:
    """Assertions that have held since the last reset, and could have failed."""
    return _held.get()


def vacuity() -> str:
    """Why the first assertion since the last reset that could not have failed could not; empty if there was none."""
    return _vacuity.get()


@contextmanager
def not_counted() -> Iterator[None]:
    """Assertions that hold here are no evidence."""
    held = _held.get()
    try:
        yield
    finally:
        _held.set(held)


def assert_that(
    holds: bool,
    message: str,
    *,
    expected: str,
    actual: Any,
    exchange: Exchange | None = None,
    of_content: bool = True,
    vacuous: str = "",
) -> None:
    """Holds, or is told by its message; what else a failure says is as in `Violation`.

    Args:
        message: what is wrong where it does not hold.
        vacuous: why it is no evidence where it does; empty where it is.
    """
    if not holds:
        raise Violation(message, expected=expected, actual=actual, exchange=exchange, of_content=of_content)
    if vacuous:
        _vacuity.set(_vacuity.get() or vacuous)
    else:
        _held.set(_held.get() + 1)


def assert_equal(actual: Any, expected: Any, what: str, *, exchange: Exchange | None = None, vacuous: str = "") -> None:
    assert_that(
        actual == expected,
        f"{what}: expected {shown(expected, 80)}, got {shown(actual, 80)}",
        expected=shown(expected),
        actual=actual,
        exchange=exchange,
        vacuous=vacuous,
    )


def assert_status(exchange: Exchange, *statuses: int | str, when: str = "", vacuous: str = "") -> None:
    """The status is one of `statuses`: numbers, or classes such as `4xx`."""
    holds, expected = _is_one_of(exchange, statuses), " or ".join(str(allowed) for allowed in statuses)
    _assert_status(exchange, holds, when, expected, vacuous)


def assert_not_status(exchange: Exchange, *statuses: int | str, when: str = "", vacuous: str = "") -> None:
    """There is an answer, and its status is none of `statuses`."""
    holds = exchange.response.answered and not _is_one_of(exchange, statuses)
    _assert_status(exchange, holds, when, f"anything but {' or '.join(map(str, statuses))}", vacuous)


def _is_one_of(exchange: Exchange, statuses: Sequence[int | str]) -> bool:
    status = exchange.response.status
    return status in statuses or f"{status // 100}xx" in statuses


def _assert_status(exchange: Exchange, holds: bool, when: str, expected: str, vacuous: str) -> None:
    response = exchange.response
    came = f"was answered {response.status}" if response.answered else f"got no answer: {response.fault}"
    assert_that(
        holds,
        f"{exchange.request.method} {exchange.path}{' ' if when else ''}{when} {came}",
        expected=expected,
        actual=response.reason if response.answered else f"no answer: {response.fault}",
        exchange=exchange,
        of_content=False,
        vacuous=vacuous,
    )


def assert_no_server_error(exchange: Exchange, when: str) -> None:
    """A request that is wrong causes no 5xx. Whoever takes it as it is may never have looked at what is wrong."""
    refused = exchange.response.status_class == 4
    assert_not_status(exchange, "5xx", when=when, vacuous="" if refused else f"{exchange}: what is wrong was ignored")


def assert_enveloped(exchange: Exchange, contract: Contract, when: str = "") -> None:
    """The body is the API's error envelope."""
    response = exchange.response
    errors = contract.envelope.errors(response.json, limit=1) if response.is_json else None
    assert_that(
        errors == [],
        f"the {response.status} to {exchange.request.method} {exchange.path}{' ' if when else ''}{when} is not the "
        f"error envelope: {errors[0].message if errors else 'it is no JSON'}",
        expected="the error envelope",
        actual=response.text or "an empty body",
        exchange=exchange,
    )


def assert_same_members(
    actual: Sequence[str], expected: Sequence[str], what: str, vacuous: str = "", *, exchange: Exchange | None = None
) -> None:
    """The two hold the same members, none twice, in whatever order."""
    came, due = Counter(actual), set(expected)
    again = sorted(member for member, count in came.items() if count > 1)
    missing = [member for member in expected if member not in came]
    extra = [member for member in actual if member not in due]
    problem = (
        f"{again[0]} comes {came[again[0]]} times"
        if again
        else f"{missing[0]} is missing"
        if missing
        else f"{extra[0]} does not belong"
        if extra
        else ""
    )
    assert_that(
        not problem,
        f"{what}: {problem}",
        expected=f"{len(expected)} members, each once",
        actual="; ".join([f"{len(actual)} members", *_some({"twice": again, "missing": missing, "extra": extra})]),
        exchange=exchange,
        vacuous=vacuous,
    )


def _some(found: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The first few of each kind, where there are any."""
    for kind, members in found.items():
        if members:
            yield f"{kind}: {', '.join(members[:3])}"
