"""Secrets that a server makes up: under usual names and in usual forms, none reaches what a run leaves behind."""

from __future__ import annotations

import base64
import json
import logging
import random
import string
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from attrs import frozen

from conformance.commands.main import main
from conformance.selftest.servers import Asked, Runner, raw_server, reply

NAMES = tuple(
    name
    for line in (
        "default_password password passwd rootPass db_password user-password passphrase s3_secret_key s3_access_key",
        "accessKey apiKey api_key APIKEY secret client_secret clientSecret webhookSecret signing-secret token",
        "accessToken refresh_token id.token X-Vendor-Token botTokenV2 session_id sessionToken csrf_token XSRF",
        "jwt otp totpSecret pin kube_config privateKey private_key_pem credential credentials",
        "connectionString dsn signature encryption_key pat cookie",
    )
    for name in line.split()
)
ALPHABET = string.ascii_letters + string.digits


def drawn(length: int, alphabet: str = ALPHABET) -> str:
    return "".join(random.SystemRandom().choices(alphabet, k=length))


def canary() -> str:
    return f"Canary{drawn(18)}7"


def in_base64(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


@frozen
class Secrets:
    """What a server gives away.

    Attributes:
        body: members of a JSON object.
        headers: as the server sends them.
        values: what may be found nowhere.
    """

    body: dict[str, Any]
    headers: dict[str, str]
    values: frozenset[str]


def given_away(token: str) -> Secrets:
    """A canary under each name, in one of five shapes, and one in each form; the run's own token, written otherwise."""
    named, values = {}, set()
    for number, name in enumerate(NAMES):
        values.add(value := canary())
        named[name] = (value, [value], {"inner": {"deep": [value]}}, f'{value} \\ "quoted" \n two lines', {"v": value})[
            number % 5
        ]
    numbers = {name: int(drawn(12, "123456789")) for name in ("pin_code_pin", "otp", "secretNumber")}
    forms = {
        name: canary() for name in ("bearer", "code", "user", "set_cookie", "nested", "twice", "xml", "text", "form")
    }
    jwt = f"eyJ{in_base64(drawn(9))}.eyJ{in_base64(canary())}.{in_base64(canary())}"
    pem = f"-----BEGIN RSA PRIVATE KEY-----\n{drawn(64)}\n{drawn(40)}==\n-----END RSA PRIVATE KEY-----"
    issued = (
        f"AKIA{drawn(16, string.ascii_uppercase)}",
        f"ghp_{drawn(36)}",
        f"github_pat_{drawn(22)}_{drawn(59)}",
        f"xoxb-{drawn(12, string.digits)}-{drawn(24)}",
        f"sk_live_{drawn(24)}",
        f"glpat-{drawn(20)}",
        f"npm_{drawn(36)}",
        f"AIza{drawn(35)}",
    )
    own = {
        "escaped": "".join(f"\\u{ord(char):04x}" for char in token),
        "other case": token.swapcase(),
        "percent": quote(quote(quote(token, safe=""))),
        "entities": "".join(f"&#{ord(char)};" if not char.isalnum() else char for char in token),
        "base64": [base64.b64encode(b"x" * n + token.encode() + b"yz").decode() for n in range(3)],
        "hex": token.encode().hex(),
    }
    body = {
        "account": {**named, "numbers": numbers, "message": f"refused: Bearer {forms['bearer']} is not known"},
        "nested": json.dumps({"config": {"api_key": forms["nested"]}}),
        "twice": json.dumps({"config": json.dumps({"api_key": forms["twice"]})}),
        "jwt-free": f"see {jwt}.",
        "file": pem,
        "log": " ".join(issued),
        "database": f"postgres://admin:{forms['user']}@db.example/main",
        "page": f"<config><password>{forms['xml']}</password></config>",
        "yaml": f"db:\n  password: {forms['text']}\n",
        "form": f"grant=x&client_secret={forms['form']}",
        "own": own,
    }
    headers = {
        "location": f"https://app.example/callback?state=1&code={forms['code']}",
        "link": f'<https://app.example/next?token={forms["code"]}>; rel="next"',
        "set_cookie": f"sid={forms['set_cookie']}; Path=/; HttpOnly",
        "x_vendor_token": forms["bearer"],
        "www_authenticate": f'Bearer realm="x", token="{forms["bearer"]}"',
    }
    parts = {*jwt.split(".")[1:], *pem.splitlines()[1:3]}
    found = values | set(forms.values()) | parts | set(issued) | set(map(str, numbers.values()))
    encoded = {in_base64(token)[2:-4], token.swapcase(), token.encode().hex(), token, quote(token, safe="")}
    return Secrets(body, headers, frozenset(found | encoded))


def leaked(secrets: Secrets, artefacts: dict[str, bytes]) -> list[str]:
    """Which values stand in which artefact: plainly, percent-encoded or in base64."""
    forms = {form for value in secrets.values for form in (value, quote(value, safe=""), in_base64(value)[:-2])}
    return sorted(f"{name}: {form}" for name, text in artefacts.items() for form in forms if form.encode() in text)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    token = f"own-{drawn(12)}+{drawn(12)}7"
    monkeypatch.setenv("VULTR_API_KEY", token)
    return token


def test_the_server_gives_away_what_is_looked_for(token: str) -> None:
    """The control: each canary is in what the server sends."""
    assert len(NAMES) >= 40
    secrets = given_away(token)
    sent = {"sent": reply(secrets.body, **secrets.headers)}
    assert len(leaked(secrets, sent)) >= 60


def test_nothing_that_a_run_leaves_behind_holds_a_canary(suite: Runner, tmp_path: Path, token: str) -> None:
    secrets = given_away(token)

    def answer(asked: Asked) -> bytes:
        if "users" in asked.target:
            return reply("\n".join(map(str, secrets.body.values())).replace("'", '"'), "500 Internal Server Error")
        return reply(secrets.body, "403 Forbidden" if "bare-metals" in asked.target else "200 OK", **secrets.headers)

    suite.record_here()
    chosen = "key-never-echoed or get-returns-object or walk-exactly-once or error-object"
    talkative = ("-rA", "-vv", "-l", "--tb=long", "-o", "log_cli=true", "--log-cli-level=debug", "--log-level=debug")
    log = f"--log-file={tmp_path / 'debug.log'}"
    with raw_server(answer) as server:
        ran = suite("--target", server.url, "--record", "--strict", *talkative, log, "-k", chosen)
        assert server.requests > 5, ran.text[-3000:]
    artefacts = {**files(tmp_path), "terminal": ran.text.encode()}
    names = {Path(name).name for name in artefacts}
    assert {"events.ndjson", "report.json", "report.md", "report.html", "junit.xml", "debug.log"} <= names
    assert [name for name in artefacts if name.startswith("cassettes")]
    assert b"receive_response_headers" in artefacts["debug.log"]
    assert leaked(secrets, artefacts) == []
    assert ran.verdicts["vultr.security.key-never-echoed[GET /v2/account]"] == "failed"


def test_nothing_that_comes_of_a_raw_recording_holds_a_canary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], token: str
) -> None:
    secrets = given_away(token)
    interactions = [
        {
            "request": {
                "method": "GET",
                "uri": f"https://api.vultr.com/v2/account?access_token={token}",
                "body": None,
                "headers": {"Authorization": [f"Bearer {token}"]},
            },
            "response": {
                "status": {"code": status, "message": ""},
                "headers": {
                    "Content-Type": ["application/json"],
                    **{name.replace("_", "-"): [value] for name, value in secrets.headers.items()},
                },
                "body": {"string": body},
            },
        }
        for status in (200, 403)
        for body in (
            json.dumps(secrets.body),
            json.dumps(secrets.body)[:-3],
            "\n".join(map(str, secrets.body.values())),
        )
    ]
    recording = tmp_path / "raw.json"
    recording.write_text(json.dumps({"version": 1, "interactions": interactions}), encoding="utf-8")
    status = main(["judge", "--api", "vultr", str(recording), "--strict", "--report-dir", str(tmp_path / "reports")])
    told = capsys.readouterr()
    assert status == 1
    artefacts = {**files(tmp_path / "reports"), "terminal": (told.out + told.err).encode()}
    assert len(artefacts) >= 6
    assert leaked(secrets, artefacts) == []
    verdicts = {
        case["operation"]: case["verdict"]
        for requirement in json.loads(artefacts["report.json"])["requirements"]
        for case in requirement["cases"]
        if requirement["id"] == "vultr.security.key-never-echoed"
    }
    assert verdicts["GET /v2/account"] == "failed"


