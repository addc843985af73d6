"""What is not there: unknown paths and methods, versions that never were and versions that once were."""

from conformance.contract import Contract, Conventions, Operation
from conformance.properties import (
    NotExercised,
    Subject,
    Unsupported,
    assert_enveloped,
    assert_status,
    assert_that,
    requirement,
)
from conformance.targets import Client

NEVER = "v999"


@requirement("vercel.errors.unknown-path-enveloped")
def test_what_is_unknown_is_refused_in_the_envelope(
    subject: Subject, contract: Contract, client: Client, conventions: Conventions, operation: Operation
) -> None:
    """A path that names nothing, and a method that a path does not have, are client errors in the envelope."""
    client.control(subject.call())
    unknown = [("GET", conventions.errors.unknown_path)]
    if "writes" in subject.session.capabilities:
        # A server may change the whole list by it: asked only where the list may be lost.
        patched = operation.path if client.guard.may_reach("PATCH", operation.path) else conventions.errors.unknown_path
        unknown.append(("PATCH", patched))
    for method, path in unknown:
        exchange = client.send(method, path, negative=True)
        assert_status(exchange, "4xx", when="which is unknown")
        assert_enveloped(exchange, contract)


def unversioned(path: str) -> str:
    """A path without its first segment, the version."""
    return "/" + path.removeprefix("/").partition("/")[2]


@requirement("vercel.versioning.version-prefix")
def test_nothing_is_served_without_a_version(subject: Subject, client: Client) -> None:
    """The call that succeeds below a version does not succeed without it."""
    exchange = client.control(subject.call())
    bare = client.send("GET", unversioned(exchange.path), negative=True)
    assert_that(
        not bare.response.ok,
        f"{bare.path} is served without a version",
        expected="no success",
        actual=bare.response.reason,
        exchange=bare,
    )


@requirement("vercel.versioning.versions-independent")
def test_a_version_that_never_was_is_refused(
    subject: Subject, contract: Contract, client: Client, operation: Operation
) -> None:
    """A version number that an endpoint never had is a client error in the envelope."""
    client.control(subject.call())
    exchange = client.send("GET", f"/{NEVER}{unversioned(operation.path)}", negative=True)
    assert_status(exchange, "4xx", when="in a version that never was")
    assert_enveloped(exchange, contract)


@requirement("vercel.versioning.old-versions-live")
def test_versions_documented_earlier_still_answer(subject: Subject, client: Client, operation: Operation) -> None:
    """Every earlier version of the endpoint that the target lists is still served, where not just any number is."""
    known = subject.session.parameters.get("oldVersions", ())
    old = [path for path in known if unversioned(path) == unversioned(operation.path)]
    if not old:
        raise Unsupported(f"needs the paths of earlier versions of {operation} in the target's parameter oldVersions")
    if operation.path in old:
        raise NotExercised(f"{operation.path} is no earlier version")
    client.control(subject.call())
    if client.send("GET", f"/{NEVER}{unversioned(operation.path)}", negative=True).response.ok:
        raise NotExercised("a version that never was is served, too")
    for path in old:
        assert_status(client.send("GET", path), "2xx", when="which was documented earlier")
