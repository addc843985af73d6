"""How deep and how large a text may be that others wrote, found before a loader runs out of stack or memory.

The bounds are ours, so that an error reads the same whatever Python and PyYAML would stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import yaml

MAX_NESTING = 200

# A block node is indented at least every second level.
_DEEP_LINE = re.compile(rf"^[ ?:-]{{{MAX_NESTING // 2}}}", re.MULTILINE)


def exceeded(text: str, most_values: int) -> Literal["nesting", "values"] | None:
    """What a YAML text has too much of: nodes within nodes, or nodes.

    Its parts are walked only where it has enough brackets, or lines indented far enough, to nest so deep, or enough
    signs between nodes.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    brackets = text.count("[") + text.count("{")
    signs = brackets + text.count(",") + text.count(":") + text.count("-") + text.count("\n")
    if brackets < MAX_NESTING and signs < most_values and not _DEEP_LINE.search(text):
        return None
    try:
        return _walked(text, most_values)
    except yaml.YAMLError as error:
        # libyaml has a bound of its own since PyYAML 6.0.4, and meets brackets before it tells of them.
        if "nesting depth" in str(error):
            return "nesting"
        raise


def _walked(text: str, most_values: int) -> Literal["nesting", "values"] | None:
    depth = values = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.NodeEvent):
            values += 1
            if values > most_values:
                return "values"
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_NESTING:
                return "nesting"
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def nests_deeper(value: Any, levels: int) -> bool:
    """Whether what a JSON text holds has more levels of arrays and objects."""
    level = [value]
    for _ in range(levels):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: Any) -> Iterator[Any]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return (child for child in children if isinstance(child, (dict, list)))
