"""The policies of the Snyk server: JSON:API documents, schemes, links, versions and a limit that wants quiet."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import quote, urlencode

from attrs import field, frozen, mutable
from werkzeug.http import HTTP_STATUS_CODES, http_date

from conformance.reference.limits import SlidingWindow
from conformance.reference.messages import Principal, Problem, Request, Response, encode
from conformance.reference.pages import CursorPaginator, Page
from conformance.reference.policies import Errors, Ids, JsonBody, TokenAuthenticator, sent_token
from conformance.reference.snyk.releases import STABILITIES, Release

MEDIA_TYPE = "application/vnd.api+json"
CURSORS = ("ending_before", "starting_after")


def document(members: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON:API document with these top-level members."""
    return Response(status, encode({"jsonapi": {"version": "1.0"}, **members}), {"Content-Type": MEDIA_TYPE})


def json_api_errors(ids: Ids) -> Errors:
    """Problems as JSON:API error documents, each with a new id."""
    return Errors(lambda problem: _error_document(problem, ids.next("error")), MEDIA_TYPE)


def _error_document(problem: Problem, error_id: str) -> Mapping[str, Any]:
    title = HTTP_STATUS_CODES[problem.status]
    error: dict[str, Any] = {
        "id": error_id,
        "status": str(problem.status),
        "code": title.replace(" ", ""),
        "title": title,
        "detail": problem.message,
    }
    if problem.source:
        error["source"] = problem.source
    return {"jsonapi": {"version": "1.0"}, "errors": [error]}


class SchemeAuthenticator(TokenAuthenticator):
    """`Authorization: token API_KEY` and `Authorization: bearer ACCESS_TOKEN`, exactly so (Authentication).

    `principals` is by the whole value of the header, so that a credential is valid under its own scheme only.
    """

    def token(self, header: str) -> str:
        """The header's value; a Problem with 401 where it does not begin with a scheme word and a space."""
        word, space, credential = header.strip().partition(" ")
        if word not in ("token", "bearer") or not credential:
            raise self.refusal("scheme-case" if word.lower() in ("token", "bearer") and space else "scheme")
        return header.strip()


@mutable
class QuietWindow(SlidingWindow):
    """A limit per credential that, once exceeded, refuses everything until a whole window passed in silence.

    Each refused request starts the window anew (Rate Limiting). A request without a credential has no limit.
    """

    window: float = 60.0
    key: Callable[[Request], str] = sent_token
    refused: dict[str, datetime] = field(factory=dict)
    """When the last request was refused, by key."""

    def admit(self, request: Request, now: datetime) -> None:
        """Count the request, or raise a Problem with 429."""
        key = self.key(request)
        if not key:
            return
        try:
            if key in self.refused and (now - self.refused[key]).total_seconds() < self.window:
                raise Problem(429, "rate-limit", f"Too many requests: send none for {self.window:g} s.")
            super().admit(request, now)
        except Problem:
            self.refused[key] = now
            raise
        self.refused.pop(key, None)


@frozen
class JsonApiBody(JsonBody):
    """Request bodies: JSON:API documents, sent as application/vnd.api+json."""

    media_type: str = MEDIA_TYPE

    def admit(self, request: Request) -> None:
        """Raise a Problem for data under another media type, or under none (JSON:API Content-Type header)."""
        if request.body and self.sent_as(request) != self.media_type:
            raise Problem(400, "media-type", f"A request with data must have the Content-Type {self.media_type}.")


