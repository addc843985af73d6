"""The ZEIT Now API."""

from conformance.reference.faults import Fault
from conformance.reference.zeit.server import build

FAULTS: tuple[Fault, ...] = ()

__all__ = ["FAULTS", "build"]
