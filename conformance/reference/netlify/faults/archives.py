"""Faults of the Netlify server in archives: what is deployed of them, how they are told from JSON, how many files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.edits import refuse
from conformance.reference.faults import Faults, Plant
from conformance.reference.messages import Problem, Record, Request, Response
from conformance.reference.netlify import deploys
from conformance.reference.netlify.faults.tools import (
    CREATE,
    CREATE_SITE,
    PUT_SITE,
    flow,
    sent,
)
from conformance.reference.netlify.policies import NetlifyServer, bodies, site_of
from conformance.reference.netlify.publishing import Flow, site_by_id
from conformance.reference.plants import handled

faults = Faults()

Contents = Mapping[str, bytes]


def _is_archive(server: Server, request: Request) -> bool:
    return bodies(server).is_archive(request)


def _unpacked(body: bytes) -> dict[str, bytes]:
    """Name → content of every entry of an archive, folders too."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def _packed(contents: Contents) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def _read_as(edit: Callable[[dict[str, bytes]], Contents], *operations: str) -> Plant:
    """Archives are read as others: `edit` is given name → content of the entries."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        if not _is_archive(server, request):
            return kept(server, request)
        try:
            contents = _unpacked(request.body)
        except zipfile.BadZipFile:
            return kept(server, request)
        return kept(server, evolve(request, body=_packed(edit(contents))))

    return handled(answer, *(operations or (CREATE, CREATE_SITE, PUT_SITE)))


def _without_folders(contents: Contents) -> dict[str, bytes]:
    return {name: content for name, content in contents.items() if not name.endswith("/")}


def _with_folders_as_files(contents: Contents) -> Contents:
    """Each folder as an empty file beside its own contents."""
    return {name.removesuffix("/") + (".folder" if name.endswith("/") else ""): one for name, one in contents.items()}


def _each(edit: Callable[[bytes], bytes]) -> Callable[[dict[str, bytes]], Contents]:
    return lambda contents: {name: edit(content) for name, content in contents.items()}


def _named(edit: Callable[[str], str]) -> Callable[[dict[str, bytes]], Contents]:
    return lambda contents: {edit(name): content for name, content in _without_folders(contents).items()}


def _first(contents: Contents) -> Contents:
    return dict(list(_without_folders(contents).items())[:1])


def _before_put(kept: Handler, server: Server, request: Request) -> tuple[set[str], Response]:
    """The ids of the deploys that there were, and the answer."""
    before = {deploy_id for _, deploy_id in server.store["deploys"].rows}
    return before, kept(server, request)


def _made(server: Server, before: Iterable[str]) -> list[Record]:
    known = set(before)
    return [one for (_, deploy_id), one in server.store["deploys"].rows.items() if deploy_id not in known]


def _changed(server: Server, deploy: Record, **changes: Any) -> None:
    server.store["deploys"].update(deploy["_site_id"], deploy["id"], changes)


fault = faults.of("netlify.deploy-flow.zip-deploy")


@fault.using(handled, CREATE)
def added_to_the_former(kept: Handler, server: Server, request: Request) -> Response:
    """The files of an archive are added to those of the deploy before."""
    assert isinstance(server, NetlifyServer)
    old = server.flow.files(server, site_of(server, request)["id"])
    before, response = _before_put(kept, server, request)
    for deploy in _made(server, before) if _is_archive(server, request) else ():
        _changed(server, deploy, _files={**old, **deploy["_files"]})
    return response


@fault.using(handled, CREATE)
def required_of_archives(kept: Handler, server: Server, request: Request) -> Response:
    """The digests of an archive's files are required."""
    before, response = _before_put(kept, server, request)
    if not _is_archive(server, request):
        return response
    return response.with_json({**response.json, "required": list(_made(server, before)[0]["_files"].values())})


@fault.using(flow)
class WaitsForUploads(Flow):
    """A deploy of which nothing is missing waits in the state uploading before it is processed."""

    def state(self, server: NetlifyServer, deploy: Record) -> str:
        told = super().state(server, deploy)
        return "uploading" if told == "uploaded" else told


