"""Changes of one exchange with Snyk."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.selftest.changes import Change, answer, body, both, header, records, url

NINE = [{"id": f"n-{number}", "type": "app"} for number in range(9)]
APPS = "/orgs/o-1/apps"
ASKED = f"{APPS}?version=2024-10-15&limit=10"


CHANGES: Mapping[str, tuple[str, Change]] = {
    "an app comes twice on a page": ("schema.resource-identity-unique", body(0, data__1__id="a-0")),
    "an app comes on two pages": ("pagination.walk-exactly-once", body(1, data__0__id="a-9")),
    "next is the cursor just asked with": (
        "pagination.walk-exactly-once",
        body(1, links__next=f"{ASKED}&starting_after=c1"),
    ),
    "an empty page has a next": (
        "pagination.links-edge-null-or-absent",
        body(2, data=[], links__next=f"{ASKED}&starting_after=c9"),
    ),
    "the first page has a prev": (
        "pagination.links-edge-null-or-absent",
        body(0, links__prev=f"{ASKED}&ending_before=c9"),
    ),
    "a full page has no links": ("pagination.links-present", body(0, links=[])),
    "a link drops the version": (
        "pagination.links-keep-context",
        body(0, links__next=f"{APPS}?limit=10&starting_after=c1"),
    ),
    "a link drops the page size": (
        "pagination.links-keep-context",
        body(0, links__next=f"{APPS}?version=2024-10-15&starting_after=c1"),
    ),
    "a page is longer than was asked for": ("pagination.limit-honoured", records(2, "data", lambda r: r.extend(NINE))),
    "an id among the attributes": ("schema.resource-object", body(3, data__attributes__id="a-1")),
    "fields beside the id": ("schema.resource-object", body(3, data__name="one")),
    "an id is a number": ("schema.resource-object", body(3, data__id=1)),
    "no version of JSON:API": ("schema.jsonapi-member", body(4, jsonapi=...)),
    "Sunset is gone on the second page": ("versioning.sunset-when-deprecated", header(1, "Sunset", None)),
    "Sunset is gone on the last page": ("versioning.sunset-when-deprecated", header(2, "Sunset", None)),
    "Sunset in ISO form": ("versioning.sunset-format", header(1, "Sunset", "2026-11-11")),
    "an answer without a version": (
        "versioning.version-required",
        answer(5, 200, body={"jsonapi": {"version": "1.0"}, "data": []}),
    ),
    "an unknown operation without a version": ("versioning.version-required", url(3, "?version=2024-10-15", "")),
    "a version that no calendar has": ("versioning.version-invalid-4xx", url(4, "2024-10-15", "2024-13-15")),
    "an answer in clear": ("transport.http-404", url(3, "https:", "http:")),
    "a redirect in clear": ("transport.http-404", answer(6, 301)),
    "a call below another base path": ("transport.base-url", url(4, "/rest/", "/")),
    "data is typed as HTML": ("content-type.response-media-type", header(3, "Content-Type", "text/html")),
    "the limit is told by 403": (
        "rate-limit.limit-540",
        answer(
            7,
            403,
            body={
                "jsonapi": {"version": "1.0"},
                "errors": [{"status": "403", "detail": "Rate limit has been exceeded"}],
            },
        ),
    ),
    "an error of another status": ("errors.error-status-matches", body(5, errors__0__status="404")),
    "errors are no array": ("errors.errors-array", answer(5, 400, body={"errors": {"status": "400"}})),
    "the last page is one of projects": ("schema.collection-is-array", body(4, data={"id": "p-1", "type": "project"})),
}

HREF = f"https://api.snyk.io/rest{ASKED}&starting_after=c1"
FREE: Mapping[str, Change] = {
    "an absolute link": body(0, links__next=HREF),
    "a link as an object": body(0, links__next={"href": HREF, "meta": {}}),
    "further links": body(0, links__self=ASKED, links__first=ASKED),
    "links that are null": body(2, links__next=None),
    "no links on a short page": body(4, links=...),
    "an empty list": body(4, data=[]),
    "what is included": body(0, included=[{"id": "o-1", "type": "org"}], meta={"count": 23}),
    "an attribute called type": body(3, data__attributes__type="oauth"),
    "an id deep in the attributes": body(3, data__attributes__owner={"id": "u-1"}),
    "another version without Sunset": both(url(3, "2024-10-15", "2025-10-15"), header(3, "Sunset", None)),
    "deprecated in the middle of a walk": header(0, "Sunset", None),
    "never deprecated": both(*(header(number, "Sunset", None) for number in range(3))),
    "another operation of that version": header(3, "Sunset", None),
    "descriptions of the API": both(
        url(3, "/orgs/o-1/apps/a-1?version=2024-10-15", "/openapi"),
        answer(3, 200, body=["2024-10-15"]),
        header(3, "Content-Type", "application/json"),
    ),
    "another API on that host": both(
        url(3, "/rest/orgs", "/v1/orgs"), answer(3, 200, body={"id": 1}), header(3, "Content-Type", "application/json")
    ),
    "a refusal without a body": both(answer(7, 429, body=None), header(7, "Content-Type", None)),
    "a 403 about something else": answer(
        7, 403, body={"jsonapi": {"version": "1.0"}, "errors": [{"status": "403", "detail": "Forbidden"}]}
    ),
    "an emulator in clear": both(*(url(number, "https://api.snyk.io", "http://localhost:8080") for number in range(6))),
}
