"""Faults of the Netlify server in deploys by a digest: what is required, when they are ready, how they are read."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from conformance.reference.core import Handler, Server
from conformance.reference.edits import afterwards, change, drop, put, refuse, rename, rewrite
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.netlify import deploys
from conformance.reference.netlify.faults.tools import (
    BY_ID,
    CREATE,
    FILE,
    FILES,
    OF_SITE,
    UPLOAD_FUNCTION,
    flow,
    is_async,
    sent,
)
from conformance.reference.netlify.policies import NetlifyServer
from conformance.reference.netlify.publishing import Flow
from conformance.reference.plants import handled

faults = Faults()

fault = faults.of("netlify.schema.digest-response")
fault("required-null", "What is required is null.").by(put("/required", None, on=CREATE))
fault("no-id", "The id of a new deploy has another name.").by(rename("/id", "deploy_id", on=CREATE))
fault("no-required-functions", "What functions are required is not told.").by(drop("/required_functions", on=CREATE))


@fault.using(rewrite, on=CREATE)
def required_by_path(request: Request, body: Any) -> object:
    """What is required is an object: path and digest."""
    files = _files(request)
    return {**body, "required": {path: sha for path, sha in files.items() if sha in body["required"]}}


def _files(request: Request, member: str = "files") -> dict[str, str]:
    found = sent(request).get(member)
    return dict(found) if isinstance(found, dict) else {}


fault = faults.of("netlify.deploy-flow.required-subset")


@fault.using(rewrite, on=CREATE)
def paths_required(request: Request, body: Any) -> object:
    """What is required are paths."""
    return {**body, "required": [path for path, sha in _files(request).items() if sha in body["required"]]}


@fault.using(rewrite, on=CREATE)
def unknown_required(_request: Request, body: Any) -> object:
    """A digest is required that nobody sent."""
    return {**body, "required": [*body["required"], "0" * 40]}


@fault.using(rewrite, on=CREATE)
def required_twice(_request: Request, body: Any) -> object:
    """Every digest is required twice."""
    return {**body, "required": body["required"] * 2}


@fault.using(rewrite, on=CREATE)
def names_of_functions_required(request: Request, body: Any) -> object:
    """Functions are required by their names."""
    return {**body, "required_functions": list(_files(request, "functions"))}


fault = faults.of("netlify.deploy-flow.required-only-missing")


@fault.using(flow)
class EverythingRequired(Flow):
    """Everything is required, whether it is stored or not."""

    def required(self, server: NetlifyServer, deploy: Record) -> dict[str, Any]:
        return {**super().required(server, deploy), "required": list(dict.fromkeys(deploy["_files"].values()))}


@fault.using(flow)
class EverythingWithSomethingNew(Flow):
    """With a file that is new, those that are stored are required, too."""

    def required(self, server: NetlifyServer, deploy: Record) -> dict[str, Any]:
        told = super().required(server, deploy)
        return {**told, "required": list(dict.fromkeys(deploy["_files"].values()))} if told.get("required") else told


@fault.using(flow)
class NothingRequired(Flow):
    """Nothing is required once something was deployed to the site."""

    def required(self, server: NetlifyServer, deploy: Record) -> dict[str, Any]:
        told = super().required(server, deploy)
        return {**told, "required": []} if self.files(server, deploy["_site_id"]) else told


@fault.using(flow)
class DraftsForgotten(Flow):
    """What was uploaded for a draft alone is required again."""

    def required(self, server: NetlifyServer, deploy: Record) -> dict[str, Any]:
        told = super().required(server, deploy)
        finished = [one for one in server.store["deploys"].of(deploy["_site_id"]) if one["_ready"] is not None]
        drafted, live = (
            {sha for one in finished if one["_draft"] is draft for sha in one["_files"].values()}
            for draft in (True, False)
        )
        again = [sha for sha in dict.fromkeys(deploy["_files"].values()) if sha in drafted - live]
        return {**told, "required": [*told["required"], *again]} if "required" in told else told


fault = faults.of("netlify.deploy-flow.ready-needs-uploads")


@fault.using(flow)
class FinishedTogether(Flow):
    """With one of two deploys at once the other is ready, too, if anything was uploaded to it."""

    def is_complete(self, server: NetlifyServer, deploy: Record) -> bool:
        others = server.store["deploys"].of(deploy["_site_id"])
        done = any(one["_ready"] is not None for one in others)
        return super().is_complete(server, deploy) or bool(done and deploy["_uploading"] and deploy["_draft"])

    def files(self, server: NetlifyServer, site_id: str) -> Mapping[str, str]:
        stored = {sha for _, sha in server.store["contents"].rows}
        return {path: sha for path, sha in super().files(server, site_id).items() if sha in stored}


@fault.using(flow)
class LiveWithHoles(Flow):
    """A deploy is complete with its first upload, and goes live with what there is."""

    def is_complete(self, server: NetlifyServer, deploy: Record) -> bool:
        return bool(deploy["_uploading"]) or super().is_complete(server, deploy)

    def files(self, server: NetlifyServer, site_id: str) -> Mapping[str, str]:
        stored = {sha for _, sha in server.store["contents"].rows}
        return {path: sha for path, sha in super().files(server, site_id).items() if sha in stored}


@fault.using(flow)
class FunctionsNotWaitedFor(Flow):
    """A deploy does not wait for its functions."""

    def is_complete(self, server: NetlifyServer, deploy: Record) -> bool:
        return not self.missing(server, deploy)


@fault.using(flow)
class ReadyInTime(Flow):
    """After ten seconds a deploy is ready by its state, whatever is missing."""

    def state(self, server: NetlifyServer, deploy: Record) -> str:
        told = super().state(server, deploy)
        late = server.clock.now() > deploy["_prepared"] + timedelta(seconds=10)
        return "ready" if late and told == "uploading" else told


@fault.using(flow)
class CurrentWhileUploading(Flow):
    """On its site a deploy is current while it is being uploaded."""

    def standing(self, server: NetlifyServer, site: Record, deploy: Record) -> str:
        told = super().standing(server, site, deploy)
        return "current" if told == "uploading" else told


@fault.using(flow)
class EmptiedWhileUploading(Flow):
    """While a deploy is being uploaded its site has no files."""

    def files(self, server: NetlifyServer, site_id: str) -> Mapping[str, str]:
        busy = any(self.state(server, one) == "uploading" for one in server.store["deploys"].of(site_id))
        return {} if busy else super().files(server, site_id)


fault = faults.of("netlify.deploy-flow.async-states")


@fault.using(flow)
class RequiredNeverFilled(Flow):
    """Of an async deploy nothing is ever required."""

    def required(self, server: NetlifyServer, deploy: Record) -> dict[str, Any]:
        told = super().required(server, deploy)
        return {name: [] for name in told} if is_async(deploy) else told


@fault.using(flow)
class BackToPreparing(Flow):
    """An async deploy is being prepared again once it is uploaded."""

    def state(self, server: NetlifyServer, deploy: Record) -> str:
        told = super().state(server, deploy)
        return "preparing" if is_async(deploy) and told == "uploaded" else told


@fault.using(flow)
class PreparedAgain(Flow):
    """After its first upload an async deploy is prepared as it was before."""

    def state(self, server: NetlifyServer, deploy: Record) -> str:
        told = super().state(server, deploy)
        kept = is_async(deploy) and told == "uploading" and len(self.missing(server, deploy)) % 2 == 0
        return "prepared" if kept else told

    def standing(self, server: NetlifyServer, site: Record, deploy: Record) -> str:
        told = super().standing(server, site, deploy)
        return "prepared" if is_async(deploy) and told in ("uploaded", "ready") else told


@fault.using(flow)
class PreparedForever(Flow):
    """An async deploy that requires nothing never goes on."""

    def is_complete(self, server: NetlifyServer, deploy: Record) -> bool:
        return super().is_complete(server, deploy) and bool(deploy["_uploading"] or not is_async(deploy))


@fault.using(afterwards, on=CREATE)
def never_prepared(server: Server, _request: Request, response: Response) -> None:
    """An async deploy stays in preparing."""
    for (site_id, deploy_id), deploy in list(server.store["deploys"].rows.items()):
        if deploy_id == response.json["id"] and is_async(deploy):
            later = deploy["_prepared"] + timedelta(days=1)
            server.store["deploys"].update(site_id, deploy_id, {"_prepared": later})


fault = faults.of("netlify.deploy-flow.function-upload")


@fault.using(handled, UPLOAD_FUNCTION)
def function_forgotten(_kept: Handler, _server: Server, request: Request) -> Response:
    """The upload of a function is answered with a success, and its deploy keeps waiting for it."""
    return Response.of({"name": request.arguments["name"]})


fault("functions-not-required", "No function is ever required.").by(put("/required_functions", [], on=CREATE))
fault("function-refused", "The upload of a function that is required is refused.").by(
    refuse(422, "The function is not well-formed.", on=UPLOAD_FUNCTION)
)


@fault.using(flow)
class ReadyWithoutFunctions(Flow):
    """A deploy with all its files is ready, with its functions or without."""

    def is_complete(self, server: NetlifyServer, deploy: Record) -> bool:
        return not self.missing(server, deploy)


fault = faults.of("netlify.deploy-flow.function-runtime-invalid")


def _as_js(request: Request) -> None:
    request.query.setlist("runtime", ["js"])


@fault.using(handled, UPLOAD_FUNCTION)
def runtime_ignored(kept: Handler, server: Server, request: Request) -> Response:
    """The runtime of a function is not looked at."""
    _as_js(request)
    return kept(server, request)


@fault.using(handled, UPLOAD_FUNCTION)
def refused_and_kept(kept: Handler, server: Server, request: Request) -> Response:
    """A function of an unknown runtime is refused, and kept."""
    known = request.query.get("runtime") in deploys.RUNTIMES
    _as_js(request)
    response = kept(server, request)
    if not known:
        raise Problem(422, "runtime", "The runtime is unknown.")
    return response


fault = faults.of("netlify.deploy-flow.deploy-paths-agree")
fault("by-id-behind", "By its id alone a deploy that is being uploaded is prepared.").by(
    change("/state", lambda state: "prepared" if state == "uploading" else state, on=BY_ID)
)
fault("ready-for-good", "By its id alone every deploy is ready.").by(put("/state", "ready", on=BY_ID))
fault("other-id", "By its id alone a deploy has another id.").by(change("/id", lambda one: f"d-{one}", on=BY_ID))
fault("never-ready", "By its id alone a deploy that is live is still uploaded.").by(
    change("/state", lambda state: "uploaded" if state == "ready" else state, on=BY_ID)
)

fault = faults.of("netlify.deploy-flow.deploy-wrong-site")


@fault.using(handled, OF_SITE)
def site_ignored(_kept: Handler, server: Server, request: Request) -> Response:
    """The site of a deploy's path is not looked at."""
    assert isinstance(server, NetlifyServer)
    return deploys.get(server, request)


