"""APIs in the style of public ones whose pages are counted by the client, or told of otherwise than by a link."""

from __future__ import annotations

from typing import Any

from conformance.selftest.stranger import (
    TOKEN,
    Json,
    Said,
    Stranger,
    document,
    item,
    listing,
    pages,
    query,
    thing,
)


def lines() -> Stranger:
    """A page number, the number of pages and the number of results beside the list."""
    at = "https://api.lines.example/v4/instances"

    def page(number: int, those: list[Json]) -> Said:
        body = {"data": those, "page": number, "pages": 3, "results": 55}
        asked = f"?page={number}&page_size=25" if number > 1 else "?page_size=25"
        return Said("GET", f"{at}{asked}", 200, body, {"X-RateLimit-Limit": "800"}, TOKEN)

    envelope = {"page": {"type": "integer"}, "pages": {"type": "integer"}, "results": {"type": "integer"}}
    size = query("page_size", default=100, minimum=25, maximum=500)
    return Stranger(
        "lines",
        document(
            "Lines API",
            "https://api.lines.example/v4",
            {"/instances": {"get": listing("data", envelope, query("page", default=1), size)}},
        ),
        (
            *(page(number, those) for number, those in pages(55, 25)),
            Said("GET", at, 401, {"errors": [{"reason": "Invalid Token"}]}),
            Said("GET", f"{at}?page=99", 400, {"errors": [{"field": "page", "reason": "must be 1-3"}]}, {}, TOKEN),
        ),
        {
            "auth.refused": 401,
            "errors.message": "/errors/0/reason",
            "errors.classes": [4],
            "errors.in_success": ["errors"],
            "pagination.style": "page-number",
            "pagination.cursor": "page",
            "pagination.first": 1,
            "pagination.pages": "/pages",
            "pagination.total": "/results",
            "pagination.end": ["absent"],
            "pagination.page_size.parameter": "page_size",
            "pagination.page_size.default": 100,
            "pagination.page_size.minimum": 25,
            "pagination.page_size.maximum": 500,
            "versioning.carrier": "path",
        },
        open=("pagination.next", "pagination.prev", "pagination.count", "rate_limit.headers", "errors.unknown"),
    )


def clouds() -> Stranger:
    """Every body in one envelope: `success`, `errors`, `messages`, `result`, and `result_info` beside lists."""
    at = "https://api.clouds.example/client/v4/zones"
    sent = {"X-Auth-Key": "abcdefgh12345678xyz", "X-Auth-Email": "a@example.com"}

    def wrapped(result: Any, **more: Any) -> Json:
        return {"success": True, "errors": [], "messages": [], "result": result, **more}

    def page(number: int, those: list[Json]) -> Said:
        zones = [{**each, "id": f"{each['id']:032x}"} for each in those]
        info = {"page": number, "per_page": 20, "total_pages": 3, "count": len(those), "total_count": 50}
        asked = f"?page={number}&per_page=20" if number > 1 else "?per_page=20"
        return Said("GET", f"{at}{asked}", 200, wrapped(zones, result_info=info), {}, sent)

    failed = {
        "success": False,
        "errors": [{"code": 9106, "message": "Missing X-Auth-Key"}],
        "messages": [],
        "result": None,
    }
    numbers = ("page", "per_page", "total_pages", "count", "total_count")
    envelope = {
        "success": {"type": "boolean"},
        "errors": {"type": "array", "items": thing(code="integer", message="string")},
        "messages": {"type": "array", "items": thing(code="integer", message="string")},
        "result_info": thing(**dict.fromkeys(numbers, "integer")),
    }
    size = query("per_page", default=20, minimum=5, maximum=50)
    schemes = {
        "api_key": {"type": "apiKey", "in": "header", "name": "X-Auth-Key"},
        "api_email": {"type": "apiKey", "in": "header", "name": "X-Auth-Email"},
    }
    return Stranger(
        "clouds",
        document(
            "Clouds API",
            "https://api.clouds.example/client/v4",
            {"/zones": {"get": listing("result", envelope, query("page", default=1), size, items=thing(id="string"))}},
            schemes,
        ),
        (
            *(page(number, those) for number, those in pages(50, 20)),
            Said("GET", at, 403, failed),
            Said("GET", f"{at}?page=x", 400, failed, {}, sent),
        ),
        {
            "auth.header": "X-Auth-Key",
            "auth.scheme": "",
            "auth.refused": 403,
            "errors.message": "/errors/0/message",
            "errors.classes": [4],
            "pagination.style": "page-number",
            "pagination.cursor": "page",
            "pagination.first": 1,
            "pagination.pages": "/result_info/total_pages",
            "pagination.total": "/result_info/total_count",
            "pagination.count": "/result_info/count",
            "pagination.envelope": "result_info",
            "pagination.end": ["absent"],
            "pagination.page_size.parameter": "per_page",
            "pagination.page_size.default": 20,
            "pagination.page_size.minimum": 5,
            "pagination.page_size.maximum": 50,
            "versioning.carrier": "path",
        },
        # Successes have the member as well.
        open=("errors.in_success", "errors.unknown", "pagination.next", "rate_limit"),
    )


