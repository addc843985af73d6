"""Deploys by digests after any steps: what is required, in which order states come, when a deploy is ready."""

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
from conformance.suite.netlify.deploying import FINISHED, Deploy, Deploying, digest_of, required, state_of
from conformance.suite.netlify.test_deploys import ASYNC, assert_forward
from conformance.traffic.exchange import Exchange

MISSING, SUFFICES = "netlify.deploy-flow.required-only-missing", "netlify.deploy-flow.upload-required-only"
READY, STATES = "netlify.deploy-flow.ready-needs-uploads", "netlify.deploy-flow.async-states"
RETRIED = "netlify.deploy-flow.upload-retry-safe"

DEPLOYS, CONTENTS = ("a", "b", "c"), ("x", "y", "z")
HOLDS = (["x"], ["x", "x"], ["x", "y"], ["y", "z", "y"], ["x", "y", "z"])
WAYS: dict[str, dict[str, Any]] = {"plain": {}, "async": ASYNC, "draft": {"draft": True}}


class Deploys(Model):
    """Deploys to one site, of a few contents that nobody had stored before.

    Attributes:
        holds: deploy → the content of each of its paths.
        ways: deploy → how it was made, of `WAYS`.
        lacks: deploy → what was in no finished deploy when it was made, without what was uploaded to it since.
        uploaded: contents that were uploaded to any deploy.
        sent: deploy → what was uploaded to it.
        finished: deploys that were waited for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.holds: dict[str, list[str]] = {}
        self.ways: dict[str, str] = {}
        self.lacks: dict[str, list[str]] = {}
        self.sent: dict[str, list[str]] = {}
        self.uploaded: set[str] = set()
        self.finished: set[str] = set()

    @property
    def stored(self) -> set[str]:
        """What is in a finished deploy: whoever deploys it again has nothing to upload."""
        return {content for deploy in self.finished for content in self.holds[deploy]}

    def never_uploaded(self, deploy: str) -> list[str]:
        """What a deploy has and nobody has uploaded: without it no deploy is ready."""
        return [content for content in dict.fromkeys(self.holds[deploy]) if content not in self.uploaded]

    @step(deploy=lambda model: [name for name in DEPLOYS if name not in model.holds][:1], holds=HOLDS, way=sorted(WAYS))
    def create(self, deploy: str, holds: list[str], way: str) -> None:
        self.lacks[deploy] = [content for content in dict.fromkeys(holds) if content not in self.stored]
        self.holds[deploy], self.ways[deploy], self.sent[deploy] = holds, way, []

    @step(which=lambda model: [[name, one] for name in sorted(model.lacks) for one in model.lacks[name]])
    def upload(self, which: list[str]) -> None:
        deploy, content = which
        self.lacks[deploy] = [one for one in self.lacks[deploy] if one != content]
        self.sent[deploy].append(content)
        self.uploaded.add(content)

    @step(which=lambda model: [[name, one] for name in sorted(model.sent) for one in model.sent[name]])
    def retry(self, which: list[str]) -> None:
        pass

    @step(deploy=lambda model: sorted(model.holds))
    def look(self, deploy: str) -> None:
        pass

    @step(deploy=lambda model: sorted(name for name in model.holds if not model.lacks[name]))
    def finish(self, deploy: str) -> None:
        self.finished.add(deploy)


class PlayedDeploys(Play):
    """Deploys of the model on a site: what their creates answered, and every answer that showed their state."""

    model_of = Deploys

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.deploying = Deploying.of(subject)
        self.site = self.deploying.site()
        self.contents = {name: self.deploying.unique(name) for name in CONTENTS}
        self.made: dict[str, Deploy] = {}
        self.asked: dict[str, list[str]] = {}
        self.seen: dict[str, list[Exchange]] = {}

    def create(self, deploy: str, holds: list[str], way: str) -> None:
        files = {f"/{deploy}/{number}.txt": self.contents[name] for number, name in enumerate(holds)}
        made = self.deploying.made(self.site, files, **WAYS[way])
        asked = self.deploying.requirement_of(made)
        self.made[deploy], self.asked[deploy], self.seen[deploy] = made, required(asked), [made.created, asked]
        with self.about(MISSING):
            known, new = self.model.stored, [name for name in holds if name not in self.model.uploaded]
            for name in dict.fromkeys(holds):
                # What was uploaded to a deploy that is not finished may count as stored, or not.
                if name in known or name in new:
                    times = self.asked[deploy].count(digest_of(self.contents[name]))
                    what = f"how often content {name} is required, {'new' if name in new else 'which was deployed'}"
                    assert_equal(times, int(name in new), what, exchange=asked)

    def upload(self, which: list[str]) -> None:
        deploy, name = which
        if digest_of(self.contents[name]) not in self.asked[deploy]:
            return
        # What others uploaded may have finished the deploy before.
        due = bool(self.model.never_uploaded(deploy))
        exchange = self._put(deploy, name)
        with self.about(SUFFICES):
            assert_status(exchange, "2xx", *([] if due else ["4xx"]), when="with content that is required")
        self._read(deploy)

    def retry(self, which: list[str]) -> None:
        deploy, name = which
        if digest_of(self.contents[name]) not in self.asked[deploy]:
            return
        due = bool(self.model.never_uploaded(deploy))
        exchange = self._put(deploy, name)
        with self.about(RETRIED):
            assert_status(exchange, "2xx", *([] if due else ["4xx"]), when="with content that was sent before")
        self.look(deploy)

    def _put(self, deploy: str, name: str) -> Exchange:
        """Uploads a content under the last of the paths that have it."""
        made = self.made[deploy]
        path = [path for path, content in made.files.items() if content == self.contents[name]][-1]
        return self.deploying.upload(made.id, path, self.contents[name])

    def look(self, deploy: str) -> None:
        self.client.clock.sleep(1)
        shown = self._read(deploy)
        lacking = self.model.never_uploaded(deploy)
        if lacking:
            with self.about(READY, RETRIED):
                assert_that(
                    state_of(shown) not in FINISHED,
                    f"a deploy is {state_of(shown)} though nobody has uploaded {', '.join(lacking)}",
                    expected=f"none of the states {', '.join(FINISHED)}",
                    actual=state_of(shown),
                    exchange=shown,
                )

    def _read(self, deploy: str) -> Exchange:
        exchange = self.client.control(self.deploying.get(self.made[deploy].id, self.site))
        self.seen[deploy].append(exchange)
        if self.model.ways[deploy] == "async":
            with self.about(STATES):
                assert_forward(self.seen[deploy])
        return exchange

    def finish(self, deploy: str) -> None:
        judges = (STATES, SUFFICES, RETRIED) if self.model.ways[deploy] == "async" else (SUFFICES, RETRIED)
        with self.about(*judges):
            self.deploying.assert_finished(self.made[deploy], f"made {self.model.ways[deploy]} that lacks nothing")
        self._read(deploy)

    def end(self) -> None:
        """The site has all the files of a deploy that lacks nothing, or none while no deploy was waited for."""
        model = self.model
        whole = [name for name in self.made if model.ways[name] != "draft" and not model.never_uploaded(name)]
        fit = [self.made[name].digests for name in whole]
        if not any(name in model.finished for name in whole):
            fit.append({})
        found = self.deploying.tree(self.site)
        if found not in fit:
            self.deploying.comes_to(lambda: self.deploying.tree(self.site) in fit, True)
            found = self.deploying.tree(self.site)
        with self.about(READY, SUFFICES):
            assert_that(
                found in fit,
                "the files of the site are those of no deploy that lacks nothing",
                expected=" or ".join(", ".join(sorted(files)) or "no files" for files in fit),
                actual=", ".join(sorted(found)) or "no files",
                exchange=self.client.exchanges[-1],
            )


@requirement(MISSING, SUFFICES, READY, STATES, RETRIED, once=True)
@stateful(
    Deploys,
    examples=[
        [
            do("create", deploy="a", holds=["y", "z", "y"], way="async"),
            do("create", deploy="b", holds=["x", "y"], way="draft"),
            do("upload", which=["b", "y"]),
            do("upload", which=["a", "y"]),
            do("retry", which=["a", "y"]),
            do("look", deploy="a"),
            do("upload", which=["a", "z"]),
            do("finish", deploy="a"),
            do("look", deploy="b"),
            do("retry", which=["a", "z"]),
            do("upload", which=["b", "x"]),
            do("finish", deploy="b"),
            do("create", deploy="c", holds=["x", "y", "z"], way="async"),
            do("finish", deploy="c"),
        ]
    ],
)
def test_deploys_after_any_steps(subject: Subject, steps: Steps) -> None:
    """Whatever was deployed and uploaded, twice, at once or as a draft: what is new is required, and with all of that a
    deploy is ready, and not before.
    """
    follow(PlayedDeploys, subject, steps)
