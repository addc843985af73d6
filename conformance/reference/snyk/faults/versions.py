"""Faults of the Snyk server in which release answers which version."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from conformance.reference.edits import crash, instead, rewrite, status
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Problem, Request
from conformance.reference.snyk.data import LIST_PROJECTS, LIST_TARGETS
from conformance.reference.snyk.faults.tools import LISTS, NO_RECORDS, versioner
from conformance.reference.snyk.policies import Version, Versioner
from conformance.reference.snyk.releases import STABILITIES, Release

faults = Faults()

Found = Release | None


def defaulting(default: str) -> Plant:
    """A version that is missing is taken for this one."""

    class Defaulting(Versioner):
        def release(self, request: Request, now: datetime) -> Release:
            if "version" not in request.query:
                request.query["version"] = default
            return super().release(request, now)

    return versioner(Defaulting)


fault = faults.of("snyk.versioning.version-required")
fault("newest-by-default", "Without a version the newest release answers.").by(defaulting("2100-01-01~beta"))
fault("oldest-by-default", "Without a version the release that 2022-01-01~beta resolves to answers.").by(
    defaulting("2022-01-01~beta")
)
fault("missing-version-404", "A missing version is answered with 404.").by(status(404, cause="no-version"))


@fault.using(rewrite, cause="no-version")
def missing_version_unnamed(_request: Request, body: Any) -> object:
    """The 400 for a missing version does not name it."""
    del body["errors"][0]["source"]
    body["errors"][0]["detail"] = "Client request did not conform to OpenAPI specification"
    return body


@fault.using(rewrite, cause="no-version")
def missing_version_names_limit(_request: Request, body: Any) -> object:
    """The 400 for a missing version names the parameter limit."""
    body["errors"][0].update({"detail": "A query parameter is required.", "source": {"parameter": "limit"}})
    return body


def guessing(guess: Callable[[str], str | None]) -> Plant:
    """A version that is none is read as another text, where there is one."""

    class Guessing(Versioner):
        def parse(self, text: str) -> Version:
            try:
                return super().parse(text)
            except Problem:
                guessed = guess(text)
                if guessed is None:
                    raise
                return super().parse(guessed)

    return versioner(Guessing)


fault = faults.of("snyk.versioning.version-invalid-4xx")
fault("unknown-stability-is-ga", "An unknown stability word falls back to ga.").by(
    guessing(lambda text: text.partition("~")[0] if "~" in text else None)
)
fault("short-date-accepted", "A date with a month and a day of one digit is accepted.").by(
    guessing(lambda text: re.sub(r"-(\d)(?!\d)", r"-0\1", text))
)
fault("number-is-newest", "A bare number means the newest release.").by(
    guessing(lambda text: "9999-12-31" if text.isdigit() else None)
)
fault("impossible-date-500", "A date that is none, in the right form, is answered with 500.").by(
    crash(cause="version", when=lambda request: re.fullmatch(r"\d{4}-\d\d-\d\d", request.query["version"]))
)


@fault.using(guessing)
def month_rolls_over(text: str) -> str | None:
    """The thirteenth month is the first of the next year."""
    match = re.fullmatch(r"(\d{4})-13(-\d\d.*)", text)
    return f"{int(match[1]) + 1}-01{match[2]}" if match else None


@frozen
class Resolution:
    """What a version of an operation may resolve to.

    `candidates` are the releases of any date that are stable enough, oldest first; `right` resolves as is right.
    """

    operation: str
    version: Version
    candidates: list[Release]
    right: Callable[[str, Version], Found]

    @property
    def found(self) -> Found:
        """The right release."""
        return self.right(self.operation, self.version)

    @property
    def following(self) -> Found:
        """The oldest release after the date."""
        return next((one for one in self.candidates if one.day > self.version.day), None)

    def at(self, day: date) -> Found:
        """The release that is right for another date."""
        return self.right(self.operation, evolve(self.version, day=day))


def resolving(choose: Callable[[Resolution], Found]) -> Plant:
    """Another release for a version; `choose` is given what there is to choose from."""

    class Resolving(Versioner):
        def resolve(self, operation: str, version: Version) -> Found:
            return choose(Resolution(operation, version, self.candidates(operation, version), super().resolve))

    return versioner(Resolving)


fault = faults.of("snyk.versioning.version-resolves-down")
fault("exact-date-only", "A date between two releases, or after the last, is a 404.").by(
    resolving(lambda to: to.found if to.found and to.found.day == to.version.day else None)
)
fault("one-day-early", "A release answers to the day before its date too.").by(
    resolving(lambda to: to.found and to.at(to.version.day + timedelta(days=1)))
)


@fault.using(resolving)
def nearest_release(to: Resolution) -> Found:
    """The release nearest to the date answers, also a later one."""
    day, older, newer = to.version.day, to.found, to.following
    return newer if older and newer and newer.day - day < day - older.day else older


@fault.using(resolving)
def next_release(to: Resolution) -> Found:
    """A date between two releases gets the later one."""
    older, newer = to.found, to.following
    return older if not older or not newer or older.day == to.version.day else newer


@fault.using(resolving)
def newest_unreachable(to: Resolution) -> Found:
    """Any date after the newest release gets the one before it."""
    after = len(to.candidates) > 1 and to.version.day > to.candidates[-1].day
    return to.candidates[-2] if after else to.found


@fault.using(resolving)
def months_only(to: Resolution) -> Found:
    """Only year and month of the date count, so that a release answers to its whole month."""
    found = [one for one in to.candidates if one.day.replace(day=1) <= to.version.day]
    return found[-1] if found else None


def of_year_2000(request: Request) -> bool:
    """Whether a version of that year is asked for."""
    return request.query["version"].startswith("2000")


fault = faults.of("snyk.versioning.version-before-first")
fault("oldest-before-first", "A date before the first release gets the oldest one.").by(
    resolving(lambda to: to.found or next(iter(to.candidates), None))
)
fault("empty-before-first", "A list has no records in a version of the year 2000.").by(
    instead(NO_RECORDS, on=LISTS, cause="no-release", when=of_year_2000)
)
fault("year-2000-is-500", "A version of the year 2000 is answered with 500.").by(
    crash(cause="no-release", when=of_year_2000)
)


@fault.using(resolving)
def newest_before_first(to: Resolution) -> Found:
    """A date more than a year before the first release gets the newest one."""
    long_ago = to.candidates and (to.candidates[0].day - to.version.day).days > 366
    return to.candidates[-1] if long_ago else to.found


def beta_where_no_ga(*operations: str) -> Plant:
    """A bare date that has no release falls back to a beta."""

    def fall(to: Resolution) -> Found:
        falls = to.operation in operations and to.version.stability == "ga"
        return to.found or (to.right(to.operation, evolve(to.version, stability="beta")) if falls else None)

    return resolving(fall)


fault = faults.of("snyk.versioning.stability-default-ga")
fault("beta-where-no-ga", "A bare date gets the beta where there is no GA release.").by(beta_where_no_ga(*LISTS))
fault("targets-beta-where-no-ga", "A bare date gets the beta of targets, which are never GA.").by(
    beta_where_no_ga(LIST_TARGETS)
)
fault("projects-beta-before-ga", "A bare date before the first GA release of projects gets the beta of that time.").by(
    beta_where_no_ga(LIST_PROJECTS)
)


@fault.using(versioner)
class BetaIsDefault(Versioner):
    """A bare date means beta."""

    def parse(self, text: str) -> Version:
        version = super().parse(text)
        return version if "~" in text else evolve(version, stability="beta")


def experimental_for_beta(*operations: str) -> Plant:
    """~beta gets experimental releases too."""

    def raise_(to: Resolution) -> Found:
        raised = to.operation in operations and to.version.stability == "beta"
        return to.right(to.operation, evolve(to.version, stability=STABILITIES[-1])) if raised else to.found

    return resolving(raise_)


fault = faults.of("snyk.versioning.stability-floor")
fault("experimental-for-beta", "~beta gets the newest release, also an experimental one.").by(
    experimental_for_beta(*LISTS)
)
fault("experimental-targets-for-beta", "~beta gets the newest release of targets, also an experimental one.").by(
    experimental_for_beta(LIST_TARGETS)
)
fault("experimental-projects-for-beta", "~beta gets the newest release of projects, also an experimental one.").by(
    experimental_for_beta(LIST_PROJECTS)
)


def dates_of(leader: str) -> Plant:
    """All endpoints answer as of the release of this one that the version resolves to."""

    def follow(to: Resolution) -> Found:
        leading = to.right(leader, to.version)
        return (leading and to.at(leading.day)) or to.found

    return resolving(follow)


fault = faults.of("snyk.versioning.per-endpoint-contract")
fault("dates-of-projects", "All endpoints answer as of the release of projects that the version resolves to.").by(
    dates_of(LIST_PROJECTS)
)
fault("dates-of-targets", "All endpoints answer as of the release of targets that the version resolves to.").by(
    dates_of(LIST_TARGETS)
)


@fault.using(resolving)
def oldest_of_both_lists(to: Resolution) -> Found:
    """Projects and targets answer as of the older of the two dates they resolve to."""
    if to.operation not in LISTS or to.found is None:
        return to.found
    return to.at(min(one.day for one in (to.right(name, to.version) for name in LISTS) if one)) or to.found


def superseded(stability: str = "", days: int = 0, *, replaced: bool = False) -> Plant:
    """A release of this stability, or of any but experimental, is a 404 so many days after what superseded it.

    Or it is replaced: its successor answers under its name.
    """

    class Impatient(Versioner):
        def release(self, request: Request, now: datetime) -> Release:
            release = super().release(request, now)
            successor = self.successor(request.operation, release)
            concerned = release.stability in ((stability,) if stability else ("ga", "beta"))
            if successor is None or not concerned or (now.date() - successor.day).days < days:
                return release
            if replaced:
                return evolve(successor, day=release.day, stability=release.stability, sunset=release.sunset)
            raise Problem(404, "no-release", "This release was superseded.", parameter="version")

        def successor(self, operation: str, release: Release) -> Found:
            """What superseded a release: the next one as stable as it or more so."""
            as_stable = self.candidates(operation, Version(release.day, release.stability))
            return next((one for one in as_stable if one.day > release.day), None)

    return versioner(Impatient)


fault = faults.of("snyk.versioning.supported-after-next-release")
fault("superseded-ga-gone", "A GA release is a 404 as soon as the next one is out.").by(superseded("ga"))
fault("superseded-beta-gone", "A beta is a 404 as soon as the next one or a GA release is out.").by(superseded("beta"))
fault("ga-gone-after-ninety-days", "A GA release is a 404 ninety days after the next one, as if it were a beta.").by(
    superseded("ga", days=90)
)
fault("beta-gone-after-thirty-days", "A beta is a 404 thirty days after the next one.").by(superseded("beta", days=30))
fault(
    "superseded-served-as-next", "A request for a superseded release gets the next one, under the name of the old one."
).by(superseded(replaced=True))
