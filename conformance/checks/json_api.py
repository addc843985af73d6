"""JSON:API documents (jsonapi.org, version 1.0): their top level, their resources and their errors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.checks.base import HELD, Finding, Sight, as_json, check, note, violated
from conformance.checks.baseline import json_type
from conformance.traffic.exchange import Response

MEDIA_TYPE = "application/vnd.api+json"
RESOURCE_MEMBERS = frozenset({"id", "type", "attributes", "relationships", "links", "meta"})

_VERSION = re.compile(r"1\.\d+", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _document(sight: Sight) -> Mapping[str, Any] | None:
    """The document of a success; None where there is none, or where nobody says that it is JSON:API's."""
    response = sight.exchange.response
    if not response.ok or not isinstance(body := response.at(""), dict):
        return None
    return body if sight.exchange.operation is not None or response.media_type == MEDIA_TYPE else None


def _errors(response: Response) -> list[Any] | None:
    """The errors of an error document, None where it has none."""
    errors = response.at("/errors")
    return errors if isinstance(errors, list) and errors else None


def _resources(sight: Sight) -> list[Any]:
    """Everything in data and included."""
    document = _document(sight) or {}
    data, included = document.get("data"), document.get("included")
    primary = data if isinstance(data, list) else [] if data is None else [data]
    return [*primary, *(included if isinstance(included, list) else [])]


@check("json-api.top-level")
def document_has_top_level(sight: Sight) -> Iterator[Finding]:
    """A document has data, errors or meta, and never data together with errors."""
    exchange, response = sight.exchange, sight.exchange.response
    if not response.body or exchange.request.method == "HEAD":
        return
    body = response.at("")
    if response.ok:
        judged = exchange.operation is not None or response.media_type == MEDIA_TYPE
    else:
        judged = response.status >= 400 and isinstance(body, dict) and "errors" in body
    if not judged:
        return
    if not isinstance(body, dict):
        yield violated("the body is no JSON:API document", expected="a JSON object", actual=response.text)
    elif "data" in body and "errors" in body:
        yield violated("the document has data together with errors", expected="one of the two", actual=response.text)
    elif not {"data", "errors", "meta"} & set(body):
        yield violated(
            "the document has neither data nor errors nor meta",
            expected="at least one of data, errors and meta",
            actual=response.text,
        )
    else:
        yield HELD


@check("json-api.version-member")
def document_names_version(sight: Sight) -> Iterator[Finding]:
    """`jsonapi.version` is a string of the form 1.x: required beside data, right where present beside errors."""
    response = sight.exchange.response
    with_data = "data" in (_document(sight) or {})
    if not with_data and _errors(response) is None:
        return
    document = response.json
    if "jsonapi" not in document and not with_data:
        yield note("an error document has no member jsonapi")
        return
    version = response.at("/jsonapi/version")
    if isinstance(version, str) and _VERSION.fullmatch(version):
        yield HELD
    else:
        yield violated(
            "the document does not name its version of JSON:API",
            expected='jsonapi.version, a string such as "1.0"',
            actual=document.get("jsonapi", "no member jsonapi"),
        )


@check("json-api.resource-objects")
def resources_are_objects(sight: Sight) -> Iterator[Finding]:
    """Each resource has a string id and type, and its fields under attributes or relationships."""
    for resource in _resources(sight):
        problem = _problem(resource)
        if problem:
            yield violated(problem, expected="id and type, fields under attributes or relationships", actual=resource)
        else:
            yield HELD


def _problem(resource: Any) -> str | None:
    if not isinstance(resource, dict):
        return "a resource is no object"
    for member in ("id", "type"):
        value = resource.get(member)
        if not isinstance(value, str) or not value:
            return f"the {member} of a resource is no non-empty string"
    if isinstance(attributes := resource.get("attributes"), dict) and "id" in attributes:
        return "a resource has its id among its attributes"
    # Members with an @ belong to nobody's vocabulary: a reader ignores them (JSON:API 1.1, @-Members).
    fields = sorted(name for name in resource if name not in RESOURCE_MEMBERS and not name.startswith("@"))
    return f"a resource has {as_json(fields[0])} beside its id" if fields else None


@check("json-api.identity-unique")
def identities_are_unique(sight: Sight) -> Iterator[Finding]:
    """No pair of type and id occurs twice in data and included taken together."""
    identities = [
        (resource["type"], resource["id"])
        for resource in _resources(sight)
        if isinstance(resource, dict) and isinstance(resource.get("id"), str) and isinstance(resource.get("type"), str)
    ]
    twice = [identity for identity, count in Counter(identities).items() if count > 1]
    if twice:
        kind, name = twice[0]
        yield violated(
            f"the {kind} {name} occurs twice in one document",
            expected="each pair of type and id once",
            actual=sight.exchange.response.text,
        )
    elif len(identities) > 1:
        yield HELD


