"""Selectors: which operations, and which calls that the contract does not know, a statement is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from conformance.contract.operation import WRITES, Operation
from conformance.contract.requirement import CLIENT

_SELECT: dict[str, Callable[[Operation], bool]] = {
    "*": lambda _: True,
    "GET *": lambda op: op.method == "GET",
    "collections": lambda op: op.collection is not None,
    "writes": lambda op: op.writes,
}


def selected(named: tuple[str, ...], operations: Iterable[Operation]) -> tuple[str, ...]:
    """The ids that are named, or those of the operations that a selector stands for."""
    selects = _SELECT.get(named[0])
    return named if selects is None else tuple(op.id for op in operations if selects(op))


def applies(named: tuple[str, ...], operation: Operation | None, method: str, *, is_list: bool = False) -> bool:
    """Whether what is said of `named` is said of an exchange with `operation`, or with one the contract lacks.

    Only what the document says of every operation, every GET, every write or every list speaks of unknown ones;
    what binds the client speaks of all.

    Args:
        named: ids of operations, or a selector.
        is_list: the answer has the shape of a list.
    """
    selector = named[0]
    if selector in ("*", CLIENT):
        return True
    if operation is not None:
        return bool(selected(named, [operation])) if selector in _SELECT else operation.id in named
    return {"GET *": method == "GET", "collections": is_list, "writes": method in WRITES}.get(selector, False)
