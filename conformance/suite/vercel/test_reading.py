"""Reading changes nothing."""

from typing import Any

from conformance.properties import Collection, NotExercised, Subject, assert_equal, each_time, requirement


@requirement("vercel.crud.get-is-safe")
@each_time
def test_reading_changes_nothing(subject: Subject, lists: list[Collection]) -> None:
    """All lists, read in turn and read again, show the same records in the same order with the same values."""
    volatile = set(subject.session.facts.get("volatile", ()))
    first = [collection.page() for collection in lists]
    if not any(step.page.records for step in first):
        raise NotExercised("every list is empty")
    again = [collection.page() for collection in lists]
    for collection, before, after in zip(lists, first, again, strict=True):
        assert_equal(
            without(after.page.records, volatile),
            without(before.page.records, volatile),
            f"the records of {collection.operation}, read again",
            exchange=after.exchange,
        )


def without(value: Any, volatile: set[str]) -> Any:
    """Records without the members that may change by themselves."""
    if isinstance(value, dict):
        return {name: without(member, volatile) for name, member in value.items() if name not in volatile}
    if isinstance(value, list):
        return [without(item, volatile) for item in value]
    return value
