"""Faults of the Vercel server in its cursors: what they say, where they lead, and whether they lead there again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from attrs import evolve

from conformance.reference.core import Server
from conformance.reference.edits import change, sent
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Record, Request
from conformance.reference.pages import Cut, Page, TimestampPaginator
from conformance.reference.plants import cuts, pages, paginator, sizes
from conformance.reference.vercel.faults.tools import DEPLOYMENTS, LISTS, PROJECTS, on_later_page

faults = Faults()


def where_both(edit: Callable[[dict[str, int]], dict[str, int]], on: str | tuple[str, ...]) -> Plant:
    """Other cursors on pages that have both; `edit` is given them by name."""

    def edited(page: dict[str, Any]) -> dict[str, Any]:
        return {**page, **edit(page)} if page["next"] and page["prev"] else page

    return change("/pagination", edited, on=on)


fault = faults.of("vercel.pagination.cursor-dates-ordered")
fault("next-and-prev-swapped", "Where a page has both, next and prev are swapped.").by(
    where_both(lambda page: {"next": page["prev"], "prev": page["next"]}, LISTS)
)
fault("both-in-seconds", "Where a page has both, next and prev are in seconds.").by(
    where_both(lambda page: {"next": page["next"] // 1000, "prev": page["prev"] // 1000}, LISTS)
)
fault("prev-older-on-later-pages", "The prev of a page of projects is a millisecond older than its last record.").by(
    where_both(lambda page: {"prev": page["next"] - 1}, PROJECTS)
)
fault("prev-in-seconds-on-deployments", "The prev of a page of deployments is in seconds.").by(
    change("/pagination/prev", lambda time: time and time // 1000, on=DEPLOYMENTS)
)


def until_ignored(when: Callable[[Request], bool]) -> Plant:
    """The parameter until is checked and then ignored."""

    class Ignoring(TimestampPaginator):
        def time(self, request: Request, name: str) -> int | None:
            time = super().time(request, name)
            return None if name == "until" and when(request) else time

    return paginator(Ignoring)


def until_between(moved: int) -> Plant:
    """A page by an until that is at no record's time begins so many records later."""

    def recut(cut: Cut) -> Cut:
        between = cut.start and cut.request.query.get("until", cut.keys[0]) not in cut.keys
        start = cut.start + moved if between else cut.start
        return evolve(cut, start=start, end=min(start + cut.size, len(cut.records)))

    return cuts(recut)


fault = faults.of("vercel.pagination.until-bounds")
fault("until-ignored-without-limit", "Where no limit is sent, until is ignored and the first page comes again.").by(
    until_ignored(lambda request: "limit" not in request.query)
)
fault("until-ignored-on-deployments", "The deployments ignore until.").by(
    until_ignored(lambda request: request.operation == DEPLOYMENTS)
)
fault(
    "until-between-shows-newer",
    "An until between two records gives the newer of them too; one at a record's time is kept.",
).by(until_between(-1))
fault(
    "until-between-skips-older",
    "An until between two records leaves out the older of them too; one at a record's time is kept.",
).by(until_between(1))


@fault.using(paginator)
class UntilInDays(TimestampPaginator):
    """An until is read as the end of its day, unless it is a record's time."""

    def span(self, request: Request, keys: Sequence[str], size: int) -> tuple[int, int]:
        until = self.time(request, "until")
        if until is None or str(until) in keys:
            return super().span(request, keys, size)
        day = timedelta(days=1) // timedelta(milliseconds=1)
        start = sum(int(time) >= (until // day + 1) * day for time in keys)
        return start, min(start + size, len(keys))


fault = faults.of("vercel.pagination.prev-roundtrip")
fault("prev-is-next", "Where a page has both, prev equals next.").by(
    where_both(lambda page: {"prev": page["next"]}, LISTS)
)
fault("since-forgets-limit", "A page by since has the default size.").by(sizes(lambda _: 20, when=sent("since")))


@fault.using(cuts)
def since_shifted_by_one(cut: Cut) -> Cut:
    """A page by since begins one record late."""
    late = evolve(cut, start=cut.start + 1, end=min(cut.start + 1 + cut.size, len(cut.records)))
    return late if "since" in cut.request.query else cut


@fault.using(paginator)
class SinceReadAsUntil(TimestampPaginator):
    """The deployments read since as until."""

    def time(self, request: Request, name: str) -> int | None:
        if request.operation != DEPLOYMENTS or "since" not in request.query:
            return super().time(request, name)
        return super().time(request, "since") if name == "until" else None


def creation(record: Record) -> int:
    """The time at which a record was created."""
    return int(record.get("createdAt") or record["created"])


fault = faults.of("vercel.pagination.tie-safe")
fault(
    "cursors-in-seconds", "Cursors are rounded down to full seconds, which loses what was created in the same one."
).by(pages(lambda _, page: evolve(page, next=str(int(page.next) // 1000 * 1000)) if page.next else page))


@fault.using(paginator)
class TiesLost(TimestampPaginator):
    """Pages go by the time of creation alone: of records that share it, those behind the end of a page are lost."""

    def cut(self, request: Request, records: Sequence[Record], key: str) -> Cut:
        return super().cut(request, [{**one, key: creation(one)} for one in records], key)


@fault.using(pages)
def ties_repeated(cut: Cut, page: Page) -> Page:
    """A page that ends among records that share their time of creation is followed by all of them again."""
    if not page.next or creation(cut.records[cut.end - 1]) != creation(cut.records[cut.end]):
        return page
    first = next(index for index, one in enumerate(cut.records) if creation(one) == creation(cut.records[cut.end]))
    # A page that holds no other record than they would lead to itself.
    return evolve(page, next=cut.after(first)) if first > cut.start else page


def every_second_reading(again: Callable[[Cut, Sequence[Record]], Sequence[Record]]) -> Plant:
    """A page has other records at every second reading; `again` is given the right ones."""

    def plant(server: Server) -> None:
        seen: Counter[str] = Counter()

        def reread(cut: Cut, page: Page) -> Page:
            name = f"{cut.request.operation} {sorted(cut.request.query.items(multi=True))}"
            seen[name] += 1
            return evolve(page, items=again(cut, page.items)) if seen[name] % 2 == 0 else page

        pages(reread)(server)

    return plant


fault = faults.of("vercel.pagination.stable-reread")
fault("second-reading-reversed", "Every second reading of the same page is oldest first.").by(
    every_second_reading(lambda _, items: items[::-1])
)
fault("second-reading-lacks-one", "Every second reading of the same page of deployments lacks its newest record.").by(
    every_second_reading(lambda cut, items: items[1:] if cut.request.operation == DEPLOYMENTS else items)
)


@fault.using(every_second_reading)
def later_pages_swap_two(cut: Cut, items: Sequence[Record]) -> Sequence[Record]:
    """Every second reading of a page behind the first has its last two records swapped."""
    return [*items[:-2], *items[:-3:-1]] if on_later_page(cut.request) and len(items) > 1 else items
