"""Uploads: which suffice, what becomes of wrong and of repeated ones, what paths they are made to."""

from collections.abc import Sequence
from unicodedata import is_normalized

from hypothesis import strategies as st

from conformance.properties import (
    Subject,
    assert_equal,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.netlify.deploying import Deploying, digest, digest_of, digests_of, required


@requirement("netlify.deploy-flow.upload-required-only")
@property_test(examples=[{"under": "/one.txt"}, {"under": "/sub/two.txt"}])
def test_a_content_is_uploaded_once(subject: Subject, under: str) -> None:
    """A content that two paths have is required once; sent under either of them, both are there."""
    deploying = Deploying.of(subject)
    site, content = deploying.site(), deploying.unique()
    files = {"/one.txt": content, "/sub/two.txt": content, **deploying.uniques("/index.html")}
    deploy = deploying.made(site, files)
    asked = deploying.requirement_of(deploy)
    due = sorted(set(digests_of(files).values()))
    assert_equal(sorted(required(asked)), due, "what is required of two contents under three paths", exchange=asked)
    for path in (under, "/index.html"):
        assert_status(deploying.upload(deploy.id, path, files[path]), "2xx", when="with content that is required")
    deploying.assert_finished(deploy, f"whose twin contents were uploaded under {under} alone")
    deploying.assert_live(site, files, f"whose twin contents were uploaded under {under} alone")


@requirement("netlify.deploy-flow.upload-integrity")
def test_wrong_bytes_never_become_the_file(subject: Subject) -> None:
    """Altered content is refused or leaves the deploy unfinished, and what is not in the digest is not deployed."""
    deploying = Deploying.of(subject)
    site, files = deploying.site(), deploying.uniques("/index.html", "/a.txt")
    deploy = deploying.made(site, files)
    right = files["/index.html"]
    deploying.client.control(deploying.upload(deploy.id, "/a.txt", files["/a.txt"]))
    for what, content in {
        "with a flipped bit": bytes([right[0] ^ 1]) + right[1:],
        "cut off": right[:-1],
        "of another file": files["/a.txt"],
        "that is empty": b"",
    }.items():
        answer = deploying.upload(deploy.id, "/index.html", content, negative=True)
        assert_status(answer, "2xx", "4xx", when=f"with content {what}")
    stray = deploying.upload(deploy.id, "/stray.txt", deploying.unique(), negative=True)
    assert_status(stray, "2xx", "4xx", when="with a path that is not in the digest")
    deploying.assert_unfinished(deploy, "that got wrong content for a file")
    answer = deploying.upload(deploy.id, "/index.html", right)
    assert_status(answer, "2xx", "4xx", when="with the right content after wrong ones")
    if answer.response.ok and deploying.comes_to_its_end(deploy):
        deploying.assert_live(site, files, "that got wrong content for a file and then the right one")
        served = deploying.raw(site, "/index.html")
        if served is not None:
            assert_equal(digest_of(served), digest_of(right), "the digest of what is served")


@requirement("netlify.deploy-flow.upload-retry-safe")
def test_an_upload_may_be_repeated(subject: Subject) -> None:
    """An upload whose answer was lost is accepted again, and changes nothing; once all is done it does no harm."""
    deploying = Deploying.of(subject)
    site, files = deploying.site(), deploying.uniques("/a.txt", "/b.txt")
    deploy = deploying.made(site, files)
    deploying.client.control(deploying.upload(deploy.id, "/a.txt", files["/a.txt"]))
    repeated = deploying.upload(deploy.id, "/a.txt", files["/a.txt"])
    assert_status(repeated, "2xx", when="with content that was sent before")
    deploying.assert_unfinished(deploy, "of which one file was sent twice, and the other not", (2,))
    deploying.client.control(deploying.upload(deploy.id, "/b.txt", files["/b.txt"]))
    deploying.assert_finished(deploy, "of which one file was sent twice")
    deploying.assert_live(site, files, "of which one file was sent twice")
    late = deploying.upload(deploy.id, "/a.txt", files["/a.txt"], negative=True)
    assert_status(late, "2xx", "4xx", when="with content of a deploy that is finished")
    assert_equal(deploying.tree(site), digests_of(files), "the files of the site after a late upload", exchange=late)


_LETTERS = "".join(chr(code) for code in range(0xC0, 0x100) if chr(code).isalpha() and is_normalized("NFC", chr(code)))
_ENDS = st.sampled_from("abcxyz019" + _LETTERS)
_INNER = st.text(st.sampled_from("abcxyz019 %+-_" + _LETTERS), max_size=6)
SEGMENTS = st.one_of(
    _ENDS, st.tuples(_ENDS, _INNER, _ENDS).map("".join), st.sampled_from(["%20", "a%2Fb", "1+1 %", "+"])
)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=3).map(lambda segments: f"/{'/'.join(segments)}.txt")


def differ(paths: Sequence[str]) -> bool:
    """Whether paths are more than twins: a server may take those that differ in case alone for one."""
    return len({path.casefold() for path in paths}) == len(paths)


@requirement("netlify.deploy-flow.path-escaping")
@property_test(
    examples=[
        {
            "paths": [
                "/a b.txt",
                "/100%.txt",
                "/a+b.txt",
                "/sub/folder/a.txt",
                "/über/été.txt",
                "/%41.txt",
                "/a%2Fb.txt",
                "/a%20b c/+.txt",
            ]
        }
    ],
    paths=st.lists(PATHS, min_size=1, max_size=4, unique=True).filter(differ),
)
def test_paths_reach_the_list_of_files_as_they_are(subject: Subject, paths: list[str]) -> None:
    """Whatever is in a path, once each of its segments is encoded in the URL of the upload it is listed literally."""
    deploying = Deploying.of(subject)
    site, files = deploying.site(), deploying.uniques("/plain.html", *paths)
    created = deploying.post(site, digest(files))
    assert_status(created, "2xx", "4xx", when="with the digest of such paths", vacuous="a refusal shows nothing")
    if created.response.status_class == 4:
        # Which names may be deployed the document leaves open; a plain one may.
        deploying.deployed(site, {"/plain.html": files["/plain.html"]})
        return
    deploy = deploying.taken(site, files, created)
    wanted = required(deploying.requirement_of(deploy))
    for path, content in files.items():
        if digest_of(content) in wanted:
            assert_status(deploying.upload(deploy.id, path, content), "2xx", when=f"for {path!r}")
    deploying.assert_finished(deploy, f"of {', '.join(paths)}")
    due = digests_of(files)
    found = deploying.comes_to(lambda: deploying.tree(site), due)
    wrong = sorted(set(found.items()) ^ set(due.items()))
    assert_that(
        not wrong,
        f"the files of the site are not those of the digest: {', '.join(dict.fromkeys(path for path, _ in wrong))}",
        expected=", ".join(sorted(due)),
        actual=", ".join(sorted(found)),
        exchange=deploying.client.exchanges[-1],
    )
