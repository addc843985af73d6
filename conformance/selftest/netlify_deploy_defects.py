"""Defects of Netlify in how it deploys: most remember something, some change the server itself."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from attrs import evolve

from conformance.reference.netlify.policies import NetlifyServer
from conformance.reference.netlify.publishing import Flow
from conformance.selftest.defects import sent, success, with_sent
from conformance.selftest.netlify_defects import API, SITES
from conformance.selftest.netlify_write_defects import SITE, asking, deploys, is_zip, matches
from conformance.selftest.proxy import Answered, Ask, Asked, Defect, Memory, Within


def written_though_429(path: str) -> Defect:
    """What is refused for the limit is done as soon as there is room."""

    def defect(asked: Asked, ask: Ask, memory: Memory) -> Answered:
        answer = ask(asked)
        if answer.status != 429 and "held" in memory and asked.method == "GET":
            if ask(memory["held"]).status != 429:
                del memory["held"]
            return ask(asked)
        if answer.status == 429 and asked.method in ("POST", "PUT", "PATCH") and re.fullmatch(path, asked.path):
            memory["held"] = asked
        return answer

    return defect


def literal_spaces(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A path is kept as it stands in the URL of its upload."""
    if deploys(asked) and isinstance(sent(asked).get("files"), dict):
        body = sent(asked)
        return ask(with_sent(asked, {**body, "files": {quote(path): sha for path, sha in body["files"].items()}}))
    upload = re.fullmatch(rf"({API}/deploys/[^/]+/files/)(.*)", asked.path)
    if asked.method == "PUT" and upload:
        return ask(evolve(asked, path=upload[1] + quote(upload[2])))
    return ask(asked)


