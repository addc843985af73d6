"""Versions: which release a date and a stability resolve to, by the target's table of releases."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from conformance.checks.base import shown
from conformance.checks.releases import (
    Release,
    answered_at,
    releases_of,
    resolutions,
    successor,
    version_of,
    versioned_operations,
)
from conformance.checks.versioning import NOTICE_DAYS, SHAPED
from conformance.contract import Need, Versioning
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    assert_status,
    assert_that,
    requirement,
)
from conformance.targets import Client
from conformance.traffic.exchange import Exchange

DAY = timedelta(days=1)


class Endpoint:
    """A list and its releases, as far as the target's table has them."""

    def __init__(self, subject: Subject, collection: Collection) -> None:
        self.collection = collection
        self.facts = subject.session.facts
        self.versioning: Versioning = subject.conventions.versions
        self.releases = releases_of(self.facts, collection.operation.id, self.versioning)
        if not self.releases:
            need = Need.fact("releases", "a table of releases")
            raise NotExercised(f"no table of releases is known for {collection.operation}", need)

    def ask(self, version: str, *, negative: bool = False) -> Exchange:
        """One page in a version."""
        query = {str(self.versioning.parameter): version}
        return self.collection.get(self.collection.pagination.page_size.minimum, query=query, negative=negative)

    def named(self, day: date, stability: str) -> str:
        """The version of a day and a stability."""
        plain = stability == self.versioning.stabilities[0]
        return day.isoformat() if plain else f"{day.isoformat()}~{stability}"

    def resolved(self, version: str, releases: tuple[Release, ...] | None = None) -> list[Release]:
        """The releases that a version may stand for; one where the document leaves no doubt."""
        asked = version_of(version, self.versioning)
        assert asked is not None, version
        return resolutions(self.releases if releases is None else releases, asked, self.versioning)

    def shows(self, release: Release) -> bool:
        """Whether the release, asked for by the version that names it, is served and recognised by its marker."""
        return bool(release.marker) and self._looks(self.ask(release.version), release)

    def tells_apart(self, one: Release, other: Release) -> bool:
        """Whether both are served, each by its own version, and neither looks like the other one."""
        first, second = self.ask(one.version), self.ask(other.version)
        if not (one.marker and other.marker and self._looks(first, one) and self._looks(second, other)):
            return False
        return not one.shows_in(second) and not other.shows_in(first)

    def _looks(self, exchange: Exchange, release: Release) -> bool:
        return exchange.response.ok and release.shows_in(exchange)

    def assert_is(self, exchange: Exchange, release: Release, *unlike: Release) -> None:
        """An answer is a success that looks as a release does, and not as others do."""
        version = exchange.request.parameter(str(self.versioning.parameter))
        assert_status(exchange, "2xx", when=f"in version {version}")
        assert_that(
            release.shows_in(exchange) and not any(other.shows_in(exchange) for other in unlike),
            f"version {version} does not look like release {release.version}",
            expected=shown(dict(release.marker)),
            actual=exchange.response.text,
            exchange=exchange,
        )


@requirement("snyk.versioning.version-required")
def test_a_request_without_version_is_refused(client: Client, collection: Collection) -> None:
    """The call that succeeds with a version is a 400 without one, and some error names the parameter."""
    parameter = str(client.contract.conventions.versions.parameter)
    client.control(collection.get())
    exchange = collection.get(query={parameter: None}, negative=True)
    assert_status(exchange, 400, when="without a version")
    errors = exchange.response.at("/errors")
    named = [
        error
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict)
        and (names_parameter(error, parameter) or parameter in str(error.get("detail", "")).lower())
    ]
    assert_that(
        bool(named),
        f"no error names the parameter {parameter}",
        expected=f"{parameter} in source.parameter or detail",
        actual=exchange.response.text,
        exchange=exchange,
    )


def names_parameter(error: dict[str, object], parameter: str) -> bool:
    source = error.get("source")
    return isinstance(source, dict) and source.get("parameter") == parameter


@requirement("snyk.versioning.version-resolves-down")
def test_a_date_between_releases_gets_the_older_one(subject: Subject, collection: Collection) -> None:
    """Up to the day before a release its predecessor answers, and after the newest one the newest."""
    endpoint = Endpoint(subject, collection)
    now = today(endpoint)
    judged = 0
    for stability in endpoint.versioning.stabilities[:SHAPED]:
        for older, newer in adjacent(endpoint, stability):
            if newer.day - older.day > DAY and endpoint.tells_apart(older, newer):
                for day in between(older.day, newer.day):
                    endpoint.assert_is(endpoint.ask(endpoint.named(day, stability)), older, newer)
                judged += 1
        newest = chain(endpoint, stability)[-1:]
        if newest and newest[0].day + DAY <= now and endpoint.shows(newest[0]):
            for day in sorted({newest[0].day + DAY, now}):
                version = endpoint.named(day, stability)
                if endpoint.resolved(version) == newest:
                    endpoint.assert_is(endpoint.ask(version), newest[0])
    if not judged:
        raise NotExercised("the table has no two adjacent releases that are served and differ visibly")


def today(endpoint: Endpoint) -> date:
    """The day of the target's own clock."""
    moment = answered_at(endpoint.collection.get()) or datetime.now(UTC)
    return moment.date()


def chain(endpoint: Endpoint, stability: str) -> list[Release]:
    """The releases that versions of a stability resolve to without doubt, oldest first."""
    found = [endpoint.resolved(endpoint.named(release.day, stability)) for release in endpoint.releases]
    return list({one[0].version: one[0] for one in found if len(one) == 1}.values())


