"""Defects of bodies and statuses: their media type, their text, and what an error says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from attrs import evolve

from conformance.planting.base import (
    ABSENT,
    Defect,
    Scene,
    as_bytes,
    breaks,
    media_type_of,
    replaced,
    with_body,
    with_header,
)
from conformance.planting.schemas import PLANTED, in_body
from conformance.traffic.redact import VALUE_MARK

PAGE = b"<!DOCTYPE html><html><body><h1>Planted</h1></body></html>"


@breaks("content-type.response-media-type")
def media_types(scene: Scene) -> Iterator[Defect]:
    """Another media type or none, and a body that is no JSON, or broken."""
    response, arguments = scene.response, scene.arguments
    if response.status_class not in arguments.get("classes", (2,)) or not response.body or not response.is_json:
        return
    noted, allowed = set(arguments.get("noted", ())), scene.contract.conventions.media_types.response
    if "*" not in noted:
        for other in ("text/html", "text/plain", "application/octet-stream"):
            if other not in (*noted, *allowed):
                yield scene.with_header(f"media-type {other}", "Content-Type", other)
        if None not in noted:
            yield scene.with_header("media-type none", "Content-Type", None)
    if scene.exchange.operation is None and arguments.get("marked"):
        return
    yield from broken_texts(scene)
    yield scene.with_body("text html", PAGE)
    if response.status_class not in arguments.get("may_be_empty", ()) and response.status != 204:
        yield scene.with_body("empty", b"")


def broken_texts(scene: Scene) -> Iterator[Defect]:
    """The body as JSON that cannot be read: cut short, with a comma or a word too much, not in UTF-8."""
    body = scene.response.body.rstrip()
    yield scene.with_body("cut", body[: max(1, len(body) * 2 // 3)] if body[:1] in b"[{" else body[:-1] + b'"')
    yield scene.with_body("text twice", body + body)
    if body.endswith((b"}", b"]")) and len(body) > 2:
        yield scene.with_body("text comma", body[:-1] + b"," + body[-1:])
    yield scene.with_body("text not-utf-8", b'"\xff"' if not body.startswith(b"{") else b'{"a": "\xff"}')
    yield scene.with_body("text NaN", b'{"a": NaN}')


@breaks("content-type.request-media-type")
def sent_media_types(scene: Scene) -> Iterator[Defect]:
    """A request under another media type, or none, and one whose body is no JSON."""
    request, arguments = scene.exchange.request, scene.arguments
    methods = arguments.get("methods")
    if not request.body or (methods and request.method not in methods):
        return
    yield scene.with_request_header("media-type text/plain", "Content-Type", "text/plain")
    yield scene.with_request_header("media-type none", "Content-Type", None)
    if not arguments.get("media_type"):
        yield scene.defect("cut", evolve(scene.exchange, request=evolve(request, body=request.body[:-1])))


@breaks("errors.envelope")
def envelopes(scene: Scene) -> Iterator[Defect]:
    """An error in another envelope, in none, or in no JSON."""
    response, arguments, errors = scene.response, scene.arguments, scene.contract.conventions.errors
    if response.status_class not in errors.classes or response.status in arguments.get("leave_out", ()):
        return
    if not response.is_json:
        return
    yield from in_body(scene, errors.envelope)
    if response.status_class not in arguments.get("from_in_front", ()):
        yield scene.with_body("text html", PAGE)
    if not arguments.get("may_be_empty"):
        yield scene.with_body("empty", b"")


@breaks("errors.no-error-in-success")
def errors_in_successes(scene: Scene) -> Iterator[Defect]:
    """A member that marks an error, in a success."""
    if not scene.response.ok or not isinstance(scene.body, dict):
        return
    for name in scene.contract.conventions.errors.in_success:
        yield scene.with_value(f"add /{name}", f"/{name}", "planted")


@breaks("errors.status-documented")
def undocumented_statuses(scene: Scene) -> Iterator[Defect]:
    """Statuses that the document does not list, of the same class and of others."""
    documented, status = scene.contract.conventions.errors.statuses, scene.response.status
    for other in (*range(status // 100 * 100, status // 100 * 100 + 30), 302, 418, 503):
        if documented and other not in documented and other not in (100, 101):
            yield scene.with_status(f"status {other}", other)


@breaks("auth.refusal-status")
def refusal_statuses(scene: Scene) -> Iterator[Defect]:
    """A refusal under 401, where the document has another status for it."""
    if (
        scene.contract.conventions.auth.refused != 401
        and scene.response.status == scene.contract.conventions.auth.refused
    ):
        yield scene.with_status("status 401", 401)


# What an error says: its code, what comes with it, and its message.


def _error(scene: Scene) -> dict[str, Any] | None:
    errors = scene.contract.conventions.errors
    found = scene.response.at(errors.error) if scene.response.is_json else None
    return found if isinstance(found, dict) and isinstance(found.get(errors.code), str) else None


def _with_code(scene: Scene, name: str, code: Any) -> Defect:
    errors = scene.contract.conventions.errors
    return scene.with_value(name, f"{errors.error}/{errors.code}", code)


@breaks("errors.code-listed")
def unlisted_codes(scene: Scene) -> Iterator[Defect]:
    """Codes that no document lists."""
    error, code = _error(scene), scene.contract.conventions.errors.code
    if error is not None:
        for other in ("conformance_planted", error[code].upper(), f"{error[code]}s"):
            if scene.contract.conventions.errors.documented(other) is None:
                yield _with_code(scene, f"code {other}", other)


@breaks("errors.code-where-documented")
def codes_of_others(scene: Scene) -> Iterator[Defect]:
    """A code that belongs to other calls."""
    errors, error = scene.contract.conventions.errors, _error(scene)
    if error is None:
        return
    for code, known in errors.codes.items():
        if known.below is not None and not re.match(known.below, scene.exchange.path):
            yield _with_code(scene, f"code {code}", code)


@breaks("errors.code-extras")
def missing_extras(scene: Scene) -> Iterator[Defect]:
    """An error without a member that its code is documented with, or with one of another type."""
    errors, error = scene.contract.conventions.errors, _error(scene)
    documented = None if error is None else errors.documented(error[errors.code])
    if error is None or documented is None:
        return
    for name, types in documented.extra.items():
        if name in error:
            yield scene.without(f"drop {errors.error}/{name}", f"{errors.error}/{name}")
            other: Any = 4711 if not {"integer", "number"} & set(types) else PLANTED
            yield scene.with_value(f"retype {errors.error}/{name}", f"{errors.error}/{name}", other)


@breaks("errors.code-status")
def statuses_of_codes(scene: Scene) -> Iterator[Defect]:
    """A code under a status that it does not come with."""
    errors, error = scene.contract.conventions.errors, _error(scene)
    documented = None if error is None else errors.documented(error[errors.code])
    if documented is None:
        return
    for status in (400, 403, 404, 409, 422, 500, 503):
        fits = status in (documented.status, *documented.also) or f"{status // 100}xx" == documented.status
        if not fits and status != scene.response.status:
            yield scene.with_status(f"status {status}", status)


@breaks("errors.status-code")
def codes_of_statuses(scene: Scene) -> Iterator[Defect]:
    """A status under which another code comes than the document gives for it."""
    if scene.response.status != scene.arguments["status"] or _error(scene) is None:
        return
    errors = scene.contract.conventions.errors
    yield _with_code(scene, "code conformance_planted", "conformance_planted")
    yield scene.without("drop code", f"{errors.error}/{errors.code}")
    for other in errors.codes:
        if other != scene.arguments["code"]:
            yield _with_code(scene, f"code {other}", other)
            return


@breaks("errors.message-neutral")
def leaking_messages(scene: Scene) -> Iterator[Defect]:
    """A message with a path of the server, a place in its source, or a trace."""
    errors = scene.contract.conventions.errors
    text = scene.response.at(errors.message) if errors.message else None
    if not errors.message or _error(scene) is None or not isinstance(text, str) or not text:
        return
    for name, leak in (
        ("path", "cannot open /var/lib/planted/data.db"),
        ("trace", "    at Object.handle (/srv/planted/index.js:10:5)"),
        ("source", 'File "/usr/lib/planted.py", line 12'),
        ("module", "node_modules/planted/lib.js"),
    ):
        yield scene.with_value(f"leak {name}", errors.message, f"{text}: {leak}")


_OBJECT = re.compile(rb'\{\s*("(?:[^"\\]|\\.)*")\s*:')


@breaks("types.map-unique-keys")
def repeated_keys(scene: Scene) -> Iterator[Defect]:
    """An object with a member twice, at the top and further in."""
    if not scene.response.is_json:
        return
    body = scene.response.body.strip()
    found = list(islice(_OBJECT.finditer(body), 500))
    for start in dict.fromkeys((*found[:1], *found[len(found) // 2 :][:1], *found[-1:])):
        place = start.start() + 1
        yield scene.with_body(f"twice {place}", body[:place] + start[1] + b": 1, " + body[place:])


@breaks("security.credentials-never-echoed")
def echoed(scene: Scene) -> Iterator[Defect]:
    """The credential that was sent, in a header and in the body of its answer."""
    request = scene.exchange.request
    mark = next((found[0] for _, value in request.headers if (found := VALUE_MARK.search(value))), None)
    if mark is None:
        return
    yield scene.with_header("echo header", "X-Planted", f"token={mark}")
    body = scene.body
    if isinstance(body, dict):
        yield scene.with_value("echo body", "/planted", mark)
    elif body is not ABSENT:
        yield scene.with_json("echo body", {"planted": mark, "body": body})
    else:
        yield scene.with_body("echo body", b"your token is " + mark.encode())


def refused(scene: Scene, name: str, status: int) -> Defect:
    """The answer is an error under a status, as the conversation or the conventions have it."""
    known = next(scene.all(lambda one: one.response.status == status), None)
    if known is not None:
        return scene.answered(name, known.response)
    errors = scene.contract.conventions.errors
    body: Any = replaced({}, errors.message, "planted") if errors.message else {"error": "planted"}
    headers = with_header(scene.response.headers, "Content-Type", media_type_of(scene))
    return scene.answered(name, with_body(evolve(scene.response, status=status, headers=headers), as_bytes(body)))
