"""The environment of a deployment: how many variables, which keys and values, which secrets."""

import string
from typing import Any

from hypothesis import strategies as st

from conformance.contract import Contract
from conformance.properties import (
    NotExercised,
    Subject,
    Things,
    Unsupported,
    assert_equal,
    assert_status,
    assert_that,
    property_test,
    requirement,
)
from conformance.suite.zeit.deploying import Deploying
from conformance.traffic.exchange import Exchange

MOST, LONGEST_KEY, LONGEST_VALUE = 100, 256, 65_536
LETTERS = string.ascii_letters + string.digits + "_"
OTHERS = "".join(sorted(set(string.printable.strip()) - set(LETTERS))) + " "


def accepted(deploying: Deploying, **changes: Any) -> None:
    """A create with these members is accepted.

    Raises:
        NotExercised, HarnessError: it is not.
    """
    deploying.made(deploying.body(**changes))


def assert_accepted(deploying: Deploying, when: str, **changes: Any) -> None:
    """A create with these members is accepted, as one without them is."""
    deploying.made(deploying.body())
    assert_status(deploying.post(deploying.body(**changes)), "2xx", when=when)


def refused(deploying: Deploying, code: str, when: str, **changes: Any) -> tuple[Exchange, dict[str, Any]]:
    """A create with these members is refused with a code: the exchange and the error."""
    exchange = deploying.post(deploying.body(**changes), negative=True)
    return exchange, dict(deploying.refused(exchange, code, when))


def assert_names(exchange: Exchange, error: dict[str, Any], key: str, *, extra: bool = True) -> None:
    """The message of an error contains the key of the variable, and so does its extra member."""
    message = str(error.get("message"))
    assert_that(
        key in message, "the message does not name the variable", expected=key, actual=message, exchange=exchange
    )
    if extra:
        assert_equal(error.get("key"), key, "the key that the error names", exchange=exchange)


@requirement("zeit.deploy-flow.env-count-100")
def test_an_environment_has_at_most_100_variables(subject: Subject) -> None:
    """100 variables are accepted, 101 are refused, and the message says how many there were."""
    deploying = Deploying(subject)
    variables = {f"KEY_{number}": "x" for number in range(MOST)}
    assert_accepted(deploying, f"with {MOST} variables", env=variables)
    more = {**variables, "ONE": "x"}
    exchange, error = refused(deploying, "env_too_many_keys", f"with {MOST + 1} variables", env=more)
    assert_that(
        str(MOST + 1) in str(error.get("message")),
        "the message does not say how many variables there were",
        expected=str(MOST + 1),
        actual=error.get("message"),
        exchange=exchange,
    )


@requirement("zeit.deploy-flow.env-key-charset")
@property_test(
    examples=[{"good": "KEY_1", "wrong": character} for character in "-. $é"[:4]],
    good=st.text(LETTERS, min_size=1, max_size=12).map("K{}".format),
    wrong=st.sampled_from(OTHERS),
)
def test_a_key_is_made_of_letters_digits_and_underscores(subject: Subject, good: str, wrong: str) -> None:
    """A key of letters, digits and _ is accepted; with any other character it is refused and named."""
    deploying = Deploying(subject)
    assert_accepted(deploying, f"with the key {good}", env={good: "x"})
    key = f"{good}{wrong}B"
    exchange, error = refused(deploying, "env_key_invalid_characters", f"with the key {key!r}", env={key: "x"})
    assert_names(exchange, error, key)


@requirement("zeit.deploy-flow.env-key-256")
def test_a_key_has_at_most_256_characters(subject: Subject) -> None:
    """A key of 256 characters is accepted; one of 257 is refused and named."""
    deploying = Deploying(subject)
    assert_accepted(deploying, f"with a key of {LONGEST_KEY} characters", env={"K" * LONGEST_KEY: "x"})
    key = "K" * (LONGEST_KEY + 1)
    exchange, error = refused(deploying, "env_key_invalid_length", "with a key of 257 characters", env={key: "x"})
    assert_names(exchange, error, key)


