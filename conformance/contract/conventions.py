"""Conventions: how an API does a thing everywhere, read from `specs/<api>/conventions.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from attrs import evolve
from pydantic import Field, HttpUrl

from conformance.contract.errors import ContractError
from conformance.contract.operation import Collection, Operation
from conformance.contract.paging import WHOLE, Pagination
from conformance.contract.rates import RateLimit
from conformance.contract.requirement import Record

Status = int | Literal["4xx"]


PREVIOUS_CURSOR = "previous-cursor"
"""The target's parameter that names the query parameter for prev, where no document does."""

OLD_VERSIONS = "oldVersions"
"""The target's parameter that lists paths of earlier versions which it still serves."""


class Scope(Record):
    """The query parameter that says whose resources a request is about: without it, those of the caller.

    Attributes:
        parameter: its name.
        unknown: a value that names nobody.
        foreign: the target's parameter that holds values which the caller may not use.
        listed: path of a list of the caller's, below the base URL, whose ids are values of it.
    """

    parameter: str
    unknown: str
    foreign: str | None = None
    listed: str | None = Field(default=None, pattern="^/")


class Auth(Record):
    """How a request is authenticated.

    Attributes:
        header: request header that carries a credential.
        parameter: query parameter that carries it in place of a header.
        beside: other request headers that every call carries with it → credential name.
        scheme: what stands before it there, empty for nothing.
        schemes: credential name → its scheme, for those that go under another one.
        refused: status of a request without a credential, or with a wrong one; None where nothing tells.
        refused_also: others that pass, where the document leaves it open.
        credentials: credential name → environment variable that holds it. Every ordinary request carries
            `default`, where there is one; the others (a second account, a restricted key …) are fixtures that a
            target may lack.
        expiring: the credential that expires.
        lifetime: the longest time, in seconds, that the document lets a credential be valid.
        scope: the query parameter that says whose resources a request is about.
        authorize: where users grant applications of others access (OAuth2).
    """

    header: str = "Authorization"
    parameter: str | None = None
    beside: dict[str, str] = Field(default_factory=dict)
    scheme: str = ""
    schemes: dict[str, str] = Field(default_factory=dict)
    refused: int | None = None
    refused_also: tuple[Status, ...] = ()
    credentials: dict[str, str] = Field(default_factory=dict)
    expiring: str | None = None
    lifetime: float | None = None
    scope: Scope | None = None
    authorize: HttpUrl | None = None

    def value(self, name: str, token: str) -> str:
        """What carries a credential: its scheme, where it has one, and the token."""
        return f"{self.schemes.get(name, self.scheme)} {token}".lstrip(" ")

    @property
    def refusals(self) -> tuple[Status, ...]:
        """Every status that authentication may be refused with: any of a client's errors where nothing tells."""
        return ("4xx",) if self.refused is None else (self.refused, *self.refused_also)


class MediaTypes(Record):
    """Media types, compared without parameters.

    Attributes:
        request: of request bodies.
        response: those that a response may have; empty where nothing tells.
        raw: the one by which a request asks, as its Content-Type or Accept, for a content as it is.
    """

    request: str = "application/json"
    response: tuple[str, ...] = ()
    raw: str | None = None

    @property
    def accepted(self) -> str:
        """What a request asks for."""
        return self.response[0] if self.response else "*/*"


class Provocation(Record):
    """A call that is answered with an error code.

    Attributes:
        call: operation id.
        change: member of the complete body → another value, null to leave it out. In a text `{3 letters}` stands for
            so many, `{unique}` for a name that nothing else has and `{domain}` for a known value of that parameter;
            a name `{1..3}` for so many members.
        values: path parameter → its value, where it is not one that the target is known to have.
        query: query parameters.
        credential: the one that is sent, null for none.
        needs: capabilities that the target must have.
    """

    call: str
    change: dict[str, Any] = Field(default_factory=dict)
    values: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    credential: str | None = "default"
    needs: tuple[str, ...] = ()


