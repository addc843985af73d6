"""JSON Schema validators, compiled once per schema and kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from attrs import frozen


@frozen
class SchemaError:
    """One way an instance misses its schema: JSON pointer of the value, what is wrong with it."""

    pointer: str
    message: str


@cache
def _compiled(schema_text: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(schema_text), validate_formats=False)


class Validator:
    """A compiled schema (draft 2020-12, as OpenAPI 3.1 uses it)."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self._compiled = _compiled(json.dumps(schema, sort_keys=True))

    def errors(self, instance: Any, limit: int = 5) -> list[SchemaError]:
        """The first `limit` errors, empty when the instance is valid."""
        if self._compiled.is_valid(instance):
            return []
        found = []
        for error in self._compiled.iter_errors(instance):
            pointer = "".join(f"/{part}" for part in error.instance_path)
            found.append(SchemaError(pointer, _shortened(error.message)))
            if len(found) == limit:
                break
        return found


def _shortened(message: str, limit: int = 200) -> str:
    return message if len(message) <= limit else f"{message[:limit]}…"


def pointer(document: Any, path: str) -> Any:
    """The value at a JSON pointer (RFC 6901).

    Raises:
        LookupError: the document has no such member.
    """
    value = document
    for token in path.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and token.isdigit() and int(token) < len(value):
            value = value[int(token)]
        else:
            raise LookupError(path)
    return value
