"""Defects against the document that an API is published with: statuses, media types, bodies and header fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance.contract import Answer
from conformance.planting.base import Defect, Scene, breaks, json_type
from conformance.planting.http import keeps_fields
from conformance.planting.schemas import Change, changes, promises, types_of


def _answer(scene: Scene) -> Answer | None:
    operation = scene.exchange.operation
    return operation.answer(scene.response.status) if operation is not None else None


def _other_statuses(scene: Scene, statuses: tuple[int, ...]) -> Iterator[Defect]:
    operation = scene.exchange.operation
    for status in statuses:
        if operation is not None and operation.answer(status) is None:
            yield scene.with_status(f"status {status}", status)


@breaks("http.documented-success")
def undocumented_successes(scene: Scene) -> Iterator[Defect]:
    """A success under a status that the document does not list, and that is nothing of what all others are."""
    operation = scene.exchange.operation
    if operation is None or not scene.response.ok or _may_be_any_other(scene):
        return
    for status in (200, 201, 202, 203, 206, 207, 226) if scene.response.body else (202, 204, 205):
        if not {str(status), "2XX"} & {name.upper() for name in operation.answers}:
            yield scene.with_status(f"status {status}", status)


def _may_be_any_other(scene: Scene) -> bool:
    """Whether the body may be what the document says of all other statuses, where it does."""
    operation = scene.exchange.operation
    others = operation.answers.get("default") if operation is not None else None
    if others is None:
        return False
    schema = next(iter(others.content.values()), None)
    if not schema or not scene.response.is_json or not scene.body:
        return True
    if not isinstance(scene.body, dict):
        return json_type(scene.body) in (types_of(schema, schema) or (json_type(scene.body),))
    names = {name for each in promises(schema, schema) for name in each.get("properties", {})}
    return not names or bool(names & scene.body.keys())


@breaks("http.documented-refusal")
def undocumented_refusals(scene: Scene) -> Iterator[Defect]:
    """A refusal under a status that the document does not list, and that not every server may give."""
    yield from _other_statuses(scene, (400, 402, 409, 410, 418, 422, 423, 424))


@breaks("http.documented-media-type")
def undocumented_media_types(scene: Scene) -> Iterator[Defect]:
    """A body of a media type that the document does not give."""
    answer = _answer(scene)
    if answer is None or not answer.content:
        return
    known = {name.partition(";")[0].strip().lower() for name in answer.content}
    for other in ("text/html", "image/png", "application/octet-stream", "text/plain"):
        if not {other, "*/*", f"{other.partition('/')[0]}/*"} & known:
            yield scene.with_header(f"media-type {other}", "Content-Type", other)


@breaks("http.documented-no-content")
def undocumented_contents(scene: Scene) -> Iterator[Defect]:
    """A body where the document gives none."""
    answer = _answer(scene)
    if answer is not None and not answer.content and not scene.response.body:
        yield scene.with_body("body json", b'{"planted":true}')
        yield scene.with_body("body text", b"OK")


def schema_of(scene: Scene) -> Mapping[str, Any] | None:
    """The schema that the document gives the body at hand; None where it gives none."""
    answer, media_type = _answer(scene), scene.response.media_type
    if answer is None or not scene.response.is_json:
        return None
    given = {name.partition(";")[0].strip().lower(): schema for name, schema in answer.content.items()}
    if media_type in given or media_type is None:
        return given[media_type] if media_type else next(iter(given.values()), None)
    is_json = media_type.endswith(("+json", "/json"))
    return next((schema for name, schema in given.items() if is_json and name.endswith(("+json", "/json"))), None)


def _changed(scene: Scene, wanted: Callable[[Change], bool]) -> Iterator[Defect]:
    schema = schema_of(scene)
    for change in changes(schema, schema, scene.body) if schema else ():
        if wanted(change):
            yield scene.with_json(change.name, change.made_in(scene.body))


@breaks("http.documented-body")
def undocumented_bodies(scene: Scene) -> Iterator[Defect]:
    """A body that does not match its schema: in its types, in what is required, in bounds."""
    yield from _changed(scene, lambda change: change.kind not in ("other", "format"))


@breaks("http.documented-values")
def undocumented_values(scene: Scene) -> Iterator[Defect]:
    """A value that is none of those that are listed."""
    yield from _changed(scene, lambda change: change.kind == "other")


@breaks("http.documented-formats")
def undocumented_formats(scene: Scene) -> Iterator[Defect]:
    """A text that is not of its format."""
    yield from _changed(scene, lambda change: change.kind == "format")


def _fields(scene: Scene) -> Iterator[tuple[str, Mapping[str, Any]]]:
    answer = _answer(scene)
    for name, header in answer.headers.items() if answer is not None else ():
        if scene.response.header(name) is not None and name != "content-type":
            yield name, header


@breaks("http.documented-fields")
def missing_fields(scene: Scene) -> Iterator[Defect]:
    """An answer without a header field that the document requires."""
    for name, header in _fields(scene):
        if header.get("required") is True and keeps_fields(scene):
            yield scene.with_header(f"drop {name}", name, None)


_WRONG = {"integer": ("many", "1.5", ""), "number": ("many", "1,5"), "boolean": ("yes", "1")}


@breaks("http.documented-field-types")
def wrong_fields(scene: Scene) -> Iterator[Defect]:
    """A header field of another type than the document gives it."""
    for name, header in _fields(scene):
        schema = header.get("schema")
        kind = schema.get("type") if isinstance(schema, dict) else None
        for wrong in _WRONG.get(str(kind), ()):
            yield scene.with_header(f"retype {name}={wrong}", name, wrong)
