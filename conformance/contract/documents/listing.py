"""Which operations of a published document plainly answer a list, and where its records are."""

from __future__ import annotations

from typing import Any

from conformance.contract.documents.files import Files, Node, Nowhere
from conformance.contract.operation import Collection
from conformance.contract.schema import token

_IDS = ("id", "uuid", "uid", "guid", "_id", "ID", "Id", "identifier", "sid", "gid", "pid", "key", "slug", "name")
"""Members that identify a record, the likeliest first."""


def collection_of(files: Files, method: str, answer: Node | None, version: str) -> Collection | None:
    """The list that an operation answers; None where its answer is not plainly one.

    It is one where the answer is an array of objects, or an object with exactly one array of objects.
    """
    if method != "GET" or answer is None:
        return None
    schema = _schema(files, answer, version)
    if schema is None:
        return None
    arrays = [("", schema)] if _is_array(schema) else []
    if not arrays:
        members = {name: _resolved(files, part) for name, part in _members(files, schema).items()}
        arrays = [(token(name), part) for name, part in members.items() if part is not None and _is_array(part)]
        arrays = [(place, part) for place, part in arrays if _item(files, part) is not None]
    if len(arrays) != 1:
        return None
    place, array = arrays[0]
    item = _item(files, array)
    if item is None:
        return None
    named = _members(files, item)
    found = next((name for name in _IDS if name in named), None)
    return Collection(place, (found,), paged=False) if found is not None else None


def _schema(files: Files, answer: Node, version: str) -> Node | None:
    node = _resolved(files, answer)
    if node is None:
        return None
    if version == "2.0":
        found = node.get("schema")
    else:
        content = node.get("content")
        holders = (part for name, part in content.items() if "json" in name) if content is not None else iter(())
        holder = next(holders, None)
        found = holder.get("schema") if holder is not None else None
    return _resolved(files, found) if found is not None else None


def _resolved(files: Files, node: Node) -> Node | None:
    try:
        found = files.resolved(node)
    except Nowhere:
        return None
    return found if isinstance(found.value, dict) else None


def _is_array(schema: Node) -> bool:
    kind: Any = schema.value.get("type")
    return (kind == "array" or (isinstance(kind, list) and "array" in kind)) and "items" in schema.value


def _item(files: Files, array: Node) -> Node | None:
    """The schema of an array's items where they are plainly objects."""
    item = _resolved(files, array["items"])
    return item if item is not None and _members(files, item) else None


def _members(files: Files, schema: Node, depth: int = 0) -> dict[str, Node]:
    """The members that a schema names, also in what all of it is made of."""
    found: dict[str, Node] = {}
    branches = schema.get("allOf")
    for part in branches.parts() if branches is not None and depth < 10 else ():
        inner = _resolved(files, part)
        found |= _members(files, inner, depth + 1) if inner is not None else {}
    properties = schema.get("properties")
    return {**found, **(dict(properties.items()) if properties is not None else {})}
