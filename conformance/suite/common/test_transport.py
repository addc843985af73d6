"""The connection: what is answered outside TLS."""

from conformance.contract import Operation
from conformance.properties import HarnessError, NotExercised, Subject, assert_status, assert_that, requirement
from conformance.targets import Client


@requirement("transport.https-only")
def test_calls_in_clear_fail(subject: Subject, client: Client, operation: Operation) -> None:
    """The call that succeeds over TLS does not succeed over plain HTTP, and is answered as documented."""
    plain = client.in_clear()
    client.control(subject.call())
    documented = client.contract.conventions.in_clear
    if documented is not None:
        _is_answered_alike(plain, operation.expand(subject.values(operation)), documented)
        return
    try:
        exchange = plain.call(operation, subject.values(operation))
    except HarnessError as refusal:
        assert_that(True, "refused", expected="no answer", actual=str(refusal))
        return
    if not exchange.response.answered:
        assert_that(True, "refused", expected="no answer", actual=exchange.response.fault)
        return
    if plain.credentials != client.credentials and exchange.response.status in (401, 403):
        raise NotExercised("only a throw-away credential may go out in clear, and that was refused as such")
    location = exchange.response.header("location")
    assert_status(exchange, "3xx", "4xx", when="over plain HTTP")
    assert_that(
        exchange.response.status_class != 3 or str(location).startswith("https://"),
        "plain HTTP is redirected, but not to https",
        expected="a Location that begins with https://",
        actual=f"Location: {location or 'none'}",
        exchange=exchange,
    )


def _is_answered_alike(plain: Client, path: str, status: int) -> None:
    """Known and unknown paths have the documented status over plain HTTP; no credential is sent."""
    for asked in (path, plain.contract.conventions.errors.unknown_path):
        try:
            exchange = plain.send("GET", asked, credential=None, negative=True)
        except HarnessError as refusal:
            assert_that(False, f"plain HTTP is not answered: {refusal}", expected=str(status), actual=str(refusal))
            return
        assert_status(exchange, status, when="over plain HTTP")
