"""JSON (RFC 8259, RFC 7493): what is said to be JSON is, and is read in one way only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, as_json, check, violated
from conformance.checks.http.messages import has_content, says_json
from conformance.checks.types import keys_are_unique
from conformance.traffic.exchange import Exchange, NotJson, TooDeep


def _is_said_to_be_json(exchange: Exchange) -> bool:
    response = exchange.response
    return says_json(response) and not response.raw and has_content(exchange)


@check("http.json-well-formed", when=_is_said_to_be_json)
def json_is_well_formed(sight: Sight) -> Iterator[Finding]:
    """A body that is said to be JSON is one well-formed JSON text in UTF-8. What broke off is not accused again."""
    response = sight.exchange.response
    if response.fault is not None:
        return
    try:
        _ = response.json
    except TooDeep:
        return
    except NotJson as error:
        if (count := _texts_by_line(response.text)) == 0:
            problem = f"the body is not well-formed JSON: {error}"
        elif _may_stream(sight.exchange):
            yield HELD
            return
        else:
            problem = f"the body is not one JSON text, but {count}, each in a line, as in application/x-ndjson"
        yield violated(problem, expected="a JSON text", actual=response.text)
    else:
        yield HELD


def _texts_by_line(text: str) -> int:
    """The number of JSON objects that stand each in a line of its own; 0 where anything else does."""
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        return len(lines) if len(lines) > 1 and all(isinstance(json.loads(line), dict) for line in lines) else 0
    except (ValueError, RecursionError):
        return 0


def _may_stream(exchange: Exchange) -> bool:
    """Whether a document says that the answer may be a stream, which some send as plain JSON."""
    operation = exchange.operation
    answer = operation.answer(exchange.response.status) if operation is not None else None
    return answer is not None and any(_STREAM.search(name) for name in answer.content)


_STREAM = re.compile("stream|ndjson|jsonl|json-seq", re.IGNORECASE)


check("http.json-unique-names", when=_is_said_to_be_json)(keys_are_unique)


_LONG = re.compile(rb"(?<![\"\w.+-])-?[1-9][0-9]{15,}(?![\"\w.])")
_LARGEST = 2**53 - 1


@check("http.json-number-range", when=_is_said_to_be_json)
def numbers_are_exact(sight: Sight) -> Iterator[Finding]:
    """An integer is small enough for everybody to read it exactly."""
    response = sight.exchange.response
    # Digits in a text are no number: what is found at a glance is looked for among the values.
    if not response.is_json or next(_integers(response.json), None) is None:
        return
    large = _LONG.search(response.body)
    if large and (number := next(_too_large(response.json), None)) is not None:
        yield violated(
            "a number is larger than those that are read exactly by everybody",
            expected=f"at most {_LARGEST}",
            actual=number,
        )
    else:
        yield HELD


def _too_large(value: object) -> Iterator[int]:
    return (number for number in _integers(value) if abs(number) > _LARGEST)


def _integers(value: object) -> Iterator[int]:
    if isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _integers(member)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value


@check(
    "http.json-present",
    when=lambda exchange: (
        exchange.response.status not in (204, 205, 304)
        and exchange.response.status >= 200
        and exchange.request.method != "HEAD"
        and says_json(exchange.response)
    ),
)
def json_is_there(sight: Sight) -> Iterator[Finding]:
    """Where a body is said to be JSON there is one: nothing at all is no JSON text."""
    response = sight.exchange.response
    if response.unread is not None or response.fault is not None or response.raw:
        return
    if response.body:
        yield HELD
    else:
        yield violated(
            f"a {response.status} says that it holds JSON, and holds nothing",
            expected="a JSON text, or no Content-Type",
            actual="an empty body",
        )


def _is_problem(exchange: Exchange) -> bool:
    return exchange.response.media_type == "application/problem+json" and exchange.response.unread is None


_TEXTS = ("type", "title", "detail", "instance")


@check("http.problem-members", when=_is_problem)
def problem_has_its_members(sight: Sight) -> Iterator[Finding]:
    """A problem document is an object; type, title, detail and instance are text, and status is a number."""
    response = sight.exchange.response
    if not response.is_json:
        return
    problem = response.json
    if not isinstance(problem, dict):
        yield violated("a problem document is no object", expected="an object", actual=response.text)
        return
    wrong = [name for name in _TEXTS if not isinstance(problem.get(name, ""), str)]
    status = problem.get("status", 0)
    wrong += ["status"] if isinstance(status, bool) or not isinstance(status, int) else []
    if wrong:
        yield violated(
            f"the member {wrong[0]} of a problem document is not of its type",
            expected="a number" if wrong[0] == "status" else "text",
            actual=as_json(problem[wrong[0]]),
        )
    elif problem.keys() & {*_TEXTS, "status"}:
        yield HELD


@check("http.problem-status", when=_is_problem)
def problem_has_its_status(sight: Sight) -> Iterator[Finding]:
    """The status in a problem document is that of the answer."""
    said, status = sight.exchange.response.at("/status"), sight.exchange.response.status
    if isinstance(said, int) and not isinstance(said, bool):
        if said == status:
            yield HELD
        else:
            yield violated(f"a problem document with {status} says {said}", expected=str(status), actual=str(said))
