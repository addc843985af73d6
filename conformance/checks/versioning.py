"""Versions: in paths and as dates, the shape of their answers, and the end that Sunset announces (RFC 8594)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from conformance.checks.base import HELD, Finding, Sight, check, note, violated
from conformance.checks.links import base_url_of, link_text, target_of
from conformance.checks.releases import (
    Release,
    answered_at,
    release_of,
    releases_of,
    successor,
    version_of,
)
from conformance.checks.shapes import Shape, differences, shape_of
from conformance.contract import Versioning
from conformance.traffic.exchange import Exchange
from conformance.traffic.urls import origin_of, resolved

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_IMF = re.compile(
    rf"({'|'.join(_WEEKDAYS)}), (\d\d) ({'|'.join(_MONTHS)}) (\d{{4}}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII
)
_RFC_850 = re.compile(
    rf"({'|'.join(_WEEKDAYS)})[a-z]{{3,6}}, (\d\d)-({'|'.join(_MONTHS)})-(\d\d) (\d\d):(\d\d):(\d\d) GMT", re.ASCII
)

NOTICE_DAYS = (180, 90)
"""How long a release stays after the next one, by its stability from the most stable: less is too little."""

NOTICE_MONTHS = (6, 3)
"""The same in calendar months: less deserves a note."""

SHAPED = 2
"""How many of the stabilities, from the most stable, promise a shape and a notice."""


def parse_http_date(text: str) -> tuple[datetime, bool] | None:
    """An HTTP-date in GMT (RFC 9110, 5.6.7), and whether its weekday is that of its day; None for anything else."""
    match = _IMF.fullmatch(text) or _RFC_850.fullmatch(text)
    if match is None:
        return None
    weekday, day, month, year, hour, minute, second = match.groups()
    in_full = int(year) + (0 if len(year) == 4 else 2000 if int(year) < 70 else 1900)
    try:
        # A leap second is written as 60.
        moment = datetime(
            in_full, _MONTHS.index(month) + 1, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
        )
    except ValueError:
        return None
    return (moment, _WEEKDAYS[moment.weekday()] == weekday) if int(second) <= 60 else None


def _sunset(exchange: Exchange) -> datetime | None:
    parsed = parse_http_date(exchange.response.header("sunset") or "")
    return parsed[0] if parsed else None


def _versioning(sight: Sight) -> Versioning | None:
    versioning = sight.contract.conventions.versioning
    return versioning if versioning and versioning.stabilities and versioning.parameter else None


@check("versioning.dated-format")
def version_is_a_date(sight: Sight) -> Iterator[Finding]:
    """The version in a request, and in each link of an answer, is a real date with a known stability or none.

    What a client asks for is no evidence of what a server does.
    """
    versioning = _versioning(sight)
    if versioning is None or versioning.parameter is None:
        return
    expected = "YYYY-MM-DD, a date of the calendar" + "".join(f", or with ~{word}" for word in versioning.stabilities)
    for key, value in sight.exchange.request.query:
        if key == versioning.parameter and not version_of(value, versioning):
            yield violated(f"the client asked for version {value}", expected=expected, actual=value, party="client")
    for link in _links(sight.exchange):
        for value in target_of(link).values(versioning.parameter):
            if version_of(value, versioning):
                yield HELD
            else:
                yield violated(f"a link has the version {value}", expected=expected, actual=link)


def _links(exchange: Exchange) -> Iterator[str]:
    """The links in an answer that lead to the same host: of the document, its resources and their relationships."""
    document = exchange.response.at("")
    if not isinstance(document, dict):
        return
    data = document.get("data")
    resources = [one for one in (data if isinstance(data, list) else [data]) if isinstance(one, dict)]
    relationships = [one.get("relationships") for one in resources]
    related = [value for found in relationships if isinstance(found, dict) for value in found.values()]
    base = base_url_of(exchange)
    for holder in (document, *resources, *related):
        links = holder.get("links") if isinstance(holder, dict) else None
        for value in links.values() if isinstance(links, dict) else ():
            link = link_text(value)
            url = resolved(link, base, exchange.request.url) if link else None
            if url and origin_of(url) == origin_of(base):
                yield url


@check("versioning.shape-stable")
def shape_is_stable(sight: Sight) -> Iterator[Finding]:
    """Within one version of an operation, answers keep the members and types that its baseline has.

    The baseline is what is known of the target (`facts["baseline"]`); where that has none, what the same resource,
    or a whole page of them, looked like earlier. Versions that promise nothing are only noted.
    """
    exchange, versioning = sight.exchange, _versioning(sight)
    if versioning is None or versioning.parameter is None or exchange.operation is None or not exchange.response.ok:
        return
    if not isinstance(exchange.response.at(""), dict):
        return
    key, stability = shape_key(exchange, sight.facts, versioning)
    if key is None or stability is None:
        return
    shape = shape_of(exchange.response.json)
    place = ("baseline", exchange.operation.id, key)
    if place not in sight.sequence:
        sight.sequence[place] = baseline_of(sight.facts, exchange.operation.id, key)
    known: Shape | None = sight.sequence[place]
    found = differences(known, shape) if known is not None else _since_earlier(sight, key, shape)
    if found is None:
        return
    for difference in found[:3]:
        if versioning.stabilities.index(stability) < SHAPED:
            yield violated(
                f"version {key}: {difference}", expected="the shape of earlier answers", actual=exchange.response.text
            )
        else:
            yield note(f"version {key}, which promises nothing: {difference}")
    if not found and shape.count and (known is None or known.count):
        # Of a list without records only the frame was compared.
        yield HELD


def shape_key(
    exchange: Exchange, facts: Mapping[str, Any], versioning: Versioning
) -> tuple[str, str] | tuple[None, None]:
    """The version whose shape an answer has, and its stability: of the release that answered, else as asked for."""
    release = release_of(exchange, facts, versioning)
    if release is not None:
        return release.version, release.stability
    texts = [exchange.response.header(versioning.served) if versioning.served else None]
    texts.append(exchange.request.parameter(versioning.parameter or ""))
    for text in texts:
        version = version_of(text, versioning)
        if version is not None and text is not None:
            return text, version.stability
    return None, None


def baseline_of(facts: Mapping[str, Any], operation: str, version: str) -> Shape | None:
    """The shape that is known of an operation's version."""
    found = facts.get("baseline", {}).get(operation, {}).get(version)
    return Shape.from_json(found) if found is not None else None


