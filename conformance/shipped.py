"""Where the package finds what ships with it: contracts, cassettes, and the suite itself."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

_PACKAGE = Path(str(files("conformance")))
_INSIDE = _PACKAGE / "_shipped"

CHECKOUT = None if _INSIDE.is_dir() else _PACKAGE.parent
"""The folder of the checkout that the package is run from; None where it was installed as a wheel."""

SUITE = _PACKAGE / "suite"


def shipped(folder: str) -> Path:
    """A folder that lies at the top of a checkout, and inside an installed package: `specs` or `cassettes`."""
    return _INSIDE / folder if CHECKOUT is None else CHECKOUT / folder
