"""Requirements: one checkable statement each, read from `specs/<api>/requirements.yaml`."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, model_validator

CLIENT = "client"
BASE = "http"
"""The area of the base requirements, which every API has, and the folder that holds them."""
SELECTORS = ("*", "GET *", "collections", "writes", CLIENT)

Mode = Literal["passive", "active-read", "active-write", "active-load", "active-fixture", "client"]


class Record(BaseModel):
    """Base of everything people write: unknown keys are mistakes, and records do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Observation(Record):
    """How a passive check is bound to one requirement: the check's name and its arguments.

    Requirements that share a rule need none: the check registered under the rule judges them.

    Attributes:
        check: the name it is registered under.
        arguments: what it takes, as its docstring says.
        operations: those whose exchanges it looks at, where they are others than the requirement's: that a deleted
            thing is gone shows in the answers to other calls.
    """

    check: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    operations: tuple[str, ...] | None = Field(default=None, min_length=1)


class Requirement(Record):
    """One promise of a document.

    Attributes:
        id: `<api>.<area>.<slug>`.
        rule: the name that several APIs' requirements share; the tests and checks that cite it judge this one.
        strength: a MUST that does not hold fails a run, a SHOULD warns, a MAY is noted.
        basis: what it rests on; what is only implied warns.
        mode: what it takes to see it: looking at exchanges, or reads, writes, load or fixtures of a test.
        section: the place in the document.
        statement: what is promised, in one sentence.
        check: how it is judged, for people.
        fault: a server's defect that breaks it, for people.
        operations: a list of `METHOD /path` or one selector: `*`, `GET *`, `collections`, `writes`, or `client`
            for what binds the client as a whole.
        observe: the checks that judge it; left out, the check of its rule does, and an empty list means that
            none does.
        not_tested: why no test judges it.
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

    @property
    def slug(self) -> str:
        return self.id.split(".")[2]

    @property
    def base(self) -> bool:
        """Whether it is a clause of a standard that every API keeps to, and not of the API's own document."""
        return False


class Document(Record):
    """The document that promises it.

    Attributes:
        title: its name and version.
        url: where it is public.
    """

    title: str
    url: HttpUrl


class Catalogue(Record):
    """The content of one `requirements.yaml`.

    Attributes:
        document: what promises it all.
        requirements: each promise, once.
    """

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
