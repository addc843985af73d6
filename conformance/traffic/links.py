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


# RFC 9110, 5.6.2 and RFC 8288, 3: how a field value has to be written; white space is allowed around every delimiter.
_TCHAR = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_PARAMETER = rf'[ \t]*;[ \t]*{_TCHAR}[ \t]*(?:=[ \t]*(?:{_TCHAR}|"(?:[^"\\]|\\.)*"))?'
_LINK = re.compile(rf"<[^<>\s]*>(?:{_PARAMETER}|[ \t]*;)*[ \t]*", re.DOTALL)
_BETWEEN = re.compile(r"[ \t,]*")
_FOLD = re.compile(r"\r?\n[ \t]+")


def mistake_in(value: str) -> str | None:
    """What is wrong with a field value by the grammar of RFC 8288, None where nothing is; a folded line is one line."""
    value = _FOLD.sub(" ", value)
    at = _BETWEEN.match(value, 0).end()  # type: ignore[union-attr]
    while at < len(value):
        if value[at] != "<":
            return f"has no angle brackets around the URL at {value[at : at + 40]!r}"
        found = _LINK.match(value, at)
        if found is None or not (found.end() == len(value) or value[found.end()] == ","):
            return f"cannot be read at {value[at if found is None else found.end() :][:40]!r}"
        at = _BETWEEN.match(value, found.end()).end()  # type: ignore[union-attr]
    for link in links_of(value):
        rels = [given for name, given in link.parameters if name == "rel"]
        if len(rels) != 1 or not rels[0].split():
            return f"has a link with {'no' if not rels or len(rels) == 1 else len(rels)} rel: <{link.target[:80]}>"
    return None


def related(value: str) -> dict[str, list[str]]:
    """Relation type → the targets of its links, in order; those of another context than the answer's do not count."""
    found: dict[str, list[str]] = {}
    for link in links_of(_FOLD.sub(" ", value)):
        for relation in link.relations if link.parameter("anchor") is None else ():
            found.setdefault(relation, []).append(link.target)
    return found