def _since_earlier(sight: Sight, version: str, shape: Shape) -> list[str] | None:
    """How an answer differs from earlier ones, None where there is nothing to compare it with."""
    operation = sight.exchange.known_as
    compared = False
    found: list[str] = []
    document = sight.exchange.response.json
    data = document.get("data")
    for resource in data if isinstance(data, list) else [data]:
        if isinstance(resource, dict) and isinstance(resource.get("id"), str):
            key = (operation, version, str(resource.get("type")), resource["id"], sight.writes)
            before = sight.sequence.get(key)
            sight.sequence[key] = shape_of(resource)
            if before is not None:
                compared = True
                found += differences(before, sight.sequence[key])
    # Another list, or a selection of this one, may hold resources of another kind.
    page = (operation, version, sight.exchange.path, _selection(sight))
    whole = sight.sequence.get(page)
    if whole is not None and shape.count >= ENOUGH:
        compared = True
        found += differences(whole.seen(ENOUGH), shape, wholly=True)
    if shape.count >= ENOUGH:
        sight.sequence[page] = shape if whole is None else whole.merged(shape)
    return list(dict.fromkeys(found)) if compared else None


def _selection(sight: Sight) -> tuple[tuple[str, str], ...]:
    """The filters of a request: what its query has beside the version and the parameters for pages."""
    pagination, versioning = sight.contract.conventions.pagination, _versioning(sight)
    beside = {versioning.parameter} if versioning else set()
    if pagination is not None:
        beside |= {pagination.cursor, pagination.previous, pagination.sort, pagination.page_size.parameter}
    return tuple(sorted(pair for pair in sight.exchange.request.query if pair[0] not in beside))


ENOUGH = 5
"""How many resources on a page, or objects at one place, show what all of them have."""


@check("versioning.sunset-format")
def sunset_is_a_date(sight: Sight) -> Iterator[Finding]:
    """A Sunset header is an HTTP-date in GMT; a weekday of another day is only noted."""
    text = sight.exchange.response.header("sunset")
    if text is None:
        return
    parsed = parse_http_date(text)
    if parsed is None:
        yield violated("Sunset is no HTTP-date", expected="such as Thu, 11 Nov 2021 11:11:11 GMT", actual=text)
        return
    if not parsed[1] and not sight.memory.get(text):
        sight.memory[text] = True
        yield note(f"the weekday of Sunset does not fit its date: {text}")
    yield HELD


