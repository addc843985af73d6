"""The rate limit that every answer tells: what happens when a window is used up."""

from conformance.contract import Conventions
from conformance.properties import Collection, NotExercised, assert_status, requirement
from conformance.properties.windows import LARGEST, told_by
from conformance.targets import Client
from conformance.targets.clock import Clock


@requirement("vercel.rate-limit.exceeded-429")
def test_a_call_beyond_what_is_left_is_refused(
    client: Client, collection: Collection, clock: Clock, conventions: Conventions
) -> None:
    """With a credential most of whose calls are used up, the first call that is not served is a 429."""
    with client.burst():
        first = client.control(collection.get(1, credential="spent"))
        left = told_by(first, conventions, clock).remaining
        if left > LARGEST:
            raise NotExercised(f"the credential has {left} calls left, too many to be used up")
        for _ in range(left + 1):
            exchange = collection.get(1, credential="spent")
            if not exchange.response.ok:
                break
    assert_status(exchange, conventions.rate.exceeded, when=f"after which {left} calls were said to be left")
