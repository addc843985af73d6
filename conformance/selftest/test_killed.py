"""A run that is killed at any of its writes: clean-up deletes what the ledger lists, and all that is left is told."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from attrs import define, field, frozen

from conformance import reference
from conformance.commands.serve import record_of
from conformance.contract import Contract, load
from conformance.properties import Item, Run, items_of
from conformance.properties.cleanup import finish
from conformance.reference.core import Server
from conformance.selftest.servers import TESTS
from conformance.targets import UrlTarget
from conformance.targets.ledger import reopen
from conformance.targets.reference import ServerClock

DERIVED = ("builds", "logs", "files")
"""What comes with a deployment, and can be deleted by nobody."""

ITEMS = {
    "snyk": ("crud.", "auth."),
    "vercel": ("crud.", "auth."),
    "vultr": ("crud.", "auth."),
    "zeit": (
        "crud.",
        "auth.",
        "errors.domain-forbidden",
        "errors.domain-conflict-certs",
        "deploy-flow.env-secret-reference",
    ),
}
"""Areas and requirements of the items that write, in each API."""

Rows = Mapping[str, Any]


def rows(server: Server) -> Rows:
    """What a server knows."""
    return {name: copy.deepcopy((kept.rows, kept.pending)) for name, kept in server.store.items()}


def ids(known: Rows) -> set[tuple[str, Any]]:
    return {(name, key) for name, (kept, _) in known.items() if name not in DERIVED for key in kept}


class InProcess(UrlTarget):
    """A target at a URL that is reached without a socket."""

    app: Any

    def _transport(self, address: str | None) -> httpx2.BaseTransport:
        return httpx2.WSGITransport(app=self.app, remote_addr=address or "127.0.0.1", raise_app_exceptions=False)


@frozen
class Killed:
    """The state at a write: what the server knew, and what stood in the ledger."""

    write: str
    known: Rows
    ledger: bytes


@define(eq=False)
class Recorder:
    """Passes requests on to a server, and keeps the state before and after the first write of each kind."""

    server: Server
    contract: Contract
    target: UrlTarget | None = None
    kept: dict[tuple[str, ...], Killed] = field(factory=dict)

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        told: list[str] = []

        def noted(status: str, *more: Any) -> Any:
            told.append(status)
            return start(status, *more)

        self._note(environ, "before")
        answer = list(self.server(environ, noted))
        self._note(environ, f"after {told[0][:3]}")
        return answer

    def _note(self, environ: dict[str, Any], when: str) -> None:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(self.contract.base_path)
        operation = self.contract.router.find(method, path)
        if method == "GET" or operation is None or self.target is None:
            return
        scope = "=" in environ.get("QUERY_STRING", "")
        key = (operation.id, when, environ.get("HTTP_AUTHORIZATION", "")[-8:], str(scope))
        if key not in self.kept:
            ledger = self.target.guard.ledger
            assert ledger is not None
            what = f"{when}: {method} {path} {environ.get('QUERY_STRING', '')}"
            self.kept[key] = Killed(what, rows(self.server), ledger.path.read_bytes())


def target_of(contract: Contract, server: Server, app: Any, ledgers: Path) -> UrlTarget:
    record = record_of(contract, server, f"http://127.0.0.1:1{contract.base_path}")
    target = InProcess(
        contract=contract,
        name="killed",
        base_url=contract.below_documented_prefix(record.url),
        credentials=server.credentials,
        capabilities=frozenset(record.capabilities) | {"writes", "clock"},
        parameters={name: tuple(values) for name, values in record.parameters.items()},
        disposable={name: tuple(values) for name, values in record.disposable.items()},
        facts=record.facts.stated,
        strict=True,
        ledgers=ledgers,
        clock=ServerClock(server.clock),  # type: ignore[arg-type]  # it is one that stands still between requests
    )
    target.app = app
    return target


def writes(contract: Contract) -> list[Item]:
    """Items that write: one for each test and operation."""
    found = [item for test, function in TESTS.items() for item in items_of(function, test, contract)]
    chosen = [
        item
        for item in found
        if item.operation.split()[0] in ("POST", "PUT", "PATCH", "DELETE")
        and not item.binding.observes
        and item.requirement.id.partition(".")[2].startswith(ITEMS[contract.api])
    ]
    return list({(item.test, item.operation): item for item in chosen}.values())


@pytest.mark.parametrize("api", ITEMS)
def test_whenever_a_run_is_killed_clean_up_leaves_nothing_behind(api: str, tmp_path: Path) -> None:
    contract = load(api)
    server = reference.build(api, clock=reference.VirtualClock(tick=0.01), require_https=False)
    recorder = Recorder(server, contract)
    before = ids(rows(server))
    target = target_of(contract, server, recorder, tmp_path / "run")
    recorder.target = target
    run = Run(contract, target, examples=1, fresh_names=True)
    for item in writes(contract):
        run.attempt(item)
    recorder.target = None
    run.finish()
    target.close()
    assert run.leftovers == []
    assert ids(rows(server)) == before
    creates = {resource.create for resource in contract.conventions.resources}
    assert creates <= {operation for operation, when, *_ in recorder.kept if when.startswith("after 2")}
    for number, killed in enumerate(recorder.kept.values()):
        for name, (kept, pending) in copy.deepcopy(killed.known).items():
            server.store[name].rows, server.store[name].pending = kept, pending
        ledger = tmp_path / f"{number}.ndjson"
        ledger.write_bytes(killed.ledger)
        later = target_of(contract, server, server, tmp_path)
        later.take_up(reopen(ledger))
        left = finish(later)
        later.close()
        assert (left, ids(rows(server)) - before) == ([], set()), killed.write
        assert not ledger.exists()
