"""Cassettes: what is written is read again, and what others wrote is read too."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from vcr.cassette import Cassette as VcrCassette

from conformance.selftest.test_contract import shared
from conformance.traffic.cassette import CassetteError, Interaction, Take, read, write
from conformance.traffic.exchange import Request, Response

PROVENANCE = {"source": "a test", "recorded": "2026-01-01"}
INTERACTION: dict[str, Any] = {
    "request": {"method": "GET", "uri": "https://h/v2/plans", "body": None, "headers": {"Accept": ["*/*"]}},
    "response": {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Type": ["application/json"]},
        "body": {"string": '{"plans":[]}'},
    },
}

NAMES = st.from_regex(r"X-[A-Za-z]{1,6}", fullmatch=True)
LINES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f\x85\xa0"), max_size=12)
BODIES = st.binary(max_size=20) | st.text(max_size=20).map(str.encode)
CASES = st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=2), max_size=3)


def headers(lines: dict[str, list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, values in sorted(lines.items()) for value in values)


REQUESTS = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
    url=st.sampled_from(["https://h/v2/plans", "https://h/v2/plans?cursor=a%3D%3D&per_page=1", "http://h:8080/ü"]),
    headers=st.dictionaries(NAMES.map(str.title), LINES.map(lambda line: [line]), max_size=3).map(headers),
    body=BODIES,
)
RESPONSES = st.builds(
    Response,
    status=st.sampled_from([200, 201, 204, 404, 429, 599]),
    headers=st.dictionaries(NAMES, st.lists(LINES, min_size=1, max_size=2), max_size=3).map(headers),
    body=BODIES,
)
TAKES = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.builds(
        Take,
        st.lists(st.builds(Interaction, REQUESTS, RESPONSES, st.booleans()), min_size=1, max_size=3).map(tuple),
        CASES.map(tuple),
    ),
    min_size=1,
    max_size=3,
)


def said(path: str, body: bytes = b"{}", *, negative: bool = False) -> Interaction:
    return Interaction(Request(method="GET", url=f"https://h{path}"), Response(status=200, body=body), negative)


@settings(max_examples=25, deadline=None)
@given(TAKES)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, takes: Mapping[str, Take]) -> None:
    path = tmp_path_factory.getbasetemp() / "drawn.yaml"
    write(path, PROVENANCE, takes)
    found = read(path)
    assert found.takes == takes
    assert found.provenance == PROVENANCE
    assert found.errors == ()
    assert [number for number, _ in found.interactions] == list(range(1, len(found.interactions) + 1))


@settings(max_examples=25, deadline=None)
@given(TAKES)
def test_equal_takes_give_equal_bytes_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, takes: Mapping[str, Take]
) -> None:
    path = tmp_path_factory.getbasetemp() / "ordered.yaml"
    write(path, PROVENANCE, takes)
    first = path.read_bytes()
    write(path, dict(reversed(PROVENANCE.items())), dict(reversed(list(takes.items()))))
    assert path.read_bytes() == first


def test_items_keep_their_interactions_in_order_and_apart(tmp_path: Path) -> None:
    takes = {
        "b": Take((said("/1"), said("/2", negative=True), said("/1", b"[2]")), ({"limit": 1},)),
        "a": Take((said("/3", negative=True),)),
        "c": Take((), ({"limit": 2},)),
    }
    write(tmp_path / "deep" / "folder" / "c.yaml", {}, takes)
    found = read(tmp_path / "deep" / "folder" / "c.yaml")
    assert found.takes == takes
    assert [interaction.request.path for _, interaction in found.interactions] == ["/3", "/1", "/2", "/1"]


def test_vcrpy_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    request = Request(method="POST", url="https://h/v2/domains", headers=(("Accept", "*/*"),), body=b'{"a":1}')
    response = Response(status=201, headers=(("Vary", "a"), ("Vary", "b")), body=b"\xff\x00")
    write(path, PROVENANCE, {"item": Take((Interaction(request, response), said("/v2/plans")), ({"limit": 1},))})
    cassette = VcrCassette.load(path=str(path))
    assert [(r.method, r.uri, r.body) for r in cassette.requests] == [
        ("POST", "https://h/v2/domains", b'{"a":1}'),
        ("GET", "https://h/v2/plans", None),
    ]
    assert cassette.responses[0]["body"]["string"] == b"\xff\x00"
    assert cassette.responses[0]["headers"] == {"Vary": ["a", "b"]}
    assert cassette.responses[0]["status"] == {"code": 201, "message": "Created"}
    assert cassette.get_metadata("provenance", None) == PROVENANCE


@pytest.mark.parametrize(("api", "files"), [("vultr", 26), ("zeit", 25)])
def test_real_recordings_are_read_whole(api: str, files: int) -> None:
    paths = sorted(shared(f"traffic/{api}").glob("*.yaml"))
    cassettes = [read(path) for path in paths]
    assert len(paths) == files
    assert [cassette.errors for cassette in cassettes] == [()] * files
    said = [interaction for cassette in cassettes for _, interaction in cassette.interactions]
    assert len(said) == 117
    assert {interaction.request.url.split("/")[2] for interaction in said} == {
        "api.vultr.com" if api == "vultr" else "api.zeit.co"
    }
    assert all(interaction.response.is_json or interaction.response.status == 204 for interaction in said)


def saved(path: Path, *interactions: Any) -> Path:
    content = {"version": 1, "interactions": list(interactions)}
    text = json.dumps(content) if path.suffix == ".json" else yaml.safe_dump(content)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["c.json", "c.yaml"])
def test_json_and_yaml_say_the_same(tmp_path: Path, name: str) -> None:
    ((number, interaction),) = read(saved(tmp_path / name, INTERACTION)).interactions
    assert number == 1
    assert interaction == Interaction(
        Request(method="GET", url="https://h/v2/plans", headers=(("Accept", "*/*"),)),
        Response(status=200, headers=(("Content-Type", "application/json"),), body=b'{"plans":[]}'),
    )


def test_json_is_read_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = saved(tmp_path / "c.json", INTERACTION).rename(tmp_path / "c.yaml")
    assert len(read(path).interactions) == 1


@pytest.mark.parametrize(("port", "url"), [(443, "https://h/v2/plans?a=1"), (8443, "https://h:8443/v2/plans?a=1")])
def test_the_list_of_before_vcrpy_1_is_read(tmp_path: Path, port: int, url: str) -> None:
    old = {
        "request": {
            "protocol": "https",
            "host": "h",
            "port": port,
            "path": "/v2/plans?a=1",
            "method": "get",
            "body": None,
            "headers": {"Accept": "*/*"},
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": ["Content-Type: text/html\r\n", "Set-Cookie: a=1\r\n", "Set-Cookie: b=2: 3\r\n"],
            "body": {"string": "x"},
        },
    }
    for name, text in (("c.json", json.dumps([old])), ("c.yaml", yaml.safe_dump([old]))):
        (tmp_path / name).write_text(text, encoding="utf-8")
        ((_, interaction),) = read(tmp_path / name).interactions
        assert (interaction.request.method, interaction.request.url) == ("GET", url)
        assert interaction.request.headers == (("Accept", "*/*"),)
        assert interaction.response.headers == (
            ("Content-Type", "text/html"),
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2: 3"),
        )


@pytest.mark.parametrize(
    ("coding", "stored", "body"),
    [
        ("gzip", gzip.compress(b'{"plans":[]}', mtime=0), b'{"plans":[]}'),
        ("deflate", zlib.compress(b'{"plans":[]}'), b'{"plans":[]}'),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), b"{}"),
        ("gzip", b'{"plans":[]}', b'{"plans":[]}'),
        # A deflate decoder makes four bytes of this without complaint.
        ("deflate", b'{"a":1}', b'{"a":1}'),
        ("deflate", b"{}", b"{}"),
        ("br", b"{}", b"{}"),
        ("gzip", b"", b""),
    ],
)
def test_an_encoded_body_is_decoded_and_a_decoded_one_kept(
    tmp_path: Path, coding: str, stored: bytes, body: bytes
) -> None:
    response = {**INTERACTION["response"], "headers": {"Content-Encoding": [coding]}, "body": {"string": stored}}
    ((_, interaction),) = read(saved(tmp_path / "c.yaml", {**INTERACTION, "response": response})).interactions
    assert interaction.response.body == body


def test_when_each_request_was_sent_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "times.yaml"
    first, second = (evolve(said("/v2/plans"), sent_at=time) for time in (1767225600.1234, 1767225601.0))
    write(path, PROVENANCE, {"item": Take((first, second)), "other": Take((said("/v2/plans"),))})
    takes = read(path).takes
    assert [one.sent_at for one in takes["item"].interactions] == [1767225600.123, 1767225601.0]
    assert [one.sent_at for one in takes["other"].interactions] == [None]


@pytest.mark.parametrize("times", [[1.0], [1.0, 2.0, 3.0], [-1.0, 2.0], ["1", 2.0], [1e300, 2.0]])
def test_times_that_no_recording_writes_are_refused(tmp_path: Path, times: list[Any]) -> None:
    path = tmp_path / "times.yaml"
    write(path, PROVENANCE, {"item": Take((evolve(said("/v2/plans"), sent_at=1.0), evolve(said("/x"), sent_at=2.0)))})
    data = json.loads(path.read_text(encoding="utf-8"))
    data["metadata"]["takes"]["item"]["times"] = times
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CassetteError, match=r"takes\.item\.times.*record it again"):
        read(path)
