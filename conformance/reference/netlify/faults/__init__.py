"""The faults of the Netlify server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference.faults import Fault
from conformance.reference.netlify.faults import (
    archives,
    digests,
    files,
    forms,
    hooks,
    publishing,
    snippets,
    uploads,
)

FAULTS: tuple[Fault, ...] = (
    *archives.faults,
    *digests.faults,
    *files.faults,
    *forms.faults,
    *hooks.faults,
    *publishing.faults,
    *snippets.faults,
    *uploads.faults,
)
"""All of them; their ids are unique."""
