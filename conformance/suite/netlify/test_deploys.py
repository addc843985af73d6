"""Deploys by a digest: what is asked for, when they are ready, how they are read."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from conformance.contract import ConformanceError
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    assert_equal,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.netlify.deploying import (
    BY_ID,
    DEPLOYS,
    FINISHED,
    OF_SITE,
    ORDER,
    Deploy,
    Deploying,
    digests_of,
    function_digest_of,
    required,
    state_of,
)
from conformance.suite.netlify.functions import function
from conformance.traffic.exchange import Exchange

ASYNC: dict[str, Any] = {"async": True}

AFTERWARDS = 2
"""Looks at a deploy that is finished, in each way: it stays so."""


@requirement("netlify.deploy-flow.required-only-missing")
def test_what_is_stored_is_not_asked_for_again(subject: Subject) -> None:
    """Nothing is required of a digest that was deployed, and of one with a new file that file alone."""
    deploying = Deploying.of(subject)
    site, files = deploying.site(), deploying.uniques("/index.html", "/css/main.css")
    deploying.deployed(site, files)
    again = deploying.requirement_of(deploying.made(site, files))
    assert_equal(required(again), [], "what is required of a digest that was deployed", exchange=again)
    more = {**files, **deploying.uniques("/new.txt")}
    grown = deploying.requirement_of(deploying.made(site, more))
    new = digests_of(more)["/new.txt"]
    assert_equal(required(grown), [new], "what is required of that digest with a new file", exchange=grown)


@requirement("netlify.deploy-flow.ready-needs-uploads")
@property_test(examples=[{"lacking": "file"}, {"lacking": "function"}])
def test_a_deploy_is_not_ready_with_something_missing(subject: Subject, lacking: str) -> None:
    """While a file or a function is missing the deploy is not ready and the site stays as it is, for half a minute."""
    deploying = Deploying.of(subject)
    site, before = deploying.site(), deploying.uniques("/index.html")
    deploying.deployed(site, before)
    deploying.assert_live(site, before, "that was deployed to")
    files = deploying.uniques("/index.html", "/a.txt", "/b.txt")
    functions = {"hello": function(deploying)} if lacking == "function" else {}
    deploy = deploying.made(site, files, functions)
    missing = function_digest_of(functions["hello"]) if functions else digests_of(files)["/b.txt"]
    asked = deploying.requirement_of(deploy)
    if missing not in [*required(asked), *required(asked, "required_functions")]:
        raise NotExercised(f"{asked}: what nobody has stored is not required, so that it cannot be missing")
    deploying.upload_required(deploy, leaving=[missing])
    deploying.assert_unfinished(deploy, f"with a missing {lacking}", (1, 2, 5, 8, 14))
    assert_equal(deploying.tree(site), digests_of(before), f"the files of the site while a {lacking} is missing")
    if functions:
        deploying.client.control(deploying.upload_function(deploy.id, "hello", functions["hello"]))
    else:
        deploying.client.control(deploying.upload(deploy.id, "/b.txt", files["/b.txt"]))
    deploying.finished(deploy)


@requirement("netlify.deploy-flow.async-states")
def test_an_async_deploy_asks_for_uploads_and_goes_forward(subject: Subject) -> None:
    """It is answered with an id; once it is prepared it says what is required, and it never steps back."""
    deploying = Deploying.of(subject)
    site, files = deploying.site(), deploying.uniques("/index.html", "/a.txt")
    deploy = deploying.made(site, files, **ASYNC)
    seen = [deploy.created]
    for exchange in deploying.looks(deploy, site):
        seen.append(exchange)
        if state_of(exchange) in ("prepared", "uploading", *FINISHED) or required(exchange):
            break
    asked = seen[-1]
    assert_equal(
        sorted(required(asked)),
        sorted(digests_of(files).values()),
        f"what is required of an async deploy that is {state_of(asked)}",
        exchange=asked,
    )
    for path, content in files.items():
        deploying.client.control(deploying.upload(deploy.id, path, content))
        seen.append(deploying.client.control(deploying.get(deploy.id, site)))
    seen += _to_the_end(deploying, deploy)
    by_id = []
    for _ in range(AFTERWARDS):
        by_id.append(deploying.client.control(deploying.get(deploy.id)))
        seen.append(deploying.client.control(deploying.get(deploy.id, site)))
    assert_forward(seen)
    assert_forward(by_id)
    deploying.assert_finished(deploy, "that was made async and has all its files")
    again = deploying.made(site, files, **ASYNC)
    deploying.assert_finished(again, "that was made async and requires nothing")


def _to_the_end(deploying: Deploying, deploy: Deploy) -> Iterator[Exchange]:
    for exchange in deploying.looks(deploy, deploy.site):
        yield exchange
        if state_of(exchange) in FINISHED:
            return


def assert_forward(seen: list[Exchange]) -> None:
    """The states of a deploy come in their order, as far as the document gives them one."""
    states = [(state_of(exchange), exchange) for exchange in seen]
    ranked = [(_rank(state), exchange) for state, exchange in states if _rank(state) is not None]
    order = ", ".join(dict.fromkeys(state for state, _ in states if state))
    for (before, _), (after, exchange) in pairwise(ranked):
        assert_that(
            before is not None and after is not None and before <= after,
            f"the state of a deploy steps back: {order}",
            expected=" before ".join(ORDER),
            actual=order,
            exchange=exchange,
        )


def _rank(state: str) -> int | None:
    known = "ready" if state in FINISHED else state
    return ORDER.index(known) if known in ORDER else None


@requirement("netlify.deploy-flow.function-upload")
def test_a_function_is_required_and_then_no_longer_missing(subject: Subject) -> None:
    """A new function is required by its digest; with it and the files the deploy becomes ready, and not without."""
    deploying = Deploying.of(subject)
    archive, files = function(deploying), deploying.uniques("/index.html")
    deploy = deploying.made(deploying.site(), files, {"hello-world": archive})
    asked = deploying.requirement_of(deploy)
    assert_equal(
        required(asked, "required_functions"),
        [function_digest_of(archive)],
        "the functions that are required of a digest with a new one",
        exchange=asked,
    )
    deploying.upload_required(deploy, leaving=[function_digest_of(archive)])
    deploying.assert_unfinished(deploy, "without its function")
    answer = deploying.upload_function(deploy.id, "hello-world", archive)
    assert_status(answer, "2xx", when="with a zipped function that is required")
    deploying.assert_finished(deploy, "with its files and its function")


@requirement("netlify.deploy-flow.function-runtime-invalid")
def test_a_function_of_an_unknown_runtime_is_refused(subject: Subject) -> None:
    """With runtime=js an upload is accepted; with another one it is refused, and the function stays missing."""
    deploying = Deploying.of(subject)
    site = deploying.site()
    known, unknown = function(deploying), function(deploying)
    deploying.deployed(site, {}, {"hello": known})
    deploy = deploying.made(site, {}, {"hello": unknown})
    refused = deploying.upload_function(deploy.id, "hello", unknown, "cobol", negative=True)
    assert_status(refused, "4xx", when="with the runtime cobol")
    deploying.assert_unfinished(deploy, "whose function was refused")


@requirement("netlify.deploy-flow.deploy-paths-agree")
def test_a_deploy_is_the_same_by_either_path(subject: Subject) -> None:
    """By its id alone and on its site a deploy has one id, and one state as far as both show the same of it."""
    agreed = 0
    for site, deploy in _some_deploys(subject):
        outer, inner, again = (_read(subject, deploy, of) for of in (site, None, site))
        if (outer.response.at("/id"), state_of(outer)) != (again.response.at("/id"), state_of(again)):
            continue
        agreed += 1
        assert_equal(inner.response.at("/id"), outer.response.at("/id"), "the id of a deploy", exchange=inner)
        state, due = state_of(inner), state_of(outer)
        assert_that(
            state == due or (state == "ready" and due in FINISHED),
            f"a deploy is {due} on its site, and {state} by its id",
            expected=f"{due}{' or ready' if due in FINISHED else ''}",
            actual=state,
            exchange=inner,
        )
    if not agreed:
        raise NotExercised("no deploy stayed as it was for as long as it was read")


def _read(subject: Subject, deploy: str, site: str | None) -> Exchange:
    values = {"deploy_id": deploy} if site is None else {"deploy_id": deploy, "site_id": site}
    operation = subject.contract.operation(BY_ID if site is None else OF_SITE)
    return subject.client.control(subject.client.call(operation, values))


def _deploys_of(subject: Subject, site: str) -> list[str]:
    operation = subject.contract.operation(DEPLOYS)
    ids = Collection(subject.client, operation, subject.conventions.lists, {"site_id": site}).start.page.ids
    return [one for one in ids if one is not None]


def _some_deploys(subject: Subject) -> Iterator[tuple[str, str]]:
    """Site and deploy of some that are known, finished or not, and of some of the run's own where it may write."""
    for site in subject.session.parameters.get("site_id", ())[:2]:
        ids = _deploys_of(subject, site)
        yield from ((site, one) for one in dict.fromkeys([*ids[:1], *ids[-1:]]))
    if "writes" in subject.session.capabilities:
        deploying = Deploying.of(subject)
        site = deploying.site()
        files = deploying.uniques("/index.html", "/a.txt")
        members: dict[str, Any]
        for members in (ASYNC, {}, {"draft": True}):
            deploy = deploying.made(site, files, **members)
            yield site, deploy.id
            if not members:
                deploying.upload_required(deploy, leaving=[digests_of(files)["/a.txt"]])
                yield site, deploy.id
                deploying.upload_required(deploy)
                deploying.finished(deploy)
                yield site, deploy.id


