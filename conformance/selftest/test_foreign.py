"""Files of other recorders are named in one line; so is whatever is no file of text."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.selftest.test_cassette import INTERACTION, saved
from conformance.selftest.test_cassette_bad_input import refused
from conformance.traffic.cassette import read
from conformance.traffic.foreign import GO_VCR, HAR, of_data, of_tag
from conformance.traffic.loading import MAX_FILE

URL = "https://api.vultr.com/v2/domains"
EXCHANGE = {"request": {"method": "GET", "url": URL}, "response": {"status": 200, "body": "{}"}}
OTHERS: dict[str, Any] = {
    "a HAR file": {"log": {"version": "1.2", "creator": {"name": "Firefox"}, "entries": []}},
    "a Polly.js recording": {"log": {"_recordingName": "x", "creator": {"name": "Polly.JS"}, "entries": []}},
    "a Ruby VCR cassette": {"http_interactions": [], "recorded_with": "VCR 6.2.0"},
    "a Betamax cassette": {"http_interactions": [], "recorded_with": "betamax/0.8.1"},
    "a Schemathesis cassette": {"command": "st run", "recorded_with": "Schemathesis 4.32.5", "http_interactions": []},
    "a Ruby VCR or Betamax cassette": {"http_interactions": []},
    "a go-vcr cassette": {
        "version": 2,
        "interactions": [
            {"id": 0, "request": {"url": URL, "method": "GET"}, "response": {"status": "200 OK", "code": 200}}
        ],
    },
    "a Pact contract": {"consumer": {"name": "a"}, "provider": {"name": "b"}, "interactions": [EXCHANGE]},
    "a Postman collection": {
        "info": {"name": "x", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "item": [],
    },
    "an Insomnia export": {"_type": "export", "__export_format": 4, "resources": []},
    "a Hoverfly simulation": {"data": {"pairs": []}, "meta": {"schemaVersion": "v5"}},
    "a WireMock mapping": {"mappings": [{"request": {"urlPath": "/"}, "response": {"status": 200}}]},
    "a Mountebank configuration": {"imposters": [{"port": 1, "protocol": "http"}]},
    "a MockServer expectation": [{"httpRequest": {"path": "/"}, "httpResponse": {"statusCode": 200}}],
    "a nock recording": [{"scope": "https://api.vultr.com:443", "method": "GET", "path": "/v2", "status": 200}],
    "a recording of the responses library": {"responses": [{"response": {"url": URL, "status": 200}}]},
    "a Charles session": [{"scheme": "https", "host": "h", "actualPort": 443, "protocolVersion": "HTTP/1.1"}],
    "an EasyVCR cassette": [{"Duration": 1, "Request": {}, "Response": {}}],
    "a Talkback tape": {"meta": {}, "req": {"url": "/"}, "res": {"status": 200}},
    "a php-vcr cassette": [{**EXCHANGE, "index": 0}],
    "an ExVCR cassette": [{"request": {"url": URL, "method": "get", "request_body": ""}, "response": {"type": "ok"}}],
    "a WireMock journal": {"requests": [{"request": {"url": "/"}}], "requestJournalDisabled": False},
    "an OpenAPI document": {"openapi": "3.1.0", "paths": {}},
    "a tape of Betamax for the JVM or OkReplay": {"name": "x", "interactions": [{"recorded": "x", **EXCHANGE}]},
}


@pytest.mark.parametrize(("name", "content"), OTHERS.items(), ids=OTHERS)
def test_another_recorders_file_is_named(tmp_path: Path, name: str, content: Any) -> None:
    said = (
        f"is {name}, which can be judged but not replayed; record with vcrpy"
        if name in (HAR, GO_VCR)
        else f"is {name}, which is not read; cassettes of vcrpy and go-vcr, HAR files and folders of raw HTTP messages "
        "are: convert it, or record with vcrpy"
    )
    (tmp_path / "c.json").write_text(json.dumps(content), encoding="utf-8")
    assert refused(tmp_path / "c.json") == said
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert refused(tmp_path / "c.yaml") == said


FORMS: list[tuple[str, Any]] = [
    # Of the formats above, what else they are known by.
    ("a single entry of a HAR file", {"startedDateTime": "x", "request": {}, "response": {}}),
    ("a Polly.js recording", {"log": {"creator": {"name": "Polly.JS"}, "entries": []}}),
    ("a Schemathesis cassette", {"command": "st run", "http_interactions": []}),
    ("a Schemathesis report", {"EngineStarted": {}}),
    ("a Pact contract", {"metadata": {"pactSpecification": {"version": "2.0.0"}}}),
    ("a Postman collection", {"info": {"_postman_id": "x"}}),
    ("a Postman export", {"_postman_variable_scope": "environment"}),
    ("a Postman export", {"_postman_exported_at": "x"}),
    ("an Insomnia export", {"type": "collection.insomnia.rest/5.0"}),
    ("a Hoverfly simulation", {"meta": {"hoverflyVersion": "v1.0"}}),
    ("a WireMock mapping", {"request": {"urlPattern": "/.*"}, "response": {"status": 200}}),
    ("a WireMock journal", {"requests": [{"request": {"url": "/"}, "responseDefinition": {}}]}),
    ("a Mountebank configuration", {"protocol": "http", "stubs": []}),
    ("a MockServer expectation", {"httpRequest": {"path": "/"}}),
    ("a nock recording", {"scope": "https://api.vultr.com:443", "path": "/v2"}),
    ("a Charles session", [{"protocolVersion": "HTTP/1.1", "scheme": "https"}]),
    ("a stubby4node configuration", [{"request": {"url": "/"}, "response": {"latency": 1}}]),
    ("a stubby4node configuration", [{"request": {"url": "/"}}, {"proxy": {}}]),
    ("a php-vcr cassette", [EXCHANGE, {"index": 1}]),
    ("a go-vcr cassette", {"interactions": [{"request": {"url": URL, "form": {}}, "response": {}}]}),
    ("an OpenAPI document", {"swagger": "2.0"}),
    ("an AsyncAPI document", {"asyncapi": "3.0.0"}),
    ("a report of this suite", {"event": "header", "run": {}}),
]


@pytest.mark.parametrize(("name", "content"), FORMS)
def test_a_format_is_known_by_any_of_its_forms(name: str, content: Any) -> None:
    assert of_data(content) == name


@pytest.mark.parametrize(
    "content",
    [
        {"interactions": []},
        {"request": {"url": "/"}},
        {"request": {"method": "GET"}, "response": {}},
        {"request": "/", "response": {}},
        [{"request": {"url": "/", "host": "h"}}],
        [{"request": {"url": "/", "uri": "/"}}],
        [{"request": {"method": "GET"}}],
        [{"response": {"status": 200}}],
        [],
        "log",
        None,
        5,
    ],
)
def test_what_no_format_has_to_itself_is_none(content: Any) -> None:
    assert of_data(content) is None


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("!ruby/object:VCR::Request", "a Ruby VCR cassette"),
        ("!ruby/regexp", "YAML with objects of Ruby"),
        ("!tape", "a tape of Betamax for the JVM or OkReplay"),
        ("!tapes", None),
        ("!VCR", None),
    ],
)
def test_a_tag_shows_its_writer(tag: str, name: str | None) -> None:
    assert of_tag(tag) == name


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_postman_collection_is_named_in_every_version(tmp_path: Path, wrapped: bool) -> None:
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    first = {"id": "x", "requests": [{"id": "a", "url": URL, "collectionId": "x"}]}
    content = {"collection": {"info": {"name": "x", "schema": schema}, "item": []}} if wrapped else first
    (tmp_path / "c.json").write_text(json.dumps(content), encoding="utf-8")
    assert refused(tmp_path / "c.json").startswith("is a Postman collection, which is not read; ")


def test_a_report_of_one_document_a_line_is_named_by_its_first(tmp_path: Path) -> None:
    path = tmp_path / "c.ndjson"
    path.write_text('{"Initialize": {"schemathesis_version": "4.3"}}\n{"EngineStarted": {}}\n', encoding="utf-8")
    assert refused(path).startswith("is a Schemathesis report, ")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"--- \n- !ruby/struct:VCR::HTTPInteraction\n  request: {}\n", "a Ruby VCR cassette"),
        (b"!tape\nname: x\ninteractions: []\n", "a tape of Betamax for the JVM or OkReplay"),
        (b"1523:9:websocket;0:~8:response;100:6:reason;", "a mitmproxy flow file"),
        (b"\x1f\x8b\x08\x00", "a gzip file"),
        (b"PK\x03\x04\x14", "a zip archive"),
        (b"SQLite format 3\x00", "an SQLite database, as requests-cache writes"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "a packet capture (pcap)"),
        (b"WARC/1.0\r\n", "a WARC file"),
        (b"<?xml version='1.0'?><items burpVersion='1'>", "a Burp Suite export"),
        (b"<!DOCTYPE html><html>", "an XML or HTML file"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "a list of raw HTTP messages"),
    ],
)
def test_what_the_first_bytes_or_a_tag_show_is_named(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / "c.yaml").write_bytes(content)
    assert refused(tmp_path / "c.yaml").startswith(f"is {name}, which is not read; ")


def test_our_own_reports_and_cassettes_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"run": {}, "requirements": []}', encoding="utf-8")
    assert refused(tmp_path / "report.json").startswith("is a report of this suite, ")
    assert read(saved(tmp_path / "c.yaml", INTERACTION)).errors == ()


def test_a_file_begins_with_a_mark_of_its_encoding(tmp_path: Path) -> None:
    path = saved(tmp_path / "c.yaml", INTERACTION)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read(path).interactions) == 1


def test_yaml_in_flow_style_is_yaml_and_several_texts_of_json_are_not(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [INTERACTION]}, default_flow_style=True), "utf-8")
    assert path.read_text("utf-8").startswith("{interactions: [")
    assert len(read(path).interactions) == 1
    path.write_text('{"version": 1}\n{"version": 1}\n', "utf-8")
    assert refused(path).startswith("line 2: several JSON documents follow")


def test_pipes_sockets_and_devices_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe") == "is a pipe, not a file"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert refused(tmp_path / "socket") == "is a socket, not a file"
    for device in ("zero", "null", "full"):
        assert refused(Path("/dev") / device) == "is a device, not a file"
    (tmp_path / "link").symlink_to("/dev/zero")
    assert refused(tmp_path / "link") == "is a device, not a file"


def test_links_and_names_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert refused(tmp_path / "a") == "cannot be read: its links lead in a circle"
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    assert refused(tmp_path / "gone") == "no such file"
    assert refused(tmp_path / ("x" * 300)).startswith("cannot be read: ")


def test_a_name_with_a_null_byte_is_no_name() -> None:
    with pytest.raises(Exception, match="no file can have this name"):
        read(Path("a\0b"))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse.yaml").open("wb") as file:
        file.truncate(10**12)
    started = time.monotonic()
    assert refused(tmp_path / "sparse.yaml") == f"is larger than {MAX_FILE // 2**20} MiB; split it"
    assert time.monotonic() - started < 1


def test_a_file_is_read_up_to_64_mib(tmp_path: Path) -> None:
    for size, too_large in ((64 * 2**20, False), (64 * 2**20 + 1, True)):
        with (tmp_path / "sparse.yaml").open("wb") as file:
            file.truncate(size)
        assert (refused(tmp_path / "sparse.yaml") == "is larger than 64 MiB; split it") == too_large


BOMBS = {
    # Each would take hours or all memory if it were unfolded.
    "merge keys": "a0: &a0 {x: 1, y: 2}\n"
    + "".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
    "a tuple as a key": "a0: &a0 !!python/tuple [x]\n"
    + "".join(f"a{n}: &a{n} !!python/tuple [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))
    + "? *a19\n: 1\n",
    "a number to the base of 60": "a: " + "1" + ":59" * 300_000,
    "a float to the base of 60": "a: " + "1" + ":59" * 300_000 + ".5",
    "a number of many digits": "a: " + "1" * 1_000_000,
    "many values": "a: [" + "0," * 2_100_000 + "0]",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_yaml_that_makes_much_of_little_is_refused_soon(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    started = time.monotonic()
    refused(tmp_path / "c.yaml")
    assert time.monotonic() - started < 20


def test_bodies_by_alias_are_bounded_in_one_file(tmp_path: Path) -> None:
    """Two thousand references to one text of a megabyte: so much as one file may come to is read, the rest is told."""
    one = (
        "- request: {method: POST, uri: 'https://h/', body: *map}\n"
        "  response: {status: {code: 200}, headers: {}, body: {string: *text}}\n"
    )
    text = (
        f"text: &text '{'x' * 1_000_000}'\nmap: &map [{', '.join(['abcdefghij'] * 1000)}]\ninteractions:\n{one * 2000}"
    )
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    script = f"""
from pathlib import Path
from conformance.traffic.cassette import read
found = read(Path({str(path)!r}))
unread = [said.response.unread for _, said in found.interactions if said.response.unread]
print(len(found.interactions), len(unread), unread[-1])
"""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))

    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, preexec_fn=bounded
    )
    assert ended.stdout.startswith("2000 18")
    assert "the response body is not read: those before it are 134,217,728 bytes" in ended.stdout
