"""Faults of the Snyk server in how it cuts lists into pages: order, walks, ways back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from attrs import evolve, mutable

from conformance.reference.core import Server
from conformance.reference.edits import afterwards, change, sent
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Record, Request, Response
from conformance.reference.pages import Cut, Page
from conformance.reference.plants import cuts, pages, paginator, records
from conformance.reference.snyk.data import LIST_PROJECTS, LIST_TARGETS, rows
from conformance.reference.snyk.faults.tools import LISTS, on_later_page, store_project
from conformance.reference.snyk.policies import LinkPaginator
from conformance.reference.store import Collection

faults = Faults()

forwards, backwards = sent("starting_after"), sent("ending_before")


def lists(change: Callable[[Sequence[Record], int], Sequence[Record]]) -> Plant:
    """Lists that are changed before they are cut; `change` is given the page size too."""

    class Relisted(LinkPaginator):
        def cut(self, request: Request, records: Sequence[Record], key: str) -> Cut:
            return super().cut(request, change(records, self.size(request)), key)

    return paginator(Relisted)


fault = faults.of("snyk.pagination.walk-exactly-once")
fault("order-depends-on-limit", "A list walked in pages of more than twenty comes in reverse order.").by(
    lists(lambda all_, size: all_[::-1] if size > 20 else all_)
)
fault("small-pages-end-early", "A walk in pages of less than twenty ends with the thirtieth record.").by(
    lists(lambda all_, size: all_[:30] if size < 20 else all_)
)
fault("last-page-leads-to-first", "The last of several pages has a next that leads to the second page.").by(
    pages(lambda cut, page: evolve(page, next=cut.after(1)) if page.prev and not page.next else page)
)
fault("last-page-lost", "A last page that would be full is never reached.").by(
    pages(lambda cut, page: evolve(page, next="") if cut.left == cut.size else page)
)


@fault.using(cuts)
def cursor_inclusive(cut: Cut) -> Cut:
    """A page begins with the record that its starting_after names."""
    if not forwards(cut.request) or cut.size == 1:
        return cut
    return evolve(cut, start=cut.start - 1, end=min(cut.start - 1 + cut.size, len(cut.records)))


@fault.using(cuts)
def record_lost_between_pages(cut: Cut) -> Cut:
    """The record between two pages is on neither."""
    return evolve(cut, start=min(cut.start + forwards(cut.request), cut.end))


@fault.using(pages)
def second_page_repeats_first_record(cut: Cut, page: Page) -> Page:
    """The second page, and no other, has the first record of the list in place of its own."""
    second = cut.start == cut.size and page.items
    return evolve(page, items=[cut.records[0], *page.items[1:]]) if second else page


class ByNumber(LinkPaginator):
    """Cursors that hold a number, and what it means in a list of so many records."""

    def number(self, anchor: int, _length: int) -> int:
        """The number for an index, and the index for a number."""
        return anchor

    def after(self, keys: Sequence[str], index: int) -> str:
        return self.encode("next", str(self.number(index - 1, len(keys))))

    def before(self, keys: Sequence[str], index: int) -> str:
        return self.encode("prev", str(self.number(index, len(keys))))

    def position(self, parameter: str, cursor: str, keys: Sequence[str]) -> int:
        _, anchor = self.decode(cursor)
        if not anchor.isdigit() or len(anchor) > 6:
            return super().position(parameter, cursor, keys)
        return max(0, min(self.number(int(anchor), len(keys)), len(keys) - 1))


fault = faults.of("snyk.pagination.walk-under-inserts")


@fault.using(paginator)
class OffsetFromTheEnd(ByNumber):
    """Cursors hold how many records follow, so that what is inserted hides or repeats others."""

    def number(self, anchor: int, length: int) -> int:
        return length - 1 - anchor


@fault.using(paginator)
class OffsetAndNewestFirst(ByNumber):
    """Cursors hold an offset, and what is inserted comes to the front."""

    def cut(self, request: Request, records: Sequence[Record], key: str) -> Cut:
        seeded = {record_id for _, record_id in rows()["projects"]}
        if request.operation == LIST_PROJECTS:
            records = sorted(records, key=lambda record: record[key] in seeded)
        return super().cut(request, records, key)


@fault.using(paginator)
class CursorVoidAfterInsert(LinkPaginator):
    """A cursor made before an insertion leads to the first page again."""

    def after(self, keys: Sequence[str], index: int) -> str:
        return self.encode("next", f"{len(keys)}:{keys[index - 1]}")

    def before(self, keys: Sequence[str], index: int) -> str:
        return self.encode("prev", f"{len(keys)}:{keys[index]}")

    def position(self, parameter: str, cursor: str, keys: Sequence[str]) -> int:
        length, _, anchor = self.decode(cursor)[1].partition(":")
        if anchor not in keys:
            return super().position(parameter, cursor, keys)
        restart = -1 if parameter == "starting_after" else 0
        return keys.index(anchor) if length == str(len(keys)) else restart


@fault.using(pages)
def insert_ends_walk(cut: Cut, page: Page) -> Page:
    """A list that something was inserted into ends with its second page."""
    grown = cut.request.operation == LIST_PROJECTS and len(cut.records) > 60
    return evolve(page, next="") if grown and forwards(cut.request) else page


def in_order(change: Callable[[list[Record]], list[Record]]) -> Plant:
    """The projects come in another order."""

    class Reordered(Collection):
        def of(self, owner: str) -> list[Record]:
            return change(super().of(owner))

    return records(Reordered, "projects")


fault = faults.of("snyk.pagination.insertion-order")
fault("ordered-by-name", "The projects come by name.").by(
    in_order(lambda projects: sorted(projects, key=lambda one: str(one["name"])))
)
fault("ordered-by-id", "The projects come by id.").by(
    in_order(lambda projects: sorted(projects, key=lambda one: str(one["id"])))
)
fault("newest-first", "The projects come newest first.").by(in_order(lambda projects: projects[::-1]))


@fault.using(records, "projects")
class NewInFront(Collection):
    """A new project comes before all others."""

    def add(self, owner: str, record: Record) -> None:
        self.rows = {(owner, self.id_of(record)): record, **self.rows}


@fault.using(records, "projects")
@mutable
class FirstCreatedStaysLast(Collection):
    """The first project that is created stays the last of the list."""

    first: Record | None = None

    def add(self, owner: str, record: Record) -> None:
        super().add(owner, record)
        self.first = self.first or record
        self.remove(owner, self.id_of(self.first))
        super().add(owner, self.first)


fault = faults.of("snyk.pagination.prev-roundtrip")
fault("prev-page-reversed", "A page reached by prev comes in reverse order.").by(
    pages(lambda cut, page: evolve(page, items=page.items[::-1]) if backwards(cut.request) else page)
)
fault("prev-shifted-by-one", "A page reached by prev ends with the record that its cursor names.").by(
    cuts(lambda cut: evolve(cut, start=cut.start + 1, end=cut.end + 1) if backwards(cut.request) else cut)
)
fault("prev-one-short", "A page reached by prev lacks its first record.").by(
    cuts(lambda cut: evolve(cut, start=min(cut.start + 1, cut.end)) if backwards(cut.request) else cut)
)


@fault.using(paginator)
class PrevLeadsToItsOwnPage(LinkPaginator):
    """The prev of a page leads to that page."""

    def shown(self, cut: Cut) -> Page:
        page = super().shown(cut)
        return evolve(page, prev=self.before(cut.keys, cut.end)) if page.next and page.prev else page


fault = faults.of("snyk.crud.get-is-safe")


@fault.server
def order_changes(server: Server) -> None:
    """A list comes in another order at every other request."""
    turns = count()
    change("/data", lambda data: data[::-1] if next(turns) % 2 else data, on=LISTS)(server)


@fault.using(afterwards, on=LIST_PROJECTS)
def reading_creates(server: Server, request: Request, _response: Response) -> None:
    """Each GET of the projects puts a new project in front of them."""
    if not on_later_page(request):
        projects = server.store["projects"]
        kept = dict(projects.rows)
        projects.rows.clear()
        store_project(server, request.arguments["org_id"])
        projects.rows.update(kept)


@fault.using(afterwards, on=LIST_TARGETS)
def reading_targets_removes(server: Server, request: Request, _response: Response) -> None:
    """Each GET of the targets removes the oldest one."""
    targets = server.store["targets"]
    for one in targets.of(request.arguments["org_id"])[:1]:
        targets.remove(request.arguments["org_id"], one["id"])
