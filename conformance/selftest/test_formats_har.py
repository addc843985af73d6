"""HAR files, as browsers and proxies write them: each entry is the exchange that it was."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.selftest.judging import Judged
from conformance.traffic import formats
from conformance.traffic.cassette import CassetteError, Interaction
from conformance.traffic.formats import Entry, base, pieces, untold

URL = "https://api.vultr.com/v2/account"
BODY = '{"account": {"name": "someone"}}'
JSON = {"name": "Content-Type", "value": "application/json"}
Captured = pytest.CaptureFixture[str]


def entry(request: dict[str, Any] | None = None, response: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An entry of a good exchange, with other members in its request, its response, and itself."""
    return {
        "startedDateTime": "2026-01-02T03:04:05.678Z",
        "time": 1.5,
        "request": {
            "method": "GET",
            "url": URL,
            "httpVersion": "HTTP/2",
            "headers": [{"name": "Accept", "value": "*/*"}],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 0,
            **(request or {}),
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "httpVersion": "HTTP/2",
            "headers": [JSON],
            "cookies": [],
            "content": {"size": len(BODY), "mimeType": "application/json", "text": BODY},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
            **(response or {}),
        },
        "cache": {},
        "timings": {"send": 0, "wait": 1, "receive": 0},
        **more,
    }


def har(*entries: Any) -> str:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": list(entries)}})


def saved(folder: Path, text: str | bytes, name: str = "c.har") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def entries(path: Path) -> list[Entry]:
    return list(formats.read(path).entries(untold))


def only(path: Path) -> Interaction:
    (found,) = entries(path)
    assert found.said is not None, found
    return found.said


def unread(path: Path) -> str:
    """Why the one entry of a file is not read, without where it is and what to do."""
    (found,) = entries(path)
    assert found.error is not None
    assert "\n" not in found.error
    assert found.error.startswith(f"{path}: entry 1: ")
    assert found.error.endswith("; record it again")
    return found.error.removeprefix(f"{path}: entry 1: ").removesuffix("; record it again")


def test_an_entry_is_an_exchange(tmp_path: Path) -> None:
    (found,) = entries(saved(tmp_path, har(entry())))
    said = found.said
    assert said is not None
    assert (found.number, found.source) == (1, "c.har#1")
    assert (said.request.method, said.request.url, said.request.body) == ("GET", URL, b"")
    assert (said.response.status, said.response.http_version, said.response.text) == (200, "HTTP/2", BODY)
    assert said.response.headers == (("Content-Type", "application/json"),)
    assert said.sent_at == 1767323045.678


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("h2", "HTTP/2"),
        ("http/2.0", "HTTP/2"),
        ("h3", "HTTP/3"),
        ("http/1.0", "HTTP/1.0"),
        ("HTTP/1.1", "HTTP/1.1"),
        ("unknown", "HTTP/1.1"),
        ("", "HTTP/1.1"),
        (None, "HTTP/1.1"),
    ],
)
def test_a_version_has_the_name_that_http_gives_it(tmp_path: Path, name: str | None, shown: str) -> None:
    assert only(saved(tmp_path, har(entry(response={"httpVersion": name})))).response.http_version == shown


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        ({"text": '{"a": 1}', "mimeType": "application/json"}, b'{"a": 1}'),
        ({"text": "eHk=", "encoding": "base64"}, b"xy"),
        ({"text": "eHk=", "_encoding": "base64"}, b"xy"),
        ({"params": [{"name": "a b", "value": "1&2"}, {"name": "c"}]}, b"a+b=1%262&c="),
        ({"text": "a=1", "params": [{"name": "a", "value": "1"}]}, b"a=1"),
        ({"text": "", "params": []}, b""),
        ({}, b""),
        (None, b""),
    ],
)
def test_what_was_sent_is_read_in_every_form(tmp_path: Path, data: Any, sent: bytes) -> None:
    assert only(saved(tmp_path, har(entry({"method": "POST", "postData": data})))).request.body == sent


@pytest.mark.parametrize(
    ("request_with", "why"),
    [
        ({"bodySize": 3, "postData": {"text": "", "params": []}}, "is not in this recording, though there was one"),
        ({"bodySize": 5}, "is not in this recording, though there was one"),
        (
            {"headers": [{"name": "content-length", "value": "3"}]},
            "is not in this recording, though there was one",
        ),
        (
            {"postData": {"mimeType": "multipart/form-data", "params": [{"name": "a", "fileName": "b"}]}},
            "is in this recording as its parts only",
        ),
    ],
)
def test_what_was_sent_and_is_not_stored_is_not_known(tmp_path: Path, request_with: dict[str, Any], why: str) -> None:
    assert only(saved(tmp_path, har(entry(request_with)))).request.unread == f"the request body {why}"


