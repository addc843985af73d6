"""Bodies that are no text: sent, redacted, recorded, replayed and shown as they are."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.properties import Reply, play
from conformance.selftest.servers import TOKEN, VULTR
from conformance.targets.errors import Stale
from conformance.targets.replay import CassetteTransport
from conformance.traffic import cassette
from conformance.traffic.cassette import Interaction, Take, worth_keeping
from conformance.traffic.curl import curl
from conformance.traffic.exchange import KEPT_BODY, LARGEST_SENT, Request, Response
from conformance.traffic.redact import Redactor

CREATE, READ = VULTR.operation("POST /v2/domains"), VULTR.operation("GET /v2/account")


def archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("index.html"), "<h1>Hello</h1>" * 100)
        archive.writestr(zipfile.ZipInfo("all.bin"), bytes(range(256)) * 4)
    return content.getvalue()


def test_a_binary_body_goes_and_comes_as_it_is() -> None:
    server = play(VULTR)
    server.routes.route().mock(side_effect=lambda asked: Reply(200, content=asked.content))
    exchange = server.client.call(CREATE, content=archive(), headers={"Content-Type": "application/zip"})
    assert exchange.request.body == exchange.response.body == server.raw[-1].content == archive()
    assert exchange.request.media_type == "application/zip"
    assert exchange.request.header("content-type") == "application/zip"


def test_a_get_may_carry_a_content_type_and_no_body() -> None:
    server = play(VULTR)
    server.routes.route().respond(200, content=b"raw", headers={"Content-Type": "text/plain"})
    exchange = server.client.call(READ, headers={"Content-Type": "application/vnd.acme.raw"})
    assert server.raw[-1].headers["content-type"] == "application/vnd.acme.raw"
    assert (exchange.request.body, exchange.response.body) == (b"", b"raw")


def test_of_a_large_body_little_is_kept() -> None:
    server = play(VULTR)
    server.routes.route().respond(200, json={})
    exchange = server.client.call(CREATE, content=b"\xff" * 1_000_000, headers={"Content-Type": "application/zip"})
    assert len(exchange.request.body) == 1_000_000
    assert len(server.client.exchanges[-1].request.body) < KEPT_BODY + 300


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_what_surrounds_a_secret_in_bytes_stays(before: bytes, after: bytes) -> None:
    redactor = Redactor({"default": TOKEN})
    assert TOKEN.encode() not in redactor.body(before + TOKEN.encode() + after)
    # A text in which nothing looks like a secret.
    harmless = bytes(byte | 0x80 for byte in before)
    assert redactor.body(harmless) == harmless


def replayed(path: Path, request: httpx2.Request) -> httpx2.Response:
    take = cassette.read(path).takes["item"]
    return CassetteTransport("item", take, Redactor()).handle_request(request)


def test_a_cassette_holds_it_byte_for_byte_and_plays_it(tmp_path: Path) -> None:
    path, url = tmp_path / "binary.yaml", "https://api.vultr.com/v2/files"
    for number, body in enumerate((archive(), b"\x00\xff\xfe", "ü\u2028\x85".encode(), b"\r\n")):
        request = Request(headers=(("Content-Type", "application/zip"),), body=body, method="PUT", url=url)
        answer = Response(status=200, headers=(("Content-Type", "application/octet-stream"),), body=body)
        takes = {"item": Take((Interaction(worth_keeping(request), answer),))}
        cassette.write(path, {}, takes)
        written = path.read_bytes()
        cassette.write(path, {}, takes)
        assert path.read_bytes() == written, number
        asked = httpx2.Request("PUT", url, headers={"Content-Type": "application/zip"}, content=body)
        assert replayed(path, asked).read() == body, number


def test_of_a_large_body_a_cassette_holds_size_and_digest_and_plays_its_answer(tmp_path: Path) -> None:
    path, url, body = tmp_path / "large.yaml", "https://api.vultr.com/v2/files", b"\xff" * (LARGEST_SENT + 1)
    request = Request(headers=(("Content-Type", "application/zip"),), body=body, method="PUT", url=url)
    cassette.write(path, {}, {"item": Take((Interaction(worth_keeping(request), Response(status=413)),))})
    assert path.stat().st_size < 2000
    assert str(len(body)) in path.read_text()
    asked = httpx2.Request("PUT", url, headers={"Content-Type": "application/zip"}, content=body)
    assert replayed(path, asked).status_code == 413
    other = httpx2.Request("PUT", url, headers={"Content-Type": "application/zip"}, content=body[1:] + b"\0")
    with pytest.raises(Stale, match="has no answer"):
        replayed(path, other)


def test_no_part_of_a_large_body_holds_a_known_secret_and_what_is_kept_no_other() -> None:
    redactor = Redactor({"default": TOKEN})
    start = b'\xff password="hunter2-and-more" ' + TOKEN.encode()
    body = start + b"\xff" * LARGEST_SENT + TOKEN.encode()
    redacted = redactor.request(Request(body=body, method="PUT", url="https://a.example/f"))
    assert TOKEN.encode() not in redacted.body
    assert b"hunter2" not in redacted.body
    assert redacted.body.count(b"\xff") == LARGEST_SENT + 1
    assert redactor.request(redacted) == redacted


def test_a_body_that_is_no_text_is_no_part_of_a_command() -> None:
    binary = Request(body=b"PK\x03\x04\xff", method="PUT", url="https://a.example/f")
    assert "--data-binary @body" in curl(binary, {})
    text = Request(body="ü".encode(), method="PUT", url="https://a.example/f")
    assert "--data-raw ü" in curl(text, {}).replace("'", "")
