"""What a document leaves to the target, as whoever runs the target states it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from conformance.contract import Record


class ReleaseFact(Record):
    """One release of an operation.

    Attributes:
        operation: `METHOD /path`, as the contract names it.
        version: the version that names exactly this release.
        deprecated: it is marked as deprecated; being superseded alone is not that.
        sunset: the day its support ends, as a version.
        marker: JSON pointer → the value there in an answer of this release, null for a member that is not there.
        absent: JSON pointers of members that are not there, for what has no null, such as TOML.
    """

    operation: str
    version: str
    deprecated: bool = False
    sunset: str | None = None
    marker: dict[str, Any] = Field(default_factory=dict)
    absent: tuple[str, ...] = ()


class TypeFact(Record):
    """The declared type of a field.

    Attributes:
        type: its name in the document, as `x-type` in `openapi.yaml` has it.
        null: it may be null.
        values: all values it may have, empty where any will do.
    """

    type: str
    null: bool = False
    values: tuple[Any, ...] = ()


class EnvironmentFact(Record):
    """How environment variables are written, where the document shows no bodies.

    Attributes:
        site: the query parameter that names the site whose variables are meant; without it, they are shared.
        many: a create takes an array of variables.
        variable: the body of a create or a replacement, with `{key}` and `{value}` in the place of what is sent.
        value: the body of an update, with `{context}` and `{value}`.
    """

    site: str | None = None
    many: bool = False
    variable: dict[str, Any] = Field(default_factory=dict)
    value: dict[str, Any] = Field(default_factory=dict)


class Facts(Record):
    """What is known of a target; each is optional, and without it what needs it is judged less or not at all.

    Attributes:
        releases: the releases that dated versions resolve to.
        baseline: operation → version → the shape of its answers, as a recording keeps it.
        types: operation → JSON pointer, `*` for every item → the declared type of what is there.
        keys: operation → JSON pointer → member → JSON type, as an earlier recording had them.
        times: operation → the member that a list is ordered and cut by.
        seeded: operation → team, empty for the user → the id of a record that belongs to it.
        others: operation → the id of a record that another account alone has.
        roles: what a user is in the team that the target names → the user's id.
        emulator: what stands for what happens outside the API → the path to call, or what to say there.
        environment: how environment variables are written.
        sites: where the pages of a site answer, which are no part of the API: a path in which its name is `{name}`.
        volatile: members that may change though nobody writes.
        rate_limit: how requests are counted where the document leaves it open.
        lifetime: seconds from the start of a run after which the credential that expires has done so.
    """

    releases: tuple[ReleaseFact, ...] = ()
    baseline: dict[str, dict[str, dict[str, dict[str, tuple[str, ...]]]]] = Field(default_factory=dict)
    types: dict[str, dict[str, TypeFact]] = Field(default_factory=dict)
    keys: dict[str, dict[str, dict[str, str]]] = Field(default_factory=dict)
    times: dict[str, str] = Field(default_factory=dict)
    seeded: dict[str, dict[str, str]] = Field(default_factory=dict)
    others: dict[str, str] = Field(default_factory=dict)
    roles: dict[str, str] = Field(default_factory=dict)
    emulator: dict[str, str | dict[str, str]] = Field(default_factory=dict)
    environment: EnvironmentFact | None = None
    sites: str | None = Field(default=None, pattern=r"^/.+/\{name\}")
    volatile: tuple[str, ...] = ()
    rate_limit: Literal["fixed-window"] | None = None
    lifetime: float | None = None

    @property
    def stated(self) -> dict[str, Any]:
        """Those that were given, as a recording keeps them."""
        found = self.model_dump(mode="json", exclude_unset=True)
        for release in found.get("releases", ()):
            if absent := release.pop("absent", ()):
                release["marker"] = {**release.get("marker", {}), **dict.fromkeys(absent)}
        return found
