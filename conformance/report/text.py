"""Strings made fit for showing."""

from __future__ import annotations

import re

BODY_LIMIT = 4_000
"""Characters of a body that reports show; the events keep all of it."""

# Controls save for tab and newline, soft hyphens, what has no width or turns the direction of writing, other ends of a
# line, tags, halves of surrogate pairs and what XML excludes.
_UNSEEN = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u061c\\u115f\\u1160\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f"
    "\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff\\ud800-\\udfff\\U000e0000-\\U000e0fff]"
)
# What CI servers obey at the start of a line (GitHub, GitLab, Travis, Buildkite), and anywhere in it (Azure, TeamCity,
# and GitHub of old).
_COMMAND_LINE = re.compile(
    r"^(?=\s*(?:::|section_(?:start|end):|travis_(?:fold|time):|(?:---|\+\+\+|~~~|\^\^\^) ))", re.MULTILINE
)
_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")


def cut(text: str, limit: int = BODY_LIMIT) -> str:
    """The text, or its first characters and a note of its whole length."""
    return text if len(text) <= limit else f"{text[:limit]}…({len(text):,} characters in all)"


def visible(text: str) -> str:
    """The text as it may be shown to people: no terminal, no CI server and no eye is misled by it.

    Control characters and those that cannot be seen are spelt out; a line that a CI server would take as a command is
    set off by a bar, `##` before a bracket by a space.
    """
    text = _UNSEEN.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
    return _COMMAND_LINE.sub("| ", _COMMAND.sub("# #", text))


def one_line(text: str) -> str:
    """The visible text with every run of white space as one space."""
    return visible(" ".join(text.split()))
