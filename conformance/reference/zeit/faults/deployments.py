"""Faults of the ZEIT Now server in how deployments are made, kept and deleted."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.edits import afterwards, change, put, rewrite
from conformance.reference.faults import Faults
from conformance.reference.messages import Request, Response, encode
from conformance.reference.plants import handled
from conformance.reference.zeit.faults.tools import (
    BUILDS,
    DELETE_DEPLOYMENT,
    DEPLOY,
    DEPLOYMENT,
    DEPLOYMENTS,
    sent,
    with_body,
)

faults = Faults()

fault = faults.of("zeit.deploy-flow.same-input-same-id")


@fault.using(handled, DEPLOY)
def always_new(kept: Handler, server: Server, request: Request) -> Response:
    """Every create makes a new deployment."""
    return kept(server, evolve(request, query=type(request.query)({"forceNew": "1"})))


fault("created-at-of-the-answer", "The createdAt of a create is the time of the answer.").by(
    afterwards(
        lambda server, _, response: response.with_json(
            {**response.json, "createdAt": int(server.clock.now().timestamp() * 1000)}
        ),
        on=DEPLOY,
    )
)

fault = faults.of("zeit.deploy-flow.force-new")


@fault.using(handled, DEPLOY)
def force_new_ignored(kept: Handler, server: Server, request: Request) -> Response:
    """forceNew is ignored."""
    return kept(server, evolve(request, query=type(request.query)()))


fault("url-kept", "A forced deployment gets a new id under the old url.").by(
    change("/url", lambda url: f"{url.rpartition('-')[0]}-0000000000.now.sh", on=DEPLOY)
)

fault = faults.of("zeit.deploy-flow.changed-input-new-id")


def deduplicated(*without: str) -> Any:
    """A create that is the same as one before but for some members answers that one."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        known: dict[str, Response] = server.facts.setdefault("answered", {})
        body = sent(server, request)
        key = encode({name: value for name, value in body.items() if name not in without}).decode()
        if request.query.get("forceNew") != "1" and key in known:
            return known[key]
        known[key] = kept(server, request)
        return known[key]

    return handled(answer, DEPLOY)


fault("by-name-alone", "A deployment of a known name is the one before.").by(
    deduplicated("files", "env", "builds", "routes")
)
fault("environment-not-looked-at", "A deployment that differs in its environment is the one before.").by(
    deduplicated("env")
)
fault("routes-not-looked-at", "A deployment that differs in its routes is the one before.").by(deduplicated("routes"))


@fault.using(handled, DEPLOY)
def paths_not_looked_at(kept: Handler, server: Server, request: Request) -> Response:
    """A deployment of the same contents under other paths is the one before."""
    known: dict[str, Response] = server.facts.setdefault("answered", {})
    body = sent(server, request)
    contents = sorted(str(one.get("data", one.get("sha"))) for one in body.get("files", ()))
    key = encode([contents, {name: value for name, value in body.items() if name != "files"}]).decode()
    if key not in known:
        known[key] = kept(server, request)
    return known[key]


fault = faults.of("zeit.deploy-flow.state-machine")


@fault.using(afterwards, on=DEPLOYMENT)
def back_to_building(server: Server, _request: Request, response: Response) -> Response:
    """A deployment that was seen READY is BUILDING once more."""
    body = response.json
    seen: list[str] = server.facts.setdefault("ready", [])
    if body["readyState"] == "READY":
        seen.append(body["id"])
        if seen.count(body["id"]) == 2:
            return response.with_json({**body, "readyState": "BUILDING"})
    return response


fault("list-never-ready", "The list shows a deployment that is READY as DEPLOYING.").by(
    put("/deployments/*/state", "DEPLOYING", having={"state": "READY"}, on=DEPLOYMENTS)
)

fault = faults.of("zeit.deploy-flow.builds-consistent")
fault("ready-with-failed-build", "A build of a deployment that is READY is in ERROR.").by(
    put("/builds/0/readyState", "ERROR", on=BUILDS)
)

fault = faults.of("zeit.deploy-flow.public-default-false")


