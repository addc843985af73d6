"""Lists: which operations answer one, where its records are, and what identifies a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from conformance.contract import Operation
from conformance.contract.templates import is_parameter
from conformance.proposals.evidence import Abstained, Finding, Proposal
from conformance.proposals.material import (
    Material,
    last_word,
    plain,
    properties_of,
    resolved,
    singular,
    token,
    tokens_of,
    types_of,
)
from conformance.traffic.exchange import Exchange

IDS = ("id", "uuid", "uid", "guid", "_id", "ID", "Id", "identifier", "sid", "gid", "key", "slug", "name")
"""Members that identify a record, the likeliest first."""

_WRAPPERS = frozenset(
    (
        *("data", "items", "results", "result", "records", "value", "values", "entries", "list", "collection"),
        *("objects", "resources", "elements", "rows", "content", "hits", "members", "nodes", "response", "payload"),
        "embedded",
    )
)
"""Names, without case and signs, of what holds the records of any list, or an object around them."""

_OF_ONE = frozenset(("id", "uuid", "uid", "guid", "sid", "name", "self", "href", "slug"))
"""Members of one thing: an array beside them belongs to it, and is no list of things."""


@frozen
class Listed:
    """A list operation: where its records are, and what identifies one of them.

    Attributes:
        answers: its successes that hold the list.
    """

    operation: Operation
    items: Proposal
    id: Finding
    answers: tuple[Exchange, ...] = ()

    def records(self, exchange: Exchange) -> list[Any]:
        """The records in one of its answers."""
        found = exchange.response.at(self.items.value)
        return found if isinstance(found, list) else []


def lists_of(material: Material) -> tuple[Listed, ...]:
    """Every operation that plainly answers a list, by what was recorded of it, else by the document."""
    found = (_list_of(material, operation) for operation in material.operations if operation.method == "GET")
    return tuple(listed for listed in found if listed is not None)


def _list_of(material: Material, operation: Operation) -> Listed | None:
    answers = [each for each in material.answers.get(operation.id, ()) if not each.negative]
    schema = material.schema_of(operation)
    described = _described(operation, schema)
    place, held, seen = _recorded(operation, answers, described)
    place = place if seen else described
    if place is None:
        return None
    said = (material.pointer_to(operation, "responses"),) if place == described else ()
    items = Proposal(place, len(held), len(answers) - len(held), "answers", said)
    return Listed(operation, items, _id_of(material, operation, place, held, schema), tuple(held))


def _recorded(
    operation: Operation, answers: list[Exchange], described: str | None
) -> tuple[str | None, list[Exchange], bool]:
    """Where nearly all answers have their records, which those are, and whether any could have told."""
    bodies = [(each, _arrays(operation, each.response.json)) for each in answers]
    if not bodies:
        return None, [], False
    places = sorted({place for _, arrays in bodies for place in arrays})
    ranked = sorted(
        places, key=lambda place: (-sum(place in arrays for _, arrays in bodies), place != described, place)
    )
    chosen = _one(operation, [place for place in ranked if all(place in arrays for _, arrays in bodies)], described)
    return chosen, [each for each, arrays in bodies if chosen in arrays] if chosen is not None else [], True


def _arrays(operation: Operation, body: Any) -> list[str]:
    """Where a body has an array that may be a list of records."""
    if isinstance(body, list):
        return [""] if all(isinstance(item, dict) for item in body) else []
    if not isinstance(body, dict) or _is_of_one(operation, body):
        return []
    found = [token(name) for name, member in body.items() if _holds_records(member)]
    for name, member in body.items():
        # A list may be wrapped once more.
        if isinstance(member, dict) and plain(name) in _WRAPPERS and not _OF_ONE & set(member):
            found += [token(name) + token(inner) for inner, value in member.items() if _holds_records(value)]
    return found


def _holds_records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _is_of_one(operation: Operation, members: Mapping[str, Any]) -> bool:
    return bool(_OF_ONE & set(members)) or is_parameter(operation.path.rstrip("/").rpartition("/")[2])


def _described(operation: Operation, schema: Mapping[str, Any] | None) -> str | None:
    """Where the document has the list that an operation answers; None where that is not plain."""
    if schema is None:
        return None
    if _is_array(schema, schema):
        return ""
    members = properties_of(schema, schema)
    if _is_of_one(operation, members):
        return None
    found = [token(name) for name, member in members.items() if _is_array(schema, member)]
    for name, member in members.items():
        inner = properties_of(schema, member) if plain(name) in _WRAPPERS else {}
        if not _OF_ONE & set(inner):
            found += [token(name) + token(each) for each, value in inner.items() if _is_array(schema, value)]
    return _one(operation, found, None)


def _is_array(root: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    whole = resolved(root, schema)
    return "array" in types_of(whole) and bool(properties_of(root, whole.get("items", {})))


def _one(operation: Operation, places: list[str], described: str | None) -> str | None:
    """The one of several arrays that holds the records: what the path is called by, or a name that says so."""
    if described in places:
        return described
    if len(places) == 1:
        return places[0]
    named = [place for place in places if place and plain(tokens_of(place)[-1]) == plain(last_word(operation))]
    named = named or [place for place in places if place and plain(tokens_of(place)[-1]) in _WRAPPERS]
    return named[0] if len(named) == 1 else None


def _id_of(
    material: Material, operation: Operation, place: str, answers: list[Exchange], schema: Mapping[str, Any] | None
) -> Finding:
    """The member that every record has, and no two of a page share."""
    pages = [[item for item in each.response.at(place) if isinstance(item, dict)] for each in answers]
    pages = [page for page in pages if page]
    named = _members_of_items(schema, place)
    word = singular(last_word(operation))
    candidates = list(dict.fromkeys((*IDS[:7], f"{word}_id", f"{word}Id", f"{word}_uuid", word, *IDS[7:])))
    said = (material.pointer_to(operation, "responses"),)
    if not pages:
        # A plural, an object or a list under such a name is no id.
        scalars = [name for name in candidates if types_of(named.get(name, {})) & {"string", "integer"}]
        found = next((name for name in scalars if name not in (word, "name")), None)
        if found is not None:
            return Proposal(found, said=said)
        return Abstained("no record was seen", f"{operation.id} with two records or more")
    for name in candidates:
        held = sum(_identifies(page, name) for page in pages)
        if held == len(pages) and (name in named or any(len(page) > 1 for page in pages)):
            return Proposal(name, held, 0, "pages", said if name in named else ())
    return Abstained("no member of its records identifies them", f"{operation.id} with two records or more")


def _identifies(page: list[dict[str, Any]], name: str) -> bool:
    values = [record.get(name) for record in page]
    plain_values = all(isinstance(value, str | int) and not isinstance(value, bool) and value != "" for value in values)
    return plain_values and len(set(map(str, values))) == len(values)


def _members_of_items(schema: Mapping[str, Any] | None, place: str) -> dict[str, Mapping[str, Any]]:
    if schema is None:
        return {}
    node: Mapping[str, Any] = resolved(schema, schema)
    for name in tokens_of(place):
        node = properties_of(schema, node).get(name, {})
    return properties_of(schema, node.get("items", {}))
