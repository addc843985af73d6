"""Defects of access: who is served that should not be, where, and what a client shows of its credential."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from attrs import evolve

from conformance.planting.base import Defect, Scene, breaks, with_query
from conformance.planting.schemas import promises
from conformance.traffic.exchange import Exchange
from conformance.traffic.redact import VALUE_MARK, value_mark
from conformance.traffic.urls import Url, is_loopback, split


def _is_refusal(scene: Scene) -> bool:
    return scene.response.status_class == 4


@breaks("transport.in-clear")
def served_in_clear(scene: Scene) -> Iterator[Defect]:
    """A call over plain HTTP that is served."""

    def in_clear(one: Scene) -> bool:
        url = one.exchange.request.url
        return split(url).scheme == "http" and not is_loopback(url) and not one.response.ok

    for found in scene.all(in_clear):
        yield found.served("served in-clear")
        return


def refuses(scene: Scene) -> int:
    """The status that authentication is refused with; 0 where nothing tells."""
    return scene.contract.conventions.auth.refused or 0


@breaks("auth.credentials-required", "auth.bad-credentials-refused")
def served_to_anybody(scene: Scene) -> Iterator[Defect]:
    """A call that was refused for its credential, or for having none, and is served."""
    if scene.exchange.negative and scene.response.status_class == 4:
        yield scene.served("served anybody")


@breaks("auth.denial-holds-no-data")
def denials_with_data(scene: Scene) -> Iterator[Defect]:
    """A refusal that holds what it refuses."""
    status = scene.contract.conventions.auth.refused
    for denied in scene.all(lambda one: one.response.status == status and isinstance(one.body, dict)):
        served = denied.success()
        if not served.ok or not served.is_json:
            return
        data = served.json if isinstance(served.json, dict) else {}
        known = {name: value for name, value in data.items() if name in _documented(denied) and name not in denied.body}
        for name, value in list(known.items())[:3]:
            yield denied.with_value(f"leak /{name}", f"/{name}", value)
        if known:
            yield denied.with_json("leak whole", {**denied.body, **data})
        if any(isinstance(value, dict | list) for value in known.values()):
            yield denied.with_json("leak below", {**denied.body, "planted": data})
        yield denied.with_json("leak list", [{"id": "planted"}])
        return


def _documented(scene: Scene) -> set[str]:
    """The members that the document gives the operation's success."""
    operation = scene.exchange.operation
    schemas = [operation.promised(status) for status in operation.success] if operation else []
    found = [each for schema in schemas if schema for each in promises(schema, schema)]
    return {name for each in found for name in each.get("properties", {})}


@breaks("auth.scheme-exact")
def other_schemes(scene: Scene) -> Iterator[Defect]:
    """A credential that is sent in another form."""
    header = scene.contract.conventions.auth.header
    value = scene.exchange.request.header(header) or ""
    scheme, space, credential = value.partition(" ")
    if space and credential:
        for name, other in (
            ("case", f"{scheme.swapcase()} {credential}"),
            ("spaces", f"{scheme}  {credential}"),
            ("quotes", f'{scheme} "{credential}"'),
            ("none", credential),
        ):
            yield scene.with_request_header(f"scheme {name}", header, other)


@breaks("security.credential-only-in-header")
def credentials_elsewhere(scene: Scene) -> Iterator[Defect]:
    """A credential in the URL, and in the body."""
    request = scene.exchange.request
    mark = next((found[0] for _, value in request.headers if (found := VALUE_MARK.search(value))), None)
    if mark is None:
        return
    query = split(request.url).query
    url = with_query(request.url, f"{query}&token={mark}" if query else f"token={mark}")
    yield scene.defect("credential url", evolve(scene.exchange, request=evolve(request, url=url)))
    body = b'{"token": "' + mark.encode() + b'"}'
    yield scene.defect("credential body", evolve(scene.exchange, request=evolve(request, body=body)))


