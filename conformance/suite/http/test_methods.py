"""Methods (RFC 9110 9): those that every server has, and those that none knows."""

from conformance.properties import Subject, Unsupported, assert_equal, assert_status, assert_that, requirement
from conformance.suite.http.reading import reading, things_that_come_and_go

UNKNOWN = "CONFORMANCE"


@requirement("http.head-as-get", once=True)
def test_head_is_answered_like_get(subject: Subject) -> None:
    """A HEAD has the status of the GET, and its media type; that it has no body is seen by a check."""
    got = reading(subject)
    head = got.again("HEAD")
    assert_equal(head.response.status, got.exchange.response.status, "the status of HEAD", exchange=head)
    named = head.response.media_type
    assert_that(
        named in (None, got.exchange.response.media_type),
        "HEAD has another media type than GET",
        expected=str(got.exchange.response.media_type),
        actual=named,
        exchange=head,
    )


@requirement("http.unknown-method-refused", once=True)
def test_a_method_that_nobody_knows_is_refused(subject: Subject) -> None:
    """What answers a GET refuses a method that nobody knows: what was made for it, where anything can be."""
    try:
        things = things_that_come_and_go(subject)
    except Unsupported:
        path = reading(subject).path
    else:
        identity = things.create()
        subject.client.control(things.get(identity))
        path = things.operation("read").expand(things.values(identity))
    exchange = subject.client.send(UNKNOWN, path, negative=True)
    assert_status(exchange, "4xx", 501, when=f"with the method {UNKNOWN}")


@requirement("http.methods-no-failure", once=True)
def test_options_and_trace_are_no_failure(subject: Subject) -> None:
    """OPTIONS, and TRACE without a credential, are answered or refused; neither is a server error."""
    got = reading(subject)
    for method, credential in (("OPTIONS", "default"), ("TRACE", None)):
        exchange = got.again(method, credential=credential, negative=True)
        assert_status(exchange, "2xx", "3xx", "4xx", 501, when=f"with the method {method}")
