"""Pages by number: the first one and the last one, what is behind that, and that every list has them."""

import re
from math import ceil
from typing import Any

from conformance.properties import (
    Collection,
    NotExercised,
    Step,
    Subject,
    assert_equal,
    assert_not_status,
    assert_status,
    assert_that,
    property_test,
    requirement,
    undisturbed,
)
from conformance.traffic.links import related
from conformance.traffic.pages import page_of
from conformance.traffic.urls import split

SITE = "GET /api/v1/sites/{site_id}"
WHOLE, BY_DOMAIN = "as it is", "of a site by its domain"
FAR = 10**6
"""A page that no list has."""


def every_way(subject: Subject) -> list[dict[str, Any]]:
    """A list as it is, narrowed to each value that the document names, and of a site that its domain stands for."""
    operation = subject.operation
    narrowed = [f"{name}={value}" for name, values in operation.listing.filters.items() for value in values]
    by_domain = [BY_DOMAIN] if "site_id" in operation.path_parameters else []
    return [{"way": way} for way in (WHOLE, *narrowed, *by_domain)]


def asked(subject: Subject, way: str) -> Collection | None:
    """The list that is asked for in one of these ways; None where the target does not take that."""
    collection = subject.collection
    if way == WHOLE:
        return collection
    if way != BY_DOMAIN:
        name, _, value = way.partition("=")
        return collection.selected({name: value})
    site = subject.client.call(subject.contract.operation(SITE), collection.values)
    domain = domain_in(site.response.at("/custom_domain"), site.response.at("/url"))
    if domain is None:
        return None
    values = {**collection.values, "site_id": domain}
    named = Collection(subject.client, collection.operation, collection.pagination, values)
    # Whether a domain stands for its site is another rule.
    return named if named.get(1).response.ok else None


def domain_in(custom: Any, url: Any) -> str | None:
    """The domain of a site: the one that was set, else that of its URL; None where it shows none."""
    known = custom or ((split(url).authority or "").partition(":")[0] if isinstance(url, str) else None)
    return known if isinstance(known, str) and re.search(r"[.][a-z]", known, re.IGNORECASE) else None


def last_of(step: Step) -> int | None:
    """The number of the page that a page names as the last one, None where it names none."""
    links = related(step.exchange.response.header("link") or "").get("last", [])
    numbers = [value for name, value in split(links[0]).parameters if name == "page"] if links else []
    return int(numbers[0]) if len(numbers) == 1 and numbers[0].isascii() and numbers[0].isdigit() else None


@requirement("netlify.pagination.page-base-1")
@property_test(examples=every_way)
def test_page_1_is_the_first(subject: Subject, way: str) -> None:
    """Page 1 has the records of the page without a number, and page 2 has others."""
    collection = asked(subject, way)
    if collection is not None:
        first_is_number_one(collection=collection)


@undisturbed
def first_is_number_one(collection: Collection) -> None:
    for limit in (1, 2):
        first = collection.page(limit)
        if first.page.next is None and limit > 1:
            return
        collection.at_least(limit + 1)
        one = collection.page(limit, 1)
        assert_equal(one.page.ids, first.page.ids, f"page 1 of {limit}", exchange=one.exchange)
        two = collection.page(limit, 2)
        again = sorted(set(filter(None, two.page.ids)) & set(filter(None, first.page.ids)))
        assert_that(
            not again and bool(two.page.records),
            f"page 2 of {limit} has {'records of page 1' if again else 'no records'}",
            expected="records that page 1 does not have",
            actual=", ".join(again) or "no records",
            exchange=two.exchange,
        )


@requirement("netlify.pagination.link-when-more")
@property_test(examples=every_way)
def test_a_page_in_front_of_another_has_a_next(subject: Subject, way: str) -> None:
    """Where a page has records that none before it has, the page before it has a next."""
    collection = asked(subject, way)
    if collection is not None:
        each_leads_on(collection=collection)


@undisturbed
def each_leads_on(collection: Collection) -> None:
    for limit in (1, 2):
        before, seen = collection.page(limit), set[str]()
        for number in (2, 3):
            seen |= set(filter(None, before.page.ids))
            exchange = collection.get(limit, number)
            after = page_of(exchange, collection.pagination)
            new = [one for one in after.ids if one is not None and one not in seen] if after is not None else []
            if not new:
                break
            assert_that(
                before.page.next is not None,
                f"page {number - 1} of {limit} has no next, and page {number} has further records",
                expected=f"a next on page {number - 1}",
                actual=before.exchange.response.header("link") or "no Link",
                exchange=before.exchange,
            )
            assert after is not None, "it has new records"
            before = Step(exchange, after)


def two_sizes(subject: Subject) -> list[dict[str, int]]:
    """The largest size that cuts the list into pages that are full, and one that does not: into three, if it can."""
    collection = subject.collection
    collection.at_least(2)
    count, most = len(collection.ids), collection.pagination.page_size.largest
    possible = range(min(most, count - 1), 0, -1)
    full = next(size for size in possible if count % size == 0)
    partly = [size for size in possible if count % size]
    # Rounded down, two pages are one; of three, the first names a last one that has a next.
    rest = next((size for size in partly if 2 * size < count), next(iter(partly), full))
    return [{"limit": size} for size in dict.fromkeys((full, rest))]


