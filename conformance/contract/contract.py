"""The contract of an API: everything that `specs/<api>/` says about it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import field, frozen

from conformance.contract.base import BaseRequirement, base_requirements
from conformance.contract.conventions import OLD_VERSIONS, PREVIOUS_CURSOR, Conventions, Resource
from conformance.contract.documents.unchecked import Register
from conformance.contract.errors import ContractError
from conformance.contract.operation import Operation
from conformance.contract.reading import label
from conformance.contract.requirement import Catalogue, Document, Requirement
from conformance.contract.router import Router
from conformance.contract.routes import Routes
from conformance.contract.schema import Validator
from conformance.contract.selectors import selected
from conformance.shipped import shipped

SPECS = shipped("specs")


@frozen(eq=False, slots=False)
class Contract:
    """What is documented about one API.

    Attributes:
        components: the document's named schemas, each with what it refers to.
        document: the OpenAPI document as it stands in its file.
        folder: holds the files of the API.
        source: the file of the document.
        base_urls: where the document says that the API is; paths where it names no host, and `*` for any text.
        published: whether the operations are those of a document that others published, and not of our own digest.
        unchecked: what of a published document is read otherwise than it stands there, or not at all. It grows as the
            parts of the document are met.
        lacking: operations that the API's own contract has, and the published document in its place has not.
    """

    api: str
    conventions: Conventions
    operations: tuple[Operation, ...]
    components: Mapping[str, Any]
    catalogue: Catalogue
    document: Mapping[str, Any] = field(factory=dict)
    folder: Path = field()

    @folder.default
    def _shipped(self) -> Path:
        return SPECS / self.api

    source: Path = field()

    @source.default
    def _digest(self) -> Path:
        return self.folder / "openapi.yaml"

    base_urls: tuple[str, ...] = ()
    published: bool = False
    unchecked: Register = field(factory=Register)
    lacking: tuple[Operation, ...] = ()

    @cached_property
    def requirements(self) -> dict[str, Requirement]:
        """Requirements by id: the API's own in the order of its file, then the base ones."""
        base = base_requirements(self.api, published=self.published)
        return {record.id: record for record in (*self.catalogue.requirements, *base)}

    def document_of(self, requirement: Requirement) -> Document:
        """The document that a requirement is a promise of."""
        return requirement.document if isinstance(requirement, BaseRequirement) else self.catalogue.document

    @cached_property
    def router(self) -> Router:
        return Router(self.operations)

    @cached_property
    def _by_id(self) -> dict[str, Operation]:
        return {operation.id: operation for operation in self.operations}

    @cached_property
    def _lacking_by_id(self) -> dict[str, Operation]:
        return {operation.id: operation for operation in self.lacking}

    def operation(self, operation_id: str) -> Operation:
        """The operation named `METHOD /path`.

        Raises:
            ContractError: the contract has none of that name.
        """
        found = self._by_id.get(operation_id) or self._lacking_by_id.get(operation_id)
        if found is None:
            raise ContractError(f"{label(self.source)} has no operation {operation_id}")
        return found

    def has(self, operation_id: str) -> bool:
        """Whether it is one of the contract's operations."""
        return operation_id in self._by_id

    def operations_of(self, requirement: Requirement) -> tuple[str, ...]:
        """The ids of the operations a requirement applies to; `client` for one that binds the client."""
        found = selected(requirement.operations, self.operations)
        return tuple(each for each in found if each not in self._lacking_by_id) if self.lacking else found

    def routes(self, paths: Mapping[str, str]) -> Routes:
        """Where a target serves the operations, by its `paths`; errors as `Routes.of`."""
        return Routes.of(self.operations, paths) if paths else self._as_documented

    @cached_property
    def _as_documented(self) -> Routes:
        return Routes.of(self.operations, {})

    @property
    def base_path(self) -> str:
        """The path of the documented base URL, empty where it has none."""
        return urlsplit(self.conventions.origin).path

    @cached_property
    def named_by_targets(self) -> tuple[str, ...]:
        """The parameters that whoever knows a target may name values of, sorted: what stands in paths, and what else
        no document says, such as whose resources there are beside the caller's."""
        scope, pagination = self.conventions.auth.scope, self.conventions.pagination
        found = {name for operation in self.operations for name in operation.path_parameters}
        if scope is not None:
            found |= {scope.parameter, *([scope.foreign] if scope.foreign else [])}
        if pagination is not None and pagination.previous is None and not pagination.by_link:
            found.add(PREVIOUS_CURSOR)
        # What only another credential reaches.
        others = [name for name in self.conventions.auth.credentials if name != "default"]
        parameters = [name for operation in self.operations for name in operation.path_parameters]
        found |= {f"{other}_{name}" for other in others for name in parameters}
        if self.conventions.versioning is not None and self.conventions.versioning.carrier == "path":
            found.add(OLD_VERSIONS)
        return tuple(sorted(found))

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that the API lives on, by the conventions and the document's servers; `*` stands for any text.

        Empty where neither names one, or only such as stand for another.
        """
        urls = (self.conventions.origin, *self.base_urls)
        matches = [_HOST.match(url) for url in urls]
        named = [match[1] for match in matches if match] + list(self.conventions.hosts)
        found = tuple(dict.fromkeys(host.lower() for host in named if not _PLACEHOLDER.fullmatch(host)))
        return found if not all(map(_NEARBY.fullmatch, found)) else ()

    def below_documented_prefix(self, url: str) -> str:
        """A base URL as the path templates expect it: without what every one of them begins with."""
        url = url.rstrip("/")
        shared = _shared_start([operation.path.split("/")[1:] for operation in self.operations])
        for length in range(len(shared), 0, -1):
            prefix = "/" + "/".join(shared[:length])
            if urlsplit(url).path.endswith(prefix):
                return url.removesuffix(prefix)
        return url

    def component(self, name: str) -> Mapping[str, Any]:
        """The schema `#/components/schemas/NAME`, with what it refers to; the same object each time.

        Raises:
            ContractError: the contract has none of that name.
        """
        if name not in self.components:
            raise ContractError(f"{label(self.source)} has no schema {name}")
        found: Mapping[str, Any] = self.components[name]
        return found

    @cached_property
    def envelope(self) -> Validator:
        """Validator of an error body."""
        return Validator(self.conventions.errors.envelope)

    def resource_of(self, operation: Operation) -> Resource | None:
        """The resource that `operation` creates, reads, changes, deletes or lists."""
        for resource in self.conventions.resources:
            if operation.id in resource.operations:
                return resource
        return None


_HOST = re.compile(r"[a-z]+://([^/:?#@]+)")
_PLACEHOLDER = re.compile(
    r"[*.]*|localhost|127\.0\.0\.1|0\.0\.0\.0|(.+\.)?(example\.(com|org|net)|(example|invalid|test|localhost))",
    re.IGNORECASE,
)
"""Names that stand for another host (RFC 2606), or for this one."""

_NEARBY = re.compile(r"[^.]+|.+\.local", re.IGNORECASE)
"""Names that a network gives its own hosts (RFC 6762), and that stand for others where a document has no more."""


def _shared_start(paths: Sequence[Sequence[str]]) -> list[str]:
    """The literal segments that all paths begin with."""
    shared = []
    for segments in zip(*paths, strict=False):
        if len(set(segments)) > 1 or segments[0].startswith("{"):
            break
        shared.append(segments[0])
    return shared
