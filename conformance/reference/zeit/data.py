"""What a ZEIT Now reference server holds at the start: the same small records in every run.

User A is the caller, B a stranger, C a member and D an owner of A's team; F has no paid plan. Each has what the rules
need: a deployment in every state, domains that are verified, unverified and external, an alias, certificates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from conformance.reference.messages import Record
from conformance.reference.store import PUBLIC
from conformance.reference.zeit.policies import digest_of, stable_id

USER_A, USER_B, USER_C, USER_D, USER_F = (stable_id(f"user {letter}") for letter in "ABCDF")
TEAM_A, TEAM_B = (stable_id(f"team {letter}") for letter in "AB")
USERS = {
    USER_A: ("ada@mail.com", "ada"),
    USER_B: ("ben@mail.com", "ben"),
    USER_C: ("cleo@mail.com", "cleo"),
    USER_D: ("dan@mail.com", "dan"),
    USER_F: ("flo@mail.com", "flo"),
}
"""User → e-mail address and name."""

CLIENT, CODE = "oac_s4cllbR9Ao8307IDSkluOQBS", "jMIukZ1DBCKXHje3X14BCkU0"
CLIENT_SECRET = "EOBPvZuBYAtb3SbYo8H1iWFP"
"""The application of the document's samples, which may exchange codes for access tokens, and a code."""

LOGIN, LOGIN_EMAIL = "T1dmvPu36nmyYisXAs7IRzcR", "user@mail.com"
"""The login of the document's samples, which its user has accepted."""

KEYS = {
    "deployments": "id",
    "files": "sha",
    "builds": "id",
    "logs": "id",
    "domains": "name",
    "records": "id",
    "certs": "uid",
    "aliases": "uid",
    "secrets": "uid",
    "teams": "id",
    "members": "uid",
    "logins": "token",
    "codes": "code",
    "texts": "name",
}
"""The member that identifies a record of each collection."""

STATES = ("INITIALIZING", "ANALYZING", "BUILDING", "DEPLOYING", "READY", "ERROR")
PAGE = b"""<!doctype html>
<html>
 <head>
 <title>My Instant Deployment</title>
 </head>
 <body>
 <h1>My Instant Now Deployment</h1>
 <p>Hello world!</p>
 </body>
</html>
"""
"""The file that the document uploads: 160 bytes, SHA1 6938e4ed47a23f17ceb6dbd880ab18d2787e7946."""

_START = datetime(2018, 7, 1, 9, 30, 0, 417_000, tzinfo=UTC)
_OWNERS = {"a": USER_A, "b": USER_B, "team-a": TEAM_A, "team-b": TEAM_B}


def milliseconds(moment: datetime) -> int:
    """A moment as a Date (Types)."""
    return int(moment.timestamp() * 1000)


