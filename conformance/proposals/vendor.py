"""What vendor extensions of a document say of pages: those that generators of clients read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from conformance.contract import Operation
from conformance.proposals.material import Material, token

_JSON_PATH = re.compile(r"\$((?:\.[A-Za-z_@][\w@-]*|\['[^']+'\])*)")


@frozen
class Told:
    """What an extension says of one operation.

    Attributes:
        values: `cursor`, `page`, `offset`, `size` → query parameter; `next`, `more`, `pages`, `total`, `items` → JSON
            pointer; `url` is set where `next` is one.
        said: where it stands in the document.
    """

    operation: Operation
    said: str
    values: Mapping[str, str] = field(factory=dict)


def told_by(material: Material) -> Iterator[Told]:
    """What extensions say, operation by operation."""
    for operation in material.operations:
        entry = material.entry(operation)
        for name, read in _READERS.items():
            said = entry.get(name)
            if isinstance(said, dict):
                values = {key: value for key, value in read(said).items() if isinstance(value, str) and value}
                yield Told(operation, material.pointer_to(operation, name), values)


def _of_path(text: Any) -> str:
    """A JSON pointer for a plain JSONPath, empty for any other."""
    match = _JSON_PATH.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return ""
    names = re.findall(r"\.([A-Za-z_@][\w@-]*)|\['([^']+)'\]", match[1])
    return "".join(token(plain or quoted) for plain, quoted in names)


def _speakeasy(said: Mapping[str, Any]) -> dict[str, Any]:
    inputs, outputs = said.get("inputs"), said.get("outputs")
    found: dict[str, Any] = {}
    for given in inputs if isinstance(inputs, list) else ():
        if isinstance(given, dict) and given.get("in", "parameters") == "parameters":
            kind = {"limit": "size"}.get(str(given.get("type")), str(given.get("type")))
            found[kind] = given.get("name")
    told = outputs if isinstance(outputs, dict) else {}
    places = {"results": "items", "numPages": "pages", "nextCursor": "next", "nextUrl": "next", "hasMore": "more"}
    found |= {name: _of_path(told.get(output)) for output, name in places.items() if told.get(output)}
    return found | ({"url": "url"} if told.get("nextUrl") else {})


def _fern(said: Mapping[str, Any]) -> dict[str, Any]:
    def request(name: str) -> str:
        return str(said.get(name, "")).removeprefix("$request.")

    def response(name: str) -> str:
        return _of_path(str(said.get(name, "")).replace("$response", "$", 1))

    place = request("offset")
    counts = "page" if "page" in place.lower() else "offset"
    more = response("has-next-page")
    found = {"cursor": request("cursor"), counts: place, "next": response("next_cursor"), "items": response("results")}
    if said.get("next_uri"):
        found |= {"next": response("next_uri"), "url": "url"}
    return found | {"more": more, "size": request("step") if "step" in said and "limit" in request("step") else ""}


def _redocly(said: Mapping[str, Any]) -> dict[str, Any]:
    counted = {"page": "page", "offset": "offset"}.get(str(said.get("style")), "")
    found = {"cursor": said.get("cursorParam"), "next": said.get("nextCursor"), "more": said.get("hasMore")}
    found |= {"size": said.get("limitParam"), "items": said.get("items")}
    return found | ({counted: said.get("offsetParam")} if counted else {})


def _microsoft(said: Mapping[str, Any]) -> dict[str, Any]:
    following = said.get("nextLinkName")
    items = token(str(said.get("itemName", "value")))
    return {"items": items, **({"next": token(str(following)), "url": "url"} if following else {})}


def _limits(said: Mapping[str, Any]) -> dict[str, Any]:
    """`x-pagination`, whose members are names of parameters, and paths with dots."""

    def path(name: str) -> str:
        return "".join(map(token, str(said[name]).split("."))) if said.get(name) else ""

    found = {"size": said.get("limitParam"), "offset": said.get("pageOffsetParam"), "page": said.get("pageParam")}
    return found | {"cursor": said.get("cursorParam"), "next": path("cursorPath"), "items": path("resultsPath")}


_READERS = {
    "x-pagination": _limits,
    "x-speakeasy-pagination": _speakeasy,
    "x-fern-pagination": _fern,
    "x-redocly-pagination": _redocly,
    "x-redoclyPagination": _redocly,
    "x-ms-pageable": _microsoft,
}
