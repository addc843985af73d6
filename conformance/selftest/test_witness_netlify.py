"""An independent witness: the vendor's own client, `@netlify/api`, deploys a folder to the reference server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import httpx2
import pytest

from conformance import reference
from conformance.reference import VirtualClock
from conformance.reference.serve import serve
from conformance.selftest.node import installed
from conformance.selftest.servers import TOKEN

WITNESS = Path(__file__).parent / "witnesses" / "netlify-api"
RAW = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/vnd.bitballoon.v1.raw"}
FILES = {
    "index.html": b"<!doctype html>\n<title>Witness</title>\n",
    "assets/main.css": b"body { color: black }\n",
    "assets/two words.txt": b"with a space\n",
    "copy of index.html": b"<!doctype html>\n<title>Witness</title>\n",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(WITNESS, "netlify-api-14.0.19", tmp_path_factory.mktemp("netlify-api"))


def test_the_vendors_client_deploys_a_folder_by_its_digest(client: Path, tmp_path: Path) -> None:
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    server = reference.build(
        "netlify", clock=VirtualClock(tick=0.5), credentials={"default": TOKEN}, require_https=False
    )
    with serve(server) as url, httpx2.Client(base_url=f"{url}/api/v1", trust_env=False) as reader:
        command = ["node", "deploy.mjs", url.removeprefix("http://"), "witness", str(tmp_path)]
        environment = {**os.environ, "NETLIFY_TOKEN": TOKEN}
        ran = subprocess.run(
            command, cwd=client, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stderr
        told = json.loads(ran.stdout)
        assert (told["before"], told["page"], told["state"]) == (14, 2, "ready")
        # What two paths share is uploaded once.
        assert len(told["uploaded"]) == len(set(FILES.values()))
        site = f"/sites/{told['site']}"
        listed = reader.get(f"{site}/files", headers={"Authorization": f"Bearer {TOKEN}"}).json()
        assert sorted(file["path"] for file in listed) == sorted(f"/{path}" for path in FILES)
        for path, content in FILES.items():
            assert reader.get(f"{site}/files/{path}", headers=RAW).content == content
