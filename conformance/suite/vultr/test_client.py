"""What Vultr's document asks of a client: its pace, its paths and its key."""

from pathlib import Path
from tempfile import TemporaryDirectory

from conformance.contract import Contract
from conformance.properties import MockServer, Reply, assert_equal, assert_that, requirement
from conformance.traffic import cassette
from conformance.traffic.cassette import Interaction, Take
from conformance.traffic.redact import Redactor


def most_in_a_second(arrivals: list[float], seconds: float) -> int:
    """The largest number of arrivals in any window of that length."""
    return max(sum(start <= moment < start + seconds for moment in arrivals) for start in arrivals)


@requirement("vultr.rate-limit.client-rate")
def test_the_client_keeps_to_the_rate(contract: Contract, mock: MockServer) -> None:
    """A hundred queued calls leave at no more than the documented rate; after a 429 the client pauses."""
    limit = contract.conventions.rate
    account = contract.operation("GET /v2/account")
    mock.routes.route().respond(200, json={"account": {}})
    for _ in range(100):
        mock.client.call(account)
    most = most_in_a_second(mock.arrivals, limit.seconds)
    assert_that(
        most <= limit.quota,
        f"{most} calls left within {limit.seconds:g} s",
        expected=f"at most {limit.quota}",
        actual=str(most),
    )
    refused = Reply(429, json={"error": "slow down"})
    mock.routes.route().mock(side_effect=[refused, Reply(200, json={"account": {}})])
    mock.client.call(account)
    before, after = mock.arrivals[100:102]
    assert_that(
        after - before >= limit.seconds,
        f"the call after a 429 left {after - before:g} s later",
        expected=f"a pause of {limit.seconds:g} s or more",
        actual=f"{after - before:g} s",
    )


@requirement("vultr.versioning.base-path")
def test_every_path_begins_with_the_version(contract: Contract, mock: MockServer) -> None:
    """Whatever operation the client calls, the path it asks for begins with /v2/."""
    mock.routes.route().respond(200, json={})
    for operation in contract.operations:
        mock.client.call(operation, dict.fromkeys(operation.path_parameters, "conformance"))
        path = mock.raw[-1].url.path
        assert_that(path.startswith("/v2/"), f"{operation} asks for {path}", expected="/v2/…", actual=path)


@requirement("vultr.security.client-key-hygiene")
def test_the_key_is_in_the_header_only(contract: Contract, mock: MockServer) -> None:
    """The key is in no URL and no body, and in no cassette in any form, even where the server echoes it."""
    key = mock.client.token("default")
    mock.routes.route().respond(400, json={"error": f"no {key}"}, headers={"X-Echo": key})
    for operation in contract.operations:
        values = dict.fromkeys(operation.path_parameters, "conformance")
        body = {"name": "conformance"} if operation.request_schema else None
        mock.client.call(operation, values, body=body)
    for request in mock.raw:
        assert_equal(_hits(key, str(request.url)), 0, f"the key in the URL of {request.method} {request.url.path}")
        assert_equal(_hits(key, request.content.decode()), 0, "the key in a body")
    said = tuple(Interaction(exchange.request, exchange.response) for exchange in mock.exchanges)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "client.yaml"
        cassette.write(path, {}, {"client": Take(said)})
        assert_equal(_hits(key, path.read_text(encoding="utf-8")), 0, "the key in a cassette")


def _hits(key: str, text: str) -> int:
    """How often a key stands in a text, plainly or encoded."""
    return int(Redactor({"default": key}).values(text) != text)
