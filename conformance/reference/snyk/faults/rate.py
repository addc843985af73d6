"""Faults of the Snyk server in how it limits the rate, and what it says when the limit is reached."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import evolve

from conformance.reference.core import Server
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.policies import SlidingWindow
from conformance.reference.snyk.data import CREATE_PROJECT
from conformance.reference.snyk.faults.tools import SnykFaults, store_project
from conformance.reference.snyk.policies import QuietWindow

faults = SnykFaults()

TOO_MANY = frozenset({429})


@faults.server("snyk.rate-limit.limit-540")
def counted_per_address(server: Server) -> None:
    """Requests are counted per address, whatever their keys."""
    server.limiter = QuietWindow(limit=540, key=lambda request: request.address)


@faults.server("snyk.rate-limit.limit-540")
def counted_for_all_keys(server: Server) -> None:
    """All keys share one count."""
    server.limiter = QuietWindow(limit=540, key=lambda _request: "all")


@faults.server("snyk.rate-limit.limit-540")
def not_limited(server: Server) -> None:
    """There is no limit."""
    server.limiter = QuietWindow(limit=10**9)


@faults.server("snyk.rate-limit.limit-540")
def limit_of_541(server: Server) -> None:
    """The 541st request in a minute passes."""
    server.limiter = QuietWindow(limit=541)


@faults.limiter("snyk.rate-limit.limit-540")
class EverySecondRefused(QuietWindow):
    """Beyond the limit, every second request passes."""

    beyond = 0

    def admit(self, request: Request, now: datetime) -> None:
        try:
            super().admit(request, now)
        except Problem:
            self.beyond += 1
            if self.beyond % 2:
                raise


@faults.limiter("snyk.rate-limit.limit-540")
class OneRefusalOnly(QuietWindow):
    """A 429 clears the count, so that the next 540 requests pass."""

    def admit(self, request: Request, now: datetime) -> None:
        try:
            super().admit(request, now)
        except Problem:
            self.admitted.clear()
            self.refused.clear()
            raise


@faults.limiter("snyk.rate-limit.429-persists")
class RefilledWhileHammered(QuietWindow):
    """A request passes as soon as an older one has left the minute, however many were refused since."""

    def admit(self, request: Request, now: datetime) -> None:
        SlidingWindow.admit(self, request, now)


@faults.limiter("snyk.rate-limit.429-persists")
class BlockedForOneMinute(QuietWindow):
    """Service resumes a minute after the first refusal, though requests never stopped."""

    def admit(self, request: Request, now: datetime) -> None:
        first = self.refused.get(self.key(request))
        try:
            super().admit(request, now)
        except Problem:
            self.refused[self.key(request)] = first or now
            raise


@faults.limiter("snyk.rate-limit.429-persists")
class BlockedForGood(QuietWindow):
    """Service does not resume after a quiet minute, nor later."""

    def admit(self, request: Request, now: datetime) -> None:
        if self.key(request) in self.refused:
            raise Problem(429, "rate-limit", "Too many requests: the key is blocked.")
        super().admit(request, now)


@faults.limiter("snyk.rate-limit.429-persists")
class QuietForTenMinutes(QuietWindow):
    """Service resumes after ten quiet minutes only."""

    def admit(self, request: Request, now: datetime) -> None:
        self.window = 600.0 if self.key(request) in self.refused else 60.0
        super().admit(request, now)


@faults.response("snyk.rate-limit.429-body", status=TOO_MANY)
def refused_in_html(_request: Request, _response: Response) -> Response:
    """A 429 is an HTML page."""
    return Response(429, b"<!doctype html><title>Slow down</title>", {"Content-Type": "text/html"})


@faults.body("snyk.rate-limit.429-body", status=TOO_MANY)
def refused_as_number(_request: Request, body: Any) -> object:
    """The error of a 429 has the number 429 as its status."""
    body["errors"][0]["status"] = 429
    return body


@faults.body("snyk.rate-limit.429-body", status=TOO_MANY)
def refused_with_status_503(_request: Request, body: Any) -> object:
    """The error of a 429 has the status "503"."""
    body["errors"][0]["status"] = "503"
    return body


@faults.body("snyk.rate-limit.429-body", status=TOO_MANY)
def refused_with_data(_request: Request, body: Any) -> object:
    """A 429 has an empty data beside its errors."""
    return {**body, "data": []}


@faults.body("snyk.rate-limit.429-body", status=TOO_MANY)
def refused_with_message(_request: Request, body: Any) -> object:
    """A 429 has a message in the place of errors."""
    return {"message": body["errors"][0]["detail"]}


@faults.server("snyk.rate-limit.429-no-effect")
def refused_post_applied(server: Server) -> None:
    """A POST that is refused with 429 creates the project."""
    server.transforms.append(lambda request, response: _apply(server, request, response))


@faults.server("snyk.rate-limit.429-no-effect")
def refused_post_applied_later(server: Server) -> None:
    """A POST that is refused with 429 creates the project when the next request is served."""
    waiting: list[tuple[Request, Response]] = []

    def alter(request: Request, response: Response) -> Response:
        if response.status == 429:
            waiting.append((request, response))
        else:
            while waiting:
                _apply(server, *waiting.pop(0))
        return response

    server.transforms.append(alter)


def _apply(server: Server, request: Request, response: Response) -> Response:
    # A refused request was not routed yet.
    if response.status == 429 and request.method == "POST":
        body = server.bodies.parse(request)
        store_project(server, request.segments[2], body["data"]["attributes"]["name"])
    return response


@faults.server("snyk.rate-limit.429-no-effect")
def retried_post_applied_twice(server: Server) -> None:
    """A POST that was refused with 429 creates two projects when it is sent again."""
    refused: set[bytes] = set()

    def alter(request: Request, response: Response) -> Response:
        if request.method == "POST" and response.status == 429:
            refused.add(request.body)
        elif request.operation == CREATE_PROJECT and response.status == 201 and request.body in refused:
            again = evolve(response, status=429)
            _apply(server, request, again)
        return response

    server.transforms.append(alter)
