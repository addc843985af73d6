"""The reference server of ZEIT Now and its faults."""

from conformance.reference.zeit.faults import FAULTS
from conformance.reference.zeit.server import build

__all__ = ["FAULTS", "build"]
