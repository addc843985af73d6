"""Planted defects of a reference server, each of which one requirement must catch.

A fault is a name, a sentence and a *plant*: a function that puts the defect into a fresh server. What builds plants
is in `edits` (answers that are changed) and `plants` (policies, records and handlers that are changed), and is the
same for every API. A module of faults goes through its requirements:

    fault = faults.of("vultr.auth.no-key-401")
    fault("account-403-without-key", "GET /account without a key answers 403.").by(
        status(403, on=ACCOUNT, cause="no-key")
    )

    @fault.using(rewrite, on=ACCOUNT)
    def balance_doubled(request: Request, body: Any) -> object:
        \"""The balance of the account is twice what it is.\"""
        …
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from attrs import field, frozen, mutable

from conformance.reference.core import Server

Plant = Callable[[Server], None]
P = ParamSpec("P")
T = TypeVar("T", bound=Callable[..., Any])


@frozen
class Fault:
    """A defect of the reference server.

    `id` is the id of the requirement that must catch it, a slash and a slug; `plant` puts it into a fresh
    server.
    """

    id: str
    requirement: str
    description: str
    plant: Plant = field(eq=False, repr=False)

    @property
    def api(self) -> str:
        """The API it belongs to."""
        return self.requirement.partition(".")[0]


@mutable
class Faults:
    """The faults of one module, in their order."""

    _named: list[Named] = field(factory=list, init=False)

    def __iter__(self) -> Iterator[Fault]:
        """All of them; ValueError for one that was named and given no plant."""
        return iter([one.fault() for one in self._named])

    def of(self, requirement: str) -> Breaking:
        """What adds faults that break this requirement."""
        return Breaking(requirement, self._named)


@mutable
class Named:
    """A fault that has a name and a sentence, and wants its plant."""

    requirement: str
    slug: str
    description: str
    plant: Plant | None = None

    def by(self, plant: Plant) -> None:
        """Say what is wrong with the server."""
        self.plant = plant

    def fault(self) -> Fault:
        """The fault; ValueError without a plant."""
        identity = f"{self.requirement}/{self.slug}"
        if self.plant is None:
            raise ValueError(f"the fault {identity} has no plant: it ends with .by(…)")
        return Fault(identity, self.requirement, self.description, self.plant)


@frozen
class Breaking:
    """Adds faults that break one requirement."""

    requirement: str
    _named: list[Named]

    def __call__(self, slug: str, description: str) -> Named:
        """Add a fault, which is given its plant by the `by` of what is returned."""
        named = Named(self.requirement, slug, description)
        self._named.append(named)
        return named

    def using(self, build: Callable[Concatenate[T, P], Plant], *args: P.args, **kwargs: P.kwargs) -> Callable[[T], T]:
        """Add a fault whose plant is built from what is decorated.

        That gives the slug by its name and the description by the first line of its docstring.
        """

        def decorate(decorated: T) -> T:
            self(_slug(decorated.__name__), _first_line(decorated)).by(build(decorated, *args, **kwargs))
            return decorated

        return decorate

    def server(self, plant: Plant) -> Plant:
        """Add a fault whose plant is what is decorated, for what no tool is made for."""
        return self.using(_itself)(plant)


def _itself(plant: Plant) -> Plant:
    return plant


def _slug(name: str) -> str:
    return re.sub(r"_|(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=[0-9])", "-", name).lower()


def _first_line(decorated: object) -> str:
    return (decorated.__doc__ or "").partition("\n")[0]
