"""Defects of rate limits: what their headers tell, and what is refused, too early, too late or otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import evolve

from conformance.contract.rates import RateHeaders
from conformance.planting.base import Defect, Scene, breaks, with_header
from conformance.planting.bodies import PAGE, refused
from conformance.planting.schemas import PLANTED, in_body
from conformance.traffic.dates import seconds_of
from conformance.traffic.rates import buckets_of

HOUR = 3600


def _told(scene: Scene) -> RateHeaders | None:
    limit = scene.contract.conventions.rate_limit
    return limit.headers if limit else None


def _names(scene: Scene) -> tuple[str, ...]:
    told = _told(scene)
    return (told.limit, told.remaining, told.reset) if told else ()


def _number(scene: Scene, name: str) -> int | None:
    text = (scene.response.header(name) or "").strip()
    return int(text) if re.fullmatch("[0-9]{1,15}", text) else None


def _renews_at(scene: Scene) -> float | None:
    """When the window ends, in seconds since the epoch; None where nothing tells."""
    told, date = _told(scene), seconds_of(scene.response.header("date"))
    reset = _number(scene, told.reset) if told else None
    if told is None or reset is None or told.reset_in == "epoch":
        return reset
    return None if date is None else date + reset


def _same_window(one: Scene, other: Scene) -> bool:
    """Whether two answers tell one end of the window, and one limit."""
    told, ends = _told(one), (_renews_at(one), _renews_at(other))
    if told is None or ends[0] is None or ends[1] is None or abs(ends[0] - ends[1]) > 1:
        return False
    return _number(one, told.limit) == _number(other, told.limit)


def _in_bucket(scene: Scene) -> bool:
    exchange = scene.exchange
    return bool(buckets_of(exchange.request, exchange.known_as, scene.contract.conventions.rate_limit))


def _same_caller(one: Scene, other: Scene) -> bool:
    """Whether two calls are counted together: one operation, one credential."""
    auth = one.contract.conventions.auth
    header, scope = auth.header, auth.scope.parameter if auth.scope else ""
    mine, yours = one.exchange, other.exchange
    return (
        mine.request.parameter(scope) == yours.request.parameter(scope)
        and mine.operation is yours.operation
        and (mine.operation is not None or mine.path == yours.path)
        and mine.request.method == yours.request.method
        and mine.request.header(header) == yours.request.header(header)
    )


@breaks("rate-limit.headers-present")
def missing_headers(scene: Scene) -> Iterator[Defect]:
    """An answer without one of the headers, and without any."""
    classes, noted = scene.arguments.get("classes"), scene.arguments.get("noted", ())
    if (classes and scene.response.status_class not in classes) or scene.response.status in noted:
        return
    headers = scene.response.headers
    for name in _names(scene):
        yield scene.with_header(f"drop {name}", name, None)
        headers = with_header(headers, name, None)
    if _names(scene):
        yield scene.answered("drop all", evolve(scene.response, headers=headers))


@breaks("rate-limit.headers-sane")
def strange_headers(scene: Scene) -> Iterator[Defect]:
    """Headers that are no numbers, or that contradict each other."""
    names = _names(scene)
    for name in names:
        if scene.response.header(name) is not None:
            yield scene.with_header(f"text {name}", name, "unlimited")
            yield scene.with_header(f"negative {name}", name, "-1")
            yield scene.with_header(f"fraction {name}", name, "10.5")
    if names and (limit := _number(scene, names[0])) is not None:
        yield scene.with_header(f"zero {names[0]}", names[0], "0")
        if _number(scene, names[1]) is not None:
            yield scene.with_header(f"more {names[1]}", names[1], str(limit + 1))


@breaks("rate-limit.reset-epoch-seconds")
def strange_resets(scene: Scene) -> Iterator[Defect]:
    """A reset in another unit, as a number of seconds to wait, or in the past."""
    told = _told(scene)
    reset = _number(scene, told.reset) if told else None
    if told is None or reset is None:
        return
    if told.reset_in == "delta":
        return  # What is promised of one in seconds from now is another requirement's.
    yield scene.with_header("milliseconds", told.reset, str(reset * 1000))
    yield scene.with_header("delta", told.reset, "60")
    yield scene.with_header("text", told.reset, "Thu, 01 Jan 2026 00:00:00 GMT")
    date = seconds_of(scene.response.header("date"))
    if date is not None and date > 10**9 + HOUR:
        yield scene.with_header("past", told.reset, str(int(date) - HOUR))


@breaks("rate-limit.reset-delta-seconds")
def resets_by_the_clock(scene: Scene) -> Iterator[Defect]:
    """A reset since the epoch, where one from now on is promised, and one that is no number."""
    told = _told(scene)
    reset = _number(scene, told.reset) if told else None
    if told is not None and reset is not None and told.reset_in == "delta":
        yield scene.with_header("epoch", told.reset, str(1_767_225_600 + reset))
        yield scene.with_header("milliseconds", told.reset, str((1_767_225_600 + reset) * 1000))
        yield scene.with_header("text", told.reset, "Thu, 01 Jan 2026 00:00:00 GMT")
        yield scene.with_header("negative", told.reset, "-1")


@breaks("rate-limit.reset-within-window")
def far_resets(scene: Scene) -> Iterator[Defect]:
    """A reset beyond the window, or before the answer."""
    limit, date = scene.contract.conventions.rate_limit, seconds_of(scene.response.header("date"))
    if limit is None or limit.headers is None or date is None or _number(scene, limit.headers.reset) is None:
        return
    if limit.headers.reset_in == "delta":
        yield scene.with_header("far", limit.headers.reset, str(int(limit.seconds) + HOUR))
        yield scene.with_header("epoch", limit.headers.reset, str(int(date + limit.seconds)))
        return
    yield scene.with_header("far", limit.headers.reset, str(int(date + limit.seconds) + HOUR))
    yield scene.with_header("past", limit.headers.reset, str(int(date) - HOUR))
    yield scene.with_header("delta", limit.headers.reset, str(int(limit.seconds)))


@breaks("rate-limit.limit-documented")
def other_limits(scene: Scene) -> Iterator[Defect]:
    """A limit that is not the documented one."""
    limit, told = scene.contract.conventions.rate_limit, _told(scene)
    if limit is None or told is None or limit.requests is None or _in_bucket(scene):
        return
    if _number(scene, told.limit) is not None:
        for name, other in (("more", limit.requests + 1), ("many", limit.requests * 10), ("fewer", limit.requests - 1)):
            yield scene.with_header(f"limit {name}", told.limit, str(other))


@breaks("rate-limit.remaining-monotone")
def rising_rests(scene: Scene) -> Iterator[Defect]:
    """What remains rises within a window."""
    told = _told(scene)
    if told is None or _number(scene, told.remaining) is None or scene.response.status == 304:
        return
    limit, reset = _number(scene, told.limit), _renews_at(scene)
    before = next(
        scene.all(lambda one: one.at < scene.at and _same_caller(scene, one) and _same_window(scene, one)), None
    )
    earlier = _number(before, told.remaining) if before is not None else None
    if before is None or earlier is None or limit is None:
        return
    date = seconds_of(scene.response.header("date"))
    if date is not None and reset is not None and date >= reset - 2:
        return  # The next window may have begun.
    for name, other in (("one", earlier + 1), ("full", limit)):
        if earlier < other <= limit:
            yield scene.with_header(f"rise {name}", told.remaining, str(other))


@breaks("rate-limit.limit-stable")
def changing_limits(scene: Scene) -> Iterator[Defect]:
    """A limit that changes within a window."""
    told = _told(scene)
    limit = _number(scene, told.limit) if told else None
    if told is None or limit is None or _in_bucket(scene):
        return
    for one in scene.all(lambda one: one.at < scene.at and _same_caller(scene, one)):
        if _same_window(scene, one):
            yield scene.with_header("limit more", told.limit, str(limit + 1))
            yield scene.with_header("limit double", told.limit, str(limit * 2))
            return


def _is_refusal(scene: Scene) -> bool:
    limit = scene.contract.conventions.rate_limit
    return limit is not None and scene.response.status == limit.exceeded


@breaks("rate-limit.no-early-refusal")
def early_refusals(scene: Scene) -> Iterator[Defect]:
    """The first call of a conversation is refused for too many requests."""
    limit = scene.contract.conventions.rate_limit
    if limit is None or scene.exchange.sent_at is None:
        return
    first = scene.moved(0)
    if first.known and first.response.ok and first.exchange.sent_at is not None:
        yield refused(first, f"early {limit.exceeded}", limit.exceeded)


@breaks("rate-limit.refused-when-used-up")
def refusals_with_calls_left(scene: Scene) -> Iterator[Defect]:
    """A refusal for too many requests, though calls are left."""
    told = _told(scene)
    for one in scene.all(_is_refusal):
        if told is not None and _number(one, told.remaining) is not None:
            yield one.with_header("left one", told.remaining, "1")
            yield one.with_header("left many", told.remaining, "25")
            return


@breaks("rate-limit.served-when-used-up")
def served_when_used_up(scene: Scene) -> Iterator[Defect]:
    """A call that is served, though the one before it showed nothing as left."""
    told = _told(scene)
    if told is None or not _is_refusal(scene):
        return
    served = next(scene.all(lambda one: one.at < scene.at and _same_caller(scene, one) and one.response.ok), None)
    if served is not None:
        yield scene.answered("served", served.response)


@breaks("rate-limit.exceeded-status")
def refusals_of_other_status(scene: Scene) -> Iterator[Defect]:
    """A refusal for too many requests under another status, or none at all: the word is in its body."""
    for one in scene.all(_is_refusal):
        for status in (403, 503, 420):
            yield one.with_status(f"status {status}", status)
        return


@breaks("rate-limit.exceeded-code")
def refusals_of_other_code(scene: Scene) -> Iterator[Defect]:
    """A refusal for too many requests in another envelope, or with another code."""
    limit = scene.contract.conventions.rate_limit
    if limit is None or not _is_refusal(scene) or not scene.response.is_json:
        return
    yield from in_body(scene, scene.contract.conventions.errors.envelope)
    yield scene.with_body("text html", PAGE)
    yield scene.with_body("empty", b"")
    if limit.codes:
        yield scene.with_value("code other", limit.code_at, PLANTED)
        yield scene.without("code none", limit.code_at)


@breaks("json-api.rate-limit-refusal")
def refusals_that_are_no_errors(scene: Scene) -> Iterator[Defect]:
    """A refusal for too many requests with data, or with an error of another status."""
    for one in scene.all(_is_refusal):
        if isinstance(one.body, dict):
            yield one.with_value("add /data", "/data", {"type": "planted", "id": "1"})
            yield one.without("drop /errors", "/errors")
            if one.response.at("/errors/0") is not None:
                yield one.with_value("status other", "/errors/0/status", "500")
        yield one.with_body("text html", PAGE)
        return
