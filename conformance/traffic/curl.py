"""A curl line that makes a recorded request again, with credentials taken from the environment."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from conformance.traffic.exchange import Request
from conformance.traffic.redact import VALUE_MARK

_ADDED_BY_CURL = frozenset({"host", "content-length", "connection", "accept-encoding", "user-agent"})


def curl(request: Request, variables: Mapping[str, str]) -> str:
    """The command; `variables` maps a credential's name to the environment variable that holds it."""
    parts = ["curl", "-i"]
    if request.method != "GET":
        parts += ["-X", request.method]
    for name, value in request.headers:
        if name.lower() not in _ADDED_BY_CURL:
            parts += ["-H", _quoted(f"{name}: {value}", variables)]
    if request.unread is None and request.body:
        parts += ["--data-binary", _quoted(request.text, variables)]
    return " ".join([*parts, _quoted(request.url, variables)])


def _quoted(text: str, variables: Mapping[str, str]) -> str:
    marks = list(VALUE_MARK.finditer(text))
    if not marks:
        return shlex.quote(text)
    pieces, end = [], 0
    for mark in marks:
        # Single quotes around the text, double quotes around the variable: the shell joins the pieces.
        before = text[end : mark.start()]
        pieces.append(shlex.quote(before) if before else "")
        pieces.append(f'"${{{variables.get(mark.group(1), "TOKEN")}}}"')
        end = mark.end()
    pieces.append(shlex.quote(text[end:]) if text[end:] else "")
    return "".join(pieces)
