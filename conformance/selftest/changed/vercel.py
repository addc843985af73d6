"""Changes of one exchange with Vercel."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.selftest.changes import (
    Change,
    answer,
    body,
    both,
    header,
    in_clear,
    records,
    url,
)
from conformance.selftest.conversations import Said

TWENTY_FIVE = [{"id": f"q-{number}", "name": ""} for number in range(25)]
EMPTY_DOMAINS = {"domains": [], "pagination": {"count": 0, "next": None, "prev": None}}


def reset_passed(said: list[Said]) -> None:
    """The last call comes after the reset, by the server's clock."""
    said[10] = Said("GET", said[9].url, 200, said[9].body, asked=said[9].asked, headers=dict(said[9].headers))
    said[10].headers |= {
        "Date": "Tue, 14 Nov 2023 22:14:25 GMT",
        "X-RateLimit-Remaining": "499",
        "X-RateLimit-Reset": "1700000120",
    }


CHANGES: Mapping[str, tuple[str, Change]] = {
    "a list of members repeats an id": ("types.id-string-unique", body(0, members__1__id="m-0")),
    "ids are numbers": ("types.id-string-unique", body(0, members__1__id=7)),
    "count is another number": ("pagination.count-is-page-length", body(0, pagination__count=5)),
    "count is written 2.0": ("types.scalar-fidelity", body(0, pagination__count=2.0)),
    "next is in seconds": ("types.date-is-ms", body(0, pagination__next=1_690_000_000)),
    "next is a text": ("pagination.shape", body(0, pagination__next="1690000000000")),
    "next is left out": ("pagination.shape", body(2, pagination__next=...)),
    "next is later than prev": ("pagination.cursor-dates-ordered", body(1, pagination__next=1_699_999_999_999)),
    "next is the cursor just sent": ("pagination.walk-terminates", body(1, pagination__next=1_689_999_999_000)),
    "next turns round": (
        "pagination.walk-terminates",
        both(body(1, pagination__prev=None), body(2, pagination__next=1_689_999_998_000)),
    ),
    "a member comes again": ("pagination.walk-exactly-once", body(1, members__0__id="m-1")),
    "a page is longer than was asked for": (
        "pagination.limit-honoured",
        both(body(1, members=[{"id": f"n-{n}"} for n in range(3)], pagination__count=3)),
    ),
    "a page in the middle is short": ("pagination.pages-full", body(1, members=[{"id": "m-2"}], pagination__count=1)),
    "an empty page has a next": (
        "pagination.pages-full",
        body(2, members=[], pagination__count=0, pagination__next=1_680_000_000_000),
    ),
    "projects come 25 at once": ("pagination.default-20", body(3, projects=TWENTY_FIVE, pagination__count=25)),
    "a team's projects come 25 at once": ("pagination.default-20", body(4, projects=TWENTY_FIVE, pagination__count=25)),
    "a limit beyond the maximum is served": (
        "pagination.limit-max-100",
        both(url(0, "limit=2", "limit=200"), body(0, members=[{"id": f"m-{n}"} for n in range(101)])),
    ),
    "a limit that is none is a server error": (
        "pagination.bad-limit-no-5xx",
        both(url(3, "projects", "projects?limit=abc"), answer(3, 500, body={"error": {"code": "x", "message": "y"}})),
    ),
    "a limit that is none brings everything": (
        "pagination.bad-limit-no-5xx",
        both(url(3, "projects", "projects?limit=-1"), body(3, projects=TWENTY_FIVE * 5)),
    ),
    "a refusal by 401": ("auth.no-token-403", answer(6, 401)),
    "a denial holds projects": ("auth.denial-has-no-data", body(6, error__projects=[{"id": "p-1", "name": "x"}])),
    "a denial holds data two levels down": (
        "auth.denial-has-no-data",
        body(6, meta={"result": {"items": [{"uid": "u-1"}]}}),
    ),
    "a denial is a list": ("auth.denial-has-no-data", answer(6, 403, body=[])),
    "an endpoint without a version": ("versioning.version-prefix", answer(7, 200, body={"projects": []})),
    "an endpoint below another base path": ("versioning.version-prefix", url(3, "/v9/", "/api/v9/")),
    "an answer in clear": ("transport.https-only", url(5, "https:", "http:")),
    "the rate headers of a create are gone": ("rate-limit.headers-on-all", header(5, "X-RateLimit-Reset", None)),
    "what remains rises, and the reset with it": (
        "rate-limit.remaining-monotone",
        both(header(9, "X-RateLimit-Remaining", "3"), header(9, "X-RateLimit-Reset", "1700000075")),
    ),
    "the limit moves": (
        "rate-limit.limit-stable-per-bucket",
        both(header(9, "X-RateLimit-Limit", "400"), header(9, "X-RateLimit-Reset", "1700000061")),
    ),
    "a call is served though nothing remained": ("rate-limit.exceeded-429", answer(10, 200, body={"domains": []})),
    "nothing remained, and the reset slides": (
        "rate-limit.exceeded-429",
        both(answer(10, 200, body={"domains": []}), header(10, "X-RateLimit-Reset", "1700000075")),
    ),
    "the limit is told by 403": ("rate-limit.exceeded-429", answer(10, 403)),
    "the limit is a 403 that says nothing": (
        "rate-limit.exceeded-429",
        answer(10, 403, body={"error": {"code": "forbidden", "message": "No"}}),
    ),
    "a 429 of another code": ("rate-limit.exceeded-code", body(10, error__code="rate_limited")),
    "a 429 though calls are left": ("rate-limit.no-early-429", header(10, "X-RateLimit-Remaining", "7")),
    "a success with an error": ("errors.no-error-in-2xx", body(5, error={})),
    "a credential in clear": ("security.cassette-redaction", in_clear(3)),
}

