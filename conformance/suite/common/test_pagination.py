"""Pagination: page sizes, cursors and walks, whatever the style."""

from math import ceil
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.contract import Contract
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    assert_equal,
    assert_not_status,
    assert_same_members,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.properties.exercise import NO_SUCH_CURSOR
from conformance.traffic.pages import page_of

LONGEST_WALK = 25


def page_sizes(subject: Subject) -> SearchStrategy[int]:
    """Page sizes that cut the list into at least two pages and at most `LONGEST_WALK`."""
    smallest, largest = _page_sizes(subject.collection)
    step = subject.collection.pagination.page_size.step
    return st.integers(smallest // step, largest // step).map(lambda size: size * step)


def page_size_boundaries(subject: Subject) -> list[dict[str, int]]:
    """The smallest and largest such sizes, one that divides the list evenly, and one that leaves one record."""
    collection = subject.collection
    smallest, largest = _page_sizes(collection)
    count = len(collection.ids)
    possible = range(smallest, largest + 1, collection.pagination.page_size.step)
    evenly = [size for size in possible if count % size == 0]
    leaves_one = [size for size in possible if count % size == 1]
    sizes = [smallest, largest, *evenly[-1:], *leaves_one[:1]]
    return [{"limit": size} for size in dict.fromkeys(sizes)]


def _page_sizes(collection: Collection) -> tuple[int, int]:
    sizes = collection.pagination.page_size
    collection.at_least(sizes.minimum + 1)
    count = len(collection.ids)
    smallest = max(sizes.minimum, ceil(count / LONGEST_WALK / sizes.step) * sizes.step)
    largest = min(sizes.maximum, (count - 1) // sizes.step * sizes.step)
    return smallest, largest


@requirement("pagination.walk-exactly-once")
@property_test(examples=page_size_boundaries, limit=page_sizes)
def test_walk_visits_every_record_exactly_once(collection: Collection, limit: int) -> None:
    """Following the cursor to its end yields each record once, in the same order whatever the page size."""
    everything = collection.ids
    walk = collection.walk(limit, expected=len(everything))
    assert_that(
        walk.ended,
        f"the walk with pages of {limit} does not end: {walk.defect}",
        expected=f"an end within {ceil(len(everything) / limit) + 1} requests",
        actual=walk.defect,
    )
    if sorted(walk.ids) != sorted(everything) and sorted(collection.walk(everything_at_once(collection)).ids) != sorted(
        everything
    ):
        raise NotExercised("the list changed during the walk")
    assert_same_members(walk.ids, everything, f"a walk with pages of {limit}")
    assert_equal(walk.ids, everything, f"the order of a walk with pages of {limit}")


def everything_at_once(collection: Collection) -> int:
    return collection.pagination.page_size.maximum


@requirement("pagination.prev-roundtrip")
@property_test(examples=page_size_boundaries, limit=page_sizes)
def test_next_then_prev_leads_back(collection: Collection, limit: int) -> None:
    """The prev of the second page leads to the first page again."""
    collection.at_least(limit + 1)
    first = collection.page(limit)
    if first.page.next is None:
        raise NotExercised(f"the list of {len(collection.ids)} has no second page of {limit}")
    second = collection.follow(first)
    assert_that(
        second.page.prev is not None,
        "the second page has no prev",
        expected="a prev that leads to the first page",
        actual=second.exchange.response.text,
        exchange=second.exchange,
    )
    back = collection.follow(second, "prev")
    assert_equal(back.page.ids, first.page.ids, f"the page of {limit} that prev leads to", exchange=back.exchange)


@requirement("pagination.default-page-size")
def test_default_page_size(collection: Collection) -> None:
    """Without a page size, a page holds as many records as the documented default."""
    default = collection.pagination.page_size.documented_default
    plain = collection.page()
    assert_that(
        len(plain.page.records) <= default,
        f"a page without a page size has {len(plain.page.records)} records",
        expected=f"at most {default} records",
        actual=f"{len(plain.page.records)} records",
        exchange=plain.exchange,
    )
    collection.at_least(default + 1)
    assert_equal(len(plain.page.records), default, "records on a page of the default size", exchange=plain.exchange)
    asked = collection.page(default)
    assert_equal(plain.page.ids, asked.page.ids, f"the default page against a page of {default}")


@requirement("pagination.maximum-page-size")
def test_maximum_page_size(collection: Collection) -> None:
    """The documented maximum is accepted; more is refused or cut, never served."""
    maximum = collection.pagination.page_size.maximum
    assert_status(collection.get(maximum), "2xx", when=f"with a page size of {maximum}")
    for size in (maximum + 1, 10 * maximum, 10**9):
        exchange = collection.get(size, negative=True)
        assert_status(exchange, "2xx", "4xx", when=f"with a page size of {size}")
        page = page_of(exchange, collection.pagination)
        assert_that(
            page is None or len(page.records) <= maximum,
            f"a page size of {size} brought more than {maximum} records",
            expected=f"a refusal, or at most {maximum} records",
            actual=f"{len(page.records) if page else 0} records",
            exchange=exchange,
        )
    collection.at_least(maximum + 1)


def bad_page_sizes() -> SearchStrategy[str]:
    """Texts that are no whole number of 1 or more."""
    return st.text(st.characters(codec="utf-8"), max_size=12).filter(lambda text: not _is_number(text))


def _is_number(text: str) -> bool:
    try:
        return int(text) > 0
    except ValueError:
        return False


@requirement("pagination.bad-page-size")
@property_test(
    examples=[{"size": size} for size in ("0", "-1", "1.5", "x", "")],
    size=bad_page_sizes(),
)
def test_a_bad_page_size_is_refused_or_ignored(contract: Contract, collection: Collection, size: str) -> None:
    """A page size that is no page size gives a refusal or a page of ordinary length, never a server error."""
    plain = collection.page()
    exchange = collection.get(size, negative=True)
    assert_not_status(exchange, "5xx", "3xx", when=f"with a page size of {size!r}")
    page = page_of(exchange, collection.pagination)
    most = collection.pagination.page_size.fallback
    assert_that(
        page is None or min(1, len(plain.page.records)) <= len(page.records) <= most,
        f"a page size of {size!r} brought {len(page.records) if page else 0} records",
        expected=f"a refusal, or an ordinary page of at most {most} records",
        actual=f"{len(page.records) if page else 0} records",
        exchange=exchange,
    )
    if exchange.response.status_class == 4:
        assert_equal(
            contract.envelope.errors(exchange.response.at("")), [], "the refusal's envelope", exchange=exchange
        )


@requirement("pagination.bad-cursor-refused")
@property_test(
    examples=[{"cursor": cursor} for cursor in (NO_SUCH_CURSOR, "Y29uZm9ybWFuY2U=", "bmV4dF9fY29uZm9ybWFuY2U=")],
    cursor=st.from_regex(r"[A-Za-z0-9_-]{8,24}", fullmatch=True).map(lambda text: f"conformance-{text}"),
)
def test_a_made_up_cursor_is_refused(collection: Collection, cursor: Any) -> None:
    """A cursor that the server never gave out is a client error."""
    collection.page(1)
    exchange = collection.get(1, cursor, negative=True)
    assert_status(exchange, "4xx", when="with a made-up cursor")
