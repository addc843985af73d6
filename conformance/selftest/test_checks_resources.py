"""Checks of what becomes of resources: what proves something, and what does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from conformance.checks import CHECKS, Sight
from conformance.contract import load
from conformance.contract.verdict import Outcome
from conformance.selftest.test_checks import said
from conformance.traffic.exchange import Exchange

VULTR = load("vultr")
GONE, THERE, ECHO, CHANGED = "crud.deleted-is-gone", "crud.created-is-there", "crud.create-echo", "crud.changes-show"
NAME, NEVER = "GET /v2/domains/b.example", {"error": "no", "status": 404}


def found(check: str, exchanges: Iterable[Exchange], **arguments: Any) -> list[Outcome | None]:
    """What a check finds in exchanges of one conversation."""
    memory: dict[Any, Any] = {}
    sequence: dict[Any, Any] = {}
    return [
        finding.outcome
        for exchange in exchanges
        for finding in CHECKS[check](Sight(exchange, VULTR, arguments, memory, sequence))
    ]


def listed(*names: str, query: str = "", after: str = "") -> Exchange:
    body = {"domains": [{"domain": name} for name in names], "meta": {"total": 9, "links": {"next": after, "prev": ""}}}
    return said(f"GET /v2/domains{query}", body=body)


DELETED = said("DELETE /v2/domains/b.example", 204)
OTHER = said("GET /v2/domains/c.example", 200, {"domain": {"domain": "c.example"}})
BEFORE = listed("a.example", "b.example")


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        ([BEFORE, DELETED, listed("a.example")], [Outcome.HELD]),
        ([BEFORE, DELETED, BEFORE], [Outcome.VIOLATED]),
        ([DELETED, BEFORE], [Outcome.VIOLATED]),
        # It was not seen in the list before, or may be on a page that is not seen now.
        ([DELETED, listed("a.example")], []),
        ([listed("a.example"), DELETED, listed("a.example")], []),
        ([BEFORE, DELETED, listed("a.example", after="n")], []),
        ([BEFORE, DELETED, listed("a.example", query="?cursor=n")], []),
        ([BEFORE, said("DELETE /v2/domains/b.example", 202), BEFORE], []),
        ([BEFORE, said("DELETE /v2/domains/b.example", 404), BEFORE], []),
        ([OTHER, DELETED, said(NAME, 404, NEVER)], [Outcome.HELD]),
        ([DELETED, said(NAME, 404, NEVER), OTHER], [Outcome.HELD]),
        # Where nothing of its kind is found that it is not found shows nothing.
        ([DELETED, said(NAME, 404, NEVER)], []),
        ([BEFORE, DELETED, said(NAME, 404, NEVER)], []),
        ([OTHER, said(NAME, 404, NEVER)], []),
        ([DELETED, said(NAME, 200, {"domain": {}})], [Outcome.VIOLATED]),
        ([OTHER, DELETED, said(NAME, 500)], []),
        ([DELETED, said("HEAD /v2/domains/b.example")], []),
        ([DELETED, OTHER], []),
        ([DELETED, said("POST /v2/domains", 201, {}), said(NAME, 200, {"domain": {}})], []),
        ([DELETED, said("POST /v2/domains", 400, {}), said(NAME, 200, {"domain": {}})], [Outcome.VIOLATED]),
    ],
)
def test_what_was_deleted_is_gone(exchanges: list[Exchange], expected: list[Outcome]) -> None:
    assert found(GONE, exchanges) == expected


MADE = said("POST /v2/domains", 201, {"domain": {"domain": "b.example"}}, sent={"domain": "b.example"})


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        ([MADE, said(NAME, 200, {"domain": {"domain": "b.example"}})], [Outcome.HELD]),
        ([MADE, said(NAME, 200, {"domain": {"domain": "B.example"}})], [Outcome.HELD]),
        # What does not show its id may be another one.
        ([MADE, said(NAME, 200, {"domain": {}})], []),
        ([MADE, said(NAME, 200, {"domain": {"domain": "c.example"}})], []),
        ([MADE, said(NAME, 404, NEVER)], [Outcome.VIOLATED]),
        ([MADE, said(NAME, 500)], []),
        ([said(NAME, 404, NEVER)], []),
        ([MADE, DELETED, said(NAME, 404, NEVER)], []),
        ([MADE, said("DELETE /v2/domains/c.example", 204), said(NAME, 404, NEVER)], [Outcome.VIOLATED]),
        ([MADE, listed("a.example", "B.example")], [Outcome.HELD]),
        ([MADE, listed("a.example")], [Outcome.VIOLATED]),
        ([MADE, listed("a.example", after="n")], []),
        ([MADE, listed("a.example", query="?per_page=1")], []),
        ([listed("a.example")], []),
    ],
)
def test_what_was_created_is_there(exchanges: list[Exchange], expected: list[Outcome]) -> None:
    assert found(THERE, exchanges) == expected


@pytest.mark.parametrize(
    ("sent", "shown", "expected"),
    [
        ({"domain": "b.example"}, {"domain": "b.example"}, [Outcome.HELD]),
        ({"domain": "b.example"}, {"domain": "c.example"}, [Outcome.VIOLATED]),
        # What is shown in another way, or not at all, is no other value.
        ({"domain": "b.example"}, {"domain": {"name": "c.example"}}, []),
        ({"domain": {"name": "b.example"}}, {"domain": "c.example"}, []),
        ({"on": True}, {"on": "yes"}, []),
        ({"on": True}, {"on": False}, [Outcome.VIOLATED]),
        ({"domain": "b.example"}, {"domain": None}, []),
        ({"domain": "b.example"}, {}, []),
        ({"size": 1, "name": "a"}, {"size": "1.0", "name": '"A"'}, [Outcome.HELD]),
    ],
)
def test_a_create_shows_what_was_sent(sent: Any, shown: Any, expected: list[Outcome]) -> None:
    assert found(ECHO, [said("POST /v2/domains", 201, {"domain": shown}, sent=sent)]) == expected
    assert found(ECHO, [said("POST /v2/domains", 202, {"domain": shown}, sent=sent)]) == []
    assert found(ECHO, [said("PUT /v2/domains/b.example", 201, {"domain": shown}, sent=sent)]) == []


@pytest.mark.parametrize("status", [200, 204])
def test_a_change_shows_until_it_is_written_again(status: int) -> None:
    patched = said("PATCH /v2/domains/b.example", status, sent={"dns_sec": "enabled"})
    old, new = (said(NAME, 200, {"domain": {"dns_sec": value}}) for value in ("disabled", "enabled"))
    refused = said("PATCH /v2/domains/b.example", 400, sent={"dns_sec": "disabled"})
    assert found(CHANGED, [patched, new], method="PATCH") == [Outcome.HELD]
    assert found(CHANGED, [patched, old], method="PATCH") == [Outcome.VIOLATED]
    assert found(CHANGED, [patched, refused, old], method="PATCH") == [Outcome.VIOLATED]
    assert found(CHANGED, [patched, DELETED, old], method="PATCH") == []
    assert found(CHANGED, [patched, old], method="PUT") == []
    later = said("PATCH /v2/domains/b.example", 202, sent={"dns_sec": "enabled"})
    assert found(CHANGED, [later, old], method="PATCH") == []