class Crashes:
    """A plugin that breaks with a credential in its hands: at the first test, or outside of any."""

    def __init__(self, token: str, *, outside: bool) -> None:
        self._token, self._outside = token, outside

    def pytest_collection_finish(self) -> None:
        if self._outside:
            self._crash()

    def pytest_runtest_call(self) -> None:
        self._crash()

    def _crash(self) -> None:
        request = {"headers": {"Authorization": f"Bearer {self._token}", "X-Api-Key": "another-Key7"}}
        logging.getLogger("elsewhere").warning("sent %s", request, exc_info=ValueError(f"no {self._token}"))
        logging.getLogger("elsewhere").warning("sent %s %d", self._token)
        raise RuntimeError(f"cannot send {request}\n::error::{self._token}")


@pytest.mark.parametrize("outside", [False, True])
def test_no_crash_tells_a_credential(suite: Runner, tmp_path: Path, token: str, outside: bool) -> None:
    talkative = ("-vv", "-l", "--tb=long", "-o", "log_cli=true", f"--log-file={tmp_path / 'debug.log'}")
    before = logging.getLogRecordFactory()
    with raw_server(lambda _: reply({})) as server:
        ran = suite(
            "--target", server.url, *talkative, "-k", "get-returns-object", plugins=(Crashes(token, outside=outside),)
        )
    assert logging.getLogRecordFactory() is before
    assert ran.status != 0
    assert ("INTERNALERROR" in ran.text) is outside
    assert "cannot send" in ran.text
    assert "\n::error" not in ran.text
    artefacts = {**files(tmp_path), "terminal": ran.text.encode()}
    assert "cannot send" in ran.text
    lines = [line for text in artefacts.values() for line in text.decode(errors="replace").splitlines()]
    assert [line for line in lines if token in line or "another-Key7" in line] == []
