"""The releases of each Snyk endpoint: what a version number resolves to, and how its answers look.

Made so that each rule of Versioning can be seen at 2026-01-01, where the clock starts:

- projects, targets and single projects have adjacent releases whose answers differ;
- projects have a GA release superseded 113 days ago, targets a beta superseded 57 days ago;
- targets are never GA, and projects are not before 2022-01-01;
- the newest release of projects and of targets is experimental, with an older beta below it; from 2025-03-18 to
  2025-09-09 the newest one of projects is experimental, with an older GA release below it;
- one superseded release of projects is marked as deprecated, two are not.

`2022-01-01~beta`, the version of the document's samples, is served by every endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from attrs import frozen

from conformance.reference.snyk.data import (
    BASE,
    CREATE_PROJECT,
    DELETE_PROJECT,
    GET_PROJECT,
    LIST_PROJECTS,
    LIST_TARGETS,
)

STABILITIES = ("ga", "beta", "experimental")
"""From the most stable to the least."""


@frozen
class Release:
    """One release of an endpoint.

    `attributes` gives the stored member behind each attribute it shows; `sunset` is the day its support ends,
    None while it is not deprecated. `marker` tells its answers from those of the endpoint's other releases: JSON
    pointers into a 2xx document and the values there, None for a member that is not there.
    """

    day: date
    stability: str
    attributes: Mapping[str, str]
    marker: Mapping[str, Any]
    sunset: date | None = None

    @property
    def version(self) -> str:
        """The version number that names exactly this release."""
        return self.day.isoformat() + ("" if self.stability == "ga" else f"~{self.stability}")


def _release(
    version: str, where: str, shown: Mapping[str, str], marks: Mapping[str, Any], sunset: str | None = None
) -> Release:
    day, _, stability = version.partition("~")
    return Release(
        date.fromisoformat(day),
        stability or "ga",
        shown,
        {f"{where}/attributes/{name}": value for name, value in marks.items()},
        date.fromisoformat(sunset) if sunset else None,
    )


_PROJECT = {"name": "name", "origin": "origin", "created": "created"}
_STATUS = {**_PROJECT, "status": "status"}
_LIFECYCLE = {**_PROJECT, "lifecycle": "status", "read_only": "read_only"}
_FIRST = "/data/0"

_SINGLE = (
    _release("2022-01-01", "/data", _STATUS, {"status": "active"}, sunset="2026-06-24"),
    _release("2025-06-24", "/data", _LIFECYCLE, {"lifecycle": "active"}),
)

RELEASES: dict[str, tuple[Release, ...]] = {
    LIST_PROJECTS: (
        _release("2021-06-04~beta", _FIRST, {**_PROJECT, "state": "status"}, {"state": "active"}),
        _release("2022-01-01", _FIRST, _STATUS, {"status": "active", "read_only": None}),
        _release(
            "2024-10-15",
            _FIRST,
            {**_STATUS, "read_only": "read_only"},
            {"status": "active", "read_only": False},
            sunset="2026-04-01",
        ),
        _release("2025-03-18~experimental", _FIRST, {**_PROJECT, "active": "active"}, {"active": True}),
        _release("2025-09-10", _FIRST, _LIFECYCLE, {"lifecycle": "active", "tags": None}),
        _release("2025-11-12~beta", _FIRST, {**_LIFECYCLE, "tags": "tags"}, {"lifecycle": "active", "tags": []}),
        _release("2025-12-03~experimental", _FIRST, {**_PROJECT, "stage": "status"}, {"stage": "active"}),
    ),
    CREATE_PROJECT: _SINGLE,
    GET_PROJECT: _SINGLE,
    DELETE_PROJECT: (_release("2022-01-01", "/data", {}, {}),),
    LIST_TARGETS: (
        _release(
            "2021-09-13~beta",
            _FIRST,
            {"displayName": "name", "remoteUrl": "url", "isPrivate": "private"},
            {"isPrivate": False},
            sunset="2026-02-13",
        ),
        _release(
            "2025-05-20~beta",
            _FIRST,
            {"display_name": "name", "url": "url", "is_private": "private"},
            {"is_private": False},
            sunset="2026-03-05",
        ),
        _release(
            "2025-11-05~beta",
            _FIRST,
            {"display_name": "name", "url": "url", "visibility": "visibility"},
            {"visibility": "public"},
        ),
        _release(
            "2025-12-15~experimental",
            _FIRST,
            {"display_name": "name", "url": "url", "access": "visibility"},
            {"access": "public"},
        ),
    ),
}
"""By operation, oldest first."""


def release_table() -> list[dict[str, Any]]:
    """All releases as JSON values, in the order of `RELEASES`; operations are named without the base path.

    Members: operation, version (which names the release), date, stability, deprecated, sunset (a date or None)
    and marker (see `Release`; empty where an answer has no body).
    """
    return [
        {
            "operation": operation.replace(BASE, "", 1),
            "version": release.version,
            "date": release.day.isoformat(),
            "stability": release.stability,
            "deprecated": release.sunset is not None,
            "sunset": release.sunset and release.sunset.isoformat(),
            "marker": dict(release.marker),
        }
        for operation, releases in RELEASES.items()
        for release in releases
    ]
