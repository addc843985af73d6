"""Faults of the Snyk server in which release answers which version."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from attrs import evolve

from conformance.reference.core import Server
from conformance.reference.faults import crash
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.snyk.data import LIST_PROJECTS, LIST_TARGETS
from conformance.reference.snyk.faults.tools import LISTS, SnykFaults, with_status
from conformance.reference.snyk.policies import Refusal, Version, Versioner, document
from conformance.reference.snyk.releases import STABILITIES, Release
from conformance.reference.snyk.server import snyk

faults = SnykFaults()

NEWEST = Version(datetime.max.date(), "ga")


class _Defaulting(Versioner):
    default = "2100-01-01~beta"

    def release(self, request: Request, now: datetime) -> Release:
        if "version" not in request.query:
            request.query["version"] = self.default
        return super().release(request, now)


@faults.versioner("snyk.versioning.version-required")
class NewestByDefault(_Defaulting):
    """Without a version the newest release answers."""


@faults.versioner("snyk.versioning.version-required")
class OldestByDefault(_Defaulting):
    """Without a version the release that 2022-01-01~beta resolves to answers."""

    default = "2022-01-01~beta"


@faults.response("snyk.versioning.version-required", cause="no-version")
def missing_version_unnamed(_request: Request, response: Response) -> Response:
    """The 400 for a missing version does not name it."""
    body = response.json
    del body["errors"][0]["source"]
    body["errors"][0]["detail"] = "Client request did not conform to OpenAPI specification"
    return response.with_json(body)


@faults.response("snyk.versioning.version-required", cause="no-version")
def missing_version_404(_request: Request, response: Response) -> Response:
    """A missing version is answered with 404."""
    return with_status(response, 404)


@faults.response("snyk.versioning.version-required", cause="no-version")
def missing_version_names_limit(_request: Request, response: Response) -> Response:
    """The 400 for a missing version names the parameter limit."""
    body = response.json
    body["errors"][0].update({"detail": "A query parameter is required.", "source": {"parameter": "limit"}})
    return response.with_json(body)


class _Forgiving(Versioner):
    def guess(self, _text: str) -> Version | None:
        return None

    def parse(self, text: str) -> Version:
        try:
            return super().parse(text)
        except Problem:
            guess = self.guess(text)
            if guess is None:
                raise
            return guess


@faults.versioner("snyk.versioning.version-invalid-4xx")
class UnknownStabilityIsGa(_Forgiving):
    """An unknown stability word falls back to ga."""

    def guess(self, text: str) -> Version | None:
        day, tilde, _ = text.partition("~")
        return self.parse(day) if tilde else None


@faults.versioner("snyk.versioning.version-invalid-4xx")
class ShortDateAccepted(_Forgiving):
    """A date with a month and a day of one digit is accepted."""

    def guess(self, text: str) -> Version | None:
        padded = re.sub(r"-(\d)(?!\d)", r"-0\1", text)
        return self.parse(padded) if padded != text else None


@faults.versioner("snyk.versioning.version-invalid-4xx")
class MonthRollsOver(_Forgiving):
    """The thirteenth month is the first of the next year."""

    def guess(self, text: str) -> Version | None:
        match = re.fullmatch(r"(\d{4})-13(-\d\d.*)", text)
        return self.parse(f"{int(match[1]) + 1}-01{match[2]}") if match else None


@faults.versioner("snyk.versioning.version-invalid-4xx")
class NumberIsNewest(_Forgiving):
    """A bare number means the newest release."""

    def guess(self, text: str) -> Version | None:
        return NEWEST if text.isdigit() else None


@faults.response("snyk.versioning.version-invalid-4xx", cause="version")
def impossible_date_500(request: Request, response: Response) -> Response:
    """A date that is none, in the right form, is answered with 500."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", request.query["version"]):
        raise crash()
    return response


def _adjacent(found: list[Release], version: Version) -> tuple[Release | None, Release | None]:
    """The releases around a date: the newest at or before it, the oldest after it."""
    older = [one for one in found if one.day <= version.day]
    newer = [one for one in found if one.day > version.day]
    return older[-1] if older else None, newer[0] if newer else None


@faults.versioner("snyk.versioning.version-resolves-down")
class NearestRelease(Versioner):
    """The release nearest to the date answers, also a later one."""

    def resolve(self, operation: str, version: Version) -> Release | None:
        older, newer = _adjacent(self.candidates(operation, version), version)
        if older and newer and newer.day - version.day < version.day - older.day:
            return newer
        return older


