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
    parser.add_argument(
        "--forget", action="store_true", help="then take what is left off the ledgers: it is looked after by hand"
    )
    add_specs_to(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints a line for each thing; 1 if one could not be deleted."""
    folder, left_over, unread = state_folder(), 0, 0
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
            unread += 1
            continue
        if _concerns(options, ledger):
            left_over += _clean(ledger, options.specs, forget=options.forget)
        else:
            ledger.release()
    if left_over:
        print("--forget takes what is left off the ledgers, once you have looked after it")
    elif not unread:
        print("nothing is left")
    return 1 if left_over or unread else 0


def _concerns(options: argparse.Namespace, ledger: Ledger) -> bool:
    head = ledger.head
    targets = (None, head["target"], head["base_url"])
    return options.api in (None, head["api"]) and (options.target or "").rstrip("/") in [
        (target or "").rstrip("/") for target in targets
    ]


def _clean(ledger: Ledger, specs: Path | None, *, forget: bool) -> int:
    """How much of what a ledger lists is left."""
    try:
        target = _target(ledger, specs)
    except ConformanceError as error:
        print(f"{ledger.path}: {error}")
        if forget:
            _forget(ledger)
            ledger.close()
        ledger.release()
        return 0 if forget else 1
    target.take_up(ledger)
    try:
        remaining = finish(target, tell=print)
        if forget:
            _forget(ledger)
        return 0 if forget else len(remaining)
    finally:
        target.close()


def _forget(ledger: Ledger) -> None:
    """Takes what is left off a ledger, and says what that was."""
    for made in ledger.made:
        if not made.gone:
            print(f"forgotten: {made.operation} of {made.name or made.id or 'something without a name'}")
            made.gone = True


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
