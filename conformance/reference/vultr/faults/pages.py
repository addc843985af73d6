"""Faults of the Vultr server in how it cuts lists into pages: sizes, totals, walks, cursors."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from attrs import evolve

from conformance.reference.core import Server
from conformance.reference.faults import Faults, crash
from conformance.reference.messages import Record, Request, Response
from conformance.reference.policies import CursorPaginator, Page
from conformance.reference.vultr.faults.bodies import LISTS

faults = Faults()

_, BACKUPS, PLANS, _ = LISTS
EVERYTHING = 10**6
"""A page size that no list exceeds."""


@faults.paginator("vultr.pagination.per-page-honoured")
class PageSizeIgnored(CursorPaginator):
    """Every page has the default size."""

    def size(self, request: Request) -> int:
        super().size(request)
        return self.default


@faults.paginator("vultr.pagination.per-page-honoured")
class PageOneLonger(CursorPaginator):
    """A page has one item more than asked for."""

    def size(self, request: Request) -> int:
        size = super().size(request)
        return min(size + 1, self.maximum) if self.size_parameter in request.query else size


@faults.paginator("vultr.pagination.per-page-honoured")
class PageOneShorter(CursorPaginator):
    """A page has one item less than asked for though others follow."""

    def size(self, request: Request) -> int:
        size = super().size(request)
        return max(size - 1, 1) if self.size_parameter in request.query else size


@faults.paginator("vultr.pagination.per-page-honoured")
class PageCappedAt50(CursorPaginator):
    """A page has 50 items where more are asked for."""

    def size(self, request: Request) -> int:
        size = super().size(request)
        return min(size, 50) if self.size_parameter in request.query else size


@faults.server("vultr.pagination.per-page-default-100")
def all_by_default(server: Server) -> None:
    """Without per_page a list comes whole."""
    server.paginator.default = EVERYTHING


@faults.server("vultr.pagination.per-page-default-100")
def default_of_101(server: Server) -> None:
    """Without per_page a page has 101 items."""
    server.paginator.default = 101


@faults.server("vultr.pagination.per-page-default-100")
def default_of_50(server: Server) -> None:
    """Without per_page a page has 50 items."""
    server.paginator.default = 50


@faults.paginator("vultr.pagination.per-page-default-100")
class BackupsWholeByDefault(CursorPaginator):
    """Without per_page the backups, and only they, come whole."""

    def size(self, request: Request) -> int:
        whole = request.operation == BACKUPS and self.size_parameter not in request.query
        return EVERYTHING if whole else super().size(request)


@faults.server("vultr.pagination.per-page-max-500")
def no_maximum(server: Server) -> None:
    """A page may have any size."""
    server.paginator.maximum = EVERYTHING


@faults.server("vultr.pagination.per-page-max-500")
def maximum_of_499(server: Server) -> None:
    """A per_page of 500 is refused."""
    server.paginator.maximum = 499


@faults.server("vultr.pagination.per-page-max-500")
def maximum_of_501(server: Server) -> None:
    """A per_page of 501 is accepted and filled."""
    server.paginator.maximum = 501


@faults.paginator("vultr.pagination.per-page-max-500")
class FourDigitsAccepted(CursorPaginator):
    """A per_page of 501 to 999 is refused, but not one of 1000 to 9999."""

    def size(self, request: Request) -> int:
        text = request.query.get(self.size_parameter, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else super().size(request)


@faults.response("vultr.pagination.per-page-invalid", cause="page-size")
def zero_500(request: Request, response: Response) -> Response:
    """A per_page of 0 is answered with 500."""
    if request.query["per_page"] == "0":
        raise crash()
    return response


@faults.response("vultr.pagination.per-page-invalid", cause="page-size")
def no_integer_500(request: Request, response: Response) -> Response:
    """A per_page that is no integer is answered with 500."""
    if not request.query["per_page"].lstrip("-").isdigit():
        raise crash()
    return response


@faults.paginator("vultr.pagination.per-page-invalid")
class NegativeGivesAll(CursorPaginator):
    """A negative per_page gives the whole list."""

    def size(self, request: Request) -> int:
        negative = request.query.get(self.size_parameter, "").startswith("-")
        return EVERYTHING if negative else super().size(request)


@faults.paginator("vultr.pagination.per-page-invalid")
class ZeroGivesNone(CursorPaginator):
    """A per_page of 0 gives an empty page with 200."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        if request.query.get(self.size_parameter) == "0":
            return Page([], len(records), "", "")
        return super().page(request, records, key)


@faults.paginator("vultr.pagination.total-is-full-list")
class TotalOfPage(CursorPaginator):
    """The total is the length of the page."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        return evolve(page, total=len(page.items))


@faults.paginator("vultr.pagination.total-is-full-list")
class TotalOfRest(CursorPaginator):
    """The total counts from the first item of the page on, so that it is right on the first page only."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        passed = records.index(page.items[0]) if page.items else 0
        return evolve(page, total=len(records) - passed)


@faults.paginator("vultr.pagination.total-is-full-list")
class TotalLessOneOnLastPage(CursorPaginator):
    """The total is one too small on the last of several pages."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        return page if page.next or not page.prev else evolve(page, total=page.total - 1)


@faults.body("vultr.pagination.total-is-full-list", *LISTS)
def total_capped_at_500(_request: Request, body: Any) -> object:
    """The total is never more than 500, on every page alike."""
    body["meta"]["total"] = min(body["meta"]["total"], 500)
    return body


@faults.paginator("vultr.pagination.walk-exactly-once")
class PagesOverlapByOne(CursorPaginator):
    """A page of two or more begins with the last item of the page before."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        if page.next and len(page.items) > 1:
            return evolve(page, next=self.encode("next", str(page.items[-2][key])))
        return page


