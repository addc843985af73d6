"""The machinery of active tests: bindings, subjects, cases, walks, and the run that brings them together."""

from conformance.properties.assertions import (
    Violation,
    assert_enveloped,
    assert_equal,
    assert_no_server_error,
    assert_not_status,
    assert_same_members,
    assert_status,
    assert_that,
)
from conformance.properties.binding import Binding, binding_of, observes, property_test, requirement
from conformance.properties.busy import each_time, undisturbed
from conformance.properties.collection import Collection, Step, Walk, identities
from conformance.properties.items import Item, items_of
from conformance.properties.mock import MockServer, Reply, play
from conformance.properties.resource import Things
from conformance.properties.results import Gathered, Result, Shown
from conformance.properties.run import Run
from conformance.properties.steps import Model, Play, Steps, do, follow, stateful, step
from conformance.properties.subject import Subject
from conformance.targets import HarnessError, NotExercised, Unsupported

__all__ = [
    "Binding",
    "Collection",
    "Gathered",
    "HarnessError",
    "Item",
    "MockServer",
    "Model",
    "NotExercised",
    "Play",
    "Reply",
    "Result",
    "Run",
    "Shown",
    "Step",
    "Steps",
    "Subject",
    "Things",
    "Unsupported",
    "Violation",
    "Walk",
    "assert_enveloped",
    "assert_equal",
    "assert_no_server_error",
    "assert_not_status",
    "assert_same_members",
    "assert_status",
    "assert_that",
    "binding_of",
    "do",
    "each_time",
    "follow",
    "identities",
    "items_of",
    "observes",
    "play",
    "property_test",
    "requirement",
    "stateful",
    "step",
    "undisturbed",
]
