"""Defects that a proxy plants in how Netlify pages its lists and limits its callers, and what each breaks."""

from __future__ import annotations

import re

from attrs import evolve

from conformance.selftest import netlify_defects as netlify
from conformance.selftest.defects import answers, counted_down, header, longer, only, questions, success
from conformance.selftest.netlify_defects import link, linked, page_asked, page_of, status, to_page, with_link
from conformance.selftest.proxy import Defect

NETLIFY_PAGES: dict[str, tuple[str, Defect]] = {
    "a page is of 50": (
        "netlify.pagination.default-page-100",
        questions(
            lambda asked: (
                asked.having(per_page="50") if asked.method == "GET" and asked.parameter("per_page") is None else asked
            )
        ),
    ),
    "a page is of one more than per_page": ("netlify.pagination.per-page-honoured", longer("per_page")),
    "per_page is not looked at": ("netlify.pagination.per-page-honoured", questions(lambda a: a.without("per_page"))),
    "per_page=1 is the default": (
        "netlify.pagination.per-page-honoured",
        questions(lambda a: a.without("per_page") if a.parameter("per_page") == "1" else a),
    ),
    "per_page has no bound": ("netlify.pagination.per-page-over-100", netlify.large_pages),
    "page 1 is the second": (
        "netlify.pagination.page-base-1",
        questions(lambda a: a.having(page="2") if a.parameter("page") == "1" else a),
    ),
    "two links to the next page": (
        "netlify.pagination.link-grammar",
        linked(lambda _, links: [*links, *[one for one in links if one[1] == "next"]]),
    ),
    "links have no angle brackets": (
        "netlify.pagination.link-grammar",
        answers(
            lambda _, a: a.header("Link") is not None,
            lambda _, a: a.with_header("Link", re.sub("[<>]", "", a.header("Link") or "")),
        ),
    ),
    "prev is prev-page": (
        "netlify.pagination.link-grammar",
        linked(lambda _, links: [(url, "prev-page" if rel == "prev" else rel) for url, rel in links]),
    ),
    "a link tells the number of pages": (
        "netlify.pagination.link-grammar",
        linked(lambda _, links: [*links, (links[-1][0], "pages-24")]),
    ),
    "page 2 has no links": (
        "netlify.pagination.link-when-more",
        header(lambda asked, a: success(asked, a) and asked.parameter("page") == "2", "Link", None),
    ),
    "lists of hooks have no links": (
        "netlify.pagination.link-when-more",
        only(lambda asked: asked.path.endswith("/hooks"), header(success, "Link", None)),
    ),
    "next skips a page": (
        "netlify.pagination.next-is-successor",
        link("next", lambda url: to_page(url, page_of(url) + 1)),
    ),
    "prev is always the first": (
        "netlify.pagination.next-is-successor",
        link("prev", lambda url: to_page(url, 1)),
    ),
    "page 1 has a prev": (
        "netlify.pagination.edges",
        with_link("prev", lambda _: 1, lambda asked, a: success(asked, a) and page_asked(asked) == 1),
    ),
    "the last page has a next": (
        "netlify.pagination.edges",
        with_link("next", lambda asked: page_asked(asked) + 1, success),
    ),
    "last is one too few": (
        "netlify.pagination.last-consistent",
        link("last", lambda url: to_page(url, max(1, page_of(url) - 1))),
    ),
    "last is the next": (
        "netlify.pagination.last-consistent",
        linked(lambda asked, links: [(to_page(u, page_asked(asked) + 1) if r == "last" else u, r) for u, r in links]),
    ),
    "next forgets per_page": (
        "netlify.pagination.links-keep-query",
        link("next", lambda url: re.sub(r"&per_page=\d+", "", url)),
    ),
    "next forgets that it is spam": (
        "netlify.pagination.links-keep-query",
        link("next", lambda url: re.sub(r"&state=spam", "", url)),
    ),
    "next is on another host": (
        "netlify.pagination.links-keep-query",
        link("next", lambda url: re.sub(r"//[^/]+/", "//internal-7.example/", url)),
    ),
    "next is not of TLS": ("netlify.pagination.links-keep-query", link("next", lambda u: u.replace("https:", "http:"))),
    "links are relative": (
        "netlify.pagination.links-keep-query",
        linked(lambda _, links: [(re.sub(r"^https://[^/]+", "", url), rel) for url, rel in links]),
    ),
    "next has no version": ("netlify.versioning.base-prefix", link("next", lambda url: url.replace("/api/v1/", "/"))),
    "a boundary comes twice": ("netlify.pagination.walk-exactly-once", netlify.boundary_again),
    "a boundary is skipped": ("netlify.pagination.walk-exactly-once", netlify.boundary_skipped),
    "back is not where it was": ("netlify.pagination.prev-roundtrip", netlify.other_order_back),
    "behind the last is the first": ("netlify.pagination.beyond-last", netlify.first_instead),
    "page 0 crashes": (
        "netlify.pagination.beyond-last",
        status(lambda asked, _: asked.parameter("page") == "0", 500),
    ),
    "snippets have one page": (
        "netlify.pagination.all-lists-paginate",
        only(
            lambda asked: asked.path.endswith("/snippets"), questions(lambda asked: asked.without("page", "per_page"))
        ),
    ),
    "variables are not paged": (
        "netlify.pagination.all-lists-paginate",
        only(lambda asked: asked.path.endswith("/env"), questions(lambda asked: asked.without("page", "per_page"))),
    ),
    # limits
    "what is not found has no limits": (
        "netlify.rate-limit.headers-on-any",
        header(lambda _, answer: answer.status == 404, "X-RateLimit-Remaining", None),
    ),
    "a delete has no limits": (
        "netlify.rate-limit.headers-on-any",
        header(lambda asked, _: asked.method == "DELETE", "X-RateLimit-Reset", None),
    ),
    "Remaining is negative": ("netlify.rate-limit.headers-sane", header(success, "X-RateLimit-Remaining", "-1")),
    "Remaining is a fraction": (
        "netlify.rate-limit.headers-sane",
        answers(success, lambda _, a: a.with_header("X-RateLimit-Remaining", f"{a.header('X-RateLimit-Remaining')}.0")),
    ),
    "the limit is 450": (
        "netlify.rate-limit.limit-500",
        answers(
            lambda _, a: a.header("X-RateLimit-Limit") == "500",
            lambda _, a: a.with_header("X-RateLimit-Limit", "450").with_header(
                "X-RateLimit-Remaining", str(max(0, int(a.header("X-RateLimit-Remaining") or 0) - 50))
            ),
        ),
    ),
    "Reset is a thousand times too late": (
        "netlify.rate-limit.window-60s",
        answers(success, lambda _, a: a.with_header("X-RateLimit-Reset", f"{a.header('X-RateLimit-Reset')}000")),
    ),
    "Reset is an hour ahead": (
        "netlify.rate-limit.window-60s",
        answers(
            success,
            lambda _, a: a.with_header("X-RateLimit-Reset", str(int(a.header("X-RateLimit-Reset") or 0) + 3600)),
        ),
    ),
    "Remaining rises": ("netlify.rate-limit.remaining-monotone", counted_down),
    "a call over the limit is an empty list": (
        "netlify.rate-limit.exceeded",
        answers(lambda _, answer: answer.status == 429, lambda _, a: evolve(a, status=200).with_json([])),
    ),
}
