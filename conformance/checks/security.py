"""Credentials stay where they belong."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, check, violated
from conformance.traffic.redact import NAME_MARK, VALUE_MARK, echoes, secret_sent


@check("security.credentials-never-echoed")
def credential_is_never_echoed(sight: Sight) -> Iterator[Finding]:
    """No known credential comes back. Where none was sent, searching proves nothing."""
    if not secret_sent(sight.exchange.request):
        return
    places = echoes(sight.exchange.response)
    if places:
        yield violated(
            f"a credential came back in the response: {', '.join(places)}",
            expected="no credential in any response",
            actual=", ".join(places),
        )
    else:
        yield HELD


@check("security.credential-only-in-header")
def credential_is_only_in_header(sight: Sight) -> Iterator[Finding]:
    """The client sends no credential in a URL or a body."""
    request = sight.exchange.request
    if NAME_MARK in request.url or VALUE_MARK.search(request.url):
        yield violated(
            "the client put a credential in the URL",
            expected="credentials in the authentication header only",
            actual=request.url,
            party="client",
        )
    elif VALUE_MARK.search(request.text):
        yield violated(
            "the client put a credential in the body",
            expected="credentials in the authentication header only",
            actual=request.text,
            party="client",
        )
    elif secret_sent(request):
        yield HELD
