"""Faults of the Snyk server in how it cuts lists into pages: order, walks, ways back."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import count
from typing import Any

from attrs import evolve, mutable

from conformance.reference.core import Server
from conformance.reference.messages import Record, Request, Response
from conformance.reference.policies import Page
from conformance.reference.snyk.data import LIST_PROJECTS, LIST_TARGETS, rows
from conformance.reference.snyk.faults.tools import LISTS, SnykFaults, on_later_page, store_project
from conformance.reference.snyk.policies import LinkPaginator
from conformance.reference.store import Collection

faults = SnykFaults()


@faults.paginator("snyk.pagination.walk-exactly-once")
class CursorInclusive(LinkPaginator):
    """A page begins with the record that its starting_after names."""

    def span(self, request: Request, ids: Sequence[str]) -> tuple[int, int]:
        start, end = super().span(request, ids)
        size = self.size(request)
        if "starting_after" not in request.query or size == 1:
            return start, end
        return start - 1, min(start - 1 + size, len(ids))


@faults.paginator("snyk.pagination.walk-exactly-once")
class RecordLostBetweenPages(LinkPaginator):
    """The record between two pages is on neither."""

    def span(self, request: Request, ids: Sequence[str]) -> tuple[int, int]:
        start, end = super().span(request, ids)
        return min(start + ("starting_after" in request.query), end), end


@faults.paginator("snyk.pagination.walk-exactly-once")
class OrderDependsOnLimit(LinkPaginator):
    """A list walked in pages of more than twenty comes in reverse order."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        return super().page(request, records[::-1] if self.size(request) > 20 else records, key)


@faults.paginator("snyk.pagination.walk-exactly-once")
class LastPageLeadsToFirst(LinkPaginator):
    """The last of several pages has a next that leads to the second page."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        if page.next or not page.prev:
            return page
        return evolve(page, next=self.encode("next", str(records[0][key])))


@faults.paginator("snyk.pagination.walk-exactly-once")
class SmallPagesEndEarly(LinkPaginator):
    """A walk in pages of less than twenty ends with the thirtieth record."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        return super().page(request, records[:30] if self.size(request) < 20 else records, key)


@faults.paginator("snyk.pagination.walk-exactly-once")
class LastPageLost(LinkPaginator):
    """A last page that would be full is never reached."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        reached = [str(record[key]) for record in records[: -self.size(request)]]
        last_but_one = page.items and str(page.items[-1][key]) == (reached[-1] if reached else "")
        return evolve(page, next="") if last_but_one else page


@faults.paginator("snyk.pagination.walk-exactly-once")
class SecondPageRepeatsFirstRecord(LinkPaginator):
    """The second page, and no other, has the first record of the list in place of its own."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        size = self.size(request)
        if len(records) > size and page.items and page.items[0] is records[size]:
            return evolve(page, items=[records[0], *page.items[1:]])
        return page


class _ByNumber(LinkPaginator):
    """Cursors that hold a number, and what it means in a list of so many records."""

    def number(self, anchor: int, _length: int) -> int:
        return anchor

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        start, end = self.span(request, [str(record[key]) for record in records])
        last, first = (self.number(index, len(records)) for index in (end - 1, start))
        return Page(
            items=records[start:end],
            total=len(records),
            next=self.encode("next", str(last)) if start < end < len(records) else "",
            prev=self.encode("prev", str(first)) if 0 < start < end else "",
        )

    def position(self, parameter: str, cursor: str, ids: Sequence[str]) -> int:
        _, anchor = self.decode(cursor)
        if not anchor.isdigit() or len(anchor) > 6:
            return super().position(parameter, cursor, ids)
        return max(0, min(self.number(int(anchor), len(ids)), len(ids) - 1))


@faults.paginator("snyk.pagination.walk-under-inserts")
class OffsetFromTheEnd(_ByNumber):
    """Cursors hold how many records follow, so that what is inserted hides or repeats others."""

    def number(self, anchor: int, length: int) -> int:
        return length - 1 - anchor


@faults.paginator("snyk.pagination.walk-under-inserts")
class OffsetAndNewestFirst(_ByNumber):
    """Cursors hold an offset, and what is inserted comes to the front."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        seeded = {record_id for _, record_id in rows()["projects"]}
        inserted = [record for record in records if record[key] not in seeded]
        others = [record for record in records if record[key] in seeded]
        in_order = [*inserted, *others] if request.operation == LIST_PROJECTS else records
        return super().page(request, in_order, key)


@faults.paginator("snyk.pagination.walk-under-inserts")
class CursorVoidAfterInsert(LinkPaginator):
    """A cursor made before an insertion leads to the first page again."""

    def encode(self, direction: str, anchor: str) -> str:
        return super().encode(direction, f"{getattr(self, 'length', 0)}:{anchor}")

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        self.length = len(records)
        return super().page(request, records, key)

    def position(self, parameter: str, cursor: str, ids: Sequence[str]) -> int:
        made = cursor.removeprefix("v1.").encode()
        try:
            text = base64.urlsafe_b64decode(made).decode()
        except ValueError:
            text = ""
        length, _, anchor = text.partition('"id": "')[2].removesuffix('"}').partition(":")
        if anchor in ids:
            restart = -1 if parameter == "starting_after" else 0
            return ids.index(anchor) if length == str(len(ids)) else restart
        return super().position(parameter, cursor, ids)


@faults.paginator("snyk.pagination.walk-under-inserts")
class InsertEndsWalk(LinkPaginator):
    """A list that something was inserted into ends with its second page."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        grown = request.operation == LIST_PROJECTS and len(records) > 60
        return evolve(page, next="") if grown and "starting_after" in request.query else page


