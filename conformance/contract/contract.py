"""The contract of an API: everything that `specs/<api>/` says about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import field, frozen

from conformance.contract.conventions import OLD_VERSIONS, PREVIOUS_CURSOR, Conventions, Resource
from conformance.contract.errors import ContractError
from conformance.contract.openapi import Entry, Holder, Parameter, PathItem
from conformance.contract.operation import MANY_SEGMENTS, METHODS, Answer, Collection, Operation, Router, Sample
from conformance.contract.reading import label, read, read_yaml, validated
from conformance.contract.requirement import CLIENT, Catalogue, Requirement
from conformance.contract.routes import Routes
from conformance.contract.schema import Validator, first_mistake, pointer
from conformance.contract.selectors import selected
from conformance.shipped import shipped

SPECS = shipped("specs")


@frozen(eq=False, slots=False)
class Contract:
    """What is documented about one API; `folder` holds its files."""

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

    @cached_property
    def requirements(self) -> dict[str, Requirement]:
        """Requirements by id, in the order of the file."""
        return {record.id: record for record in self.catalogue.requirements}

    @cached_property
    def router(self) -> Router:
        return Router(self.operations)

    @cached_property
    def _by_id(self) -> dict[str, Operation]:
        return {operation.id: operation for operation in self.operations}

    def operation(self, operation_id: str) -> Operation:
        """The operation named `METHOD /path`.

        Raises:
            ContractError: the contract has none of that name.
        """
        try:
            return self._by_id[operation_id]
        except KeyError:
            raise ContractError(f"{label(self.folder / 'openapi.yaml')} has no operation {operation_id}") from None

    def operations_of(self, requirement: Requirement) -> tuple[str, ...]:
        """The ids of the operations a requirement applies to; `client` for one that binds the client."""
        return selected(requirement.operations, self.operations)

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
        """The hosts that the API lives on, by the conventions and the document's servers; `*` stands for any text."""
        servers = self.document.get("servers")
        urls = (
            [server.get("url") for server in servers if isinstance(server, dict)] if isinstance(servers, list) else []
        )
        # A variable in the URL of a server is one host of several.
        found = [_HOST.match(re.sub(r"{[^{}]*}", "*", str(url))) for url in (self.conventions.origin, *urls)]
        named = [host[1] for host in found if host] + list(self.conventions.hosts)
        return tuple(dict.fromkeys(host.lower() for host in named))

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
            raise ContractError(f"{label(self.folder / 'openapi.yaml')} has no schema {name}")
        return self._with_components[name]

    @cached_property
    def _with_components(self) -> dict[str, Mapping[str, Any]]:
        others = {"schemas": self.components}
        return {name: {"$ref": f"#/components/schemas/{name}", "components": others} for name in self.components}

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


def apis(specs: Path | None = None) -> tuple[str, ...]:
    """The APIs that have requirements, by name; `specs` is a folder with some beside the shipped ones."""
    return tuple(
        sorted({path.parent.name for folder in _folders(specs) for path in folder.glob("*/requirements.yaml")})
    )


