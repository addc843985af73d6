"""Faults of the Snyk server in its errors: envelope, members, source, statuses, and when there is one."""

from __future__ import annotations

from typing import Any

from conformance.reference.core import Server
from conformance.reference.edits import (
    REFUSED,
    change,
    crash,
    drop,
    html,
    instead,
    put,
    raw,
    refuse,
    rename,
    rewrite,
    status,
)
from conformance.reference.faults import Faults
from conformance.reference.messages import Request
from conformance.reference.plants import requests
from conformance.reference.snyk.data import CREATE_PROJECT, GET_PROJECT, LIST_PROJECTS, ORG_IDS
from conformance.reference.snyk.faults.tools import NO_RECORDS
from conformance.reference.snyk.policies import CURSORS, document

faults = Faults()

# A 401 and a 429 have requirements of their own.
OTHERS = frozenset(REFUSED) - {401, 429}
UNKNOWN = "unknown-parameter"

fault = faults.of("snyk.errors.unauthorized-body")
fault("unauthorized-as-number", "The status of the error in a 401 is the number 401.").by(
    put("/errors/0/status", 401, status=401)
)
fault("unauthorized-empty", "A 401 has no body.").by(raw(lambda _: b"", status=401))
fault("unauthorized-sample-as-number", "A 401 has the document's own body, but with the number 401.").by(
    put("", {"status": 401, "code": "Unauthorized"}, status=401)
)
fault("unknown-key-says-403", 'The 401 for an unknown key has an error with the status "403".').by(
    put("/errors/0/status", "403", cause="unknown-key")
)
fault("no-key-without-status", "The 401 for a missing key has an error without status.").by(
    drop("/errors/0/status", cause="no-key")
)

fault = faults.of("snyk.errors.errors-array")
fault("error-not-in-array", "The error object is not in an array.").by(
    change("/errors", lambda all_: all_[0], status=OTHERS)
)
fault("no-error-in-array", "The array of errors of a 404 is empty.").by(put("/errors", [], status=404))
fault("errors-under-singular", "The errors of a 400 sit under error.").by(rename("/errors", "error", status=400))
fault("no-errors-in-success", "The list of projects has an empty array of errors.").by(
    put("/errors", [], on=LIST_PROJECTS)
)
fault("unknown-project-as-message", "The 404 for an unknown project is an object with a message.").by(
    change("", lambda body: {"message": body["errors"][0]["detail"]}, on=GET_PROJECT, cause="unknown-project")
)
fault("not-found-in-html", "A 404 is an HTML page.").by(html("Not Found", status=404))
fault("error-as-text", "The errors of a refused POST are strings.").by(
    change("/errors/*", lambda error: error["detail"], on=CREATE_PROJECT, status=400)
)

fault = faults.of("snyk.errors.error-members")
fault("status-as-number", "The status of an error is a number.").by(change("/errors/*/status", int, status=OTHERS))
fault("no-status", "The errors of a 404 have no status.").by(drop("/errors/*/status", status=404))
fault("no-detail", "Errors have a title and no detail.").by(drop("/errors/*/detail", status=OTHERS))
fault("detail-empty", "The detail of a 404 is an empty string.").by(put("/errors/*/detail", "", status=404))
fault("detail-in-array", "The detail of a 400 is an array of strings.").by(
    change("/errors/*/detail", lambda text: [text], status=400)
)
fault("id-as-number", "The id of an error is a number.").by(
    change("/errors/*/id", lambda text: int(text[:8], 16), status=OTHERS)
)
fault("id-empty", "The id of the error for an unknown parameter is an empty string.").by(
    put("/errors/0/id", "", cause=UNKNOWN)
)

fault = faults.of("snyk.errors.error-status-matches")
fault(
    "status-400-sent-as-200", 'An unknown parameter gives an error document with the status "400" under HTTP 200.'
).by(status(200, in_body=False, cause=UNKNOWN))
fault("status-400-sent-as-500", "A 400 comes as HTTP 500.").by(status(500, in_body=False, status=400))
fault("not-found-says-400", 'The error of a 404 has the status "400".').by(put("/errors/0/status", "400", status=404))
fault("status-400-0", 'The error for an unknown parameter has the status "400.0".').by(
    put("/errors/0/status", "400.0", cause=UNKNOWN)
)


