"""Rate limits that are counted for every endpoint by itself."""

from conformance.contract import Contract, Conventions
from conformance.properties import Collection, NotExercised, assert_status, requirement
from conformance.properties.windows import fresh
from conformance.targets import Client
from conformance.targets.clock import Clock


@requirement("zeit.rate-limit.per-endpoint-bucket")
def test_one_endpoint_does_not_use_up_anothers_calls(
    client: Client, contract: Contract, collection: Collection, clock: Clock, conventions: Conventions
) -> None:
    """Once a call of one endpoint is refused for its rate, another endpoint still answers."""
    other = contract.operation("GET /v1/teams")
    with client.burst():
        first = fresh(client, collection.get, clock)
        for _ in range(first.limit + 1):
            exchange = collection.get()
            if exchange.response.status == conventions.rate.exceeded:
                break
        else:
            raise NotExercised("the calls of one endpoint are never refused")
        assert_status(client.call(other), "2xx", when="while the calls of another endpoint are used up")
