"""Messages: their headers, their media type, and what of their bodies counts as JSON."""

from __future__ import annotations

import json
import time

import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import load
from conformance.traffic.exchange import (
    MAX_DEPTH,
    MAX_NODES,
    Exchange,
    Message,
    NotJson,
    Request,
    Response,
    TooDeep,
)
from conformance.traffic.locator import Locator

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_repeated_headers_are_joined_in_order_whatever_their_case() -> None:
    message = Message(headers=(("Vary", "a"), ("X", "1"), ("VARY", "b"), ("vary", "c")))
    assert message.header("vAry") == "a, b, c"
    assert message.header("x") == "1"
    assert message.header("absent") is None


@pytest.mark.parametrize(
    ("header", "media_type"),
    [
        ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        (" text/html ;q=1", "text/html"),
        ("", None),
        (None, None),
    ],
)
def test_media_type_leaves_parameters_out(header: str | None, media_type: str | None) -> None:
    assert Message(headers=() if header is None else (("content-type", header),)).media_type == media_type


@given(JSON, st.booleans())
def test_what_is_json_is_read_as_it_stands(value: object, ascii_only: bool) -> None:
    message = Message(body=json.dumps(value, ensure_ascii=ascii_only).encode())
    assert message.is_json
    assert message.json == value
    assert message.repeated_keys == ()


@given(st.binary())
def test_any_bytes_are_json_or_say_why_not(body: bytes) -> None:
    message = Message(body=body)
    if message.is_json:
        assert json.loads(body) == message.json
    else:
        with pytest.raises(NotJson, match=r"."):
            _ = message.json
        assert message.at("", "nothing") == "nothing"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "the body is empty"),
        (b"NaN", "NaN is not JSON"),
        (b'{"a":[-Infinity]}', "-Infinity is not JSON"),
        (b'"\xff"', "the body is not UTF-8: byte 1"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b'{"a":1', "at line 1 column 7"),
        (b"{'a':1}", "at line 1 column 2"),
        (b"{}{}", "Extra data at line 1 column 3"),
        (b"<html></html>", "Expecting value at line 1 column 1"),
        (b'{"\\ud800":1}', "half of a surrogate pair"),
        (b'["\\uDFff"]', "half of a surrogate pair"),
    ],
)
def test_what_is_not_json_says_why(body: bytes, why: str) -> None:
    message = Message(body=body)
    assert not message.is_json
    assert message.repeated_keys == ()
    with pytest.raises(NotJson, match=why):
        _ = message.json


def test_whole_surrogate_pairs_are_characters() -> None:
    assert Message(body=b'"\\ud83d\\ude00"').json == "😀"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_read_to_a_depth_and_no_deeper(opening: str, closing: str) -> None:
    def nested(depth: int) -> Message:
        innermost = "[]" if opening == "[" else "{}"
        return Message(body=(opening * (depth - 1) + innermost + closing * (depth - 1)).encode())

    assert nested(MAX_DEPTH).is_json
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(TooDeep, match="deeper than 200 levels"):
            _ = nested(depth).json


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert Message(body=json.dumps([{"a": [[]]}] * 500).encode()).is_json


def test_more_arrays_and_objects_than_are_read_are_not_built() -> None:
    assert Message(body=b"[" + b"{}," * (MAX_NODES - 2) + b"0]").is_json
    with pytest.raises(TooDeep, match="more than 250000 arrays and objects"):
        _ = Message(body=b"[" + b"{}," * MAX_NODES + b"0]").json


@pytest.mark.parametrize("digits", [300, 4300, 4301, 5000, 1_000_000])
def test_a_number_of_any_length_is_one(digits: int) -> None:
    for sign in ("", "-"):
        number = Message(body=f'{{"a":{sign}{"7" * digits},"a":0.{"7" * digits},"b":{sign}{"7" * digits}}}'.encode())
        assert isinstance(number.at("/b"), int)
        assert (number.at("/b") < 0) is (sign == "-")
        assert abs(number.at("/b")) > 10**298
        assert json.dumps(number.json)
        assert number.repeated_keys == ("a",)


@pytest.mark.parametrize("member", ['"k":1', '"k":{"k":1,"k":2}'])
def test_members_given_very_often_are_noted_in_linear_time(member: str) -> None:
    started = time.monotonic()
    message = Message(body=f"{{{','.join([member] * 60_000)}}}".encode())
    assert "k" in message.repeated_keys
    assert time.monotonic() - started < 4


def test_members_given_twice_are_noted() -> None:
    message = Message(body=b'{"a":1,"b":{"c":1,"c":2,"d":0},"a":3}')
    assert message.json == {"a": 3, "b": {"c": 2, "d": 0}}
    assert set(message.repeated_keys) == {"a", "c"}


