"""The faults of the Netlify server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference.faults import Fault

FAULTS: tuple[Fault, ...] = ()
"""All of them; their ids are unique."""
