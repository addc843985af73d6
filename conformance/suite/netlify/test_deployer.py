"""What Netlify's document asks of who deploys: which uploads leave, how, and how patiently."""

import json
from typing import Any
from urllib.parse import quote

import httpx2
from hypothesis import strategies as st

from conformance.contract import Contract
from conformance.properties import (
    HarnessError,
    MockServer,
    Reply,
    assert_equal,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.netlify.deploying import (
    ATTEMPTS,
    LARGE,
    OCTETS,
    Deploying,
    Files,
    Unfit,
    digests_of,
    function_digest_of,
    zipped,
)
from conformance.suite.netlify.test_uploads import PATHS, differ
from conformance.targets.errors import Blocked

SITE, DEPLOY = "site-1", "deploy-1"


class Played:
    """A server that was played, and that plays one deploy.

    Attributes:
        said: the answers to looks at the deploy, the last of which is repeated.
        lost: how many of the next uploads are not answered.
    """

    def __init__(self, mock: MockServer, created: dict[str, Any], said: list[dict[str, Any]], lost: int = 0) -> None:
        self.mock, self.said, self.lost = mock, said, lost
        self.before = len(mock.raw)
        mock.routes.post(path__regex="/deploys$").mock(return_value=Reply(200, json={"id": DEPLOY, **created}))
        mock.routes.get(path__regex=f"/deploys/{DEPLOY}$").mock(side_effect=self._look)
        mock.routes.put(path__regex=f"/deploys/{DEPLOY}/").mock(side_effect=self._upload)
        mock.routes.route().respond(404, json={})

    def _look(self, _request: object) -> Reply:
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        return Reply(200, json={"id": DEPLOY, **said})

    def _upload(self, _request: object) -> Reply:
        self.lost -= 1
        if self.lost >= 0:
            raise httpx2.ReadTimeout("the time ran out")
        return Reply(200, json={})

    @property
    def sent(self) -> list[httpx2.Request]:
        """What has left, looks for whether the server is there at all apart."""
        return [one for one in self.mock.raw[self.before :] if "/deploys" in one.url.path]

    @property
    def uploads(self) -> list[httpx2.Request]:
        return [one for one in self.sent if one.method == "PUT"]


def address_of(mock: MockServer, path: str) -> str:
    """Where a file is uploaded to: each segment of its path is encoded for itself."""
    return f"{mock.client.base_url}/api/v1/deploys/{DEPLOY}/files/{quote(path.removeprefix('/'))}"


@requirement("netlify.deploy-flow.client-uploads-required-only")
@property_test(
    examples=[
        {"paths": ["/a b.txt", "/sub/ü/50%.txt", "/1+1.txt"], "wanted": 1},
        {"paths": ["/a%2Fb.txt", "/a/b.txt", "/c.txt"], "wanted": 0},
    ],
    paths=st.lists(PATHS, min_size=3, max_size=3, unique=True).filter(differ),
    wanted=st.integers(0, 2),
)
def test_what_is_required_is_uploaded_and_nothing_else(
    contract: Contract, mock: MockServer, paths: list[str], wanted: int
) -> None:
    """Of three files the required one leaves once, under its encoded path; a content of two paths leaves once."""
    files = {path: f"{number} {path}".encode() for number, path in enumerate(paths)}
    files["/twin.txt"] = files[paths[wanted]]
    sha = digests_of(files)[paths[wanted]]
    played = Played(mock, {"required": [sha]}, [{"state": "ready"}])
    Deploying(mock.client, contract).deployed(SITE, files)
    assert_equal(len(played.uploads), 1, "uploads that leave where one content of three is required")
    uploaded = played.uploads[0]
    fit = [address_of(mock, path) for path in (paths[wanted], "/twin.txt")]
    assert_that(
        _decoded_alike(str(uploaded.url), fit),
        "the required file leaves under another path",
        expected=" or ".join(fit),
        actual=str(uploaded.url),
    )
    assert_equal(uploaded.content, files[paths[wanted]], "the content that leaves")


def _decoded_alike(url: str, fit: list[str]) -> bool:
    """Whether a URL is one of these: characters that need not be encoded may be."""
    return url in fit or str(httpx2.URL(url)) in [str(httpx2.URL(each)) for each in fit]


@requirement("netlify.deploy-flow.client-uploads-required-only")
@property_test(examples=[{"path": "/a#b.txt"}, {"path": "/sub/what?.txt"}, {"path": "/a?b/c.txt"}])
def test_forbidden_paths_are_rejected_before_anything_leaves(contract: Contract, mock: MockServer, path: str) -> None:
    """With # or ? in a path nothing is sent; without, the digest is."""
    played = Played(mock, {"required": []}, [{"state": "ready"}])
    deploying, files = Deploying(mock.client, contract), {"/index.html": b"x"}
    deploying.deployed(SITE, files)
    before, refused = len(played.sent), False
    try:
        deploying.deployed(SITE, {**files, path: b"y"})
    except Unfit:
        refused = True
    assert_that(
        refused and len(played.sent) == before,
        f"the path {path} is not rejected before anything is sent",
        expected="no request",
        actual=f"{len(played.sent) - before} requests",
    )


def large() -> dict[str, bytes]:
    """So many files that a deploy is large."""
    return {f"/page-{number}.html": str(number).encode() for number in range(LARGE)}


def _required(files: Files, *paths: str) -> list[str]:
    return [digests_of(files)[path] for path in paths]


@requirement("netlify.deploy-flow.client-30s")
def test_a_large_deploy_is_async_and_polled(contract: Contract, mock: MockServer) -> None:
    """A large deploy is created with async; its uploads leave once they are asked for, after looks with pauses."""
    files, preparing = large(), {"state": "preparing"}
    asked = {"state": "prepared", "required": _required(files, "/page-7.html")}
    played = Played(mock, preparing, [preparing, preparing, asked, {"state": "ready"}])
    began = mock.clock.now()
    Deploying(mock.client, contract).deployed(SITE, files)
    methods = [request.method for request in played.sent]
    assert_equal(json.loads(played.sent[0].content).get("async"), True, "the async of a large deploy")
    assert_equal(methods[:5], ["POST", "GET", "GET", "GET", "PUT"], "what leaves until the first upload")
    assert_equal(len(played.uploads), 1, "uploads that leave")
    assert_that(
        mock.clock.now() - began >= 2,
        "a deploy that is being prepared is asked for without a pause",
        expected="pauses of seconds",
        actual=f"{mock.clock.now() - began:g} s",
    )


@requirement("netlify.deploy-flow.client-30s")
def test_an_upload_that_times_out_is_sent_again_a_few_times(contract: Contract, mock: MockServer) -> None:
    """An upload whose time ran out is repeated until it is answered, and given up after a fixed number of times."""
    files = {"/index.html": b"x"}
    asked = {"required": _required(files, "/index.html")}
    played = Played(mock, asked, [{"state": "ready"}], lost=ATTEMPTS - 1)
    deploying = Deploying(mock.client, contract)
    try:
        deploying.deployed(SITE, files)
    except (Blocked, HarnessError) as error:
        assert_that(False, "an upload that timed out is not sent again", expected="another upload", actual=str(error))
    assert_equal(len(played.uploads), ATTEMPTS, "uploads until one was answered")
    played.lost, before, ended = 100, len(played.uploads), False
    try:
        deploying.deployed(SITE, files)
    except (Blocked, HarnessError):
        ended = True
    count = len(played.uploads) - before
    assert_that(
        ended and 1 < count <= 5,
        "an upload that always times out does not end after a few times",
        expected="an error after a few uploads",
        actual=f"{count} uploads, and {'an error' if ended else 'no error'}",
    )


@requirement("netlify.content-type.upload-octet-stream")
@property_test(
    examples=[{"text": "<!doctype html>\n"}, {"text": "\x00\x01ÿ\r\n"}, {"text": ""}],
    text=st.text(st.characters(codec="latin-1"), max_size=40),
)
def test_an_upload_is_the_bytes_of_the_file(contract: Contract, mock: MockServer, text: str) -> None:
    """Files and functions leave as application/octet-stream, and the body is their bytes."""
    files, functions = {"/index.html": text.encode("latin-1")}, {"hello": zipped({"hello.js": text.encode()})}
    wanted = {
        "required": _required(files, "/index.html"),
        "required_functions": [function_digest_of(functions["hello"])],
    }
    played = Played(mock, wanted, [{"state": "ready"}])
    Deploying(mock.client, contract).deployed(SITE, files, functions)
    due = [files["/index.html"], functions["hello"]]
    assert_equal([one.headers.get("content-type") for one in played.uploads], [OCTETS] * 2, "the types of two uploads")
    assert_equal([one.content.hex() for one in played.uploads], [one.hex() for one in due], "the bodies of two uploads")
