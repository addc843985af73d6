"""Strings made fit for showing."""

from __future__ import annotations

import re

BODY_LIMIT = 4_000
"""Characters of a body that reports show; the events keep all of it."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def cut(text: str) -> str:
    """The text, or its first 4,000 characters and a note of its whole length."""
    if len(text) <= BODY_LIMIT:
        return text
    return f"{text[:BODY_LIMIT]}…({len(text):,} characters in all)"


def visible(text: str) -> str:
    """The text with control characters spelt out: no terminal obeys them, and XML cannot hold them."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """The visible text with every run of white space as one space."""
    return " ".join(visible(text).split())
