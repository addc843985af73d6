"""Cassettes of go-vcr in all its versions, and whatever exchange as each of the formats: it comes back the same."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from conformance.selftest.test_formats_har import entries, har
from conformance.traffic import formats
from conformance.traffic.cassette import CassetteError, Interaction, read
from conformance.traffic.formats import go_vcr, untold

URL = "https://api.vultr.com/v2/account"
V1 = """---
version: 1
interactions:
- request:
    body: ""
    form: {}
    headers:
      Accept:
      - '*/*'
    url: https://api.vultr.com/v2/account
    method: GET
  response:
    body: |
      {"account": {}}

      - request: this is text
    headers:
      Content-Type:
      - application/json
    status: 200 OK
    code: 200
    duration: 1.5ms
- request:
    body: "a=1"
    form:
      a:
      - "1"
    headers: {}
    url: https://api.vultr.com/v2/account
    method: POST
  response:
    body: !!binary AP8=
    headers: {}
    status: 201 Created
    code: 201
    duration: ""
"""
V2 = """---
version: 2
interactions:
    - id: 0
      request:
        proto: HTTP/1.1
        proto_major: 1
        proto_minor: 1
        content_length: 0
        transfer_encoding: []
        trailer: {}
        host: api.vultr.com
        remote_addr: ""
        request_uri: ""
        body: ""
        form: {}
        headers: {}
        url: https://api.vultr.com/v2/account
        method: ""
      response:
        proto: HTTP/2.0
        proto_major: 2
        proto_minor: 0
        transfer_encoding: []
        trailer: {}
        content_length: -1
        uncompressed: true
        body: '{}'
        headers:
            Content-Type:
                - application/json
        status: 200 OK
        code: 200
        duration: 12.5ms
