"""Operations of a contract: a method on a path template, and what its document says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlencode

from attrs import field, frozen

from conformance.contract.errors import ContractError
from conformance.contract.templates import encoded_values, filled, parameters_in, path_of, query_of

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
FORM = "application/x-www-form-urlencoded"
WRITES = ("POST", "PUT", "PATCH", "DELETE")

MANY_SEGMENTS = "x-many-segments"
"""What a path parameter says that takes the rest of the path."""


@frozen
class Collection:
    """Where a list operation keeps its records.

    Attributes:
        items: JSON pointer of the array in the body, e.g. `/plans`.
        id: members that identify a record together, usually one.
        paged: whether the document gives the operation page-size and cursor parameters.
        filters: query parameter → values the document names for it.
        sorts: values of the parameter that asks for another order.
    """

    items: str
    id: tuple[str, ...] = ("id",)
    paged: bool = True
    filters: Mapping[str, tuple[str, ...]] = field(factory=dict)
    sorts: tuple[str, ...] = ()


@frozen
class Sample:
    """What a document sends to an operation.

    Attributes:
        body: as JSON values; text where the media type is none of JSON or of a form.
        media_type: of the body.
        headers: those that the operation takes.
        query: the query parameters that it needs.
    """

    body: Any = None
    media_type: str | None = None
    headers: Mapping[str, str] = field(factory=dict)
    query: Mapping[str, str] = field(factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """How a client is to send it: its query, headers, and body, or content where that is no JSON."""
        options: dict[str, Any] = {"query": self.query, "headers": dict(self.headers)}
        if self.body is None:
            return options
        if self.media_type == FORM:
            content = urlencode(self.body).encode()
        elif isinstance(self.body, str):
            content = self.body.encode()
        else:
            return {**options, "body": self.body}
        return {**options, "content": content, "headers": {**options["headers"], "Content-Type": self.media_type}}


@frozen(eq=False)
class Answer:
    """What a document says of the answers under one status, a range of them, or all others.

    Attributes:
        content: media type or range, as it is written → JSON schema of the body, None where it gives none; empty
            where no body is promised.
        headers: header, in lower case → its OpenAPI object: `required`, `schema`.
    """

    content: Mapping[str, Mapping[str, Any] | None] = field(factory=dict)
    headers: Mapping[str, Mapping[str, Any]] = field(factory=dict)

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """The schema of the body as JSON."""
        return _of_json(self.content)


def _of_json(content: Mapping[str, Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
    """The schema of the first media type of JSON, or of any media type, that has one."""
    given = (content[name] for name in content if "json" in name.lower() or name == "*/*")
    return next((schema for schema in given if schema is not None), None)


@frozen(eq=False)
class Operation:
    """A method on a path template.

    Attributes:
        path: template with `{name}` parameters, below the base URL.
        parameters: the OpenAPI parameter objects (path, query, header), references resolved.
        examples: path parameter → the document's sample values.
        authorized: `required`, `optional` (answers with and without a credential) or `none`.
        basis: how the document knows it: `documented`, `prose` or `implied`.
        success: statuses in the 2xx range the contract gives.
        responses: status or `default` → JSON schema of the body, None where no body is promised.
        answers: status, range such as `4XX`, or `default` → what such an answer holds, in every media type.
        body: media type → JSON schema of the request body, None where the document gives none.
        sample: the document's own sample of a request, None where it has none.
        collection: set on operations that answer a list.
        beyond: it stands in a published document only, and not in the contract of the API it was added to, so that a
            target that serves the contract may lack it.
    """

    method: str
    path: str
    parameters: tuple[Mapping[str, Any], ...] = ()
    examples: Mapping[str, tuple[str, ...]] = field(factory=dict)
    authorized: str = "required"
    basis: str = "documented"
    success: tuple[int, ...] = (200,)
    responses: Mapping[str, Mapping[str, Any] | None] = field(factory=dict)
    answers: Mapping[str, Answer] = field(factory=dict)
    body: Mapping[str, Mapping[str, Any] | None] = field(factory=dict)
    sample: Sample | None = None
    collection: Collection | None = None
    beyond: bool = False

    @property
    def id(self) -> str:
        """`METHOD /path`, the operation's name everywhere."""
        return f"{self.method} {self.path}"

    @property
    def request_schema(self) -> Mapping[str, Any] | None:
        """The JSON schema of the request body; None where it takes none, or another than JSON."""
        return _of_json(self.body)

    @property
    def listing(self) -> Collection:
        """Where the list is that the operation answers.

        Raises:
            ContractError: it answers none.
        """
        if self.collection is None:
            raise ContractError(f"{self.id} answers no list")
        return self.collection

    def promised(self, status: int) -> Mapping[str, Any] | None:
        """The schema of the body that comes with a status, None where there is none.

        A success under another status than the documented one is no other thing.
        """
        of_success = (self.responses[each] for each in self.responses if each.startswith("2") and status // 100 == 2)
        return self.responses.get(str(status)) or next(of_success, None)

    def answer(self, status: int) -> Answer | None:
        """What the document says of answers under a status: by itself, by its range, or as one of all others."""
        for name in (str(status), f"{status // 100}XX", "default"):
            if name in self.answers:
                return self.answers[name]
        return None

    @property
    def writes(self) -> bool:
        return self.method in WRITES

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The parameters of the template, in order."""
        return parameters_in(path_of(self.path))

    def asked_of(self, known: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """The query parameters that it needs, as far as a value is known: as of what stands in paths, of one name."""
        needed = [
            parameter["name"]
            for parameter in self.parameters
            if parameter["in"] == "query" and parameter.get("required")
        ]
        return {name: known[name][0] for name in needed if known.get(name)}

    def asking(self, query: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """A query with what the operation's template itself asks for, where the query does not ask otherwise."""
        pairs = list(query.items() if isinstance(query, Mapping) else query)
        named = {name for name, _ in pairs}
        fixed = ((name, value) for name, value in query_of(self.path).items() if value is not None)
        return [*(pair for pair in fixed if pair[0] not in named), *pairs]

    @property
    def rest(self) -> str | None:
        """The last path parameter where it takes the rest of the path, slashes and all; None where it does not."""
        return next((p["name"] for p in self.parameters if p["in"] == "path" and p.get(MANY_SEGMENTS)), None)

    def expand(self, values: Mapping[str, str]) -> str:
        """The path with each parameter's value as one percent-encoded segment, or as many if it takes the `rest`.

        Raises:
            KeyError: a parameter of the template has no value.
        """
        rest = self.rest
        return filled(self.path, {name: _filled(values[name], name == rest) for name in self.path_parameters})

    def chooses(self, name: str) -> bool:
        """Whether a query parameter takes one of a few values that the document gives: it names nobody's thing."""
        found = next((p for p in self.parameters if p["in"] == "query" and p["name"] == name), {})
        return bool((found.get("schema") or {}).get("enum"))

    def admits(self, values: Mapping[str, str]) -> bool:
        """Whether the document lets path parameters have these values, as far as it says of what form they are."""
        forms = {p["name"]: (p.get("schema") or {}).get("pattern", "") for p in self.parameters if p["in"] == "path"}
        return all(re.search(forms.get(name, ""), value) for name, value in values.items())

    def values_in(self, path: str) -> Mapping[str, str]:
        """The values of the path parameters in a path below the base URL that the template matches or begins."""
        return {name: unquote(value) for name, value in self.encoded_in(path).items()}

    def encoded_in(self, path: str) -> Mapping[str, str]:
        """The same, as they are encoded in the path."""
        return encoded_values(self.path, path, self.rest)

    def __str__(self) -> str:
        return self.id


def _filled(value: str, many: bool) -> str:
    return "/".join(map(_segment, value.split("/"))) if many else _segment(value)


def _segment(value: str) -> str:
    """A value as a path segment; "." and ".." would be taken for steps in the path (RFC 3986 5.2.4)."""
    return value.replace(".", "%2E") if value in (".", "..") else quote(value, safe="")
