"""The rate limit: 540 requests a minute for each key, then nothing until a minute was quiet."""

from conformance.contract import Contract, Conventions
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    assert_status,
    assert_that,
    requirement,
)
from conformance.properties.load import cheap_call, exhaust
from conformance.targets import Client
from conformance.targets.clock import Clock
from conformance.targets.guard import NO_SUCH_ID
from conformance.traffic.exchange import Exchange


def call_everything(client: Client, contract: Contract) -> list[Exchange]:
    """Each operation, and a path that names nothing, once and at once."""
    with client.burst():
        answers = []
        for operation in contract.operations:
            body: dict[str, object] | None = {} if operation.request_schema else None
            values = dict.fromkeys(operation.path_parameters, NO_SUCH_ID)
            answers.append(client.call(operation, values, body=body))
        return [*answers, client.send("GET", contract.conventions.errors.unknown_path)]


@requirement("snyk.rate-limit.limit-540", needs=("clock",))
def test_more_than_540_requests_in_a_minute_are_refused(
    subject: Subject, client: Client, collection: Collection, contract: Contract, clock: Clock
) -> None:
    """Beyond 540 requests of one key in a minute each is a 429, while another key is served."""
    limit = contract.conventions.rate
    call, of_other = cheap_call(collection), Other(subject, client)
    client.control(call())
    of_other.control()
    answers = exhaust(client, call)
    served = [number for number, answer in enumerate(answers, start=1) if answer.response.status != limit.exceeded]
    last = served[-1] if served else 0
    assert_that(
        last <= limit.quota,
        f"request {last} of one minute is answered {answers[last - 1].response.status}",
        expected=f"{limit.exceeded} beyond {limit.quota} requests",
        actual=f"{len(served)} of {len(answers)} requests served",
        exchange=answers[last - 1],
    )
    of_other.is_served()
    call_everything(client, contract)
    clock.sleep(2 * limit.seconds)


class Other:
    """The calls of another key, where the target has one."""

    def __init__(self, subject: Subject, client: Client) -> None:
        self.client, self.operation = client, subject.operation
        own = subject.session.parameters
        # The second key may belong to an account with an organisation of its own.
        self.values = {
            name: own.get(f"second_{name}", own.get(name, ("",)))[0] for name in self.operation.path_parameters
        }

    def _call(self) -> Exchange:
        with self.client.burst():
            return self.client.call(self.operation, self.values, credential="second")

    def control(self) -> None:
        """The other key is served before anything is refused."""
        if "second" in self.client.credentials:
            self.client.control(self._call())

    def is_served(self) -> None:
        """It still is: without one, that half cannot be judged."""
        self.client.token("second")
        assert_status(self._call(), "2xx", when="with another key, while one is refused for its rate")


FIXED_WINDOW = "fixed-window"
STEP = 20


@requirement("snyk.rate-limit.429-persists", needs=("clock",))
def test_refusals_go_on_until_a_minute_was_quiet(
    subject: Subject, client: Client, collection: Collection, conventions: Conventions, clock: Clock
) -> None:
    """While requests go on, each is refused; after a full minute without any, service resumes."""
    limit = conventions.rate
    call = cheap_call(collection)
    client.control(call())
    if exhaust(client, call)[-1].response.status != limit.exceeded:
        raise NotExercised(f"more than {limit.quota} requests are not refused")
    if subject.session.facts.get("rate_limit") != FIXED_WINDOW:
        for waited in range(STEP, int(limit.seconds) + 2 * STEP + 1, STEP):
            clock.sleep(STEP)
            with client.burst():
                when = f"{waited} s after the limit was exceeded, with requests going on,"
                assert_status(call(), limit.exceeded, when=when)
    clock.sleep(limit.seconds + 1)
    with client.burst():
        assert_status(call(), "2xx", when="after a minute without requests")
    clock.sleep(2 * limit.seconds)


@requirement("snyk.rate-limit.429-body", needs=("load", "clock"))
def test_a_refusal_for_the_rate_is_an_error_document(
    subject: Subject, client: Client, contract: Contract, clock: Clock
) -> None:
    """Once the limit is exceeded, every operation is called; what the refusals say is judged as it is seen."""
    limit = contract.conventions.rate
    first = next(operation for operation in contract.operations if operation.collection is not None)
    if subject.operation_id != first.id:
        raise NotExercised(f"the limit is exceeded with {first.id} only")
    call = cheap_call(subject.collection)
    client.control(call())
    refused = exhaust(client, call)[-1]
    if refused.response.status != limit.exceeded:
        raise NotExercised(f"more than {limit.quota} requests are not refused")
    # What a target does not have may be refused for that, before calls are counted.
    call_everything(client, contract)
    assert_status(refused, limit.exceeded, when="beyond the limit")
    clock.sleep(2 * limit.seconds)
