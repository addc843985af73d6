"""Types of values that mean the same everywhere in an API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, check, violated
from conformance.traffic.walks import Walks


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
    pagination = sight.contract.conventions.paging
    walks: Walks = sight.memory.setdefault("walks", Walks())
    walk = walks.up_to(sight.exchange, page, pagination, sight.writes)
    seen = walk.ids if walk else frozenset()
    again = sorted(seen & set(ids))
    if again:
        yield violated(
            f"the id {again[0]} occurs on two pages of one walk",
            expected="ids unique over the walk",
            actual=", ".join(again),
        )
    elif len(ids) > 1 or (ids and seen):
        yield HELD
