"""Error codes: those that a document lists, with the status and the members that each comes with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.checks.base import HELD, Arguments, Finding, Sight, check, note, violated
from conformance.contract import ErrorCode

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


def error_of(sight: Sight) -> Mapping[str, Any] | None:
    """The object of an answer that holds its error code; None where there is none."""
    response, errors = sight.exchange.response, sight.contract.conventions.errors
    if not response.is_json:
        return None
    error = response.at(errors.error)
    return error if isinstance(error, dict) and isinstance(error.get(errors.code), str) else None


def _known(sight: Sight) -> tuple[Mapping[str, Any], ErrorCode] | None:
    """The error of an answer, and what the document says of its code."""
    error, errors = error_of(sight), sight.contract.conventions.errors
    documented = None if error is None else errors.documented(error[errors.code])
    return None if error is None or documented is None else (error, documented)


@check("errors.code-listed")
def code_is_listed(sight: Sight) -> Iterator[Finding]:
    """The code of an error is one of those that the document lists."""
    error, errors = error_of(sight), sight.contract.conventions.errors
    if error is None or sight.exchange.response.ok:
        return
    if errors.documented(error[errors.code]) is not None:
        yield HELD
        return
    yield violated(
        f"the code {error[errors.code]!r} is in no list of the document",
        expected=f"one of {', '.join(errors.codes)}",
        actual=error[errors.code],
    )


@check("errors.code-where-documented")
def code_is_of_its_family(sight: Sight) -> Iterator[Finding]:
    """A code that the document gives to some calls answers no others."""
    known = _known(sight)
    if known is None or known[1].below is None:
        return
    error, documented = known
    assert documented.below is not None
    path = sight.exchange.path
    if re.match(documented.below, path):
        yield HELD
        return
    yield violated(
        f"a call of {path} is answered with the code {error[sight.contract.conventions.errors.code]!r}",
        expected=f"that code only where the path matches {documented.below}",
        actual=path,
    )


@check("errors.code-extras")
def code_has_its_members(sight: Sight) -> Iterator[Finding]:
    """An error has the members that its code is documented with."""
    known, errors = _known(sight), sight.contract.conventions.errors
    if known is None or not known[1].extra:
        return
    error, documented = known
    text = sight.exchange.response.at(errors.message)
    if documented.if_message is not None and not re.search(documented.if_message, str(text)):
        return
    for name, types in documented.extra.items():
        other = documented.renamed.get(name)
        if name not in error and other in error:
            yield note(f"the error {error[errors.code]!r} calls its {name} {other}")
            continue
        if name in error and not isinstance(error[name], str) and _is_echo(sight, name, error[name]):
            continue
        if name not in error or not any(_is_of(kind, error[name]) for kind in types):
            yield violated(
                f"the error {error[errors.code]!r} has no {name} that is {' or '.join(types)}",
                expected=", ".join(documented.extra),
                actual=dict(error),
            )
            return
    yield HELD


def _is_echo(sight: Sight, name: str, value: Any) -> bool:
    """Whether a member says back what was sent, which may be of a wrong kind itself."""
    sent = sight.exchange.request.json if sight.exchange.request.is_json else None
    return isinstance(sent, dict) and name in sent and sent[name] == value


def _is_of(kind: str, value: Any) -> bool:
    return isinstance(value, _TYPES[kind]) and not isinstance(value, bool)


@check("errors.code-status")
def code_has_its_status(sight: Sight) -> Iterator[Finding]:
    """A code comes with its status, and in one item always with the same."""
    known, errors = _known(sight), sight.contract.conventions.errors
    if known is None:
        return
    error, documented = known
    code, status = error[errors.code], sight.exchange.response.status
    allowed = status == documented.status or f"{status // 100}xx" == documented.status or status in documented.also
    first = sight.sequence.setdefault(code, status)
    if not allowed:
        expected = " or ".join(map(str, (documented.status, *documented.also)))
        yield violated(f"the code {code!r} comes with {status}", expected=expected, actual=str(status))
    elif first != status:
        yield violated(f"the code {code!r} comes with {status}, and came with {first}", expected=first, actual=status)
    else:
        yield HELD


class OfStatus(Arguments):
    status: int
    code: str


@check("errors.status-code", OfStatus)
def status_has_its_code(sight: Sight) -> Iterator[Finding]:
    """An answer with a status is an error with the code that the document gives for it.

    Arguments:
        status, code: the two.
    """
    response, errors = sight.exchange.response, sight.contract.conventions.errors
    if response.status != sight.arguments["status"]:
        return
    error = error_of(sight)
    if error is not None and error[errors.code] == sight.arguments["code"]:
        yield HELD
        return
    yield violated(
        f"a {response.status} does not carry the code {sight.arguments['code']!r}",
        expected=sight.arguments["code"],
        actual=response.text or "an empty body",
    )


_INNARDS = re.compile(
    r"(?<![\w.:/])/(?:home|usr|var|opt|etc|root|srv|app|tmp)/\w|node_modules|\b[A-Za-z]:\\\w"
    r"|\bat [\w.<>$ ]+ \(|\w\.\w{1,4}:\d+:\d+|Traceback \(|File \"[^\"]+\", line \d+"
)
"""Paths of a file system, a place in a source file, a line of a trace."""


@check("errors.message-neutral")
def message_is_neutral(sight: Sight) -> Iterator[Finding]:
    """The message of an error shows no path of a file system, no place in a source file and no trace."""
    if error_of(sight) is None:
        return
    message = sight.exchange.response.at(sight.contract.conventions.errors.message)
    if not isinstance(message, str) or not message:
        return
    request = sight.exchange.request
    found = _INNARDS.search(message)
    # What a client sent may be said back to it.
    if found is None or found.group() in f"{request.url} {request.text}":
        yield HELD
        return
    yield violated(
        f"the message of an error shows {found.group()!r}", expected="a message for anybody's eyes", actual=message
    )
