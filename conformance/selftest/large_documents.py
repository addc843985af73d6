"""Documents of many operations, and how long judging by them takes: part of `make bench`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from conformance.commands.judge import TrafficJudge, kept_out_of_collections, open_journal
from conformance.contract import Contract, Spec
from conformance.contract.deviations import Known
from conformance.report.journal import now
from conformance.report.write import Parts

EXCHANGES = 4_000
ASKED = 20
"""Operations that the recorded exchanges are spread over."""


def document(operations: int) -> dict[str, Any]:
    """A document of so many operations, each with a schema of its own, and all with some that they share."""
    shared = {
        "Owner": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "of": _ref("Owner")}},
        "Error": {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}},
    }
    own = {f"Thing{number}": _thing() for number in range(operations)}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Large", "version": "1"},
        "servers": [{"url": "https://api.acme.com/v1"}],
        "paths": {f"/kind{number}/{{id}}": {"get": _operation(number)} for number in range(operations)},
        "components": {"schemas": {**shared, **own}},
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _thing() -> dict[str, Any]:
    members: dict[str, Any] = {f"member{each}": {"type": "string", "nullable": True} for each in range(10)}
    members |= {"id": {"type": "integer"}, "owner": _ref("Owner")}
    return {"type": "object", "required": ["id"], "properties": members}


def _operation(number: int) -> dict[str, Any]:
    answers = {"200": _json(f"Thing{number}"), "default": _json("Error")}
    path = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    return {"operationId": f"get{number}", "parameters": [path], "responses": answers}


def _json(name: str) -> dict[str, Any]:
    return {"description": name, "content": {"application/json": {"schema": _ref(name)}}}


def recording(operations: int) -> dict[str, Any]:
    """Exchanges with the first operations of such a document."""
    return {"version": 1, "interactions": list(_said(operations))}


def _said(operations: int) -> Iterator[dict[str, Any]]:
    for number in range(EXCHANGES):
        members = {f"member{each}": "text" for each in range(10)}
        body = {"id": number, "owner": {"id": "a", "of": {"id": "b"}}, **members}
        yield {
            "request": {
                "method": "GET",
                "uri": f"https://api.acme.com/v1/kind{number % operations}/{number}",
                "headers": {"Accept": ["application/json"]},
                "body": None,
            },
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Content-Type": ["application/json"]},
                "body": {"string": json.dumps(body)},
            },
        }


def seconds(folder: Path, operations: int, asked: int = ASKED) -> tuple[float, float]:
    """The processor's seconds that loading a document takes, and those of one exchange that is judged by it."""
    spec, said = folder / f"document-{operations}.json", folder / f"recording-{asked}.yaml"
    spec.write_text(json.dumps(document(operations)), "utf-8")
    said.write_text(json.dumps(recording(asked)), "utf-8")
    started = time.process_time()
    contract = Spec(spec).contract()
    loaded = time.process_time()
    with kept_out_of_collections():
        _judge(folder, contract, said)
    return loaded - started, (time.process_time() - loaded) / EXCHANGES


def _judge(folder: Path, contract: Contract, said: Path) -> None:
    parts = Parts.of_run(folder)
    try:
        with closing(open_journal(contract, [said], parts, strict=False)) as journal:
            TrafficJudge(contract, journal, Known((), now().date())).judge([said])
    finally:
        parts.remove()
