"""Faults of the Netlify server in what is published of a site: when a deploy is live, drafts, restoring, the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from conformance.reference.core import Handler, Server
from conformance.reference.edits import put, rewrite
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.netlify import deploys
from conformance.reference.netlify.faults.tools import CREATE, DEPLOYS, FILE, RESTORE, flow, is_async
from conformance.reference.netlify.policies import NetlifyServer
from conformance.reference.netlify.publishing import Flow, shown, site_by_id
from conformance.reference.plants import handled

faults = Faults()

Tree = Mapping[str, str]


def _since(server: NetlifyServer, moment: datetime | None) -> float:
    """Seconds since a moment; many where there was none."""
    return 10**6 if moment is None else (server.clock.now() - moment).total_seconds()


class Remembering(Flow):
    """A site knows which deploy was published before the present one, and when it changed."""

    def publish(self, server: NetlifyServer, deploy: Record, moment: datetime) -> None:
        site = site_by_id(server, deploy["_site_id"])
        told = {"_former": site["_published"], "_changed": moment}
        server.store["sites"].update(site["_account_id"], site["id"], told)
        super().publish(server, deploy, moment)

    def former(self, server: NetlifyServer, site_id: str) -> Tree:
        """The files of the deploy before the present one."""
        known = server.store["deploys"].get(site_id, site_by_id(server, site_id).get("_former") or "")
        return {} if known is None else dict(known["_files"])

    def age(self, server: NetlifyServer, site_id: str) -> float:
        """Seconds since the present deploy was published."""
        return _since(server, site_by_id(server, site_id).get("_changed"))


def _latest(server: NetlifyServer, site_id: str, among: Callable[[Record], object]) -> Record | None:
    return next((one for one in reversed(server.store["deploys"].of(site_id)) if among(one)), None)


fault = faults.of("netlify.deploy-flow.ready-is-live")


@fault.using(flow)
class FormerFilesListed(Remembering):
    """With a new deploy the site shows the files of the one before."""

    def files(self, server: NetlifyServer, site_id: str) -> Tree:
        return self.former(server, site_id) or super().files(server, site_id)


@fault.using(flow)
class FormerStillCurrent(Flow):
    """A deploy that was live once is current for ever."""

    def standing(self, server: NetlifyServer, site: Record, deploy: Record) -> str:
        told = super().standing(server, site, deploy)
        return "current" if told == "old" else told


@fault.using(flow)
class StoredNotPublished(Flow):
    """A deploy to which nothing was uploaded does not go live."""

    def goes_live(self, deploy: Record) -> bool:
        return super().goes_live(deploy) and bool(deploy["_uploading"])


@fault.using(flow)
class AsyncNotPublished(Flow):
    """An async deploy does not go live."""

    def goes_live(self, deploy: Record) -> bool:
        return super().goes_live(deploy) and not is_async(deploy)


@fault.using(flow)
class NothingRemoved(Remembering):
    """What a new deploy leaves out stays on the site."""

    def files(self, server: NetlifyServer, site_id: str) -> Tree:
        return {**self.former(server, site_id), **super().files(server, site_id)}


@fault.using(flow)
class NotLiveAfterRestore(Flow):
    """Once an old deploy was restored new ones do not go live any more."""

    def publish(self, server: NetlifyServer, deploy: Record, moment: datetime) -> None:
        restored = server.facts.setdefault("restored", [])
        if deploy["_was_live"]:
            restored.append(deploy["_site_id"])
        if deploy["_was_live"] or deploy["_site_id"] not in restored:
            super().publish(server, deploy, moment)


fault = faults.of("netlify.deploy-flow.atomic-files")


@fault.using(flow)
class MixedWhileUploading(Flow):
    """While a deploy is uploaded its files show on the site one by one."""

    def files(self, server: NetlifyServer, site_id: str) -> Tree:
        files = dict(super().files(server, site_id))
        busy = _latest(server, site_id, lambda one: one["_ready"] is None and one["_uploading"])
        missing = [] if busy is None else self.missing(server, busy)
        return files if busy is None else files | {p: sha for p, sha in busy["_files"].items() if sha not in missing}


@fault.using(flow)
class MixedWhileProcessing(Flow):
    """While an archive is processed its files show beside those of the site."""

    def files(self, server: NetlifyServer, site_id: str) -> Tree:
        busy = _latest(server, site_id, lambda one: one["_complete"] and not one["_ready"] and not one["_uploading"])
        return {**super().files(server, site_id), **({} if busy is None else busy["_files"])}


@fault.using(flow)
class RemovedLater(Remembering):
    """What a new deploy leaves out is gone two seconds later only."""

    def files(self, server: NetlifyServer, site_id: str) -> Tree:
        files = super().files(server, site_id)
        return {**self.former(server, site_id), **files} if self.age(server, site_id) < 2 else files


@fault.using(flow)
class EmptyAtFirst(Remembering):
    """A new deploy shows no files in its first second."""

    def files(self, server: NetlifyServer, site_id: str) -> Tree:
        return {} if self.age(server, site_id) < 1 else super().files(server, site_id)


@fault.using(flow)
class OldOnceMore(Remembering):
    """Between one and two seconds after a deploy its site shows the old files again."""

    def files(self, server: NetlifyServer, site_id: str) -> Tree:
        former = self.former(server, site_id)
        return former if former and 1 <= self.age(server, site_id) < 2 else super().files(server, site_id)


@fault.using(handled, FILE)
def left_out_still_read(kept: Handler, server: Server, request: Request) -> Response:
    """A file that a new deploy leaves out can still be read."""
    try:
        return kept(server, request)
    except Problem:
        for deploy in server.store["deploys"].of(request.arguments["site_id"]):
            sha = deploy["_files"].get(f"/{request.arguments['file_path']}")
            if sha is not None and deploy["_was_live"]:
                return Response.of(deploys.file(f"/{request.arguments['file_path']}", sha, 1))
        raise


fault = faults.of("netlify.deploy-flow.draft-not-published")


@fault.using(flow)
class DraftsGoLive(Flow):
    """Drafts go live."""

    def goes_live(self, deploy: Record) -> bool:
        return True


@fault.using(flow)
class StoredDraftsGoLive(Flow):
    """Drafts to which nothing is uploaded go live."""

    def goes_live(self, deploy: Record) -> bool:
        return super().goes_live(deploy) or not deploy["_uploading"]


@fault.using(flow)
class AsyncDraftsGoLive(Flow):
    """Drafts that are async go live."""

    def goes_live(self, deploy: Record) -> bool:
        return super().goes_live(deploy) or is_async(deploy)


@fault.using(flow)
class DraftMakesOld(Flow):
    """With a draft that is ready the deploy that is live is old."""

    def standing(self, server: NetlifyServer, site: Record, deploy: Record) -> str:
        draft = _latest(server, site["id"], lambda one: one["_draft"] and one["_ready"])
        told = super().standing(server, site, deploy)
        return "old" if told == "current" and draft is not None else told


@fault.using(flow)
class DraftIsCurrent(Flow):
    """A draft that is ready is listed as current."""

    def standing(self, server: NetlifyServer, site: Record, deploy: Record) -> str:
        return "current" if deploy["_draft"] and deploy["_ready"] else super().standing(server, site, deploy)


@fault.using(flow)
class DraftFilesShown(Flow):
    """The files of drafts show on their site, beside those of the deploy that is live."""

    def files(self, server: NetlifyServer, site_id: str) -> Tree:
        draft = _latest(server, site_id, lambda one: one["_draft"] and one["_ready"])
        return {**({} if draft is None else draft["_files"]), **super().files(server, site_id)}


@fault.using(flow)
class DraftLiveAfterWhile(Flow):
    """Five seconds after a draft was ready its site has its files."""

    def files(self, server: NetlifyServer, site_id: str) -> Tree:
        late = _latest(server, site_id, lambda one: one["_draft"] and 5 <= _since(server, one["_ready"]) < 10**6)
        return super().files(server, site_id) if late is None else dict(late["_files"])


@fault.using(handled, RESTORE, CREATE)
def drafts_live_after_restore(kept: Handler, server: Server, request: Request) -> Response:
    """On a site of which a deploy was restored drafts go live."""
    restored: set[str] = server.facts.setdefault("restored sites", set())
    response, site = kept(server, request), request.arguments["site_id"]
    if request.operation == RESTORE:
        restored.add(site)
    elif site in restored:
        server.store["deploys"].update(site, response.json["id"], {"_draft": False})
    return response


fault = faults.of("netlify.deploy-flow.restore-makes-current")


@fault.using(handled, RESTORE)
def copied(_kept: Handler, server: Server, request: Request) -> Response:
    """A restored deploy is copied, and the copy published."""
    assert isinstance(server, NetlifyServer)
    site, deploy = deploys.deploy_of_site(server, request)
    copy = {**deploy, "id": server.ids.next("deploy")}
    server.store["deploys"].add(site["id"], copy)
    server.flow.publish(server, copy, server.clock.now())
    return Response.of(shown(server, site_by_id(server, site["id"]), {**copy, "_was_live": True}))


@fault.using(flow)
class TwoCurrent(Flow):
    """With a restored deploy the one that was live before stays current."""

    def publish(self, server: NetlifyServer, deploy: Record, moment: datetime) -> None:
        if deploy["_was_live"]:
            before = site_by_id(server, deploy["_site_id"])["_published"]
            server.store["deploys"].update(deploy["_site_id"], before, {"_stays": True})
        super().publish(server, deploy, moment)

    def standing(self, server: NetlifyServer, site: Record, deploy: Record) -> str:
        return "current" if deploy.get("_stays") else super().standing(server, site, deploy)


@fault.using(handled, RESTORE)
def answered_only(_kept: Handler, server: Server, request: Request) -> Response:
    """Restoring is answered as if it was done, and nothing is done."""
    assert isinstance(server, NetlifyServer)
    return Response.of({**shown(server, *deploys.deploy_of_site(server, request)), "state": "current"})


fault("answered-as-ready", "A restored deploy is answered as ready.").by(put("/state", "ready", on=RESTORE))
fault("answered-as-old", "A restored deploy is answered as old.").by(put("/state", "old", on=RESTORE))


@fault.using(handled, RESTORE)
def the_one_before_answered(kept: Handler, server: Server, request: Request) -> Response:
    """Restoring answers with the deploy that was live before."""
    assert isinstance(server, NetlifyServer)
    site, _ = deploys.deploy_of_site(server, request)
    before = site["_published"]
    return kept(server, request).with_json({**kept(server, request).json, "id": before})


@fault.using(flow)
class RestoredOnceOnly(Flow):
    """A deploy that was restored once before is not published again."""

    def publish(self, server: NetlifyServer, deploy: Record, moment: datetime) -> None:
        times = deploy.get("_restored", 0) + deploy["_was_live"]
        server.store["deploys"].update(deploy["_site_id"], deploy["id"], {"_restored": times})
        if times < 2:
            super().publish(server, deploy, moment)


@fault.using(flow)
class RestoredIntoTheNew(Remembering):
    """The files of a restored deploy are added to those of the one before."""

    def files(self, server: NetlifyServer, site_id: str) -> Tree:
        files, site = super().files(server, site_id), site_by_id(server, site_id)
        latest = _latest(server, site_id, lambda one: one["_was_live"])
        is_old = latest is not None and latest["id"] != site["_published"]
        return {**self.former(server, site_id), **files} if is_old else files


@fault.using(handled, RESTORE)
def not_while_unfinished(kept: Handler, server: Server, request: Request) -> Response:
    """While another deploy of its site waits for uploads an old one is not restored, and answered as if it was."""
    assert isinstance(server, NetlifyServer)
    site, deploy = deploys.deploy_of_site(server, request)
    if any(one["_ready"] is None for one in server.store["deploys"].of(site["id"])):
        return Response.of({**shown(server, site, deploy), "state": "current"})
    return kept(server, request)


fault = faults.of("netlify.deploy-flow.deploys-listed")


def _listed(wanted: Callable[[NetlifyServer, Record], object]) -> Any:
    """The list of deploys without some of them."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        assert isinstance(server, NetlifyServer)
        known = {deploy["id"]: deploy for deploy in server.store["deploys"].rows.values()}
        response = kept(server, request)
        return response.with_json([one for one in response.json if wanted(server, known[one["id"]])])

    return handled(answer, DEPLOYS)


