"""Versions: what is no version is refused, whatever carries it."""

import re

from conformance.contract import Conventions
from conformance.properties import Subject, assert_enveloped, assert_status, property_test, requirement
from conformance.targets import Client

VERSION = re.compile("v[0-9]+")


def unknown_versions(subject: Subject) -> list[dict[str, str]]:
    """Versions that cannot be, as the conventions name them."""
    return [{"version": version} for version in subject.conventions.versions.unknown]


@requirement("versioning.unknown-version-refused")
@property_test(examples=unknown_versions)
def test_a_version_that_cannot_be_is_refused(
    subject: Subject, client: Client, conventions: Conventions, version: str
) -> None:
    """The call that succeeds in the usual version is a client error in one that cannot be."""
    parameter = conventions.versions.parameter
    client.control(subject.call())
    if parameter is not None:
        exchange = subject.call(query={parameter: version}, negative=True)
        assert_status(exchange, "4xx", when=f"with {parameter}={version}")
        return
    segments = subject.operation.expand(subject.values(subject.operation)).split("/")
    place = next(number for number, segment in enumerate(segments) if VERSION.fullmatch(segment))
    path = "/".join([*segments[:place], version, *segments[place + 1 :]])
    exchange = client.send(subject.operation.method, path, negative=True)
    assert_status(exchange, "4xx", when=f"at version {version}")
    assert_enveloped(exchange, subject.contract, when=f"at version {version}")
