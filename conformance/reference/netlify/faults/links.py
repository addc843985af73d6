"""Faults of the Netlify server in its Link header: how it is written, where its links lead, what they keep."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from conformance.reference.edits import change_header, drop_header, sent
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Request
from conformance.reference.netlify.faults.tools import DEPLOYS, FILES
from conformance.reference.pages import Cut, Page, PageNumberPaginator
from conformance.reference.plants import pages, paginator

faults = Faults()

SITES = "GET /api/v1/sites"
SNIPPETS = "GET /api/v1/sites/{site_id}/snippets"
FORMS = "GET /api/v1/sites/{site_id}/forms"
OF_SITE = "GET /api/v1/sites/{site_id}/submissions"
OF_FORM = "GET /api/v1/forms/{form_id}/submissions"
HOOKS = "GET /api/v1/hooks"
ENV = "GET /api/v1/accounts/{account_id}/env"

LINK = "Link"

Links = dict[str, str]
"""Relation → URL."""


def on_page(number: int) -> Callable[[Request], bool]:
    """Whether a request is for the page of this number, and names it."""
    return lambda request: request.query.get("page") == str(number)


def of_spam(request: Request) -> bool:
    """Whether a request is for what is marked as spam."""
    return request.query.get("state") == "spam"


def by_domain(request: Request) -> bool:
    """Whether a request names a site by its domain."""
    return "." in request.arguments.get("site_id", "")


def linked(change: Callable[[Request, Links], Links]) -> Plant:
    """Other links, in place of the right ones that are given."""

    class Linking(PageNumberPaginator):
        def links(self, request: Request, page: Page) -> str:
            numbers = {"next": page.next, "last": page.last, "prev": page.prev}
            right = {rel: self.link(request, number) for rel, number in numbers.items() if number}
            return ", ".join(f'<{url}>; rel="{rel}"' for rel, url in change(request, right).items())

    return paginator(Linking)


def urls(change: Callable[[Request, str], str], when: Callable[[Request], object] = lambda _: True) -> Plant:
    """Other URLs of all links."""

    def changed(request: Request, links: Links) -> Links:
        return {rel: change(request, url) if when(request) else url for rel, url in links.items()}

    return linked(changed)


def numbers(when: Callable[[Cut], object] = lambda _: True, **change: Callable[[Cut, Page], str]) -> Plant:
    """Other numbers of the pages that links lead to, by relation; empty for no link."""

    def changed(cut: Cut, page: Page) -> Page:
        found = {rel: number(cut, page) for rel, number in change.items()} if when(cut) else {}
        return Page(
            page.items,
            page.total,
            found.get("next", page.next),
            found.get("prev", page.prev),
            found.get("last", page.last),
        )

    return pages(changed)


def number_of(cut: Cut) -> int:
    """The number of a page."""
    return cut.start // cut.size + 1


def without(name: str, url: str) -> str:
    """A URL without a query parameter."""
    head, _, query = url.partition("?")
    return f"{head}?{'&'.join(pair for pair in query.split('&') if not pair.startswith(f'{name}='))}"


fault = faults.of("netlify.pagination.link-grammar")
fault("no-angle-brackets", "The URLs are not in angle brackets.").by(
    change_header(LINK, lambda value: value.replace("<", "").replace(">", ""))
)
fault("spam-without-brackets", "The URLs of lists of spam are not in angle brackets.").by(
    change_header(LINK, lambda value: value.replace("<", "").replace(">", ""), when=of_spam)
)
fault("separated-by-semicolons", "The links are separated by semicolons.").by(
    change_header(LINK, lambda value: value.replace(", <", "; <"))
)
fault("unknown-relation", "The link to the next page has the relation next-page too, which nobody registered.").by(
    change_header(LINK, lambda value: value.replace('"next"', '"next next-page"'))
)
fault("next-twice", "A page that is not the last has two links next.").by(
    change_header(LINK, lambda value: f"{value}, {value}" if '"next"' in value else value)
)
fault("hooks-without-equals", "The relations of hooks have no equals sign.").by(
    change_header(LINK, lambda value: value.replace("rel=", "rel "), on=HOOKS)
)

fault = faults.of("netlify.pagination.link-when-more")
fault("never", "No list has a Link.").by(drop_header(LINK))
fault("not-on-second-page", "The second page has no Link.").by(drop_header(LINK, when=on_page(2)))
fault("not-of-spam", "A list of spam has no Link.").by(drop_header(LINK, when=of_spam))
fault("not-by-domain", "A list of a site has no Link where the site is named by its domain.").by(
    drop_header(LINK, when=by_domain)
)
fault("not-of-hooks", "The list of hooks has no Link.").by(drop_header(LINK, on=HOOKS))
fault("prev-only", "Behind the first page the Link leads back only.").by(
    numbers(lambda cut: cut.start > 0, next=lambda _cut, _page: "", last=lambda _cut, _page: "")
)
fault("not-before-a-last-page-of-one", "A page has no next where a single record is behind it.").by(
    numbers(lambda cut: cut.left == 1, next=lambda _cut, _page: "")
)
fault("not-in-pages-of-one", "A list in pages of one has no next.").by(
    numbers(lambda cut: cut.size == 1, next=lambda _cut, _page: "")
)

fault = faults.of("netlify.pagination.next-is-successor")
fault("next-repeats", "The next of a page leads to itself.").by(
    numbers(lambda cut: cut.next, next=lambda cut, _: str(number_of(cut)))
)
fault("next-skips", "The next of a page leads to the page after the next, as far as there is one.").by(
    numbers(
        lambda cut: cut.left > cut.size,
        next=lambda cut, _: str(number_of(cut) + 2),
    )
)
fault("next-of-second-is-second", "The next of the second page leads to itself.").by(
    numbers(lambda cut: cut.next and number_of(cut) == 2, next=lambda _cut, _page: "2")
)
fault("prev-is-first", "The prev of every page leads to the first one.").by(
    numbers(lambda cut: cut.prev, prev=lambda _cut, _page: "1")
)
fault("prev-of-spam-repeats", "The prev of a page of spam leads to itself.").by(
    numbers(lambda cut: cut.prev and of_spam(cut.request), prev=lambda cut, _: str(number_of(cut)))
)
fault("zero-based", "The numbers in the links are counted from 0.").by(
    numbers(next=lambda _, page: str(int(page.next) - 1) if page.next else "")
)

fault = faults.of("netlify.pagination.edges")
fault("prev-on-first-page", "The first page has a prev, which leads to itself.").by(
    numbers(lambda cut: cut.start == 0 and bool(cut.records), prev=lambda _cut, _page: "1")
)
fault("prev-is-zero", "The first page has a prev, which leads to page 0.").by(
    numbers(lambda cut: cut.start == 0 and cut.next, prev=lambda _cut, _page: "0")
)
fault("next-beyond-last", "The next of the last page leads to the page after the last.").by(
    numbers(
        lambda cut: cut.prev and not cut.left,
        next=lambda cut, _: str(number_of(cut) + 1),
        last=lambda cut, _: str(number_of(cut)),
    )
)
fault("last-leads-to-first", "The next of the last page leads to the first.").by(
    numbers(lambda cut: cut.prev and not cut.left, next=lambda _cut, _page: "1")
)
fault("full-last-page-leads-on", "The last page has a next where it is full.").by(
    numbers(
        lambda cut: cut.prev and not cut.left and cut.end - cut.start == cut.size,
        next=lambda cut, _: str(number_of(cut) + 1),
    )
)
fault("hooks-lead-on", "The last page of hooks has a next.").by(
    numbers(
        lambda cut: cut.request.operation == HOOKS and cut.prev and not cut.left,
        next=lambda cut, _: str(number_of(cut) + 1),
    )
)
fault("last-before-next", "The last page that is named is the one before the next.").by(
    numbers(lambda cut: cut.next, last=lambda cut, _: str(number_of(cut)))
)

fault = faults.of("netlify.pagination.last-consistent")
fault("floored", "The number of the last page is rounded down, so that one which is not full is left out.").by(
    numbers(lambda cut: cut.next, last=lambda cut, _: str(max(len(cut.records) // cut.size, number_of(cut) + 1)))
)
fault("one-more", "The last page that is named is one more than there are, where the last one is full.").by(
    numbers(lambda cut: cut.next, last=lambda cut, _: str(len(cut.records) // cut.size + 1))
)
fault("counted-from-here", "The last page that is named is the number of pages from this one on.").by(
    numbers(lambda cut: cut.next, last=lambda cut, page: str(max(int(page.next), int(page.last) - number_of(cut) + 1)))
)
fault("last-is-next", "The last page that is named is the next one.").by(
    numbers(lambda cut: cut.next, last=lambda _, page: page.next)
)
fault("of-full-size", "The last page of deploys is counted as if pages had 100 records.").by(
    numbers(lambda cut: cut.next and cut.request.operation == DEPLOYS, last=lambda _cut, page: page.next)
)

fault = faults.of("netlify.pagination.links-keep-query")
fault("drops-state", "The links of a list of spam do not keep state=spam.").by(
    urls(lambda _, url: without("state", url))
)
fault("drops-state-behind-first", "The links of the second page of spam do not keep state=spam.").by(
    urls(lambda _, url: without("state", url), when=on_page(2))
)
fault("spam-leads-to-verified", "The links of a list of spam lead to what is verified.").by(
    urls(lambda _, url: url.replace("state=spam", "state=verified"))
)
fault("drops-per-page", "The links do not keep per_page.").by(urls(lambda _, url: without("per_page", url)))
fault("per-page-100", "The links have a per_page of 100, whatever was asked for.").by(
    urls(lambda _, url: f"{without('per_page', url)}&per_page=100")
)
fault("drops-site", "The links of hooks do not keep site_id.").by(urls(lambda _, url: without("site_id", url)))
fault("only-next-keeps", "Only the next keeps per_page.").by(
    linked(lambda _, links: {rel: url if rel == "next" else without("per_page", url) for rel, url in links.items()})
)
fault("other-host", "The links lead to another host.").by(
    urls(lambda _, url: url.replace(f"//{urlsplit(url).netloc}", "//app.netlify.example", 1))
)
fault("in-clear", "The links begin with http.").by(urls(lambda _, url: url.replace("https://", "http://", 1)))
fault("relative", "The links are relative.").by(
    urls(lambda _, url: url.removeprefix(f"https://{urlsplit(url).netloc}"))
)
fault("to-the-sites", "The links of the files of a site lead to the list of sites.").by(
    urls(
        lambda _, url: url.replace(urlsplit(url).path, "/api/v1/sites"),
        when=lambda request: request.operation == FILES,
    )
)
fault("domain-leads-elsewhere", "The links lead to another list where a site is named by its domain.").by(
    urls(
        lambda request, url: url.replace(f"/sites/{request.arguments['site_id']}/", "/"),
        when=by_domain,
    )
)
fault("page-twice", "The links of a page that was asked for by its number keep that beside theirs.").by(
    urls(lambda request, url: f"{url}&page={request.query['page']}", when=sent("page"))
)

fault = faults.of("netlify.versioning.base-prefix")
fault("without-prefix", "The paths of the links have no version.").by(
    urls(lambda _, url: url.replace("/api/v1/", "/", 1))
)
fault("other-version", "The paths of the links have version 2.").by(
    urls(lambda _, url: url.replace("/api/v1/", "/api/v2/", 1))
)
fault("prev-without-prefix", "The path of a prev has no version.").by(
    linked(
        lambda _, links: {rel: url.replace("/api/v1/", "/", 1) if rel == "prev" else url for rel, url in links.items()}
    )
)
fault("spam-without-prefix", "The paths of the links of a list of spam have no version.").by(
    urls(lambda _, url: url.replace("/api/v1/", "/", 1), when=of_spam)
)