CODED = {"name": "Content-Encoding", "value": "gzip"}


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ({"text": base64.b64encode(b"\x00\xff").decode(), "encoding": "base64"}, b"\x00\xff"),
        ({"text": "e30=\n", "encoding": "BASE64", "size": 2}, b"{}"),
        ({"text": "{}", "size": 2, "compression": -20}, b"{}"),
        ({"text": "", "size": 0}, b""),
        ({"text": "é", "size": 1}, "é".encode()),
        ({"text": "caf\udce9"}, b"caf\xe9"),
    ],
)
@pytest.mark.parametrize("headers", [[], [JSON, CODED]])
def test_content_is_decoded_already_whatever_the_headers_say(
    tmp_path: Path, content: dict[str, Any], body: bytes, headers: list[Any]
) -> None:
    assert only(saved(tmp_path, har(entry(response={"content": content, "headers": headers})))).response.body == body


def test_content_that_a_writer_stored_as_it_came_is_decoded(tmp_path: Path) -> None:
    text = base64.b64encode(gzip.compress(b"{}")).decode()
    content = {"text": text, "encoding": "base64", "mimeType": "application/json"}
    assert only(saved(tmp_path, har(entry(response={"content": content, "headers": [CODED]})))).response.body == b"{}"
    # What was asked for is a gzip file: its content is that, whatever coding it came in.
    content["mimeType"] = "application/gzip"
    kept = only(saved(tmp_path, har(entry(response={"content": content, "headers": [CODED]})))).response
    assert kept.body == base64.b64decode(text)


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ({"content": {"size": 100, "mimeType": "application/json"}}, "body is not in this recording"),
        ({"content": {"size": 100, "text": ""}}, "body is not in this recording"),
        ({"content": {"size": 0}}, "body is not in this recording"),
        ({"content": {"size": -1}}, "body is not in this recording"),
        ({"content": None}, "body is not in this recording"),
        ({"content": {"size": 5000, "text": '{"a'}}, "body is cut short in this recording: it was 5,000 bytes"),
        (
            {"content": {"size": 0, "text": ""}, "headers": [{"name": "Content-Length", "value": "9"}]},
            "has no body in this recording, though its Content-Length is 9",
        ),
    ],
)
def test_content_that_is_not_stored_is_not_known(tmp_path: Path, response: dict[str, Any], why: str) -> None:
    assert only(saved(tmp_path, har(entry(response=response)))).response.unread == f"the response {why}"


@pytest.mark.parametrize(
    ("request_with", "response"),
    [
        ({}, {"status": 304}),  # Browsers store beside it what their cache had.
        ({}, {"status": 204, "content": {"size": 0}}),
        ({"method": "HEAD"}, {"content": {"size": 7}}),
        ({}, {"status": 302, "content": {"size": 0, "mimeType": "x-unknown"}}),
        ({}, {"content": {"size": 0}, "bodySize": 0}),
        ({}, {"content": {"size": 0}, "headers": [{"name": "content-length", "value": "0"}]}),
    ],
)
def test_an_answer_without_a_body_has_an_empty_one(
    tmp_path: Path, request_with: dict[str, Any], response: dict[str, Any]
) -> None:
    assert only(saved(tmp_path, har(entry(request_with, response)))).response.body == b""


def test_headers_are_those_that_were_sent(tmp_path: Path) -> None:
    pseudo = [{"name": ":authority", "value": "h"}, {"name": ":path", "value": "/"}]
    several = {"name": "set-cookie", "value": "a=1\nb=2"}
    said = only(saved(tmp_path, har(entry({"headers": pseudo}, {"headers": [*pseudo, several, several]}))))
    assert said.request.headers == ()
    assert said.response.headers == tuple(("set-cookie", value) for value in ("a=1", "b=2") * 2)


