"""YAML as YAML 1.2 reads it: `on`, `yes` and dates are text, and every key is the text that stands there.

The values are built from libyaml's events, so that neither depth nor size depends on the stack, and a bound on size
counts what aliases stand for.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from attrs import define, field

MAX_NESTING = 1000

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NOTHING = object()


class TooMuch(ValueError):
    """A text nests too deep, holds too many values, or holds itself; the message says which."""


@define
class _Open:
    """A mapping or a list that is being filled."""

    holds: Any
    anchor: str | None
    before: int
    key: Any = _NOTHING
    merged: list[Any] = field(factory=list)
    repeated: bool = False

    def add(self, value: Any, repeated: list[str]) -> None:
        if isinstance(self.holds, list):
            self.holds.append(value)
        elif self.key is _NOTHING:
            self.key = value
        else:
            if self.key == "<<" and isinstance(value, dict | list):
                self.merged += value if isinstance(value, list) else [value]
            else:
                if self.key in self.holds:
                    repeated.append(self.key)
                self.holds[self.key] = value
            self.key = _NOTHING

    @property
    def wants_key(self) -> bool:
        return isinstance(self.holds, dict) and self.key is _NOTHING

    def closed(self) -> Any:
        for other in self.merged:
            for key, value in other.items() if isinstance(other, dict) else ():
                self.holds.setdefault(key, value)
        return self.holds


def load(text: str, most: int) -> tuple[Any, tuple[str, ...]]:
    """The first document of a YAML text, and the keys that are given twice in one mapping, where the last one stands.

    Args:
        most: values that it may hold, aliases written out.

    Raises:
        yaml.YAMLError: it is not YAML.
        TooMuch: it is too large or too deep to be read, or holds itself.
    """
    stack: list[_Open] = []
    anchors: dict[str, tuple[Any, int]] = {}
    repeated: list[str] = []
    count = 0
    root: Any = None
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.ScalarEvent):
            count += 1
            key = bool(stack) and stack[-1].wants_key
            value = event.value if key else _scalar(event)
            if event.anchor:
                anchors[event.anchor] = (value, 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            count += 1
            if len(stack) >= MAX_NESTING:
                raise TooMuch("nests too deep")
            if event.anchor:
                anchors.pop(event.anchor, None)
            stack.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, count))
            continue
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = stack.pop()
            value = closed.closed()
            if closed.anchor:
                anchors[closed.anchor] = (value, count - closed.before)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise TooMuch(f"the alias {event.anchor} stands for nothing before it, or for what holds it")
            value, size = anchors[event.anchor]
            count += size + 1
        elif isinstance(event, yaml.DocumentEndEvent):
            break
        else:
            continue
        if count > most:
            raise TooMuch(f"holds more than {most} values")
        if not stack:
            root = value
            continue
        top = stack[-1]
        # A key that is no text, such as a list, has no place in JSON.
        top.add(value if not top.wants_key or isinstance(value, str) else str(value), repeated)
    return root, tuple(repeated)


def _scalar(event: Any) -> Any:
    value = event.value
    if event.tag not in (None, "!") or not event.implicit[0]:
        return value if event.tag is None or event.tag.endswith(":str") or event.style else _plain(value)
    return _plain(value)


def _plain(value: str) -> Any:
    if value in _WORDS:
        return _WORDS[value]
    if value[0] in "-0123456789" and len(value) <= 300:
        if _INTEGER.fullmatch(value):
            return int(value)
        if _NUMBER.fullmatch(value):
            number = float(value)
            return number if number - number == 0 else value
    return value
