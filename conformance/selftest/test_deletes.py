"""What a run leaves behind is told as it was: how the delete was answered, and that the thing is still there."""

from __future__ import annotations

import json

import pytest

from conformance.properties import Run
from conformance.selftest.servers import VULTR, Asked, items, raw_server, reply, url_target


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_a_thing_that_is_there_though_its_delete_says_that_it_is_not(status: str) -> None:
    kept: list[str] = []

    def answer(asked: Asked) -> bytes:
        if asked.method == "POST":
            kept.append(json.loads(asked.body)["domain"])
            return reply({"domain": {"domain": kept[-1]}}, "201 Created")
        if asked.method == "DELETE":
            return reply({"error": "no such domain", "status": 404}, status)
        listed = [{"domain": name} for name in kept]
        if asked.path == "/v2/domains":
            return reply({"domains": listed, "meta": {"total": len(kept), "links": {"next": "", "prev": ""}}})
        return reply({"domain": {"domain": kept[-1]}})

    with raw_server(answer) as server:
        target = url_target(server.url, capabilities=frozenset({"writes"}))
        run = Run(VULTR, target, fresh_names=True)
        run.run(items("vultr.crud.delete-then-404")[0])
        run.finish()
        target.close()
    assert f"a delete of it was answered {status}, but it is still there" in run.leftovers[0]