@check("json-api.data-kind")
def data_is_of_its_kind(sight: Sight) -> Iterator[Finding]:
    """The data of a list is an array, that of a single resource an object or null."""
    document, operation = _document(sight), sight.exchange.operation
    if document is None or operation is None or "data" not in document:
        return
    data = document["data"]
    if operation.collection is not None:
        fits, expected = isinstance(data, list), "an array, empty when there is nothing"
    else:
        fits, expected = data is None or isinstance(data, dict), "an object or null"
    if fits:
        yield HELD
    else:
        yield violated(f"data is {json_type(data)}, not {expected}", expected=expected, actual=data)


@check("json-api.one-type")
def list_has_one_type(sight: Sight) -> Iterator[Finding]:
    """All items of a list have one type."""
    page = sight.page
    if page is None or len(page.records) < 2:
        return
    types = Counter(str(record.get("type")) if isinstance(record, dict) else "nothing" for record in page.records)
    if len(types) == 1:
        yield HELD
    else:
        yield violated(f"a list holds {' and '.join(sorted(types))}", expected="items of one type", actual=dict(types))


@check("json-api.unauthorized-body")
def unauthorized_says_so(sight: Sight) -> Iterator[Finding]:
    """The body of a 401 has the status as a string, at top level or in its first error; which is told once."""
    response = sight.exchange.response
    refused = str(sight.contract.conventions.auth.refused)
    if str(response.status) != refused or sight.exchange.request.method == "HEAD":
        return
    for place, shape in (("/errors/0/status", "a JSON:API error document"), ("/status", "the document's flat sample")):
        if response.at(place) == refused:
            if not sight.memory.get(shape):
                sight.memory[shape] = True
                yield note(f"a {refused} of this target is {shape}")
            yield HELD
            return
    yield violated(
        f"the body of a {refused} does not say so",
        expected=f'status "{refused}", a string, at top level or in errors[0]',
        actual=response.text or "an empty body",
    )


@check("json-api.error-members")
def errors_have_members(sight: Sight) -> Iterator[Finding]:
    """Each error has a string status and a non-empty string detail; an id, if present, is a non-empty string."""
    for error in _errors(sight.exchange.response) or ():
        problem = _error_problem(error)
        if problem:
            yield violated(problem, expected="string status, non-empty string detail and id", actual=error)
            continue
        yield HELD
        if not _UUID.fullmatch(error.get("id", "")) and not sight.memory.get("told"):
            sight.memory["told"] = True
            yield note("an error has no id" if "id" not in error else f"the id of an error is no UUID: {error['id']}")


def _error_problem(error: Any) -> str | None:
    if not isinstance(error, dict):
        return "an error is no object"
    if not isinstance(error.get("status"), str):
        return "the status of an error is no string"
    if not isinstance(error.get("detail"), str) or not error["detail"].strip():
        return "the detail of an error is no non-empty string"
    if "id" in error and (not isinstance(error["id"], str) or not error["id"]):
        return "the id of an error is no non-empty string"
    return None


@check("json-api.error-status")
def error_status_is_http_status(sight: Sight) -> Iterator[Finding]:
    """The status of a single error is the HTTP status; those of several are of its class."""
    response = sight.exchange.response
    errors = _errors(response) or []
    statuses = [error.get("status") for error in errors if isinstance(error, dict)]
    for status in statuses:
        if not isinstance(status, str):
            continue
        if len(errors) == 1:
            fits, expected = status == str(response.status), f'"{response.status}"'
        else:
            fits = bool(re.fullmatch(rf"{response.status_class}\d\d", status, re.ASCII))
            expected = f"a status of class {response.status_class}xx"
        if fits:
            yield HELD
        else:
            yield violated(
                f"an error under {response.reason} has the status {as_json(status)}", expected=expected, actual=status
            )


@check("json-api.error-ids-differ")
def error_ids_differ(sight: Sight) -> Iterator[Finding]:
    """No two errors that are told in one conversation have the same id."""
    seen: set[str] = sight.sequence.setdefault("ids", set())
    for error in _errors(sight.exchange.response) or ():
        identity = error.get("id") if isinstance(error, dict) else None
        if not isinstance(identity, str) or not identity:
            continue
        if identity in seen:
            yield violated(
                f"the error id {identity} came before", expected="an id for each occurrence", actual=identity
            )
        elif seen:
            yield HELD
        seen.add(identity)


@check("json-api.rate-limit-refusal")
def rate_limit_refusal_is_an_error(sight: Sight) -> Iterator[Finding]:
    """A refusal for the rate is empty, or an error document without data whose errors have its status."""
    response, limit = sight.exchange.response, sight.contract.conventions.rate_limit
    if limit is None or response.status != limit.exceeded:
        return
    errors, status = _errors(response) or [], str(limit.exceeded)
    said = bool(errors) and all(isinstance(error, dict) and error.get("status") == status for error in errors)
    if not response.body or (said and "data" not in response.json):
        yield HELD
    else:
        yield violated(
            f"a {status} with a body is no JSON:API error document",
            expected=f'errors with the status "{status}" and no data, or no body',
            actual=response.text,
        )
