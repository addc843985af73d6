"""Metadata: what is put is what is there."""

from typing import Any

from hypothesis import strategies as st

from conformance.properties import Subject, assert_equal, property_test, requirement
from conformance.suite.netlify.deploying import Deploying
from conformance.suite.netlify.sites import GET_METADATA, PUT_METADATA, written

KEYS = st.text("abcxyz_", min_size=3, max_size=8).map("meta_{}".format)
VALUES = st.text("aZ09-äß€😀<&'\"/", max_size=12)

Metadata = dict[str, str]


@requirement("netlify.crud.metadata-replaces")
@property_test(
    examples=[
        {"first": {"kept": "1", "gone": "2"}, "second": {"kept": "3", "new": "ü"}},
        {"first": {"only": "1"}, "second": {}},
    ],
    first=st.dictionaries(KEYS, VALUES, max_size=3),
    second=st.dictionaries(KEYS, VALUES, max_size=3),
)
def test_metadata_is_what_was_put_last(subject: Subject, first: Metadata, second: Metadata) -> None:
    """After each PUT the metadata is the object that it sent, with nothing of those before; others keep their own."""
    deploying = Deploying.of(subject)
    site, other = written(deploying)[0], written(deploying)[0]
    own = {"of": "another site"}
    put(deploying, other, own)
    assert_is(deploying, other, own, "after a PUT")
    for metadata, when in ((first, "a PUT"), (second, "a second PUT"), (second, "the same PUT again")):
        put(deploying, site, metadata)
        assert_is(deploying, site, metadata, f"after {when}")
    assert_is(deploying, other, own, "of another site after that")


def put(deploying: Deploying, site: str, metadata: Metadata) -> None:
    operation = deploying.contract.operation(PUT_METADATA)
    deploying.client.control(deploying.client.call(operation, {"site_id": site}, body=metadata))


def assert_is(deploying: Deploying, site: str, due: Metadata, when: str) -> None:
    def now() -> Any:
        operation = deploying.contract.operation(GET_METADATA)
        return deploying.client.control(deploying.client.call(operation, {"site_id": site})).response.at("")

    found = deploying.comes_to(now, due)
    assert_equal(found, due, f"the metadata {when}", exchange=deploying.client.exchanges[-1])
