"""What the whole suite makes of each defect of the table.

`python -m conformance.selftest.defect_figures [NAME…]`; the name of an API stands for all of its defects.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from statistics import median

from attrs import frozen

from conformance.contract import CLIENT, load
from conformance.contract.verdict import Outcome
from conformance.properties import Run, items_of
from conformance.selftest import defect_table
from conformance.selftest.defect_table_netlify import NETLIFY
from conformance.selftest.proxy import ProxiedTarget
from conformance.selftest.servers import TESTS

DEFECTS = {**defect_table.DEFECTS, **NETLIFY}
"""Name → the requirement that a defect breaks, and the defect: of every API."""


@frozen
class Figures:
    """What a run of a whole suite came to before one defect.

    Attributes:
        requirement: the one that the defect breaks.
        exact: it is found not to hold.
        beside: other requirements that are found not to hold.
        blocked: requirement × operation → what blocked it.
        lies: what blocked something, though nothing fails that bears its name.
        broken: requirement × operation that came to be broken, and why.
    """

    name: str
    requirement: str
    exact: bool
    beside: tuple[str, ...]
    blocked: dict[str, str]
    lies: tuple[str, ...]
    broken: dict[str, str]

    def __str__(self) -> str:
        found = "exact" if self.exact else "MISSED"
        line = f"{found}  +{len(self.beside)}  {len(self.broken)} broken  {len(self.blocked)} blocked  {self.name}"
        return f"{line}: {self.requirement}{''.join(f'; {other}' for other in self.beside)}"


def figures_of(name: str) -> Figures:
    """Runs the whole suite of an API before a defect."""
    requirement, defect = DEFECTS[name]
    contract = load(requirement.partition(".")[0])
    run = Run(contract, ProxiedTarget(contract, defect=defect), examples=2)
    # What binds the client is played to it, and tells nothing of a server; base requirements are counted apart.
    bound = (item for test, function in TESTS.items() for item in items_of(function, test, contract))
    items = [item for item in bound if item.requirement.mode != CLIENT and not item.requirement.base]
    items.sort(key=lambda item: item.judged_by_evidence)
    for item in items:
        run.attempt(item)
    results = [(item, run.result(item)) for item in items]
    causes = {item.id: result.blocked_by for item, result in results if result.blocked_by is not None}
    accused = {item.requirement.id for item, result in results if result.outcome is Outcome.VIOLATED}
    return Figures(
        name,
        requirement,
        requirement in accused,
        tuple(sorted(accused - {requirement})),
        {name: cause.text for name, cause in causes.items()},
        tuple(sorted({cause.text for cause in causes.values() if cause.operation and cause.text not in accused})),
        {item.id: str(result.reason) for item, result in results if result.outcome is Outcome.BROKEN},
    )


def named(names: Iterable[str]) -> list[str]:
    """The defects of these names, or of the APIs of these names."""
    return [one for name in names for one in ([name] if name in DEFECTS else of_api(name))]


def of_api(api: str) -> list[str]:
    return [name for name, (requirement, _) in DEFECTS.items() if requirement.startswith(f"{api}.")]


def all_figures(names: Iterable[str]) -> Iterator[Figures]:
    with ProcessPoolExecutor(2) as processes:
        yield from processes.map(figures_of, names)


def told(found: Sequence[Figures]) -> str:
    exact, broken = sum(one.exact for one in found), sum(len(one.broken) for one in found)
    return (
        f"{exact} of {len(found)} defects found by the requirement they break; "
        f"{median(len(one.beside) for one in found):g} others accused at the median, "
        f"{max(len(one.beside) for one in found)} at most; {sum(len(one.blocked) for one in found)} blocked; "
        f"{broken} broken"
    )


def main() -> None:
    found = []
    for one in all_figures(named(sys.argv[1:]) or DEFECTS):
        print(one, flush=True)
        found.append(one)
    print(told(found))


if __name__ == "__main__":
    main()