@fault.using(rewrite, status=OTHERS)
def second_error_of_other_class(_request: Request, body: Any) -> object:
    """Beside the error there is another one with the status "500"."""
    first = body["errors"][0]
    return {**body, "errors": [first, {**first, "id": first["id"][::-1], "status": "500"}]}


fault = faults.of("snyk.errors.error-source")
fault("unknown-parameter-without-source", "The error for an unknown parameter has no source.").by(
    drop("/errors/0/source", cause=UNKNOWN)
)
fault("source-names-version", "The error for an unknown parameter names the parameter version.").by(
    put("/errors/0/source", {"parameter": "version"}, cause=UNKNOWN)
)
fault("parameter-as-pointer", "The error for an unknown parameter names it as a pointer.").by(
    change("/errors/0/source", lambda source: {"pointer": f"/{source['parameter']}"}, cause=UNKNOWN)
)
fault("parameter-cut-off", "The error for an unknown parameter names it without its last letter.").by(
    change("/errors/0/source/parameter", lambda name: name[:-1], cause=UNKNOWN)
)
fault("body-error-without-source", "The error for a wrong member has no source.").by(
    drop("/errors/0/source", on=CREATE_PROJECT, status=400)
)
for slug, described, pointer in (
    ("pointer-from-data", "begins below data", lambda text: text.removeprefix("/data")),
    ("pointer-to-another-member", "leads to one that was not sent", lambda _: "/data/attributes/title"),
    ("pointer-in-dots", "is written with dots", lambda text: text.strip("/").replace("/", ".")),
):
    plant = change("/errors/0/source/pointer", pointer, on=CREATE_PROJECT, status=400)
    fault(slug, f"The pointer to a wrong member {described}.").by(plant)

fault = faults.of("snyk.errors.unknown-param-400")
fault("unknown-parameter-422", "An unknown query parameter is answered with 422.").by(status(422, cause=UNKNOWN))
fault("unknown-parameter-404", "An unknown query parameter is answered with 404.").by(status(404, cause=UNKNOWN))
fault("unknown-parameter-empties-list", "An unknown query parameter gives an empty list.").by(
    instead(NO_RECORDS, cause=UNKNOWN)
)


@fault.using(requests, LIST_PROJECTS)
def unknown_parameter_ignored(request: Request) -> None:
    """An unknown query parameter is ignored."""
    for name in set(request.query) - {"version", "limit", "sort", "origin", *CURSORS}:
        request.query.poplist(name)


fault = faults.of("snyk.errors.error-id-unique")
fault("error-id-constant", "All errors have the same id.").by(put("/errors/0/id", ORG_IDS["second"], status=REFUSED))


@fault.server
def error_id_per_status(server: Server) -> None:
    """All errors of one status have the same id."""
    seen: dict[str, str] = {}

    def alter(error: dict[str, Any]) -> dict[str, Any]:
        return {**error, "id": seen.setdefault(error["status"], error["id"])}

    change("/errors/0", alter, status=REFUSED)(server)


@fault.server
def error_id_used_twice(server: Server) -> None:
    """Each error id is used for two errors in a row."""
    used: list[str] = []

    def alter(error_id: str) -> str:
        if used:
            return used.pop()
        used.append(error_id)
        return error_id

    change("/errors/0/id", alter, status=REFUSED)(server)


fault = faults.of("snyk.errors.unknown-resource-404")
fault("unknown-org-empty", "The projects of an unknown organisation are an empty list.").by(
    instead(NO_RECORDS, on=LIST_PROJECTS, cause="unknown-org")
)
fault("unknown-org-400", "An unknown organisation is answered with 400.").by(
    status(400, on=LIST_PROJECTS, cause="unknown-org")
)
fault("unknown-org-500", "An unknown organisation is answered with 500.").by(
    crash(on=LIST_PROJECTS, cause="unknown-org")
)
fault("unknown-org-as-message", "The 404 for an unknown organisation has a body that is no JSON:API error.").by(
    put("", {"message": "Not found"}, on=LIST_PROJECTS, cause="unknown-org")
)
fault("unknown-path-200", "An unknown path is answered with 200 and null.").by(
    instead(document({"data": None}), cause="unknown-path")
)
fault("unknown-path-403", "An unknown path is answered with 403.").by(
    refuse(403, "This path may not be used.", cause="unknown-path")
)


@fault.using(requests, LIST_PROJECTS)
def unknown_org_is_own(request: Request) -> None:
    """The projects of an unknown organisation are those of the caller's own."""
    request.arguments["org_id"] = ORG_IDS[request.account]
