"""Discovery: what a target serves, found out by reading: the paths of operations, and values of their parameters."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from attrs import define, field

from conformance.contract import Contract, Operation
from conformance.contract.operation import MANY_SEGMENTS
from conformance.contract.templates import is_parameter, segments_of
from conformance.targets.client import Client
from conformance.targets.errors import Blocked, HarnessError
from conformance.targets.guard import NO_SUCH_ID
from conformance.targets.target import UrlTarget
from conformance.traffic.exchange import Exchange
from conformance.traffic.pages import page_of

FARTHEST = 6
"""Versions beyond the documented one that are tried; all of those before it are."""

VALUES = 3
"""Values of a parameter that are taken from a list."""

_VERSION = re.compile(r"v(\d+)")


@define
class Discovery:
    """Looks around at a target at a URL. Only GETs are sent.

    Attributes:
        notices: what was found, a line each.
    """

    target: UrlTarget
    client: Client
    notices: list[str] = field(factory=list)

    @property
    def contract(self) -> Contract:
        return self.target.contract

    def find_paths(self) -> None:
        """Looks for the version of each path that answers, where the documented one is not found.

        What a target answers for a path that it does not have is told by one that names nothing. Where GETs tell
        nothing of a path, it is taken to go with the list that it is below.
        """
        nothing = self._get(self.contract.conventions.errors.unknown_path, negative=True)
        if nothing is None or nothing.response.status != 404:
            return
        found: dict[str, str] = {}
        templates = dict.fromkeys(operation.path for operation in self.contract.operations)
        for template in sorted(templates, key=lambda path: (path.count("{"), path)):
            operations = [operation for operation in self.contract.operations if operation.path == template]
            read = next((operation for operation in operations if operation.method == "GET"), None)
            if read is not None and read.id in self.target.routes.served:
                found[template] = self.target.routes.served[read.id]
                continue
            if self._is_there(template, nothing):
                continue
            variants = _variants(self.contract, template, found)
            moved = next((path for path in variants if self._answers(path, read, nothing)), None)
            tried = moved is not None
            moved = moved or _below(found, template)
            if moved is None:
                # Of what takes an id, a 404 may tell of the id alone.
                if "{" not in template:
                    self.notices.append(f"this target serves neither {template} nor another version of it")
                continue
            found[template] = moved
            for operation in operations:
                if operation.id in self.target.routes.served:
                    continue
                how = "found" if tried and operation is read else "as what is read there; not tried"
                self.notices.append(f"{operation.id} is asked for at {moved} ({how})")
        named = {op.id: found[op.path] for op in self.contract.operations if op.path in found}
        if named:
            self.target.routes = self.contract.routes({**named, **self.target.routes.served})
            self.client.routes = self.target.routes

    def _is_there(self, path: str, nothing: Exchange) -> bool:
        """Whether a documented path is served, as far as a GET tells."""
        answer = self._get(self._filled(path), negative=True)
        if answer is None or answer.response.status != 404:
            return True
        return _shape(answer) != _shape(nothing)

    def _answers(self, path: str, read: Operation | None, nothing: Exchange) -> bool:
        """Whether another path is one that serves an operation."""
        answer = self._get(self._filled(path), negative=True)
        if answer is None:
            return False
        if answer.response.ok and read is not None:
            return read.collection is None or isinstance(answer.response.at(read.collection.items), list)
        if answer.response.status == 405:
            return read is None
        # What is asked for is not there, in words that are not those for a path that is not there.
        return answer.response.status == 404 and "{" in path and _shape(answer) != _shape(nothing)

    def _filled(self, path: str) -> str:
        rests = [p for operation in self.contract.operations for p in operation.parameters if p.get(MANY_SEGMENTS)]
        named = Operation("GET", path, tuple(p for p in rests if path.endswith(f"/{{{p['name']}}}")))
        known = {name: self._known(name) for name in named.path_parameters}
        return named.expand({name: value or NO_SUCH_ID for name, value in known.items()})

    def _known(self, parameter: str) -> str | None:
        values = () if parameter in self.target.assumed else self.target.parameters.get(parameter, ())
        return next(iter(values), None)

    def find_values(self, operations: Collection[str]) -> None:
        """Takes values of path parameters, and of the parameter for the scope, from the lists that have them.

        Looked for is what some of `operations` take.

        A value of `{thing}` in `/things/{thing}` is the id of a record that `/things` lists, whether or not the
        document has that operation. What somebody named for this target is left as it is.
        """
        wanted: dict[str, tuple[str, str]] = {}
        scope = self.contract.conventions.auth.scope
        asked = [operation for operation in self.contract.operations if operation.id in operations]
        if scope is not None and scope.listed is not None and any(operation.collection for operation in asked):
            wanted[scope.parameter] = (scope.listed, "id")
        for operation in sorted(asked, key=lambda operation: operation.path.count("{")):
            for parameter, parent in _parents(operation.path):
                wanted.setdefault(parameter, (parent, "id"))
        for resource in self.contract.conventions.resources:
            if resource.list is not None and resource.parameter in wanted:
                wanted[resource.parameter] = (self.contract.operation(resource.list).path, resource.id)
        for parameter, (parent, identity) in wanted.items():
            if self._known(parameter) is None:
                self._find_value(parameter, parent, identity)

    def _find_value(self, parameter: str, parent: str, identity: str) -> None:
        listing = Operation("GET", parent)
        known = {name: self._known(name) for name in listing.path_parameters}
        if None in known.values():
            return
        answer = self._get(listing.expand({name: str(value) for name, value in known.items()}))
        pagination = self.contract.conventions.pagination
        page = page_of(answer, pagination) if answer is not None and pagination is not None else None
        records = page.records if page is not None else ()
        found = [record.get(identity) for record in records if isinstance(record, Mapping)]
        values = [str(value) for value in found if _is_id(value)]
        if values:
            self.target.learn({parameter: tuple(values[:VALUES])})
            self.notices.append(f"{parameter} is read from GET {parent}: {', '.join(values[:VALUES])}")

    def _get(self, path: str, *, negative: bool = False) -> Exchange | None:
        """The answer to a GET; None where there is none of use."""
        try:
            answer = self.client.send("GET", path, negative=negative)
        except (Blocked, HarnessError):
            return None
        response = answer.response
        return answer if response.answered and response.fault is None and response.unread is None else None


def _shape(exchange: Exchange) -> tuple[str | None, str]:
    """What an answer is like, whatever it names: its media type, and its body without what stands in it."""
    return exchange.response.media_type, _outline(exchange.response.at(""))


def _outline(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {_outline(value[name])}' for name in sorted(value))}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_outline, value))}]"
    # A code is one word; what is said for people may name the path, or the thing.
    return value if isinstance(value, str) and re.fullmatch(r"[\w-]+", value) else type(value).__name__


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and bool(str(value).strip("/. "))


def _parents(path: str) -> Iterator[tuple[str, str]]:
    """Each parameter of a path that stands for a record of a list, and the path of that list."""
    segments = segments_of(path)
    for place, segment in enumerate(segments):
        if is_parameter(segment) and place and not is_parameter(segments[place - 1]):
            yield segment[1:-1], "/" + "/".join(segments[:place])


def _below(found: Mapping[str, str], template: str) -> str | None:
    """Where a path is, if it went along with the list that it is below."""
    parent = max((known for known in found if template.startswith(f"{known}/")), key=len, default=None)
    return None if parent is None else found[parent] + template.removeprefix(parent)


def _variants(contract: Contract, template: str, found: Mapping[str, str]) -> Iterator[str]:
    """Paths that may serve what a path does: where its list went, other versions, and below the documented base."""
    along = _below(found, template)
    if along is not None:
        yield along
    segments = segments_of(template)
    place = next((number for number, segment in enumerate(segments) if _VERSION.fullmatch(segment)), None)
    if place is not None:
        own = int(segments[place][1:])
        versions = [version for version in range(1, own + FARTHEST + 1) if version != own]
        for version in sorted(versions, key=lambda version: (abs(version - own), -version)):
            variant = "/" + "/".join([*segments[:place], f"v{version}", *segments[place + 1 :]])
            if variant != along:
                yield variant
    if contract.base_path:
        yield contract.base_path + template
