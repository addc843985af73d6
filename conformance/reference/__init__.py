"""Reference servers: what each document promises, read strictly, with faults that can be planted.

A server is a WSGI application. `httpx2.WSGITransport(server)` drives it in process, `serve.serve` on a socket.
Nothing here uses the checks or the contract: code that were shared would share its mistakes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from conformance.reference import netlify, snyk, vercel, vultr, zeit
from conformance.reference.clock import Clock, RunningClock, VirtualClock
from conformance.reference.core import Server
from conformance.reference.faults import Fault

T = TypeVar("T")

__all__ = ["APIS", "VERSION", "Clock", "Fault", "RunningClock", "Server", "VirtualClock", "build", "faults_of"]

VERSION = "1"
"""The version of the servers' behaviour, kept in recordings.

Raise it with every change after which some request is answered with other bytes; a new API or a new
fault is no such change.
"""

_BUILDERS: dict[str, Callable[..., Server]] = {
    "netlify": netlify.build,
    "snyk": snyk.build,
    "vercel": vercel.build,
    "vultr": vultr.build,
    "zeit": zeit.build,
}
_FAULTS: dict[str, tuple[Fault, ...]] = {
    "netlify": netlify.FAULTS,
    "snyk": snyk.FAULTS,
    "vercel": vercel.FAULTS,
    "vultr": vultr.FAULTS,
    "zeit": zeit.FAULTS,
}

APIS: tuple[str, ...] = tuple(_BUILDERS)
"""The APIs that have a reference server."""


def build(api: str, *, clock: Clock | None = None, fault: Fault | None = None, **options: Any) -> Server:
    """A fresh server of an API, with a VirtualClock unless another is given, and at most one fault.

    `options` are those of the API's own `build`: for all `credentials`, `ids` and
    `require_https`, for vercel also `limit`. How far the clock moves at a request is the API's own choice.
    ValueError for an unknown API or a fault of another one; TypeError for an unknown option.
    """
    server = _known(_BUILDERS, api)(clock=clock, **options)
    if fault is not None:
        if fault.api != api:
            raise ValueError(f"{fault.id} is a fault of {fault.api}, not of {api}")
        fault.plant(server)
    return server


def faults_of(api: str) -> tuple[Fault, ...]:
    """All faults that can be planted into the server of an API; ValueError for an unknown one."""
    return _known(_FAULTS, api)


def _known(by_api: dict[str, T], api: str) -> T:
    if api not in by_api:
        raise ValueError(f"there is no reference server for {api!r}; there is one for {', '.join(APIS)}")
    return by_api[api]
