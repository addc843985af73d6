"""Requirements proposed: those whose conventions are known, and which hold in what they were derived from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, field, frozen

from conformance.checks import Judge
from conformance.contract import Catalogue, Contract, Requirement, validated
from conformance.contract.verdict import Outcome
from conformance.proposals.candidates import CANDIDATES, Candidate
from conformance.proposals.conventions import Draft, flow
from conformance.proposals.evidence import Proposal
from conformance.proposals.material import Material

MOST_TOLD = 300


@frozen
class Proposed:
    """The requirements that are proposed, and those that are not.

    Attributes:
        records: as a file of requirements has them.
        seen: id → how often it was seen to hold.
        refused: one line for each that does not hold in the recordings themselves.
        unseen: one line for each that nothing was seen of, and no document promises.
    """

    records: tuple[dict[str, Any], ...]
    seen: Mapping[str, int] = field(factory=dict)
    refused: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    def text(self, head: str, title: str, url: str) -> str:
        """The content of `requirements.yaml`."""
        lines = [f"# {line}" for line in head.splitlines()]
        lines += ["document:", f"  title: {flow(title)}", f"  url: {flow(url)}"]
        lines.append("requirements:" if self.records else "requirements: []")
        for record in self.records:
            held = self.seen.get(record["id"], 0)
            for number, (key, value) in enumerate(record.items()):
                comment = f"  # held in {held} recorded exchanges" if key == "id" else ""
                lines.append(f"{'- ' if number == 0 else '  '}{key}: {flow(value)}{comment}")
        lines += [f"# Not proposed: {line}" for line in (*self.refused, *self.unseen)]
        return "\n".join(lines) + "\n"


def proposed(material: Material, draft: Draft, contract: Contract) -> Proposed:
    """What the API is to be held to.

    Args:
        contract: with the proposed conventions.
    """
    records = {record["id"]: record for record in _records(material, draft, contract.api)}
    held, broken = _judged(material, contract, records)
    while elsewhere := [
        name for name, (known, _) in broken.items() if not known and records[name]["operations"] == ["*"]
    ]:
        # What answers at paths that the document does not have need not be the API. What one requirement is
        # found to break says nothing of another one, so that they are judged again.
        for name in elsewhere:
            records[name]["operations"] = [operation.id for operation in contract.operations]
        held, broken = _judged(material, contract, records)
    kept, refused, unseen = [], [], []
    for name, record in records.items():
        if name in broken:
            refused.append(f"{name}: in what was recorded it does not hold: {broken[name][1][:MOST_TOLD]}")
        elif not held[name] and record["mode"] == "passive" and record["basis"] == "implied":
            unseen.append(f"{name}: nothing was recorded that could have shown it")
        else:
            kept.append(record)
    return Proposed(tuple(kept), held, tuple(refused), tuple(unseen))


def _records(material: Material, draft: Draft, api: str) -> Iterator[dict[str, Any]]:
    for candidate in CANDIDATES:
        given, operations = candidate.given(draft), candidate.operations(material, draft)
        if given is None or not operations:
            continue
        said = candidate.promised and all(each.said for each in given)
        yield {
            "id": f"{api}.{candidate.name}",
            **({"rule": candidate.rule} if candidate.rule else {}),
            "strength": "MUST" if said else "SHOULD",
            "basis": "text" if said else "implied",
            "mode": candidate.mode,
            "section": _section(candidate, given),
            "statement": candidate.statement,
            "check": candidate.check,
            "fault": candidate.fault,
            "operations": list(operations),
            **({"observe": candidate.observe(material, draft)} if candidate.observe else {}),
        }


def _section(candidate: Candidate, given: list[Proposal]) -> str:
    """Where it comes from: places of the document, and what was recorded."""
    parts = [
        f"{name}: {proposal.evidence}"
        for name, proposal in zip(candidate.rests_on, given, strict=True)
        if name not in ("name", "auth.credentials")
    ]
    return "; ".join(parts) or "what was recorded"


def _judged(
    material: Material, contract: Contract, records: Mapping[str, dict[str, Any]]
) -> tuple[Counter[str], dict[str, tuple[bool, str]]]:
    """How often each holds in the recordings; what first breaks those that do not, and if an operation does at all."""
    catalogue = Catalogue(
        document=contract.catalogue.document,
        requirements=tuple(validated(Requirement, record, record["id"]) for record in records.values()),
    )
    held: Counter[str] = Counter()
    broken: dict[str, tuple[bool, str]] = {}
    whole = evolve(contract, catalogue=catalogue)
    for sequence in material.sequences:
        judge = Judge(whole)
        judge.begin({})
        for exchange in sequence:
            operation = whole.router.find(exchange.request.method, exchange.path)
            for evidence in judge.observe(evolve(exchange, operation=operation)):
                if evidence.requirement is None or evidence.requirement.id not in records:
                    continue
                if evidence.finding.outcome is Outcome.HELD:
                    held[evidence.requirement.id] += 1
                elif evidence.finding.outcome is Outcome.VIOLATED and evidence.finding.party == "server":
                    where = f"{exchange.source or exchange}: {evidence.finding.message}"
                    known, first = broken.get(evidence.requirement.id, (False, " ".join(where.split())))
                    broken[evidence.requirement.id] = (known or exchange.operation is not None, first)
    return held, broken
