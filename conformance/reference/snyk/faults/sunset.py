"""Faults of the Snyk server in what it says of a release's end, and in keeping its shape until then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from attrs import field, mutable
from werkzeug.http import http_date

from conformance.reference.edits import change, drop, drop_header, respond
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Problem, Request, Response
from conformance.reference.snyk.data import GET_PROJECT, LIST_PROJECTS, LIST_TARGETS
from conformance.reference.snyk.faults.tools import LISTS, on_later_page, versioner
from conformance.reference.snyk.policies import Versioner
from conformance.reference.snyk.releases import Release

faults = Faults()


def written(day: date, **earlier: float) -> str:
    """A day as Sunset has to be written, or a moment so much earlier."""
    return http_date(datetime.combine(day, time(), UTC) - timedelta(**earlier))


def sunsets(form: Callable[[date], str]) -> Plant:
    """Sunset in another form."""

    class Formatted(Versioner):
        def sunset(self, _request: Request, release: Release) -> str | None:
            return form(release.sunset) if release.sunset else None

    return versioner(Formatted)


fault = faults.of("snyk.versioning.sunset-format")
fault("sunset-iso", "Sunset is an ISO date.").by(sunsets(date.isoformat))
fault("sunset-epoch", "Sunset is a number of seconds since 1970.").by(
    sunsets(lambda day: str((day - date(1970, 1, 1)) // timedelta(seconds=1)))
)
fault("sunset-offset", "Sunset ends in +0000 in the place of GMT.").by(
    sunsets(lambda day: written(day).replace("GMT", "+0000"))
)
fault("sunset-without-zone", "Sunset has no zone.").by(sunsets(lambda day: written(day).removesuffix(" GMT")))
fault("sunset-without-time", "Sunset has no time of day.").by(
    sunsets(lambda day: written(day).replace(" 00:00:00", ""))
)

fault = faults.of("snyk.versioning.sunset-when-deprecated")
fault("sunset-on-first-page-only", "Sunset is on the first page of a list only.").by(
    drop_header("Sunset", when=on_later_page)
)
fault("projects-without-sunset", "The list of projects never has Sunset.").by(drop_header("Sunset", on=LIST_PROJECTS))
fault("targets-without-sunset", "The list of targets never has Sunset.").by(drop_header("Sunset", on=LIST_TARGETS))
fault("project-without-sunset", "A single project never has Sunset.").by(drop_header("Sunset", on=GET_PROJECT))


@fault.using(respond)
def deprecation_in_its_place(_request: Request, response: Response) -> Response:
    """A deprecated release has the header Deprecation in the place of Sunset."""
    sunset = response.headers.get("Sunset")
    return response.without_headers("Sunset").with_header("Deprecation", sunset) if sunset else response


def notices(*, ga: int = 184, beta: int = 92) -> Plant:
    """Sunset is so many days after the release that superseded this one, by its stability."""

    class Noticing(Versioner):
        def sunset(self, request: Request, release: Release) -> str | None:
            later = [one for one in self.releases[request.operation] if one.day > release.day]
            following = [one for one in later if one.stability in ("ga", release.stability)]
            if release.sunset is None or not following:
                return super().sunset(request, release)
            return written(following[0].day + timedelta(days=ga if release.stability == "ga" else beta))

    return versioner(Noticing)


fault = faults.of("snyk.versioning.sunset-notice")
fault("thirty-days", "Sunset is thirty days after the next release.").by(notices(ga=30, beta=30))
fault("ga-as-beta", "A GA release has the notice of a beta, three months.").by(notices(ga=92))
fault("ga-one-week-short", "A GA release has 173 days of notice, a week less than 180.").by(notices(ga=173))
fault("beta-two-months", "A beta has two months of notice.").by(notices(beta=61))


@fault.using(versioner)
class CountedFromOwnDate(Versioner):
    """The notice is counted from the release's own date."""

    def sunset(self, _request: Request, release: Release) -> str | None:
        notice = timedelta(days=184 if release.stability == "ga" else 92)
        return written(release.day + notice) if release.sunset else None