"""


def saved(folder: Path, text: str) -> Path:
    path = folder / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def whole(interaction: dict[str, Any]) -> str:
    return yaml.safe_dump({"version": 2, "interactions": [interaction]}, sort_keys=False)


def one(request: dict[str, Any] | None = None, response: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "request": {"body": "", "form": {}, "headers": {}, "url": URL, "method": "GET", **(request or {})},
        "response": {"body": "{}", "headers": {}, "status": "200 OK", "code": 200, **(response or {})},
    }


def test_a_cassette_of_version_1_is_read_item_by_item(tmp_path: Path) -> None:
    path = saved(tmp_path, V1)
    assert go_vcr.is_in_blocks(path)
    first, second = (each.said for each in entries(path))
    assert first is not None
    assert second is not None
    assert (first.request.method, first.request.url, first.response.status) == ("GET", URL, 200)
    assert first.response.text == '{"account": {}}\n\n- request: this is text\n'
    assert first.response.media_type == "application/json"
    assert (second.request.method, second.request.body) == ("POST", b"a=1")
    assert (second.response.status, second.response.body) == (201, b"\x00\xff")


def test_a_cassette_of_version_2_to_4_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path, V2)
    assert go_vcr.is_in_blocks(path)
    (found,) = entries(path)
    assert found.said is not None
    assert (found.said.request.method, found.said.response.http_version) == ("GET", "HTTP/2")


@pytest.mark.parametrize("style", ["json", "flow", "comment"])
def test_a_cassette_in_another_style_is_read_whole(tmp_path: Path, style: str) -> None:
    content = {"version": 2, "interactions": [one(), one()]}
    text = {
        "json": json.dumps(content),
        "flow": yaml.safe_dump(content, default_flow_style=True),
        "comment": "interactions:\n# by hand\n" + yaml.safe_dump([one(), one()]),
    }[style]
    assert [each.error for each in entries(saved(tmp_path, text))] == [None, None]


@pytest.mark.parametrize(
    ("request_with", "url", "body"),
    [
        ({"method": "POST", "form": {"a b": ["1&2", "3"]}}, URL, b"a+b=1%262&a+b=3"),
        ({"method": "GET", "form": {"page": ["1"]}}, URL, b""),
        ({"url": "/v2/account", "host": "api.vultr.com"}, "http://api.vultr.com/v2/account", b""),
        ({"method": "POST", "body": "x"}, URL, b"x"),
    ],
)
def test_what_a_request_was_is_read(tmp_path: Path, request_with: dict[str, Any], url: str, body: bytes) -> None:
    (found,) = entries(saved(tmp_path, whole(one(request_with))))
    assert found.said is not None
    assert (found.said.request.url, found.said.request.body) == (url, body)


def test_a_status_without_a_code_is_read_and_none_is_left_out(tmp_path: Path) -> None:
    response = {"status": "404 Not Found", "code": None}
    (found,) = entries(saved(tmp_path, whole(one(response=response))))
    assert found.said is not None
    assert found.said.response.status == 404
    (found,) = entries(saved(tmp_path, whole(one(response={"status": "", "code": 0}))))
    assert (found.said, found.error, found.left_out) == (None, None, "that got no answer")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- request: {url: 'x\n", "is not YAML or was cut off"),
        ("- 7\n", "the interaction is a number where a mapping belongs"),
        ("- request: {}\n", "the response is missing"),
        ("- {request: {}, response: {code: 200}}\n", "the url is missing"),
        ("- {request: {url: ftp://h/}, response: {code: 200}}\n", "the uri is no http or https URL with a host"),
        ("- {request: {url: http://h/}, response: {code: 99}}\n", "the status 99 is none of HTTP"),
        ("- {request: {url: http://h/}, response: {code: 200, body: [1}}\n", "line 1: is not YAML"),
        ("- a: !!python/object:os.system {}\n", "line 1: holds !!python/object:os.system, which could run code"),
    ],
)
def test_a_bad_interaction_says_why_and_stops_no_other(tmp_path: Path, text: str, why: str) -> None:
    path = saved(tmp_path, V1 + text + V1[V1.index("- request") :])
    found = entries(path)
    assert [each.error is None for each in found] == [True, True, False, True, True]
    assert why in (found[2].error or "")
    assert (found[2].error or "").startswith(f"{path}: interaction 3: ")
    assert "\n" not in (found[2].error or "")


def test_an_interaction_that_is_too_large_is_left_out_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_vcr, "MAX_ITEM", 2000)
    large = V1[V1.index("- request") :].replace("this is text", "long " * 1000, 1)
    found = entries(saved(tmp_path, V1 + large + V1[V1.index("- request") :]))
    assert [each.error is None for each in found] == [True, True, False, True, True, True]


def test_a_cassette_of_go_vcr_is_not_replayed(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match="is a go-vcr cassette, which can be judged but not replayed"):
        read(saved(tmp_path, V1))


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True).map(lambda name: f"X-{name}")
LINES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"])
TARGETS = st.from_regex(r"/[A-Za-z0-9/_.~-]{0,12}(\?[a-z]=[A-Za-z0-9%=+.]{0,6})?", fullmatch=True)
HEADERS = st.lists(st.tuples(NAMES, LINES), max_size=3, unique_by=lambda pair: pair[0].title())
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(str.encode) | st.binary(max_size=30)


def as_har(method: str, target: str, headers: Any, sent: bytes, status: int, body: bytes) -> dict[str, Any]:
    fields = [{"name": name, "value": value} for name, value in headers]

    def content(data: bytes) -> dict[str, Any]:
        try:
            return {"text": data.decode(), "size": len(data)}
        except UnicodeDecodeError:
            return {"text": base64.b64encode(data).decode(), "encoding": "base64", "size": len(data)}

    return {
        "request": {
            "method": method,
            "url": f"https://h.example{target}",
            "headers": fields,
            "postData": content(sent),
        },
        "response": {"status": status, "headers": fields, "content": content(body), "bodySize": len(body)},
    }


def as_go_vcr(method: str, target: str, headers: Any, sent: bytes, status: int, body: bytes) -> dict[str, Any]:
    fields: dict[str, list[str]] = {name: [value] for name, value in headers}

    def content(data: bytes) -> str | bytes:
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data

    return {
        "request": {
            "body": content(sent), "form": {}, "headers": fields, "url": f"https://h.example{target}", "method": method,
        },
        "response": {"body": content(body), "headers": fields, "status": f"{status} X", "code": status},
    }  # fmt: skip


def as_raw(method: str, target: str, headers: Any, sent: bytes, status: int, body: bytes, *, chunked: bool) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    if chunked:
        body = b"".join(b"%x\r\n%s\r\n" % (len(body[n : n + 7]), body[n : n + 7]) for n in range(0, len(body), 7))
        body += b"0\r\n\r\n"
    asked = f"{method} {target} HTTP/1.1\r\nHost: h.example\r\n{fields}Content-Length: {len(sent)}\r\n\r\n"
    return asked.encode() + sent + f"HTTP/1.1 {status} X\r\n{fields}{framing}\r\n\r\n".encode() + body


@given(
    exchange=st.tuples(METHODS, TARGETS, HEADERS, TEXTS, st.sampled_from([200, 201, 400, 404, 500]), TEXTS),
    form=st.sampled_from(["har", "blocks", "json", "raw", "chunked"]),
)
def test_an_exchange_in_any_format_comes_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, exchange: tuple[str, str, Any, bytes, int, bytes], form: str
) -> None:
    method, target, headers, sent, status, body = exchange
    folder = tmp_path_factory.getbasetemp() / "same"
    folder.mkdir(exist_ok=True)
    path = folder / "x.http"
    if form == "har":
        path.write_text(har(as_har(*exchange)), encoding="utf-8")
    elif form in ("blocks", "json"):
        content = {"version": 2, "interactions": [as_go_vcr(*exchange)]}
        try:
            text = json.dumps(content) if form == "json" else yaml.safe_dump(content, allow_unicode=True)
        except TypeError:
            text = yaml.safe_dump(content)
        path.write_bytes(text.encode())
    else:
        path.write_bytes(as_raw(*exchange, chunked=form == "chunked"))
    (found,) = formats.read(folder if form in ("raw", "chunked") else path).entries(untold)
    assert found.said is not None, found
    said: Interaction = found.said
    framing = ("host", "content-length", "transfer-encoding")
    assert (said.request.method, said.request.url) == (method, f"https://h.example{target}")
    assert (said.request.body, said.response.status, said.response.body) == (sent, status, body)
    for message in (said.request, said.response):
        kept = [(name, value) for name, value in message.headers if name.lower() not in framing]
        assert sorted(kept) == sorted(headers)
    assert urlsplit(said.request.url).hostname == "h.example"
