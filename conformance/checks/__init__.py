"""Passive checks: what any exchange shows about the requirements, whoever made it."""

from conformance.checks import (
    auth,
    baseline,
    content_type,
    declared,
    errors,
    json_api,
    links,
    neighbours,
    pagination,
    rate_limit,
    schema,
    security,
    types,
    versioning,
)
from conformance.checks.base import CHECKS, HELD, Finding, Sight, check, note, violated
from conformance.checks.judge import Evidence, Judge, bindings, verify

__all__ = [
    "CHECKS",
    "HELD",
    "Evidence",
    "Finding",
    "Judge",
    "Sight",
    "auth",
    "baseline",
    "bindings",
    "check",
    "content_type",
    "declared",
    "errors",
    "json_api",
    "links",
    "neighbours",
    "note",
    "pagination",
    "rate_limit",
    "schema",
    "security",
    "types",
    "verify",
    "versioning",
    "violated",
]