def test_members_are_reached_by_pointer() -> None:
    message = Message(body=b'{"meta":{"links":{"next":null}},"a/b":1}')
    assert message.at("/meta/links/next", "absent") is None
    assert message.at("/meta/links/prev", "absent") == "absent"
    assert message.at("/a~1b") == 1
    assert Message(body=b"oops").at("/a", 7) == 7


def test_query_parameters_are_decoded_and_count_only_when_given_once() -> None:
    request = Request(method="GET", url="https://h/v2/plans?a=1%2B1&b=&c=x&c=y&d=%C3%BC")
    assert request.path == "/v2/plans"
    assert request.query == (("a", "1+1"), ("b", ""), ("c", "x"), ("c", "y"), ("d", "ü"))
    assert [request.parameter(name) for name in "abcde"] == ["1+1", "", None, "ü", None]


@pytest.mark.parametrize(
    ("status", "reason", "ok"), [(204, "204 No Content", True), (404, "404 Not Found", False), (799, "799", False)]
)
def test_a_status_is_shown_with_its_phrase(status: int, reason: str, ok: bool) -> None:
    response = Response(status=status)
    assert (response.reason, response.ok, response.status_class) == (reason, ok, status // 100)


def test_an_exchange_does_not_change() -> None:
    exchange = Exchange(Request(method="GET", url="https://h/x"), Response(status=200), None, "/x")
    with pytest.raises(FrozenInstanceError):
        exchange.path = "/y"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        exchange.response.status = 500  # type: ignore[misc]


def evidence(*, url: str = "https://h/x", value: str = "v", body: bytes = b"") -> tuple[Exchange, Exchange]:
    """An exchange, and what is kept of it."""
    request = Request(method="GET", url=url, headers=(("A", value),))
    exchange = Exchange(request, Response(status=200, body=body, headers=(("B", value),)), None, "/x")
    return exchange, exchange.kept()


def test_what_is_not_much_longer_than_is_kept_is_kept_whole() -> None:
    exchange, kept = evidence(url="u" * (4096 + 128), value="v" * (4096 + 128), body=b"b" * (16_384 + 128))
    assert kept is exchange


def test_of_a_long_body_url_or_header_the_beginning_is_kept_and_how_long_it_was() -> None:
    _, kept = evidence(body=b"b" * (16_384 + 129))
    assert kept.response.text.startswith("b" * 16_384 + "… (cut: 16513 bytes in all, sha256 ")
    assert kept.request.url == "https://h/x"
    _, kept = evidence(url="u" * (4096 + 129))
    assert kept.request.url.startswith("u" * 4096 + "… (cut: 4225 characters in all, sha256 ")
    _, kept = evidence(value="v" * (4096 + 129))
    for message, name in ((kept.request, "a"), (kept.response, "b")):
        assert str(message.header(name)).startswith("v" * 4096 + "… (cut: 4225 characters in all, sha256 ")
    _, kept = evidence(value="v" * (4096 + 129), body=b"b" * (16_384 + 129))
    assert len(kept.response.body) < 16_384 + 129
    assert len(str(kept.response.header("b"))) < 4096 + 129


def test_a_character_that_the_cut_divides_is_left_out() -> None:
    _, kept = evidence(body=("b" * 16_383 + "é" * 200).encode())
    assert kept.response.text.startswith("b" * 16_383 + "… (cut: 16783 bytes in all")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://api.vultr.com/v2/account", "/v2/account"),
        ("http://localhost:8080/api/v2/account?x=1", "/v2/account"),
        ("http://localhost:8080/api/emulated/v2/account", "/v2/account"),
        ("http://elsewhere:99/v2/account", "/v2/account"),
        ("http://elsewhere/apis/v2/account", "/v2/account"),
        ("http://elsewhere", "/"),
    ],
)
def test_a_path_is_found_below_its_longest_base_url(url: str, path: str) -> None:
    locator = Locator(load("vultr"), "https://api.vultr.com", "http://localhost:8080/api", "http://h/api/emulated/")
    assert locator.path("GET", url) == path
    operation = locator.operation("GET", url)
    assert (None if operation is None else operation.id) == ("GET /v2/account" if path == "/v2/account" else None)


def test_an_exchange_is_known_by_its_operation() -> None:
    locator = Locator(load("vultr"), "https://api.vultr.com")

    def known_as(method: str, path: str) -> str:
        request = Request(method=method, url=f"https://api.vultr.com{path}")
        return locator.exchange(request, Response(status=200), negative=True, source="x.yaml#1").known_as

    assert known_as("GET", "/v2/users/7") == "GET /v2/users/{user-id}"
    assert known_as("DELETE", "/v2/users/7") == "DELETE (unknown)"
    assert known_as("GET", "/v2/domains/a%2Fb") == "GET /v2/domains/{dns-domain}"
