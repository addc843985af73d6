"""Resources: what can be created, read, changed and deleted, by the shapes of paths and by what was recorded."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from conformance.contract import Operation
from conformance.contract.templates import is_parameter
from conformance.proposals.evidence import Abstained, Finding, Findings, Proposal, Votes
from conformance.proposals.lists import IDS, Listed
from conformance.proposals.material import (
    Material,
    last_word,
    plain,
    properties_of,
    resolved,
    singular,
    token,
    types_of,
)
from conformance.traffic.exchange import Exchange

_NAMES = ("name", "title", "label", "slug", "domain", "hostname", "username", "alias", "subject", "summary")
_HOSTLIKE = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\.?")
_UNIQUE = "{unique}"
_NOT_MADE = frozenset(("actions", "search", "query", "batch", "bulk", "login", "token", "validate", "export", "import"))
"""Last words of paths whose POST makes nothing that has an id below them."""


@frozen
class Proposed:
    """A resource: its name, its operations and what else is proposed of it."""

    name: str
    findings: Findings


def resources(material: Material, lists: tuple[Listed, ...]) -> tuple[Proposed, ...]:
    """Every resource that has a create and its own path below that."""
    by_path: dict[str, dict[str, Operation]] = defaultdict(dict)
    for operation in material.operations:
        by_path[operation.path.rstrip("/")][operation.method] = operation
    found = []
    for path, operations in by_path.items():
        create = operations.get("POST")
        last = path.rpartition("/")[2]
        if create is None or is_parameter(last) or plain(last) in _NOT_MADE:
            continue
        own = [each for each in by_path if each.rpartition("/")[0] == path and is_parameter(each.rpartition("/")[2])]
        if own:
            # Several templates of one shape differ in what their parameter is called.
            roles = {method: operation for path_ in own for method, operation in by_path[path_].items()}
            most = max(own, key=lambda each: (len(by_path[each]), each))
            found.append(_resource(material, create, operations.get("GET"), most, roles, lists))
    return tuple(_named_apart(found))


def _named_apart(found: list[Proposed]) -> list[Proposed]:
    """Resources with names of their own: those of one name are told by their paths."""
    names = Votes.of(each.name for each in found)
    return [
        each
        if names.counts[each.name] == 1
        else Proposed(str(each.findings["create"].value).partition(" ")[2], each.findings)  # type: ignore[union-attr]
        for each in found
    ]


def _resource(
    material: Material,
    create: Operation,
    listing: Operation | None,
    path: str,
    own: Mapping[str, Operation],
    lists: tuple[Listed, ...],
) -> Proposed:
    name = singular(last_word(create)).replace("_", " ").replace("-", " ")
    roles = {"create": create, "read": own.get("GET"), "replace": own.get("PUT"), "update": own.get("PATCH")}
    listed = next((each for each in lists if listing is not None and each.operation.id == listing.id), None)
    roles |= {"delete": own.get("DELETE"), "list": listed.operation if listed is not None else None}
    found: dict[str, Finding] = {
        role: Proposal(operation.id, _times(material, operation), 0, "exchanges", (material.pointer_to(operation),))
        for role, operation in roles.items()
        if operation is not None
    }
    parameter = path.rpartition("/{")[2].rstrip("}")
    found["parameter"] = Proposal(parameter, said=(material.pointer_to(create),))
    identity = _id(material, roles, parameter, listed)
    found["id"] = identity
    found["object"] = _object(material, [each for each in (create, roles["read"]) if each is not None], identity)
    found["body"] = _body(material, create)
    found["billable"] = Proposal(True, but=("nothing tells that a create costs nothing",))
    required = _required(create)
    if required:
        found["required"] = Proposal(required, said=(material.pointer_to(create, "requestBody"),))
    return Proposed(name, found)


def _times(material: Material, operation: Operation) -> int:
    return sum(each.known_as == operation.id and each.response.ok for each in material.known)


def _id(material: Material, roles: Mapping[str, Operation | None], parameter: str, listed: Listed | None) -> Finding:
    """The member by whose value the resource's path is made."""
    asked = defaultdict(set)
    for each in material.known:
        if each.operation is not None and parameter in each.operation.path_parameters and each.response.ok:
            asked[each.operation.path].add(each.operation.values_in(each.path)[parameter])
    those = tuple(operation for operation in roles.values() if operation is not None)
    values = next((asked[each.path] for each in those if parameter in each.path_parameters[-1:]), set())
    shown = [
        (name, str(value))
        for each in material.known
        if each.operation in those and each.response.ok and each.response.is_json
        for record in _things(each, listed)
        for name, value in record.items()
        if isinstance(value, str | int) and not isinstance(value, bool)
    ]
    matching = Votes.of(name for name, value in shown if value in values)
    called = singular(last_word(those[0]))
    candidates = [name for name in dict.fromkeys((*IDS, parameter, called)) if matching.counts[name]]
    if candidates:
        # What a create answers has to tell which one was made.
        create = roles["create"]
        made = {
            name
            for each in (material.answers.get(create.id, ()) if create is not None else ())
            for thing in _things(each, listed)
            for name in thing
        }
        chosen = next((name for name in candidates if name in made), candidates[0])
        return matching.proposal(chosen, "values that were asked for")
    create = roles["create"]
    word = plain(singular(last_word(create))) if create is not None else ""
    if listed is not None and isinstance(listed.id, Proposal) and _is_meant(parameter, listed.id.value, word):
        return listed.id
    schema = material.schema_of(create) if create is not None else None
    for _, members in _objects(schema):
        found = next((each for each in (*IDS, parameter) if each in members and _is_meant(parameter, each, word)), None)
        if found is not None and create is not None:
            return Proposal(found, said=(material.pointer_to(create, "responses"),))
    return Abstained("nothing tells which member its path is made of", "a create and a read of what it made")


