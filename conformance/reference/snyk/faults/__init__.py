"""The faults of the Snyk server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference.faults import Fault
from conformance.reference.snyk.faults import (
    access,
    combined,
    documents,
    errors,
    limits,
    links,
    pages,
    rate,
    sunset,
    versions,
)

FAULTS: tuple[Fault, ...] = (
    *access.faults,
    *combined.faults,
    *documents.faults,
    *errors.faults,
    *limits.faults,
    *links.faults,
    *pages.faults,
    *rate.faults,
    *sunset.faults,
    *versions.faults,
)
"""All of them; their ids are unique."""
