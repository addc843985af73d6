"""Defects that a proxy plants in what Netlify writes and deploys, and the requirement that each breaks."""

from __future__ import annotations

import json
import re
from typing import Any

from attrs import evolve

from conformance.selftest import netlify_deploy_defects as deploy
from conformance.selftest import netlify_write_defects as netlify
from conformance.selftest.defects import (
    answers,
    below,
    kept_after_delete,
    only,
    questions,
    sent,
    with_sent,
)
from conformance.selftest.netlify_defects import API, SITES, entries, listed, password_told, single, status
from conformance.selftest.netlify_write_defects import SITE, given, is_zip, matches, still_there, swallowed
from conformance.selftest.proxy import Asked, Defect, Within

ENV = rf"{API}/accounts/[^/]+/env"


def of(method: str, pattern: str) -> Any:
    return lambda asked: matches(asked, method, pattern)


def variables(edit: Any) -> Defect:
    """The server is given other variables than were sent."""

    def change(asked: Asked) -> Asked:
        if not matches(asked, "POST", ENV) or asked.body[:1] != b"[":
            return asked
        try:
            body = json.loads(asked.body)
        except ValueError:
            return asked
        for one in body:
            if isinstance(one, dict) and isinstance(one.get("values"), list):
                edit(one)
        return evolve(asked, body=json.dumps(body).encode())

    return questions(change)


def made_up_hook(**members: Any) -> Defect:
    """What a new hook may not have is taken for something that it may."""

    def defect(asked: Asked, ask: Any, _: Any) -> Any:
        answer = ask(asked)
        if asked.method == "POST" and asked.path == f"{API}/hooks" and answer.status == 422 and sent(asked):
            again = ask(with_sent(asked, {**sent(asked), **members}))
            return again if again.status < 300 else answer
        return answer

    return defect


