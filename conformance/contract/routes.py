"""Routes: where a target serves operations that the document has at another path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from attrs import evolve, frozen

from conformance.contract.errors import ContractError
from conformance.contract.operation import METHODS, Operation
from conformance.contract.router import Router
from conformance.contract.templates import anonymous, filled, parameters_in, segments_of


@frozen(slots=False, eq=False)
class Routes:
    """The operations of a contract at the paths that a target serves them at, both below its base URL.

    Attributes:
        served: operation id → path template, with the parameters of the documented one; only where they differ.
    """

    documented: Router
    operations: Mapping[str, Operation]
    served: Mapping[str, str]
    _moved: Router

    @classmethod
    def of(cls, operations: Iterable[Operation], paths: Mapping[str, str]) -> Routes:
        """The routes that `paths` tells of.

        Args:
            paths: `METHOD /documented/path` → the path that serves it; or the beginning of documented paths, in
                whole segments → what stands there instead. The longest beginning wins, an operation over it.

        Raises:
            ContractError: one names no operation, or cannot stand for it.
        """
        by_id = {operation.id: operation for operation in operations}
        for name, path in paths.items():
            _hold(name, path, by_id)
        served = {name: found for name, operation in by_id.items() if (found := _served(operation, paths)) is not None}
        at: dict[str, str] = {}
        for operation in by_id.values():
            place = f"{operation.method} {anonymous(served.get(operation.id, operation.path), operation.rest)}"
            if place in at and (operation.id in served or at[place] in served):
                raise ContractError(f"paths: {at[place]} and {operation.id} cannot both be served at {place}")
            at[place] = operation.id
        moved = Router(evolve(by_id[name], path=path) for name, path in served.items())
        return cls(
            Router(by_id.values()), {f"{by_id[n].method} {p}": by_id[n] for n, p in served.items()}, served, moved
        )

    def to_served(self, method: str, path: str) -> str:
        """The path that a documented one, which may bring a query, is asked for at."""
        if not self.served:
            return path
        own, mark, query = path.partition("?")
        operation = self._any(self.documented, method, own, self.served)
        return f"{_moved(own, operation, self.served[operation.id]) if operation else own}{mark}{query}"

    def to_documented(self, method: str, path: str) -> str:
        """The documented path of one that was asked for."""
        if not self.served:
            return path
        moved = self._any(self._moved, method, path, self.operations)
        return _moved(path, moved, self.operations[moved.id].path) if moved else path

    def _any(self, router: Router, method: str, path: str, known: Iterable[str]) -> Operation | None:
        """The operation at a path; for a method that no operation there has, one of another method."""
        own = router.find(method, path)
        if own is not None:
            return own if own.id in known else None
        found = (router.find(other, path) for other in METHODS)
        return next((operation for operation in found if operation is not None and operation.id in known), None)


def _hold(name: str, path: str, operations: Mapping[str, Operation]) -> None:
    """Passes if a path can stand for what `paths` names.

    Raises:
        ContractError: it cannot.
    """
    parts = urlsplit(path)
    if not path.startswith("/") or parts.netloc or parts.query or parts.fragment or "//" in path:
        raise ContractError(f"paths.{name}: {path!r} is no path below the base URL, such as /v2/things/{{id}}")
    if name in operations:
        if set(operations[name].path_parameters) != set(parameters_in(path)):
            raise ContractError(f"paths.{name}: {path!r} has to have the parameters of {operations[name].path}")
        rest = operations[name].rest
        if rest is not None and segments_of(path)[-1] != f"{{{rest}}}":
            raise ContractError(f"paths.{name}: {path!r} has to end with {{{rest}}}, which takes the rest of a path")
    elif not any(_begins(operation.path, name) for operation in operations.values()):
        raise ContractError(f"paths.{name}: is neither an operation nor the beginning of a documented path")


def _begins(path: str, beginning: str) -> bool:
    own, whole = segments_of(beginning), segments_of(path)
    return beginning.startswith("/") and whole[: len(own)] == own


def _served(operation: Operation, paths: Mapping[str, str]) -> str | None:
    """Where an operation is served, None where the document says it."""
    beginnings = sorted((name for name in paths if _begins(operation.path, name)), key=len, reverse=True)
    if operation.id in paths:
        served = paths[operation.id]
    elif beginnings:
        rest = segments_of(operation.path)[len(segments_of(beginnings[0])) :]
        served = "/".join([paths[beginnings[0]].rstrip("/"), *rest])
    else:
        return None
    return served if served != operation.path else None


def _moved(path: str, operation: Operation, to: str) -> str:
    """A path of an operation as a path of another template with the same parameters, its values as they are encoded."""
    values = operation.encoded_in(path)
    moved = "/" + filled(to, values).strip("/")
    return f"{moved}/" if path.endswith("/") and not moved.endswith("/") else moved
