"""`conformance cleanup`: deletes what runs that were killed have created."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance.commands.base import Commands, add_specs_to
from conformance.contract import ConformanceError
from conformance.properties.cleanup import finish
from conformance.targets import TargetError, UrlTarget, select
from conformance.targets.ledger import InUse, Ledger, left, reopen, state_folder


def add_to(commands: Commands) -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser("cleanup", help="delete what runs that were killed have created")
    parser.add_argument("--target", metavar="TARGET", help="only what was created there: a URL, or a name as for a run")
    parser.add_argument("--api", metavar="NAME", help="only what was created in this API")
    add_specs_to(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints a line for each thing; 1 if one could not be deleted."""
    folder, left_over = state_folder(), 0
    for path in left(folder):
        try:
            ledger = reopen(path)
        except InUse:
            print(f"{path}: its run is still going on; left alone")
            continue
        except FileNotFoundError:
            continue
        except TargetError as error:
            print(error)
            left_over += 1
            continue
        if _concerns(options, ledger):
            left_over += _clean(ledger, options.specs)
        else:
            ledger.release()
    if not left_over:
        print("nothing is left")
    return 1 if left_over else 0


def _concerns(options: argparse.Namespace, ledger: Ledger) -> bool:
    head = ledger.head
    targets = (None, head["target"], head["base_url"])
    return options.api in (None, head["api"]) and (options.target or "").rstrip("/") in [
        (target or "").rstrip("/") for target in targets
    ]


def _clean(ledger: Ledger, specs: Path | None) -> int:
    """How much of what a ledger lists is left."""
    try:
        target = _target(ledger, specs)
    except ConformanceError as error:
        print(f"{ledger.path}: {error}")
        ledger.release()
        return 1
    target.take_up(ledger)
    try:
        return len(finish(target, tell=print))
    finally:
        target.close()


def _target(ledger: Ledger, specs: Path | None) -> UrlTarget:
    """The target that a ledger is about, with credentials as for a run.

    Raises:
        ConformanceError: it is not known here, is elsewhere now, or lacks a credential.
    """
    head = ledger.head
    selection = select(head["target"], (head["api"],), root=Path(), allow_writes=True, specs=specs)
    target = selection.targets[head["api"]]
    if not isinstance(target, UrlTarget) or target.base_url != head["base_url"]:
        raise TargetError(f"the target {head['target']!r} was {head['base_url']} and is elsewhere now")
    return target
