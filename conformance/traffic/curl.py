"""A curl line that makes a recorded request again, with credentials taken from the environment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from conformance.traffic.exchange import Request
from conformance.traffic.redact import VALUE_MARK

_ADDED_BY_CURL = frozenset({"host", "content-length", "connection", "accept-encoding", "user-agent"})


def curl(request: Request, variables: Mapping[str, str]) -> str:
    """The command; `variables` maps a credential's name to the environment variable that holds it.

    A body that is no text is taken from a file `body`.
    """
    parts = ["curl", "-i"]
    if request.method != "GET":
        parts += ["-X", shell_quoted(request.method)]
    for name, value in request.headers:
        if name.lower() not in _ADDED_BY_CURL:
            parts += ["-H", _quoted(f"{name}: {value}", variables)]
    if request.unread is None and request.body:
        # `--data` would read a file if the text began with @; what is no text cannot stand in a line at all.
        is_text = request.body == request.text.encode()
        parts += ["--data-raw", _quoted(request.text, variables)] if is_text else ["--data-binary", "@body"]
    if any(sign in request.url for sign in "[]{}"):
        parts.append("--globoff")
    return " ".join([*parts, "--url", _quoted(request.url, variables)])


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def shell_quoted(text: str) -> str:
    """The text as one word of a shell, on one line and without control characters (as `$'…'`, where it has some)."""
    if not _CONTROL.search(text):
        return shlex.quote(text)
    plain = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{_CONTROL.sub(lambda match: _ESCAPES.get(match[0], _octal(match[0])), plain)}'"


_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def _octal(char: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in char.encode())


def _quoted(text: str, variables: Mapping[str, str]) -> str:
    marks = list(VALUE_MARK.finditer(text))
    if not marks:
        return shell_quoted(text)
    pieces, end = [], 0
    for mark in marks:
        # Single quotes around the text, double quotes around the variable: the shell joins the pieces.
        before = text[end : mark.start()]
        pieces.append(shell_quoted(before) if before else "")
        pieces.append(f'"${{{variables.get(mark.group(1), "TOKEN")}}}"')
        end = mark.end()
    pieces.append(shell_quoted(text[end:]) if text[end:] else "")
    return "".join(pieces)
