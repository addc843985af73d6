"""What Netlify's document asks of a client: that it heeds what the limit's headers tell, and paces its deploys."""

from hypothesis import strategies as st

from conformance.contract import Contract
from conformance.properties import MockServer, Reply, assert_equal, assert_that, property_test, requirement
from conformance.suite.netlify.deploying import CREATE

SITES = "GET /api/v1/sites"
DEPLOYS, MINUTE, QUEUED = 3, 60, 10


@requirement("netlify.rate-limit.client-throttle")
@property_test(
    examples=[{"status": status, "seconds": seconds} for status in (200, 429) for seconds in (1, 20, 60)],
    status=st.sampled_from([200, 429]),
    seconds=st.integers(1, MINUTE),
)
def test_the_client_waits_for_the_reset(contract: Contract, mock: MockServer, status: int, seconds: int) -> None:
    """After an answer that tells that no call is left, and after a 429, nothing is sent before the reset."""
    reset = int(mock.clock.now()) + seconds
    headers = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    answers = [Reply(status, json=[] if status == 200 else {"code": 429, "message": "…"}, headers=headers)]
    mock.routes.route().mock(side_effect=[*answers, *[Reply(200, json=[])] * 2])
    before = len(mock.raw)
    mock.client.call(contract.operation(SITES))
    mock.client.call(contract.operation(SITES))
    assert_equal(len(mock.raw) - before, 2 if status == 200 else 3, "requests, one that was refused sent again")
    arrived = mock.arrivals[before + 1]
    assert_that(
        arrived >= reset,
        f"a request left {reset - arrived:g} s before the reset",
        expected=f"nothing before {reset}",
        actual=f"a request at {arrived:g}",
    )


@requirement("netlify.rate-limit.client-throttle")
def test_the_client_paces_its_deploys(contract: Contract, mock: MockServer) -> None:
    """Of ten deploys that are queued at once no more than three leave in a minute, and other calls do not wait."""
    mock.routes.route().respond(200, json={"id": "conformance", "required": []})
    before = len(mock.arrivals)
    for _ in range(QUEUED):
        mock.client.call(contract.operation(CREATE), {"site_id": "conformance"}, body={"files": {}})
    left = mock.arrivals[before:]
    most = max(sum(start <= moment < start + MINUTE for moment in left) for start in left)
    assert_that(most <= DEPLOYS, f"{most} deploys left in a minute", expected=f"at most {DEPLOYS}", actual=str(most))
    mock.client.call(contract.operation(SITES))
    assert_equal(mock.arrivals[-1], left[-1], "when another call left")
