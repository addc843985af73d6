"""Requirements: one checkable statement each, read from `specs/<api>/requirements.yaml`."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, model_validator

CLIENT = "client"
SELECTORS = ("*", "GET *", "collections", "writes", CLIENT)

Mode = Literal["passive", "active-read", "active-write", "active-load", "active-fixture", "client"]


class Record(BaseModel):
    """Base of everything people write: unknown keys are mistakes, and records do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Observation(Record):
    """How a passive check is bound to one requirement: the check's name and its arguments.

    Requirements that share a rule need none: the check registered under the rule judges them.
    """

    check: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class Requirement(Record):
    """One promise of a document.

    `operations` is a list of `METHOD /path` or one selector: `*`, `GET *`, `collections`, `writes`, or
    `client` for what binds the client as a whole. `observe` names the checks that judge it; left out, the
    check of its rule does, and an empty list means that none does.
    """

    id: str = Field(pattern=r"^[a-z0-9]+\.[a-z0-9-]+\.[a-z0-9-]+$")
    rule: str | None = Field(default=None, pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")
    strength: Literal["MUST", "SHOULD", "MAY"]
    basis: Literal["text", "example", "implied"]
    mode: Mode
    section: str
    statement: str
    check: str
    fault: str
    operations: tuple[str, ...] = Field(min_length=1)
    observe: tuple[Observation, ...] | None = None
    not_tested: str | None = None

    @model_validator(mode="after")
    def _selectors_stand_alone(self) -> Self:
        if len(self.operations) > 1 and any(op in SELECTORS for op in self.operations):
            raise ValueError(f"operations: a selector ({', '.join(SELECTORS)}) stands alone")
        return self

    @property
    def api(self) -> str:
        return self.id.split(".")[0]

    @property
    def area(self) -> str:
        return self.id.split(".")[1]


class Document(Record):
    """The document that promises it: its title and public URL."""

    title: str
    url: HttpUrl


class Catalogue(Record):
    """The content of one `requirements.yaml`."""

    document: Document
    requirements: tuple[Requirement, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        seen: set[str] = set()
        for record in self.requirements:
            if record.id in seen:
                raise ValueError(f"requirement id given twice: {record.id}")
            seen.add(record.id)
        return self
