"""The faults of the Vultr server: at least one for every requirement that a server can break."""

from __future__ import annotations

from conformance.reference import (
    vultr_faults_access,
    vultr_faults_bodies,
    vultr_faults_lists,
    vultr_faults_pages,
    vultr_faults_writes,
)
from conformance.reference.faults import Fault

FAULTS: tuple[Fault, ...] = (
    *vultr_faults_access.faults,
    *vultr_faults_bodies.faults,
    *vultr_faults_lists.faults,
    *vultr_faults_pages.faults,
    *vultr_faults_writes.faults,
)
"""All of them; their ids are unique."""