@faults.versioner("snyk.versioning.version-resolves-down")
class NextRelease(Versioner):
    """A date between two releases gets the later one."""

    def resolve(self, operation: str, version: Version) -> Release | None:
        older, newer = _adjacent(self.candidates(operation, version), version)
        return older if not older or not newer or older.day == version.day else newer


@faults.versioner("snyk.versioning.version-resolves-down")
class ExactDateOnly(Versioner):
    """A date between two releases, or after the last, is a 404."""

    def resolve(self, operation: str, version: Version) -> Release | None:
        found = super().resolve(operation, version)
        return found if found and found.day == version.day else None


@faults.versioner("snyk.versioning.version-resolves-down")
class OneDayEarly(Versioner):
    """A release answers to the day before its date too."""

    def resolve(self, operation: str, version: Version) -> Release | None:
        found = super().resolve(operation, version)
        return found and super().resolve(operation, evolve(version, day=version.day + timedelta(days=1)))


@faults.versioner("snyk.versioning.version-resolves-down")
class NewestUnreachable(Versioner):
    """Any date after the newest release gets the one before it."""

    def resolve(self, operation: str, version: Version) -> Release | None:
        found = self.candidates(operation, version)
        after = len(found) > 1 and version.day > found[-1].day
        return found[-2] if after else super().resolve(operation, version)


@faults.versioner("snyk.versioning.version-resolves-down")
class MonthsOnly(Versioner):
    """Only year and month of the date count, so that a release answers to its whole month."""

    def resolve(self, operation: str, version: Version) -> Release | None:
        found = [one for one in self.candidates(operation, version) if one.day.replace(day=1) <= version.day]
        return found[-1] if found else None


@faults.versioner("snyk.versioning.version-before-first")
class OldestBeforeFirst(Versioner):
    """A date before the first release gets the oldest one."""

    def resolve(self, operation: str, version: Version) -> Release | None:
        found = self.candidates(operation, version)
        return super().resolve(operation, version) or (found[0] if found else None)


@faults.versioner("snyk.versioning.version-before-first")
class NewestBeforeFirst(Versioner):
    """A date more than a year before the first release gets the newest one."""

    def resolve(self, operation: str, version: Version) -> Release | None:
        found = self.candidates(operation, version)
        long_ago = found and (found[0].day - version.day).days > 366
        return found[-1] if long_ago else super().resolve(operation, version)


@faults.response("snyk.versioning.version-before-first", *LISTS, cause="no-release")
def empty_before_first(request: Request, response: Response) -> Response:
    """A list has no records in a version of the year 2000."""
    return document({"data": [], "links": {}}) if request.query["version"].startswith("2000") else response


@faults.response("snyk.versioning.version-before-first", cause="no-release")
def year_2000_is_500(request: Request, response: Response) -> Response:
    """A version of the year 2000 is answered with 500."""
    if request.query["version"].startswith("2000"):
        raise crash()
    return response


class _Falling(Versioner):
    """Falls back to other stabilities where a version has no release."""

    operations: tuple[str, ...] = LISTS

    def resolve(self, operation: str, version: Version) -> Release | None:
        found = super().resolve(operation, version)
        if found or operation not in self.operations or version.stability != "ga":
            return found
        return super().resolve(operation, evolve(version, stability="beta"))


@faults.versioner("snyk.versioning.stability-default-ga")
class BetaWhereNoGa(_Falling):
    """A bare date gets the beta where there is no GA release."""


@faults.versioner("snyk.versioning.stability-default-ga")
class TargetsBetaWhereNoGa(_Falling):
    """A bare date gets the beta of targets, which are never GA."""

    operations = (LIST_TARGETS,)


@faults.versioner("snyk.versioning.stability-default-ga")
class BetaIsDefault(Versioner):
    """A bare date means beta."""

    def parse(self, text: str) -> Version:
        version = super().parse(text)
        return version if "~" in text else evolve(version, stability="beta")


@faults.versioner("snyk.versioning.stability-default-ga")
class ProjectsBetaBeforeGa(_Falling):
    """A bare date before the first GA release of projects gets the beta of that time."""

    operations = (LIST_PROJECTS,)


