"""GET /v2/account, and what a key may do."""

from conformance.contract import Operation
from conformance.properties import assert_status, requirement
from conformance.targets import Client


@requirement("vultr.auth.ip-restriction")
def test_a_key_restricted_to_other_addresses_is_refused(client: Client, operation: Operation) -> None:
    """A key that may only be used from other addresses is refused here, where an unrestricted one is not."""
    client.control(client.call(operation))
    exchange = client.call(operation, credential="ip-restricted", negative=True)
    assert_status(exchange, 401, 403, when="with a key restricted to other addresses")


@requirement("vultr.auth.permission-403")
def test_a_key_without_the_permission_is_forbidden(client: Client, operation: Operation) -> None:
    """A valid key that lacks the permission is answered 403: it is neither unknown nor is the resource."""
    client.control(client.call(operation))
    exchange = client.call(operation, credential="no-permission", negative=True)
    assert_status(exchange, 403, when="with a key that lacks the permission")
