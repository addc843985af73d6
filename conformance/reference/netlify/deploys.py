"""Deploys and files of the Netlify API: digests, uploads, archives, restoring, what the site consists of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.netlify.archives import check_path, is_archive, read_archive
from conformance.reference.netlify.policies import (
    OCTETS,
    Invalid,
    Missing,
    NetlifyServer,
    accounts_of,
    bodies,
    iso,
    listing,
    optional_of,
    site_of,
)
from conformance.reference.netlify.publishing import MANIFEST_TIME, digest_of, shown
from conformance.reference.store import PUBLIC

RAW = "application/vnd.bitballoon.v1.raw"
RUNTIMES = ("js", "go")

_SHA1, _FUNCTION = re.compile(r"[0-9a-f]{40}\Z"), re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_MEDIA_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "application/javascript",
    "json": "application/json",
    "txt": "text/plain",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "xml": "application/xml",
}


def create(server: NetlifyServer, request: Request) -> Response:
    """Create a deploy from a digest or an archive (Deploy with the API)."""
    site = site_of(server, request)
    if bodies(server).is_archive(request):
        deploy = from_archive(server, request, site)
    else:
        body = bodies(server).parse(request)
        if "files" not in body:
            raise Invalid("files", "is required", "required")
        deploy = from_digest(server, request, site, body)
    return Response.of({**shown(server, site, deploy), **server.flow.required(server, deploy)})


def from_digest(server: NetlifyServer, request: Request, site: Record, body: Mapping[str, Any]) -> Record:
    """A deploy of the files and functions of a digest (File digest method)."""
    digest = read_digest(body)
    later = MANIFEST_TIME if digest.pop("_async") else 0
    return _added(server, request, site, later=later, **digest)


def read_digest(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a digest says; a Problem for one that is not as it has to be."""
    files = _digests(body, "files", _SHA1, "a SHA1 of 40 hexadecimal digits")
    for path in files:
        if not path.startswith("/"):
            raise Invalid("files", "every path must begin with /", "path")
        check_path("files", path[1:])
    functions = _digests(body, "functions", _FUNCTION, "a SHA256 of 64 hexadecimal digits")
    if not all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in functions):
        raise Invalid("functions", "every name must be of letters, digits, - and _", "function-name")
    return {
        "_files": files,
        "_functions": functions,
        "_draft": optional_of(body, "draft", bool, False),
        "_async": optional_of(body, "async", bool, False),
    }


def from_archive(server: NetlifyServer, request: Request, site: Record) -> Record:
    """A deploy of the files of an archive, which are all there is of it (ZIP file method)."""
    contents = read_archive(request.body)
    files = {path: digest_of(content) for path, content in contents.items()}
    for path, content in contents.items():
        server.store["contents"].add(PUBLIC, {"sha": files[path], "content": content})
    return _added(server, request, site, _files=files)


def _digests(body: Mapping[str, Any], name: str, form: re.Pattern[str], told: str) -> dict[str, str]:
    given: dict[str, Any] = optional_of(body, name, dict, {})
    if not all(isinstance(sha, str) and form.match(sha) for sha in given.values()):
        raise Invalid(name, f"every digest must be {told}", "digest")
    return given


def _added(server: NetlifyServer, request: Request, site: Record, later: float = 0, **story: Any) -> Record:
    """A new deploy, which may be complete at once; hooks on it are called."""
    now = server.clock.now()
    deploy = {
        "id": server.ids.next("deploy"),
        "created_at": iso(now),
        "updated_at": iso(now),
        "user_id": request.account,
        "_site_id": site["id"],
        "_functions": {},
        "_draft": False,
        "_prepared": now + timedelta(seconds=later),
        "_uploading": False,
        "_complete": None,
        "_ready": None,
        "_was_live": False,
        **story,
    }
    server.store["deploys"].add(site["id"], deploy)
    server.flow.settle(server)
    deploy = dict(server.store["deploys"].rows[site["id"], deploy["id"]])
    server.notices.announce(server, "deploy_created", site["id"], shown(server, site, deploy))
    return deploy


def list_deploys(server: NetlifyServer, request: Request) -> Response:
    """The deploys of a site, newest first (Get deploys)."""
    site = site_of(server, request)
    found = server.store["deploys"].of(site["id"])[::-1]
    return listing(server, request, found, lambda deploy: shown(server, site, deploy))


def get_of_site(server: NetlifyServer, request: Request) -> Response:
    """One deploy of a site (Get deploy)."""
    site, deploy = deploy_of_site(server, request)
    return Response.of({**shown(server, site, deploy), **server.flow.required(server, deploy)})


