"""What the commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

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
