"""Secrets: names, values that only a create shows, renaming."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from conformance.properties import (
    NotExercised,
    Subject,
    Things,
    Unsupported,
    assert_equal,
    assert_status,
    property_test,
    requirement,
)
from conformance.suite.zeit.naming import assert_absent, items_of, things_of
from conformance.targets import Client
from conformance.traffic.exchange import Exchange

LONGEST = 100


def secrets_in(secrets: Things) -> list[dict[str, Any]]:
    """The secrets that are listed now."""
    return items_of(secrets.client.control(secrets.listing.get()), "/secrets")


def named(secrets: Things, name: str) -> list[dict[str, Any]]:
    """The listed secrets of a name."""
    return [one for one in secrets_in(secrets) if one.get("name") == name]


@requirement("zeit.crud.secret-name-limits")
def test_a_name_has_at_most_100_characters(subject: Subject) -> None:
    """A name of 100 characters is accepted and listed; one of 101 is refused and not."""
    secrets = things_of(subject, "secret")
    secrets.create()
    body = secrets.body()
    longest = f"{body['name']}{'x' * (LONGEST - len(body['name']))}"
    assert_status(secrets.post({**body, "name": longest}), "2xx", when=f"with a name of {LONGEST} characters")
    assert_equal(len(named(secrets, longest)), 1, "how often the list has the name of 100 characters")
    before = secrets_in(secrets)
    # Another name: cut to 100 characters, it would be one in use, and may be refused for that.
    longer = secrets.body()["name"].ljust(LONGEST + 1, "y")
    refused = secrets.post({**body, "name": longer}, negative=True)
    assert_status(refused, "4xx", when=f"with a name of {LONGEST + 1} characters")
    assert_equal(secrets_in(secrets), before, "the list after the refusal", exchange=refused)


@requirement("zeit.crud.secret-value-bytes")
@property_test(
    examples=[{"value": value} for value in ("my-value", "ünï €", "😀", "a\nb\t", "a long value " * 20)],
    value=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20),
)
def test_a_create_shows_the_bytes_of_the_value(subject: Subject, value: str) -> None:
    """The answer to a create holds the value as the bytes of its UTF-8."""
    secrets = things_of(subject, "secret")
    exchange = secrets.client.control(secrets.post({**secrets.body(), "value": value}))
    assert_equal(exchange.response.at("/value/data"), list(value.encode()), "the bytes of the value", exchange=exchange)


@requirement("zeit.crud.secret-rename")
def test_a_renamed_secret_is_the_same_one(subject: Subject) -> None:
    """A renaming keeps uid and created, tells both names, and the list has the new one only."""
    secrets = things_of(subject, "secret")
    body, new = secrets.body(), secrets.body()["name"]
    created = secrets.client.control(secrets.post(body)).response
    exchange = secrets.client.control(secrets.call("update", body["name"], body={"name": new}))
    due = {"uid": created.at("/uid"), "created": created.at("/created"), "name": new, "oldName": body["name"]}
    for member, value in due.items():
        assert_equal(exchange.response.at(f"/{member}"), value, f"the {member} of a renamed secret", exchange=exchange)
    assert_equal([len(named(secrets, name)) for name in (body["name"], new)], [0, 1], "secrets of the old and new name")


@requirement("zeit.crud.secret-deleted")
def test_a_deleted_secret_is_gone(subject: Subject) -> None:
    """A DELETE answers the uid that was listed; then the name is neither listed, renamed nor deleted again."""
    secrets = things_of(subject, "secret")
    name = secrets.create()
    before = named(secrets, name)
    if len(before) != 1:
        raise NotExercised("the secret was not in the list before")
    exchange = secrets.client.control(secrets.delete(name))
    assert_equal(exchange.response.at("/uid"), before[0].get("uid"), "the uid of the deleted secret", exchange=exchange)
    assert_absent(name, [one.get("name") for one in secrets_in(secrets)], "a deleted secret")
    assert_status(
        secrets.call("update", name, body={"name": f"{name}-2"}, negative=True), "4xx", when="after its DELETE"
    )
    assert_status(secrets.delete(name), "4xx", when="after its DELETE")


@requirement("zeit.crud.secret-name-unique")
def test_a_name_is_used_once(subject: Subject) -> None:
    """A secret is not renamed to the name of another; the list has that name once, under its first uid."""
    secrets = things_of(subject, "secret")
    first, second = secrets.create(), secrets.create()
    uid = [one.get("uid") for one in named(secrets, first)]
    if len(uid) != 1:
        raise NotExercised("the secret was not in the list before")
    secrets.client.control(secrets.call("update", second, body={"name": f"{second}-free"}))
    refused = secrets.call("update", f"{second}-free", body={"name": first}, negative=True)
    assert_status(refused, "4xx", when="with the name of another secret")
    assert_equal([one.get("uid") for one in named(secrets, first)], uid, "the secrets of that name", exchange=refused)
    try:
        other = secrets.post({**secrets.body(), "name": first}, credential="second")
    except Unsupported:
        return
    assert_status(other, "2xx", when="with the name of a secret of another account")


def bytes_in(value: Any) -> list[list[Any]]:
    """Every list of numbers in a body."""
    if isinstance(value, dict):
        return [found for member in value.values() for found in bytes_in(member)]
    if isinstance(value, list):
        if value and all(isinstance(item, int) for item in value):
            return [value]
        return [found for item in value for found in bytes_in(item)]
    return []


def shown_in(client: Client, value: str) -> list[str]:
    """The forms in which the last answer holds a value: as it came, since what is kept of it is redacted.

    Numbers under the name of a secret are kept as zeros: as many as the value has bytes stand for it.
    """
    answer, data = client.last_answer, list(value.encode())
    if answer is None:
        raise NotExercised("the last answer is too large to look for a secret in")
    forms = {"text": value, "base64": b64encode(value.encode()).decode().rstrip("="), "URL": quote(value)}
    found = [name for name, form in forms.items() if form in answer.text]
    lists = bytes_in(answer.at(""))
    return [*found, *(["bytes"] if data in lists or [0] * len(data) in lists else [])]


@requirement("zeit.security.secret-value-write-only", once=True)
def test_a_value_is_shown_by_its_create_alone(subject: Subject) -> None:
    """The value of a secret is in no other answer: as text, in base64, or as its bytes."""
    secrets, deployments = things_of(subject, "secret"), things_of(subject, "deployment")
    client, name = secrets.client, secrets.body()["name"]
    value, renamed = f"{subject.prefix}-of-no-other-answer", f"{name}-2"
    client.control(secrets.post({"name": name, "value": value}))
    if not shown_in(client, value):
        raise NotExercised("the create does not show the value either")
    calls: list[Callable[[], Exchange]] = [
        secrets.listing.get,
        lambda: secrets.call("update", name, body={"name": renamed}),
        lambda: deployments.post({**deployments.body(), "env": {"SECRET": f"@{renamed}"}}),
        lambda: deployments.get(deployments.created[-1]),
        lambda: secrets.delete(renamed),
    ]
    for call in calls:
        exchange = client.control(call())
        what = f"the forms of a secret's value in the answer of {exchange.known_as}"
        assert_equal(shown_in(client, value), [], what, exchange=exchange)
