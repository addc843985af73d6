"""What stands in the bodies of creates: where the name is, which texts there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from conformance.contract import Resource, pointer


def name_place(resource: Resource) -> str:
    """JSON pointer of the unique name in the body of a create; one that leads nowhere where there is none."""
    return next((place for place, value in leaves(resource.body) if "{unique}" in str(value)), "/{unique}")


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, f"{at}/{name}")
    else:
        yield at, value


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from texts(member)
    elif isinstance(value, str):
        yield value


def json_of(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def at_place(value: Any, place: str) -> Any:
    try:
        return pointer(value, place)
    except (LookupError, TypeError, ValueError):
        return None