def labs() -> Stranger:
    """The next page in a header of its own, and a Link for keysets; a private token, what is unknown is 404."""
    at = "https://labs.example/api/v4/projects"
    sent = {"PRIVATE-TOKEN": "glpat-abcdefgh12345678"}

    def page(number: int, those: list[Json]) -> Said:
        counted = {"X-Page": str(number), "X-Per-Page": "10", "X-Total": "25", "X-Total-Pages": "3"}
        ways = {
            "X-Next-Page": str(number + 1) if number < 3 else "",
            "X-Prev-Page": str(number - 1) if number > 1 else "",
        }
        asked = f"?page={number}&per_page=10" if number > 1 else "?per_page=10"
        return Said("GET", f"{at}{asked}", 200, those, {**counted, **ways}, sent)

    schemes = {"key": {"type": "apiKey", "in": "header", "name": "Private-Token"}}
    return Stranger(
        "labs",
        document(
            "Labs API",
            "https://labs.example/api",
            {
                "/v4/projects": {"get": listing("", None, query("page", default=1), query("per_page", default=20))},
                "/v4/projects/{id}": item(),
            },
            schemes,
        ),
        (
            *(page(number, those) for number, those in pages(25, 10)),
            Said("GET", f"{at}/99", 404, {"message": "404 Project Not Found"}, {}, sent),
            Said("GET", at, 401, {"message": "401 Unauthorized"}),
        ),
        {
            "base_url": "https://labs.example/api",
            "auth.header": "Private-Token",
            "auth.scheme": "",
            "auth.refused": 401,
            "errors.message": "/message",
            "errors.unknown": 404,
            "pagination.style": "cursor-in-header",
            "pagination.cursor": "page",
            "pagination.next": "x-next-page",
            "pagination.end": ["absent"],
            "pagination.page_size.parameter": "per_page",
            "pagination.page_size.default": 20,
            "versioning.carrier": "path",
            "versioning.pattern": "/v4/.*",
        },
        open=("pagination.total", "pagination.count", "pagination.page_size.maximum"),
    )


def jots() -> Stranger:
    """`startAt`, `maxResults`, `isLast`, counted from 0, and errors of two kinds."""
    at = "https://jots.example/rest/api/3/issues"

    def page(number: int, those: list[Json]) -> Said:
        start = (number - 1) * 10
        body = {"startAt": start, "maxResults": 10, "total": 25, "isLast": number == 3, "values": those}
        asked = f"?startAt={start}&maxResults=10" if number > 1 else "?maxResults=10"
        return Said("GET", f"{at}{asked}", 200, body, {}, TOKEN)

    envelope = {
        "startAt": {"type": "integer"},
        "maxResults": {"type": "integer"},
        "total": {"type": "integer"},
        "isLast": {"type": "boolean"},
    }
    size = query("maxResults", default=50)
    return Stranger(
        "jots",
        document(
            "Jots API",
            "https://jots.example",
            {
                "/rest/api/3/issues": {"get": listing("values", envelope, query("startAt", default=0), size)},
                "/rest/api/3/issues/{id}": item(),
            },
        ),
        (
            *(page(number, those) for number, those in pages(25, 10)),
            Said("GET", f"{at}/9", 404, {"errorMessages": ["Issue does not exist"], "errors": {}}, {}, TOKEN),
            Said("GET", at, 401, {"message": "Client must be authenticated", "code": 401}),
        ),
        {
            "auth.refused": 401,
            "errors.unknown": 404,
            "pagination.style": "offset",
            "pagination.cursor": "startAt",
            "pagination.first": 0,
            "pagination.last": "/isLast",
            "pagination.total": "/total",
            "pagination.end": ["absent"],
            "pagination.page_size.parameter": "maxResults",
            "pagination.page_size.default": 50,
        },
        open=("errors.envelope", "errors.message", "pagination.next", "pagination.count", "versioning"),
    )


def graphs() -> Stranger:
    """`@odata.nextLink` with `$skiptoken`, records in `value`, and RFC 9457 in none of its errors."""
    at = "https://graphs.example/v1.0/users"

    def page(number: int, those: list[Json]) -> Said:
        follows = {"@odata.nextLink": f"{at}?$top=10&$skiptoken=X{number * 7}"} if number < 3 else {}
        body = {"@odata.context": f"{at}/$metadata", **follows, "value": those}
        asked = f"?$top=10&$skiptoken=X{(number - 1) * 7}" if number > 1 else "?$top=10"
        return Said("GET", f"{at}{asked}", 200, body, {}, TOKEN)

    error = {"error": {"code": "Request_ResourceNotFound", "message": "Resource 'x' does not exist.", "innerError": {}}}
    denied = {"error": {"code": "InvalidAuthenticationToken", "message": "Access token is empty.", "innerError": {}}}
    return Stranger(
        "graphs",
        document(
            "Graphs",
            "https://graphs.example/v1.0",
            {
                "/users": {
                    "get": {
                        **listing("value", {"@odata.nextLink": {"type": "string"}}, query("$top")),
                        "x-ms-pageable": {"nextLinkName": "@odata.nextLink", "itemName": "value"},
                    }
                },
                "/users/{id}": item(),
            },
        ),
        (
            *(page(number, those) for number, those in pages(25, 10)),
            Said("GET", f"{at}/x", 404, error, {}, TOKEN),
            Said("GET", at, 401, denied),
        ),
        {
            "auth.refused": 401,
            "errors.message": "/error/message",
            "errors.error": "/error",
            "errors.code": "code",
            "errors.unknown": 404,
            "pagination.style": "cursor-links",
            "pagination.cursor": "$skiptoken",
            "pagination.next": "/@odata.nextLink",
            "pagination.end": ["absent"],
            "pagination.page_size.parameter": "$top",
        },
        open=("pagination.prev", "pagination.total", "pagination.count", "pagination.page_size.maximum"),
    )


