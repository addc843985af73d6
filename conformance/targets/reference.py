"""The reference server as a target: in process, a fresh server for every item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx2
from attrs import define, field, frozen

from conformance import reference
from conformance.checks.releases import releases_of
from conformance.contract import Contract
from conformance.reference.clock import VirtualClock
from conformance.reference.faults import Fault
from conformance.targets.baseline import Baseline, learnt
from conformance.targets.budget import Budget
from conformance.targets.client import Client
from conformance.targets.guard import Guard
from conformance.targets.origin import in_clear
from conformance.targets.target import Observer, Session, Target
from conformance.traffic.cassette import REFERENCE_SERVER
from conformance.traffic.exchange import Exchange
from conformance.traffic.redact import Redactor

CAPABILITIES = frozenset({"writes", "load", "clock", "seeded", "billable"})
SERVED = reference.APIS
"""The APIs that have a reference server."""

ADDRESS = "192.0.2.1"


@frozen
class ServerClock:
    """The clock of the server, which a test may move."""

    clock: VirtualClock

    def now(self) -> float:
        return self.clock.now().timestamp()

    def sleep(self, seconds: float, why: str = "") -> None:  # nobody waits
        if seconds > 0:
            self.clock.advance(seconds)

    @contextmanager
    def held(self) -> Iterator[None]:
        self.clock.tick, before = 0.0, self.clock.tick
        try:
            yield
        finally:
            self.clock.tick = before


@define(eq=False)
class ReferenceTarget(Target):
    """The reference server of an API, with a planted fault or without one."""

    contract: Contract
    fault: Fault | None = None
    name: str = "reference"
    kind: str = "reference"
    strict: bool = True
    capabilities: frozenset[str] = field()

    @capabilities.default
    def _of_the_server(self) -> frozenset[str]:
        return _capabilities(self.contract.api)

    @property
    def base_url(self) -> str:  # type: ignore[override]
        # .invalid never resolves (RFC 2606), so nothing recorded here can be taken for the vendor's host.
        return f"https://{self.contract.api}.reference.invalid{self.contract.base_path}"

    @property
    def provenance(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {
            "source": REFERENCE_SERVER,
            "version": reference.VERSION,
            "recorded": reference.build(self.contract.api).clock.now().date().isoformat(),
            "base_url": self.base_url,
        }

    def session(self, test: str, item: str, observers: list[Observer]) -> Session:
        server = reference.build(self.contract.api, fault=self.fault)
        parameters = {name: tuple(values) for name, values in server.parameters.items()}
        return Session(self._client(server, observers), self.capabilities, parameters, facts_of(self.contract, server))

    def _client(self, server: reference.Server, observers: list[Observer]) -> Client:
        assert isinstance(server.clock, VirtualClock)
        clock, limit = ServerClock(server.clock), self.contract.conventions.rate_limit

        def transport(address: str) -> httpx2.BaseTransport:
            return httpx2.WSGITransport(app=server, remote_addr=address, raise_app_exceptions=False)

        return Client(
            contract=self.contract,
            transport=transport(ADDRESS),
            base_url=self.base_url,
            credentials=server.credentials,
            redactor=Redactor(server.credentials),
            clock=clock,
            guard=Guard.of_throwaway(self.contract, server.parameters),
            observers=observers,
            addresses=transport,
            plain_url=in_clear(self.base_url),
            private=True,
            # What is allowed a few times a minute is waited for: nobody waits.
            budget=Budget(self.contract.conventions, clock) if limit is not None and limit.buckets else None,
        )

    def recorded_provenance(self) -> dict[str, Any]:
        """What a cassette recorded from this target says about it, so that replay can stand in for it."""
        server = reference.build(self.contract.api)
        return {
            **self.provenance,
            "capabilities": sorted(self.capabilities),
            "credentials": sorted(server.credentials),
            "parameters": {name: list(values) for name, values in sorted(server.parameters.items())},
            **({"facts": facts} if (facts := facts_of(self.contract, server)) else {}),
        }


@cache
def _capabilities(api: str) -> frozenset[str]:
    """What the server allows; one that calls others, by its `sender`, calls a receiver, too."""
    return CAPABILITIES | ({"receiver"} if hasattr(reference.build(api), "sender") else set())


def facts_of(contract: Contract, server: reference.Server) -> dict[str, Any]:
    """What is known of a reference server beyond the document."""
    if not server.release_table:
        return dict(server.facts)
    return {**server.facts, "releases": server.release_table, "baseline": _baseline(contract)}


@cache
def _baseline(contract: Contract) -> Baseline:
    """What the answers of each release look like, as the server without a fault gives them."""
    server = reference.build(contract.api)
    said: list[Exchange] = []
    client = ReferenceTarget(contract)._client(server, [said.append])
    versioning, facts = contract.conventions.versions, {"releases": server.release_table}
    for operation in contract.operations:
        resource = contract.resource_of(operation)
        creates = resource is not None and resource.create == operation.id
        if operation.method != "GET" and not creates:
            continue
        values = {name: server.parameters[name][0] for name in operation.path_parameters}
        size = contract.conventions.paging.page_size
        for release in releases_of(facts, operation.id, versioning):
            query: dict[str, object] = {str(versioning.parameter): release.version}
            if operation.collection is not None:
                query[size.parameter] = size.largest
            body = resource.body if creates and resource is not None else None
            client.call(operation, values, query=query, body=body)
    return learnt(said, facts, versioning)
