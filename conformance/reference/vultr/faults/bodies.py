"""Faults of the Vultr server in the form of its answers: media types, schemas, errors."""

from __future__ import annotations

from typing import Any

from werkzeug.http import HTTP_STATUS_CODES

from conformance.reference.edits import (
    ANY,
    REFUSED,
    change,
    crash,
    drop_header,
    header,
    html,
    instead,
    put,
    raw,
    rename,
    respond,
    rewrite,
    status,
    text,
)
from conformance.reference.faults import Faults
from conformance.reference.messages import Request, Response
from conformance.reference.plants import error_bodies
from conformance.reference.vultr.faults.tools import (
    ACCOUNT,
    APPLICATIONS,
    BACKUPS,
    DELETE,
    DOMAIN,
    LISTS,
    PATCH,
    PLANS,
    USER,
)

faults = Faults()

fault = faults.of("vultr.content-type.response-json")
fault("unknown-path-in-html", "The 404 for an unknown path is an HTML page.").by(
    html("Not Found", cause="unknown-path")
)
fault("errors-typed-as-text", "Errors are JSON, but typed text/plain.").by(
    header("Content-Type", "text/plain", status=REFUSED)
)
fault("created-without-type", "A 201 has a JSON body and no Content-Type.").by(drop_header("Content-Type", status=201))
fault("plans-typed-as-json-api", "The plans are typed with a media type that only ends in json.").by(
    header("Content-Type", "application/vnd.api+json", on=PLANS, status=ANY)
)
fault("balance-not-a-number", "GET /account holds NaN, which is not JSON though many parsers take it.").by(
    put("/account/balance", float("nan"), on=ACCOUNT)
)
fault("long-body-cut-off", "A list of applications of more than 4096 bytes is cut off there.").by(
    raw(lambda body: body[:4096], on=APPLICATIONS)
)

fault = faults.of("vultr.types.ids-unique")


@fault.using(rewrite, on=LISTS)
def last_id_repeats_first(_request: Request, body: Any) -> object:
    """The last item of a page has the id of the first."""
    items = next(value for value in body.values() if isinstance(value, list))
    if len(items) > 1 and "id" in items[0]:
        items[-1]["id"] = items[0]["id"]
    return body


fault(
    "id-repeated-on-a-later-page",
    "Application 120 has the id of application 3, which no page of the default size shows together.",
).by(put("/applications/*/id", 3, having={"id": 120}, on=APPLICATIONS))

fault = faults.of("vultr.schema.get-returns-object")
fault("plans-bare", "The plans come as a bare array.").by(change("", lambda body: body["plans"], on=PLANS))
fault("user-in-array", "A user comes inside an array.").by(change("", lambda body: [body], on=USER))
fault("domain-as-text", "A domain comes as its name alone, a JSON string.").by(
    change("", lambda body: body["domain"]["domain"], on=DOMAIN)
)

fault = faults.of("vultr.schema.named-root")
fault("backups-under-data", "The backups sit under data.").by(rename("/backups", "data", on=BACKUPS))
fault("account-under-plural", "The account sits under accounts.").by(rename("/account", "accounts", on=ACCOUNT))
fault("applications-under-singular", "The applications sit under application.").by(
    rename("/applications", "application", on=APPLICATIONS)
)
fault("plans-by-id", "The plans sit under plans, but as an object by id.").by(
    change("/plans", lambda plans: {plan["id"]: plan for plan in plans}, on=PLANS)
)

fault = faults.of("vultr.schema.plans-item")
fault("one-ram-as-text", "The ram of the plan with the most of it is a string.").by(
    change("/plans/*/ram", lambda ram: str(ram) if ram > 90000 else ram, on=PLANS)
)
fault("one-plan-without-cpu", "One plan has a vcpu_count of 0.").by(
    put("/plans/*/vcpu_count", 0, having={"id": "vhp-1c-1gb"}, on=PLANS)
)
fault("fractional-cpu", "One plan has half a CPU more than a whole number.").by(
    change("/plans/*/vcpu_count", lambda count: count + 0.5, having={"id": "voc-1c-4gb"}, on=PLANS)
)
fault("one-location-not-in-array", "Where a plan is in one location only, locations is that string.").by(
    change("/plans/*/locations", lambda places: places[0] if len(places) == 1 else places, on=PLANS)
)

fault = faults.of("vultr.schema.applications-item")
fault("hyphen-lost", 'One application has the type "oneclick".').by(
    put("/applications/*/type", "oneclick", having={"id": 11}, on=APPLICATIONS)
)
fault("one-image-id-empty", "One marketplace application has an empty image_id.").by(
    put("/applications/*/image_id", "", having={"id": 12}, on=APPLICATIONS)
)
fault("one-click-without-id", "One one-click application has the id 0.").by(
    put("/applications/*/id", 0, having={"id": 13}, on=APPLICATIONS)
)