class ErrorCode(Record):
    """What a document says of one error code.

    Attributes:
        status: the one it comes with; `4xx` where the document leaves it open.
        also: other statuses that pass.
        extra: member of the error that it carries → its JSON types.
        if_message: a pattern in the message without which the extra members may be missing.
        renamed: member → another name for it that the document uses as well.
        spelled: other spellings of the code that the document means.
        below: matches the paths whose calls may be answered with it; None for all.
        provoke: a call that is answered with it, where one call is enough.
    """

    status: Status = "4xx"
    also: tuple[int, ...] = ()
    extra: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    if_message: str | None = None
    renamed: dict[str, str] = Field(default_factory=dict)
    spelled: tuple[str, ...] = ()
    below: str | None = None
    provoke: Provocation | None = None


class Errors(Record):
    """The error envelope and the statuses that carry it.

    Attributes:
        envelope: JSON schema of an error body.
        classes: status classes that promise the envelope, e.g. `[4]`; empty where none does.
        message: JSON pointer of the text for people; None where there is none.
        in_success: top-level members that no successful body has.
        malformed: status of a body that cannot be parsed.
        wrong_media_type: status of a body under another media type.
        unknown: status of an unknown resource or path.
        unknown_resource: statuses of an unknown resource where the document leaves more than `unknown` open.
        unknown_path: a path below the base URL that names nothing.
        unknown_parameter: status of a query parameter that nobody knows; None where no document gives one.
        statuses: the statuses the document lists, empty where it lists none.
        error: JSON pointer of the object that holds the code and what comes with it.
        code: the member of it that is the code.
        codes: every code that the document lists, empty where it lists none.
    """

    envelope: dict[str, Any] = Field(default_factory=dict)
    classes: tuple[int, ...] = ()
    message: str | None = None
    in_success: tuple[str, ...] = ()
    malformed: Status = "4xx"
    wrong_media_type: Status = "4xx"
    unknown: int = 404
    unknown_resource: tuple[int, ...] = ()
    unknown_path: str = "/conformance-no-such-thing"
    unknown_parameter: int | None = None
    statuses: tuple[int, ...] = ()
    error: str = ""
    code: str = "code"
    codes: dict[str, ErrorCode] = Field(default_factory=dict)

    def documented(self, code: str) -> ErrorCode | None:
        """What the document says of a code, under whichever spelling; None where it lists it not."""
        named = self.codes.get(code)
        return named or next((known for known in self.codes.values() if code in known.spelled), None)