fault("folders-as-files", "The folders of an archive are files, too.").by(_read_as(_with_folders_as_files, CREATE))
fault("flattened", "The folders of an archive's files are left out.").by(
    _read_as(_named(lambda name: name.rpartition("/")[2]), CREATE)
)
fault("deep-files-lost", "Files two folders deep are left out.").by(
    _read_as(lambda contents: {name: one for name, one in contents.items() if name.count("/") < 2}, CREATE)
)
fault("unknown-by-domain", "An archive sent to a domain is answered 404.").by(
    refuse(404, "Not Found", on=CREATE, when=lambda request: "." in request.arguments["site_id"])
)


@fault.using(handled, CREATE)
def draft_by_domain(kept: Handler, server: Server, request: Request) -> Response:
    """An archive sent to a domain is deployed as a draft."""
    before, response = _before_put(kept, server, request)
    if "." in request.arguments["site_id"]:
        for deploy in _made(server, before):
            _changed(server, deploy, _draft=True)
    return response


fault = faults.of("netlify.deploy-flow.zip-equals-digest")
fault("folders-as-files", "The folders of an archive are files, too.").by(_read_as(_with_folders_as_files, CREATE))
fault("last-newline-lost", "The files of an archive lose their last newline.").by(
    _read_as(_each(lambda content: content.removesuffix(b"\n")), CREATE)
)
fault("empty-files-lost", "Empty files of an archive are left out.").by(
    _read_as(lambda contents: {name: one for name, one in contents.items() if one}, CREATE)
)
fault("twins-lost", "Of two files of an archive with one content the first is kept.").by(
    _read_as(lambda contents: {name: one for one, name in {v: k for k, v in [*contents.items()][::-1]}.items()}, CREATE)
)


@fault.using(handled, CREATE)
def compressed_bytes_kept(kept: Handler, server: Server, request: Request) -> Response:
    """Compressed files of an archive are kept as they are compressed."""
    if not _is_archive(server, request):
        return kept(server, request)
    contents = {}
    with zipfile.ZipFile(io.BytesIO(request.body)) as archive:
        for entry in archive.infolist():
            start = entry.header_offset + 30 + len(entry.filename.encode()) + len(entry.extra)
            contents[entry.filename] = request.body[start : start + entry.compress_size]
    return kept(server, evolve(request, body=_packed(contents)))


fault = faults.of("netlify.deploy-flow.zip-put-site")


@fault.using(handled, PUT_SITE)
def archive_ignored(kept: Handler, server: Server, request: Request) -> Response:
    """The archive that is put is not deployed."""
    if not _is_archive(server, request):
        return kept(server, request)
    return Response.of({name: one for name, one in site_of(server, request).items() if name[0] != "_"})


@fault.using(handled, PUT_SITE)
def deployed_twice(kept: Handler, server: Server, request: Request) -> Response:
    """The archive that is put is deployed twice."""
    if _is_archive(server, request):
        kept(server, request)
    return kept(server, request)


@fault.using(handled, PUT_SITE)
def put_as_draft(kept: Handler, server: Server, request: Request) -> Response:
    """The archive that is put is deployed as a draft."""
    before, response = _before_put(kept, server, request)
    for deploy in _made(server, before):
        _changed(server, deploy, _draft=True)
    return response


@fault.using(handled, PUT_SITE)
def second_put_merged(kept: Handler, server: Server, request: Request) -> Response:
    """The archive that is put is added to the files of the site."""
    assert isinstance(server, NetlifyServer)
    old = server.flow.files(server, site_of(server, request)["id"])
    before, response = _before_put(kept, server, request)
    for deploy in _made(server, before):
        _changed(server, deploy, _files={**old, **deploy["_files"]})
    return response


fault = faults.of("netlify.deploy-flow.create-with-deploy")


def _site_alone(archives: bool) -> Plant:
    """The site is made, and not its deploy."""

    def answer(kept: Handler, server: Server, request: Request) -> Response:
        before, response = _before_put(kept, server, request)
        if _is_archive(server, request) == archives:
            for deploy in _made(server, before):
                server.store["deploys"].remove(deploy["_site_id"], deploy["id"])
                _unpublished(server, deploy["_site_id"])
        return response

    return handled(answer, CREATE_SITE)


