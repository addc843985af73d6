"""OpenAPI 3.1 documents of ours: the shapes of what is read of them, and their operations.

They are held to the standard. What others publish is read by `conformance.contract.documents`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from conformance.contract.errors import ContractError
from conformance.contract.operation import MANY_SEGMENTS, METHODS, Answer, Collection, Operation, Sample
from conformance.contract.reading import label, read_yaml, validated
from conformance.contract.schema import first_mistake, pointer

Object = dict[str, Any]
Values = list[str | int | float | bool]


class Shape(BaseModel):
    """Base of them: further members are not looked at."""

    model_config = ConfigDict(extra="ignore")


class MediaType(Shape):
    content_schema: Object | None = Field(default=None, alias="schema")


class Holder(Shape):
    """A request body or a response."""

    content: dict[str, MediaType] = Field(default_factory=dict)


class Parameter(Shape):
    name: StrictStr
    place: StrictStr = Field(alias="in")
    required: bool = False
    many_segments: StrictBool = Field(default=False, alias="x-many-segments")
    examples: dict[str, Object] = Field(default_factory=dict)


class Listing(Shape):
    """`x-collection`."""

    items: StrictStr
    id: StrictStr | list[StrictStr] = "id"
    paged: bool = True
    filters: dict[str, Values] = Field(default_factory=dict)
    sorts: list[StrictStr] = Field(default_factory=list)


class Entry(Shape):
    """An operation."""

    parameters: list[Object] = Field(default_factory=list)
    responses: dict[str, Object]
    body: Object | None = Field(default=None, alias="requestBody")
    security: list[Object] | None = None
    basis: StrictStr = Field(default="documented", alias="x-basis")
    collection: Listing | None = Field(default=None, alias="x-collection")


class PathItem(Shape):
    parameters: list[Object] = Field(default_factory=list)


def read_openapi(path: Path) -> dict[str, Any]:
    """An OpenAPI 3.1 document whose references all lead somewhere.

    Raises:
        ContractError: the file is missing, not OpenAPI, or has a `$ref` that leads nowhere.
    """
    document: dict[str, Any] = read_yaml(path)
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise ContractError(f"{label(path)}: is not an OpenAPI document: it has no `paths`")
    for place, ref in _references(document, ""):
        if not ref.startswith("#/"):
            raise ContractError(f"{label(path)}: {place}: $ref {ref} leaves the file; only `#/…` is read")
        try:
            _resolved(document, {"$ref": ref})
        except LookupError:
            raise ContractError(f"{label(path)}: {place}: $ref {ref} leads nowhere") from None
    for place, schema in _schemas(document):
        if mistake := first_mistake(schema):
            raise ContractError(
                f"{label(path)}: {place}{mistake.pointer}: is not what a JSON schema can hold: {mistake.message}"
            )
    return document


def _schemas(node: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every schema of a document that stands in no other one, with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "schema":
                yield f"{place}/schema", value
            elif key == "schemas" and place == "/components" and isinstance(value, dict):
                yield from ((f"{place}/schemas/{name}", schema) for name, schema in value.items())
            elif key not in ("example", "examples"):
                yield from _schemas(value, f"{place}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _schemas(value, f"{place}/{index}")


def _references(node: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield place, node["$ref"]
        for key, value in node.items():
            yield from _references(value, f"{place}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _references(value, f"{place}/{index}")


def operations_of(document: dict[str, Any], label: str) -> Iterator[Operation]:
    """The operations of a document.

    Raises:
        ContractError: one is not as OpenAPI 3.1 has it.
    """
    for path, item in document["paths"].items():
        place = path
        validated(PathItem, item, f"{label}: {path}")
        try:
            shared = item.get("parameters", [])
            for method in METHODS:
                entry = item.get(method.lower())
                if entry is not None:
                    place = f"{method} {path}"
                    validated(Entry, entry, f"{label}: {place}")
                    parameters = [*shared, *entry.get("parameters", [])]
                    yield _operation(document, method, path, entry, parameters, f"{label}: {place}")
        except KeyError as error:
            raise ContractError(f"{label}: {place}: has no {error}") from None
        except ValueError as error:
            raise ContractError(f"{label}: {place}: is not what OpenAPI 3.1 says: {error}") from None
        except (AttributeError, TypeError):
            raise ContractError(f"{label}: {place}: is not what OpenAPI 3.1 says") from None


def _operation(
    document: dict[str, Any], method: str, path: str, entry: dict[str, Any], parameters: list[Any], where: str
) -> Operation:
    resolved = [_resolved(document, parameter) for parameter in parameters]
    for parameter in resolved:
        shape = validated(Parameter, parameter, f"{where}: parameters")
        if shape.many_segments and (shape.place != "path" or not path.endswith(f"/{{{shape.name}}}")):
            raise ContractError(
                f"{where}: parameters: {shape.name}: {MANY_SEGMENTS} is for the parameter that a path ends with"
            )
    responses = {status: _resolved(document, response) for status, response in entry["responses"].items()}
    for status, response in responses.items():
        validated(Holder, response, f"{where}: responses.{status}")
    body = _resolved(document, entry["requestBody"]) if entry.get("requestBody") is not None else None
    if body is not None:
        validated(Holder, body, f"{where}: requestBody")
    answers = {status: _answer(document, response) for status, response in responses.items()}
    return Operation(
        method=method,
        path=path,
        parameters=tuple(resolved),
        examples={p["name"]: _examples(p) for p in resolved if p["in"] == "path"},
        authorized=_authorized(entry.get("security", document.get("security", []))),
        basis=entry.get("x-basis", "documented"),
        success=tuple(int(status) for status in responses if status.startswith("2") and status.isdigit()),
        responses={status: answer.schema for status, answer in answers.items()},
        answers={status if status == "default" else status.upper(): answer for status, answer in answers.items()},
        body=_content(document, body) if body else {},
        sample=_sample(body, resolved),
        collection=_collection(entry.get("x-collection")),
    )


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to at last.

    Raises:
        LookupError: it leads nowhere, or round in a circle.
    """
    passed = set()
    while "$ref" in node:
        ref = node["$ref"]
        if not isinstance(ref, str):
            raise ValueError(f"the $ref {ref} is not text")
        if ref in passed:
            raise LookupError(ref)
        passed.add(ref)
        node = pointer(document, ref[1:])
        if not isinstance(node, dict):
            raise LookupError(ref)
    return node


