"""Response defects, planted on what a run really got: would what was held to it have seen them?"""

from conformance.planting import (
    access,
    bodies,
    documented,
    http,
    json_api,
    links,
    pages,
    rates,
    resources,
    schemas,
    values,
    versions,
)
from conformance.planting.base import PLANTS, UNPLANTED, Conversation, Defect, Scene, breaks
from conformance.planting.sampling import Sampler
from conformance.planting.trial import Trials

__all__ = [
    "PLANTS",
    "UNPLANTED",
    "Conversation",
    "Defect",
    "Sampler",
    "Scene",
    "Trials",
    "access",
    "bodies",
    "breaks",
    "documented",
    "http",
    "json_api",
    "links",
    "pages",
    "rates",
    "resources",
    "schemas",
    "values",
    "versions",
]
