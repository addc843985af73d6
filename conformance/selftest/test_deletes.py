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


def test_a_delete_that_keeps_the_thing_is_told_and_nothing_more_is_created() -> None:
    kept: list[str] = []

    def answer(asked: Asked) -> bytes:
        if asked.method == "POST":
            kept.append(json.loads(asked.body)["domain"])
            return reply({"domain": {"domain": kept[-1]}}, "201 Created")
        if asked.method == "DELETE":
            return reply(status="204 No Content")
        if asked.path == "/v2/domains":
            return reply({"domains": [], "meta": {"total": 0, "links": {"next": "", "prev": ""}}})
        return reply({"domain": {"domain": kept[-1]}})

    with raw_server(answer) as server:
        target = url_target(server.url, capabilities=frozenset({"writes"}))
        run = Run(VULTR, target, fresh_names=True)
        for item in items("vultr.crud.delete-then-404") * 2:
            run.run(item)
        run.finish()
        target.close()
    assert len(kept) == 1
    assert "answered with a success, but it is still there" in run.leftovers[0]


def test_a_run_cleans_up_where_the_target_was_taken_as_down() -> None:
    """An answer to a create that was done is dropped, and so is all that follows: the clean-up asks all the same."""
    made: set[str] = set()
    down = False

    def answer(asked: Asked) -> bytes:
        nonlocal down
        if asked.method == "POST":
            made.add(json.loads(asked.body)["domain"])
            down = True
        if down:
            return b""
        if asked.method == "DELETE":
            made.discard(asked.path.rpartition("/")[2])
            return reply(status="204 No Content")
        if asked.path == "/v2/domains":
            listed = [{"domain": domain} for domain in sorted(made)]
            return reply({"domains": listed, "meta": {"total": len(made), "links": {"next": "", "prev": ""}}})
        return reply({"error": "no such domain", "status": 404}, "404 Not Found")

    with raw_server(answer) as server:
        target = url_target(server.url, capabilities=frozenset({"writes"}))
        run = Run(VULTR, target, fresh_names=True)
        for item in [*items("vultr.crud.delete-then-404"), *items("vultr.auth.bad-key-401") * 3]:
            run.run(item)
        assert made
        down = False
        run.finish()
        target.close()
    assert (made, run.leftovers) == (set(), [])
