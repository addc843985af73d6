"""Faults of the ZEIT Now server that show only in combination: after certain steps, with certain parameters."""

from __future__ import annotations

from typing import Any

from conformance.reference.core import Handler, Server
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.plants import handled
from conformance.reference.zeit.deployments import shown
from conformance.reference.zeit.faults.tools import (
    ASSIGN,
    CHANGE_ROLE,
    DELETE_ALIAS,
    DELETE_DEPLOYMENT,
    DELETE_DOMAIN,
    DELETE_SECRET,
    DEPLOY,
    DEPLOYMENT_ALIASES,
    REMOVE_MEMBER,
    RENAME_SECRET,
    sent,
)

faults = Faults()


def remembered(server: Server, what: str) -> dict[Any, Any]:
    """What a fault keeps from request to request."""
    kept: dict[Any, Any] = server.facts.setdefault(what, {})
    return kept


fault = faults.of("zeit.deploy-flow.force-new")


@fault.using(handled, DEPLOY, DELETE_DEPLOYMENT)
def forced_after_a_delete_is_the_deleted_one(kept: Handler, server: Server, request: Request) -> Response:
    """forceNew answers the deployment of the input that was deleted before, if one was."""
    deleted = remembered(server, "deleted inputs")
    deployments = server.store["deployments"]
    if request.operation == DELETE_DEPLOYMENT:
        record = deployments.get(request.account, request.arguments["deploymentId"])
        answer = kept(server, request)
        if record is not None:
            deleted[record["input"]] = record
        return answer
    answer = kept(server, request)
    made = deployments.get(request.account, str(answer.json["id"]))
    if request.query.get("forceNew") == "1" and made is not None and made["input"] in deleted:
        deployments.remove(request.account, made["id"])
        record = deleted.pop(made["input"])
        deployments.add(request.account, record)
        return Response.of(shown(server, record))
    return answer


fault = faults.of("zeit.deploy-flow.same-input-same-id")


@fault.using(handled, DELETE_DEPLOYMENT)
def forgotten_with_a_forced_one(kept: Handler, server: Server, request: Request) -> Response:
    """An input is forgotten when a forced deployment of it is deleted, though its first one is still there."""
    deployments = server.store["deployments"]
    record = deployments.get(request.account, request.arguments["deploymentId"])
    answer = kept(server, request)
    same = [one for one in deployments.of(request.account) if record is not None and one["input"] == record["input"]]
    for one in same:
        deployments.update(request.account, one["id"], {"input": f"forgotten {one['input']}"})
    return answer


fault = faults.of("zeit.deploy-flow.missing-files")


@fault.using(handled, DEPLOY)
def missed_only_once(kept: Handler, server: Server, request: Request) -> Response:
    """A file that was missed in a refused create is no longer missing when another create names it."""
    missed = remembered(server, "missed files")
    try:
        return kept(server, request)
    except Problem as problem:
        missing = getattr(problem, "extra", {}).get("missing", [])
        known = [digest for digest in missing if digest in missed]
        missed.update(dict.fromkeys(missing, True))
        if not known:
            raise
        problem.extra["missing"] = [digest for digest in missing if digest not in known]  # type: ignore[attr-defined]
        if problem.extra["missing"]:  # type: ignore[attr-defined]
            raise
    body = {**sent(server, request)}
    return Response.of({"id": server.ids.next("deployment"), "url": None, "name": body.get("name")})


fault = faults.of("zeit.crud.alias-move")


@fault.using(handled, ASSIGN)
def first_old_id_for_ever(kept: Handler, server: Server, request: Request) -> Response:
    """An alias that moves for the second time tells the deployment that it led to at first."""
    first = remembered(server, "first deployments of aliases")
    answer = kept(server, request)
    body = answer.json
    if "oldId" in body:
        body["oldId"] = first.setdefault(body["uid"], body["oldId"])
    return answer.with_json(body)


fault = faults.of("zeit.crud.alias-views-agree")


@fault.using(handled, DEPLOYMENT_ALIASES, DELETE_ALIAS)
def moved_alias_left_when_removed(kept: Handler, server: Server, request: Request) -> Response:
    """A deployment still lists an alias that was removed, if it had another alias before that."""
    removed = remembered(server, "removed aliases")
    if request.operation == DELETE_ALIAS:
        alias = server.store["aliases"].get(request.account, request.arguments["aliasId"])
        others = [
            one
            for one in server.store["aliases"].of(request.account)
            if alias is not None and one.get("deploymentId") == alias.get("deploymentId")
        ]
        if alias is not None and len(others) > 1:
            removed[alias["uid"]] = dict(alias)
        return kept(server, request)
    answer = kept(server, request)
    left = [
        {name: one[name] for name in ("uid", "alias", "created")}
        for one in removed.values()
        if one.get("deploymentId") == request.arguments["deploymentId"]
    ]
    return answer.with_json({"aliases": [*answer.json["aliases"], *left]})


fault = faults.of("zeit.crud.secret-rename")


@fault.using(handled, RENAME_SECRET)
def renamed_back_under_a_new_uid(kept: Handler, server: Server, request: Request) -> Response:
    """A secret that gets back a name which it had before gets a new uid."""
    names = remembered(server, "names of secrets")
    answer = kept(server, request)
    body = answer.json
    had = names.setdefault(body["uid"], set())
    had.add(body["oldName"])
    if body["name"] in had:
        record = server.store["secrets"].get(request.account, body["uid"])
        assert record is not None
        server.store["secrets"].remove(request.account, body["uid"])
        body["uid"] = server.ids.next("secret")
        server.store["secrets"].add(request.account, {**record, "uid": body["uid"]})
    return answer.with_json(body)


fault = faults.of("zeit.crud.secret-deleted")


@fault.using(handled, RENAME_SECRET, DELETE_SECRET)
def renamed_secret_comes_back(kept: Handler, server: Server, request: Request) -> Response:
    """A secret that was renamed before it is deleted is there again, under its old name."""
    renamed = remembered(server, "renamed secrets")
    answer = kept(server, request)
    body = answer.json
    if request.operation == RENAME_SECRET:
        renamed[body["uid"]] = body["oldName"]
    elif body["uid"] in renamed:
        record = {name: body[name] for name in ("uid", "created")}
        server.store["secrets"].add(request.account, {**record, "name": renamed[body["uid"]], "value": ""})
    return answer


fault = faults.of("zeit.crud.domain-delete-cascade")


@fault.using(handled, ASSIGN, DELETE_DOMAIN)
def moved_alias_left(kept: Handler, server: Server, request: Request) -> Response:
    """An alias that moved to another deployment is left when its domain is removed."""
    moved = remembered(server, "moved aliases")
    if request.operation == ASSIGN:
        answer = kept(server, request)
        if "oldId" in answer.json:
            moved[request.account, answer.json["uid"]] = True
        return answer
    before = {key: row for key, row in server.store["aliases"].rows.items() if key in moved}
    answer = kept(server, request)
    server.store["aliases"].rows.update(before)
    return answer


fault = faults.of("zeit.crud.team-member-lifecycle")


@fault.using(handled, REMOVE_MEMBER, CHANGE_ROLE)
def role_of_who_came_back_stays(kept: Handler, server: Server, request: Request) -> Response:
    """The role of a user who was removed once and invited again does not change any more."""
    removed = remembered(server, "removed members")
    key = (request.arguments["teamId"], request.arguments["userId"])
    if request.operation == REMOVE_MEMBER:
        answer = kept(server, request)
        removed[key] = True
        return answer
    return Response(200) if key in removed else kept(server, request)
