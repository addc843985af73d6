"""The reference server of the Netlify API and its faults."""

from conformance.reference.netlify.faults import FAULTS
from conformance.reference.netlify.server import build

__all__ = ["FAULTS", "build"]
