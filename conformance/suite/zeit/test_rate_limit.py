"""Rate limits that are counted for every endpoint by itself."""

from conformance.contract import Contract, Conventions
from conformance.properties import Collection, NotExercised, assert_status, requirement
from conformance.properties.windows import fresh, told_by, wait_for_the_end
from conformance.targets import Client
from conformance.targets.clock import Clock
from conformance.traffic.exchange import Exchange


def refused(client: Client, collection: Collection, clock: Clock, conventions: Conventions) -> Exchange:
    """The first refusal in a window whose calls were all made."""
    first = fresh(client, collection.get, clock)
    for _ in range(first.limit + 1):
        exchange = collection.get()
        if exchange.response.status == conventions.rate.exceeded:
            return exchange
    raise NotExercised("the calls of one endpoint are never refused")


@requirement("zeit.rate-limit.per-endpoint-bucket")
def test_one_endpoint_does_not_use_up_anothers_calls(
    client: Client, contract: Contract, collection: Collection, clock: Clock, conventions: Conventions
) -> None:
    """Once a call of one endpoint is refused for its rate, another endpoint still answers."""
    other = contract.operation("GET /v1/teams")
    with client.burst():
        refused(client, collection, clock, conventions)
        assert_status(client.call(other), "2xx", when="while the calls of another endpoint are used up")


@requirement("zeit.rate-limit.window-renews")
def test_a_window_that_was_used_up_renews(
    client: Client, collection: Collection, clock: Clock, conventions: Conventions
) -> None:
    """After the reset of a window whose calls were used up, they are served again."""
    with client.burst():
        told = told_by(refused(client, collection, clock, conventions), conventions, clock)
    wait_for_the_end(told, clock)
    with client.burst():
        assert_status(collection.get(), "2xx", when="after the reset of a window that was used up")
