"""Faults of the Vercel server in how its pages follow each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from attrs import evolve

from conformance.reference.edits import put, rewrite
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Request
from conformance.reference.pages import Cut, Page
from conformance.reference.plants import pages, sizes
from conformance.reference.vercel.faults.tools import DEPLOYMENTS, LISTS, PROJECTS, position

faults = Faults()


def ends(when: Callable[[Cut], bool]) -> Plant:
    """The list ends with a page, whatever follows it."""
    return pages(lambda cut, page: evolve(page, next="") if when(cut) else page)


def leads(to: Callable[[Cut], int], when: Callable[[Cut], bool]) -> Plant:
    """The next of a page leads to the record at an index of the list."""
    return pages(lambda cut, page: evolve(page, next=cut.after(to(cut))) if when(cut) else page)


def shows(items: Callable[[Cut], list[Any]], when: Callable[[Cut], bool]) -> Plant:
    """A page shows other records than it has."""
    return pages(lambda cut, page: evolve(page, items=items(cut)) if page.items and when(cut) else page)


def of_deployments(cut: Cut) -> bool:
    """Whether it is a list of deployments."""
    return cut.request.operation == DEPLOYMENTS


fault = faults.of("vercel.pagination.next-null-on-last-page")
fault("next-zero-at-end", "The next of the last page is 0.").by(
    put("/pagination/next", 0, having={"next": None}, on=LISTS)
)


@fault.using(pages)
def next_kept_at_end(cut: Cut, page: Page) -> Page:
    """The last page keeps a next, and so does the empty page behind it, for ever."""
    last = cut.after(cut.end) if page.items else cut.request.query.get("until", "")
    return evolve(page, next=page.next or last)


@fault.using(rewrite, on=LISTS)
def next_missing_at_full_end(request: Request, body: Any) -> object:
    """A last page that is full has no next; a shorter one has null."""
    page = body["pagination"]
    if page["next"] is None and page["count"] == int(request.query.get("limit", "20")):
        del page["next"]
    return body


@fault.using(rewrite, on=DEPLOYMENTS)
def last_page_without_object(_request: Request, body: Any) -> object:
    """The last of several pages of deployments has no pagination."""
    page = body["pagination"]
    return {"deployments": body["deployments"]} if page["next"] is None and page["prev"] is not None else body


fault = faults.of("vercel.pagination.next-set-while-more")
fault("short-last-page-lost", "The next is null where fewer records than the limit remain.").by(
    ends(lambda cut: cut.left < cut.size)
)
fault("full-last-page-lost", "The next is null where exactly as many records as the limit remain.").by(
    ends(lambda cut: cut.left == cut.size)
)
fault("end-after-sixty", "The next is null behind the 60th record.").by(ends(lambda cut: cut.end >= 60))
fault("deployments-end-after-second-page", "The second page of deployments has a null next, whatever follows.").by(
    ends(lambda cut: of_deployments(cut) and cut.start >= cut.size)
)

fault = faults.of("vercel.pagination.walk-exactly-once")
fault("boundary-repeated", "A page begins with the last record of the page before, where that had two or more.").by(
    leads(lambda cut: cut.end - 1, when=lambda cut: cut.left > 0 and cut.size > 1)
)
fault("boundary-skipped", "The record behind a page is on no page, unless it is the last one.").by(
    leads(lambda cut: cut.end + 1, when=lambda cut: cut.left > 1)
)
fault(
    "second-page-repeats-newest", "The second page, and no other, begins with the newest record in place of its own."
).by(shows(lambda cut: [cut.records[0], *cut.records[cut.start + 1 : cut.end]], when=lambda cut: cut.start == cut.size))
fault("lone-last-record-lost", "A last page of a single record is never reached.").by(ends(lambda cut: cut.left == 1))
fault("third-page-skips-one", "The first record of the third page is on no page of deployments.").by(
    shows(
        lambda cut: [*cut.records[cut.start + 1 : cut.end]],
        when=lambda cut: of_deployments(cut) and cut.start == 2 * cut.size and (cut.end > cut.start + 1),
    )
)

fault = faults.of("vercel.pagination.walk-terminates")
fault("next-stays-on-second-page", "The next of the second page leads to the second page.").by(
    leads(lambda cut: cut.start, when=lambda cut: cut.next and cut.start == cut.size)
)
fault("end-leads-to-start", "The next of the last page leads to the first one.").by(
    leads(lambda _: 0, when=lambda cut: not cut.next and bool(cut.records))
)
fault("deployments-go-back-once", "The next of the third page of deployments leads to the second page.").by(
    leads(lambda cut: cut.size, when=lambda cut: of_deployments(cut) and cut.start == 2 * cut.size and cut.next)
)


@fault.using(pages)
def three_empty_pages(cut: Cut, page: Page) -> Page:
    """Behind the last record come three empty pages, and then the end."""
    if page.next or not cut.records:
        return page
    oldest = position(cut.records[-1])
    until = oldest if page.items else int(cut.request.query["until"]) - 1
    return evolve(page, next=str(until) if until > oldest - 3 else "")


fault = faults.of("vercel.pagination.limit-invariance")
fault("even-pages-reversed", "A page of an even limit has its records oldest first.").by(
    pages(
        lambda cut, page: (
            evolve(page, items=page.items[::-1]) if cut.size % 2 == 0 and "limit" in cut.request.query else page
        )
    )
)
fault(
    "oldest-dropped-when-uneven",
    "Where the limit does not divide the total, the records behind the last full page come as an empty page.",
).by(shows(lambda _: [], when=lambda cut: cut.start > 0 and cut.end < cut.start + cut.size))
fault("long-pages-by-name", "A page of more than 50 records is in the order of their names.").by(
    shows(
        lambda cut: sorted(cut.records[cut.start : cut.end], key=lambda one: str(one["name"])),
        when=lambda cut: cut.size > 50,
    )
)


@fault.using(pages)
def ties_ordered_by_limit(cut: Cut, page: Page) -> Page:
    """Records that share their time of creation stand the other way round on pages of more than 30."""
    if cut.size <= 30:
        return page
    shown = list(page.items)
    member = "created" if of_deployments(cut) else "createdAt"
    for created, count in Counter(one[member] for one in shown).items():
        if count > 1:
            places = [index for index, one in enumerate(shown) if one[member] == created]
            for place, one in zip(places, [shown[index] for index in reversed(places)], strict=True):
                shown[place] = one
    return evolve(page, items=shown)


fault = faults.of("vercel.pagination.pages-full")
fault("filtered-after-cut", "Projects that are not live are taken out after the cut of a page behind the first.").by(
    shows(
        lambda cut: [one for one in cut.records[cut.start : cut.end] if one["live"]],
        when=lambda cut: cut.request.operation == PROJECTS and cut.next and (cut.start > 0),
    )
)
fault("capped-at-50", "A page has 50 records where more are asked for.").by(sizes(lambda size: min(size, 50)))
fault(
    "later-pages-one-shorter",
    "A page of deployments behind the first has one record less than asked for, and none is lost.",
).by(
    sizes(
        lambda size: max(1, size - 1),
        when=lambda request: request.operation == DEPLOYMENTS and "until" in request.query,
    )
)


@fault.using(pages)
def pages_end_with_their_week(_cut: Cut, page: Page) -> Page:
    """A page ends where another week begins, though not before its second record, and none is lost."""
    week = timedelta(weeks=1) // timedelta(milliseconds=1)
    for index, (one, other) in enumerate(pairwise(page.items), start=1):
        if index > 1 and page.next and position(one) // week != position(other) // week:
            return evolve(page, items=page.items[:index], next=str(position(one)))
    return page
