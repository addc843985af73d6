"""A published OpenAPI document: its operations, at once by method and path, and all else when it is met."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from attrs import define, field

from conformance.contract.documents.contents import ANY, Contents
from conformance.contract.documents.files import Files, Node
from conformance.contract.documents.later import Later
from conformance.contract.documents.listing import collection_of
from conformance.contract.documents.references import Direction
from conformance.contract.documents.schemas import Schemas
from conformance.contract.documents.servers import base_urls, own_urls
from conformance.contract.documents.templates import mistake_in, read_template
from conformance.contract.documents.unchecked import Register
from conformance.contract.errors import ContractError
from conformance.contract.operation import MANY_SEGMENTS, METHODS, Answer, Operation
from conformance.contract.templates import anonymous, parameters_in

_STATUS = re.compile(r"[1-5]([0-9][0-9]|XX)")
_ANY_SUCCESS = tuple(range(200, 300))


@define(eq=False)
class Document:
    """What a published document says.

    Attributes:
        version: `2.0`, `3.0` or `3.1`, by whose rules it is read.
        root: the content of its file, as it stands there.
        operations: every operation that has a path and a method of its own.
        base_urls: where it says that they are, or any one of them is; paths where it names no host, and `*` for any
            text.
        unchecked: what is read otherwise than it stands there, or not at all, as far as it was met.
    """

    path: Path
    version: str
    root: Mapping[str, Any]
    base_urls: tuple[str, ...]
    unchecked: Register
    schemas: Schemas
    _contents: Contents
    operations: tuple[Operation, ...] = field(init=False, factory=tuple)

    @classmethod
    def read(cls, path: Path) -> Document:
        """The document of a file, and of what it refers to in the same folder.

        Raises:
            ContractError: it cannot be read, or is no OpenAPI document.
        """
        files, register = Files.of(path), Register()
        version = _version(path, files.root)
        if not re.match("[23]", _said(files.root)):
            register.repair("#", f"which version of OpenAPI it is of is not told; it is read as {version}")
        for name, key in files.repeated:
            register.loss(f"{name}#", f"{key[:80]!r} is given twice in one object: the last one stands")
        schemas = Schemas(files, version, register)
        root = Node(files.root)
        contents = Contents(files, schemas, register, _media_types(root, "produces"), _media_types(root, "consumes"))
        document = cls(path, version, files.root, base_urls(files.root), register, schemas, contents)
        document.operations = tuple(document._operations(root))
        document.base_urls = tuple(dict.fromkeys(document.base_urls))
        return document

    @property
    def files(self) -> tuple[Path, ...]:
        """Its file, and those of its folder that it refers to."""
        return (self.path, *(self.path.parent / name for name in self._contents.files.others))

    @property
    def title(self) -> str:
        """What the document calls itself."""
        info = self.root.get("info")
        title = info.get("title") if isinstance(info, dict) else None
        return title.strip() if isinstance(title, str) and title.strip() else self.path.stem

    @property
    def components(self) -> Mapping[str, Mapping[str, Any]]:
        """Its named schemas, as answers have them."""
        if self.version == "2.0":
            holder = Node(self.root).get("definitions")
        else:
            components = Node(self.root).get("components")
            holder = components.get("schemas") if components is not None else None
        return Later({name: partial(self._schema, part, "answer") for name, part in holder.items()} if holder else {})

    def _schema(self, node: Node, direction: Direction) -> Mapping[str, Any]:
        return self.schemas.of(node, direction)

    def _operations(self, root: Node) -> Iterator[Operation]:
        taken: dict[tuple[str, str], str] = {}
        for path, item in root["paths"].items():
            if path.startswith("x-"):
                continue
            template, many = read_template(path)
            if not template.startswith("/"):
                self.unchecked.repair(item, "the path begins with a /")
                template = f"/{template}"
            if mistake := mistake_in(template):
                self.unchecked.loss(item, f"the path is no template: {mistake}; its operations are left out")
                continue
            found = self._contents.resolved(item)
            if found is None:
                continue
            self.base_urls += own_urls(found)
            for key, entry in found.items():
                method = key.upper()
                if method not in METHODS:
                    if key in _OTHER_METHODS:
                        self.unchecked.loss(entry, f"operations of the method {method} are left out")
                    continue
                if not isinstance(entry.value, dict):
                    self.unchecked.loss(entry, "the operation is no object; it is left out")
                    continue
                place = (method, anonymous(template))
                if place in taken:
                    reason = f"cannot be told from {method} {taken[place]}, which stands first; it is left out"
                    self.unchecked.loss(entry, reason)
                    continue
                taken[place] = template
                self.base_urls += own_urls(entry)
                yield self._operation(method, template, many, found, entry)

    def _operation(self, method: str, path: str, many: str | None, item: Node, entry: Node) -> Operation:
        contents = self._contents
        parameters = list(contents.parameters(item.get("parameters"), entry.get("parameters")))
        operation = Operation(method, path)
        named, declared = set(operation.path_parameters), set()
        kept: list[Mapping[str, Any]] = []
        for node in parameters:
            name, place = node.value["name"], node.value["in"]
            if place in ("body", "formData"):
                continue
            if place == "path":
                name = name.strip("{}+*")
                if name not in named and name in parameters_in(path):
                    self.unchecked.repair(node, f"{name[:80]!r} stands in the query of the path {path}")
                    kept.append(
                        contents.parameter(Node({**node.value, "in": "query"}, node.file, node.pointer), many=False)
                    )
                    continue
                if name not in named:
                    self.unchecked.loss(node, f"{name[:80]!r} is no part of the path {path}; it is left out")
                    continue
                declared.add(name)
            kept.append(contents.parameter(node, place == "path" and self._takes_rest(node, path, name, many)))
        for name in operation.path_parameters:
            if name not in declared:
                declared.add(name)
                self.unchecked.repair(entry, f"{name[:80]!r} of the path is not declared: any text is taken for it")
                many_segments = {MANY_SEGMENTS: True} if name == many else {}
                kept.append(
                    {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, **many_segments}
                )
        responses = entry.get("responses")
        answers = self._answers(responses, entry)
        body, holder = contents.body(entry, parameters)
        return Operation(
            method=method,
            path=path,
            parameters=tuple(kept),
            examples={
                node.value["name"]: examples
                for node in parameters
                if node.value["in"] == "path" and (examples := contents.examples(node))
            },
            authorized=_authorized(entry.value.get("security", self.root.get("security"))),
            success=_success(answers),
            responses=Later({status: partial(_json_schema, answers, status) for status in answers}),
            answers=answers,
            body=body,
            sample=contents.sample(body, holder, parameters),
            collection=collection_of(contents.files, method, answers_of(responses), self.version),
        )

    def _takes_rest(self, node: Node, path: str, name: str, many: str | None) -> bool:
        said = name == many or any(node.value.get(key) is True for key in (MANY_SEGMENTS, "x-multi-segment"))
        if said and not path.endswith(f"/{{{name}}}"):
            self.unchecked.loss(node, "takes several segments in the middle of a path; one is taken")
            return False
        return said

    def _answers(self, responses: Node | None, entry: Node) -> Mapping[str, Answer]:
        makers = {}
        for status, response in responses.items() if responses is not None else ():
            name = status if status == "default" else status.strip().upper()
            if _STATUS.fullmatch(name) or name == "default":
                makers[name] = partial(self._contents.answer, response, entry)
            elif not status.startswith("x-"):
                self.unchecked.loss(response, f"{status[:80]!r} is no status; what it says is left out")
        if not makers:
            self.unchecked.loss(entry, "no answer is described: none is checked against the document")
        elif "default" not in makers and not any(name.startswith("2") for name in makers):
            self.unchecked.loss(entry, "no success is described: what one looks like is unchecked")
        return Later(makers)


_OTHER_METHODS = ("trace", "query", "additionalOperations", "connect", "link", "unlink", "purge")


def answers_of(responses: Node | None) -> Node | None:
    """The answer to a call that succeeds, as far as a document describes one."""
    if responses is None or not isinstance(responses.value, dict):
        return None
    first = sorted(status for status in responses.value if status.startswith("2"))
    return responses[first[0]] if first else None


def _json_schema(answers: Mapping[str, Answer], status: str) -> Mapping[str, Any] | None:
    return answers[status].schema


def _success(answers: Mapping[str, Answer]) -> tuple[int, ...]:
    named = tuple(int(status) for status in answers if status.startswith("2") and status.isdigit())
    # A range, an answer for every status, and a document that names none leave each success free.
    return named if named and "2XX" not in answers else _ANY_SUCCESS


def _authorized(security: Any) -> str:
    if not isinstance(security, list) or not security:
        return "none"
    return "optional" if {} in security else "required"


def _media_types(root: Node, key: str) -> tuple[str, ...]:
    value = root.value.get(key)
    found = tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
    return found or ((ANY,) if key == "produces" else ())


def _version(path: Path, root: Any) -> str:
    """The version by whose rules a document is read.

    Raises:
        ContractError: it is no OpenAPI document that is read here.
    """
    if not isinstance(root, dict):
        raise ContractError(f"{path}: is not an OpenAPI document: it is no object")
    if not isinstance(root.get("paths"), dict):
        raise ContractError(f"{path}: is not an OpenAPI document: it has no `paths`")
    said = _said(root)
    if re.match("[0-9]", said):
        version = next((each for each in ("2.0", "3.0", "3.1") if said.startswith(each)), None)
        if version is None and said[0] not in "23":
            raise ContractError(f"{path}: is of OpenAPI {said[:20]}; 2.0, 3.0, 3.1 and 3.2 are read")
        return version or ("2.0" if said[0] == "2" else "3.1")
    if "swagger" in root or "definitions" in root:
        return "2.0"
    if "openapi" in root or "components" in root:
        return "3.0"
    raise ContractError(f"{path}: is not an OpenAPI document: it has neither `openapi` nor `swagger`")


def _said(root: Mapping[str, Any]) -> str:
    """What a document says of its version."""
    return str(root.get("openapi", root.get("swagger", ""))).strip()
