"""Authentication: who is let in, how a client sends its credential, and what a denial must not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.checks.base import HELD, Finding, Sight, as_json, check, controlled, violated
from conformance.contract import dereferenced
from conformance.traffic.redact import NAME_MARK, VALUE_MARK


@check("auth.denial-holds-no-data")
def denial_holds_no_data(sight: Sight) -> Iterator[Finding]:
    """The body of a denial is no list, and holds no data at any depth.

    Data is a member that the operation's success has, or a list of things with ids: of operations that the contract
    lacks nothing else is known. Where nobody was served there is nothing to be denied.
    """
    exchange, response = sight.exchange, sight.exchange.response
    yield from controlled(sight, sight.place, control=response.ok, held=False)
    if response.status != sight.contract.conventions.auth.refused or not response.is_json:
        return
    body, members = response.json, _members_of_success(sight)
    if isinstance(body, list):
        yield violated(f"the body of a {response.status} is a list", expected="no data", actual=response.text)
        return
    found = sorted(members & set(body)) if isinstance(body, dict) else []
    words = (sight.contract.conventions.errors.message or "").split("/")[1:2]
    found = found or sorted(name for name in _data_below(body, members) if name not in words)
    if found:
        yield violated(
            f"the body of a {response.status} has the member {as_json(found[0])}, as a success of {exchange.known_as}",
            expected="no data",
            actual=response.text,
        )
    else:
        yield from controlled(sight, sight.place, control=False, held=bool(members) or isinstance(body, dict))


def _data_below(value: Any, members: set[str]) -> Iterator[str]:
    """The names of members below the top level that hold data, not mere words of an error."""
    for name, member in value.items() if isinstance(value, dict) else ():
        if _are_things(member):
            yield name
        elif isinstance(member, dict):
            yield from (below for below in member if below in members and isinstance(member[below], list | dict))
            yield from _data_below(member, members)
        elif isinstance(member, list):
            for item in member:
                yield from _data_below(item, members)


def _are_things(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) and {"id", "uid"} & set(item) for item in value)


@check("auth.credentials-required")
def nothing_without_credentials(sight: Sight) -> Iterator[Finding]:
    """A call that this run sent without a credential on purpose is no success.

    That it is refused shows nothing by itself: it may be refused to everybody. Of others' recordings nothing is said,
    since who keeps them may have left the credential out.
    """
    if _needs_credential(sight) and sight.caller is None:
        yield from _served(sight, "without a credential")


@check("auth.bad-credentials-refused")
def nothing_for_wrong_credentials(sight: Sight) -> Iterator[Finding]:
    """A call that this run sent with a wrong credential on purpose is no success."""
    if _needs_credential(sight) and sight.caller is not None and not _may_be_right(sight, sight.caller):
        yield from _served(sight, "with a wrong credential")


def _needs_credential(sight: Sight) -> bool:
    operation = sight.exchange.operation
    return sight.exchange.negative and operation is not None and operation.authorized == "required"


def _may_be_right(sight: Sight, sent: str) -> bool:
    """Whether a value is a credential of the run under one of the API's schemes, however their word is written."""
    auth = sight.contract.conventions.auth
    scheme, _, credential = sent.rpartition(" ")
    return bool(VALUE_MARK.fullmatch(credential)) and scheme.lower() in {
        word.lower() for word in (auth.scheme, *auth.schemes.values())
    }


def _served(sight: Sight, how: str) -> Iterator[Finding]:
    refused, response = sight.contract.conventions.auth.refused, sight.exchange.response
    if response.ok:
        message = f"{sight.exchange.request.method} {sight.exchange.path} {how} was answered {response.status}"
        yield violated(message, expected=str(refused), actual=response.reason)


@check("auth.scheme-exact")
def scheme_is_exact(sight: Sight) -> Iterator[Finding]:
    """The client sends the credential's own scheme word as it is written, one space, and the credential unquoted."""
    auth = sight.contract.conventions.auth
    value = sight.caller
    if value is None or value == NAME_MARK:
        return  # What was masked whole tells nothing.
    known = VALUE_MARK.search(value)
    if known and not known[1].startswith("recorded-"):
        allowed = [auth.value(known[1], known[0])]
    else:
        # Which of the API's credentials it is, nobody knows.
        mark = known[0] if known else NAME_MARK
        allowed = list(dict.fromkeys(auth.value(name, mark) for name in ("default", *auth.schemes)))
    if value in allowed:
        yield HELD
    else:
        yield violated(
            "the client sent its credential in another form",
            expected=" or ".join(allowed),
            actual=value,
            party="client",
        )


def _members_of_success(sight: Sight) -> set[str]:
    operation = sight.exchange.operation
    schemas = [operation.responses.get(str(status)) for status in operation.success] if operation else []
    return {name for schema in schemas if schema for name in _properties(schema)}


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = dereferenced(schema, schema).get("properties", {})
    return properties
