"""What becomes of a site when deploys are ready, restored, or only drafts."""

from collections.abc import Container
from functools import partial

from conformance.properties import (
    Subject,
    assert_equal,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.netlify.deploying import (
    Deploy,
    Deploying,
    Files,
    digest_of,
    digests_of,
    required,
    state_of,
    zipped,
)
from conformance.suite.netlify.publishing import (
    CURRENT,
    LIVE,
    Watch,
    assert_current,
    assert_not_current,
    states,
)


@requirement("netlify.deploy-flow.ready-is-live")
def test_a_deploy_that_is_ready_is_live(subject: Subject) -> None:
    """With each deploy that is ready the files of the site are its own, and those before are no longer current."""
    deploying = Deploying.of(subject)
    site = deploying.site()
    first = deploying.uniques("/index.html", "/a.txt", "/sub/b.txt")
    former: list[str] = []
    for when, files, members in (
        ("after its first deploy", first, {}),
        ("after a deploy of other files", deploying.uniques("/index.html", "/c.txt"), {}),
        ("after a deploy of what is stored", {"/a.txt": first["/sub/b.txt"], "/d.txt": first["/a.txt"]}, {}),
        ("after an async deploy", deploying.uniques("/index.html"), {"async": True}),
    ):
        deploy = deploying.deployed(site, files, None, **members)
        deploying.assert_live(site, files, when)
        assert_not_current(deploying, site, *former)
        former.append(deploy.id)


@requirement("netlify.deploy-flow.atomic-files")
@property_test(examples=[{"how": "digest"}, {"how": "zip"}])
def test_the_files_of_a_site_change_at_once(subject: Subject, how: str) -> None:
    """While a deploy replaces another one its files are all old or all new, and what is left out of it is gone."""
    deploying = Deploying.of(subject)
    site = deploying.site()
    old = deploying.uniques("/index.html", "/css/main.css", "/gone.txt")
    new = {"/css/main.css": old["/css/main.css"], **deploying.uniques("/index.html", "/new.txt", "/sub/new.txt")}
    deploying.deployed(site, old)
    deploying.assert_live(site, old, "that was deployed to")
    deploying.client.control(deploying.get_file(site, "/gone.txt"))
    watch = Watch(deploying, site, old, new)
    if how == "zip":
        deploying.client.control(deploying.post_zip(site, zipped(new)))
    else:
        _uploaded_bit_by_bit(deploying, deploying.made(site, new), watch)
    watch.until_new()
    left = deploying.get_file(site, "/gone.txt", negative=True)
    assert_status(left, 404, *subject.conventions.errors.unknown_resource, when="for a path that was left out")
    there = deploying.client.control(deploying.get_file(site, "/index.html"))
    sha = str(there.response.at("/sha")).lower()
    assert_equal(sha, digest_of(new["/index.html"]), "the sha of a file that changed", exchange=there)


def _uploaded_bit_by_bit(deploying: Deploying, deploy: Deploy, watch: Watch) -> None:
    watch.look()
    for sha in required(deploying.requirement_of(deploy)):
        path = next((path for path, known in deploy.digests.items() if known == sha), None)
        if path is not None:
            deploying.client.control(deploying.upload(deploy.id, path, deploy.files[path]))
            watch.look()


@requirement("netlify.deploy-flow.draft-not-published")
def test_a_draft_changes_nothing(subject: Subject) -> None:
    """Drafts come to their end, with uploads or with nothing to upload, and the site stays as it was."""
    deploying = Deploying.of(subject)
    site, files = deploying.site(), deploying.uniques("/index.html", "/a.txt")
    live = deploying.deployed(site, files)
    deploying.assert_live(site, files, "that was deployed to")
    before = states(deploying, site).get(live.id, "missing")
    other: Files = deploying.uniques("/index.html", "/b.txt")
    for what, tree, members in (
        ("with uploads", other, {}),
        ("of what is stored", {"/index.html": files["/a.txt"]}, {}),
        ("that is async", other, {"async": True}),
    ):
        draft = deploying.deployed(site, tree, None, draft=True, **members)
        for pause in (0, 2, 5):
            deploying.client.clock.sleep(pause)
            assert_equal(deploying.tree(site), digests_of(files), f"the files of the site after a draft {what}")
        known = states(deploying, site)
        assert_that(
            known.get(live.id) == before or (before, known.get(live.id)) == LIVE,
            f"the published deploy is {known.get(live.id)} after a draft {what}",
            expected=before,
            actual=known.get(live.id, "missing"),
        )
        assert_that(
            known.get(draft.id) != CURRENT,
            f"a draft {what} is current",
            expected="no draft is current",
            actual=known.get(draft.id, "missing"),
        )
        read = deploying.client.control(deploying.get(draft.id))
        assert_equal(read.response.at("/id"), draft.id, "the id of a draft that is read", exchange=read)


@requirement("netlify.deploy-flow.restore-makes-current")
def test_a_restored_deploy_is_current_again(subject: Subject) -> None:
    """An old deploy that is restored is answered as current, its files are the site's, and no other one is current."""
    deploying = Deploying.of(subject)
    site = deploying.site()
    trees = [deploying.uniques("/index.html", "/a.txt"), deploying.uniques("/index.html", "/b.txt")]
    deploys = []
    for files in trees:
        deploys.append(deploying.deployed(site, files))
        deploying.assert_live(site, files, "that was deployed to")
    for deploy, which in ((deploys[0], "first"), (deploys[1], "second"), (deploys[0], "first")):
        restored = deploying.restore(site, deploy.id)
        assert_status(restored, "2xx", when="of an old deploy")
        assert_equal(restored.response.at("/id"), deploy.id, "the id of the restored deploy", exchange=restored)
        assert_equal(state_of(restored), CURRENT, "the state of the restored deploy", exchange=restored)
        deploying.assert_live(site, deploy.files, f"whose {which} deploy was restored")
        assert_current(deploying, site, deploy.id, "that was restored")


@requirement("netlify.deploy-flow.deploys-listed")
def test_every_deploy_of_a_site_is_listed(subject: Subject) -> None:
    """Finished or not, live, old or a draft, by a digest or an archive: a deploy is listed, on its own site alone."""
    deploying = Deploying.of(subject)
    site, other = deploying.site(), deploying.site()
    files = deploying.uniques("/index.html")
    elsewhere = deploying.made(other, deploying.uniques("/index.html"))
    made = {
        deploying.deployed(site, files).id: "by a digest",
        deploying.deployed(site, files, draft=True).id: "that is a draft",
        deploying.deployed_zip(site, files).id: "of an archive",
        deploying.made(site, deploying.uniques("/a.txt")).id: "whose file is missing",
    }
    for of, due, foreign in ((site, made, [elsewhere.id]), (other, {elsewhere.id: "of another site"}, list(made))):
        found = deploying.comes_to(partial(_listed, deploying, of, due), set(due))
        for identity, what in due.items():
            assert_that(
                identity in found,
                f"a deploy {what} is not listed",
                expected=f"{identity} in the list",
                actual=", ".join(sorted(found)) or "none of those that were made",
                exchange=deploying.client.exchanges[-1],
            )
        strange = sorted({*foreign} & {*deploying.listed(of)})
        assert_equal(strange, [], "the deploys of another site that are listed")


def _listed(deploying: Deploying, site: str, among: Container[str]) -> set[str]:
    """Those of these deploys that the list of a site shows."""
    return {one for one in deploying.listed(site) if one in among}
