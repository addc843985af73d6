"""Scores of a run: defects are planted on what it was answered, and nothing is sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, evolve, field

from conformance.checks import Judge
from conformance.contract import CLIENT
from conformance.contract.score import Score
from conformance.contract.verdict import Outcome
from conformance.planting import Defect, Scene, Trials
from conformance.planting.answers import planted
from conformance.planting.sampling import Key
from conformance.planting.trial import narrow
from conformance.properties.items import Item
from conformance.properties.results import Result
from conformance.properties.run import Run
from conformance.targets import ReferenceTarget, TakeTarget, Target, UrlTarget
from conformance.traffic.cassette import Take
from conformance.traffic.locator import Locator

Tell = Callable[[str], None]


def scores_of(run: Run, items: Sequence[Item], tell: Tell) -> dict[Key, Score]:
    """What became of the defects that are planted on the answers of a run, by requirement and operation.

    Args:
        items: those that were attempted.
        tell: takes a line now and then, since it may take a while.
    """
    assert run.sampler is not None
    api = run.contract.api
    trials = Trials(run.contract, run.target.strict)
    scores = trials.scores(run.sampler, _by_tenths(f"{api}: exchanges", tell))
    for problem in trials.problems:
        tell(problem)
    tests: dict[Key, list[Item]] = {}
    for item in items:
        if _asserts(run, item):
            tests.setdefault((item.requirement.id, item.operation), []).append(item)
    told, replays = _by_tenths(f"{api}: tests", tell), Replays(run)
    for number, (key, alike) in enumerate(tests.items(), start=1):
        scores[key] = scores.get(key, Score()) + replays.score(alike)
        told(number / len(tests))
    return scores


def _asserts(run: Run, item: Item) -> bool:
    """Whether an item is a test of its own that held, and asked the target."""
    if item.binding.observes or item.requirement.mode == CLIENT or not run.attempted(item):
        return False
    return run.own(item).outcome is Outcome.HELD


def _by_tenths(what: str, tell: Tell) -> Callable[[float], None]:
    """Takes the share that is done, and tells of it as often as a tenth is."""
    told = [0]

    def take(share: float) -> None:
        if int(share * 10) > told[0]:
            told[0] = int(share * 10)
            tell(f"{what}: defects are planted, {told[0]}0 % done")

    return take


@define
class Replays:
    """Has items again what they said, with a defect in one of the answers, and looks at what they come to."""

    run: Run
    _judges: dict[str, Judge] = field(factory=dict)

    def score(self, items: Sequence[Item]) -> Score:
        """The score of the tests of one requirement at one operation: how many kinds of its defects fail one of them.

        Those count with which a test still comes to a judgement. One that has it ask for what was not recorded, or
        find nothing to judge, or that is charged to another requirement, says nothing; nor does a test that does not
        come to the same again.
        """
        kinds: dict[str, list[tuple[Item, Take, Defect]]] = {}
        for item in items:
            take = (self.run.recording or {}).get(item.test, {}).get(item.id)
            if take is None or self._replayed(item, take).outcome is not Outcome.HELD:
                continue
            for kind, alike in planted(item.requirement, self._scene(item, take)).items():
                kinds.setdefault(kind, []).extend((item, take, defect) for defect in alike)
        score = Score()
        for places in kinds.values():
            score += self._kind(places)
        return score

    def _kind(self, places: Sequence[tuple[Item, Take, Defect]]) -> Score:
        """The score of one kind: it is seen if it is in one of its places."""
        missed: list[str] = []
        for item, take, defect in places:
            outcome = self._replayed(item, _with(take, defect)).outcome
            if outcome is Outcome.VIOLATED:
                return Score(1, 1)
            if outcome in (Outcome.HELD, Outcome.BROKEN):
                missed.append(defect.name)
        return Score(1, 0, 0, (missed[0],)) if missed else Score()

    def _scene(self, item: Item, take: Take) -> Scene:
        contract, provenance = self.run.contract, provenance_of(self.run.target)
        routes = contract.routes(provenance.get("paths", {}))
        locator = Locator(contract, str(provenance.get("base_url", "")), routes=routes)
        exchanges = tuple(
            locator.exchange(said.request, said.response, negative=said.negative, sent_at=said.sent_at)
            for said in take.interactions
        )
        strict = self.run.target.strict
        return Scene(exchanges, 0, contract, item.requirement, "", {}, provenance.get("facts", {}), strict)

    def _replayed(self, item: Item, take: Take) -> Result:
        target = TakeTarget(self.run.contract, provenance_of(self.run.target), take, self.run.target.strict)
        run = Run(self.run.contract, target, judge=self._judge(item))
        return run.run(item)

    def _judge(self, item: Item) -> Judge:
        """A judge by what the item is about, and by what says whether a body can be read at all."""
        record, contract = item.requirement, self.run.contract
        if record.id not in self._judges:
            self._judges[record.id] = narrow(contract, record.id, strict=self.run.target.strict)
        self._judges[record.id].forget()
        return self._judges[record.id]


def provenance_of(target: Target) -> Mapping[str, Any]:
    """What is known of a target, for others to stand in for it."""
    return target.recorded_provenance() if isinstance(target, UrlTarget | ReferenceTarget) else target.provenance


def _with(take: Take, defect: Defect) -> Take:
    """A take with the answers of a defect."""
    pairs = zip(take.interactions, defect.conversation, strict=True)
    return evolve(take, interactions=tuple(evolve(said, response=exchange.response) for said, exchange in pairs))
