"""Deployments: what makes one new, what it holds, how it comes to its end."""

import base64
from typing import Any

from hypothesis import strategies as st

from conformance.properties import (
    NotExercised,
    Subject,
    assert_equal,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.zeit.deploying import FINAL, Deploying, by_digest, digest_of, inlined

MAX_POLLS = 40
STATES = ("INITIALIZING", "ANALYZING", "BUILDING", "DEPLOYING")


@requirement("zeit.deploy-flow.same-input-same-id")
def test_the_same_input_is_the_same_deployment(subject: Subject) -> None:
    """A create that is repeated at once answers the same id, url and time of creation."""
    deploying = Deploying(subject)
    body = deploying.body()
    first = deploying.made(body)
    again = deploying.client.control(deploying.post(body))
    for member in ("id", "url", "createdAt"):
        assert_equal(
            again.response.at(f"/{member}"), first.get(member), f"the {member} of a repeated create", exchange=again
        )


@requirement("zeit.deploy-flow.force-new")
def test_force_new_makes_a_new_deployment(subject: Subject) -> None:
    """With forceNew=1 an input that was deployed before gets another id and another url."""
    deploying = Deploying(subject)
    body = deploying.body()
    first, again = deploying.made(body), deploying.made(body)
    if first["id"] != again["id"]:
        raise NotExercised("the same input is no longer the same deployment, so a new one shows nothing")
    forced = deploying.client.control(deploying.post(body, query={"forceNew": "1"}))
    for member in ("id", "url"):
        value = forced.response.at(f"/{member}")
        assert_that(
            value != first.get(member),
            f"forceNew=1 answers the {member} of the deployment before",
            expected=f"another {member}",
            actual=value,
            exchange=forced,
        )


CHANGES: dict[str, dict[str, Any]] = {
    "a byte of a file": {"files": [inlined("index.html", "<!doctype html>conformancf")]},
    "a path": {"files": [inlined("page.html", "<!doctype html>conformance")]},
    "a file more": {"files": [inlined("index.html", "<!doctype html>conformance"), inlined("more.txt", "conformance")]},
    "the environment": {"env": {"CONFORMANCE": "1"}},
    "the builds": {"builds": [{"src": "*.html", "use": "@now/static"}]},
    "the routes": {"routes": [{"src": "/docs", "dest": "/index.html"}]},
}


@requirement("zeit.deploy-flow.changed-input-new-id")
@property_test(examples=[{"change": name} for name in CHANGES], change=st.sampled_from(sorted(CHANGES)))
def test_a_changed_input_is_another_deployment(subject: Subject, change: str) -> None:
    """Whatever of the files or the configuration changes, the deployment is another one."""
    deploying = Deploying(subject)
    body = deploying.body()
    first, again = deploying.made(body), deploying.made(body)
    if first["id"] != again["id"]:
        raise NotExercised("the same input is no longer the same deployment, so another one shows nothing")
    changed = deploying.client.control(deploying.post({**body, **CHANGES[change]}))
    assert_that(
        changed.response.at("/id") != first["id"],
        f"a create with a change of {change} answers the deployment before",
        expected="another id",
        actual=first["id"],
        exchange=changed,
    )


@requirement("zeit.deploy-flow.upload-then-create")
def test_an_uploaded_file_can_be_deployed(subject: Subject) -> None:
    """A file that is missing is uploaded under its digest, and then the same create is accepted."""
    deploying = Deploying(subject)
    body = deploying.body()
    content = f"{body['name']}, uploaded\n".encode()
    wanted = {**body, "files": [by_digest("index.html", content)]}
    deploying.refused(deploying.post(wanted, negative=True), "missing_files", "with a file that nobody uploaded")
    for uploaded in (content, golden(deploying)):
        exchange = deploying.upload(uploaded)
        assert_status(exchange, 200, when="with a file under its digest")
        files = [by_digest("index.html", uploaded)]
        assert_status(deploying.post({**body, "files": files}), "2xx", when="with a file that was uploaded")


def golden(deploying: Deploying) -> bytes:
    """The page that the document uploads."""
    sample = deploying.contract.operation("POST /v2/now/files").sample
    assert sample is not None
    return str(sample.body).encode()


@requirement("zeit.deploy-flow.missing-files")
def test_files_that_were_not_uploaded_are_missing(subject: Subject) -> None:
    """A create that names one uploaded file and one that nobody has is refused; the second is the missing one."""
    deploying = Deploying(subject)
    body = deploying.body()
    there = f"{body['name']}, there\n".encode()
    nowhere = f"{body['name']}, nowhere\n".encode()
    files = [deploying.uploaded("there.txt", there)]
    deploying.made({**deploying.body(), "files": files})
    before = deploying.listed()
    refused = deploying.post({**body, "files": [*files, by_digest("nowhere.txt", nowhere)]}, negative=True)
    error = deploying.refused(refused, "missing_files", "with a file that nobody uploaded")
    missing = error.get("missing")
    entries = [str(entry) for entry in missing] if isinstance(missing, list) else []
    if entries:
        for digest, due in ((digest_of(nowhere), True), (digest_of(there), False)):
            assert_equal(
                any(digest in entry for entry in entries),
                due,
                f"whether the {'missing' if due else 'uploaded'} file is among the missing ones",
                exchange=refused,
            )
    assert_equal(deploying.listed(), before, "the list after a refused create", exchange=refused)


@requirement("zeit.deploy-flow.upload-integrity")
def test_what_has_another_digest_never_becomes_the_file(subject: Subject) -> None:
    """Content that was sent under the digest of another is refused, or never served under it."""
    deploying = Deploying(subject)
    content = f"{deploying.body()['name']}, true to its digest\n".encode()
    deploying.client.control(deploying.upload(f"{deploying.body()['name']}, another\n".encode()))
    flipped = bytes([content[0] ^ 1]) + content[1:]
    exchange = deploying.upload(flipped, digest_of(content), negative=True)
    assert_status(exchange, "2xx", "4xx", when="with content of another digest")
    body = {**deploying.body(), "files": [by_digest("index.html", content)]}
    created = deploying.post(body, negative=True)
    if created.response.status_class == 4:
        deploying.error(created, "missing_files")
        return
    identity = str(deploying.client.control(created).response.at("/id"))
    # Whatever it is read by: a file that was stored under another digest may have its own for a uid.
    served = deploying.client.control(deploying.file(identity, deploying.tree(identity)["index.html"]))
    assert_equal(
        digest_of(served.response.body), digest_of(content), "the digest of what is served under it", exchange=served
    )


@requirement("zeit.deploy-flow.upload-idempotent")
def test_an_upload_can_be_repeated(subject: Subject) -> None:
    """A file that is there already is taken again."""
    deploying = Deploying(subject)
    content = f"{deploying.body()['name']}, twice\n".encode()
    for time in ("first", "second"):
        assert_status(deploying.upload(content), 200, when=f"for the {time} time")


@requirement("zeit.deploy-flow.sha-size-checked")
def test_a_file_of_another_size_is_refused(subject: Subject) -> None:
    """A create that names an uploaded file with a size that is not its own is refused, with its own accepted."""
    deploying = Deploying(subject)
    content = f"{deploying.body()['name']}, of a size\n".encode()
    entry = deploying.uploaded("index.html", content)
    deploying.made({**deploying.body(), "files": [entry]})
    for size in (len(content) + 1, len(content) - 1, 0):
        wrong = deploying.post({**deploying.body(), "files": [{**entry, "size": size}]}, negative=True)
        assert_status(wrong, "4xx", when=f"with a file of {len(content)} bytes as one of {size}")


@requirement("zeit.deploy-flow.no-files")
def test_a_deployment_needs_files(subject: Subject) -> None:
    """A create without a file is refused as such, and makes nothing."""
    deploying = Deploying(subject)
    deploying.made(deploying.body())
    before = deploying.listed()
    refused = deploying.post(deploying.body(files=[]), negative=True)
    deploying.refused(refused, "no_files", "with no files")
    assert_equal(deploying.listed(), before, "the list after a refused create", exchange=refused)


@requirement("zeit.deploy-flow.inline-base64")
def test_base64_is_decoded(subject: Subject) -> None:
    """The same bytes inlined as text and in base64, and bytes that are no text, are served as those bytes."""
    deploying = Deploying(subject)
    text, binary = f"{deploying.body()['name']}\n".encode(), bytes(range(256))
    files = [
        inlined("a.txt", text.decode()),
        {**inlined("b.txt", base64.b64encode(text).decode()), "encoding": "base64"},
        {**inlined("c.bin", base64.b64encode(binary).decode()), "encoding": "base64"},
    ]
    identity = deploying.made({**deploying.body(), "files": files})["id"]
    tree = deploying.tree(identity)
    for path, content in (("a.txt", text), ("b.txt", text), ("c.bin", binary)):
        assert_that(path in tree, f"{path} is not in the tree", expected=path, actual=", ".join(sorted(tree)))
        served = deploying.file(identity, tree[path])
        assert_equal(served.response.body, content, f"the content of {path}", exchange=served)


SEGMENT = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
PATHS = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join).map("{}.txt".format)


