"""The shapes of what is read of an OpenAPI document; what else it holds is left as it is."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

Mapping = dict[str, Any]
Values = list[str | int | float | bool]


class Shape(BaseModel):
    """Base of them: further members are not looked at."""

    model_config = ConfigDict(extra="ignore")


class MediaType(Shape):
    content_schema: Mapping | None = Field(default=None, alias="schema")


class Holder(Shape):
    """A request body or a response."""

    content: dict[str, MediaType] = Field(default_factory=dict)


class Parameter(Shape):
    name: StrictStr
    place: StrictStr = Field(alias="in")
    required: bool = False
    many_segments: StrictBool = Field(default=False, alias="x-many-segments")
    examples: dict[str, Mapping] = Field(default_factory=dict)


class Listing(Shape):
    """`x-collection`."""

    items: StrictStr
    id: StrictStr | list[StrictStr] = "id"
    paged: bool = True
    filters: dict[str, Values] = Field(default_factory=dict)
    sorts: list[StrictStr] = Field(default_factory=list)


class Entry(Shape):
    """An operation."""

    parameters: list[Mapping] = Field(default_factory=list)
    responses: dict[str, Mapping]
    body: Mapping | None = Field(default=None, alias="requestBody")
    security: list[Mapping] | None = None
    basis: StrictStr = Field(default="documented", alias="x-basis")
    collection: Listing | None = Field(default=None, alias="x-collection")


class PathItem(Shape):
    parameters: list[Mapping] = Field(default_factory=list)
