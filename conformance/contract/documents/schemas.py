"""The schemas of a published document, converted when they are first met, each with only what it refers to."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from attrs import define, field

from conformance.contract.documents.conversion import Conversion
from conformance.contract.documents.files import Files, Node, Nowhere
from conformance.contract.documents.references import Direction, Edge, Mode, Strict
from conformance.contract.documents.unchecked import Register
from conformance.contract.errors import ContractError
from conformance.contract.schema import UNCHECKED, SchemaError, Validator, first_mistake

_MISTAKES = 200
"""Mistakes of one schema that are left out one by one; one with more is left out whole."""

_UNSENT: dict[Direction, str] = {"answer": "writeOnly", "request": "readOnly"}


@define(eq=False)
class Schemas:
    """Converts schemas, and keeps what they share.

    Attributes:
        version: `2.0`, `3.0` or `3.1`, whose reading the document's schemas have.
    """

    files: Files
    version: str
    register: Register
    _names: dict[tuple[tuple[str, str], Mode], str] = field(factory=dict)
    _taken: dict[str, int] = field(factory=dict)
    _components: dict[str, Any] = field(factory=dict)
    _edges: dict[str, tuple[Edge, ...]] = field(factory=dict)
    _flawed: set[str] = field(factory=set)
    _waiting: deque[tuple[str, Node, Mode]] = field(factory=deque)
    _walked: dict[str, bool] = field(factory=dict)
    _whole: dict[tuple[tuple[str, str], Direction], Mapping[str, Any]] = field(factory=dict)
    _unsent: dict[tuple[tuple[str, str], Direction], frozenset[str]] = field(factory=dict)

    @property
    def modern(self) -> bool:
        """Whether the dialect is JSON Schema's own."""
        return self.version == "3.1"

    def of(self, node: Node, direction: Direction) -> Mapping[str, Any]:
        """The schema at a node as JSON Schema 2020-12, compiled, with what it refers to under `components`.

        It never fails: what cannot be judged is left out, and named in the register.
        """
        node = self._shared(node)
        key = (node.place, direction)
        if key not in self._whole:
            self._whole[key] = self._converted(node, direction)
        return self._whole[key]

    def _shared(self, node: Node) -> Node:
        """What a node refers to where it does nothing else, so that what many answers refer to is compiled once."""
        passed: set[tuple[str, str]] = set()
        with suppress(Nowhere):
            while isinstance(node.value, dict) and node.value.keys() == {"$ref"} and node.place not in passed:
                passed.add(node.place)
                node = self.files.target(node, str(node.value["$ref"]))
        return node

    def component(self, node: Node, mode: Mode) -> str:
        """The name of what a reference leads to; it is converted with the schema that is asked for."""
        key = (node.place, mode)
        if key not in self._names:
            own = re.sub(r"[^A-Za-z0-9_.-]+", "_", node.pointer.rpartition("/")[2] or node.file) or "schema"
            self._taken[own] = number = self._taken.get(own, 0) + 1
            name = own if number == 1 else f"{own}.{number}"
            while name in self._components:
                name += "_"
            self._names[key] = name
            self._components[name] = {}
            self._waiting.append((name, node, mode))
        return self._names[key]

    def meant(self, ref: str) -> Node | None:
        """The named schema that a reference means which leads nowhere: that of its last name."""
        name = unquote(ref.rpartition("/")[2].removeprefix("#")).replace("~1", "/").replace("~0", "~")
        for place in ("definitions", "components"):
            holder = Node(self.files.root).get(place)
            named = holder.get("schemas") if holder is not None and place == "components" else holder
            if named is not None and name and (found := named.get(name)) is not None:
                return found
        return None

    def unsent(self, node: Node, direction: Direction) -> frozenset[str]:
        """The members that a schema, its references and branches say are sent in the other direction only."""
        key = (node.place, direction)
        if key not in self._unsent:
            self._unsent[key] = frozenset()  # what holds itself adds nothing
            found: set[str] = set()
            properties = node.get("properties")
            for name, part in properties.items() if properties else ():
                if self._is_unsent(part, direction):
                    found.add(name)
            branches = node.get("allOf")
            for part in branches.parts() if branches else ():
                found |= self.unsent(part, direction)
            if isinstance(node.value, dict) and isinstance(node.value.get("$ref"), str):
                with suppress(Nowhere):
                    found |= self.unsent(self.files.resolved(node), direction)
            self._unsent[key] = frozenset(found)
        return self._unsent[key]

    def _is_unsent(self, node: Node, direction: Direction) -> bool:
        keyword = _UNSENT[direction]
        if isinstance(node.value, dict) and node.value.get(keyword) is True:
            return True
        try:
            value = self.files.resolved(node).value
        except Nowhere:
            return False
        return isinstance(value, dict) and value.get(keyword) is True

    def _converted(self, node: Node, direction: Direction) -> Mapping[str, Any]:
        conversion = Conversion(self)
        schema = conversion.schema(node, Mode(direction))
        schema = schema if isinstance(schema, dict) else ({} if schema else {"not": {}})
        self._convert_waiting()
        self._weigh(conversion.strict)
        schema = self._without_mistakes(schema, node)
        names = self._reached(edge.name for edge in conversion.edges)
        return self._compiled(schema, names, node)

    def _convert_waiting(self) -> None:
        """Converts what was referred to, and what that refers to, until nothing waits."""
        converted: list[tuple[str, Node, Conversion]] = []
        while self._waiting:
            name, node, mode = self._waiting.popleft()
            conversion = Conversion(self)
            self._components[name] = conversion.schema(node, mode)
            self._edges[name] = tuple(conversion.edges)
            if conversion.flaws:
                self._flawed.add(name)
            converted.append((name, node, conversion))
        for name, _, _ in converted:
            self._break_circles(name)
        for name, node, conversion in converted:
            self._weigh(conversion.strict)
            self._components[name] = self._without_mistakes(self._components[name], node)

    def _break_circles(self, start: str) -> None:
        """Leaves out each reference that leads a value round to the same schema again, which no validator ends."""
        if start in self._walked:
            return
        self._walked[start] = False
        path = [(start, iter(self._edges[start]))]
        while path:
            name, edges = path[-1]
            for edge in edges:
                if not edge.in_place:
                    continue
                if edge.name not in self._walked:
                    self._walked[edge.name] = False
                    path.append((edge.name, iter(self._edges[edge.name])))
                    break
                if not self._walked[edge.name]:
                    edge.holder.clear()
                    edge.holder[UNCHECKED] = True
                    self._flawed.add(name)
                    self.register.loss(edge.node, "$ref leads round in a circle")
            else:
                self._walked[name] = True
                path.pop()

    def _weigh(self, found: Iterable[Strict]) -> None:
        """Leaves out what would forbid more for what is left out of it."""
        for strict in found:
            flawed = strict.flawed or self._flawed & self._reached(edge.name for edge in strict.edges)
            if flawed and strict.keys[0] in strict.owner:
                for key in strict.keys:
                    strict.owner.pop(key, None)
                strict.owner[UNCHECKED] = True
                self.register.loss(strict.node, "left out: what is read otherwise within it would forbid too much")

    def _reached(self, names: Iterable[str]) -> set[str]:
        """The components of these names and all that they refer to."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [edge.name for edge in self._edges[name]]
        return found

    def _without_mistakes(self, schema: Any, node: Node) -> Any:
        """A schema without whatever its metaschema forbids."""
        for _ in range(_MISTAKES):
            mistake = first_mistake(schema)
            if mistake is None:
                return schema
            self.register.loss(f"{node}{mistake.pointer}", f"is not what a schema can hold: {mistake.message}")
            if not mistake.pointer:
                break
            _leave_out(schema, mistake)
        return {UNCHECKED: True}

    def _compiled(self, schema: dict[str, Any], names: Iterable[str], node: Node) -> Mapping[str, Any]:
        """A schema with its components, which a validator takes; one that it does not take says nothing."""
        parts = {name: self._components[name] for name in sorted(names)}
        whole = {**schema, "components": {"schemas": parts}} if parts else schema
        try:
            Validator.of(whole)
        except ContractError:
            self.register.loss(node, "cannot be compiled; it is left out")
            return {UNCHECKED: True}
        return whole


def _leave_out(schema: Any, mistake: SchemaError) -> None:
    """Removes what a mistake is about."""
    *steps, last = [part.replace("~1", "/").replace("~0", "~") for part in mistake.pointer.split("/")[1:]]
    for step in steps:
        schema = schema[int(step)] if isinstance(schema, list) else schema[step]
    if isinstance(schema, list):
        schema[int(last)] = {UNCHECKED: True}
    else:
        del schema[last]
        schema[UNCHECKED] = True