@fault.using(handled, DEPLOY)
def public_by_default(kept: Handler, server: Server, request: Request) -> Response:
    """A deployment is public where nothing is said."""
    return kept(server, with_body(request, {"public": True, **sent(server, request)}))


fault("never-public", "A deployment is read as not public, whatever it is.").by(put("/public", False, on=DEPLOYMENT))

fault = faults.of("zeit.deploy-flow.regions-subset")
fault("regions-ignored", "A deployment is in sfo1, whatever was asked for.").by(put("/regions", ["sfo1"], on=DEPLOY))

fault = faults.of("zeit.deploy-flow.config-echoed")
fault("routes-dropped", "The routes of a deployment are null.").by(put("/routes", None, on=(DEPLOY, DEPLOYMENT)))
fault("builds-in-one", "The second build of a deployment is left out when it is read.").by(
    change("/builds", lambda builds: builds[:1], on=DEPLOYMENT)
)

fault = faults.of("zeit.deploy-flow.env-count-100")


def variables(limit: int, change_of: Any) -> Any:
    """An environment of another number of variables is changed before it is looked at."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        body = sent(server, request)
        env = body.get("env")
        if isinstance(env, dict) and len(env) >= limit:
            body = {**body, "env": change_of(env)}
        return kept(server, with_body(request, body))

    return handled(answer, DEPLOY)


fault("limit-at-99", "An environment of 100 variables is refused.").by(
    variables(100, lambda env: {**env, **{f"MORE_{number}": "x" for number in range(101)}})
)
fault("no-limit", "An environment of 101 variables is cut to 100.").by(
    variables(101, lambda env: dict(list(env.items())[:100]))
)
fault("count-not-told", "The message about too many variables does not say how many there were.").by(
    put("/error/message", "Too many env vars have been supplied", cause="env_too_many_keys")
)

fault = faults.of("zeit.deploy-flow.env-key-charset")


def renamed(when: Any, key: str = "OTHER") -> Any:
    """The variables of which something holds are given another name before they are looked at."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        body = sent(server, request)
        env = body.get("env")
        if isinstance(env, dict):
            body = {**body, "env": {key if when(name, value) else name: value for name, value in env.items()}}
        return kept(server, with_body(request, body))

    return handled(answer, DEPLOY)


fault("hyphen-accepted", "A key with a hyphen is accepted.").by(renamed(lambda name, _: "-" in name))
fault("key-not-named", "The error about a key does not have it.").by(
    put("/error/key", None, cause="env_key_invalid_characters")
)

fault = faults.of("zeit.deploy-flow.env-key-256")
fault("limit-at-255", "A key of 256 characters is refused.").by(renamed(lambda name, _: len(name) == 256, "K" * 300))
fault("no-limit", "A key of 257 characters is accepted.").by(renamed(lambda name, _: len(name) > 256))

fault = faults.of("zeit.deploy-flow.env-value-65536")


def cut(when: Any, value: Any) -> Any:
    """The values of which something holds are others before they are looked at."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        body = sent(server, request)
        env = body.get("env")
        if isinstance(env, dict):
            body = {**body, "env": {name: value if when(one) else one for name, one in env.items()}}
        return kept(server, with_body(request, body))

    return handled(answer, DEPLOY)


fault("limit-at-65535", "A value of 65536 characters is refused.").by(
    cut(lambda value: isinstance(value, str) and len(value) == 65_536, "x" * 70_000)
)
fault("no-limit", "A value of 65537 characters is accepted.").by(
    cut(lambda value: isinstance(value, str) and len(value) > 65_536, "x")
)

fault = faults.of("zeit.deploy-flow.env-value-object")
fault("number-taken-for-text", "A number is taken for text.").by(cut(lambda value: isinstance(value, int), "5"))
fault("unknown-members-ignored", "An object with more than a uid is told by env_secret_missing.").by(
    put("/error/code", "env_secret_missing", cause="env_value_invalid_type_unknown_props")
)
fault("key-not-in-message", "The message about an object does not name the variable.").by(
    put("/error/message", "A value is an object with no `uid` key", cause="env_value_invalid_type_missing_uid")
)

fault = faults.of("zeit.deploy-flow.env-secret-reference")
fault("deployed-with-the-text", 'A variable with the value "@name" of no secret is deployed as it is.').by(
    cut(lambda value: isinstance(value, str) and value.startswith("@conformance-no"), "x")
)
fault("foreign-secret-used", "The secret of another is used.").by(
    cut(lambda value: isinstance(value, dict) and not str(value.get("uid")).startswith("sec_conf"), "x")
)
fault("uid-not-told", "The error about a missing secret has no uid.").by(
    put("/error/uid", None, cause="env_secret_missing")
)

fault = faults.of("zeit.deploy-flow.owner-is-scope")


@fault.using(rewrite, on=DEPLOY, when=lambda request: "teamId" in request.query)
def owner_is_always_the_user(_request: Request, body: Any) -> object:
    """The owner of a team's deployment is the user."""
    return {**body, "ownerId": "CsyDCWqXAovcoskzRFAgPYbr"}


