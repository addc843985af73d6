"""Writes that are refused for their rate: they leave nothing behind, and are safe to repeat."""

from functools import partial

from conformance.contract import Conventions
from conformance.properties import NotExercised, Things, assert_equal, requirement
from conformance.properties.load import cheap_call, exhaust
from conformance.targets import Client
from conformance.targets.clock import Clock


@requirement("rate-limit.429-no-effect", needs=("clock",))
def test_a_refused_write_is_not_applied(client: Client, things: Things, conventions: Conventions, clock: Clock) -> None:
    """A create that is refused for its rate makes nothing; sent again after a quiet window, it makes one thing."""
    limit = conventions.rate
    things.create()
    before = things.listed()
    # Where every operation is counted for itself, what is used up is what creates are counted as.
    exhaust(client, partial(things.post, {}, negative=True) if limit.each_operation else cheap_call(things.listing))
    body = things.body()
    with client.burst():
        refused = things.post(body)
    if refused.response.status != limit.exceeded:
        raise NotExercised(f"beyond the limit a create is answered {refused.response.status}")
    clock.sleep(limit.seconds + 1)
    for reading in ("first", "second"):
        assert_equal(things.listed(), before, f"the {reading} list after a refused create", exchange=refused)
    client.control(things.post(body))
    new = [identity for identity in things.listed() if identity not in before]
    assert_equal(len(new), 1, "things made by a create that was refused first", exchange=refused)
