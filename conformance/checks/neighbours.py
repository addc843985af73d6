"""What a page says beside its records: how many they are, and which times lie before and behind it."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, as_json, check, note, violated

EARLIEST, LATEST = 10**11, 10**13
"""Milliseconds since the epoch that a date of these times can have; seconds and microseconds lie outside."""


@check("pagination.count-is-page-length")
def count_is_page_length(sight: Sight) -> Iterator[Finding]:
    """The count beside a page is the number of its records; 0 on an empty page may be said of every page."""
    pagination, page = sight.contract.conventions.pagination, sight.page
    if pagination is None or pagination.count is None or page is None or not page.enveloped:
        return
    count = sight.exchange.response.at(pagination.count)
    if not isinstance(count, bool) and count == len(page.records):
        if page.records:
            yield HELD
    else:
        yield violated(
            f"the count is {as_json(count)} on a page of {len(page.records)} records",
            expected=str(len(page.records)),
            actual=count,
        )


@check("pagination.cursor-dates-ordered")
def cursors_are_ordered_dates(sight: Sight) -> Iterator[Finding]:
    """Where a page has both neighbours, both are dates in milliseconds, and next is not the later one."""
    pagination = sight.contract.conventions.pagination
    if pagination is None or sight.page is None:
        return
    following, before = (sight.exchange.response.at(place) for place in (pagination.next, pagination.prev))
    if following is None or before is None:
        return
    for name, value in (("next", following), ("prev", before)):
        if not isinstance(value, int) or isinstance(value, bool) or not EARLIEST <= value <= LATEST:
            yield violated(
                f"{name} is no date in milliseconds",
                expected=f"an integer between {EARLIEST} and {LATEST}",
                actual=value,
            )
            return
    if following <= before:
        yield HELD
    else:
        yield violated("next is later than prev", expected=f"next at or before {before}", actual=following)


@check("pagination.previous-told")
def previous_is_told(sight: Sight) -> Iterator[Finding]:
    """A note, once for each list, where a page does not say what comes before it: read strictly, it does."""
    pagination, page = sight.contract.conventions.pagination, sight.page
    if pagination is None or page is None or not page.enveloped or page.prev_form != "absent":
        return
    if sight.exchange.known_as not in sight.memory:
        sight.memory[sight.exchange.known_as] = True
        yield note(f"a page has no {pagination.prev}; read strictly, the document shows it on every page")