@fault.using(afterwards, on=DEPLOY)
def owner_is_the_deployment(_server: Server, request: Request, response: Response) -> Response | None:
    """The owner of a user's deployment is told by the id of the deployment."""
    body = response.json
    return None if "teamId" in request.query else response.with_json({**body, "ownerId": body["id"]})


fault = faults.of("zeit.crud.name-max-52")


@fault.using(handled, DEPLOY)
def name_cut(kept: Handler, server: Server, request: Request) -> Response:
    """A longer name is cut to 52 characters."""
    body = sent(server, request)
    name = body.get("name")
    return kept(server, with_body(request, {**body, "name": name[:52] if isinstance(name, str) else name}))


fault("limit-at-51", "A name of 52 characters is answered without its last.").by(
    change("/name", lambda name: name[:51], on=DEPLOY)
)

fault = faults.of("zeit.crud.version-const-2")


@fault.using(handled, DEPLOY)
def version_ignored(kept: Handler, server: Server, request: Request) -> Response:
    """The version of the platform is not looked at."""
    return kept(server, with_body(request, {**sent(server, request), "version": 2}))


@fault.using(handled, DEPLOY)
def version_1_accepted(kept: Handler, server: Server, request: Request) -> Response:
    """Version 1 is taken for version 2."""
    body = sent(server, request)
    return kept(server, with_body(request, {**body, "version": 2} if body.get("version") == 1 else body))


fault = faults.of("zeit.crud.deployment-read-back")
fault("created-at-changes", "The createdAt of a deployment is another each time it is read.").by(
    afterwards(
        lambda server, _, response: response.with_json(
            {**response.json, "createdAt": int(server.clock.now().timestamp() * 1000)}
        ),
        on=DEPLOYMENT,
    )
)


@fault.using(rewrite, on=DEPLOYMENTS)
def newest_not_listed(_request: Request, body: Any) -> object:
    """The newest deployment is not in the list."""
    return {"deployments": body["deployments"][1:]}


fault = faults.of("zeit.crud.deployment-deleted")


@fault.using(handled, DELETE_DEPLOYMENT)
def kept_though_deleted(_kept: Handler, _server: Server, request: Request) -> Response:
    """A deployment that is deleted stays."""
    return Response.of({"uid": request.arguments["deploymentId"], "state": "DELETED"})


@fault.server
def still_listed(server: Server) -> None:
    """A deleted deployment is still in the list."""
    kept: list[Any] = []

    def remember(own: Handler, one: Server, request: Request) -> Response:
        listed = {item["id"]: item for item in one.store["deployments"].of(request.account)}
        answer = own(one, request)
        gone = listed[answer.json["uid"]]
        state = {"uid": gone["id"], "name": gone["name"], "url": gone["url"], "created": gone["createdAt"]}
        kept.append({**state, "creator": {"uid": gone["creator"]}, "state": "READY"})
        return answer

    handled(remember, DELETE_DEPLOYMENT)(server)
    rewrite(lambda _, body: {"deployments": [*body["deployments"], *kept]}, on=DEPLOYMENTS)(server)