@mutable
class LinkPaginator(CursorPaginator):
    """Pages by the links `prev` and `next`, whose cursors name a record, not a position: "v1." and its id."""

    size_parameter: str = "limit"

    def span(self, request: Request, keys: Sequence[str], size: int) -> tuple[int, int]:
        """Where the page lies that ends before one cursor or starts after the other."""
        before, after = (request.query.get(name) for name in CURSORS)
        if before is not None and after is not None:
            message = "starting_after and ending_before cannot be used together."
            raise Problem(400, "cursors", message, parameter="ending_before")
        if before is not None:
            end = self.position("ending_before", before, keys)
            return max(0, end - size), end
        start = 0 if after is None else self.position("starting_after", after, keys) + 1
        return start, min(start + size, len(keys))

    def position(self, parameter: str, cursor: str, keys: Sequence[str]) -> int:
        """The index of the record that a cursor names; a Problem with 400 when the list has no such record."""
        _, anchor = self.decode(cursor)
        if anchor not in keys:
            raise Problem(400, "cursor", f"{parameter} must be a cursor that this list gave out.", parameter=parameter)
        return keys.index(anchor)

    def encode(self, direction: str, anchor: str) -> str:
        """The cursor for the page "next" to, or "prev"ious of, the record with this id: alike for both."""
        return "v1." + base64.urlsafe_b64encode(json.dumps({"id": anchor}).encode()).decode()

    def decode(self, cursor: str) -> tuple[str, str]:
        """No direction, and the id in a cursor; that is empty when the cursor was not made here."""
        try:
            value = json.loads(base64.b64decode(cursor.removeprefix("v1."), altchars=b"-_", validate=True))
        except (ValueError, RecursionError):
            value = None
        anchor = value.get("id") if isinstance(value, dict) else None
        return "", anchor if isinstance(anchor, str) and cursor == self.encode("", anchor) else ""

    def links(self, request: Request, page: Page) -> dict[str, str]:
        """`prev` and `next`, as far as there are such pages: references that lack the base path (Pagination)."""
        path = "".join(f"/{quote(segment, safe='')}" for segment in request.segments[1:])
        kept = [(name, value) for name, value in request.query.items(multi=True) if name not in CURSORS]
        if self.size_parameter not in request.query:
            kept.append((self.size_parameter, str(self.default)))
        cursors = {"prev": ("ending_before", page.prev), "next": ("starting_after", page.next)}
        return {
            name: f"{path}?{urlencode([*kept, (parameter, cursor)], quote_via=quote)}"
            for name, (parameter, cursor) in cursors.items()
            if cursor
        }


@frozen
class Version:
    """A version as asked for: releases up to this date, of this stability or a higher one."""

    day: date
    stability: str


@mutable
class Versioner:
    """Which release of an endpoint answers a request; `releases` is by operation, oldest first (Versioning)."""

    releases: dict[str, tuple[Release, ...]]

    def release(self, request: Request, now: datetime) -> Release:
        """The release that serves the request; a Problem with 400, 404 or 410 when there is none."""
        text = request.query.get("version")
        if text is None:
            raise Problem(400, "no-version", "The query parameter 'version' is required.", parameter="version")
        release = self.resolve(request.operation, self.parse(text))
        if release is None:
            message = "No release of this endpoint has this version, nor is there an older one as stable."
            raise Problem(404, "no-release", message, parameter="version")
        if self.retired(release, now):
            raise Problem(410, "retired", "This release is no longer supported.", parameter="version")
        return release

    def parse(self, text: str) -> Version:
        """A version number; a Problem with 400 for another form, a date that is none, an unknown stability."""
        match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:~(\w+))?", text, re.ASCII)
        stability = (match and match[2]) or "ga"
        try:
            if match and stability in STABILITIES:
                return Version(date.fromisoformat(match[1]), stability)
        except ValueError:
            pass  # The form is right, but there is no such day.
        message = "The version must be a date as YYYY-MM-DD, with '~beta' or '~experimental' after it if need be."
        raise Problem(400, "version", message, parameter="version")

    def candidates(self, operation: str, version: Version) -> list[Release]:
        """The releases of an operation, of any date, that are as stable as the version asks for."""
        allowed = STABILITIES[: STABILITIES.index(version.stability) + 1]
        return [release for release in self.releases[operation] if release.stability in allowed]

    def resolve(self, operation: str, version: Version) -> Release | None:
        """The newest release at the date or before it that is stable enough."""
        found = [release for release in self.candidates(operation, version) if release.day <= version.day]
        return found[-1] if found else None

    def retired(self, release: Release, now: datetime) -> bool:
        """Whether the support of a release has ended."""
        return release.sunset is not None and now >= _midnight(release.sunset)

    def headers(self, request: Request, release: Release) -> dict[str, str]:
        """What a successful answer says of the version asked for and of the release that made it."""
        headers = {
            "snyk-version-requested": request.query["version"],
            "snyk-version-served": release.version,
        }
        sunset = self.sunset(request, release)
        return headers if sunset is None else {**headers, "Sunset": sunset}

    def sunset(self, _request: Request, release: Release) -> str | None:
        """The Sunset header of a deprecated release: an IMF-fixdate (RFC 8594; RFC 9110, 5.6.7)."""
        return http_date(_midnight(release.sunset)) if release.sunset else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def principals(by_scheme: Mapping[str, Sequence[Principal]], tokens: Mapping[str, str]) -> dict[str, Principal]:
    """Principals by the Authorization header that names them."""
    return {f"{scheme} {tokens[one.name]}": one for scheme, ones in by_scheme.items() for one in ones}
