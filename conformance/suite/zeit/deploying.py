"""How deployments are made and read: bodies, uploads, trees of files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define

from conformance.contract import Contract
from conformance.properties import NotExercised, Subject, Things, assert_equal, assert_status
from conformance.targets import Client
from conformance.traffic.exchange import Exchange

UPLOAD = "POST /v2/now/files"
FILES = "GET /v5/now/deployments/{deploymentId}/files"
FILE = "GET /v5/now/deployments/{deploymentId}/files/{fileId}"
FINAL = ("READY", "ERROR")
GOLDEN = "6938e4ed47a23f17ceb6dbd880ab18d2787e7946"
"""The digest that the document gives for the page that it uploads."""


def digest_of(content: bytes) -> str:
    """The SHA1 that names a file."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


@define
class Deploying:
    """Makes deployments of one target; each has a name, and so an input, that no other one has."""

    subject: Subject

    @property
    def client(self) -> Client:
        return self.subject.client

    @property
    def contract(self) -> Contract:
        return self.subject.contract

    @property
    def things(self) -> Things:
        resource = next(one for one in self.contract.conventions.resources if one.name == "deployment")
        return self.subject.things_of(resource)

    def body(self, **changes: Any) -> dict[str, Any]:
        """A create of one small file, with members changed; None leaves one out."""
        changed = {**self.things.body(), **changes}
        return {name: value for name, value in changed.items() if value is not None}

    def post(self, body: Mapping[str, Any], **options: Any) -> Exchange:
        return self.things.post(body, **options)

    def made(self, body: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        """The deployment that an accepted create answers.

        Raises:
            NotExercised, HarnessError: it was not accepted.
        """
        exchange = self.client.control(self.post(body, **options))
        found = exchange.response.at("")
        if not isinstance(found, dict) or not isinstance(found.get("id"), str):
            raise NotExercised(f"{exchange}: no deployment with an id")
        return found

    def listed(self) -> list[str]:
        """The ids of the deployments that are listed now."""
        return self.things.listed()

    def upload(self, content: bytes, digest: str | None = None, **options: Any) -> Exchange:
        """Uploads a file under its digest, or under another."""
        headers = {"x-now-digest": digest or digest_of(content), "Content-Type": "application/octet-stream"}
        return self.client.call(self.contract.operation(UPLOAD), content=content, headers=headers, **options)

    def uploaded(self, path: str, content: bytes) -> dict[str, Any]:
        """The entry of a file in a create, which was uploaded for it."""
        self.client.control(self.upload(content))
        return by_digest(path, content)

    def tree(self, identity: str) -> dict[str, str]:
        """Path → uid of every file of a deployment."""
        exchange = self.client.control(self.client.call(self.contract.operation(FILES), {"deploymentId": identity}))
        nodes = exchange.response.at("")
        if not isinstance(nodes, list):
            raise NotExercised(f"{exchange}: no tree of files")
        return dict(_files(nodes))

    def file(self, identity: str, uid: str) -> Exchange:
        """The content of a file of a deployment."""
        return self.client.call(self.contract.operation(FILE), {"deploymentId": identity, "fileId": uid})

    def refused(self, exchange: Exchange, code: str, when: str) -> Mapping[str, Any]:
        """The error of a refusal that has to have a code."""
        assert_status(exchange, "4xx", when=when)
        return self.error(exchange, code)

    def error(self, exchange: Exchange, code: str) -> Mapping[str, Any]:
        """The error object of an answer, which has this code."""
        error = exchange.response.at("/error")
        found = error.get("code") if isinstance(error, dict) else None
        assert_equal(found, code, "the code of the error", exchange=exchange)
        assert isinstance(error, dict)
        return error


def inlined(path: str, text: str) -> dict[str, Any]:
    """The entry of a file whose content is in the create itself."""
    return {"file": path, "data": text}


def by_digest(path: str, content: bytes) -> dict[str, Any]:
    """The entry of a file that is named by its digest and size."""
    return {"file": path, "sha": digest_of(content), "size": len(content)}


def _files(nodes: list[Any], above: str = "") -> Iterator[tuple[str, str]]:
    for node in nodes:
        if not isinstance(node, dict):
            continue
        path = f"{above}{node.get('name')}"
        if isinstance(node.get("children"), list):
            yield from _files(node["children"], f"{path}/")
        elif isinstance(node.get("uid"), str):
            yield path, node["uid"]
