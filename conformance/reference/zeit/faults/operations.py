"""Faults of the ZEIT Now server that many operations can have: in methods, versions, what is required or unknown."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.edits import change, drop, instead, put, raw, refuse, rewrite, status
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Problem, Request, Response, encode
from conformance.reference.plants import also_at, handled
from conformance.reference.zeit.faults.tools import (
    ADD_DOMAIN,
    CERT,
    CREATE_RECORD,
    CREATE_SECRET,
    CREATE_TEAM,
    DELETE_ALIAS,
    DELETE_DEPLOYMENT,
    DELETE_RECORD,
    DELETE_SECRET,
    DEPLOY,
    DEPLOYMENT,
    DEPLOYMENTS,
    DOMAINS,
    ISSUE,
    LOGS,
    MEMBERS,
    RECORDS,
    SECRETS,
    TEAM,
    accepted,
    body_changed,
)

faults = Faults()

fault = faults.of("zeit.errors.method-unknown")
fault("put-of-certificates-not-told", "The message about a wrong method leaves out PUT.").by(
    change("/error/message", lambda text: text.replace(", PUT", ""), cause="method")
)
fault("told-as-not-found", "A wrong method is told by not_found.").by(put("/error/code", "not_found", cause="method"))
fault("methods-not-told", "The message about a wrong method names none.").by(
    put("/error/message", "This method is not allowed", cause="method")
)

fault = faults.of("zeit.errors.unknown-resource")
fault("null-200", "An unknown deployment is null with 200.").by(
    instead(Response.of(None), on=DEPLOYMENT, cause="unknown-deployment")
)
fault("empty-list-200", "The records of an unknown domain are an empty list.").by(
    accepted({"records": []}, "unknown-domain", RECORDS)
)
fault("unknown-certificate-500", "An unknown certificate is a server error.").by(
    refuse(500, "The server could not answer this request.", on=CERT, cause="unknown-cert")
)
fault("unknown-team-has-no-members", "An unknown team has no members.").by(accepted([], "unknown-team", MEMBERS))

fault = faults.of("zeit.errors.bad-request")
fault("crash", "A body that is no JSON is a server error.").by(
    refuse(500, "The server could not answer this request.", cause="malformed")
)
fault("taken-for-empty", "A body that is no JSON is taken for an accepted one.").by(
    instead(Response.of({"uid": "sec_0", "name": "x", "created": "2018-07-01T09:30:00.417Z"}), cause="malformed")
)
fault("message-empty", "The refusal of what is no JSON is an empty object.").by(put("", {}, cause="malformed"))

fault = faults.of("zeit.errors.server-error-code")
fault("crash-told-by-bad-request", "A missing secret is a 500 with the code bad_request.").by(
    instead(Response.of({"error": {"code": "bad_request", "message": "It failed."}}, 500), cause="unknown-secret")
)
fault("another-code-with-500", "A missing alias is a 500 with the code not_found.").by(
    status(500, in_body=False, cause="unknown-alias")
)

fault = faults.of("zeit.errors.code-extras")
fault("domain-missing", "The error about a domain of another account does not have it.").by(
    drop("/error/domain", cause="foreign-domain")
)
fault("key-missing", "The error about a long value does not have its key.").by(
    drop("/error/key", cause="env_value_invalid_length")
)
fault("missing-as-text", "The missing files are a text.").by(put("/error/missing", "", cause="missing_files"))
fault("name-missing", "The error about an invalid name does not have it.").by(drop("/error/name", cause="invalid_name"))

fault = faults.of("zeit.pagination.whole-list")
fault("secrets-cut-at-20", "The list of secrets ends after 20.").by(
    change("/secrets", lambda secrets: secrets[:20], on=SECRETS)
)
fault("newest-25-deployments", "The list of deployments ends after 20.").by(
    change("/deployments", lambda deployments: deployments[:20], on=DEPLOYMENTS)
)

fault = faults.of("zeit.versioning.path-version")
fault("secrets-without-version", "The secrets are served without a version.").by(also_at(SECRETS, "/now/secrets"))
fault("domains-without-version", "The domains are served without a version.").by(also_at(DOMAINS, "/domains"))


def moved(operation: str, template: str) -> Plant:
    """An operation that is served at another path only."""

    def plant(server: Server) -> None:
        server.routes = [evolve(one, template=template) if one.operation == operation else one for one in server.routes]

    return plant


fault = faults.of("zeit.versioning.documented-version-answers")
fault("list-at-v6-only", "The list of deployments is served at v6 only.").by(moved(DEPLOYMENTS, "/v6/now/deployments"))
fault("logs-gone", "The logs of a deployment are served at v3 only.").by(
    moved(LOGS, "/v3/now/deployments/{deploymentId}/events")
)
fault("certificates-not-issued", "A certificate is issued at v2 only.").by(moved(ISSUE, "/v2/now/certs"))

fault = faults.of("zeit.versioning.unknown-version-rejected")


@fault.server
def version_ignored(server: Server) -> None:
    """The digits of a version are ignored."""
    for route in list(server.routes):
        _, version, rest = route.template.split("/", 2)
        if version.startswith("v"):
            server.routes.append(evolve(route, template=f"/v99/{rest}"))


fault = faults.of("zeit.versioning.sample-versions-live")
fault("builds-of-v6-bare", "At v6 the builds are a bare list.").by(
    change("", lambda body: body["builds"], on="GET /v6/now/deployments/{deploymentId}/builds")
)
fault("file-of-v6-in-upper-case", "At v6 a file is served in upper case.").by(
    raw(bytes.upper, on="GET /v6/now/deployments/{deploymentId}/files/{fileId}")
)

fault = faults.of("zeit.crud.required-fields")
fault("secret-with-value-null", "A secret is created without a value.").by(
    body_changed(lambda body: {"value": "null", **body}, CREATE_SECRET)
)
fault("domain-without-name", "A domain is added without a name.").by(
    body_changed(lambda body: {"name": "unnamed.example.com", **body}, ADD_DOMAIN)
)
fault("record-without-value", "A DNS record is created without a value.").by(
    body_changed(lambda body: {"value": "192.0.2.1", **body}, CREATE_RECORD)
)
fault("deployment-without-version", "A deployment needs no version.").by(
    body_changed(lambda body: {"version": 2, **body}, DEPLOY)
)
fault("team-without-slug-crashes", "A team without a slug is a server error.").by(
    refuse(500, "The server could not answer this request.", on=CREATE_TEAM, cause="required")
)

fault = faults.of("zeit.crud.get-is-safe")


@fault.using(handled, LOGS)
def logs_are_consumed(kept: Handler, server: Server, request: Request) -> Response:
    """Reading the logs of a deployment empties them."""
    answer = kept(server, request)
    for one in answer.json["logs"]:
        for owner, known in list(server.store["logs"].rows):
            if known == one["id"]:
                server.store["logs"].remove(owner, known)
    return answer


@fault.server
def reads_are_counted(server: Server) -> None:
    """A team counts how often it was read."""
    reads: list[int] = []

    def counted(_request: Request, body: Any) -> object:
        reads.append(1)
        return {**body, "reads": len(reads)}

    rewrite(counted, on=TEAM)(server)


fault = faults.of("zeit.crud.delete-unknown-4xx")
fault("alias-success-for-anything", "The removal of an unknown alias succeeds.").by(
    accepted({"status": "SUCCESS"}, "unknown-alias", DELETE_ALIAS)
)
fault("unknown-deployment-deleted", "An unknown deployment is deleted.").by(
    accepted({"uid": "dpl_0", "state": "DELETED"}, "unknown-deployment", DELETE_DEPLOYMENT)
)
fault("unknown-secret-deleted", "An unknown secret is deleted.").by(
    accepted({"uid": "sec_0", "name": "x", "created": "2018-07-01T09:30:00.417Z"}, "unknown-secret", DELETE_SECRET)
)
fault("unknown-record-deleted", "An unknown DNS record is deleted.").by(accepted(None, "unknown-record", DELETE_RECORD))

fault = faults.of("zeit.crud.dns-mx-priority")


@fault.using(handled, CREATE_RECORD)
def refused_but_listed(kept: Handler, server: Server, request: Request) -> Response:
    """An MX record without a priority is refused, and kept."""
    try:
        return kept(server, request)
    except Problem as problem:
        if problem.cause == "mx-priority":
            body = {**server.bodies.parse(request), "mxPriority": 0}
            kept(server, evolve(request, body=encode(body)))
        raise
