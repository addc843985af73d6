"""The baseline of a target: what the answers of each version look like, learnt from exchanges that are in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.checks.shapes import Shape, shape_of
from conformance.checks.versioning import shape_key
from conformance.contract import Versioning
from conformance.traffic.exchange import Exchange

Baseline = dict[str, dict[str, dict[str, Any]]]


def learnt(exchanges: Iterable[Exchange], facts: Mapping[str, Any], versioning: Versioning) -> Baseline:
    """Operation → version → shape: what every object in the successful answers had, as `facts["baseline"]` takes it."""
    shapes: dict[tuple[str, str], Shape] = {}
    for exchange in exchanges:
        if exchange.operation is None or not exchange.response.ok or not isinstance(exchange.response.at(""), dict):
            continue
        version, _ = shape_key(exchange, facts, versioning)
        if version is not None:
            key = (exchange.operation.id, version)
            shapes[key] = shapes.get(key, Shape()).merged(shape_of(exchange.response.json))
    baseline: Baseline = {}
    for (operation, version), shape in sorted(shapes.items()):
        baseline.setdefault(operation, {})[version] = shape.to_json()
    return baseline
