"""Stateful properties: lists of steps drawn against a model, and done on a target as they were drawn.

A `Model` is a Hypothesis state machine that sends nothing: its steps change what is known of a resource's state,
and that says which steps are possible next. Lists of steps are drawn from it alone, kept as cases are, and replayed
from there. A `Play` does the steps on a target and asserts what must hold after each. A list that fails is told as
a timeline, up to the step that failed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any, ClassVar, TypeVar
from zlib import crc32

from attrs import frozen
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

from conformance.contract import ConformanceError
from conformance.properties import assertions
from conformance.properties.assertions import Moment, Violation
from conformance.properties.binding import property_test
from conformance.properties.subject import Subject
from conformance.targets import Client, NotExercised, Stale
from conformance.targets.errors import Blocked

LISTS = 2
"""Lists that are drawn for an item."""

MOST = 15
"""Steps of a list."""

AMONG = 15
"""Lists that are drawn for each that is chosen."""

Steps = Sequence[Any]
"""Each the name of a step and its arguments, as JSON: `["rename", {"name": "a", "new": "b"}]`."""

Pool = Sequence[Any] | Callable[[Any], Sequence[Any]]
"""What an argument may be, as JSON values, always or in a state of the model; without any the step is impossible."""

F = TypeVar("F", bound=Callable[..., None])
_MARK = "__step__"


class Model(RuleBasedStateMachine):
    """What is known of the state of resources. Steps are its methods that are marked as such; they send nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Any] = []
        self._beneath = frozenset(vars(self))

    def known(self) -> str:
        """The state as text, which is the same for the same state."""
        # What Hypothesis keeps on it, too, has names of its own.
        own = {
            name: value for name, value in vars(self).items() if name not in self._beneath and not name.startswith("_")
        }
        return json.dumps(own, sort_keys=True, default=sorted)

    def check(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Goes on only with a step that is possible now.

        Raises:
            Stale: the model has no such step, or it is not possible in this state.
        """
        marked: Marked | None = getattr(getattr(type(self), name, None), _MARK, None)
        if marked is None or set(marked.pools) != set(arguments):
            raise Stale(f"there is no step {told(name, arguments)}; record the test with --record --redraw")
        fits = (arguments[argument] in choices(pool, self) for argument, pool in marked.pools.items())
        if not marked.is_possible(self) or not all(fits):
            raise Stale(f"the step {told(name, arguments)} is impossible here; record the test with --record --redraw")


@frozen
class Marked:
    """When a step is possible: `when` holds, and there is something for each argument."""

    when: Callable[[Any], bool]
    pools: Mapping[str, Pool]

    def is_possible(self, model: Model) -> bool:
        return self.when(model) and all(choices(pool, model) for pool in self.pools.values())


def step(when: Callable[[Any], bool] = lambda _: True, **pools: Pool) -> Callable[[F], F]:
    """Marks a method of a model as a step, each of whose arguments is one of a pool."""

    def decorate(change: F) -> F:
        @wraps(change)
        def taken(model: Model, **arguments: Any) -> None:
            change(model, **arguments)
            model.taken.append([change.__name__, arguments])

        drawn: Any = {name: _one_of(pool) for name, pool in pools.items()}
        mark = Marked(when, pools)
        marked: Any = precondition(mark.is_possible)(rule(**drawn)(taken))  # type: ignore[no-untyped-call]
        setattr(marked, _MARK, mark)
        return marked  # type: ignore[no-any-return]

    return decorate


def _one_of(pool: Pool) -> SearchStrategy[Any]:
    return st.runner().flatmap(lambda model: st.sampled_from(choices(pool, model)))


def choices(pool: Pool, model: Model) -> Sequence[Any]:
    """What a pool holds in the state of a model."""
    found: Sequence[Any] = pool(model) if callable(pool) else pool
    return found


@cache
def lists_of(model: type[Model], name: str, count: int = LISTS, among: int = AMONG) -> list[dict[str, Any]]:
    """Up to `count` different lists of at most `MOST` steps, as cases; the same ones for the same name.

    Of `among` times as many that are drawn they are those in which the same things take most different turns.
    """
    drawn: list[list[Any]] = []

    class Drawn(model):  # type: ignore[valid-type, misc]
        def teardown(self) -> None:
            steps = json.loads(json.dumps(self.taken))
            if steps and steps not in drawn:
                drawn.append(steps)

    seed(crc32(name.encode()))(Drawn)
    run_state_machine_as_test(
        Drawn,
        settings=settings(
            max_examples=among * count,
            stateful_step_count=MOST,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    taken = [(steps, turns(model, steps)) for steps in drawn]
    chosen, seen = list[dict[str, Any]](), set[Any]()
    while taken and len(chosen) < count:
        best = max(taken, key=lambda one: len(one[1] - seen))
        taken.remove(best)
        chosen.append({"steps": best[0]})
        seen |= best[1]
    return chosen


def turns(model: type[Model], steps: Steps) -> set[Any]:
    """What is done to each thing after what befell it: each step that names it, and the last three that changed it."""
    found, state = set[Any](), model()
    befell: dict[str, list[str]] = {}
    for name, arguments in steps:
        before = state.known()
        getattr(state, name)(**arguments)
        for thing in set(_names_in(arguments)):
            past = befell.setdefault(thing, [])
            now = told(name, arguments).replace(json.dumps(thing), "it")
            found |= {(*past[-size:], now) for size in range(1, min(3, len(past)) + 1)}
            if state.known() != before:
                past.append(now)
    return found


def _names_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | Sequence):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _names_in(each)


def do(name: str, /, **arguments: Any) -> list[Any]:
    """A step of a list that is written down."""
    return [name, arguments]


def stateful(model: type[Model], examples: Sequence[Steps] = (), lists: int = LISTS) -> Callable[[F], F]:
    """Runs a test on lists of steps, its argument `steps`: on `examples`, and on `lists` drawn from a model."""
    return property_test(
        examples=[{"steps": list(steps)} for steps in examples],
        generated=lambda subject: lists_of(model, subject.item, lists),
    )


class Astray(Exception):
    """What another requirement speaks of does not hold, so that the model no longer tells what must."""


class Play:
    """Does the steps of a model on a target: for each, the method of its name.

    A method sees the model as it is before the step.
    """

    model_of: ClassVar[type[Model]]

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.model: Any = self.model_of()

    def end(self) -> None:
        """Looks once more, after the last step."""

    @property
    def client(self) -> Client:
        return self.subject.client

    def is_judged_by(self, *requirements: str) -> bool:
        """Whether the item is one of these requirements."""
        return self.subject.requirement.id in requirements

    @contextmanager
    def about(self, *requirements: str) -> Iterator[None]:
        """Assertions that speak of these requirements: only an item of one of them is judged by them."""
        if self.is_judged_by(*requirements):
            yield
            return
        with assertions.not_counted():
            try:
                yield
            except Violation as violation:
                raise Astray(str(violation)) from violation


def follow(play: type[Play], subject: Subject, steps: Steps) -> None:
    """Does steps on the target of a subject.

    Raises:
        Violation: one failed; its timeline shows the steps up to that one, and where the server is thrown away,
            only those without which it does not fail.
        Stale: the steps do not fit the model.
    """
    failed = _failure(play, subject, steps)
    # A recording answers what was asked, and nothing else.
    if failed is not None and subject.client.guard.throwaway and subject.session.cases is None:
        failed = _shortened(play, subject, *failed)
    if failed is not None:
        raise failed[0]


def _shortened(play: type[Play], subject: Subject, violation: Violation, steps: Steps) -> tuple[Violation, Steps]:
    """The violation of the steps that are left when each but the last was left out, where it fails without."""
    position = len(steps) - 2
    while position >= 0:
        try:
            shorter = _failure(play, subject, [*steps[:position], *steps[position + 1 :]])
        except ConformanceError:
            # Without this step others are impossible, or refused.
            shorter = None
        if shorter is not None:
            violation, steps = shorter
        position = min(position, len(steps) - 1) - 1
    return violation, steps


def _failure(play: type[Play], subject: Subject, steps: Steps) -> tuple[Violation, Steps] | None:
    """The violation that steps lead to, and the steps up to it; None where they lead to none."""
    exchanges, timeline = subject.client.exchanges, list[Moment]()
    said, done = len(exchanges), 0
    label = "before the first step"

    def kept() -> tuple[Moment, ...]:
        timeline.extend(Moment(label, exchange) for exchange in exchanges[said:])
        return tuple(timeline)

    try:
        played = play(subject)
        try:
            for done, (name, arguments) in enumerate(steps, start=1):
                kept()
                said, label = len(exchanges), f"{done}. {told(name, arguments)}"
                played.model.check(name, arguments)
                getattr(played, name)(**arguments)
                getattr(played.model, name)(**arguments)
        except (Blocked, NotExercised):
            # What refuses a step that is possible may show why.
            played.end()
            raise
        kept()
        said, label = len(exchanges), "after the last step"
        played.end()
    except Astray:
        return None
    except Violation as violation:
        after = ", ".join(told(*step) for step in steps[:done])
        violation.shown_by(exchanges)
        violation.follows(after, kept())
        return violation, steps[:done]
    return None


def told(name: str, arguments: Mapping[str, Any]) -> str:
    """A step as text: `rename(name="a", new="b")`."""
    return f"{name}({', '.join(f'{key}={json.dumps(value)}' for key, value in sorted(arguments.items()))})"
