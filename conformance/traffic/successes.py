"""Whether a success is one of its operation: any server can answer 200."""

from __future__ import annotations

from conformance.contract import Contract, dereferenced
from conformance.traffic.exchange import Exchange


def lacking(exchange: Exchange, contract: Contract) -> str | None:
    """What a 2xx to a GET lacks of what its operation promises, as `… has no list at /plans`; None for nothing.

    Only the frame counts: JSON, with the list, the resource or the members that are promised. What is in it is the
    business of requirements.
    """
    operation, response = exchange.operation, exchange.response
    if operation is None or operation.method != "GET" or response.raw:
        return None
    schema = operation.promised(response.status)
    if schema is None:
        return None
    if not response.is_json:
        return f"{exchange} has no JSON" if response.body else f"{exchange} has no body"
    if operation.collection is not None:
        place = operation.collection.items
        return None if isinstance(response.at(place), list) else f"{exchange} has no list at {place}"
    resource = contract.resource_of(operation)
    if resource is not None:
        return None if _is_filled(response.at(resource.object)) else f"{exchange} has no object at {resource.object!r}"
    shape, body = dereferenced(schema, schema), response.json
    if shape.get("type") != "object":
        return None
    if not isinstance(body, dict):
        return f"{exchange} is no object"
    absent = [name for name in shape.get("required", ()) if name not in body]
    if absent:
        return f"{exchange} has no {absent[0]}"
    # A map of whatever was put there may be empty.
    return None if body or shape.get("additionalProperties") is True else f"{exchange} is an empty object"


def _is_filled(value: object) -> bool:
    return isinstance(value, dict) and bool(value)
