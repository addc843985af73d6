"""Versions in requests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, check, violated


@check("versioning.request-path")
def request_path_is_versioned(sight: Sight) -> Iterator[Finding]:
    """The client's request path carries the documented version."""
    versioning = sight.contract.conventions.versioning
    if versioning is None:
        return
    if re.fullmatch(versioning.pattern, sight.exchange.path):
        yield HELD
    else:
        yield violated(
            "the client called a path without the documented version",
            expected=versioning.pattern,
            actual=sight.exchange.path,
            party="client",
        )
