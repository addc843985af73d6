"""The reference server of Snyk and its faults."""

from conformance.reference.snyk.faults import FAULTS
from conformance.reference.snyk.server import build

__all__ = ["FAULTS", "build"]
