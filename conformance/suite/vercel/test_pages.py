"""Pages by time: where they end, what `until` leaves out, and records that share one time."""

from collections import Counter
from itertools import pairwise
from math import ceil

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.checks.base import as_json
from conformance.contract import Contract, Need
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    Unsupported,
    assert_enveloped,
    assert_equal,
    assert_no_server_error,
    assert_same_members,
    assert_that,
    each_time,
    property_test,
    requirement,
    undisturbed,
)
from conformance.suite.common.test_pagination import (
    LONGEST_WALK,
    ONE_PAGE,
    one_page,
    page_size_boundaries,
    page_sizes,
    times_of,
)
from conformance.traffic.pages import page_of


@requirement("vercel.pagination.object-present-over-limit")
def test_a_list_beyond_the_limit_has_pagination(collection: Collection) -> None:
    """A page of one record of a list of several carries the pagination object."""
    collection.at_least(2)
    step = collection.page(1)
    exchange = step.exchange
    assert_that(
        isinstance(exchange.response.at("/pagination"), dict),
        "a page of 1 has no pagination, though the list has more records",
        expected="a pagination object",
        actual=exchange.response.text,
        exchange=exchange,
        vacuous="" if len(step.page.records) < len(collection.start.page.records) else ONE_PAGE,
    )


@requirement("vercel.pagination.walk-terminates")
@property_test(examples=page_size_boundaries, limit=page_sizes)
@undisturbed
def test_a_walk_goes_one_way_and_ends(collection: Collection, limit: int) -> None:
    """The values of next only fall, or only rise, and the walk ends within one request more than its pages need."""
    total = len(set(collection.ids))
    walk = collection.walk(limit, expected=total)
    # A page that is too short breaks another rule, but behind the last record the end is due.
    most = ceil(total / limit) + 1 + walk.shorter_than(limit, up_to_the_last_record=True)
    assert_that(
        walk.defect is None and walk.requests <= most,
        f"the walk with pages of {limit} "
        + (f"was given up: {walk.defect}" if walk.defect else f"took {walk.requests} requests for {total} records"),
        expected=f"a null next within {most} requests",
        actual=f"{walk.requests} requests",
        exchange=walk.last,
        vacuous=one_page(walk),
    )
    cut = [step for step in walk.steps if step.page.next and step.page.next.isdigit()]
    times = [int(step.page.next or 0) for step in cut]
    falls, rises = ([sign * (b - a) > 0 for a, b in pairwise(times)] for sign in (-1, 1))
    turn = next((n for n in range(len(times)) if not all(falls[:n]) and not all(rises[:n])), -1)
    assert_that(
        all(falls) or all(rises),
        f"next goes back and forth in a walk with pages of {limit}",
        expected="values that only fall, or only rise",
        actual=", ".join(map(str, times)),
        exchange=cut[turn].exchange if cut else walk.last,
        vacuous="" if len(times) > 1 else "a single cursor has no direction",
    )
    if not walk.ended:
        raise NotExercised("the walk was given up before its end")


def all_page_sizes(subject: Subject) -> SearchStrategy[int]:
    """Page sizes up to the maximum, as far as a walk with them is not too long."""
    sizes = subject.collection.pagination.page_size
    return st.integers(max(sizes.minimum, ceil(len(subject.collection.ids) / LONGEST_WALK)), sizes.largest)


@requirement("vercel.pagination.limit-invariance")
@property_test(examples=page_size_boundaries, limit=all_page_sizes)
@undisturbed
def test_every_limit_gives_the_same_walk(collection: Collection, limit: int) -> None:
    """A walk with any limit gives the same ids in the same order as one with the largest."""
    collection.at_least(2)
    walk = collection.whole(collection.walk(limit, expected=len(collection.ids)))
    assert_equal(
        walk.ids,
        collection.ids,
        f"a walk with pages of {limit} against one with the largest pages",
        exchange=walk.shows(collection.ids, ordered=True),
        vacuous=one_page(walk),
    )


@requirement("vercel.pagination.pages-full")
@property_test(examples=page_size_boundaries, limit=page_sizes)
def test_every_page_but_the_last_is_full(collection: Collection, limit: int) -> None:
    """On a walk, a page that is followed by further records has exactly as many as were asked for."""
    walk = collection.walk(limit, expected=len(collection.ids))
    # A list may end with an empty page; the page in front of that is the last one with records.
    followed = [step for step, after in pairwise(walk.steps) if after.page.records]
    if not followed:
        raise NotExercised("the list has one page only")
    for number, step in enumerate(followed, start=1):
        assert_equal(
            len(step.page.records), limit, f"records on page {number} of {walk.requests}", exchange=step.exchange
        )


def time_member(subject: Subject) -> str:
    """The member that holds the time of creation, as whoever knows the target says."""
    subject.need("seeded")
    member = subject.session.facts.get("times", {}).get(subject.operation_id)
    if not isinstance(member, str):
        text = "needs to know which member holds the time of creation: name it in the target's facts, times"
        raise Unsupported(text, Need.fact("times", "the member that holds the time of creation"))
    return member