NETLIFY_WRITES: dict[str, tuple[str, Defect]] = {
    # sites
    "a new site's name has a suffix": (
        "netlify.crud.site-create",
        given(of("POST", SITES), lambda b: b.update(name=f"{b['name']}-1") if isinstance(b.get("name"), str) else None),
    ),
    "a new site has no domain": (
        "netlify.crud.site-create",
        given(of("POST", SITES), lambda body: body.pop("custom_domain", None)),
    ),
    "a site of a team is the user's": (
        "netlify.crud.site-create-team",
        questions(lambda a: evolve(a, path=SITES) if matches(a, "POST", rf"{API}/[a-z-]+/sites/") else a),
    ),
    "PATCH replaces a site": (
        "netlify.crud.site-patch-merges",
        given(of("PATCH", SITE), lambda body: {"custom_domain": None, "force_ssl": False, **body}),
    ),
    "PATCH leaves processing_settings": (
        "netlify.crud.site-patch-merges",
        given(of("PATCH", SITE), lambda body: body.pop("processing_settings", None) and None),
    ),
    "PUT leaves processing_settings and domain": (
        "netlify.crud.site-put-updates",
        given(
            of("PUT", SITE),
            lambda body: (body.pop("processing_settings", None) and None) or (body.pop("custom_domain", None) and None),
        ),
    ),
    "PUT of a site goes nowhere": (
        "netlify.crud.site-put-updates",
        only(lambda asked: not is_zip(asked), swallowed("PUT", SITE)),
    ),
    "a deleted site is read": (
        "netlify.crud.site-delete",
        only(lambda asked: re.fullmatch(SITE, asked.path) is not None, kept_after_delete),
    ),
    "a deleted site is listed": ("netlify.crud.site-delete", still_there(SITE, "/sites")),
    "a deleted site is a 204": (
        "netlify.crud.site-delete-200",
        status(lambda asked, a: matches(asked, "DELETE", SITE) and a.status == 200, 204),
    ),
    "a password is told": ("netlify.security.site-password-write-only", password_told),
    "a certificate needs no domain": (
        "netlify.crud.ssl-precondition",
        answers(
            lambda asked, a: asked.path.endswith("/ssl") and a.status == 422,
            lambda _, a: evolve(a, status=200).with_json({"state": "issued", "domains": []}),
        ),
    ),
    "no certificate is given": (
        "netlify.crud.ssl-activates",
        status(lambda asked, a: asked.path.endswith("/ssl") and a.status == 200, 422),
    ),
    "variables are kept with a site": ("netlify.crud.site-no-env", netlify.env_kept),
    # metadata and variables
    "metadata is merged": ("netlify.crud.metadata-replaces", netlify.metadata_merged),
    "metadata is merged from the second on": ("netlify.crud.metadata-replaces", netlify.merged_on_the_second),
    "a PUT of metadata goes nowhere": ("netlify.crud.metadata-replaces", swallowed("PUT", rf"{SITE}/metadata")),
    "a variable has all scopes": (
        "netlify.crud.env-create-get",
        variables(lambda one: one.update(scopes=["builds", "functions", "runtime", "post_processing"])),
    ),
    "a variable has one value": (
        "netlify.crud.env-create-get",
        variables(lambda one: one.update(values=one["values"][:1])),
    ),
    "PUT of a variable adds values": ("netlify.crud.env-put-replaces", netlify.values_added),
    "PATCH of a variable replaces": ("netlify.crud.env-patch-upserts", netlify.one_value_alone),
    "PATCH of a variable goes nowhere": ("netlify.crud.env-patch-upserts", swallowed("PATCH", rf"{ENV}/[^/]+")),
    "a deleted variable is read": ("netlify.crud.env-delete", only(below("/env/"), kept_after_delete)),
    "one value deleted is all": ("netlify.crud.env-delete", netlify.all_values_deleted),
    "PUT of an unknown variable makes it": ("netlify.crud.env-update-needs-existing", netlify.made_by_put("PUT")),
    "PATCH of an unknown variable makes it": ("netlify.crud.env-update-needs-existing", netlify.made_by_put("PATCH")),
    # snippets
    "the first snippet is none": (
        "netlify.crud.snippet-crud",
        questions(lambda asked: evolve(asked, path=re.sub("/snippets/0$", "/snippets/999999", asked.path))),
    ),
    "a snippet is escaped": (
        "netlify.crud.snippet-crud",
        given(
            of("POST", rf"{SITE}/snippets"),
            lambda b: isinstance(b.get("general"), str) and b.update(general=b["general"].replace("<", "&lt;")),
        ),
    ),
    "PUT of a snippet goes nowhere": (
        "netlify.crud.snippet-crud",
        swallowed("PUT", rf"{SITE}/snippets/[^/]+"),
    ),
    "a deleted snippet is read": ("netlify.crud.snippet-crud", only(below("/snippets/"), kept_after_delete)),
    "snippets are renumbered": ("netlify.crud.snippet-ids-stable", netlify.renumbered),
    # forms
    "spam is listed for a form": (
        "netlify.crud.submissions-verified-default",
        netlify.spam_too(rf"{API}/forms/[^/]+/submissions"),
    ),
    "spam is listed for a site": (
        "netlify.crud.submissions-verified-default",
        netlify.spam_too(rf"{SITE}/submissions"),
    ),
    "spam of a site lacks one": (
        "netlify.crud.submissions-site-union",
        answers(
            lambda asked, a: listed(asked, a) and matches(asked, "GET", rf"{SITE}/submissions"),
            lambda asked, a: a.with_json(a.json[:-1]) if asked.parameter("state") else a,
        ),
    ),
    "spam stays verified": (
        "netlify.crud.spam-ham-toggle",
        questions(lambda a: evolve(a, path=re.sub("/spam$", "/ham", a.path)) if a.method == "PUT" else a),
    ),
    "spam is toggled": ("netlify.crud.spam-ham-toggle", netlify.toggled),
    "a deleted submission is listed": (
        "netlify.crud.submission-delete",
        still_there(rf"{API}/submissions/[^/]+", "/submissions"),
    ),
    "a form leaves its submissions": ("netlify.crud.form-delete", netlify.form_deleted_alone),
    "a deleted form is listed": ("netlify.crud.form-delete", still_there(rf"{SITE}/forms/[^/]+", "/forms")),
    "a form counts for all": (
        "netlify.crud.form-count",
        answers(lambda asked, a: listed(asked, a) and asked.path.endswith("/forms"), netlify.counted_for_the_site),
    ),
    "the count is one too many": (
        "netlify.crud.form-count",
        entries("/forms", lambda one: one.update(submission_count=one["submission_count"] + 1)),
    ),
    "a deleted form is submitted to": (
        "netlify.crud.form-delete-site-404",
        status(lambda asked, a: asked.method == "POST" and asked.path.startswith("/_site/") and a.status == 404, 200),
    ),
    # hooks
    "a hook is of deploys": (
        "netlify.crud.hook-create",
        given(
            of("POST", f"{API}/hooks"),
            lambda b: b.get("event") == "submission_created" and b.update(event="deploy_created"),
        ),
    ),
    "a listed hook has no data": ("netlify.crud.hook-create", entries("/hooks", lambda one: one.update(data={}))),
    "hooks of all sites are listed": ("netlify.schema.hook", netlify.hooks_of_all),
    "an unknown event is the first": ("netlify.crud.hook-type-event-valid", made_up_hook(event="submission_created")),
    "a hook needs no field": (
        "netlify.crud.hook-type-event-valid",
        made_up_hook(data={"url": "https://hook.example/", "email": "a@mail.example"}),
    ),
    "a deleted hook is listed": ("netlify.crud.hook-delete", still_there(rf"{API}/hooks/[^/]+", "/hooks")),
    "a hook that is gone is kept": (
        "netlify.crud.hook-410-removes",
        Within(lambda server: setattr(server, "notices", netlify.GoneIsKept())),
    ),
    "every event is every hook's": (
        "netlify.crud.hook-fires-on-event",
        Within(lambda server: setattr(server, "notices", netlify.EveryEvent())),
    ),
    "a hook of a form is the site's": (
        "netlify.crud.hook-form-scope",
        given(of("POST", f"{API}/hooks"), lambda b: (b.pop("form_id", None) and None) or b.pop("form_name", None)),
    ),
    # deploys
    "what is required comes twice": (
        "netlify.deploy-flow.required-subset",
        single("/deploys$", lambda one: "required" in one and one.update(required=one["required"] * 2), "POST"),
    ),
    "what is required is not of the digest": (
        "netlify.deploy-flow.required-subset",
        single("/deploys$", lambda one: one.get("required") and one["required"].append("0" * 40), "POST"),
    ),
    "all files are required": (
        "netlify.deploy-flow.required-only-missing",
        answers(
            lambda asked, a: netlify.deploys(asked) and a.status == 200 and isinstance(sent(asked).get("files"), dict),
            lambda asked, a: a.with_json({**a.json, "required": sorted(set(sent(asked)["files"].values()))}),
        ),
    ),
    "one file of those that are missing is required": (
        "netlify.deploy-flow.upload-required-only",
        deploy.flow(deploy.OneIsMissing),
    ),
    "a deploy with holes is ready": ("netlify.deploy-flow.ready-needs-uploads", deploy.prepared_at_once),
    "any bytes are the file's": ("netlify.deploy-flow.upload-integrity", deploy.flow(deploy.AnyBytes)),
    "a second upload is a conflict": ("netlify.deploy-flow.upload-retry-safe", deploy.second_upload_refused),
    "a path is kept as in the URL": ("netlify.deploy-flow.path-escaping", deploy.literal_spaces),
    "a plus is a space": ("netlify.deploy-flow.path-escaping", deploy.plus_is_a_space),
    "functions are not waited for": ("netlify.deploy-flow.function-upload", deploy.flow(deploy.FunctionsOptional)),
    "functions are refused": (
        "netlify.deploy-flow.function-upload",
        answers(
            lambda asked, a: asked.method == "PUT" and "/functions/" in asked.path and a.status == 200,
            lambda _, a: evolve(a, status=415).with_json({"code": 415, "message": "Unsupported Media Type"}),
        ),
    ),
    "any runtime is js": (
        "netlify.deploy-flow.function-runtime-invalid",
        questions(lambda asked: asked.having(runtime="js") if "/functions/" in asked.path else asked),
    ),
    "ready is not the end": ("netlify.deploy-flow.async-states", deploy.back_to_uploading),
    "a prepared deploy does not say what is required": (
        "netlify.deploy-flow.async-states",
        single("/deploys/[^/]+$", lambda one: one.pop("required", None)),
    ),
    "a deploy is below any site": ("netlify.deploy-flow.deploy-wrong-site", deploy.any_site_will_do),
    "what is ready is not live": ("netlify.deploy-flow.ready-is-live", deploy.flow(deploy.NeverLive)),
    "every deploy is current": (
        "netlify.deploy-flow.ready-is-live",
        entries("/deploys", lambda one: one["state"] == "old" and one.update(state="current")),
    ),
    "old files stay": ("netlify.deploy-flow.atomic-files", deploy.flow(deploy.OldToo)),
    "files are live one by one": ("netlify.deploy-flow.atomic-files", deploy.flow(deploy.FilesAtOnce)),
    "a draft goes live": ("netlify.deploy-flow.draft-not-published", deploy.flow(deploy.Drafts)),
    "a restore is a copy": ("netlify.deploy-flow.restore-makes-current", deploy.restored_copy),
    "a restore is one in name": ("netlify.deploy-flow.restore-makes-current", deploy.restored_in_name),
    "folders of an archive are left out": (
        "netlify.deploy-flow.zip-deploy",
        deploy.zipped_anew(lambda files: {p: c for p, c in files.items() if "/" not in p} or files),
    ),
    "ends of lines are changed in an archive": (
        "netlify.deploy-flow.zip-equals-digest",
        deploy.zipped_anew(lambda files: {path: content.replace(b"\n", b"\r\n") for path, content in files.items()}),
    ),
    "an archive to a site is not looked at": ("netlify.deploy-flow.zip-put-site", deploy.zip_put_ignored),
    "the archive of a new site is not looked at": (
        "netlify.deploy-flow.create-with-deploy",
        deploy.site_without_deploy,
    ),
    "the digest of a new site is not looked at": (
        "netlify.deploy-flow.create-with-deploy",
        given(of("POST", SITES), lambda body: body.pop("files", None)),
    ),
    "an archive may hold any number of files": ("netlify.deploy-flow.zip-25000", deploy.any_number_of_files),
    "pages are read as visitors see them": ("netlify.deploy-flow.files-are-originals", deploy.injected),
    "the oldest deploy is not listed": (
        "netlify.deploy-flow.deploys-listed",
        answers(
            lambda asked, a: (
                listed(asked, a) and asked.path.endswith("/deploys") and 'rel="next"' not in (a.header("Link") or "")
            ),
            lambda _, a: a.with_json(a.json[:-1]),
        ),
    ),
    "deploys have no limit": (
        "netlify.rate-limit.deploy-limits",
        Within(deploy.without_deploy_limits),
    ),
    "what is refused for the limit is deployed": (
        "netlify.rate-limit.deploy-limits",
        deploy.written_though_429(rf"{SITE}/deploys"),
    ),
    "what is refused for the limit is done with the next call": (
        "netlify.rate-limit.exceeded",
        deploy.written_though_429(rf"{API}/(?!.*deploys).*"),
    ),
}
