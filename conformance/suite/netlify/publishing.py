"""What is published of a site: which of its deploys is the current one, and its files while that changes."""

from __future__ import annotations

from attrs import define, field

from conformance.properties import Collection, NotExercised, assert_that
from conformance.suite.netlify.deploying import DEPLOYS, PAUSES, Deploying, Files, digests_of

LIVE, CURRENT = ("ready", "current"), "current"
"""What the published deploy of a site may be among those of the site; both words are the document's."""

QUICK = 0.25
"""Seconds between looks at files that change soon."""


def states(deploying: Deploying, site: str) -> dict[str, str]:
    """Id → state of every deploy of a site, as their list shows them now; empty where it shows no text."""
    listing = Collection(
        deploying.client,
        deploying.contract.operation(DEPLOYS),
        deploying.contract.conventions.lists,
        {"site_id": site},
    )
    records = [record for step in listing.everything.steps for record in step.page.records if isinstance(record, dict)]
    return {str(one.get("id")): one["state"] if isinstance(one.get("state"), str) else "" for one in records}


def currents(deploying: Deploying, site: str) -> list[str]:
    """The ids of the deploys that the list of a site shows as current."""
    return [one for one, state in states(deploying, site).items() if state == CURRENT]


def assert_not_current(deploying: Deploying, site: str, *deploys: str) -> None:
    """None of these deploys is listed as current within a minute."""
    left = deploying.comes_to(lambda: [one for one in currents(deploying, site) if one in deploys], [])
    assert_that(
        not left,
        f"a deploy whose files are no longer the site's is listed as current: {', '.join(left)}",
        expected="no such deploy",
        actual=", ".join(left),
        exchange=deploying.client.exchanges[-1],
    )


def assert_current(deploying: Deploying, site: str, deploy: str, when: str) -> None:
    """Within a minute the list of a site shows a deploy as one that is live, and no other one as current."""

    def seen() -> tuple[str, list[str]]:
        known = states(deploying, site)
        state = known.get(deploy, "missing")
        return "live" if state in LIVE else state, [
            one for one, other in known.items() if other == CURRENT and one != deploy
        ]

    state, others = deploying.comes_to(seen, ("live", []))
    assert_that(
        state == "live" and not others,
        f"the deploy {when} is {state} in the list of its site, and {len(others)} others are current",
        expected=f"{' or '.join(LIVE)}, and no other one current",
        actual=f"{state}; current: {', '.join(others) or 'no other one'}",
        exchange=deploying.client.exchanges[-1],
    )


@define
class Watch:
    """Looks at the files of a site while they change from those of one deploy to those of another.

    Each look has to find the one or the other as a whole, and never the old ones after the new ones.
    """

    deploying: Deploying
    site: str
    old: Files
    new: Files
    is_new: bool = field(default=False, init=False)

    def look(self) -> None:
        """Looks once."""
        found = self.deploying.tree(self.site)
        before, after = digests_of(self.old), digests_of(self.new)
        differing = sorted(path for path in {*found, *after} if found.get(path) != after.get(path))
        returned = self.is_new and found == before
        assert_that(
            found == after or (found == before and not self.is_new),
            "the files of a site are the old ones after the new ones were seen"
            if returned
            else f"the files of a site are a mixture while they change: {', '.join(differing)} as in no new deploy",
            expected="the files of the new deploy" + ("" if self.is_new else ", or those of the old one"),
            actual=", ".join(f"{path} {sha[:8]}" for path, sha in sorted(found.items())) or "no files",
            exchange=self.deploying.client.exchanges[-1],
        )
        self.is_new = found == after

    def until_new(self) -> None:
        """Looks until the new files are there, and a little longer.

        Raises:
            NotExercised: they did not come within a bounded time.
        """
        for pause in (*(QUICK,) * 8, *PAUSES):
            self.look()
            if self.is_new:
                break
            self.deploying.client.clock.sleep(pause)
        if not self.is_new:
            raise NotExercised("the files of the new deploy did not come")
        for pause in (QUICK, 1, 3):
            self.deploying.client.clock.sleep(pause)
            self.look()
