"""Faults of the Vultr server in how it cuts lists into pages: sizes, totals, walks, cursors."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from attrs import evolve

from conformance.reference.edits import change, crash, put, respond, rewrite, sent
from conformance.reference.faults import Faults
from conformance.reference.messages import Record, Request, Response
from conformance.reference.pages import CursorPaginator, Cut, Page
from conformance.reference.plants import EVERYTHING, cuts, pages, paginator, setting, size_for, sizes
from conformance.reference.vultr.faults.tools import BACKUPS, LISTS, PLANS

faults = Faults()

sized = sent("per_page")


def backwards(request: Request) -> bool:
    """Whether a page is asked for by the cursor of a prev."""
    cursor = request.query.get("cursor", "")
    return bool(cursor) and CursorPaginator(1, 1).decode(cursor)[0] == "prev"


fault = faults.of("vultr.pagination.per-page-honoured")
fault("page-size-ignored", "Every page has the default size.").by(sizes(lambda _: 100))
fault("page-one-longer", "A page has one item more than asked for.").by(
    sizes(lambda size: min(size + 1, 500), when=sized)
)
fault("page-one-shorter", "A page has one item less than asked for though others follow.").by(
    sizes(lambda size: max(size - 1, 1), when=sized)
)
fault("page-capped-at-50", "A page has 50 items where more are asked for.").by(
    sizes(lambda size: min(size, 50), when=sized)
)

fault = faults.of("vultr.pagination.per-page-default-100")
fault("all-by-default", "Without per_page a list comes whole.").by(setting("paginator.default", EVERYTHING))
for number in (101, 50):
    described = f"Without per_page a page has {number} items."
    fault(f"default-of-{number}", described).by(setting("paginator.default", number))
fault("backups-whole-by-default", "Without per_page the backups, and only they, come whole.").by(
    sizes(lambda _: EVERYTHING, when=lambda request: request.operation == BACKUPS and not sized(request))
)

fault = faults.of("vultr.pagination.per-page-max-500")
fault("no-maximum", "A page may have any size.").by(setting("paginator.maximum", EVERYTHING))
fault("maximum-of-499", "A per_page of 500 is refused.").by(setting("paginator.maximum", 499))
fault("maximum-of-501", "A per_page of 501 is accepted and filled.").by(setting("paginator.maximum", 501))
fault("four-digits-accepted", "A per_page of 501 to 999 is refused, but not one of 1000 to 9999.").by(
    size_for(lambda text: text.isascii() and text.isdigit() and len(text) == 4, EVERYTHING)
)

fault = faults.of("vultr.pagination.per-page-invalid")
fault("zero-500", "A per_page of 0 is answered with 500.").by(
    crash(cause="page-size", when=lambda request: request.query["per_page"] == "0")
)
fault("no-integer-500", "A per_page that is no integer is answered with 500.").by(
    crash(cause="page-size", when=lambda request: not request.query["per_page"].lstrip("-").isdigit())
)
fault("negative-gives-all", "A negative per_page gives the whole list.").by(
    size_for(lambda text: text.startswith("-"), EVERYTHING)
)
fault("zero-gives-none", "A per_page of 0 gives an empty page with 200.").by(size_for(lambda text: text == "0", 0))

fault = faults.of("vultr.pagination.total-is-full-list")
fault("total-of-page", "The total is the length of the page.").by(
    pages(lambda _, page: evolve(page, total=len(page.items)))
)
fault(
    "total-of-rest", "The total counts from the first item of the page on, so that it is right on the first page only."
).by(pages(lambda cut, page: evolve(page, total=page.total - cut.start)))
fault("total-less-one-on-last-page", "The total is one too small on the last of several pages.").by(
    pages(lambda _, page: page if page.next or not page.prev else evolve(page, total=page.total - 1))
)
fault("total-capped-at-500", "The total is never more than 500, on every page alike.").by(
    change("/meta/total", lambda total: min(total, 500), on=LISTS)
)

fault = faults.of("vultr.pagination.walk-exactly-once")
fault("pages-overlap-by-one", "A page of two or more begins with the last item of the page before.").by(
    pages(lambda cut, page: evolve(page, next=cut.after(cut.end - 1)) if page.next and cut.size > 1 else page)
)
fault("item-lost-between-pages", "The item between two pages is on neither.").by(
    pages(lambda cut, page: evolve(page, next=cut.after(cut.end + 1)) if cut.left > 1 else page)
)
fault("lone-last-item-lost", "A last page of a single item is never reached.").by(
    pages(lambda cut, page: evolve(page, next="") if cut.left == 1 else page)
)


@fault.using(paginator)
class OrderDependsOnPageSize(CursorPaginator):
    """A list walked in pages of an even size comes in reverse order."""

    def cut(self, request: Request, records: Sequence[Record], key: str) -> Cut:
        return super().cut(request, records[::-1] if self.size(request) % 2 == 0 else records, key)


@fault.using(pages)
def second_page_repeats_first_item(cut: Cut, page: Page) -> Page:
    """The second page, and no other, has the first item of the list in place of its own."""
    second = cut.start == cut.size and page.items
    return evolve(page, items=[cut.records[0], *page.items[1:]]) if second else page


def leads_on(cut: Cut, page: Page) -> Page:
    """The page with a next that leads to an empty one where it is the last."""
    return page if page.next or not page.items else evolve(page, next=cut.after(cut.end))


fault = faults.of("vultr.pagination.last-page-no-next")
fault("last-page-leads-to-first", "The next of the last page leads to the first.").by(
    pages(lambda cut, page: page if page.next or not cut.records else evolve(page, next=cut.after(0)))
)
fault("last-page-leads-to-empty-one", "The next of the last page leads to an empty one.").by(pages(leads_on))
fault("filtered-last-page-leads-on", "The last page of a filtered list has a next, which leads to an empty page.").by(
    pages(lambda cut, page: leads_on(cut, page) if sent("type", "instance_id")(cut.request) else page)
)
fault("end-null-in-one-list", "The end is null in the plans and an empty string in other lists.").by(
    put("/meta/links/next", None, having={"next": ""}, on=PLANS)
)

fault = faults.of("vultr.pagination.prev-roundtrip")


@fault.using(rewrite, on=LISTS)
def prev_is_next(_request: Request, body: Any) -> object:
    """Where a page has both, prev equals next."""
    links = body["meta"]["links"]
    if links["next"] and links["prev"]:
        links["prev"] = links["next"]
    return body


@fault.using(cuts)
def prev_shifted_by_one(cut: Cut) -> Cut:
    """A page reached by prev begins one item late."""
    shifted = min(cut.end + 1, len(cut.records))
    return evolve(cut, start=cut.start + 1, end=shifted) if backwards(cut.request) else cut


fault("prev-page-reversed", "A page reached by prev comes in reverse order.").by(
    pages(lambda cut, page: evolve(page, items=page.items[::-1]) if backwards(cut.request) else page)
)

fault = faults.of("vultr.pagination.cursor-alphabet")


@fault.using(paginator)
class ReadableCursors(CursorPaginator):
    """Cursors are readable text with a space in it."""

    def encode(self, direction: str, anchor: str) -> str:
        return f"{direction} {anchor}"

    def decode(self, cursor: str) -> tuple[str, str]:
        direction, _, anchor = cursor.partition(" ")
        return (direction, anchor) if direction in {"next", "prev"} else super().decode(cursor)


@fault.using(paginator)
class DottedPrev(CursorPaginator):
    """A prev cursor ends in a dot and a number."""

    def encode(self, direction: str, anchor: str) -> str:
        cursor = super().encode(direction, anchor)
        return f"{cursor}.1" if direction == "prev" else cursor

    def decode(self, cursor: str) -> tuple[str, str]:
        return super().decode(cursor.removesuffix(".1"))


def is_base64(request: Request) -> bool:
    """Whether the cursor is base64 with its padding."""
    try:
        base64.b64decode(request.query["cursor"], validate=True)
    except ValueError:
        return False
    return True


fault = faults.of("vultr.pagination.cursor-invalid-4xx")
fault("bad-cursor-500", "A cursor that was not given out is answered with 500.").by(crash(cause="cursor"))
fault(
    "encoded-bad-cursor-500",
    "A bad cursor is answered with 500 where it is base64 with its padding, and with 400 elsewhere.",
).by(crash(cause="cursor", when=is_base64))


@fault.using(respond, cause="cursor")
def bad_cursor_empties_list(request: Request, _response: Response) -> Response:
    """A bad cursor gives an empty list with 200."""
    return Response.of({request.segments[-1]: [], "meta": {"total": 0, "links": {"next": "", "prev": ""}}})
