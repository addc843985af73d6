"""The reference server of Vultr and its faults."""

from conformance.reference.vultr.faults import FAULTS
from conformance.reference.vultr.server import build

__all__ = ["FAULTS", "build"]
