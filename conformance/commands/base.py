"""What the commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from conformance.contract import Contract, ContractError, Spec, load

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = object


def add_specs_to(parser: argparse.ArgumentParser) -> None:
    """Adds `--specs DIR`, the option of what reads contracts."""
    parser.add_argument(
        "--specs",
        type=lambda given: Path(given).resolve(),
        metavar="DIR",
        help="a folder with further APIs: DIR/<api>/requirements.yaml, openapi.yaml, conventions.yaml",
    )


def add_spec_to(parser: argparse.ArgumentParser) -> None:
    """Adds the options that take a published document for a contract."""
    parser.add_argument(
        "--spec",
        type=Path,
        metavar="FILE",
        help="a published OpenAPI document (2.0 to 3.1, JSON or YAML); with --api in place of its operations",
    )
    parser.add_argument("--spec-adds", action="store_true", help="add the document's operations to those of --api")
    parser.add_argument(
        "--conventions", type=Path, metavar="FILE", help="how the API of --spec does things everywhere, as YAML"
    )
    parser.add_argument("--name", metavar="NAME", help="what the API of --spec is called; default: by its title")


def contract_of(options: argparse.Namespace) -> Contract:
    """The contract that a command is called with.

    Raises:
        ContractError: it is called with none, or a file of it is wrong.
    """
    spec = Spec.of(options.spec, adds=options.spec_adds, conventions=options.conventions, name=options.name)
    if spec is not None:
        return spec.contract(options.api, options.specs)
    if options.api is None:
        raise ContractError("whose contract? --api NAME, or --spec FILE for a published document")
    return load(options.api, options.specs)
