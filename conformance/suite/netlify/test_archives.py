"""Deploys of ZIP archives: of sites that there are, of new ones, by the PUT of a site; how large one may be."""

import zipfile
from collections.abc import Mapping
from functools import cache, partial
from itertools import chain
from urllib.parse import urlsplit

from hypothesis import strategies as st

from conformance.properties import (
    NotExercised,
    Subject,
    Things,
    assert_equal,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.netlify.deploying import (
    CREATE,
    CREATE_SITE,
    FINISHED,
    PUT_SITE,
    ZIP,
    Deploy,
    Deploying,
    Files,
    digest,
    digests_of,
    required,
    state_of,
    zipped,
)
from conformance.traffic.exchange import Exchange

WAITING = ("prepared", "uploading")
"""The states in which a deploy waits for uploads."""

MOST_FILES = 25_000
"""Files of an archive, at most."""

PROPERTIES = (
    "id",
    "premium",
    "claimed",
    "name",
    "custom_domain",
    "notification_email",
    "admin_url",
    "created_at",
    "user_id",
)
"""What the document shows of a site, but for what a deploy may change."""


@requirement("netlify.deploy-flow.zip-deploy")
def test_an_archive_is_the_whole_site(subject: Subject) -> None:
    """Nothing is asked for, no upload waited for, and the files are those of the archive alone, by id and by domain."""
    deploying = Deploying.of(subject)
    site = deploying.site()
    first = deploying.uniques("/index.html", "/gone.txt", "/sub/deep/a.txt")
    second = {path: first[path] for path in ("/index.html", "/sub/deep/a.txt")}
    _deployed_whole(deploying, site, site, first, "of an archive")
    _deployed_whole(deploying, site, site, second, "of an archive with a file less")
    domain = _domain_of(deploying, site)
    if domain is not None:
        _deployed_whole(deploying, site, domain, deploying.uniques("/other.html"), "of an archive sent to a domain")


def _deployed_whole(deploying: Deploying, site: str, name: str, files: Files, what: str) -> None:
    created = deploying.post_zip(name, zipped(files, ["sub", "sub/deep", "empty"]))
    assert_status(created, "2xx", when=f"with the archive of a deploy {what}")
    deploy = deploying.taken(site, files, created)
    for seen in chain((created,), deploying.looks(deploy, site)):
        assert_equal(required(seen), [], f"what is required of a deploy {what}", exchange=seen)
        assert_that(
            state_of(seen) not in WAITING,
            f"a deploy {what} waits for uploads: it is {state_of(seen)}",
            expected=f"none of the states {', '.join(WAITING)}",
            actual=state_of(seen),
            exchange=seen,
        )
        if state_of(seen) in FINISHED:
            break
    deploying.assert_finished(deploy, what)
    deploying.assert_live(site, files, f"after a deploy {what}")


def _domain_of(deploying: Deploying, site: str) -> str | None:
    """The domain that the url of a site has, where the target knows the site by it and it may be written to."""
    reading, deploys = (deploying.contract.operation(name) for name in ("GET /api/v1/sites/{site_id}", CREATE))
    url = deploying.client.control(deploying.client.call(reading, {"site_id": site})).response.at("/url")
    domain = urlsplit(url).hostname if isinstance(url, str) else None
    if not domain or "." not in domain:
        return None
    by_domain = {"site_id": domain}
    if not deploying.client.guard.may_reach("POST", deploys.expand(by_domain)):
        return None
    found = deploying.client.call(reading, by_domain).response
    return domain if found.ok and found.at("/id") == site else None


_NAMES = st.text(st.sampled_from("abcxyz019_- "), min_size=1, max_size=6).map(lambda name: f"n{name}n")
_CONTENTS = st.sampled_from(["", "one", "two\n", "<p>three</p>", "  \r\n", "vier ü"])
TREES = st.dictionaries(
    st.tuples(st.lists(_NAMES, max_size=3), _NAMES, st.sampled_from([".txt", ".html", ".css", ""])).map(
        lambda path: "/" + "/".join([*(f"{folder}.d" for folder in path[0]), path[1] + path[2]])
    ),
    _CONTENTS,
    min_size=1,
    max_size=5,
)
"""Path → content; no file has the name of a folder."""


@requirement("netlify.deploy-flow.zip-equals-digest")
@property_test(
    examples=[
        {
            "tree": {
                "/index.html": "<p>x</p>\n",
                "/a/b/c.txt": "same",
                "/a/same.txt": "same",
                "/a/lines.css": "\ufeffzwei \r\n  ü\n\n",
                "/empty.txt": "",
            },
            "compressed": True,
        }
    ],
    tree=TREES,
    compressed=st.booleans(),
)
def test_an_archive_comes_to_the_same_as_a_digest(subject: Subject, tree: Mapping[str, str], compressed: bool) -> None:
    """One tree, deployed to one site by its digest and to another one as an archive, is the same list of files."""
    deploying = Deploying.of(subject)
    files = {path: content.encode() for path, content in tree.items()}
    folders = sorted({path[1:].rpartition("/")[0] for path in files} - {""})
    archive = zipped(files, folders, zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED)
    by_digest, by_archive = deploying.site(), deploying.site()
    deploying.deployed(by_digest, files)
    deploying.finished(deploying.taken(by_archive, files, deploying.post_zip(by_archive, archive)))
    due = deploying.comes_to(partial(deploying.tree, by_digest), digests_of(files))
    if not due:
        raise NotExercised("the files of a digest did not come")
    found = deploying.comes_to(partial(deploying.tree, by_archive), due)
    assert_equal(found, due, "the files of a site of an archive, against those of the same digest")


@requirement("netlify.deploy-flow.zip-put-site")
def test_putting_an_archive_is_a_new_deploy(subject: Subject) -> None:
    """The PUT of a site with an archive adds one deploy, and its files become those of the site."""
    deploying = Deploying.of(subject)
    site = deploying.site()
    for what, files in (
        ("put to a new site", deploying.uniques("/index.html", "/sub/a.txt")),
        ("put once more", deploying.uniques("/index.html")),
    ):
        before = set(deploying.listed(site))
        assert_status(_put(deploying, site, files), "2xx", when="with an archive")
        deploying.assert_finished(_added(deploying, site, before, what), f"of an archive {what}")
        deploying.assert_live(site, files, f"whose archive was {what}")


def _put(deploying: Deploying, site: str, files: Files) -> Exchange:
    return deploying.post_zip(site, zipped(files), PUT_SITE)


def _added(deploying: Deploying, site: str, before: set[str], what: str) -> str:
    """The one deploy that came to those before."""

    def count() -> int:
        return len(set(deploying.listed(site)) - before)

    added = deploying.comes_to(count, 1)
    assert_equal(added, 1, f"how many deploys are listed more for an archive {what}")
    return next(iter(set(deploying.listed(site)) - before))


@requirement("netlify.deploy-flow.create-with-deploy")
@property_test(examples=[{"how": "zip"}, {"how": "digest"}])
def test_a_site_is_created_with_its_files(subject: Subject, how: str) -> None:
    """An archive, or a digest and the uploads it asks for, make a new site and its first deploy at once."""
    deploying = Deploying.of(subject)
    _assert_created(deploying, how, deploying.uniques("/index.html", "/sub/a.txt"))


def _assert_created(deploying: Deploying, how: str, files: Files) -> None:
    """A site that is created with files has a deploy of them, and consists of them."""
    sites = deploying.sites
    assert sites is not None
    archived = how == "zip"
    told = f"that was created with {'an archive' if archived else 'a digest'}"
    created = (
        sites.post(content=zipped(files), headers={"Content-Type": ZIP})
        if archived
        else sites.post({**sites.body(), **digest(files)})
    )
    assert_status(created, "2xx", when=f"for a site {told}")
    site = deploying.identified(created)
    some = deploying.comes_to(lambda: bool(deploying.listed(site)), True)
    assert_that(some, f"a site {told} has no deploy", expected="its first deploy in the list", actual="no deploys")
    deploy = deploying.listed(site)[0]
    if not archived:
        shown = deploying.client.control(deploying.get(deploy, site))
        deploying.upload_required(Deploy(site, deploy, files, {}, shown))
    deploying.assert_finished(deploy, f"of a site {told}")
    deploying.assert_live(site, files, told)


@requirement("netlify.content-type.zip-content-type")
def test_the_media_type_says_how_a_body_is_read(subject: Subject) -> None:
    """An archive is deployed and changes no property; JSON is properties, or a digest, and no archive."""
    deploying = Deploying.of(subject)
    one, other = deploying.uniques("/index.html", "/sub/a.txt"), deploying.uniques("/index.html")
    if subject.operation_id == CREATE_SITE:
        _assert_created(deploying, "zip", one)
        _assert_created(deploying, "digest", other)
    elif subject.operation_id == CREATE:
        site = deploying.site()
        deploying.deployed_zip(site, one)
        deploying.assert_live(site, one, "that an archive was deployed to")
        created = deploying.post(site, digest(other))
        assert_status(created, "2xx", when="with a digest, after an archive")
        deploy = deploying.taken(site, other, created)
        deploying.upload_required(deploy)
        deploying.assert_finished(deploy, "of a digest, after an archive")
        deploying.assert_live(site, other, "that a digest was deployed to")
    else:
        _assert_put(deploying, deploying.site(), one)


def _assert_put(deploying: Deploying, site: str, files: Files) -> None:
    """An archive that is put is a deploy and leaves the properties; properties that are put are no deploy."""
    sites = deploying.sites
    assert sites is not None
    properties, before = _properties(sites, site), set(deploying.listed(site))
    assert_status(_put(deploying, site, files), "2xx", when="with an archive")
    deploy = _added(deploying, site, before, "that was put")
    deploying.assert_finished(deploy, "of an archive that was put")
    deploying.assert_live(site, files, "that an archive was put to")
    assert_equal(_properties(sites, site), properties, "the properties of a site after an archive was put")
    changes = sites.changes()
    deploying.client.control(sites.call("replace", site, body=changes))

    def changed() -> dict[str, object]:
        return {name: value for name, value in sites.read(site).items() if name in changes}

    assert_equal(deploying.comes_to(changed, changes), changes, "what was put as JSON, in the site")
    for pause in (0, 2, 5):
        deploying.client.clock.sleep(pause)
        assert_equal(set(deploying.listed(site)), {*before, deploy}, "the deploys of a site after properties were put")
    assert_equal(deploying.tree(site), digests_of(files), "the files of a site after properties were put")


def _properties(sites: Things, site: str) -> dict[str, object]:
    return {name: value for name, value in sites.read(site).items() if name in PROPERTIES}


@requirement("netlify.deploy-flow.zip-25000")
def test_an_archive_of_too_many_files_is_refused(subject: Subject) -> None:
    """A small archive is deployed; one with a file more than may be in one is refused, and the site stays as it was."""
    deploying = Deploying.of(subject)
    site, files = deploying.site(), deploying.uniques("/index.html", "/a.txt")
    deploying.deployed_zip(site, files)
    deploying.assert_live(site, files, "that a small archive was deployed to")
    refused = deploying.post_zip(site, too_many(), negative=True)
    assert_status(refused, "4xx", when=f"with an archive of {MOST_FILES + 1} files")
    for pause in (0, 2, 5):
        deploying.client.clock.sleep(pause)
        assert_equal(deploying.tree(site), digests_of(files), "the files of the site after an archive was refused")


@cache
def too_many() -> bytes:
    """An archive of one empty file more than may be in one."""
    return zipped({f"{number:x}": b"" for number in range(MOST_FILES + 1)})
