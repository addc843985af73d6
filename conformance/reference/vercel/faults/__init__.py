"""The faults of the Vercel server: at least one for every requirement that a server can break.

TLS, HTTP/1.0 and HTTP/2 are not its business: what serves it on a socket speaks them.
"""

from __future__ import annotations

from conformance.reference.faults import Fault
from conformance.reference.vercel.faults import (
    access,
    bodies,
    combined,
    cursors,
    limits,
    pages,
    teams,
    values,
    versions,
    walks,
)

FAULTS: tuple[Fault, ...] = (
    *access.faults,
    *teams.faults,
    *bodies.faults,
    *combined.faults,
    *values.faults,
    *pages.faults,
    *walks.faults,
    *cursors.faults,
    *limits.faults,
    *versions.faults,
)
"""All of them; their ids are unique."""
