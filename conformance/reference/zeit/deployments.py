"""Deployments of the ZEIT Now API: files, creation, states, builds, logs, aliases."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from conformance.reference.core import Server
from conformance.reference.messages import Record, Request, Response
from conformance.reference.store import PUBLIC
from conformance.reference.zeit.data import STATES, build_of, iso, log_of, milliseconds
from conformance.reference.zeit.policies import Refusal, digest_of, text_of

STEP = 2.0
"""Seconds that a deployment stays in each state on its way to READY."""

LONGEST_NAME, MOST_VARIABLES, LONGEST_KEY, LONGEST_VALUE = 52, 100, 256, 65_536

_PROGRESS = STATES[1:5]
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9-]+")
_DIGEST = re.compile(r"[0-9a-f]{40}\Z")


def upload(server: Server, request: Request) -> Response:
    """Keep a file under its digest (Upload Deployment Files): 200 and an empty body."""
    digest = request.headers.get("x-now-digest")
    if digest is None:
        raise Refusal(400, "bad_request", "The header `x-now-digest` is required.", cause="digest-missing")
    if digest_of(request.body) != digest.lower():
        raise Refusal(400, "bad_request", "The content does not have this digest.", cause="digest")
    server.store["files"].add(PUBLIC, {"sha": digest.lower(), "content": request.body})
    return Response(200)


def create(server: Server, request: Request) -> Response:
    """Create a deployment, or answer the one that the same input made before (Create a New Deployment)."""
    body = server.bodies.parse(request)
    name = text_of(body, "name")
    if len(name) > LONGEST_NAME:
        raise Refusal(400, "bad_request", f"The property `name` exceeds {LONGEST_NAME} characters.", cause="name")
    if body.get("version") != 2 or isinstance(body.get("version"), bool | float):
        raise Refusal(400, "bad_request", "The property `version` must be 2.", cause="version")
    builds, routes = _entries(body, "builds"), _entries(body, "routes")
    public, regions = body.get("public", False), body.get("regions") or ["sfo1"]
    if not isinstance(public, bool):
        raise Refusal(400, "bad_request", "The property `public` must be a boolean.", cause="type")
    if not isinstance(regions, list) or not all(isinstance(region, str) for region in regions):
        raise Refusal(400, "bad_request", "The property `regions` must be a list of strings.", cause="type")
    build = body.get("build")
    environments = [body.get("env"), build.get("env") if isinstance(build, dict) else None]
    for variables in environments:
        _check_environment(server, request, variables)
    files = _files(server, body)
    given = [name, files, environments, builds, routes, public, regions]
    made = json.dumps(given, sort_keys=True)
    if request.query.get("forceNew") != "1":
        for record in server.store["deployments"].of(request.account):
            if record["input"] == made:
                return Response.of(shown(server, record))
    now = server.clock.now()
    deployment_id = server.ids.next("deployment")
    label = _NOT_IN_A_NAME.sub("-", name.lower()).strip("-") or "site"
    record = {
        "id": deployment_id,
        "url": f"{label}-{_NOT_IN_A_NAME.sub('', deployment_id[4:].lower())[:10]}.now.sh",
        "name": name,
        "version": 2,
        "meta": {},
        "plan": "unlimited",
        "public": public,
        "ownerId": request.account,
        "creator": user_of(server, request),
        "state": None,
        "createdAt": milliseconds(now),
        "createdIn": "sfo1",
        "regions": [region if region[-1:].isdigit() else f"{region}1" for region in regions],
        "builds": builds if builds is not None else [{"src": "**", "use": "@now/static"}],
        "routes": routes,
        "files": files,
        "input": made,
    }
    server.store["deployments"].add(request.account, record)
    for one in record["builds"]:
        for path in sorted(files):
            if fnmatchcase(path, one.get("src", "**").replace("**", "*")):
                made_of = build_of(deployment_id, path, one["use"], "READY", now)
                server.store["builds"].add(request.account, {**made_of, "readyState": None})
    for number, kind in enumerate(("command", "stdout")):
        server.store["logs"].add(request.account, log_of(deployment_id, name, kind, number, now))
    return Response.of(shown(server, record))


def user_of(server: Server, request: Request) -> str:
    """The account of the token, whosever the resources are that it asks for."""
    return str(server.authenticator.user(request))  # type: ignore[attr-defined]


def _entries(body: Mapping[str, Any], name: str) -> list[dict[str, Any]] | None:
    """`builds` or `routes`: a list of objects, each with what it needs."""
    value = body.get(name)
    if value is None:
        return None
    needed = {"builds": "use", "routes": "src"}[name]
    if not isinstance(value, list) or not all(isinstance(each, dict) and needed in each for each in value):
        raise Refusal(400, "bad_request", f"The property `{name}` must be a list of objects with {needed}.", "type")
    return value


def _files(server: Server, body: Mapping[str, Any]) -> dict[str, str]:
    """Path → digest of what is deployed; the content of inlined files is kept."""
    entries = body.get("files")
    if not isinstance(entries, list):
        raise Refusal(400, "bad_request", "The property `files` is required and must be a list.", cause="required")
    if not entries:
        raise Refusal(400, "no_files", "No files in the deployment")
    found: dict[str, str] = {}
    missing: list[str] = []
    contents: list[bytes] = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise Refusal(400, "bad_request", "Each of `files` must be an object.", cause="type")
        path = text_of(entry, "file").removeprefix("./").strip("/")
        if "data" in entry:
            content = _content(entry)
            contents.append(content)
            found[path] = digest_of(content)
            continue
        digest, size = entry.get("sha"), entry.get("size")
        if not isinstance(digest, str) or not _DIGEST.match(digest):
            raise Refusal(400, "bad_request", "A file needs `data`, or `sha` and `size`.", cause="required")
        if not isinstance(size, int) or isinstance(size, bool):
            raise Refusal(400, "bad_request", "A file with `sha` needs `size`, a number.", cause="required")
        kept = server.store["files"].get(PUBLIC, digest)
        if kept is None:
            missing.append(digest)
        elif len(kept["content"]) != size:
            raise Refusal(400, "bad_request", "A file has another size than `size` says.", cause="size")
        found[path] = digest
    if missing:
        raise Refusal(400, "missing_files", "Missing files", missing=list(dict.fromkeys(missing)))
    for content in contents:
        server.store["files"].add(PUBLIC, {"sha": digest_of(content), "content": content})
    return found


def _content(entry: Mapping[str, Any]) -> bytes:
    data, encoding = entry["data"], entry.get("encoding")
    if not isinstance(data, str):
        raise Refusal(400, "bad_request", "The `data` of a file must be a string.", cause="type")
    if encoding is None:
        return data.encode("utf-8", errors="surrogatepass")
    if encoding != "base64":
        raise Refusal(400, "bad_request", "The `encoding` of a file can only be base64.", cause="encoding")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise Refusal(400, "bad_request", "The `data` of a file is no base64.", cause="encoding") from None


def _check_environment(server: Server, request: Request, variables: Any) -> None:
    """Whether environment variables are such (Deployment Errors)."""
    if variables is None:
        return
    if not isinstance(variables, dict):
        raise Refusal(400, "bad_request", "The environment must be an object.", cause="type")
    if len(variables) > MOST_VARIABLES:
        text = f"Too many env vars have been supplied ({MOST_VARIABLES} max allowed, but got {len(variables)})"
        raise Refusal(400, "env_too_many_keys", text)
    for key, value in variables.items():
        if not re.fullmatch(r"[A-Za-z0-9_]*", key):
            text = f'The env key "{key}" contains invalid characters. Only letters, digits and `_` are allowed'
            raise Refusal(400, "env_key_invalid_characters", text, key=key)
        if len(key) > LONGEST_KEY:
            text = f'The env key "{key}" exceeds the {LONGEST_KEY} length limit'
            raise Refusal(400, "env_key_invalid_length", text, key=key)
        _check_value(server, request, key, value)


def _check_value(server: Server, request: Request, key: str, value: Any) -> None:
    if isinstance(value, dict):
        if "uid" not in value:
            text = f'The env key "{key}" passed an object as a value with no `uid` key'
            raise Refusal(400, "env_value_invalid_type_missing_uid", text)
        if len(value) > 1:
            text = (
                f'The env key "{key}" passed an object with unknown properties. '
                "Only `uid` is allowed when passing an object"
            )
            raise Refusal(400, "env_value_invalid_type_unknown_props", text)
        _check_secret(server, request, str(value["uid"]))
    elif not isinstance(value, str):
        text = f'The env key "{key}" passed an unsupported type for its value'
        raise Refusal(400, "env_value_invalid_type", text, key=key)
    elif len(value) > LONGEST_VALUE:
        text = f'The env value for "{key}" exceeds the {LONGEST_VALUE} length limit'
        raise Refusal(400, "env_value_invalid_length", text, key=key)
    elif value.startswith("@"):
        names = {record["name"] for record in server.store["secrets"].of(request.account)}
        if value[1:] not in names:
            text = f'Could not find a secret by uid "{value[1:]}"'
            raise Refusal(400, "env_secret_missing", text, uid=value[1:])


def _check_secret(server: Server, request: Request, uid: str) -> None:
    secrets = server.store["secrets"]
    if secrets.get(request.account, uid) is not None:
        return
    other = next((record for (_, known), record in secrets.rows.items() if known == uid), None)
    if other is not None:
        raise Refusal(403, "env_secret_forbidden", f'Not allowed to access secret "{uid}"', uid=uid)
    raise Refusal(400, "env_secret_missing", f'Could not find a secret by uid "{uid}"', uid=uid)


def state_of(server: Server, record: Record) -> str:
    """The state of a deployment now: one that was created goes on to READY by itself."""
    if record["state"] is not None:
        return str(record["state"])
    created = datetime.fromtimestamp(record["createdAt"] / 1000, UTC)
    steps = int((server.clock.now() - created).total_seconds() // STEP)
    return _PROGRESS[min(max(steps, 0), len(_PROGRESS) - 1)]


def shown(server: Server, record: Record) -> dict[str, Any]:
    """A deployment as it is sent."""
    hidden = ("creator", "state", "files", "input")
    return {
        **{name: value for name, value in record.items() if name not in hidden},
        "readyState": state_of(server, record),
        "env": [],
        "build": {"env": []},
    }


def list_deployments(server: Server, request: Request) -> Response:
    """The deployments of an account, newest first (List Deployments)."""
    found = sorted(server.store["deployments"].of(request.account), key=lambda one: -int(one["createdAt"]))
    listed = [
        {
            "uid": record["id"],
            "name": record["name"],
            "url": record["url"],
            "created": record["createdAt"],
            "creator": {"uid": record["creator"]},
            "state": state_of(server, record),
        }
        for record in found
    ]
    return Response.of({"deployments": listed})


def get(server: Server, request: Request) -> Response:
    """One deployment (Get a Single Deployment)."""
    return Response.of(shown(server, owned(server, request)))


def delete(server: Server, request: Request) -> Response:
    """Delete a deployment, and the aliases that lead to it (Delete a Deployment)."""
    record = owned(server, request)
    server.store["deployments"].remove(request.account, record["id"])
    for alias in server.store["aliases"].of(request.account):
        if alias.get("deploymentId") == record["id"]:
            server.store["aliases"].remove(request.account, alias["uid"])
    return Response.of({"uid": record["id"], "state": "DELETED"})


def owned(server: Server, request: Request) -> Record:
    """The deployment of the path, which belongs to whom the request is about."""
    wanted = request.arguments["deploymentId"]
    deployments = server.store["deployments"]
    record = deployments.get(request.account, wanted) or deployments.get(request.account, f"dpl_{wanted}")
    if record is None:
        raise Refusal(404, "not_found", "The deployment could not be found", cause="unknown-deployment")
    return record


def readable(server: Server, request: Request) -> Record:
    """The deployment of the path, whose source and logs are open to all where it is public."""
    wanted = request.arguments["deploymentId"]
    for (_, known), record in server.store["deployments"].rows.items():
        if known.removeprefix("dpl_") == wanted.removeprefix("dpl_") and record["public"]:
            return record
    return owned(server, request)


def list_files(server: Server, request: Request) -> Response:
    """The files of a deployment as a tree (List Deployment Files)."""
    return Response.of(_tree(readable(server, request)["files"]))


def _tree(files: Mapping[str, str]) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    folders: dict[str, dict[str, str]] = {}
    for path, digest in files.items():
        first, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(first, {})[rest] = digest
        else:
            nodes.append({"name": first, "type": "file", "mode": 0o100644, "uid": digest})
    for name, within in folders.items():
        nodes.append({"name": name, "type": "directory", "mode": 0o40755, "children": _tree(within)})
    return nodes


def get_file(server: Server, request: Request) -> Response:
    """The content of a file, as it is (Get Single File Contents)."""
    digest = request.arguments["fileId"]
    kept = server.store["files"].get(PUBLIC, digest)
    if digest not in readable(server, request)["files"].values() or kept is None:
        raise Refusal(404, "not_found", "The file could not be found", cause="unknown-file")
    return Response(200, kept["content"], {"Content-Type": "application/octet-stream"})


def list_builds(server: Server, request: Request) -> Response:
    """The builds of a deployment (List Builds)."""
    deployment = owned(server, request)
    state = state_of(server, deployment)
    found = [
        {**_without(record, "deployment"), "readyState": record["readyState"] or state}
        for record in _of(server, request, "builds", "deployment", deployment)
    ]
    return Response.of({"builds": found})


def list_logs(server: Server, request: Request) -> Response:
    """The logs of a deployment (Get deployment logs)."""
    deployment = readable(server, request)
    rows: Iterator[Record] = iter(server.store["logs"].rows.values())
    return Response.of({"logs": [record for record in rows if record["deploymentId"] == deployment["id"]]})


def list_aliases(server: Server, request: Request) -> Response:
    """The aliases of a deployment (List aliases by deployment)."""
    found = _of(server, request, "aliases", "deploymentId", owned(server, request))
    return Response.of({"aliases": [_only(record, "uid", "alias", "created") for record in found]})


def assign_alias(server: Server, request: Request) -> Response:
    """Give an alias to a deployment, and take it from another one (Assign an alias)."""
    deployment = owned(server, request)
    name = text_of(server.bodies.parse(request), "alias")
    aliases = server.store["aliases"]
    for (owner, uid), record in list(aliases.rows.items()):
        if record["alias"] != name:
            continue
        if owner != request.account:
            raise Refusal(403, "forbidden", "The alias is in use by another account", cause="alias-taken")
        old = record.get("deploymentId")
        created = record["created"]
        aliases.add(owner, {"uid": uid, "alias": name, "created": created, "deploymentId": deployment["id"]})
        moved = {"oldId": old} if old is not None and old != deployment["id"] else {}
        return Response.of({**moved, "uid": uid, "created": created})
    uid, created = server.ids.next("alias"), iso(server.clock.now())
    aliases.add(request.account, {"uid": uid, "alias": name, "created": created, "deploymentId": deployment["id"]})
    return Response.of({"uid": uid, "created": created})


def all_aliases(server: Server, request: Request) -> Response:
    """The aliases of an account (List all the aliases)."""
    urls = {record["id"]: record["url"] for record in server.store["deployments"].of(request.account)}
    found = []
    for record in server.store["aliases"].of(request.account):
        target = record.get("deploymentId")
        deployment = {} if target is None else {"deployment": {"id": target, "url": urls[target]}}
        found.append({**record, **deployment})
    return Response.of({"aliases": found})


def delete_alias(server: Server, request: Request) -> Response:
    """Remove an alias (Remove an alias)."""
    if not server.store["aliases"].remove(request.account, request.arguments["aliasId"]):
        raise Refusal(404, "not_found", "The alias could not be found", cause="unknown-alias")
    return Response.of({"status": "SUCCESS"})


def _of(server: Server, request: Request, name: str, member: str, deployment: Record) -> list[Record]:
    return [record for record in server.store[name].of(request.account) if record.get(member) == deployment["id"]]


def _without(record: Record, *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def _only(record: Record, *names: str) -> dict[str, Any]:
    return {name: record[name] for name in names}
