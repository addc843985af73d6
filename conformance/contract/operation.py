"""Operations of a contract, and the router that finds the one a request was made to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlencode

from attrs import field, frozen

from conformance.contract.errors import ContractError

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
        request_schema: JSON schema of the request body, None where it takes none, or another than JSON.
        sample: the document's own sample of a request, None where it has none.
        collection: set on operations that answer a list.
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
    request_schema: Mapping[str, Any] | None = None
    sample: Sample | None = None
    collection: Collection | None = None

    @property
    def id(self) -> str:
        """`METHOD /path`, the operation's name everywhere."""
        return f"{self.method} {self.path}"

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
        return tuple(part[1:-1] for part in self.path.split("/") if is_parameter(part))

    def asked_of(self, known: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """The query parameters that it needs, as far as a value is known: as of what stands in paths, of one name."""
        needed = [
            parameter["name"]
            for parameter in self.parameters
            if parameter["in"] == "query" and parameter.get("required")
        ]
        return {name: known[name][0] for name in needed if known.get(name)}

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
        return "/".join(
            _filled(values[part[1:-1]], part[1:-1] == rest) if is_parameter(part) else part
            for part in self.path.split("/")
        )

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
        parts, segments = segments_of(self.path), segments_of(path)
        if self.rest is not None:
            last = len(parts) - 1
            segments = [*segments[:last], *(["/".join(segments[last:])] if len(segments) > last else [])]
        return {part[1:-1]: value for part, value in zip(parts, segments, strict=False) if is_parameter(part)}

    def __str__(self) -> str:
        return self.id


def _filled(value: str, many: bool) -> str:
    return "/".join(map(_segment, value.split("/"))) if many else _segment(value)


def _segment(value: str) -> str:
    """A value as a path segment; "." and ".." would be taken for steps in the path (RFC 3986 5.2.4)."""
    return value.replace(".", "%2E") if value in (".", "..") else quote(value, safe="")


def is_parameter(segment: str) -> bool:
    """Whether a segment of a template stands for a value."""
    return segment.startswith("{") and segment.endswith("}")


class _Node:
    __slots__ = ("literals", "operations", "parameter", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.operations: dict[str, Operation] = {}
        self.rest: dict[str, Operation] = {}


class Router:
    """Finds the operation of a request by walking a trie of path segments.

    The cost depends on the number of segments, not on the number of operations. A literal segment wins over
    a parameter, and a parameter over one that takes the rest of the path; a template without its trailing slash
    also matches the path with one.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            node, segments = self._root, segments_of(operation.path)
            for segment in segments[:-1] if operation.rest else segments:
                if is_parameter(segment):
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.literals.setdefault(segment, _Node())
            (node.rest if operation.rest else node.operations)[operation.method] = operation

    def find(self, method: str, path: str) -> Operation | None:
        """The operation for a method and a path below the base URL, or None if the contract has none."""
        return self._find(self._root, [unquote(part) for part in segments_of(path)], 0, method.upper())

    def _find(self, node: _Node, segments: list[str], depth: int, method: str) -> Operation | None:
        if depth == len(segments):
            return node.operations.get(method)
        literal = node.literals.get(segments[depth])
        if literal is not None:
            found = self._find(literal, segments, depth + 1, method)
            if found is not None:
                return found
        if node.parameter is not None and segments[depth]:
            found = self._find(node.parameter, segments, depth + 1, method)
            if found is not None:
                return found
        return node.rest.get(method) if any(segments[depth:]) else None


def segments_of(path: str) -> list[str]:
    """The segments of a path, or of a template."""
    return path.strip("/").split("/")
