"""Faults of the Vultr server in the form of its answers: media types, schemas, errors."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from werkzeug.http import HTTP_STATUS_CODES

from conformance.reference.core import Server
from conformance.reference.faults import Faults, crash, with_status
from conformance.reference.messages import Request, Response
from conformance.reference.policies import Errors

faults = Faults()

LISTS = ("GET /v2/applications", "GET /v2/backups", "GET /v2/plans", "GET /v2/domains")
REFUSED = range(400, 500)


def _items(body: Any) -> list[Any]:
    """The array of a list's body."""
    return next(value for value in body.values() if isinstance(value, list))


@faults.response("vultr.content-type.response-json", cause="unknown-path")
def unknown_path_in_html(_request: Request, _response: Response) -> Response:
    """The 404 for an unknown path is an HTML page."""
    return Response(404, b"<!doctype html><title>Not Found</title>", {"Content-Type": "text/html"})


@faults.response("vultr.content-type.response-json", status=REFUSED)
def errors_typed_as_text(_request: Request, response: Response) -> Response:
    """Errors are JSON, but typed text/plain."""
    return response.with_header("Content-Type", "text/plain")


@faults.response("vultr.content-type.response-json", status={201})
def created_without_type(_request: Request, response: Response) -> Response:
    """A 201 has a JSON body and no Content-Type."""
    return evolve(response, headers={})


@faults.response("vultr.content-type.response-json", "GET /v2/plans")
def plans_typed_as_json_api(_request: Request, response: Response) -> Response:
    """The plans are typed with a media type that only ends in json."""
    return response.with_header("Content-Type", "application/vnd.api+json")


@faults.body("vultr.content-type.response-json", "GET /v2/account")
def balance_not_a_number(_request: Request, body: Any) -> object:
    """GET /account holds NaN, which is not JSON though many parsers take it."""
    body["account"]["balance"] = float("nan")
    return body


@faults.response("vultr.content-type.response-json", "GET /v2/applications", status={200})
def long_body_cut_off(_request: Request, response: Response) -> Response:
    """A list of applications of more than 4096 bytes is cut off there."""
    return evolve(response, body=response.body[:4096])


@faults.body("vultr.types.ids-unique", *LISTS)
def last_id_repeats_first(_request: Request, body: Any) -> object:
    """The last item of a page has the id of the first."""
    items = _items(body)
    if len(items) > 1 and "id" in items[0]:
        items[-1]["id"] = items[0]["id"]
    return body


@faults.body("vultr.types.ids-unique", "GET /v2/applications")
def id_repeated_on_a_later_page(_request: Request, body: Any) -> object:
    """Application 120 has the id of application 3, which no page of the default size shows together."""
    for item in body["applications"]:
        item["id"] = 3 if item["id"] == 120 else item["id"]
    return body


@faults.body("vultr.schema.get-returns-object", "GET /v2/plans")
def plans_bare(_request: Request, body: Any) -> object:
    """The plans come as a bare array."""
    return body["plans"]


@faults.body("vultr.schema.get-returns-object", "GET /v2/users/{user-id}")
def user_in_array(_request: Request, body: Any) -> object:
    """A user comes inside an array."""
    return [body]


@faults.body("vultr.schema.get-returns-object", "GET /v2/domains/{dns-domain}")
def domain_as_text(_request: Request, body: Any) -> object:
    """A domain comes as its name alone, a JSON string."""
    return body["domain"]["domain"]


@faults.body("vultr.schema.named-root", "GET /v2/backups")
def backups_under_data(_request: Request, body: Any) -> object:
    """The backups sit under data."""
    return {"data": body["backups"], "meta": body["meta"]}


@faults.body("vultr.schema.named-root", "GET /v2/account")
def account_under_plural(_request: Request, body: Any) -> object:
    """The account sits under accounts."""
    return {"accounts": body["account"]}


@faults.body("vultr.schema.named-root", "GET /v2/applications")
def applications_under_singular(_request: Request, body: Any) -> object:
    """The applications sit under application."""
    return {"application": body["applications"], "meta": body["meta"]}


@faults.body("vultr.schema.named-root", "GET /v2/plans")
def plans_by_id(_request: Request, body: Any) -> object:
    """The plans sit under plans, but as an object by id."""
    return {**body, "plans": {plan["id"]: plan for plan in body["plans"]}}


