"""The two limits: calls in a minute, and deploys in a minute and in a day."""

from conformance.contract import Conventions
from conformance.properties import (
    Collection,
    NotExercised,
    Subject,
    assert_equal,
    assert_status,
    assert_that,
    requirement,
)
from conformance.properties.windows import LARGEST, Call, Told, told_by, wait_for_the_end
from conformance.suite.netlify.deploying import Deploying, digest
from conformance.targets import Client
from conformance.targets.clock import Clock
from conformance.traffic.exchange import Exchange

SITES = "GET /api/v1/sites"
FAR = 10**6
"""A page that no list has: an answer without records, which is small."""

ENOUGH = 30.0
"""Seconds in which all calls of a window can be made."""

MINUTE, OTHER_MOMENT = 61.0, 83.0
IN_A_MINUTE, IN_A_DAY = 3, 100


def small_call(collection: Collection) -> Call:
    """A call of a list that is answered with few records, or with none where the target takes that."""
    number = FAR if collection.get(1, FAR).response.ok else None
    return lambda: collection.get(1, number)


def a_good_while(client: Client, call: Call, clock: Clock) -> Told:
    """What an answer tells of a window that goes on for long enough to be used up: the present one, or the next.

    Raises:
        NotExercised: the limit is too large to be used up, or its window too long to be waited for.
    """
    told = told_by(client.control(call()), client.contract.conventions, clock)
    if told.limit > LARGEST:
        raise NotExercised(f"a limit of {told.limit} calls is too large to be used up")
    if told.reset - told.at < ENOUGH:
        wait_for_the_end(told, clock)
        told = told_by(client.control(call()), client.contract.conventions, clock)
    return told


@requirement("netlify.rate-limit.exceeded")
def test_a_call_beyond_the_limit_is_refused_without_effect(
    subject: Subject, client: Client, collection: Collection, clock: Clock, conventions: Conventions
) -> None:
    """As many calls as the limit tells are served in a window; one more is refused till it ends, and a write, too."""
    sites = subject.things_of(conventions.resources[0]) if "writes" in subject.session.capabilities else None
    identity = sites.create() if sites is not None else ""
    before = sites.read(identity) if sites is not None else {}
    call = small_call(collection)
    first = a_good_while(client, call, clock)
    with client.burst():
        made = [call() for _ in range(first.remaining)]
        one_more = call()
        write = sites.call("update", identity, body=sites.changes()) if sites is not None else one_more
    if first.is_over_at(write):
        raise NotExercised("the window was over before it was used up")
    for number, exchange in enumerate(made):
        if not client.guard.throwaway:
            client.control(exchange)
        assert_status(exchange, "2xx", when=f"with {first.remaining - number} of {first.limit} calls left")
    for exchange in (one_more, write):
        assert_status(exchange, "4xx", when=f"beyond {first.limit} calls in one window")
    wait_for_the_end(told_by(one_more, conventions, clock), clock)
    assert_status(call(), "2xx", when="after the end of a window that was used up")
    if sites is not None:
        after = sites.read(identity)
        named = {member: after.get(member) for member in sites.changes()}
        assert_equal(named, {member: before.get(member) for member in named}, "a site after a refused write")


class Creates:
    """Creates of small deploys on one site of this run's own, which leave at once."""

    def __init__(self, subject: Subject) -> None:
        self.client, self.deploying = subject.client, Deploying.of(subject)
        self.site = self.deploying.site()
        # One content for all: nothing of it is required twice.
        self.body = digest({"/index.html": self.deploying.unique()}, draft=True)
        self.accepted: list[str] = []

    def create(self) -> Exchange:
        """A create that is not paced, whatever the answer."""
        with self.client.burst():
            exchange = self.deploying.post(self.site, self.body)
        if exchange.response.ok:
            self.accepted.append(self.deploying.identified(exchange))
        return exchange

    def until_refused(self, most: int, pause: float = 0.0) -> Exchange:
        """The first create that is refused, or the last of `most`, with seconds between them."""
        for number in range(most):
            if number and pause:
                self.client.clock.sleep(pause, "deploys are counted by the minute")
            exchange = self.create()
            if not exchange.response.ok:
                break
        return exchange

    def of_a_minute(self, after: float) -> tuple[int, Exchange]:
        """How many creates are accepted in a row after a quiet time, and the one that is not, or the last of many."""
        self.client.clock.sleep(after, "a minute without deploys has to pass")
        before = len(self.accepted)
        with self.client.burst():
            last = self.until_refused(2 * IN_A_MINUTE + 1)
        return len(self.accepted) - before, last


# Higher limits can be agreed upon, so that only an emulator, which has a clock to be moved, is held to the numbers.
@requirement("netlify.rate-limit.deploy-limits", needs=("clock",))
def test_the_fourth_deploy_in_a_minute_is_refused(subject: Subject, client: Client) -> None:
    """Three deploys in a minute are accepted, and the next is refused while other calls go on, for a minute."""
    creates = Creates(subject)
    count, last = creates.of_a_minute(MINUTE)
    if count > IN_A_MINUTE and not last.response.ok and not client.guard.throwaway:
        # A minute of the target may have ended among them; at another moment of it, it does not.
        count, last = creates.of_a_minute(OTHER_MOMENT)
    if count == 0 or (count < IN_A_MINUTE and not client.guard.throwaway):
        client.control(last)
    assert_that(
        count == IN_A_MINUTE,
        f"{count} deploys in a minute are accepted",
        expected=f"{IN_A_MINUTE} deploys in a minute",
        actual=f"{count} and more" if last.response.ok else str(count),
        exchange=last,
    )
    assert_status(last, "4xx", when=f"after {count} deploys in a minute")
    others_go_on(subject, "while a deploy is refused")
    client.clock.sleep(MINUTE, "a minute without deploys has to pass")
    assert_status(creates.create(), "2xx", when="a minute after one that was refused")
    listed = set(creates.deploying.listed(creates.site))
    extra = sorted(listed - set(creates.accepted))
    assert_that(
        not extra,
        "a deploy that was refused is there",
        expected=f"{len(creates.accepted)} deploys",
        actual=f"{len(extra)} more",
        vacuous="" if listed else "no deploys are listed",
    )


def others_go_on(subject: Subject, when: str) -> None:
    """Calls that deploy nothing are served."""
    with subject.client.burst():
        exchange = subject.client.call(subject.contract.operation(SITES), query={"per_page": 1})
    assert_status(exchange, "2xx", when=when)


@requirement("netlify.rate-limit.deploy-limits", needs=("clock",))
def test_the_deploys_of_a_day_are_limited(subject: Subject, client: Client) -> None:
    """With a create in each minute the 101st of a day is refused, while other calls go on."""
    creates = Creates(subject)
    last = creates.until_refused(IN_A_DAY + 1, MINUTE)
    if last.response.ok and not client.guard.throwaway:
        # A day of the target may have ended among them; the next one does not.
        last = creates.until_refused(IN_A_DAY, MINUTE)
    count = len(creates.accepted)
    if count < IN_A_DAY and not client.guard.throwaway:
        raise NotExercised(f"{count} deploys were accepted: others may have been made on the same day")
    assert_that(
        not last.response.ok and (count == IN_A_DAY or not client.guard.throwaway),
        f"{count} deploys in a day are accepted",
        expected=f"{IN_A_DAY} deploys in a day",
        actual=f"{count} and more" if last.response.ok else str(count),
        exchange=last,
    )
    assert_status(last, "4xx", when=f"after {count} deploys in a day")
    others_go_on(subject, "while the deploys of a day are used up")
