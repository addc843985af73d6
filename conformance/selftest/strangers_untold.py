"""APIs in the style of public ones of whose pages little or nothing is told."""

from __future__ import annotations

from conformance.selftest.stranger import (
    TOKEN,
    Said,
    Stranger,
    document,
    listing,
    query,
    records,
    thing,
)


def dogs() -> Stranger:
    """Two keys beside each other, a limit that counts down, and lists that are cut in three ways."""
    at = "https://api.dogs.example/api/v2"
    sent = {"DD-API-KEY": "abcdefgh12345678xyz", "DD-APPLICATION-KEY": "zyxw87654321abcdefgh"}
    rate = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "98", "X-RateLimit-Reset": "7"}
    schemes = {
        "apiKeyAuth": {"type": "apiKey", "in": "header", "name": "DD-API-KEY"},
        "appKeyAuth": {"type": "apiKey", "in": "header", "name": "DD-APPLICATION-KEY"},
    }
    links = {"meta": {"type": "object", "properties": {"page": thing(after="string")}}}
    paths = {
        "/roles": {"get": listing("data", {}, query("page[size]"), query("page[number]"))},
        "/users": {"get": listing("data", {}, query("page[size]"), query("page[number]"))},
        "/logs": {"get": listing("data", links, query("page[limit]"), query("page[cursor]", "string"))},
        "/teams": {"get": listing("data", {}, query("page[limit]"), query("page[offset]"))},
    }
    whole = document("Dogs", at, paths, schemes)
    whole["security"] = [{"apiKeyAuth": [], "appKeyAuth": []}]
    more = {"data": records(1, 2), "meta": {"page": {"after": "c2"}}}
    last = {"data": records(3, 1), "meta": {"page": {}}}
    return Stranger(
        "dogs",
        whole,
        (
            Said("GET", f"{at}/logs?page[limit]=2", 200, more, rate, sent),
            Said("GET", f"{at}/logs?page[limit]=2&page[cursor]=c2", 200, last, rate, sent),
            Said("GET", f"{at}/roles?page[size]=2", 200, {"data": records(1, 2)}, rate, sent),
            Said("GET", f"{at}/teams", 200, {"data": records(1, 2)}, rate, sent),
            Said("GET", f"{at}/teams", 403, {"errors": ["Forbidden"]}, rate),
        ),
        {
            "auth.header": "DD-API-KEY",
            "auth.beside": {"DD-APPLICATION-KEY": "appkeyauth"},
            "auth.scheme": "",
            "auth.refused": 403,
            "errors.message": "/errors/0",
            "errors.classes": [4],
            "errors.in_success": ["errors"],
            "rate_limit.headers.limit": "X-RateLimit-Limit",
            "rate_limit.headers.reset_in": "delta",
            "versioning.carrier": "path",
        },
        open=("pagination", "errors.unknown", "rate_limit.requests"),
    )


def knots() -> Stranger:
    """Lists that fit one page, each asked for as page 1, as the tests of clients record them."""
    at = "https://api.knots.example/v4"

    def page(name: str, count: int) -> Said:
        body = {"data": records(1, count), "page": 1, "pages": 1, "results": count}
        return Said("GET", f"{at}/{name}?page=1", 200, body, {}, TOKEN)

    total = {"type": "integer", "description": "The total number of results across all pages."}
    envelope = {"page": {"type": "integer"}, "pages": {"type": "integer"}, "results": total}
    paging = (query("page"), query("page_size", minimum=25, maximum=500, default=100))
    return Stranger(
        "knots",
        document(
            "Knots",
            at,
            {f"/{name}": {"get": listing("data", envelope, *paging)} for name in ("disks", "nodes", "volumes")},
        ),
        (page("disks", 3), page("nodes", 5), page("volumes", 1)),
        {
            "pagination.style": "page-number",
            "pagination.cursor": "page",
            "pagination.first": 1,
            "pagination.pages": "/pages",
            "pagination.total": "/results",
            "pagination.page_size.parameter": "page_size",
            "pagination.page_size.default": 100,
            "pagination.page_size.maximum": 500,
        },
        open=("pagination.count", "pagination.next", "errors", "auth.refused", "rate_limit"),
    )


def small() -> Stranger:
    """Lists that all fit one page, a key in the query, no error ever: most of it cannot be told."""
    at = "https://small.example/books"
    return Stranger(
        "small",
        document(
            "Small",
            "https://small.example",
            {"/books": {"get": listing("books", {"count": {"type": "integer"}, "next": {"type": "string"}})}},
            {"key": {"type": "apiKey", "in": "query", "name": "api_key"}},
        ),
        tuple(
            Said("GET", f"{at}?api_key=abcdefgh12345678", 200, {"books": records(1, 3), "count": 3, "next": None})
            for _ in range(3)
        ),
        {
            "auth.parameter": "api_key",
            "auth.scheme": "",
            "media_types.response": ["application/json"],
        },
        open=("auth.refused", "errors", "pagination", "rate_limit", "versioning", "media_types.request"),
    )
