"""The documented lists: plans, applications and backups, their totals and filters."""

from contextlib import suppress
from math import ceil

from conformance.contract import Contract, Operation
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    Unsupported,
    assert_equal,
    assert_same_members,
    assert_that,
    each_time,
    property_test,
    requirement,
    undisturbed,
)
from conformance.properties.collection import Walk
from conformance.suite.common.test_pagination import one_page, page_sizes
from conformance.traffic.pages import page_of


@requirement("vultr.pagination.total-is-full-list")
@property_test(examples=[{"limit": None}], limit=page_sizes)
@undisturbed
def test_total_is_the_number_of_records_in_the_walk(collection: Collection, limit: int | None) -> None:
    """total is the same on every page, and is the number of different records that a walk brings."""
    walk = collection.whole(collection.walk(limit or collection.pagination.page_size.largest, trust_total=False))
    for number, step in enumerate(walk.steps, start=1):
        what = f"total on page {number} of {walk.requests}"
        assert_equal(step.page.total, len(set(walk.ids)), what, exchange=step.exchange, vacuous=one_page(walk))


@requirement("vultr.crud.filter-sound")
@undisturbed
def test_a_filtered_list_holds_only_what_was_asked_for(collection: Collection) -> None:
    """Every record of a filtered list has the value that the filter names."""
    size = collection.pagination.page_size.largest
    records = [record for step in collection.everything.steps for record in step.page.records]
    judged = 0
    for name in collection.description.filters:
        carried = [record.get(name) for record in records if isinstance(record, dict)]
        values = dict.fromkeys(str(found) for found in carried if found)
        # Where all have one value, a filter that is ignored gives the same.
        for value in values if len(values) > 1 else ():
            if judged >= 4:
                break
            walk = collection.walk(size, query={name: value})
            for step in walk.steps:
                wrong = [record for record in step.page.records if str(record.get(name)) != value]
                assert_that(
                    not wrong,
                    f"the list filtered by {name}={value} holds {len(wrong)} others",
                    expected=f"only records with {name} {value}",
                    actual=wrong[:1],
                    exchange=step.exchange,
                )
            judged += 1
    if not judged and not _types_are_apart(collection):
        raise NotExercised("no two records differ in the member that the list is filtered by")


def _types_are_apart(collection: Collection) -> bool:
    """Whether the ids under two values of a filter could be compared: they share none, and all are in the list."""
    size = collection.pagination.page_size.largest
    for name, values in collection.description.filters.items():
        found: dict[str, Walk] = {}
        for value in values if len(values) > 1 else ():
            first = collection.get(size, query={name: value})
            if page_of(first, collection.pagination) is not None:
                found[value] = collection.walk(size, query={name: value})
        full = {value: walk for value, walk in found.items() if walk.ended and walk.ids}
        if len(full) < 2:
            continue
        known, seen = set(collection.ids), set[str]()
        for value, walk in full.items():
            wrong = sorted((set(walk.ids) - known) | (set(walk.ids) & seen))
            assert_that(
                not wrong,
                f"the list filtered by {name}={value} holds records that are not in the list, or are of another {name}",
                expected=f"only records with {name} {value}",
                actual=", ".join(wrong[:5]),
                exchange=walk.steps[0].exchange,
            )
            seen |= set(walk.ids)
        return True
    return False


@requirement("vultr.pagination.filter-with-paging")
@undisturbed
def test_a_filter_and_a_page_size_combine(collection: Collection) -> None:
    """Walking a filtered list gives the filtered list: its total counts it, and its pages stay full."""
    size = collection.pagination.page_size.largest
    for name, values in collection.description.filters.items():
        for value in values:
            whole = collection.walk(size, query={name: value})
            if not whole.ended or len(whole.ids) < 3 or len(whole.ids) == len(collection.ids):
                continue
            limit = max(2, ceil(len(whole.ids) / 20))
            walk = collection.walk(limit, expected=len(whole.ids), query={name: value})
            if walk.missing is not None:
                collection.whole(walk)
            assert_that(
                walk.ended,
                f"the walk of the filtered list {_given_up(walk)}",
                expected="an end",
                actual=_given_up(walk),
                exchange=walk.last,
            )
            what = f"the list filtered by {name}={value} in pages of {limit}"
            assert_same_members(walk.ids, whole.ids, what, exchange=walk.shows(whole.ids))
            for step in walk.steps:
                assert_equal(step.page.total, len(whole.ids), "total of the filtered list", exchange=step.exchange)
            for step in walk.steps[:-1]:
                assert_equal(len(step.page.records), limit, "records on a filtered page", exchange=step.exchange)
            return
    raise NotExercised("no filter leaves three records or more and some out")


def _given_up(walk: Walk) -> str:
    return f"was given up: {walk.defect}" if walk.defect else f"had not ended after {walk.requests} requests"


@requirement("vultr.crud.get-read-only")
@each_time
def test_reading_changes_nothing(subject: Subject, contract: Contract, lists: list[Collection]) -> None:
    """Calling every GET of the contract leaves the records of all lists as they were."""
    before = {collection.operation.id: collection.walk().ids for collection in lists}
    if not any(before.values()):
        raise NotExercised("every list is empty")
    for operation in contract.operations:
        if operation.method == "GET":
            _read(subject, operation)
    for collection in lists:
        after, first = collection.walk(), before[collection.operation.id]
        what = f"the records of {collection.operation}"
        assert_equal(sorted(after.ids), sorted(first), what, exchange=after.shows(first))


def _read(subject: Subject, operation: Operation) -> None:
    try:
        subject.client.call(operation, {**_examples(operation), **subject.values(operation)})
    except Unsupported:
        with suppress(Unsupported):
            subject.client.call(operation, _examples(operation))


def _examples(operation: Operation) -> dict[str, str]:
    return {name: examples[0] for name, examples in operation.examples.items() if examples}