def iso(moment: datetime) -> str:
    """A moment as the samples write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@cache
def rows() -> dict[str, dict[tuple[str, str], Record]]:
    """Each collection as {(owner, id): record}; shared by all servers, so copy before changing."""
    found: dict[str, dict[tuple[str, str], Record]] = {name: {} for name in KEYS}
    for name, owner, record in _records():
        found[name][owner, str(record[KEYS[name]])] = record
    return found


def _records() -> Iterator[tuple[str, str, Record]]:
    """Collection, owner and record of everything there is."""
    yield "files", PUBLIC, {"sha": digest_of(PAGE), "content": PAGE}
    yield "codes", PUBLIC, {"code": CODE, "user": USER_A}
    yield "logins", PUBLIC, {"token": LOGIN, "email": LOGIN_EMAIL, "accepted": True}
    for number, (prefix, owner) in enumerate(_OWNERS.items()):
        at = _START + timedelta(minutes=number)
        for count, state in enumerate(STATES if prefix == "a" else ("READY",)):
            yield from _deployment(prefix, owner, count, state, at + timedelta(hours=count))
        yield from _domains(prefix, owner, at)
        yield from _certificates(prefix, owner, at)
        for count in range(3):
            name = f"{prefix}-secret-{count}"
            created = iso(at + timedelta(days=count))
            secret = {"uid": stable_id(f"secret {name}"), "name": name, "created": created, "value": f"{name} value"}
            yield "secrets", owner, secret
    yield from _teams()


def _deployment(prefix: str, owner: str, count: int, state: str, at: datetime) -> Iterator[tuple[str, str, Record]]:
    deployment_id, name = stable_id(f"deployment {prefix} {count}"), f"{prefix}-site-{count}"
    files = {"index.html": digest_of(PAGE), "static/logo.txt": digest_of(PAGE)}
    yield (
        "deployments",
        owner,
        {
            "id": deployment_id,
            # What is not uploaded whole has no URL yet.
            "url": None if state == "INITIALIZING" else f"{name}-{deployment_id[4:14].lower()}.now.sh",
            "name": name,
            "version": 2,
            "meta": {},
            "plan": "unlimited",
            "public": False,
            "ownerId": owner,
            "creator": owner if owner in USERS else USER_A,
            "state": state,
            "createdAt": milliseconds(at),
            "createdIn": "sfo1",
            "regions": ["sfo1"],
            "builds": [{"src": "**", "use": "@now/static"}],
            "routes": None,
            "files": files,
            "input": None,
        },
    )
    for path in files:
        yield "builds", owner, build_of(deployment_id, path, "@now/static", state, at)
    for number, kind in enumerate(("command", "stdout", "request", "response")):
        yield "logs", owner, log_of(deployment_id, name, kind, number, at + timedelta(seconds=number))


def build_of(deployment_id: str, path: str, use: str, state: str, at: datetime) -> dict[str, Any]:
    """A build of a deployment (List Builds)."""
    return {
        "id": stable_id(f"build {deployment_id} {path} {use}"),
        "deployment": deployment_id,
        "use": use,
        "config": {},
        "createdIn": "sfo1",
        "deployedTo": ["sfo1"] if state == "READY" else [],
        "readyState": state,
        "readyStateAt": milliseconds(at),
        "path": path,
    }


def log_of(deployment_id: str, name: str, kind: str, number: int, at: datetime) -> dict[str, Any]:
    """A log of a deployment (Get deployment logs)."""
    said: dict[str, dict[str, Any]] = {
        "command": {"text": "npm install", "region": "now-sfo", "instanceId": ""},
        "stdout": {"text": "\n> ready\n", "region": "now-sfo", "instanceId": ""},
        "request": {"object": {"method": "GET", "uri": "/", "protocol": "HTTP/2.0", "remoteAddr": "192.0.2.7"}},
        "response": {
            "object": {"method": "GET", "uri": "/", "status": "200", "protocol": "HTTP/2.0", "bodyBytesSent": "160"}
        },
    }
    return {
        "id": stable_id(f"log {deployment_id} {number}"),
        "deploymentId": deployment_id,
        "type": kind,
        **said[kind],
        "context": stable_id(f"context {deployment_id}"),
        "created": iso(at),
        "date": iso(at),
        "serial": f"{milliseconds(at)}{number:038}",
        "pid": f"62686457456928588{number:02}",
        "appName": name,
    }


def _domains(prefix: str, owner: str, at: datetime) -> Iterator[tuple[str, str, Record]]:
    for kind, external, verified in (("own", False, True), ("other", True, True), ("new", True, False)):
        name = f"{prefix}-{kind}.example.com"
        yield "domains", owner, domain(name, at, external=external, verified=verified)
    bought = domain(f"{prefix}-bought.example.net", at, external=False, verified=True)
    yield "domains", owner, {**bought, "boughtAt": iso(at), "expiresAt": iso(at + timedelta(days=365))}
    for kind, record_name, value in (("ALIAS", "", "alias.zeit.co"), ("CNAME", "*", "alias.zeit.co")):
        record = {
            "id": stable_id(f"record {prefix} {kind}"),
            "domain": f"{prefix}-own.example.com",
            "slug": f"{record_name or prefix}.-address",
            "type": kind,
            "name": record_name,
            "value": value,
            "created": str(milliseconds(at)),
            "updated": None if kind == "ALIAS" else str(milliseconds(at + timedelta(hours=1))),
        }
        yield "records", owner, record
    deployment_id = stable_id(f"deployment {prefix} {STATES.index('READY') if prefix == 'a' else 0}")
    alias = {
        "uid": stable_id(f"alias {prefix}"),
        "alias": f"{prefix}-alias.now.sh",
        "created": iso(at),
        "deploymentId": deployment_id,
    }
    yield "aliases", owner, alias
    ruled = {"uid": stable_id(f"alias {prefix} ruled"), "alias": f"{prefix}-ruled.now.sh", "created": iso(at)}
    rules = [{"pathname": "/", "dest": f"{prefix}-app.now.sh"}, {"dest": f"{prefix}-api.now.sh"}]
    yield "aliases", owner, {**ruled, "rules": rules}


def domain(name: str, at: datetime, *, external: bool, verified: bool) -> dict[str, Any]:
    """A domain as it is just after it was added."""
    return {
        "uid": stable_id(f"domain {name} {milliseconds(at)}"),
        "name": name,
        "created": iso(at),
        "boughtAt": None,
        "expiresAt": None,
        "isExternal": external,
        "verified": verified,
        "verifyToken": digest_of(f"verify {name} {milliseconds(at)}".encode()),
    }


def _certificates(prefix: str, owner: str, at: datetime) -> Iterator[tuple[str, str, Record]]:
    for number, names in enumerate(([f"{prefix}-other.example.com"], [f"www.{prefix}-other.example.com"])):
        yield (
            "certs",
            owner,
            {
                "uid": stable_id(f"cert {prefix} {number}"),
                "cns": names,
                "created": iso(at),
                "expiration": iso(at + timedelta(days=90)),
                "autoRenew": number == 0,
            },
        )


def _teams() -> Iterator[tuple[str, str, Record]]:
    teams = {
        TEAM_A: ("team-a", USER_A, {USER_A: "OWNER", USER_C: "MEMBER", USER_D: "OWNER"}),
        TEAM_B: ("team-b", USER_B, {USER_B: "OWNER"}),
    }
    for team_id, (slug, creator, members) in teams.items():
        created = iso(_START)
        team = {"id": team_id, "slug": slug, "name": slug.title(), "creatorId": creator, "created": created}
        yield "teams", PUBLIC, {**team, "avatar": None}
        for user, role in members.items():
            email, username = USERS[user]
            yield "members", team_id, {"uid": user, "role": role, "email": email, "username": username}


def parameters() -> dict[str, list[str]]:
    """Known good values of path parameters, of user A."""
    ready = stable_id(f"deployment a {STATES.index('READY')}")
    return {
        "deploymentId": [ready, *(stable_id(f"deployment a {number}") for number in range(4))],
        "fileId": [digest_of(PAGE)],
        "domain": ["a-own.example.com", "a-other.example.com"],
        "recId": [stable_id("record a ALIAS"), stable_id("record a CNAME")],
        "certId": [stable_id("cert a 0"), stable_id("cert a 1")],
        "aliasId": [stable_id("alias a"), stable_id("alias a ruled")],
        "secretName": ["a-secret-0", "a-secret-1"],
        "teamId": [TEAM_A],
        "foreignTeamId": [TEAM_B],
        "userId": [USER_C],
    }


def facts() -> dict[str, Any]:
    """What is to be known of this server beyond the document: which records there are, and how to play a user.

    `seeded` names a record that each scope has at the start, `others` an id of the second account, `roles` who is
    what in the team, and `emulator` the calls that stand for what happens outside the API.
    """
    seeded = {
        "GET /v3/now/deployments": {"": stable_id("deployment a 0"), TEAM_A: stable_id("deployment team-a 0")},
        "GET /v2/domains": {"": rows()["domains"][USER_A, "a-own.example.com"]["uid"]},
        "GET /v3/now/certs": {"": stable_id("cert a 0"), TEAM_A: stable_id("cert team-a 0")},
        "GET /v2/now/aliases": {"": stable_id("alias a"), TEAM_A: stable_id("alias team-a")},
        "GET /v2/now/secrets": {"": stable_id("secret a-secret-0"), TEAM_A: stable_id("secret team-a-secret-0")},
    }
    seeded["GET /v2/domains"][TEAM_A] = rows()["domains"][TEAM_A, "team-a-own.example.com"]["uid"]
    known = {
        "seeded": seeded,
        "others": {
            "GET /v3/now/deployments": stable_id("deployment b 0"),
            "GET /v2/domains": "b-own.example.com",
            "GET /v3/now/certs": stable_id("cert b 0"),
            "GET /v2/now/aliases": stable_id("alias b"),
            "GET /v2/now/secrets": stable_id("secret b-secret-0"),
            "GET /v1/teams": TEAM_B,
        },
        "roles": {"member": USER_C, "owner": USER_D},
        "emulator": {
            "accept-login": "/_emulator/accept-login",
            "grant": "/_emulator/grant",
            "publish": "/_emulator/publish",
            "client": {"client_id": CLIENT, "client_secret": CLIENT_SECRET},
            "user": {"email": USERS[USER_A][0]},
        },
    }
    # Copied, so that no two places share an object: a recording then has no aliases.
    copied: dict[str, Any] = json.loads(json.dumps(known))
    return copied
