"""Defects that a proxy plants in what Netlify answers to reads, and the requirement that each breaks."""

from __future__ import annotations

import base64
import re

from attrs import evolve

from conformance.selftest import netlify_defects as netlify
from conformance.selftest.defect_table_netlify_pages import NETLIFY_PAGES
from conformance.selftest.defect_table_netlify_writes import NETLIFY_WRITES
from conformance.selftest.defects import (
    answers,
    any_credential,
    at,
    below,
    bodies,
    echoed,
    only,
    questions,
    refusal,
    renamed,
    success,
    without_authorization,
)
from conformance.selftest.netlify_defects import (
    API,
    SITES,
    entries,
    single,
    status,
    swapped,
)
from conformance.selftest.proxy import Defect

SITE = rf"{SITES}/[^/]+$"

NETLIFY: dict[str, tuple[str, Defect]] = {
    **NETLIFY_PAGES,
    **NETLIFY_WRITES,
    # what is in a body
    "listed sites have no admin_url": ("netlify.schema.site", entries("/sites", lambda one: one.pop("admin_url"))),
    "premium of a site is a text": ("netlify.schema.site", single(SITE, lambda one: one.update(premium="false"))),
    "sites stand under sites": ("netlify.schema.site", bodies(at("GET", "/sites"), lambda body: {"sites": body})),
    "a site's user is a number": ("netlify.schema.site", single(SITE, lambda one: one.update(user_id=51))),
    "listed deploys have no deploy_url": (
        "netlify.schema.deploy",
        entries("/deploys", lambda one: one.pop("deploy_url", None)),
    ),
    "a deploy of a site says status": (
        "netlify.schema.deploy",
        single(r"/sites/[^/]+/deploys/[^/]+$", renamed("state", "status")),
    ),
    "a restored deploy has no name": (
        "netlify.schema.deploy",
        single(r"/restore$", lambda one: one.pop("name"), "POST"),
    ),
    "old deploys are superseded": (
        "netlify.schema.deploy-state-enum",
        entries("/deploys", lambda one: one["state"] == "old" and one.update(state="superseded")),
    ),
    "the state of a deploy is in capitals": (
        "netlify.schema.deploy-state-enum",
        single(rf"{API}/deploys/[^/]+$", lambda one: one.update(state=one["state"].upper())),
    ),
    "nothing required is null": (
        "netlify.schema.digest-response",
        single(r"/deploys$", lambda one: "required" in one and one.update(required=one["required"] or None), "POST"),
    ),
    "required functions are not told": (
        "netlify.schema.digest-response",
        single(r"/deploys$", lambda one: one.pop("required_functions", None), "POST"),
    ),
    "a file's size is a text": (
        "netlify.schema.file",
        entries("/files", lambda one: one.update(size=str(one["size"]))),
    ),
    "a file's path has no slash": (
        "netlify.schema.file",
        entries("/files", lambda one: one.update(path=one["path"][1:])),
    ),
    "the id of a file is its digest": (
        "netlify.schema.file",
        single(r"/files/", lambda one: one.update(id=one["sha"])),
    ),
    "a file is listed twice": (
        "netlify.schema.file",
        bodies(lambda asked, a: at("GET", "/files")(asked, a) and not asked.query, lambda body: body[:1] + body),
    ),
    "a snippet goes into the body": (
        "netlify.schema.snippet",
        entries("/snippets", lambda one: one.update(general_position="body")),
    ),
    "one snippet has no goal": ("netlify.schema.snippet", single(r"/snippets/\d+$", lambda one: one.pop("goal"))),
    "fields of a form are names": (
        "netlify.schema.form",
        entries("/forms", lambda one: one.update(fields=[field["name"] for field in one["fields"]])),
    ),
    "a form has a path": ("netlify.schema.form", entries("/forms", lambda one: one.update(paths=one["paths"][0]))),
    "forms hold what was submitted": (
        "netlify.schema.form",
        entries(
            "/forms", lambda one: one.update(submissions=[{"id": "1", "data": {}, "created_at": one["created_at"]}])
        ),
    ),
    "a submission's data is a list": (
        "netlify.schema.submission",
        entries("/submissions", lambda one: one.update(data=[{"name": k, "value": v} for k, v in one["data"].items()])),
    ),
    "a submission's number is a text": (
        "netlify.schema.submission",
        entries("/submissions", lambda one: one.update(number=f"#{one['number']}")),
    ),
    "spam has no site_url": (
        "netlify.schema.submission",
        only(
            lambda asked: asked.parameter("state") == "spam", entries("/submissions", lambda one: one.pop("site_url"))
        ),
    ),
    "fields of a hook type are a map": (
        "netlify.schema.hook-type",
        entries("/types", lambda one: one.update(fields={field["name"]: field["options"] for field in one["fields"]})),
    ),
    "events of a hook type are a text": (
        "netlify.schema.hook-type",
        entries("/types", lambda one: one.update(events=",".join(one["events"]))),
    ),
    "a hook was never updated": ("netlify.schema.hook", entries("/hooks", lambda one: one.pop("updated_at"))),
    "a hook is of another site": (
        "netlify.schema.hook",
        entries("/hooks", lambda one: one.update(site_id=one["site_id"][::-1])),
    ),
    "an account has no id": ("netlify.schema.account-id", single(rf"{API}/accounts/[^/]+$", renamed("id", "_id"))),
    "a site was created in seconds": (
        "netlify.types.timestamps",
        entries("/sites", lambda one: one.update(created_at=1379394788)),
    ),
    "a deploy's times have no zone": (
        "netlify.types.timestamps",
        entries("/deploys", lambda one: one.update(updated_at=one["updated_at"].rstrip("Z"))),
    ),
    "a form was created on a day": (
        "netlify.types.timestamps",
        entries("/forms", lambda one: one.update(created_at=one["created_at"][:10])),
    ),
    "a hook was created in 2015 as it is spoken": (
        "netlify.types.timestamps",
        entries("/hooks", lambda one: one.update(created_at="Tue, 20 Oct 2015 21:51:51 GMT")),
    ),
    "snippet ids are words": (
        "netlify.types.ids",
        entries("/snippets", lambda one: one.update(id=f"snippet-{one['id']}")),
    ),
    "all hooks have one id": (
        "netlify.types.ids",
        bodies(at("GET", "/hooks"), lambda b: [{**h, "id": b[0]["id"]} for h in b]),
    ),
    "one submission has no id": (
        "netlify.types.ids",
        bodies(at("GET", "/submissions"), lambda body: body and body[-1].update(id="")),
    ),
    "digests of files are base64": (
        "netlify.types.sha-hex",
        entries("/files", lambda one: one.update(sha=base64.b64encode(bytes.fromhex(one["sha"])).decode())),
    ),
    "what is required has sha1- in front": (
        "netlify.types.sha-hex",
        single(
            r"/deploys$", lambda one: one.update(required=[f"sha1-{sha}" for sha in one.get("required", [])]), "POST"
        ),
    ),
    # agreement of what is read in two ways
    "listed sites have the names of others": (
        "netlify.crud.list-get-agree",
        bodies(at("GET", "/sites"), netlify.of_another("name")),
    ),
    "a listed snippet has head and goal swapped": (
        "netlify.crud.list-get-agree",
        entries("/snippets", lambda one: swapped(one, "general", "goal")),
    ),
    "a listed file is one byte longer": (
        "netlify.crud.list-get-agree",
        entries("/files", lambda one: one.update(size=one["size"] + 1)),
    ),
    "a single deploy is of another time": (
        "netlify.crud.list-get-agree",
        single(r"/sites/[^/]+/deploys/[^/]+$", lambda one: one.update(created_at="2026-01-01T00:00:00.000Z")),
    ),
    "listed variables are masked": (
        "netlify.crud.list-get-agree",
        entries("/env", lambda one: one.update(values=[{**value, "value": "****"} for value in one["values"]])),
    ),
    "the global deploy has another id": (
        "netlify.deploy-flow.deploy-paths-agree",
        single(rf"{API}/deploys/[^/]+$", lambda one: one.update(id=f"{one['id'][:-1]}0")),
    ),
    "the global deploy is uploading for ever": (
        "netlify.deploy-flow.deploy-paths-agree",
        single(rf"{API}/deploys/[^/]+$", lambda one: one["state"] == "ready" and one.update(state="uploading")),
    ),
    "parts of a site have no domain": ("netlify.crud.site-id-or-domain", netlify.by_id_alone),
    "a domain leads to another site": ("netlify.crud.site-id-or-domain", netlify.two_names_two_sites),
    "an account's variables have no slug": (
        "netlify.crud.account-id-or-slug",
        questions(lambda a: evolve(a, path=re.sub(r"/accounts/[a-z-]+/env", "/accounts/none/env", a.path))),
    ),
    "reading a site updates it": ("netlify.crud.get-is-safe", netlify.touched),
    "submissions are read once": ("netlify.crud.get-is-safe", netlify.fewer_each_time("/submissions")),
    # framing
    "one list is a page": (
        "netlify.content-type.json-responses",
        answers(
            at("GET", "/forms"),
            lambda _, a: a.with_header("Content-Type", "text/html").with_body(b"<html><body>Forms</body></html>"),
        ),
    ),
    "bytes stand behind a deploy": (
        "netlify.content-type.json-responses",
        answers(at("GET", "/deploys"), lambda _, a: a.with_body(a.body + b"\nnull")),
    ),
    "a list begins with a BOM": (
        "netlify.content-type.json-responses",
        answers(at("GET", "/snippets"), netlify.marked),
    ),
    "a length is too large": (
        "netlify.content-type.json-responses",
        answers(at("GET", "/metadata"), lambda _, a: a.over_the_wire(length=len(a.body) + 7)),
    ),
    "a list is a callback": (
        "netlify.content-type.json-responses",
        answers(at("GET", "/types"), lambda _, a: a.with_body(b"callback(" + a.body + b")")),
    ),
    "the raw media type is not looked at": (
        "netlify.content-type.raw-media-type",
        only(
            below("/files/"),
            questions(
                lambda asked: (
                    evolve(asked, headers={**asked.headers, "content-type": "application/json", "accept": "*/*"})
                    if asked.method == "GET"
                    else asked
                )
            ),
        ),
    ),
    "a raw file is base64": (
        "netlify.content-type.raw-media-type",
        answers(
            lambda asked, a: success(asked, a) and "/files/" in asked.path and a.body[:1] != b"{",
            lambda _, a: a.with_body(base64.b64encode(a.body)),
        ),
    ),
    # who may
    "a made-up token will do": ("netlify.auth.bad-token-denied", any_credential),
    "a made-up token will do for snippets": ("netlify.auth.bad-token-denied", only(below("/snippets"), any_credential)),
    "no token is as good as the last one": ("netlify.auth.no-token-denied", without_authorization),
    "no token is an empty list": (
        "netlify.auth.no-token-denied",
        answers(
            lambda asked, a: a.status == 401 and "authorization" not in asked.headers and asked.method == "GET",
            lambda _, a: evolve(a, status=200).with_json([]),
        ),
    ),
    "without a token the first is shown": ("netlify.auth.no-token-denied", netlify.first_without_token),
    "a token never expires": ("netlify.auth.expired-token-denied", netlify.once_good_is_good),
    "single sign-on is not asked for": (
        "netlify.auth.saml-denied-by-default",
        netlify.as_anyone(below("/accounts/sso-team"), 403),
    ),
    "a member lists what only an Owner does": ("netlify.auth.shared-env-owner-only", netlify.shared_for_members),
    "foreign sites are read": (
        "netlify.auth.foreign-site-denied",
        netlify.as_anyone(lambda asked: asked.method == "GET" and asked.path.startswith(SITES), 404),
    ),
    "foreign deploys are read by their id": (
        "netlify.auth.foreign-site-denied",
        netlify.as_anyone(lambda asked: asked.method == "GET" and asked.path.startswith(f"{API}/deploys/"), 404),
    ),
    "foreign sites are listed": ("netlify.auth.foreign-site-denied", netlify.everybody_is_listed),
    "the token comes back in base64": ("netlify.security.token-never-echoed", answers(success, echoed)),
    "a 401 quotes the token": (
        "netlify.security.token-never-echoed",
        answers(lambda _, answer: answer.status == 401, netlify.quoted_token),
    ),
    # errors
    "a refusal is a text": ("netlify.errors.errors-shape", bodies(refusal, lambda _: "Not Found")),
    "a refusal says nothing": (
        "netlify.errors.errors-shape",
        bodies(lambda _, a: a.status == 404 and bool(a.body), lambda _: {}),
    ),
    "a 401 is HTML": (
        "netlify.errors.errors-shape",
        answers(
            lambda _, a: a.status == 401, lambda _, a: a.with_header("Content-Type", "text/html").with_body(b"<p>")
        ),
    ),
    "an unknown snippet crashes": (
        "netlify.errors.unknown-id-404",
        status(lambda asked, a: "/snippets/" in asked.path and a.status == 404, 500),
    ),
    "an unknown form has no submissions": (
        "netlify.errors.unknown-id-404",
        answers(
            lambda asked, a: asked.path.startswith(f"{API}/forms/") and a.status == 404,
            lambda _, a: evolve(a, status=200).with_json([]),
        ),
    ),
    "an unknown hook is deleted": (
        "netlify.errors.unknown-id-404",
        answers(
            lambda asked, a: asked.method == "DELETE" and "/hooks/" in asked.path and a.status == 404,
            lambda _, a: evolve(a, status=204).with_body(b""),
        ),
    ),
    "an unknown variable is an empty one": (
        "netlify.errors.unknown-id-404",
        answers(
            lambda asked, a: asked.method == "GET" and "/env/" in asked.path and a.status == 404,
            lambda _, a: evolve(a, status=200).with_json({}),
        ),
    ),
    "another method is a GET": (
        "netlify.errors.method-not-allowed",
        lambda asked, ask, _: ask(evolve(asked, method="GET", body=b"")) if (a := ask(asked)).status == 405 else a,
    ),
    "another method is a 500": (
        "netlify.errors.method-not-allowed",
        status(lambda _, answer: answer.status == 405, 500),
    ),
    # versions
    "every version is the first": (
        "netlify.versioning.unknown-version-rejected",
        questions(lambda asked: evolve(asked, path=re.sub(r"^/api/v\d+/", "/api/v1/", asked.path))),
    ),
}
