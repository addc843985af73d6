"""Small published documents for tests: what stands around one schema, one operation or one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attrs import frozen

from conformance.contract import Validator
from conformance.contract.documents import Document

HEADS: dict[str, dict[str, Any]] = {
    "2.0": {"swagger": "2.0", "host": "api.acme.example", "produces": ["application/json"]},
    "3.0": {"openapi": "3.0.3", "servers": [{"url": "https://api.acme.com/v1"}]},
    "3.1": {"openapi": "3.1.0", "servers": [{"url": "https://api.acme.com/v1"}]},
}


def published(folder: Path, paths: dict[str, Any], version: str = "3.0", /, **members: Any) -> Document:
    """A document with these paths, read from a file in a folder."""
    content = {**HEADS[version], "info": {"title": "Acme API", "version": "1"}, "paths": paths, **members}
    return written(folder, json.dumps(content))


def written(folder: Path, text: str, name: str = "acme.json") -> Document:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return Document.read(path)


def answering(schema: Any, version: str = "3.0") -> dict[str, Any]:
    """An operation that answers 200 with JSON of a schema."""
    body = {"schema": schema} if version == "2.0" else {"content": {"application/json": {"schema": schema}}}
    return {"responses": {"200": {"description": "good", **body}}}


def taking(schema: Any, version: str = "3.0") -> dict[str, Any]:
    """An operation that takes JSON of a schema."""
    if version == "2.0":
        body: dict[str, Any] = {"parameters": [{"name": "body", "in": "body", "schema": schema}]}
    else:
        body = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    return {**body, "responses": {"204": {"description": "good"}}}


@frozen
class Judged:
    """A schema of a published document: what it lets pass, and what of it is unchecked."""

    document: Document
    schema: Any

    def takes(self, value: Any) -> bool:
        return not Validator.of(self.schema).errors(value)

    @property
    def unchecked(self) -> list[tuple[str, str]]:
        """Kind and place, below the schema of the answer where it stands there."""
        places = ((each.kind, each.pointer) for each in self.document.unchecked)
        return [(kind, place.partition("/schema")[2] if "/responses/" in place else place) for kind, place in places]


def judged(folder: Path, schema: Any, version: str = "3.0", /, **schemas: Any) -> Judged:
    """A schema as the answer of an operation, with named ones beside it."""
    beside = {"definitions": schemas} if version == "2.0" else {"components": {"schemas": schemas}}
    document = published(folder, {"/things": {"get": answering(schema, version)}}, version, **beside)
    (operation,) = document.operations
    answer = operation.answer(200)
    assert answer is not None
    return Judged(document, answer.schema)