def _examples(parameter: Mapping[str, Any]) -> tuple[str, ...]:
    values = [example["value"] for example in parameter.get("examples", {}).values()]
    if "example" in parameter:
        values.append(parameter["example"])
    return tuple(str(value) for value in values)


def _sample(body: Mapping[str, Any] | None, parameters: list[dict[str, Any]]) -> Sample | None:
    content: Mapping[str, Any] = body.get("content", {}) if body else {}
    media_type = next(iter(content), None)
    holder = content[media_type] if media_type is not None else {}
    given = {
        place: {
            p["name"]: _examples(p)[0] for p in parameters if p["in"] == place and p.get("required") and _examples(p)
        }
        for place in ("header", "query")
    }
    if "example" not in holder and not any(given.values()):
        return None
    return Sample(holder.get("example"), media_type, given["header"], given["query"])


def _authorized(security: list[dict[str, Any]]) -> str:
    if not security:
        return "none"
    return "optional" if {} in security else "required"


def _answer(document: dict[str, Any], response: dict[str, Any]) -> Answer:
    headers = {name.lower(): _resolved(document, header) for name, header in response.get("headers", {}).items()}
    return Answer(_content(document, response), headers)


def _content(document: dict[str, Any], holder: dict[str, Any]) -> dict[str, Mapping[str, Any] | None]:
    return {media_type: _whole(document, part) for media_type, part in holder.get("content", {}).items()}


def _whole(document: dict[str, Any], content: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of a media type, with what it refers to."""
    schema: dict[str, Any] | None = content.get("schema")
    return None if schema is None else with_components(schema, document.get("components", {}).get("schemas", {}))


def with_components(schema: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with those of the named ones that it refers to: the validator resolves `#/components/…` inside of it."""
    reached: dict[str, Any] = {}
    waiting: list[Any] = [schema]
    while waiting:
        for _, ref in _references(waiting.pop(), ""):
            name = ref.split("/")[3] if ref.startswith("#/components/schemas/") else None
            if name is not None and name not in reached:
                reached[name] = schemas[name]
                waiting.append(schemas[name])
    return {**schema, "components": {"schemas": dict(sorted(reached.items()))}} if reached else schema


def _collection(extension: dict[str, Any] | None) -> Collection | None:
    if extension is None:
        return None
    members = extension.get("id", "id")
    return Collection(
        items=extension["items"],
        id=(members,) if isinstance(members, str) else tuple(members),
        paged=extension.get("paged", True),
        filters={name: tuple(values) for name, values in extension.get("filters", {}).items()},
        sorts=tuple(extension.get("sorts", ())),
    )
