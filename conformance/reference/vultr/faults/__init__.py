"""The faults of the Vultr server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference.faults import Fault
from conformance.reference.vultr.faults import access, bodies, combined, lists, pages, writes

FAULTS: tuple[Fault, ...] = (
    *access.faults,
    *bodies.faults,
    *combined.faults,
    *lists.faults,
    *pages.faults,
    *writes.faults,
)
"""All of them; their ids are unique."""
