"""Recording: what the items of a run said, kept as cassettes, one for each test function and API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import define, field

from conformance.properties import Item
from conformance.targets import ReferenceTarget, Target, UrlTarget
from conformance.traffic import cassette
from conformance.traffic.cassette import CassetteError, Take


@define
class Recordings:
    """The takes of a recording run.

    A cassette that exists gives the cases to run again, so that a changed cassette shows a changed behaviour
    and nothing else; with `redraw` new ones are drawn.

    Attributes:
        warnings: a line for each older recording that could not be read.
    """

    targets: Mapping[str, Target]
    folder: Path
    redraw: bool = False
    warnings: list[str] = field(factory=list)
    _takes: dict[str, dict[str, dict[str, Take]]] = field(factory=dict)
    _existing: dict[Path, Mapping[str, Take]] = field(factory=dict)
    _done: dict[str, set[tuple[str, str]]] = field(factory=lambda: defaultdict(set))

    def takes_of(self, api: str) -> dict[str, dict[str, Take]]:
        """Where a run of an API keeps what it says: test → item → take."""
        return self._takes.setdefault(api, {})

    def done(self, item: Item) -> None:
        """Notes that an item came to a result."""
        self._done[item.requirement.api].add((item.test, item.id))

    def cases_of(self, api: str) -> Callable[[str, str], tuple[Mapping[str, Any], ...] | None]:
        """Finds the cases that an item was recorded with before; None if there are none."""

        def find(test: str, item: str) -> tuple[Mapping[str, Any], ...] | None:
            take = None if self.redraw else self._read(self.folder / api / f"{test}.yaml").get(item)
            return take.cases if take and take.cases else None

        return find

    def _read(self, path: Path) -> Mapping[str, Take]:
        """The takes of an older cassette; none where it cannot be read, as one that was cut off."""
        if path not in self._existing:
            self._existing[path] = {}
            try:
                if path.exists():
                    older = cassette.read(path)
                    self._existing[path] = older.takes
                    self.warnings += older.errors
            except CassetteError as error:
                self.warnings.append(f"an older recording is of no use: {error}")
        return self._existing[path]

    def save(self, existing: Iterable[Item]) -> None:
        """Writes the cassettes; for an API of which every item came to a result, also removes those of no test.

        What was said by items that were not run this time, or broke, is kept.

        Args:
            existing: every item there is, whether it was run or not.
        """
        left: dict[str, set[tuple[str, str]]] = {api: set() for api in self._takes}
        for item in existing:
            api = item.requirement.api
            if api in left and (item.test, item.id) not in self._done[api]:
                left[api].add((item.test, item.id))
        for api, tests in self._takes.items():
            written = set()
            for test, takes in tests.items():
                path = self.folder / api / f"{test}.yaml"
                kept = self._read(path) if left[api] else {}
                cassette.write(path, _provenance(self.targets[api]), {**kept, **takes})
                written.add(path)
            if not left[api]:
                for other in set((self.folder / api).rglob("*.yaml")) - written:
                    if _is_recording(other):
                        other.unlink()


def _is_recording(path: Path) -> bool:
    """Whether a recording run wrote a file: what others have put there stays."""
    try:
        return bool(cassette.read(path).takes)
    except CassetteError:
        return False


def _provenance(target: Target) -> Mapping[str, Any]:
    if isinstance(target, ReferenceTarget):
        return target.recorded_provenance()
    assert isinstance(target, UrlTarget)
    return {**target.recorded_provenance(), "recorded": datetime.now(UTC).date().isoformat()}
