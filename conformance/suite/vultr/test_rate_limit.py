"""The rate limit: 30 requests a second from one address."""

from conformance.checks.refusals import INSTEAD
from conformance.contract import Conventions, Operation
from conformance.properties import HarnessError, NotExercised, Unsupported, assert_that, requirement
from conformance.targets import Client
from conformance.targets.clock import Clock


def _statuses(client: Client, operation: Operation, credentials: tuple[str, ...], count: int) -> list[tuple[str, int]]:
    """Sends `count` calls at once, taking turns with the credentials."""
    with client.burst():
        turns = [credentials[turn % len(credentials)] for turn in range(count)]
        return [(name, client.call(operation, credential=name).response.status) for name in turns]


@requirement("vultr.rate-limit.rate-over-30")
def test_the_documented_rate_is_served(
    client: Client, operation: Operation, conventions: Conventions, clock: Clock
) -> None:
    """As many calls as the documented rate allows in a second are all served."""
    limit = conventions.rate
    client.control(client.call(operation))
    for _ in range(2):
        clock.sleep(2 * limit.seconds)
        turns = _statuses(client, operation, ("default",), limit.quota)
        refused = [status for _, status in turns if status in {limit.exceeded, *INSTEAD}]
        assert_that(
            not refused,
            f"{len(refused)} of {limit.quota} calls in {limit.seconds:g} s were refused",
            expected=f"no {limit.exceeded} at or below {limit.quota} calls",
            actual=f"{len(refused)} times {' or '.join(map(str, sorted(set(refused))))}",
        )
    clock.sleep(2 * limit.seconds)


@requirement("vultr.rate-limit.rate-per-ip")
def test_the_rate_is_counted_by_address(
    client: Client, operation: Operation, conventions: Conventions, clock: Clock
) -> None:
    """Two keys from one address share the limit; one of them is still served at another address."""
    limit = conventions.rate
    client.token("second")
    elsewhere = client.from_address("127.0.0.2")
    clock.sleep(2 * limit.seconds)
    together = _statuses(client, operation, ("default", "second"), limit.quota * 3 // 2)
    try:
        from_elsewhere = elsewhere.call(operation).response.status
    except HarnessError as error:
        raise Unsupported(f"this machine cannot speak from a second address: {error}") from None
    if all(status != 429 for _, status in together):
        clock.sleep(2 * limit.seconds)
        alone = _statuses(client, operation, ("default",), limit.quota * 3 // 2)
        clock.sleep(2 * limit.seconds)
        if all(status != 429 for _, status in alone):
            raise NotExercised("the target refuses nothing at this rate")
        refused_alone = "one key alone is refused, the two together are not"
    else:
        refused_alone = ""
    clock.sleep(2 * limit.seconds)
    assert_that(
        not refused_alone,
        f"the limit is counted by key: {refused_alone}",
        expected="both keys of an address refused over the limit",
        actual=refused_alone,
    )
    for name in ("default", "second"):
        assert_that(
            (name, 429) in together,
            f"over the limit of the address the key {name} is still served",
            expected="429 for both keys",
            actual=f"no 429 for {name}",
        )
    assert_that(
        from_elsewhere != 429,
        "a key that is refused at one address is refused at another too",
        expected="service at the second address",
        actual=str(from_elsewhere),
    )