def get(server: NetlifyServer, request: Request) -> Response:
    """One deploy by its own id, whose state is how far it has come (Poll for deploy state)."""
    site, deploy = deploy_of(server, request)
    told = {**shown(server, site, deploy), **server.flow.required(server, deploy)}
    return Response.of({**told, "state": server.flow.state(server, deploy)})


def restore(server: NetlifyServer, request: Request) -> Response:
    """Make a deploy that is ready the live version of its site (Restore deploy)."""
    site, deploy = deploy_of_site(server, request)
    if deploy["_ready"] is None:
        raise Problem(422, "unfinished", "a deploy that is not ready cannot be restored")
    if site["_published"] != deploy["id"]:
        server.flow.publish(server, deploy, server.clock.now())
    return Response.of(shown(server, *deploy_of_site(server, request)))


def upload_file(server: NetlifyServer, request: Request) -> Response:
    """Keep the content of a file of the digest (File digest method); it may be sent again."""
    _, deploy = _uploadable(server, request)
    path = f"/{request.arguments['file_path']}"
    sha = deploy["_files"].get(path)
    if sha is None:
        raise Missing("file")
    _take(server, "contents", deploy, sha, request.body)
    return Response.of(file(path, sha, len(request.body)))


def upload_function(server: NetlifyServer, request: Request) -> Response:
    """Keep a zipped function of the digest (File digest method)."""
    _, deploy = _uploadable(server, request)
    runtime = request.query.get("runtime")
    if runtime not in RUNTIMES:
        raise Invalid("runtime", f"must be one of {', '.join(RUNTIMES)}", "runtime")
    name = request.arguments["name"]
    sha = deploy["_functions"].get(name)
    if sha is None:
        raise Missing("function")
    if not is_archive(request.body):
        raise Invalid("body", "must be a ZIP archive of the function", "archive")
    _take(server, "functions", deploy, sha, request.body)
    return Response.of({"id": sha, "name": name, "sha": sha, "runtime": runtime})


def _uploadable(server: NetlifyServer, request: Request) -> tuple[Record, Record]:
    """Site and deploy of an upload."""
    site, deploy = deploy_of(server, request)
    if server.bodies.sent_as(request) != OCTETS:
        raise Invalid("Content-Type", f"The content must be sent as {OCTETS}.", "media-type", status=415)
    if server.flow.state(server, deploy) == "preparing":
        raise Problem(422, "preparing", "the deploy is not prepared for uploads yet")
    return site, deploy


def _take(server: NetlifyServer, kind: str, deploy: Record, sha: str, content: bytes) -> None:
    if not server.flow.matches(sha, content):
        raise Invalid("body", "the content does not have the digest of the deploy", "digest-mismatch")
    server.flow.store(server, kind, deploy, sha, content)


def deploy_of(server: NetlifyServer, request: Request) -> tuple[Record, Record]:
    """Site and deploy of a path that names the deploy alone."""
    for account in accounts_of(server, request):
        for site in server.store["sites"].of(account["id"]):
            deploy = server.store["deploys"].get(site["id"], request.arguments["deploy_id"])
            if deploy is not None:
                return site, deploy
    raise Missing("deploy")


def deploy_of_site(server: NetlifyServer, request: Request) -> tuple[Record, Record]:
    """Site and deploy of a path that names both; a deploy of another site is none."""
    site = site_of(server, request)
    deploy = server.store["deploys"].get(site["id"], request.arguments["deploy_id"])
    if deploy is None:
        raise Missing("deploy")
    return site, deploy


def file(path: str, sha: str, size: int) -> dict[str, Any]:
    """A file as it is sent (Get file)."""
    kind = path.rpartition(".")[2].lower()
    return {"id": path, "path": path, "sha": sha, "mime_type": _MEDIA_TYPES.get(kind, OCTETS), "size": size}


def _file_of(server: NetlifyServer, path: str, sha: str) -> dict[str, Any]:
    return file(path, sha, len(server.store["contents"].rows[PUBLIC, sha]["content"]))


def list_files(server: NetlifyServer, request: Request) -> Response:
    """The files of the current deploy (Get files)."""
    files = server.flow.files(server, site_of(server, request)["id"])
    return listing(server, request, [_file_of(server, path, files[path]) for path in sorted(files)])


def get_file(server: NetlifyServer, request: Request) -> Response:
    """A file of the current deploy, or its content for who asks for the raw media type (Get file)."""
    path = f"/{request.arguments['file_path']}"
    sha = server.flow.files(server, site_of(server, request)["id"]).get(path)
    if sha is None:
        raise Missing("file")
    record = _file_of(server, path, sha)
    if RAW in (server.bodies.sent_as(request), request.headers.get("Accept", "").partition(";")[0].strip()):
        content = server.store["contents"].rows[PUBLIC, sha]["content"]
        return Response(200, content, {"Content-Type": record["mime_type"]})
    return Response.of(record)
