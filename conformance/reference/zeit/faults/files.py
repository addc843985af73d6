"""Faults of the ZEIT Now server in the files of deployments: uploads, digests, contents, trees."""

from __future__ import annotations

import base64
from typing import Any

from attrs import evolve

from conformance.reference.core import Handler, Server
from conformance.reference.edits import afterwards, change, put, raw, rewrite, status
from conformance.reference.faults import Faults
from conformance.reference.messages import Problem, Request, Response, encode
from conformance.reference.plants import handled
from conformance.reference.store import PUBLIC
from conformance.reference.zeit.faults.tools import (
    DEPLOY,
    FILE,
    FILES,
    UPLOAD,
    sent,
    with_body,
)
from conformance.reference.zeit.policies import Refusal, digest_of

faults = Faults()

fault = faults.of("zeit.deploy-flow.upload-then-create")


@fault.using(afterwards, on=UPLOAD)
def upload_forgotten(server: Server, request: Request, _response: Response) -> None:
    """An uploaded file is forgotten at once."""
    server.store["files"].remove(PUBLIC, digest_of(request.body))


fault("upload-created-201", "An upload is answered 201.").by(status(201, on=UPLOAD))


@fault.using(handled, UPLOAD)
def digest_without_last_newline(kept: Handler, server: Server, request: Request) -> Response:
    """The digest is taken of the content without its last newline."""
    return kept(server, evolve(request, body=request.body.removesuffix(b"\n")))


fault = faults.of("zeit.deploy-flow.missing-files")


@fault.using(handled, DEPLOY)
def deployed_without_missing(kept: Handler, server: Server, request: Request) -> Response:
    """A deployment is made without the files that are missing."""
    body = sent(server, request)
    files = [one for one in body.get("files", ()) if "sha" not in one or server.store["files"].get(PUBLIC, one["sha"])]
    return kept(server, with_body(request, {**body, "files": files}) if files else request)


@fault.using(handled, DEPLOY)
def uploaded_are_missing_too(kept: Handler, server: Server, request: Request) -> Response:
    """Among the missing files are those that were uploaded."""
    try:
        return kept(server, request)
    except Refusal as problem:
        if problem.code == "missing_files":
            problem.extra["missing"] = [one["sha"] for one in sent(server, request)["files"] if "sha" in one]
        raise


fault("told-by-bad-request", "A missing file is told by bad_request.").by(
    put("/error/code", "bad_request", cause="missing_files")
)

fault = faults.of("zeit.deploy-flow.upload-integrity")


@fault.using(handled, UPLOAD)
def kept_under_the_claimed_digest(_kept: Handler, server: Server, request: Request) -> Response:
    """Content is kept under the digest that is claimed for it."""
    server.store["files"].add(PUBLIC, {"sha": request.headers["x-now-digest"], "content": request.body})
    return Response(200)


@fault.using(handled, UPLOAD)
def crash_for_another_digest(kept: Handler, server: Server, request: Request) -> Response:
    """Content of another digest is a server error."""
    try:
        return kept(server, request)
    except Problem as problem:
        raise Problem(500, "digest", "The server could not answer this request.") from problem


fault = faults.of("zeit.deploy-flow.upload-idempotent")


@fault.using(handled, UPLOAD)
def second_upload_409(kept: Handler, server: Server, request: Request) -> Response:
    """A second upload of a file is a conflict."""
    if server.store["files"].get(PUBLIC, digest_of(request.body)):
        raise Refusal(409, "bad_request", "The file is there already.")
    return kept(server, request)


fault = faults.of("zeit.deploy-flow.sha-size-checked")


@fault.using(handled, DEPLOY)
def size_ignored(kept: Handler, server: Server, request: Request) -> Response:
    """The size of a file is not looked at."""
    body = sent(server, request)
    files = []
    for one in body.get("files", ()):
        known = server.store["files"].get(PUBLIC, str(one.get("sha")))
        files.append({**one, "size": len(known["content"])} if known else one)
    return kept(server, with_body(request, {**body, "files": files}))


fault = faults.of("zeit.deploy-flow.no-files")


@fault.using(handled, DEPLOY)
def empty_deployment(kept: Handler, server: Server, request: Request) -> Response:
    """A deployment without files is made."""
    body = sent(server, request)
    files = body.get("files") or [{"file": ".empty", "data": ""}]
    return kept(server, with_body(request, {**body, "files": files}))


fault("told-by-bad-request", "A deployment without files is told by bad_request.").by(
    put("/error/code", "bad_request", cause="no_files")
)

fault = faults.of("zeit.deploy-flow.inline-base64")


@fault.using(handled, DEPLOY)
def base64_kept_as_text(kept: Handler, server: Server, request: Request) -> Response:
    """The base64 text of a file is kept as it is."""
    body = sent(server, request)
    files = [{name: value for name, value in one.items() if name != "encoding"} for one in body.get("files", ())]
    return kept(server, with_body(request, {**body, "files": files}))


fault = faults.of("zeit.deploy-flow.files-roundtrip")


@fault.using(rewrite, on=FILES)
def nested_folders_flattened(_request: Request, body: Any) -> object:
    """The files of a folder within a folder are listed in the outer one."""
    for node in body:
        inner = [one for one in node.get("children", ()) if "children" in one]
        for folder in inner:
            node["children"].remove(folder)
            node["children"] += folder["children"]
    return body


fault("another-uid", "The uid of a file in a folder leads nowhere.").by(
    change("/*/children/*/uid", lambda uid: uid[::-1], on=FILES)
)

fault = faults.of("zeit.content-type.file-raw")
fault("quoted", "A file is served as a JSON text.").by(raw(lambda body: encode(body.decode("latin-1")), on=FILE))
fault("in-base64", "A file is served in base64.").by(raw(base64.b64encode, on=FILE))
fault("as-utf-8", "A file is read as Latin-1 and served in UTF-8.").by(
    raw(lambda body: body.decode("latin-1").encode(), on=FILE)
)