class Versioning(Record):
    """What carries the version.

    Attributes:
        carrier: where it stands.
        pattern: matches every request path (`path`), or every value of the parameter (`query`) or header.
        parameter: the query parameter.
        header: the request header.
        default: the version that ordinary requests ask for.
        stabilities: words that follow a date and `~` in a version, from the most stable; the first is meant
            where there is none. Empty where versions are no dates.
        served: response header that names the release which answered.
        unknown: versions that cannot be, each of which is refused.
    """

    carrier: Literal["path", "query", "header"]
    pattern: str
    parameter: str | None = None
    header: str | None = None
    default: str | None = None
    stabilities: tuple[str, ...] = ()
    served: str | None = None
    unknown: tuple[str, ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        """The header by which ordinary requests ask for their version, where one carries it."""
        return {self.header: self.default} if self.header and self.default else {}


class Resource(Record):
    """Something a client can create, read, change and delete, as far as the contract has the operations.

    Attributes:
        name: what the reports call it.
        create, read, list, replace, update, delete: operation ids.
        also: other operations that create one, by the same body.
        body: body of a create; `{unique}` in a string becomes a name no other request uses.
        required: members of the create body the document needs.
        id: member that identifies the resource, in its object and in its list.
        parameter: path parameter that takes the id.
        object: JSON pointer of the resource in the answers of create and read.
        writable: member → two values that replace and update may set.
        billable: whether a create may cost money; such a one is sent only where that is allowed.
        parts: path parameter that takes the id of something that belongs to it and goes with it → the operations
            on it whose answers show such things, one or a list, by their `id`; none where the client names them.
    """

    name: str
    create: str
    body: dict[str, Any]
    required: tuple[str, ...] = ()
    id: str = "id"
    parameter: str
    object: str
    also: tuple[str, ...] = ()
    list: str | None = None
    read: str | None = None
    replace: str | None = None
    update: str | None = None
    delete: str | None = None
    writable: dict[str, tuple[Any, Any]] = Field(default_factory=dict)
    billable: bool = False
    parts: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @property
    def operations(self) -> tuple[str, ...]:
        """The ids of the operations it has."""
        roles = (self.create, self.list, self.read, self.replace, self.update, self.delete)
        return tuple(role for role in roles if role is not None)


class ListOf(Record):
    """Where an operation that answers a list has its records, and what identifies one of them.

    Attributes:
        items: JSON pointer of the array.
        id: the member that identifies a record, or the members that do together.
        paged: whether the operation takes a page size or a cursor.
    """

    items: str
    id: str | tuple[str, ...] = "id"
    paged: bool = True

    @property
    def collection(self) -> Collection:
        """The same as an operation has it."""
        return Collection(self.items, (self.id,) if isinstance(self.id, str) else self.id, self.paged)


class Conventions(Record):
    """The content of one `conventions.yaml`.

    Attributes:
        name: what the API is called.
        base_url: the documented one.
        below: what every path of the API begins with, where its host may serve something else, which is not judged.
        hosts: other hosts that it lives on, such as regional ones; `*` stands for any text.
        in_clear: status of every request over plain HTTP; None where the document gives none.
        tls: the versions of TLS that a client may be limited to, as far as they are not obsolete.
        auth, media_types, errors, pagination, rate_limit, versioning: how it does each; what it lacks is left out.
        collections: operation → its list, where the document does not say it by `x-collection`.
        resources: what can be created, read, changed and deleted.
    """

    name: str
    base_url: HttpUrl
    below: str = ""
    hosts: tuple[str, ...] = ()
    in_clear: int | None = None
    tls: tuple[Literal["1.2", "1.3"], ...] = ()
    auth: Auth = Auth()
    media_types: MediaTypes = MediaTypes()
    errors: Errors = Errors()
    pagination: Pagination | None = None
    rate_limit: RateLimit | None = None
    versioning: Versioning | None = None
    collections: dict[str, ListOf] = Field(default_factory=dict)
    resources: tuple[Resource, ...] = ()

    def listed(self, operations: Iterable[Operation]) -> tuple[Operation, ...]:
        """The operations of a document, with the lists that the conventions know of.

        Raises:
            ContractError: they know of one that is none of them.
        """
        found = {operation.id: operation for operation in operations}
        for name, told in self.collections.items():
            if name not in found:
                raise ContractError(f"the conventions of {self.name}: collections: {name} is no operation")
            found[name] = evolve(found[name], collection=told.collection)
        return tuple(found.values())

    @property
    def inner_names(self) -> frozenset[str]:
        """Path parameters by which a client names what it makes inside of what stands before them."""
        return frozenset(name for one in self.resources for name, shown_by in one.parts.items() if not shown_by)

    @property
    def paging(self) -> Pagination:
        """How lists are paged.

        Raises:
            ContractError: the API has no pagination.
        """
        if self.pagination is None:
            raise ContractError(f"the conventions of {self.name} have no pagination")
        return self.pagination

    @property
    def lists(self) -> Pagination:
        """How lists come: cut into pages, or `WHOLE` where the API has no pagination."""
        return self.pagination or WHOLE

    @property
    def rate(self) -> RateLimit:
        """The rate limit.

        Raises:
            ContractError: the API has none.
        """
        if self.rate_limit is None:
            raise ContractError(f"the conventions of {self.name} have no rate limit")
        return self.rate_limit

    @property
    def versions(self) -> Versioning:
        """What carries the version.

        Raises:
            ContractError: the API has no versions.
        """
        if self.versioning is None:
            raise ContractError(f"the conventions of {self.name} have no versions")
        return self.versioning

    @property
    def origin(self) -> str:
        """The documented base URL, without a trailing slash."""
        return str(self.base_url).rstrip("/")
