"""The faults of the Vercel server: at least one for every requirement that a server can break.

TLS, HTTP/1.0 and HTTP/2 are not its business: what serves it on a socket speaks them.
"""

from __future__ import annotations

from conformance.reference import (
    vercel_faults_access,
    vercel_faults_bodies,
    vercel_faults_cursors,
    vercel_faults_limits,
    vercel_faults_pages,
    vercel_faults_teams,
    vercel_faults_values,
    vercel_faults_versions,
    vercel_faults_walks,
)
from conformance.reference.faults import Fault

FAULTS: tuple[Fault, ...] = (
    *vercel_faults_access.faults,
    *vercel_faults_teams.faults,
    *vercel_faults_bodies.faults,
    *vercel_faults_values.faults,
    *vercel_faults_pages.faults,
    *vercel_faults_walks.faults,
    *vercel_faults_cursors.faults,
    *vercel_faults_limits.faults,
    *vercel_faults_versions.faults,
)
"""All of them; their ids are unique."""
