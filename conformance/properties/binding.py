"""How a test says what it tests: `@requirement`, `@property_test` and `@observes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve, field, frozen
from hypothesis.strategies import SearchStrategy

if TYPE_CHECKING:
    from conformance.properties.subject import Subject

F = TypeVar("F", bound=Callable[..., None])
Strategy = SearchStrategy[Any] | Callable[["Subject"], SearchStrategy[Any]]
Examples = Sequence[Mapping[str, Any]] | Callable[["Subject"], Sequence[Mapping[str, Any]]]

_ATTRIBUTE = "__conformance__"


@frozen
class Binding:
    """What is bound to a test function.

    Attributes:
        cites: rules or requirement ids; a rule stands for every requirement that names it.
        observes: the test judges every passive requirement by what is observed.
        strategies: argument → Hypothesis strategy, or a function of the subject that gives one.
        examples: cases that are always run, before drawn ones.
        generated: more cases, from what is known of the operation alone; kept and replayed like drawn ones.
        needs: capabilities the target must have.
        once: it is run for the first operation of a requirement alone, and looks at others by itself.
        on: the operations that it is run for; empty for every one of a requirement.
    """

    cites: tuple[str, ...] = ()
    observes: bool = False
    strategies: Mapping[str, Strategy] = field(factory=dict)
    examples: Examples = ()
    generated: Callable[[Subject], Sequence[Mapping[str, Any]]] | None = None
    needs: tuple[str, ...] = ()
    once: bool = False
    on: tuple[str, ...] = ()

    @property
    def is_property(self) -> bool:
        """Whether the test is run once for each of several cases."""
        return bool(self.strategies or self.examples or self.generated)


def binding_of(function: object) -> Binding | None:
    """The binding of a test function, None for one that cites nothing."""
    return getattr(function, _ATTRIBUTE, None)


def _bind(function: F, **changes: Any) -> F:
    setattr(function, _ATTRIBUTE, evolve(binding_of(function) or Binding(), **changes))
    return function


def requirement(
    *cites: str, needs: tuple[str, ...] = (), once: bool = False, on: tuple[str, ...] = ()
) -> Callable[[F], F]:
    """Binds a test to every requirement that has one of the ids, or names one of the rules.

    It is run for each operation of a requirement; with `once` for the first alone, with `on` for those alone.
    """
    return lambda function: _bind(function, cites=cites, needs=needs, once=once, on=on)


def property_test(
    examples: Examples = (),
    generated: Callable[[Subject], Sequence[Mapping[str, Any]]] | None = None,
    **strategies: Strategy,
) -> Callable[[F], F]:
    """Runs a test on each of `examples` and `generated`, then on cases drawn by Hypothesis.

    What is drawn is kept in the cassette while recording, and replayed from there.
    """
    return lambda function: _bind(function, strategies=strategies, examples=examples, generated=generated)


def observes(function: F) -> F:
    """Binds a test that makes exchanges to every passive requirement: they are judged by what is seen."""
    return _bind(function, observes=True)
