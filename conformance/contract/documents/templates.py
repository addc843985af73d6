"""Path templates of published documents, as this suite writes them."""

from __future__ import annotations

import re

# RFC 6570 and what gateways make of it: these say plainly that a value takes the rest of the path.
_MANY = re.compile(r"{(?:\+([^{}*+]+)|([^{}*+]+)[*+])}$")
_NAMED = re.compile(r"{([^{}]*)}")


def read_template(path: str) -> tuple[str, str | None]:
    """A template with plain `{name}` parameters, and the name of the one that says that it takes the rest of it."""
    many = _MANY.search(path)
    if many is None:
        return path, None
    name = many[1] or many[2]
    return f"{path[: many.start()]}{{{name}}}", name


def mistake_in(path: str) -> str | None:
    """Why a template is none; None where it is one."""
    plain = _NAMED.sub("", path)
    if "{" in plain or "}" in plain:
        return "its braces do not close"
    if any(not name.strip() for name in _NAMED.findall(path)):
        return "one of its parameters has no name"
    return None