def plus_is_a_space(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A + in a path is taken for a space."""
    if deploys(asked) and isinstance(sent(asked).get("files"), dict):
        body = sent(asked)
        changed = {path.replace("+", " "): sha for path, sha in body["files"].items()}
        return ask(with_sent(asked, {**body, "files": changed})) if changed != body["files"] else ask(asked)
    return ask(evolve(asked, path=asked.path.replace("+", " ")) if "/files/" in asked.path else asked)


def second_upload_refused(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """What was uploaded once is not taken again."""
    answer = ask(asked)
    if asked.method == "PUT" and asked.path.startswith(f"{API}/deploys/") and answer.status < 300:
        if asked.path in memory:
            return evolve(answer, status=409).with_json({"code": 409, "message": "The file is there already"})
        memory[asked.path] = True
    return answer


def back_to_uploading(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """A deploy that was read as ready is read as uploading the second time."""
    answer = ask(asked)
    if success(asked, answer) and re.fullmatch(rf"{API}/deploys/[^/]+", asked.path) and answer.json["state"] == "ready":
        memory[asked.path] = memory.get(asked.path, 0) + 1
        if memory[asked.path] == 2:
            return answer.with_json({**answer.json, "state": "uploading"})
    return answer


def any_site_will_do(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A deploy is read below any site that there is."""
    answer = ask(asked)
    found = re.fullmatch(rf"({SITE})/deploys/([^/]+)", asked.path)
    if asked.method == "GET" and found and answer.status == 404 and asking(asked, ask, "GET", found[1]).status == 200:
        return ask(evolve(asked, path=f"{API}/deploys/{found[2]}"))
    return answer


def prepared_at_once(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """Where files are missing, the deploy is said to be ready."""
    answer = ask(asked)
    if success(asked, answer) and "/deploys/" in asked.path and answer.json.get("required"):
        return answer.with_json({**answer.json, "state": "ready"})
    return answer


def restored_copy(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A restore is a new deploy."""
    answer = ask(asked)
    if matches(asked, "POST", rf"{SITE}/deploys/[^/]+/restore") and answer.status == 200:
        return answer.with_json({**answer.json, "id": answer.json["id"][::-1]})
    return answer


def restored_in_name(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A restore is answered, and nothing is restored."""
    if not matches(asked, "POST", rf"{SITE}/deploys/[^/]+/restore"):
        return ask(asked)
    known = asking(asked, ask, "GET", asked.path.removesuffix("/restore"))
    told = known.json if known.status == 200 else {}
    return known.with_json({**told, "state": "current"}) if told.get("state") in ("old", "ready") else ask(asked)


def zipped_anew(edit: Callable[[dict[str, bytes]], dict[str, bytes]]) -> Defect:
    """The server is given another archive than was sent."""

    def defect(asked: Asked, ask: Ask, _: Memory) -> Answered:
        if not is_zip(asked):
            return ask(asked)
        try:
            with zipfile.ZipFile(io.BytesIO(asked.body)) as archive:
                known = [one for one in archive.infolist() if not one.is_dir()]
                if len(known) > 1000:
                    return ask(asked)
                files = {one.filename: archive.read(one) for one in known}
        except (zipfile.BadZipFile, ValueError):
            return ask(asked)
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for path, content in edit(files).items():
                archive.writestr(path, content)
        return ask(evolve(asked, body=made.getvalue()))

    return defect


def any_number_of_files(asked: Asked, ask: Ask, memory: Memory) -> Answered:
    """An archive of however many files is taken."""
    answer = ask(asked)
    if is_zip(asked) and deploys(asked):
        if answer.status == 200:
            memory["last"] = answer
        elif answer.status == 422 and len(asked.body) > 500_000:
            told = {"id": "0123456789abcdef01234567", "state": "uploaded", "required": []}
            return evolve(answer, status=200).with_json(told)
    return answer


def site_without_deploy(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """The archive of a new site is not looked at."""
    if matches(asked, "POST", SITES) and is_zip(asked):
        return asking(asked, ask, "POST", SITES, {})
    return ask(asked)


def zip_put_ignored(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """A PUT of an archive to a site is answered by the site as it was."""
    return asking(asked, ask, "GET", asked.path) if matches(asked, "PUT", SITE) and is_zip(asked) else ask(asked)


def injected(asked: Asked, ask: Ask, _: Memory) -> Answered:
    """The content of a page is that which visitors see."""
    answer = ask(asked)
    if success(asked, answer) and "/files/" in asked.path and answer.body[:1] != b"{" and b"</body>" in answer.body:
        return answer.with_body(answer.body.replace(b"</body>", b"<script></script></body>"))
    return answer


# the server itself


class Drafts(Flow):
    """A draft goes live."""

    def goes_live(self, deploy: Any) -> bool:
        return True


class NeverLive(Flow):
    """A deploy that is ready is not what the site consists of."""

    def goes_live(self, deploy: Any) -> bool:
        return False


class OldToo(Flow):
    """The files of a site are those of all its deploys that were live."""

    def files(self, server: NetlifyServer, site_id: str) -> Mapping[str, str]:
        known = [one for one in server.store["deploys"].of(site_id) if one["_was_live"]]
        return {path: sha for one in known for path, sha in one["_files"].items()} | dict(
            super().files(server, site_id)
        )


class FilesAtOnce(Flow):
    """A file is part of the site as soon as it is stored."""

    def files(self, server: NetlifyServer, site_id: str) -> Mapping[str, str]:
        found = dict(super().files(server, site_id))
        for one in server.store["deploys"].of(site_id):
            if one["_ready"] is None and not one["_draft"]:
                missing = self.missing(server, one)
                found |= {path: sha for path, sha in one["_files"].items() if sha not in missing}
        return found


class AnyBytes(Flow):
    """What is uploaded is taken for what the digest names."""

    def matches(self, sha: str, content: bytes) -> bool:
        return True


class OneIsMissing(Flow):
    """Only the first of the files that are missing is asked for."""

    def required(self, server: NetlifyServer, deploy: Any) -> dict[str, Any]:
        told = super().required(server, deploy)
        return {**told, "required": told["required"][:1]} if "required" in told else told


class FunctionsOptional(Flow):
    """A deploy is ready without its functions."""

    def is_complete(self, server: NetlifyServer, deploy: Any) -> bool:
        return not self.missing(server, deploy)


def flow(made: type[Flow]) -> Within:
    def change(server: Any) -> None:
        server.flow = made(step=server.flow.step)

    return Within(change)


def without_deploy_limits(server: Any) -> None:
    server.limiter.others = []
