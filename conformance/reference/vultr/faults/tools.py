"""What the faults of the Vultr server share: the names of its operations, and domains made behind its back."""

from __future__ import annotations

from conformance.reference.core import Server
from conformance.reference.messages import Record, Request

ACCOUNT = "GET /v2/account"
USER = "GET /v2/users/{user-id}"
APPLICATIONS = "GET /v2/applications"
BACKUPS = "GET /v2/backups"
PLANS = "GET /v2/plans"
LISTS = (APPLICATIONS, BACKUPS, PLANS, "GET /v2/domains")

CREATE = "POST /v2/domains"
DOMAIN = "GET /v2/domains/{dns-domain}"
PATCH = "PATCH /v2/domains/{dns-domain}"
DELETE = "DELETE /v2/domains/{dns-domain}"


def root(operation: str) -> str:
    """The member of a list's body that holds its records."""
    return operation.rpartition("/")[2]


def store_domain(server: Server, request: Request, name: str | None) -> Record:
    """Add a domain to the account of the request."""
    record = {"domain": name, "date_created": server.clock.now().isoformat(), "ip": "", "dns_sec": "disabled"}
    server.store["domains"].add(request.account, record)
    return record
