"""Faults of the Vercel server in how its pages follow each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from attrs import evolve

from conformance.reference.messages import Record, Request
from conformance.reference.policies import Page
from conformance.reference.vercel.data import POSITION
from conformance.reference.vercel.faults.tools import DEPLOYMENTS, LISTS, PROJECTS, ChangedPages, VercelFaults, items
from conformance.reference.vercel.policies import TimestampPaginator

faults = VercelFaults()


def _time(record: Record) -> int:
    return int(record[POSITION])


@faults.paginator("vercel.pagination.next-null-on-last-page")
class NextKeptAtEnd(ChangedPages):
    """The last page keeps a next, and so does the empty page behind it, for ever."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        last = str(_time(page.items[-1])) if page.items else request.query.get("until", "")
        return evolve(page, next=page.next or last)


@faults.body("vercel.pagination.next-null-on-last-page", *LISTS)
def next_zero_at_end(_request: Request, body: Any) -> object:
    """The next of the last page is 0."""
    body["pagination"]["next"] = body["pagination"]["next"] or 0
    return body


@faults.body("vercel.pagination.next-null-on-last-page", *LISTS)
def next_missing_at_full_end(request: Request, body: Any) -> object:
    """A last page that is full has no next; a shorter one has null."""
    if body["pagination"]["next"] is None and len(items(body)) == int(request.query.get("limit", "20")):
        del body["pagination"]["next"]
    return body


@faults.body("vercel.pagination.next-null-on-last-page", DEPLOYMENTS)
def last_page_without_object(_request: Request, body: Any) -> object:
    """The last of several pages of deployments has no pagination."""
    page = body["pagination"]
    return {"deployments": body["deployments"]} if page["next"] is None and page["prev"] is not None else body


@faults.paginator("vercel.pagination.next-set-while-more")
class ShortLastPageLost(ChangedPages):
    """The next is null where fewer records than the limit remain."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, next="") if len(newest) < start + 2 * size else page


@faults.paginator("vercel.pagination.next-set-while-more")
class FullLastPageLost(ChangedPages):
    """The next is null where exactly as many records as the limit remain."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, next="") if len(newest) == start + 2 * size else page


@faults.paginator("vercel.pagination.next-set-while-more")
class EndAfterSixty(ChangedPages):
    """The next is null behind the 60th record."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, next="") if start + size >= 60 else page


@faults.paginator("vercel.pagination.next-set-while-more")
class DeploymentsEndAfterSecondPage(ChangedPages):
    """The second page of deployments has a null next, whatever follows."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, next="") if request.operation == DEPLOYMENTS and start >= size else page


@faults.paginator("vercel.pagination.walk-exactly-once")
class BoundaryRepeated(ChangedPages):
    """A page begins with the last record of the page before, where that had two or more."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, next=str(int(page.next) + 1)) if page.next and size > 1 else page


@faults.paginator("vercel.pagination.walk-exactly-once")
class BoundarySkipped(ChangedPages):
    """The record behind a page is on no page, unless it is the last one."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, next=str(_time(newest[start + size]))) if len(newest) > start + size + 1 else page


@faults.paginator("vercel.pagination.walk-exactly-once")
class SecondPageRepeatsNewest(ChangedPages):
    """The second page, and no other, begins with the newest record in place of its own."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, items=[newest[0], *page.items[1:]]) if start == size and page.items else page


@faults.paginator("vercel.pagination.walk-exactly-once")
class LoneLastRecordLost(ChangedPages):
    """A last page of a single record is never reached."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, next="") if len(newest) == start + size + 1 else page


@faults.paginator("vercel.pagination.walk-exactly-once")
class ThirdPageSkipsOne(ChangedPages):
    """The first record of the third page is on no page of deployments."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        third = request.operation == DEPLOYMENTS and start == 2 * size and len(page.items) > 1
        return evolve(page, items=page.items[1:]) if third else page


@faults.paginator("vercel.pagination.walk-terminates")
class NextStaysOnSecondPage(ChangedPages):
    """The next of the second page leads to the second page."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, next=request.query.get("until", page.next)) if page.next and start == size else page


@faults.paginator("vercel.pagination.walk-terminates")
class EndLeadsToStart(ChangedPages):
    """The next of the last page leads to the first one."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return page if page.next or not newest else evolve(page, next=str(_time(newest[0]) + 1))


@faults.paginator("vercel.pagination.walk-terminates")
class ThreeEmptyPages(ChangedPages):
    """Behind the last record come three empty pages, and then the end."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        if page.next or not newest:
            return page
        oldest = _time(newest[-1])
        until = oldest if page.items else int(request.query["until"]) - 1
        return evolve(page, next=str(until) if until > oldest - 3 else "")


@faults.paginator("vercel.pagination.walk-terminates")
class DeploymentsGoBackOnce(ChangedPages):
    """The next of the third page of deployments leads to the second page."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        if request.operation == DEPLOYMENTS and start == 2 * size and page.next:
            return evolve(page, next=str(_time(newest[size - 1])))
        return page


@faults.paginator("vercel.pagination.limit-invariance")
class EvenPagesReversed(ChangedPages):
    """A page of an even limit has its records oldest first."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, items=page.items[::-1]) if size % 2 == 0 and "limit" in request.query else page


@faults.paginator("vercel.pagination.limit-invariance")
class OldestDroppedWhenUneven(ChangedPages):
    """Where the limit does not divide the total, the records behind the last full page come as an empty page."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, items=[]) if start and len(page.items) < size else page


@faults.paginator("vercel.pagination.limit-invariance")
class TiesOrderedByLimit(ChangedPages):
    """Records that share their time of creation stand the other way round on pages of more than 30."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        if size <= 30:
            return page
        shown = list(page.items)
        member = "createdAt" if request.operation == PROJECTS else "created"
        for created, count in Counter(one[member] for one in shown).items():
            if count > 1:
                places = [index for index, one in enumerate(shown) if one[member] == created]
                for place, one in zip(places, [shown[index] for index in reversed(places)], strict=True):
                    shown[place] = one
        return evolve(page, items=shown)


@faults.paginator("vercel.pagination.limit-invariance")
class LongPagesByName(ChangedPages):
    """A page of more than 50 records is in the order of their names."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, items=sorted(page.items, key=lambda one: str(one["name"]))) if size > 50 else page


@faults.paginator("vercel.pagination.pages-full")
class FilteredAfterCut(ChangedPages):
    """Projects that are not live are taken out after the cut of a page behind the first."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        if request.operation != PROJECTS or not page.next or not start:
            return page
        return evolve(page, items=[one for one in page.items if one["live"]])


@faults.paginator("vercel.pagination.pages-full")
class CappedAt50(TimestampPaginator):
    """A page has 50 records where more are asked for."""

    def size(self, request: Request) -> int:
        return min(super().size(request), 50)


@faults.paginator("vercel.pagination.pages-full")
class LaterPagesOneShorter(TimestampPaginator):
    """A page of deployments behind the first has one record less than asked for, and none is lost."""

    def size(self, request: Request) -> int:
        size = super().size(request)
        return max(1, size - 1) if request.operation == DEPLOYMENTS and "until" in request.query else size


@faults.paginator("vercel.pagination.pages-full")
class PagesEndWithTheirWeek(ChangedPages):
    """A page ends where another week begins, though not before its second record, and none is lost."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        week = timedelta(weeks=1) // timedelta(milliseconds=1)
        for index, (one, other) in enumerate(pairwise(page.items), start=1):
            if index > 1 and page.next and _time(one) // week != _time(other) // week:
                return evolve(page, items=page.items[:index], next=str(_time(one)))
        return page
