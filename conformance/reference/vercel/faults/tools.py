"""What the faults of the Vercel server share: the names of its operations, and a list without records."""

from __future__ import annotations

from conformance.reference.edits import sent
from conformance.reference.messages import Record, Response
from conformance.reference.vercel.data import POSITION

PROJECTS = "GET /v9/projects"
DEPLOYMENTS = "GET /v6/deployments"
LISTS = (PROJECTS, DEPLOYMENTS)
CREATE = "POST /v9/projects"
PROJECT = "GET /v9/projects/{idOrName}"
DELETE = "DELETE /v9/projects/{idOrName}"

on_later_page = sent("until", "since")

NO_PROJECTS = Response.of({"projects": [], "pagination": {"count": 0, "next": None, "prev": None}})


def position(record: Record) -> int:
    """The time by which a record is paged."""
    return int(record[POSITION])