NO_SUCH_HOST = "http://localhost:4000"
FREE: Mapping[str, Change] = {
    "pagination is left out": body(8, pagination=...),
    "prev is left out": both(*(body(number, pagination__prev=...) for number in range(3))),
    "the last page is empty": both(
        body(1, members=[{"id": "m-2"}], pagination__count=1), body(2, members=[], pagination__count=0)
    ),
    "a page of twenty is the last one": body(3, pagination__next=None),
    "fewer than twenty, though more follow": both(
        records(3, "projects", lambda r: r.pop()), body(3, pagination__count=19)
    ),
    "two arrays of records": body(0, invitations=[{"id": "m-0"}, {"id": "m-0"}]),
    "records without an id": body(0, members=[{"uid": 1}, {"uid": 2}]),
    "a denial that says more": body(
        6, error__missingToken=True, error__scopes=["user"], docs={"links": [{"href": "x"}]}
    ),
    "denied though calls are left": answer(9, 403, body={"error": {"code": "forbidden", "message": "No"}}),
    "denied a call that was never served, when none are left": both(
        url(10, "/v5/domains", "/v5/certs"), answer(10, 403, body={"error": {"code": "forbidden", "message": "No"}})
    ),
    "the window is over": reset_passed,
    "not modified": both(answer(10, 304, body=None)),
    "an answer out of a cache": both(answer(10, 200, body=EMPTY_DOMAINS), header(10, "Age", "12")),
    "an endpoint counts by itself": both(url(9, "/v5/domains", "/v5/certs"), header(9, "X-RateLimit-Remaining", "9")),
    "a redirect to TLS": both(url(5, "https:", "http:"), answer(5, 308, body=None)),
    "a path of the emulator's own": both(
        url(8, "https://api.vercel.com/v5/domains", f"{NO_SUCH_HOST}/_emulate/state"), answer(8, 200, body={})
    ),
    "an emulator below a path": both(
        *(url(number, "https://api.vercel.com", f"{NO_SUCH_HOST}/vercel") for number in range(11))
    ),
    "a create answers 201": answer(5, 201),
    "a delete answers 204": lambda said: said.append(
        Said("DELETE", "https://api.vercel.com/v3/tokens/x-1", 204, asked=said[5].asked, headers=_told(said))
    ),
}


def _told(said: list[Said]) -> dict[str, str]:
    return {**said[5].headers, "X-RateLimit-Remaining": "1"}