def contracts(specs: Path | None = None) -> tuple[str, ...]:
    """The APIs whose contract is complete, so that a target can be judged by it."""
    return tuple(api for api in apis(specs) if (folder_of(api, specs) / "openapi.yaml").is_file())


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
    return {path.name for path in folder.iterdir() if path.is_dir()}


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
    openapi, conventions_ = folder / "openapi.yaml", folder / "conventions.yaml"
    if not openapi.is_file():
        raise ContractError(
            f"{api} has requirements but no contract yet: {label(openapi)} is missing; "
            f"`conformance requirements {api}` lists what it will be held to"
        )
    document = read_openapi(openapi)
    conventions = read(conventions_, Conventions)
    contract = Contract(
        api,
        conventions,
        tuple(_operations(document, label(openapi))),
        document.get("components", {}).get("schemas", {}),
        catalogue,
        document,
        folder,
    )
    for resource in conventions.resources:
        for operation_id in (*resource.operations, *resource.also, *chain.from_iterable(resource.parts.values())):
            if operation_id not in contract._by_id:
                where = f"{label(conventions_)}: resources.{resource.name}"
                raise ContractError(f"{where}: {operation_id} is not in openapi.yaml")
    for bucket in conventions.rate_limit.buckets if conventions.rate_limit else ():
        for call in bucket.calls:
            if call.operation not in contract._by_id:
                where = f"{label(conventions_)}: rate_limit.buckets: {bucket.name}"
                raise ContractError(f"{where}: {call.operation} is not in openapi.yaml")
    for record in catalogue.requirements:
        for operations in (record.operations, *(each.operations for each in record.observe or () if each.operations)):
            for operation_id in selected(operations, contract.operations):
                if operation_id != CLIENT and operation_id not in contract._by_id:
                    where = f"{label(folder / 'requirements.yaml')}: {record.id}: operations"
                    raise ContractError(f"{where}: {operation_id} is not in openapi.yaml")
    return contract


def read_openapi(path: Path) -> dict[str, Any]:
    """An OpenAPI 3.1 document whose references all lead somewhere.

    Raises:
        ContractError: the file is missing, not OpenAPI, or has a `$ref` that leads nowhere.
    """
    document: dict[str, Any] = read_yaml(path)
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise ContractError(f"{label(path)}: is not an OpenAPI document: it has no `paths`")
    for place, ref in _references(document, ""):
        if not ref.startswith("#/"):
            raise ContractError(f"{label(path)}: {place}: $ref {ref} leaves the file; only `#/…` is read")
        try:
            _resolved(document, {"$ref": ref})
        except LookupError:
            raise ContractError(f"{label(path)}: {place}: $ref {ref} leads nowhere") from None
    for place, schema in _schemas(document):
        if mistake := first_mistake(schema):
            raise ContractError(
                f"{label(path)}: {place}{mistake.pointer}: is not what a JSON schema can hold: {mistake.message}"
            )
    return document


