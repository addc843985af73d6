"""The faults of the ZEIT Now server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference.faults import Fault
from conformance.reference.zeit.faults import (
    access,
    bodies,
    deployments,
    files,
    naming,
    operations,
    secrets,
    shapes,
    states,
    teams,
    values,
)

FAULTS: tuple[Fault, ...] = (
    *access.faults,
    *bodies.faults,
    *shapes.faults,
    *values.faults,
    *deployments.faults,
    *files.faults,
    *naming.faults,
    *secrets.faults,
    *teams.faults,
    *operations.faults,
    *states.faults,
)
"""All of them; their ids are unique."""
