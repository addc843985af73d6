"""`conformance init` on what browsers and proxies record: other hosts, preflights, HTML, masked credentials."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from conformance.contract import Document
from conformance.proposals.comparing import fields_of
from conformance.proposals.writing import Init, Written
from conformance.selftest.stranger import Said, Stranger
from conformance.selftest.strangers import STRANGERS


def noise(stranger: Stranger) -> list[Said]:
    """What else is in a recording: of other APIs, of a browser, and of what stands in front of the API."""
    at = stranger.said[0].url.partition("?")[0]
    html = {"Content-Type": "text/html"}
    return [
        Said("GET", "https://www.else.example/things?page=2&limit=5", 200, {"items": [], "next": "x", "total": 9}),
        Said("POST", "https://telemetry.example/v1/events", 403, {"errors": ["no"]}, {}, {}, {"name": "x"}),
        Said("OPTIONS", at, 204, None, {"Access-Control-Allow-Methods": "GET"}, {"Origin": "https://app.example"}),
        Said("GET", at, 502, "<html><body>Bad Gateway</body></html>", html, stranger.said[0].sent),
        Said("GET", at, 503, "upstream connect error", {"Content-Type": "text/plain"}, stranger.said[0].sent),
        Said("GET", f"{at.rsplit('/', 1)[0]}/no-such-page", 404, "<html>Not here</html>", html),
    ]


def masked(said: Said) -> Said:
    """The same as a recorder keeps it that masks credentials."""
    secrets = ("authorization", "x-auth-key", "private-token")
    return evolve(said, sent={k: "REDACTED" if k.lower() in secrets else v for k, v in said.sent.items()})


def bare(said: Said) -> Said:
    """The same as a recorder keeps it that leaves credentials out."""
    secrets = ("authorization", "x-auth-key", "x-auth-email", "private-token")
    return evolve(said, sent={name: value for name, value in said.sent.items() if name.lower() not in secrets})


def har(said: Sequence[Said]) -> dict[str, Any]:
    def pairs(headers: Any) -> list[dict[str, str]]:
        return [{"name": name, "value": each} for name, values in headers.items() for each in values]

    entries = []
    for each in said:
        spoken = each.interaction
        request, response = spoken["request"], spoken["response"]
        sent = {"postData": {"mimeType": "application/json", "text": request["body"]}} if request["body"] else {}
        entries.append(
            {
                "startedDateTime": "2026-01-01T00:00:00.000Z",
                "time": 1,
                "request": {
                    "method": each.method,
                    "url": each.url,
                    "httpVersion": "HTTP/1.1",
                    "headers": pairs(request["headers"]),
                    **sent,
                },
                "response": {
                    "status": each.status,
                    "statusText": "",
                    "httpVersion": "HTTP/1.1",
                    "headers": pairs(response["headers"]),
                    "content": {"mimeType": "application/json", "text": response["body"]["string"]},
                },
            }
        )
    return {"log": {"version": "1.2", "creator": {"name": "a browser", "version": "1"}, "entries": entries}}


def proposed(stranger: Stranger, folder: Path, said: Sequence[Said], *, as_har: bool = False) -> Written:
    document, recording = evolve(stranger, said=tuple(said)).written(folder)
    if as_har:
        recording = folder / "session.har"
        recording.write_text(json.dumps(har(said)), encoding="utf-8")
    init = Init(stranger.name, Document.read(document), folder / "specs", folder / "cassettes")
    return init.write([recording])


def wrong(stranger: Stranger, written: Written) -> list[tuple[str, Any]]:
    """What is asserted and is not what a reader would write, or would be left out."""
    given = fields_of(written.draft.conventions())
    found = [
        (name, given[name]) for name in given if name in stranger.expected and given[name] != _as_data(stranger, name)
    ]
    return [*found, *((f, given[f]) for f in given for left in stranger.open if f == left or f.startswith(f"{left}."))]


def _as_data(stranger: Stranger, name: str) -> Any:
    expected = stranger.expected[name]
    return f"{expected}/" if name == "base_url" and expected.count("/") == 2 else expected


@pytest.mark.parametrize("as_har", [False, True], ids=["cassette", "har"])
@pytest.mark.parametrize("name", STRANGERS)
def test_what_else_was_recorded_changes_nothing_for_the_worse(name: str, as_har: bool, tmp_path: Path) -> None:
    stranger = STRANGERS[name]()
    said = [each for pair in zip(stranger.said, noise(stranger) * 3, strict=False) for each in pair]
    written = proposed(stranger, tmp_path, [*said, *stranger.said[len(said) // 2 :]], as_har=as_har)
    assert wrong(stranger, written) == []
    assert written.listener.tally.foreign
    assert written.proposed.refused == ()


@pytest.mark.parametrize("keep", [masked, bare], ids=["masked", "left out"])
@pytest.mark.parametrize("name", STRANGERS)
def test_credentials_that_a_recorder_hid_are_no_evidence(name: str, keep: Any, tmp_path: Path) -> None:
    stranger = STRANGERS[name]()
    written = proposed(stranger, tmp_path, [keep(each) for each in stranger.said])
    # Without its credential a recording shows what the document says, and no more.
    told = {"auth.header", "auth.scheme", "auth.refused"}
    assert [
        each for each in wrong(stranger, written) if each[0] not in told or stranger.expected.get(each[0]) == ""
    ] == []


@pytest.mark.parametrize("name", STRANGERS)
def test_one_answer_alone_asserts_nothing_wrong(name: str, tmp_path: Path) -> None:
    stranger = STRANGERS[name]()
    assert wrong(stranger, proposed(stranger, tmp_path, stranger.said[:1])) == []
