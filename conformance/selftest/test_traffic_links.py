"""The Link header field as RFC 8288 has it, and as servers write it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import load
from conformance.traffic.exchange import Request, Response
from conformance.traffic.links import Link, links_of, neighbour
from conformance.traffic.locator import Locator
from conformance.traffic.pages import page_of
from conformance.traffic.urls import origin_of

A, B = "https://api.test/a?page=2", "https://api.test/b"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", None),
        (f"<{A}>; rel=next", A),
        (f'<{A}>; rel="next"', A),
        (f'<{A}>;rel="next"', A),
        (f'<{A}> ; rel = "next"', A),
        (f'<{A}>; REL="Next"', A),
        (f'<{B}>; rel="last", <{A}>; rel="next"', A),
        (f'<{B}>; rel="last",<{A}>; rel="next"', A),
        (f', ,<{A}>; rel="next", ,', A),
        (f'<{A}>; rel="first next"', A),
        (f'<{A}>; rel="first\tnext"', A),
        (f"<{A}>; rel=next, <{B}>; rel=next", A),
        (f"<{B}>; rel=last; rel=next, <{A}>; rel=next", A),
        (f'<{A}>; title="a, b; rel=last"; rel="next"', A),
        (f'<{A}>; title="say \\"<{B}>; rel=next\\""; rel="next"', A),
        (f"<{A}>; title*=UTF-8''%e2%82%ac; rel=next", A),
        (f'<{A}>; title="größer"; rel="next"', A),
        (f'<{A}>; crossorigin; rel="next"', A),
        (f'<{B}>; rel="next"; anchor="#part", <{A}>; rel="next"', A),
        ("<a,b;c>; rel=next", "a,b;c"),
        ("<>; rel=next", ""),
        ("< https://api.test/ü >; rel=next", " https://api.test/ü "),
        (f"<{A}>; rel=nextish", None),
        (f'<{A}>; rel="https://api.test/rels/next"', None),
        (f"<{A}>", None),
        (f"{A}; rel=next", None),
        (f"<{A}; rel=next", None),
        (f'<{A}>; rel="next', A),
        (f'<{A}>; rel="next\\', A),
        (f"<{A}>; rel", None),
        (f"<{A}>; =next", None),
        (f"nonsense <{A}>; rel=next", A),
        (f"<{B}>; rel=last nonsense, <{A}>; rel=next", A),
    ],
)
def test_a_neighbour_is_found_in_every_form(value: str, expected: str | None) -> None:
    assert neighbour(value, "next") == expected


def test_all_links_of_a_field_are_read_in_order() -> None:
    assert links_of(f'<{A}>; rel="next"; title="x", <{B}>; rel=last') == (
        Link(A, (("rel", "next"), ("title", "x"))),
        Link(B, (("rel", "last"),)),
    )


TOKENS = st.text("abcdefghijklmnopqrstuvwxyz-.*", min_size=1, max_size=8).filter(
    lambda name: name not in ("rel", "anchor")
)
VALUES = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=12)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="latin-1", exclude_characters="<>"), max_size=20),
            st.lists(st.tuples(TOKENS, VALUES), max_size=3),
        ),
        max_size=4,
    )
)
def test_what_is_written_is_read(links: list[tuple[str, list[tuple[str, str]]]]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    value = ", ".join(
        f"<{target}>" + "".join(f"; {name}={quoted(text)}" for name, text in given_) for target, given_ in links
    )
    assert links_of(value) == tuple(Link(target, tuple(parameters)) for target, parameters in links)


@given(st.text(max_size=80) | st.text('<>;,="\\ \trelnxt', max_size=80))
def test_any_text_has_links_or_none(value: str) -> None:
    for link in links_of(value):
        assert isinstance(link.relations, tuple)


@pytest.mark.parametrize("value", ["<", ",", "<,", "<>", '<>;a="', "<>; ", '<>;="', "\\", '"', "<>;a=,"])
def test_a_field_is_read_in_linear_time(value: str) -> None:
    started = time.monotonic()
    links_of(value * 30_000)
    assert time.monotonic() - started < 2


def test_a_page_names_its_neighbours_in_the_header() -> None:
    contract = load("vultr")
    pagination = contract.conventions.paging.model_copy(update={"style": "link-header"})
    header = f'<{A}>; rel="next", <{B}>; rel="prev first"'
    request = Request(method="GET", url=f"{contract.conventions.origin}/v2/plans")
    locator = Locator(contract, contract.conventions.origin)
    for headers, following, before, form in (
        ((("Link", header),), A, B, None),
        ((("link", f"<{A}>; rel=next"), ("LINK", f"<{B}>; rel=prev")), A, B, None),
        ((), None, None, "absent"),
    ):
        page = page_of(
            locator.exchange(request, Response(headers=headers, body=b'{"plans":[]}', status=200)), pagination
        )
        assert page is not None
        assert (page.next, page.prev, page.next_form) == (following, before, form)


def test_a_parameter_without_a_name_or_a_value_takes_no_other_ones() -> None:
    assert links_of('<a>; ="x;y"; rel=next')[0].parameters == (("rel", "next"),)
    assert links_of("<a>; flag; rel=next")[0].parameters == (("flag", ""), ("rel", "next"))
    # What stands between a parameter and the next comma belongs to nothing.
    assert links_of("<a>; flag junk; rel=next, <b>; rel=prev")[0].parameters == (("flag", ""),)
    assert neighbour("<a>; flag junk; rel=next, <b>; rel=prev", "prev") == "b"


@pytest.mark.parametrize(("port", "is_one"), [("0", False), ("1", True), ("65535", True), ("65536", False), ("", True)])
def test_a_port_lies_between_1_and_65535(port: str, is_one: bool) -> None:
    assert (origin_of(f"https://api.test:{port}/a") is not None) == is_one