@pytest.mark.parametrize(
    ("one", "what"),
    [
        (entry(response={"status": 0}), "that got no answer"),
        (entry(response={"status": -1}), "that got no answer"),
        (entry(response={"status": None, "_error": "net::ERR_ABORTED"}), "that got no answer"),
        (entry() | {"response": None}, "that got no answer"),
        (entry() | {"response": {}}, "that got no answer"),
        (entry(_fromCache="disk"), "that a cache answered"),
        (entry({"url": "wss://h/x"}, {"status": 101}), "without HTTP"),
        (entry({"url": "data:text/plain,x"}), "without HTTP"),
        (entry({"url": "chrome-extension://abc/x.js"}), "without HTTP"),
    ],
)
def test_what_no_server_answered_is_left_out(tmp_path: Path, one: dict[str, Any], what: str) -> None:
    (found,) = entries(saved(tmp_path, har(one)))
    assert (found.said, found.error) == (None, None)
    assert (found.left_out or "").startswith(what)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("null", "the entry is empty where a mapping belongs"),
        ("7", "the entry is a number where a mapping belongs"),
        ('"a]"', "the entry is text where a mapping belongs"),
        ("{}", "the request is missing"),
        ('{"request": {}, "response": {"status": 200}}', "the url is missing"),
        ('{"request": {"url": "http://h/"}, "response": {"status": 200}}', "the method is empty where text belongs"),
        ('{"request": {"url": "http://[x/", "method": "GET"}, "response": {"status": 200}}', "the uri is no URL"),
        (json.dumps(entry(response={"status": 1000})), "the status 1000 is none of HTTP, which has 100 to 599"),
        (json.dumps(entry(response={"status": "x"})), "the status is text where a number belongs"),
        (json.dumps(entry(response={"content": "x"})), "the content is text where a mapping belongs"),
        (
            json.dumps(entry(response={"content": {"text": "!", "encoding": "base64"}})),
            "the response body is not base64, though it is stored as such",
        ),
        (json.dumps(entry(response={"headers": [{"name": "a"}, 1]})), "a header is a number where a name and a"),
        ('{"request": {,}}', "is not JSON: Expecting property name"),
        ('{"a": "\\x"}', "is not JSON: Invalid \\escape"),
        ('{"a": ' + "[" * 300 + "]" * 300 + "}", "nests too deep to be an entry"),
        ("[" * 100_000 + "]" * 100_000, "nests too deep to be an entry"),
    ],
)
def test_a_bad_entry_says_why_and_stops_no_other(tmp_path: Path, text: str, why: str) -> None:
    good = json.dumps(entry())
    alone = saved(tmp_path, f'{{"log": {{"entries": [{text}]}}}}')
    assert unread(alone).startswith(why)
    found = entries(saved(tmp_path, f'{{"log": {{"entries": [{good}, {text}, {good}]}}}}'))
    assert [each.error is None for each in found] == [True, False, True]


def test_bytes_that_are_no_text_are_the_fault_of_their_entry(tmp_path: Path) -> None:
    good = json.dumps(entry()).encode()
    found = entries(saved(tmp_path, b'{"log": {"entries": [' + good + b', {"a": "\xff"}, ' + good + b"]}}"))
    assert [each.said is not None for each in found] == [True, False, True]
    assert "entry 2: is not UTF-8: byte 7 of it" in (found[1].error or "")


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + har(entry()),
        '{"comment": "\\" b", "n": 1, "log": {"pages": [{"entries": [1]}], "x": {"entries": []}, "entries": [ENTRY]}}',
        '{"x": {"log": {"entries": [1]}}, "log": {"entries": [ENTRY]}}',
        json.dumps(json.loads(har(entry())), indent=4),
        har(entry()) + "\n\n",
        "log: {entries: [ENTRY]}",
    ],
)
def test_a_file_is_found_to_be_har_wherever_its_log_stands(tmp_path: Path, text: str) -> None:
    assert only(saved(tmp_path, text.replace("ENTRY", json.dumps(entry())), "recording.txt")).response.text == BODY


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    text = har(entry(), entry(), entry())
    path = saved(tmp_path, text[: text.rindex('"timings"')])
    reading = formats.read(path).entries(untold)
    assert [next(reading).number, next(reading).number] == [1, 2]
    with pytest.raises(CassetteError) as caught:
        next(reading)
    assert str(caught.value) == f"{path}: was cut off after 2 whole elements of log.entries; record it again"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (har(), "has no entries: nothing was recorded; record it again"),
        ('{"log": {"version": "1.2"}}', "has no list log.entries, or was cut off before it; record it again"),
        ('{"log": {"version": "1.2", "entri', "has no list log.entries, or was cut off before it; record it again"),
        ('{"log": {"entries": {}}}', "has no list log.entries, or was cut off before it; record it again"),
    ],
)
def test_a_file_without_entries_says_so(tmp_path: Path, text: str, why: str) -> None:
    path = saved(tmp_path, text)
    with pytest.raises(CassetteError) as caught:
        list(formats.read(path).entries(untold))
    assert str(caught.value) == f"{path}: {why}"


