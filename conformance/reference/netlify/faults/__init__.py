"""The faults of the Netlify server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference.faults import Fault
from conformance.reference.netlify.faults import (
    access,
    archives,
    digests,
    environment,
    errors,
    files,
    forms,
    hooks,
    limits,
    links,
    pages,
    publishing,
    sites,
    snippets,
    uploads,
    versions,
)

FAULTS: tuple[Fault, ...] = (
    *access.faults,
    *archives.faults,
    *digests.faults,
    *environment.faults,
    *errors.faults,
    *files.faults,
    *forms.faults,
    *hooks.faults,
    *limits.faults,
    *links.faults,
    *pages.faults,
    *publishing.faults,
    *sites.faults,
    *snippets.faults,
    *uploads.faults,
    *versions.faults,
)
"""All of them; their ids are unique."""
