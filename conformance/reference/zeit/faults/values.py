"""Faults of the ZEIT Now server in the values that it sends: times, ids, enumerations, names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from conformance.reference.edits import change, put, rewrite
from conformance.reference.faults import Faults
from conformance.reference.messages import Request
from conformance.reference.zeit.faults.tools import (
    ALIASES,
    BUILDS,
    CERTS,
    CREATE_RECORD,
    DEPLOY,
    DEPLOYMENT,
    DEPLOYMENTS,
    DOMAINS,
    FILES,
    LOGS,
    MEMBERS,
    RECORDS,
    SECRETS,
    TEAM,
    TEAMS,
)

faults = Faults()


def iso(milliseconds: int) -> str:
    """A time as an ISO text."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


def as_milliseconds(text: str) -> int:
    """A time that was an ISO text in milliseconds."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


fault = faults.of("zeit.types.date-number-fields")
fault("created-at-as-iso", "The createdAt of a deployment is an ISO text.").by(change("/createdAt", iso, on=DEPLOYMENT))
fault("listed-in-seconds", "The created of a listed deployment is in seconds.").by(
    change("/deployments/*/created", lambda time: time // 1000, on=DEPLOYMENTS)
)
fault("ready-state-at-as-text", "The readyStateAt of a build is digits in a text.").by(
    change("/builds/*/readyStateAt", str, on=BUILDS)
)

fault = faults.of("zeit.types.date-iso-fields")


@fault.using(rewrite, on=SECRETS)
def forms_mixed_in_list(_request: Request, body: Any) -> object:
    """The created of the first secret is ISO, that of the next is in milliseconds."""
    body["secrets"][1]["created"] = as_milliseconds(body["secrets"][1]["created"])
    return body


fault("certificate-of-the-year-1", "The expiration of a certificate is in the year 1.").by(
    put("/certs/*/expiration", 1, on=CERTS)
)
fault("domain-created-as-day", "The created of a domain is a day without a time.").by(
    change("/domains/*/created", lambda text: text[:10], on=DOMAINS)
)

fault = faults.of("zeit.types.dns-dates")
fault("updated-is-zero", "The updated of a DNS record is 0.").by(
    put("/records/*/updated", 0, having={"updated": None}, on=RECORDS)
)
fault("created-in-seconds", "The created of a DNS record is in seconds.").by(
    change("/records/*/created", lambda text: text[:-3], on=RECORDS)
)
fault("updated-before-created", "A DNS record was updated before it was created.").by(
    change("/records/*/updated", lambda text: text and str(int(text) - 10**9), on=RECORDS)
)

fault = faults.of("zeit.types.id-prefix")
fault("listed-secret-without-prefix", "The uid of a listed secret lacks sec_.").by(
    change("/secrets/*/uid", lambda uid: uid.removeprefix("sec_"), on=SECRETS)
)
fault("record-with-hyphen", "The uid of a DNS record just created begins with rec-.").by(
    change("/uid", lambda uid: uid.replace("_", "-", 1), on=CREATE_RECORD)
)
fault("team-in-capitals", "The id of a team begins with TEAM_.").by(
    change("/id", lambda identity: identity.replace("team_", "TEAM_"), on=TEAM)
)

fault = faults.of("zeit.types.id-prefix-seen")
fault("log-with-number", "The id of a log is a number.").by(put("/logs/*/id", 7, on=LOGS))
fault("build-without-prefix", "The id of a build lacks hdl_.").by(
    change("/builds/*/id", lambda identity: identity.removeprefix("hdl_"), on=BUILDS)
)

fault = faults.of("zeit.types.enums")
fault("state-queued", "A deployment that is not ready is QUEUED.").by(
    put("/deployments/*/state", "QUEUED", having={"state": "BUILDING"}, on=DEPLOYMENTS)
)
fault("ready-state-in-lower-case", "The readyState of a deployment is written in lower case.").by(
    change("/readyState", str.lower, on=(DEPLOY, DEPLOYMENT))
)
fault("type-dir", 'The type of a directory is "dir".').by(put("/*/type", "dir", having={"type": "directory"}, on=FILES))
fault("role-admin", "The role of an owner is ADMIN.").by(put("/*/role", "ADMIN", having={"role": "OWNER"}, on=MEMBERS))
fault("log-of-stderr", "A log is of the type stderr.").by(
    put("/logs/*/type", "stderr", having={"type": "stdout"}, on=LOGS)
)

fault = faults.of("zeit.types.ids-unique")


@fault.using(rewrite, on=ALIASES)
def alias_twice(_request: Request, body: Any) -> object:
    """The list of aliases holds its first entry twice."""
    return {"aliases": [*body["aliases"], *body["aliases"][:1]]}


fault("secrets-with-one-uid", "All secrets are listed under one uid.").by(
    put("/secrets/*/uid", "sec_T70JHBhR1gqaxXVrLTsHr6B9", on=SECRETS)
)


@fault.using(rewrite, on=TEAMS)
def team_twice(_request: Request, body: Any) -> object:
    """The list of teams holds its first entry twice."""
    return {"teams": [*body["teams"], *body["teams"][:1]]} if "teams" in body else body


fault = faults.of("zeit.deploy-flow.name-in-url")
fault("id-only", "The url of a deployment holds its id only.").by(
    change("/url", lambda url: url and url.rpartition("-")[2], on=(DEPLOY, DEPLOYMENT))
)
fault("listed-in-reverse", "The url of a listed deployment begins with its id.").by(
    change("/deployments/*/url", lambda url: url and f"id-{url}", on=DEPLOYMENTS)
)

fault = faults.of("zeit.security.message-neutral")
fault("path-in-message", "The message about an unknown secret shows a path of the server.").by(
    put("/error/message", "ENOENT: no such file, open '/home/nowuser/src/secrets.json'", status=404)
)
fault("trace-in-message", "The message about a bad request shows a line of a trace.").by(
    put("/error/message", "TypeError: x is undefined at handler (server.js:12:34)", status=400)
)