@requirement("zeit.deploy-flow.files-roundtrip")
@property_test(
    examples=[{"paths": ["index.txt", "a/b.txt", "a/c/d.txt", "a/c/e.txt"]}],
    paths=st.lists(PATHS, min_size=1, max_size=4, unique=True),
)
def test_the_tree_holds_what_was_deployed(subject: Subject, paths: list[str]) -> None:
    """The paths of the tree are those of the create, and the uid of each leads to its content."""
    deploying = Deploying(subject)
    name = deploying.body()["name"]
    contents = {path: f"{name}, {path}\n" for path in paths}
    files = [inlined(path, text) for path, text in contents.items()]
    identity = deploying.made({**deploying.body(), "files": files})["id"]
    tree = deploying.tree(identity)
    assert_equal(sorted(tree), sorted(paths), "the paths of the tree")
    for path, uid in sorted(tree.items()):
        served = deploying.file(identity, uid)
        assert_equal(served.response.text, contents[path], f"the content of {path}", exchange=served)


@requirement("zeit.content-type.file-raw")
@property_test(
    examples=[{"content": text} for text in ('"quoted"', "\x00\x01", "ünï\n", "{}")],
    content=st.text(st.characters(codec="latin-1"), min_size=1, max_size=40),
)
def test_a_file_is_served_as_it_is(subject: Subject, content: str) -> None:
    """The answer is the file's bytes, whatever they are."""
    deploying = Deploying(subject)
    data = content.encode("latin-1")
    body = {**deploying.body(), "files": [deploying.uploaded("file.bin", data)]}
    identity = deploying.made(body)["id"]
    served = deploying.client.control(deploying.file(identity, deploying.tree(identity)["file.bin"]))
    assert_equal(served.response.body.decode("latin-1"), content, "the content of the file", exchange=served)


