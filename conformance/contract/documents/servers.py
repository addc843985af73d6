"""Where a published document says that its API is: base URLs of 2.0 and of 3.x, their variables filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from conformance.contract.documents.files import Node

MANY = 64
"""Base URLs of one server that its variables make."""

_VARIABLE = re.compile(r"{([^{}]+)}")
_HOST_FIRST = re.compile(r"[\w{}-]+(\.[\w{}-]+)*\.[a-z]{2,}(:[0-9]+)?(/|$)", re.IGNORECASE)


def base_urls(root: Mapping[str, Any]) -> tuple[str, ...]:
    """The base URLs of a document, the default ones first; relative ones are paths. `*` stands for any text."""
    if "swagger" in root:
        return tuple(dict.fromkeys(_of_2(root)))
    return tuple(dict.fromkeys(_of_3(Node(root))))


def own_urls(node: Node) -> tuple[str, ...]:
    """The base URLs that a path or an operation has for itself."""
    return tuple(dict.fromkeys(_of_3(node)))


def _of_2(root: Mapping[str, Any]) -> Iterator[str]:
    base = _VARIABLE.sub("*", str(root.get("basePath") or "")).rstrip("/")
    base = f"/{base}" if base and not base.startswith("/") else base
    host = root.get("host")
    if not isinstance(host, str) or not host:
        yield base or "/"
        return
    host = re.sub(r"^[a-z]+://", "", _VARIABLE.sub("*", host)).rstrip("/")
    given = root.get("schemes")
    schemes = [each for each in given if each in ("http", "https")] if isinstance(given, list) else []
    for scheme in sorted(schemes, reverse=True) or ["https"]:
        yield f"{scheme}://{host}{base}"


def _of_3(node: Node) -> Iterator[str]:
    servers = node.get("servers")
    for server in servers.parts() if servers is not None else ():
        url = server.value.get("url") if isinstance(server.value, dict) else None
        if isinstance(url, str):
            yield from _filled(_with_scheme(url.strip()), server.value.get("variables"))


def _with_scheme(url: str) -> str:
    """A URL that begins with its host, as some documents write it, with the scheme that it means."""
    if url.startswith("//"):
        return f"https:{url}"
    return f"https://{url}" if _HOST_FIRST.match(url) else url


def _filled(url: str, variables: Any) -> Iterator[str]:
    names = list(dict.fromkeys(_VARIABLE.findall(url)))
    values = [_values(variables.get(name) if isinstance(variables, dict) else None) for name in names]
    for chosen in islice(product(*values), MANY):
        filled = url
        for name, value in zip(names, chosen, strict=True):
            filled = filled.replace(f"{{{name}}}", value)
        yield filled.rstrip("/") or "/"


def _values(variable: Any) -> list[str]:
    """What a variable may be: its default first; any text besides where the document does not list all."""
    if not isinstance(variable, dict):
        return ["*"]
    default, listed = variable.get("default"), variable.get("enum")
    first = [str(default)] if isinstance(default, str | int | float) and default != "" else []
    if isinstance(listed, list) and listed:
        return list(dict.fromkeys([*first, *(str(each) for each in listed if isinstance(each, str | int | float))]))
    return [*first, "*"]