fault = faults.of("vultr.schema.account-object")
fault("account-in-array", "The account is an array of one.").by(change("/account", lambda one: [one], on=ACCOUNT))
fault("account-null", "The account is null.").by(put("/account", None, on=ACCOUNT))

fault = faults.of("vultr.schema.backups-list")
fault("null-when-empty", "An empty list of backups is null.").by(
    change("/backups", lambda all_: all_ or None, on=BACKUPS)
)
fault("null-behind-backups", "A list of backups ends with a null.").by(
    change("/backups", lambda all_: [*all_[:-1], None], on=BACKUPS)
)
fault("backups-as-ids", "The backups are an array of ids.").by(change("/backups/*", lambda one: one["id"], on=BACKUPS))

fault = faults.of("vultr.schema.no-content-empty")
fault("user-without-body", "GET of a user answers 200 and nothing more.").by(instead(Response(200), on=USER))
fault("deleted-with-body", "A DELETE answers 204 with a JSON body.").by(instead(Response.of({}, 204), on=DELETE))
fault("patched-with-newline", "A PATCH answers 204 with a line end as its body.").by(text("\n", "text/html", on=PATCH))

fault = faults.of("vultr.errors.status-in-table")
fault("bad-page-size-422", "A bad per_page is answered with 422.").by(status(422, cause="page-size"))
fault("account-203", "GET /account answers 203.").by(status(203, on=ACCOUNT))


@fault.using(respond, on=LISTS)
def partial_page_206(_request: Request, response: Response) -> Response:
    """A page with another one behind it is answered with 206."""
    return Response.of(response.json, 206) if response.json["meta"]["links"]["next"] else response


fault = faults.of("vultr.errors.error-attribute")
fault("message-only-on-404", "A 404 has message in place of error.").by(rename("/error", "message", status=404))
fault("empty-error-on-401", "The error of a 401 is an empty string.").by(put("/error", "", status=401))
fault("error-object-on-400", "The error of a 400 is an object.").by(
    change("/error", lambda error: {"message": error}, status=400)
)
fault("error-text-alone", "The 404 for an unknown path is a JSON string.").by(
    change("", lambda body: body["error"], cause="unknown-path")
)

fault = faults.of("vultr.errors.no-error-in-2xx")
fault("null-error-in-success", "GET /account has a null error beside the account.").by(put("/error", None, on=ACCOUNT))


@fault.using(rewrite, on=LISTS)
def error_behind_last_page(_request: Request, body: Any) -> object:
    """The last page of a list says so in error."""
    return body if body["meta"]["links"]["next"] else {**body, "error": "There are no further pages."}


fault = faults.of("vultr.errors.unknown-404")
fault("unknown-user-200", "An unknown user is an empty object with 200.").by(
    instead(Response.of({}), cause="unknown-user")
)
fault("unknown-user-400", "An unknown user is answered with 400.").by(status(400, cause="unknown-user"))
fault("unknown-path-403", "An unknown path is answered with 403.").by(status(403, cause="unknown-path"))
fault("unknown-path-200", "An unknown path is an empty object with 200.").by(
    instead(Response.of({}), cause="unknown-path")
)

fault = faults.of("vultr.errors.error-descriptive")
fault("error-says-error", 'Every error text is "Error".').by(
    error_bodies(lambda problem: {"error": "Error", "status": problem.status})
)
fault("error-is-reason-phrase", "The error text is the status's reason phrase.").by(
    error_bodies(lambda problem: {"error": HTTP_STATUS_CODES[problem.status], "status": problem.status})
)
fault("error-text-for-all", "All causes share one long error text.").by(
    put("/error", "Your request could not be served. Please check it and try again.", status=range(400, 600))
)


def values(request: Request) -> list[str]:
    """The values in the query and path of a request."""
    return [*request.query.values(), *request.segments]


def no_number(request: Request) -> bool:
    """Whether the page size is no number."""
    try:
        int(request.query["per_page"])
    except ValueError:
        return True
    return False


fault = faults.of("vultr.errors.server-error-5xx")
fault("text-page-size-500", "A per_page that is no number is answered with 500.").by(
    crash(cause="page-size", when=no_number)
)
fault("overlong-value-500", "A query or path value of more than 255 characters is answered with 500.").by(
    crash(status=ANY, when=lambda request: any(len(value) > 255 for value in values(request)))
)
fault("unicode-value-500", "A query or path value with a character beyond ASCII is answered with 500.").by(
    crash(status=ANY, when=lambda request: not all(value.isascii() for value in values(request)))
)