def settled(deploying: Deploying, identity: str) -> list[str]:
    """The states that a deployment is seen in, from the first to a final one, and twice more."""
    seen: list[str] = []
    for _ in range(MAX_POLLS):
        seen.append(str(deploying.things.read(identity).get("readyState")))
        if len(seen) >= 3 and seen[-3] in FINAL:
            return seen
        deploying.client.clock.sleep(1)
    raise NotExercised(f"the deployment came to no end: {', '.join(dict.fromkeys(seen))}")


@requirement("zeit.deploy-flow.state-machine")
def test_a_final_state_stays(subject: Subject) -> None:
    """A deployment that is READY or in ERROR stays so, and the list shows the same."""
    deploying = Deploying(subject)
    identity = deploying.made(deploying.body())["id"]
    seen = settled(deploying, identity)
    final = next(state for state in seen if state in FINAL)
    assert_equal(seen[seen.index(final) :], [final] * len(seen[seen.index(final) :]), "the states from a final one on")
    order = [STATES.index(state) for state in seen if state in STATES]
    assert_equal(order, sorted(order), f"the order of the states {', '.join(dict.fromkeys(seen))}")
    listing = deploying.things.listing.get()
    shown = [
        item.get("state")
        for item in listing.response.at("/deployments") or []
        if isinstance(item, dict) and item.get("uid") == identity
    ]
    assert_equal(shown, [final], "the state that the list shows", exchange=listing)


