"""The samples in a document: each block of JSON, or of what was meant to be some."""

from __future__ import annotations

import re
from collections.abc import Iterator


def samples(text: str, begins: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Every sample with the line it begins in.

    Args:
        begins: matches the first line of one. It ends with that line, or with the first one that a closing bracket
            stands at the beginning of, behind what the group `indent` matched.
    """
    lines, number = text.splitlines(), 0
    while number < len(lines):
        if found := begins.match(lines[number]):
            closes = re.compile(re.escape(found.groupdict().get("indent") or "") + r"[}\]]")
            last = number
            while not (closes.match(lines[last]) or (last == number and re.search(r"[}\]]'?$", lines[last]))):
                last += 1
            yield number + 1, "\n".join(lines[number : last + 1])
            number = last
        number += 1
