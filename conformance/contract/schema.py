"""JSON Schema validators, compiled once per schema and kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from attrs import frozen

from conformance.contract.errors import ContractError


@frozen
class SchemaError:
    """One way an instance misses its schema.

    Attributes:
        pointer: JSON pointer of the value.
        message: what is wrong with it.
        keyword: by which keyword; an `enum` of one value is a `const`, and a format stands behind `format`.
        branches: of `anyOf` and `oneOf` what is wrong with it by each of the schemas.
    """

    pointer: str
    message: str
    keyword: str = ""
    branches: tuple[tuple[SchemaError, ...], ...] = ()

    def is_only(self, excused: Callable[[SchemaError], bool]) -> bool:
        """Whether nothing is wrong but what is excused: by itself, or by one of its branches."""
        if self.branches:
            return any(all(error.is_only(excused) for error in branch) for branch in self.branches)
        return excused(self)

    @property
    def nearest(self) -> SchemaError:
        """What to tell of it: where a value is none of several things, what is wrong by the one that it is most like.

        That is the one of whose members most are right: what is of another type, or has another `const`, is another.
        """
        told = [branch for branch in self.branches if branch]
        if not told:
            return self
        best = min(told, key=lambda branch: (any(self._tells_apart(each) for each in branch), len(branch)))
        if all(any(self._tells_apart(each) for each in branch) for branch in told) and best[0].pointer == self.pointer:
            return self
        return best[0].nearest

    def _tells_apart(self, error: SchemaError) -> bool:
        return (error.keyword == "type" and error.pointer == self.pointer) or error.keyword == "const"


@cache
def _compiled_text(schema_text: str) -> jsonschema_rs.Draft202012Validator:
    return _compiled(json.loads(schema_text))


def _compiled(schema: Mapping[str, Any], *, formats: bool = False) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=formats)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        problem = getattr(error, "message", None) or str(error)
        raise ContractError(f"{_shortened(str(schema))} is not a JSON schema: {_shortened(problem)}") from None


# Whoever walks a schema relies on its members being of their kinds.
_SCHEMAS = jsonschema_rs.Draft202012Validator({"$ref": "https://json-schema.org/draft/2020-12/schema"})


def first_mistake(schema: Any) -> SchemaError | None:
    """Where a schema is not one of draft 2020-12, None where it is."""
    try:
        error = next(_SCHEMAS.iter_errors(schema), None)
    except ValueError:
        return SchemaError("", "holds a key that is no text, or a value that JSON has not")
    return SchemaError("".join(map(token, error.instance_path)), _shortened(error.message)) if error else None


class Validator:
    """A compiled schema (draft 2020-12, as OpenAPI 3.1 uses it).

    Raises:
        ContractError: it is not a JSON schema.
    """

    def __init__(self, schema: Mapping[str, Any], *, kept: bool = False, formats: bool = False) -> None:
        self.schema = schema
        # What is kept by the object needs no other key, which for a large schema would cost more than it saves.
        self._compiled = (
            _compiled(schema, formats=formats) if kept else _compiled_text(json.dumps(schema, sort_keys=True))
        )

    @classmethod
    def of(cls, schema: Mapping[str, Any], *, formats: bool = False) -> Validator:
        """The validator of a schema that does not change, compiled once for as long as the process lives.

        Args:
            formats: whether a `format` is held to as well, and no mere annotation.

        Raises:
            ContractError: it is not a JSON schema.
        """
        kept = _KEPT.get((id(schema), formats))
        # An id is that of another schema once the first one is gone; here none goes.
        if kept is None or kept.schema is not schema:
            kept = _KEPT[id(schema), formats] = cls(schema, kept=True, formats=formats)
        return kept

    def errors(self, instance: Any, limit: int = 5) -> list[SchemaError]:
        """The first `limit` errors, empty when the instance is valid."""
        if self._compiled.is_valid(instance):
            return []
        found = []
        for error in self._compiled.iter_errors(instance):
            found.append(_error(error))
            if len(found) == limit:
                break
        return found


_KEPT: dict[tuple[int, bool], Validator] = {}


def _error(error: jsonschema_rs.ValidationError) -> SchemaError:
    keyword = str(error.schema_path[-1]) if error.schema_path else ""
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Enum) and len(error.kind.as_dict()["options"]) == 1:
        keyword = "const"
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Format):
        keyword = f"format {error.kind.as_dict()['format']}"
    branches = tuple(tuple(map(_error, branch)) for branch in getattr(error.kind, "context", ()))
    return SchemaError("".join(map(token, error.instance_path)), _shortened(_told(error)), keyword, branches)


UNCHECKED = "x-unchecked"
"""A member that a schema has of which a keyword was left out, as it could not be judged."""


def is_partial(schema: Mapping[str, Any]) -> bool:
    """Whether a keyword of a schema itself was left out: that a value matches the rest shows little."""
    return UNCHECKED in schema or UNCHECKED in dereferenced(schema, schema)


def dereferenced(root: Mapping[str, Any], schema: Any) -> Mapping[str, Any]:
    """A schema of a document, without its references; empty for what is no object and describes nothing."""
    while isinstance(schema, dict) and "$ref" in schema:
        schema = pointer(root, schema["$ref"][1:])
    return schema if isinstance(schema, dict) else {}


def token(part: str | int) -> str:
    """One step of a JSON pointer."""
    return "/" + str(part).replace("~", "~0").replace("/", "~1")


def _told(error: jsonschema_rs.ValidationError) -> str:
    """What is wrong, in words that people know: of a schema `false` there is nothing to be said but that."""
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.FalseSchema):
        return f"{json.dumps(error.instance, ensure_ascii=False)} is not allowed here"
    if isinstance(
        error.kind, jsonschema_rs.ValidationErrorKind.AnyOf | jsonschema_rs.ValidationErrorKind.OneOfNotValid
    ):
        value = json.dumps(error.instance, ensure_ascii=False)
        return f"{_shortened(value, 100)} is none of the {len(error.kind.context)} things that it may be"
    return str(error.message)


def _shortened(message: str, limit: int = 200) -> str:
    """A message of readable length: what is wrong stands at its end, after a value that may be long."""
    return message if len(message) <= limit else f"{message[: limit // 2]}…{message[-limit // 2 :]}"


_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def pointer(document: Any, path: str) -> Any:
    """The value at a JSON pointer (RFC 6901).

    Raises:
        LookupError: the document has no such member.
    """
    value = document
    if path and not path.startswith("/"):
        raise LookupError(path)
    for token in path.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and _INDEX.fullmatch(token) and int(token) < len(value):
            value = value[int(token)]
        else:
            raise LookupError(path)
    return value