@faults.body("vultr.schema.plans-item", "GET /v2/plans")
def one_ram_as_text(_request: Request, body: Any) -> object:
    """The ram of the plan with the most of it is a string."""
    for plan in body["plans"]:
        plan["ram"] = str(plan["ram"]) if plan["ram"] > 90000 else plan["ram"]
    return body


@faults.body("vultr.schema.plans-item", "GET /v2/plans")
def one_plan_without_cpu(_request: Request, body: Any) -> object:
    """One plan has a vcpu_count of 0."""
    for plan in body["plans"]:
        plan["vcpu_count"] = 0 if plan["id"] == "vhp-1c-1gb" else plan["vcpu_count"]
    return body


@faults.body("vultr.schema.plans-item", "GET /v2/plans")
def fractional_cpu(_request: Request, body: Any) -> object:
    """One plan has half a CPU more than a whole number."""
    for plan in body["plans"]:
        plan["vcpu_count"] += 0.5 if plan["id"] == "voc-1c-4gb" else 0
    return body


@faults.body("vultr.schema.plans-item", "GET /v2/plans")
def one_location_not_in_array(_request: Request, body: Any) -> object:
    """Where a plan is in one location only, locations is that string."""
    for plan in body["plans"]:
        plan["locations"] = plan["locations"][0] if len(plan["locations"]) == 1 else plan["locations"]
    return body


@faults.body("vultr.schema.applications-item", "GET /v2/applications")
def hyphen_lost(_request: Request, body: Any) -> object:
    """One application has the type "oneclick"."""
    for item in body["applications"]:
        item["type"] = "oneclick" if item["id"] == 11 else item["type"]
    return body


@faults.body("vultr.schema.applications-item", "GET /v2/applications")
def one_image_id_empty(_request: Request, body: Any) -> object:
    """One marketplace application has an empty image_id."""
    for item in body["applications"]:
        item["image_id"] = "" if item["id"] == 12 else item["image_id"]
    return body


@faults.body("vultr.schema.applications-item", "GET /v2/applications")
def one_click_without_id(_request: Request, body: Any) -> object:
    """One one-click application has the id 0."""
    for item in body["applications"]:
        item["id"] = 0 if item["id"] == 13 else item["id"]
    return body


@faults.body("vultr.schema.account-object", "GET /v2/account")
def account_in_array(_request: Request, body: Any) -> object:
    """The account is an array of one."""
    return {"account": [body["account"]]}


@faults.body("vultr.schema.account-object", "GET /v2/account")
def account_null(_request: Request, _body: Any) -> object:
    """The account is null."""
    return {"account": None}


@faults.body("vultr.schema.backups-list", "GET /v2/backups")
def null_when_empty(_request: Request, body: Any) -> object:
    """An empty list of backups is null."""
    return {**body, "backups": body["backups"] or None}


@faults.body("vultr.schema.backups-list", "GET /v2/backups")
def backups_as_ids(_request: Request, body: Any) -> object:
    """The backups are an array of ids."""
    return {**body, "backups": [backup["id"] for backup in body["backups"]]}


@faults.body("vultr.schema.backups-list", "GET /v2/backups")
def null_behind_backups(_request: Request, body: Any) -> object:
    """A list of backups ends with a null."""
    return {**body, "backups": [*body["backups"][:-1], None]}


@faults.response("vultr.schema.no-content-empty", "GET /v2/users/{user-id}", status={200})
def user_without_body(_request: Request, _response: Response) -> Response:
    """GET of a user answers 200 and nothing more."""
    return Response(200)


@faults.response("vultr.schema.no-content-empty", "DELETE /v2/domains/{dns-domain}", status={204})
def deleted_with_body(_request: Request, _response: Response) -> Response:
    """A DELETE answers 204 with a JSON body."""
    return Response.of({}, 204)


@faults.response("vultr.schema.no-content-empty", "PATCH /v2/domains/{dns-domain}", status={204})
def patched_with_newline(_request: Request, _response: Response) -> Response:
    """A PATCH answers 204 with a line end as its body."""
    return Response(204, b"\n", {"Content-Type": "text/html"})


@faults.response("vultr.errors.status-in-table", cause="page-size")
def bad_page_size_422(_request: Request, response: Response) -> Response:
    """A bad per_page is answered with 422."""
    return with_status(response, 422)


