"""The faults of the Netlify server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference.faults import Fault
from conformance.reference.netlify.faults import limits, links, pages, versions

FAULTS: tuple[Fault, ...] = (
    *links.faults,
    *pages.faults,
    *limits.faults,
    *versions.faults,
)
"""All of them; their ids are unique."""
