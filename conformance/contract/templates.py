"""Path templates: their segments, and the values that a path has for them.

A segment is literal, one parameter, or both: `{id}:scale`, `v{version}`, `{base}...{head}`. What a template has after
`?` or `#` is no part of its path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from urllib.parse import parse_qsl, quote, unquote

from attrs import frozen

_PARAMETER = re.compile(r"{([^{}]+)}")


def segments_of(path: str) -> list[str]:
    """The segments of a path, or of a template."""
    return path.strip("/").split("/")


def is_parameter(segment: str) -> bool:
    """Whether a segment of a template stands for a value, as a whole."""
    return _PARAMETER.fullmatch(segment) is not None


def parameters_in(template: str) -> tuple[str, ...]:
    """The names of the parameters of a template, in order, each once."""
    return tuple(dict.fromkeys(_PARAMETER.findall(template)))


def path_of(template: str) -> str:
    """The part of a template that is a path."""
    return re.split(r"[?#]", template, maxsplit=1)[0]


def query_of(template: str) -> Mapping[str, str | None]:
    """What a template says of the query: parameter → its value, None for any."""
    query = template.partition("#")[0].partition("?")[2]
    pairs = parse_qsl(query, keep_blank_values=True)
    return {name: None if _PARAMETER.search(value) else value for name, value in pairs}


def anonymous(template: str, rest: str | None = None) -> str:
    """A template without the names of its parameters, which no request shows; `rest` takes the rest of the path."""
    path, mark, query = template.partition("#")[0].partition("?")
    if rest is not None and path.endswith(f"/{{{rest}}}"):
        path = f"{path[: -len(rest) - 2]}{{…}}"
    path = "/".join("{…}" if part == "{…}" else _PARAMETER.sub("{}", part) for part in path.split("/"))
    return f"{path.rstrip('/') or '/'}{mark}{query}"


@frozen
class Segment:
    """A segment with parameters in it: the texts between them, of which the first and the last may be empty."""

    texts: tuple[str, ...]
    names: tuple[str, ...]

    def values(self, text: str) -> tuple[str, ...] | None:
        """The values that a text has for the parameters, none of them empty; None where it does not match.

        A text between two values is found as far to the right as it can be: `a.tar.gz` is `{name}.{format}` of `a.tar`.
        """
        first, last = self.texts[0], self.texts[-1]
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return None
        start, end = len(first), len(text) - len(last)
        found = []
        for between in reversed(self.texts[1:-1]):
            # At least one character is left on each side.
            at = text.rfind(between, start + 1, end - 1) if between else end - 1
            if at <= start:
                return None
            found.append(text[at + len(between) : end])
            end = at
        found.append(text[start:end])
        return tuple(reversed(found)) if all(found) else None

    @property
    def rank(self) -> tuple[int, tuple[str, ...]]:
        """What sorts segments so that the most definite one is tried first."""
        return (-sum(map(len, self.texts)), self.texts)


@cache
def segment(template: str) -> Segment | None:
    """A segment of a template that has parameters in it; None for a literal one."""
    parts = _PARAMETER.split(template)
    return Segment(tuple(parts[::2]), tuple(parts[1::2])) if len(parts) > 1 else None


def encoded_values(template: str, path: str, rest: str | None = None) -> dict[str, str]:
    """The values of the parameters in a path that a template matches or begins, as they are encoded there."""
    parts, given = segments_of(path_of(template)), segments_of(path)
    if rest is not None:
        last = len(parts) - 1
        given = [*given[:last], *(["/".join(given[last:])] if len(given) > last else [])]
    found: dict[str, str] = {}
    for part, text in zip(parts, given, strict=False):
        if (known := segment(part)) is None:
            continue
        if is_parameter(part):
            found[part[1:-1]] = text
        elif (values := known.values(text)) is not None:
            found |= zip(known.names, values, strict=True)
        elif (values := known.values(unquote(text))) is not None:
            found |= zip(known.names, (quote(value, safe="") for value in values), strict=True)
    return found


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with encoded values in place of its parameters.

    Raises:
        KeyError: a parameter has no value.
    """
    return _PARAMETER.sub(lambda found: values[found[1]], path_of(template))
