"""What a run made is deleted, and what cannot be deleted is named."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from conformance.contract import load
from conformance.properties import play
from conformance.properties.cleanup import clean_up, finish, named
from conformance.properties.mock import MockServer
from conformance.selftest.servers import Asked, raw_server, reply, url_target
from conformance.targets.ledger import Made

VULTR = load("vultr")


def with_domains(*names: str, deleted: int) -> MockServer:
    """A played server where domains were created, whose deletion is answered with a status."""
    played = play(VULTR)
    played.routes.post("/domains").mock(
        side_effect=lambda asked: httpx.Response(201, json={"domain": json.loads(asked.content)})
    )
    played.routes.delete(path__regex="/domains/").respond(deleted)
    for name in names:
        played.client.send("POST", "/v2/domains", body={"domain": name})
    return played


@pytest.mark.parametrize(
    ("status", "gone"), [(204, True), (404, True), (410, True), (400, False), (403, False), (405, False), (500, False)]
)
def test_what_is_deleted_or_was_not_there_is_gone(status: int, gone: bool) -> None:
    played = with_domains("a.example", deleted=status)
    assert clean_up(played.client) == ([] if gone else ["domain a.example"])
    assert [made.gone for made in played.client.guard.made] == [gone]


def test_what_could_not_be_deleted_is_not_tried_again() -> None:
    played = with_domains("a.example", "b.example", deleted=500)
    assert clean_up(played.client) == ["domain a.example", "domain b.example"]
    asked = len(played.requests)
    assert clean_up(played.client) == []
    assert len(played.requests) == asked


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"id": "7", "name": "a"}, "domain 7"),
        ({"id": None, "name": "a"}, "domain a"),
        ({"id": None, "name": None}, "domain without a name"),
        ({"id": "\x1b[31m", "name": None}, r"domain '\x1b[31m'"),
    ],
)
def test_a_thing_is_named_by_its_id_or_else_its_name(given: dict[str, Any], text: str) -> None:
    made = Made(1, "POST /v2/domains", {}, {}, "default", given["name"])
    made.id = given["id"]
    assert named(play(VULTR).client.guard, made) == text


def test_what_is_left_is_told_behind_what_was_gone_before() -> None:
    there: list[str] = []

    def answer(asked: Asked) -> bytes:
        name = asked.path.rpartition("/")[2]
        if asked.method == "POST":
            there.append(json.loads(asked.body)["domain"])
            return reply({"domain": {"domain": there[-1]}}, "201 Created")
        if asked.method == "DELETE" and name.endswith("-1.example.com"):
            there.remove(name)
            return reply(status="204 No Content")
        if asked.method == "DELETE":
            return reply({"error": "in use", "status": 409}, "409 Conflict")
        if asked.path == "/v2/domains":
            listed = [{"domain": domain} for domain in there]
            return reply({"domains": listed, "meta": {"total": len(there), "links": {"next": "", "prev": ""}}})
        return reply({"error": "no", "status": 404}, "404 Not Found")

    with raw_server(answer) as server:
        target = url_target(server.url, capabilities=frozenset({"writes"}))
        client = target.session("a", "b", []).client
        first, second = (f"{target.guard.prefix}-00000000-{number}.example.com" for number in (1, 2))
        for name in (first, second):
            client.send("POST", "/v2/domains", body={"domain": name})
        client.send("DELETE", f"/v2/domains/{first}")
        assert clean_up(client) == [f"domain {second}"]
        told: list[str] = []
        (left,) = finish(target, told.append)
        target.close()
    assert left.startswith(f"domain {second}: not deleted: ")
    assert left.endswith(f"it is at {server.url}/v2/domains/{second}")
    assert [line.partition(":")[0] for line in told] == [f"domain {second}"]


def test_what_was_made_although_its_scope_is_refused_is_found_where_its_path_leads() -> None:
    there: list[str] = []

    def answer(asked: Asked) -> bytes:
        if "teamId" in asked.target:
            there.extend(["rec_1"] if asked.method == "POST" else [])
            return reply({"error": {"code": "forbidden", "message": "No."}}, "403 Forbidden")
        if asked.method == "DELETE":
            there.remove(asked.path.rpartition("/")[2])
            return reply({})
        return reply({"records": [{"id": one, "name": name, "type": "TXT", "value": "a"} for one in there]})

    with raw_server(answer) as server:
        target = url_target(
            server.url,
            contract=load("zeit"),
            capabilities=frozenset({"writes"}),
            disposable={"domain": ("a.example.com",), "teamId": ("team_a",)},
        )
        client = target.session("a", "b", []).client
        name = f"{target.guard.prefix}-00000000-1"
        body = {"name": name, "type": "TXT", "value": "a"}
        client.send("POST", "/v2/domains/a.example.com/records", query={"teamId": "team_a"}, body=body)
        assert there == ["rec_1"]
        assert finish(target) == []
        target.close()
    assert there == []
