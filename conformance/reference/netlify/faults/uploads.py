"""Faults of the Netlify server in uploads: what becomes of contents, of repeated and wrong ones, of paths."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

from conformance.reference.core import Handler, Server
from conformance.reference.edits import change
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.netlify import deploys
from conformance.reference.netlify.faults.tools import FILES, UPLOAD, flow
from conformance.reference.netlify.policies import NetlifyServer, iso
from conformance.reference.netlify.publishing import Flow, digest_of
from conformance.reference.plants import handled
from conformance.reference.store import PUBLIC

faults = Faults()


def _deploy(server: Server, request: Request) -> Record:
    assert isinstance(server, NetlifyServer)
    return deploys.deploy_of(server, request)[1]


def _path(request: Request) -> str:
    return f"/{request.arguments['file_path']}"


def _set(server: Server, deploy: Record, **changes: Any) -> None:
    server.store["deploys"].update(deploy["_site_id"], deploy["id"], changes)


fault = faults.of("netlify.deploy-flow.upload-required-only")


@fault.using(flow)
class WaitsForTwins(Flow):
    """A deploy waits until a content was uploaded under each of its paths."""

    def store(self, server: NetlifyServer, kind: str, deploy: Record, sha: str, content: bytes) -> None:
        _set(server, deploy, _sent=[*deploy.get("_sent", ()), sha])
        super().store(server, kind, deploy, sha, content)

    def is_complete(self, server: NetlifyServer, deploy: Record) -> bool:
        uploaded, paths = list(deploy.get("_sent", ())), list(deploy["_files"].values())
        return super().is_complete(server, deploy) and all(uploaded.count(sha) >= paths.count(sha) for sha in uploaded)


@fault.using(handled, UPLOAD)
def twin_paths_dropped(kept: Handler, server: Server, request: Request) -> Response:
    """A content is deployed under the path alone that it was uploaded to."""
    deploy = _deploy(server, request)
    sha = deploy["_files"].get(_path(request))
    files = {path: known for path, known in deploy["_files"].items() if known != sha or path == _path(request)}
    _set(server, deploy, _files=files)
    return kept(server, request)


@fault.using(handled, UPLOAD)
def second_path_unknown(kept: Handler, server: Server, request: Request) -> Response:
    """A content can be uploaded under the first of its paths alone."""
    files = _deploy(server, request)["_files"]
    sha = files.get(_path(request))
    if sha is not None and next(path for path, known in files.items() if known == sha) != _path(request):
        raise Problem(404, "unknown-file", "Not Found")
    return kept(server, request)


@fault.using(flow)
class HangsAfterUploads(Flow):
    """A deploy to which something was uploaded never becomes ready."""

    def is_complete(self, server: NetlifyServer, deploy: Record) -> bool:
        return super().is_complete(server, deploy) and not deploy["_uploading"]


@fault.using(flow)
class HangsWithShared(Flow):
    """A deploy with a content that was uploaded to another one in the meantime never becomes ready."""

    def is_complete(self, server: NetlifyServer, deploy: Record) -> bool:
        own = set(deploy["_files"].values())
        others = [one for one in server.store["deploys"].of(deploy["_site_id"]) if one["id"] != deploy["id"]]
        busy = any(one["_ready"] is None and own & set(one["_files"].values()) for one in others)
        return super().is_complete(server, deploy) and not busy


@fault.using(flow)
class DraftsHang(Flow):
    """A draft of more than one file never becomes ready."""

    def is_complete(self, server: NetlifyServer, deploy: Record) -> bool:
        return super().is_complete(server, deploy) and not (deploy["_draft"] and len(deploy["_files"]) > 1)


fault = faults.of("netlify.deploy-flow.upload-integrity")


@fault.using(flow)
class AnyBytesTaken(Flow):
    """Whatever is uploaded is kept as the content that was announced."""

    def matches(self, _sha: str, _content: bytes) -> bool:
        return True


@fault.using(flow)
class EmptyContentTaken(Flow):
    """An empty upload is kept as the content that was announced."""

    def matches(self, sha: str, content: bytes) -> bool:
        return not content or super().matches(sha, content)


@fault.using(handled, UPLOAD)
def contents_of_others_taken(kept: Handler, server: Server, request: Request) -> Response:
    """The content of another file of the deploy is taken, and its digest with it."""
    deploy, sha = _deploy(server, request), digest_of(request.body)
    if sha in deploy["_files"].values() and _path(request) in deploy["_files"]:
        _set(server, deploy, _files={**deploy["_files"], _path(request): sha})
    return kept(server, request)


@fault.using(handled, UPLOAD)
def strays_deployed(kept: Handler, server: Server, request: Request) -> Response:
    """A file that is not in the digest is deployed, too."""
    deploy, sha = _deploy(server, request), digest_of(request.body)
    if _path(request) not in deploy["_files"]:
        server.store["contents"].add(PUBLIC, {"sha": sha, "content": request.body})
        _set(server, deploy, _files={**deploy["_files"], _path(request): sha})
    return kept(server, request)


@fault.using(handled, UPLOAD)
def crash_for_wrong_bytes(kept: Handler, server: Server, request: Request) -> Response:
    """Content of another digest is a server error."""
    try:
        return kept(server, request)
    except Problem as problem:
        raise Problem(500, "digest", "The server could not answer this request.") from problem


@fault.using(handled, UPLOAD)
def refused_and_kept(kept: Handler, server: Server, request: Request) -> Response:
    """Wrong content is refused, but kept where there was none before."""
    sha = _deploy(server, request)["_files"].get(_path(request))
    if sha is not None and server.store["contents"].get(PUBLIC, sha) is None:
        server.store["contents"].add(PUBLIC, {"sha": sha, "content": request.body})
    return kept(server, request)


fault = faults.of("netlify.deploy-flow.upload-retry-safe")


def _is_repeated(server: Server, request: Request) -> bool:
    sha = _deploy(server, request)["_files"].get(_path(request))
    return sha is not None and server.store["contents"].get(PUBLIC, sha) is not None


@fault.using(handled, UPLOAD)
def repeated_409(kept: Handler, server: Server, request: Request) -> Response:
    """A repeated upload is a conflict."""
    if _is_repeated(server, request):
        raise Problem(409, "conflict", "The file is there already.")
    return kept(server, request)


@fault.using(handled, UPLOAD)
def repeated_refused_when_async(kept: Handler, server: Server, request: Request) -> Response:
    """A repeated upload to an async deploy is refused."""
    deploy = _deploy(server, request)
    if _is_repeated(server, request) and deploy["_uploading"] and iso(deploy["_prepared"]) != deploy["created_at"]:
        raise Problem(422, "repeated", "The file is there already.")
    return kept(server, request)


@fault.using(flow)
class UploadsCounted(Flow):
    """A deploy is complete after as many uploads as it required, whatever they were."""

    def store(self, server: NetlifyServer, kind: str, deploy: Record, sha: str, content: bytes) -> None:
        _set(server, deploy, _sent=deploy.get("_sent", 0) + 1)
        super().store(server, kind, deploy, sha, content)

    def is_complete(self, server: NetlifyServer, deploy: Record) -> bool:
        return super().is_complete(server, deploy) or deploy.get("_sent", 0) >= len(deploy["_files"])


@fault.using(handled, UPLOAD)
def repeated_takes_away(kept: Handler, server: Server, request: Request) -> Response:
    """With a repeated upload the content is gone."""
    repeated, response = _is_repeated(server, request), kept(server, request)
    deploy = _deploy(server, request)
    if repeated and deploy["_complete"] is None:
        server.store["contents"].remove(PUBLIC, deploy["_files"][_path(request)])
    return response


@fault.using(handled, UPLOAD)
def late_upload_crashes(kept: Handler, server: Server, request: Request) -> Response:
    """An upload to a deploy that is ready is a server error."""
    if _deploy(server, request)["_ready"] is not None:
        raise Problem(500, "late", "The server could not answer this request.")
    return kept(server, request)


@fault.using(handled, UPLOAD)
def late_upload_unpublishes(kept: Handler, server: Server, request: Request) -> Response:
    """An upload to a deploy that is ready takes its other files from the site."""
    deploy, response = _deploy(server, request), kept(server, request)
    if deploy["_ready"] is not None:
        _set(server, deploy, _files={_path(request): deploy["_files"][_path(request)]})
    return response


fault = faults.of("netlify.deploy-flow.path-escaping")


def _uploaded_as(read: Callable[[str], str]) -> Plant:
    """The path of an upload is read otherwise."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        request.arguments["file_path"] = read(request.arguments["file_path"])
        return kept(server, request)

    return handled(answer, UPLOAD)


fault("not-decoded", "The path of an upload is not decoded.").by(_uploaded_as(quote))
fault("decoded-twice", "The path of an upload is decoded twice.").by(_uploaded_as(unquote))
fault("plus-is-space", "A plus in the path of an upload is a space.").by(
    _uploaded_as(lambda path: path.replace("+", " "))
)
fault("last-segment", "Of the path of an upload the last segment counts.").by(
    _uploaded_as(lambda path: path.rpartition("/")[2])
)
fault("listed-encoded", "The paths of a site's files are listed encoded.").by(change("/*/path", quote, on=FILES))
fault("listed-decoded", "The paths of a site's files are decoded once more where they are listed.").by(
    change("/*/path", unquote_plus, on=FILES)
)
fault("listed-decomposed", "Letters with accents are listed as letter and accent.").by(
    change("/*/path", lambda path: unicodedata.normalize("NFD", path), on=FILES)
)
fault("listed-in-ascii", "Letters beyond ASCII are listed as question marks.").by(
    change("/*/path", lambda path: path.encode("ascii", "replace").decode(), on=FILES)
)
