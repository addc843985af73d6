"""The Link header field (RFC 8288): links from a resource to others."""

from __future__ import annotations

import re

from attrs import frozen

_NAME = re.compile(r"[ \t]*;[ \t]*([^ \t=;,]*)[ \t]*(=?)[ \t]*")
_TOKEN = re.compile(r"[^;,]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"?', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@frozen
class Link:
    """One link.

    Attributes:
        target: the reference between the angle brackets, not resolved.
        parameters: names in lower case with their values, in the order given; `title*` stays encoded (RFC 8187).
    """

    target: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str | None:
        """The first value of a parameter, None if the link has none of that name."""
        return next((value for key, value in self.parameters if key == name), None)

    @property
    def relations(self) -> tuple[str, ...]:
        """Relation types in lower case: of the first `rel`, since further ones are ignored (3.3)."""
        return tuple((self.parameter("rel") or "").lower().split())


def links_of(value: str) -> tuple[Link, ...]:
    """The links of a field value, several fields joined by a comma; what is none is skipped (appendix B.2)."""
    found, at = [], 0
    while (start := value.find("<", at)) >= 0 and (end := value.find(">", start)) >= 0:
        parameters, at = _parameters(value, end + 1)
        found.append(Link(value[start + 1 : end], parameters))
        # Whatever stands between the parameters and the next comma belongs to this link.
        comma = value.find(",", at)
        at = comma if comma >= 0 else len(value)
    return tuple(found)


def neighbour(value: str, relation: str) -> str | None:
    """The target of the first link of a relation type; links of another context than the answer's do not count."""
    of_it = (link for link in links_of(value) if relation in link.relations and link.parameter("anchor") is None)
    return next((link.target for link in of_it), None)


def _parameters(value: str, at: int) -> tuple[tuple[tuple[str, str], ...], int]:
    found = []
    while (name := _NAME.match(value, at)) is not None:
        at, text = name.end(), ""
        if name[2]:
            quoted = _QUOTED.match(value, at)
            if quoted is not None:
                text, at = _ESCAPE.sub(r"\1", quoted[1]), quoted.end()
            else:
                token = _TOKEN.match(value, at)
                assert token is not None, "it may be empty"
                text, at = token[0].strip(" \t"), token.end()
        if name[1]:
            found.append((name[1].lower(), text))
    return tuple(found), at
