"""Targets: who answers. Each opens a session per item, with a client of its own."""

from __future__ import annotations

import os
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cache
from math import inf
from pathlib import Path
from secrets import token_hex
from typing import Any

import certifi
import httpx2
from attrs import define, field

from conformance.contract import Contract, Routes
from conformance.shipped import shipped
from conformance.targets.buckets import Kept
from conformance.targets.budget import PATIENCE, Budget
from conformance.targets.client import Client
from conformance.targets.clock import Clock, ManualClock, RemoteClock, SystemClock
from conformance.targets.errors import HarnessError
from conformance.targets.guard import PREFIX, RECORDED, Guard
from conformance.targets.health import Health
from conformance.targets.identity import user_agent
from conformance.targets.ledger import Ledger, state_folder
from conformance.targets.network import Limits, Transport
from conformance.targets.origin import Origin, in_clear
from conformance.targets.replay import CassetteTransport
from conformance.targets.tokens import Tokens
from conformance.traffic import cassette, formats
from conformance.traffic.exchange import Exchange, Request
from conformance.traffic.redact import Redactor
from conformance.traffic.urls import is_loopback

CASSETTES = shipped("cassettes")

RECORDED_BY_OTHERS = "recorded"
"""The folder, below that of an API's cassettes, of recordings that this suite did not make."""

Observer = Callable[[Exchange], None]


@define
class Session:
    """One item's conversation with a target.

    Attributes:
        cases: the cases the item was recorded with, None where it draws its own.
        capabilities: what the target allows in this session.
        parameters: path parameter → values known to exist.
        facts: what else is known about the target, e.g. the releases it serves.
        received: what each look at a receiver showed as it was recorded, None where the target itself calls one.
    """

    client: Client
    capabilities: frozenset[str]
    parameters: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, Any] = field(factory=dict)
    cases: tuple[Mapping[str, Any], ...] | None = None
    received: tuple[tuple[Request, ...], ...] | None = None


class Target(ABC):
    """Someone who answers for an API.

    Attributes:
        name, kind: as the report shows them; kind is `cassette`, `reference` or `url`.
        provenance: what its answers come from, as the report shows it.
        strict: it claims the document to the letter, so the strict reading of ambiguities applies.
    """

    contract: Contract
    name: str
    kind: str
    base_url: str
    capabilities: frozenset[str]
    provenance: Mapping[str, Any]
    strict: bool = False

    @abstractmethod
    def session(self, test: str, item: str, observers: list[Observer]) -> Session:
        """A fresh conversation for `item` of the test function `test` (`module/function`)."""