@fault.using(handled, OF_SITE)
def crash_on_another_site(kept: Handler, server: Server, request: Request) -> Response:
    """A deploy of another site is a server error."""
    try:
        return kept(server, request)
    except Problem as problem:
        raise Problem(500, "wrong-site", "The server could not answer this request.") from problem


@fault.using(handled, OF_SITE)
def latest_one_instead(kept: Handler, server: Server, request: Request) -> Response:
    """In the place of a deploy of another site the latest one of the site is answered."""
    assert isinstance(server, NetlifyServer)
    try:
        return kept(server, request)
    except Problem:
        return Response.of(deploys.list_deploys(server, request).json[0])


def _base64(sha: str) -> str:
    return base64.b64encode(bytes.fromhex(sha)).decode()


fault = faults.of("netlify.types.sha-hex")
fault("listed-in-base64", "The digests of a site's files are in base64.").by(change("/*/sha", _base64, on=FILES))
fault("read-in-base64", "The digest of a file is in base64.").by(change("/sha", _base64, on=FILE))
fault("required-in-base64", "Required digests are in base64.").by(change("/required/*", _base64, on=CREATE))
fault("named-algorithm", "The digests of a site's files name their algorithm.").by(
    change("/*/sha", lambda sha: f"sha1:{sha}", on=FILES)
)
fault("short-functions", "Required functions are told by the first digits of their digests.").by(
    change("/required_functions/*", lambda sha: sha[:12], on=CREATE)
)
