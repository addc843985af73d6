"""Defects that a proxy plants in servers it knows nothing of, and the requirement that each breaks."""

from __future__ import annotations

from conformance.selftest.defect_table_zeit import ZEIT
from conformance.selftest.defects import (
    answers,
    any_credential,
    at,
    bodies,
    cached_cursors,
    counted_down,
    deleted_unknown,
    double_key,
    dropped_later,
    echoed,
    error_member,
    first_page_again,
    header,
    kept_after_delete,
    link_edit,
    listed_after_delete,
    longer,
    method_swallowed,
    moved,
    nothing_created,
    on_null,
    pagination,
    plan,
    put_as_patch_of_first,
    questions,
    refusal,
    reversed_where_small,
    set_at,
    success,
    text_cursor,
    without_authorization,
)
from conformance.selftest.proxy import Answered, Defect

DEFECTS: dict[str, tuple[str, Defect]] = {
    **ZEIT,
    # what is in a body
    "vcpu_count is a text": ("vultr.schema.plans-item", plan(vcpu_count="1")),
    "a plan has no locations": ("vultr.schema.plans-item", plan(locations=None)),
    "an application is of a third type": (
        "vultr.schema.applications-item",
        bodies(at("GET", "/applications"), set_at("applications", "0", "type", value="oneclick")),
    ),
    "the account is a list": (
        "vultr.schema.account-object",
        bodies(at("GET", "/account"), lambda body: {"account": [body["account"]]}),
    ),
    "plans stand under data": ("vultr.schema.named-root", bodies(at("GET", "/plans"), lambda b: {"data": b["plans"]})),
    "a list is a bare array": (
        "vultr.schema.get-returns-object",
        bodies(at("GET", "/backups"), lambda body: body["backups"]),
    ),
    "a success has an error": (
        "vultr.errors.no-error-in-2xx",
        bodies(at("GET", "/account"), lambda body: {**body, "error": ""}),
    ),
    "a project is named twice": ("vercel.types.map-unique-keys", answers(at("GET", "/v9/projects"), double_key)),
    "projects are a map": (
        "vercel.schema.projects-list-key",
        bodies(at("GET", "/v9/projects"), lambda b: {**b, "projects": {p["id"]: p for p in b["projects"]}}),
    ),
    "an id is a number": (
        "vercel.types.id-string-unique",
        bodies(at("GET", "/v9/projects"), set_at("projects", "0", "id", value=7)),
    ),
    "a resource has no type": (
        "snyk.schema.resource-object",
        bodies(at("GET", "/projects"), lambda body: [one.pop("type") for one in body["data"]] and body),
    ),
    "a list of one is an object": (
        "snyk.schema.collection-is-array",
        bodies(at("GET", "/targets"), lambda body: {**body, "data": (body["data"] or [{}])[0]}),
    ),
    "jsonapi is gone": (
        "snyk.schema.jsonapi-member",
        bodies(lambda asked, answer: success(asked, answer), lambda body: body.pop("jsonapi", None) and body),
    ),
    # framing
    "a refusal is HTML": (
        "vultr.content-type.response-json",
        answers(refusal, lambda _, answer: answer.with_header("Content-Type", "text/html").with_body(b"<h1>No</h1>")),
    ),
    "a list says it is a text": (
        "vercel.content-type.response-json",
        header(success, "Content-Type", "text/plain"),
    ),
    "JSON:API says it is a text": (
        "snyk.content-type.response-media-type",
        header(success, "Content-Type", "text/plain"),
    ),
    "a 204 has a body": (
        "vultr.schema.no-content-empty",
        answers(lambda _, answer: answer.status == 204, lambda _, answer: answer.with_body(b'{"done": true}')),
    ),
    "a body is cut off": (
        "vultr.content-type.response-json",
        answers(at("GET", "/plans"), lambda _, answer: answer.with_body(answer.body[:-3])),
    ),
    "bytes stand behind the JSON": (
        "vercel.content-type.response-json",
        answers(success, lambda _, answer: answer.with_body(answer.body + b"\n<!-- 12 ms -->")),
    ),
    "bytes stand behind the JSON of one list": (
        "vultr.content-type.response-json",
        answers(at("GET", "/plans"), lambda _, answer: answer.with_body(answer.body + b"OK")),
    ),
    "a Content-Length is too large": (
        "vultr.content-type.response-json",
        answers(at("GET", "/plans"), lambda _, answer: answer.over_the_wire(length=len(answer.body) + 10)),
    ),
    "a Content-Length is too small": (
        "vercel.content-type.response-json",
        answers(at("GET", "/v9/projects"), lambda _, answer: answer.over_the_wire(length=len(answer.body) - 10)),
    ),
    "gzip that is none": (
        "vultr.content-type.response-json",
        header(at("GET", "/applications"), "Content-Encoding", "gzip"),
    ),
    "a cursor has moved": ("vultr.pagination.walk-exactly-once", moved("cursor")),
    "until has moved": ("vercel.pagination.walk-exactly-once", moved("until")),
    "a list is dropped after its first answer": (
        "vercel.pagination.walk-exactly-once",
        dropped_later(at("GET", "/v9/projects")),
    ),
    "a refusal is dropped": (
        "vultr.auth.bad-key-401",
        answers(lambda _, answer: answer.status == 401, lambda _, answer: answer.dropped()),
    ),
    "a refusal has a NUL in a header": (
        "vercel.auth.bad-token-403",
        answers(lambda _, answer: answer.status == 403, lambda _, answer: answer.over_the_wire(X_Trace="a\0b")),
    ),
    "a null crashes": ("vultr.crud.post-required", on_null(lambda answer: answer.dropped())),
    # errors
    "an error says message only": (
        "vultr.errors.error-attribute",
        bodies(refusal, lambda body: {"message": body["error"]}),
    ),
    "an error has no code": ("vercel.errors.envelope", bodies(refusal, set_at("error", "code", value=""))),
    "an error's status is a number": ("snyk.errors.error-members", error_member(status=404)),
    "an error's status is another": ("snyk.errors.error-status-matches", error_member(status="500")),
    "what is unknown is an empty success": (
        "vultr.errors.unknown-404",
        answers(at("GET", "", 404), lambda _, answer: Answered(200, answer.headers, b"{}").with_json({})),
    ),
    "a malformed body crashes": (
        "vultr.errors.malformed-400",
        answers(at("POST", "/domains", 400), lambda _, answer: Answered(500, answer.headers, answer.body)),
    ),
    # pages
    "total counts the page": (
        "vultr.pagination.total-is-full-list",
        bodies(at("GET", "/plans"), lambda b: {**b, "meta": {**b["meta"], "total": len(b["plans"])}}),
    ),
    "total is a text": (
        "vultr.pagination.meta-shape",
        bodies(at("GET", "/backups"), lambda b: {**b, "meta": {**b["meta"], "total": str(b["meta"]["total"])}}),
    ),
    "a page is one too long": ("vultr.pagination.per-page-honoured", longer("per_page")),
    "a page of projects is one too long": ("vercel.pagination.limit-honoured", longer("limit")),
    "per_page is not passed on": ("vultr.pagination.per-page-honoured", questions(lambda a: a.without("per_page"))),
    "every cursor leads to one page": ("vultr.pagination.walk-exactly-once", cached_cursors("cursor")),
    "every until leads to one page": ("vercel.pagination.walk-exactly-once", cached_cursors("until")),
    "every starting_after leads to one page": ("snyk.pagination.walk-exactly-once", cached_cursors("starting_after")),
    "small pages are in reverse": ("vultr.pagination.walk-exactly-once", reversed_where_small("plans", "per_page")),
    "a cursor is a text": ("vultr.pagination.cursor-alphabet", bodies(success, text_cursor)),
    "prev leads to its own page": ("vultr.pagination.prev-roundtrip", first_page_again),
    "the end is told by a cursor": (
        "vultr.pagination.last-page-no-next",
        bodies(
            lambda asked, answer: success(asked, answer) and b'"meta"' in answer.body,
            lambda body: (
                body["meta"]["links"].update(next="bmV4dA==") if not body["meta"]["links"].get("next") else None
            ),
        ),
    ),
    "count is one too many": ("vercel.pagination.count-is-page-length", pagination(count=99)),
    "next is in seconds": (
        "vercel.types.date-is-ms",
        bodies(
            lambda asked, answer: success(asked, answer) and b"pagination" in answer.body,
            lambda b: {**b, "pagination": {**b["pagination"], "next": (b["pagination"]["next"] or 0) // 1000 or None}},
        ),
    ),
    "next is gone at the end": (
        "vercel.pagination.next-null-on-last-page",
        bodies(
            lambda asked, answer: success(asked, answer) and b"pagination" in answer.body,
            lambda b: {**b, "pagination": {k: v for k, v in b["pagination"].items() if k != "next" or v is not None}},
        ),
    ),
    "a list ends after its first page": ("vercel.pagination.next-set-while-more", pagination(next=None)),
    # links
    "next forgets the version": (
        "snyk.pagination.links-keep-context",
        link_edit("next", lambda link: link.replace("version=", "was=")),
    ),
    "next has a space": ("snyk.pagination.links-are-urls", link_edit("next", lambda link: f"{link} x")),
    "no next is an empty text": (
        "snyk.pagination.links-edge-null-or-absent",
        bodies(at("GET", "/projects"), lambda b: {**b, "links": {"next": "", "prev": "", **(b.get("links") or {})}}),
    ),
    "a cursor of links is not passed on": (
        "snyk.pagination.walk-exactly-once",
        questions(lambda asked: asked.without("starting_after")),
    ),
    "next of one list leads to the other": (
        "snyk.pagination.links-keep-context",
        link_edit("next", lambda link: link.replace("/projects?", "/targets?")),
    ),
    # who may
    "nobody is asked for a credential": ("vultr.auth.no-key-401", without_authorization),
    "nobody is asked for a token": ("vercel.auth.no-token-403", without_authorization),
    "any credential will do": ("vultr.auth.bad-key-401", any_credential),
    "any token will do": ("snyk.auth.bad-token-401", any_credential),
    "the refusal is another": (
        "vercel.auth.bad-token-403",
        answers(lambda _, answer: answer.status == 403, lambda _, a: Answered(401, a.headers, a.body)),
    ),
    "the credential comes back in base64": ("vultr.security.key-never-echoed", answers(success, echoed)),
    # limits
    "no Remaining": ("vercel.rate-limit.headers-on-all", header(success, "X-RateLimit-Remaining", None)),
    "Remaining is more than Limit": (
        "vercel.rate-limit.headers-sane",
        header(success, "X-RateLimit-Remaining", "9999999"),
    ),
    "Remaining goes up": ("vercel.rate-limit.remaining-monotone", counted_down),
    "Reset is a delta": ("vercel.rate-limit.reset-epoch-seconds", header(success, "X-RateLimit-Reset", "60")),
    "a limit is told by 403": (
        "vercel.rate-limit.exceeded-429",
        answers(lambda _, answer: answer.status == 429, lambda _, a: Answered(403, a.headers, a.body)),
    ),
    # writes
    "a create answers another name": (
        "vultr.crud.post-creates",
        bodies(at("POST", "/domains", 201), set_at("domain", "domain", value="other.example.com")),
    ),
    "a create answers 200": (
        "vultr.crud.post-creates",
        answers(at("POST", "/domains", 201), lambda _, answer: Answered(200, answer.headers, answer.body)),
    ),
    "a create comes to nothing": ("vultr.crud.post-creates", nothing_created(201)),
    "a delete keeps what it deleted": ("vultr.crud.delete-then-404", kept_after_delete),
    "a list keeps what was deleted": ("vultr.crud.delete-then-404", listed_after_delete("domains")),
    "a delete of nothing succeeds": ("vultr.crud.delete-missing-4xx", deleted_unknown),
    "a PATCH goes nowhere": ("vultr.crud.patch-partial", method_swallowed("PATCH")),
    "a PUT goes nowhere": ("vultr.crud.put-sets", method_swallowed("PUT")),
    "only the first PUT counts": ("vultr.crud.put-sets", put_as_patch_of_first),
    # versions
    "every version is served": (
        "snyk.versioning.version-invalid-4xx",
        questions(lambda asked: asked.having(version="2024-10-15") if asked.parameter("version") else asked),
    ),
    "no version is needed": (
        "snyk.versioning.version-required",
        questions(lambda asked: asked if asked.parameter("version") else asked.having(version="2024-10-15")),
    ),
    "Sunset is an ISO date": (
        "snyk.versioning.sunset-format",
        answers(success, lambda _, a: a.with_header("Sunset", "2030-01-01") if a.header("Sunset") else a),
    ),
    # filters
    "a filter is dropped": ("vultr.crud.filter-sound", questions(lambda asked: asked.without("type"))),
    "all leaves one out": (
        "vultr.crud.filter-complete",
        lambda asked, ask, _: ask(asked.having(type="one-click") if asked.parameter("type") == "all" else asked),
    ),
}
