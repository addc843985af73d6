"""Passive checks: what any exchange shows about the requirements, whoever made it."""

from conformance.checks import (
    content_type,
    errors,
    pagination,
    rate_limit,
    schema,
    security,
    types,
    versioning,
)
from conformance.checks.base import CHECKS, HELD, Finding, Sight, check, violated
from conformance.checks.judge import Evidence, Judge, bindings

__all__ = [
    "CHECKS",
    "HELD",
    "Evidence",
    "Finding",
    "Judge",
    "Sight",
    "bindings",
    "check",
    "content_type",
    "errors",
    "pagination",
    "rate_limit",
    "schema",
    "security",
    "types",
    "versioning",
    "violated",
]
