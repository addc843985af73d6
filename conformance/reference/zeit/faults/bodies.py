"""Faults of the ZEIT Now server in the form of its answers: media types, empty bodies, errors, what headers tell."""

from __future__ import annotations

from conformance.reference.edits import (
    change,
    change_header,
    drop_header,
    header,
    html,
    instead,
    put,
    raw,
    status,
    text,
)
from conformance.reference.faults import Faults
from conformance.reference.messages import Response
from conformance.reference.zeit.faults.tools import (
    CHANGE_ROLE,
    CREATE_SECRET,
    DELETE_CERT,
    DELETE_RECORD,
    DEPLOYMENTS,
    SECRETS,
    UPLOAD,
)

faults = Faults()

fault = faults.of("zeit.content-type.response-json")
fault("refusal-in-html", "A 403 is an HTML page.").by(html("Forbidden", status=403))
fault("secrets-typed-as-text", "The secrets are JSON, but typed text/plain.").by(
    header("Content-Type", "text/plain", on=SECRETS)
)
fault("list-cut-off", "The list of deployments is cut off at its end.").by(raw(lambda body: body[:-2], on=DEPLOYMENTS))
fault("created-without-type", "A secret just created has no Content-Type.").by(
    drop_header("Content-Type", on=CREATE_SECRET)
)
fault("not-found-in-text", "A 404 is plain text.").by(text("Not Found", status=404))

fault = faults.of("zeit.content-type.empty-200")
fault("upload-ok", 'An upload answers "OK".').by(text("OK", on=UPLOAD))
fault("record-deleted-204", "A DNS record is removed with 204.").by(instead(Response(204), on=DELETE_RECORD))
fault("certificate-deleted-with-uid", "The removal of a certificate answers its uid.").by(
    instead(Response.of({"uid": "oAjf6y9pxZgCJyQfrclN"}), on=DELETE_CERT)
)
fault("role-changed-201", "A change of role answers 201.").by(instead(Response(201), on=CHANGE_ROLE))

fault = faults.of("zeit.errors.envelope")
fault("message-at-top", "The message of a 404 stands at the top.").by(
    change("", lambda body: {"message": body["error"]["message"]}, status=404)
)
fault("code-numeric", "The code of a 403 is a number.").by(put("/error/code", 403, status=403))
fault("message-empty", "The message of a 400 is empty.").by(put("/error/message", "", status=400))

fault = faults.of("zeit.errors.known-code")
fault("code-error", 'The code of a 404 is "error".').by(put("/error/code", "error", status=404))
fault("code-in-capitals", "The code of a 403 is FORBIDDEN.").by(put("/error/code", "FORBIDDEN", status=403))

fault = faults.of("zeit.errors.code-family")
fault("missing-files-for-a-domain", "An unknown domain is told by missing_files.").by(
    put("/error/code", "missing_files", cause="unknown-domain")
)
fault("invalid-name-for-a-secret", "An unknown secret is told by invalid_name.").by(
    put("/error/code", "invalid_name", cause="unknown-secret")
)

fault = faults.of("zeit.errors.status-code-map")
fault("bad-request-200", "A bad request is answered 200.").by(status(200, in_body=False, status=400))
fault("forbidden-401", "What is forbidden is answered 401.").by(status(401, in_body=False, status=403))

fault = faults.of("zeit.rate-limit.headers-on-all")
fault("missing-on-errors", "A 403 has none of the three headers.").by(
    drop_header("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", status=403, finished=True)
)
fault("reset-missing", "No answer has X-RateLimit-Reset.").by(drop_header("X-RateLimit-Reset", finished=True))

fault = faults.of("zeit.rate-limit.headers-sane")
fault("more-left-than-allowed", "More calls are left than the limit is.").by(
    header("X-RateLimit-Remaining", "100000", finished=True)
)
fault("limit-with-unit", "The limit has a unit.").by(header("X-RateLimit-Limit", "120/min", finished=True))

fault = faults.of("zeit.rate-limit.reset-epoch-seconds")
fault("reset-in-milliseconds", "The reset is in milliseconds.").by(
    change_header("X-RateLimit-Reset", lambda reset: f"{reset}000", finished=True)
)
fault("reset-as-delta", "The reset is the seconds that are left.").by(header("X-RateLimit-Reset", "60", finished=True))
