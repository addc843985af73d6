"""Defects of JSON:API documents: their top level, their resources and their errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.planting.base import Defect, Scene, breaks, token, values_in
from conformance.planting.schemas import PLANTED


def _data(scene: Scene) -> bool:
    return scene.response.ok and isinstance(scene.body, dict) and "data" in scene.body


def _errors(scene: Scene) -> list[Any]:
    errors = scene.response.at("/errors") if scene.response.is_json else None
    return errors if isinstance(errors, list) else []


@breaks("json-api.top-level")
def strange_documents(scene: Scene) -> Iterator[Defect]:
    """A document that has data and errors, or neither, or is no object."""
    if not isinstance(scene.body, dict):
        return
    if scene.response.ok:
        yield scene.with_value("add /errors", "/errors", [{"status": "500", "detail": "planted"}])
        yield scene.with_json("drop all", {"jsonapi": {"version": "1.0"}, "links": {}})
        yield scene.with_json("retype", [scene.body])
    elif "errors" in scene.body:
        yield scene.with_value("add /data", "/data", {"type": "planted", "id": "1"})


@breaks("json-api.version-member")
def missing_versions(scene: Scene) -> Iterator[Defect]:
    """A document without its version of JSON:API, or with another one."""
    if isinstance(scene.body, dict) and "jsonapi" in scene.body:
        if _data(scene):
            yield scene.without("drop /jsonapi", "/jsonapi")
        yield scene.without("drop /jsonapi/version", "/jsonapi/version")
        yield scene.with_value("retype /jsonapi/version", "/jsonapi/version", 1.0)
        yield scene.with_value("other /jsonapi/version", "/jsonapi/version", "2.0")


def _resources(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    data = scene.response.at("/data") if _data(scene) else None
    found = [("/data", data)] if isinstance(data, dict) else list(values_in(scene.body, "/data/*")) if data else []
    yield from [(place, one) for place, one in found[:1] + found[1:][-1:] if isinstance(one, dict)]


@breaks("json-api.resource-objects")
def strange_resources(scene: Scene) -> Iterator[Defect]:
    """A resource without id or type, with others than texts, or with its fields beside them."""
    for place, resource in _resources(scene):
        for member in ("id", "type"):
            yield scene.without(f"drop {place}/{member}", f"{place}/{member}")
            yield scene.with_value(f"retype {place}/{member}", f"{place}/{member}", 4711)
            yield scene.with_value(f"empty {place}/{member}", f"{place}/{member}", "")
        attributes = resource.get("attributes")
        if isinstance(attributes, dict):
            yield scene.with_value(f"add {place}/attributes/id", f"{place}/attributes/id", resource.get("id"))
            flat = {**{key: value for key, value in resource.items() if key != "attributes"}, **attributes, PLANTED: 1}
            yield scene.with_value(f"flat {place}", place, flat)
        yield scene.with_value(f"retype {place}", place, PLANTED)


@breaks("json-api.identity-unique")
def repeated_identities(scene: Scene) -> Iterator[Defect]:
    """A resource that comes twice in one document, in its data or among what is included."""
    for place, resource in _resources(scene):
        if place != "/data":
            yield scene.with_value("repeat data", "/data", [*scene.body["data"], resource])
        included = scene.body.get("included")
        yield scene.with_value("repeat included", "/included", [*(included or []), resource])
        return


@breaks("json-api.data-kind")
def other_kinds(scene: Scene) -> Iterator[Defect]:
    """A list whose data is no array, and a resource whose data is one."""
    operation = scene.exchange.operation
    if operation is None or not _data(scene):
        return
    if operation.collection is not None:
        yield scene.with_value("retype /data", "/data", {"type": "planted", "id": "1"})
        yield scene.with_value("null /data", "/data", None)
    else:
        yield scene.with_value("retype /data", "/data", [scene.body["data"]])
        yield scene.with_value("text /data", "/data", PLANTED)


@breaks("json-api.one-type")
def mixed_types(scene: Scene) -> Iterator[Defect]:
    """A list with an item of another type."""
    page = scene.page
    if page is not None and len(page.records) > 1 and isinstance(page.records[0], dict):
        for index in (0, len(page.records) - 1):
            place = f"{scene.records_at}/{index}/type"
            yield scene.with_value(f"other {place}", place, PLANTED)


@breaks("json-api.unauthorized-body")
def silent_refusals(scene: Scene) -> Iterator[Defect]:
    """A 401 whose body has another status, or none."""
    if scene.response.status != scene.contract.conventions.auth.refused or not isinstance(scene.body, dict):
        return
    place = "/errors/0/status" if _errors(scene) else "/status"
    if scene.response.at(place) is not None:
        yield scene.with_value(f"other {place}", place, "403")
        yield scene.with_value(f"retype {place}", place, scene.response.status)
        yield scene.without(f"drop {place}", place)
    yield scene.with_body("empty", b"")


@breaks("json-api.error-members")
def strange_errors(scene: Scene) -> Iterator[Defect]:
    """An error without status or detail, or with others than texts."""
    for index, error in list(enumerate(_errors(scene)))[:1]:
        for member in ("status", "detail", "id"):
            place = f"/errors/{index}/{token(member)}"
            if not isinstance(error, dict) or member not in error:
                continue
            if member != "id":
                yield scene.without(f"drop {place}", place)
            yield scene.with_value(f"retype {place}", place, 4711)
            if member != "status":
                yield scene.with_value(f"empty {place}", place, "")
        yield scene.with_value(f"retype /errors/{index}", f"/errors/{index}", PLANTED)


@breaks("json-api.error-status")
def other_error_statuses(scene: Scene) -> Iterator[Defect]:
    """An error with another status than its answer."""
    if _errors(scene) and isinstance(scene.response.at("/errors/0/status"), str):
        for status in ("500", "200", "418"):
            if status[0] != str(scene.response.status)[0] or len(_errors(scene)) == 1:
                yield scene.with_value(f"status {status}", "/errors/0/status", status)


@breaks("json-api.error-ids-differ")
def repeated_error_ids(scene: Scene) -> Iterator[Defect]:
    """An error with the id of an earlier one."""
    for earlier in scene.all(lambda one: one.at < scene.at):
        identity = earlier.response.at("/errors/0/id")
        if isinstance(identity, str) and identity and _errors(scene):
            yield scene.with_value("repeat id", "/errors/0/id", identity)
            return
