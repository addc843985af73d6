"""Known secrets: finds the credentials of a run in any text, however they are encoded there."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from functools import lru_cache

Pattern = tuple[re.Pattern[str], tuple[str, ...] | None]

SHORTEST = 8
"""Characters of an encoded secret below which it cannot be told from ordinary text."""


class Known:
    """Replaces secrets wherever they stand: plain or in another case, percent-encoded once or more, with any of the
    escapes of JSON and HTML for any of its characters, in hexadecimal, or in base64 at any alignment.

    Args:
        secrets: pairs of secret and replacement; the first that fits wins.
        kept: a pattern of what stays as it is, whatever a secret looks like.
    """

    def __init__(self, secrets: tuple[tuple[str, str], ...], kept: str) -> None:
        self._replacements = [replacement for _, replacement in secrets]
        self._pattern, self._traces = _compiled(tuple(secret for secret, _ in secrets), kept)

    def replaced(self, text: str) -> str:
        """The text with each secret replaced."""
        # The pattern is slow: it is tried only where a secret can be, which is cheap to see.
        return self._pattern.sub(self._replacement, text) if self._may_be_in(text) else text

    def _replacement(self, match: re.Match[str]) -> str:
        assert match.lastindex is not None
        return match[0] if match.lastindex == 1 else self._replacements[match.lastindex - 2]

    def _may_be_in(self, text: str) -> bool:
        if self._traces is None:
            return True
        plain = _plain(text)
        return any(trace in plain for trace in self._traces)


@lru_cache(maxsize=64)
def _compiled(secrets: tuple[str, ...], kept: str) -> Pattern:
    parts = [kept, *("|".join(_forms(secret)) for secret in secrets)]
    pattern = re.compile("|".join(f"({part})" for part in parts), re.IGNORECASE)
    if not all(secret.isascii() for secret in secrets):
        return pattern, None
    traces = [_plain(form) for secret in secrets for form in (secret, secret.encode().hex(), *_in_base64(secret))]
    return pattern, tuple(dict.fromkeys(traces))


def _forms(secret: str) -> Iterator[str]:
    """Patterns of a secret, for a search that ignores case."""
    yield "".join(map(_any_escape, secret))
    yield secret.encode().hex()
    for text in _in_base64(secret):
        yield "".join(_either_alphabet(char) for char in text)


def _in_base64(secret: str) -> Iterator[str]:
    """What is the same of a secret in base64, whatever stands around it, at each alignment."""
    raw = secret.encode()
    for offset in range(3):
        # What stands before and after the secret in the encoded text changes up to two characters at either end.
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        stable = encoded[(0, 2, 3)[offset] : len(encoded) - (1 if (offset + len(raw)) % 3 else 0)]
        if len(stable) >= SHORTEST:
            yield stable


def _any_escape(char: str) -> str:
    forms = {
        re.escape(char),
        "".join(f"%(?:25)*{byte:02x}" for byte in char.encode()),
        "".join(rf"\\{{1,4}}u{unit}" for unit in re.findall("....", char.encode("utf-16-be").hex())),
        f"&#0{{0,6}}{ord(char)};",
        f"&#x0{{0,6}}{ord(char):x};",
        re.escape(html.escape(char)),
    }
    escaped = json.dumps(char)[1:-1]
    if char == "/" or (len(escaped) == 2 and escaped[0] == "\\"):
        forms.add(rf"\\{{1,4}}{re.escape(escaped[-1])}")
    if char == " ":
        forms.add(r"\+")
    return f"(?:{'|'.join(sorted(forms))})"


def _either_alphabet(char: str) -> str:
    twin = {"+": "-", "/": "_"}.get(char)
    return f"(?:{_any_escape(char)}|{_any_escape(twin)})" if twin else re.escape(char)


_ESCAPE = re.compile(
    r"%(?:25)*([0-9a-f]{2})|\\u00([0-9a-f]{2})|&#x0{0,6}([0-9a-f]{2});|&#0{0,6}([0-9]{2,3});|(&[a-z]{2,4};)",
    re.IGNORECASE,
)
_SAME = str.maketrans({"+": "-", " ": "-", "/": "_", "\\": None})


def _plain(text: str) -> str:
    """The text without escapes, and without what differs between encodings: equal secrets read equal in it."""
    if any(sign in text for sign in "%\\&"):
        text = _ESCAPE.sub(_unescaped, text)
    return text.lower().translate(_SAME)


def _unescaped(match: re.Match[str]) -> str:
    percent, escape, hexadecimal, decimal, named = match.groups()
    if named:
        return html.unescape(named)
    return chr(int(decimal) if decimal else int(percent or escape or hexadecimal, 16))