@requirement("zeit.deploy-flow.builds-consistent")
def test_a_ready_deployment_has_finished_builds(subject: Subject) -> None:
    """Every build of a deployment that is READY is READY, too."""
    deploying = Deploying(subject)
    known = subject.session.parameters.get("deploymentId", ())
    ready = next((one for one in known if deploying.things.read(one).get("readyState") == "READY"), None)
    if ready is None:
        raise NotExercised("no known deployment is READY")
    exchange = deploying.client.control(deploying.client.call(subject.operation, {"deploymentId": ready}))
    builds = exchange.response.at("/builds")
    states = (
        [build.get("readyState") for build in builds if isinstance(build, dict)] if isinstance(builds, list) else []
    )
    if not states:
        raise NotExercised("the deployment has no builds")
    assert_equal(states, ["READY"] * len(states), "the states of the builds of a READY deployment", exchange=exchange)


@requirement("zeit.deploy-flow.public-default-false")
def test_a_deployment_is_public_only_if_asked_for(subject: Subject) -> None:
    """Without public a deployment is not public, with public true it is; the create and the read say so."""
    deploying = Deploying(subject)
    for sent, due in ((None, False), (True, True)):
        created = deploying.client.control(deploying.post(deploying.body(public=sent)))
        read = deploying.things.get(str(created.response.at("/id")))
        for exchange in (created, deploying.client.control(read)):
            assert_equal(
                exchange.response.at("/public"),
                due,
                f"the public of a deployment that was created {'with true' if sent else 'without it'}",
                exchange=exchange,
            )


@requirement("zeit.deploy-flow.regions-subset")
def test_regions_are_those_asked_for(subject: Subject) -> None:
    """Each region of a deployment is one that the create names."""
    deploying = Deploying(subject)
    for asked in ("sfo", "bru"):
        exchange = deploying.client.control(deploying.post(deploying.body(regions=[asked])))
        regions = exchange.response.at("/regions")
        if not isinstance(regions, list) or not regions:
            raise NotExercised("the deployment names no region")
        assert_that(
            all(str(region).startswith(asked) for region in regions),
            f"a deployment to {asked} is in {', '.join(map(str, regions))}",
            expected=f"regions of {asked}",
            actual=regions,
            exchange=exchange,
        )


@requirement("zeit.deploy-flow.config-echoed")
def test_builds_and_routes_are_kept(subject: Subject) -> None:
    """The builds and routes of a deployment are those of its create."""
    deploying = Deploying(subject)
    builds = [{"src": "*.html", "use": "@now/static"}, {"src": "*.js", "use": "@now/node"}]
    routes = [{"src": "/docs", "dest": "/index.html"}]
    created = deploying.client.control(deploying.post(deploying.body(builds=builds, routes=routes)))
    read = deploying.client.control(deploying.things.get(str(created.response.at("/id"))))
    for exchange in (created, read):
        shown = exchange.response.at("/builds")
        kept = sorted((_only(build, "src", "use") for build in shown), key=str) if isinstance(shown, list) else shown
        assert_equal(kept, sorted(builds, key=str), "the builds of the deployment", exchange=exchange)
        shown = exchange.response.at("/routes")
        kept = [_only(route, "src", "dest") for route in shown] if isinstance(shown, list) else shown
        assert_equal(kept, routes, "the routes of the deployment", exchange=exchange)
    plain = deploying.client.control(deploying.post(deploying.body()))
    assert_that(
        not plain.response.at("/routes"),
        "a deployment without routes has some",
        expected="null or an empty list",
        actual=plain.response.at("/routes"),
        exchange=plain,
    )


