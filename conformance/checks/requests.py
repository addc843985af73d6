"""What a request asks beyond what is allowed, or by a filter, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.base import HELD, Arguments, Finding, Sight, as_json, check, controlled, violated
from conformance.checks.releases import version_of

# These are answered by what stands in front of an API, whatever was asked.
_FROM_IN_FRONT = frozenset({502, 503, 504})


@check("pagination.maximum-recorded")
def maximum_is_kept(sight: Sight) -> Iterator[Finding]:
    """A page size beyond the maximum is refused, or brings no more than the maximum."""
    page, pagination = sight.page, sight.contract.conventions.pagination
    if pagination is None or page is None or page.size_asked is None:
        return
    count, maximum = len(page.records), pagination.page_size.maximum
    if maximum is not None and page.size_asked > maximum:
        if count > maximum:
            yield violated(
                f"a page size of {page.size_asked} brought {count} records",
                expected=f"a refusal, or at most {maximum} records",
                actual=f"{count} records",
            )
        elif count == maximum and page.next is not None:
            yield HELD


@check("pagination.bad-size-recorded")
def bad_size_is_no_error(sight: Sight) -> Iterator[Finding]:
    """A page size that is no whole number of 1 or more is refused, or brings an ordinary page, and no server error.

    A refusal counts where a page size that is one brings a page.
    """
    pagination, exchange = sight.contract.conventions.pagination, sight.exchange
    size = exchange.request.parameter(pagination.page_size.parameter) if pagination else None
    if pagination is None or size is None:
        return
    if size.isascii() and size.isdigit() and int(size[:9]) > 0:
        yield from controlled(sight, sight.place, control=sight.page is not None, held=False)
        return
    response, most = exchange.response, pagination.page_size.fallback
    count = len(sight.page.records) if sight.page is not None else 0
    too_many = most is not None and count > most
    if (response.status_class == 5 and response.status not in _FROM_IN_FRONT) or too_many:
        yield violated(
            f"a page size of {as_json(size)} was answered {response.reason} with {count} records",
            expected="a refusal, or " + (f"at most {most} records" if most is not None else "an ordinary page"),
            actual=f"{response.reason}, {count} records",
        )
    else:
        yield from controlled(sight, sight.place, control=False, held=response.status_class == 4)


class Filters(Arguments):
    everything: tuple[str, ...] = ()


@check("crud.filter-recorded", Filters)
def filter_is_kept(sight: Sight) -> Iterator[Finding]:
    """Where the records of a filtered list show the member that it is filtered by, all have the value asked for.

    That shows something where the list holds, without the filter or with another, a record of another value.

    Arguments:
        everything: values that stand for all records.
    """
    page, operation = sight.page, sight.exchange.operation
    if page is None or operation is None or operation.collection is None or sight.exchange.negative:
        return
    for name in operation.collection.filters:
        value = sight.exchange.request.parameter(name)
        shown = [
            record[name] for record in page.records if isinstance(record, dict) and isinstance(record.get(name), str)
        ]
        known: set[str] = sight.memory.setdefault((operation.id, name), set())
        kept: set[str] = sight.memory.setdefault((operation.id, name, "kept"), set())
        known.update(one.casefold() for one in shown)
        is_filter = bool(value) and value not in sight.arguments.get("everything", ())
        others = sorted({one for one in shown if one.casefold() != str(value).casefold()}) if is_filter else []
        if others:
            yield violated(
                f"a list filtered by {name}={value} holds a record with {name} {others[0]}",
                expected=f"only records with {name} {value}",
                actual=", ".join(others[:5]),
            )
        elif is_filter and shown:
            kept.add(str(value).casefold())
        for one in [one for one in kept if known - {one}]:
            kept.remove(one)
            yield HELD


@check("versioning.bad-version-recorded")
def bad_version_is_refused(sight: Sight) -> Iterator[Finding]:
    """A version that is no date, or one that no calendar has, or an unknown stability is a client error.

    What a stability alone would mean is left open. It counts where another version is served.
    """
    versioning, exchange = sight.contract.conventions.versioning, sight.exchange
    asked = exchange.request.parameter(versioning.parameter) if versioning and versioning.parameter else None
    if versioning is None or asked is None or exchange.operation is None:
        return
    if version_of(asked, versioning):
        yield from controlled(sight, sight.place, control=exchange.response.ok, held=False)
        return
    if asked.removeprefix("~") in versioning.stabilities:
        return
    if exchange.response.ok:
        yield violated(f"version {asked} was answered {exchange.response.reason}", expected="4xx", actual=asked)
    else:
        yield from controlled(sight, sight.place, control=False, held=exchange.response.status_class == 4)


@check("auth.refusal-status")
def refusal_has_its_status(sight: Sight) -> Iterator[Finding]:
    """Authentication is refused with one status, so that 401, which means nothing else, comes where it is that one."""
    refused, status = sight.contract.conventions.auth.refused, sight.exchange.response.status
    if status == 401 != refused:
        yield violated("authentication was refused with 401", expected=str(refused), actual=str(status))
