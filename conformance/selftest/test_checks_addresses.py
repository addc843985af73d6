"""Checks of where calls go: over which scheme, below which path, and with a version or none."""

from __future__ import annotations

import pytest

from conformance.selftest.conversations import Said, held, violated
from conformance.selftest.test_checks_json_api import PROJECTS, UNKNOWN, V1, outcome, said
from conformance.traffic.exchange import Exchange

IN_CLEAR = "transport.in-clear"
REQUIRED = "versioning.parameter-required"
ERRORS = {"jsonapi": V1, "errors": [{"status": "400", "detail": "no"}]}


def asked(base: str, status: int = 200) -> Exchange:
    return said(status=status, body={"data": []}, base=base)


@pytest.mark.parametrize(
    ("status", "expected"), [(200, "violated"), (400, "violated"), (404, "held"), (503, "violated")]
)
def test_the_documented_host_refuses_a_call_in_clear_as_documented(status: int, expected: str) -> None:
    clear = asked("http://api.snyk.io/rest", status)
    assert outcome(IN_CLEAR, asked("https://api.snyk.io/rest"), clear) == expected
    assert outcome(IN_CLEAR, clear) == ("nothing" if expected == "held" else expected)
    assert outcome(IN_CLEAR, asked("https://api.snyk.io/rest", 404), clear) == outcome(IN_CLEAR, clear)


def test_another_host_is_judged_when_a_call_to_it_goes_over_tls() -> None:
    clear, secure = asked("http://snyk.example/rest"), asked("https://snyk.example/rest")
    assert outcome(IN_CLEAR, clear, clear) == "nothing"
    assert outcome(IN_CLEAR, secure, secure) == "nothing"
    assert outcome(IN_CLEAR, secure, clear) == "violated"
    assert outcome(IN_CLEAR, clear, secure) == "violated"
    assert outcome(IN_CLEAR, clear, asked("https://another.example/rest")) == "nothing"


def test_this_machine_may_serve_both() -> None:
    for host in ("localhost", "127.0.0.1:4000", "[::1]:4000"):
        assert outcome(IN_CLEAR, asked(f"https://{host}/rest"), asked(f"http://{host}/rest")) == "nothing"


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (said(PROJECTS, 400, ERRORS), "held"),
        (said(PROJECTS, 200, {"data": []}), "violated"),
        (said(PROJECTS, 404, ERRORS), "nothing"),
        (said(PROJECTS, 500, ERRORS), "nothing"),
        (said(f"{PROJECTS}?version=2024-10-15", 200, {"data": []}), "nothing"),
        (said(f"{PROJECTS}?version=", 200, {"data": []}), "nothing"),
        (said(f"{PROJECTS}?limit=10", 200, {"data": []}), "violated"),
        # Descriptions of the API need no version, what is a document of JSON:API does.
        (said(UNKNOWN, 200, {"openapi": "3.1.0"}, typed="application/json"), "nothing"),
        (said(UNKNOWN, 200, {"data": []}), "violated"),
        (said(PROJECTS, 200, {"data": []}, typed="application/json"), "violated"),
    ],
)
def test_a_request_without_a_version_is_malformed(exchange: Exchange, expected: str) -> None:
    assert outcome(REQUIRED, said(), exchange) == expected
    assert outcome(REQUIRED, exchange) == ("nothing" if expected == "held" else expected)
    assert outcome(REQUIRED, said(status=400, body=ERRORS), exchange) == outcome(REQUIRED, exchange)


@pytest.mark.parametrize(
    ("status", "judged"), [(200, "violated"), (301, "held"), (403, "held"), (499, "held"), (500, "nothing")]
)
def test_where_no_status_is_documented_any_refusal_in_clear_will_do_and_a_crash_is_none(
    status: int, judged: str
) -> None:
    secure = Said("GET", "https://api.vultr.com/v2/account", 200, {"account": {}})
    clear = Said("GET", "http://api.vultr.com/v2/account", status, {})
    found = {"held": held("vultr", [secure, clear]), "violated": violated("vultr", [secure, clear])}
    assert [name for name, slugs in found.items() if "transport.https-only" in slugs] == (
        [] if judged == "nothing" else [judged]
    )
