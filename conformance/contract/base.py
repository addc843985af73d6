"""Base requirements: what every API promises by speaking HTTP, JSON and OpenAPI. Reads `specs/http/`."""

from __future__ import annotations

from functools import cache
from typing import Self

from pydantic import Field, model_validator

from conformance.contract.reading import read
from conformance.contract.requirement import BASE, Document, Record, Requirement
from conformance.shipped import shipped

FILE = shipped("specs") / BASE / "requirements.yaml"


class BaseRecord(Requirement):
    """One promise of a standard, before it is one of an API.

    Attributes:
        id: `http.<area>.<slug>`.
        document: the key of the standard in the file's `documents`.
        published: it is judged only where an API's operations come from the document that its vendor publishes.
    """

    id: str = Field(pattern=r"^http\.[a-z]+\.[a-z0-9-]+$")
    document: str
    published: bool = False


class BaseRequirement(Requirement):
    """A base requirement of one API: `<api>.http.<slug>`, under the rule `http.<slug>`.

    Attributes:
        document: the standard that it is a clause of.
    """

    document: Document

    @property
    def base(self) -> bool:
        return True


class BaseCatalogue(Record):
    """The content of `specs/http/requirements.yaml`.

    Attributes:
        documents: key → the standard.
        requirements: each promise, once; no two areas share a slug.
    """

    documents: dict[str, Document]
    requirements: tuple[BaseRecord, ...]

    @model_validator(mode="after")
    def _slugs_and_documents(self) -> Self:
        seen: set[str] = set()
        for record in self.requirements:
            if record.slug in seen:
                raise ValueError(f"the slug {record.slug} is given twice")
            if record.document not in self.documents:
                raise ValueError(f"{record.id}: document: {record.document} is not among the documents")
            seen.add(record.slug)
        return self


@cache
def base_catalogue() -> BaseCatalogue:
    """The base requirements as they are written."""
    return read(FILE, BaseCatalogue)


@cache
def base_requirements(api: str, *, published: bool) -> tuple[BaseRequirement, ...]:
    """The base requirements of an API, in the order of the file.

    Args:
        published: the API's operations come from the document that its vendor publishes.
    """
    catalogue = base_catalogue()
    return tuple(
        BaseRequirement(
            **record.model_dump(exclude={"id", "rule", "document", "published"}),
            id=f"{api}.{BASE}.{record.slug}",
            rule=f"{BASE}.{record.slug}",
            document=catalogue.documents[record.document],
        )
        for record in catalogue.requirements
        if published or not record.published
    )
