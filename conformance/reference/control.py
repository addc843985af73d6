"""The clock of a served reference, which whoever is on the same machine may move."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from attrs import frozen

from conformance.reference.clock import RunningClock
from conformance.reference.core import Server
from conformance.reference.senders import is_loopback

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CLOCK_PATH = "/-/clock"
"""No API has a path of this form."""

LONGEST = 366 * 24 * 3600.0
"""Seconds that the clock is moved at a time, at most."""


@frozen
class ClockControl:
    """A server whose time is told by `GET /-/clock`, and moved by `POST /-/clock` with `{"advance": SECONDS}`.

    Both answer `{"now": SECONDS}`, since the epoch. Who asks has to be on this machine, and a move has to be JSON
    by its media type, which a page in a browser cannot send to another host unasked.
    """

    server: Server
    clock: RunningClock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serves one WSGI request."""
        if environ["PATH_INFO"] != CLOCK_PATH:
            return self.server(environ, start_response)
        status, answer = self._moved(environ)
        body = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _moved(self, environ: WSGIEnvironment) -> tuple[HTTPStatus, dict[str, Any]]:
        if not is_loopback(environ.get("REMOTE_ADDR", "")):
            return HTTPStatus.FORBIDDEN, {"error": "the clock is moved from this machine only"}
        if environ["REQUEST_METHOD"] == "POST":
            if environ.get("CONTENT_TYPE", "").partition(";")[0].strip() != "application/json":
                return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {"error": "the Content-Type has to be application/json"}
            body = environ["wsgi.input"].read(min(int(environ.get("CONTENT_LENGTH") or 0), 1000))
            seconds = _seconds(body)
            if seconds is None:
                return HTTPStatus.BAD_REQUEST, {"error": f'needs {{"advance": SECONDS}}, from 0 to {LONGEST:.0f}'}
            self.clock.advance(seconds)
        elif environ["REQUEST_METHOD"] != "GET":
            return HTTPStatus.METHOD_NOT_ALLOWED, {"error": "GET tells the time, POST moves it"}
        return HTTPStatus.OK, {"now": self.clock.now().timestamp()}


def _seconds(body: bytes) -> float | None:
    """The seconds that a body asks for; None if it asks for none that the clock can be moved by."""
    try:
        asked = json.loads(body)["advance"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if isinstance(asked, bool) or not isinstance(asked, int | float) or not 0 <= asked <= LONGEST:
        return None
    return float(asked)
