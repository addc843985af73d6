"""A played server for tests of a client: respx answers, the clock is moved by hand."""

from __future__ import annotations

from typing import TypeAlias

import httpx
import httpx2
import pytest_httpx2  # noqa: F401  # teaches respx to answer httpx2's clients, too
import respx
from attrs import define, field

from conformance.contract import Contract
from conformance.targets.budget import Budget
from conformance.targets.client import Client
from conformance.targets.clock import ManualClock
from conformance.targets.guard import Guard
from conformance.targets.identity import CONTACT, user_agent
from conformance.traffic.exchange import Exchange, Request
from conformance.traffic.redact import Redactor

# respx plays with the messages of httpx, whoever's client it answers.
Reply: TypeAlias = httpx.Response

BASE_URL = "https://client.reference.invalid"
START = 1_767_225_600.0


@define(eq=False)
class MockServer:
    """Plays the server.

    Attributes:
        routes: the respx router that answers `client`; as a context it answers every client of httpx2, and
            `httpx.MockTransport(routes.handler)` one of httpx.
        client: the suite's client, speaking to it.
        arrivals: the clock at each request, in seconds.
        raw: the requests as they arrived, unredacted.
    """

    routes: respx.MockRouter
    client: Client
    clock: ManualClock
    arrivals: list[float] = field(factory=list)
    raw: list[httpx2.Request] = field(factory=list)

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
        assert_all_called=False,
        assert_all_mocked=False,
        base_url=f"{BASE_URL}{contract.base_path}",
        using="httpcore2",
    )
    names = contract.conventions.auth.credentials
    credentials = {name: f"client-credential-{name}-of-{contract.api}" for name in names}
    server: MockServer

    def answer(request: httpx2.Request) -> httpx2.Response:
        server.arrivals.append(clock.now())
        server.raw.append(request)
        url = str(request.url)
        reply = routes.handler(httpx.Request(request.method, url, headers=request.headers.raw, content=request.content))
        return httpx2.Response(reply.status_code, headers=reply.headers.raw, content=reply.read())

    client = Client(
        contract=contract,
        transport=httpx2.MockTransport(answer),
        base_url=f"{BASE_URL}{contract.base_path}",
        credentials=credentials,
        redactor=Redactor(credentials),
        clock=clock,
        guard=Guard.of_throwaway(contract),
        budget=Budget(contract.conventions, clock),
        user_agent=user_agent({CONTACT: "conformance@example.com"}),
    )
    server = MockServer(routes, client, clock)
    return server
