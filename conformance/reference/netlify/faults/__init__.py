"""The faults of the Netlify server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference.faults import Fault
from conformance.reference.netlify.faults import (
    archives,
    digests,
    files,
    publishing,
    uploads,
)

FAULTS: tuple[Fault, ...] = (
    *archives.faults,
    *digests.faults,
    *files.faults,
    *publishing.faults,
    *uploads.faults,
)
"""All of them; their ids are unique."""
