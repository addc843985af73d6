"""What the faults of the Snyk server share: its versioner, a list without records, projects made behind its back."""

from __future__ import annotations

from typing import Any

from conformance.reference.core import Server
from conformance.reference.edits import sent
from conformance.reference.faults import Plant
from conformance.reference.plants import policy
from conformance.reference.snyk.data import LIST_PROJECTS, LIST_TARGETS, project
from conformance.reference.snyk.policies import CURSORS, Versioner, document

LISTS = (LIST_PROJECTS, LIST_TARGETS)
NO_RECORDS = document({"data": [], "links": {}})

on_later_page = sent(*CURSORS)


def versioner(kind: type[Versioner]) -> Plant:
    """Another kind of versioner."""
    return policy(kind, "versioner")


def store_project(server: Server, org_id: str, name: str = "uninvited") -> dict[str, Any]:
    """Add a project to an organisation behind its back."""
    record = project(server.ids.next("uninvited"), name, "cli", server.clock.now())
    server.store["projects"].add(org_id, record)
    return record