def adjacent(endpoint: Endpoint, stability: str) -> Iterator[tuple[Release, Release]]:
    """Releases that follow each other, where a version of the stability means the older one on all days between."""
    for older, newer in pairwise(chain(endpoint, stability)):
        days = between(older.day, newer.day)
        if all(endpoint.resolved(endpoint.named(day, stability)) == [older] for day in days):
            yield older, newer


def between(older: date, newer: date) -> list[date]:
    """The first, the middle and the last day between two others."""
    return sorted({older + DAY, older + (newer - older) // 2, newer - DAY} - {older, newer})


@requirement("snyk.versioning.version-before-first")
def test_a_date_before_the_first_release_is_refused(client: Client, subject: Subject, collection: Collection) -> None:
    """Long before any release, and on the day before the first one known, a version is a client error."""
    versioning = subject.conventions.versions
    client.control(collection.get())
    days = [date(2000, 1, 1)]
    releases = releases_of(subject.session.facts, collection.operation.id, versioning)
    days += [releases[0].day - DAY] if releases else []
    for day in days:
        for stability in versioning.stabilities:
            version = day.isoformat() + ("" if stability == versioning.stabilities[0] else f"~{stability}")
            exchange = collection.get(query={str(versioning.parameter): version}, negative=True)
            assert_status(exchange, "4xx", when=f"in version {version}, before the first release")


@requirement("snyk.versioning.stability-default-ga")
def test_a_bare_date_means_ga_only(subject: Subject, collection: Collection) -> None:
    """Where only less stable releases are, a bare date is a client error; where a GA one is, it answers."""
    endpoint = Endpoint(subject, collection)
    judged = 0
    for release in endpoint.releases:
        bare = release.day.isoformat()
        if release.rank == 0 or not endpoint.ask(release.version).response.ok:
            continue
        stable = endpoint.resolved(bare)
        if not stable:
            assert_status(endpoint.ask(bare, negative=True), "4xx", when=f"in version {bare}, which has no GA release")
        elif endpoint.tells_apart(stable[0], release):
            endpoint.assert_is(endpoint.ask(bare), stable[0], release)
        else:
            continue
        judged += 1
    if not judged:
        raise NotExercised("the table has no release that is served and is less stable than GA")


@requirement("snyk.versioning.stability-floor")
def test_beta_is_never_experimental(subject: Subject, collection: Collection) -> None:
    """Where the newest release is experimental, ~experimental shows it, and ~beta an older, more stable one."""
    endpoint = Endpoint(subject, collection)
    judged = 0
    for release in endpoint.releases:
        if release.rank < SHAPED:
            continue
        version = endpoint.named(release.day, endpoint.versioning.stabilities[SHAPED - 1])
        allowed = endpoint.resolved(version)
        if not allowed or not endpoint.shows(release):
            continue
        if not all(endpoint.tells_apart(one, release) for one in allowed):
            continue
        exchange = endpoint.ask(version)
        assert_status(exchange, "2xx", when=f"in version {version}")
        assert_that(
            any(one.shows_in(exchange) for one in allowed) and not release.shows_in(exchange),
            f"version {version} does not look like a release as stable as that",
            expected=" or ".join(one.version for one in allowed),
            actual=exchange.response.text,
            exchange=exchange,
        )
        judged += 1
    if not judged:
        raise NotExercised("the table has no experimental release above a more stable one")


@requirement("snyk.versioning.per-endpoint-contract")
def test_each_endpoint_resolves_by_its_own_releases(subject: Subject, collection: Collection) -> None:
    """At a date where two endpoints have releases of different days, each answers in the shape of its own."""
    endpoint = Endpoint(subject, collection)
    others = [
        Endpoint(subject, subject.collection_of(operation))
        for operation in subject.contract.operations
        if operation.collection is not None
        and operation.id != collection.operation.id
        and operation.id in versioned_operations(endpoint.facts)
    ]
    judged = 0
    for other in others:
        for version in dates_of_both(endpoint, other):
            own, foreign = endpoint.resolved(version), other.resolved(version)
            if len(own) != 1 or not foreign or own[0].day in {one.day for one in foreign}:
                continue
            if not own[0].marker or not other.ask(version).response.ok or not endpoint.ask(version).response.ok:
                continue
            endpoint.assert_is(endpoint.ask(version), own[0])
            judged += 1
    if not judged:
        raise NotExercised("the table has no date at which two endpoints resolve to releases of different days")


def dates_of_both(endpoint: Endpoint, other: Endpoint) -> list[str]:
    """Versions at the dates of the releases of both, in every stability that promises a shape."""
    days = sorted({release.day for one in (endpoint, other) for release in one.releases})
    return [endpoint.named(day, stability) for day in days for stability in endpoint.versioning.stabilities[:SHAPED]]


@requirement("snyk.versioning.supported-after-next-release")
def test_a_superseded_release_stays_for_its_time(subject: Subject, collection: Collection) -> None:
    """A release whose successor is younger than its support is served, in its own shape."""
    endpoint = Endpoint(subject, collection)
    now = today(endpoint)
    judged = 0
    for release in endpoint.releases:
        following = successor(endpoint.releases, release)
        if release.rank >= SHAPED or following is None or not release.marker:
            continue
        if not timedelta() <= now - following.day < timedelta(days=NOTICE_DAYS[release.rank]):
            continue
        unlike = distinct(endpoint, release, following)
        endpoint.assert_is(endpoint.ask(release.version), release, *unlike)
        judged += len(unlike)
    if not judged:
        raise NotExercised("no release that differs visibly was superseded so lately that it must still be served")


def distinct(endpoint: Endpoint, release: Release, following: Release) -> list[Release]:
    """The successor, where its own answers do not look like those of the release too."""
    exchange = endpoint.ask(following.version)
    return [following] if following.marker and not release.shows_in(exchange) else []
