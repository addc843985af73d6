"""Faults of the Netlify server in files as they are read, and in the shapes of files and deploys."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Any

from conformance.reference.core import Handler, Server
from conformance.reference.edits import change, drop, instead, put, raw, rename, rewrite
from conformance.reference.faults import Faults
from conformance.reference.messages import Record, Request, Response, encode
from conformance.reference.netlify.deploys import RAW, file
from conformance.reference.netlify.faults.tools import BY_ID, DEPLOYS, FILE, FILES, OF_SITE, RESTORE, flow
from conformance.reference.netlify.policies import NetlifyServer
from conformance.reference.netlify.publishing import Flow, digest_of
from conformance.reference.plants import handled
from conformance.reference.store import PUBLIC

faults = Faults()


def _is_raw(request: Request) -> bool:
    """Whether the bytes of a file are asked for."""
    return RAW in (request.headers.get("Content-Type"), request.headers.get("Accept"))


def _is_page(request: Request) -> bool:
    return _is_raw(request) and request.arguments["file_path"].endswith(".html")


fault = faults.of("netlify.content-type.raw-media-type")


@fault.using(handled, FILE)
def record_for_raw(kept: Handler, server: Server, request: Request) -> Response:
    """Whatever media type is asked for, a file is answered with its record."""
    response = kept(server, request)
    path = f"/{request.arguments['file_path']}"
    return Response.of(file(path, digest_of(response.body), len(response.body))) if _is_raw(request) else response


@fault.using(handled, FILE)
def bytes_for_all(kept: Handler, server: Server, request: Request) -> Response:
    """A file is answered with its bytes, whatever media type is asked for."""
    response = kept(server, request)
    if _is_raw(request):
        return response
    return Response(200, server.store["contents"].rows[PUBLIC, response.json["sha"]]["content"])


fault("quoted", "The bytes of a file come as a JSON text.").by(
    raw(lambda body: encode(body.decode("latin-1")), on=FILE, when=_is_raw)
)
fault("in-base64", "The bytes of a file come in base64.").by(raw(base64.b64encode, on=FILE, when=_is_raw))
fault("as-text", "The bytes of a file are taken for text.").by(
    raw(lambda body: body.decode("utf-8", "replace").encode(), on=FILE, when=_is_raw)
)
fault("newlines-changed", "Of the bytes of a file each CR LF is an LF.").by(
    raw(lambda body: body.replace(b"\r\n", b"\n"), on=FILE, when=_is_raw)
)
fault("cut-off", "The last byte of a file is missing.").by(raw(lambda body: body[:-1], on=FILE, when=_is_raw))

fault = faults.of("netlify.deploy-flow.files-are-originals")


class Processed(Flow):
    """Files are kept as they are processed: `process` gives what is kept of a path with a content."""

    def process(self, _server: NetlifyServer, _site_id: str, _path: str, content: bytes) -> bytes:
        """What is kept."""
        return content

    def publish(self, server: NetlifyServer, deploy: Record, moment: datetime) -> None:
        super().publish(server, deploy, moment)
        files = {}
        for path, sha in deploy["_files"].items():
            content = server.store["contents"].rows[PUBLIC, sha]["content"]
            processed = self.process(server, deploy["_site_id"], path, content)
            files[path] = digest_of(processed)
            server.store["contents"].add(PUBLIC, {"sha": files[path], "content": processed})
        server.store["deploys"].update(deploy["_site_id"], deploy["id"], {"_files": files})


@fault.using(flow)
class SnippetsInjected(Processed):
    """Pages are kept with the snippets of their site in them, with digest and size of that."""

    def process(self, server: NetlifyServer, site_id: str, path: str, content: bytes) -> bytes:
        if not path.endswith(".html"):
            return content
        code = "".join(one["general"] for one in server.store["snippets"].of(site_id))
        return content.replace(b"</head>", code.encode() + b"</head>")


@fault.using(flow)
class PrettyLinks(Processed):
    """Pages are kept with pretty links."""

    def process(self, _server: NetlifyServer, _site_id: str, path: str, content: bytes) -> bytes:
        return re.sub(rb'href="([^"]*)\.html"', rb'href="\1"', content) if path.endswith(".html") else content


@fault.using(flow)
class StylesMinified(Processed):
    """Style sheets are kept without their spaces."""

    def process(self, _server: NetlifyServer, _site_id: str, path: str, content: bytes) -> bytes:
        return b" ".join(content.split()) if path.endswith(".css") else content


fault("raw-with-snippet", "The bytes of a page have a snippet in them, its record is that of the upload.").by(
    raw(lambda body: body.replace(b"</head>", b"<script></script></head>"), on=FILE, when=_is_page)
)
fault("size-as-served", "The size of a file is that of what is served.").by(
    change("/size", lambda size: size + 41, on=FILE)
)
fault("sha-as-served", "The digest of a file is that of what is served.").by(
    change("/sha", lambda sha: digest_of(sha.encode()), on=FILE)
)

fault = faults.of("netlify.schema.file")
fault("path-without-slash", "The paths of listed files have no slash in front.").by(
    change("/*/path", lambda path: path[1:], on=FILES)
)
fault("id-of-its-own", "The id of a file is its digest.").by(put("/id", "0" * 40, on=FILE))
fault("listed-without-size", "A listed file has no size.").by(drop("/-1/size", on=FILES))
fault("size-as-text", "The size of a file is text.").by(change("/size", str, on=FILE))
fault("sha-under-another-name", "The digest of a listed file has another name.").by(rename("/*/sha", "sha1", on=FILES))
fault("mime-type-null", "A file is of no media type.").by(put("/mime_type", None, on=FILE))
fault("negative-size", "The size of a listed file is negative.").by(
    change("/-1/size", lambda size: -1 - size, on=FILES)
)
fault("in-object", "The files of a site are in an object.").by(change("", lambda body: {"files": body}, on=FILES))


@fault.using(rewrite, on=FILES)
def last_path_twice(_request: Request, body: Any) -> object:
    """The last file is listed twice."""
    return [*body, *body[-1:]]


fault = faults.of("netlify.schema.deploy")
fault("state-missing", "Listed deploys have no state.").by(drop("/*/state", on=DEPLOYS))
fault("no-deploy-url", "A deploy that is read on its site has no deploy_url.").by(drop("/deploy_url", on=OF_SITE))
fault("restored-without-admin-url", "A restored deploy is answered without admin_url.").by(
    drop("/admin_url", on=RESTORE)
)
fault("premium-as-text", "premium is text in a listed deploy.").by(put("/-1/premium", "false", on=DEPLOYS))
fault("created-null", "A deploy that is read on its site was never created.").by(put("/created_at", None, on=OF_SITE))
fault("id-as-number", "The id of a deploy is a number by its own path.").by(put("/id", 1234, on=BY_ID))
fault("no-state-by-id", "By its id alone a deploy has no state.").by(drop("/state", on=BY_ID))
fault("list-in-object", "The deploys of a site are in an object.").by(
    change("", lambda body: {"deploys": body}, on=DEPLOYS)
)
fault("user-in-object", "The user of a listed deploy is an object.").by(
    change("/*/user_id", lambda user: {"id": user}, on=DEPLOYS)
)
fault("restored-empty", "The answer to a restore is an empty object.").by(instead(Response.of({}), on=RESTORE))

fault = faults.of("netlify.schema.deploy-state-enum")
fault("capital", 'A deploy that is ready is "Ready".').by(
    change("/state", lambda state: "Ready" if state == "ready" else state, on=BY_ID)
)
fault("live-for-current", 'The published deploy is "live" in the list.').by(
    change("/*/state", lambda state: "live" if state == "current" else state, on=DEPLOYS)
)
fault("restored-is-published", 'A restored deploy is "published".').by(put("/state", "published", on=RESTORE))
fault("superseded", 'A deploy that was replaced is "superseded" in the list.').by(
    change("/*/state", lambda state: "superseded" if state == "old" else state, on=DEPLOYS)
)
fault("as-number", "The state of a deploy is a number where it is read on its site.").by(put("/state", 4, on=OF_SITE))
fault("with-a-space", "The state of a deploy ends with a space.").by(
    change("/state", lambda state: f"{state} ", on=BY_ID)
)
