"""Contracts from published documents: one alone, or one in place of, or beside, the operations of an API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from urllib.parse import urlsplit

from attrs import evolve
from pydantic import HttpUrl, TypeAdapter, ValidationError

from conformance.contract.contract import Contract
from conformance.contract.conventions import Conventions
from conformance.contract.documents import Document
from conformance.contract.documents.security import carrier_of
from conformance.contract.operation import Operation
from conformance.contract.paging import WHOLE
from conformance.contract.requirement import Catalogue
from conformance.contract.requirement import Document as Source
from conformance.contract.templates import anonymous

NOWHERE = "unknown.invalid"
"""The host of the base URL of a document that names none (RFC 2606)."""

_COMMON = frozenset(
    (
        "api",
        "apis",
        "rest",
        "http",
        "the",
        "public",
        "reference",
        "documentation",
        "openapi",
        "swagger",
        "s",
        "official",
    )
)
LONGEST_SLUG = 24


def slug(title: str) -> str:
    """What an API is called in ids, by the title of its document: its first words, as many as are readable."""
    words = [word for word in re.findall(r"[a-z0-9]+", title.lower()) if word not in _COMMON] or ["api"]
    names: list[str] = [name for name in accumulate(words) if len(name) <= LONGEST_SLUG]
    return names[-1] if names else words[0][:LONGEST_SLUG]


def alone(
    document: Document,
    name: str,
    conventions: Conventions | None = None,
    catalogue: Catalogue | None = None,
    folder: Path | None = None,
) -> Contract:
    """The contract of a document by itself."""
    conventions = conventions or _conventions(document)
    source = Source(title=document.title, url=conventions.base_url)
    return Contract(
        name,
        conventions,
        conventions.listed(_paged(operation, conventions) for operation in document.operations),
        document.components,
        catalogue or Catalogue(document=source, requirements=()),
        document.root,
        folder or document.path.parent,
        document.path,
        base_urls=document.base_urls,
        published=True,
        unchecked=document.unchecked,
    )


def beside(own: Contract, document: Document, *, adds: bool, conventions: Conventions | None = None) -> Contract:
    """The contract of an API whose operations a document describes, too.

    An operation that both have keeps its id, and all that the API says of it; the document adds what its answers
    promise. Those of the document alone have their paths below the API's base URL.
    """
    conventions = conventions or own.conventions
    ours = {(each.method, anonymous(own.base_path + each.path)): each for each in own.operations}
    bases = [urlsplit(url).path.rstrip("/") for url in document.base_urls] or [""]
    operations: dict[str, Operation] = {}
    for operation in document.operations:
        keys = [(operation.method, anonymous(base + operation.path)) for base in (*bases, "")]
        same = next((ours[key] for key in keys if key in ours), None)
        if same is not None:
            operations.setdefault(same.id, evolve(same, answers=operation.answers))
            continue
        path = f"{bases[0]}{operation.path}"
        path = path.removeprefix(own.base_path) if path.startswith(f"{own.base_path}/") else operation.path
        beyond = _paged(evolve(operation, path=path, beyond=True), conventions)
        operations.setdefault(beyond.id, beyond)
    others = [each for each in own.operations if each.id not in operations]
    return evolve(
        own,
        conventions=conventions,
        # Of what it lacks the document promises nothing.
        operations=(*operations.values(), *(evolve(each, answers={}) for each in others if adds)),
        lacking=() if adds else tuple(others),
        source=document.path,
        base_urls=(*own.base_urls, *document.base_urls),
        published=True,
        unchecked=document.unchecked,
    )


def _paged(operation: Operation, conventions: Conventions) -> Operation:
    """An operation whose list is cut into pages where it takes the parameters of pages."""
    pagination = conventions.pagination or WHOLE
    asked = {pagination.cursor, pagination.page_size.parameter} - {""}
    listing = operation.collection
    if listing is None or not any(p["in"] == "query" and p["name"] in asked for p in operation.parameters):
        return operation
    return evolve(operation, collection=evolve(listing, paged=True))


def _conventions(document: Document) -> Conventions:
    """What a document itself tells of how its API does things everywhere: where it is, and how it is called."""
    carrier, scheme = carrier_of(document)
    credentials = {"default": f"{slug(document.title).upper()}_TOKEN"}
    auth = {**carrier, "scheme": scheme, "credentials": credentials} if carrier else {}
    base_url = next(filter(_is_url, _absolute(document.base_urls)), f"https://{NOWHERE}")
    return Conventions.model_validate({"name": document.title, "base_url": base_url, "auth": auth})


def _absolute(urls: tuple[str, ...]) -> Iterator[str]:
    """The base URLs as URLs of the web, those that name a host first."""
    for url in urls:
        if re.match(r"https?://[^*/]+(/|$)", url):
            yield url.replace("*", "any")
    for url in urls:
        path = re.sub(r"^[a-z]+://[^/]*", "", url).strip("/")
        yield f"https://{NOWHERE}/{path}".replace("*", "any")


_URL = TypeAdapter(HttpUrl)


def _is_url(text: str) -> bool:
    try:
        _URL.validate_python(text)
    except ValidationError:
        return False
    return True
