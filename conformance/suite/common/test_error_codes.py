"""The error codes that a document lists: each is provoked, and comes with what it is documented with."""

import re
from typing import Any

from conformance.contract import Contract
from conformance.properties import Subject, assert_equal, property_test, requirement
from conformance.properties.exercise import options_of
from conformance.properties.resource import filled_in
from conformance.targets import Client

_LETTERS = re.compile(r"\{(\d+) letters\}")
_NUMBERED = re.compile(r"\{1\.\.(\d+)\}")


def provoked(subject: Subject) -> list[dict[str, str]]:
    """The codes that one call is answered with."""
    codes = subject.conventions.errors.codes
    return [{"code": code} for code, documented in codes.items() if documented.provoke is not None]


def written_out(value: Any) -> Any:
    """A value in which letters and numbered members are written out."""
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for name, member in value.items():
            numbered = _NUMBERED.fullmatch(name)
            names = [f"KEY_{n}" for n in range(int(numbered[1]))] if numbered else [written_out(name)]
            found |= dict.fromkeys(names, written_out(member))
        return found
    if isinstance(value, list):
        return [written_out(item) for item in value]
    return _LETTERS.sub(lambda match: "K" * int(match[1]), value) if isinstance(value, str) else value


@requirement("errors.code-extras", once=True)
@property_test(examples=provoked)
def test_an_error_code_comes_with_its_members(subject: Subject, contract: Contract, client: Client, code: str) -> None:
    """Where the call that is documented to be answered with a code is, the error has the members the code comes with.

    What else is documented of the code, as its status is, is judged wherever it is seen.
    """
    errors = contract.conventions.errors
    documented = errors.codes[code]
    how = documented.provoke
    assert how is not None
    subject.need(*how.needs)
    operation = contract.operation(how.call)
    if operation.writes:
        subject.need("writes")
    resource = contract.resource_of(operation)
    known = {name: values[0] for name, values in subject.session.parameters.items() if values}
    values = {name: how.values.get(name) or subject.values(operation)[name] for name in operation.path_parameters}
    options = options_of(operation)
    if resource is not None and operation.id == resource.create:
        things = subject.things_of(resource)
        client.control(things.post())
        options["body"] = things.body()
    elif "billable" not in how.needs:
        client.control(client.call(operation, subject.values(operation), **options))
    if how.change:
        change = filled_in(written_out(how.change), {"unique": subject.prefix, **known})
        body = {**(options.get("body") or {}), **change}
        options["body"] = {name: value for name, value in body.items() if value is not None}
    if how.query:
        options["query"] = how.query
    exchange = client.call(operation, values, credential=how.credential, negative=True, **options)
    error = exchange.response.at(errors.error)
    error = error if isinstance(error, dict) else {}
    # Which code answers what is said by requirements of their own.
    if error.get(errors.code) in (code, *documented.spelled) and documented.if_message is None and documented.extra:
        missing = [name for name in documented.extra if name not in error and documented.renamed.get(name) not in error]
        assert_equal(missing, [], f"the members that the error {code} lacks", exchange=exchange)
