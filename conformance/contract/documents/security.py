"""How calls are authenticated, as far as a published document says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.contract.documents.document import Document


def carrier_of(document: Document) -> tuple[dict[str, str], str]:
    """What carries a credential, as members of the conventions' `auth`, and the scheme before it.

    Of several schemes it is that of the document's own `security`, else the first that says where it goes; nothing
    where the document tells none.
    """
    for scheme in _schemes(document):
        kind, place = str(scheme.get("type")).lower(), str(scheme.get("in")).lower()
        name = scheme.get("name")
        if kind == "apikey" and isinstance(name, str) and place in ("header", "query"):
            return {"header" if place == "header" else "parameter": name}, ""
        if kind == "http" and isinstance(scheme.get("scheme"), str):
            return {"header": "Authorization"}, scheme["scheme"].capitalize()
        if kind == "basic":
            return {"header": "Authorization"}, "Basic"
        if kind in ("oauth2", "openidconnect"):
            return {"header": "Authorization"}, "Bearer"
    return {}, ""


def _schemes(document: Document) -> Iterator[Mapping[str, Any]]:
    root = document.root
    components = root.get("components")
    found = root.get("securityDefinitions", components.get("securitySchemes") if isinstance(components, dict) else None)
    known = found if isinstance(found, dict) else {}
    asked = root.get("security")
    for requirement in asked if isinstance(asked, list) else ():
        for name in requirement if isinstance(requirement, dict) else ():
            if isinstance(known.get(name), dict):
                yield known[name]
    yield from (scheme for scheme in known.values() if isinstance(scheme, dict))