def _is_meant(parameter: str, member: str, word: str) -> bool:
    """Whether a path parameter is called as a member is, with or without the word for what it is a member of."""
    asked, name = plain(parameter), plain(member)
    if name in ("id", "uuid", "uid", "guid", "sid", "gid", "identifier"):
        return asked.endswith(("id", "uuid", "guid", "identifier"))
    return asked in (name, word + name)


def _things(exchange: Exchange, listed: Listed | None) -> list[dict[str, Any]]:
    """The objects that an answer is about: its records, or itself and what it wraps."""
    body = exchange.response.json
    if listed is not None and exchange.known_as == listed.operation.id:
        return [each for each in listed.records(exchange) if isinstance(each, dict)]
    if not isinstance(body, dict):
        return []
    return [body, *(member for member in body.values() if isinstance(member, dict))]


def _objects(schema: Mapping[str, Any] | None) -> list[tuple[str, Mapping[str, Any]]]:
    """Where a schema describes an object at the top or right below it, with the members of each."""
    if schema is None:
        return []
    members = properties_of(schema, schema)
    below = [(token(name), properties_of(schema, member)) for name, member in members.items()]
    return [("", members), *((place, inner) for place, inner in below if inner)]


def _object(material: Material, operations: list[Operation], identity: Finding) -> Finding:
    """Where the resource is in the answers of create and read: the same place in both."""
    if not isinstance(identity, Proposal):
        return Abstained("it is not known what identifies it")
    recorded: list[str] = []
    described: dict[str, tuple[str, ...]] = {}
    for operation in operations:
        for each in material.answers.get(operation.id, ()):
            place = _place(each.response.json, identity.value, operation)
            if place is not None:
                recorded.append(place)
        wanted = [
            place
            for place, members in _objects(material.schema_of(operation))
            if identity.value in members and not properties_of(members, members[identity.value])
        ]
        chosen = _likeliest(wanted, operation)
        if chosen is not None:
            described[chosen] = (*described.get(chosen, ()), material.pointer_to(operation, "responses"))
    votes = Votes.of(recorded)
    if len(votes.counts) == 1:
        return votes.proposal(votes.first, "answers", described.get(votes.first, ()))
    if not votes.total and len(described) == 1:
        place, said = next(iter(described.items()))
        return Proposal(place, said=said)
    why = "create and read have it at different places" if votes.total or described else "no answer shows it"
    return Abstained(why, "a create that is answered with what was made")


