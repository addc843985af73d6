"""The files of a document, and where its references lead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml
from attrs import define, field, frozen

from conformance.contract.documents import yaml12
from conformance.contract.errors import ContractError
from conformance.contract.nesting import nests_deeper
from conformance.contract.reading import read_text, yaml_mistake
from conformance.contract.schema import pointer, token

MAX_VALUES = 5_000_000
"""Values in one document; one of 4 MB has about a million."""


class Nowhere(Exception):
    """A reference leads to nothing that may be read; the text says why."""


@frozen(eq=False)
class Node:
    """A value in a document, and where it stands."""

    value: Any
    file: str = ""
    pointer: str = ""

    def __getitem__(self, key: str | int) -> Node:
        return Node(self.value[key], self.file, self.pointer + token(key))

    def get(self, key: str) -> Node | None:
        """The member of that name; None where there is none, or where this is no object."""
        return self[key] if isinstance(self.value, dict) and key in self.value else None

    def items(self) -> Iterator[tuple[str, Node]]:
        """The members, none where this is no object."""
        return ((key, self[key]) for key in (self.value if isinstance(self.value, dict) else ()))

    def parts(self) -> Iterator[Node]:
        """The items, none where this is no list."""
        return (self[index] for index in range(len(self.value) if isinstance(self.value, list) else 0))

    @property
    def place(self) -> tuple[str, str]:
        return (self.file, self.pointer)

    def __str__(self) -> str:
        return f"{self.file}#{self.pointer}"


@define
class Files:
    """The document's file and those of its folder that it refers to, each read once."""

    path: Path
    root: Any = None
    repeated: list[tuple[str, str]] = field(factory=list)
    _others: dict[str, Any] = field(factory=dict)

    @classmethod
    def of(cls, path: Path) -> Files:
        """A document with whatever it may refer to.

        Raises:
            ContractError: the file cannot be read, or is neither JSON nor YAML.
        """
        files = cls(path)
        files.root = files._content(path, "")
        return files

    def target(self, node: Node, ref: str) -> Node:
        """What a reference that stands in the file of `node` leads to.

        Raises:
            Nowhere: it leads to nothing, out of the document's folder, or to another host.
        """
        name, _, fragment = ref.partition("#")
        file = self._file(node.file, name) if name else node.file
        root = self._others[file] if file else self.root
        place = unquote(fragment)
        for each in (place, fragment):
            try:
                return Node(pointer(root, each), file, each)
            except LookupError:
                continue
        found = _anchored(root, place) if place and not place.startswith("/") else None
        if found is None:
            raise Nowhere(f"$ref {_short(ref)} leads nowhere")
        return Node(found[1], file, found[0])

    def resolved(self, node: Node) -> Node:
        """What stands at a node, its references followed.

        Raises:
            Nowhere: one leads nowhere, or they lead round in a circle.
        """
        passed: set[tuple[str, str]] = set()
        while isinstance(node.value, dict) and isinstance(ref := node.value.get("$ref"), str):
            if node.place in passed:
                raise Nowhere(f"$ref {_short(ref)} leads round in a circle")
            passed.add(node.place)
            node = self.target(node, ref)
        return node

    @property
    def others(self) -> tuple[str, ...]:
        """The other files of the folder that the document refers to, or one of those does, by their paths below it."""
        waiting, passed = [""], set[str]()
        while waiting:
            name = waiting.pop()
            if name in passed:
                continue
            passed.add(name)
            for ref in _references(self._others[name] if name else self.root):
                try:
                    waiting.append(self.target(Node(None, name), ref).file)
                except Nowhere:
                    continue
        return tuple(sorted(passed - {""}))

    def _file(self, within: str, name: str) -> str:
        if "://" in name or name.startswith("//"):
            raise Nowhere(f"$ref {_short(name)} leads to another host, and none is asked")
        folder = self.path.parent.resolve()
        path = (folder / within).parent / unquote(name) if within else folder / unquote(name)
        try:
            found = path.resolve()
            relative = found.relative_to(folder).as_posix()
        except (OSError, RuntimeError, ValueError):
            raise Nowhere(f"$ref {_short(name)} leads out of the folder of the document") from None
        if found == self.path.resolve():
            return ""
        if relative not in self._others:
            try:
                self._others[relative] = self._content(found, relative)
            except ContractError as error:
                raise Nowhere(f"$ref {_short(name)}: {error}") from None
        return relative

    def _content(self, path: Path, name: str) -> Any:
        text = read_text(path)
        try:
            content, repeated = _parsed(text)
        except yaml.YAMLError as error:
            raise ContractError(f"{path}:{yaml_mistake(error)}") from None
        except RecursionError:
            raise ContractError(f"{path}: nests too deep") from None
        except ValueError as error:
            raise ContractError(f"{path}: {error}") from None
        self.repeated += [(name, key) for key in repeated]
        return content


def _parsed(text: str) -> tuple[Any, tuple[str, ...]]:
    if text.lstrip()[:1] in ("{", "["):
        repeated: list[str] = []

        def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            found = dict(pairs)
            if len(found) < len(pairs):
                seen: set[str] = set()
                repeated.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            return found

        try:
            content = json.loads(text, object_pairs_hook=members, parse_constant=str, parse_float=_finite)
        except ValueError:
            # YAML has braces, too, and what is wrong is told by where it stands.
            return yaml12.load(text, MAX_VALUES)
        if nests_deeper(content, yaml12.MAX_NESTING):
            raise yaml12.TooMuch("nests too deep")
        return content, tuple(repeated)
    return yaml12.load(text, MAX_VALUES)


def _references(value: Any) -> Iterator[str]:
    """Every reference to another file in a value."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            ref = each.get("$ref")
            if isinstance(ref, str) and not ref.startswith("#"):
                yield ref
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _finite(text: str) -> float | str:
    """A number as it is written; JSON has none for what no other program can hold."""
    number = float(text)
    return number if isfinite(number) else text


def _anchored(root: Any, name: str) -> tuple[str, Any] | None:
    """The schema of a document that gives itself a name (`$anchor`), with its place."""
    waiting = [("", root)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            if name in (value.get("$anchor"), value.get("$dynamicAnchor")):
                return place, value
            waiting += [(place + token(key), each) for key, each in value.items()]
        elif isinstance(value, list):
            waiting += [(place + token(index), each) for index, each in enumerate(value)]
    return None


def _short(ref: str) -> str:
    return ref if len(ref) <= 120 else f"{ref[:120]}…"