@requirement("netlify.pagination.last-consistent")
@property_test(examples=two_sizes)
@undisturbed
def test_every_page_names_the_same_last_one(collection: Collection, limit: int) -> None:
    """The last page that pages name is the one with the last of the records, whichever of them is asked."""
    count = len(set(collection.ids))
    walk = collection.whole(collection.walk(limit, expected=count))
    if any(len(step.page.records) != limit for step in walk.steps[:-1]):
        raise NotExercised(f"pages are not of {limit} records, as was asked for")
    # What was written before may take effect between two pages.
    again = collection.page(limit)
    if again.page.ids != walk.steps[0].page.ids or last_of(again) != last_of(walk.steps[0]):
        raise NotExercised("the list changed during the walk")
    named = [(step, last) for step in walk.steps if (last := last_of(step)) is not None]
    if not named:
        raise NotExercised("no page names a last one")
    for step, last in named:
        assert_equal(last, ceil(count / limit), f"the last page of {count} records by {limit}", exchange=step.exchange)


@requirement("netlify.pagination.edges")
@property_test(examples=[{"limit": limit} for limit in (1, 2)])
@undisturbed
def test_the_page_that_is_named_as_the_last_has_no_next(collection: Collection, limit: int) -> None:
    """Where a page names the last one, that one leads no further, whether it is full or not."""
    first = collection.page(limit)
    named = last_of(first)
    if named is None or named < 2:
        raise NotExercised("the first page names no other as the last one")
    last = collection.page(limit, named)
    if last_of(collection.page(limit)) != named:
        raise NotExercised("the list changed between its pages")
    assert_that(
        last.page.next is None,
        f"page {named} of {limit}, which the first page names as the last one, has a next",
        expected="no next",
        actual=last.exchange.response.header("link"),
        exchange=last.exchange,
    )


@requirement("netlify.pagination.beyond-last")
@undisturbed
def test_there_is_nothing_behind_the_last_page(collection: Collection) -> None:
    """The page behind the last one, and one far behind it, has no records or is refused."""
    first = collection.page(2)
    if not first.page.records:
        raise NotExercised("the list is empty")
    for limit, number in ((2, number_behind(collection, first)), (2, FAR), (None, FAR)):
        exchange = collection.get(limit, number, negative=True)
        when = f"with page {number}, behind the last one"
        assert_status(exchange, "2xx", "4xx", when=when)
        page = page_of(exchange, collection.pagination)
        assert_that(
            exchange.response.status_class == 4 or (page is not None and not page.records),
            f"there are records {when}",
            expected="an empty list, or 4xx",
            actual=exchange.response.text,
            exchange=exchange,
        )


def number_behind(collection: Collection, first: Step) -> int:
    """The number of the page behind the last one, of pages of two.

    Raises:
        Blocked, NotExercised: the end of the list is not found.
    """
    named = last_of(first)
    start = first if named is None or named < 2 else collection.page(2, named)
    before = 0 if named is None or start is first else named - 1
    return before + collection.whole(collection.walk(2, start=start)).requests + 1


NO_NUMBERS = ("0", "-1", "x", "", "1.5", "９", "99999999999999999999")


@requirement("netlify.pagination.beyond-last")
def test_a_page_that_is_no_number_does_no_harm(collection: Collection) -> None:
    """It is refused, or taken for some page: never a server error."""
    first, second = collection.page(1), collection.second
    ignored = second.page.ids == first.page.ids
    for page in NO_NUMBERS:
        exchange = collection.get(1, page, negative=True)
        vacuous = "numbers of pages make no difference to this list" if ignored else ""
        assert_not_status(exchange, "5xx", "3xx", when=f"with page {page!r}", vacuous=vacuous)


@requirement("netlify.pagination.all-lists-paginate")
@property_test(examples=every_way)
def test_every_list_comes_in_pages(subject: Subject, way: str) -> None:
    """A page of one has one record, and the next one another."""
    collection = asked(subject, way)
    if collection is not None:
        comes_in_pages(collection=collection)


@undisturbed
def comes_in_pages(collection: Collection) -> None:
    first = collection.page(1)
    if len(first.page.records) < 2 and first.page.next is None:
        collection.at_least(2)
    second = collection.page(1, 2)
    for step, what in ((first, "a page of 1"), (second, "page 2 of 1")):
        assert_equal(len(step.page.records), 1, f"records on {what}", exchange=step.exchange)
    assert_that(
        first.page.ids != second.page.ids,
        "page 2 of 1 has the record of page 1",
        expected="another record",
        actual=second.page.ids[0],
        exchange=second.exchange,
    )


@requirement("netlify.pagination.links-keep-query")
@property_test(examples=every_way)
def test_links_lead_on_in_the_list_that_was_asked_for(subject: Subject, way: str) -> None:
    """The links of the first two pages keep what was asked for."""
    collection = asked(subject, way)
    first = collection.page(1) if collection is not None else None
    if collection is not None and first is not None and first.page.next is not None:
        collection.follow(first)
