"""Which operations a proposed requirement is about, and which checks judge it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.contract import Operation
from conformance.proposals.conventions import Draft
from conformance.proposals.evidence import Proposal
from conformance.proposals.material import Material, tokens_of

Choice = Callable[[Material, Draft], tuple[str, ...]]
Observed = Callable[[Material, Draft], list[dict[str, Any]]]


def everywhere(_: Material, __: Draft) -> tuple[str, ...]:
    return ("*",)


def paged_lists(_: Material, draft: Draft) -> tuple[str, ...]:
    return tuple(name for name, told in draft.collections.items() if _is_paged(told))


def _is_paged(told: Mapping[str, Any]) -> bool:
    paged, identity = told["paged"], told["id"]
    return isinstance(identity, Proposal) and isinstance(paged, Proposal) and bool(paged.value)


def all_lists(_: Material, draft: Draft) -> tuple[str, ...]:
    return tuple(name for name, told in draft.collections.items() if isinstance(told["id"], Proposal))


def protected_reads(material: Material, _: Draft) -> tuple[str, ...]:
    recorded = {each.known_as for each in material.known if each.response.ok}
    return tuple(
        operation.id
        for operation in material.operations
        if operation.authorized == "required" and operation.method == "GET" and operation.id in recorded
    )


def reads_by_id(material: Material, _: Draft) -> tuple[str, ...]:
    recorded = {each.known_as for each in material.known if each.response.ok}
    return tuple(o.id for o in material.operations if o.method == "GET" and o.path_parameters and o.id in recorded)


def of_resources(role: str) -> Choice:
    def choose(material: Material, draft: Draft) -> tuple[str, ...]:
        recorded = {each.known_as for each in material.known if each.response.ok}
        found = (each.findings.get(role) for each in draft.complete)
        return tuple(each.value for each in found if isinstance(each, Proposal) and each.value in recorded)

    return choose


def by(*checks: str, operations: tuple[str, ...] | None = None, **arguments: Any) -> Observed:
    def observe(_: Material, __: Draft) -> list[dict[str, Any]]:
        rest = {"operations": list(operations)} if operations else {}
        return [{"check": name, **({"arguments": arguments} if arguments else {}), **rest} for name in checks]

    return observe


def media_types(material: Material, draft: Draft) -> list[dict[str, Any]]:
    classes = [2, *(draft.fields["errors.classes"].value if "errors.classes" in draft.fields else [])]
    raw = [operation.id for operation in material.operations if _is_raw(operation)]
    arguments = {"classes": classes, "may_be_empty": classes, **({"raw": raw} if raw else {})}
    return [{"check": "content-type.response-media-type", "arguments": arguments}]


def _is_raw(operation: Operation) -> bool:
    """Whether the document has an operation answer something else than JSON."""
    content = [t.lower() for s, answer in operation.answers.items() if s.startswith("2") for t in answer.content]
    return bool(content) and not all("json" in media_type for media_type in content)


def page_sizes(material: Material, draft: Draft) -> list[dict[str, Any]]:
    del material
    # Only pages that are counted by the server's own numbers are promised to be full.
    full = "pagination.numbered" in draft.fields
    return [{"check": "pagination.page-size-honoured", **({} if full else {"arguments": {"may_be_short": True}})}]


def page_members(material: Material, draft: Draft) -> list[dict[str, Any]]:
    """The members that tell of pages, with the types that all lists have them in."""
    del material
    types: dict[str, Any] = {"type": "object"}
    names = ("next", "prev", "total", "count", "more", "last", "pages")
    at = draft.fields["pagination.envelope"].value
    for name in names:
        proposal = draft.fields.get(f"pagination.{name}")
        if proposal is None or not str(proposal.value).startswith(f"/{at}/"):
            continue
        inner = tokens_of(proposal.value)[1:]
        node = types
        for part in inner[:-1]:
            node = node.setdefault("properties", {}).setdefault(part, {"type": "object"})
        node.setdefault("properties", {})[inner[-1]] = _TYPES[name]
        if proposal.held and not proposal.against:
            node.setdefault("required", []).append(inner[-1])
    return [{"check": "schema", "arguments": {"at": f"/{at}", "schema": types}}]


_NEIGHBOUR = {"type": ["string", "integer", "object", "null"], "minimum": 1}
_TYPES: dict[str, Any] = {
    "next": _NEIGHBOUR,
    "prev": _NEIGHBOUR,
    "total": {"type": "integer", "minimum": 0},
    "count": {"type": "integer", "minimum": 0},
    "pages": {"type": "integer", "minimum": 0},
    "more": {"type": "boolean"},
    "last": {"type": "boolean"},
}


def reset_form(material: Material, draft: Draft) -> list[dict[str, Any]]:
    del material
    form = draft.fields["rate_limit.headers.reset_in"].value
    return [{"check": f"rate-limit.reset-{form}-seconds"}]