def _only(value: Any, *names: str) -> Any:
    return {name: value[name] for name in names if name in value} if isinstance(value, dict) else value


@requirement("zeit.crud.name-max-52")
def test_a_name_has_at_most_52_characters(subject: Subject) -> None:
    """A name of 52 characters is accepted whole; one of 53 is refused and makes nothing."""
    deploying = Deploying(subject)
    name = deploying.body()["name"]
    longest = f"{name}{'x' * (52 - len(name))}"
    exchange = deploying.client.control(deploying.post(deploying.body(name=longest)))
    assert_equal(exchange.response.at("/name"), longest, "a name of 52 characters", exchange=exchange)
    before = deploying.listed()
    refused = deploying.post(deploying.body(name=f"{longest}x"), negative=True)
    assert_status(refused, "4xx", when="with a name of 53 characters")
    assert_equal(deploying.listed(), before, "the list after a refused create", exchange=refused)


@requirement("zeit.crud.version-const-2")
def test_only_version_2_is_accepted(subject: Subject) -> None:
    """A create of version 2 is accepted, of 1 and 3 it is refused and makes nothing."""
    deploying = Deploying(subject)
    deploying.made(deploying.body())
    before = deploying.listed()
    for version in (1, 3):
        refused = deploying.post(deploying.body(version=version), negative=True)
        assert_status(refused, "4xx", when=f"of version {version}")
    assert_equal(deploying.listed(), before, "the list after the refused creates")


@requirement("zeit.crud.deployment-read-back")
def test_a_deployment_is_read_as_it_was_created(subject: Subject) -> None:
    """The read of a new deployment agrees with the answer to its create, and the list has it once."""
    deploying = Deploying(subject)
    created = deploying.made(deploying.body(public=True))
    read = deploying.client.control(deploying.things.get(created["id"]))
    for member in ("id", "url", "name", "ownerId", "createdAt", "public", "builds"):
        if created.get(member) is None:
            continue
        assert_equal(read.response.at(f"/{member}"), created[member], f"the {member} that is read", exchange=read)
    assert_equal(deploying.listed().count(created["id"]), 1, "how often the list has the deployment")


@requirement("zeit.crud.deployment-deleted")
def test_a_deleted_deployment_is_gone(subject: Subject) -> None:
    """A deployment that was read and listed is neither after its DELETE, and cannot be deleted again."""
    deploying = Deploying(subject)
    identity = deploying.made(deploying.body())["id"]
    deploying.things.read(identity)
    if identity not in deploying.listed():
        raise NotExercised("the deployment was not in the list before")
    deploying.client.control(deploying.things.delete(identity))
    assert_status(deploying.things.get(identity), "4xx", when="after its DELETE")
    assert_that(
        identity not in deploying.listed(),
        "a deleted deployment is listed",
        expected="a list without it",
        actual=identity,
    )
    assert_status(deploying.things.delete(identity), "4xx", when="after its DELETE")


@requirement("zeit.deploy-flow.owner-is-scope")
def test_a_deployment_belongs_to_whom_it_is_made_for(subject: Subject) -> None:
    """With teamId the owner is the team, without it the user, who is the same each time."""
    deploying = Deploying(subject)
    team = subject.session.parameters.get("teamId", ())
    if not team:
        raise NotExercised("no team is known: name one in the target's parameter teamId")
    owned = deploying.client.control(deploying.post(deploying.body(), query={"teamId": team[0]}))
    assert_equal(owned.response.at("/ownerId"), team[0], "the owner of a team's deployment", exchange=owned)
    users = [deploying.client.control(deploying.post(deploying.body())) for _ in range(2)]
    first, second = (one.response.at("/ownerId") for one in users)
    assert_that(
        first is not None and first != team[0] and first == second,
        "the owner of a user's deployment is not the user",
        expected=f"one owner, and not {team[0]}",
        actual=[first, second],
        exchange=users[1],
    )
