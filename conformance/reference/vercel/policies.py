"""What the Vercel API does in its own way: teams, windows of calls, pages by time, ids."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable, Container, Sequence
from datetime import datetime, timedelta
from math import ceil

from attrs import evolve, field, mutable

from conformance.reference.clock import Clock
from conformance.reference.messages import Principal, Problem, Record, Request
from conformance.reference.policies import Ids, Page, TokenAuthenticator

_BASE_62 = string.ascii_uppercase + string.ascii_lowercase + string.digits

_REFUSALS = {
    "no-key": "No token was sent; send 'Authorization: Bearer <TOKEN>'.",
    "scheme": "The Authorization header must be 'Bearer <TOKEN>'.",
    "unknown-key": "The token is not valid.",
    "expired": "The token has expired.",
    "team": "You are not authorized to use this scope.",
}


@mutable
class TeamAuthenticator(TokenAuthenticator):
    """Tokens that may expire, and the scope that a request chooses with `teamId`; every refusal is a 403.

    The permissions of a principal are the owners whose resources it may use: its account and teams. Once it
    is authorised, its account is the owner that the request is about.
    """

    clock: Clock
    expiries: dict[str, datetime]
    """By the name of the principal; the token is refused from this moment on."""

    def authenticate(self, request: Request) -> Principal | None:
        """Who asks: None without the header; a Problem with 403 when it does not hold a valid token."""
        principal = super().authenticate(request)
        if principal is not None and self.expired(principal):
            raise self.refusal("expired", "")
        return principal

    def expired(self, principal: Principal) -> bool:
        """Whether the token of this principal is past its expiry date."""
        expiry = self.expiries.get(principal.name)
        return expiry is not None and self.clock.now() >= expiry

    def authorise(self, request: Request, permission: str) -> None:
        """Raise a Problem with 403 unless the request is authenticated and may use the scope it chooses."""
        super().authorise(request, permission)
        if request.principal is not None:
            request.principal = evolve(request.principal, account=self.owner(request, request.principal))

    def owner(self, request: Request, principal: Principal) -> str:
        """Whose resources the request is about: the team of `teamId`, else the user."""
        owner = request.query.get("teamId", principal.account)
        if not principal.may(owner):
            # A team that does not exist and one of others are refused alike, so that neither is told from it.
            raise self.refusal("team", "")
        return owner

    def refusal(self, cause: str, message: str) -> Problem:
        """A 403 (Failed Authentication)."""
        return Problem(403, cause, _REFUSALS.get(cause, message))


@mutable
class Window:
    """A window of calls: when it ends, in epoch seconds, and how many calls it has seen."""

    reset: int
    calls: int = 0


@mutable
class FixedWindow:
    """At most `limit` calls of a consumer in a window, which lasts from its first call for `seconds`.

    Every call counts, a refused one too. The end is a whole second, so that the header gives it exactly.
    """

    limit: int
    key: Callable[[Request], str]
    """The consumer of a request."""
    seconds: int = 60
    windows: dict[str, Window] = field(factory=dict)
    current: Window | None = None
    """The window of the request that is being served, None before it is counted."""

    def admit(self, request: Request, now: datetime) -> None:
        """Count the request, or raise a Problem with 429."""
        if self.count(request, now).calls > self.limit:
            raise Problem(429, "rate-limit", "Rate limit exceeded")

    def count(self, request: Request, now: datetime) -> Window:
        """The window of the request, in which it is counted now."""
        consumer = self.key(request)
        window = self.windows.get(consumer)
        if window is None or self.over(window, now):
            window = self.windows[consumer] = self.renewed(window, now)
        window.calls += 1
        self.current = window
        return window

    def over(self, window: Window, now: datetime) -> bool:
        """Whether a window has ended."""
        return now.timestamp() >= window.reset

    def renewed(self, _old: Window | None, now: datetime) -> Window:
        """The window that begins now."""
        return Window(ceil((now + timedelta(seconds=self.seconds)).timestamp()))

    def headers(self, request: Request, now: datetime) -> dict[str, str]:
        """The three headers of the answer to this request; one refused before it was counted counts now."""
        window = self.current or self.count(request, now)
        self.current = None
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining(window)),
            "X-RateLimit-Reset": str(window.reset),
        }

    def remaining(self, window: Window) -> int:
        """The calls left in a window."""
        return max(0, self.limit - window.calls)


@mutable
class TimestampPaginator:
    """Pages by time, newest first: `until` gives the records before a time, `since` the page in front of one.

    The times are integers of milliseconds. Each record has a time of its own to page by, so that none is lost
    or repeated where records share their time of creation.
    """

    default: int
    maximum: int

    def page(self, request: Request, records: Sequence[Record], key: str) -> Page:
        """The page that the request asks for, ordered by `key`; a Problem with 400 for a bad limit or time.

        The cursors are the times of its last and first record as text.
        """
        newest = sorted(records, key=lambda record: int(record[key]), reverse=True)
        times = [int(record[key]) for record in newest]
        size = self.size(request)
        start = self.start(request, times, size)
        end = start + size
        return Page(
            items=newest[start:end],
            total=len(newest),
            next=str(times[end - 1]) if end < len(times) else "",
            prev=str(times[start]) if 0 < start < len(times) else "",
        )

    def size(self, request: Request) -> int:
        """The page size asked for, or the default."""
        text = request.query.get("limit")
        if text is None:
            return self.default
        if not (_is_number(text, 9) and 1 <= int(text) <= self.maximum):
            raise Problem(400, "limit", f"The parameter 'limit' must be an integer from 1 to {self.maximum}.")
        return int(text)

    def start(self, request: Request, times: Sequence[int], size: int) -> int:
        """The index of the first record of the page.

        A page by `since` with fewer than `size` records in front of it begins with the list, so that it is full.
        """
        until, since = self.time(request, "until"), self.time(request, "since")
        if until is not None and since is not None:
            raise Problem(400, "until", "The parameters 'until' and 'since' exclude each other.")
        if since is not None:
            return max(0, sum(time > since for time in times) - size)
        return 0 if until is None else sum(time >= until for time in times)

    def time(self, request: Request, name: str) -> int | None:
        """The time that a query parameter gives, None without it."""
        text = request.query.get(name)
        if text is None:
            return None
        if not _is_number(text, 16):
            raise Problem(400, "until", f"The parameter '{name}' must be a time in milliseconds.")
        return int(text)


def _is_number(text: str, digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= digits


@mutable
class PlainIds(Ids):
    """A source of ids of 24 letters and digits."""

    def next(self, kind: str) -> str:
        """A new id for a record of this kind."""
        self.counts[kind] += 1
        return stable_id(f"new {kind} {self.counts[kind]}")


def stable_id(name: str) -> str:
    """An id of 24 letters and digits (Types, ID) that depends on the name alone.

    It begins with a capital letter, so that no id is also the name of a project.
    """
    number = int.from_bytes(hashlib.sha256(name.encode()).digest())
    number, first = divmod(number, 26)
    rest = ""
    for _ in range(23):
        number, digit = divmod(number, 62)
        rest += _BASE_62[digit]
    return _BASE_62[first] + rest


def free_time(created: int, taken: Container[int]) -> int:
    """The time by which a record is paged: that of its creation, or the first after it which no other has."""
    while created in taken:
        created += 1
    return created