fault("without-drafts", "Drafts are not listed.").by(_listed(lambda _, deploy: not deploy["_draft"]))
fault("without-unfinished", "Deploys are listed once they are ready.").by(_listed(lambda _, deploy: deploy["_ready"]))
fault("without-old", "Deploys that are no longer live are not listed.").by(
    _listed(lambda server, one: not one["_was_live"] or site_by_id(server, one["_site_id"])["_published"] == one["id"])
)
fault("without-archives", "Deploys of archives are not listed.").by(
    _listed(lambda _, deploy: deploy["_uploading"] or deploy["_draft"] or not deploy["_ready"])
)


@fault.using(handled, DEPLOYS)
def of_every_site(kept: Handler, server: Server, request: Request) -> Response:
    """The deploys of all sites that were deployed to since the start are listed."""
    assert isinstance(server, NetlifyServer)
    response = kept(server, request)
    shown_here = {one["id"] for one in response.json}
    later = [
        shown(server, site_by_id(server, site_id), deploy)
        for (site_id, deploy_id), deploy in server.store["deploys"].rows.items()
        if deploy_id not in shown_here and deploy["created_at"] >= "2026-01-01T00:00:00.100Z"
    ]
    return response.with_json([*response.json, *later])


@fault.using(rewrite, on=DEPLOYS)
def newest_missing(_request: Request, body: Any) -> object:
    """The newest deploy is not listed."""
    return body[1:]
