"""Error envelopes and statuses."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.base import HELD, Finding, Sight, check, violated


@check("errors.envelope")
def error_has_envelope(sight: Sight) -> Iterator[Finding]:
    """Every body in the error classes is the API's envelope."""
    response = sight.exchange.response
    classes = sight.contract.conventions.errors.classes
    if response.status_class not in classes or sight.exchange.request.method == "HEAD":
        return
    if not response.is_json:
        yield violated(
            f"a {response.status} carries no JSON error",
            expected="the error envelope",
            actual=response.text or "an empty body",
        )
        return
    errors = sight.contract.envelope.errors(response.json, limit=1)
    if errors:
        yield violated(
            f"a {response.status} body is not the error envelope: {errors[0].message}",
            expected="the error envelope",
            actual=response.text,
        )
    else:
        yield HELD


@check("errors.no-error-in-success")
def success_has_no_error(sight: Sight) -> Iterator[Finding]:
    """A 2xx body has none of the members that mark an error."""
    response = sight.exchange.response
    if not response.ok or not response.is_json or not isinstance(response.json, dict):
        return
    found = [name for name in sight.contract.conventions.errors.in_success if name in response.json]
    if found:
        yield violated(
            f"a {response.status} body has the member {found[0]!r}",
            expected=f"no top-level {found[0]!r} in a success",
            actual=response.text,
        )
    else:
        yield HELD


@check("errors.status-documented")
def status_is_documented(sight: Sight) -> Iterator[Finding]:
    """The status is one that the document lists."""
    status = sight.exchange.response.status
    documented = sight.contract.conventions.errors.statuses
    if not documented:
        return
    if status in documented:
        yield HELD
    else:
        yield violated(
            f"{sight.exchange.response.reason} is no documented status",
            expected=f"one of {', '.join(map(str, documented))}",
            actual=str(status),
        )