def _place(body: Any, identity: str, operation: Operation) -> str | None:
    if not isinstance(body, dict):
        return None
    holders = [("", body), *((token(name), member) for name, member in body.items() if isinstance(member, dict))]
    for name in (identity, *IDS[:7]):
        places = [at for at, holder in holders if isinstance(holder.get(name), str | int)]
        if places:
            return _likeliest(places, operation)
    return None


def _likeliest(places: list[str], operation: Operation) -> str | None:
    """Of several objects with an id the one at the top, or the one that is called as the path is."""
    if "" in places:
        return ""
    if len(places) == 1:
        return places[0]
    word = plain(singular(last_word(operation)))
    return next((place for place in places if plain(place) in (word, "data", "result")), None)


def _body(material: Material, create: Operation) -> Finding:
    """A body of a create that was accepted, or the document's own."""
    sent = [
        each.request.json
        for each in material.known
        if each.known_as == create.id and each.response.ok and each.request.body and each.request.is_json
    ]
    parameters = frozenset(name for operation in material.operations for name in operation.path_parameters)
    sent = [body for body in sent if isinstance(body, dict) and body and "__redacted" not in str(body)]
    if sent:
        body = min(sent, key=lambda each: (not str(each).isascii(), len(str(each)), str(each)))
        return Proposal(_unique(body, parameters), len(sent), 0, "creates that were accepted")
    said = (material.pointer_to(create, "requestBody"),)
    sample = create.sample.body if create.sample is not None else None
    if isinstance(sample, dict) and sample:
        # What it names beside what is needed may exist in the sample alone.
        needed = {name: sample[name] for name in _required(create) if name in sample}
        return Proposal(_unique(needed if len(needed) == len(_required(create)) and needed else sample), said=said)
    built = _built(create.request_schema)
    if built:
        return Proposal(_unique(built), said=said)
    return Abstained("no create was recorded, and the document has no sample of one", f"{create.id}, accepted")


def _unique(body: Any, parameters: frozenset[str] = frozenset()) -> Any:
    """A body whose name nothing else has, and which refers to what is known where it names a path parameter."""
    made = json.loads(json.dumps(body))
    waiting, named = [made], False
    while waiting:
        holder = waiting.pop(0)
        places = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for place, value in places:
            if isinstance(value, dict | list):
                waiting.append(value)
            elif isinstance(value, str) and place in parameters:
                holder[place] = f"{{{place}}}"
        texts = [place for place, value in places if place in _NAMES and isinstance(value, str)]
        ranked = sorted((_NAMES.index(place), place) for place in texts)
        if ranked and not named:
            holder[ranked[0][1]] = _renamed(holder[ranked[0][1]])
            named = True
    return made


def _renamed(value: str) -> str:
    ending = "." if value.endswith(".") else ""
    return f"{_UNIQUE}.example.com{ending}" if _HOSTLIKE.fullmatch(value) else _UNIQUE


def _built(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """The members that a create needs, where the schema gives each a value; else nothing."""
    if schema is None:
        return {}
    members, made = properties_of(schema, schema), dict[str, Any]()
    for name in resolved(schema, schema).get("required", ()):
        member = members.get(name, {})
        choices = [member.get("example"), member.get("default"), *(member.get("examples") or ())[:1]]
        value = next((each for each in (*choices, *(member.get("enum") or ())[:1]) if each is not None), None)
        if value is None and plain(name) in _NAMES and "string" in types_of(member):
            value = "conformance"
        if value is None:
            return {}
        made[name] = value
    return made


def _required(create: Operation) -> list[str]:
    schema = create.request_schema
    named = resolved(schema, schema).get("required", ()) if schema is not None else ()
    return [name for name in named if isinstance(name, str)] if isinstance(named, list | tuple) else []