@faults.collection("snyk.pagination.insertion-order", "projects")
class OrderedByName(Collection):
    """The projects come by name."""

    def of(self, owner: str) -> list[Record]:
        return sorted(super().of(owner), key=lambda record: str(record["name"]))


@faults.collection("snyk.pagination.insertion-order", "projects")
class OrderedById(Collection):
    """The projects come by id."""

    def of(self, owner: str) -> list[Record]:
        return sorted(super().of(owner), key=self.id_of)


@faults.collection("snyk.pagination.insertion-order", "projects")
class NewestFirst(Collection):
    """The projects come newest first."""

    def of(self, owner: str) -> list[Record]:
        return super().of(owner)[::-1]


@faults.collection("snyk.pagination.insertion-order", "projects")
class NewInFront(Collection):
    """A new project comes before all others."""

    def add(self, owner: str, record: Record) -> None:
        kept = dict(self.rows)
        self.rows.clear()
        super().add(owner, record)
        self.rows.update(kept)


@faults.collection("snyk.pagination.insertion-order", "projects")
@mutable
class FirstCreatedStaysLast(Collection):
    """The first project that is created stays the last of the list."""

    first: Record | None = None

    def add(self, owner: str, record: Record) -> None:
        super().add(owner, record)
        self.first = self.first or record
        self.remove(owner, self.id_of(self.first))
        super().add(owner, self.first)


@faults.paginator("snyk.pagination.prev-roundtrip")
class PrevPageReversed(LinkPaginator):
    """A page reached by prev comes in reverse order."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        return evolve(page, items=page.items[::-1]) if "ending_before" in request.query else page


@faults.paginator("snyk.pagination.prev-roundtrip")
class PrevShiftedByOne(LinkPaginator):
    """A page reached by prev ends with the record that its cursor names."""

    def span(self, request: Request, ids: Sequence[str]) -> tuple[int, int]:
        start, end = super().span(request, ids)
        return (start + 1, end + 1) if "ending_before" in request.query else (start, end)


@faults.paginator("snyk.pagination.prev-roundtrip")
class PrevOneShort(LinkPaginator):
    """A page reached by prev lacks its first record."""

    def span(self, request: Request, ids: Sequence[str]) -> tuple[int, int]:
        start, end = super().span(request, ids)
        return (min(start + 1, end), end) if "ending_before" in request.query else (start, end)


@faults.paginator("snyk.pagination.prev-roundtrip")
class PrevLeadsToItsOwnPage(LinkPaginator):
    """The prev of a page leads to that page."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        if not page.next or not page.prev:
            return page
        return evolve(page, prev=self.encode("prev", str(records[records.index(page.items[-1]) + 1][key])))


@faults.server("snyk.crud.get-is-safe")
def order_changes(server: Server) -> None:
    """A list comes in another order at every other request."""
    turns = count()

    def turn(request: Request, response: Response) -> Response:
        if request.operation not in LISTS or response.status != 200 or next(turns) % 2 == 0:
            return response
        body = response.json
        return response.with_json({**body, "data": body["data"][::-1]})

    server.transforms.append(turn)


@faults.server("snyk.crud.get-is-safe")
def reading_creates(server: Server) -> None:
    """Each GET of the projects puts a new project in front of them."""

    def grow(request: Request, response: Response) -> Response:
        if request.operation == LIST_PROJECTS and response.status == 200 and not on_later_page(request):
            store = server.store["projects"]
            kept = dict(store.rows)
            store.rows.clear()
            store_project(server, request.arguments["org_id"])
            store.rows.update(kept)
        return response

    server.transforms.append(grow)


@faults.server("snyk.crud.get-is-safe")
def reading_targets_removes(server: Server) -> None:
    """Each GET of the targets removes the oldest one."""

    def shrink(request: Request, response: Response) -> Response:
        if request.operation == LIST_TARGETS and response.status == 200:
            targets: Any = server.store["targets"]
            oldest = targets.of(request.arguments["org_id"])[:1]
            for one in oldest:
                targets.remove(request.arguments["org_id"], one["id"])
        return response

    server.transforms.append(shrink)
