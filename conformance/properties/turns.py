"""Whose turn it is where requests are few: what tells most of a requirement that little is known of, for the least."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from attrs import define, field

from conformance.contract import CLIENT
from conformance.properties.items import EVERYWHERE, Item

FIRST_COST = 4.0
"""Requests that a test is taken to need before one like it was run."""


@define(eq=False)
class Unit:
    """Items that the same exchanges tell of: those that are judged by looking at one operation, or one by itself."""

    items: list[Item]
    number: int

    @property
    def kind(self) -> str:
        """What units that need about as many requests have in common."""
        return self.items[0].test

    @property
    def operation(self) -> str:
        return self.items[0].operation


@define(eq=False)
class Turns:
    """The items of a run, the most telling first.

    Attributes:
        sent: tells how many requests were sent so far.
        stop: tells whether none can be sent any more.
    """

    items: Sequence[Item]
    sent: Callable[[], int]
    stop: Callable[[], bool]
    _left: list[Unit] = field(init=False)
    _costs: dict[str, list[int]] = field(init=False, factory=dict)
    _seen: Counter[str] = field(init=False, factory=Counter)

    def __attrs_post_init__(self) -> None:
        found: dict[object, Unit] = {}
        for item in self.items:
            together = item.binding.observes and item.operation != EVERYWHERE
            key = (item.test, item.operation) if together else (item.test, item.id)
            found.setdefault(key, Unit([], len(found))).items.append(item)
        self._left = list(found.values())

    def __iter__(self) -> Iterator[Item]:
        """Items, each once, until nothing can be sent any more."""
        while self._left and not self.stop():
            unit = max(self._left, key=self._worth)
            self._left.remove(unit)
            before = self.sent()
            yield from unit.items
            if unit.operation != EVERYWHERE:
                self._costs.setdefault(unit.kind, []).append(self.sent() - before)
            self._seen.update(item.requirement.id for item in unit.items)

    def rest(self) -> list[Item]:
        """What had no turn yet, in the order of collection."""
        return [item for unit in sorted(self._left, key=lambda unit: unit.number) for item in unit.items]

    def _cost(self, unit: Unit) -> float:
        if unit.items[0].requirement.mode == CLIENT or unit.operation == EVERYWHERE:
            # What a client does at a played server, and what looks at others' exchanges, costs the target nothing.
            return 0.0
        costs = self._costs.get(unit.kind, [])
        return sum(costs) / len(costs) if costs else FIRST_COST

    def _worth(self, unit: Unit) -> tuple[float, int]:
        gained = sum(1 / (1 + self._seen[item.requirement.id]) for item in unit.items)
        return gained / (self._cost(unit) + 1), -unit.number

    def next(self, requests: int) -> list[tuple[Unit, float]]:
        """What so many further requests would buy: units with the requests that each is likely to need, cheapest first.

        Those that need none are left out.
        """
        bought: list[tuple[Unit, float]] = []
        seen, left = self._seen.copy(), [unit for unit in self._left if self._cost(unit)]
        while left and requests > 0:
            unit = max(left, key=self._worth)
            left.remove(unit)
            requests -= max(1, round(self._cost(unit)))
            bought.append((unit, self._cost(unit)))
            self._seen.update(item.requirement.id for item in unit.items)
        self._seen = seen
        return sorted(bought, key=lambda one: (one[1], one[0].number))


NEXT = 100
TOLD = 10
"""Of what they would buy so much is told."""


def told_of(turns: Turns) -> str | None:
    """A line of what the next hundred requests would buy; None where nothing is left."""
    bought = turns.next(NEXT)
    if not bought:
        return None
    lines = []
    for unit, cost in bought[:TOLD]:
        names = list(dict.fromkeys(item.requirement.id for item in unit.items))
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lines.append(f"{names[0]}{more} at {unit.operation} (about {max(1, round(cost))})")
    further = f"; and {len(bought) - TOLD} more" if len(bought) > TOLD else ""
    pairs = sum(len(unit.items) for unit, _ in bought)
    return (
        f"the next {NEXT} requests would buy {pairs} requirements × operations, cheapest first: "
        f"{'; '.join(lines)}{further}"
    )
