"""Everything that any exchange shows: the passive requirements."""

from conformance.properties import Subject, observes
from conformance.properties.exercise import exercise


@observes
def test_every_exchange_is_as_documented(subject: Subject) -> None:
    """What is seen of an operation, here and in every other test, is what the document says."""
    exercise(subject)
