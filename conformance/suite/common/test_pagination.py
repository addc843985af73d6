"""Pagination: page sizes, cursors and walks, whatever the style."""

from collections import Counter
from itertools import pairwise
from math import ceil
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.checks.base import as_json
from conformance.contract import PREVIOUS_CURSOR, Contract, Need
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    Unsupported,
    Walk,
    assert_enveloped,
    assert_equal,
    assert_not_status,
    assert_same_members,
    assert_status,
    assert_that,
    identities,
    property_test,
    requirement,
    undisturbed,
)
from conformance.properties.collection import HARD_CAP
from conformance.properties.exercise import NO_SUCH_CURSOR
from conformance.traffic.exchange import Exchange
from conformance.traffic.pages import page_of

LONGEST_WALK = 25
BEGINNING = 10
"""Pages of a walk that is too long to be gone to its end."""


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


def smallest_and_boundaries(subject: Subject) -> list[dict[str, int]]:
    """The smallest size that may be asked for, however long the list is, and the `page_size_boundaries`."""
    boundaries = page_size_boundaries(subject)
    smallest = {"limit": subject.collection.pagination.page_size.minimum}
    return boundaries if smallest in boundaries else [smallest, *boundaries]


def _page_sizes(collection: Collection) -> tuple[int, int]:
    sizes = collection.pagination.page_size
    collection.at_least(sizes.minimum + 1)
    count = len(collection.ids)
    smallest = max(sizes.minimum, ceil(count / LONGEST_WALK / sizes.step) * sizes.step)
    largest = min(sizes.largest, (count - 1) // sizes.step * sizes.step)
    return smallest, largest


@requirement("pagination.walk-exactly-once")
@property_test(examples=smallest_and_boundaries, limit=page_sizes)
@undisturbed
def test_walk_visits_every_record_exactly_once(subject: Subject, collection: Collection, limit: int) -> None:
    """Following the cursor to its end yields each record once, and where promised in the same order.

    A list that is too long for its smallest pages is walked in them for as long as it takes to see that it goes on.
    """
    visits_once(subject, collection, limit)


def visits_once(subject: Subject, collection: Collection, limit: int) -> None:
    """A walk in pages of this size shows what the largest pages show, each record once."""
    everything = collection.ids
    most = ceil(len(everything) / limit) + 1
    whole = most <= HARD_CAP
    walk = collection.walk(limit, expected=len(everything), pages=HARD_CAP if whole else BEGINNING)
    # A page that is too short breaks another rule, where it breaks one.
    allowed = most + walk.shorter_than(limit)
    came_to = (
        f"was given up: {walk.defect}"
        if walk.defect
        else f"{'ended after' if walk.ended else 'had not ended after'} {walk.requests} requests"
    )
    assert_that(
        walk.ended and walk.requests <= allowed if whole else walk.defect is None,
        f"the walk with pages of {limit} {came_to}; {allowed} are enough for {len(everything)} records",
        expected=f"an end within {allowed} requests",
        actual=came_to,
        exchange=walk.last,
        vacuous=one_page(walk),
    )
    shown = set(walk.ids)
    due = everything if walk.ended else [identity for identity in everything if identity in shown]
    if Counter(walk.ids) != Counter(due) and Counter(_read_again(collection)) != Counter(everything):
        raise NotExercised("the list changed during the walk")
    tied = records_with_ties(subject, collection, walk)
    assert_same_members(
        [identity for identity in walk.ids if identity not in tied],
        [identity for identity in due if identity not in tied],
        f"a walk with pages of {limit}",
        exchange=walk.shows(everything),
        vacuous=one_page(walk),
    )
    if collection.pagination.ordered:
        due = everything if walk.ended else everything[: len(walk.ids)]
        assert_equal(
            walk.ids,
            due,
            f"the order of a walk with pages of {limit}",
            exchange=walk.shows(due, ordered=True),
            vacuous=one_page(walk),
        )


ONE_PAGE = "the whole list came on one page"


def one_page(walk: Walk) -> str:
    """Why a walk shows nothing of how pages follow each other; empty where it does."""
    return ONE_PAGE if walk.requests < 2 else ""


def _read_again(collection: Collection) -> list[str]:
    return collection.walk(everything_at_once(collection)).ids


def records_with_ties(subject: Subject, collection: Collection, walk: Walk) -> set[str]:
    """Records that share their time of creation with another one, where the list is cut by time.

    Which member holds that time is said by whoever knows the target, else the cursors of a walk tell it. What
    becomes of such records at the end of a page is a question of its own.
    """
    if collection.pagination.style != "timestamp":
        return set()
    member = subject.session.facts.get("times", {}).get(subject.operation_id) or cut_by(walk)
    if member is None:
        return set()
    times = times_of(collection, member)
    count = Counter(times.values())
    return {identity for identity, time in times.items() if count[time] > 1}


def cut_by(walk: Walk) -> str | None:
    """The member whose values every cursor of a walk repeats, give or take one: that of the record on either side."""
    common: set[str] | None = None
    for step, after in pairwise(walk.steps):
        sides = [record for record in (*step.page.records[-1:], *after.page.records[:1]) if isinstance(record, dict)]
        cursor = step.page.next or ""
        if not sides or not (cursor.isascii() and cursor.isdigit()):
            return None
        near = range(int(cursor) - 1, int(cursor) + 2)
        found = {name for record in sides for name, value in record.items() if type(value) is int and value in near}
        common = found if common is None else common & found
    # Of several, the one of creation is named first by its letters alone: created… before modified… or updated….
    return min(common, default=None) if common else None


def times_of(collection: Collection, member: str) -> dict[str, int]:
    """The time of creation of each record that tells one, by its identity."""
    found = {}
    for step in collection.everything.steps:
        for identity, record in zip(step.page.ids, step.page.records, strict=True):
            time = record.get(member) if isinstance(record, dict) else None
            if identity is not None and isinstance(time, int):
                found[identity] = time
    return found


def everything_at_once(collection: Collection) -> int:
    return collection.pagination.page_size.largest


@requirement("pagination.prev-roundtrip")
@property_test(examples=page_size_boundaries, limit=page_sizes)
@undisturbed
def test_next_then_prev_leads_back(collection: Collection, limit: int) -> None:
    """The prev of the second page leads to the first page again."""
    if collection.pagination.previous is None and not collection.pagination.by_link:
        text = "no document names the parameter that takes prev: name it in the parameter previous-cursor"
        raise Unsupported(text, Need.parameter(PREVIOUS_CURSOR))
    collection.at_least(limit + 1)
    first = collection.page(limit)
    if first.page.next is None:
        raise NotExercised(f"the list of {len(collection.ids)} has no second page of {limit}")
    second = collection.follow(first)
    if second.page.prev is None and not collection.pagination.prev_promised:
        raise NotExercised("the second page has no prev, which the document does not promise")
    assert_that(
        second.page.prev is not None,
        "the second page has no prev",
        expected="a prev that leads to the first page",
        actual=second.exchange.response.text,
        exchange=second.exchange,
    )
    if identities(second.page) == identities(first.page):
        raise NotExercised(f"the second page of {limit} is the first one again")
    back = collection.follow(second, "prev")
    assert_equal(back.page.ids, first.page.ids, f"the page of {limit} that prev leads to", exchange=back.exchange)
    pagination = collection.pagination
    if first.page.prev is not None and pagination.previous == pagination.cursor:
        # One parameter takes every next and prev that a page names, so the first page's prev has to work too.
        before = collection.ask(first, "prev")
        assert_status(before, "2xx", when="with the prev of the first page as cursor")


def every_kind_of_page_size(subject: Subject) -> list[dict[str, int]]:
    """The smallest and the next one, one on either side of the middle, and the largest and the one before."""
    sizes = subject.collection.pagination.page_size
    middle = (sizes.minimum + sizes.largest) // 2 // sizes.step * sizes.step
    step = sizes.step
    kinds = (sizes.minimum, sizes.minimum + step, middle, middle + step, sizes.largest - step, sizes.largest)
    return [{"limit": size} for size in dict.fromkeys(kinds)]


def any_page_size(subject: Subject) -> SearchStrategy[int]:
    sizes = subject.collection.pagination.page_size
    least = -(-sizes.minimum // sizes.step)
    return st.integers(least, sizes.largest // sizes.step).map(lambda size: size * sizes.step)


@requirement("pagination.page-size-honoured")
@property_test(examples=every_kind_of_page_size, limit=any_page_size)
def test_a_page_has_no_more_than_was_asked_for(collection: Collection, limit: int) -> None:
    """The first pages of a list, of every size: whether one is too long, or as long whatever the size, shows in all."""
    step = collection.page(limit)
    for _ in range(2):
        if step.page.next is None:
            return
        step = collection.follow(step)


@requirement("pagination.default-page-size")
@undisturbed
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
    asked = collection.page(default)
    what = f"the default page against a page of {default}"
    assert_equal(plain.page.ids, asked.page.ids, what, exchange=plain.exchange)


@requirement("pagination.maximum-page-size")
def test_maximum_page_size(collection: Collection) -> None:
    """The documented maximum is accepted; more is refused or cut, never served."""
    maximum = collection.pagination.page_size.largest
    largest = collection.get(maximum)
    if largest.response.status in collection.client.contract.conventions.auth.refusals:
        # Who calls is refused, and not the size of the page.
        collection.client.control(largest)
    assert_status(largest, "2xx", when=f"with a page size of {maximum}")
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
    longest = collection.start.page
    exchange = collection.get(size, negative=True)
    ignored = exchange.response.ok and not collection.is_cut_by_size
    vacuous = "page sizes, good or bad, make no difference to this list" if ignored else ""
    assert_not_status(exchange, "5xx", "3xx", when=f"with a page size of {as_json(size)}", vacuous=vacuous)
    page = page_of(exchange, collection.pagination)
    sizes = collection.pagination.page_size
    most, fewest = sizes.fallback or sizes.largest, 0 if sizes.fallback_may_be_empty else min(1, len(longest.records))
    assert_that(
        page is None or fewest <= len(page.records) <= most,
        f"a page size of {as_json(size)} brought {len(page.records) if page else 0} records",
        expected=f"a refusal, or an ordinary page of at most {most} records",
        actual=f"{len(page.records) if page else 0} records",
        exchange=exchange,
        vacuous=vacuous,
    )
    if exchange.response.status_class == 4:
        assert_enveloped(exchange, contract, f"with a page size of {as_json(size)}")


@requirement("pagination.bad-cursor-refused")
@property_test(
    examples=[{"cursor": cursor} for cursor in (NO_SUCH_CURSOR, "Y29uZm9ybWFuY2U=", "bmV4dF9fY29uZm9ybWFuY2U=")],
    cursor=st.from_regex(r"[A-Za-z0-9_-]{8,24}", fullmatch=True).map(lambda text: f"conformance-{text}"),
)
def test_a_made_up_cursor_is_refused(collection: Collection, cursor: Any) -> None:
    """A cursor that the server never gave out is a client error, where one that it did leads to a page."""
    size = collection.pagination.page_size.minimum
    _ = collection.second
    exchange = collection.get(size, cursor, negative=True)
    assert_status(exchange, "4xx", when="with a made-up cursor")


def told_of_neighbours(collection: Collection, exchange: Exchange) -> Any:
    """What a page says of its neighbours, where its style has it."""
    pagination, response = collection.pagination, exchange.response
    return response.header("link") if pagination.style == "link-header" else response.at(f"/{pagination.envelope}")


@requirement("pagination.end-marked")
@property_test(examples=page_size_boundaries, limit=page_sizes)
@undisturbed
def test_a_walk_ends_with_a_marked_end(collection: Collection, limit: int) -> None:
    """The page where a walk stops says that nothing follows, in the form the document gives."""
    walk = collection.walk(limit, expected=len(collection.ids))
    if walk.missing is not None:
        collection.whole(walk)
    assert_that(
        walk.defect is None,
        f"the walk with pages of {limit} was given up: {walk.defect}",
        expected="a last page that says so",
        actual=walk.defect,
        exchange=walk.last,
        vacuous=one_page(walk),
    )
    if not walk.ended:
        raise NotExercised("the walk was given up before its end")
    last = walk.steps[-1]
    forms = collection.pagination.end
    assert_that(
        last.page.next_form in forms,
        f"the last of {walk.requests} pages of {limit} has next {last.page.next_form}",
        expected=f"next {' or '.join(forms)}",
        actual=told_of_neighbours(collection, last.exchange),
        exchange=last.exchange,
        vacuous=one_page(walk),
    )


@requirement("pagination.more-marked")
@property_test(examples=page_size_boundaries, limit=page_sizes)
@undisturbed
def test_a_walk_goes_on_while_there_is_more(subject: Subject, collection: Collection, limit: int) -> None:
    """No page says that nothing follows while a record of the list has not been seen."""
    known = dict.fromkeys([*identities(collection.start.page), *collection.ids])
    walk = collection.walk(limit, expected=len(known))
    longest = collection.everything
    more = sorted(set(walk.ids) - set(known))
    assert_that(
        not more or not set(more).isdisjoint(_read_again(collection)),
        f"the list ends after {longest.requests} of the largest pages, though smaller ones show further records",
        expected=f"a next on page {longest.requests} of the largest size",
        actual=f"no next; {len(more)} records and more were not shown, such as {', '.join(more[:3])}",
        exchange=longest.steps[-1].exchange,
        vacuous=one_page(walk),
    )
    collection.whole(walk)
    if collection.pagination.numbered:
        nothing_is_behind(collection, walk, limit)
    seen = set(walk.ids) | records_with_ties(subject, collection, walk)
    unseen = [identity for identity in known if identity not in seen]
    last = walk.steps[-1]
    assert_that(
        not unseen,
        f"the list ends in pages of {limit} though {len(unseen)} of its {len(known)} records have not been seen",
        expected=f"a next on page {walk.requests}",
        actual=told_of_neighbours(collection, last.exchange),
        exchange=last.exchange,
        vacuous=one_page(walk),
    )


def nothing_is_behind(collection: Collection, walk: Walk, limit: int) -> None:
    """The number after that of the last page of a walk brings no record that the walk did not."""
    exchange = collection.get(limit, walk.requests + 1)
    page = page_of(exchange, collection.pagination)
    more = sorted(set(identities(page)) - set(walk.ids)) if page is not None else []
    assert_that(
        not more,
        f"the list ends in pages of {limit} though page {walk.requests + 1} has {len(more)} further records",
        expected=f"a next on page {walk.requests}",
        actual=told_of_neighbours(collection, walk.last),
        exchange=walk.last,
        vacuous=one_page(walk),
    )
