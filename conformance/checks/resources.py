"""What becomes of resources: what a create or a change shows afterwards, and that a deleted one is gone.

These rules look at one conversation only. Away from it others may write, and an id may be in use again.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from math import isfinite
from typing import Any, Literal
from unicodedata import normalize
from urllib.parse import unquote

from conformance.checks.base import HELD, Arguments, Finding, Sight, as_json, check, controlled, violated


@check("crud.create-echo")
def create_echoes_what_was_sent(sight: Sight) -> Iterator[Finding]:
    """Where the answer to a create shows a member that was sent, it has the value that was sent.

    What will be done later (202) may not show yet.
    """
    exchange = sight.exchange
    if exchange.request.method == "POST" and exchange.response.status == 201 and not exchange.negative:
        yield from _compared(exchange.request.at(""), _object_in(exchange.response.at("")), "the created resource")


@check("crud.created-is-there")
def created_is_there(sight: Sight) -> Iterator[Finding]:
    """What was created is found under its id, and in its collection, until somebody deletes it."""
    exchange, path = sight.exchange, _path(sight)
    created: dict[str, str | None] = sight.sequence.setdefault("created", {})
    method, status = exchange.request.method, exchange.response.status
    if method == "POST" and status == 201:
        identity = _id_of(sight)
        if identity is not None:
            created[f"{path}/{identity}"] = sight.caller
    elif method == "DELETE":
        # Also one that is refused may have been done.
        for place in [place for place in created if place == path or place.startswith(f"{path}/")]:
            del created[place]
    elif method == "GET" and path in created and created[path] == sight.caller:
        if status == sight.contract.conventions.errors.unknown:
            yield violated("what was created is not found", expected="2xx", actual=exchange.response.reason)
        elif exchange.response.ok and (_id_of(sight) or "").casefold() == path.rpartition("/")[2].casefold():
            yield HELD
    elif method == "GET" and not exchange.request.query and sight.page is not None and sight.page.next is None:
        ours = _below(path, created, sight.caller)
        listed = {(identity or "").casefold() for identity in sight.page.ids}
        lacking = sorted(identity for identity in ours if identity.casefold() not in listed)
        if lacking and None not in sight.page.ids:
            yield violated(
                "the list lacks what was created",
                expected=f"a list with {lacking[0]}",
                actual=exchange.response.text,
            )
        elif ours:
            yield HELD


class Changes(Arguments):
    method: Literal["PUT", "PATCH"]


@check("crud.changes-show", Changes)
def changes_show(sight: Sight) -> Iterator[Finding]:
    """What a PUT or a PATCH has set shows in the resource, and in its collection, until it is written again.

    Arguments:
        method: whose changes are looked for.
    """
    exchange, path, method = sight.exchange, _path(sight), sight.exchange.request.method
    known: dict[str, tuple[str | None, Mapping[str, Any]]] = sight.sequence.setdefault("changed", {})
    if method in ("GET", "HEAD", "OPTIONS"):
        if method == "GET" and exchange.response.ok:
            yield from _shown(sight, path, known)
        return
    if exchange.response.status_class == 4:
        return
    # Whatever writes there may change it: to the resource, to its collection, or below either.
    for place in [place for place in known if _touches(method, path, place)]:
        del known[place]
    sent = exchange.request.at("")
    if method == sight.arguments["method"] and exchange.response.status in (200, 204) and isinstance(sent, dict):
        known[path] = (sight.caller, sent)


def _shown(sight: Sight, path: str, known: Mapping[str, tuple[str | None, Mapping[str, Any]]]) -> Iterator[Finding]:
    if path in known and known[path][0] == sight.caller:
        yield from _compared(known[path][1], _object_in(sight.exchange.response.at("")), "the changed resource")
    elif sight.page is not None:
        for record, identity in zip(sight.page.records, sight.page.ids, strict=True):
            caller, sent = known.get(f"{path}/{identity}", (None, None))
            if sent is not None and caller == sight.caller:
                yield from _compared(sent, record, "the changed resource in its list")


MOST_KNOWN = 10_000
"""Ids of one list that are remembered; recordings of a gigabyte hold millions."""


@check("crud.deleted-is-gone")
def deleted_is_gone(sight: Sight) -> Iterator[Finding]:
    """What was deleted is not found any more, and not listed.

    That it is not found counts where others of its kind are. A delete that will be done later (202) promises nothing
    yet. Once something was made in its place, or in its collection, the id may be in use again. Another caller may
    have a resource of the same name.
    """
    exchange, path = sight.exchange, _path(sight)
    deleted: dict[str, str | None] = sight.sequence.setdefault("deleted", {})
    method, status = exchange.request.method, exchange.response.status
    kind = exchange.known_as if exchange.operation else path.rpartition("/")[0]
    if method == "GET":
        yield from controlled(sight, kind, control=exchange.response.ok, held=False)
    if method == "DELETE" and status in (200, 204):
        deleted[path] = sight.caller
    elif method in ("POST", "PUT", "PATCH") and exchange.response.status_class != 4:
        for place in [place for place in deleted if _touches(method, path, place)]:
            del deleted[place]
    elif method == "GET" and path in deleted and deleted[path] == sight.caller:
        unknown = sight.contract.conventions.errors.unknown
        if exchange.response.ok:
            yield violated(
                f"a GET of what was deleted was answered {exchange.response.reason}",
                expected=str(unknown),
                actual=exchange.response.text,
            )
        else:
            yield from controlled(sight, kind, control=False, held=status == unknown)
    elif method == "GET" and sight.page is not None:
        yield from _unlisted(sight, path, _below(path, deleted, sight.caller))


def _unlisted(sight: Sight, path: str, gone: set[str]) -> Iterator[Finding]:
    """Whether a list lacks what was deleted from it; that proves something only where it was in the list before."""
    page = sight.page
    assert page is not None
    known: set[str] = sight.sequence.setdefault(("listed", path, sight.caller), set())
    ids = {identity for identity in page.ids if identity is not None}
    again = sorted(ids & gone)
    if again:
        yield violated(
            "the list still holds what was deleted",
            expected=f"a list without {again[0]}",
            actual=sight.exchange.response.text,
        )
    elif gone & known and page.next is None and page.cursor_asked is None:
        yield HELD
    if len(known) > MOST_KNOWN:
        # What is forgotten is evidence that something was listed, and with it a proof; nobody is accused by that.
        known.clear()
    known |= ids


def _path(sight: Sight) -> str:
    return unquote(sight.exchange.path).rstrip("/")


def _below(path: str, places: Mapping[str, str | None], caller: str | None) -> set[str]:
    """The ids of this caller's things right below a path."""
    return {
        place.rpartition("/")[2]
        for place, whose in places.items()
        if whose == caller and place.rpartition("/")[0] == path
    }


