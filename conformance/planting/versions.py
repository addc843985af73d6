"""Defects of versions: dates that are none, shapes that change, and ends that are not announced, or come too early."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from attrs import evolve

from conformance.contract import Versioning
from conformance.planting.base import OTHERS, Defect, Scene, breaks, json_type, token, values_in, with_query
from conformance.planting.bodies import refused
from conformance.traffic.dates import moment_of
from conformance.traffic.urls import split


def _versioning(scene: Scene) -> Versioning | None:
    versioning = scene.contract.conventions.versioning
    return versioning if versioning and versioning.parameter and versioning.stabilities else None


@breaks("versioning.bad-version-recorded")
def served_bad_versions(scene: Scene) -> Iterator[Defect]:
    """A version that cannot be, and is served."""
    versioning = _versioning(scene)
    if versioning is None:
        return
    unknown = {*versioning.unknown, "conformance", "2021-13-45"}
    for one in scene.all(lambda one: one.exchange.request.parameter(versioning.parameter or "") in unknown):
        if one.response.status_class == 4 and one.exchange.operation is not None:
            yield one.served("served version")
            return


@breaks("versioning.dated-format")
def strange_versions(scene: Scene) -> Iterator[Defect]:
    """A link with a version that is no date, or of no calendar, or of an unknown stability."""
    versioning, body = _versioning(scene), scene.body
    links = body.get("links") if isinstance(body, dict) else None
    if versioning is None or not isinstance(links, dict):
        return
    for name, value in links.items():
        link = value.get("href") if isinstance(value, dict) else value
        if not isinstance(link, str) or versioning.parameter not in dict(split(link).parameters):
            continue
        for kind, other in (("word", "latest"), ("calendar", "2021-02-30"), ("stability", "2021-06-04~planted")):
            pairs = [(key, other if key == versioning.parameter else old) for key, old in split(link).parameters]
            yield scene.with_value(
                f"version-{kind} /links/{name}", f"/links/{token(name)}", with_query(link, urlencode(pairs))
            )


@breaks("versioning.shape-stable")
def changed_shapes(scene: Scene) -> Iterator[Defect]:
    """A member that is gone, or of another type, from every resource of a later answer."""
    if not scene.response.ok or not isinstance(scene.body, dict):
        return
    data = scene.body.get("data")
    records: list[Any] = data if isinstance(data, list) else [data]
    first = next((record for record in records if isinstance(record, dict)), None)
    if first is None:
        return
    inner = first.get("attributes")
    places = [f"/{token(name)}" for name in first if name not in ("links", "id", "type")]
    places += [f"/attributes/{token(name)}" for name in inner] if isinstance(inner, dict) else []
    for place in places:
        below = f"/data/*{place}" if isinstance(data, list) else f"/data{place}"
        found = list(values_in(scene.body, below))
        if len(found) < len(records):
            continue
        yield _everywhere(scene, f"drop {below}", found, None)
        kinds = {json_type(value) for _, value in found} - {"null"}
        if kinds:
            other = next(value for kind, value in OTHERS if kind not in kinds and kind not in ("null", "integer"))
            yield _everywhere(scene, f"retype {below}", found, other)


def _everywhere(scene: Scene, name: str, found: list[tuple[str, Any]], value: Any) -> Defect:
    here = scene
    for where, _ in found:
        changed = here.without(name, where) if value is None else here.with_value(name, where, value)
        here = evolve(here, conversation=changed.conversation)
    return Defect(name, here.conversation)


@breaks("versioning.sunset-format")
def strange_sunsets(scene: Scene) -> Iterator[Defect]:
    """A Sunset that is no HTTP-date."""
    if scene.response.header("sunset") is not None:
        for kind, text in (
            ("iso", "2027-11-11T11:11:11Z"),
            ("day", "2027-11-11"),
            ("seconds", "1825931471"),
            ("zone", "Thu, 11 Nov 2027 11:11:11 +0100"),
            ("calendar", "Thu, 31 Feb 2027 11:11:11 GMT"),
        ):
            yield scene.with_header(f"sunset {kind}", "Sunset", text)


def _version(scene: Scene) -> Any:
    versioning = scene.contract.conventions.versioning
    return scene.exchange.request.parameter(versioning.parameter or "") if versioning else None


def _releases(scene: Scene) -> list[Mapping[str, Any]]:
    found = scene.facts.get("releases", ())
    return [one for one in found if isinstance(one, dict) and one.get("operation") == scene.exchange.known_as]


@breaks("versioning.sunset-when-deprecated")
def missing_sunsets(scene: Scene) -> Iterator[Defect]:
    """A release that is deprecated, and whose answer says nothing of its end."""
    if scene.response.ok and scene.response.header("sunset") is not None:
        yield scene.with_header("drop sunset", "Sunset", None)


@breaks("versioning.sunset-notice")
def short_notices(scene: Scene) -> Iterator[Defect]:
    """A Sunset that comes too soon after the release before it was superseded."""
    sunset = moment_of(scene.response.header("sunset"))
    days = sorted(str(one.get("version", ""))[:10] for one in _releases(scene))
    for name, earlier in (("year", 365), ("years", 1500)):
        if sunset is not None and days:
            moved = format_datetime(sunset - timedelta(days=earlier), usegmt=True)
            yield scene.with_header(f"sunset {name}", "Sunset", moved)


def _is_served(scene: Scene) -> bool:
    return scene.response.ok and scene.exchange.request.method == "GET"


@breaks("versioning.sunset-constant")
def moving_sunsets(scene: Scene) -> Iterator[Defect]:
    """A Sunset that moves to an earlier time, and a version that is gone before it."""
    sunset = moment_of(scene.response.header("sunset"))
    if sunset is None or not scene.response.ok:
        return
    same = [
        one
        for one in scene.all(
            lambda one: one.at < scene.at and one.response.ok and one.response.header("sunset") is not None
        )
        if one.exchange.known_as == scene.exchange.known_as and _version(one) == _version(scene)
    ]
    known = any(one.get("sunset") and one.get("version") == _version(scene) for one in _releases(scene))
    if same or known:
        moved = format_datetime(sunset - timedelta(days=30), usegmt=True)
        yield scene.with_header("sunset earlier", "Sunset", moved)
        # Where another version is served at the same place.
        if any(one.at < scene.at and one.exchange.path == scene.exchange.path for one in scene.all(_is_served)):
            yield refused(scene, "gone early", 410)
