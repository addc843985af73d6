"""Checks of links in a Link header and of numbered pages: what has to pass, and what has to fail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from conformance.checks import CHECKS, Finding, Sight
from conformance.contract import Contract, Pagination, load
from conformance.contract.operation import Collection, Operation
from conformance.contract.verdict import Outcome
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.links import links_of, mistake_in, related
from conformance.traffic.locator import Locator

HOST = "https://api.acme.example"
THINGS = f"{HOST}/v1/things"


def acme() -> Contract:
    """An API with bare arrays in numbered pages, whose neighbours stand in a Link header."""
    vultr = load("vultr")
    pagination = Pagination.model_validate(
        {
            "style": "link-header",
            "page_size": {"parameter": "per_page", "default": 100, "maximum": 100, "fallback": 100},
            "cursor": "page",
            "previous": "page",
            "numbered": True,
            "end": ["absent"],
        }
    )
    versioning = {"carrier": "path", "pattern": "/v1/.*"}
    conventions = type(vultr.conventions).model_validate(
        vultr.conventions.model_dump()
        | {"name": "Acme", "base_url": HOST, "pagination": pagination, "versioning": versioning, "resources": ()}
    )
    operations = (
        Operation(
            "GET",
            "/v1/things",
            collection=Collection("", filters={"state": ()}),
            parameters=({"name": "site", "in": "query"},),
        ),
        Operation("GET", "/v1/sites/{site}/things", collection=Collection("")),
    )
    return evolve(vultr, api="acme", conventions=conventions, operations=operations)


ACME = acme()


def page(
    query: str = "per_page=2",
    ids: list[int] | None = None,
    link: str | None = None,
    *,
    url: str = THINGS,
    negative: bool = False,
    more: tuple[tuple[str, str], ...] = (),
) -> Exchange:
    """A page; `link` as it stands, or a shorthand such as `next=2 last=5`."""
    headers = [("Content-Type", "application/json"), *more]
    if link is not None and "<" not in link and "://" not in link:
        parts = (part.partition("=") for part in link.split())
        size = [pair for pair in query.split("&") if pair and not pair.startswith("page=")]
        link = ", ".join(f'<{url}?{"&".join([f"page={number}", *size])}>; rel="{rel}"' for rel, _, number in parts)
    if link is not None:
        headers.append(("Link", link))
    records = [{"id": str(identity)} for identity in (ids if ids is not None else [1, 2])]
    request = Request(method="GET", url=f"{url}?{query}" if query else url)
    response = Response(status=200, headers=tuple(headers), body=json.dumps(records).encode())
    return Locator(ACME, HOST).exchange(request, response, negative=negative)


def findings(check: str, *exchanges: Exchange, strict: bool = False, **arguments: Any) -> list[Finding]:
    memory: dict[Any, Any] = {}
    sequence: dict[Any, Any] = {}
    return [
        finding
        for position, exchange in enumerate(exchanges, start=1)
        for finding in CHECKS[check](Sight(exchange, ACME, arguments, memory, sequence, position, strict=strict))
    ]


def outcome(check: str, *exchanges: Exchange, strict: bool = False, **arguments: Any) -> str:
    found = {finding.outcome for finding in findings(check, *exchanges, strict=strict, **arguments)}
    for worst in (Outcome.VIOLATED, Outcome.HELD):
        if worst in found:
            return str(worst)
    return "note" if found else "nothing"


NEXT = f"<{THINGS}?page=2&per_page=2>"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (f'{NEXT}; rel="next", {NEXT}; rel="last"', "held"),
        (f'{NEXT}; rel="next last"', "held"),
        (f"{NEXT};rel=next", "held"),
        (f'{NEXT} ; REL = "Next"', "held"),
        (f'{NEXT}; title="a, b; c"; rel=next', "held"),
        (f'{NEXT}; rel="next",\r\n    {NEXT}; rel="last"', "held"),
        (f', {NEXT}; rel="next", ,', "held"),
        (f"{NEXT}; rel=\"next\"; title*=UTF-8''a%20b", "held"),
        (f'{NEXT}; rel="next", {NEXT}; rel="first"', "held"),
        (f'{NEXT}; rel="first"', "note"),
        (f'{NEXT}; rel="https://acme.example/rels/x"', "note"),
        (f'{NEXT}; rel="next", </other>; rel="next"; anchor="/elsewhere"', "held"),
        (f'{NEXT}; rel="next", {NEXT}; rel="next"', "violated"),
        (f'{NEXT}; rel="following"', "violated"),
        (f'{NEXT}; rel="next"; rel="last"', "violated"),
        (f'{THINGS}?page=2; rel="next"', "violated"),
        (f'{NEXT}, {THINGS}?page=5; rel="last"', "violated"),
        (f"{NEXT}", "violated"),
        (f'{NEXT}; rel=""', "violated"),
        (f'{NEXT}; rel="next', "violated"),
        (f'{NEXT} rel="next"', "violated"),
        (f'{NEXT}; rel="next" junk', "violated"),
        ("", "nothing"),
        (None, "nothing"),
    ],
)
def test_a_link_header_is_well_formed(link: str | None, expected: str) -> None:
    if link == "":
        assert outcome("link-header.grammar", page(link=None, more=(("Link", ""),)), relations=["next"]) == expected
    else:
        assert outcome("link-header.grammar", page(link=link), relations=["next", "last", "prev"]) == expected


def test_several_fields_are_one() -> None:
    link = f'{NEXT}; rel="next"'
    exchange = page(link=link, more=(("link", f'{NEXT}; rel="last"'),))
    assert outcome("link-header.grammar", exchange, relations=["next", "last"]) == "held"
    repeated = page(link=link, more=(("LINK", link),))
    assert outcome("link-header.grammar", repeated, relations=["next"]) == "violated"


TOKENS = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
URLS = st.from_regex(r"https://a\.example/[a-z]{0,5}(\?[a-z]=[0-9],?)?", fullmatch=True)
TITLES = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=8)


@given(st.lists(st.tuples(URLS, st.lists(TOKENS, min_size=1, max_size=3), TITLES), min_size=1, max_size=4))
def test_what_is_well_formed_is_read_whole(links: list[tuple[str, list[str], str]]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    value = " , ".join(f"<{url}>; title={quoted(title)};rel={quoted(' '.join(rels))}" for url, rels, title in links)
    assert mistake_in(value) is None
    assert [(link.target, list(link.relations)) for link in links_of(value)] == [(url, rels) for url, rels, _ in links]
    assert set(related(value)) == {rel for _, rels, _ in links for rel in rels}


@given(st.text(alphabet='<>;,="\\ abrel\t\r\n', max_size=40))
def test_no_text_is_too_bad_to_be_looked_at(value: str) -> None:
    assert mistake_in(value) is None or isinstance(mistake_in(value), str)
    related(value)


@pytest.mark.parametrize(
    ("query", "link", "expected"),
    [
        ("per_page=2", "next=2 last=5", "held"),
        ("page=3&per_page=2", "next=4 prev=2 last=5", "held"),
        ("per_page=2", "next=1", "violated"),
        ("page=3&per_page=2", "next=3", "violated"),
        ("page=3&per_page=2", "prev=3", "violated"),
        ("page=3&per_page=2", "next=5", "violated"),
        ("page=3&per_page=2", f'<{THINGS}?per_page=2>; rel="next"', "violated"),
        ("page=x&per_page=2", "next=2", "nothing"),
        ("page=0&per_page=2", "next=2", "nothing"),
        ("per_page=2", "last=5", "nothing"),
    ],
)
def test_neighbours_have_the_numbers_next_to_a_pages_own(query: str, link: str, expected: str) -> None:
    assert outcome("numbered-pages.neighbours", page(query, link=link)) == expected


def test_what_an_empty_page_has_before_it_is_left_open() -> None:
    assert outcome("numbered-pages.neighbours", page("page=9&per_page=2", ids=[], link="prev=3 last=3")) == "nothing"


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([page(link="next=2 last=3")], "held"),
        ([page("page=3&per_page=2", link="prev=2 last=3"), page(link="next=2 last=3")], "held"),
        ([page("page=3&per_page=2", link="next=4 last=3")], "violated"),
        ([page("page=2&per_page=2", link="next=4 last=3")], "violated"),
        ([page(link="prev=0")], "violated"),
        ([page("page=1&per_page=2", link="prev=1 next=2")], "violated"),
        ([page("page=3&per_page=2", link="prev=2 last=3")], "nothing"),
        ([page(), page()], "nothing"),
        ([page(), page("page=2&per_page=2", link="prev=1")], "held"),
    ],
)
def test_the_edges_of_a_list_have_no_neighbours(pages: list[Exchange], expected: str) -> None:
    assert outcome("numbered-pages.edges", *pages) == expected


LAST = [
    page(ids=[1, 2], link="next=2 last=3"),
    page("page=2&per_page=2", [3, 4], "prev=1 next=3 last=3"),
    page("page=3&per_page=2", [5], "prev=2 last=3"),
]


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        (LAST, "held"),
        ([*LAST[:2], page("page=3&per_page=2", [5], "prev=2")], "held"),
        (LAST[:2], "nothing"),
        (LAST[1:], "nothing"),
        # The list may have grown in between: that is seen by a page that is asked for again.
        ([LAST[0], page("page=2&per_page=2", [3, 4], "prev=1 next=3 last=4")], "nothing"),
        ([LAST[0], page("page=2&per_page=2", [3, 4], "prev=1 next=3 last=4"), LAST[0]], "violated"),
        ([LAST[0], page("page=2&per_page=2", [3, 4], "next=3 last=4"), page(link="next=2 last=4")], "nothing"),
        (
            [LAST[0], page("page=2&per_page=2", [3, 4], "next=3 last=4"), page(ids=[0, 1], link="next=2 last=3")],
            "nothing",
        ),
        ([page(ids=[1, 2], link="next=2 last=2"), page("page=2&per_page=2", [3], "prev=1 last=2")], "held"),
        ([LAST[0], page("page=2&per_page=2", [3], "prev=1")], "nothing"),
        ([LAST[0], page("page=2&per_page=2", [3], "prev=1"), LAST[0]], "violated"),
        ([LAST[0], page("page=2&per_page=2", [3], "prev=1"), page(link="next=2 last=2")], "nothing"),
        ([page(ids=[1])], "nothing"),
    ],
)
def test_the_last_page_is_where_a_walk_ends(pages: list[Exchange], expected: str) -> None:
    assert outcome("numbered-pages.last", *pages, strict=True) == expected


def test_at_a_target_that_others_use_the_last_page_may_move() -> None:
    grown = page("page=2&per_page=2", [3, 4], "prev=1 next=3 last=4")
    assert outcome("numbered-pages.last", LAST[0], grown) == "nothing"


@pytest.mark.parametrize(
    ("pages", "strict", "expected"),
    [
        ([page(link="next=2"), page("page=1&per_page=2", link="next=2")], False, "held"),
        ([page("page=1&per_page=2", link="next=2"), page(link="next=2")], False, "held"),
        ([page(link="next=2"), page("page=1&per_page=2", [3, 4], "next=2")], False, "violated"),
        ([page(link="next=2"), page("page=1&per_page=2", [9, 1], "next=2")], False, "nothing"),
        ([page(link="next=2"), page("page=1&per_page=2", [2, 1], "next=2")], True, "violated"),
        ([page(), page("page=1&per_page=2")], True, "nothing"),
        ([page(link="next=2"), page("page=1&per_page=3", [1, 2, 3], "next=2")], True, "nothing"),
    ],
)
def test_page_1_is_the_page_without_a_number(pages: list[Exchange], strict: bool, expected: str) -> None:
    assert outcome("numbered-pages.first", *pages, strict=strict) == expected


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([page(link="next=2"), page("page=2&per_page=2", [3], None)], "held"),
        ([page(), page("page=2&per_page=2", [3], None)], "violated"),
        # A number beyond the last page may be answered with an empty page, or with one that was there.
        ([page(), page("page=2&per_page=2", [], None)], "nothing"),
        ([page(), page("page=2&per_page=2", [1, 2], None)], "nothing"),
        ([page("page=3&per_page=2", [5, 6]), page("page=4&per_page=2", [1, 2])], "nothing"),
        ([page(), page("page=3&per_page=2", [5])], "nothing"),
        ([page(), page("per_page=3", [1, 2]), page("page=2&per_page=2", [3])], "nothing"),
    ],
)
def test_a_page_with_records_behind_it_has_a_next(pages: list[Exchange], expected: str) -> None:
    assert outcome("numbered-pages.more-marked", *pages) == expected


SITE = f"{HOST}/v1/sites/www.acme.example/things"
BY_ID = f'<{HOST}/v1/sites/7/things?page=2&per_page=2>; rel="next"'


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (page(link="next=2 last=3"), "held"),
        (page("state=spam&per_page=2", link=f'<{THINGS}?per_page=2&page=2&state=spam>; rel="next"'), "held"),
        (page("", link=f'<{THINGS}?page=2>; rel="next"'), "held"),
        (page("", link=f'<{THINGS}?page=2&per_page=100>; rel="next"'), "held"),
        (page("per_page=500", link=f'<{THINGS}?page=2&per_page=100>; rel="next"'), "held"),
        (page("per_page=x", link=f'<{THINGS}?page=2>; rel="next"'), "held"),
        (page("state=spam", link=f'<{THINGS}?page=2>; rel="next"'), "violated"),
        (page("state=spam", link=f'<{THINGS}?page=2&state=ham>; rel="next"'), "violated"),
        (page("", link=f'<{THINGS}?page=2&access_token=x>; rel="next"'), "violated"),
        # What nobody documents may go, or stay.
        (page("sort=name", link=f'<{THINGS}?page=2>; rel="next"'), "held"),
        (page("sort=name", link=f'<{THINGS}?page=2&sort=name>; rel="next"'), "held"),
        # A site has several names.
        (page("site=www.acme.example", link=f'<{THINGS}?page=2&site=7>; rel="next"'), "held"),
        (page("site=7", link=f'<{THINGS}?page=2&site=www.acme.example>; rel="next"'), "held"),
        (page("site=www.acme.example", link=f'<{THINGS}?page=2>; rel="next"'), "violated"),
        (page("site=7", link=f'<{THINGS}?page=2&site=8>; rel="next"'), "violated"),
        (page("per_page=2", link=f'<{THINGS}?page=2&per_page=3>; rel="next"'), "violated"),
        (page("per_page=2", link=f'<{THINGS}?page=2>; rel="next"'), "violated"),
        (page("", link=f'<{THINGS}?page=2&page=3>; rel="next"'), "violated"),
        (page("", link='</v1/things?page=2>; rel="next"'), "violated"),
        (page("", link='<http://api.acme.example/v1/things?page=2>; rel="next"'), "violated"),
        (page("", link='<https://evil.example/v1/things?page=2>; rel="next"'), "violated"),
        (page("", link=f'<{HOST}/things?page=2>; rel="next"'), "violated"),
        (page(url=SITE, link=f'<{SITE}?page=2&per_page=2>; rel="next"'), "held"),
        (page(url=SITE, link=BY_ID), "held"),
        (page(url=f"{HOST}/v1/sites/8/things", link=BY_ID), "violated"),
        (page("per_page=2", link=f'<{THINGS}?page=2>; rel="next"', negative=True), "nothing"),
        (page(link=None), "nothing"),
    ],
)
def test_links_keep_the_query_of_the_request(exchange: Exchange, expected: str) -> None:
    assert outcome("link-header.keep-query", exchange, named_otherwise={"site": r".*\..*"}) == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [("next=2", "held"), (f'<{HOST}/things?page=2>; rel="next"', "violated"), (None, "nothing")],
)
def test_links_have_the_version_in_their_path(link: str | None, expected: str) -> None:
    assert outcome("link-header.versioned", page(link=link)) == expected
