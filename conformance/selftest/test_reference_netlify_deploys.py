"""Deploys on the Netlify reference server: digests, uploads, states, archives, what is live."""

from __future__ import annotations

import hashlib
import io
import struct
import time
import tracemalloc
import zipfile
from typing import Any

import pytest

from conformance.selftest.netlify_api import OCTETS, ZIPPED, Api, archive, digest, sha1

A = {"/index.html": b"<h1>A</h1>", "/only-a.txt": b"only in A", "/sub/same.txt": b"same"}
B = {"/index.html": b"<h1>B</h1>", "/sub/same.txt": b"same"}


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def site(api: Api) -> str:
    return str(api.new_site(name="mine")["id"])


def field(answer: Any) -> tuple[int, str]:
    """Status of a refusal, and the field that is wrong."""
    (name,) = answer.json()["errors"]
    return answer.status_code, name


def test_a_digest_is_asked_for_what_is_not_stored_each_once(api: Api, site: str) -> None:
    made = api.deploy(site, {**A, "/twin.html": A["/index.html"]})
    assert made["required"] == [sha1(content) for content in A.values()]
    assert made["required_functions"] == []
    assert made["state"] == "prepared"


def test_a_deploy_goes_through_its_states_in_order(api: Api, site: str) -> None:
    made = api.deploy(site, A)["id"]
    seen = [api.state(made)]
    for path, content in A.items():
        assert api.upload(made, path, content).json()["sha"] == sha1(content)
        seen.append(api.state(made))
    assert api.files(site) == {}
    api.clock.advance(1)
    assert [*seen, api.state(made)] == ["prepared", "uploading", "uploading", "uploaded", "ready"]
    assert api.files(site) == digest(A)


def test_stored_content_is_not_asked_for_again_on_any_site(api: Api, site: str) -> None:
    api.published(site, A)
    other = api.new_site()["id"]
    assert api.deploy(other, A)["required"] == []
    assert api.deploy(site, {**A, "/new": b"new"})["required"] == [sha1(b"new")]
    api.clock.advance(1)
    assert api.files(other) == digest(A)


def test_one_path_of_a_digest_suffices(api: Api, site: str) -> None:
    twins = {"/one": b"twin", "/two": b"twin"}
    api.published(site, twins)
    assert api.files(site) == digest(twins)


def test_an_upload_may_be_repeated(api: Api, site: str) -> None:
    made = api.deploy(site, A)["id"]
    for path in ("/index.html", *A, "/index.html"):
        assert api.upload(made, path, A[path]).status_code == 200
    api.clock.advance(1)
    assert api.upload(made, "/index.html", A["/index.html"]).status_code == 200
    assert api.files(site) == digest(A)


def test_wrong_bytes_and_unknown_paths_are_refused(api: Api, site: str) -> None:
    made = api.deploy(site, A)["id"]
    assert field(api.upload(made, "/index.html", b"altered")) == (422, "body")
    assert api.upload(made, "/elsewhere.html", A["/index.html"]).status_code == 404
    sent = api("PUT", f"/deploys/{made}/files/index.html", content=A["/index.html"])
    assert sent.status_code == 415
    assert api.state(made) == "prepared"
    assert api.upload("f" * 24, "/index.html", A["/index.html"]).status_code == 404
    assert api.upload(made, "/index.html", A["/index.html"], key="second").status_code == 404


def test_a_deploy_is_not_ready_while_something_is_missing(api: Api, site: str) -> None:
    api.published(site, B)
    made = api.deploy(site, A)["id"]
    api.upload(made, "/index.html", A["/index.html"])
    api.clock.advance(3600)
    assert api.state(made) == "uploading"
    assert api.read(f"/deploys/{made}")["required"] == [sha1(b"only in A")]
    assert api.files(site) == digest(B)


@pytest.mark.parametrize("path", ["/a b/c+d%.txt", "/ä/ö%20.html", "/sub/deep/er/x.txt", "/%2e%2e", "/日本.txt"])
def test_paths_are_kept_literally(api: Api, site: str, path: str) -> None:
    api.published(site, {path: b"x"})
    assert api.files(site) == {path: sha1(b"x")}


