"""Faults of the Snyk server in how it limits the rate, and what it says when the limit is reached."""

from __future__ import annotations

from datetime import datetime

from conformance.reference.core import Server
from conformance.reference.edits import ANY, afterwards, change, html, put
from conformance.reference.faults import Faults
from conformance.reference.limits import SlidingWindow
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.plants import limiter, setting
from conformance.reference.snyk.data import CREATE_PROJECT
from conformance.reference.snyk.faults.tools import store_project
from conformance.reference.snyk.policies import QuietWindow

faults = Faults()

fault = faults.of("snyk.rate-limit.limit-540")
fault("counted-per-address", "Requests are counted per address, whatever their keys.").by(
    setting("limiter.key", lambda request: request.address)
)
fault("counted-for-all-keys", "All keys share one count.").by(setting("limiter.key", lambda _request: "all"))
fault("not-limited", "There is no limit.").by(setting("limiter.limit", 10**9))
fault("limit-of-541", "The 541st request in a minute passes.").by(setting("limiter.limit", 541))


@fault.using(limiter)
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


@fault.using(limiter)
class OneRefusalOnly(QuietWindow):
    """A 429 clears the count, so that the next 540 requests pass."""

    def admit(self, request: Request, now: datetime) -> None:
        try:
            super().admit(request, now)
        except Problem:
            self.admitted.clear()
            self.refused.clear()
            raise


fault = faults.of("snyk.rate-limit.429-persists")


@fault.using(limiter)
class RefilledWhileHammered(QuietWindow):
    """A request passes as soon as an older one has left the minute, however many were refused since."""

    def admit(self, request: Request, now: datetime) -> None:
        SlidingWindow.admit(self, request, now)


@fault.using(limiter)
class BlockedForOneMinute(QuietWindow):
    """Service resumes a minute after the first refusal, though requests never stopped."""

    def admit(self, request: Request, now: datetime) -> None:
        first = self.refused.get(self.key(request))
        try:
            super().admit(request, now)
        except Problem:
            self.refused[self.key(request)] = first or now
            raise


@fault.using(limiter)
class BlockedForGood(QuietWindow):
    """Service does not resume after a quiet minute, nor later."""

    def admit(self, request: Request, now: datetime) -> None:
        if self.key(request) in self.refused:
            raise Problem(429, "rate-limit", "Too many requests: the key is blocked.")
        super().admit(request, now)


@fault.using(limiter)
class QuietForTenMinutes(QuietWindow):
    """Service resumes after ten quiet minutes only."""

    def admit(self, request: Request, now: datetime) -> None:
        self.window = 600.0 if self.key(request) in self.refused else 60.0
        super().admit(request, now)


fault = faults.of("snyk.rate-limit.429-body")
fault("refused-in-html", "A 429 is an HTML page.").by(html("Slow down", status=429))
fault("refused-as-number", "The error of a 429 has the number 429 as its status.").by(
    put("/errors/0/status", 429, status=429)
)
fault("refused-with-status-503", 'The error of a 429 has the status "503".').by(
    put("/errors/0/status", "503", status=429)
)
fault("refused-with-data", "A 429 has an empty data beside its errors.").by(put("/data", [], status=429))
fault("refused-with-message", "A 429 has a message in the place of errors.").by(
    change("", lambda body: {"message": body["errors"][0]["detail"]}, status=429)
)


def apply(server: Server, request: Request) -> None:
    """Create the project of a POST."""
    # A refused request was not routed.
    if request.method == "POST":
        store_project(server, request.segments[2], server.bodies.parse(request)["data"]["attributes"]["name"])


fault = faults.of("snyk.rate-limit.429-no-effect")


@fault.using(afterwards, status=429)
def refused_post_applied(server: Server, request: Request, _response: Response) -> None:
    """A POST that is refused with 429 creates the project."""
    apply(server, request)


@fault.server
def refused_post_applied_later(server: Server) -> None:
    """A POST that is refused with 429 creates the project when the next request is served."""
    waiting: list[Request] = []

    def act(server: Server, request: Request, response: Response) -> None:
        if response.status == 429:
            waiting.append(request)
        else:
            while waiting:
                apply(server, waiting.pop(0))

    afterwards(act, status=ANY)(server)


@fault.server
def retried_post_applied_twice(server: Server) -> None:
    """A POST that was refused with 429 creates two projects when it is sent again."""
    refused: set[bytes] = set()

    def act(server: Server, request: Request, response: Response) -> None:
        if request.method == "POST" and response.status == 429:
            refused.add(request.body)
        elif request.operation == CREATE_PROJECT and response.status == 201 and request.body in refused:
            apply(server, request)

    afterwards(act, status=ANY)(server)
