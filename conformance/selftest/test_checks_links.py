"""Checks of links between pages: in every form that JSON:API and servers of another make give them."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.selftest.test_checks_json_api import BASE, PROJECTS, V1, notes, outcome, said
from conformance.traffic.exchange import Exchange
from conformance.traffic.urls import link_target

ASKED = "version=2024-10-15&limit=10"
NEXT = f"/orgs/o/projects?{ASKED}&starting_after=c1%3D"
PREV = f"/orgs/o/projects?{ASKED}&ending_before=c0"
MISSING = object()


def page(query: str = ASKED, count: int = 10, links: Any = MISSING, *, base: str = BASE, **given: Any) -> Exchange:
    """A page of projects; links are those given, or next and prev as named."""
    data = [{"type": "project", "id": str(number)} for number in range(count)]
    body: dict[str, Any] = {"jsonapi": V1, "data": data}
    if links is MISSING:
        links = {name: value for name, value in given.items() if name in ("next", "prev")}
    if links is not None:
        body["links"] = links
    options = {name: value for name, value in given.items() if name not in ("next", "prev")}
    return said(f"{PROJECTS}?{query}", body=body, base=base, **options)


def later(**given: Any) -> Exchange:
    return page(f"{ASKED}&starting_after=c0", **given)


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (page(links={}), "held"),
        (page(next=NEXT), "held"),
        (page(links=None), "violated"),
        (later(count=1, links=None), "violated"),
        (page(links=[]), "violated"),
        (page(count=3, links=None), "note"),
        (page("version=2024-10-15", count=10, links=None), "note"),
        (said(f"{PROJECTS}?{ASKED}", 404), "nothing"),
        (said("GET /orgs/o/projects/p", body={"data": {}}), "nothing"),
    ],
)
def test_a_list_has_links(exchange: Exchange, expected: str) -> None:
    assert outcome("links.present", exchange) == expected


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (page(next=NEXT), "held"),
        (page(next=None, prev=None), "held"),
        (page(next={"href": NEXT}, prev=None), "held"),
        (page(count=0), "held"),
        (later(next=NEXT, prev=PREV), "nothing"),
        (later(count=3, prev=PREV, next=NEXT), "nothing"),
        (later(count=0, prev=PREV), "held"),
        (page(links=None), "nothing"),
        (page(prev=PREV), "violated"),
        (page(prev={"href": PREV}), "violated"),
        (page(count=0, next=NEXT), "violated"),
        (page(next=""), "violated"),
        (later(prev=""), "violated"),
        (later(next={"href": ""}), "violated"),
    ],
)
def test_the_edges_have_no_link(exchange: Exchange, expected: str) -> None:
    assert outcome("links.edges", later(next=NEXT, prev=PREV), exchange) == expected


def test_an_edge_counts_where_other_pages_have_the_link() -> None:
    first, empty, middle = page(next=NEXT), page(count=0), later(next=NEXT, prev=PREV)
    assert outcome("links.edges", empty, empty) == "nothing"
    assert outcome("links.edges", first, first) == "nothing", "it has a next, but no page has a prev"
    assert outcome("links.edges", first, middle) == outcome("links.edges", middle, first) == "held"


SORTED = f"{ASKED}&sort=name&origin=cli"


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (later(next=NEXT, prev=PREV), "held"),
        (page(next={"href": NEXT, "meta": {}}, prev=None), "held"),
        (page(next=f"/rest{NEXT}"), "held"),
        (page(next=f"{BASE}{NEXT}"), "held"),
        (page(next=f"https://api.snyk.io/rest{NEXT}", base="http://127.0.0.1:8080/rest"), "held"),
        (page(next=f"/rest{NEXT}", base="http://127.0.0.1:8080"), "held"),
        (page(next=NEXT.replace("orgs/o", "orgs/%6F")), "held"),
        (page("version=2024-10-15", next=NEXT), "held"),
        (page(next=f"{NEXT}&page=2"), "held"),
        (page("version=2024-10-15&limit=500", next=NEXT.replace("limit=10", "limit=100")), "held"),
        # A size that is none, or beyond the maximum, need not be served as it is; the maximum need.
        (page("version=2024-10-15&limit=0", next=NEXT), "held"),
        (page("version=2024-10-15&limit=x", next=NEXT), "held"),
        (page("version=2024-10-15&limit=101", next=NEXT), "held"),
        (page("version=2024-10-15&limit=100", next=NEXT), "violated"),
        (page(SORTED, next=f"/orgs/o/projects?origin=cli&sort=name&{ASKED}&starting_after=c"), "held"),
        (page(), "nothing"),
        (page(next=None), "nothing"),
        (page(next=NEXT.replace("version=2024-10-15&", ""), negative=True), "nothing"),
        (page(links={"self": "/elsewhere", "first": "/orgs/o/targets"}), "nothing"),
        (page(next=NEXT.replace("version=2024-10-15&", "")), "violated"),
        (page(next=NEXT.replace("2024-10-15", "2024-10-15~beta")), "violated"),
        (page(next=NEXT.replace("limit=10", "limit=20")), "violated"),
        (page(next=NEXT.replace("&limit=10", "")), "violated"),
        (page(SORTED, next=NEXT), "violated"),
        (page(next=NEXT.replace("orgs/o", "orgs/p")), "violated"),
        (page(next=NEXT.replace("projects", "targets")), "violated"),
        (page(next=f"https://api.snyk.io{NEXT}"), "violated"),
        (page(next=NEXT.replace("starting_after", "ending_before")), "violated"),
        (page(next=f"{NEXT}&ending_before=c0"), "violated"),
        (page(next=NEXT.replace("c1%3D", "")), "violated"),
        (page(next=f"/orgs/o/projects?{ASKED}"), "violated"),
        (later(next=NEXT, prev=NEXT), "violated"),
    ],
)
def test_links_keep_their_context(exchange: Exchange, expected: str) -> None:
    assert outcome("links.keep-context", exchange) == expected


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (page(next=NEXT), "held"),
        (page(next={"href": NEXT}), "held"),
        (page(next=f"{BASE}{NEXT}"), "held"),
        (page(next=f"{NEXT}&page[size]=1"), "held"),
        (page(next=None, prev=None), "nothing"),
        (page(links={"self": " "}), "nothing"),
        (page(links=None), "nothing"),
        (page(next=f"{NEXT} "), "violated"),
        (page(next=f"{NEXT}<c>"), "violated"),
        (page(next=f"{NEXT}%zz"), "violated"),
        (page(next=f"{NEXT}é"), "violated"),
        (page(next="http://[::1"), "violated"),
        (page(next={"url": NEXT}), "violated"),
        (page(next=5), "violated"),
        (page(next=f"?{ASKED}&starting_after=c1"), "held"),
        (page(next=f"//api.snyk.io/rest{NEXT}"), "held"),
        (page(next=f"https://api.snyk.io/rest{NEXT}", base="http://127.0.0.1:8080/rest"), "held"),
        (page(next=f"https://API.snyk.io:443/rest{NEXT}"), "held"),
        (page(next=f"https://other.test/rest{NEXT}"), "violated"),
        (page(next=f"http://api.snyk.io/rest{NEXT}"), "violated"),
        (page(next=f"https://api.snyk.io:8443/rest{NEXT}"), "violated"),
        (page(next=f"https://api.snyk.io@other.test/rest{NEXT}"), "violated"),
        (page(next=f"//other.test/rest{NEXT}"), "violated"),
        (page(next=f"x:@other.test{NEXT}"), "violated"),
        (page(next="http://a\u2100b/"), "violated"),
        (page(next="http://api.snyk.io:99999/"), "violated"),
        (page(next=f"{NEXT}\r\nX: y"), "violated"),
        (page(next=f"{NEXT}\0"), "violated"),
        (page(next=f"{NEXT}{'c' * 1_000_000}"), "violated"),
        (page(next={"href": "http://[::1"}), "violated"),
        (page(next=True), "violated"),
        (page(next=[NEXT]), "violated"),
    ],
)
def test_links_are_urls(exchange: Exchange, expected: str) -> None:
    assert outcome("links.are-urls", exchange) == expected


def follow(link: str, status: int, base: str = BASE, **options: Any) -> Exchange:
    return said(f"GET {link_target(link, base)}", status, {"data": []} if status == 200 else None, base=base, **options)


@pytest.mark.parametrize("link", [NEXT, f"/rest{NEXT}", f"{BASE}{NEXT}"])
def test_a_link_that_was_followed_as_it_stands_is_answered(link: str) -> None:
    check = "links.are-urls"
    assert outcome(check, page(next=link), follow(link, 200)) == "held"
    for status in (400, 404, 410, 500):
        assert outcome(check, page(next=link), follow(link, status)) == "violated", status
    for status in (401, 429, 502, 503, 504):
        assert outcome(check, page(next=link), follow(link, status)) == "held", status


def test_another_request_is_no_link_that_was_followed() -> None:
    check = "links.are-urls"
    first = page(next=NEXT)
    assert outcome(check, first, follow(NEXT.replace("limit=10", "limit=0"), 400)) == "held"
    assert outcome(check, first, follow(NEXT, 400, negative=True)) == "held"
    assert outcome(check, follow(NEXT, 400), first) == "held"


def test_a_cursor_that_is_encoded_twice_is_told_once() -> None:
    twice = page(next=NEXT.replace("%", "%25"))
    assert outcome("links.are-urls", twice) == "held"
    assert notes("links.are-urls", twice, twice) == [
        "a cursor still holds a percent-encoding after one decoding: c1%3D"
    ]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (NEXT, NEXT),
        (f"/rest{NEXT}", NEXT),
        (f"{BASE}{NEXT}", NEXT),
        ("orgs/o/projects", "/orgs/o/projects"),
        ("/orgs/o/projects?b=%7E~&a=x+y", "/orgs/o/projects?b=%7E~&a=x+y"),
    ],
)
def test_a_link_is_followed_as_it_stands(link: str, expected: str) -> None:
    assert link_target(link, BASE) == expected
