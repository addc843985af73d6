"""The exchanges with a list that show what becomes of one parameter beside the others."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from conformance.properties.collection import Collection, Step
from conformance.properties.combinations import Row, pairs, selecting, without_none
from conformance.properties.subject import Subject
from conformance.targets.errors import NotFollowed
from conformance.traffic.exchange import Exchange
from conformance.traffic.pages import Direction, page_of

WAYS: dict[str, tuple[Direction, ...]] = {"first": (), "next": ("next",), "prev": ("next", "prev")}
"""How to come to a page: by following neighbours from the first one."""


def exercise_combinations(subject: Subject) -> None:
    """Asks for pages of a list by every two values of its parameters together, and by a wrong value beside a right."""
    collection, chosen = subject.collection, selecting(subject)
    pagination, sorts = collection.pagination, collection.description.sorts[:1]
    sizes = pagination.page_size
    ordered: dict[str, list[Any]] = {pagination.sort: [None, *sorts]} if pagination.sort and sorts else {}
    if not chosen and not ordered:
        return
    ways = list(WAYS) if pagination.previous or pagination.by_link else list(WAYS)[:2]
    asked: dict[str, list[Any]] = {sizes.parameter: [None, sizes.minimum], **chosen, **ordered}
    for row in pairs({"way": ways, **asked}):
        with suppress(NotFollowed):
            reached(collection, row.pop("way"), without_none(row))
    for row in pairs({"wrong": _wrong(subject), **chosen}):
        wrong, right = row.pop("wrong"), without_none(row)
        if right:
            collection.get(query={**right, **wrong}, negative=True)


def reached(collection: Collection, way: str, query: Row) -> Exchange:
    """The answer at the end of one of the `WAYS`, or as far on it as pages name their neighbours.

    Raises:
        NotFollowed: a neighbour is nothing that a request can be made of.
    """
    exchange = collection.get(query=query)
    for direction in WAYS[way]:
        page = page_of(exchange, collection.pagination)
        if page is None or (page.next if direction == "next" else page.prev) is None:
            break
        exchange = collection.ask(Step(exchange, page), direction)
    return exchange


def _wrong(subject: Subject) -> list[Row]:
    """Page sizes that are none or too large, and versions that cannot be or are left out."""
    sizes, versioning = subject.conventions.lists.page_size, subject.conventions.versioning
    wrong: list[Row] = [{sizes.parameter: value} for value in ("0", "conformance", sizes.largest + 1)]
    if versioning is not None and versioning.parameter is not None:
        wrong += [{versioning.parameter: version} for version in (*versioning.unknown[:1], None)]
    return wrong
