"""Environment variables: what is created, replaced, merged and deleted, and who sees those that are shared."""

from typing import Any

from conformance.properties import (
    NotExercised,
    Subject,
    assert_equal,
    assert_status,
    requirement,
)
from conformance.suite.netlify.environment import (
    CONTEXTS,
    DELETE,
    DELETE_VALUE,
    GET,
    PATCH,
    PUT,
    Variables,
    ids_of,
    values_of,
)

FIRST, SECOND, THIRD = CONTEXTS
TWO = {FIRST: "one", SECOND: "two"}


def assert_has(variables: Variables, key: str, due: dict[str, str], when: str) -> dict[str, Any]:
    """A variable has these values and no others, by its key and in the list: how it is read by its key."""
    variables.comes_to(lambda: values_of(variables.shown(key), due), due)
    shown = variables.shown(key)
    assert_equal(values_of(shown, due), due, f"the values of a variable {when}, by its key")
    listed = variables.listed().get(key, {})
    assert_equal(values_of(listed, due), due, f"the values of a variable {when}, in the list")
    return shown


@requirement("netlify.crud.env-create-get")
def test_what_is_created_is_read(subject: Subject) -> None:
    """Two new variables are listed and read by their keys, each with its scopes and its value for each context."""
    variables = Variables.of_site(subject)
    due = [TWO, {SECOND: "three", THIRD: "four"}]
    keys = variables.create(*due)
    for key, values in zip(keys, due, strict=True):
        shown = assert_has(variables, key, values, "that was created")
        for variable, where in ((shown, "by its key"), (variables.listed().get(key, {}), "in the list")):
            assert_equal(variable.get("key"), key, f"the key of a variable that was created, {where}")
            scopes = variable.get("scopes")
            found = sorted(map(str, scopes)) if isinstance(scopes, list) else scopes
            assert_equal(found, variables.scopes, f"the scopes of a variable that was created, {where}")


@requirement("netlify.crud.env-put-replaces")
def test_a_put_leaves_what_it_sends(subject: Subject) -> None:
    """After a PUT a variable has the values of that alone, as many as they are; another variable keeps its own."""
    variables = Variables.of_site(subject)
    key, other = variables.create(TWO, TWO)
    assert_has(variables, key, TWO, "that was created")
    for values in ({FIRST: "new"}, {SECOND: "newer", THIRD: "newest"}):
        variables.accepted(variables.call(PUT, variables.body(key, values), key=key), "replaced")
        assert_has(variables, key, values, f"after a PUT with {len(values)} of them")
    assert_equal(values_of(variables.shown(other), TWO), TWO, "the values of another variable after that")


@requirement("netlify.crud.env-patch-upserts")
def test_a_patch_changes_one_value(subject: Subject) -> None:
    """A PATCH changes the value of its context, or adds one for it; the others stay."""
    variables = Variables.of_site(subject)
    (key,) = variables.create(TWO)
    assert_has(variables, key, TWO, "that was created")
    due = dict(TWO)
    for context, value in ((SECOND, "changed"), (THIRD, "added"), (FIRST, "changed, too")):
        variables.accepted(variables.call(PATCH, variables.value(context, value), key=key), "updated")
        due[context] = value
        assert_has(variables, key, due, f"after a PATCH for {context}")


@requirement("netlify.crud.env-delete")
def test_what_is_deleted_is_gone(subject: Subject) -> None:
    """A value that is deleted takes its context alone, a variable all its values; other variables stay."""
    variables = Variables.of_site(subject)
    key, other = variables.create({**TWO, THIRD: "three"}, TWO)
    assert_has(variables, key, {**TWO, THIRD: "three"}, "that was created")
    if subject.operation_id == DELETE_VALUE:
        ids = ids_of(variables.shown(key))
        if SECOND not in ids:
            raise NotExercised("no value of a variable has an id to be deleted by")
        variables.accepted(variables.call(DELETE_VALUE, key=key, id=ids[SECOND]), "rid of a value")
        assert_has(variables, key, {FIRST: "one", THIRD: "three"}, "of which one was deleted")
    else:
        variables.accepted(variables.call(DELETE, key=key), "deleted")
        gone = variables.comes_to(lambda: (bool(variables.shown(key)), key in variables.listed()), (False, False))
        assert_equal(gone, (False, False), "whether a deleted variable is read by its key, and listed")
        exchange = variables.call(GET, sent={"negative": True}, key=key)
        assert_status(exchange, *subject.conventions.errors.unknown_resource, when="with the key of a deleted variable")
    assert_has(variables, other, TWO, "that was not deleted")


@requirement("netlify.crud.env-update-needs-existing")
def test_an_unknown_variable_cannot_be_updated(subject: Subject) -> None:
    """What changes a variable that there is, is refused for one that there is not, and makes none."""
    variables = Variables.of_site(subject)
    (key,), unknown = variables.create(TWO), variables.key()
    whole = subject.operation_id == PUT

    def body(key: str) -> dict[str, Any]:
        return variables.body(key, {FIRST: "new"}) if whole else variables.value(FIRST, "new")

    variables.accepted(variables.call(subject.operation_id, body(key), key=key), "changed")
    if not variables.shown(key):
        raise NotExercised("a variable that there is cannot be read by its key")
    refused = variables.call(subject.operation_id, body(unknown), {"negative": True}, key=unknown)
    assert_status(refused, "4xx", when="with a key that no variable has")
    found = bool(variables.shown(unknown)), unknown in variables.listed()
    assert_equal(found, (False, False), "whether it is there afterwards, by its key and in the list", exchange=refused)


@requirement("netlify.auth.shared-env-owner-only")
def test_what_is_shared_is_listed_for_owners(subject: Subject) -> None:
    """A variable that a team shares is in the list for an Owner, and not in that for another member."""
    member = subject.client.acting_as("member")
    variables = Variables.shared(subject)
    keys = variables.create(TWO)
    with variables.kept_while(keys):
        owners = variables.comes_to(lambda: keys[0] in variables.listed(), True)
        if not owners:
            raise NotExercised("a new variable that is shared is not in the list for an Owner")
        shown = variables.listed(member)
        assert_equal(keys[0] in shown, False, "whether a member who is no Owner is shown what is shared")
