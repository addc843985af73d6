"""Replay: an item hears what it heard when it was recorded, and nothing is asked of the network."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from attrs import evolve

from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.selftest.servers import TESTS, VULTR, items
from conformance.targets import CassetteTarget, NotRecorded, ReferenceTarget, Stale
from conformance.targets.replay import CassetteTransport
from conformance.targets.target import CASSETTES
from conformance.traffic.cassette import Interaction, Take, write
from conformance.traffic.exchange import Request, Response
from conformance.traffic.redact import Redactor

URL = "https://recorded.invalid/v2/plans"
REDACTOR = Redactor({"default": "replayed-credential-default"})


def request(method: str = "GET", url: str = URL, body: bytes = b"", **headers: str) -> httpx2.Request:
    return httpx2.Request(method, url, content=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def said(asked: httpx2.Request, answer: str, *headers: tuple[str, str]) -> Interaction:
    pairs = tuple((k.decode(), v.decode()) for k, v in asked.headers.raw)
    recorded = Request(headers=pairs, body=asked.content, method=asked.method, url=str(asked.url))
    return Interaction(REDACTOR.request(recorded), Response(headers=headers, body=answer.encode(), status=200))


def replay(*interactions: Interaction) -> CassetteTransport:
    return CassetteTransport("an item", Take(interactions), REDACTOR)


def heard(transport: httpx2.BaseTransport, asked: httpx2.Request) -> str:
    return transport.handle_request(asked).read().decode()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "create_connection", refused)


def test_equal_requests_are_answered_in_the_order_they_were_recorded() -> None:
    transport = replay(said(request(), "first"), said(request(url=f"{URL}?x=1"), "other"), said(request(), "second"))
    assert [heard(transport, request()) for _ in range(2)] == ["first", "second"]
    assert transport.unused == 1
    with pytest.raises(Stale, match=r"no answer to GET https://recorded\.invalid/v2/plans again: .* --record$"):
        transport.handle_request(request())


@pytest.mark.parametrize(
    "other",
    [
        request("POST"),
        request(url=f"{URL}?per_page=1"),
        request(body=b"{}"),
        request(authorization="Bearer replayed-credential-default"),
        request(content_type="application/json"),
    ],
    ids=["method", "URL", "body", "credential", "media type"],
)
def test_a_request_that_differs_is_another_one(other: httpx2.Request) -> None:
    transport = replay(said(request(), "plain"), said(other, "other"))
    assert heard(transport, other) == "other"
    assert heard(transport, request()) == "plain"
    with pytest.raises(Stale, match="the test asks for something else than when it was recorded"):
        replay(said(request(), "plain")).handle_request(other)


def test_headers_that_change_from_run_to_run_make_no_other_request() -> None:
    transport = replay(said(request(user_agent="recorder/1"), "answer"))
    assert heard(transport, request(user_agent="conformance", accept="*/*")) == "answer"


def test_a_credential_is_known_by_its_name_whatever_its_value() -> None:
    transport = replay(said(request(authorization="Bearer replayed-credential-default"), "answer"))
    assert heard(transport, request(authorization="Bearer replayed-credential-default")) == "answer"
    with pytest.raises(Stale):
        transport.handle_request(request(authorization="Bearer another-credential-of-some-length"))


def test_an_item_without_a_take_is_not_recorded() -> None:
    with pytest.raises(NotRecorded, match="the cassette has nothing for an item; record it with --record"):
        CassetteTransport("an item", None, REDACTOR).handle_request(request())


def test_the_stored_body_is_not_decoded_again() -> None:
    transport = replay(said(request(), "plain text", ("content-encoding", "gzip"), ("transfer-encoding", "chunked")))
    response = transport.handle_request(request())
    assert "content-encoding" not in response.headers
    assert response.read() == b"plain text"


@pytest.mark.usefixtures("no_network")
def test_a_whole_test_function_is_replayed_without_the_network() -> None:
    run = Run(VULTR, CassetteTarget(VULTR, CASSETTES / "vultr"))
    results = [run.run(item).outcome for item in items("vultr.pagination.per-page-max-500")]
    assert set(results) <= {Outcome.HELD, Outcome.NOT_EXERCISED}
    assert run.exchanges > 0


@pytest.mark.usefixtures("no_network")
def test_sessions_in_many_threads_share_nothing() -> None:
    target = CassetteTarget(VULTR, CASSETTES / "vultr")
    wanted = items("vultr.auth.no-key-401") + items("vultr.auth.bad-key-401")

    def outcomes(_: int) -> list[Outcome]:
        run = Run(VULTR, target)
        return [run.run(item).outcome for item in wanted]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(outcomes, range(16)))
    assert found == [[Outcome.HELD] * len(wanted)] * 16


def test_every_shipped_cassette_belongs_to_a_test() -> None:
    shipped = {path.relative_to(CASSETTES / "vultr").with_suffix("") for path in (CASSETTES / "vultr").rglob("*.yaml")}
    assert shipped <= {Path(test) for test in TESTS}


def test_a_target_without_cassettes_has_nothing_for_anyone(tmp_path: Path) -> None:
    run = Run(VULTR, CassetteTarget(VULTR, tmp_path))
    result = run.run(items("vultr.auth.bad-key-401")[0])
    assert (result.outcome, result.reason) == (
        Outcome.NOT_RECORDED,
        "the cassette has no cases for vultr.auth.bad-key-401[GET /v2/account]; record it with --record",
    )


def test_where_there_was_nothing_to_ask_nothing_is_missing() -> None:
    """A list that cannot be narrowed has no case in a recording, as it had none when that was made."""
    netlify, narrowed = load("netlify"), "test_selections/test_the_default_is_the_same_for_a_narrowed_list"
    found = {item.operation: item for item in items_of(TESTS[narrowed], narrowed, netlify)}
    run = Run(netlify, CassetteTarget(netlify, CASSETTES / "netlify"))
    outcomes = {operation: run.run(found[operation]).outcome for operation in sorted(found)}
    assert outcomes["GET /api/v1/sites"] is Outcome.NOT_EXERCISED
    assert Outcome.NOT_RECORDED not in outcomes.values()


def test_every_item_meets_a_fresh_reference_server() -> None:
    target = ReferenceTarget(VULTR)
    domain, delete = {"dns-domain": "alpha.default.example.com"}, VULTR.operation("DELETE /v2/domains/{dns-domain}")
    for _ in range(2):
        client = target.session("a test", "an item", []).client
        assert client.call(delete, domain).response.status == 204
        assert client.call(delete, domain).response.status == 404


@pytest.mark.parametrize("sent_at", [1_767_225_600.25, None])
def test_a_replayed_exchange_happened_when_it_was_recorded(sent_at: float | None, tmp_path: Path) -> None:
    asked = request(authorization="Bearer replayed-credential-default")
    take = Take((evolve(said(asked, "{}"), sent_at=sent_at),))
    write(tmp_path / "module" / "test.yaml", {"base_url": "https://recorded.invalid"}, {"item": take})
    client = CassetteTarget(VULTR, tmp_path).session("module/test", "item", []).client
    client.clock.sleep(5.0)
    assert client.send("GET", "/v2/plans").sent_at == sent_at