def test_one_file_is_judged_by_all_that_is_in_it(tmp_path: Path, capsys: Captured) -> None:
    secret = "CANARYq7ZP2MNR4XW9TB3LC6VD8HF1JG5"
    private = entry(
        {
            "method": "POST",
            "url": f"{URL}?access_token={secret}",
            "headers": [{"name": "Authorization", "value": f"Bearer {secret}"}, {"name": "Cookie", "value": secret}],
            "cookies": [{"name": "session", "value": secret}],
            "queryString": [{"name": "access_token", "value": secret}],
            "postData": {"mimeType": "x", "params": [{"name": "password", "value": secret}]},
        },
        {"status": 400, "content": {"text": '{"error": "no", "status": 400}'}},
    )
    path = saved(
        tmp_path,
        har(
            private,
            entry(),
            entry({"url": "https://cdn.example.com/x.js"}),
            entry({"method": "OPTIONS", "headers": [{"name": "Origin", "value": "x"}]}),
            entry(response={"status": 0}),
            {"request": {}, "response": {"status": 200}},
        ),
    )
    judged = Judged(tmp_path / "reports", capsys, path)
    assert judged.status == 1
    assert judged.report["errors"] == [f"{path}: entry 6: the url is missing; record it again"]
    for line in (
        "vultr: 2 exchanges in 1 files read",
        "vultr: 1 CORS preflights are left out",
        "vultr: 1 exchanges with other hosts are left out: cdn.example.com",
        "vultr: 1 entries that got no answer (aborted, blocked or failed) are left out",
    ):
        assert line in judged.text
    artefacts = judged.text + judged.error + "".join(p.read_text("utf-8") for p in judged.folder.rglob("*.*"))
    assert "CANARY" not in artefacts


def test_an_answer_that_breaks_a_rule_is_found_where_it_is(tmp_path: Path, capsys: Captured) -> None:
    wrong = {"status": 401, "content": {"text": '{"message": "who are you"}'}}
    judged = Judged(tmp_path / "reports", capsys, saved(tmp_path, har(entry(), entry(response=wrong))))
    assert judged.verdicts["vultr.errors.error-attribute"] == "failed"
    assert "c.har#2" in (judged.folder / "report.md").read_text("utf-8")


def test_of_many_errors_of_one_file_the_first_are_told(tmp_path: Path, capsys: Captured) -> None:
    judged = Judged(tmp_path / "reports", capsys, saved(tmp_path, har(entry(), *[{}] * 150)))
    errors = judged.report["errors"]
    assert len(errors) == 101
    assert f"{tmp_path / 'c.har'}: 50 more errors in this file are not shown" in errors


def test_an_entry_that_is_too_large_is_left_out_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MAX_ITEM", 4000)
    monkeypatch.setattr(pieces, "_PIECE", 500)
    assert base.MAX_ITEM == 24 * 2**20
    # The text ends in what could be taken for the end of a string, of an entry, and for an escape.
    tricky = entry(response={"content": {"text": 'x"}]\\' * 2000 + "\\"}})
    found = entries(saved(tmp_path, har(entry(), tricky, [tricky] * 3, entry())))
    assert [each.error is None for each in found] == [True, False, False, True]
    assert "entry 2: is larger than " in (found[1].error or "")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(['"', "\\", "]}", '\\"', "\u2028"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    values=st.lists(VALUES, max_size=6),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 1]),
    piece=st.integers(1, 40),
)
def test_every_element_of_a_list_comes_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], ascii_only: bool, indent: int | None, piece: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "pieces.json"
    text = json.dumps({"a": values, "l": {"b": [[1]], "e": values, "z": 1}}, ensure_ascii=ascii_only, indent=indent)
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pieces, "_PIECE", piece)
        found = [json.loads(each) for each in pieces.elements(path, untold, "l", "e") if isinstance(each, bytes)]
    assert found == values
