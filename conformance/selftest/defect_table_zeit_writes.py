"""Defects that a proxy plants in what ZEIT Now writes and deploys, and the requirement that each breaks."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from conformance.selftest import zeit_defects as zeit
from conformance.selftest.defects import (
    answers,
    at,
    below,
    bodies,
    coded,
    each,
    errors,
    kept_after_delete,
    listed_after_delete,
    only,
    posted,
    questions,
    sent,
    set_at,
    success,
    with_sent,
)
from conformance.selftest.proxy import Defect


def env(edit: Any) -> Defect:
    """The server is given other variables than were sent."""

    def change(body: dict[str, Any]) -> None:
        if isinstance(body.get("env"), dict):
            body["env"] = edit(body["env"])

    return posted("POST", zeit.DEPLOYMENTS, change)


def files(edit: Any) -> Defect:
    """The server is given other files than were sent."""

    def change(body: dict[str, Any]) -> None:
        for one in body["files"] if isinstance(body.get("files"), list) else []:
            if isinstance(one, dict):
                edit(one)

    return posted("POST", zeit.DEPLOYMENTS, change)


ZEIT_WRITES: dict[str, tuple[str, Defect]] = {
    # reading and writing
    "a secret needs no value": (
        "zeit.crud.required-fields",
        posted("POST", "/now/secrets", lambda body: body.setdefault("value", "null")),
    ),
    "a log is read once": ("zeit.crud.get-is-safe", zeit.log_read_once),
    "no alias is a success to remove": (
        "zeit.crud.delete-unknown-4xx",
        answers(
            lambda asked, a: asked.method == "DELETE" and "/aliases/" in asked.path and a.status == 404,
            lambda _, a: evolve(a, status=200).with_json({"status": "SUCCESS"}),
        ),
    ),
    "a long project name is cut": (
        "zeit.crud.name-max-52",
        posted(
            "POST", zeit.DEPLOYMENTS, lambda body: body.update(name=str(body["name"])[:52]) if "name" in body else None
        ),
    ),
    "every platform version is 2": (
        "zeit.crud.version-const-2",
        posted("POST", zeit.DEPLOYMENTS, lambda body: body.update(version=2) if "version" in body else None),
    ),
    "createdAt is when it is read": (
        "zeit.crud.deployment-read-back",
        bodies(
            lambda asked, a: asked.method == "GET" and zeit.one_deployment(asked, a),
            lambda body: {**body, "createdAt": body["createdAt"] + 1},
        ),
    ),
    "a deleted deployment is read": (
        "zeit.crud.deployment-deleted",
        only(lambda asked: asked.path.startswith(f"{zeit.DEPLOYMENTS}/"), kept_after_delete),
    ),
    "a domain has a uid for each try": ("zeit.crud.domain-retry-verify", zeit.new_uid_on_retry),
    "aliases stay where a domain goes": ("zeit.crud.domain-delete-cascade", zeit.aliases_left),
    "a domain is bought at any price": (
        "zeit.crud.domain-buy-refusals",
        posted("POST", "/domains/buy", lambda body: body.pop("expectedPrice", None)),
    ),
    "a text record loses its spaces": (
        "zeit.crud.dns-roundtrip",
        posted(
            "POST",
            "/records",
            lambda b: b.get("type") == "TXT" and b.get("value") and b.update(value=str(b["value"]).replace(" ", "")),
        ),
    ),
    "a mail record has priority 0": (
        "zeit.crud.dns-mx-priority",
        posted("POST", "/records", lambda body: body.get("type") == "MX" and body.setdefault("mxPriority", 0)),
    ),
    "a certificate alone does not renew": (
        "zeit.crud.cert-agree",
        bodies(
            lambda asked, a: success(asked, a) and "/certs/" in asked.path,
            lambda body: {**body, "autoRenew": not body["autoRenew"]},
        ),
    ),
    "any text is a private key": ("zeit.crud.cert-submit-pem", zeit.any_private_key),
    "a certificate covers its first domain": (
        "zeit.crud.cert-covers-domains",
        posted("POST", "/now/certs", lambda b: b.get("domains") and b.update(domains=b["domains"][:1])),
    ),
    "a deleted certificate is read": ("zeit.crud.cert-deleted", only(below("/certs/"), kept_after_delete)),
    "an alias moves from where it goes": (
        "zeit.crud.alias-move",
        answers(
            lambda asked, a: at("POST", "/aliases")(asked, a) and b'"oldId"' in a.body,
            lambda asked, a: a.with_json({**a.json, "oldId": asked.path.split("/")[4]}),
        ),
    ),
    "an alias that moved is kept": ("zeit.crud.alias-move", zeit.moved_and_kept),
    "all aliases are as before a delete": (
        "zeit.crud.alias-views-agree",
        only(lambda asked: asked.path.startswith("/v2/now/aliases"), listed_after_delete("aliases")),
    ),
    "a long secret name is cut": (
        "zeit.crud.secret-name-limits",
        posted("POST", "/now/secrets", lambda body: body.get("name") and body.update(name=body["name"][:100])),
    ),
    "a secret is of characters": (
        "zeit.crud.secret-value-bytes",
        bodies(at("POST", "/now/secrets"), zeit.wrong_bytes),
    ),
    "a rename tells the new name twice": (
        "zeit.crud.secret-rename",
        bodies(
            lambda asked, a: asked.method == "PATCH" and "/secrets/" in asked.path and a.status == 200,
            lambda body: {**body, "oldName": body["name"]},
        ),
    ),
    "a deleted secret is listed": (
        "zeit.crud.secret-deleted",
        only(below("/now/secrets"), listed_after_delete("secrets")),
    ),
    "a rename to a used name succeeds": ("zeit.crud.secret-name-unique", zeit.rename_to_a_used_name),
    "a slug is not looked at": ("zeit.crud.team-id-slug-agree", questions(lambda asked: asked.without("slug"))),
    "a new team name is a new slug": (
        "zeit.crud.team-patch-merges",
        only(
            lambda asked: asked.method == "PATCH" and asked.path.count("/") == 3,
            questions(
                lambda asked: (
                    with_sent(asked, {"slug": str(sent(asked).get("name")).lower().replace(" ", "-"), **sent(asked)})
                    if "name" in sent(asked)
                    else asked
                )
            ),
        ),
    ),
    "a role stays what it was": (
        "zeit.crud.team-member-lifecycle",
        only(
            below("/members/"),
            questions(
                lambda asked: with_sent(asked, {"role": "MEMBER"}) if sent(asked).get("role") == "OWNER" else asked
            ),
        ),
    ),
    "no domain is external": (
        "zeit.crud.domain-read-back",
        bodies(at("GET", "/v2/domains"), each("domains", lambda one: one.update(isExternal=False))),
    ),
    "a renamed secret is of another date": ("zeit.crud.secret-rename", zeit.renamed_with_a_new_date),
    "a secret is shown in part": (
        "zeit.crud.secret-value-bytes",
        bodies(at("POST", "/now/secrets"), lambda body: body["value"].update(data=body["value"]["data"][:64])),
    ),
    "an invitation is forgotten": (
        "zeit.crud.team-member-lifecycle",
        bodies(at("GET", "/members"), lambda body: body[:1]),
    ),
    # deployments
    "the third create of a kind is a new deployment": (
        "zeit.deploy-flow.same-input-same-id",
        zeit.third_create_is_new,
    ),
    "a deployment is listed after its delete": ("zeit.crud.deployment-deleted", zeit.listed_as_before_a_delete),
    "files deep in folders are lost": (
        "zeit.deploy-flow.files-roundtrip",
        posted("POST", zeit.DEPLOYMENTS, zeit.shallow),
    ),
    "every create is a new deployment": (
        "zeit.deploy-flow.same-input-same-id",
        questions(lambda asked: asked.having(forceNew="1") if zeit.creates(asked) else asked),
    ),
    "forceNew is not looked at": (
        "zeit.deploy-flow.force-new",
        questions(lambda asked: asked.without("forceNew")),
    ),
    "another env is the same deployment": ("zeit.deploy-flow.changed-input-new-id", zeit.deduplicated_by_files),
    "an upload is of the digest it claims": (
        "zeit.deploy-flow.upload-integrity",
        zeit.stored_under_any_digest,
    ),
    "a size is not looked at": ("zeit.deploy-flow.sha-size-checked", zeit.size_of_the_upload),
    "no file is a file": (
        "zeit.deploy-flow.no-files",
        posted(
            "POST",
            zeit.DEPLOYMENTS,
            lambda body: body.update(files=[{"file": "a", "data": "a"}]) if body.get("files") == [] else None,
        ),
    ),
    "base64 is kept as it is": ("zeit.deploy-flow.inline-base64", files(lambda one: one.pop("encoding", None))),
    "folders are flat": (
        "zeit.deploy-flow.files-roundtrip",
        files(lambda one: "file" in one and one.update(file=str(one["file"]).replace("/", "-"))),
    ),
    "READY is not the end": ("zeit.deploy-flow.state-machine", zeit.ready_then_building),
    "a build of what is READY failed": (
        "zeit.deploy-flow.builds-consistent",
        bodies(at("GET", "/builds"), set_at("builds", "0", "readyState", value="ERROR")),
    ),
    "what is not said to be public is": (
        "zeit.deploy-flow.public-default-false",
        posted("POST", zeit.DEPLOYMENTS, lambda body: body.setdefault("public", True)),
    ),
    "regions are not looked at": (
        "zeit.deploy-flow.regions-subset",
        bodies(zeit.one_deployment, set_at("regions", value=["gru1"])),
    ),
    "100 variables are too many": (
        "zeit.deploy-flow.env-count-100",
        env(lambda found: {**found, "ONE_MORE": "1"} if len(found) == 100 else found),
    ),
    "a hyphen in a key is taken": (
        "zeit.deploy-flow.env-key-charset",
        env(lambda found: {name.replace("-", "_"): value for name, value in found.items()}),
    ),
    "a long key is cut": (
        "zeit.deploy-flow.env-key-256",
        env(lambda found: {name[:256]: value for name, value in found.items()}),
    ),
    "a value of 65536 is too long": (
        "zeit.deploy-flow.env-value-65536",
        env(lambda found: {k: f"{v}." if isinstance(v, str) and len(v) == 65536 else v for k, v in found.items()}),
    ),
    "a number is taken for its text": (
        "zeit.deploy-flow.env-value-object",
        env(lambda found: {k: str(v) if isinstance(v, int) else v for k, v in found.items()}),
    ),
    "a secret that does not exist is text": ("zeit.deploy-flow.env-secret-reference", zeit.unknown_secret_is_text),
    "a foreign secret is missing": (
        "zeit.deploy-flow.env-secret-reference",
        errors("env_secret_forbidden", edit=lambda error: error.update(code="env_secret_missing")),
    ),
    "a team owns nothing": ("zeit.deploy-flow.owner-is-scope", zeit.one_owner_for_all),
    "a url has no project name": (
        "zeit.deploy-flow.name-in-url",
        bodies(zeit.one_deployment, lambda body: {**body, "url": f"x{body['id'][-8:].lower()}.now.sh"}),
    ),
    "routes are dropped": ("zeit.deploy-flow.config-echoed", bodies(zeit.one_deployment, set_at("routes", value=None))),
    "everything is missing": (
        "zeit.deploy-flow.missing-files",
        answers(
            lambda asked, a: coded(asked, a, "missing_files"),
            lambda asked, a: a.with_json(
                {"error": {**a.json["error"], "missing": [one.get("sha") for one in sent(asked)["files"]]}}
            ),
        ),
    ),
}