@pytest.mark.parametrize(
    "path",
    ["/a#b", "/a?b", "/../etc", "/a/../b", "a.html", "", "/", "/a//b", "/a/", "/./a", "/a\\b", "/a\0", "/\ud800"],
)
def test_bad_paths_are_refused(api: Api, site: str, path: str) -> None:
    assert field(api.post(f"/sites/{site}/deploys", {"files": {path: sha1(b"x")}})) == (422, "files")


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, "files"),
        ({"files": []}, "files"),
        ({"files": {"/a": "x"}}, "files"),
        ({"files": {"/a": 1}}, "files"),
        ({"files": {"/a": "A" * 40}}, "files"),
        ({"files": {}, "draft": "yes"}, "draft"),
        ({"files": {}, "async": 1}, "async"),
        ({"files": {}, "functions": {"f": "a" * 41}}, "functions"),
        ({"files": {}, "functions": {"a/b": "a" * 64}}, "functions"),
    ],
)
def test_bad_digests_are_refused(api: Api, site: str, body: dict[str, Any], wrong: str) -> None:
    assert field(api.post(f"/sites/{site}/deploys", body)) == (422, wrong)
    assert api.read(f"/sites/{site}/deploys") == []


def test_a_body_that_is_no_digest_is_refused(api: Api, site: str) -> None:
    path = f"/sites/{site}/deploys"
    assert api.post(path, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert api.post(path, []).status_code == 400
    assert api.post(path, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert api.post(path).status_code == 415


@pytest.mark.parametrize("runtime", ["js", "go"])
def test_functions_are_uploaded_zipped(api: Api, site: str, runtime: str) -> None:
    zipped = archive({"main.js": runtime.encode()})
    sha = hashlib.sha256(zipped).hexdigest()
    made = api.deploy(site, {}, functions={"hello-world": sha})
    assert (made["required"], made["required_functions"]) == ([], [sha])
    api.clock.advance(60)
    path = f"/deploys/{made['id']}/functions/hello-world"
    assert api.state(made["id"]) == "prepared"
    assert field(api("PUT", path, content=zipped, headers=OCTETS)) == (422, "runtime")
    assert field(api("PUT", f"{path}?runtime=cobol", content=zipped, headers=OCTETS)) == (422, "runtime")
    assert field(api("PUT", f"{path}?runtime=js", content=b"exports", headers=OCTETS)) == (422, "body")
    other = archive({"main.js": b"other"})
    assert field(api("PUT", f"{path}?runtime=js", content=other, headers=OCTETS)) == (422, "body")
    unknown = f"/deploys/{made['id']}/functions/unknown?runtime=js"
    assert api("PUT", unknown, content=zipped, headers=OCTETS).status_code == 404
    assert api("PUT", f"{path}?runtime={runtime}", content=zipped, headers=OCTETS).json()["runtime"] == runtime
    api.clock.advance(1)
    assert api.state(made["id"]) == "ready"
    assert api.deploy(site, {}, functions={"hello-world": sha})["required_functions"] == []


def test_a_function_may_have_a_digest_as_in_the_sample(api: Api, site: str) -> None:
    zipped = archive({"main.js": b"x"})
    made = api.deploy(site, {}, functions={"f": sha1(zipped)})
    assert made["required_functions"] == [sha1(zipped)]
    path = f"/deploys/{made['id']}/functions/f?runtime=js"
    assert api("PUT", path, content=zipped, headers=OCTETS).status_code == 200


def test_an_async_deploy_is_prepared_after_a_time(api: Api, site: str) -> None:
    made = api.deploy(site, A, **{"async": True})
    assert made["state"] == "preparing"
    assert "required" not in made
    path = f"/sites/{site}/deploys/{made['id']}"
    assert field(api.upload(made["id"], "/index.html", A["/index.html"])) == (422, "base")
    api.clock.advance(2)
    told = api.read(path)
    assert told["state"] == "prepared"
    assert told["required"] == [sha1(content) for content in A.values()]
    for name, content in A.items():
        api.upload(made["id"], name, content)
    api.clock.advance(1)
    assert api.read(path)["state"] == "current"


def test_an_async_deploy_with_nothing_to_upload_goes_on_to_ready(api: Api, site: str) -> None:
    api.published(site, A)
    made = api.deploy(site, A, **{"async": True})["id"]
    seen = []
    for _ in range(20):
        seen.append(api.state(made))
    assert list(dict.fromkeys(seen)) == ["preparing", "uploaded", "ready"]


def test_what_is_ready_is_live_at_once_and_whole(api: Api, site: str) -> None:
    first = api.published(site, A)
    made = api.deploy(site, B)["id"]
    api.upload(made, "/index.html", B["/index.html"])
    seen = [api.files(site) for _ in range(10)]
    switch = seen.index(digest(B))
    assert all(one == digest(A) for one in seen[:switch])
    assert all(one == digest(B) for one in seen[switch:])
    assert {one["id"]: one["state"] for one in api.read(f"/sites/{site}/deploys")} == {made: "current", first: "old"}
    assert api.state(made) == api.state(first) == "ready"


def test_a_draft_is_not_published(api: Api, site: str) -> None:
    first = api.published(site, A)
    draft = api.published(site, B, draft=True)
    states = {one["id"]: one["state"] for one in api.read(f"/sites/{site}/deploys")}
    assert states == {draft: "ready", first: "current"}
    assert api.files(site) == digest(A)


def test_a_deploy_is_restored(api: Api, site: str) -> None:
    first, second = api.published(site, A), api.published(site, B)
    for _ in range(2):
        restored = api.post(f"/sites/{site}/deploys/{first}/restore").json()
        assert (restored["id"], restored["state"]) == (first, "current")
        assert api.files(site) == digest(A)
    states = {one["id"]: one["state"] for one in api.read(f"/sites/{site}/deploys")}
    assert states == {second: "old", first: "current"}
    unfinished = api.deploy(site, {"/x": b"unseen"})["id"]
    assert api.post(f"/sites/{site}/deploys/{unfinished}/restore").status_code == 422


def test_deploys_become_live_in_the_order_in_which_they_are_ready(api: Api, site: str) -> None:
    api.published(site, A)
    api.published(site, B)
    late = api.deploy(site, A, **{"async": True})["id"]
    early = api.deploy(site, B)["id"]
    api.clock.advance(60)
    states = {one["id"]: one["state"] for one in api.read(f"/sites/{site}/deploys")}
    assert (states[late], states[early]) == ("current", "old")
    assert api.state(late) == "ready"


def test_a_deploy_of_another_site_is_none(api: Api, site: str) -> None:
    made = api.published(site, A)
    other = api.new_site()["id"]
    assert api.get(f"/sites/{site}/deploys/{made}").status_code == 200
    assert api.get(f"/sites/{other}/deploys/{made}").status_code == 404
    assert api.post(f"/sites/{other}/deploys/{made}/restore").status_code == 404


# Archives


@pytest.mark.parametrize("named", ["id", "domain"])
def test_an_archive_is_the_whole_tree(api: Api, site: str, named: str) -> None:
    where = site if named == "id" else "mine.netlify.app"
    for files in (A, B):
        made = api.post(f"/sites/{where}/deploys", content=archive(files, ("sub", "empty")), headers=ZIPPED).json()
        assert (made["state"], made["required"]) == ("uploaded", [])
        api.clock.advance(1)
        assert api.files(site) == digest(files)


def test_an_archive_can_be_put_on_a_site(api: Api, site: str) -> None:
    before = api.read(f"/sites/{site}")
    answer = api("PUT", f"/sites/{site}", content=archive(A), headers=ZIPPED)
    assert answer.json()["id"] == site
    api.clock.advance(1)
    assert api.files(site) == digest(A)
    assert len(api.read(f"/sites/{site}/deploys")) == 1
    after = api.read(f"/sites/{site}")
    assert {**after, "updated_at": ""} == {**before, "updated_at": ""}
    # Only PUT takes one.
    assert api("PATCH", f"/sites/{site}", content=archive(A), headers=ZIPPED).status_code == 415


def test_site_and_deploy_are_created_at_once(api: Api) -> None:
    made = api.post("/sites", content=archive(A), headers=ZIPPED)
    assert made.status_code == 201
    api.clock.advance(1)
    assert api.files(made.json()["id"]) == digest(A)
    digested = api.new_site(files=digest({**B, "/c": b"c"}))
    assert digested["required"] == [sha1(B["/index.html"]), sha1(b"c")]
    api.upload(digested["deploy_id"], "/c", b"c")
    api.upload(digested["deploy_id"], "/index.html", B["/index.html"])
    api.clock.advance(1)
    assert api.files(digested["id"]) == digest({**B, "/c": b"c"})


@pytest.mark.parametrize("path", ["/sites", "/ada-works/sites/"])
def test_no_site_is_left_of_what_is_refused(api: Api, path: str) -> None:
    before = api.read("/sites?page=3")
    assert api.post(path, content=b"no archive", headers=ZIPPED).status_code == 422
    assert api.post(path, {"files": {"x": "y"}}).status_code == 422
    assert api.read("/sites?page=3") == before


def entry(name: str, content: bytes = b"x", **attributes: Any) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        info = zipfile.ZipInfo(name)
        for attribute, value in attributes.items():
            setattr(info, attribute, value)
        made.writestr(info, content)
    return body.getvalue()


def doubled() -> bytes:
    """An archive with a file twice."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        made.writestr("one", b"1")
        made.writestr("two", b"2")
    return body.getvalue().replace(b"two", b"one")


def lying(body: bytes) -> bytes:
    """An archive whose entry has other bytes than its checksum says."""
    return body.replace(b"content", b"altered", 1)


BAD_ARCHIVES = {
    "empty": b"",
    "text": b"no archive at all",
    "cut off": archive(A)[:-30],
    "absolute": entry("/etc/passwd"),
    "drive": entry("C:/x"),
    "parent": entry("../x"),
    "inner parent": entry("a/../x"),
    "hash": entry("a#b"),
    "question": entry("a?b"),
    "backslash": entry("a\\b"),
    "twice": doubled(),
    "checksum": lying(entry("a", b"content")),
    "bzip2": entry("a", compress_type=zipfile.ZIP_BZIP2),
    "bomb": archive({"/zeros": bytes(20 * 2**20)}),
    "directory of nothing": b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 9, 9, 4000, 0, 0),
}


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_bad_archives_are_refused(api: Api, site: str, name: str) -> None:
    api.published(site, B)
    answer = api.post(f"/sites/{site}/deploys", content=BAD_ARCHIVES[name], headers=ZIPPED)
    assert field(answer) == (422, "body")
    api.clock.advance(5)
    assert api.files(site) == digest(B)


def test_every_cut_of_an_archive_is_refused(api: Api, site: str) -> None:
    whole = archive({"/a": b"aaaa", "/b/c": b"cccc"})
    for end in range(len(whole)):
        assert api.post(f"/sites/{site}/deploys", content=whole[:end], headers=ZIPPED).status_code == 422


def test_every_altered_byte_of_an_archive_is_refused_or_taken(api: Api, site: str) -> None:
    whole = bytearray(archive({"/a": b"aaaa", "/b/c": b"cccc"}))
    for index in range(len(whole)):
        altered = bytes((*whole[:index], whole[index] ^ 0xFF, *whole[index + 1 :]))
        answer = api.post(f"/sites/{site}/deploys", content=altered, headers=ZIPPED)
        assert answer.status_code in (200, 422), index


def test_only_regular_files_of_an_archive_are_deployed(api: Api, site: str) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        made.writestr("folder/", b"")
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        made.writestr(link, b"/etc/passwd")
        made.writestr("file", b"x")
    assert api.post(f"/sites/{site}/deploys", content=body.getvalue(), headers=ZIPPED).status_code == 200
    api.clock.advance(1)
    assert api.files(site) == {"/file": sha1(b"x")}


def test_the_files_of_an_archive_are_bounded(api: Api, site: str) -> None:
    def of(count: int) -> bytes:
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as made:
            made.writestr("folder/", b"")
            for number in range(count):
                made.writestr(str(number), b"")
        return body.getvalue()

    assert api.post(f"/sites/{site}/deploys", content=of(25_000), headers=ZIPPED).status_code == 200
    refused = api.post(f"/sites/{site}/deploys", content=of(25_001), headers=ZIPPED)
    assert field(refused) == (422, "body")
    assert "25000" in refused.text


@pytest.mark.parametrize("is_honest", [True, False])
def test_an_archive_of_very_many_entries_is_refused_before_it_is_read(api: Api, site: str, is_honest: bool) -> None:
    one = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"a"
    directory = one * 400_000
    size = len(directory) if is_honest else len(directory) + 2**30
    body = directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, size, 0, 0)
    started = time.perf_counter()
    assert field(api.post(f"/sites/{site}/deploys", content=body, headers=ZIPPED)) == (422, "body")
    assert time.perf_counter() - started < 2


def test_a_bomb_costs_no_memory(api: Api, site: str) -> None:
    inner = archive({f"/{number}": bytes(2**20) for number in range(100)})
    tracemalloc.start()
    try:
        assert field(api.post(f"/sites/{site}/deploys", content=inner, headers=ZIPPED)) == (422, "body")
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


# Files


def test_a_file_is_read_as_record_or_raw(api: Api, site: str) -> None:
    page = b"<html><head></head><body>\xff raw</body></html>"
    api.published(site, {"/sub/page one.html": page})
    api.post(f"/sites/{site}/snippets", {"title": "t", "general": "<script></script>"})
    path = f"/sites/{site}/files/sub/page%20one.html"
    record = {"id": "/sub/page one.html", "path": "/sub/page one.html", "sha": sha1(page), "mime_type": "text/html"}
    assert api.read(path) == {**record, "size": len(page)} == api.read(f"/sites/{site}/files")[0]
    for header in ("Content-Type", "Accept"):
        raw = api.get(path, headers={header: "application/vnd.bitballoon.v1.raw"})
        assert raw.content == page
    assert api.get(f"/sites/{site}/files/none.html").status_code == 404
    # Visitors see the processed page.
    assert b"<script></script></head>" in api.get("/_site/mine/sub/page%20one", key=None).content
