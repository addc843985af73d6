"""Faults of the Snyk server that show only where two conditions meet, or at a second reading."""

from __future__ import annotations

from attrs import evolve

from conformance.reference.edits import change, crash, sent, unsent
from conformance.reference.faults import Faults
from conformance.reference.pages import Cut, Page
from conformance.reference.plants import behind, forgotten, pages, paginator, sizes
from conformance.reference.snyk.data import LIST_PROJECTS, LIST_TARGETS
from conformance.reference.snyk.faults.pages import ByNumber

faults = Faults()

filtered, limited, forwards = sent("origin"), sent("limit"), sent("starting_after")

fault = faults.of("snyk.pagination.limit-honoured")
fault("limit-ignored-beside-filter", "A filtered page has the maximum size.").by(sizes(lambda _: 100, when=filtered))
fault("limit-ignored-beside-order", "A page in another order has the maximum size.").by(
    sizes(lambda _: 100, when=sent("sort"))
)

fault = faults.of("snyk.pagination.bad-cursor-4xx")
fault("bad-cursor-500-by-default", "A made-up cursor is answered with 500 where no limit is sent.").by(
    crash(cause="cursor", when=unsent("limit"))
)
fault("bad-cursor-beside-filter-500", "A made-up cursor is answered with 500 beside a filter.").by(
    crash(cause="cursor", when=filtered)
)

fault = faults.of("snyk.errors.unknown-param-400")
fault("unknown-parameter-ignored-beside-cursor", "An unknown query parameter is ignored where a cursor is sent.").by(
    forgotten("conformance_unknown", LIST_PROJECTS, LIST_TARGETS, when=forwards)
)
fault("unknown-parameter-ignored-beside-filter", "An unknown query parameter is ignored beside a filter.").by(
    forgotten("conformance_unknown", LIST_PROJECTS, when=filtered)
)

fault = faults.of("snyk.pagination.links-keep-context")
fault("links-drop-filter-beside-limit", "The links of a filtered page drop the filter where a limit is sent.").by(
    change(
        "/links/*",
        lambda link: link.replace("&origin=github", "").replace("?origin=github&", "?"),
        on=LIST_PROJECTS,
        when=lambda request: filtered(request) and limited(request),
    )
)

fault = faults.of("snyk.pagination.walk-exactly-once")


@fault.using(pages)
def filtered_later_pages_repeat(cut: Cut, page: Page) -> Page:
    """A later page of a filtered list begins with the last record of the page before."""
    repeated = filtered(cut.request) and forwards(cut.request) and page.items
    return evolve(page, items=[cut.records[cut.start - 1], *page.items[1:]]) if repeated else page


fault = faults.of("snyk.pagination.walk-under-inserts")


@fault.using(paginator)
class OffsetFromTheStart(ByNumber):
    """Cursors hold how many records came before, so that what is deleted hides others."""


fault = faults.of("snyk.pagination.insertion-order")
fault("created-come-and-go", "Every other list is as it was before the last POST.").by(
    behind(LIST_PROJECTS, after="POST")
)

fault = faults.of("snyk.crud.get-is-safe")
fault("deleted-comes-back", "Every other list is as it was before the last DELETE.").by(
    behind(LIST_PROJECTS, after="DELETE")
)
