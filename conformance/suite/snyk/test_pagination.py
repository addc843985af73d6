"""Pagination: cursors and limits that make no sense, and walks while records are inserted."""

from math import ceil

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.checks.base import as_json
from conformance.checks.links import target_of
from conformance.contract import Conventions, Pagination
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    Things,
    assert_equal,
    assert_no_server_error,
    assert_same_members,
    assert_status,
    assert_that,
    each_time,
    identities,
    property_test,
    requirement,
)
from conformance.properties.collection import HARD_CAP
from conformance.properties.exercise import NO_SUCH_CURSOR
from conformance.properties.resource import READINGS
from conformance.targets import Client


@requirement("snyk.pagination.bad-cursor-4xx")
@property_test(examples=[{"size": size} for size in ("abc", "-1", "0")])
def test_a_limit_that_is_none_is_refused(client: Client, collection: Collection, size: str) -> None:
    """A limit that is no positive integer is a client error."""
    client.control(collection.get(collection.pagination.page_size.minimum))
    assert_status(collection.get(size, negative=True), "4xx", when=f"with a limit of {size}")


def parameters(subject: Subject) -> SearchStrategy[str]:
    """The parameters for pages: both cursors, and the limit."""
    pagination = subject.conventions.paging
    return st.sampled_from([pagination.cursor, str(pagination.previous), pagination.page_size.parameter])


def odd_values(subject: Subject) -> list[dict[str, str]]:
    """Each parameter with some values that such code stumbles over."""
    pagination = subject.conventions.paging
    names = (pagination.cursor, str(pagination.previous), pagination.page_size.parameter)
    values = ("", "v1.", "v1.bnVsbA==", "null", "99999999999999999999", "1.5", "\u2603")
    return [{"name": name, "value": value} for name in names for value in values]


@requirement("snyk.pagination.bad-cursor-4xx")
@property_test(
    examples=odd_values, name=parameters, value=st.text(st.characters(codec="utf-8"), min_size=1, max_size=24)
)
def test_no_cursor_or_limit_is_a_server_error(collection: Collection, name: str, value: str) -> None:
    """Whatever stands in a cursor or in the limit, the answer is no 5xx, where a good one of each leads to a page."""
    _ = collection.second
    exchange = collection.get(query={name: value}, negative=True)
    assert_no_server_error(exchange, when=f"with {name}={as_json(value)}")


@requirement("snyk.pagination.bad-cursor-4xx")
def test_both_cursors_are_no_server_error(collection: Collection, conventions: Conventions) -> None:
    """Both cursors together, made up or given out by the server, are no 5xx."""
    pagination = conventions.paging
    pairs = [(NO_SUCH_CURSOR, NO_SUCH_CURSOR), *_given_out(collection, pagination)]
    for after, before in pairs:
        query = {pagination.cursor: after, str(pagination.previous): before}
        exchange = collection.get(pagination.page_size.minimum, query=query, negative=True)
        assert_no_server_error(exchange, when="with both cursors")


def _given_out(collection: Collection, pagination: Pagination) -> list[tuple[str, str]]:
    """The cursors that the links of a second page hold."""
    first = collection.page(pagination.page_size.minimum)
    if first.page.next is None:
        return []
    second = collection.follow(first)
    if second.page.next is None or second.page.prev is None:
        return []
    after = target_of(second.page.next).values(pagination.cursor)
    before = target_of(second.page.prev).values(str(pagination.previous))
    return list(zip(after, before, strict=False))


@requirement("snyk.pagination.walk-under-inserts")
def test_inserted_records_hide_and_repeat_no_older_one(collection: Collection, things: Things) -> None:
    """Whatever is inserted between two pages, every record from before the walk comes exactly once."""
    limit = collection.pagination.page_size.minimum
    collection.at_least(limit + 1)
    # What a target cannot create it cannot insert, and what is created first belongs to the list.
    older = [*collection.ids, things.create()]
    step = collection.page(limit)
    seen, requests = identities(step.page), 1
    while step.page.next is not None:
        things.create()
        assert_that(
            requests <= ceil((len(older) + len(things.created)) / limit) + 1,
            f"the walk goes on after {requests} pages of {limit}",
            expected="an end after the last record",
            actual=step.page.next,
            exchange=step.exchange,
        )
        step = collection.follow(step)
        seen += identities(step.page)
        requests += 1
    known = set(older)
    assert_same_members([name for name in seen if name in known], older, "the older records in a walk under inserts")


@requirement("snyk.pagination.insertion-order")
def test_the_default_order_is_that_of_insertion(collection: Collection, things: Things) -> None:
    """Records come in the order they were created in, after all that were there before."""
    older = set(collection.ids)
    created = [things.create() for _ in range(3)]
    for _ in range(READINGS):
        walk = collection.whole(collection.walk(collection.pagination.page_size.largest))
        listed = [name for name in walk.ids if name in older or name in created]
        assert_equal(listed[-3:], created, "the last records of the list after three were created")


MOST_CREATED = 30


@requirement("snyk.pagination.walk-under-inserts")
def test_deleted_records_hide_and_repeat_no_other(collection: Collection, things: Things) -> None:
    """Behind a page of which a record is deleted come the records after its last one, each once.

    The record that the cursor stands for is not among the deleted.
    """
    sizes, count = collection.pagination.page_size, len(collection.ids)
    # In the order of insertion what is created comes last: the end of a page has to fall among that.
    ends = {size: -(-(count + 2) // size) * size for size in range(sizes.minimum, sizes.largest + 1, sizes.step)}
    size = min(ends, key=lambda size: (ends[size] - count + ends[size] // size, size))
    if ends[size] - count > MOST_CREATED or ends[size] // size > HARD_CAP:
        raise NotExercised(f"a list of {count} records has no page whose end a few more would reach")
    created = [things.create() for _ in range(ends[size] - count + 2)]
    walk = collection.walk(size, pages=ends[size] // size)
    seen = [name for name in walk.ids if name in created]
    last = walk.steps[-1]
    if len(seen) < 2 or seen[-1] not in identities(last.page) or last.page.next is None:
        raise NotExercised("the records created are on no page with another one behind it")
    gone = seen[-2]
    things.client.control(things.served("delete", things.delete(gone)))
    while last.page.next is not None and len(seen) < 2 * len(created):
        last = collection.follow(last)
        seen += [name for name in identities(last.page) if name in created]
    assert_same_members(
        [name for name in seen if name != gone],
        [name for name in created if name != gone],
        "the other records in a walk under deletes",
    )


@requirement("snyk.crud.get-is-safe")
@each_time
def test_reading_changes_nothing(collection: Collection) -> None:
    """The first page, read again and again with no write between, has the same records in the same order."""
    limit = collection.pagination.page_size.minimum
    first = collection.page(limit)
    if len(first.page.records) < 2:
        raise NotExercised("a list with fewer than two records has no order")
    for _ in range(2):
        again = collection.page(limit)
        assert_equal(identities(again.page), identities(first.page), "the first page again", exchange=again.exchange)
