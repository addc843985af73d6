"""What a site consists of after any publishing, drafting and restoring: lists of steps, drawn against a model."""

from __future__ import annotations

from typing import Any

from conformance.properties import (
    Model,
    Play,
    Steps,
    Subject,
    assert_equal,
    assert_status,
    assert_that,
    do,
    follow,
    requirement,
    stateful,
    step,
)
from conformance.suite.netlify.deploying import Deploy, Deploying, Files, digests_of, state_of
from conformance.suite.netlify.publishing import CURRENT, currents, states

LIVE = "netlify.deploy-flow.ready-is-live"
DRAFTED = "netlify.deploy-flow.draft-not-published"
RESTORED = "netlify.deploy-flow.restore-makes-current"

TREES, WAYS = ("a", "b", "c"), ("digest", "async", "archive")
DEPLOYS, DRAFTS = 4, 2


class Published(Model):
    """A site, to which trees are deployed.

    Attributes:
        made: the tree of each finished deploy, oldest first.
        was_live: numbers of those that have been published.
        live: the number of the one that is, None before the first.
        is_begun: there is one that lacks a file.
    """

    def __init__(self) -> None:
        super().__init__()
        self.made: list[str] = []
        self.was_live: list[int] = []
        self.live: int | None = None
        self.is_begun = False

    @property
    def old(self) -> list[int]:
        return [number for number in self.was_live if number != self.live]

    @property
    def drafts(self) -> int:
        return len(self.made) - len(self.was_live)

    @step(when=lambda model: len(model.was_live) < DEPLOYS, tree=TREES, how=WAYS)
    def publish(self, tree: str, how: str) -> None:
        self.live = len(self.made)
        self.was_live.append(self.live)
        self.made.append(tree)

    @step(when=lambda model: model.live is not None and model.drafts < DRAFTS, tree=TREES)
    def draft(self, tree: str) -> None:
        self.made.append(tree)

    @step(when=lambda model: model.live is not None and not model.is_begun, tree=TREES)
    def begin(self, tree: str) -> None:
        """Begins a deploy of a tree and one file more, which is never uploaded."""
        self.is_begun = True

    @step(which=lambda model: model.old)
    def restore(self, which: int) -> None:
        self.live = which


class PlayedPublished(Play):
    """A site of its own, with trees that share contents and paths."""

    model_of = Published

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.deploying = Deploying.of(subject)
        self.site = self.deploying.site()
        one, two, three = (self.deploying.unique() for _ in range(3))
        self.trees: dict[str, Files] = {
            "a": {"/index.html": one, "/only-a.txt": two},
            "b": {"/index.html": two, "/sub/b.txt": three},
            "c": {"/index.html": one, "/sub/b.txt": two},
        }
        self.deploys: list[str] = []

    def publish(self, tree: str, how: str) -> None:
        files = self.trees[tree]
        if how == "archive":
            self._made(self.deploying.deployed_zip(self.site, files))
        else:
            self._made(self.deploying.deployed(self.site, files, None, **({"async": True} if how == "async" else {})))
        with self.about(LIVE):
            self._assert_files(tree, "that was deployed to")

    def draft(self, tree: str) -> None:
        self._made(self.deploying.deployed(self.site, self.trees[tree], None, draft=True))
        self.client.clock.sleep(2)
        with self.about(DRAFTED):
            due = digests_of(self.trees[self._tree_of(self.model.live)])
            assert_equal(self.deploying.tree(self.site), due, "the files of a site after a draft")

    def begin(self, tree: str) -> None:
        files = {**self.trees[tree], **self.deploying.uniques("/left.txt")}
        begun = self.deploying.made(self.site, files)
        self.deploying.upload_required(begun, leaving=[begun.digests["/left.txt"]])

    def restore(self, which: int) -> None:
        restored = self.deploying.restore(self.site, self.deploys[which])
        with self.about(RESTORED):
            assert_status(restored, "2xx", when="of an old deploy")
            shown = (restored.response.at("/id"), state_of(restored))
            assert_equal(shown, (self.deploys[which], CURRENT), "id and state of a restored deploy", exchange=restored)
            self._assert_files(self._tree_of(which), "whose old deploy was restored")

    def end(self) -> None:
        if self.model.live is None:
            return
        with self.about(LIVE, DRAFTED, RESTORED):
            self._assert_files(self._tree_of(self.model.live), "in the end")
            live = self.deploys[self.model.live]
            others = self.deploying.comes_to(lambda: sorted({*currents(self.deploying, self.site)} - {live}), [])
            assert_equal(others, [], "the deploys that are listed as current and are not the live one")
            state = states(self.deploying, self.site).get(live, "missing")
            assert_that(state != "old", "the live deploy is listed as old", expected="another state", actual=state)

    def _made(self, deploy: Deploy) -> None:
        self.deploys.append(deploy.id)

    def _tree_of(self, number: Any) -> str:
        tree: str = self.model.made[number]
        return tree

    def _assert_files(self, tree: str, when: str) -> None:
        self.deploying.assert_live(self.site, self.trees[tree], when)


@requirement(LIVE, DRAFTED, RESTORED, once=True)
@stateful(
    Published,
    # Each step is several exchanges.
    lists=1,
    examples=[
        [
            do("publish", tree="a", how="digest"),
            do("draft", tree="b"),
            do("publish", tree="b", how="archive"),
            do("begin", tree="a"),
            do("restore", which=0),
            do("publish", tree="c", how="async"),
            do("restore", which=2),
            do("draft", tree="a"),
            do("restore", which=0),
        ]
    ],
)
def test_a_site_after_any_steps(subject: Subject, steps: Steps) -> None:
    """Whatever was published, drafted, begun and restored: the site consists of what was made live last."""
    follow(PlayedPublished, subject, steps)
