"""Conventions proposed: every field with its evidence, as data and as the text of a `conventions.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from attrs import frozen

from conformance.contract import Conventions, validated
from conformance.proposals.access import auth, media_types
from conformance.proposals.errors import errors
from conformance.proposals.evidence import Abstained, Finding, Findings, Proposal
from conformance.proposals.limits import rate_limit
from conformance.proposals.lists import Listed, lists_of
from conformance.proposals.material import Material
from conformance.proposals.paging import pagination
from conformance.proposals.resources import Proposed, resources
from conformance.proposals.versions import versioning

_NEEDED = {
    "pagination": ("style", "cursor"),
    "versioning": ("carrier", "pattern"),
    "rate_limit.headers": ("limit", "remaining", "reset"),
}
"""What a record cannot be written without."""

_OF_A_RESOURCE = ("create", "body", "id", "parameter", "object")


@frozen
class Draft:
    """What is proposed of an API.

    Attributes:
        findings: field of the conventions, its names joined by dots → what is proposed for it.
        lists: the operations that answer lists.
        resources: what can be created; those that lack something needed are only told of.
    """

    findings: Findings
    lists: tuple[Listed, ...]
    resources: tuple[Proposed, ...]

    @property
    def fields(self) -> Mapping[str, Proposal]:
        """The fields that have a value, and stand in a record that can be written."""
        return {
            name: finding
            for name, finding in self.findings.items()
            if isinstance(finding, Proposal) and not _is_cut_off(self.findings, name)
        }

    @property
    def complete(self) -> tuple[Proposed, ...]:
        """The resources that can be written."""
        return tuple(
            each
            for each in self.resources
            if all(isinstance(each.findings.get(name), Proposal) for name in _OF_A_RESOURCE)
        )

    @property
    def collections(self) -> Mapping[str, Mapping[str, Finding]]:
        """Operation → what is proposed of its list."""
        cursor = self.fields.get("pagination.cursor")
        # A list that takes a size alone cannot be gone through.
        parameters = {cursor.value} if cursor is not None else set()
        found: dict[str, Mapping[str, Finding]] = {}
        for listed in self.lists:
            asked = {p["name"] for p in listed.operation.parameters if p["in"] == "query"} & parameters
            asked |= {n for each in listed.answers for n, _ in each.request.query} & parameters
            told = {"items": listed.items, "id": listed.id}
            found[listed.operation.id] = {**told, "paged": Proposal(bool(asked), of="lists")}
        return found

    def data(self) -> dict[str, Any]:
        """The conventions as they are read."""
        data: dict[str, Any] = {}
        for name, proposal in self.fields.items():
            *holders, last = name.split(".")
            record = data
            for holder in holders:
                record = record.setdefault(holder, {})
            record[last] = proposal.value
        data["collections"] = {
            operation: {key: finding.value for key, finding in told.items() if isinstance(finding, Proposal)}
            for operation, told in self.collections.items()
            if isinstance(told["id"], Proposal)
        }
        data["resources"] = [
            {"name": each.name, **{key: f.value for key, f in each.findings.items() if isinstance(f, Proposal)}}
            for each in self.complete
        ]
        return data

    def conventions(self) -> Conventions:
        """The same, checked.

        Raises:
            ContractError: a field is not what conventions hold.
        """
        return validated(Conventions, self.data(), "the proposed conventions")

    def text(self, head: str) -> str:
        """The content of `conventions.yaml`: each value with its evidence, each gap with what to record."""
        lines = [f"# {line}" for line in head.splitlines()]
        lines += _lines(self.findings, self.fields)
        lines.append("# Where each list has its records, and what identifies one.")
        lines += _collection_lines(self.collections)
        lines += _resource_lines(self)
        return "\n".join(lines) + "\n"


def draft(material: Material, name: str, title: str, base_url: Proposal) -> Draft:
    """What is proposed of an API that is called `title`, in files of the name `name`."""
    lists = lists_of(material)
    findings: dict[str, Finding] = {"name": Proposal(title, said=("#/info/title",)), "base_url": base_url}
    for area in (auth(material, name), media_types(material), errors(material), pagination(material, lists)):
        findings.update(area)
    findings.update({**rate_limit(material), **versioning(material)})
    return Draft(findings, lists, resources(material, lists))


def _is_cut_off(findings: Findings, name: str) -> bool:
    """Whether a field stands in a record that lacks something it needs."""
    records = [record for record in _NEEDED if name.startswith(f"{record}.")]
    return any(not isinstance(findings.get(f"{r}.{n}"), Proposal) for r in records for n in _NEEDED[r])


def _lines(findings: Findings, fields: Mapping[str, Proposal]) -> Iterator[str]:
    """The fields, record by record; what is left out stands as a comment at its place."""
    opened: tuple[str, ...] = ()
    for name, finding in _in_order(findings):
        *holders, last = name.split(".")
        if name not in fields:
            yield f"# {name}: left out: {_one_line(finding.evidence)}"
            continue
        for depth, holder in enumerate(holders):
            if opened[: depth + 1] != tuple(holders[: depth + 1]):
                yield f"{'  ' * depth}{holder}:"
        opened = tuple(holders)
        yield _field("  " * len(holders), last, fields[name])


def _in_order(findings: Findings) -> list[tuple[str, Finding]]:
    """The fields of one record together, in the order in which the records came; records inside come last."""
    places: dict[str, int] = {}
    for name in findings:
        places.setdefault(name.split(".")[0], len(places))

    def place(item: tuple[str, Finding]) -> tuple[int, int, str]:
        record, _, _ = item[0].rpartition(".")
        return places[item[0].split(".")[0]], item[0].count("."), record

    return sorted(findings.items(), key=place)


def _field(indent: str, name: str, finding: Finding) -> str:
    if isinstance(finding, Abstained):
        return f"{indent}# {name}: left out: {_one_line(finding.evidence)}"
    text = f"{indent}{name}: {flow(finding.value)}"
    return f"{text}  # {_one_line(finding.evidence)}"


def _collection_lines(collections: Mapping[str, Mapping[str, Finding]]) -> Iterator[str]:
    written = {name: told for name, told in collections.items() if isinstance(told["id"], Proposal)}
    yield "collections:" if written else "collections: {}"
    for operation, told in collections.items():
        if operation not in written:
            yield f"# {flow(operation)}: left out: {_one_line(told['id'].evidence)}"
            continue
        values = {key: finding.value for key, finding in told.items() if isinstance(finding, Proposal)}
        shown = f"records: {told['items'].evidence}; id: {told['id'].evidence}"
        yield f"  {flow(operation)}: {flow(values)}  # {_one_line(shown)}"


def _resource_lines(made: Draft) -> Iterator[str]:
    complete = made.complete
    yield "# What can be created, read, changed and deleted."
    yield "resources:" if complete else "resources: []"
    for each in made.resources:
        if each not in complete:
            lacking = [name for name in _OF_A_RESOURCE if not isinstance(each.findings.get(name), Proposal)]
            missing = each.findings.get(lacking[0])
            why = missing.evidence if missing is not None else "not known"
            yield f"# {_one_line(each.name)}: left out: {lacking[0]}: {_one_line(why)}"
            continue
        yield f"- name: {flow(each.name)}"
        for key, finding in each.findings.items():
            yield _field("  ", key, finding)


class _Plainly(yaml.SafeDumper):
    """Writes a value that stands at several places at each of them."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def flow(value: Any) -> str:
    """A value as YAML in one line."""
    text = yaml.dump(
        value, Dumper=_Plainly, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False
    )
    return str(text).removesuffix("\n").removesuffix("\n...")


def _one_line(text: str) -> str:
    return " ".join(text.split())
