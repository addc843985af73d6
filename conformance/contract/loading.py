"""Contracts from their files: those of `specs/<api>/`, and published documents."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from pathlib import Path

from attrs import frozen

from conformance.contract.contract import SPECS, Contract
from conformance.contract.conventions import Conventions
from conformance.contract.documents import Document
from conformance.contract.documents.servers import base_urls
from conformance.contract.errors import ContractError
from conformance.contract.openapi import operations_of, read_openapi, with_components
from conformance.contract.published import alone, beside, slug
from conformance.contract.reading import label, read
from conformance.contract.requirement import BASE, CLIENT, Catalogue
from conformance.contract.selectors import selected


def apis(specs: Path | None = None) -> tuple[str, ...]:
    """The APIs that have requirements, by name; `specs` is a folder with some beside the shipped ones."""
    return tuple(
        sorted({path.parent.name for folder in _folders(specs) for path in folder.glob("*/requirements.yaml")} - {BASE})
    )


def contracts(specs: Path | None = None) -> tuple[str, ...]:
    """The APIs whose contract is complete, so that a target can be judged by it."""
    return tuple(api for api in apis(specs) if _is_complete(folder_of(api, specs)))


def _is_complete(folder: Path) -> bool:
    return (folder / "openapi.yaml").is_file() or _document_in(folder) is not None


def folder_of(api: str, specs: Path | None = None) -> Path:
    """The folder that holds the files of an API, `specs` before the shipped ones: it is taken from there alone.

    Raises:
        ContractError: the API is unknown, or there is no folder `specs`.
    """
    folders = _folders(specs)
    for folder in folders:
        # A name leads nowhere else: `../other` is no API.
        if api in _names(folder):
            return folder / api
    known = [f"{'specs/' if f == SPECS else f} has {', '.join(sorted(_names(f)))}" for f in folders]
    raise ContractError(f"unknown API {api!r}: {'; '.join(known)}")


def _folders(specs: Path | None) -> tuple[Path, ...]:
    if specs is None:
        return (SPECS,)
    if not specs.is_dir():
        raise ContractError(f"--specs {specs}: there is no such folder")
    return (specs, SPECS)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_dir() and path.name != BASE}


def load_catalogue(api: str, specs: Path | None = None) -> Catalogue:
    """The requirements of an API.

    Raises:
        ContractError: the API is unknown, or a record of the file is wrong.
    """
    path = folder_of(api, specs) / "requirements.yaml"
    catalogue = read(path, Catalogue)
    for record in catalogue.requirements:
        if record.api != api:
            raise ContractError(f"{label(path)}: {record.id} belongs to another API")
        if record.area == BASE:
            raise ContractError(f"{label(path)}: {record.id}: the area {BASE} is that of the base requirements")
    return catalogue


def load(api: str, specs: Path | None = None) -> Contract:
    """The contract of an API.

    Raises:
        ContractError: the API is unknown, has no contract yet, or one of its files is wrong.
    """
    return _load(folder_of(api, specs))


@cache
def _load(folder: Path) -> Contract:
    api = folder.name
    catalogue = load_catalogue(api, folder.parent)
    if (published := _document_in(folder)) is not None:
        conventions = read(folder / "conventions.yaml", Conventions)
        return _held(alone(Document.read(published), api, conventions, catalogue, folder))
    openapi, conventions_ = folder / "openapi.yaml", folder / "conventions.yaml"
    if not openapi.is_file():
        raise ContractError(
            f"{api} has requirements but no contract yet: {label(openapi)} is missing; "
            f"`conformance requirements {api}` lists what it will be held to"
        )
    document = read_openapi(openapi)
    conventions = read(conventions_, Conventions)
    schemas = document.get("components", {}).get("schemas", {})
    contract = Contract(
        api,
        conventions,
        conventions.listed(operations_of(document, label(openapi))),
        {name: with_components({"$ref": f"#/components/schemas/{name}"}, schemas) for name in schemas},
        catalogue,
        document,
        folder,
        base_urls=base_urls(document),
    )
    return _held(contract)


def _document_in(folder: Path) -> Path | None:
    """The published document that stands in place of `openapi.yaml`."""
    named = (folder / f"document.{kind}" for kind in ("json", "yaml", "yml"))
    return next((path for path in named if path.is_file()), None)


def _held(contract: Contract) -> Contract:
    """A contract whose files name only operations that its document has.

    Raises:
        ContractError: one names another.
    """
    catalogue, conventions, folder = contract.catalogue, contract.conventions, contract.folder
    conventions_, document = folder / "conventions.yaml", contract.source.name
    for resource in conventions.resources:
        for operation_id in (*resource.operations, *resource.also, *chain.from_iterable(resource.parts.values())):
            if not contract.has(operation_id):
                where = f"{label(conventions_)}: resources.{resource.name}"
                raise ContractError(f"{where}: {operation_id} is not in {document}")
    for bucket in conventions.rate_limit.buckets if conventions.rate_limit else ():
        for call in bucket.calls:
            if not contract.has(call.operation):
                where = f"{label(conventions_)}: rate_limit.buckets: {bucket.name}"
                raise ContractError(f"{where}: {call.operation} is not in {document}")
    for record in catalogue.requirements:
        for operations in (record.operations, *(each.operations for each in record.observe or () if each.operations)):
            for operation_id in selected(operations, contract.operations):
                if operation_id != CLIENT and not contract.has(operation_id):
                    where = f"{label(folder / 'requirements.yaml')}: {record.id}: operations"
                    raise ContractError(f"{where}: {operation_id} is not in {document}")
    return contract


@frozen
class Spec:
    """A published document that is taken for a contract.

    Attributes:
        file: the document's.
        adds: the operations of an API stay, and those of the document come to them.
        conventions: a file of them, in place of an API's, or of the few that the document itself tells.
        name: what its API is called; None for what the document's title says.
    """

    file: Path
    adds: bool = False
    conventions: Path | None = None
    name: str | None = None

    @classmethod
    def of(
        cls, file: Path | None, *, adds: bool = False, conventions: Path | None = None, name: str | None = None
    ) -> Spec | None:
        """The document that the options of a call name; None where they name none.

        Raises:
            ContractError: one of the others is given without it.
        """
        if file is not None:
            return cls(file, adds, conventions, name)
        for option, given in (("--spec-adds", adds), ("--conventions", conventions), ("--name", name)):
            if given:
                raise ContractError(f"{option} is for a published document: --spec FILE names one")
        return None

    def contract(self, api: str | None = None, specs: Path | None = None) -> Contract:
        """The contract that the document makes, of an API whose conventions and requirements apply, or alone.

        Raises:
            ContractError: a file cannot be read, the API is unknown, or the options exclude each other.
        """
        if api is not None and self.name is not None:
            raise ContractError(f"--name {self.name}: the API is called {api}, by --api")
        if api is None and self.adds:
            raise ContractError("--spec-adds: --api NAME says to which operations those of the document come")
        if self.name is not None:
            check_name(self.name, f"--name {self.name}")
        document = Document.read(self.file)
        given = read(self.conventions, Conventions) if self.conventions is not None else None
        if api is None:
            return alone(document, self.name or slug(document.title), given)
        return beside(load(api, specs), document, adds=self.adds, conventions=given)


_NAME = re.compile(r"[a-z0-9]+")


def check_name(name: str, given: str) -> None:
    """Whether an API may be called so; `given` is what a message calls it.

    Raises:
        ContractError: it has other characters than names have, or is that of the base requirements.
    """
    if not _NAME.fullmatch(name):
        raise ContractError(f"{given}: a name has small letters and digits only")
    if name == BASE:
        raise ContractError(f"{given}: is what the base requirements are called; take another name")