def _schemas(node: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every schema of a document that stands in no other one, with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "schema":
                yield f"{place}/schema", value
            elif key == "schemas" and place == "/components" and isinstance(value, dict):
                yield from ((f"{place}/schemas/{name}", schema) for name, schema in value.items())
            elif key not in ("example", "examples"):
                yield from _schemas(value, f"{place}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _schemas(value, f"{place}/{index}")


def _references(node: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield place, node["$ref"]
        for key, value in node.items():
            yield from _references(value, f"{place}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _references(value, f"{place}/{index}")


def _operations(document: dict[str, Any], label: str) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        place = path
        validated(PathItem, item, f"{label}: {path}")
        try:
            shared = item.get("parameters", [])
            for method in METHODS:
                entry = item.get(method.lower())
                if entry is not None:
                    place = f"{method} {path}"
                    validated(Entry, entry, f"{label}: {place}")
                    parameters = [*shared, *entry.get("parameters", [])]
                    yield _operation(document, method, path, entry, parameters, f"{label}: {place}")
        except KeyError as error:
            raise ContractError(f"{label}: {place}: has no {error}") from None
        except ValueError as error:
            raise ContractError(f"{label}: {place}: is not what OpenAPI 3.1 says: {error}") from None
        except (AttributeError, TypeError):
            raise ContractError(f"{label}: {place}: is not what OpenAPI 3.1 says") from None


def _operation(
    document: dict[str, Any], method: str, path: str, entry: dict[str, Any], parameters: list[Any], where: str
) -> Operation:
    resolved = [_resolved(document, parameter) for parameter in parameters]
    for parameter in resolved:
        shape = validated(Parameter, parameter, f"{where}: parameters")
        if shape.many_segments and (shape.place != "path" or not path.endswith(f"/{{{shape.name}}}")):
            raise ContractError(
                f"{where}: parameters: {shape.name}: {MANY_SEGMENTS} is for the parameter that a path ends with"
            )
    responses = {status: _resolved(document, response) for status, response in entry["responses"].items()}
    for status, response in responses.items():
        validated(Holder, response, f"{where}: responses.{status}")
    body = _resolved(document, entry["requestBody"]) if entry.get("requestBody") is not None else None
    if body is not None:
        validated(Holder, body, f"{where}: requestBody")
    return Operation(
        method=method,
        path=path,
        parameters=tuple(resolved),
        examples={p["name"]: _examples(p) for p in resolved if p["in"] == "path"},
        authorized=_authorized(entry.get("security", document.get("security", []))),
        basis=entry.get("x-basis", "documented"),
        success=tuple(int(status) for status in responses if status.startswith("2") and status.isdigit()),
        responses={status: _schema(document, response) for status, response in responses.items()},
        answers={
            status.upper() if status != "default" else status: _answer(document, response)
            for status, response in responses.items()
        },
        request_schema=_schema(document, body) if body else None,
        sample=_sample(body, resolved),
        collection=_collection(entry.get("x-collection")),
    )


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to at last.

    Raises:
        LookupError: it leads nowhere, or round in a circle.
    """
    passed = set()
    while "$ref" in node:
        ref = node["$ref"]
        if not isinstance(ref, str):
            raise ValueError(f"the $ref {ref} is not text")
        if ref in passed:
            raise LookupError(ref)
        passed.add(ref)
        node = pointer(document, ref[1:])
        if not isinstance(node, dict):
            raise LookupError(ref)
    return node


def _examples(parameter: Mapping[str, Any]) -> tuple[str, ...]:
    values = [example["value"] for example in parameter.get("examples", {}).values()]
    if "example" in parameter:
        values.append(parameter["example"])
    return tuple(str(value) for value in values)


def _sample(body: Mapping[str, Any] | None, parameters: list[dict[str, Any]]) -> Sample | None:
    content: Mapping[str, Any] = body.get("content", {}) if body else {}
    media_type = next(iter(content), None)
    holder = content[media_type] if media_type is not None else {}
    given = {
        place: {
            p["name"]: _examples(p)[0] for p in parameters if p["in"] == place and p.get("required") and _examples(p)
        }
        for place in ("header", "query")
    }
    if "example" not in holder and not any(given.values()):
        return None
    return Sample(holder.get("example"), media_type, given["header"], given["query"])


def _shared_start(paths: Sequence[Sequence[str]]) -> list[str]:
    """The literal segments that all paths begin with."""
    shared = []
    for segments in zip(*paths, strict=False):
        if len(set(segments)) > 1 or segments[0].startswith("{"):
            break
        shared.append(segments[0])
    return shared


def _authorized(security: list[dict[str, Any]]) -> str:
    if not security:
        return "none"
    return "optional" if {} in security else "required"


def _answer(document: dict[str, Any], response: dict[str, Any]) -> Answer:
    content = {media_type: _whole(document, holder) for media_type, holder in response.get("content", {}).items()}
    headers = {name.lower(): _resolved(document, header) for name, header in response.get("headers", {}).items()}
    return Answer(content, headers)


def _schema(document: dict[str, Any], holder: dict[str, Any]) -> dict[str, Any] | None:
    for media_type, content in holder.get("content", {}).items():
        if "json" in media_type and "schema" in content:
            return _whole(document, content)
    return None


def _whole(document: dict[str, Any], content: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of a media type, with what it refers to."""
    schema: dict[str, Any] | None = content.get("schema")
    if schema is None or next(_references(schema, ""), None) is None:
        return schema
    # The validator resolves `#/components/…` inside the schema it is given.
    return {**schema, "components": {"schemas": document.get("components", {}).get("schemas", {})}}


def _collection(extension: dict[str, Any] | None) -> Collection | None:
    if extension is None:
        return None
    members = extension.get("id", "id")
    return Collection(
        items=extension["items"],
        id=(members,) if isinstance(members, str) else tuple(members),
        paged=extension.get("paged", True),
        filters={name: tuple(values) for name, values in extension.get("filters", {}).items()},
        sorts=tuple(extension.get("sorts", ())),
    )