@requirement("netlify.deploy-flow.deploy-wrong-site")
def test_a_deploy_is_found_on_no_other_site(subject: Subject) -> None:
    """The deploys of two sites are read on their own sites, and neither on the other's."""
    (site, deploy), (other, others) = _two_sites(subject)
    for own, foreign, identity in ((site, other, deploy), (other, site, others)):
        found = _read(subject, identity, own)
        assert_equal(found.response.at("/id"), identity, "the id of a deploy on its site", exchange=found)
        values = {"site_id": foreign, "deploy_id": identity}
        missing = subject.client.call(subject.contract.operation(OF_SITE), values, negative=True)
        assert_status(missing, 404, *subject.conventions.errors.unknown_resource, when="with a deploy of another site")


def _two_sites(subject: Subject) -> list[tuple[str, str]]:
    """Two sites with a deploy of each: known ones, else such that are made."""
    found: dict[str, str] = {}
    for site in subject.session.parameters.get("site_id", ()):
        try:
            ids = _deploys_of(subject, site)
        except ConformanceError:
            continue
        if ids and "." not in site:
            found[site] = ids[0]
        if len(found) == 2:
            return list(found.items())
    deploying = Deploying.of(subject)
    while len(found) < 2:
        site = deploying.site()
        found[site] = deploying.made(site, deploying.uniques("/index.html")).id
    return list(found.items())
