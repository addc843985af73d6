"""An API that nobody described: a small document, recordings, and what a reader of both would write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

Body = dict[str, Any] | list[Any] | str | None
Json = dict[str, Any]


@frozen
class Said:
    """One recorded exchange."""

    method: str
    url: str
    status: int
    body: Body = None
    headers: Mapping[str, str] = field(factory=dict)
    sent: Mapping[str, str] = field(factory=dict)
    sends: Body = None

    @property
    def interaction(self) -> Json:
        """The same as vcrpy writes it."""
        text = self.body if isinstance(self.body, str) else "" if self.body is None else json.dumps(self.body)
        sends = self.sends if isinstance(self.sends, str | None) else json.dumps(self.sends)
        typed = {"Content-Type": "application/json"} if sends else {}
        answered = {"Content-Type": "application/json", "Date": "Thu, 01 Jan 2026 00:00:00 GMT", **self.headers}
        return {
            "request": {
                "method": self.method,
                "uri": self.url,
                "body": sends,
                "headers": lists({**typed, **self.sent}),
            },
            "response": {
                "status": {"code": self.status, "message": ""},
                "headers": lists(answered),
                "body": {"string": text},
            },
        }


def lists(headers: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


@frozen
class Stranger:
    """An API.

    Attributes:
        expected: field of the conventions → what a reader would write.
        open: fields that a reader would leave out, since neither document nor recordings tell.
    """

    name: str
    document: Json
    said: tuple[Said, ...]
    expected: Mapping[str, Any]
    open: tuple[str, ...] = ()

    def written(self, folder: Path) -> tuple[Path, Path]:
        """Its document and its recording as files."""
        document, recording = folder / f"{self.name}.json", folder / f"{self.name}.yaml"
        document.write_text(json.dumps(self.document), encoding="utf-8")
        said = [each.interaction for each in self.said]
        recording.write_text(json.dumps({"version": 1, "interactions": said}), encoding="utf-8")
        return document, recording


BEARER: Json = {"token": {"type": "http", "scheme": "bearer"}}
TOKEN = {"Authorization": "Bearer abcdefgh12345678xyz"}


def document(title: str, server: str, paths: Json, schemes: Json = BEARER, **more: Any) -> Json:
    return {
        "openapi": "3.0.3",
        "info": {"title": title, "version": "1"},
        "servers": [{"url": server}],
        "security": [{name: []} for name in list(schemes)[:1]],
        "components": {"securitySchemes": schemes},
        "paths": paths,
        **more,
    }


def answer(schema: Json) -> Json:
    return {"description": "ok", "content": {"application/json": {"schema": schema}}}


def thing(**members: str) -> Json:
    return {"type": "object", "properties": {name: {"type": kind} for name, kind in members.items()}}


ITEM = thing(id="integer", name="string")


def listing(name: str, envelope: Json | None, *parameters: Json, items: Json = ITEM, **more: Any) -> Json:
    """A list operation: the array under a name, or bare where that is empty, and what stands beside it."""
    array: Json = {"type": "array", "items": items}
    schema = array if not name else {"type": "object", "properties": {name: array, **(envelope or {})}}
    return {"parameters": list(parameters), "responses": {"200": answer(schema)}, **more}


def query(name: str, kind: str = "integer", **more: Any) -> Json:
    return {"name": name, "in": "query", "schema": {"type": kind, **more}}


def records(start: int, count: int) -> list[Json]:
    return [{"id": number, "name": f"thing {number}"} for number in range(start, start + count)]


def item(envelope: str = "") -> Json:
    """The paths of one thing: read, changed, deleted."""
    own = ITEM if not envelope else {"type": "object", "properties": {envelope: ITEM}}
    identity = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    return {
        "parameters": [identity],
        "get": {"responses": {"200": answer(own), "404": {"description": "unknown"}}},
        "delete": {"responses": {"204": {"description": "gone"}}},
    }


def create(envelope: str = "") -> Json:
    own = ITEM if not envelope else {"type": "object", "properties": {envelope: ITEM}}
    sends = {**thing(name="string"), "required": ["name"]}
    return {
        "requestBody": {"content": {"application/json": {"schema": sends, "example": {"name": "web-1"}}}},
        "responses": {"201": answer(own)},
    }


def pages(count: int, size: int) -> list[tuple[int, list[Json]]]:
    """The pages of a list, with their numbers."""
    return [
        (number + 1, records(number * size + 1, min(size, count - number * size)))
        for number in range(-(-count // size))
    ]