@mutable
class Counting(Versioner):
    """Counts how often a release answered, this time included."""

    served: Counter[str] = field(factory=Counter)

    def times(self, request: Request, release: Release) -> int:
        """How often the release answered, this time included."""
        key = f"{request.operation} {release.version}"
        self.served[key] += 1
        return self.served[key]


def gone(when: Callable[[Request, timedelta], bool]) -> Plant:
    """A deprecated release is a 410; `when` is given how long its support still lasts."""

    class Impatient(Versioner):
        def release(self, request: Request, now: datetime) -> Release:
            release = super().release(request, now)
            if release.sunset and when(request, release.sunset - now.date()):
                raise Problem(410, "retired", "This release is no longer supported.", parameter="version")
            return release

    return versioner(Impatient)


fault = faults.of("snyk.versioning.sunset-constant")
fault("gone-one-quarter-early", "A deprecated release is a 410 from 120 days before its Sunset on.").by(
    gone(lambda _request, left: left.days <= 120)
)
fault(
    "gone-on-later-pages", "The first page of a deprecated release is served with its Sunset, any other page is a 410."
).by(gone(lambda request, _left: on_later_page(request)))


@fault.using(versioner)
class GoneAfterOneAnswer(Counting):
    """A deprecated release answers once with its Sunset, then it is a 404."""

    def release(self, request: Request, now: datetime) -> Release:
        release = super().release(request, now)
        if release.sunset and self.times(request, release) > 1:
            raise Problem(404, "retired", "This release is no longer supported.", parameter="version")
        return release


@fault.using(versioner)
class SunsetEarlierEachTime(Counting):
    """Sunset moves an hour earlier with each answer."""

    def sunset(self, request: Request, release: Release) -> str | None:
        return written(release.sunset, hours=self.times(request, release) - 1) if release.sunset else None


@fault.using(versioner)
class SunsetEarlierOnLaterPages(Versioner):
    """Sunset is two days earlier on later pages than on the first."""

    def sunset(self, request: Request, release: Release) -> str | None:
        return written(release.sunset, days=2 * on_later_page(request)) if release.sunset else None


def renamed(attributes: dict[str, Any], **names: str) -> dict[str, Any]:
    """Attributes, some of them under new names."""
    kept = {name: value for name, value in attributes.items() if name not in names}
    return {**kept, **{new: attributes[old] for old, new in names.items() if old in attributes}}


fault = faults.of("snyk.versioning.within-version-stable")
fault("name-is-title", "The name of projects in a list is called title.").by(
    change("/data/*/attributes", lambda shown: renamed(shown, name="title"), on=LIST_PROJECTS)
)
fault(
    "renamed-on-later-pages",
    "On later pages of a list an attribute is renamed: the name of projects, the URL of targets.",
).by(
    change(
        "/data/*/attributes",
        lambda shown: renamed(shown, name="title", url="href", remoteUrl="href"),
        on=LISTS,
        when=on_later_page,
    )
)
fault("origin-missing-for-some", "Projects from the CLI have no origin in a list.").by(
    drop("/data/*/attributes/origin", having={"origin": "cli"}, on=LIST_PROJECTS)
)
fault("created-as-number", "The time of creation of projects in a list is a number.").by(
    change("/data/*/attributes/created", lambda when: int(datetime.fromisoformat(when).timestamp()), on=LIST_PROJECTS)
)
fault("targets-without-relationships", "The targets have no relationships.").by(
    drop("/data/*/relationships", on=LIST_TARGETS)
)
fault("project-attribute-nested", "The origin of a single project is an object.").by(
    change("/data/attributes/origin", lambda origin: {"name": origin}, on=GET_PROJECT)
)
