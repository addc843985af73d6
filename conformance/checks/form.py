"""What is basic: the form of a body, without which nothing can be said of its content."""

from __future__ import annotations

from conformance.contract import Observation, Requirement
from conformance.traffic.exchange import Exchange

FORM = (
    "content-type.response-media-type",
    "json-api.top-level",
    "json-api.data-kind",
    "schema",
    "schema.records-in-one-array",
    "errors.envelope",
)
"""The checks that judge whether a body has the documented form at all, the most basic first.

A body that one of them finds without it is accused of that, and of nothing else that follows from it.
"""


_ABSENT = object()


def basicness(observation: Observation) -> int:
    """Orders the checks: those that judge the form, the most basic first, then all others alike."""
    # What is beside a part of a body can be read whatever the part is.
    of_a_part = observation.arguments.get("at") or observation.arguments.get("each")
    return len(FORM) if observation.check not in FORM or of_a_part else FORM.index(observation.check)


def judges_form(observation: Observation) -> bool:
    return basicness(observation) < len(FORM)


def says_nothing(observation: Observation, exchange: Exchange) -> bool:
    """Whether a body that a check finds wrong says no more than that. JSON under a wrong media type is read."""
    if observation.check == "content-type.response-media-type":
        return not exchange.response.is_json
    return judges_form(observation)


def is_hidden(exchange: Exchange, observation: Observation, *, found: bool) -> bool:
    """Whether a check looks at what is not there, in a body that is known not to have its form.

    Of what is no JSON nothing can be said; of JSON in another form all but the shape of what it lacks.

    Args:
        found: what was found fails a run; until something does, what judges the form goes on.
    """
    response = exchange.response
    if not response.is_json:
        return found or not judges_form(observation)
    if not found or observation.check not in FORM:
        return False
    place = observation.arguments.get("each") or observation.arguments.get("at")
    return not isinstance(response.json, dict) or bool(place and response.at(place, _ABSENT) is _ABSENT)


def is_strong(requirement: Requirement) -> bool:
    """Whether a breach fails a run, however it is asked."""
    return requirement.strength == "MUST" and requirement.basis != "implied"
