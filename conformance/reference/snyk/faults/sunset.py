"""Faults of the Snyk server in what it says of a release's end, and in keeping its shape until then."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from attrs import field, mutable
from werkzeug.http import http_date

from conformance.reference.messages import Request, Response
from conformance.reference.snyk.data import GET_PROJECT, LIST_PROJECTS, LIST_TARGETS
from conformance.reference.snyk.faults.tools import LISTS, SnykFaults, on_later_page
from conformance.reference.snyk.policies import Refusal, Versioner
from conformance.reference.snyk.releases import Release

faults = SnykFaults()


def _written(day: date, **earlier: float) -> str:
    return http_date(datetime.combine(day, time(), UTC) - timedelta(**earlier))


class _Formatted(Versioner):
    def form(self, day: date) -> str:
        return _written(day)

    def sunset(self, _request: Request, release: Release) -> str | None:
        return self.form(release.sunset) if release.sunset else None


@faults.versioner("snyk.versioning.sunset-format")
class SunsetIso(_Formatted):
    """Sunset is an ISO date."""

    def form(self, day: date) -> str:
        return day.isoformat()


@faults.versioner("snyk.versioning.sunset-format")
class SunsetEpoch(_Formatted):
    """Sunset is a number of seconds since 1970."""

    def form(self, day: date) -> str:
        return str((day - date(1970, 1, 1)) // timedelta(seconds=1))


@faults.versioner("snyk.versioning.sunset-format")
class SunsetOffset(_Formatted):
    """Sunset ends in +0000 in the place of GMT."""

    def form(self, day: date) -> str:
        return _written(day).replace("GMT", "+0000")


@faults.versioner("snyk.versioning.sunset-format")
class SunsetWithoutZone(_Formatted):
    """Sunset has no zone."""

    def form(self, day: date) -> str:
        return _written(day).removesuffix(" GMT")


@faults.versioner("snyk.versioning.sunset-format")
class SunsetWithoutTime(_Formatted):
    """Sunset has no time of day."""

    def form(self, day: date) -> str:
        return _written(day).replace(" 00:00:00", "")


class _Silent(Versioner):
    def silent(self, _request: Request) -> bool:
        return True

    def sunset(self, request: Request, release: Release) -> str | None:
        return None if self.silent(request) else super().sunset(request, release)


@faults.versioner("snyk.versioning.sunset-when-deprecated")
class SunsetOnFirstPageOnly(_Silent):
    """Sunset is on the first page of a list only."""

    def silent(self, request: Request) -> bool:
        return on_later_page(request)


@faults.versioner("snyk.versioning.sunset-when-deprecated")
class ProjectsWithoutSunset(_Silent):
    """The list of projects never has Sunset."""

    def silent(self, request: Request) -> bool:
        return request.operation == LIST_PROJECTS


@faults.versioner("snyk.versioning.sunset-when-deprecated")
class TargetsWithoutSunset(_Silent):
    """The list of targets never has Sunset."""

    def silent(self, request: Request) -> bool:
        return request.operation == LIST_TARGETS


@faults.versioner("snyk.versioning.sunset-when-deprecated")
class ProjectWithoutSunset(_Silent):
    """A single project never has Sunset."""

    def silent(self, request: Request) -> bool:
        return request.operation == GET_PROJECT


@faults.response("snyk.versioning.sunset-when-deprecated", status=range(200, 300))
def deprecation_in_its_place(_request: Request, response: Response) -> Response:
    """A deprecated release has the header Deprecation in the place of Sunset."""
    headers = dict(response.headers)
    if "Sunset" in headers:
        headers["Deprecation"] = headers.pop("Sunset")
    return Response(response.status, response.body, headers, response.cause)


class _Notice(Versioner):
    """Counts the Sunset from the release that superseded this one, by its stability."""

    ga = timedelta(days=184)
    beta = timedelta(days=92)

    def sunset(self, request: Request, release: Release) -> str | None:
        later = [one for one in self.releases[request.operation] if one.day > release.day]
        following = [one for one in later if one.stability in ("ga", release.stability)]
        if release.sunset is None or not following:
            return super().sunset(request, release)
        return _written(following[0].day + (self.ga if release.stability == "ga" else self.beta))


@faults.versioner("snyk.versioning.sunset-notice")
class ThirtyDays(_Notice):
    """Sunset is thirty days after the next release."""

    ga = beta = timedelta(days=30)


@faults.versioner("snyk.versioning.sunset-notice")
class GaAsBeta(_Notice):
    """A GA release has the notice of a beta, three months."""

    ga = timedelta(days=92)


@faults.versioner("snyk.versioning.sunset-notice")
class GaOneWeekShort(_Notice):
    """A GA release has 173 days of notice, a week less than 180."""

    ga = timedelta(days=173)


@faults.versioner("snyk.versioning.sunset-notice")
class BetaTwoMonths(_Notice):
    """A beta has two months of notice."""

    beta = timedelta(days=61)


@faults.versioner("snyk.versioning.sunset-notice")
class CountedFromOwnDate(Versioner):
    """The notice is counted from the release's own date."""

    def sunset(self, _request: Request, release: Release) -> str | None:
        notice = timedelta(days=184 if release.stability == "ga" else 92)
        return _written(release.day + notice) if release.sunset else None


