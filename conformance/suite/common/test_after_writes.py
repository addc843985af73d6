"""What reading shows after a write, time and again: it may come late where nothing else is promised, but it stays."""

from conformance.properties import Subject, Unsupported, assert_that, requirement
from conformance.properties.resource import READINGS


@requirement("crud.get-is-safe")
def test_what_a_write_has_shown_stays(subject: Subject) -> None:
    """What was created stays once a reading has shown it, and what was deleted stays away once one has not."""
    resource = subject.contract.resource_of(subject.operation)
    if resource is None:
        raise Unsupported("no document names an operation that creates a record of this list")
    things = subject.things_of(resource)
    # What is read before a write shows whether it is read anew afterwards.
    things.listed()
    identity = things.create()
    stays([identity in things.listed() for _ in range(READINGS)], f"{identity} in the list after its creation")
    if resource.read:
        stays([things.get(identity).response.ok for _ in range(READINGS)], f"{identity} after its creation")
    if resource.delete and things.delete(identity).response.ok:
        gone = [identity not in things.listed() for _ in range(READINGS)]
        stays(gone, f"the lack of {identity} in the list after its deletion")


def stays(readings: list[bool], what: str) -> None:
    """What one reading has shown, every later one shows."""
    assert_that(
        True not in readings or all(readings[readings.index(True) :]),
        f"readings with no write between them differ: {what} comes and goes",
        expected="what one reading shows, in every later one",
        actual=", ".join("shown" if shown else "not shown" for shown in readings),
    )
