"""Error envelopes and statuses."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import StrictBool

from conformance.checks.base import HELD, Arguments, Finding, Numbers, Sight, as_json, check, note, violated


class Enveloped(Arguments):
    leave_out: Numbers = ()
    may_be_empty: StrictBool = False
    from_in_front: Numbers = ()


@check("errors.envelope", Enveloped)
def error_has_envelope(sight: Sight) -> Iterator[Finding]:
    """Every body in the error classes is the API's envelope.

    Arguments:
        leave_out: statuses whose bodies other requirements judge.
        may_be_empty: an error needs no body.
        from_in_front: status classes in which what is no JSON comes from in front of the API, and is only noted.
    """
    response, arguments = sight.exchange.response, sight.arguments
    classes = sight.contract.conventions.errors.classes
    if response.status_class not in classes or sight.exchange.request.method == "HEAD":
        return
    if response.status in arguments.get("leave_out", ()) or (arguments.get("may_be_empty") and not response.body):
        return
    if not response.is_json and response.status_class in arguments.get("from_in_front", ()):
        yield note(f"a {response.status} carries no JSON: it seems to come from in front of the API")
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


class OfSuccesses(Arguments):
    is_evidence: StrictBool = True


@check("errors.no-error-in-success", OfSuccesses)
def success_has_no_error(sight: Sight) -> Iterator[Finding]:
    """A 2xx body has none of the members that mark an error.

    Arguments:
        is_evidence: false for a requirement that speaks of errors first, of which a success shows nothing.
    """
    response = sight.exchange.response
    if not response.ok or not response.is_json or not isinstance(response.json, dict):
        return
    found = [name for name in sight.contract.conventions.errors.in_success if name in response.json]
    if found:
        yield violated(
            f"a {response.status} body has the member {as_json(found[0])}",
            expected=f"no top-level {as_json(found[0])} in a success",
            actual=response.text,
        )
    elif sight.arguments.get("is_evidence", True):
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
