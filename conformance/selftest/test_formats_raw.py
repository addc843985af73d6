"""Folders of raw HTTP messages, as they went over the wire or as tools show them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from conformance.selftest.judging import Judged
from conformance.selftest.test_formats_har import entries
from conformance.traffic import formats
from conformance.traffic.cassette import CassetteError, Interaction

GET = b"GET /v2/account HTTP/1.1\r\nHost: api.vultr.com\r\nAuthorization: Bearer CANARY1x2y3z4w5v6u\r\n\r\n"
BODY = b'{"account": {"name": "someone"}}'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 32\r\n\r\n" + BODY
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def folder(path: Path, **messages: bytes) -> Path:
    """A folder of messages; `a_request` is the name of `a.request`."""
    made = path / "messages"
    made.mkdir()
    for name, content in messages.items():
        (made / name.replace("_", ".")).write_bytes(content)
    return made


def only(path: Path) -> Interaction:
    (found,) = entries(path)
    assert found.said is not None, found
    return found.said


@pytest.mark.parametrize("apart", [True, False])
def test_two_messages_are_an_exchange(tmp_path: Path, apart: bool) -> None:
    path = folder(tmp_path, a_request=GET, a_response=OK) if apart else folder(tmp_path, a_http=GET + OK)
    said = only(path)
    assert (said.request.method, said.request.url) == ("GET", "https://api.vultr.com/v2/account")
    assert (said.response.status, said.response.body, said.response.http_version) == (200, BODY, "HTTP/1.1")
    assert said.response.headers[0] == ("Content-Type", "application/json")
    assert entries(path)[0].source == f"messages/a.{'request' if apart else 'http'}"


CHUNKED = b"Transfer-Encoding: chunked\r\n"
GZIP = b"Content-Encoding: gzip\r\n"
ZIPPED = gzip.compress(BODY)


@pytest.mark.parametrize(
    "response",
    [
        OK.replace(b"\r\n", b"\n"),
        b"\xef\xbb\xbf\r\n" + OK,
        OK + b"\r\n",
        HEAD + b"\r\n" + BODY,
        HEAD + CHUNKED + b"\r\n20\r\n" + BODY + b"\r\n0\r\n\r\n",
        HEAD + CHUNKED + GZIP + b"\r\n%x\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(ZIPPED), ZIPPED),
        HEAD + GZIP + b"Content-Length: %d\r\n\r\n%s" % (len(ZIPPED), ZIPPED),
        # As tools show what they have decoded.
        HEAD + CHUNKED + b"\r\n" + BODY,
        HEAD + CHUNKED + GZIP + b"\r\n" + BODY,
        HEAD + GZIP + b"Content-Length: 19\r\n\r\n" + BODY,
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK,
        OK.replace(b"HTTP/1.1 200 OK", b"HTTP/2 200"),
        OK.replace(b"HTTP/1.1 200 OK", b"HTTP/2 200 "),
        OK.replace(b"HTTP/1.1 200 OK", b"HTTP/1.0 200"),
    ],
)
@pytest.mark.parametrize("apart", [True, False])
def test_a_body_is_what_its_framing_and_coding_make_of_it(tmp_path: Path, response: bytes, apart: bool) -> None:
    if apart:
        path = folder(tmp_path, a_request=GET, a_response=response)
    else:
        path = folder(tmp_path, a_http=GET + response.lstrip(b"\xef\xbb\xbf\r\n"))
    assert only(path).response.body == BODY


@pytest.mark.parametrize(
    ("request_sent", "url"),
    [
        (GET.replace(b"/v2/account", b"https://x.example/a?u=http://y"), "https://x.example/a?u=http://y"),
        (GET.replace(b"api.vultr.com", b"127.0.0.1:8080"), "http://127.0.0.1:8080/v2/account"),
        (GET.replace(b"HTTP/1.1", b"HTTP/2"), "https://api.vultr.com/v2/account"),
        (GET.replace(b"\r\n", b"\n"), "https://api.vultr.com/v2/account"),
    ],
)
def test_a_request_names_its_url(tmp_path: Path, request_sent: bytes, url: str) -> None:
    assert only(folder(tmp_path, a_request=request_sent, a_response=OK)).request.url == url


def test_an_answer_to_head_and_one_without_content_have_no_body(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        a_request=GET.replace(b"GET", b"HEAD"),
        a_response=OK.removesuffix(BODY),
        b_request=GET,
        b_response=b"HTTP/1.1 204 No Content\r\n\r\n",
    )
    assert [each.said.response.body if each.said else None for each in entries(path)] == [b"", b""]


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (OK[:-5], "the response body is not as its framing says: "),
        (HEAD + CHUNKED + b"\r\n20\r\n" + BODY[:9], "the response body is not as its framing says: "),
        (HEAD + GZIP + b"\r\n\x00\xff", "the response body is not gzip, though its Content-Encoding says so"),
    ],
)
def test_a_body_that_was_cut_off_is_not_known(tmp_path: Path, response: bytes, why: str) -> None:
    assert (only(folder(tmp_path, a_request=GET, a_response=response)).response.unread or "").startswith(why)


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ({"b_request": GET}, "no such file"),
        ({"b_response": OK}, "has no b.request beside it"),
        ({"b_request": b"", "b_response": OK}, "holds no whole request"),
        ({"b_request": GET, "b_response": b""}, "holds no whole response"),
        ({"b_request": GET[:-2], "b_response": OK}, "the request is no HTTP message"),
        ({"b_request": GET.replace(b": Bearer", b" Bearer"), "b_response": OK}, "the request is no HTTP message"),
        ({"b_request": GET.replace(b"Host", b"Toast"), "b_response": OK}, "Missing mandatory Host: header"),
        ({"b_request": GET, "b_response": HEAD}, "no whole response"),
        ({"b_request": GET, "b_response": OK + b"more"}, "4 bytes follow the end of the response"),
        ({"b_request": GET + b"{}", "b_response": OK}, "2 bytes follow the end of the request"),
        ({"b_http": GET}, "holds no response behind the request"),
        ({"b_http": GET + b"{}" + OK}, "holds no response behind the request; a body needs its Content-Length"),
        ({"b_http": b"### a\nGET https://h/\n"}, "holds no whole request"),
    ],
)
def test_a_bad_message_says_why_and_stops_no_other(tmp_path: Path, messages: dict[str, bytes], why: str) -> None:
    found = entries(folder(tmp_path, a_http=GET + OK, c_http=GET + OK, **messages))
    assert [each.error is None for each in found] == [True, False, True]
    assert why in (found[1].error or "")
    assert "\n" not in (found[1].error or "")
    assert "CANARY" not in (found[1].error or "")


def test_messages_come_in_the_order_of_their_names_and_folders(tmp_path: Path) -> None:
    path = tmp_path / "r"
    for name in ("10", "2", "b/1", "a/3"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / f"{name}.http").write_bytes(GET + OK)
    (path / "notes.txt").write_text("not a message", "utf-8")
    assert [each.source for each in entries(path)] == ["r/2.http", "r/10.http", "r/a/3.http", "r/b/1.http"]


def test_a_folder_without_messages_says_so(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match="is a folder without raw HTTP messages"):
        formats.read(tmp_path)


def test_a_folder_is_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = b'HTTP/1.1 401 X\r\nContent-Type: application/json\r\n\r\n{"message": "who are you"}'
    path = folder(tmp_path, a_http=GET + OK, b_request=GET, b_response=wrong, c_http=b"?")
    judged = Judged(tmp_path / "reports", capsys, path)
    assert "vultr: 2 exchanges in 1 files read" in judged.text
    assert judged.verdicts["vultr.errors.error-attribute"] == "failed"
    assert "messages/b.request" in (judged.folder / "report.md").read_text("utf-8")
    artefacts = judged.text + judged.error + "".join(p.read_text("utf-8") for p in judged.folder.rglob("*.*"))
    assert "CANARY" not in artefacts