def _also_experimental(server: Server, operations: tuple[str, ...]) -> None:
    class Experimental(Versioner):
        def candidates(self, operation: str, version: Version) -> list[Release]:
            raised = operation in operations and version.stability == "beta"
            return super().candidates(operation, evolve(version, stability=STABILITIES[-1]) if raised else version)

    snyk(server).versioner = Experimental(snyk(server).versioner.releases)


@faults.server("snyk.versioning.stability-floor")
def experimental_for_beta(server: Server) -> None:
    """~beta gets the newest release, also an experimental one."""
    _also_experimental(server, LISTS)


@faults.server("snyk.versioning.stability-floor")
def experimental_targets_for_beta(server: Server) -> None:
    """~beta gets the newest release of targets, also an experimental one."""
    _also_experimental(server, (LIST_TARGETS,))


@faults.server("snyk.versioning.stability-floor")
def experimental_projects_for_beta(server: Server) -> None:
    """~beta gets the newest release of projects, also an experimental one."""
    _also_experimental(server, (LIST_PROJECTS,))


@faults.versioner("snyk.versioning.per-endpoint-contract")
class OldestOfBothLists(Versioner):
    """Projects and targets answer as of the older of the two dates they resolve to."""

    def resolve(self, operation: str, version: Version) -> Release | None:
        found = super().resolve(operation, version)
        if operation not in LISTS or found is None:
            return found
        dates = [one.day for one in (super(OldestOfBothLists, self).resolve(name, version) for name in LISTS) if one]
        return super().resolve(operation, evolve(version, day=min(dates))) or found


class _DatesOf(Versioner):
    leader = ""

    def resolve(self, operation: str, version: Version) -> Release | None:
        found = super().resolve(operation, version)
        leading = super().resolve(self.leader, version)
        return (leading and super().resolve(operation, evolve(version, day=leading.day))) or found


@faults.versioner("snyk.versioning.per-endpoint-contract")
class DatesOfProjects(_DatesOf):
    """All endpoints answer as of the release of projects that the version resolves to."""

    leader = LIST_PROJECTS


@faults.versioner("snyk.versioning.per-endpoint-contract")
class DatesOfTargets(_DatesOf):
    """All endpoints answer as of the release of targets that the version resolves to."""

    leader = LIST_TARGETS


class _Impatient(Versioner):
    """Ends the support of a superseded release."""

    stabilities: tuple[str, ...] = ("ga", "beta")
    days = 0

    def successor(self, operation: str, release: Release) -> Release | None:
        """What superseded a release: the next one as stable as it or more so."""
        as_stable = STABILITIES[: STABILITIES.index(release.stability) + 1]
        later = [one for one in self.releases[operation] if one.day > release.day and one.stability in as_stable]
        return later[0] if later else None

    def release(self, request: Request, now: datetime) -> Release:
        release = super().release(request, now)
        successor = self.successor(request.operation, release)
        if successor and release.stability in self.stabilities and (now.date() - successor.day).days >= self.days:
            return self.refuse(release, successor)
        return release

    def refuse(self, _release: Release, _successor: Release) -> Release:
        raise Refusal(404, "no-release", "This release was superseded.", parameter="version")


@faults.versioner("snyk.versioning.supported-after-next-release")
class SupersededGaGone(_Impatient):
    """A GA release is a 404 as soon as the next one is out."""

    stabilities = ("ga",)


@faults.versioner("snyk.versioning.supported-after-next-release")
class SupersededBetaGone(_Impatient):
    """A beta is a 404 as soon as the next one or a GA release is out."""

    stabilities = ("beta",)


@faults.versioner("snyk.versioning.supported-after-next-release")
class GaGoneAfterNinetyDays(_Impatient):
    """A GA release is a 404 ninety days after the next one, as if it were a beta."""

    stabilities, days = ("ga",), 90


@faults.versioner("snyk.versioning.supported-after-next-release")
class BetaGoneAfterThirtyDays(_Impatient):
    """A beta is a 404 thirty days after the next one."""

    stabilities, days = ("beta",), 30


@faults.versioner("snyk.versioning.supported-after-next-release")
class SupersededServedAsNext(_Impatient):
    """A request for a superseded release gets the next one, under the name of the old one."""

    def refuse(self, release: Release, successor: Release) -> Release:
        return evolve(successor, day=release.day, stability=release.stability, sunset=release.sunset)
