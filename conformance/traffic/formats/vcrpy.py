"""Cassettes of vcrpy, this suite's own among them."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.traffic.cassette import Cassette
from conformance.traffic.formats.base import Entry, Recording, Told


def recording(cassette: Cassette) -> Recording:
    """A cassette that was read whole."""

    def entries(_: Told) -> Iterator[Entry]:
        for error in cassette.errors:
            yield Entry(0, cassette.path.name, error=error)
        for number, said in cassette.interactions:
            yield Entry(number, f"{cassette.path.name}#{number}", said)

    return Recording(cassette.path, entries, cassette.provenance, cassette.takes)
