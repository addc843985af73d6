"""Filters beside page sizes and cursors."""

from collections.abc import Sequence
from typing import Any

from conformance.properties import (
    Collection,
    Subject,
    assert_status,
    assert_that,
    property_test,
    requirement,
    undisturbed,
)
from conformance.properties.combinations import pairs, selecting
from conformance.properties.exercise_combinations import reached
from conformance.suite.common.test_selections import selected
from conformance.traffic.exchange import Exchange
from conformance.traffic.pages import page_of


def filters_beside_pages(subject: Subject) -> list[dict[str, Any]]:
    """A case for each filter with every two of: a value, a page size or none, the first page or the one behind it."""
    least = subject.conventions.paging.page_size.minimum
    found = []
    for name, values in selecting(subject).items():
        if name in subject.collection.description.filters:
            rows = pairs({"value": values[1:], "size": [None, least, least + 1], "way": ["first", "next"]})
            found += [{"name": name, **row} for row in rows]
    return found


@requirement("vultr.crud.filter-sound")
@property_test(examples=filters_beside_pages)
@undisturbed
def test_a_filter_holds_on_every_page(
    collection: Collection, name: str, value: str, size: int | None, way: str
) -> None:
    """Whatever the page size, and behind a cursor too, a filtered list shows only what the filter lets through."""
    narrowed = selected(collection, {name: value})
    through = set(narrowed.ids) if narrowed is not None else set()
    if narrowed is None or through >= set(collection.ids):
        return
    exchange = reached(narrowed, way, {} if size is None else {narrowed.pagination.page_size.parameter: size})
    page = page_of(exchange, narrowed.pagination)
    if page is not None and page.records:
        others = [identity for identity in page.ids if identity not in through]
        assert_that(
            not others,
            f"the list filtered by {name}={value} in pages of {size or 'the default size'} holds {len(others)} others",
            expected=f"only records that the list filtered by {name}={value} holds in its largest pages",
            actual=", ".join(map(str, others[:5])),
            exchange=exchange,
        )


@requirement("vultr.pagination.filter-with-paging")
def test_a_filter_and_a_page_size_are_taken_together(subject: Subject, collection: Collection) -> None:
    """Where a filter is taken, and a page size, the two are taken together, with a cursor as well."""
    sizes = collection.pagination.page_size
    sized = {sizes.parameter: sizes.minimum}
    for name in collection.description.filters:
        for value in selecting(subject).get(name, ())[-1:]:
            filtered, page = collection.get(query={name: value}), collection.get(query=sized)
            if filtered.response.ok and page.response.ok:
                exchange = reached(collection, "next", {name: value, **sized})
                ignored = "" if _ids(collection, filtered) != _ids(collection, page) else f"{filtered}, as {page}"
                assert_status(exchange, "2xx", when=f"with {name}={value} in pages of {sizes.minimum}", vacuous=ignored)


def _ids(collection: Collection, exchange: Exchange) -> Sequence[str | None]:
    page = page_of(exchange, collection.pagination)
    return page.ids if page is not None else ()


@requirement("vultr.errors.filter-unknown-value")
@property_test(examples=lambda subject: [{"size": size} for size in (1, subject.conventions.paging.page_size.largest)])
def test_an_unknown_type_gives_nothing_in_any_page_size(collection: Collection, size: int) -> None:
    """A type that no application has gives none in a page of one, nor in the largest, or a client error."""
    collection.at_least(1)
    exchange = collection.get(size, query={"type": "conformance-nosuch"}, negative=True)
    assert_status(exchange, "2xx", "4xx", when=f"with an unknown type and a page size of {size}")
    page = page_of(exchange, collection.pagination)
    if exchange.response.ok:
        assert_that(
            page is not None and not page.records and page.total in (0, None),
            f"an unknown type gives applications in pages of {size}",
            expected="an empty list with total 0, or 4xx",
            actual=exchange.response.text,
            exchange=exchange,
        )
