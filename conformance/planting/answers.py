"""Defects of single answers to an active test: each belongs to what a requirement is about, by its area and its name.

An active test asserts in its own words what no check says. What breaks it is told by what it got: a refusal that is
served, a deleted thing that is still there, a page that brings a record again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, frozen

from conformance.contract import Requirement
from conformance.planting.access import refuses
from conformance.planting.base import Defect, Plant, Scene
from conformance.planting.bodies import refused
from conformance.planting.pages import longer_pages, with_records
from conformance.planting.resources import lost_creates, path_of, undead

EACH = 5
"""Answers that a defect of one kind is planted in, at most."""


@frozen
class Aim:
    """What is planted for requirements of some areas, whose names hold one of some words.

    Attributes:
        areas, words: regular expressions; both have to be found.
    """

    areas: str
    words: str
    plant: Plant

    def concerns(self, requirement: Requirement) -> bool:
        area, _, name = (requirement.rule or requirement.id.partition(".")[2]).partition(".")
        return re.fullmatch(self.areas, area) is not None and re.search(self.words, name) is not None


def _refused_on_purpose(scene: Scene) -> bool:
    return scene.exchange.negative and scene.response.status_class == 4


def served(scene: Scene) -> Iterator[Defect]:
    """What was wrong on purpose, and refused, is served."""
    if _refused_on_purpose(scene):
        yield scene.served(f"served {scene.at}")


def failing(scene: Scene) -> Iterator[Defect]:
    """What was wrong on purpose, and refused, is a server error."""
    if _refused_on_purpose(scene):
        yield refused(scene, f"status {scene.at}=500", 500)


def turned_away(scene: Scene) -> Iterator[Defect]:
    """A good call is refused for its credential."""
    if not scene.exchange.negative and scene.response.ok and refuses(scene):
        yield refused(scene, f"refused {scene.at}", refuses(scene))


def still_there(scene: Scene) -> Iterator[Defect]:
    """What was deleted is found from then on, or listed: who asks again and again comes to nothing else."""
    here, name = scene, ""
    for defect in undead(scene) if scene.at == 0 else ():
        changed = next(at for at, one in enumerate(defect.conversation) if one is not scene.conversation[at])
        here = evolve(
            here,
            conversation=(
                *here.conversation[:changed],
                *defect.conversation[changed : changed + 1],
                *here.conversation[changed + 1 :],
            ),
        )
        name = "found"
    if name:
        yield Defect("found still", here.conversation)


def not_there(scene: Scene) -> Iterator[Defect]:
    """What was created is not found, or not listed."""
    for defect in lost_creates(scene):
        yield Defect(f"lost {scene.at}", defect.conversation)


def unchanged(scene: Scene) -> Iterator[Defect]:
    """What was changed shows as it was before, however often it is asked for."""
    if scene.exchange.request.method not in ("PUT", "PATCH") or not scene.response.ok:
        return
    before: dict[str, Scene] = {}
    here, path = scene, path_of(scene)
    for one in map(scene.moved, range(len(scene.conversation))):
        url = one.exchange.request.url
        if not one.known:
            continue
        if one.exchange.request.method != "GET" or not one.response.ok or not path_of(one).startswith(path):
            continue
        if one.at < scene.at:
            before[url] = one
        elif url in before and before[url].response.body != one.response.body:
            changed = one.answered("", before[url].response).conversation[one.at]
            here = evolve(here, conversation=(*here.conversation[: one.at], changed, *here.conversation[one.at + 1 :]))
    if here.conversation != scene.conversation:
        yield Defect(f"unchanged {scene.at}", here.conversation)


def repeating(scene: Scene) -> Iterator[Defect]:
    """A page that brings a record again, or lacks one."""
    page = scene.page
    if page is None or len(page.records) < 2 or None in page.ids:
        return
    yield with_records(scene, f"repeat {scene.at}", [page.records[0], *page.records[:-1]])
    yield with_records(scene, f"lose {scene.at}", page.records[1:])


def longer(scene: Scene) -> Iterator[Defect]:
    """A page with more records than it may have: than the default where no size was asked for, or than the most."""
    page = scene.page
    if page is None or (page.size_asked is not None and not scene.exchange.negative):
        return
    for defect in longer_pages(scene):
        yield Defect(f"longer {scene.at}", defect.conversation)


def unlimited(scene: Scene) -> Iterator[Defect]:
    """The calls of a caller that were refused for too many requests, and are served."""
    limit, header = scene.contract.conventions.rate_limit, scene.contract.conventions.auth.header
    if limit is None or scene.response.status != limit.exceeded:
        return
    caller, here = scene.exchange.request.header(header), scene
    earlier = (one for one in map(scene.moved, range(scene.at)) if one.response.status == limit.exceeded)
    if any(one.exchange.request.header(header) == caller for one in earlier):
        return
    for at in range(scene.at, len(scene.conversation)):
        one = here.moved(at)
        if one.response.status == limit.exceeded and one.exchange.request.header(header) == caller:
            here = evolve(one, conversation=one.served("").conversation)
    yield Defect(f"served {scene.at}+", here.conversation)


def swapped(scene: Scene) -> Iterator[Defect]:
    """An answer that is about something else than was asked for."""
    if scene.exchange.request.method != "GET" or not scene.response.ok:
        return
    for one in scene.all(lambda one: one.response.ok and one.exchange.operation is scene.exchange.operation):
        if one.exchange.path != scene.exchange.path and one.response.body != scene.response.body:
            yield scene.answered(f"swapped {scene.at}", one.response)
            return


REFUSAL = (
    r"4xx|40\d|refus|denied|forbidden|invalid|unknown|missing|malformed|duplicate|conflict|not-allowed|permission|negative"
    r"|requir|needs|unique|limits|max-|charset|precondition|size-checked|wrong|unsupported|enforced|isolation"
)
"""How requirements are called that speak of what is refused."""

AIMS: tuple[Aim, ...] = (
    Aim("auth|security|versioning", "", served),
    Aim("errors|content-type|crud|deploy-flow|http", REFUSAL, served),
    Aim(
        "errors|content-type|crud|deploy-flow|http|pagination",
        rf"^(?!.*enforced).*({REFUSAL}|5xx|server-error|bad-|beyond)",
        failing,
    ),
    Aim("auth", "accept|valid-token|usable", turned_away),
    Aim("crud|deploy-flow|http", "delet|gone|remov|cascade|lifecycle", still_there),
    Aim("crud|deploy-flow|http", "creat|roundtrip|read-back|lifecycle|readable", not_there),
    Aim("crud|deploy-flow", "patch|put-|-put|updat|replac|merge|renam|chang|move", unchanged),
    Aim("pagination", "exactly-once|invariance|reread", repeating),
    Aim("pagination", "^(?!.*bad).*(default-page|per-page-default|maximum|page-size|per-page-max|limit-max)", longer),
    Aim("rate-limit", "^(?!.*(no-effect|body)).*(429|exceed|per-ip|per-consumer|limit)", unlimited),
    Aim("auth|crud|deploy-flow", "read-back|roundtrip|path-params|lists-are-own|isolation", swapped),
)
"""What is planted for whom."""


def planted(requirement: Requirement, scene: Scene) -> Mapping[str, Sequence[Defect]]:
    """The defects of a conversation that break a requirement: of each kind a few, always the same ones.

    They are of one kind together, since a test speaks of some of its answers, and needs others only as a control.

    Args:
        scene: the conversation, wherever in it.
    """
    found: dict[str, list[Defect]] = {}
    for aim in AIMS:
        here = map(scene.moved, range(len(scene.conversation))) if aim.concerns(requirement) else ()
        for one in here:
            for defect in aim.plant(one) if one.known else ():
                found.setdefault(defect.kind, []).append(defect)
    return {kind: _spread(alike) for kind, alike in found.items()}


def _spread(alike: list[Defect]) -> list[Defect]:
    """The first, the last, and some between them."""
    places = {number * (len(alike) - 1) // (EACH - 1) for number in range(EACH)}
    return [alike[place] for place in sorted(places)]
