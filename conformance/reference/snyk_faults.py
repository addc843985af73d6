"""The faults of the Snyk server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference import (
    snyk_faults_access,
    snyk_faults_documents,
    snyk_faults_errors,
    snyk_faults_limits,
    snyk_faults_links,
    snyk_faults_pages,
    snyk_faults_rate,
    snyk_faults_sunset,
    snyk_faults_versions,
)
from conformance.reference.faults import Fault

FAULTS: tuple[Fault, ...] = (
    *snyk_faults_access.faults,
    *snyk_faults_documents.faults,
    *snyk_faults_errors.faults,
    *snyk_faults_limits.faults,
    *snyk_faults_links.faults,
    *snyk_faults_pages.faults,
    *snyk_faults_rate.faults,
    *snyk_faults_sunset.faults,
    *snyk_faults_versions.faults,
)
"""All of them; their ids are unique."""
