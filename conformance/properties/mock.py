"""A played server for tests of the suite's own client: respx answers, the clock is moved by hand."""

from __future__ import annotations

import httpx
import respx
from attrs import define, field

from conformance.contract import Contract
from conformance.targets.budget import Budget
from conformance.targets.client import Client
from conformance.targets.clock import ManualClock
from conformance.traffic.exchange import Exchange, Request
from conformance.traffic.redact import Redactor

BASE_URL = "https://client.reference.invalid"
START = 1_767_225_600.0


@define(eq=False)
class MockServer:
    """Plays the server.

    Attributes:
        routes: the respx router that answers.
        client: the suite's client, speaking to it.
        arrivals: the clock at each request, in seconds.
        raw: the requests as they arrived, unredacted.
    """

    routes: respx.MockRouter
    client: Client
    clock: ManualClock
    arrivals: list[float] = field(factory=list)
    raw: list[httpx.Request] = field(factory=list)

    @property
    def requests(self) -> list[Request]:
        return [exchange.request for exchange in self.client.exchanges]

    @property
    def exchanges(self) -> list[Exchange]:
        return self.client.exchanges


def play(contract: Contract) -> MockServer:
    """A played server of an API, and a client that speaks to it with a credential of its own."""
    clock = ManualClock(START)
    routes = respx.MockRouter(
        assert_all_called=False, assert_all_mocked=False, base_url=f"{BASE_URL}{contract.base_path}"
    )
    names = contract.conventions.auth.credentials
    credentials = {name: f"client-credential-{name}-of-{contract.api}" for name in names}
    server: MockServer

    def answer(request: httpx.Request) -> httpx.Response:
        server.arrivals.append(clock.now())
        server.raw.append(request)
        return routes.handler(request)

    client = Client(
        contract=contract,
        transport=httpx.MockTransport(answer),
        base_url=f"{BASE_URL}{contract.base_path}",
        credentials=credentials,
        redactor=Redactor(credentials),
        clock=clock,
        budget=Budget(contract.conventions, clock),
    )
    server = MockServer(routes, client, clock)
    return server
