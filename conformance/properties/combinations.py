"""Two conditions at once: what else a list may be asked for beside its pages, in few rows in which any two meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

from conformance.checks.releases import releases_of
from conformance.properties.collection import Collection

if TYPE_CHECKING:
    from conformance.properties.subject import Subject

Row = dict[str, Any]


def pairs(choices: Mapping[str, Sequence[Any]]) -> list[Row]:
    """Rows of one value for each name, such that any two values of two names stand in one row together.

    There are few, and the same ones in the same order each time: each begins with two values that have not met
    yet, and takes from every other name the first value that meets the most of the others anew.
    """
    names = list(choices)
    if len(names) < 2:
        return [dict(zip(names, values, strict=True)) for values in product(*choices.values())]
    # Values are told apart by their place, since they need not be hashable.
    missing = {
        frozenset({(one, i), (other, j)}): None
        for one, other in combinations(names, 2)
        for i, j in product(range(len(choices[one])), range(len(choices[other])))
    }
    rows = []
    while missing:
        row = dict(sorted(next(iter(missing)), key=lambda pick: names.index(pick[0])))
        for name in names:
            if name not in row:
                met = [
                    sum(frozenset({(name, place), pick}) in missing for pick in row.items())
                    for place in range(len(choices[name]))
                ]
                row[name] = met.index(max(met))
        for pair in combinations(row.items(), 2):
            missing.pop(frozenset(pair), None)
        rows.append({name: choices[name][row[name]] for name in names})
    return rows


def selecting(subject: Subject) -> dict[str, list[Any]]:
    """The query parameters that say which records a list has, or how they look, with a value or two of each.

    These are its filters, whose resources it shows, and the version. The first value is None, which leaves the
    parameter out. One for which the target is known to have no value is not among them.
    """
    collection = subject.collection
    found: dict[str, list[Any]] = {
        name: _of_filter(collection, name, values) for name, values in collection.description.filters.items()
    }
    scope, versioning = subject.conventions.auth.scope, subject.conventions.versioning
    if scope is not None:
        found[scope.parameter] = list(subject.session.parameters.get(scope.parameter, ())[:1])
    releases = releases_of(subject.session.facts, subject.operation_id, versioning)
    if versioning is not None and versioning.parameter is not None and releases:
        # The most stable of the newest: what is experimental may change or be gone.
        found[versioning.parameter] = [max(releases, key=lambda release: (-release.rank, release.day)).version]
    return {name: [None, *values] for name, values in found.items() if values}


def _of_filter(collection: Collection, name: str, documented: Sequence[str]) -> list[str]:
    """The value that most records have, and the one that the fewest have; else what the document names."""
    records = collection.start.page.records
    carried = Counter(str(record[name]) for record in records if isinstance(record, dict) and record.get(name))
    found = [value for value, _ in carried.most_common()]
    return list(dict.fromkeys([*found[:1], *found[-1:]])) or list(documented[:2])


def selections(subject: Subject) -> list[Row]:
    """What a list may be narrowed to, or shown as: every value of these parameters, and every two of them together."""
    return [given for row in pairs(selecting(subject)) if (given := without_none(row))]


def without_none(row: Mapping[str, Any]) -> Row:
    return {name: value for name, value in row.items() if value is not None}
