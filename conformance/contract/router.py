"""The router that finds the operation a request was made to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from conformance.contract.operation import Operation
from conformance.contract.templates import Segment, is_parameter, path_of, query_of, segment, segments_of

Query = Iterable[tuple[str, str]]


class _Node:
    __slots__ = ("literals", "operations", "parameter", "partials", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.partials: list[tuple[Segment, _Node]] = []
        self.parameter: _Node | None = None
        self.operations: dict[str, list[_Asked]] = {}
        self.rest: dict[str, list[_Asked]] = {}

    def below(self, part: str) -> _Node:
        """The node that a segment of a template leads to."""
        if is_parameter(part):
            self.parameter = self.parameter or _Node()
            return self.parameter
        mixed = segment(part)
        if mixed is None:
            return self.literals.setdefault(part, _Node())
        for known, node in self.partials:
            if known.texts == mixed.texts:
                return node
        node = _Node()
        self.partials.append((mixed, node))
        self.partials.sort(key=lambda each: each[0].rank)
        return node


class _Asked:
    """An operation, and what its template says of the query."""

    __slots__ = ("operation", "query")

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.query: Mapping[str, str | None] = query_of(operation.path)

    def matches(self, query: Mapping[str, str]) -> bool:
        """Whether a request asks for every value that the template gives."""
        return all(query.get(name) == value for name, value in self.query.items() if value is not None)

    def rank(self, query: Mapping[str, str]) -> tuple[int, int]:
        """What is greatest for the template that says most of a request, and least of what it does not have."""
        given = sum(value is not None for value in self.query.values())
        return given, sum(1 if name in query else -1 for name in self.query)


class Router:
    """Finds the operation of a request by walking a trie of path segments.

    The cost depends on the number of segments, not on the number of operations. A literal segment wins over
    one that is literal in part, that over a parameter, and a parameter over one that takes the rest of the path; a
    template without its trailing slash also matches the path with one. Of templates that differ in their queries the
    one wins that says most of the request's.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            node, segments = self._root, segments_of(path_of(operation.path))
            for part in segments[:-1] if operation.rest else segments:
                node = node.below(part)
            at = node.rest if operation.rest else node.operations
            at.setdefault(operation.method, []).append(_Asked(operation))

    def find(self, method: str, path: str, query: Query = ()) -> Operation | None:
        """The operation for a method, a path below the base URL and a query, or None if the contract has none."""
        found = self._find(self._root, [unquote(part) for part in segments_of(path)], 0, method.upper())
        if found is None:
            return None
        if len(found) == 1 and not found[0].query:
            return found[0].operation
        asked = dict(query)
        fitting = [each for each in found if each.matches(asked)]
        return max(fitting, key=lambda each: each.rank(asked)).operation if fitting else None

    def _find(self, node: _Node, segments: list[str], depth: int, method: str) -> list[_Asked] | None:
        if depth == len(segments):
            return node.operations.get(method)
        text = segments[depth]
        literal = node.literals.get(text)
        if literal is not None:
            found = self._find(literal, segments, depth + 1, method)
            if found is not None:
                return found
        for mixed, below in node.partials:
            if mixed.values(text) is not None:
                found = self._find(below, segments, depth + 1, method)
                if found is not None:
                    return found
        if node.parameter is not None and text:
            found = self._find(node.parameter, segments, depth + 1, method)
            if found is not None:
                return found
        return node.rest.get(method) if any(segments[depth:]) else None