def _unpublished(server: Server, site_id: str) -> None:
    assert isinstance(server, NetlifyServer)
    site = site_by_id(server, site_id)
    server.store["sites"].update(site["_account_id"], site_id, {"_published": None})


fault("site-without-archive", "The archive that comes with a new site is not deployed.").by(_site_alone(True))
fault("site-without-digest", "The digest that comes with a new site is not deployed.").by(_site_alone(False))
fault("first-file-alone", "Of the archive that comes with a new site the first file is deployed.").by(
    _read_as(_first, CREATE_SITE)
)
fault("digest-refused", "A digest that comes with a new site is refused.").by(
    refuse(422, "files is no property of a site", on=CREATE_SITE, when=lambda request: "files" in sent(request))
)


@fault.using(handled, CREATE_SITE)
def first_deploy_is_draft(kept: Handler, server: Server, request: Request) -> Response:
    """The first deploy of a site that came with a digest is a draft."""
    before, response = _before_put(kept, server, request)
    for deploy in _made(server, before) if "files" in sent(request) else ():
        _changed(server, deploy, _draft=True)
    return response


fault = faults.of("netlify.content-type.zip-content-type")


@fault.using(handled, PUT_SITE)
def properties_start_a_deploy(kept: Handler, server: Server, request: Request) -> Response:
    """Properties that are put start an empty deploy."""
    assert isinstance(server, NetlifyServer)
    if not _is_archive(server, request):
        site = site_of(server, request)
        deploys.from_digest(server, request, site, {"files": {}})
    return kept(server, request)


@fault.using(handled, PUT_SITE)
def archive_resets_properties(kept: Handler, server: Server, request: Request) -> Response:
    """With an archive that is put the site forgets whom to notify, and when it was made."""
    site, response = site_of(server, request), kept(server, request)
    if _is_archive(server, request):
        changed = {"notification_email": None, "created_at": "2020-01-01T00:00:00.000Z"}
        server.store["sites"].update(site["_account_id"], site["id"], changed)
    return response


@fault.using(handled, PUT_SITE)
def properties_ignored(kept: Handler, server: Server, request: Request) -> Response:
    """JSON that is put is accepted and not looked at."""
    return kept(server, request if _is_archive(server, request) else evolve(request, body=b"{}"))


fault("archive-as-one-file", "An archive sent as a deploy is deployed as one file.").by(
    _read_as(lambda contents: {"website.zip": _packed(contents)}, CREATE)
)
fault("archive-with-site-refused", "An archive in place of a new site is answered 415.").by(
    refuse(415, "Send JSON.", on=CREATE_SITE, when=lambda request: request.body.startswith(b"PK"))
)
fault("digest-refused", "After archives were deployed to it a site takes no digests.").by(
    refuse(415, "Send an archive.", on=CREATE, when=lambda request: not request.body.startswith(b"PK"))
)

fault = faults.of("netlify.deploy-flow.zip-25000")


def _too_many(kept: Handler, server: Server, request: Request, act: Callable[[Problem], Response]) -> Response:
    try:
        return kept(server, request)
    except Problem as problem:
        if problem.cause != "too-many-files":
            raise
        return act(problem)


@fault.using(handled, CREATE)
def truncated(kept: Handler, server: Server, request: Request) -> Response:
    """Of an archive of too many files some are deployed."""
    return _too_many(
        kept,
        server,
        request,
        lambda _: kept(server, evolve(request, body=_packed({"index.html": b"x", "0": b""}))),
    )


@fault.using(handled, CREATE)
def crash_for_too_many(kept: Handler, server: Server, request: Request) -> Response:
    """An archive of too many files is a server error."""

    def crash(problem: Problem) -> Response:
        raise Problem(500, "crash", "The server could not answer this request.") from problem

    return _too_many(kept, server, request, crash)


@fault.using(handled, CREATE)
def refused_and_emptied(kept: Handler, server: Server, request: Request) -> Response:
    """An archive of too many files is refused, and the site has no files any more."""

    def empty(problem: Problem) -> Response:
        _unpublished(server, site_of(server, request)["id"])
        raise problem

    return _too_many(kept, server, request, empty)
