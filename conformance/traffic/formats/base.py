"""What the readers of recordings have in common: a recording, and what is met in it one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from attrs import field, frozen

from conformance.traffic.cassette import Interaction, Take
from conformance.traffic.interactions import BadInteraction
from conformance.traffic.loading import CassetteError

MAX_ITEM = 24 * 1024 * 1024
"""Bytes of one entry or interaction in a file that is read piece by piece: room for the largest body in base64."""

Told = Callable[[float], None]
"""Is told from time to time what share of a recording is read, from 0 to 1."""


class LeftOut(Exception):
    """What was recorded is no answer of a server over HTTP; the text says what it is, in the plural."""


@frozen
class Entry:
    """What is met in a recording: one exchange, or why there is none.

    Attributes:
        number: counted from 1.
        source: where it is, `file#number`.
        error: one line, where it cannot be read.
        left_out: what it is, where there is no fault in it and nothing to judge.
    """

    number: int
    source: str
    said: Interaction | None = None
    error: str | None = None
    left_out: str | None = None

    @classmethod
    def of(cls, where: str, number: int, source: str, read: Callable[[], Interaction]) -> Entry:
        """What reading it comes to; an error begins with where it is."""
        try:
            return cls(number, source, read())
        except LeftOut as why:
            return cls(number, source, left_out=str(why))
        except BadInteraction as error:
            return cls(number, source, error=f"{where}: {error}; record it again")


@frozen
class Recording:
    """A recording, which may be far larger than the memory.

    Attributes:
        entries: reads it from its beginning, as often as it is called, and tells how far it is. It raises
            `CassetteError` where it cannot be read any further, after what could be read.
        provenance, takes: as cassettes of this suite have them.
    """

    path: Path
    entries: Callable[[Told], Iterator[Entry]]
    provenance: Mapping[str, Any] = field(factory=dict)
    takes: Mapping[str, Take] = field(factory=dict)


def entries_of(path: Path, called: str, items: Iterable[Any], read: Callable[[Any], Interaction]) -> Iterator[Entry]:
    """What the items of a file come to; `called` is what its format calls one.

    Raises:
        CassetteError: there are none.
    """
    number = 0
    for number, item in enumerate(items, start=1):
        yield Entry.of(f"{path}: {called} {number}", number, f"{path.name}#{number}", partial(read, item))
    if not number:
        raise CassetteError(f"{path}: has no entries: nothing was recorded; record it again")


def untold(_: float) -> None:
    """For those who do not show how far a recording is read."""


def too_large() -> BadInteraction:
    """Why one entry of a file is not read, though the others are."""
    return BadInteraction(f"is larger than {MAX_ITEM // 2**20} MiB, more than is read of one")
