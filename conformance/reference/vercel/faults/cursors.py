"""Faults of the Vercel server in its cursors: what they say, where they lead, and whether they lead there again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from attrs import evolve, field, mutable

from conformance.reference.messages import Record, Request
from conformance.reference.policies import Page
from conformance.reference.vercel.data import POSITION
from conformance.reference.vercel.faults.tools import (
    DEPLOYMENTS,
    LISTS,
    PROJECTS,
    ChangedPages,
    VercelFaults,
    is_first_page,
)
from conformance.reference.vercel.policies import TimestampPaginator

faults = VercelFaults()


@faults.body("vercel.pagination.cursor-dates-ordered", *LISTS)
def next_and_prev_swapped(_request: Request, body: Any) -> object:
    """Where a page has both, next and prev are swapped."""
    page = body["pagination"]
    if page["next"] and page["prev"]:
        page["next"], page["prev"] = page["prev"], page["next"]
    return body


@faults.body("vercel.pagination.cursor-dates-ordered", *LISTS)
def both_in_seconds(_request: Request, body: Any) -> object:
    """Where a page has both, next and prev are in seconds."""
    page = body["pagination"]
    if page["next"] and page["prev"]:
        page["next"], page["prev"] = page["next"] // 1000, page["prev"] // 1000
    return body


@faults.body("vercel.pagination.cursor-dates-ordered", PROJECTS)
def prev_older_on_later_pages(_request: Request, body: Any) -> object:
    """The prev of a page of projects is a millisecond older than its last record."""
    page = body["pagination"]
    if page["next"] and page["prev"]:
        page["prev"] = page["next"] - 1
    return body


@faults.body("vercel.pagination.cursor-dates-ordered", DEPLOYMENTS)
def prev_in_seconds_on_deployments(_request: Request, body: Any) -> object:
    """The prev of a page of deployments is in seconds."""
    page = body["pagination"]
    page["prev"] = page["prev"] and page["prev"] // 1000
    return body


@faults.paginator("vercel.pagination.until-bounds")
class UntilIgnoredWithoutLimit(TimestampPaginator):
    """Where no limit is sent, until is ignored and the first page comes again."""

    def time(self, request: Request, name: str) -> int | None:
        time = super().time(request, name)
        return None if name == "until" and "limit" not in request.query else time


@faults.paginator("vercel.pagination.until-bounds")
class UntilIgnoredOnDeployments(TimestampPaginator):
    """The deployments ignore until."""

    def time(self, request: Request, name: str) -> int | None:
        time = super().time(request, name)
        return None if name == "until" and request.operation == DEPLOYMENTS else time


@faults.paginator("vercel.pagination.until-bounds")
class UntilBetweenShowsNewer(TimestampPaginator):
    """An until between two records gives the newer of them too; one at a record's time is kept."""

    def start(self, request: Request, times: Sequence[int], size: int) -> int:
        start = super().start(request, times, size)
        until = self.time(request, "until")
        return start - 1 if until is not None and start and until not in times else start


@faults.paginator("vercel.pagination.until-bounds")
class UntilBetweenSkipsOlder(TimestampPaginator):
    """An until between two records leaves out the older of them too; one at a record's time is kept."""

    def start(self, request: Request, times: Sequence[int], size: int) -> int:
        start = super().start(request, times, size)
        until = self.time(request, "until")
        return start + 1 if until is not None and start and until not in times else start


@faults.paginator("vercel.pagination.until-bounds")
class UntilInDays(TimestampPaginator):
    """An until is read as the end of its day, unless it is a record's time."""

    def start(self, request: Request, times: Sequence[int], size: int) -> int:
        until = self.time(request, "until")
        if until is None or until in times:
            return super().start(request, times, size)
        day = timedelta(days=1) // timedelta(milliseconds=1)
        return sum(time >= (until // day + 1) * day for time in times)


@faults.body("vercel.pagination.prev-roundtrip", *LISTS)
def prev_is_next(_request: Request, body: Any) -> object:
    """Where a page has both, prev equals next."""
    page = body["pagination"]
    if page["next"] and page["prev"]:
        page["prev"] = page["next"]
    return body


@faults.paginator("vercel.pagination.prev-roundtrip")
class SinceShiftedByOne(TimestampPaginator):
    """A page by since begins one record late."""

    def start(self, request: Request, times: Sequence[int], size: int) -> int:
        return super().start(request, times, size) + ("since" in request.query)


@faults.paginator("vercel.pagination.prev-roundtrip")
class SinceForgetsLimit(TimestampPaginator):
    """A page by since has the default size."""

    def size(self, request: Request) -> int:
        size = super().size(request)
        return self.default if "since" in request.query else size


@faults.paginator("vercel.pagination.prev-roundtrip")
class SinceReadAsUntil(TimestampPaginator):
    """The deployments read since as until."""

    def start(self, request: Request, times: Sequence[int], size: int) -> int:
        since = self.time(request, "since")
        if since is None or request.operation != DEPLOYMENTS:
            return super().start(request, times, size)
        return sum(time >= since for time in times)


def _time(record: Record) -> int:
    return int(record[POSITION])


def _creation(record: Record) -> int:
    return int(record.get("createdAt") or record["created"])


@faults.paginator("vercel.pagination.tie-safe")
class TiesLost(ChangedPages):
    """Pages go by the time of creation alone: of records that share it, those behind the end of a page are lost."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        return super().page(request, [{**one, key: _creation(one)} for one in records], key)

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return page


@faults.paginator("vercel.pagination.tie-safe")
class TiesRepeated(ChangedPages):
    """A page that ends among records that share their time of creation is followed by all of them again."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        end = start + size
        if not page.next or _creation(newest[end - 1]) != _creation(newest[end]):
            return page
        first = next(index for index, one in enumerate(newest) if _creation(one) == _creation(newest[end]))
        # A page that holds no other record than they would lead to itself.
        return evolve(page, next=str(_time(newest[first]) + 1)) if first > start else page


@faults.paginator("vercel.pagination.tie-safe")
class CursorsInSeconds(ChangedPages):
    """Cursors are rounded down to full seconds, which loses what was created in the same one."""

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        return evolve(page, next=str(int(page.next) // 1000 * 1000)) if page.next else page


@mutable
class _Reordered(ChangedPages):
    seen: Counter[str] = field(factory=Counter)

    def changed(self, request: Request, page: Page, newest: Sequence[Record], start: int, size: int) -> Page:
        name = f"{request.operation} {sorted(request.query.items(multi=True))}"
        self.seen[name] += 1
        return self.again(request, page) if self.seen[name] % 2 == 0 else page

    def again(self, request: Request, page: Page) -> Page:
        raise NotImplementedError


@faults.paginator("vercel.pagination.stable-reread")
class SecondReadingReversed(_Reordered):
    """Every second reading of the same page is oldest first."""

    def again(self, request: Request, page: Page) -> Page:
        return evolve(page, items=page.items[::-1])


@faults.paginator("vercel.pagination.stable-reread")
class LaterPagesSwapTwo(_Reordered):
    """Every second reading of a page behind the first has its last two records swapped."""

    def again(self, request: Request, page: Page) -> Page:
        if is_first_page(request) or len(page.items) < 2:
            return page
        return evolve(page, items=[*page.items[:-2], page.items[-1], page.items[-2]])


@faults.paginator("vercel.pagination.stable-reread")
class SecondReadingLacksOne(_Reordered):
    """Every second reading of the same page of deployments lacks its newest record."""

    def again(self, request: Request, page: Page) -> Page:
        return evolve(page, items=page.items[1:]) if request.operation == DEPLOYMENTS else page
