"""An independent client as witness: ZEIT's own, npm `now-client` 5.2.4, deploys to the reference server."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from conformance import reference
from conformance.reference.core import Server
from conformance.reference.serve import serve
from conformance.selftest.node import installed

WITNESS = Path(__file__).parent / "witnesses" / "now-client"
FILES = {"index.html": "<!doctype html>conformance\n", "style.css": "p {}\n", "pages/about.html": "<p>about\n"}


@define(eq=False, slots=False)
class AtItsPaths:
    """The reference server where a client of a year later looks for it: deployments under another version."""

    server: Server
    asked: list[str] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.transport = self.server.transport

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        for key in ("PATH_INFO", "REQUEST_URI"):
            environ[key] = re.sub(r"^/v(3|10|11)/now/deployments", "/v6/now/deployments", environ[key])
        told: list[str] = []

        def noted(status: str, *more: Any) -> Any:
            told.append(status[:3])
            return start(status, *more)

        answer = self.server(environ, noted)
        self.asked.append(f"{environ['REQUEST_METHOD']} {path} {told[0]}")
        return answer


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client as npm installs it."""
    return installed(WITNESS, "now-client-5.2.4", tmp_path_factory.mktemp("now-client"))


def deployed(client: Path, url: str, folder: Path, token: str) -> list[dict[str, Any]]:
    """The events that the client tells of a deployment."""
    ran = subprocess.run(
        ["node", "deploy.cjs", url, str(folder), "witness"],
        cwd=client,
        env={"PATH": os.environ["PATH"], "ZEIT_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stderr == ""
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_a_folder_of_three_files_is_deployed(client: Path, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    shas = {hashlib.sha1(text.encode()).hexdigest() for text in FILES.values()}
    # By its clock a deployment is ready at the first look.
    server = reference.build("zeit", clock=reference.VirtualClock(tick=10), require_https=False)
    at_its_paths = AtItsPaths(server)
    token = server.credentials["default"]
    with serve(at_its_paths) as url:  # type: ignore[arg-type]  # it is served like the server inside
        told = deployed(client, url, tmp_path, token)
        again = deployed(client, url, tmp_path, token)
    types = [event["type"] for event in told]
    assert types[-1] == "ready", told[-1]
    assert types.count("file-uploaded") == len(FILES)
    assert set(next(event for event in told if event["type"] == "file_count")["payload"]["missing"]) == shas
    assert at_its_paths.asked[0] == "POST /v11/now/deployments 400"
    assert at_its_paths.asked.count("POST /v2/now/files 200") == len(FILES)
    created = next(event["payload"] for event in told if event["type"] == "created")
    ready = told[-1]["payload"]
    assert ready["id"] == created["id"]
    assert ready["url"].startswith("witness-")
    assert {file["sha"] for file in server.store["files"].of("")} >= shas
    # The same folder once more is the same deployment, and nothing is uploaded.
    assert "file-uploaded" not in [event["type"] for event in again]
    assert next(event["payload"]["id"] for event in again if event["type"] == "created") == created["id"]
