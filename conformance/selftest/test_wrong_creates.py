"""What a wrong credential was let create: it is in the ledger, and is deleted, also in the account of somebody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance import reference
from conformance.contract.verdict import Outcome
from conformance.properties import Run
from conformance.reference.serve import serve
from conformance.selftest.servers import TOKEN, VULTR, Asked, items, raw_server, reply, url_target
from conformance.targets import UrlTarget
from conformance.targets.credentials import MADE_UP, WRONG
from conformance.targets.ledger import left, reopen
from conformance.traffic.exchange import Exchange

SECOND = "selftest-token-of-the-second-account"
BAD_KEY, POST = "vultr.auth.bad-key-401", "POST /v2/domains"


class Generous:
    """The reference server, which takes a key that nobody has for that of the second account, with some methods."""

    def __init__(self, *methods: str) -> None:
        tokens = {"default": TOKEN, "second": SECOND}
        self.server = reference.build("vultr", clock=reference.VirtualClock(), credentials=tokens, require_https=False)
        self.transport, self.methods = self.server.transport, methods

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        if environ["REQUEST_METHOD"] in self.methods and TOKEN not in environ.get("HTTP_AUTHORIZATION", TOKEN):
            environ["HTTP_AUTHORIZATION"] = f"Bearer {SECOND}"
        return self.server(environ, start)

    @property
    def domains(self) -> set[tuple[str, str]]:
        return set(self.server.store["domains"].rows)


@contextmanager
def at(server: Generous, folder: Path) -> Iterator[UrlTarget]:
    with serve(server) as url:  # type: ignore[arg-type]  # it is served like the server inside
        yield url_target(url, capabilities=frozenset({"writes"}), ledgers=folder)


def attempted(target: UrlTarget) -> Run:
    run = Run(VULTR, target, fresh_names=True)
    (item,) = items(BAD_KEY, POST)
    assert run.run(item).outcome is Outcome.VIOLATED
    return run


def test_what_a_wrong_key_made_in_anothers_account_is_deleted_with_that_key(tmp_path: Path) -> None:
    server = Generous("GET", "POST", "DELETE")
    before = server.domains
    with at(server, tmp_path) as target:
        run = attempted(target)
        run.finish()
        target.close()
    assert server.domains == before
    assert (run.leftovers, list(left(tmp_path))) == ([], [])


def test_what_cannot_be_deleted_there_is_told_and_stays_in_the_ledger(tmp_path: Path) -> None:
    server = Generous("POST")
    before = server.domains
    with at(server, tmp_path) as target:
        run = attempted(target)
        run.finish()
        target.close()
    (made,) = server.domains - before
    assert any(made[1] in leftover for leftover in run.leftovers)
    (path,) = left(tmp_path)
    ledger = reopen(path)
    ledger.release()
    assert [(one.credential, one.id) for one in ledger.made if not one.gone] == [(MADE_UP, made[1])]


def test_a_ledger_names_a_wrong_credential_and_holds_none(tmp_path: Path) -> None:
    server = Generous()
    with at(server, tmp_path) as target:
        run = Run(VULTR, target, fresh_names=True)
        (item,) = items(BAD_KEY, POST)
        assert run.run(item).outcome is Outcome.HELD
        (path,) = left(tmp_path)
        lines = path.read_text(encoding="utf-8")
        target.close()
    named = {json.loads(line).get("credential") for line in lines.splitlines()}
    assert set(WRONG) <= named
    assert TOKEN[:-1].lower() not in lines.lower()


@pytest.mark.parametrize("name", [None, *WRONG])
def test_nothing_of_a_wrong_credential_gives_the_right_one_away(name: str | None) -> None:
    """In what is kept of a request and its answer no wrong credential is the right one, nor all of it but its end."""
    exchanges: list[Exchange] = []

    def echo(asked: Asked) -> bytes:
        sent = asked.headers.get("authorization", "").rpartition(" ")[2]
        return reply({"error": f"{sent} is no key"}, "401 Unauthorized", x_sent=sent)

    with raw_server(echo) as server:
        client = url_target(server.url).session("a test", "an item", [exchanges.append]).client
        client.call(VULTR.operation("GET /v2/account"), credential=name, negative=True)
    (exchange,) = exchanges
    kept = f"{exchange.request.headers} {exchange.response.headers} {exchange.response.text}".lower()
    assert TOKEN[:-1].lower() not in kept
