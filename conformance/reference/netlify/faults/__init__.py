"""The faults of the Netlify server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference.faults import Fault
from conformance.reference.netlify.faults import (
    forms,
    hooks,
    snippets,
)

FAULTS: tuple[Fault, ...] = (
    *forms.faults,
    *hooks.faults,
    *snippets.faults,
)
"""All of them; their ids are unique."""