@faults.paginator("vultr.pagination.walk-exactly-once")
class ItemLostBetweenPages(CursorPaginator):
    """The item between two pages is on neither."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        if page.next:
            following = records.index(page.items[-1]) + 1
            if following + 1 < len(records):
                return evolve(page, next=self.encode("next", str(records[following][key])))
        return page


@faults.paginator("vultr.pagination.walk-exactly-once")
class OrderDependsOnPageSize(CursorPaginator):
    """A list walked in pages of an even size comes in reverse order."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        even = self.size(request) % 2 == 0
        return super().page(request, records[::-1] if even else records, key)


@faults.paginator("vultr.pagination.walk-exactly-once")
class LoneLastItemLost(CursorPaginator):
    """A last page of a single item is never reached."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        one_left = page.next and page.items[-1] is records[-2]
        return evolve(page, next="") if one_left else page


@faults.paginator("vultr.pagination.walk-exactly-once")
class SecondPageRepeatsFirstItem(CursorPaginator):
    """The second page, and no other, has the first item of the list in place of its own."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        size = self.size(request)
        if len(records) > size and page.items and page.items[0] is records[size]:
            return evolve(page, items=[records[0], *page.items[1:]])
        return page


@faults.paginator("vultr.pagination.last-page-no-next")
class LastPageLeadsToFirst(CursorPaginator):
    """The next of the last page leads to the first."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        if page.next or not records:
            return page
        # What comes before the first record is the first page again.
        return evolve(page, next=self.encode("prev", str(records[0][key])))


@faults.paginator("vultr.pagination.last-page-no-next")
class LastPageLeadsToEmptyOne(CursorPaginator):
    """The next of the last page leads to an empty one."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        if page.next or not page.items:
            return page
        return evolve(page, next=self.encode("next", str(page.items[-1][key])))


@faults.paginator("vultr.pagination.last-page-no-next")
class FilteredLastPageLeadsOn(LastPageLeadsToEmptyOne):
    """The last page of a filtered list has a next, which leads to an empty page."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        if "type" in request.query or "instance_id" in request.query:
            return super().page(request, records, key)
        return CursorPaginator.page(self, request, records, key)


@faults.body("vultr.pagination.last-page-no-next", PLANS)
def end_null_in_one_list(_request: Request, body: Any) -> object:
    """The end is null in the plans and an empty string in other lists."""
    body["meta"]["links"]["next"] = body["meta"]["links"]["next"] or None
    return body


@faults.body("vultr.pagination.prev-roundtrip", *LISTS)
def prev_is_next(_request: Request, body: Any) -> object:
    """Where a page has both, prev equals next."""
    links = body["meta"]["links"]
    if links["next"] and links["prev"]:
        links["prev"] = links["next"]
    return body


@faults.paginator("vultr.pagination.prev-roundtrip")
class PrevShiftedByOne(CursorPaginator):
    """A page reached by prev begins one item late."""

    def start(self, cursor: str, ids: Sequence[str], size: int) -> int:
        start = super().start(cursor, ids, size)
        return start + 1 if cursor and self.decode(cursor)[0] == "prev" else start


@faults.paginator("vultr.pagination.prev-roundtrip")
class PrevPageReversed(CursorPaginator):
    """A page reached by prev comes in reverse order."""

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        page = super().page(request, records, key)
        cursor = request.query.get(self.cursor_parameter, "")
        backwards = cursor and self.decode(cursor)[0] == "prev"
        return evolve(page, items=page.items[::-1]) if backwards else page


@faults.paginator("vultr.pagination.cursor-alphabet")
class ReadableCursors(CursorPaginator):
    """Cursors are readable text with a space in it."""

    def encode(self, direction: str, anchor: str) -> str:
        return f"{direction} {anchor}"

    def decode(self, cursor: str) -> tuple[str, str]:
        direction, _, anchor = cursor.partition(" ")
        return (direction, anchor) if direction in {"next", "prev"} else super().decode(cursor)


@faults.paginator("vultr.pagination.cursor-alphabet")
class DottedPrev(CursorPaginator):
    """A prev cursor ends in a dot and a number."""

    def encode(self, direction: str, anchor: str) -> str:
        cursor = super().encode(direction, anchor)
        return f"{cursor}.1" if direction == "prev" else cursor

    def decode(self, cursor: str) -> tuple[str, str]:
        return super().decode(cursor.removesuffix(".1"))


@faults.response("vultr.pagination.cursor-invalid-4xx", cause="cursor")
def bad_cursor_500(_request: Request, _response: Response) -> Response:
    """A cursor that was not given out is answered with 500."""
    raise crash()


@faults.response("vultr.pagination.cursor-invalid-4xx", cause="cursor")
def encoded_bad_cursor_500(request: Request, response: Response) -> Response:
    """A bad cursor is answered with 500 where it is base64 with its padding, and with 400 elsewhere."""
    try:
        base64.b64decode(request.query["cursor"], validate=True)
    except ValueError:
        return response
    raise crash()


@faults.response("vultr.pagination.cursor-invalid-4xx", cause="cursor")
def bad_cursor_empties_list(request: Request, _response: Response) -> Response:
    """A bad cursor gives an empty list with 200."""
    return Response.of({request.segments[-1]: [], "meta": {"total": 0, "links": {"next": "", "prev": ""}}})
