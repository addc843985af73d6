"""Releases: what a dated version resolves to, by the table of releases that is known of a target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from conformance.contract import Versioning
from conformance.traffic.dates import moment_of
from conformance.traffic.exchange import Exchange

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@frozen
class Version:
    """A version as asked for: releases up to this day, as stable as that word or more so."""

    day: date
    stability: str


@frozen
class Release:
    """One release of an operation.

    Attributes:
        version: the version that names exactly this release.
        rank: place of its stability, 0 for the most stable.
        deprecated: it is marked as deprecated, which being superseded alone is not.
        sunset: the day its support ends, None where the table gives none.
        marker: JSON pointer → the value there in an answer of this release, None for a member that is not there.
    """

    operation: str
    version: str
    day: date
    stability: str
    rank: int
    deprecated: bool = False
    sunset: date | None = None
    marker: Mapping[str, Any] = field(factory=dict)

    def shows_in(self, exchange: Exchange) -> bool:
        """Whether an answer looks as this release's do."""
        return all(exchange.response.at(place) == value for place, value in self.marker.items())


def version_of(text: str | None, versioning: Versioning) -> Version | None:
    """A version with a real calendar date; None for any other text."""
    day, tilde, stability = (text or "").partition("~")
    if not versioning.stabilities or (tilde and stability not in versioning.stabilities):
        return None
    if not _DAY.fullmatch(day):
        return None
    try:
        return Version(date.fromisoformat(day), stability or versioning.stabilities[0])
    except ValueError:
        return None


def releases_of(facts: Mapping[str, Any], operation: str, versioning: Versioning | None) -> tuple[Release, ...]:
    """The releases of an operation that are known of a target, oldest first, as far as they make sense."""
    table = facts.get("releases")
    if versioning is None or not table:
        return ()
    if _read.table is not table or _read.versioning is not versioning:
        _read.table, _read.versioning, _read.by_operation = table, versioning, _by_operation(facts, versioning)
    return _read.by_operation.get(operation, ())


class _Read:
    """The table that was read last: it is looked up at every exchange."""

    table: object = None
    versioning: Versioning | None = None
    by_operation: Mapping[str, tuple[Release, ...]] = MappingProxyType({})


_read = _Read()


def _by_operation(facts: Mapping[str, Any], versioning: Versioning) -> Mapping[str, tuple[Release, ...]]:
    found: dict[str, list[Release]] = {}
    for entry in _entries(facts):
        release = _release(entry, versioning)
        if release is not None:
            found.setdefault(release.operation, []).append(release)
    return {name: tuple(sorted(releases, key=lambda one: one.day)) for name, releases in found.items()}


def versioned_operations(facts: Mapping[str, Any]) -> list[str]:
    """The operations that the table of releases names."""
    return list(dict.fromkeys(str(entry.get("operation")) for entry in _entries(facts)))


def _entries(facts: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return [entry for entry in facts.get("releases", ()) if isinstance(entry, Mapping)]


def _release(entry: Mapping[str, Any], versioning: Versioning) -> Release | None:
    version = version_of(str(entry.get("version")), versioning)
    if version is None:
        return None
    sunset = version_of(str(entry.get("sunset")), versioning)
    return Release(
        operation=str(entry.get("operation")),
        version=str(entry["version"]),
        day=version.day,
        stability=version.stability,
        rank=versioning.stabilities.index(version.stability),
        deprecated=bool(entry.get("deprecated")),
        sunset=sunset.day if sunset else None,
        marker=entry.get("marker") or {},
    )


def resolutions(releases: Iterable[Release], version: Version, versioning: Versioning) -> list[Release]:
    """The releases that a version may stand for: one, where the document leaves no doubt.

    It is the newest at the date or before it, as stable as asked for or more so; or the newest of exactly that
    stability: the document does not say which wins where both are there.
    """
    rank = versioning.stabilities.index(version.stability)
    allowed = [one for one in releases if one.day <= version.day and one.rank <= rank]
    newest = max(allowed, key=lambda one: one.day, default=None)
    alike = max((one for one in allowed if one.rank == rank), key=lambda one: one.day, default=None)
    return [one for one in (newest, alike if alike is not newest else None) if one is not None]


def release_of(exchange: Exchange, facts: Mapping[str, Any], versioning: Versioning | None) -> Release | None:
    """The release that answered, or would have.

    It is the one that a response header names, else the one that the version means without doubt.
    """
    if versioning is None or versioning.parameter is None or exchange.operation is None:
        return None
    releases = releases_of(facts, exchange.operation.id, versioning)
    served = exchange.response.header(versioning.served) if versioning.served else None
    for release in releases:
        if release.version == served:
            return release
    version = version_of(exchange.request.parameter(versioning.parameter), versioning)
    found = resolutions(releases, version, versioning) if version else []
    return found[0] if len(found) == 1 else None


def successor(releases: Iterable[Release], release: Release) -> Release | None:
    """What superseded a release: the next one as stable as it or more so."""
    later = [one for one in releases if one.day > release.day and one.rank <= release.rank]
    return min(later, key=lambda one: one.day, default=None)


def answered_at(exchange: Exchange) -> datetime | None:
    """The time of an answer by its Date, else by the clock of whoever asked."""
    sent = datetime.fromtimestamp(exchange.sent_at, UTC) if exchange.sent_at else None
    return moment_of(exchange.response.header("date")) or sent
