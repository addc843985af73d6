"""APIs in the style of public ones, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance.selftest.stranger import (
    TOKEN,
    Json,
    Said,
    Stranger,
    create,
    document,
    item,
    listing,
    pages,
    query,
    records,
    thing,
)
from conformance.selftest.strangers_counted import calls, clouds, graphs, jots, labs, lines, pager
from conformance.selftest.strangers_untold import dogs, knots, small


def ocean() -> Stranger:
    """Page URLs in `links.pages`, and a total in `meta`."""
    at = "https://api.ocean.example/v2/droplets"

    def page(number: int, those: list[Json], size: int | None) -> Said:
        sized = f"&per_page={size}" if size else ""
        urls = {}
        if number < 3:
            urls["next"] = f"{at}?page={number + 1}{sized}"
        if number > 1:
            urls["prev"] = f"{at}?page={number - 1}{sized}"
        body = {"droplets": those, "links": {"pages": urls} if urls else {}, "meta": {"total": 50}}
        asked = "&".join(part for part in (f"page={number}" if number > 1 else "", sized.removeprefix("&")) if part)
        return Said("GET", f"{at}{'?' if asked else ''}{asked}", 200, body, RATE, TOKEN)

    page_links = {"type": "object", "properties": {"next": {"type": "string"}, "prev": {"type": "string"}}}
    envelope = {
        "links": {"type": "object", "properties": {"pages": page_links}},
        "meta": thing(total="integer"),
    }
    size = query("per_page", default=20, minimum=1, maximum=200)
    unauthorized = {"id": "unauthorized", "message": "Unable to authenticate you"}
    return Stranger(
        "ocean",
        document(
            "Ocean API",
            "https://api.ocean.example/v2",
            {
                "/droplets": {
                    "get": listing("droplets", envelope, size, query("page")),
                    "post": create("droplet"),
                },
                "/droplets/{id}": item("droplet"),
            },
        ),
        (
            *(page(number, those, None) for number, those in pages(50, 20)),
            *(page(number, those, 20) for number, those in pages(50, 20)),
            Said("GET", at, 401, unauthorized, RATE),
            Said("GET", f"{at}/999", 404, {"id": "not_found", "message": "No such droplet was found."}, RATE, TOKEN),
            Said("POST", at, 201, {"droplet": records(99, 1)[0]}, RATE, TOKEN, {"name": "thing 99"}),
            Said("GET", f"{at}/99", 200, {"droplet": records(99, 1)[0]}, RATE, TOKEN),
            Said("DELETE", f"{at}/99", 204, None, RATE, TOKEN),
        ),
        {
            "base_url": "https://api.ocean.example/v2",
            "auth.header": "Authorization",
            "auth.scheme": "Bearer",
            "auth.refused": 401,
            "media_types.request": "application/json",
            "media_types.response": ["application/json"],
            "errors.message": "/message",
            "errors.error": "",
            "errors.code": "id",
            "errors.classes": [4],
            "errors.unknown": 404,
            "pagination.style": "cursor-links",
            "pagination.cursor": "page",
            "pagination.numbered": True,
            "pagination.next": "/links/pages/next",
            "pagination.prev": "/links/pages/prev",
            "pagination.previous": "page",
            "pagination.total": "/meta/total",
            "pagination.end": ["absent"],
            "pagination.page_size.parameter": "per_page",
            "pagination.page_size.default": 20,
            "pagination.page_size.minimum": 1,
            "pagination.page_size.maximum": 200,
            "rate_limit.headers.limit": "ratelimit-limit",
            "rate_limit.headers.remaining": "ratelimit-remaining",
            "rate_limit.headers.reset": "ratelimit-reset",
            "rate_limit.headers.reset_in": "epoch",
            "versioning.carrier": "path",
            "resources.POST /droplets.create": "POST /droplets",
            "resources.POST /droplets.read": "GET /droplets/{id}",
            "resources.POST /droplets.list": "GET /droplets",
            "resources.POST /droplets.delete": "DELETE /droplets/{id}",
            "resources.POST /droplets.object": "/droplet",
            "resources.POST /droplets.id": "id",
            "resources.POST /droplets.parameter": "id",
            "resources.POST /droplets.body": {"name": "{unique}"},
            "resources.POST /droplets.required": ["name"],
        },
    )


RATE = {"ratelimit-limit": "5000", "ratelimit-remaining": "4990", "ratelimit-reset": "1767229200"}


def hub() -> Stranger:
    """Links in headers, bare arrays, and `X-RateLimit-*`; what is unknown looks the same to those without a token."""
    at = "https://api.hub.example/repos"
    rate = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4900", "X-RateLimit-Reset": "1767229000"}

    def page(number: int, those: list[Json]) -> Said:
        ways = {"next": number + 1, "last": 3} if number < 3 else {}
        ways |= {"prev": number - 1, "first": 1} if number > 1 else {}
        link = ", ".join(f'<{at}?per_page=10&page={to}>; rel="{name}"' for name, to in ways.items())
        asked = f"?per_page=10&page={number}" if number > 1 else "?per_page=10"
        return Said("GET", f"{at}{asked}", 200, those, {**rate, "Link": link}, sent)

    sent = {**TOKEN, "X-Hub-Api-Version": "2022-11-28"}
    size = {**query("per_page", default=30), "description": "The number of results per page (max 100)."}
    error = {"message": "Not Found", "documentation_url": "https://docs.hub.example"}
    return Stranger(
        "hub",
        document(
            "Hub REST API",
            "https://api.hub.example",
            {
                "/repos": {"get": listing("", None, size, query("page", default=1))},
                "/repos/{id}": item(),
            },
        ),
        (
            *(page(number, those) for number, those in pages(25, 10)),
            Said("GET", f"{at}/1", 200, records(1, 1)[0], rate, sent),
            Said("GET", f"{at}/999", 404, error, rate, sent),
            Said("GET", f"{at}/998", 404, error, rate, sent),
            Said("GET", at, 401, {"message": "Bad credentials", "documentation_url": "https://docs.hub.example"}, rate),
        ),
        {
            "base_url": "https://api.hub.example",
            "auth.header": "Authorization",
            "auth.scheme": "Bearer",
            "auth.refused": 401,
            "media_types.response": ["application/json"],
            "errors.message": "/message",
            "errors.classes": [4],
            "errors.unknown": 404,
            "pagination.style": "link-header",
            "pagination.cursor": "page",
            "pagination.previous": "page",
            "pagination.numbered": True,
            "pagination.end": ["absent"],
            "pagination.page_size.parameter": "per_page",
            "pagination.page_size.default": 30,
            "pagination.page_size.maximum": 100,
            "rate_limit.headers.limit": "X-RateLimit-Limit",
            "rate_limit.headers.remaining": "X-RateLimit-Remaining",
            "rate_limit.headers.reset": "X-RateLimit-Reset",
            "rate_limit.headers.reset_in": "epoch",
            "versioning.carrier": "header",
            "versioning.header": "X-Hub-Api-Version",
            "versioning.default": "2022-11-28",
        },
        open=("pagination.next", "pagination.total", "pagination.count", "resources.POST"),
    )


def stripes() -> Stranger:
    """`has_more` and the id of the last record; no pointer to the next page, forms for bodies, Basic for keys."""
    at = "https://api.stripes.example/v1/charges"
    sent = {"Authorization": "Basic c2tfdGVzdF9hYmNkZWZnaDEyMzQ1Njc4Og==", "Stripes-Version": "2025-01-27"}

    def page(number: int, those: list[Json]) -> Said:
        charges = [{**each, "id": f"ch_{each['id']}", "object": "charge"} for each in those]
        asked = f"&starting_after=ch_{(number - 1) * 10}" if number > 1 else ""
        body = {"object": "list", "url": "/v1/charges", "has_more": number < 3, "data": charges}
        return Said("GET", f"{at}?limit=10{asked}", 200, body, {}, sent)

    error = {
        "error": {"type": "invalid_request_error", "message": "No such charge: 'ch_x'", "code": "resource_missing"}
    }
    denied = {"error": {"type": "invalid_request_error", "message": "You did not provide an API key."}}
    charge = thing(id="string", name="string", object="string")
    return Stranger(
        "stripes",
        document(
            "Stripes API",
            "https://api.stripes.example/",
            {
                "/v1/charges": {
                    "get": listing(
                        "data",
                        {"has_more": {"type": "boolean"}, "object": {"type": "string"}, "url": {"type": "string"}},
                        query("limit"),
                        query("starting_after", "string"),
                        query("ending_before", "string"),
                        items=charge,
                    )
                },
                "/v1/charges/{id}": item(),
            },
            {"basicAuth": {"type": "http", "scheme": "basic"}, "bearerAuth": {"type": "http", "scheme": "bearer"}},
        ),
        (
            *(page(number, those) for number, those in pages(25, 10)),
            Said("GET", f"{at}/ch_x", 404, error, {}, sent),
            Said("GET", at, 401, denied),
        ),
        {
            "base_url": "https://api.stripes.example",
            "auth.header": "Authorization",
            "auth.scheme": "Basic",
            "auth.refused": 401,
            "media_types.response": ["application/json"],
            "errors.message": "/error/message",
            "errors.error": "/error",
            "errors.code": "type",
            "errors.classes": [4],
            "errors.unknown": 404,
            "errors.in_success": ["error"],
            "pagination.style": "last-id",
            "pagination.cursor": "starting_after",
            "pagination.previous": "ending_before",
            "pagination.more": "/has_more",
            "pagination.end": ["absent"],
            "pagination.page_size.parameter": "limit",
            "versioning.carrier": "path",
            "versioning.pattern": "/v1/.*",
        },
        open=("pagination.next", "pagination.total", "pagination.count", "pagination.numbered"),
    )


STRANGERS: Mapping[str, Callable[[], Stranger]] = {
    make.__name__: make
    for make in (ocean, hub, stripes, lines, clouds, labs, jots, graphs, pager, calls, small, dogs, knots)
}
