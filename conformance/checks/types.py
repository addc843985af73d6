"""Types of values that mean the same everywhere in an API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, check, violated


@check("types.ids-unique")
def ids_are_unique(sight: Sight) -> Iterator[Finding]:
    """No two records of a page share an id, nor do two pages that follow each other in one walk."""
    page = sight.page
    if page is None:
        return
    ids = [identity for identity in page.ids if identity is not None]
    twice = [identity for identity, count in Counter(ids).items() if count > 1]
    if twice:
        yield violated(f"the id {twice[0]} occurs twice in one answer", expected="unique ids", actual=", ".join(ids))
        return
    seen = _seen_before(sight, page.cursor_asked)
    again = sorted(seen & set(ids))
    if again:
        yield violated(
            f"the id {again[0]} occurs on two pages of one walk",
            expected="ids unique over the walk",
            actual=", ".join(again),
        )
    elif len(ids) > 1 or (ids and seen):
        yield HELD
    if page.next is not None:
        sight.memory[_walk(sight, page.next)] = seen | set(ids)


def _seen_before(sight: Sight, cursor: str | None) -> set[str]:
    """Ids on the pages that led to this one."""
    seen: set[str] = sight.memory.get(_walk(sight, cursor), set())
    return seen


def _walk(sight: Sight, cursor: str | None) -> tuple[object, ...]:
    # Lists with other filters, page sizes or parents may give out the same cursors; one that was written to may
    # show a record again without breaking the rule.
    pagination = sight.contract.conventions.pagination
    given = pagination.cursor if pagination else None
    rest = tuple(sorted(pair for pair in sight.exchange.request.query if pair[0] != given))
    return (sight.exchange.request.method, sight.exchange.path, rest, cursor, sight.writes)
