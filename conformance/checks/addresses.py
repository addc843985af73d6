"""Where calls go: over which scheme, below which base path, and in which version."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, check, controlled, violated
from conformance.contract import Versioning
from conformance.traffic.urls import origin_of, split


@check("transport.in-clear")
def nothing_is_served_in_clear(sight: Sight) -> Iterator[Finding]:
    """A call over plain HTTP is refused, with the documented status where there is one, though it is served over TLS.

    Emulators live on plain HTTP: judged are the documented host, and one that other calls reach over TLS.
    """
    origin = origin_of(sight.exchange.request.url)
    if origin is None or origin.is_loopback:
        return
    secure: set[str] = sight.memory.setdefault("secure", set())
    waiting: dict[str, list[Finding]] = sight.memory.setdefault("waiting", {})
    response, status = sight.exchange.response, sight.contract.conventions.in_clear
    call = (origin.host, sight.place)
    if origin.scheme == "https":
        secure.add(origin.host)
        yield from waiting.pop(origin.host, ())
        yield from controlled(sight, call, control=response.ok, held=False)
    elif response.ok or (status is not None and response.status != status):
        finding = violated(
            f"a call over plain HTTP was answered {response.reason}",
            expected="no answer in clear" if status is None else str(status),
            actual=sight.exchange.request.url,
        )
        if sight.is_documented_host or origin.host in secure:
            yield finding
        else:
            waiting.setdefault(origin.host, []).append(finding)
    else:
        yield from controlled(sight, call, control=False, held=response.status < 500)


@check("transport.below-base-url")
def call_is_below_base_url(sight: Sight) -> Iterator[Finding]:
    """A client calls the operations of the API below its base URL, and those of the documented host over TLS.

    Other paths of a host may belong to another API.
    """
    if sight.exchange.operation is None:
        return
    if _is_below_base(sight) and (split(sight.exchange.request.url).scheme == "https" or not sight.is_documented_host):
        yield HELD
    else:
        yield violated(
            "the client called an operation at another base URL",
            expected=f"{sight.contract.conventions.origin}{sight.exchange.path}",
            actual=sight.exchange.request.url,
            party="client",
        )


def _is_below_base(sight: Sight) -> bool:
    """Whether an operation was called below the base path of its host.

    That is documented of the documented host; elsewhere it is the one below which the first call went.
    """
    url = split(sight.exchange.request.url)
    base = url.path.removesuffix(sight.exchange.served_at)
    known = sight.contract.base_path if sight.is_documented_host else sight.memory.setdefault(url.authority, base)
    return bool(base == known)


@check("versioning.request-path")
def request_path_is_versioned(sight: Sight) -> Iterator[Finding]:
    """The client's request path carries the documented version."""
    versioning = sight.contract.conventions.versioning
    if versioning is None:
        return
    if _is_versioned(sight, versioning):
        yield HELD
    else:
        yield violated(
            "the client called a path without the documented version",
            expected=versioning.pattern,
            actual=split(sight.exchange.request.url).path,
            party="client",
        )


@check("versioning.path-required")
def only_versions_are_served(sight: Sight) -> Iterator[Finding]:
    """A path without its version is no endpoint, though with one it is.

    Beside the endpoints that it emulates another host may serve paths of its own: there only an operation of the
    contract without its version counts.
    """
    versioning, exchange = sight.contract.conventions.versioning, sight.exchange
    response, method = exchange.response, exchange.request.method
    if versioning is None or "//" in split(exchange.request.url).path:
        return  # Whether an empty segment is one is the server's to say.
    if _is_versioned(sight, versioning):
        below = "/" + exchange.path.removeprefix("/").partition("/")[2]
        yield from controlled(sight, (method, below), control=response.ok, held=False)
        return
    if not sight.is_documented_host and exchange.operation is None and not _is_operation_without_version(sight):
        return
    if response.ok:
        yield violated(
            f"a path without a version was answered {response.reason}",
            expected=f"endpoints at {versioning.pattern} only",
            actual=exchange.request.url,
        )
    else:
        yield from controlled(sight, (method, exchange.path), control=False, held=response.status_class == 4)


@check("versioning.parameter-required")
def version_is_required(sight: Sight) -> Iterator[Finding]:
    """A request that names no version is refused as malformed, where one that names it is served."""
    versioning, exchange = sight.contract.conventions.versioning, sight.exchange
    if versioning is None or versioning.parameter is None:
        return
    if any(name == versioning.parameter for name, _ in exchange.request.query):
        yield from controlled(sight, sight.place, control=exchange.response.ok, held=False)
        return
    # What serves other documents, such as descriptions of the API, need not have versions.
    if (
        exchange.operation is None
        and exchange.response.media_type not in sight.contract.conventions.media_types.response
    ):
        return
    if exchange.response.ok:
        yield violated(
            f"a request without {versioning.parameter} was answered {exchange.response.reason}",
            expected=f"400, for lack of {versioning.parameter}",
            actual=exchange.request.url,
        )
    else:
        yield from controlled(sight, sight.place, control=False, held=exchange.response.status == 400)


def _is_versioned(sight: Sight, versioning: Versioning) -> bool:
    """Whether the version stands right below the base URL; of unknown paths, below whatever an emulator's one is."""
    # Where a target serves an operation elsewhere, and says so, the client keeps to that.
    path = split(sight.exchange.request.url).path.removesuffix(sight.exchange.served_at) + sight.exchange.path
    if sight.exchange.operation is not None and not _is_below_base(sight):
        return False
    if sight.is_documented_host:
        base = sight.contract.base_path
        return path.startswith(base) and bool(re.fullmatch(versioning.pattern, path[len(base) :]))
    below = (path[match.start() :] for match in re.finditer("/", path))
    return any(re.fullmatch(versioning.pattern, each) for each in below)


def _is_operation_without_version(sight: Sight) -> bool:
    versions = {operation.path.split("/")[1] for operation in sight.contract.operations}
    path, method = sight.exchange.path, sight.exchange.request.method
    return any(sight.contract.router.find(method, f"/{version}{path}") for version in versions)
