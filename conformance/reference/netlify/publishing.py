"""How a deploy goes on from its digest to the site: what is asked for, its states, what is published.

A deploy carries its own story: `_prepared` is when its manifest is made, `_complete` when nothing was missing any
more, `_ready` when it was processed; each is None before that. `_published` of a site names its current deploy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from conformance.reference.messages import Record
from conformance.reference.netlify.forms import find_forms
from conformance.reference.netlify.policies import NetlifyServer, iso, visible
from conformance.reference.store import PUBLIC

MANIFEST_TIME = 2.0
"""Seconds that the manifest of an async deploy takes to be made."""


@frozen
class Flow:
    """How deploys go on; `step` is how many seconds the processing of one takes, once it is uploaded."""

    step: float = 1.0

    def settle(self, server: NetlifyServer) -> None:
        """Carry every deploy on to where it is now; those that are ready are published in the order of time."""
        now, deploys = server.clock.now(), server.store["deploys"]
        due: list[tuple[datetime, str, str]] = []
        for (site_id, deploy_id), deploy in list(deploys.rows.items()):
            if deploy["_ready"] is not None or now < deploy["_prepared"]:
                continue
            complete = deploy["_complete"]
            if complete is None and self.is_complete(server, deploy):
                complete = now if deploy["_uploading"] else deploy["_prepared"]
                deploys.update(site_id, deploy_id, {"_complete": complete})
            if complete is not None and now >= complete + timedelta(seconds=self.step):
                due.append((complete + timedelta(seconds=self.step), site_id, deploy_id))
        for moment, site_id, deploy_id in sorted(due, key=lambda one: one[0]):
            deploys.update(site_id, deploy_id, {"_ready": moment, "updated_at": iso(moment)})
            deploy = deploys.rows[site_id, deploy_id]
            if self.goes_live(deploy):
                self.publish(server, deploy, moment)

    def is_complete(self, server: NetlifyServer, deploy: Record) -> bool:
        """Whether nothing that the deploy needs is missing."""
        return not self.missing(server, deploy) and not self.missing_functions(server, deploy)

    def missing(self, server: NetlifyServer, deploy: Record) -> list[str]:
        """The digests of files whose content is not stored, each once, in the order of the deploy."""
        return _not_stored(server, "contents", deploy["_files"])

    def missing_functions(self, server: NetlifyServer, deploy: Record) -> list[str]:
        """The digests of functions that are not stored, each once, in the order of the deploy."""
        return _not_stored(server, "functions", deploy["_functions"])

    def required(self, server: NetlifyServer, deploy: Record) -> dict[str, Any]:
        """What is asked for; nothing is said of it while the manifest is being made."""
        if self.state(server, deploy) == "preparing":
            return {}
        return {
            "required": self.missing(server, deploy),
            "required_functions": self.missing_functions(server, deploy),
        }

    def state(self, server: NetlifyServer, deploy: Record) -> str:
        """How far a deploy has come."""
        if deploy["_ready"] is not None:
            return "ready"
        if server.clock.now() < deploy["_prepared"]:
            return "preparing"
        if deploy["_complete"] is not None:
            return "uploaded"
        return "uploading" if deploy["_uploading"] else "prepared"

    def standing(self, server: NetlifyServer, site: Record, deploy: Record) -> str:
        """The state of a deploy among those of its site: current or old once it has been published."""
        state = self.state(server, deploy)
        if state != "ready" or not deploy["_was_live"]:
            return state
        return "current" if site["_published"] == deploy["id"] else "old"

    def goes_live(self, deploy: Record) -> bool:
        """Whether a deploy is published when it is ready."""
        return not deploy["_draft"]

    def publish(self, server: NetlifyServer, deploy: Record, moment: datetime) -> None:
        """Make a deploy the current one of its site, all of it at once."""
        site = site_by_id(server, deploy["_site_id"])
        server.store["sites"].update(
            site["_account_id"], site["id"], {"_published": deploy["id"], "updated_at": iso(moment)}
        )
        server.store["deploys"].update(site["id"], deploy["id"], {"_was_live": True})
        find_forms(server, site["id"], self.files(server, site["id"]), moment)

    def store(self, server: NetlifyServer, kind: str, deploy: Record, sha: str, content: bytes) -> None:
        """Keep what was uploaded for a deploy under its digest: for every deploy of every site."""
        server.store[kind].add(PUBLIC, {"sha": sha, "content": content})
        server.store["deploys"].update(deploy["_site_id"], deploy["id"], {"_uploading": True})
        self.settle(server)

    def matches(self, sha: str, content: bytes) -> bool:
        """Whether a content has this digest: SHA1 for 40 digits, SHA256 for 64."""
        return digest_of(content, len(sha)) == sha

    def files(self, server: NetlifyServer, site_id: str) -> Mapping[str, str]:
        """Path → SHA1 of what the site consists of now."""
        published = server.store["deploys"].get(site_id, site_by_id(server, site_id)["_published"] or "")
        found: Mapping[str, str] = {} if published is None else published["_files"]
        return found


def _not_stored(server: NetlifyServer, kind: str, digests: Mapping[str, str]) -> list[str]:
    stored = server.store[kind]
    return [sha for sha in dict.fromkeys(digests.values()) if stored.get(PUBLIC, sha) is None]


def digest_of(content: bytes, digits: int = 40) -> str:
    """The SHA1 of a content in hexadecimal, or its SHA256, which has 64 digits."""
    return (hashlib.sha1(content, usedforsecurity=False) if digits == 40 else hashlib.sha256(content)).hexdigest()


def site_by_id(server: NetlifyServer, site_id: str) -> Record:
    """A site that there is."""
    return next(record for (_, known), record in server.store["sites"].rows.items() if known == site_id)


def shown(server: NetlifyServer, site: Record, deploy: Record) -> dict[str, Any]:
    """A deploy as the list of its site shows it."""
    domain = f"{site['name']}.netlify.app"
    told = ("premium", "claimed", "name", "custom_domain", "notification_email", "url", "admin_url", "screenshot_url")
    return {
        "id": deploy["id"],
        "site_id": site["id"],
        **{name: site[name] for name in told},
        "deploy_url": f"http://{deploy['id']}.{domain}",
        **visible(deploy),
        "state": server.flow.standing(server, site, deploy),
    }