@check("versioning.sunset-when-deprecated")
def deprecated_has_sunset(sight: Sight) -> Iterator[Finding]:
    """Every success of a release that is marked as deprecated has Sunset.

    The table marks it, or an earlier answer of the same version that had the header: what is deprecated stays so.
    """
    exchange, versioning = sight.exchange, _versioning(sight)
    if versioning is None or not exchange.response.ok:
        return
    release = release_of(exchange, sight.facts, versioning)
    version = release.version if release else exchange.request.parameter(versioning.parameter or "")
    place = exchange.known_as if exchange.operation else (exchange.request.method, exchange.path)
    key = ("deprecated", place, version, exchange.response.header(versioning.served or ""))
    deprecated = release is not None and release.deprecated
    marked = deprecated or key in sight.sequence
    if exchange.response.header("sunset") is not None:
        if marked:
            yield HELD
        if version is not None:
            sight.sequence[key] = True
    elif marked:
        yield violated(
            f"version {version} is deprecated, but this answer of it has no Sunset",
            expected="a Sunset header",
            actual=dict(exchange.response.headers),
        )


@check("versioning.sunset-notice")
def sunset_gives_notice(sight: Sight) -> Iterator[Finding]:
    """Sunset is as long after the next release as its stability promises."""
    versioning, sunset = _versioning(sight), _sunset(sight.exchange)
    if sunset is None:
        return
    release = release_of(sight.exchange, sight.facts, versioning)
    if release is None or release.rank >= SHAPED:
        return
    following = successor(releases_of(sight.facts, release.operation, versioning), release)
    if following is None:
        return
    days, months = NOTICE_DAYS[release.rank], NOTICE_MONTHS[release.rank]
    notice = (sunset.date() - following.day).days
    if notice < days:
        yield violated(
            f"release {release.version} ends {notice} days after {following.version} came",
            expected=f"{days} days or more",
            actual=f"Sunset: {sight.exchange.response.header('sunset')}",
        )
        return
    if sunset.date() < _months_later(following.day, months):
        yield note(f"release {release.version} ends {notice} days after the next one, less than {months} months")
    yield HELD


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(day.year + year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("unreachable")


@check("versioning.sunset-constant")
def sunset_is_kept(sight: Sight) -> Iterator[Finding]:
    """Sunset never moves earlier, and until then the version is served wherever another one is."""
    exchange, versioning = sight.exchange, _versioning(sight)
    if versioning is None or versioning.parameter is None or exchange.operation is None or exchange.negative:
        return
    asked = exchange.request.parameter(versioning.parameter)
    version = version_of(asked, versioning)
    if version is None or asked is None:
        return
    release = release_of(exchange, sight.facts, versioning)
    name = release.version if release else asked
    if exchange.response.ok:
        yield from _not_earlier(sight, name, release)
    yield from _served_until_then(sight, name, release)


def _not_earlier(sight: Sight, version: str, release: Release | None) -> Iterator[Finding]:
    """A Sunset against those of earlier answers, and the one that is known of the release."""
    sunset = _sunset(sight.exchange)
    if sunset is None:
        return
    key = ("sunset", sight.exchange.known_as, version)
    known = datetime.combine(release.sunset, time(), UTC) if release is not None and release.sunset else None
    before: datetime | None = sight.memory.get(key, known)
    sight.memory[key] = max(sunset, before) if before else sunset
    if before is None:
        return
    if sunset < before:
        yield violated(
            f"the Sunset of version {version} moved to an earlier time",
            expected=f"{before:%Y-%m-%d %H:%M} or later",
            actual=f"{sunset:%Y-%m-%d %H:%M}",
        )
    else:
        yield HELD


def _served_until_then(sight: Sight, version: str, release: Release | None) -> Iterator[Finding]:
    """A version that is refused as one that is gone, where another is served at the same place."""
    exchange, response = sight.exchange, sight.exchange.response
    place = ("served", exchange.request.method, exchange.path, sight.writes)
    if response.ok:
        sight.sequence[place] = True
        yield from sight.sequence.pop((*place, "refused"), [])
        return
    end = sight.memory.get(("sunset", exchange.known_as, version))
    if end is None and release is not None and release.sunset is not None:
        end = datetime.combine(release.sunset, time(), UTC)
    now = answered_at(exchange)
    if end is None or now is None or now >= end or not _says_gone(sight):
        return
    refusal = violated(
        f"version {version} is answered {response.reason} before its Sunset",
        expected=f"service until {end:%Y-%m-%d}",
        actual=response.text or response.reason,
    )
    # A resource that was served may have been deleted since; that another version is served later shows it was not.
    deleted = response.status == 404 and exchange.operation is not None and exchange.operation.collection is None
    if sight.sequence.get(place) and not deleted:
        yield refusal
    else:
        sight.sequence.setdefault((*place, "refused"), []).append(refusal)


def _says_gone(sight: Sight) -> bool:
    """Whether a refusal may be one of the version: gone, not found, or a client error that names the parameter."""
    response, versioning = sight.exchange.response, _versioning(sight)
    if response.status in (404, 410):
        return True
    named = response.at("/errors/0/source/parameter")
    return response.status_class == 4 and versioning is not None and named == versioning.parameter
