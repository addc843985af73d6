"""What a Snyk reference server holds at the start: the same organisations, projects and targets in every run.

Sixty projects make six pages of the default size. Their names, ids and origins follow another order than that of
their insertion, and some names come after whatever a test may call its own, so that no other order looks like it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from conformance.reference.messages import Record
from conformance.reference.policies import stable_uuid

ACCOUNTS = ("default", "second")
ORG_IDS = {account: stable_uuid(f"snyk {account} org") for account in ACCOUNTS}
"""The one organisation of each account."""

BASE = "/rest"
LIST_PROJECTS = f"GET {BASE}/orgs/{{org_id}}/projects"
CREATE_PROJECT = f"POST {BASE}/orgs/{{org_id}}/projects"
GET_PROJECT = f"GET {BASE}/orgs/{{org_id}}/projects/{{project_id}}"
DELETE_PROJECT = f"DELETE {BASE}/orgs/{{org_id}}/projects/{{project_id}}"
LIST_TARGETS = f"GET {BASE}/orgs/{{org_id}}/targets"

ORIGINS = ("github", "cli", "gitlab", "github", "docker-hub")
"""They take turns; twelve projects in sixty come from each but github, which has twenty-four."""

_SIZES = {"default": (60, 24), "second": (12, 5)}
"""How many projects and targets the organisation of an account has."""

_START = datetime(2024, 1, 1, tzinfo=UTC)
_SERVICES = (
    *("web-shop", "billing", "zoom-lens", "api-gateway", "mailer", "warehouse"),
    *("search", "auth", "young-reader", "catalogue", "x-ray", "delivery"),
)
_MANIFESTS = ("package.json", "Dockerfile", "requirements.txt", "pom.xml", "go.mod")


@cache
def rows() -> dict[str, dict[tuple[str, str], Record]]:
    """Each collection as {(owner, id): record}; shared by all servers, so copy before changing.

    An account owns its organisation, an organisation its projects and targets.
    """
    return {
        "orgs": {(account, org_id): {"id": org_id} for account, org_id in ORG_IDS.items()},
        "projects": {(owner, record["id"]): record for owner, record in _seeded(0, project)},
        "targets": {(owner, record["id"]): record for owner, record in _seeded(1, _target)},
    }


def project(record_id: str, name: str, origin: str, created: datetime) -> dict[str, Any]:
    """A project as it is stored; each release shows some of the members, under names of its own."""
    return {
        "id": record_id,
        "name": name,
        "origin": origin,
        "created": timestamp(created),
        "status": "active",
        "active": True,
        "read_only": False,
        "tags": [],
    }


def timestamp(time: datetime) -> str:
    """A time as the attributes show it, such as "2024-01-01T00:00:00Z"."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _target(record_id: str, name: str, _origin: str, created: datetime) -> dict[str, Any]:
    return {
        "id": record_id,
        "name": name.partition(":")[0],
        "url": f"https://git.example.com/{record_id}",
        "created": timestamp(created),
        "private": False,
        "visibility": "public",
    }


def _seeded(
    size: int, make: Callable[[str, str, str, datetime], dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for account, org_id in ORG_IDS.items():
        for number in range(_SIZES[account][size]):
            service = _SERVICES[number * 5 % len(_SERVICES)]
            name = f"{service}:{_MANIFESTS[number // len(_SERVICES)]}"
            record_id = stable_uuid(f"snyk {account} {make.__name__} {number}")
            origin = ORIGINS[number % len(ORIGINS)]
            yield org_id, make(record_id, name, origin, _START + timedelta(hours=number))