@requirement("zeit.deploy-flow.env-value-65536")
def test_a_value_has_at_most_65536_characters(subject: Subject) -> None:
    """A value of 65536 characters is accepted; for one of 65537 the variable is named."""
    deploying = Deploying(subject)
    longest = {"LONG": "x" * LONGEST_VALUE}
    assert_accepted(deploying, f"with a value of {LONGEST_VALUE} characters", env=longest)
    too_long = {"LONG": "x" * (LONGEST_VALUE + 1)}
    exchange, error = refused(deploying, "env_value_invalid_length", "with a value of 65537 characters", env=too_long)
    assert_equal(error.get("key"), "LONG", "the key that the error names", exchange=exchange)


WRONG_VALUES: tuple[tuple[Any, tuple[str, ...]], ...] = (
    ({}, ("env_value_invalid_type_missing_uid",)),
    ({"name": "x"}, ("env_value_invalid_type_missing_uid",)),
    ({"uid": "sec_nobody", "name": "x"}, ("env_value_invalid_type_unknown_props",)),
    (5, ("env_value_invalid_type",)),
    (True, ("env_value_invalid_type",)),
    # An array is an object to some.
    ([], ("env_value_invalid_type", "env_value_invalid_type_missing_uid")),
)


@requirement("zeit.deploy-flow.env-value-object")
@property_test(examples=[{"case": number} for number in range(len(WRONG_VALUES))])
def test_a_value_is_text_or_the_uid_of_a_secret(subject: Subject, case: int) -> None:
    """A value that is neither is refused with the code for what is wrong with it, and the variable is named."""
    deploying = Deploying(subject)
    accepted(deploying, env={"GOOD": "x"})
    value, codes = WRONG_VALUES[case]
    exchange = deploying.post(deploying.body(env={"WRONG": value}), negative=True)
    code = str(exchange.response.at("/error/code"))
    error = dict(deploying.refused(exchange, code if code in codes else codes[0], f"with the value {value!r}"))
    assert_names(exchange, error, "WRONG", extra=error.get("code") == "env_value_invalid_type")


def secrets_of(subject: Subject, contract: Contract) -> Things:
    return subject.things_of(next(one for one in contract.conventions.resources if one.name == "secret"))


@requirement("zeit.deploy-flow.env-secret-reference")
def test_a_variable_can_only_refer_to_a_secret_of_ones_own(subject: Subject, contract: Contract) -> None:
    """A secret of one's own is taken by its name; what nobody has is missing, that of another is forbidden."""
    deploying = Deploying(subject)
    secret = secrets_of(subject, contract)
    assert_accepted(deploying, "with a secret by its name", env={"OWN": f"@{secret.create()}"})
    missing = "sec_conformanceNoSuchSecret0"
    for value in ("@conformance-no-such-secret", {"uid": missing}):
        exchange, error = refused(deploying, "env_secret_missing", f"with the secret {value!r}", env={"ANY": value})
        assert_that(
            isinstance(error.get("uid"), str), "the error has no uid", expected="a uid", actual=error, exchange=exchange
        )
    foreign = foreign_secret(secret)
    if foreign is not None:
        exchange, error = refused(
            deploying, "env_secret_forbidden", "with the secret of another", env={"ANY": {"uid": foreign}}
        )
        assert_that(
            isinstance(error.get("uid"), str), "the error has no uid", expected="a uid", actual=error, exchange=exchange
        )


def foreign_secret(secret: Things) -> str | None:
    """The uid of a secret that the second account makes for it; None on a target without one."""
    try:
        exchange = secret.post(credential="second")
    except Unsupported:
        return None
    uid = exchange.response.at("/uid")
    if not exchange.response.ok or not isinstance(uid, str):
        raise NotExercised(f"the second account cannot make a secret: {exchange}")
    return uid
