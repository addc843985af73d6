"""Defects that a proxy plants in ZEIT Now, and the requirement that each breaks."""

from __future__ import annotations

import base64
from typing import Any

from attrs import evolve

from conformance.selftest import zeit_defects as zeit
from conformance.selftest.defect_table_zeit_writes import ZEIT_WRITES
from conformance.selftest.defects import (
    answers,
    any_credential,
    as_the_last_right,
    at,
    below,
    bodies,
    coded,
    each,
    errors,
    header,
    only,
    questions,
    refusal,
    renamed,
    set_at,
    success,
    without_authorization,
)
from conformance.selftest.proxy import Defect


def in_events(edit: Any) -> Defect:
    return bodies(at("GET", "/events"), each("logs", edit))


def status(where: Any, value: int) -> Defect:
    return answers(where, lambda _, answer: evolve(answer, status=value))


ZEIT: dict[str, tuple[str, Defect]] = {
    **ZEIT_WRITES,
    # who may
    "any bearer will do": ("zeit.auth.bad-token-403", any_credential),
    "nobody is asked for a bearer": ("zeit.auth.missing-token-403", without_authorization),
    "no bearer is a 401": (
        "zeit.auth.missing-token-403",
        status(lambda asked, answer: answer.status == 403 and "authorization" not in asked.headers, 401),
    ),
    "a denial is a bad request": (
        "zeit.auth.forbidden-code",
        errors("forbidden", edit=lambda error: error.update(code="bad_request")),
    ),
    "secrets are the user's, whatever the team": (
        "zeit.auth.team-scope-query",
        only(below("/now/secrets"), questions(lambda asked: asked.without("teamId"))),
    ),
    "an unknown team is no team": ("zeit.auth.team-foreign-denied", zeit.personal_instead),
    "a MEMBER may what the OWNER may": ("zeit.auth.owner-only", as_the_last_right(below("/v1/teams"))),
    "an OWNER is removed": ("zeit.auth.owner-not-removable", zeit.owner_demoted_and_removed),
    "a login is verified for any email": ("zeit.auth.login-verify-gate", zeit.any_email),
    "a verified token is of no use": (
        "zeit.auth.login-token-usable",
        bodies(at("GET", "/verify"), lambda body: {"token": body["token"][::-1]}),
    ),
    "a client's secret is not compared": ("zeit.auth.oauth-exchange", zeit.any_client_secret),
    "an unknown client is forbidden": (
        "zeit.auth.oauth-unknown-client",
        only(below("/oauth/"), errors("not_found", edit=lambda error: error.update(code="bad_request"))),
    ),
    "an unknown client is not named": (
        "zeit.auth.oauth-unknown-client",
        only(below("/oauth/"), errors("not_found", edit=lambda error: error.update(message="Not found"))),
    ),
    "the secrets of all are listed": ("zeit.auth.lists-are-own", zeit.secrets_of_all),
    "a foreign domain's records are read": ("zeit.errors.domain-forbidden", as_the_last_right(below("/records"))),
    "source is open though the deployment is not": ("zeit.security.private-by-default", zeit.open_though_private),
    "a team's deployments are the user's, too": ("zeit.auth.team-scope-query", zeit.personal_deployments_too),
    # framing
    "an upload says OK": (
        "zeit.content-type.empty-200",
        answers(at("POST", "/now/files"), lambda _, answer: answer.with_body(b"OK")),
    ),
    "a role change is a 204": (
        "zeit.content-type.empty-200",
        status(
            lambda asked, answer: asked.method == "PATCH" and "/members/" in asked.path and answer.status == 200, 204
        ),
    ),
    "a file comes in base64": (
        "zeit.content-type.file-raw",
        answers(lambda asked, answer: success(asked, answer) and "/files/" in asked.path, zeit.in_base64),
    ),
    "a refused token is HTML": (
        "zeit.content-type.response-json",
        answers(refusal, lambda _, a: a.with_header("Content-Type", "text/html").with_body(b"<h1>No</h1>")),
    ),
    # dates, ids, enums
    "createdAt is an ISO date": (
        "zeit.types.date-number-fields",
        bodies(zeit.one_deployment, set_at("createdAt", value="2018-10-23T01:13:57.129Z")),
    ),
    "the first secret is of milliseconds": (
        "zeit.types.date-iso-fields",
        bodies(at("GET", "/now/secrets"), set_at("secrets", "0", "created", value=1540257237129)),
    ),
    "a record was updated in 1970": (
        "zeit.types.dns-dates",
        bodies(at("GET", "/records"), each("records", lambda one: one.update(updated=0))),
    ),
    "the secret list strips sec_": (
        "zeit.types.id-prefix",
        bodies(at("GET", "/now/secrets"), each("secrets", lambda one: one.update(uid=one["uid"][4:]))),
    ),
    "a role is in small letters": (
        "zeit.types.enums",
        bodies(at("GET", "/members"), lambda body: [{**one, "role": one["role"].lower()} for one in body]),
    ),
    "an alias is listed twice": (
        "zeit.types.ids-unique",
        bodies(at("GET", "/v2/now/aliases"), lambda body: {"aliases": body["aliases"][:1] + body["aliases"]}),
    ),
    # bodies
    "a new secret is a 201": ("zeit.schema.status-200", status(at("POST", "/now/secrets"), 201)),
    "public is a text": ("zeit.schema.deployment", bodies(zeit.one_deployment, set_at("public", value="false"))),
    "version is a text": (
        "zeit.schema.deployment-version",
        bodies(lambda asked, a: asked.method == "GET" and zeit.one_deployment(asked, a), set_at("version", value="2")),
    ),
    "deployments are listed by id": (
        "zeit.schema.deployment-list",
        bodies(at("GET", "/v3/now/deployments"), each("deployments", renamed("uid", "id"))),
    ),
    "a deployment's url has a scheme": (
        "zeit.schema.url-null-iff-incomplete",
        bodies(zeit.one_deployment, lambda body: {**body, "url": f"https://{body['url']}"}),
    ),
    "a delete answers the uid of the one before": ("zeit.schema.delete-deployment", zeit.last_deleted),
    "a directory has a uid": ("zeit.schema.file-tree", bodies(at("GET", "/files"), zeit.directories_with_uid)),
    "builds are a bare list": ("zeit.schema.builds", bodies(at("GET", "/builds"), lambda body: body["builds"])),
    "a log is of another deployment": ("zeit.schema.logs", in_events(lambda one: one.update(deploymentId="dpl_7"))),
    "a request is logged as text": (
        "zeit.schema.log-payload-by-type",
        in_events(lambda one: "object" in one and one.update(text=str(one.pop("object")))),
    ),
    "a domain is not said to be external": (
        "zeit.schema.domain-list",
        bodies(at("GET", "/v2/domains"), each("domains", lambda one: one.pop("isExternal"))),
    ),
    "an unverified domain has no token": (
        "zeit.schema.domain-add",
        bodies(
            at("POST", "/v2/domains"),
            lambda body: {name: body[name] for name in ("uid", "created")} | {"verified": False},
        ),
    ),
    "a price is a fraction": ("zeit.schema.domain-price", bodies(at("GET", "/price"), set_at("price", value=17.99))),
    "a record has a uid for an id": (
        "zeit.schema.dns-list",
        bodies(at("GET", "/records"), each("records", renamed("id", "uid"))),
    ),
    "a certificate's names are a text": (
        "zeit.schema.cert",
        bodies(at("GET", "/now/certs"), each("certs", lambda one: one.update(cns=",".join(one["cns"])))),
    ),
    "oldId is null for a new alias": (
        "zeit.schema.alias-assign",
        bodies(at("POST", "/aliases"), lambda body: {"oldId": None, **body}),
    ),
    "an alias is of two deployments": (
        "zeit.schema.alias-list",
        bodies(
            at("GET", "/v2/now/aliases"),
            each("aliases", lambda one: one.update(deploymentId="dpl_7") if "deployment" in one else None),
        ),
    ),
    "a secret's bytes are base64": (
        "zeit.schema.secret-write-shapes",
        bodies(
            at("POST", "/now/secrets"),
            lambda body: body["value"].update(data=base64.b64encode(bytes(body["value"]["data"])).decode()),
        ),
    ),
    "members stand under members": (
        "zeit.schema.members",
        bodies(at("GET", "/members"), lambda body: {"members": body}),
    ),
    "an updated team has a creator_id alone": (
        "zeit.schema.team-patch",
        bodies(
            lambda asked, a: asked.method == "PATCH" and asked.path.count("/") == 3 and a.json and a.status == 200,
            renamed("creatorId", "creator_id"),
        ),
    ),
    # errors
    "an error stands at the top": (
        "zeit.errors.envelope",
        bodies(lambda asked, a: refusal(asked, a) and asked.method == "GET", lambda body: body["error"]),
    ),
    "a long key is not named": (
        "zeit.errors.code-extras",
        errors("env_key_invalid_length", edit=lambda error: error.pop("key")),
    ),
    "nothing is said to be missing": (
        "zeit.errors.code-extras",
        errors("missing_files", edit=lambda e: e.pop("missing")),
    ),
    "what is not found is a 500": (
        "zeit.errors.status-code-map",
        status(lambda asked, answer: coded(asked, answer, "not_found"), 500),
    ),
    "a denial is a 401": (
        "zeit.errors.status-code-map",
        status(lambda asked, answer: coded(asked, answer, "forbidden"), 401),
    ),
    "one method of several is named": (
        "zeit.errors.method-unknown",
        errors("method_unknown", edit=lambda e: e.update(message=e["message"].split(",")[0].split(" and ")[0])),
    ),
    "an unknown certificate is an empty object": (
        "zeit.errors.unknown-resource",
        answers(
            lambda asked, a: asked.method == "GET" and "/certs/" in asked.path and a.status == 404,
            lambda _, a: evolve(a, status=200).with_json({}),
        ),
    ),
    "a domain without a name is a bad request": (
        "zeit.errors.domain-name-errors",
        errors("missing_name", edit=lambda error: error.update(code="bad_request")),
    ),
    "codes of a record are swapped": (
        "zeit.errors.dns-missing-codes",
        only(
            below("/records"),
            errors(
                "missing_name",
                "missing_type",
                edit=lambda e: e.update(code="missing_type" if e["code"] == "missing_name" else "missing_name"),
            ),
        ),
    ),
    "a domain one has is another": (
        "zeit.errors.domain-duplicate",
        errors("not_modified", edit=lambda error: error.update(uid=str(error["uid"])[::-1])),
    ),
    "no certificate is in the way": (
        "zeit.errors.domain-conflict-certs",
        errors("conflict_certs", edit=lambda error: error.update(certCNs=[])),
    ),
    "a price is not asked of a name": (
        "zeit.errors.domain-name-missing-in-url",
        answers(
            lambda asked, a: asked.path.endswith("/status") and coded(asked, a, "missing_name"),
            lambda _, a: evolve(a, status=200).with_json({"status": False}),
        ),
    ),
    "malformed JSON is another's fault": (
        "zeit.errors.bad-request",
        status(lambda asked, answer: asked.method == "POST" and coded(asked, answer, "bad_request"), 500),
    ),
    # limits
    "errors have no limits": (
        "zeit.rate-limit.headers-on-all",
        header(refusal, "X-RateLimit-Remaining", None),
    ),
    "an empty answer has no limit": (
        "zeit.rate-limit.headers-on-all",
        header(lambda _, answer: answer.status == 200 and not answer.body, "X-RateLimit-Limit", None),
    ),
    "Reset was in 2018": ("zeit.rate-limit.reset-epoch-seconds", header(success, "X-RateLimit-Reset", "1540257237")),
    "Reset is in milliseconds": (
        "zeit.rate-limit.reset-epoch-seconds",
        answers(success, lambda _, a: a.with_header("X-RateLimit-Reset", f"{a.header('X-RateLimit-Reset')}000")),
    ),
    "what is refused for the limit is written": ("zeit.rate-limit.429-no-effect", zeit.written_though_429),
    "a window never ends": ("zeit.rate-limit.window-renews", zeit.never_refilled),
    "one endpoint uses up all": ("zeit.rate-limit.per-endpoint-bucket", zeit.one_limit_for_all),
    # versions
    "no version is the second": (
        "zeit.versioning.path-version",
        questions(lambda a: evolve(a, path=f"/v2{a.path}") if a.path.startswith("/now/secrets") else a),
    ),
    "any version is the second": (
        "zeit.versioning.unknown-version-rejected",
        questions(lambda a: evolve(a, path=a.path.replace("/v99/", "/v2/"))),
    ),
    "version 6 of builds is a bare list": (
        "zeit.versioning.sample-versions-live",
        bodies(
            lambda asked, a: success(asked, a) and asked.path.startswith("/v6/") and asked.path.endswith("/builds"),
            lambda body: body["builds"],
        ),
    ),
    # what must not be told
    "a refusal tells a path": (
        "zeit.security.message-neutral",
        errors("not_found", edit=lambda error: error.update(message=f"{error['message']} in /home/nowuser/src/api.js")),
    ),
    "a rename tells the value": ("zeit.security.secret-value-write-only", zeit.value_on_rename),
    "a refusal quotes the token": (
        "zeit.security.token-never-echoed",
        answers(lambda asked, a: coded(asked, a, "forbidden"), zeit.token_quoted),
    ),
}
