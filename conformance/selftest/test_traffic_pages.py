"""Pages: what an answer of a list operation says about its records and its neighbours."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import Pagination, load
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.locator import Locator
from conformance.traffic.pages import Page, page_of
from conformance.traffic.urls import LONGEST

ABSENT = object()


def answered(body: Any, query: str = "", path: str = "/v2/plans", status: int = 200) -> Exchange:
    contract = load("vultr")
    return Locator(contract, contract.conventions.origin).exchange(
        Request(method="GET", url=f"https://api.vultr.com{path}{query}"),
        Response(body=json.dumps(body).encode(), status=status),
    )


def page(body: Any, query: str = "", path: str = "/v2/plans", status: int = 200) -> Page | None:
    pagination = load("vultr").conventions.pagination
    assert pagination is not None
    return page_of(answered(body, query, path, status), pagination)


def listed(records: Any = (), path: str = "/v2/plans", query: str = "", **links: Any) -> Page:
    given = {name: value for name, value in links.items() if value is not ABSENT}
    found = page({path.rsplit("/", 1)[1]: records, "meta": {"total": 5, "links": given}}, query, path)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "following", "form"),
    [
        ("abc", "abc", None),
        ("", None, '""'),
        (None, None, "null"),
        (ABSENT, None, "absent"),
        (7, "7", None),
        (0, "0", None),
    ],
)
def test_the_end_of_a_list_has_three_forms(value: Any, following: str | None, form: str | None) -> None:
    found = listed(next=value, prev=value)
    assert (found.next, found.next_form) == (following, form)
    assert found.prev == following


def test_a_list_without_links_or_meta_ends_by_absence() -> None:
    for body, enveloped in (({"plans": [], "meta": {}}, True), ({"plans": []}, False)):
        found = page(body)
        assert found is not None
        assert (found.next, found.next_form, found.enveloped, found.total) == (None, "absent", enveloped, None)


def test_of_a_neighbour_that_is_too_long_to_be_asked_for_one_character_too_many_is_kept() -> None:
    assert [listed(next="n" * length).next for length in (LONGEST, LONGEST + 1, LONGEST + 9)] == [
        "n" * LONGEST,
        "n" * (LONGEST + 1),
        "n" * (LONGEST + 1),
    ]


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("", None),
        ("?per_page=1", 1),
        ("?per_page=500", 500),
        ("?per_page=501", 501),
        *(
            (f"?per_page={text}", None)
            for text in ("0", "00", "-1", "%2B5", "x", "", "1.0", "1e2", "%20", "0x10", "%D9%A3", "%C2%B2", "9" * 400)
        ),
        ("?per_page=1&per_page=2", None),
    ],
)
def test_a_page_size_is_a_whole_number_of_one_or_more(query: str, size: int | None) -> None:
    assert listed(query=query).size_asked == size


@given(st.text())
def test_any_text_is_a_page_size_or_none(text: str) -> None:
    size = listed(query=f"?per_page={quote(text, safe='')}").size_asked
    assert size is None or (size > 0 and int(text) == size)


def test_the_cursor_asked_for_is_kept() -> None:
    assert listed(query="?cursor=a%3D%3D").cursor_asked == "a=="
    assert listed(query="").cursor_asked is None


@pytest.mark.parametrize(
    ("path", "record", "identity"),
    [
        ("/v2/plans", {"id": "a"}, "a"),
        ("/v2/plans", {"id": 0}, "0"),
        ("/v2/plans", {"id": ""}, None),
        ("/v2/plans", {"id": None}, None),
        ("/v2/plans", {"name": "a"}, None),
        ("/v2/plans", "a", None),
        ("/v2/plans", None, None),
        ("/v2/domains", {"domain": "a.example", "id": 7}, "a.example"),
        ("/v2/applications", {"id": 1, "image_id": ""}, "1"),
        ("/v2/applications", {"id": 1}, "1"),
        ("/v2/applications", {"id": 0, "image_id": ""}, "0"),
        ("/v2/applications", {"image_id": "x"}, "/x"),
        ("/v2/applications", {"id": None, "image_id": ""}, None),
        ("/v2/applications", {}, None),
    ],
)
def test_a_record_is_identified_by_the_members_the_contract_names(path: str, record: Any, identity: str | None) -> None:
    assert listed([record], path).ids == (identity,)


@pytest.mark.parametrize(
    ("body", "path", "status"),
    [
        ({"plans": {"id": "a"}}, "/v2/plans", 200),
        ({"data": []}, "/v2/plans", 200),
        ([], "/v2/plans", 200),
        ({"plans": []}, "/v2/plans", 404),
        ({"account": {}}, "/v2/account", 200),
        ({"plans": []}, "/v2/unknown", 200),
    ],
)
def test_what_is_no_list_is_no_page(body: Any, path: str, status: int) -> None:
    assert page(body, path=path, status=status) is None


OF_VULTR = load("vultr").conventions.paging
BARE = OF_VULTR.model_copy(update={"style": "link-header", "envelope": None})
AT_DATA = OF_VULTR.model_copy(update={"records": "/data"})
META: dict[str, Any] = {"links": {}}


@pytest.mark.parametrize(
    ("pagination", "body", "ids"),
    [
        (OF_VULTR, {"keys": [{"id": "a"}], "meta": META}, ("a",)),
        (OF_VULTR, {"a~b/c": [{"id": "a"}], "meta": META}, ("a",)),
        (OF_VULTR, {"keys": [], "meta": META}, ()),
        (OF_VULTR, {"keys": [{"name": "a"}], "count": 1, "meta": META}, (None,)),
        (OF_VULTR, {"keys": [{"id": "a"}]}, None),
        (OF_VULTR, {"keys": ["a"], "meta": META}, None),
        (OF_VULTR, {"keys": [{"id": "a"}], "more": [], "meta": META}, None),
        (OF_VULTR, {"key": {"id": "a"}, "meta": META}, None),
        (OF_VULTR, [{"id": "a"}], None),
        (OF_VULTR, "text", None),
        (AT_DATA, {"data": [{"id": "a"}], "included": [{"id": "b"}], "meta": META}, ("a",)),
        (AT_DATA, {"data": {"id": "a"}, "included": [{"id": "b"}], "meta": META}, None),
        (BARE, [{"id": "a"}, {"id": 2}], ("a", "2")),
        (BARE, ["a"], None),
        (BARE, {"keys": [{"id": "a"}]}, None),
    ],
)
def test_an_answer_that_the_contract_lacks_is_a_list_by_its_shape(
    pagination: Pagination, body: Any, ids: tuple[str | None, ...] | None
) -> None:
    exchange = answered(body, path="/v2/keys")
    assert exchange.operation is None
    found = page_of(exchange, pagination)
    assert (found.ids if found else None) == ids


def test_only_what_was_read_well_is_a_list() -> None:
    body = {"keys": [{"id": "a"}], "meta": META}
    assert page_of(answered(body, path="/v2/keys", status=404), OF_VULTR) is None
    exchange = answered(body, path="/v2/keys")
    assert page_of(evolve(exchange, request=evolve(exchange.request, method="POST")), OF_VULTR) is None