@requirement("vercel.pagination.until-bounds")
@property_test(examples=[{"share": share} for share in (0.0, 0.3, 0.7, 0.99)], share=st.floats(0, 0.99))
def test_until_leaves_out_what_is_newer(subject: Subject, collection: Collection, share: float) -> None:
    """Behind a time between two records comes the older of them, and nothing that is newer."""
    collection.at_least(2)
    member = time_member(subject)
    ids = times_of(collection, member)
    times = sorted(set(ids.values()), reverse=True)
    if len(times) < 2:
        raise NotExercised("all records share one time of creation")
    place = int(share * (len(times) - 1))
    newer, older = times[place], times[place + 1]
    until = (newer + older) // 2
    if until - older < len(ids):
        raise NotExercised("the times of creation lie too close together")
    for limit in (None, 1):
        step = collection.page(limit, until)
        shown = [ids[identity] for identity in step.page.ids if identity in ids]
        assert_that(
            all(time <= until for time in shown) and older in shown,
            f"until={until} does not begin with the records of {older}",
            expected=f"the newest record of {older}, none newer than {until}",
            actual=f"records of {as_json(shown[:5])}",
            exchange=step.exchange,
        )


@requirement("vercel.pagination.until-bounds")
def test_until_next_shows_nothing_again(collection: Collection) -> None:
    """Behind the next of a page comes none of its records, with the same limit and without one."""
    collection.at_least(2)
    for limit in (None, 1, 10):
        first = collection.page(limit)
        if first.page.next is None:
            continue
        seen = {identity for identity in first.page.ids if identity}
        for cursor_only in (False, True):
            step = collection.page(None, first.page.next) if cursor_only else collection.follow(first)
            again = sorted(seen & set(filter(None, step.page.ids)))
            assert_that(
                not again,
                f"{len(again)} records of the page before come again behind its next",
                expected="records that have not been shown",
                actual=", ".join(again[:5]),
                exchange=step.exchange,
            )


@requirement("vercel.pagination.until-bounds")
@each_time
def test_what_is_newer_changes_nothing_behind_a_time(subject: Subject, collection: Collection) -> None:
    """A page behind a time stays as it is while records are created and deleted on the page in front of it."""
    resource = subject.contract.resource_of(subject.operation)
    if resource is None:
        raise Unsupported("no document names an operation that creates a record of this list")
    things = subject.things_of(resource)
    created = [things.create() for _ in range(3)]
    first = collection.page(len(created))
    ours = [identity for identity in first.page.ids[:-1] if identity in created]
    if first.page.next is None or not ours:
        raise NotExercised("what was created is on no page with another one behind it")
    before = collection.follow(first)
    things.client.control(things.served("delete", things.delete(ours[0])))
    without = collection.follow(first)
    assert_equal(without.page.ids, before.page.ids, "the page behind one that a record was deleted of")
    things.create()
    again = collection.follow(first)
    assert_equal(again.page.ids, before.page.ids, "the page behind one that a record was created on")


@requirement("vercel.pagination.tie-safe")
def test_records_of_one_time_come_once_each(subject: Subject, collection: Collection) -> None:
    """Where the end of a page falls among records that share one time, a walk still shows each of them once."""
    times = times_of(collection, time_member(subject))
    count = Counter(times.values())
    most = max(count.values(), default=0)
    if most < 2:
        raise NotExercised("no two records share their time of creation")
    tied = [identity for identity, time in times.items() if count[time] == most]
    order = list(times)
    first, last = order.index(tied[0]), order.index(tied[-1])
    # A page of one of these sizes ends among them, so that the next one begins there.
    inside = [size for size in range(2, 101) if any(end % size == 0 for end in range(first + 1, last + 1))]
    possible = [size for size in (most - 1, *inside) if len(order) / max(size, 1) <= LONGEST_WALK + 5]
    smaller = [size for size in possible if size < most][:1]
    for limit in dict.fromkeys([*smaller, *possible[:3], *possible[-2:]]):
        walk = collection.whole(collection.walk(limit, expected=len(order)))
        shown = [identity for identity in walk.ids if identity in set(tied)]
        what = f"the records of one time in a walk with pages of {limit}"
        assert_same_members(shown, tied, what, vacuous=one_page(walk), exchange=walk.shows(order))


@requirement("vercel.pagination.stable-reread")
@each_time
def test_the_same_page_comes_twice(collection: Collection) -> None:
    """A first page and a later one, each asked for twice, show the same ids in the same order."""
    collection.at_least(2)
    for limit in (None, 2, 10):
        first = collection.page(limit)
        again = collection.page(limit)
        assert_equal(again.page.ids, first.page.ids, "the first page, read again", exchange=again.exchange)
        if first.page.next is not None:
            later, same = collection.follow(first), collection.follow(first)
            assert_equal(same.page.ids, later.page.ids, "the second page, read again", exchange=same.exchange)


WRONG = ("0", "-1", "1.5", "abc", "", "é", "９", "1e3", "99999999999999999999", "null")


@requirement("vercel.pagination.bad-limit-no-5xx")
@property_test(
    examples=[{"parameter": name, "value": value} for name in ("limit", "until") for value in WRONG],
    parameter=st.sampled_from(["limit", "until"]),
    value=st.text(st.characters(codec="utf-8"), max_size=12),
)
def test_a_limit_or_time_that_is_none_does_no_harm(
    contract: Contract, collection: Collection, parameter: str, value: str
) -> None:
    """It is refused in the envelope or ignored: never a server error, never more than a full page."""
    longest = collection.start.page
    exchange = collection.get(query={parameter: value}, negative=True)
    when = f"with {parameter}={as_json(value)}"
    assert_no_server_error(exchange, when=when)
    if exchange.response.status_class == 4:
        assert_enveloped(exchange, contract, when=when)
    page = page_of(exchange, collection.pagination)
    most = collection.pagination.page_size.largest
    assert_that(
        page is None or len(page.records) <= most,
        f"a list {when} has more than {most} records",
        expected=f"at most {most} records",
        actual=f"{len(page.records) if page else 0} records",
        exchange=exchange,
        vacuous="" if len(longest.records) >= most and longest.next else f"the list has no more than {most} records",
    )