def _touches(method: str, path: str, place: str) -> bool:
    """Whether a write may make or change what is at a place: one to it or its collection; a POST also below either, or
    to what these belong to."""
    collection = place.rpartition("/")[0]
    near = path.startswith(f"{collection}/") or collection.startswith(f"{path}/")
    return path in (place, collection) or (method == "POST" and near)


def _id_member(sight: Sight) -> str:
    operation = sight.exchange.operation
    resource = sight.contract.resource_of(operation) if operation else None
    return resource.id if resource else "id"


def _id_of(sight: Sight) -> str | None:
    """The id that an answer gives the resource in it."""
    identity = (_object_in(sight.exchange.response.at("")) or {}).get(_id_member(sight))
    return str(identity) if isinstance(identity, str | int) and not isinstance(identity, bool) else None


def _object_in(body: Any) -> Mapping[str, Any] | None:
    """The resource in an answer: the only object in it, or else the answer itself."""
    if not isinstance(body, dict):
        return None
    objects = [value for value in body.values() if isinstance(value, dict)]
    return objects[0] if len(objects) == len(body) == 1 else body


def _compared(sent: Any, shown: Any, what: str) -> Iterator[Finding]:
    """Whether every value that was sent is the one that is shown, where it is shown at all."""
    if not isinstance(sent, dict) or not isinstance(shown, dict):
        return
    common = [(name, value, shown[name]) for name, value in sent.items() if _comparable(value, shown.get(name))]
    for name, value, now in common:
        if _plain(value) != _plain(now):
            yield violated(f"{what} has another {name} than was sent", expected=as_json(value), actual=as_json(now))
            return
    if common:
        yield HELD


def _comparable(sent: Any, shown: Any) -> bool:
    scalars = isinstance(sent, str | int | float) and isinstance(shown, str | int | float)
    return scalars and isinstance(sent, bool) == isinstance(shown, bool) and "__redacted_" not in f"{sent}{shown}"


def _plain(value: Any) -> Hashable:
    """A value, however it is written, which is the server's to choose: its letter case, quotation marks, a dot or a
    slash at its end, a number as text, the short form of an address, the zone of a date.
    """
    text = normalize("NFKC", str(value)).strip().strip('"').rstrip("./").upper()
    with suppress(ValueError):
        if isfinite(number := float(text)):
            return number
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    with suppress(ValueError):
        return str(ip_address(text))
    return text.casefold()
