"""The reference server of Vercel and its faults."""

from conformance.reference.vercel.faults import FAULTS
from conformance.reference.vercel.server import build

__all__ = ["FAULTS", "build"]
