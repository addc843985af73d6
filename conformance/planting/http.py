"""Defects of HTTP and JSON, whatever the API: messages, statuses, header fields and JSON texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import evolve

from conformance.planting.base import Defect, Scene, breaks, json_type, token, with_header
from conformance.planting.bodies import PAGE, broken_texts, repeated_keys
from conformance.planting.pages import fresh, with_records
from conformance.planting.resources import lost_creates, undead
from conformance.planting.schemas import PLANTED
from conformance.traffic.exchange import Exchange


def is_of_others(exchange: Exchange) -> bool:
    """Whether somebody else recorded it, who may have cleaned its body or left out what nobody needs."""
    return exchange.source is not None


def keeps_fields(scene: Scene) -> bool:
    """Whether all header fields are there: a recording without Date may lack others, too."""
    return not is_of_others(scene.exchange) or scene.response.header("date") is not None


# Messages.


@breaks("http.message-complete")
def broken_messages(scene: Scene) -> Iterator[Defect]:
    """An answer that breaks off, and one in another coding than it names."""
    for name, fault in (("broken off", "it broke off"), ("broken coding", "the content coding cannot be undone")):
        yield scene.answered(name, evolve(scene.response, fault=fault))


@breaks("http.content-length")
def wrong_lengths(scene: Scene) -> Iterator[Defect]:
    """A body that is shorter or longer than Content-Length, and a length that is none."""
    response = scene.response
    length = response.header("content-length") or ""
    yield scene.with_header("length text", "Content-Length", "many")
    yield scene.with_header("length two", "Content-Length", f"{length}, {length}0")
    if not length.isdigit() or not response.body or response.header("content-encoding"):
        return
    if response.is_json or not is_of_others(scene.exchange):
        yield scene.answered("cut", evolve(response, body=response.body[: len(response.body) * 2 // 3]))
        yield scene.answered("cut one", evolve(response, body=response.body.rstrip()[:-1]))
    if not is_of_others(scene.exchange):
        yield scene.with_header("length more", "Content-Length", str(int(length) + 1))
        yield scene.answered("longer", evolve(response, body=response.body + b"\n"))


@breaks("http.no-body")
def bodies_of_nothing(scene: Scene) -> Iterator[Defect]:
    """A body where none may be."""
    yield scene.answered("body json", evolve(scene.response, body=b"{}"))
    yield scene.answered("body text", evolve(scene.response, body=b"OK"))


@breaks("http.no-length-of-nothing")
def lengths_of_nothing(scene: Scene) -> Iterator[Defect]:
    """A 204 with a length, and in chunks."""
    if scene.response.status == 204:
        yield scene.with_header("length zero", "Content-Length", "0")
        yield scene.with_header("length chunks", "Transfer-Encoding", "chunked")


@breaks("http.field-syntax")
def strange_fields(scene: Scene) -> Iterator[Defect]:
    """A field whose name is no token, and one with control characters."""
    yield scene.with_header("name space", "X Planted", "1")
    yield scene.with_header("name colon", "X-Planted:", "1")
    yield scene.with_header("value control", "X-Planted", "a\x01b")
    yield scene.with_header("value line", "X-Planted", "a\nSet-Cookie: b=c")


@breaks("http.fields-once")
def fields_twice(scene: Scene) -> Iterator[Defect]:
    """A field of one value that comes twice, with different ones."""
    headers = scene.response.headers
    for name, other in (
        ("Content-Type", "text/planted"),
        ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("ETag", '"planted"'),
        ("Location", "/planted"),
    ):
        if scene.response.header(name) is not None:
            yield scene.answered(f"twice {name}", evolve(scene.response, headers=(*headers, (name, other))))


# Statuses.


@breaks("http.status-code")
def strange_statuses(scene: Scene) -> Iterator[Defect]:
    """Statuses that no answer has."""
    for status in (99, 150, 600, 999):
        yield scene.with_status(f"status {status}", status)


def _without(scene: Scene, name: str) -> Iterator[Defect]:
    if scene.response.header(name) is not None and keeps_fields(scene):
        yield scene.with_header(f"drop {name}", name, None)


@breaks("http.authenticate-on-401")
def silent_refusals(scene: Scene) -> Iterator[Defect]:
    """A 401 that does not say how to authenticate."""
    yield from _without(scene, "WWW-Authenticate")


@breaks("http.allow-on-405")
def methods_untold(scene: Scene) -> Iterator[Defect]:
    """A 405 that does not say which methods there are."""
    yield from _without(scene, "Allow")


@breaks("http.allow-without-refused")
def refused_and_allowed(scene: Scene) -> Iterator[Defect]:
    """A 405 to a method that it says is allowed."""
    allow = scene.response.header("allow")
    if allow is not None:
        method = scene.exchange.request.method
        yield scene.with_header("allow refused", "Allow", f"{allow}, {method}" if allow else method)


@breaks("http.location-on-redirect")
def redirects_nowhere(scene: Scene) -> Iterator[Defect]:
    """A redirect that leads nowhere."""
    yield from _without(scene, "Location")


@breaks("http.not-modified-on-condition")
def unasked_not_modified(scene: Scene) -> Iterator[Defect]:
    """A 304 to a request without a condition."""
    if not is_of_others(scene.exchange):
        headers = scene.exchange.request.headers
        for name in ("If-None-Match", "If-Modified-Since"):
            headers = with_header(headers, name, None)
        request = evolve(scene.exchange.request, headers=headers)
        response = evolve(scene.response, status=304, body=b"")
        yield scene.defect("unasked", evolve(scene.exchange, request=request, response=response))


@breaks("http.partial-content")
def parts_of_nothing(scene: Scene) -> Iterator[Defect]:
    """A 206 that does not say which part it is."""
    if keeps_fields(scene):
        headers = with_header(scene.response.headers, "Content-Range", None)
        yield scene.answered("drop Content-Range", evolve(scene.response, status=206, headers=headers))


# Header fields: of each the forms that are none.

DATES = ("2026-01-01T00:00:00Z", "1767225600", "Thu, 32 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 +0100")
FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "http.date-form": {"Date": (*DATES, "Fri, 01 Jan 2026 00:00:00 GMT"), "Last-Modified": DATES, "Expires": DATES[:1]},
    "http.content-type-form": {"Content-Type": ("json", "application/", "application json", "a/b; charset")},
    "http.retry-after-form": {"Retry-After": ("1.5", "-1", "soon", "2026-01-01T00:00:00Z")},
    "http.allow-form": {"Allow": ("GET POST", "GET; POST", "[GET]")},
    "http.authenticate-form": {"WWW-Authenticate": ('realm="api"', "Bearer realm=a b", 'Bearer realm="open')},
    "http.etag-form": {"ETag": ("abc", 'W"abc"', '"abc', "w/'abc'")},
    "http.location-form": {"Location": ("/a b", "<https://planted.example>", "/ä", "/a%zz")},
    "http.link-form": {"Link": ('https://planted.example; rel="next"', "</a>", '</a>; rel="next', '</a> rel="next"')},
    "http.sunset-form": {"Sunset": DATES},
    "http.deprecation-form": {"Deprecation": ("yes", "2026-01-01", "soon")},
}
"""Check → header field → values that are not of its form."""


@breaks(*FORMS)
def strange_values(scene: Scene) -> Iterator[Defect]:
    """A field that is not of its form."""
    for name, values in FORMS[scene.check].items():
        if scene.response.header(name) is not None:
            for number, value in enumerate(values):
                yield scene.with_header(f"form-{number} {name}", name, value)


@breaks("http.date-present")
def undated(scene: Scene) -> Iterator[Defect]:
    """An answer that does not say when it was made."""
    if not is_of_others(scene.exchange) and scene.response.status < 500:
        yield scene.with_header("drop Date", "Date", None)


@breaks("http.content-type-present")
def untyped(scene: Scene) -> Iterator[Defect]:
    """A body that does not say what it is."""
    if scene.response.body:
        yield from _without(scene, "Content-Type")


# JSON.


@breaks("http.json-well-formed")
def no_json(scene: Scene) -> Iterator[Defect]:
    """A body that is said to be JSON, and cannot be read as it."""
    if scene.response.is_json:
        yield from broken_texts(scene)
        yield scene.with_body("text html", PAGE)
        yield scene.with_body("text quotes", b"{'planted': 1}")
        yield scene.with_body("text bom", b"\xff\xfe{\x00}\x00")


@breaks("http.json-unique-names")
def names_twice(scene: Scene) -> Iterator[Defect]:
    """An object with two members of one name."""
    yield from repeated_keys(scene)


@breaks("http.json-number-range")
def large_numbers(scene: Scene) -> Iterator[Defect]:
    """An integer that not everybody reads exactly."""
    found = [place for place, value in _leaves(scene.body, "") if json_type(value) == "integer"]
    for place in dict.fromkeys((*found[:2], *found[-1:])):
        yield scene.with_value(f"large {place}", place, 2**53 + 1)
        yield scene.with_value(f"negative {place}", place, -(2**63))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The first values that hold no others, with their places."""
    if place.count("/") > 8:
        return
    if isinstance(value, dict):
        for name in list(value)[:50]:
            yield from _leaves(value[name], f"{place}/{token(name)}")
    elif isinstance(value, list):
        for index in range(min(len(value), 3)):
            yield from _leaves(value[index], f"{place}/{index}")
    elif place:
        yield place, value


