"""The faults of the Netlify server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference.faults import Fault
from conformance.reference.netlify.faults import (
    digests,
    forms,
    hooks,
    snippets,
    uploads,
)

FAULTS: tuple[Fault, ...] = (
    *digests.faults,
    *forms.faults,
    *hooks.faults,
    *snippets.faults,
    *uploads.faults,
)
"""All of them; their ids are unique."""
