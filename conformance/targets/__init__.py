"""Who answers: cassettes, the reference server, or any URL; and the client that speaks to them."""

from conformance.targets.client import Client
from conformance.targets.config import Selection, select
from conformance.targets.errors import (
    HarnessError,
    NotExercised,
    NotRecorded,
    Stale,
    TargetError,
    Unsupported,
)
from conformance.targets.reference import ReferenceTarget
from conformance.targets.target import CassetteTarget, Observer, Session, TakeTarget, Target, UrlTarget
from conformance.traffic.urls import is_loopback

__all__ = [
    "CassetteTarget",
    "Client",
    "HarnessError",
    "NotExercised",
    "NotRecorded",
    "Observer",
    "ReferenceTarget",
    "Selection",
    "Session",
    "Stale",
    "TakeTarget",
    "Target",
    "TargetError",
    "Unsupported",
    "UrlTarget",
    "is_loopback",
    "select",
]