@breaks("http.json-present")
def no_json_at_all(scene: Scene) -> Iterator[Defect]:
    """A body that is said to be JSON, and is empty."""
    yield scene.with_body("empty", b"")


@breaks("http.problem-members")
def strange_problems(scene: Scene) -> Iterator[Defect]:
    """A problem document with members of other types."""
    body = scene.body
    for name in ("type", "title", "detail", "instance"):
        if isinstance(body, dict) and name in body:
            yield scene.with_value(f"retype /{name}", f"/{name}", 4711)
            yield scene.with_value(f"object /{name}", f"/{name}", {PLANTED: True})
    if isinstance(body, dict) and "status" in body:
        yield scene.with_value("retype /status", "/status", str(body["status"]))
    if isinstance(body, dict):
        yield scene.with_json("list", [body])


@breaks("http.problem-status")
def other_problem_statuses(scene: Scene) -> Iterator[Defect]:
    """A problem document with another status than its answer."""
    if scene.response.at("/status") is not None:
        for status in (200, 418, 500):
            if status != scene.response.status:
                yield scene.with_value(f"status {status}", "/status", status)


# Resources.


@breaks("http.ids-once")
def ids_twice(scene: Scene) -> Iterator[Defect]:
    """A record that is twice on a page, and two records with one id."""
    page = scene.page
    if page is None or len(page.records) < 2 or None in page.ids:
        return
    yield with_records(scene, "repeat page", [*page.records, page.records[0]])
    yield with_records(scene, "repeat id", [*page.records[:-1], page.records[0]])
    yield with_records(scene, "repeat more", [*(fresh(scene, one) for one in page.records), *page.records[:1] * 2])


@breaks("http.created-readable")
def unreadable_creates(scene: Scene) -> Iterator[Defect]:
    """What was created and cannot be read."""
    if scene.page is None:
        yield from lost_creates(scene)


@breaks("http.deleted-gone")
def readable_deletes(scene: Scene) -> Iterator[Defect]:
    """What was deleted, and can be read."""
    deleted = {one.exchange.path for one in scene.all(_is_deleted)}
    for defect in undead(scene):
        place = next(at for at, one in enumerate(defect.conversation) if one is not scene.conversation[at])
        changed = scene.moved(place)
        if changed.page is None and changed.exchange.path in deleted:
            yield defect


def _is_deleted(scene: Scene) -> bool:
    return scene.exchange.request.method == "DELETE" and scene.response.status == 204


@breaks("http.authentication-enforced")
def served_without_credential(scene: Scene) -> Iterator[Defect]:
    """A call that had no credential on purpose, and is served."""
    header = scene.contract.conventions.auth.header
    for one in scene.all(lambda one: one.exchange.negative and one.exchange.request.header(header) is None):
        if one.response.status_class == 4 and one.exchange.known_as == scene.exchange.known_as:
            yield one.served("served anybody")
            return
