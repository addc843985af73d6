"""Secrets: whatever a server does with the token, no artefact of a run holds it in any form."""

from __future__ import annotations

import base64
import random
import secrets
import string
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from conformance.selftest.servers import Asked, Runner, dying, raw_server, reply

ECHOED = "vultr.security.key-never-echoed"
SELECTED = ("-k", "bad-key-401 or key-never-echoed or get-returns-object or walk-exactly-once or post-creates")


def canary() -> str:
    """A token nobody has ever seen, with characters that percent-encoding and JSON change."""
    return f'canary/{secrets.token_hex(12)}+{random.choice(string.ascii_letters)}="\\&?'


def traces(token: str) -> list[bytes]:
    """Every form in which a token could stand in a file."""
    raw = token.encode()
    forms = {raw, raw.hex().encode(), raw.hex().upper().encode(), raw[8:-4]}
    for percent in (quote(token, safe=""), quote(token), quote_plus(token)):
        forms |= {percent.encode(), percent.lower().encode()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            # The characters at either end depend on what stands around the token.
            forms.add(encode(b"\0" * offset + raw)[4:-4])
    return sorted(forms)


def artefacts(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def echoing(asked: Asked) -> bytes:
    """An answer with the token of the request in every place and form that an answer has."""
    token = asked.headers.get("authorization", "nobody").rpartition("Bearer ")[2]
    raw = token.encode()
    text = {
        "plain": token,
        "quoted": f'"{token}"',
        "percent": quote(token, safe=""),
        "plus": quote_plus(token),
        "hex": raw.hex(),
        **{f"base64 {offset}": base64.b64encode(b"x" * offset + raw + b"yz").decode() for offset in range(3)},
        **{f"url base64 {offset}": base64.urlsafe_b64encode(b"x" * offset + raw).decode() for offset in range(3)},
        "header": asked.headers.get("authorization"),
    }
    page = {
        "account": text,
        "plans": [{"id": token}, {"id": quote(token)}],
        "domain": {"domain": token},
        "error": f"the key {token} is not known",
        token: token,
        "meta": {"total": 2, "links": {"next": "", "prev": token}},
    }
    headers = {
        "x_plain": token,
        "x_base64": base64.b64encode(raw).decode(),
        "set_cookie": f"session={token}; Path=/",
        "location": f"/login?next={quote(token, safe='')}&key={quote_plus(token)}",
        "www_authenticate": f'Bearer realm="{quote(token)}"',
    }
    match asked.target:
        case target if "users" in target:
            return reply(f"not JSON: {token}", "500 Internal Server Error", **headers)
        case _ if asked.method == "POST":
            return reply(page, "302 Found", **headers)
    return reply(page, **headers)


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    given = {"VULTR_API_KEY": canary(), "VULTR_API_KEY_SECOND": canary()}
    for variable, token in given.items():
        monkeypatch.setenv(variable, token)
    return list(given.values())


def holds_none_of(tokens: list[str], found: dict[str, bytes]) -> None:
    forms = [form for token in tokens for form in traces(token)]
    assert [f"{name}: {form!r}" for name, text in found.items() for form in forms if form in text] == []


def test_no_artefact_of_a_run_holds_a_token(suite: Runner, tmp_path: Path, tokens: list[str]) -> None:
    suite.record_here()
    with raw_server(echoing) as server:
        ran = suite("--target", server.url, "--allow-writes", "--record", "--strict", "-rA", "-vv", "-l", *SELECTED)
    assert any(tokens[0] in asked.headers.get("authorization", "") for asked in server.asked)
    found = artefacts(tmp_path)
    names = {Path(name).name for name in found}
    assert {"events.ndjson", "report.json", "report.md", "report.html", "junit.xml"} <= names
    assert len([name for name in found if name.startswith("cassettes")]) >= 3
    holds_none_of(tokens, {**found, "terminal": ran.text.encode()})
    assert ran.verdicts[f"{ECHOED}[GET /v2/account]"] == "failed"
    assert "__redacted_value_default__" in ran.text


def test_no_failure_of_the_connection_tells_the_token(suite: Runner, tmp_path: Path, tokens: list[str]) -> None:
    answered = dying()

    def breaks(asked: Asked) -> bytes:
        return answered(asked) or f"HTTP/1.1 {asked.headers['authorization']}\r\n\r\n".encode()

    with raw_server(breaks) as server:
        ran = suite("--target", server.url, "-vv", "-l", *SELECTED)
    assert "broken" in ran.verdicts.values()
    holds_none_of(tokens, {**artefacts(tmp_path), "terminal": ran.text.encode()})


def test_the_grep_finds_what_it_looks_for(tokens: list[str]) -> None:
    """The control: what the echoing server sends would be found."""
    token = tokens[0]
    sent = echoing(Asked("GET", "/v2/account", {"authorization": f"Bearer {token}"}, b""))
    assert sum(form in sent for form in traces(token)) >= 8
    with pytest.raises(AssertionError, match="terminal"):
        holds_none_of(tokens, {"terminal": f"… {base64.b64encode(b'xy' + token.encode() + b'z').decode()} …".encode()})
