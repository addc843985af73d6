"""What a Vultr reference server holds at the start: the same small records in every run.

The sizes serve the rules: applications exceed the default page of 100 and backups the maximum of 500 (List
Applications, List Backups), both kinds of application are mixed through their list, and one instance has a
handful of backups, so that a filtered list can be walked in small pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from conformance.reference.messages import Record
from conformance.reference.policies import stable_uuid
from conformance.reference.store import PUBLIC

ACCOUNTS = ("default", "second")
USER_IDS = ("5b5c1d1e-0000-4000-8000-000000000001", "5b5c1d1e-0000-4000-8000-000000000002")

KEYS = {
    "account": "name",
    "applications": "id",
    "backups": "id",
    "domains": "domain",
    "plans": "id",
    "users": "id",
}
"""The member that identifies a record of each collection."""

_START = datetime(2025, 1, 1, tzinfo=UTC)
_PLANS = {
    "vc2": ((1, 1), (1, 2), (2, 4), (4, 8), (6, 16), (8, 32), (24, 96)),
    "vhf": ((1, 1), (1, 2), (2, 2), (2, 4), (3, 8), (4, 16)),
    "vhp": ((1, 1), (2, 4)),
    "voc": ((1, 4), (2, 8), (4, 16), (8, 32)),
}
"""CPUs and GiB of memory by type."""


@cache
def rows() -> dict[str, dict[tuple[str, str], Record]]:
    """Each collection as {(owner, id): record}; shared by all servers, so copy before changing."""
    seeded = {
        "account": _accounts(),
        "applications": ((PUBLIC, record) for record in _applications()),
        "backups": _backups(),
        "domains": _domains(),
        "plans": ((PUBLIC, record) for record in _plans()),
        "users": _users(),
    }
    return {
        name: {(owner, str(record[KEYS[name]])): record for owner, record in records}
        for name, records in seeded.items()
    }


def instance_ids(account: str) -> list[str]:
    """The instances an account has backups of, the one with the fewest first."""
    count = 4 if account == "default" else 2
    return [_short(f"{account} instance {number}") for number in range(1, count + 1)]


def _short(name: str) -> str:
    # Hundreds of backups are read again and again: a short id keeps the recordings of that small.
    return stable_uuid(name)[:8]


def _accounts() -> Iterator[tuple[str, dict[str, Any]]]:
    for number, owner in enumerate(ACCOUNTS, start=1):
        yield (
            owner,
            {
                "name": f"{owner.title()} Account",
                "email": f"{owner}@example.com",
                "acls": ["billing", "dns", "manage_users", "subscriptions_view"],
                "balance": -100 * number,
                "pending_charges": 7.25 * number,
            },
        )


def _applications() -> Iterator[dict[str, Any]]:
    for number in range(1, 131):
        marketplace = number % 5 in (2, 4)
        yield {
            "id": number,
            "name": f"Application {number}",
            "type": "marketplace" if marketplace else "one-click",
            "image_id": f"application-{number}-image" if marketplace else "",
        }


def _backups() -> Iterator[tuple[str, dict[str, Any]]]:
    for owner, count in (("default", 520), ("second", 9)):
        few, *others = instance_ids(owner)
        for number in range(count):
            scarce = number % 80 == 5
            yield (
                owner,
                {
                    "id": _short(f"{owner} backup {number}"),
                    "instance_id": few if scarce else others[number % len(others)],
                },
            )


def _domains() -> Iterator[tuple[str, dict[str, Any]]]:
    for owner in ACCOUNTS:
        for number, name in enumerate(("alpha", "beta", "gamma"), start=1):
            yield (
                owner,
                {
                    "domain": f"{name}.{owner}.example.com",
                    "date_created": (_START + timedelta(days=number)).isoformat(),
                    "ip": f"192.0.2.{number}",
                    "dns_sec": "enabled" if number == 2 else "disabled",
                },
            )


def _plans() -> Iterator[dict[str, Any]]:
    # The types take turns, so that no filtered list is one stretch of the whole one.
    longest = max(len(sizes) for sizes in _PLANS.values())
    for rank in range(longest):
        for kind, sizes in _PLANS.items():
            if rank < len(sizes):
                cpus, memory = sizes[rank]
                yield {
                    "id": f"{kind}-{cpus}c-{memory}gb",
                    "vcpu_count": cpus,
                    "ram": memory * 1024,
                    "type": kind,
                    "locations": ["ams", "ewr", "nrt"][: 1 + rank % 3],
                }


def _users() -> Iterator[tuple[str, dict[str, Any]]]:
    for number, user_id in enumerate((*USER_IDS, stable_uuid("second user")), start=1):
        yield (
            "default" if user_id in USER_IDS else "second",
            {
                "id": user_id,
                "name": f"User {number}",
                "email": f"user-{number}@example.com",
                "api_enabled": True,
            },
        )