def pager() -> Stranger:
    """`offset`, `limit` and `more`, as an object in a list of its own, a key behind its own words."""
    at = "https://api.pager.example/incidents"
    sent = {"Authorization": "Token token=abcdefgh12345678xyz"}

    def page(number: int, those: list[Json]) -> Said:
        start = (number - 1) * 10
        body = {"incidents": those, "limit": 10, "offset": start, "more": number < 3, "total": None}
        return Said("GET", f"{at}?limit=10{f'&offset={start}' if start else ''}", 200, body, {}, sent)

    envelope = {
        "limit": {"type": "integer"},
        "offset": {"type": "integer"},
        "more": {"type": "boolean"},
        "total": {"type": "integer", "nullable": True},
    }
    schemes = {"api_key": {"type": "apiKey", "in": "header", "name": "Authorization"}}
    return Stranger(
        "pager",
        document(
            "Pager API",
            "https://api.pager.example",
            {"/incidents": {"get": listing("incidents", envelope, query("limit"), query("offset"))}},
            schemes,
        ),
        (
            *(page(number, those) for number, those in pages(25, 10)),
            Said("GET", at, 401, {"error": {"message": "Authentication failed", "code": 2006}}),
        ),
        {
            "auth.header": "Authorization",
            "auth.refused": 401,
            "errors.message": "/error/message",
            "pagination.style": "offset",
            "pagination.cursor": "offset",
            "pagination.first": 0,
            "pagination.more": "/more",
            "pagination.end": ["absent"],
            "pagination.page_size.parameter": "limit",
        },
        # "Token token=" is no scheme and a space.
        open=("auth.scheme", "pagination.total", "pagination.next", "pagination.count", "errors.unknown", "versioning"),
    )


def calls() -> Stranger:
    """`next_page_uri` relative to the host, pages from 0, and a suffix on every path."""
    at = "https://api.calls.example/2010-04-01/Calls.json"

    def page(number: int, those: list[Json]) -> Said:
        calls = [{"sid": f"CA{each['id']:032d}", "status": "done"} for each in those]
        on = f"/2010-04-01/Calls.json?PageSize=10&Page={number}&PageToken=PA{number}" if number < 3 else None
        body = {"calls": calls, "next_page_uri": on, "page": number - 1, "page_size": 10, "start": (number - 1) * 10}
        asked = f"?PageSize=10&Page={number - 1}&PageToken=PA{number - 1}" if number > 1 else "?PageSize=10"
        return Said("GET", f"{at}{asked}", 200, body, {}, sent)

    sent = {"Authorization": "Basic QUMxMjM0NTY3ODkwOmFiY2RlZmdo"}
    envelope = {
        "next_page_uri": {"type": "string", "format": "uri", "nullable": True},
        "page": {"type": "integer"},
        "page_size": {"type": "integer"},
        "start": {"type": "integer"},
    }
    parameters = (query("PageSize", maximum=1000), query("Page"), query("PageToken", "string"))
    schemes = {"account": {"type": "http", "scheme": "basic"}}
    error = {"code": 20404, "message": "The requested resource was not found", "more_info": "https://x", "status": 404}
    return Stranger(
        "calls",
        document(
            "Calls",
            "https://api.calls.example",
            {"/2010-04-01/Calls.json": {"get": listing("calls", envelope, *parameters, items=thing(sid="string"))}},
            schemes,
        ),
        (
            *(page(number, those) for number, those in pages(25, 10)),
            Said("GET", f"{at}?Page=x", 404, error, {}, sent),
            Said("GET", at, 401, {**error, "code": 20003, "message": "Authenticate please", "status": 401}),
        ),
        {
            "auth.refused": 401,
            "errors.message": "/message",
            "pagination.style": "cursor-links",
            "pagination.next": "/next_page_uri",
            "auth.scheme": "Basic",
            "pagination.cursor": "PageToken",
            "pagination.end": ["absent", "null"],
            "pagination.page_size.parameter": "PageSize",
            "pagination.page_size.maximum": 1000,
        },
        open=("pagination.count", "pagination.total", "pagination.numbered", "versioning"),
    )