@define(eq=False)
class CassetteTarget(Target):
    """Answers from `cassettes/<api>/<module>/<function>.yaml`, as the target they were recorded from."""

    contract: Contract
    folder: Path
    name: str = "cassette"
    kind: str = "cassette"

    @property
    def base_url(self) -> str:  # type: ignore[override]
        return str(self.provenance.get("base_url", self.contract.conventions.origin))

    @property
    def capabilities(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset(self.provenance.get("capabilities", ()))

    @property
    def strict(self) -> bool:  # type: ignore[override]
        """What was recorded from the reference server answers as that does: to the letter."""
        return self.provenance.get("source") == cassette.REFERENCE_SERVER

    @property
    def provenance(self) -> Mapping[str, Any]:  # type: ignore[override]
        """The provenance that the first cassette of the API states; others' recordings beside it are counted."""
        first = next(iter(sorted(self.folder.rglob("*.yaml"))), None)
        if first is None:
            return {"source": "no cassette"}
        stated, more = _provenance(first), len(self.recorded) - 1
        if first not in self.recorded or more < 1:
            return stated
        return {**stated, "source": f"{stated.get('source')} and {more} more"}

    @property
    def recorded(self) -> tuple[Path, ...]:
        """What others have recorded of the API, which is no item's."""
        return tuple(sorted((self.folder / RECORDED_BY_OTHERS).rglob("*.yaml")))

    def session(self, test: str, item: str, observers: list[Observer]) -> Session:
        path = self.folder / f"{test}.yaml"
        recorded = _read(path) if path.is_file() else None
        if recorded is not None and not recorded.takes:
            raise HarnessError(f"{path}: was cut off, or not recorded by this suite: it has no takes; record it again")
        provenance = recorded.provenance if recorded else self.provenance
        take = recorded.takes.get(item) if recorded else None
        return replayed(self.contract, provenance, item, take, observers)


def replayed(
    contract: Contract,
    provenance: Mapping[str, Any],
    item: str,
    take: cassette.Take | None,
    observers: list[Observer],
    *,
    again: bool = False,
) -> Session:
    """A conversation that was recorded from a target of which this is known, for an item to have again.

    `again` is as `CassetteTransport` has it.
    """
    names = provenance.get("credentials", ("default",))
    credentials, redactor = _stand_ins(tuple(names))
    parameters = {name: tuple(values) for name, values in provenance.get("parameters", {}).items()}
    client = Client(
        contract=contract,
        transport=CassetteTransport(item, take, redactor, again=again),
        base_url=str(provenance.get("base_url", contract.conventions.origin)),
        credentials=credentials,
        redactor=redactor,
        clock=ManualClock(),
        guard=Guard.of_throwaway(contract, parameters),
        observers=observers,
        plain_url=in_clear(str(provenance.get("base_url", ""))),
        private=True,
        replayed=True,
        routes=contract.routes(provenance.get("paths", {})),
    )
    client.addresses = lambda _: client.transport
    return Session(
        client,
        frozenset(provenance.get("capabilities", ())),
        parameters,
        provenance.get("facts", {}),
        take.cases if take else (),
        take.received if take else (),
    )


@cache
def _stand_ins(names: tuple[str, ...]) -> tuple[Mapping[str, str], Redactor]:
    """Credentials for a replay: any value will do, it is redacted to the mark that stands in the recording."""
    credentials = {name: f"replayed-credential-{name}" for name in names}
    return credentials, Redactor(credentials)


@cache
def _read(path: Path) -> cassette.Cassette:
    return cassette.read(path)


@cache
def _provenance(path: Path) -> Mapping[str, Any]:
    return formats.provenance_of(path)


def _tokens(credentials: Mapping[str, str]) -> Tokens:
    return credentials if isinstance(credentials, Tokens) else Tokens(credentials)


@define(eq=False)
class TakeTarget(Target):
    """Answers from what one item said in this process, as the target it was said to: nothing is sent again.

    An item that looks twice before it accuses gets the same answer twice.
    """

    contract: Contract
    provenance: Mapping[str, Any]
    take: cassette.Take
    strict: bool = False
    name: str = "take"
    kind: str = "cassette"

    @property
    def base_url(self) -> str:  # type: ignore[override]
        return str(self.provenance.get("base_url", self.contract.conventions.origin))

    @property
    def capabilities(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset(self.provenance.get("capabilities", ()))

    def session(self, test: str, item: str, observers: list[Observer]) -> Session:
        return replayed(self.contract, self.provenance, item, self.take, observers, again=True)


@define(eq=False)
class UrlTarget(Target):
    """Answers at a URL over the network.

    Attributes:
        credentials: name → token, each of them when it is needed.
        parameters: path parameter → values known to exist, which are for reading.
        assumed: those of them that nobody named for this target: they are the document's own samples.
        disposable: path parameter → values that may be changed and destroyed.
        routes: where it serves operations at other paths than the documented ones.
        discover: such paths are looked for before a run.
        seed: `module:function` that fills its lists before a run that may write, imported from `root`.
        given: how `--target` names it.
        session_id: the run that its ledger belongs to, which several processes may share.
        ledgers: the folder where its ledger is kept.
        facts: what else is known about it.
        ca: file with certificates to trust beside the usual ones.
        plain_url: where it answers in clear, the standard port of the same host where left out.
        rate: calls and seconds to keep to in place of the documented rate.
        kept: where its calls are counted; in this process alone where left out.
        most: requests that a run may send, None for as many as it takes; cleaning up is not counted.
    """

    contract: Contract
    name: str
    base_url: str
    credentials: Tokens = field(repr=False, converter=_tokens)
    capabilities: frozenset[str] = frozenset()
    parameters: Mapping[str, tuple[str, ...]] = field(factory=dict)
    assumed: frozenset[str] = frozenset()
    disposable: Mapping[str, tuple[str, ...]] = field(factory=dict)
    routes: Routes = field()
    discover: bool = False
    seed: str | None = None
    root: Path = Path()
    facts: Mapping[str, Any] = field(factory=dict)
    given: str | None = None
    session_id: str | None = None
    ledgers: Path = field(factory=state_folder)
    strict: bool = False
    ca: Path | None = None
    plain_url: str | None = None
    rate: tuple[int, float] | None = None
    kept: Kept | None = None
    most: int | None = None
    kind: str = "url"
    clock: Clock = field(factory=SystemClock)
    limits: Limits = field(factory=Limits)
    _health: Health = field(factory=Health)
    _budget: Budget | None = None
    _guard: Guard | None = None
    _transports: dict[str | None, httpx2.BaseTransport] = field(factory=dict)

    @routes.default
    def _as_documented(self) -> Routes:
        return self.contract.routes({})

    @property
    def provenance(self) -> Mapping[str, Any]:  # type: ignore[override]
        moved = {"paths": dict(sorted(self.routes.served.items()))} if self.routes.served else {}
        return {"source": self.name, "base_url": self.base_url, **moved}

    def recorded_provenance(self) -> Mapping[str, Any]:
        """What a recording of it says about it, so that a replay can stand in for it."""
        return {
            **self.provenance,
            "capabilities": sorted(self.capabilities),
            "credentials": sorted(self.credentials),
            "parameters": {name: list(values) for name, values in sorted(self.parameters.items())},
            **({"facts": dict(self.facts)} if self.facts else {}),
        }

    def learn(self, parameters: Mapping[str, tuple[str, ...]]) -> None:
        """Takes note of values that exist there: for reading, as those that users name."""
        self.parameters = {**self.parameters, **parameters}
        self.assumed -= parameters.keys()
        if self._guard is not None:
            self._guard.known = self.parameters

    def session(self, test: str, item: str, observers: list[Observer]) -> Session:
        loopback = is_loopback(self.base_url)
        client = Client(
            contract=self.contract,
            transport=self._transport(None),
            base_url=self.base_url,
            credentials=self.credentials,
            redactor=self.credentials.redactor(),
            clock=self.clock,
            guard=self.guard,
            budget=self.budget,
            limits=self.limits,
            health=self._health,
            observers=observers,
            addresses=self._transport if loopback else None,
            plain_url=self.plain_url or in_clear(self.base_url),
            private=loopback,
            tls=self.context if Origin.of(self.base_url).over_tls else None,
            tokens=self.credentials,
            routes=self.routes,
            user_agent=user_agent(),
        )
        known = {**self.parameters}
        for name, values in self.disposable.items():
            # What may be written to comes first, since tests take the first.
            known[name] = tuple(dict.fromkeys((*values, *known.get(name, ()))))
        return Session(client, self.capabilities, known, self.facts)

    @property
    def budget(self) -> Budget:
        """What all its sessions may send."""
        if self._budget is None:
            # Where the clock is moved on, pauses take nobody's time, and nobody else lives by it.
            own = isinstance(self.clock, SystemClock)
            self._budget = Budget(
                self.contract.conventions,
                self.clock,
                patience=inf if isinstance(self.clock, RemoteClock) else PATIENCE,
                own=self.rate,
                kept=self.kept if own else None,
                most=self.most,
            )
        return self._budget

    @property
    def in_use(self) -> bool:
        """Whether anything was asked of it yet."""
        return self._guard is not None

    @property
    def guard(self) -> Guard:
        """What its clients may write to. With the first use a ledger is begun, where writes are allowed.

        Raises:
            TargetError: no ledger can be kept.
        """
        if self._guard is not None:
            return self._guard
        ledger = None
        if "writes" in self.capabilities:
            run = token_hex(4)
            head = {
                "run": run,
                "prefix": f"{PREFIX}{run}",
                "api": self.contract.api,
                "target": self.given or self.name,
                "base_url": self.base_url,
                "session": self.session_id,
                "pid": os.getpid(),
            }
            ledger = Ledger.begin(self.ledgers, head)
        return self.take_up(ledger)

    def take_up(self, ledger: Ledger | None) -> Guard:
        """Goes on with a ledger."""
        self._guard = Guard(
            self.contract,
            writes=ledger is not None,
            billable="billable" in self.capabilities or is_loopback(self.base_url),
            known=self.parameters,
            given_up=self.disposable,
            prefix=ledger.head["prefix"] if ledger else RECORDED,
            ledger=ledger,
            made=ledger.made if ledger else [],
        )
        return self._guard

    def context(self) -> ssl.SSLContext:
        """A TLS context that trusts the system's authorities, certifi's, and the target's own."""
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        if self.ca is not None:
            context.load_verify_locations(self.ca)
        return context

    def _transport(self, address: str | None) -> httpx2.BaseTransport:
        if address not in self._transports:
            self._transports[address] = Transport(self.context(), self.limits, address=address)
        return self._transports[address]

    def close(self) -> None:
        """Closes the connections of all sessions, the ledger, and what calls are counted in."""
        if self._guard is not None and self._guard.ledger is not None:
            self._guard.ledger.close()
        self._guard = None
        if self._budget is not None:
            self._budget.close()
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()
