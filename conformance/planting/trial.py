"""Trials: whether what a run's exchanges were held to would have seen a defect in them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from attrs import define, field

from conformance.checks import Evidence, Judge, bindings
from conformance.checks.form import judges_form
from conformance.contract import Contract, Requirement
from conformance.contract.score import Score
from conformance.contract.selectors import applies
from conformance.contract.verdict import Outcome
from conformance.planting.base import PLANTS, Conversation, Defect, Scene
from conformance.planting.sampling import Chosen, Key, Sampler, Window
from conformance.traffic.pages import page_of

_log = logging.getLogger(__name__)

T = TypeVar("T")

MOST = 12
"""Defects that are planted for one requirement at one operation."""

LOOKED_THROUGH = 400
"""Defects of one exchange from among which they are taken."""


@define
class Trials:
    """Plants defects for one contract, and has fresh judges look at what comes of it.

    Attributes:
        problems: a line for each requirement and operation of which the planting itself failed.
    """

    contract: Contract
    strict: bool = False
    problems: list[str] = field(factory=list)
    _narrow: dict[str, Judge] = field(factory=dict)
    _whole: Judge | None = None

    def scores(self, sampler: Sampler, told: Callable[[float], None] = lambda _: None) -> dict[Key, Score]:
        """The score of every requirement and operation that held, and did not fail: those are known to be able to.

        What was kept of each is let go of once it was tried.
        """
        found, keys = {}, sorted(sampler.chosen, key=lambda key: (key[1], key[0]))
        for number, key in enumerate(keys):
            told(number / len(keys))
            chosen = sampler.chosen.pop(key)
            if not chosen.count or chosen.failed:
                continue
            try:
                found[key] = self.score(self.contract.requirements[key[0]], chosen)
            except Exception as error:
                # The verdicts stand, whatever comes of this.
                _log.debug("planting for %s crashed", key, exc_info=True)
                self.problems.append(
                    f"no defects were planted for {key[0]} at {key[1]}: {type(error).__name__}: {error}"
                )
        told(1.0)
        return found

    def score(self, record: Requirement, chosen: Chosen) -> Score:
        """The score of one requirement at one operation."""
        judge, score = self._judge(record), Score()
        tried = [Trial(self.contract, record, judge, window, self.strict) for window in chosen.windows]
        for trial, defect in _rotated([(trial, list(islice(trial.defects(), LOOKED_THROUGH))) for trial in tried]):
            if score.planted == MOST:
                break
            seen = trial.sees(defect)
            charged_to = None if seen else trial.charges(defect)
            if charged_to is not None:
                score += Score(charged_to=charged_to)
                continue
            elsewhere = not seen and self._seen_by_others(record, trial, defect)
            score += Score(1, int(seen), int(elsewhere), () if seen else (defect.name,))
        return score

    def _judge(self, record: Requirement) -> Judge:
        if record.id not in self._narrow:
            self._narrow[record.id] = narrow(self.contract, record.id, strict=self.strict)
        return self._narrow[record.id]

    def _seen_by_others(self, record: Requirement, trial: Trial, defect: Defect) -> bool:
        if self._whole is None:
            self._whole = Judge(self.contract, strict=self.strict)
        before = _breaches(self._whole, trial.window, trial.window.conversation)
        after = _breaches(self._whole, trial.window, defect.conversation)
        return any(requirement != record.id for requirement, _ in after - before)


def narrow(contract: Contract, requirement: str, *, strict: bool) -> Judge:
    """A judge by one requirement, and by those that say whether a body can be read at all."""
    basic = {each.id for each in contract.requirements.values() if any(map(judges_form, bindings(each)))}
    return Judge(contract, strict=strict, only={requirement} | basic)


@define
class Trial:
    """One window of a requirement: the defects that can be planted in it, and whether the requirement sees them."""

    contract: Contract
    record: Requirement
    judge: Judge
    window: Window
    strict: bool = False
    _before: dict[bool, Counter[tuple[str, str]]] = field(factory=dict)

    def defects(self) -> Iterator[Defect]:
        """All that can be planted, each once, and none that changes nothing."""
        names = set()
        exchange = self.window.exchange
        if exchange.response.unread is not None or exchange.request.unread is not None:
            return
        is_list = page_of(exchange, self.contract.conventions.lists) is not None
        for observation in bindings(self.record):
            named = observation.operations or self.record.operations
            if not applies(named, exchange.operation, exchange.request.method, is_list=is_list):
                continue
            plant = PLANTS.get(observation.check)
            scene = Scene(
                self.window.conversation,
                self.window.at,
                self.contract,
                self.record,
                observation.check,
                observation.arguments,
                self.window.facts,
                self.strict,
            )
            for defect in plant(scene) if plant else ():
                if defect.name not in names:
                    names.add(defect.name)
                    yield defect

    def sees(self, defect: Defect) -> bool:
        """Whether the requirement does not hold by its own name, where it held without the defect."""
        alone = self._only_here(defect)
        return (alone and self._breaks(defect, alone=True)) or self._breaks(defect, alone=False)

    def charges(self, defect: Defect) -> str | None:
        """The other requirement that a defect is charged to: that the body is not of the form to say more of it."""
        found = (each for each in _observed(self.judge, self.window, defect.conversation) if each.of_form)
        charged = (each.requirement.id for each in found if each.requirement not in (None, self.record))
        return next(charged, None)

    def _only_here(self, defect: Defect) -> bool:
        old, new = self.window.conversation, defect.conversation
        if len(old) != len(new):
            return False
        return all(
            one is other for place, (one, other) in enumerate(zip(old, new, strict=True)) if place != self.window.at
        )

    def _breaks(self, defect: Defect, *, alone: bool) -> bool:
        at = self.window.at
        if alone not in self._before:
            before = (self.window.exchange,) if alone else self.window.conversation
            self._before[alone] = _breaches(self.judge, self.window, before)
        after = _breaches(self.judge, self.window, (defect.conversation[at],) if alone else defect.conversation)
        return any(requirement == self.record.id for requirement, _ in after - self._before[alone])


def _observed(judge: Judge, window: Window, conversation: Conversation) -> Iterator[Evidence]:
    judge.forget()
    judge.begin(window.facts)
    for exchange in conversation:
        yield from judge.observe(exchange)


def _breaches(judge: Judge, window: Window, conversation: Conversation) -> Counter[tuple[str, str]]:
    """How often a conversation breaks which requirement, and how."""
    return Counter(
        (evidence.requirement.id, evidence.finding.message)
        for evidence in _observed(judge, window, conversation)
        if evidence.requirement is not None and evidence.finding.outcome is Outcome.VIOLATED
    )


def _rotated(found: list[tuple[Trial, list[Defect]]]) -> Iterator[tuple[Trial, Defect]]:
    """The defects of several windows: of each kind one after the other, and of each window; always in one order."""
    by_kind: dict[str, list[tuple[Trial, Defect]]] = {}
    for number, (trial, defects) in enumerate(found):
        kinds: dict[str, list[Defect]] = {}
        for defect in defects:
            kinds.setdefault(defect.kind, []).append(defect)
        for kind, alike in kinds.items():
            # Each window begins at another one of its own: together they come to more places.
            turned = alike[number * len(alike) // len(found) :] + alike[: number * len(alike) // len(found)]
            by_kind.setdefault(kind, []).extend((trial, defect) for defect in turned)
    queues = [iter(_alternating(alike)) for alike in by_kind.values()]
    yield from _in_turn(queues)


def _alternating(alike: Iterable[tuple[Trial, Defect]]) -> Iterator[tuple[Trial, Defect]]:
    """Those of one kind, of each window in turn."""
    by_trial: dict[int, list[tuple[Trial, Defect]]] = {}
    for trial, defect in alike:
        by_trial.setdefault(id(trial), []).append((trial, defect))
    return _in_turn([iter(each) for each in by_trial.values()])


def _in_turn(queues: list[Iterator[T]]) -> Iterator[T]:
    while queues:
        for queue in list(queues):
            try:
                yield next(queue)
            except StopIteration:
                queues.remove(queue)
