"""Seeding: lists are filled before a run, as far as its rules on pages need records, and emptied again at its end."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from conformance.contract import ConformanceError, Contract, Resource
from conformance.properties.assertions import Violation
from conformance.properties.subject import Subject
from conformance.targets import TargetError, UrlTarget

MOST = 30
"""Records that a list is filled up to where nobody says how many."""


@frozen
class Seeding:
    """What a hook is called with: `seed = "module:function"` in the table of a named target.

    The function fills the lists of the target as it sees fit, and returns a `Seeded`, or None. It is called once, in
    the process that asks the target, before anything else is created, and only where writes are allowed.

    Attributes:
        api: whose contract the target is held to.
        base_url: what the paths of the contract are below.
        credentials: credential name → environment variable that holds the token.
        parameters: parameter → values that are known to exist.
        records: how many records each list should have.
        prefix: what the names of things that may be deleted again begin with.
    """

    api: str
    base_url: str
    credentials: Mapping[str, str]
    parameters: Mapping[str, Sequence[str]]
    records: int
    prefix: str


@frozen
class Seeded:
    """What a hook has done.

    Attributes:
        parameters: parameter → values that exist now; they are for reading.
        cleanup: called at the end of the run; what it raises is told, and fails the run.
    """

    parameters: Mapping[str, Sequence[str]] = field(factory=dict)
    cleanup: Callable[[], Any] | None = None


Hook = Callable[[Seeding], Seeded | None]


def hook_of(place: str, root: Path) -> Hook:
    """The function that `module:function` names, imported from a folder or from what is installed.

    Raises:
        TargetError: there is none.
    """
    module, _, name = place.partition(":")
    # A folder of a project is not on the path where pytest is installed elsewhere.
    sys.path.insert(0, str(root.resolve()))
    try:
        found = getattr(importlib.import_module(module), name, None)
    except Exception as error:
        raise TargetError(f"seed {place!r}: cannot be imported: {type(error).__name__}: {error}") from None
    finally:
        sys.path.remove(str(root.resolve()))
    if not callable(found):
        raise TargetError(f"seed {place!r}: {module} has no function {name}")
    hook: Hook = found
    return hook


def called(hook: Hook, target: UrlTarget, records: int | None) -> Seeded:
    """What a hook has done for a target.

    Raises:
        TargetError: it raised, or returned something else.
    """
    seeding = Seeding(
        api=target.contract.api,
        base_url=target.base_url,
        credentials=dict(target.contract.conventions.auth.credentials),
        parameters=target.parameters,
        records=MOST if records is None else records,
        prefix=target.guard.prefix,
    )
    where = f"seed {target.seed!r}"
    try:
        seeded = hook(seeding) or Seeded()
    except Exception as error:
        raise TargetError(f"{where}: failed: {type(error).__name__}: {error}") from None
    if not isinstance(seeded, Seeded):
        raise TargetError(f"{where}: returned {type(seeded).__name__}; a Seeded, or None, is expected")
    known = target.contract.named_by_targets
    if unknown := sorted(set(seeded.parameters) - set(known)):
        raise TargetError(f"{where}: names {unknown[0]!r}, which is no parameter: known are {', '.join(known)}")
    return seeded


def needed(contract: Contract) -> int:
    """Records that a list needs for its pages to show: one beyond the default page, if that is no long one, and two
    full pages of the smallest size and more."""
    size = contract.conventions.lists.page_size
    least = 2 * size.minimum + size.step
    return least if size.default is None or size.default >= MOST else max(least, size.default + 1)


def fill(subject: Subject, operations: Collection[str], records: int | None) -> list[str]:
    """Creates what lists lack; everything is noted as a create of the run, and kept to its end.

    Args:
        subject: on the target, of any operation.
        operations: those whose lists are filled.
        records: how many each list is to have; None for as many as its rules need.

    Returns:
        A line for each list that was filled, or could not be.
    """
    contract, told = subject.contract, []
    for resource in contract.conventions.resources:
        if resource.list not in operations or resource.delete is None:
            continue
        try:
            made = _fill(subject, resource, needed(contract) if records is None else records)
        except (ConformanceError, Violation) as error:
            told.append(f"the list of each {resource.name} is not filled: {error}")
        else:
            if made:
                told.append(f"{made} × {resource.name} created for this run, to be deleted at its end")
    return told


def _fill(subject: Subject, resource: Resource, records: int) -> int:
    things = subject.things_of(resource)
    size = things.listing.pagination.page_size
    there = len(things.listing.page(min(max(records, size.minimum), size.largest)).page.records)
    guard, made = things.client.guard, 0
    for _ in range(max(0, records - there)):
        before = len(guard.made)
        try:
            things.create()
        finally:
            for each in guard.made[before:]:
                each.kept = True
        made += 1
    return made
