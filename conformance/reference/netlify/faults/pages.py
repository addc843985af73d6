"""Faults of the Netlify server in its pages: their size, what lies on them, their numbers, what is behind the last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve

from conformance.reference.edits import crash, html, raw, sent, text, unsent
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Record, Request
from conformance.reference.netlify.faults.links import (
    ENV,
    FORMS,
    HOOKS,
    OF_FORM,
    SITES,
    SNIPPETS,
    by_domain,
    number_of,
    numbers,
    of_spam,
    on_page,
    urls,
    without,
)
from conformance.reference.netlify.faults.tools import DEPLOYS, FILES
from conformance.reference.pages import Cut, PageNumberPaginator
from conformance.reference.plants import EVERYTHING, cuts, forgotten, pages, paginator, setting, sizes

faults = Faults()

Where = Callable[[Cut], object]


def shows(records: Callable[[Cut], Sequence[Record]], when: Where = lambda _: True) -> Plant:
    """Other records on a page, whose links stay as they are."""
    return pages(lambda cut, page: evolve(page, items=records(cut)) if when(cut) else page)


def starts(change: Callable[[Cut], int], when: Where = lambda _: True) -> Plant:
    """Pages that begin elsewhere in their list."""

    def moved(cut: Cut) -> Cut:
        start = min(max(change(cut), 0), len(cut.records)) if when(cut) else cut.start
        return evolve(cut, start=start, end=min(start + cut.size, len(cut.records)))

    return cuts(moved)


def page_read(change: Callable[[Request, int], int]) -> Plant:
    """Pages whose number, where it is sent, is taken for another one."""

    class Renumbered(PageNumberPaginator):
        def number(self, request: Request, parameter: str, default: int) -> int:
            number = super().number(request, parameter, default)
            return (
                change(request, number) if parameter == self.page_parameter and parameter in request.query else number
            )

    return paginator(Renumbered)


def behind_last(cut: Cut) -> bool:
    """Whether a page lies behind the last one of a list that is not empty."""
    return bool(cut.records) and cut.start >= len(cut.records)


fault = faults.of("netlify.pagination.default-page-100")
fault("twenty", "Without per_page a page has 20 records.").by(setting("paginator.default", 20))
fault("one-less", "Without per_page a page has 99 records.").by(setting("paginator.default", 99))
fault("everything", "Without per_page a page has all records.").by(sizes(lambda _: EVERYTHING, when=unsent("per_page")))
fault("one-more", "Without per_page a page of files has 101 records.").by(
    sizes(lambda _: 101, when=lambda request: request.operation == FILES and "per_page" not in request.query)
)

fault = faults.of("netlify.pagination.per-page-honoured")
fault("one-more", "A page has one record more than was asked for.").by(
    sizes(lambda size: size + 1, when=sent("per_page"))
)
fault("ten-at-least", "A page has at least ten records.").by(sizes(lambda size: max(size, 10)))
fault("fifty-at-most", "A page of files has at most 50 records.").by(
    sizes(lambda size: min(size, 50), when=lambda request: request.operation == FILES)
)
fault("second-page-shorter", "The second page has one record less than was asked for, and none is lost.").by(
    shows(lambda cut: cut.records[cut.start : cut.end - 1], when=lambda cut: number_of(cut) == 2 and cut.left)
)
fault("not-of-spam", "A list of spam is not cut by per_page.").by(forgotten("per_page", OF_FORM, when=of_spam))
fault("doubled-by-page", "A page that is asked for by its number has twice the records.").by(
    sizes(lambda size: 2 * size, when=sent("page"))
)

fault = faults.of("netlify.pagination.per-page-over-100")
fault("thousand", "A page has up to 1000 records.").by(setting("paginator.maximum", 1000))
fault("just-over", "A per_page of 101 is served as it is.").by(
    sizes(lambda size: size + 1, when=lambda request: request.query.get("per_page") == "101")
)
fault("large-is-everything", "A per_page of 1000 and more brings all records.").by(
    sizes(lambda _: EVERYTHING, when=lambda request: len(request.query.get("per_page", "")) > 3)
)

fault = faults.of("netlify.pagination.page-base-1")
fault("zero-based", "Page 1 is the second one.").by(page_read(lambda _, number: number + 1))
fault("starts-later", "Page 1 begins with the second record.").by(
    starts(lambda _: 1, when=lambda cut: on_page(1)(cut.request))
)
fault("reversed", "Page 1 has its records in the opposite order where its number was asked for.").by(
    shows(lambda cut: cut.records[cut.start : cut.end][::-1], when=lambda cut: on_page(1)(cut.request))
)
fault("zero-based-by-domain", "Page 1 of a list of a site that is named by its domain is the second one.").by(
    page_read(lambda request, number: number + 1 if by_domain(request) else number)
)
fault("second-is-first", "Page 2 of deploys is the first one.").by(
    page_read(lambda request, number: number - 1 if number > 1 and request.operation == DEPLOYS else number)
)

fault = faults.of("netlify.pagination.walk-exactly-once")
fault("overlapping", "A page behind the first begins with the last record of the one before.").by(
    starts(lambda cut: cut.start - 1, when=lambda cut: cut.start > 0 and not behind_last(cut))
)
fault("skipping", "The record between the first two pages is on no page.").by(
    shows(lambda cut: cut.records[cut.start + 1 : cut.end], when=lambda cut: number_of(cut) == 2)
)
fault("spam-skipping", "The first record of the second page of spam is on no page.").by(
    shows(
        lambda cut: cut.records[cut.start + 1 : cut.end],
        when=lambda cut: number_of(cut) == 2 and of_spam(cut.request),
    )
)
fault("last-of-all-lost", "The last record of the last page is not shown.").by(
    shows(lambda cut: cut.records[cut.start : cut.end - 1], when=lambda cut: cut.prev and not cut.left)
)
fault("lone-last-page-unreached", "A last page of a single record is never led to.").by(
    numbers(lambda cut: cut.left == 1, next=lambda _cut, _page: "")
)
fault("other-total-in-small-pages", "In pages of less than five the last record of a list does not exist.").by(
    cuts(
        lambda cut: (
            evolve(cut, records=cut.records[:-1], keys=cut.keys[:-1], end=min(cut.end, len(cut.records) - 1))
            if cut.size < 5 and len(cut.records) > 1
            else cut
        )
    )
)
fault("third-page-repeats-newest", "The third page begins with the first record of all.").by(
    shows(
        lambda cut: [cut.records[0], *cut.records[cut.start + 1 : cut.end]],
        when=lambda cut: number_of(cut) == 3 and not behind_last(cut),
    )
)

fault = faults.of("netlify.pagination.prev-roundtrip")
fault("prev-drops-per-page", "The prev does not keep per_page.").by(
    urls(lambda _, url: without("per_page", url), when=on_page(2))
)
fault("led-back-reversed", "A first page that is asked for by its number has its records in the opposite order.").by(
    shows(lambda cut: cut.records[cut.start : cut.end][::-1], when=lambda cut: on_page(1)(cut.request))
)
fault("prev-to-itself", "The prev of the second page leads to itself.").by(
    numbers(lambda cut: cut.prev and number_of(cut) == 2, prev=lambda _cut, _page: "2")
)
fault("prev-to-nowhere", "The prev of the second page of deploys leads to page 0.").by(
    numbers(
        lambda cut: cut.prev and number_of(cut) == 2 and cut.request.operation == DEPLOYS,
        prev=lambda _cut, _page: "0",
    )
)

fault = faults.of("netlify.pagination.beyond-last")
fault("wraps", "A page behind the last one is the first one.").by(starts(lambda _: 0, when=behind_last))
fault("clamps", "A page behind the last one is the last one.").by(
    starts(lambda cut: len(cut.records) - 1, when=behind_last)
)
fault("wraps-without-per-page", "A page behind the last one is the first one where no per_page is sent.").by(
    starts(lambda _: 0, when=lambda cut: behind_last(cut) and "per_page" not in cut.request.query)
)
fault("files-wrap", "A page of files behind the last one is the first one.").by(
    starts(lambda _: 0, when=lambda cut: behind_last(cut) and cut.request.operation == FILES)
)
fault("page-zero-crashes", "Page 0 is a server error.").by(
    crash(status=422, when=lambda request: request.query.get("page") == "0")
)
fault("letters-crash", "A page that is no number is a server error.").by(
    crash(status=422, when=lambda request: request.query.get("page", "0").isalpha())
)
fault("far-crashes", "A page far behind the last one is a server error.").by(
    crash(when=lambda request: request.query.get("page", "").isdigit() and int(request.query["page"]) > 10_000)
)

fault = faults.of("netlify.pagination.all-lists-paginate")
fault("hooks-ignore-per-page", "The list of hooks does not look at per_page.").by(
    forgotten("per_page", HOOKS, when=lambda _: True)
)
fault("env-ignores-per-page", "The list of environment variables does not look at per_page.").by(
    forgotten("per_page", ENV, when=lambda _: True)
)
fault("env-ignores-page", "The list of environment variables does not look at page.").by(
    forgotten("page", ENV, when=lambda _: True)
)
fault("snippets-ignore-page", "The list of snippets does not look at page.").by(
    forgotten("page", SNIPPETS, when=lambda _: True)
)
fault("forms-by-domain-whole", "The forms of a site that is named by its domain come all at once.").by(
    forgotten("per_page", FORMS, when=by_domain)
)
fault("spam-ignores-page", "The spam of a form comes with its first page, whatever is asked for.").by(
    forgotten("page", OF_FORM, when=of_spam)
)

fault = faults.of("netlify.content-type.json-responses")
fault("sites-in-html", "The list of sites is an HTML page.").by(html("Sites", on=SITES))
fault("deploys-cut-off", "The list of deploys ends early.").by(raw(lambda body: body[:-1], on=DEPLOYS))
fault("site-in-form", "A site comes as a form.").by(
    text("id=1&name=synergy", "application/x-www-form-urlencoded", on="GET /api/v1/sites/{site_id}")
)
fault("guarded-against-script", "Lists of files begin with what no JSON begins with.").by(
    raw(lambda body: b")]}',\n" + body, on=FILES)
)
fault("spam-in-html", "A list of spam is an HTML page.").by(html("Spam", when=of_spam))
fault("second-page-in-html", "The second page of a list is an HTML page.").by(html("Page 2", when=on_page(2)))