@breaks("security.recording-clean")
def recorded_credentials(scene: Scene) -> Iterator[Defect]:
    """A credential that was recorded in clear, which its own mark tells."""
    for name, value in scene.exchange.request.headers if scene.exchange.source is not None else ():
        if VALUE_MARK.search(value):
            clear = VALUE_MARK.sub(value_mark("recorded-1"), value)
            yield scene.with_request_header("credential recorded", name, clear)
            return


def _before(scene: Scene) -> list[Scene]:
    return [scene.moved(at) for at in range(scene.at) if scene.conversation[at].operation is not None]


def _with_url(exchange: Exchange, url: str, **changes: Any) -> Exchange:
    return evolve(exchange, request=evolve(exchange.request, url=url), **changes)


@breaks("transport.below-base-url")
def other_bases(scene: Scene) -> Iterator[Defect]:
    """A client that calls an operation below another base URL, or in clear."""
    url = split(scene.exchange.request.url)
    elsewhere = Url(url.scheme, url.authority, f"/planted{url.path}", url.query)
    documented = url.authority == split(scene.contract.conventions.origin).authority
    if documented or any(split(one.exchange.request.url).authority == url.authority for one in _before(scene)):
        # Elsewhere the base URL is that of the first call.
        yield scene.defect("base elsewhere", _with_url(scene.exchange, str(elsewhere)))
    if url.scheme == "https" and documented:
        yield scene.defect(
            "base in-clear", _with_url(scene.exchange, str(Url("http", url.authority, url.path, url.query)))
        )


def _unversioned(scene: Scene) -> Exchange | None:
    """The exchange with a path that lacks its version; None where it has none."""
    exchange, versioning = scene.exchange, scene.contract.conventions.versioning
    path, url = exchange.path, split(exchange.request.url)
    below = "/" + path.removeprefix("/").partition("/")[2]
    if versioning is None or versioning.carrier != "path" or len(below) < 2 or not url.path.endswith(path):
        return None
    if re.fullmatch(versioning.pattern, below):
        return None
    without = str(Url(url.scheme, url.authority, url.path.removesuffix(path) + below, url.query))
    return _with_url(exchange, without, operation=None, path=below, served_at=below)


@breaks("versioning.request-path")
def unversioned_requests(scene: Scene) -> Iterator[Defect]:
    """A client that leaves the version out of a path."""
    versioning, base = scene.contract.conventions.versioning, scene.contract.base_path
    if versioning is None:
        return
    exchange = _unversioned(scene)
    if exchange is not None:
        yield scene.defect("path unversioned", exchange)
    elif base:
        url = split(scene.exchange.request.url)
        if base in url.path:
            without = str(Url(url.scheme, url.authority, url.path.replace(base, "", 1), url.query))
            yield scene.defect("path unversioned", _with_url(scene.exchange, without))


@breaks("versioning.path-required")
def served_without_version(scene: Scene) -> Iterator[Defect]:
    """A path without a version that is served, as the one with it is."""
    versioning = scene.contract.conventions.versioning
    if versioning is None:
        return
    exchange = _unversioned(scene)
    if exchange is not None and scene.response.ok:
        yield scene.defect("served unversioned", exchange)
    elif scene.response.status_class == 4 and not re.fullmatch(versioning.pattern, scene.exchange.path):
        yield scene.served("served unversioned")


@breaks("versioning.parameter-required")
def served_without_parameter(scene: Scene) -> Iterator[Defect]:
    """A request that names no version, and is served."""
    versioning, url = scene.contract.conventions.versioning, scene.exchange.request.url
    if versioning is None or versioning.parameter is None or not scene.response.ok:
        for refusal in scene.all(_is_refusal):
            named = [name for name, _ in refusal.exchange.request.query]
            if versioning is not None and versioning.parameter not in named and refusal.exchange.operation is not None:
                yield refusal.served("served unversioned")
                return
        return
    query = split(url).query or ""
    kept = "&".join(part for part in query.split("&") if part.partition("=")[0] != versioning.parameter)
    if kept != query:
        yield scene.defect("served unversioned", _with_url(scene.exchange, with_query(url, kept or None)))