@faults.response("vultr.errors.status-in-table", *LISTS, status={200})
def partial_page_206(_request: Request, response: Response) -> Response:
    """A page with another one behind it is answered with 206."""
    return with_status(response, 206) if response.json["meta"]["links"]["next"] else response


@faults.response("vultr.errors.status-in-table", "GET /v2/account", status={200})
def account_203(_request: Request, response: Response) -> Response:
    """GET /account answers 203."""
    return with_status(response, 203)


@faults.body("vultr.errors.error-attribute", status={404})
def message_only_on_404(_request: Request, body: Any) -> object:
    """A 404 has message in place of error."""
    return {"message": body["error"], "status": body["status"]}


@faults.body("vultr.errors.error-attribute", status={401})
def empty_error_on_401(_request: Request, body: Any) -> object:
    """The error of a 401 is an empty string."""
    return {**body, "error": ""}


@faults.body("vultr.errors.error-attribute", status={400})
def error_object_on_400(_request: Request, body: Any) -> object:
    """The error of a 400 is an object."""
    return {**body, "error": {"message": body["error"]}}


@faults.body("vultr.errors.error-attribute", status=REFUSED, cause="unknown-path")
def error_text_alone(_request: Request, body: Any) -> object:
    """The 404 for an unknown path is a JSON string."""
    return body["error"]


@faults.body("vultr.errors.no-error-in-2xx", "GET /v2/account")
def null_error_in_success(_request: Request, body: Any) -> object:
    """GET /account has a null error beside the account."""
    return {**body, "error": None}


@faults.body("vultr.errors.no-error-in-2xx", *LISTS)
def error_behind_last_page(_request: Request, body: Any) -> object:
    """The last page of a list says so in error."""
    return body if body["meta"]["links"]["next"] else {**body, "error": "There are no further pages."}


@faults.response("vultr.errors.unknown-404", cause="unknown-user")
def unknown_user_200(_request: Request, _response: Response) -> Response:
    """An unknown user is an empty object with 200."""
    return Response.of({})


@faults.response("vultr.errors.unknown-404", cause="unknown-user")
def unknown_user_400(_request: Request, response: Response) -> Response:
    """An unknown user is answered with 400."""
    return with_status(response, 400)


@faults.response("vultr.errors.unknown-404", cause="unknown-path")
def unknown_path_403(_request: Request, response: Response) -> Response:
    """An unknown path is answered with 403."""
    return with_status(response, 403)


@faults.response("vultr.errors.unknown-404", cause="unknown-path")
def unknown_path_200(_request: Request, _response: Response) -> Response:
    """An unknown path is an empty object with 200."""
    return Response.of({})


@faults.server("vultr.errors.error-descriptive")
def error_says_error(server: Server) -> None:
    """Every error text is "Error"."""
    server.errors = Errors(lambda problem: {"error": "Error", "status": problem.status})


@faults.server("vultr.errors.error-descriptive")
def error_is_reason_phrase(server: Server) -> None:
    """The error text is the status's reason phrase."""
    server.errors = Errors(lambda problem: {"error": HTTP_STATUS_CODES[problem.status], "status": problem.status})


@faults.server("vultr.errors.error-descriptive")
def error_text_for_all(server: Server) -> None:
    """All causes share one long error text."""
    text = "Your request could not be served. Please check it and try again."
    server.errors = Errors(lambda problem: {"error": text, "status": problem.status})


@faults.response("vultr.errors.server-error-5xx", cause="page-size")
def text_page_size_500(request: Request, response: Response) -> Response:
    """A per_page that is no number is answered with 500."""
    try:
        int(request.query["per_page"])
    except ValueError:
        raise crash() from None
    return response


@faults.response("vultr.errors.server-error-5xx")
def overlong_value_500(request: Request, response: Response) -> Response:
    """A query or path value of more than 255 characters is answered with 500."""
    if any(len(value) > 255 for value in (*request.query.values(), *request.segments)):
        raise crash()
    return response


@faults.response("vultr.errors.server-error-5xx")
def unicode_value_500(request: Request, response: Response) -> Response:
    """A query or path value with a character beyond ASCII is answered with 500."""
    if not all(value.isascii() for value in (*request.query.values(), *request.segments)):
        raise crash()
    return response
