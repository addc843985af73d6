"""The faults of the Netlify server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference.faults import Fault
from conformance.reference.netlify.faults import (
    archives,
    digests,
    files,
    forms,
    hooks,
    limits,
    links,
    pages,
    publishing,
    snippets,
    uploads,
    versions,
)

FAULTS: tuple[Fault, ...] = (
    *archives.faults,
    *digests.faults,
    *files.faults,
    *forms.faults,
    *hooks.faults,
    *limits.faults,
    *links.faults,
    *pages.faults,
    *publishing.faults,
    *snippets.faults,
    *uploads.faults,
    *versions.faults,
)
"""All of them; their ids are unique."""
