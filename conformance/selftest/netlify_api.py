"""What the selftests of the Netlify reference server share: calls as its users make them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx2

from conformance.reference import Server, VirtualClock
from conformance.reference.netlify import build
from conformance.selftest.reference_calls import Calls

HOST = "https://api.netlify.com"
OCTETS = {"Content-Type": "application/octet-stream"}
ZIPPED = {"Content-Type": "application/zip"}


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def digest(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: sha1(content) for path, content in files.items()}


def archive(files: Mapping[str, bytes], folders: tuple[str, ...] = ()) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as made:
        for folder in folders:
            made.writestr(f"{folder}/", b"")
        for path, content in files.items():
            made.writestr(path.removeprefix("/"), content)
    return body.getvalue()


class Api(Calls):
    """A server, and calls of it by credential and address."""

    origin = HOST

    def __init__(self, server: Server | None = None, **options: Any) -> None:
        super().__init__(server or build(**{"deploys_a_minute": 1000, "deploys_a_day": 1000, **options}))
        clock = self.server.clock
        assert isinstance(clock, VirtualClock)
        self.clock = clock
        self.site = self.server.parameters["site_id"][0]

    def url(self, path: str) -> str:
        return super().url(path if path.startswith(("http", "/_")) else f"/api/v1{path}")

    def read(self, path: str, **kwargs: Any) -> Any:
        answer = self.get(path, **kwargs)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, **kwargs: Any) -> httpx2.Response:
        if body is not None:
            # In ASCII, so that what is no well-formed text can be sent too.
            kwargs |= {"content": json.dumps(body), "headers": {"Content-Type": "application/json"}}
        return self("POST", path, **kwargs)

    def new_site(self, **properties: Any) -> Any:
        answer = self.post("/sites", properties)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def deploy(self, site: str, files: Mapping[str, bytes], **more: Any) -> Any:
        """A deploy of these files, of which nothing is uploaded."""
        answer = self.post(f"/sites/{site}/deploys", {"files": digest(files), **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upload(self, deploy: str, path: str, content: bytes, **kwargs: Any) -> httpx2.Response:
        return self("PUT", f"/deploys/{deploy}/files{quote(path)}", content=content, headers=OCTETS, **kwargs)

    def published(self, site: str, files: Mapping[str, bytes], **more: Any) -> str:
        """The id of a deploy of these files that is ready."""
        made = self.deploy(site, files, **more)
        for path, content in files.items():
            if sha1(content) in made["required"]:
                assert self.upload(made["id"], path, content).status_code == 200
        self.clock.advance(2)
        assert self.state(made["id"]) == "ready"
        return str(made["id"])

    def state(self, deploy: str) -> str:
        return str(self.read(f"/deploys/{deploy}")["state"])

    def files(self, site: str) -> dict[str, str]:
        return {file["path"]: file["sha"] for file in self.read(f"/sites/{site}/files")}
