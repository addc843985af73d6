"""Requests outside an operation's schema, from Schemathesis' enumeration of a schema's boundaries.

Schemathesis generates them; it neither sends nor judges. A case keeps what was done to it, in words: from the
values alone nobody could tell any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from conformance.contract import Contract, Operation

if TYPE_CHECKING:
    from schemathesis import Case

MALFORMED = frozenset(
    {
        "duplicate_parameter",
        "incorrect_type",
        "invalid_enum_value",
        "invalid_format",
        "invalid_pattern",
        "not_multiple_of",
        "object_missing_required_property",
        "string_above_max_length",
        "string_below_min_length",
        "value_above_maximum",
        "value_below_minimum",
    }
)


def bad_queries(contract: Contract, operation: Operation) -> list[dict[str, Any]]:
    """Cases `{"mutation": what is wrong, "query": [[name, value], …]}`, each different in its query."""
    found: dict[tuple[tuple[str, str], ...], str] = {}
    for case, mutation in _negative_cases(contract, operation, "query"):
        pairs = [
            (name, str(value))
            for name, values in (case.query or {}).items()
            for value in (values if isinstance(values, list) else [values])
        ]
        if pairs:
            found.setdefault(tuple(pairs), mutation)
    return [{"mutation": mutation, "query": [list(pair) for pair in query]} for query, mutation in found.items()]


def bad_bodies(contract: Contract, operation: Operation) -> list[dict[str, Any]]:
    """Cases `{"mutation": what is wrong, "body": JSON}`, each different in its body.

    What is wrong as another media type may be right as JSON: an empty object is no archive.
    """
    found: list[dict[str, Any]] = []
    for case, mutation in _negative_cases(contract, operation, "body"):
        if "json" in (case.media_type or "") and not any(case.body == other["body"] for other in found):
            found.append({"mutation": mutation, "body": case.body})
    return found


def _negative_cases(contract: Contract, operation: Operation, where: str) -> Iterator[tuple[Case[Any], str]]:
    # Only a run that draws its cases pays for the import: replay has them in the cassette.
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.config import GenerationConfig

    # Coverage leaves out what it has enumerated before, and remembers that in the schema: hence a fresh one.
    schema = schemathesis.openapi.from_dict(dict(contract.document))
    described = schema[operation.path][operation.method]
    for case in schema.iter_coverage_cases(
        described, generation_modes=[GenerationMode.NEGATIVE], generation_config=GenerationConfig()
    ):
        data = case.meta.phase.data if case.meta is not None else None
        scenario, location = getattr(data, "scenario", None), getattr(data, "parameter_location", None)
        if case.method != operation.method or scenario is None or location is None:
            continue
        if scenario.value in MALFORMED and location.value == where:
            yield case, str(getattr(data, "description", scenario.value))
