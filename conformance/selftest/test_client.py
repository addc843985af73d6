"""The client on real sockets: what it sends, what it never sends, and how it tells what went wrong."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from conformance.selftest.servers import TOKEN, VULTR, Answer, Asked, RawServer, raw_server, reply, url_target
from conformance.targets import Client, HarnessError, NotExercised, Unsupported
from conformance.targets import client as client_module
from conformance.targets.health import SILENT
from conformance.targets.network import Limits
from conformance.traffic.exchange import Exchange

ACCOUNT = VULTR.operation("GET /v2/account")
USER = VULTR.operation("GET /v2/users/{user-id}")


@contextmanager
def speaking_to(answer: Answer, **changes: Any) -> Iterator[tuple[Client, RawServer]]:
    with raw_server(answer) as server:
        target = url_target(server.url, **changes)
        yield target.session("a test", "an item", []).client, server
        target.close()


def account(_: Asked) -> bytes:
    return reply({"account": {}})


def test_a_call_carries_what_the_conventions_say() -> None:
    with speaking_to(account) as (client, server):
        exchange = client.call(ACCOUNT)
    asked = server.asked[0]
    assert (asked.method, asked.target, asked.body) == ("GET", "/v2/account", b"")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["accept"] == "application/json"
    assert asked.headers["user-agent"] == "conformance"
    assert "content-type" not in asked.headers
    assert exchange.operation is ACCOUNT


def test_an_exchange_carries_marks_in_place_of_the_token() -> None:
    with speaking_to(lambda asked: reply({"error": asked.headers["authorization"]}, x_echo=TOKEN)) as (client, _):
        exchange = client.call(ACCOUNT)
    assert exchange.request.header("authorization") == "Bearer __redacted_value_default__"
    assert exchange.response.header("x-echo") == "__redacted_value_default__"
    assert TOKEN not in exchange.response.text


def test_a_body_is_json_with_the_documented_type_unless_the_caller_says_otherwise() -> None:
    with speaking_to(account, capabilities=frozenset({"writes"})) as (client, server):
        client.send("POST", "/v2/domains", body={"name": "ünïcode"})
        client.send("POST", "/v2/domains", content=b"no json", headers={"Content-Type": "text/plain"})
        client.send("POST", "/v2/domains", content=b"untyped")
    typed, plain, untyped = server.asked
    assert typed.headers["content-type"] == "application/json"
    assert json.loads(typed.body) == {"name": "ünïcode"}
    assert (plain.headers["content-type"], plain.body) == ("text/plain", b"no json")
    assert ("content-type" in untyped.headers, untyped.body) == (False, b"untyped")


def test_the_credential_is_chosen_by_name_or_left_out() -> None:
    with speaking_to(account, credentials={"default": TOKEN, "second": "the-token-of-another"}) as (client, server):
        client.call(ACCOUNT, credential="second")
        client.call(ACCOUNT, credential=None)
        client.call(ACCOUNT, headers={"authorization": "Basic eHg6eHg="})
    sent = [asked.headers.get("authorization") for asked in server.asked]
    assert sent == ["Bearer the-token-of-another", None, "Basic eHg6eHg="]


def test_a_credential_that_is_not_there_is_unsupported_and_names_its_variable() -> None:
    with speaking_to(account) as (client, server):
        with pytest.raises(Unsupported, match=r"^needs the credential 'second': set VULTR_API_KEY_SECOND$"):
            client.call(ACCOUNT, credential="second")
        with pytest.raises(Unsupported, match=r"^needs a value for user-id: name one in the target's parameters$"):
            client.call(USER)
    assert server.requests == 0


@pytest.mark.parametrize("value", ["a/b", "..", "ü & ?=#", "%2e%2e", "a b", "\x00"])
def test_a_path_value_is_one_encoded_segment(value: str) -> None:
    with speaking_to(account) as (client, server):
        client.call(USER, {"user-id": value})
    segments = server.asked[0].target.split("/")
    assert len(segments) == 4
    assert segments[:3] == ["", "v2", "users"]


def test_a_redirect_is_an_answer_and_takes_the_token_nowhere() -> None:
    with raw_server(account) as other:

        def away(asked: Asked) -> bytes:
            return reply(b"", "302 Found", location=f"{other.url}{asked.target}")

        with speaking_to(away) as (client, server):
            assert client.call(ACCOUNT).response.status == 302
    assert (server.requests, other.requests) == (1, 0)


def test_environment_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(account) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        with speaking_to(account) as (client, server):
            client.call(ACCOUNT)
    assert (server.requests, proxy.requests) == (1, 0)


def test_plain_http_to_another_host_carries_no_token() -> None:
    target = url_target("https://api.example.com")
    client = target.session("a test", "an item", []).client.in_clear()
    assert client.base_url == "http://api.example.com"
    assert client.token("default") == "conformance-throw-away-default"


def test_plain_http_from_plain_http_is_unsupported() -> None:
    with (
        speaking_to(account) as (client, _),
        pytest.raises(Unsupported, match="a target that is reached over TLS"),
    ):
        client.in_clear()


def test_another_loopback_address_is_spoken_from() -> None:
    with speaking_to(account) as (client, server):
        client.from_address("127.0.0.2").call(ACCOUNT)
    assert server.requests == 1


def test_a_target_elsewhere_has_one_address() -> None:
    client = url_target("https://api.example.com").session("a test", "an item", []).client
    with pytest.raises(Unsupported, match="needs a second source address"):
        client.from_address("127.0.0.2")


FAILURES: dict[str, tuple[Answer, str]] = {
    "too large": (lambda _: reply(b"x" * (4 * 1024 * 1024 + 1)), "the body is larger than 4 MiB; not judged"),
    "cut off": (lambda _: reply(b"x")[:-1], "the answer broke off or is not HTTP: peer closed connection"),
    "no HTTP": (lambda _: b"220 mail.example.com ESMTP\r\n", "the answer broke off or is not HTTP: "),
    "undecodable": (lambda _: reply(b"no gzip", content_encoding="gzip"), "the body does not decode: it is not gzip"),
    "too deep": (lambda _: reply(b"[" * 300 + b"]" * 300), "the body nests deeper than 200 levels; not judged"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_failure_is_one_redacted_line_that_names_the_request(kind: str) -> None:
    answer, line = FAILURES[kind]
    with speaking_to(answer) as (client, server), pytest.raises(HarnessError) as failure:
        client.send("GET", "/v2/account", query={"cursor": TOKEN})
    text = str(failure.value)
    assert text.startswith(f"GET {server.url}/v2/account?cursor=__redacted_value_default__: {line}")
    assert "\n" not in text
    assert TOKEN not in text


def test_a_body_of_the_largest_size_is_read() -> None:
    with speaking_to(lambda _: reply(b"x" * (4 * 1024 * 1024))) as (client, _):
        assert len(client.call(ACCOUNT).response.body) == 4 * 1024 * 1024


def test_a_url_that_no_request_can_be_made_of_is_a_failure_in_one_line() -> None:
    with speaking_to(account) as (client, server), pytest.raises(HarnessError) as failure:
        client.send("GET", "/v2/plans", query={"cursor": "x" * 100_000})
    assert str(failure.value).startswith("a URL of 100017 characters is not asked for")
    assert len(str(failure.value)) < 400
    assert server.requests == 0


def test_a_slow_answer_is_given_up() -> None:
    def hang(_: Asked) -> bytes:
        server.stopping.wait()
        return b""

    with speaking_to(hang, limits=Limits(read=0.05)) as (client, server), pytest.raises(HarnessError) as failure:
        client.call(ACCOUNT)
    assert str(failure.value) == f"GET {server.url}/v2/account: no answer within 0.05 s"


def test_an_answer_that_drips_is_given_up() -> None:
    limits = Limits(answer=-1)
    with (
        speaking_to(account, limits=limits) as (client, _),
        pytest.raises(HarnessError, match="not complete after -1 s"),
    ):
        client.call(ACCOUNT)


def test_a_target_that_fails_three_times_in_a_row_is_not_asked_again() -> None:
    with speaking_to(lambda _: b"") as (client, server):
        for _ in range(3):
            with pytest.raises(HarnessError, match="broke off or is not HTTP"):
                client.call(ACCOUNT)
        with pytest.raises(HarnessError, match=r"^the target is taken as down after 3 failures in a row"):
            client.call(ACCOUNT)
    assert server.requests == 3


def test_a_target_whose_answers_are_too_large_is_not_taken_as_down() -> None:
    """It is up: what else it has is judged."""

    def answer(asked: Asked) -> bytes:
        return reply({}) if asked.path == "/v2/account" else reply(b"x" * (4 * 1024 * 1024 + 1))

    with speaking_to(answer) as (client, _):
        client.call(ACCOUNT)
        for _ in range(SILENT + 1):
            with pytest.raises(HarnessError, match="the body is larger than 4 MiB"):
                client.send("GET", "/v2/plans")
        assert client.call(ACCOUNT).response.ok


def test_an_answer_ends_a_row_of_failures() -> None:
    good = reply({"account": {}})
    answers = iter([b"", b"", good, b"", b"", good])
    came = []
    with speaking_to(lambda _: next(answers)) as (client, server):
        for _ in range(6):
            try:
                came.append(client.call(ACCOUNT).response.status)
            except HarnessError:
                came.append(0)
    assert came == [0, 0, 200, 0, 0, 200]
    assert server.requests == 6


def test_a_target_that_answers_every_other_call_is_given_up_in_the_end() -> None:
    good = reply({"account": {}})
    answers = itertools.cycle([good, b""])
    with speaking_to(lambda _: next(answers)) as (client, server):
        for _ in range(40):
            with suppress(HarnessError):
                client.call(ACCOUNT)
        with pytest.raises(HarnessError, match=r"^the target is given up after 20 failures in all"):
            client.call(ACCOUNT)
    assert server.requests == 40


def test_all_clients_of_a_target_know_that_it_is_down() -> None:
    with raw_server(lambda _: b"") as server:
        target = url_target(server.url)
        for item in ("one", "another", "a third", "a fourth"):
            with pytest.raises(HarnessError):
                target.session("a test", item, []).client.call(ACCOUNT)
        target.close()
    assert server.requests == 3


def test_an_item_makes_a_bounded_number_of_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MAX_REQUESTS", 3)
    with speaking_to(account) as (client, server):
        for _ in range(3):
            client.call(ACCOUNT)
        with pytest.raises(HarnessError, match="more than 3 requests in one item; given up"):
            client.call(ACCOUNT)
    assert server.requests == 3


def test_observers_see_every_exchange_as_it_happens() -> None:
    seen: list[Exchange] = []
    with raw_server(account) as server:
        target = url_target(server.url)
        client = target.session("a test", "an item", [seen.append]).client
        assert [client.call(ACCOUNT), client.call(ACCOUNT)] == seen == client.exchanges
        target.close()


@pytest.mark.parametrize(
    ("status", "reaction"), [("200 OK", None), ("404 Not Found", NotExercised), ("503 Busy", HarnessError)]
)
def test_a_control_is_accepted_refused_or_unusable(status: str, reaction: type[Exception] | None) -> None:
    with speaking_to(lambda _: reply({}, status)) as (client, _):
        exchange = client.call(ACCOUNT)
        if reaction is None:
            assert client.control(exchange) is exchange
        else:
            with pytest.raises(reaction, match=f"^the control .*GET .*/v2/account → {status[:3]}$"):
                client.control(exchange)
