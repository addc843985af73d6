"""Conventions: how an API does a thing everywhere, read from `specs/<api>/conventions.yaml`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, HttpUrl

from conformance.contract.requirement import Record


class Auth(Record):
    """How a request is authenticated.

    `credentials` maps a credential's name to the environment variable that holds it. `default` is the one
    every ordinary request carries; the others (a second account, a restricted key …) are fixtures that a
    target may lack.
    """

    header: str = "Authorization"
    scheme: str
    refused: int
    credentials: dict[str, str]


class MediaTypes(Record):
    """Media types, compared without parameters: of request bodies, and those a response may have."""

    request: str
    response: tuple[str, ...]


class Errors(Record):
    """The error envelope and the statuses that carry it.

    Attributes:
        envelope: JSON schema of an error body.
        classes: status classes that promise the envelope, e.g. `[4]`.
        message: JSON pointer of the text for people.
        in_success: top-level members that no successful body has.
        malformed: status of a body that cannot be parsed.
        unknown: status of an unknown resource or path.
        unknown_path: a path below the base URL that names nothing.
        statuses: the statuses the document lists, empty where it lists none.
    """

    envelope: dict[str, Any]
    classes: tuple[int, ...]
    message: str
    in_success: tuple[str, ...] = ()
    malformed: int = 400
    unknown: int = 404
    unknown_path: str
    statuses: tuple[int, ...] = ()


class PageSize(Record):
    """The query parameter for the size of a page, in records.

    Attributes:
        default, maximum: as documented.
        fallback: the most records that an answer to an invalid size may hold.
    """

    parameter: str
    default: int
    maximum: int
    fallback: int


class Pagination(Record):
    """How lists are cut into pages.

    Attributes:
        style: which reading of `next` and `prev` applies (see `traffic.pages`).
        cursor: query parameter that takes the cursor.
        next, prev: JSON pointers of the neighbours' cursors.
        total: JSON pointer of the number of records in the whole list, where the document promises one.
        envelope: top-level member that carries them.
        alphabet: regular expression a cursor matches, where the document describes it.
    """

    style: Literal["cursor-in-body"]
    page_size: PageSize
    cursor: str
    next: str
    prev: str
    total: str | None = None
    envelope: str
    alphabet: str | None = None


class RateLimit(Record):
    """At most `requests` in `seconds` for one `scope`; beyond that the status `exceeded`."""

    requests: int
    seconds: float
    scope: Literal["address", "credential", "account"]
    exceeded: int = 429


class Versioning(Record):
    """What carries the version, and the pattern every request path matches."""

    carrier: Literal["path"]
    pattern: str


class Resource(Record):
    """Something a client can create, read, change and delete, as far as the contract has the operations.

    Attributes:
        create, read, list, replace, update, delete: operation ids.
        body: body of a create; `{unique}` in a string becomes a name no other request uses.
        required: members of the create body the document needs.
        id: member that identifies the resource, in its object and in its list.
        parameter: path parameter that takes the id.
        object: JSON pointer of the resource in the answers of create and read.
        writable: member → two values that replace and update may set.
    """

    name: str
    create: str
    body: dict[str, Any]
    required: tuple[str, ...] = ()
    id: str = "id"
    parameter: str
    object: str
    list: str | None = None
    read: str | None = None
    replace: str | None = None
    update: str | None = None
    delete: str | None = None
    writable: dict[str, tuple[Any, Any]] = Field(default_factory=dict)

    @property
    def operations(self) -> tuple[str, ...]:
        """The ids of the operations it has."""
        roles = (self.create, self.list, self.read, self.replace, self.update, self.delete)
        return tuple(role for role in roles if role is not None)


class Conventions(Record):
    """The content of one `conventions.yaml`."""

    name: str
    base_url: HttpUrl
    auth: Auth
    media_types: MediaTypes
    errors: Errors
    pagination: Pagination | None = None
    rate_limit: RateLimit | None = None
    versioning: Versioning | None = None
    resources: tuple[Resource, ...] = ()

    @property
    def origin(self) -> str:
        """The documented base URL, without a trailing slash."""
        return str(self.base_url).rstrip("/")
