"""What a Vercel reference server holds at the start: the same small records in every run.

The sizes serve the rules: the personal projects exceed the maximum page of 100, every list of user A and
team A exceeds the default page of 20, and six records of the personal lists share one time of creation, at
places where pages of 1 to 10, 20 and other sizes end among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from conformance.reference.messages import Record
from conformance.reference.vercel.policies import free_time, stable_id

USER_A, USER_B, USER_C = (f"user_{stable_id(f'user {letter}')}" for letter in "ABC")
TEAM_A, TEAM_B = (f"team_{stable_id(f'team {letter}')}" for letter in "AB")

KEYS = {"projects": "id", "deployments": "uid"}
"""The member that identifies a record of each collection."""

POSITION = "position"
"""The member by which records are paged (milliseconds); it is never sent."""

STATES = ("INITIALIZING", "ANALYZING", "BUILDING", "DEPLOYING", "READY", "ERROR")
NODE_VERSIONS = ("18.x", "20.x", "22.x")
FRAMEWORKS = ("nextjs", None, "astro", "vite")

_START = datetime(2025, 1, 1, 9, 30, 0, 417_000, tzinfo=UTC)
_OWNERS = {"a": USER_A, "b": USER_B, "c": USER_C, "team-a": TEAM_A, "team-b": TEAM_B}
_PROJECTS = {"a": 130, "b": 7, "c": 3, "team-a": 30, "team-b": 12}
_DEPLOYMENTS = {"a": 45, "b": 5, "c": 2, "team-a": 25, "team-b": 9}
_TIES = {"projects": range(87, 93), "deployments": range(22, 28)}
"""Which personal records of user A share their time of creation, counted from the oldest."""


@cache
def rows() -> dict[str, dict[tuple[str, str], Record]]:
    """Each collection as {(owner, id): record}; shared by all servers, so copy before changing."""
    return {"projects": dict(_projects()), "deployments": dict(_deployments())}


def project_ids(owner: str) -> list[str]:
    """The projects that an owner has at the start, oldest first."""
    return [record_id for account, record_id in rows()["projects"] if account == owner]


def project(project_id: str, name: str, owner: str, created: int, framework: str | None = None) -> dict[str, Any]:
    """A project as it is just after its creation; `created` in milliseconds, `position` still to be set."""
    return {
        "id": project_id,
        "name": name,
        "accountId": owner,
        "framework": framework,
        "nodeVersion": NODE_VERSIONS[-1],
        "live": False,
        "deploymentCount": 0,
        "createdAt": created,
        "updatedAt": created,
        "lastAliasRequestedAt": iso_date(created),
    }


def iso_date(time: int) -> str:
    """A time in milliseconds as an IsoDate (Types)."""
    return datetime.fromtimestamp(time // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def facts() -> dict[str, Any]:
    """What is to be known of this server beyond the document: its records' members, and which records there are.

    `types` declares the type of a member in the words of the document's table (Types), `keys` the members that
    every answer of an operation has, `times` the one that holds a record's time of creation, and `seeded` a
    record that each scope has at the start.
    """
    lists = {"GET /v9/projects": ("projects", _PROJECT), "GET /v6/deployments": ("deployments", _DEPLOYMENT)}
    page = {"count": "number", "next": "number", "prev": "number"}
    types = {
        operation: {f"/{name}/*/{member}": declared for member, declared in members.items()}
        for operation, (name, members) in lists.items()
    }
    keys: dict[str, Any] = {
        operation: {
            "": {name: "array", "pagination": "object"},
            "/pagination": page,
            f"/{name}/*": {member: _JSON_TYPES[declared["type"]] for member, declared in members.items()},
        }
        for operation, (name, members) in lists.items()
    }
    for operation in ("GET /v9/projects/{idOrName}", "POST /v9/projects"):
        types[operation] = {f"/{member}": declared for member, declared in _PROJECT.items()}
        keys[operation] = {"": {member: _JSON_TYPES[declared["type"]] for member, declared in _PROJECT.items()}}
    known = {
        "types": types,
        "keys": keys,
        "times": {"GET /v9/projects": "createdAt", "GET /v6/deployments": "created"},
        "seeded": {
            f"GET {path}": {scope: stable_id(f"{prefix} {kind} 0") for scope, prefix in (("", "a"), (TEAM_A, "team-a"))}
            for path, kind in (("/v9/projects", "project"), ("/v6/deployments", "deployment"))
        },
    }
    # Copied, so that no two places share an object: a recording then has no aliases.
    copied: dict[str, Any] = json.loads(json.dumps(known))
    return copied


_ANY_ID: dict[str, Any] = {"type": "ID"}
_TEXT: dict[str, Any] = {"type": "String"}
_PROJECT: dict[str, dict[str, Any]] = {
    "id": _ANY_ID,
    "name": _TEXT,
    "accountId": _ANY_ID,
    "framework": {"type": "String", "null": True},
    "nodeVersion": {"type": "Enum", "values": list(NODE_VERSIONS)},
    "live": {"type": "Boolean"},
    "deploymentCount": {"type": "Integer"},
    "createdAt": {"type": "Date"},
    "updatedAt": {"type": "Date"},
    "lastAliasRequestedAt": {"type": "IsoDate"},
}
_DEPLOYMENT: dict[str, dict[str, Any]] = {
    "uid": _ANY_ID,
    "name": _TEXT,
    "url": _TEXT,
    "state": {"type": "Enum", "values": list(STATES)},
    "aliasAssigned": {"type": "Boolean"},
    "attempts": {"type": "Integer"},
    "created": {"type": "Date"},
    "readyAt": {"type": "IsoDate", "null": True},
}
_JSON_TYPES = {
    "ID": "string",
    "String": "string",
    "Enum": "string",
    "IsoDate": "string",
    "Integer": "number",
    "Date": "number",
    "Boolean": "boolean",
}


def _times(kind: str, prefix: str, count: int) -> Iterator[tuple[int, int]]:
    """When the records of an owner were created, and by which times they are paged."""
    ties = _TIES[kind] if prefix == "a" else range(0)
    # Seconds and milliseconds differ from record to record, and no two owners share a time.
    offset = timedelta(minutes=list(_OWNERS).index(prefix))
    step = timedelta(hours=36 if kind == "projects" else 52, seconds=7, milliseconds=61)
    taken: set[int] = set()
    for number in range(count):
        nth = ties.start if number in ties else number
        created = int((_START + offset + step * nth).timestamp() * 1000)
        position = free_time(created, taken)
        taken.add(position)
        yield created, position


def _projects() -> Iterator[tuple[tuple[str, str], Record]]:
    for prefix, count in _PROJECTS.items():
        owner = _OWNERS[prefix]
        for number, (created, position) in enumerate(_times("projects", prefix, count)):
            project_id = stable_id(f"{prefix} project {number}")
            framework = FRAMEWORKS[number % len(FRAMEWORKS)]
            record = project(project_id, f"{prefix}-project-{number:03}", owner, created, framework)
            changes = {
                "nodeVersion": NODE_VERSIONS[number % len(NODE_VERSIONS)],
                "live": number % 3 == 0,
                "deploymentCount": 1 + number * 7 % 20,
                "updatedAt": created + 5_400_000,
                "lastAliasRequestedAt": iso_date(created + 5_400_000),
                POSITION: position,
            }
            yield (owner, project_id), {**record, **changes}


def _deployments() -> Iterator[tuple[tuple[str, str], Record]]:
    for prefix, count in _DEPLOYMENTS.items():
        owner = _OWNERS[prefix]
        for number, (created, position) in enumerate(_times("deployments", prefix, count)):
            uid = stable_id(f"{prefix} deployment {number}")
            name = f"{prefix}-project-{number % _PROJECTS[prefix]:03}"
            # Every other one is ready, the others take the states in turn.
            state = "READY" if number % 2 else STATES[number // 2 % len(STATES)]
            record = {
                "uid": uid,
                "name": name,
                "url": f"{name}-{number}.example.com",
                "state": state,
                "aliasAssigned": state == "READY" and number % 3 > 0,
                "attempts": 1 + number % 3,
                "created": created,
                "readyAt": iso_date(created + 90_000) if state == "READY" else None,
                POSITION: position,
            }
            yield (owner, uid), record