@mutable
class _Counting(Versioner):
    served: Counter[str] = field(factory=Counter)

    def times(self, request: Request, release: Release) -> int:
        """How often the release answered before, this time included."""
        key = f"{request.operation} {release.version}"
        self.served[key] += 1
        return self.served[key]

    def refusal(self, status: int) -> Refusal:
        return Refusal(status, "retired", "This release is no longer supported.", parameter="version")


@faults.versioner("snyk.versioning.sunset-constant")
class GoneOneQuarterEarly(_Counting):
    """A deprecated release is a 410 from 120 days before its Sunset on."""

    def release(self, request: Request, now: datetime) -> Release:
        release = super().release(request, now)
        if release.sunset and (release.sunset - now.date()).days <= 120:
            raise self.refusal(410)
        return release


@faults.versioner("snyk.versioning.sunset-constant")
class GoneOnLaterPages(_Counting):
    """The first page of a deprecated release is served with its Sunset, any other page is a 410."""

    def release(self, request: Request, now: datetime) -> Release:
        release = super().release(request, now)
        if release.sunset and on_later_page(request):
            raise self.refusal(410)
        return release


@faults.versioner("snyk.versioning.sunset-constant")
class GoneAfterOneAnswer(_Counting):
    """A deprecated release answers once with its Sunset, then it is a 404."""

    def release(self, request: Request, now: datetime) -> Release:
        release = super().release(request, now)
        if release.sunset and self.times(request, release) > 1:
            raise self.refusal(404)
        return release


@faults.versioner("snyk.versioning.sunset-constant")
class SunsetEarlierEachTime(_Counting):
    """Sunset moves an hour earlier with each answer."""

    def sunset(self, request: Request, release: Release) -> str | None:
        return _written(release.sunset, hours=self.times(request, release) - 1) if release.sunset else None


@faults.versioner("snyk.versioning.sunset-constant")
class SunsetEarlierOnLaterPages(Versioner):
    """Sunset is two days earlier on later pages than on the first."""

    def sunset(self, request: Request, release: Release) -> str | None:
        return _written(release.sunset, days=2 * on_later_page(request)) if release.sunset else None


def _rename(attributes: dict[str, Any], old: str, new: str) -> None:
    if old in attributes:
        attributes[new] = attributes.pop(old)


@faults.body("snyk.versioning.within-version-stable", LIST_PROJECTS)
def name_is_title(_request: Request, body: Any) -> object:
    """The name of projects in a list is called title."""
    for one in body["data"]:
        _rename(one["attributes"], "name", "title")
    return body


@faults.body("snyk.versioning.within-version-stable", *LISTS)
def renamed_on_later_pages(request: Request, body: Any) -> object:
    """On later pages of a list an attribute is renamed: the name of projects, the URL of targets."""
    for one in body["data"] if on_later_page(request) else ():
        _rename(one["attributes"], "name", "title")
        _rename(one["attributes"], "url", "href")
        _rename(one["attributes"], "remoteUrl", "href")
    return body


@faults.body("snyk.versioning.within-version-stable", LIST_PROJECTS)
def origin_missing_for_some(_request: Request, body: Any) -> object:
    """Projects from the CLI have no origin in a list."""
    for one in body["data"]:
        if one["attributes"].get("origin") == "cli":
            del one["attributes"]["origin"]
    return body


@faults.body("snyk.versioning.within-version-stable", LIST_PROJECTS)
def created_as_number(_request: Request, body: Any) -> object:
    """The time of creation of projects in a list is a number."""
    for one in body["data"]:
        when = datetime.fromisoformat(one["attributes"]["created"])
        one["attributes"]["created"] = int(when.timestamp())
    return body


@faults.body("snyk.versioning.within-version-stable", LIST_TARGETS)
def targets_without_relationships(_request: Request, body: Any) -> object:
    """The targets have no relationships."""
    for one in body["data"]:
        del one["relationships"]
    return body


@faults.body("snyk.versioning.within-version-stable", GET_PROJECT)
def project_attribute_nested(_request: Request, body: Any) -> object:
    """The origin of a single project is an object."""
    attributes = body["data"]["attributes"]
    attributes["origin"] = {"name": attributes["origin"]}
    return body
