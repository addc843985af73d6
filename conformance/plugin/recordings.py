"""Recording: what the items of a run said, kept as cassettes, one for each test function and API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import define, field

from conformance.properties import Item
from conformance.targets import ReferenceTarget, Target, UrlTarget
from conformance.traffic import cassette
from conformance.traffic.cassette import Take


@define
class Recordings:
    """The takes of a recording run.

    A cassette that exists gives the cases to run again, so that a changed cassette shows a changed behaviour
    and nothing else; with `redraw` new ones are drawn.
    """

    targets: Mapping[str, Target]
    folder: Path
    redraw: bool = False
    _takes: dict[str, dict[str, dict[str, Take]]] = field(factory=dict)
    _existing: dict[Path, Mapping[str, Take]] = field(factory=dict)

    def takes_of(self, api: str) -> dict[str, dict[str, Take]]:
        """Where a run of an API keeps what it says: test → item → take."""
        return self._takes.setdefault(api, {})

    def cases_of(self, api: str) -> Callable[[str, str], tuple[Mapping[str, Any], ...] | None]:
        """Finds the cases that an item was recorded with before; None if there are none."""

        def find(test: str, item: str) -> tuple[Mapping[str, Any], ...] | None:
            take = None if self.redraw else self._read(self.folder / api / f"{test}.yaml").get(item)
            return take.cases if take and take.cases else None

        return find

    def _read(self, path: Path) -> Mapping[str, Take]:
        if path not in self._existing:
            self._existing[path] = cassette.read(path).takes if path.is_file() else {}
        return self._existing[path]

    def save(self, collectable: Iterable[Item], recorded: Mapping[str, int]) -> None:
        """Writes the cassettes; for an API of which every item was recorded, also removes those of no test.

        What items said that were not run this time, or broke, is kept, as long as there are such items.

        Args:
            collectable: every item there is.
            recorded: API → items that came to a result.
        """
        live: dict[tuple[str, str], set[str]] = {}
        collected = Counter[str]()
        for item in collectable:
            collected[item.requirement.api] += 1
            name = f"exercise[{item.operation}]" if item.binding.observes else item.id
            live.setdefault((item.requirement.api, item.test), set()).add(name)
        for api, tests in self._takes.items():
            complete = recorded[api] == collected[api]
            written = set()
            for test, takes in tests.items():
                path = self.folder / api / f"{test}.yaml"
                kept = {name: take for name, take in self._read(path).items() if name in live.get((api, test), ())}
                cassette.write(path, _provenance(self.targets[api]), (takes if complete else {**kept, **takes}))
                written.add(path)
            if complete:
                for stale in set((self.folder / api).rglob("*.yaml")) - written:
                    stale.unlink()


def _provenance(target: Target) -> Mapping[str, Any]:
    if isinstance(target, ReferenceTarget):
        return target.recorded_provenance()
    assert isinstance(target, UrlTarget)
    return {
        **target.provenance,
        "recorded": datetime.now(UTC).date().isoformat(),
        "capabilities": sorted(target.capabilities),
        "credentials": sorted(target.credentials),
        "parameters": {name: list(values) for name, values in sorted(target.parameters.items())},
        **({"facts": dict(target.facts)} if target.facts else {}),
    }
