"""Recordings as people have them: every form that vcrpy has written is read, and what is not known is not judged."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import brotli
import pytest
from vcr.serializers import yamlserializer

from conformance.selftest.judging import Judged
from conformance.selftest.test_cassette import INTERACTION, saved
from conformance.selftest.test_cassette_bad_input import bad, without
from conformance.selftest.test_judge_command import ok, written
from conformance.traffic import loading
from conformance.traffic.cassette import Interaction, read
from conformance.traffic.exchange import NotKnown
from conformance.traffic.interactions import BadInteraction, Reader

Captured = pytest.CaptureFixture[str]


def only(path: Path) -> Interaction:
    found = read(path)
    assert found.errors == ()
    ((_, said),) = found.interactions
    return said


def yaml_with(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(
        f"interactions:\n- request:\n    method: !!python/unicode POST\n    uri: https://h/v2\n    headers: {{}}\n"
        f"    body: {body}\n  response: {{status: {{code: 200}}, headers: {{}}, body: {{string: !!python/str ok}}}}\n",
        encoding="utf-8",
    )
    return path


def test_every_tag_that_vcrpy_loads_is_loaded() -> None:
    known = set(yamlserializer._CassetteLoader.yaml_constructors) - {None}
    assert known <= set(loading._Loader.yaml_constructors)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("!!python/unicode 'é'", "é".encode()),
        ("!!python/str x", b"x"),
        ("!!python/object/new:_io.BytesIO {state: !!python/tuple [!!binary eHk=, 0, null]}", b"xy"),
        ("!!python/object/new:_io.BytesIO {state: !!python/tuple [text, 0, null]}", b"text"),
        ("!!python/object/new:_io.BytesIO {}", b""),
        ("!!python/object/apply:builtins.iter {args: !!python/tuple [[!!binary eHk=, z]]}", b"xyz"),
        ("!!python/object/apply:builtins.iter {args: [[]]}", b""),
        ("{domain: é, n: [1, 2.5, null, true]}", '{"domain": "é", "n": [1, 2.5, null, true]}'.encode()),
        ("[1, {a: b}]", b'[1, {"a": "b"}]'),
        ("{string: x}", b"x"),
        ("{base64_string: eHk=}", b"xy"),
    ],
)
def test_request_bodies_are_read_in_every_form(tmp_path: Path, body: str, sent: bytes) -> None:
    said = only(yaml_with(tmp_path, body))
    assert (said.request.method, said.request.body, said.response.body) == ("POST", sent, b"ok")


def test_what_was_given_to_be_sent_as_json_was_sent_as_json(tmp_path: Path) -> None:
    assert only(yaml_with(tmp_path, "{a: 1}")).request.media_type == "application/json"
    assert only(yaml_with(tmp_path, "text")).request.media_type is None


@pytest.mark.parametrize(
    "response",
    [
        {"status_code": 200, "content": "{}", "http_version": "HTTP/2", "headers": {"a": ["1", "2"]}},
        {"status": {"code": "200"}, "parsed_body": {}, "headers": [{"name": "a", "value": n} for n in ("1", "2")]},
        {"status": 200, "body": {"base64_string": "e30="}, "headers": [["a", "1"], ["a", "2"]]},
        {"status": " 200 ", "body": "{}", "headers": ["a: 1", "a: 2"]},
        {"status": {"code": 200}, "body": {"parsed_body": {}}, "headers": [{"a": ["1", "2"]}]},
        {"status": {"code": 200}, "body": {"body": "{}"}, "headers": [{"Key": "a", "Value": ["1", "2"], "note": ""}]},
    ],
)  # fmt: skip
def test_responses_are_read_in_every_form(tmp_path: Path, response: dict[str, Any]) -> None:
    found = only(saved(tmp_path / "c.yaml", {**INTERACTION, "response": response})).response
    assert (found.status, found.body, found.headers) == (200, b"{}", (("a", "1"), ("a", "2")))


def test_encoded_bodies_are_decoded_in_requests_too(tmp_path: Path) -> None:
    body = {"base64_string": base64.b64encode(gzip.compress(brotli.compress(b'{"a": "\xc3\xa9"}'))).decode()}
    encoding = {"Content-Encoding": ["br, gzip"]}
    said = only(
        saved(
            tmp_path / "c.json",
            bad(request__body=body, request__headers=encoding, response__body=body, response__headers=encoding),
        )
    )
    assert said.request.json == said.response.json == {"a": "é"}


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (without("response", "body"), "the response has no body in this recording"),
        (bad(response__body={}), "the response has no body in this recording"),
        (
            bad(response__body={"string": ""}, response__headers={"Content-Length": ["12"]}),
            "the response has no body in this recording, though its Content-Length is 12",
        ),
        (
            bad(response__body={"string": b"\x00\xff"}, response__headers={"Content-Encoding": ["gzip"]}),
            "the response body is not gzip, though its Content-Encoding says so",
        ),
        (
            bad(response__body={"string": b"\x00\xff"}, response__headers={"Content-Encoding": ["sdch"]}),
            "the response body is in the content coding sdch, which is not known",
        ),
    ],
)
def test_a_body_that_is_not_known_says_why(tmp_path: Path, parts: dict[str, Any], why: str) -> None:
    response = only(saved(tmp_path / "c.yaml", parts)).response
    assert response.unread == why
    for look in (lambda: response.body, lambda: response.text, lambda: response.json, lambda: response.at("/a")):
        with pytest.raises(NotKnown, match=why):
            look()
    assert response.shown == f"({why})"


@pytest.mark.parametrize(("pieces", "known"), [([b"ab", "cd"], True), ([b"ab", "cde"], False), ([b"abcde"], False)])
def test_a_body_in_pieces_is_read_up_to_what_is_left(pieces: list[Any], known: bool) -> None:
    request, _ = Reader(left=4).read(bad(request__body=loading.Chunks(pieces)))
    assert request.unread is None if known else request.unread is not None
    assert not known or request.body == b"abcd"


@pytest.mark.parametrize(("size", "known"), [(16 * 2**20, True), (16 * 2**20 + 1, False)])
def test_a_body_is_read_up_to_16_mib(size: int, known: bool) -> None:
    _, response = Reader().read(bad(response__body={"string": b"x" * size}))
    assert response.unread == (None if known else "the response body is larger than 16,777,216 bytes")


@pytest.mark.parametrize(("count", "known"), [(199_999, True), (200_000, False)])
def test_a_stored_list_is_read_up_to_200_000_values_with_itself(count: int, known: bool) -> None:
    request, _ = Reader().read(bad(request__body=[0] * count))
    assert (request.unread is None) == known


def test_of_a_long_header_name_80_characters_are_told() -> None:
    with pytest.raises(BadInteraction, match=f"the header {'n' * 80} is empty where text belongs"):
        Reader().read(bad(response__headers={"n" * 81: None}))


@pytest.mark.parametrize("text", ["e3*0=", "e30", "é", "e30=e30="])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(BadInteraction, match="the response body is not base64, though it is stored as such"):
        Reader().read(bad(response__body={"base64_string": text}))


@pytest.mark.parametrize("status", [100, 101, 199, 204, 205, 304])
def test_an_answer_that_can_have_no_body_lacks_none(status: int) -> None:
    _, response = Reader().read({**INTERACTION, "response": {"status": status}})
    assert (response.status, response.body) == (status, b"")


@pytest.mark.parametrize("status", [200, 203, 206, 303, 599])
def test_any_other_answer_without_one_is_not_known(status: int) -> None:
    _, response = Reader().read({**INTERACTION, "response": {"status": status}})
    assert (response.status, response.unread) == (status, "the response has no body in this recording")


@pytest.mark.parametrize(("length", "known"), [(40, True), (41, False)])
def test_a_coding_makes_a_few_bytes_of_nothing(length: int, known: bool) -> None:
    headers = {"Content-Encoding": ["gzip"], "Content-Length": [str(length)]}
    _, response = Reader().read(bad(response__body={"string": ""}, response__headers=headers))
    assert (response.unread is None) == known


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        ({"protocol": "https", "host": "h", "path": "/a?b=c"}, "https://h/a?b=c"),
        ({"protocol": "https", "host": "h", "path": "/a", "port": 443}, "https://h/a"),
        ({"protocol": "http", "host": "h", "path": "/a", "port": 80}, "http://h/a"),
        ({"protocol": "http", "host": "h", "path": "/a", "port": 443}, "http://h:443/a"),
        ({"protocol": "https", "host": "h", "path": "/a", "uri": "https://other/b"}, "https://other/b"),
    ],
)
def test_a_url_in_parts_is_put_together(parts: dict[str, Any], url: str) -> None:
    request, _ = Reader().read({**INTERACTION, "request": {"method": "GET", **parts}})
    assert request.url == url


@pytest.mark.parametrize(
    ("response", "version"),
    [
        ({"protocol": "HTTP/2"}, "HTTP/2"),
        ({"http_version": "HTTP/1.0"}, "HTTP/1.0"),
        ({"protocol": None}, "HTTP/1.1"),
        ({"protocol": "h2"}, "HTTP/1.1"),
        ({"http_version": 2}, "HTTP/1.1"),
    ],
)
def test_a_version_of_http_that_is_none_is_the_usual_one(response: dict[str, Any], version: str) -> None:
    _, read_ = Reader().read({**INTERACTION, "response": {"status": 204, **response}})
    assert read_.http_version == version


@pytest.mark.parametrize(
    "parts",
    [
        bad(response__status=204, response__body=None),
        {**without("response", "body"), "response": {"status": 204, "headers": {}}},
        {**INTERACTION, "request": {**INTERACTION["request"], "method": "HEAD"}, "response": {"status": 200}},
        bad(response__body={"string": ""}, response__headers={"Content-Encoding": ["gzip"], "Content-Length": ["20"]}),
        {**INTERACTION, "response": {"status": 200, "headers": {"Content-Length": "0"}}},
    ],
)
def test_a_body_that_is_known_to_be_empty_is_empty(tmp_path: Path, parts: dict[str, Any]) -> None:
    assert only(saved(tmp_path / "c.yaml", parts)).response.body == b""


def test_white_space_around_a_value_is_no_part_of_it(tmp_path: Path) -> None:
    said = only(saved(tmp_path / "c.yaml", bad(response__headers={"A": [" x\t"], "Content-Type": "a/b "})))
    assert (said.response.header("a"), said.response.media_type) == ("x", "a/b")


@pytest.mark.parametrize(
    ("values", "media_type"),
    [
        (["application/json", "application/json"], "application/json, application/json"),
        (["application/json, application/json"], "application/json, application/json"),
        (["application/json;a=b, text/html"], "application/json;a=b, text/html"),
        (['Application/JSON; a="x, y"; charset=utf-8'], "application/json"),
        (["application/json,"], "application/json"),
        ([""], None),
    ],
)
def test_two_media_types_are_none(tmp_path: Path, values: list[str], media_type: str | None) -> None:
    said = only(saved(tmp_path / "c.yaml", bad(response__headers={"Content-Type": values})))
    assert said.response.media_type == media_type


def test_a_body_that_is_not_known_gets_no_verdict_and_its_headers_do(tmp_path: Path, capsys: Captured) -> None:
    said = at("https://api.vercel.com/v9/projects")
    said["response"]["body"] = {}
    judged = Judged(tmp_path / "reports", capsys, written(tmp_path / "c.json", said), api="vercel")
    (error,) = judged.report["errors"]
    assert error == "c.json#1: the response has no body in this recording; its content is not judged"
    seen = {name for name, verdict in judged.verdicts.items() if verdict != "not-exercised"}
    assert "vercel.rate-limit.headers-on-all" in seen
    assert not [name for name in seen if name.split(".")[1] in ("schema", "content-type", "pagination", "errors")]


def at(url: str) -> dict[str, Any]:
    said = ok()
    said["request"]["uri"] = url
    return said


def judged_at(tmp_path: Path, capsys: Captured, *urls: str, options: tuple[str, ...] = ()) -> Judged:
    return Judged(tmp_path / "reports", capsys, *options, written(tmp_path / "c.json", *map(at, urls)))


def test_exchanges_with_other_hosts_are_counted_and_left_out(tmp_path: Path, capsys: Captured) -> None:
    urls = ("https://api.vultr.com/v2/account", "https://other.example/v2/account", "http://127.0.0.1:8080/v2/account")
    judged = judged_at(tmp_path, capsys, *urls)
    assert judged.status == 0
    assert "vultr: 1 exchanges in 1 files read" in judged.text
    assert "vultr: 2 exchanges with other hosts are left out: 127.0.0.1, other.example\n" in judged.text


def test_server_errors_are_counted_whatever_was_asked(tmp_path: Path, capsys: Captured) -> None:
    """No rule may be broken by them: that there are any is worth a line."""
    said = at("https://api.vultr.com/v2/account")
    failed = {**said, "response": {**said["response"], "status": {"code": 500, "message": "Internal Server Error"}}}
    judged = Judged(tmp_path / "reports", capsys, written(tmp_path / "c.json", said, failed, failed))
    assert "vultr: 2 of them were answered with a server error (5xx)\n" in judged.text


@pytest.mark.parametrize("url", ["http://API.vultr.com/v2/account", "https://api.vultr.com:8443/v2/account"])
def test_a_host_is_the_same_over_any_scheme_and_port(tmp_path: Path, capsys: Captured, url: str) -> None:
    assert "vultr: 1 exchanges in 1 files read" in judged_at(tmp_path, capsys, url).text


@pytest.mark.parametrize(
    "option", ["other.example", "OTHER.example:8443", "https://other.example/v2", "*.example", "*", "other.*"]
)
def test_a_host_that_is_named_is_the_apis(tmp_path: Path, capsys: Captured, option: str) -> None:
    judged = judged_at(tmp_path, capsys, "https://other.example/v2/account", options=("--host", option))
    assert (judged.status, "1 exchanges in 1 files" in judged.text) == (0, True)


def test_traffic_of_another_api_fails_and_names_the_hosts(tmp_path: Path, capsys: Captured) -> None:
    urls = [f"https://h{number}.example/v2/account" for number in range(7)]
    judged = judged_at(tmp_path, capsys, *urls)
    assert judged.status == 1
    (error,) = judged.report["errors"]
    assert error == (
        "none of the 7 exchanges is with vultr (api.vultr.com): the hosts seen are "
        "h0.example, h1.example, h2.example, h3.example, h4.example and 2 more; --host names another host of the API"
    )


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:9"])
def test_an_emulator_on_the_own_machine_needs_no_name(tmp_path: Path, capsys: Captured, host: str) -> None:
    judged = judged_at(tmp_path, capsys, f"http://{host}/v2/account", "https://other.example/v2/account")
    assert "vultr: 1 exchanges in 1 files read" in judged.text
    assert "left out: other.example" in judged.text


def test_regional_hosts_of_the_document_are_the_apis(tmp_path: Path, capsys: Captured) -> None:
    said = at("https://api.eu.snyk.io/rest/orgs/x/projects?version=2024-10-15")
    judged = Judged(tmp_path / "reports", capsys, written(tmp_path / "c.json", said), api="snyk")
    assert "snyk: 1 exchanges in 1 files read, 0 of them" in judged.text


def test_an_empty_host_is_a_wrong_call(tmp_path: Path, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        judged_at(tmp_path, capsys, "https://other.example/", options=("--host", "//"))
    assert ended.value.code == 2


@pytest.mark.parametrize("asks", [{"Origin": ["https://x"]}, {"Access-Control-Request-Method": ["GET"]}])
def test_a_preflight_is_no_answer_of_the_api(tmp_path: Path, capsys: Captured, asks: dict[str, list[str]]) -> None:
    asked = at("https://api.vercel.com/v9/projects")
    asked["request"] |= {"method": "OPTIONS", "headers": asks}
    asked["response"] = {"status": 204, "headers": {}, "body": ""}
    judged = Judged(tmp_path / "reports", capsys, written(tmp_path / "c.json", asked), api="vercel")
    assert "vercel: 0 exchanges in 1 files read" in judged.text
    assert "vercel: 1 CORS preflights are left out" in judged.text
    assert "failed" not in judged.verdicts.values()


@pytest.mark.parametrize(
    "facts",
    [
        {"types": 5},
        {"types": {"GET /v2/account": {"/a": {}}}},
        {"baseline": {"x": {"y": {"z": {"a": 1}}}}},
        {"keys": []},
    ],
)
def test_facts_of_another_shape_are_an_error_of_their_file(tmp_path: Path, capsys: Captured, facts: Any) -> None:
    path = tmp_path / "c.json"
    path.write_text(
        json.dumps({"interactions": [ok()], "metadata": {"provenance": {"facts": facts}}}), encoding="utf-8"
    )
    judged = Judged(tmp_path / "reports", capsys, path, written(tmp_path / "good.json", ok()))
    (error,) = judged.report["errors"]
    assert error.startswith(f"{path}: metadata: facts.")
    assert "vultr: 1 exchanges in 1 files read" in judged.text


def test_numbers_of_any_length_lose_only_their_interaction(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    good = json.dumps(INTERACTION)
    long = good.replace('"body": null', f'"body": {{"n": {"9" * 5000}}}')
    path.write_text(f'{{"interactions": [{good}, {long}, {good}]}}', encoding="utf-8")
    found = read(path)
    assert [number for number, _ in found.interactions] == [1, 3]
    assert found.errors == (
        f"{path}: interaction 2: the request body is a mapping that no JSON text can hold; record it again",
    )
