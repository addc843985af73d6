"""The client on real sockets: what it sends, what it never sends, and how it tells what went wrong."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import pytest

from conformance.selftest.servers import TOKEN, VULTR, Answer, Asked, RawServer, raw_server, reply, url_target
from conformance.targets import Client, HarnessError, Unsupported, health
from conformance.targets import client as client_module
from conformance.targets.errors import Blocked, Down
from conformance.targets.health import USELESS
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
    assert asked.headers["user-agent"] == f"conformance/{version('conformance')}"
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


NO_HTTP: dict[str, tuple[Answer, str]] = {
    "no HTTP": (lambda _: b"220 mail.example.com ESMTP\r\n", "the answer broke off or is not HTTP: "),
    "nothing": (lambda _: b"", "the answer broke off or is not HTTP: Server disconnected"),
    "a NUL in a header": (lambda _: reply({}, x_trace="a\0b"), "the answer broke off or is not HTTP: "),
}


@pytest.mark.parametrize("kind", NO_HTTP)
def test_a_target_that_answers_nothing_is_down_and_not_asked_again(kind: str) -> None:
    """One redacted line names the request; two others, to be sure, are all that is asked beside it."""
    answer, line = NO_HTTP[kind]
    with speaking_to(answer) as (client, server):
        for _ in range(3):
            with pytest.raises(Down) as failure:
                client.send("GET", "/v2/account", query={"cursor": TOKEN})
    text = str(failure.value)
    assert text.startswith(f"the target is down: GET {server.url}/v2/account?cursor=__redacted_value_default__: {line}")
    assert "\n" not in text
    assert TOKEN not in text
    assert server.requests == 3


@pytest.mark.parametrize("kind", NO_HTTP)
def test_a_target_that_answers_others_gave_no_answer_to_one(kind: str) -> None:
    answer, line = NO_HTTP[kind]
    with speaking_to(lambda asked: answer(asked) if asked.path == "/v2/plans" else account(asked)) as (client, server):
        exchange = client.send("GET", "/v2/plans")
        assert client.call(ACCOUNT).response.ok
    response = exchange.response
    assert (response.status, response.answered, response.ok, response.is_json) == (0, False, False, False)
    assert response.reason == "no answer"
    assert str(response.fault).startswith(line)
    assert str(exchange).startswith(f"GET {server.url}/v2/plans → no answer: {line}")


FAULTS: dict[str, tuple[Answer, str]] = {
    "cut off": (lambda _: reply(b"x")[:-1], "the answer broke off or is not HTTP: peer closed connection"),
    "undecodable": (lambda _: reply(b"no gzip", content_encoding="gzip"), "the body does not decode: it is not gzip"),
}
UNREAD: dict[str, tuple[Answer, str]] = {
    "too large": (lambda _: reply(b"x" * (4 * 1024 * 1024 + 1)), "the body is larger than 4 MiB; not judged"),
    "too deep": (lambda _: reply(b"[" * 300 + b"]" * 300), "the body nests deeper than 200 levels; not judged"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_an_answer_whose_body_is_not_as_its_head_says_is_an_answer_without_json(kind: str) -> None:
    answer, line = FAULTS[kind]
    with speaking_to(answer) as (client, _), pytest.raises(Blocked) as blocked:
        client.control(client.call(ACCOUNT))
    response = blocked.value.exchange.response
    assert (response.status, response.is_json, blocked.value.need) == (200, False, "usable")
    assert str(response.fault).startswith(line)
    assert line in response.shown


@pytest.mark.parametrize("kind", UNREAD)
def test_an_answer_that_is_more_than_is_read_is_an_answer_that_is_not_known(kind: str) -> None:
    answer, line = UNREAD[kind]
    with speaking_to(answer) as (client, _), pytest.raises(Blocked) as blocked:
        client.control(client.call(ACCOUNT))
    response = blocked.value.exchange.response
    assert (response.status, response.fault, response.unread) == (200, None, line)


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

    with speaking_to(hang, limits=Limits(read=0.05)) as (client, server), pytest.raises(Down) as failure:
        client.call(ACCOUNT)
    assert failure.value.first == f"GET {server.url}/v2/account: no answer within 0.05 s"


def test_an_answer_that_drips_is_given_up() -> None:
    limits = Limits(answer=-1)
    with speaking_to(account, limits=limits) as (client, _), pytest.raises(Down, match="not complete after -1 s"):
        client.call(ACCOUNT)


def test_a_connection_that_is_refused_is_told_without_a_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    target = url_target(f"http://127.0.0.1:{port}")
    with pytest.raises(
        Down, match=r"/v2/account: cannot connect: Connection refused; is the target up\?; no other call"
    ):
        target.session("a test", "an item", []).client.call(ACCOUNT)
    target.close()


def test_an_operation_that_is_of_no_use_many_times_in_a_row_is_not_asked_again() -> None:
    """The others are: the target is up. What is wrong on purpose, and is not answered, does not count."""
    huge = reply(b"x" * (4 * 1024 * 1024 + 1))
    with speaking_to(lambda asked: huge if asked.path == "/v2/plans" else account(asked)) as (client, server):
        for _ in range(5):
            client.send("GET", "/v2/plans", negative=True)
        for _ in range(USELESS):
            client.send("GET", "/v2/plans")
        with pytest.raises(Blocked, match=r"^GET /v2/plans is not asked any more: GET .* → 200$"):
            client.send("GET", "/v2/plans")
        assert client.call(ACCOUNT).response.ok
    assert server.requests == 5 + USELESS + 1


def test_an_answer_ends_a_row_of_those_without_use() -> None:
    good, bad = reply({"account": {}}), reply(b"x")[:-1]
    answers = iter([bad, bad, good, bad, bad, good])
    with speaking_to(lambda _: next(answers)) as (client, server):
        came = [client.call(ACCOUNT).response.fault is None for _ in range(6)]
    assert came == [False, False, True, False, False, True]
    assert server.requests == 6


def test_too_long_a_time_for_answers_without_use_is_not_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.0)
    with speaking_to(lambda _: reply(b"x")[:-1]) as (client, server):
        client.call(ACCOUNT)
        with pytest.raises(Blocked, match="GET /v2/account is not asked any more"):
            client.call(ACCOUNT)
    assert server.requests == 1


def test_all_clients_of_a_target_know_that_it_is_down() -> None:
    with raw_server(lambda _: b"") as server:
        target = url_target(server.url)
        told = set()
        for item in ("one", "another", "a third", "a fourth"):
            with pytest.raises(Down) as down:
                target.session("a test", item, []).client.call(ACCOUNT)
            told.add(str(down.value))
        target.close()
    assert server.requests == 3
    assert len(told) == 1


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
    ("status", "body", "need"),
    [
        ("200 OK", {"account": {}}, None),
        ("200 OK", {}, "list"),
        ("404 Not Found", {}, "accepted"),
        ("501 No", {}, "accepted"),
        ("503 Busy", {}, "usable"),
    ],
)
def test_a_control_is_accepted_refused_or_unusable(status: str, body: object, need: str | None) -> None:
    with speaking_to(lambda _: reply(body, status)) as (client, _):
        exchange = client.call(ACCOUNT)
        if need is None:
            assert client.control(exchange) is exchange
        else:
            with pytest.raises(
                Blocked, match=f"^the control .*GET .*/v2/account → {status[:3]}( has no account)?$"
            ) as blocked:
                client.control(exchange)
            assert (blocked.value.need, blocked.value.exchange) == (need, exchange)
