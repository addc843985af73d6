"""Defects of what becomes of resources: not there, still there, or otherwise than it was set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from conformance.planting.base import Defect, Scene, breaks, token
from conformance.planting.bodies import refused
from conformance.planting.pages import with_records


def path_of(scene: Scene) -> str:
    return unquote(scene.exchange.path).rstrip("/")


def object_at(scene: Scene) -> tuple[str, dict[str, Any]] | None:
    """Where the resource in an answer is, and it: the only object in it, or else the answer itself."""
    body = scene.body
    if not isinstance(body, dict):
        return None
    inner = [(name, value) for name, value in body.items() if isinstance(value, dict)]
    return (f"/{token(inner[0][0])}", inner[0][1]) if len(inner) == len(body) == 1 else ("", body)


def _sent(scene: Scene) -> dict[str, Any]:
    sent = scene.exchange.request.at("")
    return sent if isinstance(sent, dict) else {}


def _differs(value: Any) -> Any:
    """Another value of the same type, and no other way to write the same one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 17
    return f"planted-{value}"


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and "__redacted_" not in str(value)


def _otherwise(scene: Scene, sent: dict[str, Any], shown: dict[str, Any], place: str) -> Iterator[Defect]:
    """What was sent, shown with another value."""
    for name, value in sent.items():
        now = shown.get(name)
        if _is_plain(value) and _is_plain(now) and isinstance(value, bool) is isinstance(now, bool):
            yield scene.with_value(f"other {place}/{token(name)}", f"{place}/{token(name)}", _differs(now))


@breaks("crud.create-echo")
def other_creates(scene: Scene) -> Iterator[Defect]:
    """A create that shows another value than was sent."""
    found = object_at(scene)
    if found and scene.exchange.request.method == "POST":
        yield from _otherwise(scene, _sent(scene), found[1], found[0])


def _made_before(scene: Scene) -> Iterator[Scene]:
    return scene.all(
        lambda one: one.at < scene.at and one.exchange.request.method == "POST" and one.response.status == 201
    )


@breaks("crud.created-is-there")
def lost_creates(scene: Scene) -> Iterator[Defect]:
    """What was created is not found, or not in its list."""
    if scene.exchange.request.method != "GET" or not scene.response.ok:
        return
    path, page = path_of(scene), scene.page
    for made in _made_before(scene):
        found = object_at(made)
        identity = str(found[1].get(_id_of(made), "")) if found else ""
        if not identity:
            continue
        if page is None and path == f"{path_of(made)}/{identity}":
            yield refused(scene, "lost read", scene.contract.conventions.errors.unknown)
            return
        if page is not None and path == path_of(made) and identity in page.ids:
            rest = [record for record, known in zip(page.records, page.ids, strict=True) if known != identity]
            yield with_records(scene, "lost list", rest)
            return


def _id_of(scene: Scene) -> str:
    operation = scene.exchange.operation
    resource = scene.contract.resource_of(operation) if operation else None
    return resource.id if resource else "id"


@breaks("crud.changes-show")
def lost_changes(scene: Scene) -> Iterator[Defect]:
    """What was changed shows otherwise, in the resource or in its list."""
    if scene.exchange.request.method != "GET" or not scene.response.ok:
        return
    method, page, path = scene.arguments["method"], scene.page, path_of(scene)
    for made in scene.all(lambda one: one.at < scene.at and one.exchange.request.method == method and one.response.ok):
        found = object_at(scene)
        if path_of(made) == path and found:
            yield from _otherwise(scene, _sent(made), found[1], found[0])
            return
        collection, _, identity = path_of(made).rpartition("/")
        if page is not None and collection == path and identity in page.ids:
            index = page.ids.index(identity)
            record = page.records[index]
            if isinstance(record, dict):
                yield from _otherwise(scene, _sent(made), record, f"{scene.records_at}/{index}")
            return


@breaks("crud.deleted-is-gone")
def undead(scene: Scene) -> Iterator[Defect]:
    """What was deleted is found still, or listed."""
    deletes = list(scene.all(lambda one: one.exchange.request.method == "DELETE" and one.response.status in (200, 204)))
    gone = {path_of(one): one.at for one in deletes}
    for one in scene.all(lambda one: one.exchange.request.method == "GET"):
        path, page = path_of(one), one.page
        if one.at > gone.get(path, one.at):
            if not one.response.ok:
                yield one.served("found still")
        elif page is not None and page.records and None not in page.ids:
            below = [place for place, at in gone.items() if at < one.at and place.rpartition("/")[0] == path]
            for place in below[:1]:
                record = _listed_before(one, place.rpartition("/")[2])
                if record is not None and record not in page.records:
                    yield with_records(one, "listed still", [*page.records, record])


def _listed_before(scene: Scene, name: str) -> Any:
    """The record of a list that had this name or id, as an earlier page shows it; None where none does."""
    path = path_of(scene)
    for one in scene.all(lambda one: one.at < scene.at and one.page is not None and path_of(one) == path):
        for record in one.page.records if one.page else ():
            if isinstance(record, dict) and name in map(str, record.values()):
                return record
    return None
