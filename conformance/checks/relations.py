"""Relations: what one member of an answer has to do with another, or with what was asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from conformance.checks.base import HELD, Arguments, Finding, Sight, check, violated
from conformance.checks.declared import members_at, milliseconds, time_form
from conformance.contract import pointer


class OfEach(Arguments):
    each: str = ""


def _objects(sight: Sight) -> list[tuple[str, dict[str, Any]]]:
    """The objects of a successful answer that a relation is about, each with its place."""
    response, each = sight.exchange.response, sight.arguments.get("each", "")
    if not response.ok or not response.is_json:
        return []
    if "each" not in sight.arguments:
        return [("", response.json)] if isinstance(response.json, dict) else []
    items = response.at(each)
    found = enumerate(items) if isinstance(items, list) else ()
    return [(f"{each}/{index}", item) for index, item in found if isinstance(item, dict)]


def _at(value: Any, place: str) -> Any:
    try:
        return pointer(value, place)
    except LookupError:
        return None


class Echo(OfEach):
    member: str
    parameter: str
    without: str = ""
    where: str = ""


@check("relations.echoes-parameter", Echo)
def answer_is_about_what_was_asked(sight: Sight) -> Iterator[Finding]:
    """A member of the answer is the value of the parameter that the request had.

    Arguments:
        each: JSON pointer of an array of which every object is judged; the body itself where it is left out.
        member: JSON pointer of the member.
        parameter: the path parameter, or the query parameter.
        without: a prefix that either may lack.
        where: matches the values of the parameter that are judged.
    """
    arguments, exchange = sight.arguments, sight.exchange
    values = exchange.operation.values_in(exchange.path) if exchange.operation else {}
    asked = values.get(arguments["parameter"]) or exchange.request.parameter(arguments["parameter"])
    prefix = arguments.get("without", "")
    for place, item in _objects(sight):
        value = _at(item, arguments["member"])
        if asked is None or not isinstance(value, str) or not re.fullmatch(arguments.get("where", ".*"), asked):
            continue
        if value.removeprefix(prefix) == asked.removeprefix(prefix):
            yield HELD
        else:
            yield violated(
                f"{place}{arguments['member']} is not the {arguments['parameter']} asked for",
                expected=asked,
                actual=value,
            )


class Pair(OfEach):
    members: tuple[str, str]


@check("relations.members-agree", Pair)
def members_agree(sight: Sight) -> Iterator[Finding]:
    """Two members, where both are there, have one value.

    Arguments:
        each: JSON pointer of an array of which every object is judged; the body itself where it is left out.
        members: JSON pointers of the two.
    """
    one, other = sight.arguments["members"]
    for place, item in _objects(sight):
        values = _at(item, one), _at(item, other)
        if None in values:
            continue
        if values[0] == values[1]:
            yield HELD
        else:
            yield violated(f"{place}{one} and {place}{other} differ", expected=values[0], actual=values[1])


class Times(Pair):
    one_form: bool = False


@check("relations.times-in-order", Times)
def times_are_in_order(sight: Sight) -> Iterator[Finding]:
    """The second of two times, where both are there, is not before the first.

    Arguments:
        each: JSON pointer of an array of which every object is judged; the body itself where it is left out.
        members: JSON pointers of the two.
        one_form: both are written in one form.
    """
    one, other = sight.arguments["members"]
    for place, item in _objects(sight):
        first, second = _at(item, one), _at(item, other)
        before, after = milliseconds(first), milliseconds(second)
        if before is None or after is None:
            continue
        if before > after:
            yield violated(f"{place}{other} is before {place}{one}", expected=f"{first} or later", actual=second)
        elif sight.arguments.get("one_form") and time_form(first) != time_form(second):
            yield violated(f"{place}{other} is not written as {place}{one} is", expected=first, actual=second)
        else:
            yield HELD


class Beginning(OfEach):
    member: str
    begins: str
    where: str = ""


@check("relations.begins-with", Beginning)
def member_begins_with_another(sight: Sight) -> Iterator[Finding]:
    """A text begins with that of another member.

    Arguments:
        each: JSON pointer of an array of which every object is judged; the body itself where it is left out.
        member, begins: JSON pointers of the text and of what it begins with.
        where: matches the texts of `begins` that are judged.
    """
    arguments = sight.arguments
    for place, item in _objects(sight):
        text, beginning = _at(item, arguments["member"]), _at(item, arguments["begins"])
        if not isinstance(text, str) or not isinstance(beginning, str) or not beginning:
            continue
        if not re.fullmatch(arguments.get("where", "") or ".*", beginning, re.DOTALL):
            continue
        if text.startswith(beginning):
            yield HELD
        else:
            yield violated(
                f"{place}{arguments['member']} does not begin with {arguments['begins']}",
                expected=beginning,
                actual=text,
            )


class Member(Arguments):
    member: str


@check("relations.unique", Member)
def values_are_unique(sight: Sight) -> Iterator[Finding]:
    """No two records of a list have one value of a member.

    Arguments:
        member: JSON pointer of it, in which `*` stands for every item of the list.
    """
    response = sight.exchange.response
    if not response.ok or not response.is_json:
        return
    values = [str(value) for value in members_at(response.json, sight.arguments["member"]) if value is not None]
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        yield violated(f"{sight.arguments['member']} has a value twice", expected="each value once", actual=twice[0])
    elif len(values) > 1:
        yield HELD


class Sent(Arguments):
    member: str
    sent: str


@check("relations.part-of-what-was-sent", Sent)
def values_were_sent(sight: Sight) -> Iterator[Finding]:
    """Every text of an array in the answer is one that was sent, and none comes twice.

    Arguments:
        member: JSON pointer of the array.
        sent: JSON pointer of a list, or of a map, in the request; the texts are its items, or the values in it.
    """
    response, request = sight.exchange.response, sight.exchange.request
    if not response.ok or not response.is_json or not request.is_json:
        return
    named, sent = response.at(sight.arguments["member"]), request.at(sight.arguments["sent"])
    if not isinstance(named, list):
        return
    known = {value for value in (sent.values() if isinstance(sent, dict) else sent or ()) if isinstance(value, str)}
    others = [value for value in named if not isinstance(value, str) or value not in known]
    if others:
        yield violated(
            f"{sight.arguments['member']} names what was not sent",
            expected=f"some of {', '.join(sorted(known))}",
            actual=others[0],
        )
    elif len(set(named)) < len(named):
        yield violated(f"{sight.arguments['member']} names a value twice", expected="each value once", actual=named)
    elif named:
        yield HELD
