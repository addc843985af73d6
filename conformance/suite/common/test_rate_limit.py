"""Rate limits that every answer tells in its headers: when a window renews, and whose it is."""

from conformance.contract import Conventions
from conformance.properties import Collection, NotExercised, assert_status, assert_that, requirement
from conformance.properties.windows import fresh, told_by, wait_for_the_end
from conformance.targets import Client
from conformance.targets.clock import Clock

A_PART = 5


@requirement("rate-limit.window-renews")
def test_a_window_renews_after_its_reset(
    client: Client, collection: Collection, clock: Clock, conventions: Conventions
) -> None:
    """After the reset of a window that was used in part, all calls but one are left, and the reset lies later."""
    with client.burst():
        told = [told_by(client.control(collection.get(1)), conventions, clock) for _ in range(A_PART)]
    if told[-1].remaining >= told[-1].limit - 1:
        raise NotExercised(f"{A_PART} calls left no mark on what remains")
    wait_for_the_end(told[-1], clock)
    exchange = client.control(collection.get(1))
    renewed = told_by(exchange, conventions, clock)
    assert_that(
        renewed.limit - 1 <= renewed.remaining <= renewed.limit,
        f"the first call after the reset shows {renewed.remaining} of {renewed.limit} calls as left",
        expected=f"{renewed.limit - 1} or {renewed.limit} left",
        actual=str(renewed.remaining),
        exchange=exchange,
    )
    assert_that(
        renewed.reset > told[-1].reset,
        "the reset has not moved, though it has passed",
        expected=f"a reset later than {told[-1].reset}",
        actual=str(renewed.reset),
        exchange=exchange,
    )


@requirement("rate-limit.per-consumer")
def test_one_consumer_does_not_use_up_anothers_calls(
    client: Client, collection: Collection, clock: Clock, conventions: Conventions
) -> None:
    """One account uses its window up; the same call by another account is served, with as much left as before."""
    client.token("second")
    refused = conventions.rate.exceeded
    with client.burst():
        fresh(client, lambda: collection.get(1), clock)
        other = told_by(client.control(collection.get(1, credential="second")), conventions, clock)
        if other.remaining < 1:
            raise NotExercised("the second account has no calls left")
        first = told_by(collection.get(1), conventions, clock)
        for _ in range(first.limit + 1):
            exchange = collection.get(1)
            if exchange.response.status == refused:
                break
        else:
            raise NotExercised("the first account's calls are never refused")
        exchange = collection.get(1, credential="second")
    assert_status(exchange, "2xx", when="by an account that has calls left")
    now = told_by(exchange, conventions, clock)
    # The end of a window is told in whole seconds: in the second of it, either window may be the present one.
    left = other.remaining - 1 if now.at < other.reset + 1 else now.limit - 1
    assert_that(
        now.remaining >= left,
        f"another account's calls lowered what remains from {other.remaining} to {now.remaining}",
        expected=f"{left} left",
        actual=str(now.remaining),
        exchange=exchange,
    )


@requirement("vercel.rate-limit.exceeded-429", "zeit.rate-limit.exceeded-429")
def test_a_call_beyond_the_limit_is_refused(
    client: Client, collection: Collection, clock: Clock, conventions: Conventions
) -> None:
    """In a fresh window as many calls as the limit says are served; the next one in the same window is a 429."""
    with client.burst():
        first = fresh(client, lambda: collection.get(1), clock)
        for _ in range(first.limit - 1):
            client.control(collection.get(1))
        one_more = collection.get(1)
    if first.is_over_at(one_more):
        raise NotExercised("the window was over before it was used up")
    assert_status(one_more, conventions.rate.exceeded, when=f"as call {first.limit + 1} of a window of {first.limit}")
