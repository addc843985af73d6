"""The played server: one router, whichever library the client is made with."""

from __future__ import annotations

import httpx
import httpx2

from conformance.contract import load
from conformance.properties import play
from conformance.properties.mock import BASE_URL


def test_a_played_server_answers_clients_of_httpx_and_of_httpx2() -> None:
    contract = load("vultr")
    server = play(contract)
    server.routes.get("/account").respond(200, json={"account": {}})
    url = f"{BASE_URL}{contract.base_path}/account"
    with server.routes, httpx2.Client(trust_env=False) as client:
        assert client.get(url).json() == {"account": {}}
    with httpx.Client(transport=httpx.MockTransport(server.routes.handler)) as older:
        assert older.get(url).json() == {"account": {}}
    assert server.client.send("GET", "/account").response.json == {"account": {}}


def test_what_is_not_played_is_answered_all_the_same() -> None:
    server = play(load("vultr"))
    assert server.client.send("GET", "/nothing").response.status == 200
    assert [request.method for request in server.requests] == ["GET"]
